"""One face in one frame, painted layer by layer.

The skin is moved by one field. Around an opening there are two: one in which all follows its
upper edge, and one in which all follows its lower edge, so that nothing is smeared between them
when they part or meet. What lies behind the opening is laid over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._math import smoothstep
from mien._types import FloatArray, IndexArray, Int32Array
from mien.media.planes import Box, Plate
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.skin import SkinChange
from mien.rendering.base import Patch
from mien.rendering.geometry.brows import BROW_LINES, brows_held
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import MeshRaster, Zone, hold_inside, window
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import even_out, fold_away, grain_level, largest
from mien.rendering.geometry.topology import EYES, LIPS, OVAL, SKIN_SAMPLES, Opening, warp_mesh
from mien.rendering.painting.donor import RegionLayer, lay_region, region_zone
from mien.rendering.painting.layer import PaintLayer
from mien.rendering.painting.opening import STILL_PX, OpeningPainter, OpeningView
from mien.rendering.painting.painters import opening_painters
from mien.rendering.painting.shade import Shade
from mien.rendering.painting.skin import shade_skin

__all__ = ["FaceLayers", "moved_points", "paint", "paint_region"]

_MOVED_PX = 0.25
"""Motion in pixels from which the picture is replaced wholly."""
_CELL_CM, _FINE_CELL_CM = 0.12, 0.04
"""Cells of the fields: over the face, and around openings."""
_BLEND_CM = 0.3
"""Width over which an opening's own fields run into the face's."""
_REACH_PX = 8
"""Pixels that interpolation needs around the farthest pixel it reads."""
_FOLD_CM = 0.16
"""Width of the widest line of light that skin has where it is squeezed together."""
_EVEN_CM = 0.2
"""Standard deviation of the blur of skin that is drawn out."""
_BORDER_PX = 3
"""Width over which the mask runs out to the canvas's border."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """An opening being painted.

    Attributes:
        painter: What paints it.
        zone: Its pixels.
        area: Its rows and columns of the canvas.
        below: (h, w, 2) the field that follows the lower edge.
        blend: (h, w) 1 inside, 0 on the border of its zone.
    """

    painter: OpeningPainter
    zone: Zone
    area: tuple[slice, slice]
    below: FloatArray
    blend: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FaceLayers:
    """What a face takes from other frames, beyond the motion of its own pixels.

    Attributes:
        skin: How its skin changes; None where it was not looked for.
        regions: What is laid over its regions.
        shade: The shade on it that the other frames do not show; None for none.
    """

    skin: SkinChange | None = None
    regions: tuple[RegionLayer, ...] = ()
    shade: Shade | None = None


def paint(
    motion: FaceMotion,
    plate: Plate,
    frame: int,
    appearance: Appearance,
    layers: FaceLayers = FaceLayers(),
) -> Patch | None:
    """Return new pixels of a moving face; None when nothing of it is in the picture.

    Args:
        motion: How the face moves.
        plate: The plate.
        frame: Index of the frame, which seeds the grain.
        appearance: What other frames of the shot show of the face.
        layers: What is taken from other frames in this one.
    """
    zones = _zones(motion, opening_painters(appearance, frame))
    others = [region_zone(laid.region, motion) for laid in layers.regions]
    canvas = _canvas(motion, [*(zone for _, zone in zones), *others], layers.skin is not None)
    if canvas is None:
        return None
    box = Box(canvas.x0, canvas.y0, canvas.x0 + canvas.width, canvas.y0 + canvas.height).clip(
        plate.width, plate.height
    )
    if not box.width or not box.height:
        return None
    reach = int(np.ceil(np.abs(motion.motion).max())) + _REACH_PX
    readable = Box(box.x0 - reach, box.y0 - reach, box.x1 + reach, box.y1 + reach).clip(
        plate.width, plate.height
    )
    picture_size = plate.width, plate.height
    painter = _FacePainter(motion, PlateCrop.of(plate, readable), frame, picture_size)
    raster = _rasterised(canvas, motion)
    picture, mask = painter.paint(raster, zones)
    if layers.skin is not None and appearance.skin is not None:
        shade_skin(picture, mask, raster, motion, layers.skin, appearance.skin.layout)
    shade = None if layers.shade is None else layers.shade.over(canvas)
    for laid in layers.regions:
        lay_region(picture, mask, canvas, motion, laid, shade)
    mask *= window(canvas.height, canvas.width, _BORDER_PX)
    rows = slice(box.y0 - canvas.y0, box.y1 - canvas.y0)
    columns = slice(box.x0 - canvas.x0, box.x1 - canvas.x0)
    mask = np.ascontiguousarray(mask[rows, columns])
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    return Patch(box, np.ascontiguousarray(picture[rows, columns]), mask)


def _zones(
    motion: FaceMotion, painters: Sequence[OpeningPainter]
) -> list[tuple[OpeningPainter, Zone]]:
    """The openings in which anything moves, and the zone of each."""
    cell = max(1, round(_FINE_CELL_CM * motion.px_per_cm))
    zones = []
    for painter in painters:
        if painter.moves(motion):
            rim = list(painter.opening.rim)
            points = np.concatenate([motion.source[rim], motion.target[rim]])
            margin = painter.margin_cm * motion.px_per_cm
            zones.append((painter, Zone.around(points, margin, cell)))
    return zones


def paint_region(
    motion: FaceMotion,
    picture: npt.NDArray[np.float16],
    zone: Zone,
    region: str,
    frame: int,
    appearance: Appearance,
) -> tuple[FloatArray, FloatArray]:
    """Return one region of a moving face, without regard to the rest of it.

    Args:
        motion: How the face moves.
        picture: (h, w, 3) R'G'B' of a picture that holds the face.
        zone: The part to be painted at least.
        region: `mouth`, or the side of an eye.
        frame: Index of the frame, which seeds the grain.
        appearance: What other frames of the shot show of the face.

    Returns:
        (h, w, 3) R'G'B', and (2,) the position of its first pixel.
    """
    opening = LIPS if region == "mouth" else EYES[region]
    painters = [p for p in opening_painters(appearance, frame) if p.opening is opening]
    zones = _zones(motion, painters)
    parts = [zone, *(part for _, part in zones)]
    corners = [(z.x0 + end * z.width, z.y0 + end * z.height) for z in parts for end in (0, 1)]
    canvas = Zone.around(np.array(corners, dtype=np.float32), 0, zone.cell)
    samples = SKIN_SAMPLES if region == "mouth" else BROW_LINES[region]
    crop = _readable(picture, canvas, motion, samples)
    painted, _ = _FacePainter(motion, crop, frame).paint(_rasterised(canvas, motion), zones)
    return painted, np.array([canvas.x0, canvas.y0], dtype=np.float32)


def _readable(
    picture: npt.NDArray[np.float16], canvas: Zone, motion: FaceMotion, samples: Sequence[int]
) -> PlateCrop:
    """The part of a picture that is read for a canvas, with some landmarks beside it."""
    reach = np.abs(motion.motion).max() + _REACH_PX
    corners = [(canvas.x0, canvas.y0), (canvas.x0 + canvas.width, canvas.y0 + canvas.height)]
    points = np.concatenate([corners, motion.source[list(samples)]])
    height, width = picture.shape[:2]
    most = width - 1, height - 1
    left, top = np.clip(points.min(axis=0) - reach, 0, most).astype(int).tolist()
    right, bottom = np.clip(points.max(axis=0) + reach, 0, most).astype(int).tolist()
    part = picture[top : bottom + 1, left : right + 1].astype(np.float32)
    return PlateCrop(part, np.array([left, top], dtype=np.float32))


def _canvas(motion: FaceMotion, zones: Sequence[Zone], shaded: bool) -> Zone | None:
    """The zone of everything that moves, and of the whole face where its shading changes.

    None when nothing does.
    """
    cell = max(1, round(_CELL_CM * motion.px_per_cm))
    touched = _touched(motion)
    if shaded:
        touched = np.union1d(touched, OVAL)
    points = [motion.source[touched], motion.target[touched]]
    points += [
        np.array([[z.x0, z.y0], [z.x0 + z.width, z.y0 + z.height]], dtype=np.float32) for z in zones
    ]
    everything = np.concatenate(points)
    if not len(everything):
        return None
    # The field is blurred over a few cells beyond what moves.
    return Zone.around(everything, 4 * cell, cell)


def moved_points(motion: FaceMotion) -> FloatArray:
    """Return (N, 2) points around all that a motion moves, before and after; none of none."""
    touched = _touched(motion)
    points = [motion.source[touched], motion.target[touched]]
    points += [
        motion.iris[side] for side, gaze in motion.gaze.items() if np.abs(gaze).max() > STILL_PX
    ]
    return np.concatenate(points)


def _touched(motion: FaceMotion) -> IndexArray:
    """Vertices of the triangles of which any corner moves."""
    skin = warp_mesh().skin
    moving = np.abs(motion.motion).max(axis=1) > STILL_PX
    return np.asarray(np.unique(skin[moving[skin].any(axis=1)]))


def _rasterised(canvas: Zone, motion: FaceMotion) -> MeshRaster:
    """The face's mesh on a canvas, its openings closed."""
    mesh = warp_mesh()
    return MeshRaster.of(canvas, motion.target, np.concatenate([mesh.filled, mesh.skin]))


class _FacePainter:
    """Paints a face on a canvas from a crop of the plate.

    Args:
        motion: How the face moves.
        crop: The crop.
        frame: Index of the frame, which seeds the grain.
        size: Width and height of the plate, where it ends at a picture's edge; None where it
            does not matter.
    """

    def __init__(
        self,
        motion: FaceMotion,
        crop: PlateCrop,
        frame: int,
        size: tuple[int, int] | None = None,
    ) -> None:
        self._motion = motion
        self._crop = crop
        self._frame = frame
        self._size = size

    def paint(
        self, raster: MeshRaster, zones: Sequence[tuple[OpeningPainter, Zone]]
    ) -> tuple[FloatArray, FloatArray]:
        """The picture (h, w, 3) of a canvas, and the mask (h, w) of what changed."""
        canvas = raster.zone
        field = raster.field(self._motion.motion)
        held, drawn, squeezed = brows_held(field, canvas, self._motion, self._crop)
        field += held
        self._inside(field, canvas)
        parts = [self._part(painter, zone, canvas, (field, held)) for painter, zone in zones]
        picture = self._crop.moved(canvas, field)
        mask = smoothstep(largest(np.abs(field, out=field)), STILL_PX, _MOVED_PX)
        for part in parts:
            area = part.area
            picture[area] = self._opening(part, picture[area])
            mask[area] = np.maximum(mask[area], part.blend)
        if squeezed.any():
            fold_away(picture, squeezed, _FOLD_CM * self._motion.px_per_cm)
        if drawn.any():
            sigma, level = _EVEN_CM * self._motion.px_per_cm, grain_level(self._crop.rgb)
            even_out(picture, drawn, sigma, level, self._frame)
        return picture, mask

    def _part(
        self,
        painter: OpeningPainter,
        zone: Zone,
        canvas: Zone,
        fields: tuple[FloatArray, FloatArray],
    ) -> _Part:
        """Both fields of an opening; the upper one is put into the canvas's field.

        Args:
            painter: What paints it.
            zone: Its pixels.
            canvas: Those of the face.
            fields: The canvas's field, and the part of it that comes of brows that move whole.
        """
        field, held = fields
        opening = painter.opening
        area = (
            slice(zone.y0 - canvas.y0, zone.y0 - canvas.y0 + zone.height),
            slice(zone.x0 - canvas.x0, zone.x0 - canvas.x0 + zone.width),
        )
        coarse = field[area].copy()
        blend = window(zone.height, zone.width, round(_BLEND_CM * self._motion.px_per_cm))
        weight = blend[..., None]
        above, below = self._edge_fields(zone, opening)
        for one in (above, below):
            one += held[area]
            self._inside(one, zone)
        field[area] = coarse + weight * (above - coarse)
        return _Part(painter, zone, area, coarse + weight * (below - coarse), blend)

    def _inside(self, field: FloatArray, zone: Zone) -> None:
        """Hold a field of a zone back where it would move in what is beyond the picture's edge."""
        if self._size is not None:
            hold_inside(field, zone, *self._size)

    def _edge_fields(self, zone: Zone, opening: Opening) -> tuple[FloatArray, FloatArray]:
        """The fields in which an opening and what lies beyond follow its upper, and lower, edge."""
        motion, mesh = self._motion, warp_mesh()
        down = LocalAxes.of_opening(motion.source, opening).down
        upper, lower = np.array(opening.upper), np.array(opening.lower)
        gap = max(
            float(np.abs((points[lower] - points[upper]) @ down).max())
            for points in (motion.source, motion.target)
        )
        reach = (gap + 0.5 * motion.px_per_cm) * down
        beyond = [motion.target[upper] + reach, motion.target[lower] - reach]
        moves = np.concatenate([motion.motion, motion.motion[upper], motion.motion[lower]])
        points = np.concatenate([motion.target, *beyond]).astype(np.float32)
        # What touches neither edge moves alike in both; pressed edges lie over each other.
        inner = opening.upper[1:-1], opening.lower[1:-1]
        common = MeshRaster.of(zone, points, mesh.without(inner[0] + inner[1]))
        start = len(motion.target)
        above = _strips(upper, start + np.arange(len(upper)))
        below = _strips(lower, start + len(upper) + np.arange(len(lower)))
        return (
            common.under(np.concatenate([mesh.along(*inner), above])).field(moves),
            common.under(np.concatenate([mesh.along(*inner[::-1]), below])).field(moves),
        )

    def _opening(self, part: _Part, above: FloatArray) -> FloatArray:
        """Upper side, lower side and what lies between them, in one opening's zone."""
        motion, painter, crop = self._motion, part.painter, self._crop
        below = crop.moved(part.zone, part.below)
        view = OpeningView.of(painter.opening, painter.axes(motion), motion, crop, part.zone)
        skin = PaintLayer(below, painter.lower_weight(view)).over(above)
        picture = skin
        for layer in painter.layers(view, skin):
            picture = layer.over(picture)
        return picture


def _strips(edge: IndexArray, beyond: IndexArray) -> Int32Array:
    """(N, 3) triangles between an edge and the vertices beyond it."""
    upper = np.stack([edge[:-1], edge[1:], beyond[1:]], axis=1)
    lower = np.stack([edge[:-1], beyond[1:], beyond[:-1]], axis=1)
    return np.asarray(np.concatenate([upper, lower]), dtype=np.int32)
