"""What another process decodes is what this one would have decoded, to the last bit."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mien.errors import DamagedMediaError, MediaError, OperationCancelledError
from mien.media.apart import apart, decode_apart, decode_here, decoding_process
from mien.media.apart.arrays import array_of
from mien.media.apart.messages import read_answer, read_question, send
from mien.media.apart.pictures import packed
from mien.media.apart_reader import ApartReader
from mien.media.audio import open_audio
from mien.media.frame import Frame, MoviePicture, planes_of
from mien.media.planes import Plate
from mien.media.probe import probe
from mien.media.reader import MovieReader, open_patient_reader, open_reader
from mien.media.sequence import Pattern
from mien.media.sound_file import open_sound
from mien.model.media import MediaInfo
from mien.preview import strips
from mien.preview.picture import displayed, first_picture
from mien.preview.source import open_key_frames
from mien.speech.sound import load_sound
from tests.media import mediakit
from tests.media.damagekit import harm, long_clip
from tests.media.mediakit import frame_samples, make_clip
from tests.media.test_access import KINDS
from tests.media.test_sequences import write_exr, write_image


@pytest.fixture(autouse=True)
def _switched_on() -> Iterator[None]:
    decode_apart()
    yield
    decode_here()


def here(media: MediaInfo) -> MovieReader:
    """A reader of this process."""
    reader = open_reader(media, decoder="pyav", whole=True)
    assert isinstance(reader, MovieReader)
    return reader


def assert_alike(frame: Frame, other: Frame, media: MediaInfo) -> None:
    assert (frame.index, frame.pts, frame.orientation) == (
        other.index, other.pts, other.orientation,
    )  # fmt: skip
    one, two = frame.plate(), other.plate()
    assert one.layout == two.layout
    assert pixels(one) == pixels(two)
    assert (one.transfer, one.primaries) == (two.transfer, two.primaries)
    np.testing.assert_array_equal(frame.upright_rgb(), other.upright_rgb())
    for scale in (1.0, 0.5):
        np.testing.assert_array_equal(
            displayed(frame, media, scale), displayed(other, media, scale)
        )


def pixels(plate: Plate) -> bytes:
    return np.ascontiguousarray(plate.rgb()).tobytes()


@pytest.mark.parametrize(("name", "encoder", "pixel_format", "options"), KINDS)
def test_frames_are_the_same_whoever_decodes_them(
    tmp_path: Path, name: str, encoder: str, pixel_format: str, options: dict[str, str]
) -> None:
    size = (256, 128) if encoder == "dnxhd" else (98, 66) if pixel_format != "yuv420p" else (96, 64)
    path = make_clip(
        tmp_path / name, encoder, pixel_format, count=24, size=size, options=options,
        rate=Fraction(25),
    )  # fmt: skip
    media = probe(path)
    with here(media) as own, open_reader(media) as reader:
        assert isinstance(reader, ApartReader)
        for index in (0, 23, 9, 10, 3):
            assert_alike(reader.frame(index), own.frame(index), media)
        streamed = [frame.index for frame in reader.stream(5, 12)]
        assert streamed == list(range(5, 12))
        with pytest.raises(IndexError):
            reader.frame(24)


@pytest.mark.parametrize(
    ("encoder", "options"),
    [
        ("libx265", {"x265-params": "log-level=error:chromaloc=0"}),
        ("libx265", {"x265-params": "log-level=error:chromaloc=1"}),
        ("libx265", {"x265-params": "log-level=error:chromaloc=2"}),
        ("libx264", {"x264-params": "tff=1"}),
    ],
    ids=["left", "center", "topleft", "fields"],
)
def test_chroma_lies_where_it_lay(tmp_path: Path, encoder: str, options: dict[str, str]) -> None:
    # Of 8 bits FFmpeg converts pictures of their own size without regard to the place.
    depth = "yuv420p10le" if encoder == "libx265" else "yuv420p"
    media = probe(make_clip(tmp_path / "a.mp4", encoder, depth, options=options, count=4))
    with here(media) as own, open_reader(media) as reader:
        frame, other = reader.frame(2), own.frame(2)
        assert isinstance(other.picture, MoviePicture)
        assert bool(other.picture.video.interlaced_frame) == ("x264-params" in options)
        assert_alike(frame, other, media)
        # Else the test would say nothing: FFmpeg shows the places differently.
        plain = av.VideoFrame(*media.orientation.upright_size, depth)
        assert isinstance(frame.picture, MoviePicture)
        planes = planes_of(plain), planes_of(other.picture.video)
        for target, source in zip(*planes, strict=True):
            columns = min(target.shape[1], source.shape[1])
            target[:, :columns] = source[: len(target), :columns]
        plain.colorspace, plain.color_range = 1, 1
        shown = MoviePicture(plain).rgb8(96, 64)
        centred = "chromaloc=1" in str(options)  # where FFmpeg takes it to lie, unless it is told
        assert np.array_equal(shown, other.picture.rgb8(96, 64)) == centred


@pytest.mark.parametrize(
    ("extension", "encoder", "pixel_format"),
    [
        ("png", "png", "rgb24"), ("png", "png", "rgb48be"),
        ("png", "png", "ya8"), ("tif", "tiff", "rgb48le"), ("dpx", "dpx", "gbrp10be"),
        ("exr", "", ""),
    ],
)  # fmt: skip
def test_images_are_the_same_whoever_decodes_them(
    tmp_path: Path, extension: str, encoder: str, pixel_format: str
) -> None:
    for index in range(3):
        path = tmp_path / f"shot.{index + 1:04d}.{extension}"
        if extension == "exr":
            write_exr(path, index)
        else:
            write_image(path, encoder, pixel_format, index)
    media = probe(tmp_path / f"shot.%04d.{extension}")
    assert Pattern.parse(media.path) is not None
    with open_reader(media, whole=True) as own, open_reader(media) as reader:
        assert isinstance(reader, ApartReader)
        for index in (2, 0):
            assert_alike(reader.frame(index), own.frame(index), media)
        frame = reader.frame(1)
        edited = frame.with_plate(frame.plate())
        np.testing.assert_array_equal(edited.upright_rgb(), own.frame(1).upright_rgb())
    np.testing.assert_array_equal(first_picture(media.path), displayed(here_at(media, 0), media))


def here_at(media: MediaInfo, index: int) -> Frame:
    with open_reader(media, whole=True) as reader:
        return reader.frame(index)


@pytest.mark.parametrize(
    "pixel_format",
    [
        "yuyv422", "uyvy422", "nv12", "p010le", "yuv410p", "yuvj422p", "yuva420p", "yuv444p16be",
        "gray", "ya8", "monob", "rgb565le", "bgra", "rgb48be", "gbrp10le", "gbrpf32le", "xyz12le",
    ],
)  # fmt: skip
def test_pictures_of_any_format_look_the_same_there(pixel_format: str) -> None:
    frame = av.VideoFrame.from_ndarray(mediakit.picture(3, (98, 66)), format="rgb24")
    given = MoviePicture(frame.reformat(format=pixel_format))
    make, parts = packed(given)
    made = make(*parts)
    assert isinstance(made, MoviePicture)
    np.testing.assert_array_equal(made.rgb8(98, 66), given.rgb8(98, 66))
    assert made.plate().layout == given.plate().layout
    assert pixels(made.plate()) == pixels(given.plate())


def test_colours_of_a_palette_go_along(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    palette = chance.integers(0, 256, (16, 3), dtype=np.uint8)
    image = Image.fromarray(chance.integers(0, 16, (40, 48), dtype=np.uint8), "P")
    image.putpalette(palette.tobytes())
    image.save(tmp_path / "a.0001.png")
    media = probe(tmp_path / "a.%04d.png")
    with open_reader(media, whole=True) as own, open_reader(media) as reader:
        frame, other = reader.frame(0), own.frame(0)
        assert isinstance(other.picture, MoviePicture)
        assert other.picture.video.format.name == "pal8"
        assert pixels(frame.plate()) == pixels(other.plate())
        # FFmpeg shows the planes of what it unpacked a code or two otherwise.
        shown, wanted = frame.upright_rgb().astype(int), other.upright_rgb().astype(int)
        assert np.abs(shown - wanted).max() <= 2


def test_facts_sound_and_thumbnails_are_the_same(talk_720p: Path) -> None:
    def known() -> tuple[Any, ...]:
        strips._kept_thumbnails.clear()
        media = probe(talk_720p)
        sound = open_audio(media)
        assert sound is not None
        with closing(sound):
            heard = sound.read(20_000, 4_800), sound.rate, sound.channels
        keys = open_key_frames(media)
        with closing(keys):
            near = keys.frame(40)
            assert near is not None
            assert keys.before(40) == near.index
        with closing(open_sound(talk_720p, 1.0)) as other:
            taken = other.read(0, 100)
        small = list(strips.thumbnails(media, [3, 30, 9], 41))
        spoken = load_sound(talk_720p)
        return media, *heard, near.upright_rgb(), taken, small, spoken.samples, spoken.more

    told = known()
    process = decoding_process()
    assert process is not None
    decode_here()
    own = known()
    decode_apart()
    assert told[0] == own[0]
    for one, other in zip(told[1:], own[1:], strict=True):
        if isinstance(one, list):
            assert [frame for frame, _ in one] == [frame for frame, _ in other]
            one, other = (np.stack([picture for _, picture in part]) for part in (one, other))
        np.testing.assert_array_equal(one, other)


def test_errors_are_those_of_this_process(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", count=60, gop=10)
    whole = path.read_bytes()
    (tmp_path / "short.mp4").write_bytes(whole[: len(whole) // 2])
    missing = tmp_path / "nothing.mp4"
    for bad in (tmp_path / "short.mp4", missing):
        with pytest.raises(MediaError) as told:
            probe(bad)
        decode_here()
        with pytest.raises(MediaError) as own:
            probe(bad)
        decode_apart()
        assert type(told.value) is type(own.value)
        assert str(told.value) == str(own.value)
        assert (told.value.path, told.value.frame) == (own.value.path, own.value.frame)


def test_damaged_frames_are_told_between_the_others(tmp_path: Path) -> None:
    path = long_clip(tmp_path / "a.mp4")
    harm(path, 40)
    media = probe(path)
    order: list[int | range] = []
    with open_reader(media) as reader:
        assert isinstance(reader, ApartReader)
        for frame in reader.stream(36, 50, lost=order.append):
            order.append(frame.index)
        with pytest.raises(DamagedMediaError) as told:
            list(reader.stream())
    with here(media) as own, pytest.raises(DamagedMediaError) as raised:
        list(own.stream())
    assert str(told.value) == str(raised.value)
    lost = [frames for frames in order if isinstance(frames, range)]
    assert lost
    assert all(order.index(frames) < order.index(frames.stop) for frames in lost)
    shown = {frame for frame in order if isinstance(frame, int)}
    assert shown | {frame for frames in lost for frame in frames} == set(range(36, 50))


def test_a_relative_path_is_taken_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_clip(tmp_path / "a.mp4", count=3)
    monkeypatch.chdir(tmp_path)
    assert probe("a.mp4").path == tmp_path / "a.mp4"


def test_a_frame_that_is_wanted_no_more_is_not_waited_for(tmp_path: Path) -> None:
    media = probe(make_clip(tmp_path / "a.mp4", count=200, gop=200))
    with open_patient_reader(media) as reader:
        assert reader.frame_unless(199, lambda: True) is None
        frame = reader.frame_unless(199, lambda: False)
        assert frame is not None
        assert frame.index == 199
        assert reader.held > 0


def test_progress_is_told_and_stops_the_work(tmp_path: Path) -> None:
    process = decoding_process()
    assert process is not None
    told: list[str] = []
    target = "tests.faults.fragile_decoder:tell_progress"
    said = process.call(target, {"progress": lambda stage, done, total: told.append(stage)})
    assert said == "done"
    assert told == ["step 0", "step 1", "step 2"]

    def stop(stage: str, done: int, total: int) -> None:
        raise OperationCancelledError("Enough.")

    with pytest.raises(OperationCancelledError, match="Enough"):
        process.call(target, {"progress": stop})
    note = tmp_path / "note"
    given_up = threading.Event()
    threading.Timer(0.1, given_up.set).start()
    waiting = "tests.faults.fragile_decoder:wait_for_the_end"
    answer = process.call(waiting, {"path": note, "cancelled": given_up.is_set})
    assert answer == "given up"
    assert note.exists()


def test_many_threads_ask_at_once(tmp_path: Path) -> None:
    media = probe(make_clip(tmp_path / "a.mp4", count=40, gop=8))
    with here(media) as own:
        expected = [frame_samples(own.frame(index)) for index in range(40)]
    wrong: list[int] = []

    def read(start: int) -> None:
        with open_reader(media, cache_bytes=0) as reader:
            for step in range(20):
                index = (start + 7 * step) % 40
                if frame_samples(reader.frame(index)) != expected[index]:
                    wrong.append(index)

    threads = [threading.Thread(target=read, args=(3 * start,)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Runs:
    """Runs something when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 0",)


def sent(value: object) -> bytes:
    """A message as it lies in a pipe."""
    whole = bytearray()

    class Pipe:
        def write(self, data: memoryview) -> int:
            whole.extend(data)
            return len(data)

    send(Pipe(), value)
    return bytes(whole)


class Pipe:
    """The end of a pipe that holds bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = BytesIO(data)

    def readinto(self, buffer: memoryview) -> int:
        return self._data.readinto(buffer)


@pytest.mark.parametrize(
    "value",
    [Runs(), os.system, pickle.Unpickler, apart, threading.Thread],
    ids=["run", "system", "unpickler", "function", "thread"],
)
def test_an_answer_that_runs_something_is_none(value: object) -> None:
    with pytest.raises(EOFError):
        read_answer(Pipe(sent((1, "answer", value))))


@given(st.binary(max_size=200))
def test_an_answer_of_any_bytes_is_an_answer_or_none(data: bytes) -> None:
    with pytest.raises(EOFError):
        read_answer(Pipe(data))


@given(st.integers(0, 400), st.integers(0, 255))
def test_an_answer_with_a_changed_byte_is_an_answer_or_none(at: int, byte: int) -> None:
    data = bytearray(sent((7, "answer", {"planes": [np.arange(12)], "size": (3, 4)})))
    data[at % len(data)] = byte
    with suppress(EOFError):
        read_answer(Pipe(bytes(data)))


@pytest.mark.parametrize(
    "answer", [7, None, ("a", "answer", 1), ([1], "answer", 2), (1, 2)], ids=str
)
def test_an_answer_of_another_shape_is_none(answer: object) -> None:
    with pytest.raises(EOFError):
        read_answer(Pipe(sent(answer)))


@pytest.mark.parametrize("kind", ["O", "V8", "M8[s]", "{'names': ['a']}", "<i4,<i4"])
def test_arrays_hold_numbers_and_nothing_else(kind: str) -> None:
    with pytest.raises(ValueError, match="an array of"):
        array_of(kind, (1,), bytes(8))


def test_arrays_of_all_shapes_and_types_are_read_as_they_were() -> None:
    arrays: list[Any] = [
        np.float32(2.5), np.empty((0, 3), np.uint8), np.array(4), np.arange(6, dtype=">u2"),
        np.arange(8.0).reshape(2, 4)[:, ::3], np.array([True, False]), np.array([1, 2], np.float16),
    ]  # fmt: skip
    _, _, got = read_answer(Pipe(sent((1, "answer", arrays))))
    for array, other in zip(arrays, got, strict=True):
        np.testing.assert_array_equal(array, other)
    assert got[3].dtype == np.dtype(">u2")


def test_what_is_sent_is_what_is_read() -> None:
    value: dict[str, Any] = {"a": [1, 2.5, None, b"x"], "b": np.arange(6.0).reshape(2, 3)[:, ::2]}
    for read in (read_answer, read_question):
        _, _, got = read(Pipe(sent((1, "answer", value))))
        assert got["a"] == value["a"]
        np.testing.assert_array_equal(got["b"], value["b"])
