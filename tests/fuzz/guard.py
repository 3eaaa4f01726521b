"""What a process that reads hostile files may do: so much memory and time, and nothing outside.

Python says of every file that it opens for writing, removes or renames, of processes and of
connections (PEP 578, audit hooks). While a file is read, whatever is not allowed is refused, and
noted: readers have no business there.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["MEMORY", "SECONDS", "Guard"]

MEMORY: Final = 1 << 30
"""Bytes of address space that reading a file may add."""
SECONDS: Final = 10
"""Seconds of processor time that it may take."""
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES: Final = {
    "os.remove": 0, "os.rmdir": 0, "os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1,
    "os.truncate": 0, "os.chmod": 0, "os.chown": 0, "shutil.rmtree": 0,
}  # fmt: skip
"""Events, and which of their arguments is the path that is changed."""
_RUNS: Final = frozenset({
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "os.fork",
    "pickle.find_class", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo",
    "urllib.Request", "code.__new__",
})  # fmt: skip
"""Events that are programs, objects that a file names, and the network."""


class Guard:
    """Limits of this process, and what it tried that it may not do.

    Args:
        folder: Where files may be written.
        traces: Where Python's stacks go when it runs out of time.
    """

    def __init__(self, folder: Path, traces: IO[str]) -> None:
        self._folders = (str(folder), "/dev/null", "/proc/self/")
        self._watching = False
        self._allowed: frozenset[str] = frozenset()
        self.tried: list[str] = []
        sys.dont_write_bytecode = True
        faulthandler.enable(traces)
        faulthandler.register(signal.SIGXCPU, traces, chain=True)
        sys.addaudithook(self._hear)

    def limit(self) -> None:
        """Bound what may be taken from here on: memory once, and time anew with every call."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))

    def limit_memory(self) -> None:
        """Bound the memory that may be added to what is there now."""
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def watch(self, allowed: frozenset[str]) -> None:
        """Refuse and note from here on what is not allowed."""
        self.tried.clear()
        self._allowed, self._watching = allowed, True

    def rest(self) -> None:
        """Watch no longer."""
        self._watching = False

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._watching or event in self._allowed:
            return
        if event == "open":
            path, mode, flags = args
            writes = bool(flags & _WRITES) if isinstance(flags, int) else False
            writes |= isinstance(mode, str) and bool(set(mode) & set("wax+"))
            if writes and not self._is_inside(path):
                self._refuse(f"open for writing: {path!r}")
        elif event in _CHANGES:
            path = args[_CHANGES[event]]
            if not self._is_inside(path):
                self._refuse(f"{event}: {path!r}")
        elif event in _RUNS:
            self._refuse(f"{event}: {args!r}"[:300])

    def _is_inside(self, path: object) -> bool:
        if isinstance(path, int):
            return True
        return os.path.abspath(os.fsdecode(path)).startswith(self._folders)  # type: ignore[arg-type]

    def _refuse(self, what: str) -> None:
        self._watching = False
        self.tried.append(what)
        self._watching = True
        raise PermissionError(13, "refused by the test's guard", what)
