"""USD files read in a process of their own.

A damaged file can end the process that USD reads it in, and a small one can ask for any amount of
memory. Here neither reaches the program that opens it: a process with limits reads, and answers
with plain arrays.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.child_python import module_command
from mien.model.curve_file import CurveFile, FaceCurves
from mien.timebase import Clock, Timecode

__all__ = ["read_apart"]

_MEMORY = 4 << 30
"""Bytes of address space that reading may take."""
_SECONDS = 120
"""Seconds that reading may take."""
_ONE_THREAD = {
    "PXR_WORK_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}  # fmt: skip
"""Threads of many cores would take much of the address space, and none of the time away."""
_ANSWER, _REASON = "answer.npz", "reason.json"


def read_apart(path: Path) -> CurveFile:
    """Read a USD file as `usd_reading.read_stage` does, in a process with limits.

    Args:
        path: The file.

    Raises:
        ValueError: When it cannot be read, or only with more time or memory than there is.
    """
    with tempfile.TemporaryDirectory(prefix="mien-usd-") as folder:
        command = module_command(__name__, str(path.resolve()), folder)
        # What USD writes when it ends at a fault goes into the folder too.
        environment = os.environ | _ONE_THREAD | {"TMPDIR": folder, "PYTHONUTF8": "1"}
        try:
            subprocess.run(
                command, cwd=folder, env=environment, timeout=_SECONDS, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ValueError(f"it takes longer than {_SECONDS} seconds to read") from None
        reason = Path(folder) / _REASON
        if reason.is_file():
            raise ValueError(json.loads(reason.read_text()))
        answer = Path(folder) / _ANSWER
        if not answer.is_file():
            raise ValueError(f"it is damaged, or needs more than {_MEMORY >> 30} GiB of memory")
        with np.load(answer, allow_pickle=False) as arrays:
            return _unpacked(dict(arrays))


def _pack(curves: CurveFile) -> dict[str, npt.NDArray[Any]]:
    """Return a file as arrays; what is no array is JSON in one of them."""
    clock, arrays = curves.clock, {}
    assert clock is not None
    faces = []
    for index, face in enumerate(curves.faces):
        faces.append({"number": face.number, "name": face.name, "controls": list(face.controls)})
        arrays[f"{index} controls"] = np.array(list(face.controls.values()))
        arrays[f"{index} valid"] = face.valid
        for name in ("confidence", "region_confidence"):
            if (values := getattr(face, name)) is not None:
                arrays[f"{index} {name}"] = values
    facts = {
        "source": curves.source,
        "rate": str(clock.rate),
        "frames": clock.frame_count,
        "times": None if clock.times is None else list(map(str, clock.times)),
        "start": None if clock.start is None else str(clock.start),
        "faces": faces,
    }
    return arrays | {"facts": np.array(json.dumps(facts))}


def _unpacked(arrays: dict[str, npt.NDArray[Any]]) -> CurveFile:
    facts = json.loads(str(arrays["facts"]))
    rate, start, times = Fraction(facts["rate"]), facts["start"], facts["times"]
    clock = Clock(
        rate,
        facts["frames"],
        None if times is None else tuple(map(Fraction, times)),
        None if start is None else Timecode.parse(start, rate),
    )
    faces = tuple(
        FaceCurves(
            face["number"],
            dict(zip(face["controls"], arrays[f"{index} controls"], strict=True)),
            arrays[f"{index} valid"],
            name=face["name"],
            confidence=arrays.get(f"{index} confidence"),
            region_confidence=arrays.get(f"{index} region_confidence"),
        )
        for index, face in enumerate(facts["faces"])
    )
    return CurveFile(faces, clock, source=facts["source"])


def _answer(path: Path, folder: Path) -> None:
    """Read a file within limits, and leave the answer or the reason in a folder."""
    import resource

    from mien.io.curves.usd_reading import read_stage

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        arrays = _pack(read_stage(path))
    except MemoryError:
        return
    # Whatever goes wrong with somebody's file is a reason to refuse it.
    except Exception as error:  # noqa: BLE001
        text = str(error).strip() or type(error).__name__
        known = isinstance(error, ValueError | OSError)
        reason = text if known else f"{type(error).__name__}: {text}"
        (folder / _REASON).write_text(json.dumps(reason.rstrip(".")))
        return
    # The answer has its name when it is whole.
    part = folder / "part.npz"
    np.savez(part, **arrays)
    part.rename(folder / _ANSWER)


if __name__ == "__main__":
    _answer(Path(sys.argv[1]), Path(sys.argv[2]))
