"""What somebody who uses mien for the first time gets wrong is told in words of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import InputError, NoFaceError, ProjectError, UnknownControlError, UsageError
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.curve_layer import CurveImport, curves_layer
from mien.model.transfer import SourcePerformance
from mien.speech.files import read_phones
from tests.documents import make_shot

FRAMES = 48


def file_of(*names: str) -> CurveFile:
    controls = {name: np.full(FRAMES, 0.5) for name in names}
    return CurveFile((FaceCurves(1, controls, valid=np.ones(FRAMES, dtype=bool)),))


def test_frames_without_the_face_are_not_called_alike() -> None:
    shot = make_shot(FRAMES)
    seen = shot.faces[0].valid.copy()
    seen[24:] = False
    curves = replace(shot.faces[0].curves, valid=seen)
    shot = replace(shot, faces=(replace(shot.faces[0], curves=curves),))
    source = SourcePerformance("take", {"jawOpen": np.ones(FRAMES)}, np.ones(FRAMES, bool), None)
    how = mien.Transfer(timing=mien.TransferTiming(span="30:40"))
    with pytest.raises(NoFaceError, match="not seen in the frames 30:40"):
        mien.apply(mien.Project(shot), source, how)


def test_groups_and_controls_are_taken_together() -> None:
    shot = make_shot(FRAMES)
    curves = file_of("jawOpen", "browInnerUp", "mouthClose")
    taken = CurveImport(controls=("jawOpen",), only=("brows",))
    assert set(curves_layer(curves, shot.clock, taken).controls) == {"jawOpen", "browInnerUp"}
    with pytest.raises(UnknownControlError, match="Did you mean 'jawOpen'"):
        curves_layer(curves, shot.clock, CurveImport(controls=("jawOpn",)))
    alone = CurveImport(controls="jawOpen", only="brows")
    assert curves_layer(curves, shot.clock, alone).controls == ("jawOpen", "browInnerUp")
    assert mien.Transfer(only="jaw").chosen() == mien.Transfer(only=["jaw"]).chosen()
    with pytest.raises(UsageError, match="needs a name"):
        curves_layer(curves, shot.clock, CurveImport(layer=" "))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "laid out in another way"),
        ({"phones": [{"name": "B", "start": 0, "stop": 1}]}, "'phone' is missing"),
        ({"phones": [{"phone": "B", "start": 0.5, "stop": 0.1}]}, "take.json: The phone B goes"),
        ({"phones": [{"phone": "B", "start": 0, "stop": float("inf")}]}, "'B' goes from 0 to inf"),
    ],
    ids=["list", "no phone", "backwards", "endless"],
)
def test_phones_say_what_is_wrong_and_where(tmp_path: Path, content: object, says: str) -> None:
    path = tmp_path / "take.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=says):
        read_phones(path)


def test_a_sound_that_begins_too_late_is_refused() -> None:
    clock = make_shot(FRAMES).clock
    sound = mien.Soundtrack(Path("line.wav"), "0.5s")
    sound.check_start(clock, clock.parse_range("12:24"))
    with pytest.raises(UsageError, match="nothing of it would be heard"):
        sound.check_start(clock, clock.parse_range("0:6"))


def test_a_clip_is_no_damaged_project(tmp_path: Path) -> None:
    clip = tmp_path / "take.mp4"
    clip.write_bytes(b"no zip")
    with pytest.raises(ProjectError, match=r"take\.mp4 is no project.*mien track"):
        mien.load_project(clip)
