"""Python processes that mien starts: none looks for modules in the folder where mien was called.

Python puts the working folder before everything else for `-m` and `-c`, and so for the processes of
`multiprocessing` too. Somebody's folder of footage may hold a `numpy.py`, and nothing that lies
beside footage may be run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Final

__all__ = [
    "SAFE_PATH", "close_pipes", "forget_safe_path", "module_command", "safe_path", "start_worker",
    "worker_pipes",
]  # fmt: skip

SAFE_PATH: Final = ("PYTHONSAFEPATH", "mien")
"""The variable that keeps the working folder out (from Python 3.11), and the value by which it is
known that mien set it."""
_starting = threading.Lock()


_DEAF: Final = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
"""Ctrl-C in a terminal is meant for whoever started a worker, whose end ends it."""


def module_command(module: str, *arguments: str, deaf: bool = False) -> list[str]:
    """Return the command that runs a module in a process of its own.

    The process imports what can be imported here, wherever it runs. No variable says so, which
    programs that it starts would inherit.

    Args:
        module: The module's whole name.
        arguments: What the module gets as `sys.argv[1:]`.
        deaf: Whether Ctrl-C does nothing to it, from the start.
    """
    places = [os.path.abspath(place) for place in sys.path if place]
    start = (
        f"import sys; sys.path[:] = {places!a}; import runpy;"
        f" runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", _DEAF + start if deaf else start, *arguments]


def start_worker(module: str) -> subprocess.Popen[bytes]:
    """Start a process that is asked through its standard input, and answers through its output.

    Args:
        module: The module that it runs, which calls `worker_pipes`.

    Raises:
        OSError: When there is no room for one more.
    """
    return subprocess.Popen(
        module_command(module, deaf=True),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip


def worker_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return where questions come from and where answers go, in a process of `start_worker`.

    What a library writes to standard output does not come between the answers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return questions, answers


def close_pipes(child: subprocess.Popen[bytes]) -> None:
    """Close the pipes to a process of `start_worker`, which may be gone."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


@contextmanager
def safe_path() -> Iterator[None]:
    """Keep processes that `multiprocessing` starts inside from importing from the working folder.

    Their first import comes before anything that they are told, so only a variable reaches it; they
    take it away again with `forget_safe_path`. Python 3.10 does not heed it.
    """
    name, value = SAFE_PATH
    with _starting:
        if name in os.environ:  # the user's own wish
            yield
            return
        os.environ[name] = value
        try:
            yield
        finally:
            os.environ.pop(name, None)


def forget_safe_path() -> None:
    """Take the variable of `safe_path` out of this process: programs of others do without it.

    A signing command, say, may be a script that imports what lies beside it.
    """
    name, value = SAFE_PATH
    if os.environ.get(name) == value:
        del os.environ[name]
