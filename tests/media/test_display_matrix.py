"""The eight matrices of the display: what is shown, tracked, edited, and kept."""

from __future__ import annotations

import dataclasses
import math
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien.errors import MediaError
from mien.media.display_matrix import display_matrix, display_turn, orientation_matrix
from mien.media.orient import standing, to_coded, to_upright, turn, turn_back, vectors_to_coded
from mien.media.probe import first_frame, probe
from mien.media.reader import open_reader
from mien.media.sequence import probe_image
from mien.model.media import Orientation
from mien.preview.picture import first_picture
from tests.media.mediakit import copy, picture

ONE, PERSPECTIVE = 1 << 16, 1 << 30
EIGHT = [(turns, mirrored) for mirrored in (False, True) for turns in range(4)]
SIZE = (320, 256)
FRAMES = 3
Matrix = tuple[int, ...]


def matrix_of(turns: int, mirrored: bool) -> Matrix:
    """The matrix as a camera writes it, by a way of its own: where the corners are to go."""
    orientation = Orientation(2, 2, turns, Fraction(1), mirrored)
    right, down = (
        to_upright(orientation, step) - to_upright(orientation, (0, 0)) for step in ((1, 0), (0, 1))
    )
    a, b, c, d = (round(float(n)) * ONE for n in (*right, *down))
    return (a, b, 0, c, d, 0, 0, 0, PERSPECTIVE)


def moved(matrix: Matrix, right: int, down: int) -> Matrix:
    """The matrix with the translation that QuickTime writes, so that it lands at the origin."""
    return (*matrix[:6], right * ONE, down * ONE, matrix[8])


def angled(degrees: float) -> Matrix:
    cos, sin = (
        round(f(math.radians(degrees)) * ONE) for f in (math.cos, math.sin)
    )  # clockwise, y down
    return (cos, sin, 0, -sin, cos, 0, 0, 0, PERSPECTIVE)


def film(
    path: Path,
    matrix: Sequence[int] | None,
    encoder: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """A film whose coded pictures are those of `picture`, with a matrix."""
    with av.open(str(path), "w") as output:
        video = output.add_stream(encoder, rate=24, options=options or {"crf": "4"})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *SIZE, pixel_format
        video.set_display_matrix(matrix)
        for i in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture(i, SIZE), format="rgb24")
            frame.pts = i
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


def shown(path: Path, index: int = 1) -> npt.NDArray[np.int64]:
    with open_reader(probe(path)) as reader:
        return reader.frame(index).upright_rgb().astype(np.int64)


def stored_matrix(path: Path) -> Matrix | None:
    return display_matrix(first_frame(path))


def laid(turns: int, mirrored: bool, index: int = 1) -> npt.NDArray[np.int64]:
    """The picture as a player shows it, without any of mien's code."""
    coded = picture(index, SIZE).astype(np.int64)
    return np.rot90(coded[:, ::-1] if mirrored else coded, turns)


@pytest.mark.parametrize(("turns", "mirrored"), EIGHT)
def test_it_is_shown_as_players_show_it(tmp_path: Path, turns: int, mirrored: bool) -> None:
    path = film(tmp_path / "a.mp4", matrix_of(turns, mirrored))
    size = probe(path).orientation
    assert (size.quarter_turns, size.mirrored) == (turns, mirrored)
    assert size.upright_size == ((256, 320) if turns % 2 else SIZE)
    expected = laid(turns, mirrored)
    assert np.abs(shown(path) - expected).mean() < 3
    assert np.abs(mien.open_shot(path).frame(1).astype(int) - expected).mean() < 3
    assert np.abs(first_picture(path).astype(int) - laid(turns, mirrored, 0)).mean() < 3
    others = [laid(*other) for other in EIGHT if other != (turns, mirrored)]
    assert all(o.shape != expected.shape or np.abs(o - expected).mean() > 9 for o in others)


MATRICES = {
    **{f"{'mirrored ' if m else ''}{t} turns": matrix_of(t, m) for t, m in EIGHT[1:]},
    "of QuickTime, turned": moved(matrix_of(3, False), 256, 0),
    "of QuickTime, half a turn": moved(matrix_of(2, False), 320, 256),
    "of a selfie": moved(matrix_of(0, True), 320, 0),
    "twice as large": (2 * ONE, 0, 0, 0, 2 * ONE, 0, 0, 0, PERSPECTIVE),
    "twice as large, turned": (0, 2 * ONE, 0, -2 * ONE, 0, 0, 0, 0, PERSPECTIVE),
    "of 5 degrees": angled(5),
    "of 92 degrees": angled(92),
}


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_the_matrix_is_kept_to_the_byte(tmp_path: Path, matrix: Matrix, name: str) -> None:
    source = film(tmp_path / f"source{name[1:]}", matrix)
    copy(source, tmp_path / name)
    assert stored_matrix(source) == stored_matrix(tmp_path / name) == matrix
    assert probe(source).orientation == probe(tmp_path / name).orientation
    as_bytes = struct.pack(">9i", *matrix)
    assert as_bytes in (tmp_path / name).read_bytes()


OUTPUTS: dict[str, dict[str, Any]] = {
    "a.mp4": {}, "a.mov": {"codec": "prores"}, "a.mkv": {"lossless": True}, "a.webm": {},
    "a.mxf": {}, "b.mxf": {"codec": "prores"}, "a.%04d.png": {}, "a.%04d.tif": {},
    "a.%04d.dpx": {}, "a.%04d.exr": {},
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize(("turns", "mirrored"), EIGHT)
def test_every_output_shows_the_same(tmp_path: Path, turns: int, mirrored: bool, name: str) -> None:
    """What can hold no matrix is written upright; nothing is turned twice."""
    source = film(tmp_path / "source.mp4", matrix_of(turns, mirrored))
    copy(source, tmp_path / name, **OUTPUTS[name])
    if "%" in name:
        # Other programs look at one image, and at what it says of itself.
        first = probe_image(tmp_path / (name % 1))
        assert first.orientation.as_shown
        assert first.orientation.upright_size == probe(source).orientation.upright_size
    if not name.endswith(".exr"):
        assert np.abs(shown(tmp_path / name) - shown(source)).mean() < 4
    else:
        with open_reader(tmp_path / name) as reader:
            rgb = reader.frame(1).plate().rgb() * 255
        assert np.abs(rgb - shown(source)).mean() < 4
    if name.endswith((".mkv", ".webm")):
        assert stored_matrix(tmp_path / name) == stored_matrix(source)


@pytest.mark.parametrize("pixel_format", ["yuv422p10le", "yuv444p", "yuv411p", "rgb24"])
def test_chroma_that_does_not_turn_is_brought_along(tmp_path: Path, pixel_format: str) -> None:
    encoder = "libx264rgb" if pixel_format == "rgb24" else "ffv1"
    source = film(tmp_path / "a.mkv", matrix_of(1, True), encoder, pixel_format, {"qp": "0"})
    for name in ("a.mxf", "a.%04d.png"):
        copy(source, tmp_path / name)
        assert np.abs(shown(tmp_path / name) - shown(source)).mean() < 4


def test_samples_of_an_image_are_only_moved(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", matrix_of(3, True), "ffv1", "bgr0", {"level": "3"})
    copy(source, tmp_path / "a.%04d.png")
    assert np.array_equal(shown(tmp_path / "a.%04d.png"), laid(3, True))


def exif(orientation: int) -> bytes:
    head = b"MM\0*\0\0\0\x08" + struct.pack(">H", 1)
    return head + struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0) + bytes(4)


def photograph(path: Path, orientation: int, index: int = 1) -> Path:
    """A JPEG or PNG that says how the camera was held."""
    encoded = cv2.imencode(path.suffix, picture(index, SIZE)[..., ::-1])[1].tobytes()
    tags = exif(orientation)
    if path.suffix == ".jpg":
        body = b"Exif\0\0" + tags
        marker = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        path.write_bytes(encoded[:2] + marker + encoded[2:])
    else:
        body = b"eXIf" + tags
        chunk = struct.pack(">I", len(tags)) + body + struct.pack(">I", zlib.crc32(body))
        path.write_bytes(encoded[:33] + chunk + encoded[33:])
    return path


EXIF = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True),
        5: (1, True), 6: (3, False), 7: (3, True), 8: (1, False)}  # fmt: skip


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize(("tag", "turned"), EXIF.items())
def test_photographs_lie_as_they_say(
    tmp_path: Path, tag: int, turned: tuple[int, bool], suffix: str
) -> None:
    for i in range(FRAMES):
        photograph(tmp_path / f"a.{i:04d}{suffix}", tag, i)
    pattern = tmp_path / f"a.%04d{suffix}"
    for facts in (probe_image(tmp_path / f"a.0001{suffix}"), probe(pattern)):
        assert (facts.orientation.quarter_turns, facts.orientation.mirrored) == turned
    assert np.abs(shown(pattern) - laid(*turned)).mean() < 5
    for name in ("b.mov", "b.mkv", "b.mxf", "b.%04d.png"):
        copy(pattern, tmp_path / name, codec=None)
        assert np.abs(shown(tmp_path / name) - laid(*turned)).mean() < 6, name


FLAT = {
    "all zeros": (0,) * 9,
    "no height": (ONE, 0, 0, 0, 0, 0, 0, 0, PERSPECTIVE),
    "a line": (ONE, ONE, 0, ONE, ONE, 0, 0, 0, PERSPECTIVE),
}


@pytest.mark.parametrize("matrix", FLAT.values(), ids=FLAT)
def test_a_singular_matrix_is_refused(tmp_path: Path, matrix: Matrix) -> None:
    path = film(tmp_path / "a.mp4", matrix)
    with pytest.raises(MediaError, match="flattens the picture") as caught:
        probe(path)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.path == path
    with pytest.raises(MediaError, match="flattens"):
        first_picture(path)


@pytest.mark.parametrize(
    ("matrix", "turns", "mirrored", "exact"),
    [
        (None, 0, False, True),
        (angled(0.4), 0, False, True),
        (angled(-90.3), 1, False, True),
        (angled(5), 0, False, False),
        (angled(92), 3, False, False),
        (angled(180 - 44), 2, False, False),
        ((ONE, 0, 0, ONE // 2, ONE, 0, 0, 0, PERSPECTIVE), 0, False, False),
        ((-3 * ONE, 0, 0, 0, ONE // 3, 0, 0, 0, PERSPECTIVE), 0, True, True),
        ((ONE, 0, 0, 0, -ONE, 0, 0, 0, PERSPECTIVE), 2, True, True),
    ],
)
def test_the_nearest_of_the_eight(
    matrix: Matrix | None, turns: int, mirrored: bool, exact: bool
) -> None:
    found = display_turn(matrix)
    assert found is not None
    assert (found.quarter_turns, found.mirrored, found.exact) == (turns, mirrored, exact)


orientations = st.builds(
    Orientation,
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(0, 3),
    st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(16, 15), Fraction(1, 2)]),
    st.booleans(),
).filter(lambda o: o.upright_size[0] > 0 and o.upright_size[1] > 0)
coordinates = st.floats(-300, 300, width=32)


@given(orientations, coordinates, coordinates)
def test_points_come_back(orientation: Orientation, x: float, y: float) -> None:
    there = to_upright(orientation, (x, y))
    np.testing.assert_allclose(to_coded(orientation, there), (x, y), atol=1e-3)
    back = to_upright(orientation, to_coded(orientation, (x, y)))
    np.testing.assert_allclose(back, (x, y), atol=1e-3)


@given(orientations, coordinates, coordinates)
def test_vectors_are_differences_of_points(orientation: Orientation, x: float, y: float) -> None:
    ends = to_coded(orientation, [(3.0, 5.0), (3.0 + x, 5.0 + y)])
    np.testing.assert_allclose(vectors_to_coded(orientation, (x, y)), ends[1] - ends[0], atol=1e-2)


@given(orientations, st.data())
def test_pixels_lie_where_points_say(orientation: Orientation, data: st.DataObject) -> None:
    square = dataclasses.replace(orientation, pixel_aspect=Fraction(1))
    coded = np.arange(square.width * square.height, dtype=np.int32)
    coded = coded.reshape(square.height, square.width)
    upright = turn(square, coded)
    assert upright.shape[::-1] == square.upright_size == standing(square).upright_size
    np.testing.assert_array_equal(turn_back(square, upright), coded)
    x, y = data.draw(st.integers(0, square.width - 1)), data.draw(st.integers(0, square.height - 1))
    column, row = np.rint(to_upright(square, (x, y))).astype(int)
    assert upright[row, column] == coded[y, x]


@given(orientations)
def test_a_matrix_says_what_the_orientation_does(orientation: Orientation) -> None:
    found = display_turn(orientation_matrix(orientation))
    assert found is not None
    assert found.exact
    assert (found.quarter_turns, found.mirrored) == (
        orientation.quarter_turns, orientation.mirrored,
    )  # fmt: skip
    assert repr(orientation).endswith("mirrored=True)") == orientation.mirrored


@pytest.mark.parametrize(
    ("name", "words"),
    [("out.mp4", "the angle is kept"), ("out.mkv", "the angle is kept"),
     ("out.mxf", "upright there"), ("out.%04d.png", "upright there")],
)  # fmt: skip
def test_an_angle_between_is_said_once(tmp_path: Path, name: str, words: str) -> None:
    source = film(tmp_path / "a.mp4", angled(5))
    notes = mien.render(source, tmp_path / name, edits=[], progress=False).notes
    assert [words in note and "a.mp4" in note for note in notes] == [True]
    if name == "out.mkv":
        kept = stored_matrix(tmp_path / name)
        assert kept is not None
        np.testing.assert_allclose(kept, angled(5), atol=3)


def test_a_turned_film_is_rendered_without_remarks(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", matrix_of(1, True))
    assert mien.render(source, tmp_path / "out.mov", edits=[], progress=False).notes == ()
