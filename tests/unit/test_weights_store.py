"""Which models are installed, and what is said when one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import MissingDependencyError, UsageError
from mien.weights import store


def test_the_small_models_are_all_that_the_reference_renderer_needs(models: Path) -> None:
    assert store.models_folder() == models
    assert store.missing_for("reference") == ()
    for model in store.read_catalogue():
        if model.needed_by == "reference" and not model.optional:
            assert store.locate(model.name)


def test_a_missing_file_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    assert not store.installed("smirk")
    assert "smirk" in [model.name for model in store.missing_for("reference")]
    with pytest.raises(MissingDependencyError, match=r"SMIRK_em1\.pt.*mien models add smirk"):
        store.locate("smirk")


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'arc2face'"):
        store.find_model("arc2fase")


def test_a_renderer_stands_for_all_that_it_needs() -> None:
    names = [model.name for model in store.find_models(["taesd", "reference", "smirk"])]
    assert names[:2] == ["taesd", "arc2face"]
    assert len(names) == len(set(names)) == 7
    assert "lcm-lora-sdv1-5" not in names
