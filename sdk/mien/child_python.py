"""Python processes that mien starts: none looks for modules in the folder where mien was called.

Python puts the working folder before everything else for `-m` and `-c`, and so for the processes of
`multiprocessing` too. Somebody's folder of footage may hold a `numpy.py`, and nothing that lies
beside footage may be run.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["SAFE_PATH", "forget_safe_path", "module_command", "safe_path"]

SAFE_PATH: Final = ("PYTHONSAFEPATH", "mien")
"""The variable that keeps the working folder out (from Python 3.11), and the value by which it is
known that mien set it."""
_starting = threading.Lock()


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module in a process of its own.

    The process imports what can be imported here, wherever it runs. No variable says so, which
    programs that it starts would inherit.

    Args:
        module: The module's whole name.
        arguments: What the module gets as `sys.argv[1:]`.
    """
    places = [os.path.abspath(place) for place in sys.path if place]
    start = (
        f"import sys; sys.path[:] = {places!a}; import runpy;"
        f" runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", start, *arguments]


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
