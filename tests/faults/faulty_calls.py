"""Calls on files that fail, or kill: a small library in C, preloaded into this process.

Where there is no C compiler, or no preloading, `library` says so and nothing here works.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["ERRORS", "KILL", "arm", "calls", "library", "preloaded", "restart_preloaded"]

ERRORS: Final = {"ENOSPC": errno.ENOSPC, "EDQUOT": errno.EDQUOT, "EIO": errno.EIO}
"""What disks answer when they are full, when a quota is used up, and when they are broken."""
KILL: Final = -1
_SOURCE: Final = Path(__file__).with_name("faulty_calls.c")


def library() -> Path | None:
    """The compiled library; None where it cannot be had."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    name = f"mien-faulty-calls-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]}"
    made = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}.so"
    if not made.is_file():
        partial = made.with_suffix(f".{os.getpid()}")
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(partial), str(_SOURCE), "-ldl"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        partial.replace(made)
    return made


def preloaded() -> bool:
    """Whether calls of this process can be made to fail."""
    return hasattr(ctypes.CDLL(None), "mien_faults_arm")


def restart_preloaded(module: str) -> None:
    """Start this program, a module, anew with the library preloaded, unless that is done."""
    made = library()
    if made is None or preloaded():
        return
    environment = {**os.environ, "LD_PRELOAD": str(made)}
    os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], environment)


def arm(folder: Path, call: int, error: int) -> None:
    """Let calls that put something into a folder fail from one of them on.

    Args:
        folder: The folder.
        call: The first call that fails, from 1.
        error: Its `errno`; 0 counts only, and `KILL` kills the process before the call.
    """
    ctypes.CDLL(None).mien_faults_arm(os.fsencode(folder), ctypes.c_long(call), error)


def calls() -> int:
    """How many calls there were since `arm`."""
    count = ctypes.CDLL(None).mien_faults_count
    count.restype = ctypes.c_long
    return int(count())
