"""Consent as it is kept with a face: its scope, its days, through repairs and files."""

from __future__ import annotations

import datetime
import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import mien
from mien.cli.main import run
from mien.errors import NoFaceError, UsageError
from mien.model.controls import CONTROLS
from mien.model.document import Project
from mien.model.face_repair import common_consent
from mien.session import commands
from tests.documents import make_document, make_shot

DAY = datetime.date(2026, 1, 31)
ANNA = mien.Consent("Anna Example", "clause 7 of her contract", DAY)
HASH = "0" * 63 + "a"


def test_a_consent_without_scope_permits_everything() -> None:
    assert all(ANNA.permits_control(control.name) for control in CONTROLS)
    assert ANNA.permits_use("anything")


def test_groups_and_names_without_sides_are_a_scope() -> None:
    consent = replace(ANNA, controls=("mouth", "browDown"))
    permitted = {control.name for control in CONTROLS if consent.permits_control(control.name)}
    assert permitted == consent.permitted_controls
    assert permitted == {c.name for c in CONTROLS if c.region == "mouth"} | {
        "browDownLeft",
        "browDownRight",
    }


def test_uses_are_compared_without_capitals() -> None:
    consent = replace(ANNA, uses=("Trailer", "dub ", "DUB"))
    assert consent.uses == ("trailer", "dub")
    assert consent.permits_use("DUB")
    assert not consent.permits_use("film")


def test_it_holds_from_its_first_day_to_its_last() -> None:
    consent = replace(ANNA, expires=DAY + datetime.timedelta(1))
    days = [DAY + datetime.timedelta(i) for i in range(-1, 3)]
    assert [consent.holds_on(day) for day in days] == [False, True, True, False]
    assert ANNA.holds_on(datetime.date(2999, 1, 1))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("performer", "  ", "performer is missing"),
        ("performer", "a\nb", "several lines"),
        ("ground", "x" * 3000, "too long"),
        ("ground", "clause \udcff", "no text"),
        ("uses", ("x" * 201,), "too long"),
        ("controls", ("mouthSmle",), "Did you mean 'mouthSmile"),
        ("document", "abc", "64 hexadecimal"),
        ("expires", DAY - datetime.timedelta(1), "before it begins"),
    ],
)
def test_what_no_consent_can_say_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(ANNA, **{field: value})  # type: ignore[arg-type]


def test_a_time_is_taken_as_its_day() -> None:
    consent = replace(ANNA, date=datetime.datetime(2026, 1, 31, 12), expires=DAY)
    assert consent == replace(ANNA, date=datetime.date(2026, 1, 31), expires=DAY)
    assert mien.Consent.from_dict(consent.to_dict()) == consent


def test_its_hash_is_that_of_its_json() -> None:
    consent = replace(ANNA, performer="Änne", uses=("dub",), document=HASH)
    text = json.dumps(consent.to_dict(), sort_keys=True, separators=(",", ":"))
    assert consent.digest == hashlib.sha256(text.encode()).hexdigest()
    assert mien.Consent.from_dict(json.loads(text)) == consent
    assert consent.digest != replace(consent, ground="another").digest


def test_it_is_kept_in_projects(tmp_path: Path) -> None:
    project = make_document(1).shots[0]
    consent = replace(ANNA, expires=DAY, document=HASH, controls=("mouth",), uses=("dub",))
    changed = mien.set_consent(project, 2, consent)
    mien.save_project(changed, tmp_path / "a.mien")
    again = mien.load_document(tmp_path / "a.mien", find_media=False).shots[0]
    assert [face.consent for face in again.shot.faces] == [None, consent]
    assert mien.summarize_project(again)["faces"][1]["consent"] == consent.to_dict()
    cleared = mien.clear_consent(again, 2)
    assert [face.consent for face in cleared.shot.faces] == [None, None]


def test_edits_stay_where_consent_is_given() -> None:
    project = make_document(1).shots[0]
    edited = project.with_edit(mien.Edit(project.shot.faces[0]).set("jawOpen", 0.5))
    changed = mien.set_consent(edited, 1, ANNA)
    assert changed.edits[0].layers == edited.edits[0].layers
    assert changed.edits[0].face.consent == ANNA
    with pytest.raises(NoFaceError):
        mien.set_consent(project, 9, ANNA)


def test_repairs_keep_it_with_the_person(tracked_360p: Path) -> None:
    shot = mien.set_consent(mien.load_project(tracked_360p).shot, 1, ANNA)
    assert mien.solve(shot, progress=False).faces[0].consent == ANNA
    assert mien.rename_face(shot, 1, "Anna").faces[0].consent == ANNA
    first, second = (parts := mien.split_face(shot, 1, "36:", progress=False)).faces
    # The other one is somebody else, whom nobody asked.
    assert (first.consent, second.consent) == (ANNA, None)
    assert mien.merge_faces(parts, [2, 1], progress=False).faces[0].consent == ANNA


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ((ANNA, None), ANNA),
        ((None, ANNA), ANNA),
        ((ANNA, ANNA), ANNA),
        ((ANNA, replace(ANNA, performer="Bob")), None),
        ((None, None), None),
    ],
)
def test_merged_faces_have_what_their_pieces_agree_on(
    given: tuple[mien.Consent | None, ...], merged: mien.Consent | None
) -> None:
    faces = [
        replace(face, consent=one)
        for face, one in zip(make_shot(24, faces=2).faces, given, strict=True)
    ]
    assert common_consent(faces) == merged


def test_commands_can_be_undone() -> None:
    document = make_document(1)
    shot = document.shots[0].id
    given = commands.set_consent(document, shot, 1, ANNA)
    assert given.shots[0].shot.faces[0].consent == ANNA
    assert commands.set_consent(given, shot, 1, ANNA) is given
    assert commands.clear_consent(given, shot, 1).shots[0].shot.faces[0].consent is None
    assert commands.clear_consent(document, shot, 1) is document


def test_the_command_line_says_keeps_and_clears_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, document = tmp_path / "a.mien", tmp_path / "contract.pdf"
    mien.save_project(make_document(1).shots[0], path)
    document.write_bytes(b"I, Anna, agree.")
    said = ["--performer", "Anna", "--ground", "contract", "--date", "2026-01-31"]
    more = ["--document", str(document), "--controls", "mouth,browInnerUp", "--uses", "dub"]
    assert run(["consent", "set", str(path), "1", *said, *more]) == 0
    assert run(["consent", "set", str(path), "1", "--expires", "2027-01-31"]) == 0
    capsys.readouterr()
    assert run(["consent", "show", str(path), "--json"]) == 0
    (shot,) = json.loads(capsys.readouterr().out)["shots"]
    kept = shot["faces"][0]["consent"]
    assert kept["document"] == hashlib.sha256(document.read_bytes()).hexdigest()
    assert kept["controls"] == ["mouth", "browInnerUp"]
    assert kept["uses"] == ["dub"]
    assert kept["date"] == "2026-01-31"
    assert kept["expires"] == "2027-01-31"
    assert b"contract.pdf" not in path.read_bytes()
    assert run(["consent", "show", str(path)]) == 0
    assert "1 face 1: Anna, from 2026-01-31" in capsys.readouterr().out
    assert run(["consent", "clear", str(path), "1"]) == 0
    assert mien.load_document(path, find_media=False).shots[0].shot.faces[0].consent is None


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--performer", "Anna"], 2, "Nothing was said"),
        (["--performer", "A", "--ground", "b", "--date", "31.1.2026"], 2, "is no day"),
        (["--performer", "A", "--ground", "b", "--document", "gone.pdf"], 3, "cannot be read"),
        (["--performer", "A", "--ground", "b", "--document", "."], 3, "is no file"),
        (["--performer", "A", "--ground", "b", "--controls", "mouht"], 2, "Did you mean"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    options: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mien"
    mien.save_project(make_document(1).shots[0], path)
    before = path.read_bytes()
    assert run(["consent", "set", str(path), "1", *options]) == code
    assert message in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_project_with_a_wrong_consent_is_corrupt(tmp_path: Path) -> None:
    path, other = tmp_path / "a.mien", tmp_path / "b.mien"
    project: Project = mien.set_consent(make_document(1).shots[0], 1, ANNA)
    mien.save_project(project, path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "project.json":
                text = text.replace(b"2026-01-31", b"2026-31-01")
            new.writestr(name, text)
    with pytest.raises(mien.ProjectError, match="no day"):
        mien.load_document(other, find_media=False)
