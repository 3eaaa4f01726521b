"""A test that hangs fails alone, and takes what it has started along.

pytest-timeout interrupts it by a signal, so that its fixtures end as they do after any failure. All
children are killed first: most hangs wait for one of them, and so would the end of the test. Code
that no signal reaches is ended by pytest's own faulthandler, together with its worker of xdist (see
`faulthandler_timeout` in pyproject.toml).
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from types import FrameType

import psutil
import pytest


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item) -> Generator[None, object, object]:
    """Have all children killed before pytest-timeout raises its error."""
    done = yield
    fail = signal.getsignal(signal.SIGALRM)
    if not callable(fail):
        return done

    def handle(number: int, frame: FrameType | None) -> None:
        children = psutil.Process().children(recursive=True)
        for child in children:
            child.kill()
        fail(number, frame)

    signal.signal(signal.SIGALRM, handle)
    return done
