"""How anybody's skin folds: soft creases along landmarks, each with the controls that make it.

The nasolabial fold deepens in a smile and in a sneer, brows that are lowered furrow the skin
between them, and so on (Ekman and Friesen, Facial Action Coding System, 1978). This is what a face
looks like of which no frame shows more; what a person's own frames say is learned on top of it. The
numbers are log R'G'B' as measured on people who smile and frown, taken by about half: folds grow
with age and in hard light, and a weak one is never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator

from mien._math import smoothstep
from mien._types import DoubleArray, FloatArray
from mien.face.rig import load_rig
from mien.model.controls import INDEX, sides
from mien.rendering.appearance.canonical import SIZE, skin_mask

__all__ = ["FoldMaps"]

_Place = tuple[int, int, float]
"""Two landmarks, and how far on the way from the first to the second."""

_NASOLABIAL: Final[tuple[_Place, ...]] = (
    (371, 371, 0.0), (423, 266, 0.45), (426, 425, 0.12), (436, 427, 0.12), (436, 432, 0.62),
)  # fmt: skip
"""From the wing of the nose, past the corner of the mouth."""
_BESIDE_NOSE: Final = _NASOLABIAL[:4]
_FROWN_LINE: Final[tuple[_Place, ...]] = (
    (9, 336, 0.4),
    (9, 285, 0.45),
    (8, 285, 0.45),
    (168, 417, 0.4),
)
"""Upright, between the brows."""
_CORNER_LINE: Final[tuple[_Place, ...]] = ((287, 432, 0.3), (273, 422, 0.6), (422, 430, 0.4))
"""Downwards from the corner of the mouth."""
_UNDER_EYE: Final[tuple[_Place, ...]] = (
    (452, 350, 0.45), (451, 349, 0.45), (450, 348, 0.45), (449, 347, 0.4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Crease:
    """A line on which the skin darkens.

    Attributes:
        path: The line, on the person's left half of the face.
        depth: Change of log R'G'B' on it, where the control is 1.
        inner: How softly it ends towards the middle of the face: a standard deviation, texels.
        outer: Likewise towards the outside.
    """

    path: tuple[_Place, ...]
    depth: float
    inner: float
    outer: float


@dataclass(frozen=True, slots=True)
class _Patch:
    """A part of the skin that comes into the light.

    Attributes:
        outline: Landmarks around it, on the person's left half.
        height: Change of log R'G'B' in it, where the control is 1.
        soft: Standard deviation of its edge, texels.
    """

    outline: tuple[int, ...]
    height: float
    soft: float


_CHIN: Final = (313, 406, 424, 431, 262, 428, 421)
_CHEEK: Final = (280, 266, 371, 330, 347)
_FOLDS: Final[dict[str, tuple[_Crease | _Patch, ...]]] = {
    "mouthSmile": (
        _Crease(_NASOLABIAL, -0.13, 6.5, 3.0),
        _Patch(_CHIN, 0.03, 5.0),
        _Patch(_CHEEK, 0.02, 5.0),
    ),
    "noseSneer": (_Crease(_BESIDE_NOSE, -0.08, 4.5, 3.0),),
    "mouthUpperUp": (_Crease(_BESIDE_NOSE, -0.05, 4.0, 3.0),),
    "mouthLowerDown": (_Crease(_NASOLABIAL, -0.05, 3.0, 3.0),),
    "mouthStretch": (_Crease(_NASOLABIAL, -0.05, 3.0, 3.0),),
    "mouthFrown": (_Crease(_CORNER_LINE, -0.06, 3.5, 3.5),),
    "browDown": (_Crease(_FROWN_LINE, -0.1, 2.5, 2.5),),
    "eyeSquint": (_Crease(_UNDER_EYE, -0.05, 2.5, 2.5),),
    "cheekSquint": (_Crease(_UNDER_EYE, -0.05, 2.5, 2.5), _Patch(_CHEEK, 0.02, 5.0)),
}
"""By control, what it folds on its side."""
_TINT: Final = 0.8, 1.05, 1.15
"""Parts of a change in R', G' and B': light that is caught in a fold comes back redder."""
_ENDS: Final = 0.15, 0.3
"""Parts of a line's length over which it begins and ends."""
_STEPS: Final = 96
"""Points on a line."""
_REACH: Final = 3.5
"""Standard deviations beyond which there is nothing of a line."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldMaps:
    """What each control that folds skin does to one person's face, in the canonical layout.

    Attributes:
        columns: The controls, K of them.
        maps: (K, SIZE, SIZE) change of log R'G'B' where a control is 1.
    """

    columns: tuple[int, ...]
    maps: FloatArray

    @classmethod
    def of(cls, layout: FloatArray) -> FoldMaps:
        """Return the folds of a face whose landmarks (468, 2) lie so in the layout, texels."""
        mask = skin_mask(layout)
        mirror = load_rig().mirror
        columns, maps = [], []
        for name, folds in _FOLDS.items():
            for side in sides(name) or ():
                left = side.endswith("Left")
                placed = layout if left else layout[mirror[: len(layout)]]
                columns.append(INDEX[side])
                maps.append(mask * sum(_drawn(fold, placed, left=left) for fold in folds))
        return cls(tuple(columns), np.asarray(maps, dtype=np.float32))

    def change(self, source: FloatArray, target: FloatArray, undone: float = 1.0) -> FloatArray:
        """Return (SIZE, SIZE, 3) by how much log R'G'B' changes.

        Args:
            source: (59,) controls before.
            target: (59,) controls after.
            undone: How far folds that go are taken away in this way.
        """
        more = self._more(source, target)
        grey = np.tensordot(np.where(more < 0, undone * more, more), self.maps, axes=1)
        tint = np.array(_TINT, dtype=np.float32)
        return np.asarray(grey[..., None].astype(np.float32) * tint, dtype=np.float32)

    def undone(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return (SIZE, SIZE) how far folds go where there may be some: 1 is wholly.

        Args:
            source: (59,) controls before.
            target: (59,) controls after.
        """
        less = np.maximum(-self._more(source, target), 0)
        deepest = np.maximum(-self.maps.min(axis=(1, 2)), 1e-6)
        going = np.tensordot(less / deepest, np.maximum(-self.maps, 0), axes=1)
        return np.asarray(np.minimum(going, 1), dtype=np.float32)

    def _more(self, source: FloatArray, target: FloatArray) -> FloatArray:
        columns = list(self.columns)
        more = np.clip(target[columns], 0, 1) - np.clip(source[columns], 0, 1)
        return np.asarray(more, dtype=np.float32)


def _drawn(fold: _Crease | _Patch, layout: FloatArray, *, left: bool) -> FloatArray:
    if isinstance(fold, _Patch):
        patch = np.zeros((SIZE, SIZE), dtype=np.float32)
        corners = np.round(layout[list(fold.outline)]).astype(np.int32)
        cv2.fillConvexPoly(patch, cv2.convexHull(corners), fold.height)
        return np.asarray(cv2.GaussianBlur(patch, (0, 0), fold.soft), dtype=np.float32)
    return _line(fold, _curve(fold.path, layout), left=left)


def _line(fold: _Crease, curve: DoubleArray, *, left: bool) -> FloatArray:
    """(SIZE, SIZE) the change along a curve, which runs down the face."""
    drawn = np.zeros((SIZE, SIZE), dtype=np.float32)
    reach = _REACH * max(fold.inner, fold.outer)
    low = np.clip(np.floor(curve.min(axis=0) - reach), 0, SIZE - 1).astype(int)
    high = np.clip(np.ceil(curve.max(axis=0) + reach), 0, SIZE - 1).astype(int)
    y, x = np.mgrid[low[1] : high[1] + 1, low[0] : high[0] + 1].astype(np.float64)
    away = np.hypot(x[..., None] - curve[:, 0], y[..., None] - curve[:, 1])
    nearest = away.argmin(axis=-1)
    heading = np.gradient(curve, axis=0)[nearest]
    beside = heading[..., 0] * (y - curve[nearest, 1]) - heading[..., 1] * (x - curve[nearest, 0])
    towards_middle = beside > 0 if left else beside < 0
    width = np.where(towards_middle, fold.inner, fold.outer)
    along = nearest / (_STEPS - 1)
    begin, end = _ENDS
    depth = fold.depth * smoothstep(along, 0.0, begin) * smoothstep(1 - along, 0.0, end)
    profile = depth * np.exp(-((away.min(axis=-1) / width) ** 2) / 2)
    drawn[low[1] : high[1] + 1, low[0] : high[0] + 1] = profile
    return drawn


def _curve(path: tuple[_Place, ...], layout: FloatArray) -> DoubleArray:
    """(_STEPS, 2) a smooth curve through places of the layout."""
    knots = np.array([layout[a] * (1 - way) + layout[b] * way for a, b, way in path], np.float64)
    length = np.append(0, np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1)))
    curve = PchipInterpolator(length, knots, axis=0)(np.linspace(0, length[-1], _STEPS))
    return np.asarray(curve, dtype=np.float64)
