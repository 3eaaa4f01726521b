"""What an edit list hides is neither seen nor heard in any output; the rest stays in step."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import MediaError
from mien.media.audio import open_audio
from mien.media.carried import left_out
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.timebase import FrameRange
from tests.media.boxes import Edit, index_first, with_edits
from tests.media.mediakit import copy, frame_samples, make_clip, psnr, rgb_of, samples
from tests.media.soundkit import RATE, heard, place, sounding_clip, sweep

AAC = 1024
"""Samples of a packet."""
FILM: dict[str, tuple[list[Edit], range]] = {
    "head": ([(3000, 12800 + 1024, 1)], range(25, 100)),
    "tail": ([(2000, 1024, 1)], range(50)),
    "both, not at a key": ([(1200, 12800 + 3 * 512 + 1024, 1)], range(28, 58)),
    "later": ([(500, -1, 1), (2000, 1024, 1)], range(50)),
    "one frame": ([(40, 1024 + 40 * 512, 1)], range(40, 41)),
}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 frames and 4 s of AAC, as FFmpeg writes them: 1024 ticks and samples come before 0."""
    folder = tmp_path_factory.mktemp("film")
    return sounding_clip(folder / "film.mp4", "aac", options={"bf": "2"})


def _all_frames(path: Path) -> list[list[bytes]]:
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        return [samples(frame) for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", FILM)
def test_only_what_the_edit_list_shows_is_read(film: Path, tmp_path: Path, name: str) -> None:
    edits, shown = FILM[name]
    source = with_edits(film, tmp_path / "a.mp4", {b"vide": edits})
    everything = _all_frames(film)
    with open_reader(source, cache_bytes=0) as reader:
        read = [frame_samples(frame) for frame in reader.stream()]
        assert read == [everything[i] for i in shown]
        for i in sorted(range(len(shown)), key=lambda i: i * 7 % 11):
            assert frame_samples(reader.frame(i)) == everything[shown[i]]
        first = reader.facts.pts[0] * reader.facts.time_base
    assert first == (Fraction(1, 2) if name == "later" else 0)


def test_a_film_that_is_cut_inside(film: Path, tmp_path: Path) -> None:
    edits: list[Edit] = [(800, 1024, 1), (1200, 1024 + 60 * 512, 1)]
    source = with_edits(film, tmp_path / "a.mp4", {b"vide": edits})
    everything = _all_frames(film)
    with open_reader(source, cache_bytes=0) as reader:
        read = [frame_samples(frame) for frame in reader.stream()]
        assert read == [everything[i] for i in (*range(20), *range(60, 90))]
        for i in (40, 21, 49, 3, 20):
            assert frame_samples(reader.frame(i)) == read[i]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("frames", [None, FrameRange(10, 30)])
@pytest.mark.parametrize(("begin", "end"), [(0, 2), (1, 3), (1.0137, 2.7)])
def test_hidden_sound_is_not_heard(
    film: Path, tmp_path: Path, suffix: str, frames: FrameRange | None, begin: float, end: float
) -> None:
    start = round(begin * RATE)
    length = round((end - begin) * 1000)
    tick = round(begin * 25)
    edits = {
        b"vide": [(length, 1024 + tick * 512, 1.0)],
        b"soun": [(length, start + AAC, 1.0)],
    }
    source = with_edits(film, tmp_path / "a.mp4", edits)
    target = tmp_path / f"b.{suffix}"
    copy(source, target, frames=frames)
    shown = frames or FrameRange(0, round((end - begin) * 25))
    late, sound = heard(target)
    assert abs(late) < 0.001
    first = start + shown.start * RATE // 25
    wave = sweep(4)
    # Away from the ends every sample is where it was, to one.
    at, error = place(wave, sound[3000:20000], first + 3000, 200)
    assert abs(at - 3000 - first) <= 1
    assert error < 0.01
    # The first packet is there with all that its decoder needs: it is as loud as the rest.
    at, error = place(wave, sound[:900], first, 100)
    assert abs(at - first) <= 1
    assert error < 0.02
    longest = length * RATE // 1000 if frames is None else len(shown) * RATE // 25
    assert longest - AAC <= len(sound) <= longest + (1 if suffix == "mkv" else AAC)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_what_is_copied_holds_no_hidden_sound(film: Path, tmp_path: Path, suffix: str) -> None:
    edits = {b"vide": [(1000, 1024 + 50 * 512, 1.0)], b"soun": [(1000, 2 * RATE + AAC, 1.0)]}
    source = with_edits(film, tmp_path / "a.mp4", edits)
    copy(source, tmp_path / f"b.{suffix}")
    with av.open(str(tmp_path / f"b.{suffix}"), options={"ignore_editlist": "1"}) as container:
        count = sum(frame.samples for frame in container.decode(audio=0))
    assert count <= RATE + 5 * AAC


@pytest.mark.parametrize("suffix", ["mov", "mkv", "mxf"])
def test_pcm_is_cut_to_the_sample(tmp_path: Path, suffix: str) -> None:
    film = sounding_clip(tmp_path / "film.mov", "pcm_s16le", size=(256, 144))
    edits = {b"vide": [(2000, 1024 + 25 * 512, 1.0)], b"soun": [(2000, RATE + 333, 1.0)]}
    source = with_edits(film, tmp_path / "a.mov", edits)
    target = tmp_path / f"b.{suffix}"
    copy(source, target, codec="dnxhr" if suffix == "mxf" else None)
    late, sound = heard(target)
    wave = sweep(4)
    assert abs(late) < 0.001
    assert len(sound) == 2 * RATE
    assert place(wave, sound[:5000], RATE + 333, 50)[0] == RATE + 333


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_sound_that_begins_later_does_so(film: Path, tmp_path: Path, suffix: str) -> None:
    source = with_edits(film, tmp_path / "a.mp4", {b"soun": [(250, -1, 1), (3000, AAC, 1)]})
    copy(source, tmp_path / f"b.{suffix}")
    late, sound = heard(tmp_path / f"b.{suffix}")
    at, _ = place(sweep(4), sound[3000:9000], 3000, 300)
    assert abs(late - (at - 3000) / RATE - 0.25) < 0.0011


def test_matroska_keeps_the_times_of_pictures(film: Path, tmp_path: Path) -> None:
    copy(film, tmp_path / "b.mkv", lossless=True)
    before, after = probe(film), probe(tmp_path / "b.mkv")
    assert [p * before.time_base for p in before.pts] == [p * after.time_base for p in after.pts]


@pytest.mark.parametrize("container", ["webm", "mkv"])
@pytest.mark.parametrize("frames", [None, FrameRange(10, 60)])
def test_opus_begins_and_ends_where_it_did(
    tmp_path: Path, container: str, frames: FrameRange | None
) -> None:
    source = sounding_clip(tmp_path / "a.webm", "libopus", encoder="libvpx-vp9")
    target = tmp_path / f"b.{container}"
    copy(source, target, frames=frames)
    _, before = heard(source)
    late, after = heard(target)
    first = 0 if frames is None else frames.start * RATE // 25
    at, error = place(before, after[4000:20000], first + 4000, 200)
    # Matroska times packets to milliseconds.
    assert abs(at - first - 4000 - late * RATE) <= RATE // 1000
    assert error < 0.001
    length = 4 if frames is None else 2
    assert abs(len(after) - length * RATE) <= RATE // 500


def test_pictures_alone_are_written_as_shown(film: Path, tmp_path: Path) -> None:
    source = with_edits(film, tmp_path / "a.mp4", {b"vide": FILM["head"][0]})
    copy(source, tmp_path / "b.%04d.png")
    assert len(list(tmp_path.glob("b.*.png"))) == 75


def test_pictures_of_an_output_are_those_that_were_shown(film: Path, tmp_path: Path) -> None:
    source = with_edits(film, tmp_path / "a.mp4", {b"vide": FILM["both, not at a key"][0]})
    copy(source, tmp_path / "b.mkv")
    assert psnr(rgb_of(source), rgb_of(tmp_path / "b.mkv")) > 40
    with av.open(str(tmp_path / "b.mkv")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30


@pytest.mark.parametrize("rate", [0, 0.5, 2])
def test_a_changed_speed_is_said(film: Path, tmp_path: Path, rate: float) -> None:
    source = with_edits(film, tmp_path / "a.mp4", {b"vide": [(1000, 1024, rate)]})
    facts = probe(source)
    assert any("speed" in sentence for sentence in left_out(facts))
    assert not left_out(probe(film))


def test_no_frame_shown_is_said(film: Path, tmp_path: Path) -> None:
    source = with_edits(film, tmp_path / "a.mp4", {b"vide": [(4000, -1, 1)]})
    with pytest.raises(MediaError, match="edit list") as caught:
        probe(source)
    assert caught.value.remedy


def test_the_editor_plays_what_is_shown(film: Path, tmp_path: Path) -> None:
    edits = {b"vide": [(1000, 1024 + 50 * 512, 1.0)], b"soun": [(1000, 2 * RATE + AAC, 1.0)]}
    source = with_edits(film, tmp_path / "a.mp4", edits)
    track = open_audio(probe(source))
    assert track is not None
    sound = track.read(0, 2 * RATE)[:, 0]
    assert place(sweep(4), sound[3000:9000], 2 * RATE + 3000, 200)[0] == 2 * RATE + 3000
    assert not sound[RATE:].any()
    again = track.read(RATE // 2, 2000)[:, 0]
    assert np.allclose(again, sound[RATE // 2 : RATE // 2 + 2000], atol=1e-3)
    track.close()


def test_a_file_with_an_edit_list_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mov", "prores_ks", "yuv422p10le", count=20)
    source = with_edits(film, tmp_path / "a.mov", {b"vide": [(500, 0, 1)]})
    assert probe(source).clock.frame_count == 12
    # The index is first, as for the web, and the pictures end early.
    index_first(source, tmp_path / "b.mov", lost=0.6)
    with pytest.raises(MediaError, match="cut short"):
        probe(tmp_path / "b.mov")


@pytest.mark.shared
def test_the_case_that_was_refused(shared: Path, tmp_path: Path) -> None:
    source = shared / "cases" / "media" / "trimmed_by_edit_list.mp4"
    assert probe(source).clock.frame_count == 50
    for suffix in ("mp4", "mkv"):
        copy(source, tmp_path / f"b.{suffix}")
        late, sound = heard(tmp_path / f"b.{suffix}")
        assert abs(late) < 0.001
        assert len(sound) <= 2 * RATE + AAC
