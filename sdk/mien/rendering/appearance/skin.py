"""How the look of a face's skin goes with what the face does: creases, shading, redness.

A library's frames, brought to one layout, are told as a smooth function of what the face does in
them and of how it is turned, by the principal components of their logarithm. What an edit changes
is then a ratio, what the function says of what is asked over what it says of what was performed (an
expression ratio image after Liu, Shan and Zhang, SIGGRAPH 2001), and multiplies the plate's own
moved pixels: pores, grain and light stay. The function is smooth in the controls, so that nothing
can pop or flicker, and a frame depends on its own edit alone. It is told as what differs from how
anybody's skin folds, which is all that is known where the frames show too little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import DoubleArray, FloatArray
from mien.model.controls import CONTROLS
from mien.model.landmarks import SKIN
from mien.rendering.appearance.canonical import (
    SIZE,
    canonical_points,
    skin_mask,
    swept_masks,
    to_canonical,
)
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.appearance.folds import FoldMaps
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.geometry.features import features
from mien.rendering.geometry.regression import SmoothFunction, missed_without_part

__all__ = ["SkinAppearance", "SkinChange", "learn_skin", "filmed_skin"]

_FEWEST_FRAMES: Final = 8
"""Frames from which there is something to learn."""
_COMPONENTS: Final = 24
"""Principal components that are kept."""
_NOISE: Final = 0.2
"""See `SmoothFunction.through`: what most people's left-out frames ask for
(`python -m tests.benchmarks skin`)."""
_DARKEST: Final = 0.03
"""R'G'B' below which a ratio means nothing."""
_BLUR, _COLOUR_BLUR = 1.2, 4.0
"""Standard deviations of the blur of brightness and of colour that is learned from, texels."""
_TRUST_BLUR: Final = 3.0
"""Standard deviation of the blur of how far texels can be told, texels."""
_TRUST_POWER: Final = 0.25
"""How soon a texel is trusted: the function is cautious by itself, and folds that are told by half
are better than none."""
_OFF: Final = 0.7
"""Texels by which landmarks are off where a frame is brought to the layout."""
_OFTEN: Final = 95
"""Percentile over frames of how far log R'G'B' is from its mean."""
_SKIN_CHANGE: Final = 0.5, 0.9
_SWEPT_CHANGES: Final = (0.1, 0.25), (0.25, 0.5)
"""Such changes up to which they are skin's, and from which they are not: of any place, and where
brows, or the lower lip, come that go further than their landmarks."""
_AROUND: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
"""The texels around such a place that are none either."""
_UNSEEN: Final = 0.015**2
"""Variance of log R'G'B' that nobody sees."""
_MOST: Final = 0.5
"""Greatest change of log R'G'B': deep folds in hard light. What goes beyond it is no shading, but
an edge that was tracked badly."""


class SkinChange(NamedTuple):
    """How the look of a skin changes, in the canonical layout.

    Attributes:
        ratio: (SIZE, SIZE, 3) by what R'G'B' is multiplied.
        smoothed: (SIZE, SIZE) how far lines that are darker than what is around them go: 0..1.
    """

    ratio: FloatArray
    smoothed: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SkinAppearance:
    """The look of a face's skin as a function of what the face does; a `RegionAppearance`.

    Attributes:
        layout: (468, 2) landmarks in the canonical layout, texels.
        folds: How anybody's skin folds in it.
        scores: How far each component is seen, by what the face does.
        components: (C, SIZE, SIZE, 3) changes of log R'G'B' beside the folds', none outside the
            skin; C is 0 where nothing was learned.
    """

    layout: FloatArray
    folds: FoldMaps
    scores: SmoothFunction
    components: FloatArray

    @property
    def fingerprint(self) -> str:
        """Digest of the function."""
        return fingerprint_of(self)

    def change(self, source: FloatArray, target: FloatArray, rotation: FloatArray) -> SkinChange:
        """Return how the skin's look changes.

        Args:
            source: (59,) controls of the performance.
            target: (59,) controls asked for.
            rotation: (3, 3) how the head is turned.
        """
        ends = features(np.stack([source, target]), np.stack([rotation, rotation]))
        learned, known = self.scores.difference(ends[0], ends[1])
        log = np.tensordot(learned, self.components, axes=1)
        # Folds that are filmed lie where they lie: those that nothing was learned of are smoothed
        # away where the plate has them.
        log += self.folds.change(source, target, known)
        ratio = np.exp(_MOST * np.tanh(log / _MOST)).astype(np.float32)
        return SkinChange(ratio, np.float32(1 - known) * self.folds.undone(source, target))


def learn_skin(library: FaceLibrary, identity: FloatArray) -> SkinAppearance:
    """Learn how the skin's look goes with the face's controls; anybody's where little is known.

    Args:
        library: The chosen frames.
        identity: (468, 3) the person's neutral face.
    """
    layout = canonical_points(identity)
    folds = FoldMaps.of(layout)
    frames = _told_apart(library.frames)
    if len(frames) < _FEWEST_FRAMES:
        return _anybodys(layout, folds)
    mask = skin_mask(layout)
    still = np.zeros_like(frames[0].controls)
    logs = np.stack(
        [filmed_skin(frame, layout, mask) - folds.change(still, frame.controls) for frame in frames]
    )
    points = features(
        np.stack([frame.controls for frame in frames]),
        np.stack([frame.rotation for frame in frames]),
    )
    edges = _edges(logs)
    _remove_levels(logs, points, [frame.example for frame in frames])
    scores, basis = _principal(logs.reshape(len(logs), -1))
    # A texel counts as far as frames are told from others that are not beside them.
    missed = missed_without_part(points, scores, _NOISE).astype(np.float32) @ basis
    seen = _variance(logs)
    trust = np.clip(1 - _variance(missed.reshape(logs.shape)) / seen, 0, 1) ** _TRUST_POWER
    # Where there is an edge, a landmark that is a little off looks like a change of the skin.
    trust *= seen / (seen + _OFF**2 * edges)
    trust *= _is_skin(logs, layout)
    components = basis.reshape(-1, SIZE, SIZE, 3) * trust[..., None]
    function = SmoothFunction.through(points, scores, _NOISE)
    return SkinAppearance(layout, folds, function, components.astype(np.float32))


def filmed_skin(frame: LibraryFrame, layout: FloatArray, mask: FloatArray) -> FloatArray:
    """Return (SIZE, SIZE, 3) log R'G'B' of a frame's skin, without its exposure, blurred lightly.

    Args:
        frame: The frame.
        layout: (468, 2) landmarks in the canonical layout, texels.
        mask: (SIZE, SIZE) how far texels are skin.
    """
    seen = to_canonical(frame.rgb.astype(np.float32), frame.points[:SKIN], layout)
    log = np.log(np.maximum(seen, _DARKEST))
    grey = log.mean(axis=2)
    colour = cv2.GaussianBlur(log - grey[..., None], (0, 0), _COLOUR_BLUR)
    log = colour + cv2.GaussianBlur(grey, (0, 0), _BLUR)[..., None]
    weight = mask[..., None]
    log -= (log * weight).sum(axis=(0, 1)) / max(float(mask.sum()), 1e-6)
    return np.asarray(log * weight, dtype=np.float32)


def _anybodys(layout: FloatArray, folds: FoldMaps) -> SkinAppearance:
    """A skin that does what anybody's does."""
    nowhere = features(np.zeros((1, len(CONTROLS)), np.float32), np.eye(3, dtype=np.float32)[None])
    nothing = SmoothFunction.through(nowhere, np.zeros((1, 0)), _NOISE)
    return SkinAppearance(layout, folds, nothing, np.zeros((0, SIZE, SIZE, 3), np.float32))


def _told_apart(frames: Sequence[LibraryFrame]) -> list[LibraryFrame]:
    """The frames without those of examples with too few to tell their light from their face."""
    count = Counter(frame.example for frame in frames)
    return [f for f in frames if f.example is None or count[f.example] >= _FEWEST_FRAMES]


def _remove_levels(logs: FloatArray, points: FloatArray, sources: Sequence[int | None]) -> None:
    """Take the mean look of every source's frames away, so that no other light comes in; in place.

    An example shows other expressions than the shot: what the shot says that these make of the skin
    stays.
    """
    own = np.array([source is None for source in sources])
    guess = None
    if np.count_nonzero(own) >= _FEWEST_FRAMES:
        logs[own] -= logs[own].mean(axis=0)
        if own.all():
            return
        scores, basis = _principal(logs[own].reshape(np.count_nonzero(own), -1))
        function = SmoothFunction.through(points[own], scores, _NOISE)
        first = points[own][0]
        guess = np.stack([function.difference(first, point)[0] for point in points])
        guess -= guess[own].mean(axis=0)
    elif own.any():
        logs[own] -= logs[own].mean(axis=0)
    for source in {source for source in sources if source is not None}:
        of = np.array([one == source for one in sources])
        level = logs[of].mean(axis=0)
        if guess is not None:
            level -= (guess[of].mean(axis=0).astype(np.float32) @ basis).reshape(level.shape)
        logs[of] -= level


def _principal(rows: FloatArray) -> tuple[DoubleArray, FloatArray]:
    """Scores (N, C) and orthonormal components (C, V) that make up rows (N, V) of mean 0."""
    values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
    order = np.argsort(values)[::-1][: min(_COMPONENTS, len(rows) - 1)]
    length = np.sqrt(np.maximum(values[order], 1e-12))
    basis = (vectors[:, order].T.astype(np.float32) @ rows) / length[:, None]
    return np.asarray(vectors[:, order] * length), np.asarray(basis, dtype=np.float32)


def _edges(logs: FloatArray) -> FloatArray:
    """(SIZE, SIZE) squared slope of what is seen in all frames together, of a texel."""
    mean = np.ascontiguousarray(logs.mean(axis=(0, 3)))
    slopes = [cv2.Sobel(mean, cv2.CV_32F, *axis, scale=1 / 8) ** 2 for axis in ((1, 0), (0, 1))]
    return np.asarray(cv2.GaussianBlur(slopes[0] + slopes[1], (0, 0), _BLUR), dtype=np.float32)


def _is_skin(logs: FloatArray, layout: FloatArray) -> FloatArray:
    """(SIZE, SIZE) 1 where what changes may be skin: hair, lips and nostrils change by more."""
    most = np.percentile(np.abs(logs.mean(axis=3)), _OFTEN, axis=0).astype(np.float32)
    most = cv2.GaussianBlur(most, (0, 0), _TRUST_BLUR)
    skin = 1 - smoothstep(most, *_SKIN_CHANGE)
    # Around what comes and goes lies its soft edge, which changes by as little as skin does.
    most = cv2.GaussianBlur(cv2.dilate(most, _AROUND), (0, 0), _TRUST_BLUR)
    for swept, limits in zip(swept_masks(layout), _SWEPT_CHANGES, strict=True):
        skin += swept * (np.minimum(skin, 1 - smoothstep(most, *limits)) - skin)
    return np.asarray(skin, dtype=np.float32)


def _variance(logs: FloatArray) -> FloatArray:
    """(SIZE, SIZE) variance over frames and channels, a little more than none, smoothed."""
    variance = (logs**2).mean(axis=(0, 3))
    return np.asarray(cv2.GaussianBlur(variance, (0, 0), _TRUST_BLUR) + _UNSEEN, dtype=np.float32)
