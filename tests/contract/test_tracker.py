from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien._types import AnyArray
from mien.errors import MissingDependencyError
from mien.media.base_reader import Lost
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.tracking.base import TrackResult
from mien.tracking.mediapipe import graphs
from mien.tracking.mediapipe.tracker import MediaPipeTracker
from tests.film import Film

GREY = 96

track_faces = MediaPipeTracker().track


@pytest.fixture(scope="module")
def portrait() -> AnyArray:
    """The astronaut's portrait that scikit-image carries; her face is about 150 px tall."""
    data = pytest.importorskip("skimage.data")
    return np.asarray(data.astronaut())


def placed(
    portrait: AnyArray, size: tuple[int, int], x: float, y: float, scale: float = 1.0
) -> AnyArray:
    """The portrait on a grey picture, its corner at (x, y)."""
    move = np.array([[scale, 0, x], [0, scale, y]])
    grey = (GREY, GREY, GREY)
    return np.asarray(cv2.warpAffine(portrait, move, size, flags=cv2.INTER_AREA, borderValue=grey))


def ones(result: TrackResult) -> list[int]:
    return [int(track.seen.sum()) for track in result.tracks]


@pytest.mark.slow
def test_a_still_face_is_found_in_every_frame_without_jitter(portrait: AnyArray) -> None:
    result = track_faces(Film([portrait] * 8))
    assert ones(result) == [8]
    track = result.tracks[0]
    assert track.number == 1
    assert track.landmarks.shape == (8, 478, 3)
    assert track.landmarks.dtype == track.confidence.dtype == np.float32
    assert track.confidence.min() > 0.8
    width = np.ptp(track.landmarks[0, :, 0])
    assert np.abs(np.diff(track.landmarks[3:], axis=0)).max() < 0.01 * width


def test_landmarks_follow_the_face_to_a_part_of_a_pixel(portrait: AnyArray) -> None:
    steps = np.linspace(0, 30, 16)
    result = track_faces(Film([placed(portrait, (640, 512), 40 + s, 0) for s in steps]))
    x = np.nanmean(result.tracks[0].landmarks[..., 0], axis=1)
    assert np.abs(x - x[0] - steps).max() < 0.8


def test_one_frame_is_a_shot(portrait: AnyArray) -> None:
    assert ones(track_faces(Film([portrait]))) == [1]


def test_a_film_without_a_face_has_no_tracks() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    pictures = [cv2.resize(noise, (480, 320))] * 10
    result = track_faces(Film(pictures))
    assert result.tracks == ()
    assert result.cuts == ()


def test_a_face_that_leaves_and_returns_keeps_its_number(portrait: AnyArray) -> None:
    away = np.full((512, 900, 3), GREY, np.uint8)
    left = [placed(portrait, (900, 512), 0, 0)] * 8
    right = [placed(portrait, (900, 512), 380, 0)] * 20
    # The grey of the stage stays, so that this is no cut but an absence of 16 frames.
    result = track_faces(Film([*left, *[away] * 16, *right]))
    assert len(result.tracks) == 1
    track = result.tracks[0]
    assert track.seen[:8].all()
    assert track.seen[24:].all()
    assert not track.seen[8:24].any()
    assert np.isnan(track.landmarks[8:24]).all()
    assert (track.confidence[8:24] == 0).all()


def test_a_face_that_comes_late_is_followed_back_to_its_first_frame(portrait: AnyArray) -> None:
    empty = np.full((512, 512, 3), GREY, np.uint8)
    pictures = [empty] * 3 + [
        cv2.addWeighted(portrait, min(1.0, 0.3 + 0.05 * i), empty, max(0.0, 0.7 - 0.05 * i), 0)
        for i in range(24)
    ]
    seen = track_faces(Film(pictures)).tracks[0].seen
    assert not seen[:3].any()
    assert seen[5:].all()


def test_a_face_of_70_pixels_in_full_hd_is_tracked(portrait: AnyArray) -> None:
    scale = 70 / 150
    pictures = [placed(portrait, (1920, 1080), 1200 + i, 600, scale) for i in range(6)]
    assert ones(track_faces(Film(pictures))) == [6]


def test_a_face_lying_on_its_side_is_tracked(portrait: AnyArray) -> None:
    assert ones(track_faces(Film([np.ascontiguousarray(np.rot90(portrait))] * 6))) == [6]


def test_two_faces_get_numbers_from_left_to_right_and_a_limit_keeps_one(
    portrait: AnyArray,
) -> None:
    both = np.concatenate([portrait, np.ascontiguousarray(portrait[:, ::-1])], axis=1)
    result = track_faces(Film([both] * 6))
    assert ones(result) == [6, 6]
    assert result.tracks[0].landmarks[0, 0, 0] < 512 < result.tracks[1].landmarks[0, 0, 0]
    assert ones(track_faces(Film([both] * 6), max_faces=1)) == [6]


def test_pictures_larger_than_needed_give_the_same_places(portrait: AnyArray) -> None:
    large = cv2.resize(portrait, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    small = track_faces(Film([portrait] * 3)).tracks[0].landmarks[-1]
    points = track_faces(Film([large] * 3)).tracks[0].landmarks[-1]
    expected = (small[:, :2] + 0.5) * 5 - 0.5
    assert np.abs(points[:, :2] - expected).mean() < 5


def test_the_same_film_gives_the_same_bytes_and_no_noise(
    portrait: AnyArray, capfd: pytest.CaptureFixture[str]
) -> None:
    pictures = [placed(portrait, (600, 512), 3 * i, 0) for i in range(10)]
    runs = [track_faces(Film(pictures)).tracks[0] for _ in range(2)]
    assert runs[0].landmarks.tobytes() == runs[1].landmarks.tobytes()
    assert runs[0].confidence.tobytes() == runs[1].confidence.tobytes()
    assert capfd.readouterr() == ("", "")


def test_progress_is_told_after_every_frame(portrait: AnyArray) -> None:
    told: list[tuple[str, int, int]] = []
    track_faces(Film([portrait] * 4), progress=lambda *done: told.append(done))
    assert told == [("track", done, 4) for done in (1, 2, 3, 4)]


def test_an_error_of_the_reader_arrives(portrait: AnyArray) -> None:
    class Torn(Film):
        def stream(
            self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
        ) -> Generator[Frame, None, None]:
            yield from islice(super().stream(start, stop, lost=lost), 3)
            raise OSError("torn")

    with pytest.raises(OSError, match="torn"):
        track_faces(Torn([portrait] * 6))


def test_a_missing_model_is_named() -> None:
    config = """
        input_stream: "picture" output_stream: "out"
        node { calculator: "InferenceCalculatorCpu" input_stream: "TENSORS:picture"
               output_stream: "TENSORS:out"
               options { [mediapipe.InferenceCalculatorOptions.ext] {
                 model_path: "mediapipe/modules/nowhere.tflite" } } }"""
    with pytest.raises(MissingDependencyError, match="models"):
        graphs.GraphPool(config, "out")


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("derived_two_faces_1080p30.mp4", 2),
        ("intel_three_people_walk_pause_fromgif.mp4", 3),
        ("pyfeat_no_face.mp4", 0),
        ("pyfeat_face_noface.mov", 1),
        ("lp_s18.mp4", 1),
    ],
)
def test_real_footage_has_its_number_of_people(
    clip: Callable[[str], Path], name: str, people: int
) -> None:
    with open_reader(clip(name)) as reader:
        result = track_faces(reader)
    assert len(result.tracks) == people
    if name == "pyfeat_face_noface.mov":
        assert result.cuts[0] == 72
        assert np.flatnonzero(result.tracks[0].seen).tolist() == list(range(72))


@pytest.mark.shared
@pytest.mark.slow
def test_a_hand_over_the_mouth_lowers_confidence(clip: Callable[[str], Path]) -> None:
    with open_reader(clip("intel_asl_bird.mkv")) as reader:
        confidence = track_faces(reader).tracks[0].confidence
    assert confidence[:9].min() > 0.85
    assert np.median(confidence[15:36]) < 0.7


@pytest.mark.shared
@pytest.mark.slow
def test_people_keep_their_numbers_across_cuts(clip: Callable[[str], Path]) -> None:
    shots = []
    for name, start in (("lp_d10.mp4", 0), ("vretalk_4.mp4", 0), ("lp_d10.mp4", 60)):
        with open_reader(clip(name)) as reader:
            frames = reader.stream(start, start + 12)
            shots += [cv2.resize(f.upright_rgb(), (480, 480)) for f in frames]
    result = track_faces(Film(shots))
    assert result.cuts == (12, 24)
    seen = [np.flatnonzero(track.seen).tolist() for track in result.tracks]
    assert seen == [[*range(12), *range(24, 36)], list(range(12, 24))]
