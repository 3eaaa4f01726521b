"""What is in front of real faces stays as it is: things drawn over them, hands, nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import MissingDependencyError
from mien.media.reader import open_reader
from mien.rendering.occlusion import hand_matte
from mien.rendering.occlusion.detected import DetectedMatte
from mien.rendering.plates import ReaderPlates
from tests.occluders import Covered, covered_clip, measure, measure_clean

Clip = Callable[[str], Path]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "first", "kind", "kept", "overlap"),
    [
        ("lp_s18.mp4", 20, "bar", 0.98, 0.9),
        ("lp_s32.mp4", 0, "circle", 0.99, 0.9),
        ("lp_d3.mp4", 100, "hand", 0.98, 0.9),
        ("lp_s32.mp4", 0, "strands", 0.98, 0.75),
    ],
)
def test_what_passes_before_a_face_stays(
    clip: Clip, name: str, first: int, kind: str, kept: float, overlap: float
) -> None:
    seed = sum(map(ord, name + kind))
    found = measure(covered_clip(clip(name), kind, first, seed=seed))
    assert found.kept > kept
    assert found.overlap > overlap


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["lp_s18.mp4", "lp_s20.mp4", "pyfeat_single_face.mp4", "skv_carphone_pristine.mp4"],
)
def test_nothing_is_found_before_a_bare_face(clip: Clip, name: str) -> None:
    found = measure_clean(mien.track(clip(name), progress=False), most=24)
    assert found.share < 0.002


@pytest.fixture(scope="module")
def handed(shared: Path) -> Covered:
    return covered_clip(shared / "clips" / "pyfeat_single_face.mp4", "hand", 0, 30)


@pytest.mark.shared
def test_a_frame_tells_the_same_whatever_was_looked_at_before(handed: Covered) -> None:
    frames = [14, 18, 22]
    found = []
    for order in (frames, frames[::-1]):
        with open_reader(handed.shot.media) as reader:
            plates = ReaderPlates(reader)
            source = DetectedMatte(handed.shot, plates)
            assert source.matte(handed.face, 18, plates.plate(18)) is None
            assert not source.is_prepared([handed.face])
            source.prepare([handed.face])
            found.append({i: source.matte(handed.face, i, plates.plate(i)) for i in order})
            source.close()
    for frame in frames:
        first, second = found[0][frame], found[1][frame]
        assert first is not None
        assert second is not None
        assert np.array_equal(first, second)
        assert first.max() == 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MissingDependencyError("The hand models are gone."), "not installed"),
        (RuntimeError("the graph failed"), "failed on a frame"),
    ],
)
def test_without_hand_models_it_does_with_less(
    handed: Covered, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    class Broken:
        def __init__(self) -> None:
            if isinstance(error, MissingDependencyError):
                raise error

        def find(self, picture: object) -> list[object]:
            raise error

        def close(self) -> None:
            pass

    monkeypatch.setattr(hand_matte, "Hands", Broken)
    with open_reader(handed.shot.media) as reader:
        plates = ReaderPlates(reader)
        source = DetectedMatte(handed.shot, plates)
        source.prepare([handed.face])
        assert not source.notes
        for frame in (18, 20):
            source.matte(handed.face, frame, plates.plate(frame))
        (note,) = source.notes
        assert says in note
        source.close()
    edit = mien.Edit(handed.face).set("jawOpen", 0.3, span="16:22")
    assert len(list(mien.render_frames(handed.shot, [edit], "16:18", renderer="warp"))) == 2
