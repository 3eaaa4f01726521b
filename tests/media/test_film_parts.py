"""A film that an edit list cuts inside shows what the list says, picture by picture."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import DamagedMediaError, MediaError
from mien.media.frame import Frame, MoviePicture, planes_of
from mien.media.index import movie_index
from mien.media.probe import probe
from mien.media.reader import MovieReader, open_reader
from mien.media.scheduling import keep_scheduling
from mien.preview.source import KeyFrames
from mien.timebase import FrameRange
from tests.media.boxes import Edit, index_first, with_edits
from tests.media.mediakit import copy
from tests.media.soundkit import RATE, heard, sweep

_NUMBERS = itertools.count()
COUNT, STEP = 100, 512
"""Pictures of 40 ms, and the ticks of each."""
KINDS = {
    "without B": {"bf": "0"},
    "closed": {"bf": "3", "x264-params": "b-pyramid=normal:b-adapt=0:scenecut=0"},
    "open": {"bf": "3", "x264-params": "open-gop=1:b-adapt=0:scenecut=0"},
}
LISTS: dict[str, list[tuple[float, float]]] = {
    # Milliseconds shown, and the picture with which that begins; -1 for nothing.
    "at keys": [(480, 12), (480, 60)],
    "at no key": [(800, 0), (1200, 62)],
    "three parts": [(280, 7), (40, 50), (1000, 73)],
    "an empty edit first": [(250, -1), (280, 23), (400, 41)],
    "a pause inside": [(280, 23), (200, -1), (400, 41)],
    "again and back": [(400, 35), (400, 35), (200, 11)],
    "within pictures": [(333, 10.5), (417, 30.25)],
    "to the end and past it": [(80, 3), (800, 95)],
    "one after the other": [(413, 0), (387, 10.325), (200, 95)],
}


def _level(number: int) -> int:
    return 20 + 2 * number


def _number(frame: av.VideoFrame) -> int:
    """The number that a picture bears as its grey."""
    grey = float(planes_of(frame)[0][:48, :48].mean())
    number = round((grey - 20) / 2)
    assert abs(grey - _level(number)) < 0.6
    return number


def _film(path: Path, kind: str, sound: str | None = None) -> Path:
    with av.open(str(path), "w") as output:
        options = {"qp": "4", **KINDS[kind]}
        video: Any = output.add_stream("libx264", rate=25, options=options)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        video.codec_context.gop_size = 12
        audio: Any = None if sound is None else output.add_stream(sound, rate=RATE, layout="mono")
        with keep_scheduling():
            output.start_encoding()
        for i in range(COUNT):
            grey = np.full((96, 64), 128, np.uint8)
            grey[:64] = _level(i)
            output.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="yuv420p")))
        output.mux(video.encode(None))
        if audio is not None:
            wave = (sweep(4) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            output.mux(audio.encode(frame))
            output.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {kind: _film(folder / f"{kind}.mp4", kind) for kind in KINDS}


def _first(path: Path) -> int:
    """The tick of the first picture in the file."""
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        return min(p.pts for p in container.demux(video=0) if p.pts is not None)


def _cut(film: Path, target: Path, parts: list[tuple[float, float]]) -> Path:
    first = _first(film)
    edits: list[Edit] = [
        (round(ms), -1 if at < 0 else first + round(at * STEP), 1) for ms, at in parts
    ]
    return with_edits(film, target, {b"vide": edits})


def _model(parts: list[tuple[float, float]]) -> list[tuple[int, Fraction]]:
    """The number of each picture that is shown, and from which second on."""
    frame, at = Fraction(1, 25), Fraction(0)
    shown: list[tuple[int, Fraction]] = []
    before = Fraction(-1)
    for ms, first in parts:
        length, media = Fraction(round(ms), 1000), Fraction(first) * frame
        for i in range(COUNT) if first >= 0 else ():
            begin, end = max(i * frame, media), min((i + 1) * frame, media + length)
            # Where a part goes on after another, a picture is one.
            one = shown and shown[-1][0] == i and abs(before - media) < Fraction(1, 1000)
            if end - begin > Fraction(1, 1000) and not one:
                shown.append((i, at + begin - media))
        before = media + length if first >= 0 else Fraction(-1)
        at += length
    return shown


def _jumps(parts: Sequence[tuple[float, float]]) -> bool:
    """Whether there are two parts, and none goes on where the one before ends."""
    ends = [at + ms / 40 if at >= 0 else -9 for ms, at in parts]
    goes_on = any(abs(b[1] - end) < 0.1 for end, b in zip(ends, parts[1:], strict=False))
    return sum(at >= 0 for _, at in parts) > 1 and not goes_on


def _seen(frame: Frame) -> tuple[int, int]:
    assert isinstance(frame.picture, MoviePicture)
    return _number(frame.picture.video), frame.pts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LISTS)
def test_the_list_says_what_is_shown_and_when(
    films: dict[str, Path], tmp_path: Path, kind: str, name: str
) -> None:
    source = _cut(films[kind], tmp_path / "a.mp4", LISTS[name])
    wanted = _model(LISTS[name])
    with open_reader(source, cache_bytes=0) as reader:
        base = reader.facts.time_base
        seen = [_seen(frame) for frame in reader.stream()]
        assert [number for number, _ in seen] == [number for number, _ in wanted]
        times = [Fraction(pts) * base for _, pts in seen]
        assert all(abs(a - b) <= base for a, (_, b) in zip(times, wanted, strict=True))
        assert tuple(pts for _, pts in seen) == reader.facts.pts
        assert reader.facts.clock.rate == 25
        for i in sorted(range(len(seen)), key=lambda i: i * 7 % 11)[::3]:
            assert _seen(reader.frame(i)) == seen[i]
        middle = len(seen) // 2
        assert [_seen(frame) for frame in reader.stream(middle - 1)] == seen[middle - 1 :]
    assert reader.facts.hidden_frames == COUNT - len({number for number, _ in wanted})
    assert not reader.facts.cut_short


@settings(max_examples=20, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    parts=st.lists(
        st.one_of(
            st.tuples(st.integers(2, 900), st.integers(0, 94 * STEP).map(lambda t: t / STEP)),
            st.tuples(st.integers(1, 10).map(lambda n: 40 * n), st.integers(0, 94)),
            st.tuples(st.integers(1, 300), st.just(-1)),
        ),
        min_size=2,
        max_size=5,
    ).filter(_jumps),
)
def test_any_list_is_followed(
    films: dict[str, Path], kind: str, parts: list[tuple[float, float]]
) -> None:
    source = _cut(films[kind], films[kind].with_name(f"cut{next(_NUMBERS)}.mp4"), parts)
    wanted = _model(parts)
    if not wanted:
        with pytest.raises(MediaError, match="shows none"):
            probe(source)
        return
    with open_reader(source, cache_bytes=0) as reader:
        base = reader.facts.time_base
        seen = [_seen(frame) for frame in reader.stream()]
        assert [number for number, _ in seen] == [number for number, _ in wanted]
        for (_, pts), (_, time) in zip(seen, wanted, strict=True):
            assert abs(pts * base - time) <= base
        assert _seen(reader.frame(len(seen) - 1)) == seen[-1]


def test_a_frame_costs_its_group_of_pictures(films: dict[str, Path], tmp_path: Path) -> None:
    source = _cut(films["open"], tmp_path / "a.mp4", [(1600, 3), (2000, 50)])
    with open_reader(source, cache_bytes=0) as reader:
        assert isinstance(reader, MovieReader)
        for i in (70, 30, 41, 12, 89):
            assert len(list(reader.walk(i))) <= 13


@pytest.mark.parametrize("kind", ["closed", "open"])
@pytest.mark.parametrize("frames", [None, FrameRange(4, 30)])
@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
def test_sound_and_picture_stay_together(
    tmp_path: Path, suffix: str, frames: FrameRange | None, kind: str
) -> None:
    parts = [(280, 7), (400, 50), (520, 23)]
    film = _film(tmp_path / "film.mov", kind, "pcm_s16le")
    first = _first(film)
    source = with_edits(
        film,
        tmp_path / "a.mov",
        {
            b"vide": [(ms, first + at * STEP, 1) for ms, at in parts],
            b"soun": [(ms, at * RATE // 25, 1) for ms, at in parts],
        },
    )
    copy(source, tmp_path / f"b.{suffix}", frames=frames)
    numbers = [at + i for ms, at in parts for i in range(ms // 40)]
    chosen = numbers if frames is None else numbers[frames.start : frames.stop]
    with av.open(str(tmp_path / f"b.{suffix}")) as container:
        shown = list(container.decode(video=0))
    assert [_number(frame) for frame in shown] == chosen
    assert all(abs((frame.time or 0) - i / 25) < 0.0011 for i, frame in enumerate(shown))
    late, sound = heard(tmp_path / f"b.{suffix}")
    wave, each = sweep(4), RATE // 25
    wanted = np.concatenate([wave[n * each : (n + 1) * each] for n in chosen])
    assert abs(late) < 0.001
    assert len(sound) == len(wanted)
    assert np.abs(sound - wanted).max() < 1e-3


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
def test_a_cut_film_that_begins_later_does_so(
    films: dict[str, Path], tmp_path: Path, suffix: str
) -> None:
    source = _cut(films["closed"], tmp_path / "a.mp4", LISTS["an empty edit first"])
    copy(source, tmp_path / f"b.{suffix}", lossless=True)
    with av.open(str(tmp_path / f"b.{suffix}")) as container:
        shown = [(_number(frame), frame.time) for frame in container.decode(video=0)]
    wanted = _model(LISTS["an empty edit first"])
    assert [number for number, _ in shown] == [number for number, _ in wanted]
    for (_, time), (_, model) in zip(shown, wanted, strict=True):
        assert time is not None
        assert abs(time - model) < 0.0011


def test_a_trimmed_film_is_read_as_it_was(films: dict[str, Path], tmp_path: Path) -> None:
    for parts in ([(1000, 13)], [(250, -1), (1000, 13)]):
        source = _cut(films["open"], tmp_path / "a.mp4", [*parts])
        assert not movie_index(source, 0).parts
        assert probe(source).clock.frame_count == 25


def test_key_frames_are_not_taken_by_times_of_the_file(
    films: dict[str, Path], tmp_path: Path
) -> None:
    facts = probe(_cut(films["closed"], tmp_path / "a.mp4", LISTS["three parts"]))
    keys = KeyFrames(facts)
    assert keys.frame(9) is None
    assert keys.frame(9) is None
    keys.close()


def test_what_is_missing_of_a_cut_film_is_said(films: dict[str, Path], tmp_path: Path) -> None:
    source = _cut(films["closed"], tmp_path / "a.mp4", LISTS["at no key"])
    index_first(source, tmp_path / "b.mp4", lost=0.5)
    with pytest.raises(DamagedMediaError, match=r"cut short: only .* of its 100 frames"):
        probe(tmp_path / "b.mp4")


def test_parts_that_show_nothing_are_refused(films: dict[str, Path], tmp_path: Path) -> None:
    source = _cut(films["closed"], tmp_path / "a.mp4", [(400, 200), (400, 300)])
    with pytest.raises(MediaError, match="shows none of its 100 frames"):
        probe(source)
