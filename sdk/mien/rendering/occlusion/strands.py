"""Thin things in front of a face: strands of hair, cords, the tines of a fork.

They are too thin to be much, and so found by what they are together: lines of what the face does
not explain, thinner than anything wide that is in front, long, with the face on either side. Where
exactly they are is told by the plate's own pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np

from mien._types import AnyArray, BoolArray, ByteArray, FloatArray
from mien.rendering.occlusion.discs import around, dilated, eroded
from mien.rendering.occlusion.face_model import channel_mean, each_channel
from mien.rendering.occlusion.layout import FaceLayout

__all__ = ["Strands", "find_strands", "strands_in_plate"]

_WIDEST: Final = 4.0
"""Half the width of the widest strand, texels of a layout of the usual size."""
_STRONGEST: Final = 8.0
"""Deviations beyond which more says no more."""
_DIRECTIONS: Final = 12
"""Directions in half a turn in which lines are looked for."""
_LENGTH: Final = 9
"""Texels over which a line is gathered."""
_OVER: Final = 0.5
"""How much more than what is wide around it a line departs, at least."""
_GAP: Final = 15
"""Texels over which a line that breaks off goes on."""
_SEEN: Final = 7
"""Texels of a line that have to be seen on both sides of a gap."""
_RUN: Final = 0.06
"""Length over which a strand is straight somewhere, over the layout's side."""
_STRAIGHT: Final = 0.35
"""Part of a strand at least that is as straight; the grain of something wide is not."""
_BOTH_SIDES: Final = 0.5
"""How far most of a strand differs from both its sides, over how far from what is expected."""
_MOST: Final = 0.6
"""How much that is."""
_DARK: Final = 0.06
"""R'G'B' that is added before logarithms: in the dark they mean nothing."""
_TINT, _SHADE = 0.08, 0.45
"""Difference of log R'G'B', by colour and by brightness, from which a line is no fold of skin."""
_LIKE: Final = 0.3
"""How strong a line is, over the strongest, to belong to strands."""
_AMID: Final = 0.45
"""The same amid eyes, mouth and brows, and beside the face, which have lines of their own."""
_WEAK, _PEAK = 1.0, 2.2
"""Deviations of a line that may be a strand, and of one that has to be somewhere in it."""
_LONG: Final = 0.12
"""Length of a strand at least, over the layout's side: what is shorter is a wrinkle, or a lash."""
_SHORT: Final = 0.4
"""Part of that length that belongs to strands, where there are longer ones."""
_MASS: Final = 0.02
"""Least sum of strands' deviations, over the square of the layout's side."""
_HINT: Final = 0.25
"""Part of length and sum that is worth a closer look."""
_LIPS: Final = 1.6
"""How many times as strong a line has to be where eyes, mouth and brows have lines of their own."""

_WIDE: Final = 0.02
"""Half the width of the widest strand in a plate, over the face's size."""
_FAINT: Final = 0.035
"""Contrast of a strand in a plate, R'G'B' all channels together, from which it shows."""
_ACROSS: Final = 2
"""Pixels around one in which the strand's full contrast is looked for."""
_AROUND: Final = 0.05
"""How far around one strands are alike, over the face's size."""
_UNLIKE: Final = 0.4
"""Contrast of the weakest strand, over that of the strongest around it."""
_PART: Final = (0.3, 0.7)
"""Part of its full contrast from which a pixel shows a strand, and from which nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """Strands in front of a face.

    Attributes:
        mask: (S, S) the texels that may show them.
        between: (S, S) those between them, in line, where they can hardly be told from the face.
        conclusive: Whether they surely are in front.
    """

    mask: BoolArray
    between: BoolArray
    conclusive: bool

    @property
    def every(self) -> BoolArray:
        """(S, S) all of their texels."""
        return self.mask | self.between


def find_strands(
    picture: FloatArray,
    expected: FloatArray,
    strange: FloatArray,
    layout: FaceLayout,
    facing: FloatArray,
) -> Strands | None:
    """Return strands among what a face does not explain; None where none are.

    Args:
        picture: (S, S, 3) R'G'B'.
        expected: (S, S, 3) what the face looks like.
        strange: (S, S) deviations from what the face looks like.
        layout: The layout.
        facing: (S, S) 0..1, how well skin is seen.
    """
    strange = np.where(layout.known, np.minimum(strange, _STRONGEST), 0).astype(np.float32)
    # What is left of a picture that is opened is as wide as the disc everywhere.
    wide = _opened(strange, _WIDEST * layout.unit)
    thin = strange - wide
    weight = layout.core * (1 - layout.moving) * facing
    if not (thin * weight > _PEAK).any():
        return None
    lines, towards = _lines(thin)
    bar = _WEAK * (1 + (_LIPS - 1) * layout.moving)
    weak = (lines > bar) & (thin > bar / 2) & layout.known & (lines > _OVER * wide)
    joined, runs = _joined(weak, towards, 2 * int(_RUN * layout.size / 2) + 1)
    if not runs.any():
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        joined.astype(np.uint8), connectivity=8
    )
    area = layout.size**2
    # Most of the layout belongs to no line: what lines are is asked of their texels alone.
    texels = np.flatnonzero(joined)
    flat = np.asarray(labels).ravel()[texels]
    lying, seen = lines.ravel()[texels], weak.ravel()[texels]
    counting = weight.ravel()[texels] * seen
    counted = lying * counting

    def summed(values: AnyArray) -> FloatArray:
        return np.bincount(flat, values, count).astype(np.float32)

    strength = summed(counted) / np.maximum(summed(counting), 1)
    looks = (look.reshape(-1, 3).take(texels, axis=0) for look in (picture, expected))
    mass = summed(counted * _no_shade(*looks)) / area
    peak = np.zeros(count, dtype=bool)
    peak[np.unique(flat[counted > _PEAK])] = True
    peak[0] = False
    extent = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) / layout.size
    straight = summed(runs.ravel()[texels]) / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    apart = _on_both_sides(picture, expected, weak & joined, _WIDEST * layout.unit)
    sided = summed(apart.ravel()[texels] & seen) / np.maximum(summed(seen), 1)
    peak &= (straight > _STRAIGHT) & (sided > _MOST)
    long = peak & (extent > _LONG)
    if mass[peak & (extent > _HINT * _LONG)].sum() < _HINT * _MASS:
        return None
    conclusive = bool(mass[long].sum() > _MASS)
    strongest = strength[long].max(initial=0)
    chosen = peak & (extent > _SHORT * _LONG) & (strength > _LIKE * strongest)
    # What eyes and mouth do is nearly always weaker than what is in front of them.
    mask = np.zeros(strange.shape, dtype=bool)
    mask.ravel()[texels] = chosen[flat]
    mask &= lines > _AMID * strongest * np.where(layout.face, layout.moving, 1)
    mask &= cv2.dilate(runs.astype(np.uint8), np.ones((3, 3), dtype=np.uint8)) > 0
    return Strands(np.asarray(mask & weak), np.asarray(mask & ~weak), conclusive)


def strands_in_plate(
    rgb: FloatArray, near: FloatArray, between: FloatArray, hidden: FloatArray, size: float
) -> FloatArray:
    """Return how far pixels show strands, where these are known to be near.

    A strand is what stands out from the skin on either side and from what the face is expected to
    look like, both in the same direction; where it does by half as much as in its middle is its
    edge.

    Args:
        rgb: (h, w, 3) R'G'B' of the plate.
        near: (h, w) 0..1, where strands are, to a texel of the layout.
        between: (h, w) 0..1, where they go on though nothing is seen of them.
        hidden: (h, w, 3) what the face is expected to look like; negative where that is not known.
        size: Height or width of the face, whichever is larger, pixels.

    Returns:
        (h, w) float32, 0..1.
    """
    area = cv2.dilate((near > 0.3).astype(np.uint8), np.ones((3, 3), dtype=np.uint8)) > 0
    # A strand that has the skin's colour goes on all the same.
    shown = np.clip(3 * between - 1, 0, 1)
    radius, reach = max(2.0, _WIDE * size), int(_AROUND * size)
    # An opening looks as far as twice its disc's radius.
    part = around(area, max(2 * round(radius), reach, _ACROSS))
    if rgb[part].size:
        contrast = _contrast(rgb[part], hidden[part], radius)
        contrast *= area[part]
        strongest = dilated(contrast, _AROUND * size)
        strongest = cv2.blur(strongest, (2 * reach + 1, 2 * reach + 1))
        side = 2 * _ACROSS + 1
        full = cv2.dilate(contrast, np.ones((side, side), dtype=np.uint8))
        full = np.maximum(cv2.blur(full, (side, side)), np.maximum(_FAINT, _UNLIKE * strongest))
        low, high = _PART
        told = np.clip((contrast / full - low) / (high - low), 0, 1)
        shown[part] = np.maximum(shown[part], told)
    return np.asarray(cv2.morphologyEx(shown, cv2.MORPH_CLOSE, np.ones((3, 3), dtype=np.uint8)))


def _contrast(rgb: FloatArray, hidden: FloatArray, radius: float) -> FloatArray:
    """(h, w) how far pixels stand out from what is around, and from what is expected, both."""
    bright, dark = _standing_out(rgb, radius)
    known = each_channel(hidden[..., 0]) >= 0
    away = rgb - hidden
    np.minimum(bright, np.maximum(away, 0), out=bright, where=known)
    np.minimum(dark, np.maximum(-away, 0), out=dark, where=known)
    return _norm(np.maximum(bright, dark))


def _no_shade(picture: FloatArray, expected: FloatArray) -> FloatArray:
    """(N,) 0..1, how far colours (N, 3) differ by more than a fold's shade: in tint, or greatly."""
    logs = np.log((np.maximum(picture, 0) + _DARK) / (np.maximum(expected, 0) + _DARK))
    logs = logs[None]
    light = channel_mean(logs)
    tint = np.sqrt(channel_mean((logs - each_channel(light)) ** 2))
    return np.asarray(np.clip(np.maximum(tint / _TINT, np.abs(light) / _SHADE), 0, 1)[0])


def _on_both_sides(
    picture: FloatArray, expected: FloatArray, asked: BoolArray, radius: float
) -> BoolArray:
    """(S, S) whether texels have the face on either side, where that is asked.

    The edge of hair that is wide is no strand.
    """
    found = np.zeros(asked.shape, dtype=bool)
    # An opening looks as far as twice the disc's radius.
    part = around(asked, 2 * max(1, round(radius)))
    if picture[part].size:
        bright, dark = _standing_out(picture[part], radius)
        differs = _norm(picture[part] - expected[part])
        found[part] = _norm(np.maximum(bright, dark)) > _BOTH_SIDES * differs
    return found


def _standing_out(rgb: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
    """(h, w, 3) by how much what is thinner than a disc is brighter, and darker, than around."""
    return rgb - _opened(rgb, radius), eroded(dilated(rgb, radius), radius) - rgb


def _opened(picture: FloatArray, radius: float) -> FloatArray:
    """A picture without what is brighter than around and thinner than a disc."""
    return dilated(eroded(picture, radius), radius)


def _norm(rgb: FloatArray) -> FloatArray:
    """(h, w) of all channels (h, w, 3) together."""
    return np.asarray(np.sqrt(channel_mean(rgb**2) * np.float32(3)))


def _lines(values: FloatArray) -> tuple[FloatArray, ByteArray]:
    """(S, S) the most that values are, on average, along a line through each texel; and which."""
    found = np.zeros_like(values)
    towards = np.zeros(values.shape, dtype=np.uint8)
    for i, kernel in enumerate(_kernels()):
        line = kernel.astype(np.float32) / np.count_nonzero(kernel)
        here = cv2.filter2D(values, -1, line, borderType=cv2.BORDER_CONSTANT)
        np.copyto(towards, i, where=here > found)
        np.maximum(found, here, out=found)
    return found, towards


def _joined(mask: BoolArray, towards: ByteArray, length: int) -> tuple[BoolArray, BoolArray]:
    """A mask (S, S) with gaps closed between texels in line, and those of long straight lines."""
    joined, runs = mask.astype(np.uint8), np.zeros(mask.shape, dtype=np.uint8)
    kernels = (_kernels(size) for size in (_SEEN, _GAP, length, 2 * length + 1))
    exactly = [(towards == i).view(np.uint8) for i in range(_DIRECTIONS)]
    nearly = [joined & (exactly[i - 1] | exactly[i]) for i in range(_DIRECTIONS)]
    for i, (short, gap, long, wider) in enumerate(zip(*kernels, strict=True)):
        # Either of a direction and those beside it.
        along = nearly[i] | nearly[(i + 1) % _DIRECTIONS]
        # What lies across a line is never long.
        along = cv2.morphologyEx(along, cv2.MORPH_OPEN, short)
        if not cv2.countNonZero(along):
            continue
        closed = cv2.morphologyEx(along, cv2.MORPH_CLOSE, gap)
        np.maximum(joined, closed, out=joined)
        run = cv2.morphologyEx(closed, cv2.MORPH_OPEN, long)
        if not cv2.countNonZero(run):
            continue
        # Two long ones in line are one, with more between them than that.
        far = cv2.morphologyEx(run * exactly[i], cv2.MORPH_CLOSE, wider)
        np.maximum(joined, far, out=joined)
        np.maximum(runs, np.maximum(run, far), out=runs)
    return joined > 0, runs > 0


@cache
def _kernels(length: int = _LENGTH) -> tuple[ByteArray, ...]:
    """Lines (K, K) through the middle, one for each direction."""
    reach = length // 2
    along = np.linspace(-reach, reach, 2 * length - 1)
    kernels = []
    for i in range(_DIRECTIONS):
        turn = np.pi * i / _DIRECTIONS
        kernel = np.zeros((length, length), dtype=np.uint8)
        rows, columns = (
            np.round(reach + along * f).astype(int) for f in (np.sin(turn), np.cos(turn))
        )
        kernel[rows, columns] = 1
        kernels.append(kernel)
    return tuple(kernels)
