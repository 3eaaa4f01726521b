"""What killed processes leave goes, whoever comes next; clocks that are set back do no harm."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from mien.errors import WriteError
from mien.io.changing import changing
from mien.media.atomic_write import AtomicFile, hidden_name, write_error
from mien.media.cache_folder import CacheFolder
from mien.media.lock import Held, Lock
from mien.media.outputs import PartialFolder
from mien.media.sequence import Pattern
from mien.preview.proxy_files import make_room
from mien.weights.record import Record, read_record, write_record

YEAR = 365 * 86400.0


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    return process


def test_a_cache_loses_what_was_half_written_of_media_that_nobody_opens_again(
    tmp_path: Path, dead: int
) -> None:
    ours = AtomicFile(tmp_path / "one.npz")
    ours.path.write_bytes(b"at work")
    left = tmp_path / f".other.npz.{dead}-abcd-1.partial"
    left.write_bytes(b"half")
    (tmp_path / "kept.npz").write_bytes(b"whole")
    (tmp_path / "notes.partial").write_bytes(b"not mien's")
    CacheFolder(tmp_path, ".npz").prune(1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [ours.path.name, "kept.npz", "notes.partial"]
    )


def test_a_forked_process_that_is_killed_leaves_nothing_for_good(tmp_path: Path) -> None:
    """It has the run of the process that it was forked from, and a number of its own."""
    final = tmp_path / "out.mp4"
    process = os.fork()
    if process == 0:
        AtomicFile(final).path.write_bytes(b"half")
        os._exit(1)
    os.waitpid(process, 0)
    assert len(list(tmp_path.iterdir())) == 1
    AtomicFile(final)
    assert list(tmp_path.iterdir()) == []


def test_models_lose_what_a_killed_installation_left(tmp_path: Path, dead: int) -> None:
    left = tmp_path / f".installed.json.{dead}"
    left.write_bytes(b"{")
    living = tmp_path / f".installed.json.{os.getppid()}"
    living.write_bytes(b"{")
    write_record(tmp_path, Record("licence"))
    assert not left.exists()
    assert living.exists()
    assert read_record(tmp_path).licence == "licence"


def test_a_clock_that_is_set_back_by_a_year(tmp_path: Path) -> None:
    """What seems to be used in a year is what goes first, and what is written now stays."""
    folder = CacheFolder(tmp_path, ".npz")
    for name, used in (("ahead", time.time() + YEAR), ("old", time.time() - 60)):
        (tmp_path / f"{name}.npz").write_bytes(b"x" * 10)
        os.utime(tmp_path / f"{name}.npz", (used, used))
    (tmp_path / "new.npz").write_bytes(b"x" * 10)
    folder.prune(20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.npz", "old.npz"]

    proxies = tmp_path / "proxies"
    for name, used in (("ahead", time.time() + YEAR), ("old", time.time() - 60)):
        (proxies / name).mkdir(parents=True)
        (proxies / name / "0.frames").write_bytes(b"x" * 10)
        os.utime(proxies / name, (used, used))
    assert make_room(proxies, proxies / "own", 10, 20)
    assert [path.name for path in proxies.iterdir()] == ["old"]


def test_waiting_for_another_process_does_not_look_at_the_time_of_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that jumps while a project is held makes nobody give up."""
    path = tmp_path / "x.mien"
    path.write_bytes(b"")
    tries: list[None] = []
    monkeypatch.setattr("mien.io.changing._PAUSE", 0.0)
    monkeypatch.setattr(time, "time", lambda: len(tries) * YEAR)

    def taken(hidden: Path) -> Lock:
        tries.append(None)
        if len(tries) < 5:
            raise Held("process 1")
        return Lock(hidden)

    monkeypatch.setattr("mien.io.changing.Lock", taken)
    with changing(path):
        pass
    assert len(tries) == 5
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "Your quota on the disk is used up"),
        (errno.EIO, "The disk failed"),
        (errno.ESTALE, "The disk failed"),
        (errno.EFBIG, "larger than its disk"),
        (errno.EACCES, "permission denied"),
    ],
    ids=["full", "quota", "broken", "stale", "large", "denied"],
)
def test_what_a_disk_answers_is_said(tmp_path: Path, code: int, words: str) -> None:
    path = tmp_path / "x.mien"
    error = write_error(path, OSError(code, os.strerror(code)))
    assert words in error.cause
    assert str(path) in error.cause
    assert error.remedy


def test_it_says_that_what_was_there_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.mien"
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "nothing was left of it" in write_error(path, full).cause
    path.write_bytes(b"old")
    assert "what was there before is as it was" in write_error(path, full).cause


def test_a_name_of_255_bytes_can_be_changed(tmp_path: Path) -> None:
    """The file that is held beside it has a shorter name."""
    path = tmp_path / ("\N{WAVING HAND SIGN}" * 62 + ".mien")
    path.write_bytes(b"")
    with changing(path):
        assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == [path]
    assert len(os.fsencode(hidden_name(path.name))) < 255


def test_a_folder_that_is_not_there_any_more_is_an_error_of_mien(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mien"
    path.write_bytes(b"")

    def gone(hidden: Path) -> Lock:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr("mien.io.changing.Lock", gone)
    with pytest.raises(WriteError, match="The disk failed"), changing(path):
        pass


def test_a_folder_of_images_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    pattern = Pattern.parse(tmp_path / "out.%03d.png")
    assert pattern is not None
    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(WriteError, match="The disk is full"):
        PartialFolder(pattern)
