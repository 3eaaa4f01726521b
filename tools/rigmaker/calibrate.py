"""How much further than the real thing a face must be warped to be seen as asked.

Pixels that are moved keep their creases and shading, and a network that looks at them
believes less than it would of a face that makes the expression. So real frames are warped
by each field, the Face Landmarker looks at them again, and the field is emphasised until
what is seen rises by what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.interpolate import LinearNDInterpolator

from mien.model.controls import ARKIT, CONTROLS, INDEX
from rigmaker.author import BY_GEOMETRY, NO_SKIN
from rigmaker.topology import SKIN, Indices

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]
See = Callable[[Picture], "tuple[Array, Array] | None"]

CROP = 384
"""Side of the picture that is warped, pixels."""
MARGIN = 1.7
"""Half the picture over the distance of the outermost landmark from the middle."""
GRID = 96
ASK = 0.6
"""What is asked of a control on top of what the frame has."""
ROOM = 0.35
"""Frames with a higher score already have too little room to rise."""
ROUNDS = 2
STRONGEST = 1.6
"""No field is emphasised more, so that faces stay faces."""
LIMITS = {"jawOpen": 1.35, "browDownLeft": 1.3, "mouthFrownLeft": 1.3, "mouthFunnel": 1.4}
"""Tighter limits, by eye: beyond them brows fold over lids and lips leave the teeth."""
UNSEEN = 0.02
"""A control whose score rises by less is one that the network does not tell."""
TOGETHER = (("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),)
"""Controls that are one expression and are emphasised alike."""
ALONE = ("mouthLeft", "mouthRight", "jawLeft", "jawRight")
"""Opposites, not two sides of one control."""


@dataclass(frozen=True)
class Sample:
    """One frame to try fields on.

    Attributes:
        picture: (CROP, CROP, 3) the face.
        points: (468, 2) its landmarks in the picture.
        to_picture: (3, 2) canonical displacement @ this = displacement in the picture.
        scores: (52,) what the network sees in it.
    """

    picture: Picture
    points: Array
    to_picture: Array
    scores: Array


def sample(
    frame: Picture, landmarks: Array, mean: Array, stiffness: Array, see: See
) -> Sample | None:
    """Cut a face out of a frame and find its pose; None when it is not seen in the cut."""
    skin = landmarks[:SKIN] * [1, -1, -1]
    w = stiffness[:SKIN] / stiffness[:SKIN].sum()
    p, q = mean[:SKIN] - w @ mean[:SKIN], skin - w @ skin
    u, s, vt = np.linalg.svd((w[:, None] * q).T @ p)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    scale = (s * sign).sum() / (w[:, None] * p**2).sum()
    turn = (u * sign) @ vt

    middle = landmarks[:SKIN, :2].mean(axis=0)
    zoom = CROP / (2 * MARGIN * np.abs(landmarks[:SKIN, :2] - middle).max())
    offset = CROP / 2 - zoom * middle
    matrix = np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]]])
    flags = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    picture = cv2.warpAffine(
        frame, matrix, (CROP, CROP), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    seen = see(picture)
    if seen is None:
        return None
    return Sample(
        picture,
        landmarks[:SKIN, :2] * zoom + offset,
        zoom * scale * (turn[:2] * [[1], [-1]]).T,
        seen[1],
    )


def warp(face: Sample, displacement: Array, oval: Indices) -> Picture:
    """The picture with the skin displaced, (468, 3) canonical; piecewise linear."""
    move = displacement @ face.to_picture
    middle = face.points[oval].mean(axis=0)
    ring = middle + 1.45 * (face.points[oval] - middle)
    corners = np.array([[-1, -1], [CROP, -1], [-1, CROP], [CROP, CROP]])
    at = np.concatenate([face.points + move, ring, corners])
    moves = np.concatenate([move, np.zeros((len(ring) + 4, 2))])
    y, x = np.mgrid[0:GRID, 0:GRID] * (CROP - 1) / (GRID - 1)
    field = LinearNDInterpolator(at, moves, fill_value=0.0)(x, y).astype(np.float32)
    # Sample points of the coarse grid lie on the picture's corners; resize puts them in
    # the middle of cells, so the map is read at the matching place.
    place = np.arange(CROP, dtype=np.float32) * np.float32((GRID - 1) / (CROP - 1))
    grid_x, grid_y = np.meshgrid(place, place)
    dense = cv2.remap(field, grid_x, grid_y, cv2.INTER_LINEAR)
    full_y, full_x = np.mgrid[0:CROP, 0:CROP].astype(np.float32)
    return np.asarray(
        cv2.remap(
            face.picture,
            full_x - dense[..., 0],
            full_y - dense[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def response(
    samples: Sequence[Sample], rows: list[int], fields: Array, oval: Indices, see: See, ask: float
) -> Array:
    """(52,) mean change of every score when some controls are asked to rise together."""
    field = ask * fields[rows].sum(axis=0)
    changes = []
    for face in samples:
        if face.scores[rows].mean() > ROOM:
            continue
        seen = see(warp(face, field, oval))
        if seen is not None:
            changes.append(seen[1] - face.scores)
    return np.mean(changes, axis=0)


def emphasis(samples: Sequence[Sample], fields: Array, oval: Indices, see: See) -> Array:
    """Emphasise every field until what is seen rises by what is asked.

    Returns:
        (52,) factors, 1 where the network does not tell the control or geometry sets its
        scale.
    """
    found = np.ones(len(ARKIT))
    for names in _together():
        rows = [ARKIT.index(name) for name in names]
        gain = 1.0
        for _ in range(ROUNDS):
            change = response(samples, rows, gain * fields, oval, see, ASK)
            seen = float(change[rows].mean())
            others = float(np.abs(np.delete(change, rows)).mean())
            print(f"{names[0]:18} x {gain:.2f}: asked {ASK}, seen {seen:.2f}, others {others:.3f}")
            if seen < UNSEEN:
                gain = 1.0
                break
            gain = float(np.clip(gain * ASK / seen, 1.0, LIMITS.get(names[0], STRONGEST)))
        found[rows] = gain
    return found


def _together() -> list[tuple[str, ...]]:
    fixed = {*BY_GEOMETRY, *NO_SKIN, *(name for group in TOGETHER for name in group)}
    groups = list(TOGETHER)
    for name in ARKIT:
        mirror = CONTROLS[INDEX[name]].mirror
        if name in fixed:
            continue
        if name in ALONE or mirror == name:
            groups.append((name,))
        elif name.endswith("Left"):
            groups.append((name, mirror))
    return groups
