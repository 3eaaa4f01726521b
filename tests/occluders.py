"""Things drawn in front of real faces, of which it is known exactly where they are.

A clip is tracked clean, something is drawn over its frames that moves past an eye, the mouth or a
brow, and the result is tracked again, as footage would be.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

import mien
from mien._types import AnyArray, BoolArray, ByteArray, FloatArray
from mien.media.orient import to_coded
from mien.media.reader import open_reader
from mien.model.face import Face
from mien.model.shot import Shot
from mien.rendering.geometry.topology import OVAL
from mien.rendering.occlusion.detected import DetectedMatte
from mien.rendering.occlusion.hand_matte import hand_area
from mien.rendering.plates import ReaderPlates
from mien.tracking.mediapipe.hands import Hands

__all__ = [
    "KINDS", "Clean", "Covered", "Measured", "cover", "covered_clip", "measure", "measure_clean",
    "read_pictures", "real_hand",
]  # fmt: skip

KINDS: Final = ("bar", "circle", "hand", "strands", "glasses")
"""What can be drawn."""

EDIT: Final = {"jawOpen": 0.4, "mouthSmile": 0.4, "eyeBlink": 0.5, "browInnerUp": 0.5}
"""An edit of all of a face."""

_SHIFT: Final = 4
"""Bits behind the point of the positions that OpenCV draws at."""


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """A tracked clip with something in front of its face.

    Attributes:
        shot: The clip, its frames in memory.
        pictures: (T, H, W, 3) uint8 its frames.
        alpha: (T, H, W) float16, 0..1, how far each pixel shows what is in front.
        outline: (T, 36, 2) outline of the face in the clean clip, pixels.
    """

    shot: Shot
    pictures: ByteArray
    alpha: AnyArray
    outline: FloatArray

    @property
    def face(self) -> Face:
        """The face."""
        return mien.main_face(self.shot)

    def on_face(self, frame: int) -> BoolArray:
        """(H, W) the face's area."""
        area = np.zeros(self.pictures.shape[1:3], np.uint8)
        cv2.fillPoly(area, [np.round(self.outline[frame]).astype(np.int32)], 1)
        return area > 0

    def front(self, frame: int) -> BoolArray:
        """(H, W) where more of what is in front is seen than of the face."""
        return np.asarray(self.alpha[frame] > 0.5)

    def core(self, frame: int) -> BoolArray:
        """(H, W) what is further than 2 px from the edge of what is in front."""
        square = np.ones((5, 5), np.uint8)
        return np.asarray(cv2.erode(self.front(frame).astype(np.uint8), square) > 0)


class Measured(NamedTuple):
    """How well something in front of a face is found.

    Attributes:
        kept: Part of its pixels on the face, further than 2 px from its edge, that a render leaves
            as they are, bit for bit.
        overlap: Intersection of matte and truth over their union, on the face.
        swing: Change of the matte's area from frame to frame over that of the truth's.
    """

    kept: float
    overlap: float
    swing: float


def measure(covered: Covered) -> Measured:
    """Render an edit of all of a face behind something, and look at what became of that."""
    edit = mien.Edit(covered.face)
    for control, value in EDIT.items():
        edit = edit.set(control, value)
    both = either = kept = core = 0
    areas: list[tuple[int, int]] = []
    face = covered.face
    with open_reader(covered.shot.media) as reader:
        plates = ReaderPlates(reader)
        source = DetectedMatte(covered.shot, plates)
        source.prepare([face])
        rendered = mien.render_frames(covered.shot, [edit], pixels="plate", renderer="warp")
        for frame, picture in enumerate(rendered):
            plate = plates.plate(frame)
            on_face = covered.on_face(frame)
            matte = source.matte(face, frame, plate) if face.valid[frame] else None
            truth = covered.front(frame) & on_face
            told = np.zeros_like(truth) if matte is None else (matte > 0.5) & on_face
            both += int(np.count_nonzero(told & truth))
            either += int(np.count_nonzero(told | truth))
            areas.append((int(np.count_nonzero(told)), int(np.count_nonzero(truth))))
            deep = covered.core(frame) & on_face
            kept += int(np.count_nonzero(deep & (picture == plate.rgb()).all(axis=2)))
            core += int(np.count_nonzero(deep))
        source.close()
    steps = np.abs(np.diff(np.array(areas), axis=0)).sum(axis=0)
    return Measured(kept / max(core, 1), both / max(either, 1), steps[0] / max(steps[1], 1))


class Clean(NamedTuple):
    """What is found in front of faces with nothing in front.

    Attributes:
        share: Part of the faces' areas.
        seconds: A frame took.
    """

    share: float
    seconds: float


def measure_clean(shot: Shot, most: int = 60) -> Clean:
    """Look for something in front of the faces of a shot that has nothing, in so many frames."""
    told = area = count = 0
    seconds = 0.0
    step = max(1, len(shot) // most)
    with open_reader(shot.media) as reader:
        plates = ReaderPlates(reader)
        source = DetectedMatte(shot, plates)
        source.prepare(shot.faces)
        for face, frame in itertools.product(shot.faces, range(0, len(shot), step)):
            if not face.valid[frame]:
                continue
            plate = plates.plate(frame)
            start = time.perf_counter()
            matte = source.matte(face, frame, plate)
            seconds += time.perf_counter() - start
            count += 1
            outline = to_coded(shot.media.orientation, face.landmarks[frame, list(OVAL), :2])
            on_face = np.zeros((plate.height, plate.width), np.uint8)
            cv2.fillPoly(on_face, [np.round(outline).astype(np.int32)], 1)
            area += int(np.count_nonzero(on_face))
            if matte is not None:
                told += int(np.count_nonzero((matte > 0.02) & (on_face > 0)))
        source.close()
    return Clean(told / max(area, 1), seconds / max(count, 1))


def read_pictures(path: Path, first: int, count: int) -> ByteArray:
    """Return frames (T, H, W, 3) of a clip, upright, as 8-bit R'G'B'."""
    with open_reader(mien.open_shot(path).media) as reader:
        frames = [frame.upright_rgb() for frame in reader.stream(first, first + count)]
    return np.ascontiguousarray(np.stack(frames))


def covered_clip(path: Path, kind: str, first: int = 0, count: int = 48, seed: int = 0) -> Covered:
    """Return a clip with something moving over its largest face; nothing in its first third.

    Args:
        path: The clip.
        kind: One of `KINDS`.
        first: First of its frames.
        count: How many.
        seed: Of colours and texture.
    """
    pictures = read_pictures(path, first, count)
    clean = mien.main_face(mien.track(frames=pictures, rate=25, progress=False))
    points = np.nan_to_num(clean.landmarks[..., :2])
    hand = real_hand(path.parent / "lp_s29.mp4") if kind == "hand" else None
    drawn, alpha = cover(pictures, points, kind, np.random.default_rng(seed), hand)
    shot = mien.track(frames=drawn, rate=25, progress=False)
    return Covered(shot, drawn, alpha, points[:, list(OVAL)])


def cover(
    pictures: ByteArray,
    points: FloatArray,
    kind: str,
    random: np.random.Generator,
    hand: FloatArray | None = None,
) -> tuple[ByteArray, AnyArray]:
    """Draw something over the faces of pictures.

    Args:
        pictures: (T, H, W, 3) the pictures.
        points: (T, 478, 2) landmarks of the face.
        kind: One of `KINDS`.
        random: Chooses colours and texture.
        hand: (h, w, 4) R'G'B' and alpha of a hand, for that kind.

    Returns:
        The pictures with it, and (T, H, W) float16 how far each pixel shows it.
    """
    count, height, width = pictures.shape[:3]
    size = float(np.ptp(points[:, :468], axis=1).max(axis=1).mean())
    paint = _texture(pictures, kind, random)
    drawn, alphas = pictures.copy(), np.zeros((count, height, width), np.float16)
    first, last = count // 3, round(0.85 * count)
    for frame in range(first, last):
        part = (frame - first) / max(last - first - 1, 1)
        if hand is not None:
            alpha, moved = _held_up(hand, (height, width), points[frame], size, part)
        else:
            area = np.zeros((height, width), np.uint8)
            middle = _DRAW[kind](area, points[frame], size, part)
            alpha = cv2.GaussianBlur(area.astype(np.float32) / 255, (0, 0), 0.6)
            # The texture goes with the thing, not with the picture.
            shift = int(middle[1]) % height, int(middle[0]) % width
            moved = np.roll(paint, shift, axis=(0, 1))[:height, :width]
        mixed = drawn[frame] * (1 - alpha[..., None]) + moved * alpha[..., None]
        drawn[frame] = np.round(mixed)
        alphas[frame] = alpha
    return drawn, alphas


@cache
def real_hand(path: Path) -> FloatArray:
    """Return (h, w, 4) R'G'B' and alpha of a hand, cut out of a clip by its landmarks."""
    picture = read_pictures(path, 40, 1)[0]
    finder = Hands()
    hand = max(finder.find(picture), key=lambda one: float(np.ptp(one.points[:, 1])))
    finder.close()
    alpha = hand_area(hand.points, picture.shape)
    low = np.maximum(hand.points.min(axis=0) - 12, 0).astype(int)
    high = hand.points.max(axis=0).astype(int) + 12
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    sharp = (alpha[rows, columns, None] > 0.5).astype(np.float32)
    return np.concatenate([picture[rows, columns].astype(np.float32), sharp], axis=2)


def _held_up(
    hand: FloatArray, shape: tuple[int, int], points: FloatArray, size: float, part: float
) -> tuple[FloatArray, FloatArray]:
    """Alpha (H, W) and colours (H, W, 3) of a hand that rises over chin and mouth, and sinks."""
    scale = 0.62 * size / hand.shape[0]
    rise = 0.6 - 1.1 * min(part, 1 - part)
    middle = points[[13, 14]].mean(axis=0) + np.array([0.02, rise]) * size
    corner = middle - scale * np.array([hand.shape[1], hand.shape[0]]) / 2
    place = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
    moved = cv2.warpAffine(hand, place, shape[::-1], flags=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(moved[..., 3], (0, 0), 0.6)), np.asarray(moved[..., :3])


def _texture(pictures: ByteArray, kind: str, random: np.random.Generator) -> FloatArray:
    """(2H, 2W, 3) colours of the thing."""
    height, width = pictures.shape[1:3]
    noise = random.normal(size=(2 * height, 2 * width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2)
    noise /= noise.std()
    tone, rough = random.uniform(30, 220, 3), 25
    if kind == "glasses":
        tone, rough = random.uniform(10, 50, 1), 3
    return np.asarray(np.clip(tone + rough * noise, 0, 255), np.float32)


def _fixed(point: FloatArray) -> tuple[int, int]:
    x, y = np.round(np.asarray(point) * (1 << _SHIFT)).astype(int).tolist()
    return x, y


def _line(area: ByteArray, a: FloatArray, b: FloatArray, thick: float) -> None:
    ends = _fixed(a), _fixed(b)
    cv2.line(area, *ends, 255, max(2, round(thick)), cv2.LINE_AA, _SHIFT)


def _bar(area: ByteArray, points: FloatArray, size: float, part: float) -> FloatArray:
    """A bar that passes over the mouth."""
    middle = points[[13, 14]].mean(axis=0) + np.array([(part - 0.5) * 1.2 * size, 0])
    along = np.array([np.sin(0.3), np.cos(0.3)]) * size
    _line(area, middle - along, middle + along, 0.13 * size)
    return np.asarray(middle, np.float32)


def _circle(area: ByteArray, points: FloatArray, size: float, part: float) -> FloatArray:
    """A disc that passes over an eye."""
    middle = points[[159, 145]].mean(axis=0) + np.array([1.0, 0.3]) * (part - 0.5) * size
    radius = round(0.16 * size * (1 << _SHIFT))
    cv2.circle(area, _fixed(middle), radius, 255, -1, cv2.LINE_AA, _SHIFT)
    return np.asarray(middle, np.float32)


def _strands(area: ByteArray, points: FloatArray, size: float, part: float) -> FloatArray:
    """A fence of thin strands that passes over the mouth."""
    middle = points[[13, 14]].mean(axis=0) + np.array([(part - 0.5) * 0.4 * size, 0])
    for strand in range(7):
        lean = 0.1 * strand - 0.3
        along = np.array([np.sin(lean), np.cos(lean)]) * 0.5 * size
        root = middle + np.array([(strand - 3) * 0.09 * size, 0])
        _line(area, root - along, root + along, 0.012 * size)
    return np.asarray(middle, np.float32)


def _glasses(area: ByteArray, points: FloatArray, size: float, part: float) -> FloatArray:
    """A pair of glasses that goes with the head."""
    left, right = points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0)
    across = right - left
    turn = float(np.degrees(np.arctan2(across[1], across[0])))
    reach = float(np.linalg.norm(across))
    thick = max(3, round(0.016 * size))
    for eye in (left, right):
        axes = _fixed(np.array([0.4, 0.33]) * reach)
        cv2.ellipse(area, _fixed(eye), axes, turn, 0, 360, 255, thick, cv2.LINE_AA, _SHIFT)
    way = across / reach
    _line(area, left + 0.4 * reach * way, right - 0.4 * reach * way, thick)
    return np.asarray((left + right) / 2, np.float32)


_DRAW: Final = {
    "bar": _bar, "circle": _circle, "strands": _strands, "glasses": _glasses,
}  # fmt: skip
