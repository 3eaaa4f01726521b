"""One face in one frame, painted layer by layer.

The skin is moved by one field. Around an eye or the mouth there are two: one in which all
follows the upper edge of the opening, and one in which all follows the lower edge, so that
nothing is smeared between them when they part or meet. What lies behind the opening - the
eyeball, the inside of the mouth - is a layer of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.media.planes import Box, Plate
from mien.rendering.appearance.mouth import Exemplar, MouthAppearance, samples
from mien.rendering.base import Patch
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.field import Zone, dense, remap, window
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.mouth import Cavity, cavity_of, depth_shown
from mien.rendering.geometry.tone import grain, grain_level, luma, softness
from mien.rendering.geometry.topology import (
    EYES,
    LIP_SAMPLES,
    LIPS,
    SKIN_SAMPLES,
    Opening,
    warp_mesh,
)
from mien.rendering.painting.eyes import LASHES, eyeball
from mien.rendering.painting.mouth.compose import OWN_STRETCH, blend_weights, extend_outward
from mien.rendering.painting.mouth.made import FaceColours, face_colours, synthesize_inside
from mien.rendering.painting.mouth.seen import sample_exemplar, sample_own

__all__ = ["paint"]

_STILL = 1 / 64
"""Motion in pixels that shows no difference."""
_CELL, _FINE_CELL = 0.12, 0.04
"""Cells of the fields in cm: over the face, and around eyes and mouth."""
_MARGIN = {"mouth": 1.0, "Left": 0.8, "Right": 0.8}
"""How far around an opening, in cm, its own fields reach."""
_BLEND = 0.3
"""Width in cm over which an opening's own fields run into the face's."""
_SHARPER = 0.1
"""Square pixels of blur by which another frame must be sharper to be blurred."""
_NOTHING = 1 / 256
"""A share that makes no difference."""
_RIM = 0.12
"""How far out, in cm, a lip's tracked inner edge may lie from where its teeth end."""
_REACH = 8
"""Pixels that interpolation needs around the farthest pixel it reads."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """An opening being painted.

    Attributes:
        name: `mouth`, or the eye's side.
        opening: Its edges.
        rows: Its place in the canvas.
        columns: Its place in the canvas.
        below: (h, w, 2) the field that follows the lower edge.
        blend: (h, w) 1 inside, 0 on the border of its zone.
    """

    name: str
    opening: Opening
    rows: slice
    columns: slice
    below: FloatArray
    blend: FloatArray


def paint(motion: FaceMotion, plate: Plate, frame: int, memory: MouthAppearance) -> Patch | None:
    """New pixels of a face whose motion is known; None when nothing of it is in the picture.

    Args:
        motion: How the face moves.
        plate: The plate.
        frame: Index of the frame, which seeds the grain.
        memory: What the shot knows of this mouth.
    """
    zones = _zones(motion)
    canvas = _canvas(motion, zones)
    if canvas is None:
        return None
    box = Box(canvas.x0, canvas.y0, canvas.x0 + canvas.width, canvas.y0 + canvas.height).clip(
        plate.width, plate.height
    )
    if not box.width or not box.height:
        return None
    reach = int(np.ceil(np.abs(motion.motion).max())) + _REACH
    crop = Box(box.x0 - reach, box.y0 - reach, box.x1 + reach, box.y1 + reach).clip(
        plate.width, plate.height
    )
    painter = _Painter(motion, plate.rgb(crop), crop, frame, memory)
    picture, mask = painter.paint(canvas, zones)
    rows = slice(box.y0 - canvas.y0, box.y1 - canvas.y0)
    columns = slice(box.x0 - canvas.x0, box.x1 - canvas.x0)
    mask = np.ascontiguousarray(mask[rows, columns])
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    return Patch(box, np.ascontiguousarray(picture[rows, columns]), mask)


def _zones(motion: FaceMotion) -> dict[str, Zone]:
    """The openings that move or look elsewhere, and the zone of each."""
    cell = max(1, round(_FINE_CELL * motion.px_per_cm))
    zones = {}
    for name, opening in (("mouth", LIPS), *EYES.items()):
        rim = list(opening.rim)
        looks = name in motion.gaze and np.abs(motion.gaze[name]).max() > _STILL
        if looks or np.abs(motion.motion[rim]).max() > _STILL:
            points = np.concatenate([motion.source[rim], motion.target[rim]])
            zones[name] = Zone.around(points, _MARGIN[name] * motion.px_per_cm, cell)
    return zones


def _canvas(motion: FaceMotion, zones: dict[str, Zone]) -> Zone | None:
    """The zone of everything that moves; None when nothing does."""
    mesh = warp_mesh()
    cell = max(1, round(_CELL * motion.px_per_cm))
    moving = np.abs(motion.motion).max(axis=1) > _STILL
    touched = np.unique(mesh.skin[moving[mesh.skin].any(axis=1)])
    points = [motion.source[touched], motion.target[touched]]
    points += [
        np.array([[z.x0, z.y0], [z.x0 + z.width, z.y0 + z.height]], dtype=np.float32)
        for z in zones.values()
    ]
    everything = np.concatenate(points)
    if not len(everything):
        return None
    # The field is blurred over a few cells beyond what moves.
    return Zone.around(everything, 4 * cell, cell)


class _Painter:
    """Paints on a canvas from a crop of the plate."""

    def __init__(
        self,
        motion: FaceMotion,
        plate: FloatArray,
        crop: Box,
        frame: int,
        memory: MouthAppearance,
    ) -> None:
        self._motion = motion
        self._plate = plate
        self._corner = np.array([crop.x0, crop.y0], dtype=np.float32)
        self._frame = frame
        self._memory = memory

    def paint(self, canvas: Zone, zones: dict[str, Zone]) -> tuple[FloatArray, FloatArray]:
        """The picture (h, w, 3) of a canvas, and the mask (h, w) of what changed."""
        motion, mesh = self._motion, warp_mesh()
        triangles = np.concatenate([mesh.filled, mesh.skin])
        field = dense(canvas, motion.target, motion.motion, triangles)
        parts = [self._part(name, zone, canvas, field) for name, zone in zones.items()]
        x, y = canvas.pixels()
        x -= self._corner[0]
        y -= self._corner[1]
        picture = remap(self._plate, x - field[..., 0], y - field[..., 1])
        mask = smoothstep(np.maximum(np.abs(field[..., 0]), np.abs(field[..., 1])), _STILL, 0.25)
        for part in parts:
            place = part.rows, part.columns
            picture[place] = self._compose(part, picture[place], x[place], y[place])
            mask[place] = np.maximum(mask[place], part.blend)
        return picture, mask * window(canvas.height, canvas.width, 3)

    def _part(self, name: str, zone: Zone, canvas: Zone, field: FloatArray) -> _Part:
        """Both fields of an opening; the upper one is put into the canvas's field."""
        opening = LIPS if name == "mouth" else EYES[name]
        rows = slice(zone.y0 - canvas.y0, zone.y0 - canvas.y0 + zone.height)
        columns = slice(zone.x0 - canvas.x0, zone.x0 - canvas.x0 + zone.width)
        coarse = field[rows, columns].copy()
        blend = window(zone.height, zone.width, round(_BLEND * self._motion.px_per_cm))
        share = blend[..., None]
        above = self._edge_field(zone, opening, opening.upper, opening.lower, 1)
        below = self._edge_field(zone, opening, opening.lower, opening.upper, -1)
        field[rows, columns] = coarse + share * (above - coarse)
        return _Part(name, opening, rows, columns, coarse + share * (below - coarse), blend)

    def _edge_field(
        self,
        zone: Zone,
        opening: Opening,
        edge: tuple[int, ...],
        other: tuple[int, ...],
        sign: int,
    ) -> FloatArray:
        """The field in which the opening, and what lies beyond it, follows one edge."""
        motion, mesh = self._motion, warp_mesh()
        down = LocalAxes.of_opening(motion.source, opening).down
        rim, far = np.array(edge), np.array(other)
        gap = max(
            float(np.abs((points[far] - points[rim]) @ down).max())
            for points in (motion.source, motion.target)
        )
        beyond = motion.target[rim] + sign * (gap + 0.5 * motion.px_per_cm) * down
        new = len(motion.target) + np.arange(len(rim))
        strips = [
            np.stack([rim[:-1], rim[1:], new[1:]], axis=1),
            np.stack([rim[:-1], new[1:], new[:-1]], axis=1),
        ]
        return dense(
            zone,
            np.concatenate([motion.target, beyond]).astype(np.float32),
            np.concatenate([motion.motion, motion.motion[rim]]),
            np.concatenate([mesh.without(other[1:-1]), *strips]).astype(np.int32),
        )

    def _compose(self, part: _Part, above: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
        """Upper side, lower side and what lies between them, in one opening's zone."""
        motion, unit = self._motion, self._motion.px_per_cm
        below = remap(self._plate, x - part.below[..., 0], y - part.below[..., 1])
        px, py = x + self._corner[0], y + self._corner[1]
        upper, lower = list(part.opening.upper), list(part.opening.lower)
        if part.name == "mouth":
            frame = motion.mouth_frame
        else:
            frame = LocalAxes.of_opening(motion.target, part.opening)
        before = Edges.through(frame, motion.source[upper], motion.source[lower])
        after = Edges.through(frame, motion.target[upper], motion.target[lower])
        u, v = frame.locate(px, py)
        top, bottom = after.at(u)
        middle = (top + bottom) / 2
        if part.name == "mouth":
            share = np.clip(v - middle + 0.5, 0, 1)[..., None]
            skin = above + share * (below - above)
            soft = softness(remap(self._plate, x, y))
            alpha = smoothstep(after.depth(u, v), -0.2, 0.6 + 2 * soft)
            if not alpha.any():
                return np.asarray(skin, dtype=np.float32)
            colours = samples(self._plate, self._corner, motion, SKIN_SAMPLES)
            lips = samples(self._plate, self._corner, motion, LIP_SAMPLES)
            light = face_colours(colours, lips)
            skin = self._rim(skin, after.depth(u, v), before.gap, after.gap, light)
            inside = self._mouth(u, v, soft, colours, light)
        else:
            # The lashes of the upper lid lie over the lower one.
            line = v - np.maximum(bottom, top + 0.8 * LASHES * unit)
            share = np.clip(line / max(1.0, 0.04 * unit) + 0.8, 0, 1)[..., None]
            skin = above + share * (below - above)
            plate = remap(self._plate, x, y)
            iris, gaze = motion.iris[part.name], motion.gaze[part.name]
            ball = eyeball(plate, px, py, frame, before, after, iris, gaze, unit)
            inside, alpha = ball.rgb, ball.alpha
        return np.asarray(skin + alpha[..., None] * (inside - skin), dtype=np.float32)

    def _rim(
        self, skin: FloatArray, depth: FloatArray, before: float, after: float, light: FaceColours
    ) -> FloatArray:
        """The skin, where a sliver of tooth that was taken for the lip's edge is lip again."""
        unit = self._motion.px_per_cm
        share = float(smoothstep((after - before) / unit, 0.1, 0.4))
        share *= float(smoothstep(before / unit, 0.1, 0.35))
        if share < _NOTHING:
            return skin
        # Depths are told downwards; where the edge is steep it is nearer than that.
        steep = np.hypot(*np.gradient(depth))
        near = share * smoothstep(depth / np.maximum(steep, 1), -_RIM * unit, -0.4 * _RIM * unit)
        # The edge of a lip bends away from the light.
        lip = 0.8 * light.lip
        bright = smoothstep(luma(skin) / max(float(luma(lip)), 1e-3), 1.05, 1.25)
        return np.asarray(skin + (near * bright)[..., None] * (lip - skin), dtype=np.float32)

    def _mouth(
        self, u: FloatArray, v: FloatArray, soft: float, skin: FloatArray, light: FaceColours
    ) -> FloatArray:
        """The inside of the mouth, (h, w, 3)."""
        motion = self._motion
        source = cavity_of(motion, motion.source, self._memory.teeth)
        target = cavity_of(motion, motion.target, self._memory.teeth)
        u, v = u / target.px_per_cm_along_lips, v / target.px_per_cm
        inside = synthesize_inside(u, v, target, light, soft / target.px_per_cm)
        inside += grain(u.shape, grain_level(self._plate), self._frame)
        deep = depth_shown(self._plate, self._corner, source)
        own_share, _ = blend_weights(target, source, deep)
        exemplar = self._memory.exemplar(self._frame)
        if exemplar is not None:
            turn = motion.yaw - exemplar.yaw
            own_share, other_share = blend_weights(target, source, deep, exemplar.cavity, turn)
            inside = self._carried(inside, u, v, target, exemplar, other_share, soft, skin)
        if own_share < _NOTHING:
            return inside
        tooth = float(luma(light.tooth))
        own, trust = sample_own(u, v, target, source, self._plate, self._corner, tooth)
        stretch = target.edges.gap / max(source.edges.gap, 1e-3)
        whole_share = deep * float(1 - smoothstep(stretch, *OWN_STRETCH))
        if whole_share > _NOTHING:
            whole, trusted = sample_exemplar(u, v, target, source, self._plate, self._corner)
            own += whole_share * (whole - own)
            trust += whole_share * (trusted - trust)
        # What goes on beside the teeth that are seen are more teeth, but not below them when
        # the jaw drops.
        closed = 1 - smoothstep(target.jaw - source.jaw, 0.1, 0.4)
        beside = own_share * np.maximum(closed, smoothstep(target.upper_teeth(u) - v, 0.0, 0.1))
        inside, trust = extend_outward(inside, own, trust, beside, target.px_per_cm)
        trust *= own_share
        return np.asarray(inside + trust[..., None] * (own - inside), dtype=np.float32)

    def _carried(
        self,
        inside: FloatArray,
        u: FloatArray,
        v: FloatArray,
        target: Cavity,
        exemplar: Exemplar,
        share: float,
        soft: float,
        skin: FloatArray,
    ) -> FloatArray:
        """The inside with another frame's laid over it, in this frame's colour and blur."""
        if share < _NOTHING:
            return inside
        other, trust = sample_exemplar(
            u, v, target, exemplar.cavity, exemplar.picture, exemplar.corner
        )
        # Defocus and motion blur are this frame's, not the other's.
        blur = soft**2 - (exemplar.softness * target.px_per_cm) ** 2
        if blur > _SHARPER:
            other = np.asarray(cv2.GaussianBlur(other, (0, 0), blur**0.5), dtype=np.float32)
        gain = np.median(skin, axis=0) / np.maximum(exemplar.skin, 1e-3)
        trust *= share
        other *= np.clip(gain, 0.4, 2.5).astype(np.float32)
        return np.asarray(inside + trust[..., None] * (other - inside), dtype=np.float32)
