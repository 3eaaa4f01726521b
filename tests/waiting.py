"""Waiting for threads and processes, by what they show of themselves."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any, Final

PATIENCE: Final = 120.0
"""Seconds after which a test gives up. It bounds a failure; nothing is said about speed."""


def wait_until(
    true: Callable[[], object],
    what: str = "",
    *,
    process: subprocess.Popen[Any] | None = None,
    patience: float = PATIENCE,
) -> None:
    """Look again and again until something is true.

    Args:
        true: What has to become true.
        what: Says so, for when it does not.
        process: Must not end before.
        patience: Seconds until it is given up.

    Raises:
        AssertionError: When it does not become true, or the process ends.
    """
    end = time.monotonic() + patience
    while not true():
        if process is not None:
            assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, f"waited in vain: {what or true}"
        time.sleep(0.01)
