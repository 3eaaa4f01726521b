"""Frames in memory: what can be read of them, what is refused, and what cannot be done."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.errors import MediaError, NoFaceError, ProjectError, UsageError
from mien.face import SOLVER
from mien.media.display import from_display, to_display
from mien.media.memory import memory_media
from mien.media.planes import Box
from mien.media.reader import open_reader

RNG = np.random.default_rng(4)
BYTES = RNG.integers(0, 256, (5, 24, 32, 3), np.uint8)
FLOATS = RNG.random((5, 24, 32, 3)).astype(np.float32)


def test_they_are_read_by_number_and_in_order_and_not_copied() -> None:
    media = memory_media(BYTES, 25)
    assert media.frames is BYTES
    assert media.orientation.upright_size == (32, 24)
    with open_reader(media) as reader:
        assert np.array_equal(reader.frame(3).upright_rgb(), BYTES[3])
        assert [frame.index for frame in reader.stream(1, 4)] == [1, 2, 3]
        assert [frame.pts for frame in reader.stream()] == [0, 1, 2, 3, 4]
        with pytest.raises(IndexError):
            reader.frame(5)
        with pytest.raises(IndexError):
            reader.frame(-1)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_a_plate_is_the_very_pixels_and_takes_differences(dtype: str) -> None:
    frames = BYTES if dtype == "uint8" else FLOATS.astype(dtype)
    frame = open_reader(memory_media(frames, 25)).frame(2)
    plate = frame.plate()
    expected = frames[2] / np.float32(255) if frames.dtype == np.uint8 else frames[2]
    assert np.allclose(plate.rgb(), expected, atol=1e-7)
    changed = plate.copy()
    changed.add(Box(0, 0, 4, 4), np.full((4, 4, 3), -1.0, np.float32))
    after = frame.with_plate(changed).upright_rgb()
    assert (after[:4, :4] == 0).all()
    assert np.array_equal(after[4:], frame.upright_rgb()[4:])
    assert np.array_equal(frame.plate().rgb(), plate.rgb())


def test_floats_are_what_a_screen_shows_and_not_linear_light() -> None:
    plate = open_reader(memory_media(FLOATS, 25)).frame(0).plate()
    rgb = plate.rgb()
    assert np.array_equal(to_display(plate, rgb), rgb)
    assert np.array_equal(from_display(plate, rgb), rgb)


def test_floats_beyond_the_range_and_no_numbers_can_be_looked_at() -> None:
    frames = FLOATS.copy()
    frames[0, 0, 0], frames[0, 0, 1], frames[0, 0, 2] = -3, 7, np.nan
    seen = open_reader(memory_media(frames, 25)).frame(0).upright_rgb()
    assert seen[0, :3, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize(
    ("rate", "exact"),
    [
        (25, Fraction(25)),
        (29.97, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (Fraction(60000, 1001), Fraction(60000, 1001)),
        (12.5, Fraction(25, 2)),
        (30.0, Fraction(30)),
    ],
)
def test_rates_are_exact(rate: float | Fraction, exact: Fraction) -> None:
    assert memory_media(BYTES, rate).clock.rate == exact


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "fast", 1e-9])
def test_rates_that_are_none(rate: object) -> None:
    with pytest.raises(UsageError, match="no frame rate"):
        memory_media(BYTES, rate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (BYTES[0], "shape"),
        (BYTES[..., :1], "shape"),
        (BYTES[:0], "shape"),
        (BYTES.astype(np.int32), "int32"),
        ([], "shape"),
    ],
)
def test_what_is_no_picture(frames: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        mien.track(frames=frames, progress=False)  # type: ignore[call-overload]


def test_a_source_or_frames_and_not_both() -> None:
    with pytest.raises(UsageError, match="not clear"):
        mien.track(progress=False)
    with pytest.raises(UsageError, match="not clear"):
        mien.track("a.mp4", frames=BYTES, progress=False)
    with pytest.raises(UsageError, match="rate goes with frames"):
        mien.track("a.mp4", rate=25, progress=False)


def test_the_content_has_a_name() -> None:
    other = BYTES.copy()
    other[4, 16, 16] += 1
    names = {memory_media(frames, 25).fingerprint for frames in (BYTES, BYTES.copy(), other)}
    assert len(names) == 2


def test_they_travel_to_other_processes_with_their_pixels() -> None:
    media = pickle.loads(pickle.dumps(memory_media(BYTES, 25)))
    assert media == memory_media(BYTES, 25)
    assert np.array_equal(open_reader(media).frame(1).upright_rgb(), BYTES[1])


def test_nobody_in_them() -> None:
    with pytest.raises(NoFaceError, match="frames in memory"):
        mien.track(frames=np.zeros((3, 120, 160, 3), np.uint8), progress=False)


@pytest.fixture(scope="module")
def portrait() -> AnyArray:
    """The astronaut's portrait that scikit-image carries."""
    return np.asarray(pytest.importorskip("skimage.data").astronaut())


@pytest.fixture(scope="module")
def shot(portrait: AnyArray) -> mien.Shot:
    return mien.track(frames=np.stack([portrait] * 6), rate=24, progress=False)


def test_a_face_in_them_is_tracked(shot: mien.Shot, portrait: AnyArray) -> None:
    assert len(shot.faces) == 1
    assert shot.clock.rate == 24
    assert shot.made_by == mien.ToolVersions("mediapipe", 1, SOLVER)
    floats = np.stack([portrait / np.float32(255)] * 6)
    again = mien.track(frames=floats, rate=24, progress=False)
    assert np.array_equal(again.faces[0].landmarks, shot.faces[0].landmarks)


def test_no_file_is_rendered_from_them(shot: mien.Shot, tmp_path: Path) -> None:
    edit = mien.Edit(shot.faces[0]).key("mouthSmile", 0, 0.5)
    with pytest.raises(UsageError, match="in memory"):
        mien.render(shot, tmp_path / "x.mp4", edits=[edit], progress=False)
    assert not list(tmp_path.iterdir())


def test_a_project_keeps_what_was_tracked_and_can_be_pointed_to_a_movie(
    shot: mien.Shot, portrait: AnyArray, tmp_path: Path
) -> None:
    path = tmp_path / "x.mien"
    mien.save_project(shot, path)
    with pytest.raises(ProjectError, match=r"frames in memory, was not found\. .*--media"):
        mien.load_project(path)
    back = mien.load_project(path, find_media=False).shot
    assert np.array_equal(back.faces[0].landmarks, shot.faces[0].landmarks)
    with pytest.raises(MediaError, match="no longer there"):
        open_reader(back.media)
    folder = tmp_path / "images"
    folder.mkdir()
    from PIL import Image

    for number in range(6):
        Image.fromarray(portrait).save(folder / f"a.{number:02d}.png")
    found = mien.load_project(path, media=folder / "a.%02d.png").shot
    assert found.media.kind == "sequence"
    assert found.made_by == shot.made_by
