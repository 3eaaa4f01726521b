"""The command line as tests call it: here, in their own process, or as a process of its own.

A process costs seconds of imports, so tests start one where it is about processes: signals, closed
streams, several at a time. What is said and how it ends is the same: `python -m mien` is no more
than `sys.exit(run())`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import pytest

PROGRESS = re.compile(r"\w+ +\d+ %  ")
"""A line about progress, of which there are some where a machine is slow."""


@dataclass(frozen=True)
class Run:
    """A finished run of the command line."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Standard output, which holds one object and nothing else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def refused(self, code: int, *words: str) -> None:
        """It ended with that code and one line of error that says these words."""
        assert self.code == code, self.err
        assert self.out == ""
        said = [line for line in self.err.splitlines() if not PROGRESS.match(line)]
        assert len(said) == 1
        assert said[0].startswith("mien: error: ")
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


Mien = Callable[..., Run]


def command(*arguments: object) -> list[str]:
    """What starts the command line as a process of its own."""
    return [sys.executable, "-m", "mien", *map(str, arguments)]


def run_process(*arguments: object, **environment: str) -> Run:
    """Run the command line as a process of its own, with more in its environment."""
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def run_here(*arguments: object, **environment: str) -> Run:
    """Run the command line in this process, with more in its environment."""
    from mien.cli.main import run

    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        with _standard_streams(out, err):
            code = run(list(map(str, arguments)))
        return Run(code, _content(out), _content(err))


@contextmanager
def _standard_streams(out: IO[str], err: IO[str]) -> Iterator[None]:
    """Send what Python and libraries print to files; handlers of signals are put back after."""
    streams, saved = (sys.stdout, sys.stderr), (os.dup(1), os.dup(2))
    handler = signal.getsignal(signal.SIGTERM)
    for stream in streams:
        stream.flush()
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout, sys.stderr = out, err
        yield
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = streams
        for number, file in enumerate(saved, 1):
            os.dup2(file, number)
            os.close(file)
        signal.signal(signal.SIGTERM, handler)


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
