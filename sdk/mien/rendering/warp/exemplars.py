"""What other frames of the shot know about this mouth: its teeth, and its inside.

Chosen once, before anything is rendered, from the whole shot: so the inside of a mouth does
not change from frame to frame, and does not depend on the order in which frames are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from mien.media.planes import Box
from mien.model.controls import CONTROLS
from mien.model.curves import FloatArray
from mien.rendering.base import FacePlan, PlateSource
from mien.rendering.warp.field import remap
from mien.rendering.warp.motion import FaceMotion, Mover
from mien.rendering.warp.mouth import Cavity, cavity_of
from mien.rendering.warp.tone import luma, softness
from mien.rendering.warp.topology import LIPS, SKIN_SAMPLES

IntArray = npt.NDArray[np.intp]

__all__ = ["Exemplar", "MouthMemory", "look_through", "samples"]

_LOOKS = 6
"""Frames of a shot that are decoded to look into the mouth."""
_OPEN = 0.25
"""Height of the opening, in cm, from which a frame can show teeth."""
_INSIDE = 0.6
"""Height from which it shows an inside worth carrying to other frames."""
_TURN = 12.0
"""Degrees of head turn within which an inside fits another frame."""
_SPEED = 0.2
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
    """

    picture: FloatArray
    corner: FloatArray
    cavity: Cavity
    skin: FloatArray
    softness: float


@dataclass(frozen=True, slots=True, eq=False)
class MouthMemory:
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
        """The open mouth to use in a frame."""
        return self.exemplars[int(np.searchsorted(self.sections, frame, side="right")) - 1]


def look_through(
    plan: FacePlan, mover: Mover, source: PlateSource, cuts: Sequence[int]
) -> MouthMemory:
    """Look for this face's teeth and open mouths in the shot.

    Args:
        plan: The face and its edit.
        mover: Its motion.
        source: The shot's plates.
        cuts: First frames of new sections.
    """
    delta = plan.evaluated.delta
    active = delta[:, _MOUTH].any(axis=1)
    if not active.any():
        return MouthMemory()
    gaps = _openings(plan)
    yaw, speed = _yaw(plan), _speed(plan)
    wanted: dict[int, int] = {}
    sections = (0, *cuts)
    for number, (start, stop) in enumerate(zip(sections, (*cuts, len(gaps)), strict=True)):
        asked = start + np.flatnonzero(active[start:stop])
        if len(asked):
            height = _target(plan, mover, asked)
            place = slice(start, stop)
            best = _best(gaps[place], yaw[place], speed[place], yaw[asked], height)
            if best is not None:
                wanted[number] = start + best
    looks = set(wanted.values()) | set(_spread_out(gaps))
    seen = {frame: _look(plan, mover, source, frame) for frame in sorted(looks)}
    teeth = _teeth([look for look in seen.values() if look is not None])
    found = tuple(
        _with_teeth(seen[wanted[number]], teeth) if number in wanted else None
        for number in range(len(sections))
    )
    return MouthMemory(teeth, sections, found)


def _target(plan: FacePlan, mover: Mover, frames: IntArray) -> float:
    """Typical height, in cm, of the openings that the edit asks for."""
    heights = []
    for frame in frames[np.linspace(0, len(frames) - 1, min(_LOOKS, len(frames))).astype(int)]:
        evaluated = plan.evaluated
        motion = mover.move(int(frame), evaluated.source[frame], evaluated.target[frame])
        cavity = cavity_of(motion, motion.target, _TEETH)
        heights.append(cavity.edges.gap / cavity.unit)
    return float(np.max(heights))


def _best(
    gaps: FloatArray, yaw: FloatArray, speed: FloatArray, asked_yaw: FloatArray, height: float
) -> int | None:
    """The frame whose open mouth fits best; None when none does."""
    turn = np.abs(yaw - np.median(asked_yaw))
    fits = (gaps >= _INSIDE) & (turn < _TURN) & (speed < _SPEED)
    if not fits.any():
        return None
    # An inside may be drawn out a little, but cutting from a larger one is better.
    size = np.log(np.maximum(gaps, 1e-3) / max(height, _INSIDE))
    cost = np.where(size < 0, -2 * size, size) + turn / _TURN + speed / _SPEED
    return int(np.argmin(np.where(fits, cost, np.inf)))


def _openings(plan: FacePlan) -> FloatArray:
    """(T,) height of the mouth's opening in every frame, cm; -1 where the face is not seen."""
    face = plan.face
    middle = len(LIPS.upper) // 2
    upper = face.landmarks[:, LIPS.upper[middle], :2]
    lower = face.landmarks[:, LIPS.lower[middle], :2]
    scale = np.maximum(face.curves.pose.scale, 1e-6)
    gaps = np.linalg.norm(upper - lower, axis=1) / scale
    return np.where(face.valid & np.isfinite(gaps), gaps, -1).astype(np.float32)


def _yaw(plan: FacePlan) -> FloatArray:
    """(T,) turn of the head in degrees."""
    forward = plan.face.curves.pose.rotation[:, :, 2]
    yaw = np.degrees(np.arctan2(forward[:, 0], forward[:, 2]))
    return np.asarray(yaw, dtype=np.float32)


def _speed(plan: FacePlan) -> FloatArray:
    """(T,) how fast the lips move, in cm a frame: fast lips are blurred and hard to track."""
    face = plan.face
    lips = face.landmarks[:, list(LIPS.rim), :2]
    scale = np.maximum(face.curves.pose.scale[1:, None, None], 1e-6)
    steps = np.linalg.norm(np.diff(lips, axis=0) / scale, axis=2).mean(axis=1)
    steps = np.nan_to_num(np.concatenate([steps[:1], steps, steps[-1:]]), nan=np.inf)
    if len(steps) < 2:
        return np.zeros(len(lips), dtype=np.float32)
    return np.asarray(np.maximum(steps[1:], steps[:-1]), dtype=np.float32)


def _spread_out(gaps: FloatArray) -> list[int]:
    """A few frames with the mouth wide open, from different parts of the shot."""
    frames = []
    for part in np.array_split(np.arange(len(gaps)), min(_LOOKS, len(gaps))):
        best = int(part[np.argmax(gaps[part])])
        if gaps[best] >= _OPEN:
            frames.append(best)
    return frames


def _look(plan: FacePlan, mover: Mover, source: PlateSource, frame: int) -> Exemplar | None:
    """The mouth of a frame; None when it is not wholly in the picture."""
    controls = plan.evaluated.source[frame]
    motion = mover.move(frame, controls, controls)
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
    soft = softness(picture) / cavity.unit
    return Exemplar(picture, corner, cavity, np.asarray(skin, dtype=np.float32), soft)


def samples(
    picture: FloatArray, corner: FloatArray, motion: FaceMotion, landmarks: tuple[int, ...]
) -> FloatArray:
    """(N, 3) a picture's colours at landmarks; those outside it count as at its border."""
    height, width = picture.shape[:2]
    points = np.round(motion.source[list(landmarks)] - corner).astype(int)
    points = np.clip(points, 0, [width - 1, height - 1])
    return np.asarray(picture[points[:, 1], points[:, 0]])


def _with_teeth(look: Exemplar | None, teeth: float) -> Exemplar | None:
    return None if look is None else replace(look, cavity=replace(look.cavity, teeth=teeth))


def _teeth(looks: Sequence[Exemplar]) -> float:
    """How far the upper front teeth reach below the resting line, cm.

    Down the middle of an open mouth the picture is bright on the teeth and drops at their
    edge. Where it does not drop, the teeth reach at least as far down as the lower lip.
    """
    edges, bounds = [], []
    for look in looks:
        height, brightness = _profile(look)
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


def _profile(look: Exemplar) -> tuple[FloatArray, FloatArray]:
    """Heights below the resting line (cm) down the middle of a mouth, and brightness there."""
    cavity = look.cavity
    u = np.linspace(-0.6, 0.6, 13, dtype=np.float32)
    upper, lower = cavity.lips(u)
    top, bottom = float(upper.max()) + 0.08, float(lower.min()) - 0.08
    v = np.arange(top, bottom, 0.03, dtype=np.float32)
    if len(v) < 2:
        return v, v
    across, down = np.meshgrid(u, v)
    x, y = cavity.frame.place(across * cavity.across, down * cavity.unit)
    x, y = x - look.corner[0], y - look.corner[1]
    seen = remap(look.picture, x.astype(np.float32), y.astype(np.float32))
    brightness = cv2.GaussianBlur(luma(seen).mean(axis=1)[:, None], (1, 5), 1.0)[:, 0]
    return v - float(np.interp(0.0, *_line(cavity))), np.asarray(brightness, dtype=np.float32)


def _line(cavity: Cavity) -> tuple[FloatArray, FloatArray]:
    return cavity.rest[:, 0] / cavity.across, cavity.rest[:, 1] / cavity.unit
