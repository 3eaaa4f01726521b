"""What benchmarks share: footage, timing, the measuring tool."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from types import ModuleType

SHARED = Path(os.environ.get("MIEN_SHARED", Path(__file__).parents[3] / "shared"))
ROOT = Path(__file__).parents[2]
MIEN = Path(sys.executable).with_name("mien")


class MissingFootageError(Exception):
    """The internal test footage is not on this machine."""


def clip(name: str) -> Path:
    """Path of a test clip."""
    path = SHARED / "clips" / name
    if not path.is_file():
        raise MissingFootageError(f"the internal test footage is not at {SHARED}")
    return path


@cache
def shared_tool(name: str) -> ModuleType:
    """A tool beside the footage, which uses the public API alone."""
    path = SHARED / "tools" / f"{name}.py"
    if not path.is_file():
        raise MissingFootageError(f"the internal test footage is not at {SHARED}")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure() -> ModuleType:
    """The independent measuring tool, which knows nothing of mien."""
    return shared_tool("measure")


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def paired(work: Callable[[], object], baseline: Callable[[], object], runs: int = 3) -> str:
    """Median ratio of `work` to `baseline` over alternating runs, with its range."""
    ratios, ours, theirs = [], [], []
    for _ in range(runs):
        theirs.append(seconds(baseline))
        ours.append(seconds(work))
        ratios.append(ours[-1] / theirs[-1])
    return (
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f});"
        f" {median(ours):.2f} s against {median(theirs):.2f} s, {runs} runs"
    )


def percentiles(seconds: Sequence[float]) -> str:
    """Median, 95th percentile and worst of times, in milliseconds."""
    ordered = sorted(seconds)
    middle, high = ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]
    return f"{1e3 * middle:.0f} ms, p95 {1e3 * high:.0f} ms, worst {1e3 * ordered[-1]:.0f} ms"
