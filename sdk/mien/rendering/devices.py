"""What heavy renderers run on."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any, Final, Literal

from mien.cores import core_count
from mien.errors import MissingDependencyError
from mien.model.settings import ReferenceSettings

__all__ = ["Device", "Precision", "accelerated", "pick_device", "with_threads"]

Precision = Literal["float32", "bfloat16", "float16"]
_MOST_THREADS: Final = 1024
"""As `ReferenceSettings` has it."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the precision that suits it.

    Attributes:
        kind: torch's name of it: `cuda`, `mps` or `cpu`.
        name: What its maker calls it.
        memory: Its bytes; 0 when not known.
        precision: `bfloat16`, `float16` or `float32`.
    """

    kind: str
    name: str
    memory: int
    precision: Precision

    @property
    def accelerated(self) -> bool:
        """Whether it is more than the CPU."""
        return self.kind != "cpu"


def pick_device(precision: Literal["auto"] | Precision = "auto") -> Device:
    """The best device of this machine.

    Args:
        precision: A precision, or `auto` for what suits the device.

    Raises:
        MissingDependencyError: When torch is not installed.
    """
    torch = _torch()
    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(0)
        best: Precision = "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
        found = Device("cuda", facts.name, facts.total_memory, best)
    elif torch.backends.mps.is_available():
        memory = int(torch.mps.recommended_max_memory())
        found = Device("mps", "Apple GPU", memory, "float16")
    else:
        found = Device("cpu", "CPU", 0, "float32")
    if precision == "auto":
        return found
    return Device(found.kind, found.name, found.memory, precision)


def with_threads(settings: ReferenceSettings) -> ReferenceSettings:
    """Settings that say with how many threads of the CPU networks compute.

    Whoever gives a job out asks once, and the number goes with the job: to workers that have
    other processors, other neighbours and other variables. It never depends on how many they are.

    Args:
        settings: Settings; where they leave it open, the number is that of OMP_NUM_THREADS, or
            else one thread a core of this machine.
    """
    if settings.threads:
        return settings
    said = os.environ.get("OMP_NUM_THREADS", "")
    wanted = int(said) if said.isdecimal() and int(said) else core_count()
    return dataclasses.replace(settings, threads=min(wanted, _MOST_THREADS))


def accelerated() -> bool:
    """Whether there is a GPU that torch can use; False without torch."""
    try:
        return pick_device().accelerated
    except MissingDependencyError:
        return False


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "The reference renderer needs torch, which is not installed.",
            'Install it with `pip install "mien[reference]"`.',
        ) from error
    return torch
