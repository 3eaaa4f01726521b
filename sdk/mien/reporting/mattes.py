"""Where an edit may change a picture: as its renderer says, as a file does, or around faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.errors import InputError
from mien.media.frame import Frame
from mien.media.orient import turn
from mien.media.probe import probe_any
from mien.media.reader import open_reader
from mien.model.media import MediaInfo, Orientation
from mien.model.shot import Shot
from mien.pipeline import close_loop, stream_frames
from mien.progress import Progress, silent
from mien.rendering.base import FacePlan, Renderer
from mien.reporting.faces import Tracked
from mien.timebase import FrameRange

__all__ = ["FrameMatte", "FrameMattes", "file_mattes", "outline_mattes", "renderer_mattes"]

_MARGIN: Final = 0.08
"""Of a face's height, around its outline."""
_FEATHER: Final = 0.04
"""Of a face's height, over which an outline's matte falls off."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameMatte:
    """Where one frame may be changed.

    Attributes:
        upright: (H, W) float32 in pixels of the upright picture, 0 where nothing may change.
        coded: The same in coded pixels, exact; None where it is not known that exactly.
    """

    upright: FloatArray
    coded: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class FrameMattes:
    """The mattes of a report, frame by frame.

    Attributes:
        kind: Where they come from.
        how: The same in a sentence.
        frames: Yields the matte of every frame, in order; None where nothing may change.
    """

    kind: str
    how: str
    frames: Iterator[FrameMatte | None]


def renderer_mattes(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer,
    frames: FrameRange,
    progress: Progress = silent,
    *,
    rendered: Sequence[FacePlan] | None = None,
) -> FrameMattes:
    """Return the mattes that a renderer has for edits: exactly what it changes.

    A file does not tell whether its amounts were corrected (`mien render --open-loop`), so that
    what either changes counts where nobody knows it.

    Args:
        shot: The shot.
        plans: The faces with edits.
        renderer: The renderer.
        frames: The frames.
        progress: Told about the stage `prepare`.
        rendered: The plans that were rendered; None where that is not known.
    """
    if rendered is None:
        loop = close_loop(shot, plans, renderer, progress)
        both = [plans, loop.plans] if loop.gains else [plans]
    else:
        both = [rendered]
    how = f"The matte is what the {renderer.name} renderer changes for the project's edits."

    def stream() -> Iterator[FrameMatte | None]:
        with ExitStack() as stack:
            made = [
                stack.enter_context(
                    closing(stream_frames(shot, one, renderer, frames, silent, matte=True))
                )
                for one in both
            ]
            for pair in zip(*made, strict=True):
                coded = np.max([frame.plate().luma() for frame in pair], axis=0)
                coded = np.where(coded > _least(pair[0]), coded, np.float32(0))
                shown = _upright(coded, pair[0].orientation) if coded.any() else None
                yield None if shown is None else FrameMatte(shown, coded)

    return FrameMattes("renderer", how, stream())


def _least(frame: Frame) -> float:
    """Half a code value of a frame's luma: below, it is black."""
    layout = frame.plate().layout
    return 0.0 if layout.floating else 0.5 / ((1 << layout.bits) - 1)


def file_mattes(path: Path, original: MediaInfo, frames: FrameRange) -> FrameMattes:
    """Return mattes of a file, as `mien render --matte` writes it.

    Args:
        path: A movie or image sequence, as long as the original or as the edited file.
        original: Facts of the original.
        frames: The frames of the original that are measured.

    Raises:
        MediaError: When it cannot be read.
        InputError: When it does not fit the original.
    """
    facts = probe_any(path)
    count = facts.clock.frame_count
    size, wanted = facts.orientation.upright_size, original.orientation.upright_size
    if count not in (len(frames), original.clock.frame_count) or size != wanted:
        raise InputError(
            f"The matte {path.name} is {size[0]} x {size[1]} of {count} frames, the edited file"
            f" {wanted[0]} x {wanted[1]} of {len(frames)}.",
            "Give the matte of this edit, as `mien render --matte` writes it.",
            path=path,
        )
    start = 0 if count == len(frames) else frames.start

    def stream() -> Iterator[FrameMatte | None]:
        with (
            open_reader(facts, cache_bytes=0) as reader,
            closing(reader.stream(start, start + len(frames))) as shown,
        ):
            for frame in shown:
                grey = frame.upright_rgb()[..., 1].astype(np.float32) / 255
                # What a lossy codec makes of black is nothing that may change.
                grey[grey < 2 / 255] = 0
                yield FrameMatte(grey) if grey.any() else None

    return FrameMattes("file", f"The matte is {path.name}.", stream())


def outline_mattes(media: MediaInfo, faces: Sequence[Tracked], count: int, why: str) -> FrameMattes:
    """Return mattes that cover faces with a margin: where edits of a face lie.

    Args:
        media: Facts of the original.
        faces: The faces, tracked in both files.
        count: Number of frames.
        why: Why it is not known more exactly.
    """
    width, height = media.orientation.upright_size

    def stream() -> Iterator[FrameMatte | None]:
        for row in range(count):
            yield _outline(faces, row, (width, height))

    how = f"The matte is the outline of the faces with a margin of {_MARGIN:.0%}, because {why}."
    return FrameMattes("outline", how, stream())


def _outline(faces: Sequence[Tracked], row: int, size: tuple[int, int]) -> FrameMatte | None:
    import cv2

    canvas = np.zeros((size[1], size[0]), np.float32)
    for face in faces:
        points = np.concatenate([face.before[row], face.after[row]])
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            continue
        hull = cv2.convexHull(points.astype(np.float32))[:, 0]
        middle, tall = hull.mean(axis=0), float(np.ptp(hull[:, 1]))
        away = hull - middle
        long = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-3)
        grown = hull + away / long * _MARGIN * tall
        mask = np.zeros_like(canvas)
        cv2.fillConvexPoly(mask, np.rint(grown).astype(np.int32), 1.0)
        reach = max(1, round(_FEATHER * tall))
        inner = cv2.erode(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
        soft = cv2.GaussianBlur(inner, (0, 0), reach / 2) * mask
        canvas = np.maximum(canvas, soft)
    return FrameMatte(canvas) if canvas.any() else None


def _upright(coded: FloatArray, orientation: Orientation) -> FloatArray:
    """A coded picture (h, w) as it is looked at, with square pixels."""
    import cv2

    shown = turn(orientation, coded)
    size = orientation.upright_size
    if (shown.shape[1], shown.shape[0]) == size:
        return shown
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_LINEAR), np.float32)
