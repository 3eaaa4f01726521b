"""The hidden part of a face as the nearest frames of its shot show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from mien._types import BoolArray, FloatArray
from mien.media.planes import Box
from mien.model.landmarks import SKIN
from mien.rendering.appearance.library import FaceLibrary, LibraryFrame
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.features import features
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.tone import largest
from mien.rendering.geometry.topology import OVAL, still_mesh

__all__ = ["FaceView", "ShownFace", "hidden_face"]

_CANDIDATES: Final = 7
"""Frames of the library that are looked at, the nearest ones."""
_USED: Final = 3
"""Frames that are mixed at most; their weights fall to nothing at the next one."""
_FARTHEST: Final = 2.0
"""Distance of features from which a frame shows nothing like this one."""
_FIT: Final = 0.09
"""How much a frame may differ from the plate beside the hole on average, R'G'B', in its light."""
_ODD: Final = 0.12, 0.15
"""Difference from most of the frames that is odd, and the part of the hole in which it may be:
a frame beyond shows something in front itself."""
_SAME: Final = 0.35
"""A frame shows the very thing in front when it differs from it by so much less than skin does."""
_CELL_CM: Final = 0.08
"""Cells of the field that takes another frame's face to where it lies in this one."""
_LOOK_CM: Final = 0.08
"""Pixels of the small pictures by which frames are compared."""
_RINGS: Final = 1.25, 1.8
"""How far around the middle of a face other frames are laid with it, times its outline's
distance."""


class FaceView(NamedTuple):
    """A face as one frame has it.

    Attributes:
        frame: Index of the frame.
        points: (478, 2) its landmarks, coded pixels.
        px_per_cm: Pixels in a canonical unit.
        controls: (59,) what it does.
        rotation: (3, 3) how the head is turned.
        turned: Whether an edit turns the head, so that more is moved than the face.
    """

    frame: int
    points: FloatArray
    px_per_cm: float
    controls: FloatArray
    rotation: FloatArray
    turned: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ShownFace:
    """The part of a picture as other frames show it.

    Attributes:
        rgb: (h, w, 3) their mixture, in their own light.
        step: Pixels of small pictures.
    """

    rgb: FloatArray
    step: int

    def beside(self, plate: FloatArray, known: FloatArray) -> FloatArray | None:
        """Return it, if it fits a plate (h, w, 3) where that is known (h, w); None otherwise."""
        look = _Small.of(plate, known, self.step)
        if not look.around.any() or look.misfit(look.lit(self.rgb)) > _FIT:
            return None
        return self.rgb


def hidden_face(
    view: FaceView,
    box: Box,
    library: FaceLibrary,
    usable: BoolArray,
    plate: FloatArray,
    skin: FloatArray,
    known: FloatArray,
    core: BoolArray,
) -> ShownFace | None:
    """Return a part of a picture as the nearest frames show it; None where none does.

    Args:
        view: The face.
        box: The part, coded pixels.
        library: The frames that show most of the face.
        usable: (N,) which of these show it uncovered.
        plate: (h, w, 3) what the plate shows.
        skin: (h, w, 3) the face as it runs on smoothly over what hides it.
        known: (h, w) where the plate shows the face.
        core: (h, w) where nothing but what hides it is seen.
    """
    looks = _looks(view, library, usable, box)
    step = max(1, round(_LOOK_CM * view.px_per_cm))
    small = _Small.of(plate, known, step)
    if not looks or not small.around.any():
        return None
    hidden = small.shrunk(core.astype(np.float32)) > 0.9
    smooth = small.shrunk(skin)
    seen = [small.lit(look.rgb) for look in looks]
    usual = np.median(seen, axis=0)
    fits = [small.misfit(one) <= _FIT and _is_face(one, usual, small.rgb, smooth, hidden)
            for one in seen]  # fmt: skip
    good = [look for look, fit in zip(looks, fits, strict=True) if fit]
    if not good:
        return None
    last = good[_USED].away if len(good) > _USED else 1.5 * good[-1].away + 1e-3
    weights = [max(1 - look.away / max(last, 1e-6), 0) ** 2 + 1e-6 for look in good[:_USED]]
    rgb = np.zeros_like(plate)
    for look, weight in zip(good, weights, strict=False):
        rgb += np.float32(weight / sum(weights)) * look.rgb
    return ShownFace(rgb, step)


class _Look(NamedTuple):
    """A face in another frame, laid where this frame has it.

    Attributes:
        rgb: (h, w, 3) its pixels.
        away: How far what it does lies from what this frame does.
    """

    rgb: FloatArray
    away: float


class _Small(NamedTuple):
    """A small picture of what a plate shows, by which others are compared with it.

    Attributes:
        rgb: (h, w, 3) the plate.
        around: (h, w) where it is known.
    """

    rgb: FloatArray
    around: BoolArray

    @classmethod
    def of(cls, plate: FloatArray, known: FloatArray, step: int) -> _Small:
        """Return the small picture of a plate that is known in part."""
        size = max(1, plate.shape[1] // step), max(1, plate.shape[0] // step)
        rgb, around = (cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (plate, known))
        return cls(np.asarray(rgb), np.asarray(around > 0.9))

    def shrunk(self, picture: FloatArray) -> FloatArray:
        """Return a picture at this size."""
        size = self.around.shape[1], self.around.shape[0]
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    def lit(self, picture: FloatArray) -> FloatArray:
        """Return a picture at this size, in the plate's light."""
        small = self.shrunk(picture)
        light = self.rgb[self.around].mean(axis=0) + 0.01
        light /= small[self.around].mean(axis=0) + 0.01
        return np.asarray(small * light, dtype=np.float32)

    def misfit(self, small: FloatArray) -> float:
        """Return how much a small picture differs from the plate where that is known."""
        return float(largest(np.abs(small - self.rgb))[self.around].mean())


def _looks(view: FaceView, library: FaceLibrary, usable: BoolArray, box: Box) -> list[_Look]:
    """The nearest frames that show the face uncovered, nearest first."""
    if not usable.any():
        return []
    known = features(library.controls, library.rotations)
    here = features(view.controls[None], view.rotation[None])[0]
    away = np.where(usable, np.linalg.norm(known - here, axis=1), np.inf)
    nearest = np.argsort(away, kind="stable")[:_CANDIDATES]
    cell = max(1, round(_CELL_CM * view.px_per_cm))
    zone = Zone(box.x0, box.y0, -(-box.width // cell), -(-box.height // cell), cell)
    points = _with_rings(view.points)
    raster = MeshRaster.of(zone, points, still_mesh())
    return [
        _Look(_laid(library.frames[i], points, raster)[: box.height, : box.width], float(away[i]))
        for i in nearest.tolist()
        if away[i] < _FARTHEST
    ]


def _laid(frame: LibraryFrame, points: FloatArray, raster: MeshRaster) -> FloatArray:
    """(h, w, 3) another frame's face where the vertices of this one lie."""
    crop = PlateCrop(frame.rgb.astype(np.float32), np.zeros(2, dtype=np.float32))
    return crop.moved(raster.zone, raster.field(points - _with_rings(frame.points)))


def _with_rings(points: FloatArray) -> FloatArray:
    """(V, 2) the vertices of `still_mesh` for a face's landmarks."""
    oval = points[list(OVAL)]
    middle = oval.mean(axis=0)
    rings = [middle + factor * (oval - middle) for factor in _RINGS]
    return np.concatenate([points[:SKIN], *rings]).astype(np.float32)


def _is_face(
    look: FloatArray, usual: FloatArray, plate: FloatArray, skin: FloatArray, hidden: BoolArray
) -> bool:
    """Whether a look (h, w, 3) shows no thing in front where the plate does.

    Args:
        look: The look, in the plate's light.
        usual: What most looks show.
        plate: The plate.
        skin: The face as it runs on smoothly.
        hidden: (h, w) where the plate shows what is in front.
    """
    if not hidden.any():
        return True
    odd = largest(np.abs(look - usual))[hidden] > _ODD[0]
    if float(odd.mean()) > _ODD[1]:
        return False
    unlike = float(np.median(largest(np.abs(look - plate))[hidden]))
    return unlike >= _SAME * float(np.median(largest(np.abs(skin - plate))[hidden]))
