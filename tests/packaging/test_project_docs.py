"""docs/projects.md tells of every field that a project file has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from mien.io import schema
from mien.model.edits import MODES

DOC = (Path(__file__).parents[2] / "docs" / "projects.md").read_text()
PARTS = (
    schema.ProjectDocument, schema.ShotPart, schema.EditPart, schema.LayerPart, schema.TrackPart,
    schema.KeysPart, schema.MarkerPart, schema.FacePart, schema.ExamplePart, schema.ExampleShotPart,
    schema.OcclusionPart, schema.StrokePart,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_field_is_told(part: type[BaseModel]) -> None:
    for name, field in part.model_fields.items():
        assert f"`{field.alias or name}`" in DOC


def test_the_version_and_the_modes_are_those_of_the_schema() -> None:
    assert f"`version` is {schema.VERSION}" in DOC
    assert all(f"`{mode}`" in DOC for mode in MODES)
    for letter in schema.INTERPOLATION_LETTERS.values():
        assert f"`{letter}`" in DOC


def test_its_first_example_reads_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.io.project import save_document
    from tests.documents import make_document

    save_document(make_document(2), tmp_path / "film.mien")
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)[0], found)
    assert getattr(found["controls"], "shape", None) == (48, 59)
