"""Settings of the reference renderer, with their limits and what they mean.

An option of the command line that is not named as its field has its own name as `option`.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, get_args

from mien.errors import UsageError
from mien.model.renderer_settings import RendererSettings, choices, number, switch

__all__ = [
    "TIERS",
    "Colour",
    "Precision",
    "ReferenceSettings",
    "Scheduler",
    "Tier",
    "of_tier",
    "settings_repr",
]

Scheduler = Literal["dpm++", "lcm"]
Colour = Literal["rgb", "bgr"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Tier = Literal["final", "preview"]

TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
_TIERED = ("steps", "guidance", "scheduler", "small_vae", "anchors", "smoothing")
"""Settings that a tier decides; the others are the shot's own."""
_LARGEST_SEED = 2**63 - 1
_LEAST_SIZE = 64
"""Pixels of a square whose coarsest latents are still one apiece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSettings(RendererSettings):
    """Settings of the reference renderer.

    Steps, guidance and the adapters' scales have the defaults of the published code.

    Raises:
        UsageError: When a value is of the wrong kind or outside its limits.
    """

    renderer: ClassVar[str] = "reference"

    steps: int = number(25, 1, 200, "Denoising steps.")
    guidance: float = number(
        3.0, 0, 30, "Classifier-free guidance; 1 or less turns it off and halves the work."
    )
    expression_scale: float = number(1.0, 0, 2, "How strongly the Expression Adapter speaks.")
    reference_scale: float = number(
        0.8, 0, 2, "Weight of the Reference Adapter: less follows the expression more freely,"
        " more copies the plate; 0 turns it off.",
    )  # fmt: skip
    seed: int = number(0, 0, _LARGEST_SEED, "Seed of the noise.")
    strength: float = number(
        0.0, 0, 1, "How far frames are noised before they are regenerated: 1 wholly, as the"
        " original; 0 chooses by how far the edit departs from the performance.",
    )  # fmt: skip
    batch: int = number(0, 0, 256, "Frames regenerated together; 0 chooses by memory.")
    size: int = number(
        0,
        0,
        1024,
        "Pixels along the side of the square that is regenerated, in eights; 0 for what the"
        " networks were trained at.",
    )
    scheduler: Scheduler = field(
        default="dpm++",
        metadata=choices(Scheduler, "DPM-Solver++, or LCM for four steps without guidance."),
    )
    colour: Colour = field(
        default="rgb",
        metadata=choices(
            Colour,
            "Colour order that SMIRK is fed: rgb as its authors do, bgr as the Arc2Face app does.",
        ),
    )
    precision: Precision = field(
        default="auto",
        metadata=choices(Precision, "Of the networks; auto is half precision on a GPU."),
    )
    compiled: bool = switch(
        "Let torch.compile make kernels for this machine: minutes before the first frame, kept for"
        " the next render; faster afterwards.",
        option="compile",
    )
    small_vae: bool = switch("Use the small VAE: quicker and coarser.")
    anchors: int = number(
        16, 0, 1000, "Every how many frames there is an anchor, a frame to whose appearance its"
        " neighbours refer too; 0 for none.",
    )  # fmt: skip
    anchor_weight: float = number(0.5, 0, 1, "How much anchors count beside the frame itself.")
    smoothing: int = number(
        6, 0, 30, "Frames to either side over which what is regenerated is smoothed in time."
    )
    latent_smoothing: int = number(
        0, 0, 30, "Frames to either side over which latents are smoothed before they are decoded."
    )
    shot_lora: str = field(
        default="",
        metadata={
            "help": "LoRA that `mien train-shot` made of this shot: its path.",
            "file": True,
        },
    )
    threads: int = number(
        0, 0, 1024, "Threads of the CPU that the networks compute with, the same in every worker:"
        " a sum's last bit depends on them. 0 for one a core of the machine that the job is given"
        " to, or what OMP_NUM_THREADS says.",
    )  # fmt: skip
    approximate: bool = switch(
        "Go on without SMIRK or without the FLAME 2020 head, by the best other way there is."
    )

    def check(self) -> None:
        """Refuse a size that the networks cannot take.

        Raises:
            UsageError: When it is one.
        """
        if self.size % 8 or 0 < self.size < _LEAST_SIZE:
            raise UsageError(
                f"size cannot be {self.size}.", f"It is a multiple of 8, {_LEAST_SIZE} or more."
            )

    def __repr__(self) -> str:
        return settings_repr(self)

    @classmethod
    def final(cls) -> ReferenceSettings:
        """Return the settings of a final render: those of the published code, steadied in time."""
        return cls()

    @classmethod
    def preview(cls) -> ReferenceSettings:
        """Return settings to look at an edit quickly: LCM in four steps, the small VAE."""
        return cls(steps=4, guidance=1.0, scheduler="lcm", small_vae=True, anchors=0, smoothing=2)

    @property
    def guided(self) -> bool:
        """Whether guidance is on, which takes two passes a step instead of one."""
        return self.guidance > 1

    def to_dict(self) -> dict[str, Any]:
        """Return all settings by name; called `to_mapping` now."""
        _warn_renamed("to_dict", "to_mapping")
        return self.to_mapping()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ReferenceSettings:
        """Make settings from values by name; called `from_mapping` now."""
        _warn_renamed("from_dict", "from_mapping")
        return cls.from_mapping(values)


def of_tier(tier: str, shot: ReferenceSettings | None = None) -> ReferenceSettings:
    """Return the settings of a tier, `final` or `preview`.

    Args:
        tier: Its name.
        shot: Settings of a shot, which stay where a tier says nothing: its LoRA, its seed, ...

    Raises:
        UsageError: When there is no tier of that name.
    """
    if tier not in TIERS:
        raise UsageError(
            f"There is no tier '{tier}'.", f"Choose one of {', '.join(TIERS)}.", choices=TIERS
        )
    settings = ReferenceSettings.preview() if tier == "preview" else ReferenceSettings.final()
    if shot is None:
        return settings
    return dataclasses.replace(shot, **{name: getattr(settings, name) for name in _TIERED})


def settings_repr(settings: Any) -> str:
    """Return the repr of settings: those that differ from their defaults.

    Args:
        settings: A dataclass of settings.
    """
    changed = [
        f"{setting.name}={value!r}"
        for setting in dataclasses.fields(settings)
        if (value := getattr(settings, setting.name)) != setting.default
    ]
    return f"{type(settings).__name__}({', '.join(changed)})"


def _warn_renamed(old: str, new: str) -> None:
    warnings.warn(f"ReferenceSettings.{old} is called {new} now.", DeprecationWarning, stacklevel=3)
