"""Limits of the whole process: in force for whoever needs them, gone with the last."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import cv2
import pytest

from mien import cores
from mien.cores import SharedLimit, one_opencv_thread


def test_the_last_user_lifts_the_limit() -> None:
    done: list[str] = []

    def impose() -> object:
        if done.count("impose") > done.count("lift"):
            return None
        done.append("impose")
        return lambda: done.append("lift")

    limit = SharedLimit(impose)  # type: ignore[arg-type]
    for _ in range(2):
        done.clear()
        first, second = ExitStack(), ExitStack()
        first.enter_context(limit.held())
        second.enter_context(limit.held())
        first.close()
        assert done == ["impose"]
        second.close()
        assert done == ["impose", "lift"]


def test_what_only_the_second_user_meets_is_limited_too() -> None:
    done: list[str] = []
    parts = ["a", "b"]

    def impose() -> object:
        part = parts.pop(0)
        done.append(f"impose {part}")
        return lambda: done.append(f"lift {part}")

    limit = SharedLimit(impose)  # type: ignore[arg-type]
    with limit.held(), limit.held():
        assert done == ["impose a", "impose b"]
    assert done[2:] == ["lift b", "lift a"]


def test_an_error_lifts_the_limit() -> None:
    lifted: list[bool] = []
    limit = SharedLimit(lambda: lambda: lifted.append(True))
    with pytest.raises(ZeroDivisionError), limit.held():
        raise ZeroDivisionError
    assert lifted == [True]


def test_opencv_gets_its_threads_back() -> None:
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(3)
        first, second = ExitStack(), ExitStack()
        first.enter_context(one_opencv_thread())
        second.enter_context(one_opencv_thread())
        assert cv2.getNumThreads() == 1
        first.close()
        assert cv2.getNumThreads() == 1
        second.close()
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


_BLAS = """
import subprocess
import sys
from contextlib import ExitStack
import numpy, scipy.linalg
from threadpoolctl import threadpool_info, threadpool_limits
from mien.blas import one_blas_thread

def threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

with threadpool_limits(2, user_api="blas"):
    before = threads()
    assert 2 in before, before
    first, second = ExitStack(), ExitStack()
    first.enter_context(one_blas_thread())
    second.enter_context(one_blas_thread())
    assert set(threads()) == {1}, threads()
    first.close()
    assert set(threads()) == {1}, threads()
    second.close()
    assert threads() == before, (threads(), before)
"""


def test_linear_algebra_gets_its_threads_back() -> None:
    # In a process of its own: a thread that an earlier test left at work may hold the limit, too.
    done = subprocess.run(
        [sys.executable, "-c", _BLAS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_free_memory_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of the container's, where files that were read give way; if it has a limit."""
    monkeypatch.setattr(cores, "_CGROUP", tmp_path)
    machine = cores.free_memory()
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 200\nactive_file 0\n")
    (tmp_path / "memory.max").write_text("1000\n")
    assert cores.free_memory() == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert (cores.free_memory() is None) == (machine is None)
    assert cores.free_memory() != 500
