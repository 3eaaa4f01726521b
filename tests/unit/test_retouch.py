"""Everyday jobs: what they make of a performance, and that twice is as once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mien
from mien._types import FloatArray
from mien.cli.main import run
from mien.errors import NothingToDoError, TimeError, UsageError
from mien.face.pose import angles
from mien.model.controls import INDEX, NAMES
from mien.model.retouch import RETOUCH_KINDS, RetouchKind, RetouchOptions
from mien.model.retouch_blinks import blink_windows
from mien.model.shot import Shot
from mien.session import commands
from tests.documents import make_media
from tests.faces import make_curves, make_face

FRAMES = 120
SHUT = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
GAZE = ["gazeYawLeft", "gazeYawRight", "gazePitchLeft", "gazePitchRight"]


def turned(yaw: FloatArray) -> FloatArray:
    """(T, 3, 3) heads that are turned to their left by degrees."""
    sine, cosine, none = np.sin(np.radians(yaw)), np.cos(np.radians(yaw)), np.zeros_like(yaw)
    rows = [[cosine, none, sine], [none, none + 1, none], [-sine, none, cosine]]
    return np.moveaxis(np.array(rows), -1, 0).astype(np.float32)


def performance(most: float = 20.0) -> mien.Project:
    """A head that turns, eyes that look about, a smile, and blinks at 30 and 90."""
    time = np.arange(FRAMES)
    controls = np.zeros((FRAMES, len(NAMES)), dtype=np.float32)
    controls[:, INDEX["browInnerUp"]] = 0.2
    controls[20:60, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.8
    controls[20:60, INDEX["jawOpen"]] = 0.3
    for peak in (30, 90):
        for step, value in ((-2, 0.2), (-1, 0.6), (0, 0.95), (1, 0.8), (2, 0.5), (3, 0.25)):
            controls[peak + step, SHUT] = value
    for index, name in enumerate(GAZE):
        controls[:, INDEX[name]] = (8 if index < 2 else -5) + 2 * np.sin(time / 3 + index // 2)
    yaw = most * np.sin(time / 25)
    curves = make_curves(FRAMES, controls)
    curves = replace(curves, pose=replace(curves.pose, rotation=turned(yaw.astype(np.float32))))
    face = replace(make_face(FRAMES), curves=curves)
    return mien.Project(Shot(make_media(FRAMES, clock=face.clock), (face,)))


def target(project: mien.Project, name: str) -> FloatArray:
    (face,) = project.shot.faces
    layers = project.edit(1).layers
    made = mien.evaluate(face.curves.controls.array, layers, face.valid, project.shot.breaks)
    return made.target[:, INDEX[name]]


def test_eyes_are_at_the_lens_however_the_head_turns() -> None:
    project = performance()
    said: list[str] = []
    made = mien.retouch.look_at_lens(project, movement=0, notice=said.append)
    assert angles(turned(np.array([20.0], np.float32)))[0, 0] == pytest.approx(20, abs=1e-3)
    head = project.shot.faces[0].curves.pose.rotation
    yaw, pitch = (
        np.radians((target(made, f"{way}Left") + target(made, f"{way}Right")) / 2)
        for way in ("gazeYaw", "gazePitch")
    )
    ahead = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1)
    off = np.degrees(np.arccos(np.clip(np.einsum("tij,tj->ti", head, ahead)[:, 2], -1, 1)))
    assert off.max() < 1.0
    assert said == ["face 1's eyes look at the lens in 0:120"]
    assert [layer.name for layer in made.edit(1).layers] == ["lens"]
    # Blinks stay, and so does all that is no gaze.
    assert {track.control for track in made.edit(1).layers[0].tracks} == set(GAZE)
    lively = mien.retouch.look_at_lens(project, movement=1)
    assert np.std(target(lively, "gazeYawLeft") - target(made, "gazeYawLeft")) > 0.5


def test_eyes_turn_no_farther_than_eyes_do_and_it_is_said() -> None:
    said: list[str] = []
    made = mien.retouch.look_at_lens(performance(60), notice=said.append)
    assert np.abs(target(made, "gazeYawLeft")).max() < 33
    assert "turned too far" in said[1]


def test_a_span_is_eased_and_the_rest_is_as_it_was() -> None:
    project = performance()
    made = mien.retouch.look_at_lens(project, span="40:80", ease=5)
    before, after = target(project, "gazeYawLeft"), target(made, "gazeYawLeft")
    assert np.array_equal(before[:40], after[:40])
    assert np.array_equal(before[80:], after[80:])
    assert 0 < abs(after[40] - before[40]) < abs(after[50] - before[50])


def test_eyes_are_held_on_what_they_look_at() -> None:
    project = performance(0)
    made = mien.retouch.hold_eyes(project, at=50, movement=0)
    held = target(made, "gazeYawLeft")
    assert np.ptp(held) < 0.7
    assert held.mean() == pytest.approx(target(project, "gazeYawLeft")[50], abs=0.7)


def test_blinks_are_removed_and_named() -> None:
    project = performance()
    said: list[str] = []
    made = mien.retouch.remove_blinks(project, notice=said.append)
    (face,) = project.shot.faces
    assert [str(one) for one in blink_windows(face)] == ["27:35", "87:95"]
    assert said == ["2 blinks of face 1 removed: 27-34, 87-94"]
    assert target(made, "eyeBlinkLeft").max() < 0.05
    half = mien.retouch.remove_blinks(project, span="80:100")
    assert target(half, "eyeBlinkLeft")[30] == pytest.approx(0.95)
    with pytest.raises(NothingToDoError, match="does not blink"):
        mien.retouch.remove_blinks(project, span="50:70")


def test_eyes_stay_open_a_moment_longer_but_not_into_the_next_blink() -> None:
    project = performance()
    made = target(mien.retouch.remove_blinks(project, span="20:40"), "eyeBlinkLeft")
    # Asked for is a little more than open, so that whoever renders looks how far lids are down.
    assert (made[28:35] < -0.02).all()
    assert (np.diff(made[34:38]) >= 0).all()
    assert made[39] == pytest.approx(0.0)
    controls = project.shot.faces[0].curves.controls.array
    controls[36:42, SHUT] = controls[28:34, SHUT]
    made = target(mien.retouch.remove_blinks(project, span="20:32"), "eyeBlinkLeft")
    assert (made[28:34] < 0.05).all()
    assert made[36:42] == pytest.approx(controls[36:42, SHUT[0]])


def test_lids_fall_faster_than_they_rise() -> None:
    made = mien.retouch.add_blink(performance(), 60)
    lids = target(made, "eyeBlinkLeft")
    assert lids[60] == pytest.approx(1, abs=1e-3)
    assert np.flatnonzero(lids[50:75] > 0.02).tolist()[0] + 50 >= 56
    down, up = (lids[50:61] > 0.05).sum(), (lids[61:80] > 0.05).sum()
    assert up > down
    assert target(made, "eyeBlinkLeft")[90] == pytest.approx(0.95)
    with pytest.raises(NothingToDoError, match="already"):
        mien.retouch.add_blink(performance(), 31)
    with pytest.raises(TimeError, match="not there for all"):
        mien.retouch.add_blink(performance(), 1)


def test_a_performance_goes_to_rest_part_by_part_and_blinks_stay() -> None:
    project = performance()
    made = mien.retouch.neutralise(project)
    assert target(made, "mouthSmileLeft").max() < 0.05
    assert target(made, "browInnerUp") == pytest.approx(0.2, abs=0.03)
    assert target(made, "eyeBlinkLeft")[30] == pytest.approx(0.95)
    mouth = mien.retouch.neutralise(project, only=["mouth"])
    assert target(mouth, "jawOpen")[40] == pytest.approx(0.3)
    none = mien.retouch.neutralise(project, keep_blinks=False)
    assert target(none, "eyeBlinkLeft").max() < 0.05
    soft = mien.retouch.soften(project, strength=0.25)
    assert target(soft, "mouthSmileLeft")[40] == pytest.approx(0.6, abs=0.02)
    with pytest.raises(NothingToDoError, match="at rest"):
        mien.retouch.neutralise(project, only=["nose"])


def test_what_people_say_is_said_on() -> None:
    project = performance()
    (face,) = project.shot.faces
    controls = face.curves.controls.array
    controls[20:100, INDEX["jawOpen"]] = 0.2 + 0.2 * np.sin(np.arange(80) * 1.3)
    jaw = controls[40:80, INDEX["jawOpen"]].copy()
    spoken = mien.retouch.neutralise(project)
    assert np.allclose(target(spoken, "jawOpen")[40:80], jaw, atol=1e-6)
    assert target(spoken, "mouthSmileLeft").max() < 0.05
    mute = mien.retouch.neutralise(project, keep_speech=False)
    assert target(mute, "jawOpen")[40:80].max() < 0.1


@settings(max_examples=12, deadline=None)
@given(
    kind=st.sampled_from(RETOUCH_KINDS),
    spans=st.lists(
        st.tuples(st.integers(0, 110), st.integers(5, 120)).map(
            lambda pair: mien.FrameRange(pair[0], min(pair[0] + pair[1], FRAMES))
        ),
        min_size=1,
        max_size=3,
    ),
    strength=st.sampled_from([None, 0.4, 1.0]),
)
def test_twice_is_as_once(
    kind: RetouchKind, spans: list[mien.FrameRange], strength: float | None
) -> None:
    project = PERFORMANCE
    for span in spans:
        at = (span.start,) if kind == "blink" else ()
        options = RetouchOptions(span, at, strength)
        try:
            once = mien.retouch.retouch(project, kind, None, options)
        except (NothingToDoError, TimeError):
            continue
        twice = mien.retouch.retouch(once, kind, None, options)
        assert twice.edits == once.edits
        project = once


PERFORMANCE = performance()


def test_what_cannot_be_meant_is_refused() -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("lens", {"strength": 1.5}), ("lens", {"at": (3,)}), ("lens", {"only": ("brows",)}),
        ("soften", {"only": ("lips",)}), ("soften", {"movement": 0.3}), ("blink", {}),
        ("remove-blinks", {"strength": 0}), ("lens", {"ease": -1}), ("shave", {}),
    ]  # fmt: skip
    for kind, options in wrong:
        with pytest.raises(UsageError):
            mien.retouch.retouch(PERFORMANCE, kind, None, RetouchOptions(**options))  # type: ignore[arg-type]
    with pytest.raises(TimeError):
        mien.retouch.look_at_lens(PERFORMANCE, span="200:300")
    (face,) = PERFORMANCE.shot.faces
    covered = replace(face, region_confidence=np.zeros((FRAMES, 4), np.float32))
    shot = replace(PERFORMANCE.shot, faces=(covered,))
    with pytest.raises(NothingToDoError, match="eyes are not seen"):
        mien.retouch.look_at_lens(mien.Project(shot), span="10:50")


def test_commands_and_the_session_do_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.mien"
    mien.save_project(PERFORMANCE, path)
    assert run(["retouch", "lens", str(path), "--span", "40:80"]) == 0
    assert "look at the lens in 40:80" in capsys.readouterr().out
    document = mien.load_document(path, find_media=False)
    expected = mien.retouch.look_at_lens(PERFORMANCE, span="40:80").edit(1).layers
    assert document.shots[0].edit(1).layers == expected
    assert run(["retouch", "soften", str(path), "--only", "mouth, jaw", "--json"]) == 0
    assert '"job": "soften"' in capsys.readouterr().out
    assert run(["edit", str(path), "--undo"]) == 0
    assert run(["retouch", "remove-blinks", str(path), "--span", "50:70"]) == 4
    assert run(["retouch", "blink", str(path), "--at", "60", "-o", str(path)]) == 2
    assert run(["retouch", "lens", str(tmp_path / "x.mov")]) == 2
    open_session = mien.Session(mien.load_document(path, find_media=False))
    shot = document.shots[0].id
    options = RetouchOptions(at=(60,))
    open_session.apply("Blink", lambda old: commands.retouch(old, shot, 1, "blink", options))
    names = [layer.name for layer in open_session.document.shots[0].edit(1).layers]
    assert names == ["lens", "blink"]
