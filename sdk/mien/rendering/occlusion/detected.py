"""What mien itself finds in front of a face: by how the face looks elsewhere, and by hands.

Every frame is looked at by itself: first from afar, where nearly all frames show nothing but the
face, and then closely where something may be in front of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import ByteArray, FloatArray
from mien.blas import one_blas_thread
from mien.media.display import to_display
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.appearance.regions import FaceRegion
from mien.rendering.appearance.scan import face_appearance
from mien.rendering.base import PlateSource
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.occlusion.evidence import Evidence, find_evidence
from mien.rendering.occlusion.face_model import AppearanceModel, by_channel, learn_appearance
from mien.rendering.occlusion.hand_matte import HandFinder
from mien.rendering.occlusion.layout import FaceLayout
from mien.rendering.occlusion.refine import refine
from mien.rendering.occlusion.source import MatteSource
from mien.rendering.occlusion.strands import Strands, strands_in_plate

__all__ = ["DetectedMatte"]

_AFAR: Final = 104
"""Texels along a side of the layout in which every frame is looked at."""
_CLOSE: Final = (128, 240)
"""The same, least and most, in which those are that may show something in front."""
_DETAIL: Final = 1.1
"""Texels of the face in one of its pixels, closely."""
_BORDER: Final = 0.16
"""Border around the landmarks that is looked at, over the face's size."""
_BESIDE: Final = -2.2
"""Logarithm of the odds, before its colour is looked at, that a pixel beside a face shows it."""
_LITTLE: Final = 0.1
"""Trust below which a texel says too little."""
_KEPT: Final = 96
"""Mattes that are kept for who asks again: a slider stays in one frame."""


class _Known:
    """What is known of a face: from afar at once, and closely when that is first needed.

    Args:
        face: The face.
        frames: Frames of its library.
        tagged: A plate of the shot, which says how its pixels are shown.
    """

    def __init__(self, face: Face, frames: Sequence[LibraryFrame], tagged: Plate) -> None:
        self._face = face
        self._frames = frames
        self._tagged = tagged
        self._learning = threading.Lock()
        self._close: AppearanceModel | None = None
        self.afar = self._learned(_AFAR)

    @property
    def close(self) -> AppearanceModel:
        """What is known closely."""
        with self._learning:
            if self._close is None:
                extents = [float(np.ptp(one.points[:SKIN], axis=0).max()) for one in self._frames]
                least, most = _CLOSE
                size = int(np.clip(_DETAIL * np.median(extents), least, most)) // 8 * 8
                self._close = self._learned(size, self.afar)
            # As many frames are known closely as from afar.
            assert self._close is not None
            return self._close

    @one_blas_thread()
    def _learned(self, size: int, like: AppearanceModel | None = None) -> AppearanceModel | None:
        layout = FaceLayout(self._face.identity, size)
        return learn_appearance(
            layout,
            self._frames,
            lambda rgb: to_display(self._tagged, rgb),
            None if like is None else like.light,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A face in a frame: the part of the plate around it.

    Attributes:
        box: That part.
        rgb: (h, w, 3) its R'G'B', as a display shows it.
        points: (468, 2) landmarks, pixels of the plate.
    """

    box: Box
    rgb: FloatArray
    points: FloatArray

    @property
    def local(self) -> FloatArray:
        """(468, 2) landmarks, pixels of the part."""
        corner = np.array([self.box.x0, self.box.y0], dtype=np.float32)
        return np.asarray(self.points - corner)

    @property
    def extent(self) -> float:
        """Height or width of the face, whichever is larger, pixels."""
        return float(np.ptp(self.points, axis=0).max())


class DetectedMatte(MatteSource):
    """Finds what is in front of faces.

    Args:
        shot: The tracked shot.
        source: Its plates.
    """

    def __init__(self, shot: Shot, source: PlateSource) -> None:
        self._shot = shot
        self._source = source
        self._cache = AppearanceCache()
        self._known: dict[int, _Known | None] = {}
        self._libraries: list[FaceLibrary] = []
        self._learning = threading.Lock()
        self._hands = HandFinder(shot.media.orientation)
        self._mattes: OrderedDict[tuple[int, int], tuple[Box, ByteArray] | None] = OrderedDict()
        self._keeping = threading.Lock()

    def prepare(self, faces: Sequence[Face], progress: Progress = silent) -> None:
        """Learn what faces look like with nothing in front; see `MatteSource.prepare`."""
        for face in faces:
            with self._learning:
                if face.number not in self._known:
                    self._known[face.number] = self._learn(face)

    def is_prepared(self, faces: Sequence[Face]) -> bool:
        """Tell whether that has been done; see `MatteSource.is_prepared`."""
        return all(face.number in self._known for face in faces)

    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return what is in front of a face; None also before the face is known."""
        known = self._known.get(face.number)
        if known is None or known.afar is None:
            return None
        key = face.number, frame
        with self._keeping:
            kept = self._mattes.get(key, ())
        if kept == ():
            kept = self._found(known, known.afar, face, frame, plate)
            with self._keeping:
                self._mattes[key] = kept
                while len(self._mattes) > _KEPT:
                    self._mattes.popitem(last=False)
        if not kept:
            return None
        box, part = kept
        matte = np.zeros((plate.height, plate.width), dtype=np.float32)
        matte[box.y0 : box.y1, box.x0 : box.x1] = part.astype(np.float32) / 255
        return matte

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be looked for; see `MatteSource.notes`."""
        return (self._hands.problem,) if self._hands.problem else ()

    def close(self) -> None:
        """Let go of the hand model and of what was learned."""
        self._hands.close()
        self._known.clear()
        self._libraries.clear()

    @one_blas_thread()
    def _learn(self, face: Face) -> _Known | None:
        orientation = self._shot.media.orientation
        face = face.uncorrected()
        deformer = FaceDeformer(face, orientation)
        found = face_appearance(
            self._shot, face, deformer, self._source, (FaceRegion.LIBRARY,), self._cache
        )
        frames = found.library.frames
        if not frames:
            return None
        # The renderer, which learns of the same library, finds it at hand.
        self._libraries.append(found.library)
        return _Known(face, frames, self._source.plate(frames[0].frame))

    @one_blas_thread()
    def _found(
        self, known: _Known, afar: AppearanceModel, face: Face, frame: int, plate: Plate
    ) -> tuple[Box, ByteArray] | None:
        """The part of the plate that shows something in front, and how far; None for nothing."""
        view = self._view(face, frame, plate)
        if view is None or _evidence(afar, face, frame, view) is None:
            return None
        close = known.close
        hands: FloatArray | None = None

        def look_for_hands() -> FloatArray | None:
            nonlocal hands
            hands = self._hands.find(plate, view.box)
            if hands is None:
                return None
            brought = close.layout.bring(cv2.merge([hands] * 3), view.local)
            return np.ascontiguousarray(brought[..., 0])

        evidence = _evidence(close, face, frame, view, look_for_hands)
        if evidence is None:
            return None
        mattes = []
        if evidence.conclusive:
            mattes.append(_wide(close, evidence, view, hands))
        if evidence.strands is not None and evidence.strands.conclusive:
            mattes.append(_thin(close, evidence, evidence.strands, view))
        if not mattes:
            return None
        matte = np.maximum.reduce(mattes)
        if not matte.any():
            return None
        return view.box, np.round(255 * matte).astype(np.uint8)

    def _view(self, face: Face, frame: int, plate: Plate) -> _View | None:
        orientation = self._shot.media.orientation
        points = to_coded(orientation, face.landmarks[frame, :SKIN, :2])
        if not np.isfinite(points).all():
            return None
        low, high = points.min(axis=0), points.max(axis=0)
        margin = _BORDER * float((high - low).max())
        (x0, y0), (x1, y1) = np.floor(low - margin), np.ceil(high + margin) + 1
        box = Box(int(x0), int(y0), int(x1), int(y1)).clip(plate.width, plate.height)
        if box.width < 16 or box.height < 16:
            return None
        rgb = np.asarray(to_display(plate, plate.rgb(box)), dtype=np.float32)
        return _View(box, rgb, points)


def _wide(
    known: AppearanceModel, evidence: Evidence, view: _View, hands: FloatArray | None
) -> FloatArray:
    """(h, w) how far a part of a plate shows something in front, after the evidence for it."""
    odds, trust, hidden = known.layout.take_back(
        [(evidence.odds, -4.0), (evidence.trust, 0.0), (evidence.hidden, -1.0)],
        view.points,
        view.box,
    )
    # Beside the face, and where it is seen from the side, little is expected: what is in front
    # goes on there in its own colours.
    beside = (hidden[..., 0] < 0) | ((odds <= -4) & (trust < _LITTLE))
    colours = known.colours(by_channel(view.rgb, evidence.gain))
    odds = np.where(beside, evidence.by_colour[colours] + np.float32(_BESIDE), odds)
    if hands is not None:
        odds = np.where(beside, np.maximum(odds, 5 * hands - 4), odds)
    return refine(view.rgb, odds.astype(np.float32), trust, hidden, view.extent)


def _thin(known: AppearanceModel, evidence: Evidence, strands: Strands, view: _View) -> FloatArray:
    """(h, w) how far a part of a plate shows strands."""
    near, between, hidden = known.layout.take_back(
        [
            (strands.mask.astype(np.float32), 0.0),
            (strands.between.astype(np.float32), 0.0),
            (evidence.hidden, -1.0),
        ],
        view.points,
        view.box,
    )
    return strands_in_plate(view.rgb, near, between, hidden, view.extent)


def _evidence(
    known: AppearanceModel,
    face: Face,
    frame: int,
    view: _View,
    hands: Callable[[], FloatArray | None] | None = None,
) -> Evidence | None:
    controls, rotation = face.curves.controls.array[frame], face.curves.pose.rotation[frame]
    look = known.layout.bring(view.rgb, view.local)
    expected = known.expected(frame, controls, rotation)
    regions = face.region_confidence
    doubt = None if regions is None else 1 - regions[frame]
    return find_evidence(known, look, expected, rotation, doubt, hands)
