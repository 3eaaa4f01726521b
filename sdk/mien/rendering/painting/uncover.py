"""A plate without what is in front of a face: what is moved is the face behind it.

Let O be what is in front, F the face behind it and a the matte. The plate shows a O + (1 - a) F,
and is to show a O + (1 - a) F', which is the plate plus (1 - a) (F' - F). So F is made up where
it is hidden, moved instead of the plate, and only what moving changes is put into the plate: its
own blur and colours stay at the edge of what is in front, and none of them is carried along.
"""

from __future__ import annotations

import dataclasses
from typing import Final, NamedTuple

import cv2
import numpy as np

from mien._types import BoolArray, ByteArray, FloatArray
from mien.media.planes import Box, Plate
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.base import Patch
from mien.rendering.geometry.fill import fill_holes
from mien.rendering.geometry.tone import grain, grain_level, per_channel
from mien.rendering.geometry.topology import OVAL
from mien.rendering.painting.hidden import FaceView, ShownFace, hidden_face
from mien.rendering.painting.shade import Shade, shade_between

__all__ = ["Uncovered", "covers", "keep_in_front", "uncovered"]

_CLEAR: Final = 0.02
"""Matte up to which a pixel shows the face alone."""
_REACH_PX: Final = 1.5
"""How far beyond its matte a thing in front may still show, pixels; chroma that pixels share
adds as much as it reaches."""
_RAMP_PX: Final = 2
"""Width over which what is made up runs into the plate."""
_RIM_CM: Final = 0.25
"""Width of the face's rim of which nothing is known: hair, and what is behind, may be in it."""
_EDGE_PX: Final = 1.0
"""Standard deviation of the blur of the face's outline where it is made up."""
_SLACK: Final = 0.03
"""R'G'B' by which a pixel of the face may be beyond what the plate and the moved face show."""
_MARGIN_CM: Final = 0.5
"""How far around what an edit moves colours are read, too."""
_AROUND_CM: Final = 0.8
"""Surroundings of a hole that are looked at, at least."""
_SMOOTH_CM: Final = 0.06
"""Pixels of the smaller picture in which surroundings are carried on."""


def covers(occlusion: FloatArray, view: FaceView, plate: Plate) -> bool:
    """Tell whether anything is in front where edits of a face move anything.

    Args:
        occlusion: (H, W) the matte of what is in front.
        view: The face.
        plate: The plate.
    """
    box = _moving_box(view, plate)
    part = occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return bool(part.size) and float(part.max()) > _CLEAR


class Uncovered(NamedTuple):
    """A plate without what is in front of a face.

    Attributes:
        plate: The plate; the very one that was given where nothing is in front.
        shade: The shade on the face that no other frame shows; None where none is known.
        occlusion: (H, W) the matte of what is in front; None where nothing is.
    """

    plate: Plate
    shade: Shade | None = None
    occlusion: FloatArray | None = None


def uncovered(
    plate: Plate, occlusion: FloatArray, view: FaceView, library: FaceLibrary
) -> Uncovered:
    """Return a plate in which what is in front of a face is replaced by what it hides.

    What is hidden is what the nearest frames of the shot show there, in this frame's light; where
    there are none the surroundings run on smoothly, those of the face inside its outline, and
    others beside it.

    Args:
        plate: The plate; not changed.
        occlusion: (H, W) the matte of what is in front.
        view: The face.
        library: The frames that show most of it, uncovered.
    """
    box = _moving_box(view, plate)
    hole = _Hole.of(occlusion[box.y0 : box.y1, box.x0 : box.x1], plate)
    box, hole = hole.with_surroundings(box, view)
    rgb = plate.rgb(box)
    face = _face_mask(view, box)
    rim = 2 * round(_RIM_CM * view.px_per_cm) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    seen = hole.weight == 0
    inside, beside = (
        np.asarray(seen & (cv2.erode(part, kernel) > 0), dtype=np.float32)
        for part in (face, 1 - face)
    )
    step = max(1, round(_SMOOTH_CM * view.px_per_cm))
    skin = fill_holes(rgb, inside, step)
    shown = hidden_face(view, box, library, rgb, skin, inside, hole.core)
    parts = []
    for known in (beside, inside):
        smooth = skin if known is inside else fill_holes(rgb, known, step)
        smooth = smooth + grain(known.shape, grain_level(rgb), view.frame)
        parts.append(smooth if shown is None else _joined(rgb, known, smooth, shown, step))
    # Where all of one side is hidden, the other has to do.
    soft = cv2.GaussianBlur(face.astype(np.float32), (0, 0), _EDGE_PX)
    soft = soft if inside.any() else np.zeros_like(soft)
    soft = soft if beside.any() else np.ones_like(soft)
    behind = parts[0] + per_channel(soft) * (parts[1] - parts[0])
    bare = plate.copy()
    if inside.any() or beside.any():
        bare.add(box, np.asarray(per_channel(hole.weight) * (behind - rgb), dtype=np.float32))
    if shown is None:
        return Uncovered(bare, None, occlusion)
    both = inside * shown.shown
    return Uncovered(bare, shade_between(rgb, shown.rgb, both, box, view.px_per_cm), occlusion)


def _joined(
    rgb: FloatArray, known: FloatArray, smooth: FloatArray, shown: ShownFace, step: int
) -> FloatArray:
    """(h, w, 3) what other frames show, in the plate's light, and smooth where they do not.

    As by Perez et al. (2003) a membrane is stretched over what both differ by around the hole.
    """
    light = fill_holes(rgb - shown.rgb, known * shown.shown, step)
    return smooth + per_channel(shown.shown) * (shown.rgb + light - smooth)


def keep_in_front(patch: Patch, plate: Plate, bare: Uncovered) -> Patch:
    """Return a patch of an uncovered plate as a patch of the plate itself.

    Where the plate is all face it is between what the plate and what the patch shows, however far
    what was made up is from the truth.

    Args:
        patch: The patch.
        plate: The plate.
        bare: The uncovered plate that the patch was made from.
    """
    box, front = patch.box, bare.occlusion
    if front is None or not patch.mask.size:
        return patch
    before = plate.rgb(box)
    rgb = patch.rgb + (before - bare.plate.rgb(box))
    # What is in front may be as bright as anything in the picture, and so may differ by as much.
    part = front[box.y0 : box.y1, box.x0 : box.x1]
    slack = per_channel(_SLACK + part * max(float(before.max()), 1.0))
    low, high = np.minimum(before, patch.rgb) - slack, np.maximum(before, patch.rgb) + slack
    rgb = np.minimum(np.maximum(rgb, low), high)
    return dataclasses.replace(patch, rgb=np.asarray(rgb, dtype=np.float32))


class _Hole(NamedTuple):
    """The part of a picture that has to be made up.

    Attributes:
        weight: (h, w) how far a pixel is made up, 0..1.
        core: (h, w) where nothing but what is in front is seen.
    """

    weight: FloatArray
    core: BoolArray

    @classmethod
    def of(cls, occlusion: FloatArray, plate: Plate) -> _Hole:
        """Return the hole that a matte (h, w) leaves in a part of a plate."""
        shared = (1 << max(plate.layout.shift_x, plate.layout.shift_y)) - 1
        reach = 2 * round(_REACH_PX + shared + _RAMP_PX / 2) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        grown = cv2.dilate((occlusion > _CLEAR).astype(np.float32), kernel)
        weight = cv2.blur(grown, (_RAMP_PX + 1, _RAMP_PX + 1))
        return cls(np.asarray(weight, dtype=np.float32), np.asarray(occlusion > 1 - _CLEAR))

    def with_surroundings(self, box: Box, view: FaceView) -> tuple[Box, _Hole]:
        """Return the part of a box in which the hole and its surroundings lie, and the hole."""
        rows, columns = (np.flatnonzero(self.weight.any(axis=axis)) for axis in (1, 0))
        margin = round(_AROUND_CM * view.px_per_cm) + (len(rows) + len(columns)) // 8
        top, bottom = max(int(rows[0]) - margin, 0), min(int(rows[-1]) + 1 + margin, box.height)
        left = max(int(columns[0]) - margin, 0)
        right = min(int(columns[-1]) + 1 + margin, box.width)
        area = slice(top, bottom), slice(left, right)
        part = Box(box.x0 + left, box.y0 + top, box.x0 + right, box.y0 + bottom)
        return part, _Hole(self.weight[area], self.core[area])


def _moving_box(view: FaceView, plate: Plate) -> Box:
    """The part of a plate in which edits of a face move anything."""
    if not len(view.moved):
        return Box(0, 0, 0, 0)
    margin = _MARGIN_CM * view.px_per_cm
    low, high = np.floor(view.moved.min(axis=0) - margin), np.ceil(view.moved.max(axis=0) + margin)
    box = Box(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)
    return box.clip(plate.width, plate.height)


def _face_mask(view: FaceView, box: Box) -> ByteArray:
    """(h, w) 1 inside a face's outline."""
    outline = view.points[list(OVAL)] - np.array([box.x0, box.y0], dtype=np.float32)
    mask = np.zeros((box.height, box.width), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return mask
