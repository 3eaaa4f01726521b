"""`mien apply`, and what it renders."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mien
from mien.cli.main import run
from mien.io.tracked_cache import TrackedCache
from tests.documents import make_document, make_shot

FRAMES = 48


def facts(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "two.mien"
    mien.save_document(make_document(2, FRAMES, 2), path)
    return path


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.json"
    mien.export_curves(make_shot(FRAMES, faces=2), path, face=2, basis="mien-rig")
    return path


def test_it_is_written_undone_and_done_again(
    project: Path, take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["apply", str(project), str(take), "--shot", "one", "--face", "1"]
    assert run([*asked, "--strength", "mouth=0.5,brows=0", "--only", "mouth,brows", "--json"]) == 0
    (made,) = facts(capsys)["applied"]
    assert made["layers"] == ["applied mouth"]
    assert made["keys"] > len(made["controls"]) > 10
    edit = mien.load_project(project, "one", find_media=False).edit(1)
    assert [(layer.name, layer.weight) for layer in edit.layers] == [("applied mouth", 0.5)]
    assert mien.load_project(project, "two", find_media=False).edits == ()
    assert run(["edit", str(project), "--shot", "one", "--undo"]) == 0
    assert "--redo: apply take.json" in capsys.readouterr().out
    assert mien.load_project(project, "one", find_media=False).edits == ()


def test_people_follow_their_own(
    project: Path, take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashlib.sha256(project.read_bytes()).hexdigest()
    copy = tmp_path / "copy.mien"
    asked = ["apply", str(project), "--shot", "1", "-o", str(copy), "--from-face", "1"]
    assert (
        run([*asked, "--pair", f"1={project}", "--pair", f"2={project}", "--from-shot", "1"]) == 0
    )
    assert "1 does what two.mien does already: nothing" in capsys.readouterr().out
    edits = mien.load_project(copy, "1", find_media=False).edits
    assert [edit.face.number for edit in edits] == [2]
    assert hashlib.sha256(project.read_bytes()).hexdigest() == before


def test_nothing_to_change_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = project.stat().st_mtime_ns, project.read_bytes()
    asked = ["apply", str(project), str(project), "--shot", "one", "--face", "2"]
    assert run([*asked, "--from-shot", "one", "--from-face", "2"]) == 0
    said = capsys.readouterr()
    assert "already: nothing is changed" in said.out
    assert "wrote" not in said.err
    assert (project.stat().st_mtime_ns, project.read_bytes()) == before


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "not clear what is to be followed"),
        (["{take}", "--pair", "1={take}"], 2, "not clear what is to be followed"),
        (["--pair", "{take}", "--shot", "one"], 2, "cannot be read"),
        (["{take}", "--strength", "much"], 2, "cannot be read"),
        (["{take}", "--strength", "0.5,mouth=1"], 2, "otherwise, too"),
        (["{take}", "--warp", "0,1"], 2, "cannot be read"),
        (["{take}", "--only", "mouht"], 2, "Did you mean 'mouth'"),
        (["{take}", "--shot", "one", "--span", "40:90"], 2, "The span"),
        (["{take}", "--shot", "one", "--source-span", "4:900"], 2, "The source's span"),
        (["{take}", "--shot", "one", "--align-sound"], 3, "was not found"),
        (["{take}", "--shot", "one", "--at", "3"], 2, "has 48 of them"),
        (["{folder}/none.mov", "--shot", "one"], 3, "none.mov"),
        (["{folder}/none.mien", "--shot", "one"], 3, "none.mien"),
        (["{folder}/two.mien", "--shot", "one", "--from-shot", "one"], 4, "none is chosen"),
        (["{folder}/two.mien", "--shot", "one"], 2, "2 shots"),
        (["{take}", "--shot", "one", "--from-shot", "one"], 2, "no project of several"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_changes(
    project: Path, take: Path, capsys: pytest.CaptureFixture[str],
    options: list[str], code: int, message: str,
) -> None:  # fmt: skip
    before = project.read_bytes()
    filled = [text.format(take=take, folder=project.parent) for text in options]
    assert run(["apply", str(project), *filled]) == code
    assert message in " ".join(capsys.readouterr().err.split())
    assert project.read_bytes() == before


def test_a_clip_applied_to_itself_renders_bit_for_bit(
    tracked_360p: Path, talk_360p: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own clip, its project and its curve file: no edit, and the plate's very pixels."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    mine = tmp_path / "mine.mien"
    shutil.copy(tracked_360p, mine)
    project = mien.load_project(mine)
    curves = tmp_path / "own.npz"
    mien.export_curves(project.shot, curves, basis="mien-rig")
    for source in (talk_360p, tracked_360p, curves):
        for how in (mien.Transfer(), mien.Transfer(relative=source != curves)):
            applied = mien.apply(project, source, how, progress=False)
            assert applied.alike, source
    edits = applied.project.edits
    plain = mien.render_frames(project, [], "10:14", renderer="warp")
    for before, after in zip(
        plain, mien.render_frames(applied.project, edits, "10:14", renderer="warp"), strict=True
    ):
        np.testing.assert_array_equal(before, after)


def test_an_image_is_a_pose_that_is_tracked_once(
    tracked_360p: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project = mien.load_project(tracked_360p)
    picture = tmp_path / "face.png"
    Image.fromarray(project.shot.frame(30)).save(picture)
    for _ in range(2):
        applied = mien.apply(
            project, picture, mien.Transfer(at=8, tolerance=0, only=("eyes",)), progress=False
        )
        keys = {len(track.keys) for layer in applied.edit.layers for track in layer.tracks}
        assert keys == {1}
        assert str(applied.made.frames) == "2:15"
    assert len(list((tmp_path / "cache" / "mien" / "tracked").glob("*.mien"))) == 1


def test_what_was_tracked_is_kept(tmp_path: Path) -> None:
    shot = make_shot(12)
    cache = TrackedCache("1", tmp_path / "kept")
    span = mien.FrameRange(2, 8)
    assert cache.load(shot.media, span) is None
    cache.store(shot, span)
    assert cache.load(shot.media, None) is None
    found = cache.load(shot.media, span)
    assert found is not None
    np.testing.assert_array_equal(
        found.faces[0].curves.controls.array, shot.faces[0].curves.controls.array
    )
    assert TrackedCache("2", tmp_path / "kept").load(shot.media, span) is None
    (kept,) = (tmp_path / "kept").glob("*.mien")
    kept.write_bytes(b"PK")
    assert cache.load(shot.media, span) is None
