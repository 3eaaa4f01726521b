"""How far eyes are closed in a picture, as the person's own open and shut eyes tell.

Tracked landmarks follow lids late: where a tenth of a blink is tracked they may have come down
most of the way, the more so in a frame that is blurred by it. Pixels do not: an eye on its way is
some of the person's open eye and some of their shut one, and a blurred lid is a mixture of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.model.controls import INDEX
from mien.model.lids import lids_tracked
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import EYES

__all__ = ["EyeClosures"]

_Picture = npt.NDArray[np.float32] | npt.NDArray[np.float16]
_COLUMNS, _ROWS = 24, 14
"""Samples of an eye along and across."""
_LONG, _TALL = 1.1, 0.36
"""Length, and half the height, of what is sampled, in widths of the eye."""
_SHARP: Final = 0.6
"""Standard deviation, in distances of two samples, of the blur before they are taken."""
_SHUT: Final = 0.7
"""Tracked blink from which an eye counts as shut."""
_MOSTLY, _OPEN, _HALF_OPEN = 0.2, 0.1, 0.4
"""Part of the frames in which an eye is as open as it gets, how much more of a blink is none, and
the blink with which somebody rests whose eyes are never seen open."""
_FEWEST_OPEN: Final = 3
"""Open eyes that must be known."""
_MISTAKEN: Final = 0.45
"""Closure from which an eye that was tracked as open is none."""
_CONTRAST: Final = 0.08
"""Root mean square by which shut and open eyes must differ, in parts of their brightness."""
_TURN, _PITCH, _NARROW = 10.0, 8.0, 0.25
"""Degrees of the head's turn and of the eyes' pitch, and difference of what else narrows or widens
them, within which eyes look alike."""
_FARTHEST: Final = 1e-3
"""What the look of an eye counts that is turned far otherwise."""
_SQUINT: Final = 0.5
"""Part of the opening that a whole squint takes."""
_STRANGE: Final = 0.4, 0.8
"""How far an eye may look otherwise than any mixture, in parts of what shut and open ones differ
by, until nothing is told of it."""
_OPEN_END, _SHUT_END = 0.1, 0.75
"""Shares of the shut eye in a mixture up to which it is open, and from which no more than lashes
are left of the opening."""


class EyeClosures:
    """The open and shut eyes of a person, by which others are told.

    Args:
        frames: Where they are seen.
    """

    def __init__(self, frames: Sequence[LibraryFrame]) -> None:
        self._eyes: Mapping[str, _Eye] = {
            side: eye for side in EYES if (eye := _learned(frames, side)) is not None
        }

    def performance(
        self, rgb: _Picture, points: FloatArray, controls: FloatArray, rotation: FloatArray
    ) -> FloatArray:
        """Return what a face does in a picture (59,), with lids as the pixels have them.

        Args:
            rgb: (h, w, 3) R'G'B'.
            points: (478, 2) the landmarks, pixels of it.
            controls: (59,) what was tracked.
            rotation: (3, 3) how the head is turned.
        """
        seen = controls.copy()
        for side, eye in self._eyes.items():
            column = INDEX[f"eyeBlink{side}"]
            closed = eye.closed(_patch(rgb, points, side), rotation, _pose(controls, side))
            seen[column] = max(float(controls[column]), float(lids_tracked(closed)))
        return seen

    def rest(self, side: str) -> float:
        """Return what is tracked of a blink while an eye is open; 0 where that is not known.

        Args:
            side: The person's own side.
        """
        return self._eyes[side].rest if side in self._eyes else 0.0


class _Eye:
    """One eye, open and shut.

    Args:
        patches: (N, K) its looks.
        rotations: (N, 3, 3) how the head is turned in each.
        poses: (N, 4) how the eye is in each; see `_pose`.
        opened: (N,) in which it is open.
        shut: (N,) in which it is shut.
        rest: What is tracked of a blink while it is open.
    """

    def __init__(
        self,
        patches: FloatArray,
        rotations: FloatArray,
        poses: FloatArray,
        opened: BoolArray,
        shut: BoolArray,
        rest: float,
    ) -> None:
        self._patches, self._rotations, self._poses = patches, rotations, poses
        self._opened, self._shut = opened, shut
        self.rest = rest

    def closed(self, patch: FloatArray, rotation: FloatArray, pose: FloatArray) -> float:
        """Tell how far it is closed by a blink, 0..1; 0 where that cannot be told."""
        cosine = (np.einsum("nab,ab->n", self._rotations, rotation) - 1) / 2
        turned = np.degrees(np.arccos(np.clip(cosine, -1, 1))) / _TURN
        away = turned**2 + (((self._poses - pose) / _UNALIKE) ** 2).sum(axis=1)
        weights = np.exp(-away) + _FARTHEST
        as_open = weights * self._opened
        opened = as_open @ self._patches / as_open.sum()
        shut = (weights * self._shut) @ self._patches / (weights * self._shut).sum()
        closing = shut - opened
        length = float(closing @ closing)
        part = float((patch - opened) @ closing) / length
        strange = float(np.linalg.norm(patch - opened - part * closing)) / length**0.5
        closed = float(np.interp(part, (_OPEN_END, _SHUT_END), (0.0, 1.0)))
        # A squint that those open eyes do not have narrows it, and is no blink.
        squint = float(pose[1]) - float(as_open @ self._poses[:, 1] / as_open.sum())
        narrowed = _SQUINT * min(max(squint, 0.0), 1.0)
        told = float(np.interp(strange, _STRANGE, (1.0, 0.0)))
        return told * max(closed - narrowed, 0.0) / (1 - narrowed)


def _learned(frames: Sequence[LibraryFrame], side: str) -> _Eye | None:
    """One eye of a person; None where too little is seen of it."""
    if not frames:
        return None
    patches = np.stack([_patch(frame.rgb, frame.points, side) for frame in frames])
    whole = np.isfinite(patches).all(axis=1)
    frames = [frame for frame, good in zip(frames, whole, strict=True) if good]
    patches = patches[whole]
    blinks = np.array([frame.controls[INDEX[f"eyeBlink{side}"]] for frame in frames])
    if len(frames) < _FEWEST_OPEN:
        return None
    least = float(np.quantile(blinks, _MOSTLY))
    opened, shut = blinks < least + _OPEN, blinks > _SHUT
    if least > _HALF_OPEN or opened.sum() < _FEWEST_OPEN or not shut.any():
        return None
    middle = np.median(patches[opened], axis=0)
    closing = np.median(patches[shut], axis=0) - middle
    if float(np.sqrt(np.mean(closing**2))) < _CONTRAST:
        return None
    opened &= (patches - middle) @ closing < _MISTAKEN * float(closing @ closing)
    if opened.sum() < _FEWEST_OPEN:
        return None
    return _Eye(
        patches,
        np.stack([frame.rotation for frame in frames]),
        np.stack([_pose(frame.controls, side) for frame in frames]),
        opened,
        shut,
        float(np.median(blinks[opened])),
    )


_UNALIKE: Final = np.array([_PITCH, _NARROW, 2 * _NARROW, _NARROW], dtype=np.float32)


def _pose(controls: FloatArray, side: str) -> FloatArray:
    """(4,) how an eye is beside its blink: its pitch, squint, raised cheek, and how wide."""
    names = ("gazePitch", "eyeSquint", "cheekSquint", "eyeWide")
    return controls[[INDEX[f"{name}{side}"] for name in names]]


def _patch(rgb: _Picture, points: FloatArray, side: str) -> FloatArray:
    """(K,) the brightness of an eye, of which the mean is 1, laid out between its corners."""
    first, last = points[EYES[side].upper[0]], points[EYES[side].upper[-1]]
    width = max(float(np.linalg.norm(last - first)), 1.0)
    along = (last - first) / width
    down = np.array([-along[1], along[0]], dtype=np.float32)
    down *= np.sign(down @ (points[152] - points[10]))
    u = np.linspace(-_LONG / 2, _LONG / 2, _COLUMNS, dtype=np.float32)[None, :, None]
    v = np.linspace(-_TALL, _TALL, _ROWS, dtype=np.float32)[:, None, None]
    grid = (first + last) / 2 + np.float32(width) * (u * along + v * down)
    sigma = _SHARP * _LONG * width / _COLUMNS
    margin = np.ceil(3 * sigma) + 1
    height, across = rgb.shape[:2]
    left, top = np.clip(np.floor(grid.min((0, 1)) - margin), 0, (across - 1, height - 1)).astype(
        int
    )
    right, bottom = np.ceil(grid.max((0, 1)) + margin).astype(int)
    part = np.asarray(rgb[top : max(bottom, top + 1), left : max(right, left + 1)], np.float32)
    bright = cv2.GaussianBlur(luma(part), (0, 0), max(sigma, 0.3))
    x, y = (np.ascontiguousarray(grid[..., i] - start) for i, start in enumerate((left, top)))
    seen = cv2.remap(
        bright, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(seen / max(float(seen.mean()), 1e-3), dtype=np.float32).ravel()
