"""Faces by number and by name, and which names they can have."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import mien
from mien.errors import NoFaceError, UsageError
from mien.io.curves.collect import shot_curves
from mien.model.curve_file import CurveFile
from mien.model.face_names import describe_face, list_faces, read_face, untracked_number
from mien.model.shot import Shot
from mien.session import commands
from tests.documents import make_document, make_shot


def named(*names: str) -> Shot:
    shot = make_shot(faces=len(names))
    faces = (replace(face, name=name) for face, name in zip(shot.faces, names, strict=True))
    return replace(shot, faces=tuple(faces))


@pytest.mark.parametrize(
    ("which", "number"),
    [
        (2, 2), ("2", 2), (" 2 ", 2), ("Anna", 1), ("anna", 1), (" Anna", 1), ("face 2", 2),
        ("Face 1", 1), ("Zoë: a=b@c", 3), ("zoe\u0308: A=B@C", 3),
    ],
)  # fmt: skip
def test_a_face_is_called_by_number_or_name(which: int | str, number: int) -> None:
    shot = named("Anna", "face 2", "Zoë: a=b@c")
    assert shot.face(which).number == number
    assert mien.Project(shot).edit(which).face.number == number


def test_the_exact_name_counts_before_one_that_differs_by_case() -> None:
    shot = named("anna", "Anna")
    assert [shot.face("anna").number, shot.face("Anna").number] == [1, 2]
    with pytest.raises(UsageError, match=r"2 faces of shot\.mov are called 'ANNA'.* 1, 2"):
        shot.face("ANNA")


def test_digits_are_a_number_whatever_an_old_project_calls_its_faces() -> None:
    shot = named("2", "1")
    assert [shot.face("1").number, shot.face("2").number] == [1, 2]


def test_who_is_not_there_is_answered_by_who_is() -> None:
    shot = named("Anna", "face 2")
    with pytest.raises(NoFaceError, match=r"no face 'Bob'\. Its faces are: 1 .Anna., 2.") as caught:
        shot.face("Bob")
    assert caught.value.choices == ("1", "2", "Anna")
    with pytest.raises(NoFaceError, match=r"Did you mean 'Anna'. Its faces are"):
        shot.face("Ana")
    with pytest.raises(NoFaceError, match=r"has no face 7\. Its faces are"):
        shot.face("7")
    with pytest.raises(NoFaceError, match="No face was found in it"):
        replace(shot, faces=()).face("Anna")


@pytest.mark.parametrize("text", ["", " ", "0", "-1", "1.5", "1e3"])
def test_what_is_neither_a_number_nor_a_name(text: str) -> None:
    with pytest.raises(UsageError):
        read_face(text)


@pytest.mark.parametrize("name", ["nan", "Inf", "Infinity", "R2D2", "1st", "Anna-2"])
def test_names_that_look_like_numbers_to_computers_alone(name: str) -> None:
    assert read_face(name) == name
    assert mien.rename_face(make_shot(), 1, name).face(name).number == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "needs a name"), ("  ", "needs a name"), ("2", "reads as a face's number"),
        ("-3", "number"), ("1.5", "number"), ("face 2", "number"), ("Bob", "called 'Bob' already"),
        ("BOB", "already"), ("x" * 101, "too long"), ("a\0b", "cannot be shown"), ("٣", "number"),
    ],
)  # fmt: skip
def test_names_that_no_face_can_have(name: str, said: str) -> None:
    shot = named("Anna", "Bob")
    with pytest.raises(UsageError, match=said):
        mien.rename_face(shot, "Anna", name)
    document = make_document(1, faces=2)
    one = document.shots[0].id
    document = commands.rename_face(document, one, 2, "Bob")
    with pytest.raises(UsageError, match=said):
        commands.rename_face(document, one, 1, name)


def test_a_renamed_face_keeps_its_edits_and_its_name_in_the_file(tmp_path: Path) -> None:
    shot = mien.rename_face(make_shot(faces=2), 2, " Anna ")
    assert [face.name for face in shot.faces] == ["face 1", "Anna"]
    assert mien.rename_face(shot, 2, "anna").face("anna").number == 2
    project = mien.Project(shot, (mien.Edit(shot.face("Anna")).set("jawOpen", 0.3),))
    again = mien.rename_face(project, "Anna", "face 2")
    assert again.edits[0].face is again.shot.faces[1]
    assert again.edits[0].layers == project.edits[0].layers


def test_a_face_of_a_curve_file_is_called_alike() -> None:
    shot = named("Anna", "Bob")
    file = shot_curves(shot, shot.faces, raw=False, fits={})
    assert file.face("bob").number == file.face("2").number == file.face(2).number == 2
    with pytest.raises(NoFaceError, match=r"Its faces are: 1 .Anna., 2 .Bob."):
        file.face()
    with pytest.raises(NoFaceError, match="no face 'Carl'"):
        file.face("Carl")
    assert CurveFile(file.faces[1:]).face().name == "Bob"


def test_curves_go_from_one_name_to_another(tmp_path: Path) -> None:
    shot, path = named("Anna", "Bob"), tmp_path / "all.json"
    assert mien.export_curves(shot, path, face="Bob").faces == (2,)
    assert json.loads(path.read_text())["faces"][0]["name"] == "Bob"
    imported = mien.import_curves(shot, path, face="anna", source_face="BOB")
    assert imported.face == 1
    glasses = mien.set_glasses(shot, "no", face="Bob").occlusion.glasses
    assert glasses == {2: "no"}


def test_how_faces_are_told() -> None:
    shot = named("Anna", "face 2")
    assert [describe_face(face) for face in shot.faces] == ["face 1 (Anna)", "face 2"]
    assert list_faces(shot.faces) == "1 (Anna), 2"
    assert [untracked_number(which) for which in (3, "3", "face 3", "Anna")] == [3, 3, 3, None]
