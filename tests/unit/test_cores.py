"""Limits of the whole process: in force for whoever needs them, gone with the last."""

from __future__ import annotations

from contextlib import ExitStack

import cv2
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mien.blas import one_blas_thread
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


def test_linear_algebra_gets_its_threads_back() -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        assert 2 in before
        first, second = ExitStack(), ExitStack()
        first.enter_context(one_blas_thread())
        second.enter_context(one_blas_thread())
        assert set(threads()) == {1}
        first.close()
        assert set(threads()) == {1}
        second.close()
        assert threads() == before
