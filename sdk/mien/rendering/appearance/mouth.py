"""What the frames of a shot show of one mouth: its teeth, and its inside.

Chosen once, before anything is rendered, from the whole shot: so the inside of a mouth does
not change from frame to frame, and does not depend on the order in which frames are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.features import open_frames
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.mouth import Cavity, FaceLight, depth_shown, profile
from mien.rendering.geometry.tone import luma, softness
from mien.rendering.geometry.topology import LIPS, SKIN_SAMPLES

__all__ = ["Exemplar", "MouthAppearance", "MouthScan"]

_TEETH_LOOKS = 6
"""Frames of a shot that are decoded to look for teeth."""
_TEETH_GAP_CM = 0.25
"""Height of the opening from which a frame can show teeth."""
_INSIDE_GAP_CM = 0.6
"""Height from which it shows an inside worth carrying to other frames."""
_TURN_DEGREES = 12.0
"""Turn of the head within which an inside fits another frame."""
_CANDIDATES, _APART_FRAMES = 4, 4
"""Frames of a section tried for an inside, and how far apart they are."""
_DEEP = 0.5
"""How far a look must show the dark between the teeth."""
_SHARP = 1.4
"""A look is sharp when it is no softer than the sharpest one, times this."""
_SKEW = 0.3
"""How unequal an opening's halves may be, as a part of its height, for half the price."""
_SPEED_CM_PER_FRAME = 0.35
"""How fast lips may move for the frame to be a good look at them."""
_TEETH_CM, _MOST_TEETH_CM = 0.22, 0.75
"""Upper teeth below the resting line: when nothing is known, and the most."""
_BRIGHT, _DROP = 0.55, 0.62
"""Teeth are at least this bright against the skin; at their edge brightness drops so far."""
_FRONT_CM = 0.7
"""Half the width of the front teeth whose colour is looked at."""
_TOOTH_LEVELS = 0.6, 1.15
"""The least and the most that teeth between lips are as bright as skin."""
_LEAST_GREEN = 0.92
"""How much green there must be to the red of teeth, over that of the skin: a lip has less."""
_WHITEST = 1.0, 1.18, 1.24
"""How much more green and blue than red teeth reflect at most, over what skin reflects."""
_TEETH_LIT = 0.88
"""The part of the light, in R'G'B', that teeth get between the lips of such an open mouth."""
_MARGIN_PX = 4
"""Pixels around the landmarks that a look holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """An open mouth from another frame.

    Attributes:
        frame: Index of the frame.
        crop: Its pixels around the mouth.
        cavity: Its geometry.
        skin: (3,) the colour of the skin in that frame.
        softness: Standard deviation of its blur, cm.
        yaw: Turn of the head, degrees.
    """

    frame: int
    crop: PlateCrop
    cavity: Cavity
    skin: FloatArray
    softness: float
    yaw: float


@dataclass(frozen=True, slots=True, eq=False)
class MouthAppearance:
    """What is known of one face's mouth in a shot.

    Attributes:
        teeth: How far the upper front teeth reach below the resting line, cm.
        tooth: (3,) their colour over that of the skin in the same light; None where none are
            seen.
        sections: First frame of every section between cuts.
        exemplars: An open mouth for every section, None where none fits.
    """

    teeth: float = _TEETH_CM
    tooth: FloatArray | None = None
    sections: tuple[int, ...] = (0,)
    exemplars: tuple[Exemplar | None, ...] = (None,)

    def exemplar(self, frame: int) -> Exemplar | None:
        """Return the open mouth of the section that a frame is in."""
        return self.exemplars[int(np.searchsorted(self.sections, frame, side="right")) - 1]

    def helped_by(self, others: Sequence[MouthAppearance]) -> MouthAppearance:
        """Return this mouth with what it never shows as other material shows it.

        Args:
            others: The same mouth in other material, the best first.
        """
        teeth = next((one for one in (self, *others) if one.tooth is not None), self)
        found = [exemplar for one in others for exemplar in one.exemplars if exemplar is not None]
        exemplars = self.exemplars
        if found:
            exemplars = tuple(
                exemplar or replace(found[0], cavity=replace(found[0].cavity, teeth=teeth.teeth))
                for exemplar in exemplars
            )
        return MouthAppearance(teeth.teeth, teeth.tooth, self.sections, exemplars)

    @property
    def fingerprint(self) -> str:
        """Digest of the teeth, the sections and the exemplars, down to their pixels."""
        return fingerprint_of(self)


class MouthScan:
    """The search for a face's teeth and open mouths; a `RegionScan`.

    Of each frame it keeps a look at the mouth, until its section has been seen and the best of
    its looks is chosen.

    Args:
        face: The face.
        deformer: Its motion.
        cuts: First frames of new sections.
    """

    def __init__(self, face: Face, deformer: FaceDeformer, cuts: Sequence[int]) -> None:
        self._face = face
        self._deformer = deformer
        gaps, skew = _openings(face)
        yaw, speed = _yaw(face), _speed(face)
        self._sections = (0, *cuts)
        self._candidates: list[list[int]] = []
        for start, stop in zip(self._sections, (*cuts, len(gaps)), strict=True):
            part = slice(start, stop)
            best = _best(gaps[part], yaw[part], speed[part], skew[part])
            self._candidates.append([start + i for i in best])
        self._section_of = {
            frame: number for number, frames in enumerate(self._candidates) for frame in frames
        }
        self._for_teeth = frozenset(_spread_out(gaps))
        self._looks: dict[int, Exemplar | None] = {}
        self._chosen: list[Exemplar | None] = [None] * len(self._sections)
        self._teeth: list[_TeethSeen] = []

    @property
    def frames(self) -> frozenset[int]:
        """Indices of the frames that it wants to see."""
        return self._for_teeth | self._section_of.keys()

    def examine(self, frame: int, plate: Plate) -> None:
        """Look at one of them; see `RegionScan.examine`."""
        look = _look(self._face, self._deformer, plate, frame)
        if frame in self._for_teeth and look is not None:
            seen = _teeth_seen(look)
            if seen is not None:
                self._teeth.append(seen)
        section = self._section_of.get(frame)
        if section is None:
            return
        self._looks[frame] = look
        candidates = self._candidates[section]
        if all(candidate in self._looks for candidate in candidates):
            self._chosen[section] = _good([self._looks.pop(i) for i in candidates])

    def result(self) -> MouthAppearance:
        """Return the teeth, and an open mouth for every section."""
        teeth = _teeth(self._teeth)
        exemplars = tuple(
            look and replace(look, cavity=replace(look.cavity, teeth=teeth))
            for look in self._chosen
        )
        return MouthAppearance(teeth, _tooth_colour(self._teeth), self._sections, exemplars)


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
    cost = cost + turn / _TURN_DEGREES + speed / _SPEED_CM_PER_FRAME + 0.5 * skew / _SKEW
    fits = (gaps >= _INSIDE_GAP_CM) & (turn < _TURN_DEGREES) & (speed < _SPEED_CM_PER_FRAME)
    cost = np.where(fits, cost, np.inf)
    chosen: list[int] = []
    while len(chosen) < _CANDIDATES and np.isfinite(cost).any():
        best = int(np.argmin(cost))
        chosen.append(best)
        cost[max(0, best - _APART_FRAMES) : best + _APART_FRAMES + 1] = np.inf
    return chosen


def _good(looks: Sequence[Exemplar | None]) -> Exemplar | None:
    """The first look that is sharp and shows the dark between the teeth.

    Clenched teeth open no mouth.
    """
    deep = [
        look for look in looks if look is not None and depth_shown(look.crop, look.cavity) > _DEEP
    ]
    if not deep:
        return None
    sharp = _SHARP * min(look.softness for look in deep)
    return next(look for look in deep if look.softness <= sharp)


def _openings(face: Face) -> tuple[FloatArray, FloatArray]:
    """Height (T,) of the mouth's opening in every frame, cm, and how unequal its halves are.

    The height is -1 where the mouth is not seen.
    """
    middle = len(LIPS.upper) // 2
    near = [middle - 2, middle, middle + 2]
    upper = face.landmarks[:, [LIPS.upper[i] for i in near], :2]
    lower = face.landmarks[:, [LIPS.lower[i] for i in near], :2]
    scale = np.maximum(face.curves.pose.scale, 1e-6)
    gaps = np.linalg.norm(upper - lower, axis=2) / scale[:, None]
    seen = face.valid & np.isfinite(gaps).all(axis=1) & open_frames(face, "mouth")
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
    for part in np.array_split(np.arange(len(gaps)), min(_TEETH_LOOKS, len(gaps))):
        best = int(part[np.argmax(gaps[part])])
        if gaps[best] >= _TEETH_GAP_CM:
            frames.append(best)
    return frames


def _look(face: Face, deformer: FaceDeformer, plate: Plate, frame: int) -> Exemplar | None:
    """The mouth of a frame; None when it is not wholly in the picture."""
    controls = face.curves.controls.array[frame]
    motion = deformer.motion_at(frame, controls, controls)
    points = motion.source[[*LIPS.rim, *SKIN_SAMPLES]]
    low = np.floor(points.min(axis=0)).astype(int) - _MARGIN_PX
    high = np.ceil(points.max(axis=0)).astype(int) + _MARGIN_PX + 1
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    if box.clip(plate.width, plate.height) != box:
        return None
    crop = PlateCrop.of(plate, box)
    light = FaceLight.of(crop, motion)
    cavity = Cavity.in_plate(motion, _TEETH_CM)
    soft = softness(crop.rgb) / cavity.px_per_cm
    return Exemplar(frame, crop, cavity, light.skin, soft, motion.yaw)


@dataclass(frozen=True, slots=True, eq=False)
class _TeethSeen:
    """How far down the upper teeth reach in one frame, cm.

    Attributes:
        height: Where they end, or a height that they reach at least.
        ends: Whether they are seen to end there.
        colour: (3,) their colour over the skin's.
    """

    height: float
    ends: bool
    colour: FloatArray


def _teeth_seen(look: Exemplar) -> _TeethSeen | None:
    """How far the upper teeth are seen to reach; None when none are seen.

    Down the middle of an open mouth the picture is bright on the teeth, not red, and drops at
    their edge. Where it does not drop, the teeth reach at least as far down as the lower lip.
    """
    height, brightness = profile(look.crop, look.cavity)
    if len(height) < 6:
        return None
    top = int(np.argmax(brightness[: max(2, 2 * len(brightness) // 3)]))
    if brightness[top] < _BRIGHT * float(luma(look.skin)):
        return None
    colour = _colour_at(look, float(height[top]))
    if colour[1] < _LEAST_GREEN * colour[0]:
        return None
    lowest = top + int(np.argmin(brightness[top:]))
    if brightness[lowest] > _DROP * brightness[top]:
        return _TeethSeen(float(height[-1]), ends=False, colour=colour)
    half = (brightness[top] + brightness[lowest]) / 2
    edge = float(height[top + int(np.argmax(brightness[top:] < half))])
    return _TeethSeen(edge, ends=True, colour=colour)


def _colour_at(look: Exemplar, height: float) -> FloatArray:
    """(3,) colour of the front teeth at a height below the resting line, over the skin's."""
    cavity = look.cavity
    u = np.linspace(-_FRONT_CM, _FRONT_CM, 13, dtype=np.float32)[None]
    line = np.interp(u * cavity.px_per_cm_along_lips, cavity.rest[:, 0], cavity.rest[:, 1])
    seen = cavity.sample(look.crop, u, (line / cavity.px_per_cm + height).astype(np.float32))
    colour = np.median(seen.reshape(-1, 3), axis=0) / np.maximum(look.skin, 1e-3)
    return np.asarray(colour, dtype=np.float32)


def _tooth_colour(seen: Sequence[_TeethSeen]) -> FloatArray | None:
    """(3,) the teeth's colour over the skin's; None where none are seen.

    What was taken for teeth may be a highlight on a lip, so it is held to how bright teeth are.
    """
    if not seen:
        return None
    colour = np.median([teeth.colour for teeth in seen], axis=0)
    level = float(luma(colour))
    # Highlights that are blown out are white whatever the light.
    colour = colour / level * np.clip(level, *_TOOTH_LEVELS)
    colour = np.minimum(colour, colour[0] * np.array(_WHITEST))
    return np.asarray(colour / _TEETH_LIT, dtype=np.float32)


def _teeth(seen: Sequence[_TeethSeen]) -> float:
    """How far the upper front teeth reach below the resting line, cm."""
    edges = [teeth.height for teeth in seen if teeth.ends]
    bounds = [teeth.height for teeth in seen if not teeth.ends]
    if edges:
        height = float(np.median(edges))
    elif bounds:
        height = max(_TEETH_CM, float(np.median(bounds)))
    else:
        height = _TEETH_CM
    return float(np.clip(height, 0.0, _MOST_TEETH_CM))
