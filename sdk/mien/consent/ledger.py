"""A ledger: JSON lines, each of which holds the hash of the one before it.

    {"number":7,...,"previous":"<hash of line 6>","hash":"<SHA-256 of this line up to here>"}

A line's hash is that of its bytes before `,"hash":`. Beside the ledger lie `ledger.jsonl.head`, the
number and hash of the last line, and `ledger.jsonl.lock`, which the process that writes holds.

A line is written in one call, synced, and then the head. A process that is killed in between leaves
a line that the head does not have yet, or part of a line: the next one begins a new line, and says
in `torn` what it left behind. Where the head has a line that is gone the next one says in `gap`
what the head had, so that a cut shows for ever. What a hash chain cannot show is said in
docs/consent.md.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mien.errors import WriteError
from mien.media.atomic_write import sync
from mien.media.lock import Held, Lock

__all__ = ["FIRST", "Ledger", "LedgerHead", "head_file", "read_head", "read_line"]

FIRST: Final = "0" * 64
"""What the first line holds in place of the hash of the one before it."""
LONGEST: Final = 1 << 20
"""Bytes of a line; longer ones are none."""
_SEAL: Final = re.compile(rb'(?P<body>\{.*),"hash":"(?P<hash>[0-9a-f]{64})"\}', re.DOTALL)
_HEAD: Final = re.compile(r"(\d{20}) ([0-9a-f]{64})\n?")
_PATIENCE: Final = 60.0
"""Seconds to wait for other writers; each takes some milliseconds."""
_turn = threading.Lock()
"""Threads of one process wait for each other without polling."""


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The end of a ledger at some time.

    Attributes:
        number: Number of its last line.
        hash: That line's hash.
    """

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class Ledger:
    """A ledger that lines are added to, by any number of processes at once.

    Args:
        path: The file; made when it is missing, with its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check_writable(self) -> None:
        """Refuse a ledger that nothing can be added to; nothing is written.

        Raises:
            WriteError: When it cannot be opened for writing.
        """
        try:
            with self._held() as file:
                os.fstat(file)
        except OSError as error:
            raise self._failed(error) from error

    def append(self, facts: Mapping[str, Any]) -> LedgerHead:
        """Add a line, which is on the disk when this returns.

        Args:
            facts: What it says, in JSON's types; without `number`, `previous` and `hash`.

        Returns:
            Its number and hash.

        Raises:
            WriteError: When it cannot be added; the ledger is as it was.
        """
        try:
            with self._held() as file:
                return self._append(file, facts)
        except OSError as error:
            raise self._failed(error) from error

    def _append(self, file: int, facts: Mapping[str, Any]) -> LedgerHead:
        size = os.fstat(file).st_size
        last, torn, unended = _end(file, size)
        line: dict[str, Any] = {"number": last.number + 1, **facts, "previous": last.hash}
        if torn:
            line["torn"] = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        head = read_head(self.path)
        if head is not None and (
            head.number > last.number or (head.number == last.number and head.hash != last.hash)
        ):
            line["gap"] = {"number": head.number, "hash": head.hash}
        body = json.dumps(line, separators=(",", ":"))[:-1].encode()
        added = LedgerHead(last.number + 1, hashlib.sha256(body).hexdigest())
        text = b'%s%s,"hash":"%s"}\n' % (b"\n" if unended else b"", body, added.hash.encode())
        try:
            if os.write(file, text) != len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        except BaseException:
            # What is only half there is taken back; a kill here leaves a torn line.
            with suppress(OSError):
                os.ftruncate(file, size)
            raise
        if not size:
            sync(self.path.parent)
        # The line counts from here on: a head that cannot be written is behind, and no more.
        with suppress(OSError):
            _write_head(head_file(self.path), added)
        return added

    @contextmanager
    def _held(self) -> Iterator[int]:
        """The open file, while nobody else writes."""
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        with _turn:
            lock = _wait(self.path.with_name(f"{self.path.name}.lock"))
            try:
                # Appending is all that a ledger takes which is closed to changes (chattr +a).
                how = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
                file = os.open(self.path, how, 0o644)
                try:
                    yield file
                finally:
                    os.close(file)
            finally:
                lock.release()

    def _failed(self, error: OSError) -> WriteError:
        reason = (error.strerror or str(error) or type(error).__name__).lower()
        return WriteError(
            f"The ledger {self.path} cannot be written to: {reason}.",
            "See that it has room, and may be written to by whoever renders.",
            path=self.path,
        )


def head_file(ledger: Path) -> Path:
    """Return where the number and hash of a ledger's last line are kept."""
    return ledger.with_name(f"{ledger.name}.head")


def read_head(ledger: Path) -> LedgerHead | None:
    """Return a ledger's last line as it was kept beside it; None where nothing readable is."""
    try:
        with head_file(ledger).open("rb") as file:
            match = _HEAD.fullmatch(file.read(200).decode("ascii", "replace"))
    except OSError:
        return None
    return None if match is None else LedgerHead(int(match[1]), match[2])


def read_line(text: bytes) -> tuple[dict[str, Any], str, str] | None:
    """Return what a line says, the hash that it has, and the one that it should have.

    Args:
        text: The line, without its end.

    Returns:
        None when it is no line of a ledger.
    """
    match = _SEAL.fullmatch(text)
    if match is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or type(value.get("number")) is not int:
        return None
    return value, match["hash"].decode(), hashlib.sha256(match["body"]).hexdigest()


def _end(file: int, size: int) -> tuple[LedgerHead, bytes, bool]:
    """The last whole line, what a kill left after it, and whether the file ends within a line."""
    start, tail = size, b""
    while True:
        # As much again each time: a ledger without one whole line is looked through twice, not
        # once more for every step.
        step = min(start, max(len(tail), 1 << 16))
        start -= step
        tail = _read_at(file, start, step) + tail
        *lines, torn = tail.split(b"\n")
        # The first of them may have begun before what was read.
        complete = lines[1:] if start else lines
        if torn and (complete or not start):
            read = read_line(torn)
            if read is not None and read[1] == read[2]:
                # All of a line but its end.
                return LedgerHead(read[0]["number"], read[1]), b"", True
        for text in reversed(complete):
            read = read_line(text)
            if read is not None:
                return LedgerHead(read[0]["number"], read[1]), torn, bool(torn)
        if not start:
            return LedgerHead(0, FIRST), torn, bool(torn)


def _read_at(file: int, start: int, count: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    parts = []
    while count and (part := os.read(file, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _write_head(path: Path, head: LedgerHead) -> None:
    """Write the head in place: it is smaller than what a disk writes at once."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        os.write(file, f"{head.number:020d} {head.hash}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


def _wait(path: Path) -> Lock:
    """The lock of a ledger, when it is free."""
    end, pause = time.monotonic() + _PATIENCE, 0.001
    while True:
        try:
            return Lock(path)
        except Held as held:
            if time.monotonic() > end:
                holder = f": {held.holder}" if held.holder else ""
                raise OSError(errno.EBUSY, f"another writer holds it{holder}") from held
        time.sleep(pause)
        pause = min(2 * pause, 0.02)
