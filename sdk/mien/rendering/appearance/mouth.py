"""What the frames of a shot show of one mouth: its teeth, and its inside.

Chosen once, before anything is rendered, from the whole shot: so the inside of a mouth does
not change from frame to frame, and does not depend on the order in which frames are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.appearance.teeth import (
    TEETH_CM,
    darkest,
    lip_height,
    teeth_height,
    teeth_seen,
    tooth_colour,
)
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.features import open_frames
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.mouth import Cavity, FaceLight, depth_shown
from mien.rendering.geometry.tone import softness
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
_ROW_CM = 0.3
"""Height of upper teeth below the lip that is a row worth carrying to other frames."""
_SURELY, _SURE_ROW = 0.5, 0.8
"""How surely an edge must be that of the upper teeth, and in a row that is carried over."""
_SPEED_CM_PER_FRAME = 0.35
"""How fast lips may move for the frame to be a good look at them."""
_FRONT_CM, _TILTED_CM = 1.0, 0.2
"""Half the width of the front teeth, and by how much a lip that bares them may be raised on one
side more than on the other: the edge of the teeth is looked for as if they were bared evenly."""
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
        dark: Where it is darkest between the edge of the upper teeth and the lower lip, 0..1.
    """

    frame: int
    crop: PlateCrop
    cavity: Cavity
    skin: FloatArray
    softness: float
    yaw: float
    dark: float = 0.5

    def with_teeth(self, known: float) -> Exemplar:
        """Return it with its upper teeth as they are seen in it, or as they are known to be, cm.

        Where none are seen its lip hides them, however far they are known to reach.
        """
        seen = teeth_seen(self.crop, self.cavity, self.skin)
        if seen is None:
            teeth = min(known, lip_height(self.cavity))
        else:
            teeth = seen.height if seen.ends and seen.surely > _SURELY else known
        cavity = replace(self.cavity, teeth=teeth)
        return replace(self, cavity=cavity, dark=darkest(self.crop, cavity))


@dataclass(frozen=True, slots=True, eq=False)
class MouthAppearance:
    """What is known of one face's mouth in a shot.

    Attributes:
        teeth: How far the upper front teeth reach below the resting line, cm.
        tooth: (3,) their colour over that of the skin in the same light; None where none are
            seen.
        sections: First frame of every section between cuts.
        exemplars: An open mouth for every section, None where none fits.
        rows: The mouth that shows most of the upper teeth, likewise.
    """

    teeth: float = TEETH_CM
    tooth: FloatArray | None = None
    sections: tuple[int, ...] = (0,)
    exemplars: tuple[Exemplar | None, ...] = (None,)
    rows: tuple[Exemplar | None, ...] = (None,)

    def exemplar(self, frame: int) -> Exemplar | None:
        """Return the open mouth of the section that a frame is in."""
        return self.exemplars[self._section(frame)]

    def row(self, frame: int) -> Exemplar | None:
        """Return the mouth with the most of the upper teeth, of the section that a frame is in."""
        return self.rows[self._section(frame)]

    def _section(self, frame: int) -> int:
        return int(np.searchsorted(self.sections, frame, side="right")) - 1

    def helped_by(self, others: Sequence[MouthAppearance]) -> MouthAppearance:
        """Return this mouth with what it never shows as other material shows it.

        Args:
            others: The same mouth in other material, the best first.
        """
        teeth = next((one for one in (self, *others) if one.tooth is not None), self)
        return MouthAppearance(
            teeth.teeth,
            teeth.tooth,
            self.sections,
            _filled(self.exemplars, [found for one in others for found in one.exemplars], teeth),
            _filled(self.rows, [found for one in others for found in one.rows], teeth),
        )

    @property
    def fingerprint(self) -> str:
        """Digest of the teeth, the sections and the exemplars, down to their pixels."""
        return fingerprint_of(self)


_Choice = Callable[[Sequence[Exemplar]], Exemplar | None]


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
        self._for_teeth = frozenset(_spread_out(gaps))
        inside: list[list[int]] = []
        rows: list[list[int]] = []
        for start, stop in zip(self._sections, (*cuts, len(gaps)), strict=True):
            part = slice(start, stop)
            best = [start + i for i in _best(gaps[part], yaw[part], speed[part], skew[part])]
            inside.append(best)
            # No frame is read for rows of teeth alone.
            rows.append(sorted({*best, *(i for i in self._for_teeth if start <= i < stop)}))
        self._inside, self._rows = _Chosen(inside, _deepest), _Chosen(rows, _highest)
        self._teeth: list[Exemplar] = []

    @property
    def frames(self) -> frozenset[int]:
        """Indices of the frames that it wants to see."""
        return self._for_teeth | self._inside.frames

    def examine(self, frame: int, plate: Plate) -> None:
        """Look at one of them; see `RegionScan.examine`."""
        look = _look(self._face, self._deformer, plate, frame)
        if frame in self._for_teeth and look is not None:
            self._teeth.append(look)
        for chosen in (self._inside, self._rows):
            chosen.offer(frame, look)

    def result(self) -> MouthAppearance:
        """Return the teeth, and an open mouth for every section."""
        seen = [teeth_seen(look.crop, look.cavity, look.skin) for look in self._teeth]
        shown = [teeth for teeth in seen if teeth is not None]
        without = [look for look, teeth in zip(self._teeth, seen, strict=True) if teeth is None]
        hidden = [lip_height(look.cavity) for look in without if _is_deep(look)]
        teeth = teeth_height(shown, hidden)
        inside, rows = (
            tuple(look and look.with_teeth(teeth) for look in chosen.best)
            for chosen in (self._inside, self._rows)
        )
        # Teeth are the same after a cut, and what light is on them the skin tells.
        known = MouthAppearance(teeth, tooth_colour(shown), self._sections, inside)
        return replace(known, rows=_filled(rows, rows, known))


class _Chosen:
    """One look for every section, chosen when all of its candidates were seen.

    Args:
        candidates: Frames of every section, the likeliest first.
        choose: Which of their looks is best, if any is good.
    """

    def __init__(self, candidates: list[list[int]], choose: _Choice) -> None:
        self._candidates = candidates
        self._choose = choose
        self._section_of = {i: number for number, some in enumerate(candidates) for i in some}
        self._looks: dict[int, Exemplar | None] = {}
        self.best: list[Exemplar | None] = [None] * len(candidates)

    @property
    def frames(self) -> frozenset[int]:
        """The frames of all sections."""
        return frozenset(self._section_of)

    def offer(self, frame: int, look: Exemplar | None) -> None:
        """Take the look at a frame, if it is one of them."""
        section = self._section_of.get(frame)
        if section is None:
            return
        self._looks[frame] = look
        candidates = self._candidates[section]
        if all(candidate in self._looks for candidate in candidates):
            looks = [self._looks.pop(i) for i in candidates]
            self.best[section] = self._choose([look for look in looks if look is not None])


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


def _filled(
    own: tuple[Exemplar | None, ...], others: Sequence[Exemplar | None], known: MouthAppearance
) -> tuple[Exemplar | None, ...]:
    """An own look for every section, and the first of others where there is none."""
    found = next((look for look in others if look is not None), None)
    if found is not None:
        found = found.with_teeth(known.teeth)
    return tuple(look or found for look in own)


def _deepest(looks: Sequence[Exemplar]) -> Exemplar | None:
    """The first look that is sharp and shows the dark between the teeth.

    Clenched teeth open no mouth.
    """
    return next(iter(_sharp_ones([look for look in looks if _is_deep(look)])), None)


def _is_deep(look: Exemplar) -> bool:
    return depth_shown(look.crop, look.cavity) > _DEEP


def _highest(looks: Sequence[Exemplar]) -> Exemplar | None:
    """The sharp look that shows the most of the upper teeth down to their edge."""
    shown = {}
    for look in looks:
        seen = teeth_seen(look.crop, look.cavity, look.skin)
        if seen is None or not seen.ends or seen.surely < _SURE_ROW or seen.shown < _ROW_CM:
            continue
        sides = look.cavity.lips(np.array([-_FRONT_CM, _FRONT_CM], dtype=np.float32))[0]
        if abs(float(sides[1] - sides[0])) < _TILTED_CM:
            shown[look.frame] = seen.shown
    rows = _sharp_ones([look for look in looks if look.frame in shown])
    return max(rows, key=lambda look: shown[look.frame], default=None)


def _sharp_ones(looks: Sequence[Exemplar]) -> list[Exemplar]:
    """Those that are about as sharp as the sharpest."""
    sharp = _SHARP * min((look.softness for look in looks), default=0.0)
    return [look for look in looks if look.softness <= sharp]


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
    cavity = Cavity.in_plate(motion, TEETH_CM)
    soft = softness(crop.rgb) / cavity.px_per_cm
    return Exemplar(frame, crop, cavity, light.skin, soft, motion.yaw)
