"""What a mouth does for each phone: where jaw and lips go, and how much they insist on it.

The shapes are mien's visemes; here stands which phone takes which, and how it deals with its
neighbours, as phonetics tells it: lips must meet for P, B and M whatever is around them, the lower
lip must touch the teeth for F and V, teeth come together for sibilants, rounding begins early, and
sounds that the tongue makes alone leave the lips to their neighbours (Cohen and Massaro 1993,
"Modeling coarticulation in synthetic visual speech"; Edwards et al. 2016, "JALI: an
animator-centric viseme model for expressive lip synchronization").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mien.model.controls import INDEX, sides
from mien.model.presets import PRESETS
from mien.model.speech import Phone

__all__ = [
    "BREATH",
    "JAW",
    "LIPS",
    "MOUTH",
    "ROUNDING",
    "Articulation",
    "Shape",
    "articulation",
]


def _both(*names: str) -> tuple[str, ...]:
    return tuple(side for name in names for side in sides(name) or ())


JAW: Final = ("jawOpen",)
ROUNDING: Final = ("mouthFunnel", "mouthPucker")
LIPS: Final = (
    *ROUNDING,
    *_both(
        "mouthClose", "mouthLowerDown", "mouthPress", "mouthRollLower", "mouthRollUpper",
        "mouthStretch", "mouthUpperUp",
    ),
)  # fmt: skip
MOUTH: Final = (*JAW, *LIPS, "tongueOut")
"""Controls that speech drives; smiles, frowns, cheeks and all above them stay the actor's."""

Shape = dict[str, float]
"""Values of controls in `MOUTH`; those that are not named are 0."""


@dataclass(frozen=True, slots=True)
class Articulation:
    """How a phone is made.

    Attributes:
        viseme: Name of the shape, one of mien's visemes.
        glide: The shape to which it glides, of diphthongs; empty for others.
        jaw: How much the jaw insists on it, beside neighbours that insist by 1.
        lips: How much the lips do.
        shut: Whether the lips meet.
        bite: Whether the lower lip touches the upper teeth.
        narrow: The most that the jaw opens for it, where teeth come together; None without.
    """

    viseme: str
    glide: str = ""
    jaw: float = 1.0
    lips: float = 1.0
    shut: bool = False
    bite: bool = False
    narrow: float | None = None

    @property
    def is_rounded(self) -> bool:
        """Whether the lips are rounded for it."""
        return any(_SHAPES[name].get(ROUNDING[1], 0) >= _ROUNDED for name in self.shapes)

    @property
    def shapes(self) -> tuple[str, ...]:
        """The shape, and the one to which it glides."""
        return (self.viseme, self.glide) if self.glide else (self.viseme,)

    def shape(self, late: bool = False) -> Shape:
        """Return where jaw and lips go; the second half of a glide when `late`."""
        return _SHAPES[self.glide if late and self.glide else self.viseme]


_ROUNDED: Final = 0.2


_PARTED: Final[dict[str, Shape]] = {
    "PP": {"mouthPress": -0.25, "mouthRollUpper": -0.25, "mouthRollLower": -0.25},
    "SS": {"mouthLowerDown": 0.25, "mouthUpperUp": 0.2},
    "CH": {"mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
    "nn": {"mouthUpperUp": 0.1},
    "ih": {"mouthLowerDown": 0.2, "mouthUpperUp": 0.1, "jawOpen": 0.05},
    "E": {"mouthLowerDown": 0.1, "mouthUpperUp": 0.05},
}
"""By how much lips part further in speech than in the shape alone: between closed teeth they show
them, and are nearly as far apart for consonants as for vowels. They meet without being pressed."""
BREATH: Final[Shape] = {
    "jawOpen": 0.12, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2,
    "mouthUpperUpLeft": 0.05, "mouthUpperUpRight": 0.05,
}  # fmt: skip
"""A mouth between two phrases: it does not shut in so short a time, and breathes."""


def _shape(viseme: str) -> Shape:
    """Values of a viseme; what it smiles is spread lips, since smiles are the actor's."""
    values: Shape = {}
    for control, weight in _PARTED.get(viseme, {}).items():
        values.update(dict.fromkeys(sides(control) or (), weight))
    for name, weight in PRESETS[viseme].weights:
        if name.startswith("mouthSmile"):
            name = name.replace("Smile", "Stretch")
        values[name] = values.get(name, 0.0) + weight
    return {name: value for name, value in values.items() if name in MOUTH}


_SHAPES: Final[dict[str, Shape]] = {
    name: _shape(name) for name, preset in PRESETS.items() if preset.kind == "viseme"
}

_TONGUE: Final = 0.25
"""How much the lips insist on sounds that the tongue makes alone."""
_TABLE: Final[dict[str, Articulation]] = {
    **dict.fromkeys(("P", "B", "M"), Articulation("PP", jaw=1.5, lips=3.0, shut=True)),
    **dict.fromkeys(("F", "V"), Articulation("FF", jaw=1.2, lips=2.5, bite=True)),
    **dict.fromkeys(("TH", "DH"), Articulation("TH", jaw=0.8, lips=_TONGUE * 2)),
    **dict.fromkeys(("T", "D"), Articulation("DD", jaw=0.7, lips=_TONGUE)),
    **dict.fromkeys(("N", "L"), Articulation("nn", jaw=0.6, lips=_TONGUE)),
    **dict.fromkeys(("K", "G", "NG"), Articulation("kk", jaw=0.5, lips=_TONGUE)),
    "HH": Articulation("kk", jaw=0.15, lips=0.1),
    **dict.fromkeys(("S", "Z"), Articulation("SS", jaw=1.5, lips=0.8, narrow=0.1)),
    **dict.fromkeys(("SH", "ZH", "CH", "JH"), Articulation("CH", jaw=1.5, lips=1.5, narrow=0.12)),
    "R": Articulation("RR", jaw=0.6, lips=0.8),
    "ER": Articulation("RR", jaw=0.9, lips=1.0),
    "W": Articulation("ou", jaw=1.0, lips=2.0),
    "Y": Articulation("ih", jaw=0.8, lips=0.8),
    "AA": Articulation("aa"),
    "AE": Articulation("aa"),
    "AH": Articulation("E", jaw=0.7, lips=0.5),
    "AY": Articulation("aa", "ih"),
    "AW": Articulation("aa", "ou"),
    "AO": Articulation("oh"),
    "OW": Articulation("oh", "ou"),
    "OY": Articulation("oh", "ih"),
    "EH": Articulation("E"),
    "EY": Articulation("E", "ih"),
    "IH": Articulation("ih", jaw=0.8, lips=0.8),
    "IY": Articulation("ih"),
    "UH": Articulation("ou", jaw=0.9, lips=0.7),
    "UW": Articulation("ou", lips=1.5),
    "SIL": Articulation("sil", jaw=0.6, lips=0.6),
}


_BY_VISEME: Final = {made.viseme: made for made in _TABLE.values() if not made.glide} | {
    "aa": _TABLE["AA"]
}
"""How a shape is made that is asked for by name."""


def articulation(phone: Phone) -> Articulation:
    """Return how a phone is made, or the shape that stands for it."""
    return _BY_VISEME[phone.viseme] if phone.viseme else _TABLE[phone.name]


assert all(name in INDEX for name in MOUTH)
