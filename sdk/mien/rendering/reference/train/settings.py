"""What a training on one shot may be told, with its limits and what it means."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from mien.errors import UsageError
from mien.model.renderer_settings import check_setting, choices, number
from mien.model.settings import Colour, settings_repr

__all__ = ["TrainSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """Settings of training a LoRA on one shot.

    Raises:
        UsageError: When a value is of the wrong kind or outside its limits.
    """

    steps: int = number(800, 1, 100_000, "Training steps.")
    rank: int = number(16, 1, 256, "Rank of the LoRA: what it can hold, and its size.")
    rate: float = number(1e-4, 1e-7, 1.0, "Learning rate, after a warm-up and before it decays.")
    resolution: int = number(
        512, 64, 1024, "Pixels of a face's side; less is quicker and needs less memory."
    )
    batch: int = number(2, 1, 64, "Frames a step.")
    frames: int = number(400, 4, 10_000, "Frames of the shot that are learned from, at most.")
    held_out: int = number(8, 2, 1000, "Every how many frames one is kept back, to check with.")
    sheet: int = number(4, 0, 32, "Held-out frames that the sheet shows, before and after.")
    reference_scale: float = number(
        0.8, 0, 2, "Weight of the Reference Adapter beside which the LoRA will be used."
    )
    seed: int = number(0, 0, 2**63 - 1, "Seed of everything that is drawn.")
    colour: Colour = field(
        default="rgb",
        metadata=choices(Colour, "Colour order that SMIRK is fed, as when rendering."),
    )

    def __post_init__(self) -> None:
        for setting in dataclasses.fields(self):
            check_setting(setting, getattr(self, setting.name))
        if self.resolution % 64:
            # Of the UNet's eight times finer latents, three levels are halved.
            raise UsageError(
                f"resolution cannot be {self.resolution}.", "It is a multiple of 64, as 256 or 512."
            )

    def __repr__(self) -> str:
        return settings_repr(self)

    def to_dict(self) -> dict[str, Any]:
        """Return what a training depends on, in JSON's types; the sheet is only looked at."""
        return {k: v for k, v in dataclasses.asdict(self).items() if k != "sheet"}
