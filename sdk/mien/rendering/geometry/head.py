"""Small turns of the head: the face turns in depth, hair, neck and background give way.

This is a second warp, laid over the picture in which the expression has been changed, so
that eyes and mouth need not know of it. It bends what surrounds the head; a few degrees
look right, more than `controls` allows do not.
"""

from __future__ import annotations

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.face.deform import head_motion
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.controls import HEAD, INDEX
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.base import Patch
from mien.rendering.geometry.field import Zone, dense, hold_inside, remap, window
from mien.rendering.geometry.topology import OVAL, still_mesh

__all__ = ["head_mesh", "head_turns", "turn_head"]

_HEAD = [INDEX[name] for name in HEAD]
_HAIR, _STILL = 1.3, 2.3
"""Times the outline's distance from the middle: where the hair still turns with the face,
and where all is still."""
_FOLLOW = 0.75
"""How far hair and neck follow the outline of the face."""
_CELL = 0.25
"""Cells of the field in cm."""
_CUT_CM = (-2.0, 0.5)
"""How deep in the picture, in cm, the outline of a face lies at least that does not turn any more,
and that turns as asked."""
_SEEN = 1 / 64, 0.25
"""Motion in pixels from which the picture is replaced, and from which wholly."""


def head_turns(source: FloatArray, target: FloatArray) -> FloatArray:
    """Return (3,) radians of yaw, pitch and roll from one set of controls to another."""
    return np.asarray(np.radians((target - source)[_HEAD]), dtype=np.float32)


def turn_head(
    face: Face,
    orientation: Orientation,
    frame: int,
    turns: FloatArray,
    plate: Plate,
    patch: Patch | None,
) -> Patch | None:
    """Turn the head in a picture.

    Args:
        face: The face.
        orientation: How its upright pixels lie in the coded picture.
        frame: Index of the frame.
        turns: (3,) yaw, pitch and roll in radians.
        plate: The plate.
        patch: What the expression has changed, None when nothing.

    Returns:
        A patch that holds both changes; None when the face is not in the picture.
    """
    unit = float(face.curves.pose.scale[frame])
    oval = to_coded(orientation, face.landmarks[frame, list(OVAL), :2])
    turns = turns * np.float32(_inside(oval / unit, plate.width / unit, plate.height / unit))
    points, motion = head_mesh(face, orientation, frame, turns)
    mesh = still_mesh()
    cell = max(1, round(_CELL * unit))
    canvas = Zone.around(points, 2 * cell, cell)
    box = Box(canvas.x0, canvas.y0, canvas.x0 + canvas.width, canvas.y0 + canvas.height)
    box = box.clip(plate.width, plate.height)
    if not box.width or not box.height:
        return None
    field = dense(canvas, points, motion, mesh)
    hold_inside(field, canvas, plate.width, plate.height)
    x, y = canvas.pixels()
    picture = plate.rgb(box)
    if patch is not None:
        _lay(patch, picture, box)
    rows = slice(box.y0 - canvas.y0, box.y1 - canvas.y0)
    columns = slice(box.x0 - canvas.x0, box.x1 - canvas.x0)
    moved = field[rows, columns]
    turned = remap(
        picture,
        np.ascontiguousarray(x[rows, columns] - box.x0 - moved[..., 0]),
        np.ascontiguousarray(y[rows, columns] - box.y0 - moved[..., 1]),
    )
    amount = np.maximum(np.abs(moved[..., 0]), np.abs(moved[..., 1]))
    mask = smoothstep(amount, *_SEEN) * window(box.height, box.width, 3)
    return Patch(box, turned, mask)


def head_mesh(
    face: Face, orientation: Orientation, frame: int, turns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return where a turned head's points lie, and how far they have moved.

    Args:
        face: The face.
        orientation: How its upright pixels lie in the coded picture.
        frame: Index of the frame.
        turns: (3,) yaw, pitch and roll in radians.

    Returns:
        (N, 2) coded pixels of the face's landmarks, of the hair around and of the still ring, and
        (N, 2) their motion.
    """
    pose = face.curves.pose
    upright = face.landmarks[frame, :SKIN, :2]
    moves = pose.displace(frame, head_motion(face.identity, face.identity, turns))
    oval = list(OVAL)
    middle = upright[oval].mean(axis=0)
    hair = middle + _HAIR * (upright[oval] - middle)
    still = middle + _STILL * (upright[oval] - middle)
    source = np.concatenate([upright, hair, still])
    motion = np.concatenate([moves, _FOLLOW * moves[oval], np.zeros_like(still)])
    points = to_coded(orientation, source + motion)
    return points, points - to_coded(orientation, source)


def _inside(outline: FloatArray, width: float, height: float) -> float:
    """How far a face (N, 2) may turn in a picture that it leaves, 0..1; all in cm.

    A head that turns at the picture's edge would have to bring in what lies beyond.
    """
    depth = np.minimum(outline, np.array([width, height], dtype=np.float32) - outline)
    return float(smoothstep(depth.min(), *_CUT_CM))


def _lay(patch: Patch, picture: FloatArray, box: Box) -> None:
    """Lay a patch into the picture (h, w, 3) of a box."""
    x0, y0 = max(patch.box.x0, box.x0), max(patch.box.y0, box.y0)
    x1, y1 = min(patch.box.x1, box.x1), min(patch.box.y1, box.y1)
    if x1 <= x0 or y1 <= y0:
        return
    here = picture[y0 - box.y0 : y1 - box.y0, x0 - box.x0 : x1 - box.x0]
    rows = slice(y0 - patch.box.y0, y1 - patch.box.y0)
    columns = slice(x0 - patch.box.x0, x1 - patch.box.x0)
    here += patch.mask[rows, columns, None] * (patch.rgb[rows, columns] - here)
