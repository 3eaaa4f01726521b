"""The hidden part of a face as the nearest frames of its shot show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import BoolArray, FloatArray
from mien.media.planes import Box
from mien.model.landmarks import SKIN
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.features import features
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.tone import largest
from mien.rendering.geometry.topology import OVAL, still_mesh

__all__ = ["FaceView", "ShownFace", "hidden_face"]

_CANDIDATES: Final = 7
"""Frames of the library that are looked at, the nearest ones; where none of them will do, twice
as many more."""
_USED: Final = 3
"""Frames that are mixed at most; their weights fall to nothing at the next one."""
_FARTHEST: Final = 2.0
"""Distance of features from which a frame shows nothing like this one."""
_FIT: Final = 0.12
"""How much a frame may differ from the plate beside the hole, in its light, where it differs
neither most nor least; a part of the face's brightness."""
_ODD: Final = 0.25, 0.15
"""Difference from most of the frames that is odd, likewise, and the part of the hole in which it
may be: a frame beyond shows something in front itself."""
_SAME: Final = 0.35
"""A frame shows the very thing in front when it differs from it by so much less than skin does."""
_CELL_CM: Final = 0.12
"""Cells of the field that takes another frame's face to where it lies in this one; by their
colours frames are compared."""
_DARK: Final = 0.02
"""R'G'B' that is added to every brightness."""
_READ_PX: Final = 4
"""Pixels that interpolation reads around a place, and a little more."""
_WHOLLY: Final = 0.9
"""Part of a cell from which all of it counts."""
_RINGS: Final = 1.25, 1.8
"""How far around the middle of a face other frames are laid with it, times its outline's
distance."""


class FaceView(NamedTuple):
    """A face as one frame has it.

    Attributes:
        frame: Index of the frame.
        points: (468, 2) its landmarks, coded pixels.
        px_per_cm: Pixels in a canonical unit.
        controls: (59,) what it does.
        rotation: (3, 3) how the head is turned.
        moved: (N, 2) points around all that an edit moves, before and after.
    """

    frame: int
    points: FloatArray
    px_per_cm: float
    controls: FloatArray
    rotation: FloatArray
    moved: FloatArray


class ShownFace(NamedTuple):
    """A part of a picture as other frames show it, in this frame's colours roughly.

    Attributes:
        rgb: (h, w, 3) their mixture.
        shown: (h, w) how far they show it: their pictures end somewhere.
    """

    rgb: FloatArray
    shown: FloatArray


def hidden_face(
    view: FaceView,
    box: Box,
    library: FaceLibrary,
    plate: FloatArray,
    skin: FloatArray,
    known: FloatArray,
    core: BoolArray,
) -> ShownFace | None:
    """Return a part of a picture as the nearest frames show it; None where none does.

    Args:
        view: The face.
        box: The part, coded pixels.
        library: The frames that show most of the face, uncovered.
        plate: (h, w, 3) what the plate shows.
        skin: (h, w, 3) the face as it runs on smoothly over what hides it.
        known: (h, w) where the plate shows the face.
        core: (h, w) where nothing but what hides it is seen.
    """
    near = _nearest(view, library)
    cell = max(1, round(_CELL_CM * view.px_per_cm))
    small = _Small.of(plate, skin, known, core, cell)
    if not near or not small.around.any():
        return None
    zone = Zone(box.x0, box.y0, -(-box.width // cell), -(-box.height // cell), cell)
    points = _with_rings(view.points)
    raster = MeshRaster.of(zone, points, still_mesh())
    # What is in front may stay in one place of the face in all frames that are near.
    good = small.good(near[:_CANDIDATES], points, raster) or small.good(
        near[_CANDIDATES:], points, raster
    )
    if not good:
        return None
    away = np.array([far for _, far in good])
    last = away[_USED] if len(away) > _USED else 1.5 * away[-1] + 1e-3
    weights = np.square(np.maximum(1 - away[:_USED] / max(last, 1e-6), 0)) + 1e-6
    rgb, shown = np.zeros_like(plate), np.ones_like(raster.labels, dtype=np.float32)
    for (look, _), weight in zip(good, (weights / weights.sum()).tolist(), strict=False):
        whole = look.crop.moved(zone, raster.field(look.motion))
        rgb += np.float32(weight) * whole[: box.height, : box.width]
        np.minimum(shown, look.shown, out=shown)
    shown = cv2.resize(shown, (zone.width, zone.height), interpolation=cv2.INTER_LINEAR)
    return ShownFace(rgb, np.asarray(shown[: box.height, : box.width]))


class _Look(NamedTuple):
    """Another frame's face in the middles of a raster's cells.

    Attributes:
        crop: What is seen of it there.
        motion: (V, 2) how far vertices have moved from it.
        rgb: (rows, columns, 3) its colours.
        shown: (rows, columns) how far inside its picture they lie, 0..1.
    """

    crop: PlateCrop
    motion: FloatArray
    rgb: FloatArray
    shown: FloatArray

    @classmethod
    def of(cls, frame: LibraryFrame, points: FloatArray, raster: MeshRaster) -> _Look:
        """Return a frame of the library where the vertices of another have come to points."""
        zone, motion = raster.zone, points - _with_rings(frame.points)
        at = -raster.cells(motion)
        middle = (zone.cell - 1) / 2
        columns = np.arange(zone.columns, dtype=np.float32)
        rows = np.arange(zone.rows, dtype=np.float32)[:, None]
        at[..., 0] += zone.x0 + middle + zone.cell * columns
        at[..., 1] += zone.y0 + middle + zone.cell * rows
        # Only what may be read is converted.
        height, width = frame.rgb.shape[:2]
        reach = zone.cell + _READ_PX
        low = np.clip(np.floor(at.min(axis=(0, 1)) - reach), 0, [width - 1, height - 1])
        high = np.clip(np.ceil(at.max(axis=(0, 1)) + reach) + 1, low + 1, [width, height])
        (x0, y0), (x1, y1) = low.astype(int).tolist(), high.astype(int).tolist()
        depth = np.minimum(at, np.array([width - 1, height - 1], dtype=np.float32) - at)
        shown = smoothstep(depth.min(axis=2), 0.0, zone.cell)
        crop = PlateCrop(frame.rgb[y0:y1, x0:x1].astype(np.float32), low.astype(np.float32))
        return cls(crop, motion, crop.sample(at[..., 0], at[..., 1]), shown)


class _Small(NamedTuple):
    """Small pictures of what a plate shows, by which others are compared with it.

    Attributes:
        plate: (h, w, 3) the plate.
        skin: (h, w, 3) the face as it runs on smoothly.
        around: (h, w) where the plate shows the face.
        hidden: (h, w) where it shows nothing but what is in front.
    """

    plate: FloatArray
    skin: FloatArray
    around: BoolArray
    hidden: BoolArray

    @classmethod
    def of(
        cls, plate: FloatArray, skin: FloatArray, known: FloatArray, core: BoolArray, cell: int
    ) -> _Small:
        """Return pictures of whole cells, each the mean of its pixels."""
        height, width = known.shape[0] // cell, known.shape[1] // cell

        def means(picture: FloatArray) -> FloatArray:
            whole = picture[: height * cell, : width * cell]
            if not whole.size:
                return np.zeros((height, width, *picture.shape[2:]), dtype=np.float32)
            size = width, height
            small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
            return np.asarray(small, dtype=np.float32).reshape(height, width, *picture.shape[2:])

        hidden = means(core.astype(np.float32)) > _WHOLLY
        return cls(means(plate), means(skin), np.asarray(means(known) > _WHOLLY), hidden)

    def good(
        self, near: Sequence[tuple[LibraryFrame, float]], points: FloatArray, raster: MeshRaster
    ) -> list[tuple[_Look, float]]:
        """Return those of some frames, as the raster's cells show them, that show the face."""
        looks = [_Look.of(frame, points, raster) for frame, _ in near]
        seen = [self.lit(look.rgb) for look in looks]
        if not seen:
            return []
        usual = np.median(seen, axis=0)
        return [
            (look, away)
            for look, one, (_, away) in zip(looks, seen, near, strict=True)
            if self.shows_face(one, usual)
        ]

    def lit(self, look: FloatArray) -> FloatArray:
        """Return a look at the same cells, and beyond, in the plate's light."""
        small = look[: self.around.shape[0], : self.around.shape[1]]
        # A median: what is in front may shade a part of the face.
        light = (self.plate[self.around] + _DARK) / (small[self.around] + _DARK)
        return np.asarray(small * np.median(light, axis=0), dtype=np.float32)

    def shows_face(self, look: FloatArray, usual: FloatArray) -> bool:
        """Tell whether a look fits the plate, and shows no thing in front of the face itself.

        Args:
            look: (h, w, 3) the look.
            usual: What most looks show.
        """
        unlike = largest(np.abs(look - self.plate))
        level = float(self.plate[self.around].mean()) + _DARK
        if float(np.median(unlike[self.around])) > _FIT * level:
            return False
        if not self.hidden.any():
            return True
        odd = largest(np.abs(look - usual))[self.hidden] > _ODD[0] * level
        if float(odd.mean()) > _ODD[1]:
            return False
        skin = largest(np.abs(self.skin - self.plate))[self.hidden]
        return float(np.median(unlike[self.hidden])) >= _SAME * float(np.median(skin))


def _nearest(view: FaceView, library: FaceLibrary) -> list[tuple[LibraryFrame, float]]:
    """The frames whose face does most nearly what this one does, and how far it is away."""
    if not library.frames:
        return []
    known = features(library.controls, library.rotations)
    here = features(view.controls[None], view.rotation[None])[0]
    away = np.linalg.norm(known - here, axis=1)
    order = np.argsort(away, kind="stable")[: 3 * _CANDIDATES]
    return [(library.frames[i], float(away[i])) for i in order.tolist() if away[i] < _FARTHEST]


def _with_rings(points: FloatArray) -> FloatArray:
    """(V, 2) the vertices of `still_mesh` for a face's landmarks."""
    oval = points[list(OVAL)]
    middle = oval.mean(axis=0)
    rings = [middle + factor * (oval - middle) for factor in _RINGS]
    return np.asarray(np.concatenate([points[:SKIN], *rings]), dtype=np.float32)
