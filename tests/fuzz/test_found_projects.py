"""What fuzzing found in project files, each as small as it can be; README.md tells of it."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien.errors import MienError, ProjectError
from mien.io import shot_arrays
from mien.io.project import load_document, save_document
from mien.model.document import Document
from tests.fuzz.targets.documents import edited_project


def changed_project(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A project whose document was changed by hand."""
    save_document(Document((edited_project(),)), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["project.json"])
    change(document)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | {"project.json": json.dumps(document)}).items():
            archive.writestr(name, data)
    return path


def test_brackets_in_a_project_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mien", "w") as archive:
        archive.writestr("project.json", "[" * 50_000)
    with pytest.raises(MienError, match="corrupt"):
        load_document(tmp_path / "a.mien", find_media=False)


def test_a_project_that_says_it_is_packed_into_more_than_it_has(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("project.json", "{}")
    data = bytearray(file.getvalue())
    at = data.find(b"PK\1\2") + 20
    data[at : at + 4] = struct.pack("<I", 2**31 - 1)
    path = tmp_path / "key.mien"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(MienError):
            load_document(path)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_half_a_pair_of_surrogates_in_a_project_is_refused(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["shots"][0]["media"]["fingerprint"] = "\ud800"

    with pytest.raises(ProjectError, match=r"corrupt: its project\.json is not JSON"):
        load_document(changed_project(tmp_path / "a.mien", change), find_media=False)


def test_a_whole_pair_of_surrogates_in_a_project_is_read(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["shots"][0]["name"] = "take \U0001f600"  # escaped, as JSON may

    document = load_document(changed_project(tmp_path / "a.mien", change), find_media=False)
    assert document.shots[0].name == "take \U0001f600"


def test_a_project_of_thousands_of_shots_with_the_same_arrays_is_refused(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["shots"] *= 3000

    with pytest.raises(ProjectError, match="shots have the same arrays"):
        load_document(changed_project(tmp_path / "a.mien", change), find_media=False)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_document_that_is_no_utf_8_is_refused(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "a.mien"
    save_document(Document((edited_project(),)), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["project.json"])
    document["shots"][0]["name"] = "\ud800"
    text = json.dumps(document, ensure_ascii=False).encode(coding, "surrogatepass")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | {"project.json": text}).items():
            archive.writestr(name, data)
    with pytest.raises(ProjectError, match="is not JSON"):
        load_document(path, find_media=False)


def test_thousands_of_faces_of_one_number_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["shots"][0]["faces"] *= 3000

    path = changed_project(tmp_path / "a.mien", change)
    monkeypatch.setattr(shot_arrays, "_face", lambda *given: pytest.fail("a face is read"))
    with pytest.raises(ProjectError, match="two of its faces have the same number"):
        load_document(path, find_media=False)
