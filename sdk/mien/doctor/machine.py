"""The machine: memory, room on the disks, GPUs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mien.doctor.check import Check
from mien.weights.store import models_folder

__all__ = ["check_machine", "gpus"]

_ROOM = 2 << 30
"""Free bytes below which a render of a long clip is likely to fail."""
_GPU_MEMORY = 6 << 10
"""MiB from which the reference renderer works on a GPU."""


def check_machine() -> Iterator[Check]:
    """Look at the machine; no GPU is touched but through its driver's own tool."""
    yield from _memory()
    yield _disk()
    yield _gpu()


@cache
def gpus() -> tuple[tuple[str, int, int], ...]:
    """Name, memory and free memory in MiB of every NVIDIA GPU, as the driver tells them."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
        rows = [line.rsplit(",", 2) for line in answer.stdout.splitlines() if line.strip()]
        return tuple((name.strip(), int(total), int(free)) for name, total, free in rows)
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def _memory() -> Iterator[Check]:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return  # Windows does not tell it this way
    yield Check("memory", "ok", f"{total / 2**30:.1f} GiB")


def _disk() -> Check:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    models = next(place for place in (models_folder(), *models_folder().parents) if place.exists())
    detail = f"{free / 2**30:.1f} GiB free in {folder}, "
    detail += f"{shutil.disk_usage(models).free / 2**30:.1f} GiB for models"
    if free < _ROOM:
        return Check("disk", "optional", detail, "Make room before long renders.")
    return Check("disk", "ok", detail)


def _gpu() -> Check:
    found = gpus()
    if not found:
        return Check("gpu", "optional", "none found; the embedded renderer needs none")
    detail = "; ".join(
        f"{name}, {total / 1024:.1f} GiB ({free / 1024:.1f} GiB free)"
        for name, total, free in found
    )
    if max(total for _, total, _ in found) < _GPU_MEMORY:
        return Check(
            "gpu", "optional", f"{detail}: less than the reference renderer works with.",
            f"It needs {_GPU_MEMORY // 1024} GiB; on the CPU it works, slowly.",
        )  # fmt: skip
    return Check("gpu", "ok", detail)
