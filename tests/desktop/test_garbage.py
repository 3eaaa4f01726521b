"""Garbage in cycles is deleted on the window's thread, whichever thread would have found it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from mien_desktop.garbage import MainThreadCollector
from tests.desktop.driving import wait_until


class Cycle:
    """Refers to itself, and notes the thread that deletes it."""

    def __init__(self, deleted_by: list[threading.Thread]) -> None:
        self._itself, self._deleted_by = self, deleted_by

    def __del__(self) -> None:
        self._deleted_by.append(threading.current_thread())


@pytest.fixture
def collecting() -> Iterator[None]:
    """Python collects by itself, as it does when a program starts."""
    gc.enable()
    yield
    gc.disable()


def _allocate_on_a_thread() -> list[list[None]]:
    """Make so much on another thread that Python would look for garbage there; return it."""
    made: list[list[None]] = []
    many = 20 * gc.get_threshold()[0]
    thread = threading.Thread(target=lambda: made.extend([] for _ in range(many)))
    thread.start()
    thread.join()
    return made


def test_python_alone_deletes_wherever_it_allocates(collecting: None) -> None:
    deleted_by: list[threading.Thread] = []
    Cycle(deleted_by)
    _allocate_on_a_thread()
    assert deleted_by
    assert deleted_by[0] is not threading.main_thread()


def test_the_collector_deletes_on_its_own_thread(app: QApplication, collecting: None) -> None:
    collector = MainThreadCollector()
    deleted_by: list[threading.Thread] = []
    Cycle(deleted_by)
    made = _allocate_on_a_thread()
    assert made
    assert not deleted_by
    wait_until(lambda: deleted_by, what="collected")
    assert deleted_by == [threading.main_thread()]
    collector.close()
    assert gc.isenabled()
