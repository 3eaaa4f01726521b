"""How surely each region of a face is seen, told by the pictures of the whole shot.

A network reads landmarks of a mouth behind a hand as well: it guesses. So every frame keeps a
small picture of the face's skin in one layout (thumbnails.py), and when a person's track is
complete, each region of each frame is compared with what that region looks like over the shot: in
the median of the frames in which both readings of the network agree, and in a few frames that
differ from it as faces do. Light is taken out first, a smooth field over the face and a tint (a
robust fit, Holland and Welsch 1977). A texel fits where its brightness and its colour are those
of a texel beside it; a region fits as far as its texels do and its pattern is the same
(normalised correlation). What fits no frame of this person's own is something in front of them,
all the more where the network's straight and mirrored readings disagree.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._math import smoothstep
from mien._types import ByteArray, FloatArray
from mien.blas import one_blas_thread
from mien.face.regions import region_landmarks
from mien.face.rig import load_rig
from mien.model.occlusion import REGIONS
from mien.tracking.thumbnails import COLUMNS, ROWS, texel_layout

__all__ = ["RegionEvidence", "region_confidence", "steadied"]

_REACH: Final = (0.7, 0.6, 0.6, 0.9)
"""Canonical units around the landmarks of each region that are looked at."""

_LUMA_TOLERANCE: Final = 0.16
"""Difference of log brightness beyond the neighbouring texels' that does not fit."""

_TINT_TOLERANCE: Final = 0.05
"""The same of colour, as a part of brightness."""

_LIKE: Final = 0.75
"""Correlation of patterns from which they are the same."""

_PATTERN: Final = 0.35
"""How much a pattern that is not the same counts against texels that do not fit."""

_FAINT: Final = 0.06
"""Contrast of a region, in log brightness, at which its pattern counts half."""

_NOISE: Final = 0.02
"""Contrast, in log brightness, that is none."""

_AGREES: Final = 2.2
"""Spread over the person's usual one at which trust in a reading has fallen to 1/e."""

_LEAST_SPREAD: Final = 0.004
"""Usual spread at least, in heights of the face: less is the network's own noise."""

_TRUSTED: Final = 0.35
"""Trust from which a frame may say what a region looks like."""

_ODD: Final = (0.3, 0.25, 0.2, 0.2)
"""Misfit of each region to the median up to which a trusted frame is the face itself: lids change
the most, and hands come to the lower face."""

_ODD_OPEN: Final = 0.7
"""The same with a wide open mouth, whose tongue may lie over the chin."""

_OPEN: Final = (0.25, 0.55)
"""Height of the open mouth over its width from which, and up to which, more is expected."""

_NEXT: Final = 0.15
"""Misfit to a frame that is the face itself up to which another trusted one is too."""

_SAME: Final = 0.02
"""Misfit up to which two pictures are the same."""

_MODELS: Final = 16
"""Frames of a shot that say, beside the median, what a region looks like."""

_MEDIAN_FRAMES: Final = 160
"""Frames of which a median is taken."""

_ROUNDS: Final = 2
"""Times that such frames are looked for."""

_COVERED: Final = (0.22, 0.42)
"""Misfit up to which a region is seen, and from which it is covered."""

_OUTSIDE: Final = (0.25, 0.6)
"""Part of a region beyond the picture's edge from which it counts, and from which it is unseen."""

_FEW: Final = 8
"""Frames below which a shot does not show what a region looks like."""

_APART: Final = (0.03, 0.06)
"""Spread from which, and up to which, confidence falls where that is all that is known."""

_LEARN_FRAMES: Final = 512
"""Frames among which those that look different are looked for."""

_FIT_EVERY: Final = 5
"""Every fifth texel tells of light, which differs smoothly."""

_CHUNK: Final = 256
"""Frames worked on together."""

_CALM: Final = 2
"""Frames to either side over which confidence is steadied: the median of five."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionEvidence:
    """What was seen of one person's face in N frames of one shot.

    Attributes:
        thumbnails: (N, K, 3) uint8, see `thumbnail`.
        spreads: (N, 4) float32, spread of the landmarks of each of `REGIONS`.
        confidence: (N,) float32, of the readings as a whole.
        opened: (N,) float32, height over width of the open mouth.
        outside: (N, 4) float32, part of each region's landmarks beyond the picture's edge.
    """

    thumbnails: ByteArray
    spreads: FloatArray
    confidence: FloatArray
    opened: FloatArray
    outside: FloatArray

    def __len__(self) -> int:
        return len(self.thumbnails)

    def of(self, frames: npt.NDArray[np.intp]) -> RegionEvidence:
        """Return some of the frames."""
        return RegionEvidence(
            *(getattr(self, field.name)[frames] for field in dataclasses.fields(self))
        )


@one_blas_thread()
def region_confidence(shots: Sequence[RegionEvidence]) -> list[FloatArray]:
    """Return how surely each of `REGIONS` of one person's face is seen, 0..1.

    Args:
        shots: What was seen of the person, shot by shot.

    Returns:
        (N, 4) float32 for each.
    """
    usual = _usual_spread(shots)
    trust = [_trust(evidence, usual) for evidence in shots]
    models: list[_Model | None] = [
        _Model.of(evidence, part) for evidence, part in zip(shots, trust, strict=True)
    ]
    known = [model for model in models if model is not None]
    found = []
    for evidence, part, model in zip(shots, trust, models, strict=True):
        # A shot in which the face is covered throughout is compared with the others.
        other = model or max(known, key=lambda one: one.frames, default=None)
        seen = 1 - smoothstep(evidence.outside, *_OUTSIDE)
        if other is None:
            seen *= 1 - smoothstep(evidence.spreads, *_APART)
        else:
            misfit = other.misfit(evidence) * (2 - part)
            seen *= 1 - smoothstep(misfit, *_COVERED)
        found.append(np.asarray(seen, np.float32))
    return found


def steadied(values: FloatArray) -> FloatArray:
    """Return (N, 4) medians of confidence over the neighbours of consecutive frames."""
    padded = np.pad(values, ((_CALM, _CALM), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * _CALM + 1, axis=0)
    return np.asarray(np.median(views, axis=-1), np.float32)


def _usual_spread(shots: Sequence[RegionEvidence]) -> FloatArray:
    spreads = np.concatenate([evidence.spreads for evidence in shots])
    usual = np.maximum(np.quantile(spreads, 0.25, axis=0), _LEAST_SPREAD)
    return np.asarray(usual, np.float32)


def _trust(evidence: RegionEvidence, usual: FloatArray) -> FloatArray:
    """(N, 4) how far the readings of each region agree, 0..1."""
    apart = np.exp(-((evidence.spreads / (_AGREES * usual)) ** 2))
    return np.asarray(apart * evidence.confidence[:, None] ** 2, np.float32)


class _Model:
    """What the regions of a person's face look like in one shot.

    Args:
        median: (K, 3) features of the whole face.
        frames: Number of frames that it was made of.
    """

    def __init__(self, median: FloatArray, frames: int) -> None:
        self._median = median
        self.frames = frames
        self._pictures = [[_Picture(median, region)] for region in _texels()]

    @classmethod
    def of(cls, evidence: RegionEvidence, trust: FloatArray) -> _Model | None:
        """Learn from a shot; None where it shows too little."""
        usable = np.flatnonzero(trust.max(axis=1) > _TRUSTED)
        if len(usable) < _FEW:
            return None
        picked = usable[_spread_over(len(usable), _MEDIAN_FRAMES)]
        features = _features(evidence.thumbnails[picked])
        share = trust[picked] @ _nearest_region()
        model = cls(_weighted_median(features, share), len(usable))
        # Light differs from frame to frame: the median of what it leaves is sharper.
        model = cls(_weighted_median(model._relit(evidence.thumbnails[picked]), share), len(usable))
        few = _spread_over(len(evidence), _LEARN_FRAMES)
        model._learn(evidence.of(few), trust[few])
        return model

    def _relit(self, thumbnails: ByteArray) -> FloatArray:
        return _without_light(_features(thumbnails), self._median)

    def _learn(self, evidence: RegionEvidence, trust: FloatArray) -> None:
        """Add frames that are the face itself, and look different; then those like them."""
        features = self._relit(evidence.thumbnails)
        open_mouth = smoothstep(evidence.opened, *_OPEN)
        for region, (name, texels) in enumerate(zip(REGIONS, _texels(), strict=True)):
            odd = np.full(len(evidence), _ODD[region], np.float32)
            if name in ("mouth", "jaw"):
                odd += (_ODD_OPEN - _ODD[region]) * open_mouth
            part = np.ascontiguousarray(features[:, texels])
            misfit = _least_misfit(part, self._pictures[region])
            for _ in range(_ROUNDS):
                fits = (trust[:, region] > _TRUSTED) & (misfit < odd) & (misfit > _SAME)
                frames = np.flatnonzero(fits)
                if not len(frames):
                    break
                picked = _far_apart(part[frames].reshape(len(frames), -1), _MODELS)
                new = [_Picture(features[frames[index]], texels) for index in picked]
                misfit = np.minimum(misfit, _least_misfit(part, new))
                self._pictures[region] += new
                odd = np.full(len(evidence), _NEXT, np.float32)

    def misfit(self, evidence: RegionEvidence) -> FloatArray:
        """Return (N, 4) how little each region fits, 0 and up; that of the likest picture."""
        found = np.empty((len(evidence), len(REGIONS)), np.float32)
        for chunk in _chunks(len(evidence)):
            features = self._relit(evidence.thumbnails[chunk])
            for region, texels in enumerate(_texels()):
                part = np.ascontiguousarray(features[:, texels])
                found[chunk, region] = _least_misfit(part, self._pictures[region])
        return found


def _least_misfit(features: FloatArray, pictures: Sequence[_Picture]) -> FloatArray:
    """(N,) how little features (N, k, 3) of a region fit the likest of some pictures."""
    least = np.full(len(features), np.inf, np.float32)
    for picture in pictures:
        # Most frames fit the first, the median, and need no other.
        left = np.flatnonzero(least > _SAME)
        if not len(left):
            break
        least[left] = np.minimum(least[left], picture.misfit(features[left]))
    return least


class _Picture:
    """One look of a region: the range of each texel and its neighbours, and the pattern.

    Args:
        features: (K, 3) of the whole face.
        texels: Indices of the region's.
    """

    def __init__(self, features: FloatArray, texels: npt.NDArray[np.intp]) -> None:
        around = features[_neighbours()[texels]]
        tolerance = np.array([_LUMA_TOLERANCE, _TINT_TOLERANCE, _TINT_TOLERANCE], np.float32)
        self._low = around.min(axis=1) - tolerance
        self._high = around.max(axis=1) + tolerance
        # The pattern as it is, and moved by a texel in each direction.
        pattern = around[..., 0] - around[..., 0].mean(axis=0)
        self._pattern = pattern
        self._length = np.linalg.norm(pattern, axis=0)
        # Skin without a pattern has none to compare.
        energy = float((pattern**2).mean())
        self._weight = _PATTERN * energy / (energy + _FAINT**2)

    def misfit(self, features: FloatArray) -> FloatArray:
        """Return (N,) how little features (N, k, 3) of the region fit."""
        inside = ((features >= self._low) & (features <= self._high)).all(axis=-1)
        outside = 1 - inside.mean(axis=1, dtype=np.float32)
        light = features[..., 0] - features[..., 0].mean(axis=1, keepdims=True)
        length = np.linalg.norm(light, axis=1)[:, None] * self._length
        length += _NOISE**2 * features.shape[1]
        alike = (light @ self._pattern / length).max(axis=1)
        return np.asarray(outside + self._weight * np.clip(_LIKE - alike, 0, 1), np.float32)


def _features(thumbnails: ByteArray) -> FloatArray:
    """(N, K, 3) log brightness, and red and blue less brightness as parts of it."""
    rgb = thumbnails.astype(np.float32)
    luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    features = np.empty_like(rgb)
    features[..., 0] = np.log(luma + 6)
    tint = 1 / (luma + 12)
    features[..., 1] = (rgb[..., 0] - luma) * tint
    features[..., 2] = (rgb[..., 2] - luma) * tint
    return features


def _weighted_median(features: FloatArray, weights: FloatArray) -> FloatArray:
    """(K, 3) median of (N, K, 3) features with (N, K) weights."""
    order = np.argsort(features, axis=0)
    shares = np.take_along_axis(np.broadcast_to(weights[..., None], features.shape), order, axis=0)
    total = np.cumsum(shares, axis=0)
    middle = (total >= total[-1] / 2).argmax(axis=0)
    place = np.take_along_axis(order, middle[None], axis=0)
    return np.asarray(np.take_along_axis(features, place, axis=0)[0])


def _without_light(features: FloatArray, reference: FloatArray) -> FloatArray:
    """Features (N, K, 3) less what differs smoothly over the whole face from a reference's."""
    basis, count = _smooth_fields()
    for channel in range(features.shape[-1]):
        fields = basis[:, : count[channel]]
        apart = features[..., channel] - reference[:, channel]
        some = np.ascontiguousarray(apart[:, ::_FIT_EVERY])
        few = fields[::_FIT_EVERY]
        # From the median, which half of a face may be covered before it moves.
        rest = np.abs(some - np.median(some, axis=1, keepdims=True))
        for _ in range(3):
            scale = 3 * np.median(rest, axis=1, keepdims=True) + 0.04
            weights = 1 / (1 + (rest / scale) ** 2) ** 2
            normal = np.einsum("nk,ki,kj->nij", weights, few, few, optimize=True)
            normal += 1e-3 * np.eye(count[channel], dtype=np.float32)
            right = (weights * some) @ few
            field = np.linalg.solve(normal, right[..., None])[..., 0]
            rest = np.abs(some - field @ few.T)
        features[..., channel] -= field @ fields.T
    return features


@functools.cache
def _smooth_fields() -> tuple[FloatArray, tuple[int, int, int]]:
    """(K, 3) a constant and two slopes over the face, and how many of them a channel has."""
    places = texel_layout().positions
    middle = (places - places.mean(axis=0)) / np.ptp(places, axis=0)
    return np.concatenate([np.ones_like(middle[:, :1]), middle], axis=1), (3, 1, 1)


def _far_apart(points: FloatArray, most: int) -> list[int]:
    """Indices of points that differ most from one another (Gonzalez 1985)."""
    picked = [0]
    distance = ((points - points[0]) ** 2).sum(axis=1)
    while len(picked) < most and distance.max() > 1e-6:
        picked.append(int(distance.argmax()))
        distance = np.minimum(distance, ((points - points[picked[-1]]) ** 2).sum(axis=1))
    return picked


@functools.cache
def _texels() -> tuple[npt.NDArray[np.intp], ...]:
    """Indices of the texels of each of `REGIONS`."""
    apart = _distances()
    return tuple(np.flatnonzero(apart[:, r] <= reach) for r, reach in enumerate(_REACH))


@functools.cache
def _nearest_region() -> FloatArray:
    """(4, K) float32, 1 for the region that a texel is nearest to."""
    nearest = _distances().argmin(axis=1)
    return np.eye(len(REGIONS), dtype=np.float32)[:, nearest]


@functools.cache
def _distances() -> FloatArray:
    """(K, 4) from every texel to the landmarks of every region, canonical units."""
    mean, places = load_rig().mean[:, :2], texel_layout().positions
    apart = [
        np.linalg.norm(places[:, None] - mean[landmarks], axis=-1).min(axis=1)
        for landmarks in region_landmarks()
    ]
    return np.stack(apart, axis=1)


@functools.cache
def _neighbours() -> npt.NDArray[np.intp]:
    """(K, 9) the texels around each, itself among them, which stands in for those off the skin."""
    skin = texel_layout().skin
    number = np.full((ROWS + 2, COLUMNS + 2), -1, np.intp)
    number[1:-1, 1:-1][skin] = np.arange(np.count_nonzero(skin))
    around = [
        number[row : row + ROWS, column : column + COLUMNS][skin]
        for row in range(3)
        for column in range(3)
    ]
    found = np.stack(around, axis=1)
    return np.where(found < 0, np.arange(len(found))[:, None], found)


def _spread_over(length: int, most: int) -> npt.NDArray[np.intp]:
    """Indices of at most so many frames, evenly over all."""
    return np.linspace(0, length - 1, min(length, most)).astype(np.intp)


def _chunks(length: int) -> Iterator[slice]:
    for first in range(0, length, _CHUNK):
        yield slice(first, first + _CHUNK)
