"""A schematic face that wears an expression: lines for a tile of the palette; no Qt.

The face looks out of the picture, so the person's left is on the right. Coordinates run from 0
to 1, right and down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien._types import DoubleArray
from mien.model.lids import lids_closed

__all__ = ["Glyph", "glyph"]

_U = np.linspace(-1, 1, 9)
_ARCH = 1 - _U * _U


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """The lines of a face.

    Attributes:
        lines: (N, 2) polylines: brows, lids, creases of the nose.
        mouth: (N, 2) closed outline of the mouth.
        tongue: (N, 2) closed outline of the tongue; None inside the mouth.
        pupils: Where the pupils are, and how much of each the lids leave open, 0..1.
    """

    lines: tuple[DoubleArray, ...]
    mouth: DoubleArray
    tongue: DoubleArray | None
    pupils: tuple[tuple[float, float, float], ...]


def glyph(weights: Iterable[tuple[str, float]]) -> Glyph:
    """Return the face of an expression.

    Args:
        weights: Sided control names and their weights.
    """
    w = dict(weights)
    lines: list[DoubleArray] = []
    pupils = []
    for side, x in (("Right", 0.30), ("Left", 0.70)):
        out = 1 if side == "Left" else -1
        lines.append(_brow(w, side, x, out))
        upper, lower = _lids(w, side, x)
        lines += [upper, lower]
        open_ = float(np.clip((lower[4, 1] - upper[4, 1]) / 0.12, 0, 1))
        yaw, pitch = (w.get(f"gaze{axis}{side}", 0.0) for axis in ("Yaw", "Pitch"))
        pupils.append((x + yaw * 0.003, 0.42 - pitch * 0.003, open_))
        if sneer := w.get(f"noseSneer{side}", 0.0):
            top = 0.56 - 0.05 * sneer
            lines.append(np.array([(0.5 + out * 0.05, top), (0.5 + out * 0.1, 0.62)]))
    return Glyph(tuple(lines), _mouth(w), _tongue(w), tuple(pupils))


def _pair(w: dict[str, float], name: str) -> float:
    return (w.get(f"{name}Left", 0.0) + w.get(f"{name}Right", 0.0)) / 2


def _brow(w: dict[str, float], side: str, x: float, out: int) -> DoubleArray:
    inner, outer = w.get("browInnerUp", 0.0), w.get(f"browOuterUp{side}", 0.0)
    down = w.get(f"browDown{side}", 0.0)
    # From -1 at the nose to 1 at the temple.
    rise = np.interp(_U, (-1, 1), (inner - 1.3 * down, outer - 0.4 * down))
    y = 0.27 - 0.10 * rise - 0.025 * _ARCH
    return np.stack([x + out * 0.15 * _U, y], axis=1)


def _lids(w: dict[str, float], side: str, x: float) -> tuple[DoubleArray, DoubleArray]:
    blink, wide = float(lids_closed(w.get(f"eyeBlink{side}", 0.0))), w.get(f"eyeWide{side}", 0.0)
    squint = w.get(f"eyeSquint{side}", 0.0) + 0.5 * w.get(f"cheekSquint{side}", 0.0)
    upper = 0.06 * (1 + 0.7 * wide - 0.3 * squint) * (1 - blink) - 0.03 * blink
    lower = 0.05 * (1 + 0.3 * wide - 0.9 * min(squint, 1.0)) * (1 - blink) + 0.03 * blink
    xs = x + 0.12 * _U
    return (
        np.stack([xs, 0.42 - upper * _ARCH], axis=1),
        np.stack([xs, 0.42 + lower * _ARCH], axis=1),
    )


def _mouth(w: dict[str, float]) -> DoubleArray:
    jaw, close = w.get("jawOpen", 0.0), w.get("mouthClose", 0.0)
    pucker, funnel = w.get("mouthPucker", 0.0), w.get("mouthFunnel", 0.0)
    smile, stretch = _pair(w, "mouthSmile"), _pair(w, "mouthStretch")
    half = 0.17 * (1 + 0.35 * smile + 0.35 * stretch - 0.55 * pucker - 0.4 * funnel)
    shift = 0.06 * (w.get("mouthLeft", 0.0) - w.get("mouthRight", 0.0))
    lift = {}
    for side in ("Left", "Right"):
        up = w.get(f"mouthSmile{side}", 0.0) + 0.4 * w.get(f"mouthDimple{side}", 0.0)
        lift[side] = 0.10 * (up - w.get(f"mouthFrown{side}", 0.0))
    shrug = 0.03 * (w.get("mouthShrugLower", 0.0) + w.get("mouthShrugUpper", 0.0))
    y = 0.74 - np.interp(_U, (-1, 1), (lift["Right"], lift["Left"])) * _U * _U - shrug * _ARCH
    roll = w.get("mouthRollUpper", 0.0) + w.get("mouthRollLower", 0.0)
    thin = 1 - 0.35 * min(_pair(w, "mouthPress") + roll / 2, 1.0)
    lips = 0.014 * thin + 0.02 * (pucker + funnel)
    top = lips + 0.05 * _pair(w, "mouthUpperUp") + 0.04 * funnel
    bottom = lips + 0.18 * max(jaw - close, 0) + 0.05 * _pair(w, "mouthLowerDown") + 0.04 * funnel
    xs = 0.5 + shift + half * _U
    upper = np.stack([xs, y - top * _ARCH], axis=1)
    lower = np.stack([xs, y + bottom * _ARCH], axis=1)
    return np.concatenate([upper, lower[::-1]])


def _tongue(w: dict[str, float]) -> DoubleArray | None:
    out = w.get("tongueOut", 0.0)
    if out <= 0:
        return None
    turn = np.linspace(0, np.pi, 9)
    x, y = 0.5 + 0.06 * np.cos(turn), 0.76 + 0.12 * out * np.sin(turn)
    return np.asarray(np.stack([x, y], axis=1))
