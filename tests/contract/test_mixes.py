"""Mixes of real shots: they are found, nobody is carried across, and real shots have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.media.reader import open_reader
from mien.model.mixes import mix_weights
from mien.timebase import FrameRange
from mien.tracking.mediapipe.tracker import MediaPipeTracker
from mien.tracking.tracking_frames import TrackingFrames
from tests.film import Film

SHOT, MIX = 24, 12
"""Frames of a shot that are seen alone, and of a mix."""

Clip = Callable[[str], Path]


def taken(clip: Path, start: int, count: int) -> list[AnyArray]:
    with open_reader(clip) as reader:
        frames = reader.stream(start, start + count)
        return [cv2.resize(frame.upright_rgb(), (480, 480)) for frame in frames]


def mixed(one: AnyArray, other: AnyArray, fraction: float, kind: str) -> AnyArray:
    a, b = one.astype(np.float32), other.astype(np.float32)
    if kind == "wipe":
        passed = np.arange(a.shape[1])[None, :, None] < fraction * a.shape[1]
        return np.asarray(np.where(passed, other, one))
    if kind == "black":
        kept = abs(2 * fraction - 1)
        return np.asarray(np.rint((a if fraction < 0.5 else b) * kept).astype(np.uint8))
    return np.rint((1 - fraction) * a + fraction * b).astype(np.uint8)


def joined(shots: list[list[AnyArray]], kind: str) -> list[AnyArray]:
    """Shots, the end of each mixed with the begin of the next."""
    film = shots[0]
    for shot in shots[1:]:
        for i in range(MIX):
            film[i - MIX] = mixed(film[i - MIX], shot[i], (i + 1) / (MIX + 1), kind)
        film += shot[MIX:]
    return film


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dissolve", "wipe", "black"])
def test_nobody_is_carried_across_a_mix(clip: Clip, kind: str) -> None:
    girl = clip("lp_d10.mp4")
    shots = [
        taken(girl, 0, SHOT + MIX),
        taken(clip("vretalk_4.mp4"), 0, MIX + SHOT + MIX),
        taken(girl, 80, MIX + SHOT),
    ]
    result = MediaPipeTracker().track(Film(joined(shots, kind)))
    spans = [(24, 36), (60, 72)]
    assert result.cuts == ()
    assert len(result.mixes) == 2
    for found, true in zip(result.mixes, spans, strict=True):
        assert np.abs(np.subtract((found.start, found.stop), true)).max() <= 2
    first, second = result.tracks
    # The first is there again after the second mix, told by her looks.
    assert first.seen[[*range(24), *range(74, 96)]].all()
    assert not first.seen[32:64].any()
    assert second.seen[38:58].all()
    assert not second.seen[[*range(28), *range(68, 96)]].any()
    for track in result.tracks:
        for mix in result.mixes:
            assert track.confidence[mix.start : mix.stop].max() < 0.5


@pytest.mark.shared
@pytest.mark.slow
def test_an_edit_is_gone_in_a_mix_and_whole_away_from_it(clip: Clip) -> None:
    one, other = (taken(clip(name), 0, SHOT + MIX) for name in ("lp_d10.mp4", "lp_d3.mp4"))
    shot = mien.track(frames=np.stack(joined([one, other], "dissolve")), rate=25, progress=False)
    assert [(mix.start, mix.stop) for mix in shot.mixes] == [(24, 36)]
    assert shot.breaks == (30,)
    face = shot.faces[0]
    assert not face.valid[30:].any()
    edit = mien.Edit(face).set("mouthSmile", 0.6)
    from mien.rendering.plans import face_plans

    (plan,) = face_plans(shot, [edit], FrameRange(0, len(shot)))
    size = np.abs(plan.evaluated.delta).max(axis=1)
    weights = mix_weights(len(shot), shot.mixes, 25)
    assert (size[24:36] == 0).all()
    assert size[16] == pytest.approx(size[8], rel=0.2)
    assert (size[:24] <= size.max() * weights[:24] + 1e-6).all()


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "intel_three_people_walk_pause_fromgif.mp4",
        "lp_d12.mp4",
        "lp_d3.mp4",
        "lp_s20.mp4",
        "lp_s29.mp4",
        "pyfeat_face_noface.mov",
        "skv_carphone_pristine.mp4",
    ],
)
def test_real_shots_have_no_mixes(clip: Clip, name: str) -> None:
    with open_reader(clip(name)) as reader:
        pictures = TrackingFrames(reader)
        for _ in pictures.forward():
            pass
        assert pictures.mixes == ()
