"""The process that reads hostile files: one after another, within limits, until one ends it.

    python -m tests.fuzz.worker TARGET[,TARGET...] SEED FIRST COUNT FOLDER

It writes the number of each input before it reads it, and a line of JSON for every crash. What ends
it is found by whoever started it: the input lies in FOLDER/input, Python's stack in FOLDER/traces.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import shutil
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import IO, Any

from mien.errors import MienError
from tests.fuzz.guard import Guard
from tests.fuzz.mutate import mutate
from tests.fuzz.target import Target

__all__ = ["Reader", "chance_of", "main"]


def chance_of(target: str, seed: int, number: int) -> random.Random:
    """What is done for one input: the same for the same seed and number, in any process."""
    return random.Random(f"{target} {seed} {number}")


class Reader:
    """Reads inputs of one target in this process.

    Args:
        target: The target.
        folder: A folder of its own.
        guard: What this process may do.
    """

    def __init__(self, target: Target, folder: Path, guard: Guard) -> None:
        self._target, self._guard = target, guard
        self._input = folder / "input"
        home = folder / "seeds"
        home.mkdir(parents=True, exist_ok=True)
        self.seeds = dict(target.seeds(home))
        for name in list(self.seeds)[: target.whole]:
            crash = self.read(name, self.seeds[name])
            # Libraries that are loaded now may start programs, as matplotlib asks for fonts.
            if crash is not None and crash["kind"] != "outside":
                raise AssertionError(f"{name} of {target.name}, unharmed: {crash}")
        guard.limit_memory(target.memory)

    def made(self, chance: random.Random) -> tuple[str, bytes]:
        """An input: a whole file's name, and what became of its content."""
        names = sorted(self.seeds)
        name = chance.choice(names)
        if self._target.change is not None:
            return name, self._target.change(name, self.seeds[name], chance)
        like = [self.seeds[one] for one in names if Path(one).suffix == Path(name).suffix]
        try:
            return name, mutate(self.seeds[name], chance, like, bombs=self._target.bombs)
        except Exception:  # noqa: BLE001 - what harm cannot be done to: a part of it is harm too
            return name, self.seeds[name][: chance.randrange(len(self.seeds[name]))]

    def read(self, name: str, data: bytes) -> dict[str, Any] | None:
        """Read an input; what is wrong with how it was read, or None."""
        shutil.rmtree(self._input, ignore_errors=True)
        self._input.mkdir()
        path = self._target.place(self._input, name, data)
        self._guard.limit(self._target.seconds)
        self._guard.watch(self._target.allowed)
        crash: dict[str, Any] | None = None
        try:
            self._target.read(path)
        except MienError as error:
            crash = _complaint(error)
        except BaseException as error:  # noqa: BLE001 - whatever is no error of mien's is a crash
            crash = _crash(error)
        finally:
            self._guard.rest()
        if self._guard.tried:
            crash = {"kind": "outside", "where": self._guard.tried[0], "text": ""}
        return crash


_COLLECT_EVERY = 10
"""Inputs after which garbage is collected."""


def _crash(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if "/mien" in one.filename] or list(frames)
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    text = "".join(traceback.format_exception(error))[-4000:]
    return {"kind": type(error).__name__, "where": where, "text": text}


def _complaint(error: MienError) -> dict[str, Any] | None:
    """What is wrong with an error of mien's own: that memory ran out, or it is no line."""
    cause: BaseException | None = error
    for _ in range(20):
        if cause is None:
            break
        # FFmpeg refuses at once what a box claims beyond 2 GiB, or beyond the limit here.
        if isinstance(cause, MemoryError) and not type(cause).__module__.startswith("av."):
            return _crash(cause)
        cause = cause.__cause__ or cause.__context__
    if "unexpected went wrong" in str(error):
        return _crash(error)
    return None


def main(arguments: list[str]) -> int:
    """Read inputs, and tell of them on standard output."""
    names, seed, first, count, place = arguments
    folder = Path(place)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    guard = Guard(folder, (folder / "traces").open("w"))
    sys.setrecursionlimit(1000)
    warnings.simplefilter("ignore")
    from tests.fuzz.targets import TARGETS

    numbers = range(int(first), int(first) + int(count))
    with redirect_stdout(sys.stderr):
        for name in names.split(","):
            reader = Reader(TARGETS[name], folder / name, guard)
            print("ready", file=out)
            _work(reader, name, int(seed), numbers, out)
    print("done", file=out)
    return 0


def _work(reader: Reader, target: str, seed: int, numbers: range, out: IO[str]) -> None:
    for number in numbers:
        if not number % _COLLECT_EVERY:
            # What earlier inputs left behind in cycles is not this one's memory.
            gc.collect()
        chance = chance_of(target, seed, number)
        name, data = reader.made(chance)
        print(number, file=out)
        crash = reader.read(name, data)
        if crash is not None:
            digest = hashlib.sha256(data).hexdigest()[:8]
            print(json.dumps({"name": name, "digest": digest, **crash}), file=out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
