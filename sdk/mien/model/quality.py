"""How well a movie is encoded: a level, or a figure of the encoder's own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, get_args

from mien.errors import UsageError

__all__ = ["QUALITY_LEVELS", "Quality", "QualityLevel", "parse_bitrate", "parse_crf"]

QualityLevel = Literal["lossless", "visually-lossless", "small"]
"""`lossless`: every code value is kept. `visually-lossless`: no difference is seen, about the
source's size. `small`: for looking and sending, well below the source's size."""
QUALITY_LEVELS: Final[tuple[QualityLevel, ...]] = get_args(QualityLevel)
_BITRATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]?)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_BITRATES: Final = (10_000, 10_000_000_000)
"""The lowest and the highest bits a second; below and above are slips of the unit."""
_LARGEST_CRF: Final = 63
"""Of all encoders; each has a range of its own."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of a movie's encoding: a level, a CRF or a bit rate, and the encoder's preset.

    At most one of `level`, `crf` and `bitrate` is said. What is made before encoding does not
    depend on any of them.

    Attributes:
        level: `lossless`, `visually-lossless` or `small`; None for `visually-lossless`.
        crf: Constant rate factor: lower is better and larger. Each codec has its own scale.
        bitrate: Bits a second on average; also as text, `20M` or `800k`.
        preset: How long the encoder tries to make the file small, in its own words: `slow`, or
            a number. None for mien's choice.

    Raises:
        UsageError: When two of them contradict each other, or a value cannot be meant.
    """

    level: QualityLevel | None = None
    crf: float | None = None
    bitrate: int | None = None
    preset: str | None = None

    def __post_init__(self) -> None:
        if self.level is not None and self.level not in QUALITY_LEVELS:
            raise UsageError(
                f"There is no quality '{self.level}'.",
                f"Choose one of {', '.join(QUALITY_LEVELS)}.",
                choices=QUALITY_LEVELS,
            )
        said = [name for name in ("level", "crf", "bitrate") if getattr(self, name) is not None]
        if len(said) > 1:
            first, second = ("quality" if name == "level" else name for name in said[:2])
            raise UsageError(
                f"{first} and {second} both say how good the output is.", "Leave one of them out."
            )
        if self.crf is not None:
            object.__setattr__(self, "crf", parse_crf(self.crf))
        if self.bitrate is not None:
            object.__setattr__(self, "bitrate", parse_bitrate(self.bitrate))
        if self.preset is not None:
            object.__setattr__(self, "preset", str(self.preset).strip())
            if not self.preset:
                raise UsageError("The preset is empty.", "Name one, or leave it out.")

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"Quality({said})"

    @classmethod
    def of(
        cls, value: Quality | str | Mapping[str, Any] | None, *, lossless: bool = False
    ) -> Quality:
        """Return a quality that is given in any of the ways in which one can be.

        Args:
            value: A quality, the name of a level, or fields by name; None for the default.
            lossless: Whether it is to be lossless, whatever it says.

        Raises:
            UsageError: When there is no such level or field, or it contradicts `lossless`.
        """
        if isinstance(value, str):
            value = cls(level=value)  # type: ignore[arg-type]
        elif isinstance(value, Mapping):
            unknown = sorted(set(value) - {one.name for one in fields(cls)})
            if unknown:
                raise UsageError(
                    f"A quality has no '{unknown[0]}'.",
                    f"It has {', '.join(one.name for one in fields(cls))}.",
                )
            value = cls(**value)
        value = value or cls()
        if not lossless or value.lossless:
            return value
        for name in ("level", "crf", "bitrate"):
            if getattr(value, name) is not None:
                given = getattr(value, name)
                asked = f"{name} {given:g}" if name == "crf" else f"{name} {given}"
                asked = str(given) if name == "level" else asked
                raise UsageError(
                    f"The output is to be lossless, and {asked} is not.", "Leave one of them out."
                )
        return replace(value, level="lossless")

    @property
    def lossless(self) -> bool:
        """Whether every code value is to be kept."""
        return self.level == "lossless"

    def on(self, general: Quality) -> Quality:
        """Return this quality; what it leaves open is that of a more general one."""
        if all(value is None for value in (self.level, self.crf, self.bitrate)):
            return replace(general, preset=self.preset or general.preset)
        return replace(self, preset=self.preset or general.preset)

    def to_dict(self) -> dict[str, Any]:
        """Return what is said, by name, in JSON's types."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in said.items() if value is not None}


def parse_crf(value: object) -> float:
    """Read a constant rate factor.

    Raises:
        UsageError: When it is no number, or one that no encoder takes.
    """
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not 0 <= number <= _LARGEST_CRF:
        raise UsageError(
            f"crf {value} cannot be meant.",
            f"It is a number from 0 to {_LARGEST_CRF}, lower is better; around 18 for H.264.",
        )
    return number


def parse_bitrate(value: object) -> int:
    """Read a bit rate: a number of bits a second, or text such as `20M`, `2.5M` or `800k`.

    Raises:
        UsageError: When it cannot be read, or nothing is encoded at such a rate.
    """
    match = None if isinstance(value, bool) else _BITRATE.fullmatch(str(value).strip())
    if match is None:
        raise UsageError(
            f"bitrate '{value}' cannot be read.", "Write bits a second, as 20M, 2.5M or 800k."
        )
    bits = round(float(match[1]) * _UNITS[match[2].lower()])
    low, high = _BITRATES
    if not low <= bits <= high:
        raise UsageError(
            f"bitrate {value} cannot be meant: it is {bits} bits a second.",
            "It is from 10k to 10G; write 20M for 20 megabits.",
        )
    return bits
