"""A file that one process at a time holds."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["Held", "Lock"]


class Held(Exception):  # noqa: N818 - it says what the file is
    """Somebody else holds the file.

    Args:
        holder: Who, in words.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class Lock:
    """Holds a file until it is let go, or until the process dies, however it dies.

    The lock is the operating system's on the open file, so that nothing is left to clear up
    after a kill; the process number in the file is for people. A disk without locks (some
    network disks) lets everybody in.

    Args:
        path: The file; made when it is missing, in a folder that exists.

    Raises:
        Held: When another holds it, be it in this process.
        OSError: When it cannot be made; FileNotFoundError when its folder is just removed.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if not _locked(self._file):
                raise Held(os.read(self._file, 200).decode("utf-8", "replace").strip())
            # Whoever held it before may have removed it while it was opened here.
            if not os.path.samestat(os.fstat(self._file), path.stat()):
                raise FileNotFoundError(path)
            # A full disk holds nobody up: only what people read is missing then.
            with suppress(OSError):
                os.ftruncate(self._file, 0)
                os.write(self._file, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        """Let go; the file stays."""
        os.close(self._file)


def _locked(file: int) -> bool:
    """Whether the file is now ours; disks without locks say yes."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
