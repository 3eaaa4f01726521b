"""Makes the proxy of one shot in a process of its own, at low priority.

    python -m mien.preview.proxy_maker MEDIA FINGERPRINT FOLDER STREAM MISSING_FRAMES

It writes a line to standard output for every segment that is there (`segment 12`) and, when it
gives up or had to leave out segments with damaged frames, why (`failed CAUSE`). It reads frame
numbers from standard input, a line each: those are wanted next. When standard input ends it
stops: whoever started it is gone.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import numpy as np

from mien.errors import DamagedMediaError, MienError
from mien.media.atomic_write import folder_error
from mien.media.lock import Held, Lock
from mien.media.probe import probe
from mien.media.reader import Reader, open_reader
from mien.model.media import MissingFrames
from mien.preview.picture import displayed, small_scale
from mien.preview.playback_cache import pack
from mien.preview.proxy_files import SEGMENT, ProxyFolder, cache_limit, make_room

__all__ = ["main"]

_PATIENCE: Final = 2.0
"""Seconds between looks at a proxy that another process is making."""


class _Wanted:
    """The frame that is wanted next, as standard input tells; ends the process with it."""

    def __init__(self) -> None:
        self.frame = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            with suppress(ValueError):
                self.frame = int(line)
        # A segment half written has not got its name yet.
        os._exit(0)


def main() -> int:
    """Make the proxy that the command line names."""
    media, fingerprint, root = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    wanted = _Wanted()
    if hasattr(os, "nice"):
        os.nice(19)
    try:
        # What was opened as far as it goes is shown as far; nothing is lost of what is whole.
        facts = probe(
            media, stream=int(sys.argv[4]), until_damage=True, missing_frames=_missing_frames()
        )
        if facts.fingerprint != fingerprint:
            raise MienError(f"{media.name} is not the file it was.", "Track it again.")
        folder = ProxyFolder(root, facts)
        folder.used()
        lock = _held_lock(folder)
        try:
            with open_reader(facts, threads=_threads(), decoder="pyav", cache_bytes=0) as reader:
                _make(folder, reader, wanted, root)
        finally:
            lock.release()
    except MienError as error:
        _notify(f"failed {error}")
        return 1
    except OSError as error:
        _notify(f"failed {folder_error(root, error)}")
        return 1
    return 0


def _missing_frames() -> MissingFrames:
    wanted = sys.argv[5]
    return "hold" if wanted == "hold" else "black" if wanted == "black" else "error"


def _make(folder: ProxyFolder, reader: Reader, wanted: _Wanted, root: Path) -> None:
    limit = cache_limit()
    made = folder.made()
    damage: DamagedMediaError | None = None
    for segment in np.flatnonzero(made):
        _notify(f"segment {segment}")
    while not made.all():
        segment = _next(made, wanted.frame // SEGMENT)
        try:
            pictures = _pictures(folder, reader, segment)
        except DamagedMediaError as error:
            # The others are of use all the same; frames of this one are read from the film.
            damage, made[segment] = damage or error, True
            continue
        if not make_room(root, folder.path, sum(map(len, pictures)), limit):
            raise MienError(
                f"The proxies have reached their limit of {limit >> 20} MiB.",
                "Set MIEN_CACHE_LIMIT higher.",
            )
        folder.used()
        folder.write(segment, pictures)
        made[segment] = True
        _notify(f"segment {segment}")
    if damage is not None:
        raise damage


def _pictures(folder: ProxyFolder, reader: Reader, segment: int) -> list[bytes]:
    span = folder.span(segment)
    scale = small_scale(reader.facts)
    with closing(reader.stream(span.start, span.stop)) as frames:
        return [pack(displayed(frame, reader.facts, scale)) for frame in frames]


def _next(made: np.ndarray[tuple[int], np.dtype[np.bool_]], start: int) -> int:
    """The first segment from `start` on that is missing; from the beginning when none is."""
    missing = np.flatnonzero(~made)
    later = missing[missing >= start]
    return int(later[0] if len(later) else missing[0])


def _held_lock(folder: ProxyFolder) -> Lock:
    """The proxy for this process alone, waiting for another to finish or to die."""
    while True:
        try:
            lock = Lock(folder.path / "lock")
        except Held:
            for segment in np.flatnonzero(folder.made()):
                _notify(f"segment {segment}")
            time.sleep(_PATIENCE)
            continue
        # Nobody else is at work here: what is half written was left by one that was killed.
        for left in folder.path.glob(".*.partial"):
            left.unlink(missing_ok=True)
        return lock


def _threads() -> int:
    return max(1, (os.cpu_count() or 1) // 2)


def _notify(line: str) -> None:
    sys.stdout.write(line.replace("\n", " ") + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
