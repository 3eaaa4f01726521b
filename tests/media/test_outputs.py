from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from mien.errors import MediaError, OutputError, WriteError
from mien.media.frame import Frame
from mien.media.outputs import check_output
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.writer import open_writer
from mien.model.media import MediaInfo
from tests.media.mediakit import copy, make_clip


@pytest.fixture
def source(tmp_path: Path) -> MediaInfo:
    return probe(make_clip(tmp_path / "a.mp4", audio="aac"))


def refused(path: Path, source: MediaInfo, **options: object) -> OutputError:
    before = sorted(p.name for p in source.path.parent.iterdir())
    with pytest.raises(OutputError) as caught:
        check_output(path, source, **options)  # type: ignore[arg-type]
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert sorted(p.name for p in source.path.parent.iterdir()) == before
    return caught.value


def test_places_that_cannot_be_written_to(source: MediaInfo, tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "no" / "b.mp4", source).cause
    assert "is a folder" in refused(tmp_path, source).cause
    assert "the source itself" in refused(source.path, source, overwrite=True).cause
    link = tmp_path / "link.mp4"
    link.symlink_to(source.path)
    assert "the source itself" in refused(link, source, overwrite=True).cause
    (tmp_path / "b.mp4").write_text("old")
    assert "exists already" in refused(tmp_path / "b.mp4", source).cause
    check_output(tmp_path / "b.mp4", source, overwrite=True)
    assert (tmp_path / "b.mp4").read_text() == "old"
    assert "cannot be written to" in refused(Path("/proc/b.mp4"), source).cause


def test_things_that_do_not_go_together(source: MediaInfo, tmp_path: Path) -> None:
    assert "cannot hold prores" in refused(tmp_path / "b.mp4", source, codec="prores").cause
    assert ".mov" in refused(tmp_path / "b.mp4", source, codec="prores").remedy
    assert "cannot hold ffv1" in refused(tmp_path / "b.mp4", source, codec="ffv1").cause
    assert "no codec 'h265'" in refused(tmp_path / "b.mp4", source, codec="h265").cause
    assert "no kind of file" in refused(tmp_path / "b.xyz", source).cause
    assert "no kind of file" in refused(tmp_path / "b", source).cause
    assert "one image" in refused(tmp_path / "b.png", source).cause
    assert "b.%04d.png" in refused(tmp_path / "b.png", source).remedy
    assert "without loss" in refused(tmp_path / "b.%04d.png", source, lossless=True).cause
    assert "without loss" in refused(tmp_path / "b.mxf", source, lossless=True).cause


def test_depth_and_rate_are_not_lost_in_silence(tmp_path: Path) -> None:
    deep = probe(make_clip(tmp_path / "deep.mkv", "ffv1", "yuv420p10le"))
    assert "from 10 bits to 8" in refused(tmp_path / "b.webm", deep, codec="vp9").cause
    pts = [0, 100, 250, 300, 500, 501, 900, 1000, 1100, 1200, 1300, 1400]
    clip = make_clip(tmp_path / "v.mp4", pts=pts, time_base=Fraction(1, 1000))
    assert "variable frame rate" in refused(tmp_path / "b.mxf", probe(clip)).cause


def test_sound_that_does_not_fit_refuses_no_shot(tmp_path: Path) -> None:
    """It is left out and named: tests/media/test_streams.py."""
    source = probe(make_clip(tmp_path / "a.mp4", audio="aac"))
    check_output(tmp_path / "b.webm", source)


def test_what_was_there_stays_until_the_end(source: MediaInfo, tmp_path: Path) -> None:
    target = tmp_path / "b.mp4"
    target.write_text("old")

    def fail(frame: Frame) -> Frame:
        assert target.read_text() == "old"
        if frame.index == 5:
            raise RuntimeError("renderer")
        return frame

    with pytest.raises(RuntimeError, match="renderer"):
        copy(source.path, target, fail, overwrite=True)
    assert target.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]
    copy(source.path, target, overwrite=True)
    assert probe(target).clock.frame_count == 12


@pytest.mark.parametrize("name", ["b.mp4", "b.%04d.png", "b.%04d.exr"])
def test_interrupted(source: MediaInfo, tmp_path: Path, name: str) -> None:
    def interrupt(frame: Frame) -> Frame:
        if frame.index == 5:
            raise KeyboardInterrupt
        return frame

    with pytest.raises(KeyboardInterrupt):
        copy(source.path, tmp_path / name, interrupt)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_missing_and_misplaced_frames(source: MediaInfo, tmp_path: Path) -> None:
    def write(index: int) -> None:
        with (
            open_reader(source) as reader,
            open_writer(tmp_path / "b.mp4", source) as writer,
        ):
            writer.write(reader.frame(index))

    with pytest.raises(ValueError, match="never written"):
        write(0)
    with pytest.raises(ValueError, match="where 0 comes"):
        write(1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_what_a_killed_process_left_is_removed(source: MediaInfo, tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from mien.media.probe import probe
        from mien.media.reader import open_reader
        from mien.media.writer import open_writer
        facts = probe(sys.argv[1])
        with open_reader(facts) as reader, open_writer(sys.argv[2], facts) as writer:
            writer.write(reader.frame(0))
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    target = tmp_path / "b.mp4"
    done = subprocess.run(
        [sys.executable, "-c", script, str(source.path), str(target)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert not target.exists()
    assert len(list(tmp_path.glob(".b.mp4.*.partial"))) == 1
    copy(source.path, target)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a small disk")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount file systems")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["b.mkv", "b.mov", "b.%04d.png", "b.%04d.exr", "b.%04d.dpx"])
def test_full_disk(tmp_path: Path, small_disk: Path, name: str) -> None:
    source = make_clip(tmp_path / "a.mkv", "ffv1", "yuv444p", size=(320, 240), count=24)
    codec = "prores" if name == "b.mov" else None
    with pytest.raises(WriteError, match="disk is full") as caught:
        copy(source, small_disk / name, codec=codec)
    assert "Free some space" in caught.value.remedy
    assert list(small_disk.iterdir()) == []


def test_full_disk_at_the_very_end(tmp_path: Path, small_disk: Path) -> None:
    """Little comes out before the end: the error must not get lost in closing."""
    source = make_clip(tmp_path / "a.mkv", "ffv1", "yuv420p", size=(320, 240), count=8)
    (small_disk / "filler").write_bytes(bytes(200 << 10))
    with pytest.raises(WriteError, match="disk is full"):
        copy(source, small_disk / "b.mp4", lossless=True)
    assert [p.name for p in small_disk.iterdir()] == ["filler"]


@pytest.fixture
def closed(source: MediaInfo, tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be entered; even by root, who becomes somebody else."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o700)


def test_a_folder_that_may_not_be_entered(source: MediaInfo, closed: Path) -> None:
    for name in ("b.mp4", "b.%04d.png"):
        with pytest.raises(OutputError, match="permission denied"):
            check_output(closed / name, source)
        with pytest.raises(MediaError, match="permission denied"):
            probe(closed / name)


def test_long_names(source: MediaInfo, tmp_path: Path) -> None:
    longest = tmp_path / f"{'b' * 251}.mp4"
    copy(source.path, longest)
    assert probe(longest).clock == source.clock
    longer = tmp_path / f"{'b' * 252}.mp4"
    with pytest.raises(OutputError, match="too long"):
        check_output(longer, source)
    with pytest.raises(MediaError, match="too long"):
        probe(longer)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", longest.name]


@pytest.mark.parametrize(
    ("name", "sound", "out"), [("a.mp4", "aac", "b.mxf"), ("a.mkv", "libopus", "b.mov")]
)
def test_sound_that_fails_only_in_the_header_is_left_out(
    tmp_path: Path, name: str, sound: str, out: str
) -> None:
    source = probe(make_clip(tmp_path / name, size=(256, 128), audio=sound))
    with open_writer(tmp_path / out, source) as writer, open_reader(source) as reader:
        for frame in reader.stream():
            writer.write(frame)
    (note,) = writer.notes
    assert f"(sound, {sound.removeprefix('lib')}) is left out" in note
    assert ".mkv" in note
    assert probe(tmp_path / out).audio_streams == 0


@pytest.mark.parametrize("begun", [False, True])
def test_stopped_while_its_thread_starts_it_leaves_nothing(
    source: MediaInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    """Ctrl-C comes before the encoder's thread runs, or when it runs already."""
    start = threading.Thread.start

    def stopped(thread: threading.Thread) -> None:
        if thread.name == "mien-encode":
            if begun:
                start(thread)
            raise KeyboardInterrupt
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", stopped)
    with pytest.raises(KeyboardInterrupt):
        open_writer(tmp_path / "b.mp4", source)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert not [t for t in threading.enumerate() if t.name == "mien-encode"]
