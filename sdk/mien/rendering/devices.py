"""What heavy renderers run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mien.errors import MissingDependencyError

__all__ = ["Device", "Precision", "accelerated", "pick_device"]

Precision = Literal["float32", "bfloat16", "float16"]


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
