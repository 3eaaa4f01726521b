"""What other frames of the shot know about this mouth: its teeth, and its inside.

Chosen once, before anything is rendered, from the whole shot: so the inside of a mouth does
not change from frame to frame, and does not depend on the order in which frames are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Box
from mien.model.controls import CONTROLS
from mien.model.face import Face
from mien.rendering.base import FacePlan, PlateSource
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.mouth import Cavity, cavity_of, depth_shown, profile
from mien.rendering.geometry.tone import luma, softness
from mien.rendering.geometry.topology import LIPS, SKIN_SAMPLES

__all__ = ["Exemplar", "MouthAppearance", "scan_shot", "scan_mouth", "moves_mouth", "samples"]

_LOOKS = 6
"""Frames of a shot that are decoded to look into the mouth."""
_OPEN = 0.25
"""Height of the opening, in cm, from which a frame can show teeth."""
_INSIDE = 0.6
"""Height from which it shows an inside worth carrying to other frames."""
_TURN = 12.0
"""Degrees of head turn within which an inside fits another frame."""
_TRIES, _APART = 4, 4
"""Frames tried for an inside, and how far apart they are."""
_DEEP = 0.5
"""How far a look must show the dark between the teeth."""
_SHARP = 1.4
"""A look is sharp when it is no softer than the sharpest one, times this."""
_SKEW = 0.3
"""How unequal an opening's halves may be, as a part of its height, for half the price."""
_SPEED = 0.35
"""How fast lips may move, in cm a frame, for the frame to be a good look at them."""
_TEETH, _TEETH_MOST = 0.22, 0.75
"""Upper teeth below the resting line, in cm: when nothing is known, and the most."""
_BRIGHT, _DROP = 0.55, 0.62
"""Teeth are at least this bright against the skin; at their edge brightness drops so far."""
_MOUTH = [i for i, control in enumerate(CONTROLS) if control.region in ("jaw", "mouth", "tongue")]


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """An open mouth from another frame.

    Attributes:
        picture: (h, w, 3) R'G'B' around the mouth.
        corner: (2,) coded pixel of its first pixel.
        cavity: Its geometry.
        skin: (3,) the colour of the skin in that frame.
        softness: Standard deviation of its blur, cm.
        yaw: Turn of the head, degrees.
    """

    picture: FloatArray
    corner: FloatArray
    cavity: Cavity
    skin: FloatArray
    softness: float
    yaw: float


@dataclass(frozen=True, slots=True, eq=False)
class MouthAppearance:
    """What is known of one face's mouth in a shot.

    Attributes:
        teeth: How far the upper front teeth reach below the resting line, cm.
        sections: First frame of every section between cuts.
        exemplars: An open mouth for every section, None where none fits.
    """

    teeth: float = _TEETH
    sections: tuple[int, ...] = (0,)
    exemplars: tuple[Exemplar | None, ...] = (None,)

    def exemplar(self, frame: int) -> Exemplar | None:
        """The open mouth of the section that a frame is in."""
        return self.exemplars[int(np.searchsorted(self.sections, frame, side="right")) - 1]


def moves_mouth(plan: FacePlan) -> bool:
    """Whether an edit asks anything of the mouth, anywhere in the shot."""
    return bool(plan.evaluated.delta[:, _MOUTH].any())


def scan_shot(
    plan: FacePlan, deformer: FaceDeformer, source: PlateSource, cuts: Sequence[int]
) -> MouthAppearance:
    """Look for a face's teeth and open mouths in the shot, if an edit moves its mouth.

    Args:
        plan: The face and its edit.
        deformer: Its motion.
        source: The shot's plates.
        cuts: First frames of new sections.
    """
    if not moves_mouth(plan):
        return MouthAppearance()
    return scan_mouth(plan.face, deformer, source, cuts)


def scan_mouth(
    face: Face, deformer: FaceDeformer, source: PlateSource, cuts: Sequence[int]
) -> MouthAppearance:
    """Look for a face's teeth and open mouths in the shot, whatever is asked of it.

    Args:
        face: The face.
        deformer: Its motion.
        source: The shot's plates.
        cuts: First frames of new sections.
    """
    gaps, skew = _openings(face)
    yaw, speed = _yaw(face), _speed(face)
    sections = (0, *cuts)
    looks = [_look(face, deformer, source, frame) for frame in _spread_out(gaps)]
    teeth = _teeth([look for look in looks if look is not None])
    found = []
    for start, stop in zip(sections, (*cuts, len(gaps)), strict=True):
        place = slice(start, stop)
        tries = _best(gaps[place], yaw[place], speed[place], skew[place])
        found.append(_good([_look(face, deformer, source, start + i) for i in tries], teeth))
    return MouthAppearance(teeth, sections, tuple(found))


def _best(gaps: FloatArray, yaw: FloatArray, speed: FloatArray, skew: FloatArray) -> list[int]:
    """A few frames of a section whose open mouth could serve all others, best first.

    The choice looks at the section alone, not at the edit: parts of a shot that are
    rendered apart must choose alike.
    """
    seen = gaps >= 0
    if not seen.any():
        return []
    turn = np.abs(yaw - np.median(yaw[seen]))
    # An inside may be drawn out a little, but cutting from a larger one is better.
    cost = -2 * np.log(np.maximum(gaps, 1e-3))
    cost = cost + turn / _TURN + speed / _SPEED + 0.5 * skew / _SKEW
    cost = np.where((gaps >= _INSIDE) & (turn < _TURN) & (speed < _SPEED), cost, np.inf)
    chosen: list[int] = []
    while len(chosen) < _TRIES and np.isfinite(cost).any():
        best = int(np.argmin(cost))
        chosen.append(best)
        cost[max(0, best - _APART) : best + _APART + 1] = np.inf
    return chosen


def _good(looks: Sequence[Exemplar | None], teeth: float) -> Exemplar | None:
    """The first look that is sharp and shows the dark between the teeth.

    Clenched teeth open no mouth.
    """
    deep = [
        look
        for look in looks
        if look is not None and depth_shown(look.picture, look.corner, look.cavity) > _DEEP
    ]
    if not deep:
        return None
    sharp = _SHARP * min(look.softness for look in deep)
    best = next(look for look in deep if look.softness <= sharp)
    return replace(best, cavity=replace(best.cavity, teeth=teeth))


def _openings(face: Face) -> tuple[FloatArray, FloatArray]:
    """Height (T,) of the mouth's opening in every frame, cm, and how unequal its halves are.

    The height is -1 where the face is not seen.
    """
    middle = len(LIPS.upper) // 2
    near = [middle - 2, middle, middle + 2]
    upper = face.landmarks[:, [LIPS.upper[i] for i in near], :2]
    lower = face.landmarks[:, [LIPS.lower[i] for i in near], :2]
    scale = np.maximum(face.curves.pose.scale, 1e-6)
    gaps = np.linalg.norm(upper - lower, axis=2) / scale[:, None]
    seen = face.valid & np.isfinite(gaps).all(axis=1)
    gaps = np.where(seen[:, None], gaps, -1).astype(np.float32)
    skew = np.abs(gaps[:, 0] - gaps[:, 2]) / np.maximum(gaps[:, 1], 0.1)
    return gaps[:, 1], skew.astype(np.float32)


def _yaw(face: Face) -> FloatArray:
    """(T,) turn of the head in degrees."""
    forward = face.curves.pose.rotation[:, :, 2]
    yaw = np.degrees(np.arctan2(forward[:, 0], forward[:, 2]))
    return np.asarray(yaw, dtype=np.float32)


def _speed(face: Face) -> FloatArray:
    """(T,) how fast the lips move, in cm a frame: fast lips are blurred and hard to track."""
    steps = np.zeros(len(face.landmarks) - 1, dtype=np.float32)
    for point in LIPS.rim:
        steps += np.linalg.norm(np.diff(face.landmarks[:, point, :2], axis=0), axis=1)
    steps /= len(LIPS.rim) * np.maximum(face.curves.pose.scale[1:], 1e-6)
    steps = np.nan_to_num(np.concatenate([steps[:1], steps, steps[-1:]]), nan=np.inf)
    if len(steps) < 2:
        return np.zeros(len(face.landmarks), dtype=np.float32)
    return np.asarray(np.maximum(steps[1:], steps[:-1]), dtype=np.float32)


def _spread_out(gaps: FloatArray) -> list[int]:
    """A few frames with the mouth wide open, from different parts of the shot."""
    frames = []
    for part in np.array_split(np.arange(len(gaps)), min(_LOOKS, len(gaps))):
        best = int(part[np.argmax(gaps[part])])
        if gaps[best] >= _OPEN:
            frames.append(best)
    return frames


def _look(face: Face, deformer: FaceDeformer, source: PlateSource, frame: int) -> Exemplar | None:
    """The mouth of a frame; None when it is not wholly in the picture."""
    controls = face.curves.controls.array[frame]
    motion = deformer.motion_at(frame, controls, controls)
    plate = source.plate(frame)
    points = motion.source[[*LIPS.rim, *SKIN_SAMPLES]]
    low = np.floor(points.min(axis=0)).astype(int) - 4
    high = np.ceil(points.max(axis=0)).astype(int) + 5
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    if box.clip(plate.width, plate.height) != box:
        return None
    picture = plate.rgb(box)
    corner = low.astype(np.float32)
    skin = np.median(samples(picture, corner, motion, SKIN_SAMPLES), axis=0)
    cavity = cavity_of(motion, motion.source, _TEETH)
    soft = softness(picture) / cavity.px_per_cm
    skin = np.asarray(skin, dtype=np.float32)
    return Exemplar(picture, corner, cavity, skin, soft, motion.yaw)


def samples(
    picture: FloatArray, corner: FloatArray, motion: FaceMotion, landmarks: tuple[int, ...]
) -> FloatArray:
    """(N, 3) a picture's colours at landmarks; those outside it count as at its border."""
    height, width = picture.shape[:2]
    points = np.round(motion.source[list(landmarks)] - corner).astype(int)
    points = np.clip(points, 0, [width - 1, height - 1])
    return np.asarray(picture[points[:, 1], points[:, 0]])


def _teeth(looks: Sequence[Exemplar]) -> float:
    """How far the upper front teeth reach below the resting line, cm.

    Down the middle of an open mouth the picture is bright on the teeth and drops at their
    edge. Where it does not drop, the teeth reach at least as far down as the lower lip.
    """
    edges, bounds = [], []
    for look in looks:
        height, brightness = profile(look.picture, look.corner, look.cavity)
        if len(height) < 6:
            continue
        top = int(np.argmax(brightness[: max(2, 2 * len(brightness) // 3)]))
        if brightness[top] < _BRIGHT * float(luma(look.skin)):
            continue
        lowest = top + int(np.argmin(brightness[top:]))
        if brightness[lowest] > _DROP * brightness[top]:
            bounds.append(float(height[-1]))
            continue
        half = (brightness[top] + brightness[lowest]) / 2
        edges.append(float(height[top + int(np.argmax(brightness[top:] < half))]))
    if edges:
        found = float(np.median(edges))
    elif bounds:
        found = max(_TEETH, float(np.median(bounds)))
    else:
        found = _TEETH
    return float(np.clip(found, 0.0, _TEETH_MOST))
