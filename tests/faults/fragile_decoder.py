"""Decoders that a file ends, for tests: they run in the process that decodes, and end it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mien.media.decoded import DecodedReader
from mien.media.frame import Frame

POISON = 7
"""The frame at which `FragileReader` ends its process."""


class FragileReader(DecodedReader):
    """A reader that a frame ends, as a flaw in a codec would."""

    def frame(self, index: int, stop: Callable[[], bool] | None = None) -> tuple[Frame | None, int]:
        """Read address 0 at one frame."""
        if index == POISON:
            ctypes.string_at(0)
        return super().frame(index, stop)


class SleepingReader(DecodedReader):
    """A reader that never gets done with a frame, and hears nothing."""

    def frame(self, index: int, stop: Callable[[], bool] | None = None) -> tuple[Frame | None, int]:
        """Sleep at one frame."""
        if index == POISON:
            time.sleep(3600)
        return super().frame(index, stop)


def end_once(path: Path) -> str:
    """End the process, unless a file says that it was done before."""
    if path.exists():
        return "answered"
    path.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def end_always(path: Path) -> None:
    """End the process."""
    ctypes.string_at(0)


def count_to_poison() -> Iterator[int]:
    """Count, and end the process."""
    yield from range(POISON)
    ctypes.string_at(0)


def count_after_an_end(path: Path) -> Iterator[int]:
    """Count, unless the process was never ended before: then end it."""
    end_once(path)
    yield from range(3)


def wait_for_the_end(path: Path, cancelled: Callable[[], bool]) -> str:
    """Wait until nobody wants the answer any more, and leave a note of it."""
    while not cancelled():
        time.sleep(0.005)
    path.touch()
    return "given up"


def tell_progress(progress: Callable[[str, int, int], None]) -> str:
    """Tell of steps."""
    for step in range(3):
        progress(f"step {step}", step, 3)
    return "done"


def nothing_that_is_a_value() -> object:
    """Return what can be pickled, and may not be loaded."""
    return os.system


def main() -> int:
    """Decode like mien's own process, and end at facts of a file whose name says so."""
    from mien.media import probe
    from mien.media.apart import worker

    known = probe._probe_movie

    def poisoned(path: Path, *args: Any, **kwargs: Any) -> Any:
        if "poison" in path.name:
            ctypes.string_at(0)
        return known(path, *args, **kwargs)

    probe._probe_movie = poisoned
    return worker.main()


if __name__ == "__main__":
    sys.exit(main())
