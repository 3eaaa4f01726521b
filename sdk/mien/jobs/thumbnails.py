"""Small pictures of a shot, as it was and as it is, for its report."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.io.files import written_whole
from mien.media.frame import Frame
from mien.rendering.base import FacePlan
from mien.timebase import FrameRange

__all__ = ["REPORT", "ThumbnailPair", "Thumbnails"]

REPORT = "report"
"""The folder of reports and pictures in a batch's folder."""
_HEIGHT = 270
"""Of a picture, in pixels, at most."""
_LOOKS = 3
"""Frames that are shown of a shot."""
_QUALITY = 85
_ABOUT = 0.95


@dataclass(frozen=True, slots=True)
class ThumbnailPair:
    """Pictures of a frame before and after.

    Attributes:
        frame: Its index in the source.
        before: Name of the picture as it was, in the report's folder.
        after: Name of the picture as it is.
    """

    frame: int
    before: str
    after: str

    def to_dict(self) -> dict[str, Any]:
        """The pair in JSON's types."""
        return {"frame": self.frame, "before": self.before, "after": self.after}


class Thumbnails:
    """The pictures of one shot: of the frames in which most is asked.

    Args:
        folder: The batch's folder.
        name: The shot's name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / REPORT
        self._name = name

    def taker(self, plans: Sequence[FacePlan], span: FrameRange) -> Callable[[Frame, Frame], None]:
        """A function that is shown every frame, as it was and as it is, and keeps a few.

        Pictures of an earlier output are removed.

        Args:
            plans: The faces with edits.
            span: The frames that will be shown.
        """
        wanted = set(_telling(plans, span))
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._files():
            old.unlink(missing_ok=True)

        def take(before: Frame, after: Frame) -> None:
            if before.index in wanted:
                self._save(before, self._name_of(before.index, "was"))
                self._save(after, self._name_of(before.index, "is"))

        return take

    def pairs(self) -> list[ThumbnailPair]:
        """The frames of which there are pictures, ascending."""
        frames = sorted({int(path.name.split(".")[-3]) for path in self._files()})
        return [ThumbnailPair(n, self._name_of(n, "was"), self._name_of(n, "is")) for n in frames]

    def _files(self) -> list[Path]:
        name = re.compile(re.escape(self._name) + r"\.\d+\.(was|is)\.jpg")
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if name.fullmatch(path.name)]

    def _name_of(self, frame: int, which: str) -> str:
        return f"{self._name}.{frame}.{which}.jpg"

    def _save(self, frame: Frame, name: str) -> None:
        import cv2

        rgb = frame.upright_rgb(_HEIGHT)
        _, packed = cv2.imencode(
            ".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        )
        with written_whole(self._folder / name) as file:
            file.write(packed.tobytes())


def _telling(plans: Sequence[FacePlan], span: FrameRange) -> list[int]:
    """A frame from each part of the span, that in which most is asked of the faces."""
    asked: npt.NDArray[np.float64] = np.zeros(len(span))
    for plan in plans:
        delta = plan.evaluated.delta[span.start : span.stop]
        asked += np.linalg.norm(delta.astype(np.float64), axis=1)
    parts = np.array_split(np.arange(len(span)), min(_LOOKS, len(span)))
    return [span.start + _middle_of_most(part, asked[part]) for part in parts]


def _middle_of_most(frames: npt.NDArray[np.intp], asked: npt.NDArray[np.float64]) -> int:
    """The middle of the frames in which about as much is asked as ever."""
    most = frames[asked >= _ABOUT * asked.max()]
    return int(most[len(most) // 2])
