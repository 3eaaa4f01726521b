"""The layout in which rims of glasses hold still: a sheet before the eyes, rigid with the head.

Skin is kept in a layout that follows the expression (appearance/canonical.py). Rims do not follow
it; they go with the rigid head, so what holds still here and is thin may be a rim.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, FloatArray, IndexArray
from mien.face.pose import angles
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.controls import INDEX
from mien.model.face import Face
from mien.model.media import Orientation
from mien.rendering.geometry.features import clear_frames
from mien.rendering.geometry.topology import BROWS, EYES

__all__ = [
    "AROUND",
    "HEIGHT",
    "TEXEL",
    "WIDTH",
    "Sheet",
    "contrast",
    "eyes_in",
    "in_layout",
    "detection_frames",
]

WIDTH: Final = 288
"""Texels across the layout; its middle is between the eyes."""
HEIGHT: Final = 144
"""Texels down the layout."""
TEXEL: Final = 0.06
"""Size of a texel in cm."""
_BEFORE: Final = 2.0
"""How far the sheet stands before the corners of the eyes, cm."""
_WRAP: Final = 0.035
"""How it bends back towards the temples, 1/cm."""
_LOOKS: Final = 14
"""Frames that are looked at."""
_AHEAD: Final = 0.85
"""Part of the clear frames, those most nearly from the front, from which they are taken."""
_LITTLE: Final = 8.0
"""Degrees off the front that are no reason to leave a frame out."""
AROUND: Final = 0.72
"""Size of the neighbourhood that contrast refers to, cm (sigma)."""
_DARK: Final = 0.08
"""Part of full code that is added to its brightness: darker pictures hold noise."""
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_LIDS: Final = 0.25
"""How far around the openings of the eyes lids and lashes have lines of their own, cm."""
_BLINKS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_MARGIN: Final = 4
"""Pixels around the part of the plate that is read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The surface on which a face's rims lie.

    Attributes:
        middle: (3,) canonical position between the eyes.
    """

    middle: FloatArray

    @classmethod
    def of(cls, identity: FloatArray) -> Sheet:
        """Return the sheet of a neutral face (468, 3)."""
        corners = [index for eye in EYES.values() for index in (eye.upper[0], eye.upper[-1])]
        return cls(np.asarray(identity[corners].mean(axis=0), dtype=np.float32))

    def points(self, texels: FloatArray) -> FloatArray:
        """Return where texels (N, 2), x right and y down, lie in canonical space: (N, 3)."""
        x = (texels[:, 0] - (WIDTH - 1) / 2) * TEXEL
        y = ((HEIGHT - 1) / 2 - texels[:, 1]) * TEXEL
        z = _BEFORE - _WRAP * x**2
        return np.asarray(np.stack([x, y, z], axis=1) + self.middle, dtype=np.float32)

    def texels(self, points: FloatArray) -> FloatArray:
        """Return the texels (N, 2) straight before canonical points (N, 3)."""
        off = points[:, :2] - self.middle[:2]
        x = off[:, 0] / TEXEL + (WIDTH - 1) / 2
        y = (HEIGHT - 1) / 2 - off[:, 1] / TEXEL
        return np.asarray(np.stack([x, y], axis=1), dtype=np.float32)


def detection_frames(face: Face) -> IndexArray:
    """Return the frames in which glasses are looked for, ascending: spread over the shot.

    They are clear, and of those the ones that show the face most nearly from the front.
    """
    clear = np.flatnonzero(clear_frames(face))
    if len(clear) <= _LOOKS:
        return clear
    turned = np.linalg.norm(angles(face.curves.pose.rotation[clear])[:, :2], axis=1)
    ahead: BoolArray = turned <= max(float(np.quantile(turned, _AHEAD)), _LITTLE)
    kept = clear[ahead]
    if len(kept) < _LOOKS:
        kept = np.sort(clear[np.argsort(turned, kind="stable")[:_LOOKS]])
    # Every other one with the eyes as far closed as may be: then lids hide no rim.
    closed = face.curves.controls.array[:, _BLINKS].sum(axis=1)
    chosen = []
    for i, part in enumerate(np.array_split(kept, _LOOKS)):
        chosen.append(part[int(closed[part].argmax()) if i % 2 else len(part) // 2])
    return np.asarray(chosen)


def eyes_in(
    face: Face,
    orientation: Orientation,
    frame: int,
    box: Box,
    grow: float,
    *,
    brows: bool = False,
) -> FloatArray:
    """Return where the eyes are, with their lids, whose lines are none of glasses.

    Args:
        face: The face, seen in the frame.
        orientation: How its upright pixels lie in the coded picture.
        frame: Index of the frame.
        box: Part of the coded picture.
        grow: How far around the openings of the eyes, cm.
        brows: Whether brows are among them.

    Returns:
        (h, w) float32 of the box, 1 there and 0 elsewhere.
    """
    mask = np.zeros((box.height, box.width), dtype=np.uint8)
    corner = np.array([box.x0, box.y0])
    outlines = [*(eye.rim for eye in EYES.values()), *(BROWS if brows else ())]
    for outline in outlines:
        rim = to_coded(orientation, face.landmarks[frame, list(outline), :2]) - corner
        cv2.fillPoly(mask, [np.round(rim).astype(np.int32)], 1)
    side = 2 * round(grow * float(face.curves.pose.scale[frame])) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask, disc), dtype=np.float32)


def contrast(plate: Plate, box: Box, around: float) -> FloatArray:
    """Return how bright a part of a plate is, next to its neighbourhood: (h, w), 1 as bright.

    Args:
        plate: The plate.
        box: The part, inside it.
        around: Size of the neighbourhood in pixels (sigma).
    """
    luma = np.nan_to_num(plate.rgb(box) @ _LUMA, posinf=1.0, neginf=0.0)
    # A box blur thrice is nearly a Gaussian one, and costs the same at any size (Wells, 1986).
    side = 2 * max(1, round(around)) + 1
    mean = luma
    for _ in range(3):
        mean = cv2.blur(mean, (side, side), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(luma / (np.maximum(mean, 0) + _DARK), dtype=np.float32)


def in_layout(
    face: Face, sheet: Sheet, orientation: Orientation, frame: int, plate: Plate
) -> tuple[FloatArray, FloatArray] | None:
    """Return a frame's contrast, brought to the layout, and where eyes and brows are.

    Args:
        face: The face, seen in the frame.
        sheet: Where its rims lie.
        orientation: How its upright pixels lie in the coded picture.
        frame: Index of the frame.
        plate: Its plate.

    Returns:
        Twice (HEIGHT, WIDTH) float32; None when this part of the face is not in the picture.
    """
    pose = face.curves.pose
    points = to_coded(orientation, pose.project(frame, sheet.points(_every_texel())))
    # NumPy takes ten times as long for the least of every other number.
    x, y = np.ascontiguousarray(points.T)
    low = np.floor([x.min(), y.min()]).astype(int) - _MARGIN
    high = np.ceil([x.max(), y.max()]).astype(int) + _MARGIN + 1
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1])).clip(plate.width, plate.height)
    if min(box.width, box.height) < 2 * _MARGIN:
        return None
    unit = float(pose.scale[frame])
    picture = contrast(plate, box, AROUND * unit)
    # A face that is larger in the picture than in the layout would alias.
    if unit * TEXEL > 1:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.5 * unit * TEXEL))
    x, y = (x - box.x0).reshape(HEIGHT, WIDTH), (y - box.y0).reshape(HEIGHT, WIDTH)
    moving = eyes_in(face, orientation, frame, box, _LIDS)
    eyes = cv2.remap(moving, x, y, cv2.INTER_LINEAR)
    brought = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(brought, dtype=np.float32), np.asarray(eyes, dtype=np.float32)


@cache
def _every_texel() -> FloatArray:
    """(HEIGHT * WIDTH, 2) the layout's texels, row after row."""
    across, down = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return np.asarray(np.stack([across.ravel(), down.ravel()], axis=1), dtype=np.float32)
