"""A face that follows another performance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.errors import InputError, MediaError, NoFaceError, TimeError, UsageError
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.neutral import neutral_of
from mien.model.transfer import GROUPS, SourcePerformance
from mien.timebase import Clock
from tests.documents import make_shot

FRAMES = 48


def source(
    controls: Mapping[str, Any], clock: Clock | None = None, **more: Any
) -> SourcePerformance:
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in controls.items()}
    valid = more.pop("valid", np.ones(len(next(iter(arrays.values()))), dtype=bool))
    return SourcePerformance("take", arrays, valid, clock, **more)


def target(applied: mien.Applied) -> AnyArray:
    face = applied.edit.face
    return mien.evaluate(face.curves.controls.array, applied.edit.layers, face.valid).target


RAMP = np.linspace(0, 1, FRAMES)


def test_a_clip_applied_to_itself_gives_no_edit() -> None:
    shot = make_shot(FRAMES)
    for how in (mien.Transfer(), mien.Transfer(relative=True, only=GROUPS)):
        applied = mien.apply(shot, shot, how)
        assert applied.alike
        assert applied.project.edits == ()
        assert set(applied.made.alike) == set(how.chosen())


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.1])
def test_the_face_does_what_the_source_does(tolerance: float) -> None:
    shot = make_shot(FRAMES, faces=2)
    how = mien.Transfer(relative=False, tolerance=tolerance)
    applied = mien.apply(shot, shot, how, face=1, from_face=2)
    after, wanted = target(applied), shot.face(2).curves.controls.array
    for control in CONTROLS:
        column = INDEX[control.name]
        if control.region in ("gaze", "head"):
            assert control.name not in applied.made.controls
            continue
        assert np.abs(after[:, column] - wanted[:, column]).max() <= tolerance + 1e-4
    assert applied.made.layers == ("applied",)
    assert applied.project.edit(2).layers == ()


def test_relative_starts_from_the_rest_of_each() -> None:
    shot = make_shot(FRAMES)
    rest = np.zeros(len(NAMES), dtype=np.float32)
    rest[INDEX["jawOpen"]] = 0.25
    performance = source({"jawOpen": 0.5 * RAMP}, rest=rest, same_person=False)
    applied = mien.apply(shot, performance, mien.Transfer(tolerance=0))
    assert applied.made.relative
    own = neutral_of(shot.face(1))[INDEX["jawOpen"]]
    np.testing.assert_allclose(
        target(applied)[:, INDEX["jawOpen"]], own + 0.5 * RAMP - 0.25, atol=2e-4
    )
    same = replace(performance, same_person=True)
    assert not mien.apply(shot, same).made.relative


def test_strengths_are_weights_of_layers() -> None:
    shot = make_shot(FRAMES)
    performance = source({"jawOpen": RAMP, "browInnerUp": RAMP, "mouthPucker": RAMP})
    how = mien.Transfer(strength={"mouth": 0.6, "brows": 0}, tolerance=0)
    applied = mien.apply(shot, performance, how, layer="take 5")
    assert [(one.name, one.weight) for one in applied.edit.layers] == [
        ("take 5", 1.0), ("take 5 mouth", 0.6),
    ]  # fmt: skip
    assert "browInnerUp" not in applied.made.controls
    own = shot.face(1).curves.controls["mouthPucker"]
    np.testing.assert_allclose(
        target(applied)[:, INDEX["mouthPucker"]], own + 0.6 * (RAMP - own), atol=1e-4
    )
    # Another one takes the place of both, below what came after.
    edit = applied.edit.set("browDown", 0.2, layer="after")
    again = mien.apply(
        applied.project.with_edit(edit), performance, mien.Transfer(strength=0.5), layer="take 5"
    )
    assert [(one.name, one.weight) for one in again.edit.layers] == [
        ("take 5", 0.5), ("after", 1.0),
    ]  # fmt: skip


def test_groups_and_controls_are_chosen() -> None:
    shot = make_shot(FRAMES)
    performance = source(
        dict.fromkeys(("jawOpen", "headYaw", "gazeYawLeft", "noseSneerLeft"), RAMP)
    )
    taken = mien.apply(shot, performance, mien.Transfer(only=("head", "noseSneer"))).made.controls
    assert taken == ("noseSneerLeft", "headYaw")
    assert mien.apply(shot, performance).made.controls == ("jawOpen", "noseSneerLeft")


def test_long_gaps_are_left_alone() -> None:
    shot = make_shot(FRAMES)
    valid = np.ones(FRAMES, dtype=bool)
    valid[5:8] = valid[20:40] = False
    performance = source({"jawOpen": RAMP}, shot.clock, valid=valid)
    applied = mien.apply(shot, performance, mien.Transfer(ease=0))
    spans = [track.span for track in applied.edit.layers[0].tracks]
    assert [str(span) for span in spans] == ["0:20", "40:48"]


def test_a_still_is_a_held_pose() -> None:
    shot = make_shot(FRAMES)
    pose = source({"jawOpen": [0.9]})
    (track,) = mien.apply(shot, pose).edit.layers[0].tracks
    assert (track.span, len(track.keys), track.keys[0].interpolation) == (None, 1, "hold")
    (track,) = mien.apply(shot, pose, mien.Transfer(at=20, ease=4)).edit.layers[0].tracks
    assert (str(track.span), track.keys[0].frame) == ("16:25", 20)
    assert track.influence([20])[0] == 1
    timing = mien.TransferTiming(span="10:30")
    (track,) = mien.apply(shot, pose, mien.Transfer(timing=timing)).edit.layers[0].tracks
    assert str(track.span) == "10:30"
    with pytest.raises(UsageError, match="both are given"):
        mien.apply(shot, pose, mien.Transfer(at=3, timing=timing))
    with pytest.raises(UsageError, match="has 48 of them"):
        mien.apply(shot, source({"jawOpen": RAMP}), mien.Transfer(at=3))
    with pytest.raises(TimeError, match="outside the shot"):
        mien.apply(shot, pose, mien.Transfer(at=48))


def test_what_the_source_does_not_reach_stays(tmp_path: Path) -> None:
    shot = make_shot(FRAMES)
    performance = source({"jawOpen": RAMP[:20]}, Clock(Fraction(50), 20))
    made = mien.apply(shot, performance, mien.Transfer(timing=mien.TransferTiming(offset=5))).made
    assert str(made.frames) == "5:15"
    with pytest.raises(InputError, match="falls on"):
        mien.apply(shot, performance, mien.Transfer(timing=mien.TransferTiming(offset=48)))


def test_a_curve_file_is_followed(tmp_path: Path) -> None:
    shot = make_shot(FRAMES, faces=2)
    path = tmp_path / "talk.npz"
    mien.export_curves(shot, path, face=2, basis="mien-rig")
    applied = mien.apply(shot, path, face=1)
    assert not applied.made.relative
    wanted = shot.face(2).curves.controls["jawOpen"]
    assert np.abs(target(applied)[:, INDEX["jawOpen"]] - wanted).max() < 0.0102
    assert mien.apply(shot, path, face=2).alike
    assert mien.apply(shot, path, mien.Transfer(relative=True), face=1).made.relative


def test_both_sides_in_one_and_gaps_of_a_control() -> None:
    shot = make_shot(8)
    smile = np.linspace(0, 1, 8)
    smile[3] = np.nan
    values = {"mouthSmile": smile, "mouthSmileLeft": np.zeros(8), "wink": np.ones(8)}
    file = CurveFile((FaceCurves(1, values, np.ones(8, dtype=bool)),), name="x.csv")
    applied = mien.apply(shot, file, mien.Transfer(tolerance=0))
    assert applied.unknown == ("wink",)
    after = target(applied)
    np.testing.assert_allclose(after[:, INDEX["mouthSmileRight"]], np.linspace(0, 1, 8), atol=1e-4)
    np.testing.assert_allclose(after[:, INDEX["mouthSmileLeft"]], 0, atol=1e-4)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"wink": np.ones(4)}, InputError, "none of mien's controls"),
        ({"jawOpen": np.full(4, np.inf)}, InputError, "infinite at frame 0"),
        ({"headYaw": np.ones(4)}, InputError, "none of the controls"),
    ],
)
def test_files_without_use_are_refused(
    values: dict[str, AnyArray], error: type[Exception], message: str
) -> None:
    file = CurveFile((FaceCurves(1, values, np.ones(4, dtype=bool)),), name="x.csv")
    with pytest.raises(error, match=message):
        mien.apply(make_shot(8), file)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"only": ("mouht",)}, "mouth"),
        ({"strength": {"moth": 0.5}}, "mouth"),
        ({"strength": 1.2}, "0 .* to 1"),
        ({"ease": -1}, "0 or more"),
        ({"tolerance": -0.1}, "0.01"),
    ],
)
def test_what_cannot_be_meant_is_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        mien.Transfer(**how)


def test_whose_performance_must_be_clear(tmp_path: Path) -> None:
    shot = make_shot(8, faces=2)
    with pytest.raises(NoFaceError, match="2 faces, and none is chosen"):
        mien.apply(shot, shot)
    with pytest.raises(NoFaceError):
        mien.apply(shot, shot, from_face=7)
    with pytest.raises(NoFaceError, match="no faces to follow"):
        mien.apply(shot, replace(shot, faces=()))
    notes = tmp_path / "notes.txt"
    notes.write_text("jawOpen 1")
    with pytest.raises(MediaError, match="a clip, an image, a project"):
        mien.apply(shot, notes, progress=False)
    with pytest.raises(UsageError, match="no project"):
        mien.apply(shot, notes, from_shot="a", progress=False)
