"""Names of 255 bytes in many scripts, and names with accents that are composed otherwise."""

from __future__ import annotations

import errno
import os
import shutil
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from mien.errors import ProjectError
from mien.io.project import load_document, save
from mien.model.document import Project
from mien.path_map import machine_path, spelled_on_disk
from tests.faults.conftest import Mien

NAMES = {
    "arabic": "مرحبا",
    "chinese": "你好世界",
    "emoji": "\U0001f600\U0001f468\u200d\U0001f469",
    "combining": "e\u0301a\u0308o\u0302",
}
LONGEST = 255
Form = Literal["NFC", "NFD"]
FORMS: tuple[Form, ...] = ("NFC", "NFD")


def longest(script: str, ending: str) -> str:
    """A name of as many bytes as a disk takes."""
    unit = NAMES[script]
    name, number = "", 0
    while len(os.fsencode(name + unit[number % len(unit)] + ending)) <= LONGEST:
        name += unit[number % len(unit)]
        number += 1
    return name + "x" * (LONGEST - len(os.fsencode(name + ending))) + ending


@pytest.mark.parametrize("script", NAMES)
def test_projects_and_curves_with_names_of_255_bytes(
    mien: Mien, footage: Path, project: Path, tmp_path: Path, script: str
) -> None:
    own = tmp_path / longest(script, ".mien")
    shutil.copy(project, own)
    (tmp_path / longest(script, ".mp4")).symlink_to(footage)
    for arguments in (
        ("edit", own, "--set", "jawOpen=0.2"),
        ("curves", own, "-o", tmp_path / longest(script, ".npz")),
        ("info", own, "--html", tmp_path / longest(script, ".html")),
    ):
        done = mien(*arguments)
        assert done.code == 0, done.err
    assert len(list(tmp_path.iterdir())) == 4
    too_long = tmp_path / f"x{own.name}"
    mien("info", too_long).refused(3, "cannot be read: file name too long")
    mien("edit", own, "-o", too_long, "--set", "jawOpen=0.1").refused(2, "is too long")


@pytest.mark.parametrize(
    ("command", "ending", "reason"),
    [
        (("apply",), ".mov", "file name too long"),
        (("apply",), "", "file name too long"),
        (("import-curves", "{named}", "-o", "{folder}/other.mien"), ".csv", "too long"),
        (("render", "-o", "{folder}/out.mp4", "--media"), ".mp4", "file name too long"),
        (
            ("render", "-o", "{folder}/out.mp4", "--set", "jawOpen=0.2", "--examples"),
            ".mp4",
            "no example",
        ),
        (("voice",), ".wav", "does not exist"),
        (("relink",), ".mov", "no file or folder"),
    ],
)
def test_what_is_read_may_have_a_name_that_no_disk_takes(
    mien: Mien, project: Path, tmp_path: Path, command: Sequence[str], ending: str, reason: str
) -> None:
    named = tmp_path / f"{'x' * 300}{ending}"
    name, *options = (one.format(folder=tmp_path, named=named) for one in command)
    arguments = options if str(named) in options else [*options, named]
    done = mien(name, project, *arguments)
    assert done.code in (2, 3), done.err
    assert reason in done.err


@pytest.mark.slow
@pytest.mark.parametrize("script", ["emoji", "combining"])
def test_renders_with_names_of_255_bytes(
    mien: Mien, footage: Path, project: Path, tmp_path: Path, script: str
) -> None:
    own = tmp_path / longest(script, ".mien")
    shutil.copy(project, own)
    shutil.copy(footage, tmp_path / longest(script, ".mp4"))
    images = longest(script, "%03d.png").replace("x%03d", "%03d")
    output = tmp_path / "out"
    output.mkdir()
    for name in (longest(script, ".mov"), images):
        done = mien("render", own, "-o", output / name, "--frames", "0:2", "--no-keep-occluders",
                    "--renderer", "warp", "--set", "mouthSmile=+0.3")  # fmt: skip
        assert done.code == 0, done.err
    assert [path for path in output.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(("written", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_project_finds_media_whose_accents_are_composed_otherwise(
    footage: Path, project: Path, tmp_path: Path, written: Form, there: Form
) -> None:
    name = "Ängström/Érable 한국.mp4"
    target = tmp_path / unicodedata.normalize(there, name)
    target.parent.mkdir()
    shutil.copy(footage, target)
    # As another machine saved it: the path that it holds is inside the project's folder.
    shot = load_document(project).shots[0]
    media = replace(shot.shot.media, path=tmp_path / unicodedata.normalize(written, name))
    save(Project(replace(shot.shot, media=media)), tmp_path / "x.mien")
    found = load_document(tmp_path / "x.mien").shots[0].shot.media.path
    assert found == target


def test_lists_name_files_whose_accents_are_composed_otherwise(tmp_path: Path) -> None:
    there = tmp_path / unicodedata.normalize("NFD", "é") / unicodedata.normalize("NFC", "ü.mov")
    there.parent.mkdir()
    there.write_bytes(b"")
    for form in FORMS:
        assert machine_path(unicodedata.normalize(form, "é/ü.mov"), tmp_path) == there
    pattern = tmp_path / unicodedata.normalize("NFC", "ö.%04d.png")
    (tmp_path / unicodedata.normalize("NFD", "ö.0001.png")).write_bytes(b"")
    assert spelled_on_disk(pattern).name == unicodedata.normalize("NFD", pattern.name)
    missing = tmp_path / "nö" / "such.mov"
    assert spelled_on_disk(missing) == missing


def test_two_names_that_differ_in_accents_only_stay_two(tmp_path: Path) -> None:
    for form in FORMS:
        path = tmp_path / unicodedata.normalize(form, "é.mov")
        path.write_text(form)
    for form in FORMS:
        path = tmp_path / unicodedata.normalize(form, "é.mov")
        assert spelled_on_disk(path).read_text() == form


def test_a_disk_that_fails_is_not_called_a_corrupt_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(zipfile, "ZipFile", broken)
    with pytest.raises(ProjectError, match="cannot be read: input/output error") as caught:
        load_document(project)
    assert "corrupt" not in str(caught.value)
