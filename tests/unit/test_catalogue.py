"""The catalogue of models says what it must, and nothing that cannot be."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from mien.weights import contents
from mien.weights.store import Model, read_catalogue, read_mistaken

CATALOGUE = read_catalogue()


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
def test_a_model_is_told_in_full(model: Model) -> None:
    assert model.purpose.endswith(".")
    assert model.licence
    assert model.use in {"commercial", "research"}
    assert model.needed_by in {"reference", "curves"}
    assert urlsplit(model.url).scheme == "https"
    assert any(not file.optional for file in model.files)
    for file in model.files:
        path = PurePosixPath(file.path)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert file.kind in contents._CHECKS
        # A checksum without a size, or a size without a checksum, was not confirmed.
        assert bool(file.size) == bool(file.sha256)
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
        if file.url:
            assert urlsplit(file.url).scheme == "https"
            assert file.url.endswith(file.path) or "google" in file.url


def test_names_are_unique_and_kinds_are_used() -> None:
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE)
    used = {file.kind for model in CATALOGUE for file in model.files}
    assert used == set(contents._CHECKS)
    assert {mistaken.kind for mistaken in read_mistaken()} <= used


def test_what_the_reference_renderer_needs_can_be_fetched_and_heads_cannot() -> None:
    assert all(m.fetchable for m in CATALOGUE if m.needed_by == "reference")
    assert not any(m.fetchable for m in CATALOGUE if m.needed_by == "curves")
    assert all(m.use == "research" for m in CATALOGUE if m.name in {"flame2020", "flame2023"})
