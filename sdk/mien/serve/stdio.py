"""One client over standard input and output."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from mien.serve.client_connection import ClientConnection
from mien.serve.folders import enter

__all__ = ["serve_stdio"]


def serve_stdio(roots: Sequence[Path] = ()) -> int:
    """Serve the process that started this one, until it closes standard input.

    Args:
        roots: The folders that it works in; without any, wherever its user may.

    Returns:
        The exit code.

    Raises:
        UsageError: When a root is no folder.
    """
    enter(roots)
    source, output = _take_streams()
    conversation = ClientConnection(source, output)
    with suppress(KeyboardInterrupt):  # jobs were stopped on the way out
        conversation.run()
    return 0


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output, for the protocol alone.

    What libraries and child processes print goes to standard error, and nobody else reads from
    the host.
    """
    source = os.fdopen(os.dup(0), "rb")
    # Unbuffered: a thread may still be writing to a deaf host when this process ends, and a
    # buffer that is locked then would end it with a crash.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.stdout is not None:
        sys.stdout.flush()
    os.dup2(2, 1)
    return source, output
