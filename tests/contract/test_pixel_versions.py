"""What is stored knows what made it: results do not change under a version that stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.rendering.geometry import motion
from mien.rendering.painting import paint
from mien.rendering.painting.mouth import lips
from tests import fingerprints
from tests.fingerprints import Subject
from tests.small_models import small_models


def unchanged(subject: Subject) -> None:
    kept = fingerprints.read(subject.path)
    assert kept, f"{subject.path} is missing: run `python -m tests.fingerprints --write`"
    found = subject.take()
    assert found.keys() == kept.keys()
    assert not (changes := subject.changes(found, kept)), subject.complaint(changes)


@pytest.mark.parametrize("subject", [fingerprints.warp, fingerprints.solver])
def test_results_are_those_of_their_version(subject: Callable[[], Subject]) -> None:
    unchanged(subject())


@pytest.mark.slow
@pytest.mark.shared
def test_regenerated_pixels_are_those_of_their_version(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With weights that lie on the disk: drawn ones would be the processor's too."""
    monkeypatch.setenv("MIEN_MODELS", str(small_models(tmp_path, shared / "fixtures")))
    unchanged(fingerprints.reference())


@pytest.mark.parametrize(
    ("module", "constant", "value"),
    [(paint, "_BLEND_CM", 1.4), (lips, "_RIM_CM", 1.02), (motion, "_CORNER_DROP", 1.02)],
    ids=["blend", "rim", "corner-drop"],
)
def test_a_changed_constant_shows(
    monkeypatch: pytest.MonkeyPatch, module: object, constant: str, value: float
) -> None:
    subject = fingerprints.warp()
    monkeypatch.setattr(module, constant, getattr(module, constant) * value)
    changes = subject.changes(subject.take(), fingerprints.read(subject.path))
    assert changes
    assert "raise `pixels`" in subject.complaint(changes)
