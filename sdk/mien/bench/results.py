"""What the benchmark measures, pair by pair."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["FIGURES", "ClipQuality", "Figure", "PairQuality", "QualityResult", "mean_figures"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the benchmark.

    Attributes:
        name: Its key in JSON.
        title: The head of its column.
        digits: Digits behind the point.
        better: `more` or `less`.
        meaning: What it is, in a line.
    """

    name: str
    title: str
    digits: int
    better: str
    meaning: str


FIGURES: Final[tuple[Figure, ...]] = (
    Figure("psnr", "PSNR", 1, "more", "peak signal to noise ratio over the face, decibels"),
    Figure("ssim", "SSIM", 3, "more", "structural similarity of luma over the face"),
    Figure("perceptual", "LPIPS", 3, "less", "perceptual distance of the face"),
    Figure("identity", "CSIM", 3, "more", "similarity to the real frame as a person"),
    Figure("expression", "AED", 3, "less", "mean distance of expression coefficients"),
    Figure(
        "pose", "APD", 3, "less", "mean distance of the head's angles from the plate's, radians"
    ),
    Figure("gaze", "gaze", 1, "less", "angle between the looks of the eyes, degrees"),
    Figure("shape", "NME", 3, "less", "distance of landmarks over that of the eyes"),
    Figure("flicker", "tLP", 2, "less", "change to the next frame against the truth's, x 100"),
    Figure("outside", "outside", 0, "less", "pixels changed away from the face, in a frame"),
)
"""Every figure, in the order of the table."""

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class PairQuality:
    """What was measured of one pair of frames.

    Attributes:
        frame: Frame of the clip that was edited, of take A.
        truth: Frame of the clip that shows the truth, of take B.
        renderer: Name of the renderer, or `nothing`.
        values: Figures by name; None where one could not be measured.
        regions: Distance of landmarks by region of the face, over that of the eyes.
    """

    frame: int
    truth: int
    renderer: str
    values: Values
    regions: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "frame": self.frame, "truth": self.truth, "renderer": self.renderer,
            **_rounded(self.values), "regions": _rounded(self.regions),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class ClipQuality:
    """What was measured of a clip.

    Attributes:
        clip: Its name.
        face: Number of the face in it.
        face_name: Name of the face.
        frames: Frames that were used.
        cut: First frame of take B.
        pairs: What was measured, pair by pair and renderer by renderer.
        renderers: The renderers by their own names, `nothing` first.
        seconds: By renderer the seconds that its frames took, preparations included.
        notes: What is to be known of it, each once.
    """

    clip: str
    face: int
    face_name: str
    frames: int
    cut: int
    pairs: tuple[PairQuality, ...]
    renderers: tuple[str, ...]
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"ClipQuality({self.clip}, {self.count} pairs, {', '.join(self.renderers)})"

    @property
    def count(self) -> int:
        """Pairs of frames."""
        return len({pair.frame for pair in self.pairs})

    def means(self) -> dict[str, dict[str, float | None]]:
        """Return the mean of each figure by renderer."""
        return {
            name: mean_figures(pair.values for pair in self.pairs if pair.renderer == name)
            for name in self.renderers
        }

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "clip": self.clip,
            "face": self.face,
            "face_name": self.face_name,
            "frames": self.frames,
            "cut": self.cut,
            "means": {name: _rounded(values) for name, values in self.means().items()},
            "seconds": {name: round(spent, 2) for name, spent in self.seconds.items()},
            "pairs": [pair.to_dict() for pair in self.pairs],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, repr=False)
class QualityResult:
    """The outcome of the benchmark.

    Attributes:
        clips: What was measured, clip by clip.
        measured_by: By figure what it was measured with, or why it is left out.
        left_out: By clip why nothing was measured of it.
    """

    clips: tuple[ClipQuality, ...]
    measured_by: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"QualityResult({len(self.clips)} clips, {len(self.left_out)} left out)"

    def means(self) -> dict[str, dict[str, float | None]]:
        """Return the mean of each figure by renderer, every clip counting as much."""
        names = dict.fromkeys(name for clip in self.clips for name in clip.renderers)
        means = [clip.means() for clip in self.clips]
        return {
            name: mean_figures(values[name] for values in means if name in values) for name in names
        }

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "clips": [clip.to_dict() for clip in self.clips],
            "means": {name: _rounded(values) for name, values in self.means().items()},
            "measured_by": dict(self.measured_by),
            "left_out": dict(self.left_out),
            "figures": [dataclasses.asdict(figure) for figure in FIGURES],
        }


def mean_figures(rows: Iterable[Values]) -> dict[str, float | None]:
    """Return the mean of each figure over those rows that have it; None where none has."""
    every = list(rows)
    means: dict[str, float | None] = {}
    for figure in FIGURES:
        values = [value for row in every if (value := row.get(figure.name)) is not None]
        means[figure.name] = math.fsum(values) / len(values) if values else None
    return means


def _rounded(values: Values) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 5) for name, value in values.items()}
