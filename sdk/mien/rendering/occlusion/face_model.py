"""What a face looks like where nothing is in front of it, and how much that varies.

The library's frames, brought to one layout and to one light, say what every texel looks like when
the face does what it does in the frame that is looked at: the frames nearest in expression and pose
tell, by what the upper face does for the upper part of the layout and by what the lower face does
for the rest. What is seen at one time only is not believed to be the face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import cv2
import numpy as np
from scipy.ndimage import correlate1d

from mien._types import FloatArray, IndexArray, Int32Array
from mien.face.pose import angles
from mien.model.controls import CONTROLS
from mien.model.landmarks import SKIN
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.occlusion.layout import FaceLayout

__all__ = [
    "AppearanceModel", "ExpectedAppearance", "by_channel", "channel_mean", "deviations",
    "each_channel", "learn_appearance", "match_light", "third_least",
]  # fmt: skip

_FEWEST: Final = 6
"""Frames from which a face's look is known."""
_MOST: Final = 40
"""Frames that are compared with."""
_NEAREST: Final = 8
"""Frames that say what is expected, of each half of the face."""
_SINGLE: Final = 2
"""Frames among them that also explain a look alone, each."""
_NEARNESS: Final = 0.3
"""Difference of controls over which a frame counts less."""
_KNOWN: Final = 0.25
"""Difference of controls to the nearest frame up to which the look is known."""
_GUESS: Final = 0.08
"""R'G'B' by which the look is uncertain for each unit of difference beyond."""
_TURN: Final = 20.0
"""Degrees of the head's turn that count as much as a control from 0 to 1."""
_APART: Final = 12
"""Frames between which two looks at a face are not one and the same."""
_NOISE: Final = 0.02
"""R'G'B' that grain, compression and tracking change at least, when frames are compared."""
_COARSE: Final = 0.25
"""Size at which that is done."""
_BLUR: Final = 1.5
"""Standard deviation of the blur before, texels."""
_STRANGE: Final = (1.2, 2.4)
"""Deviations from the median from which a texel may be foreign, and is."""
_LIKE: Final = (1.0, 1.8)
"""The same of the likeness to other times, in units of `_UNLIKE`."""
_UNLIKE: Final = 0.03
"""R'G'B' by which looks differ."""
_OUTSIDE: Final = 0.4
"""Part of something foreign that lies on plain skin, from which the rest is foreign as well."""
_BINS: Final = 24
"""Bins of the face's colours along each axis of L*a*b*."""
_DARKEST: Final = 0.02
"""R'G'B' below which light cannot be compared."""
_ROUNDS: Final = 3
"""Rounds in which the light is matched."""
_ANOTHER: Final = 0.3
"""Difference of log R'G'B', all channels together, at which a texel hardly counts for the light."""
_MOST_LIGHT: Final = 0.7
"""Greatest difference of light that is matched, log R'G'B'."""

_REGIONS: Final = (
    ("brows", "eyes", "cheeks"),
    ("mouth", "jaw", "nose", "cheeks", "tongue"),
)
"""Regions of controls that say what the upper, and the lower, face looks like."""
_COLUMNS: Final = tuple(
    [
        i
        for i, control in enumerate(CONTROLS)
        if control.region in regions and not control.name.startswith("eyeLook")
    ]
    for regions in _REGIONS
)


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedAppearance:
    """The expected look of a face in a frame.

    Attributes:
        rgb: (S, S, 3) what is expected.
        spread: (S, S, 3) standard deviation of that.
        alternatives: (N, S, S, 3) looks that would do as well.
        alone_visibility: (N, S, S) 0..1, how far each of them shows the face.
    """

    rgb: FloatArray
    spread: FloatArray
    alternatives: FloatArray
    alone_visibility: FloatArray


@dataclass(frozen=True, eq=False)
class AppearanceModel:
    """The looks of a face in the frames that are known.

    Attributes:
        layout: The layout.
        frames: (N,) frames of the shot.
        pictures: (N, S, S, 3) float32 R'G'B', in one light.
        visibility: (N, S, S) 0..1, how far texels are believed to be the face.
        activity: For both halves of the face, (N, F) what it does there.
        median: (S, S, 3) their median.
        deviation: (S, S, 3) how far they depart from it.
        light: (N, 3) by what the frames were multiplied to be in one light.
    """

    layout: FaceLayout
    frames: IndexArray
    pictures: FloatArray
    visibility: FloatArray
    activity: tuple[FloatArray, FloatArray]
    median: FloatArray
    deviation: FloatArray
    light: FloatArray

    @cached_property
    def palette(self) -> FloatArray:
        """(`_BINS` cubed,) how often the face has a colour."""
        inside = self.layout.face
        return self.histogram(self.pictures[:, inside], self.visibility[:, inside])

    def histogram(self, rgb: FloatArray, weight: FloatArray) -> FloatArray:
        """Return how often colours (..., 3) come, by the numbers that `colours` gives."""
        bins = self.colours(rgb.reshape(1, -1, 3))
        counts = np.bincount(bins.ravel(), weight.ravel(), _BINS**3)
        counts = counts.reshape((_BINS,) * 3)
        for axis in range(3):
            counts = correlate1d(counts, [0.25, 0.5, 0.25], axis=axis, mode="constant")
        return np.asarray((counts / max(counts.sum(), 1e-6)).ravel(), dtype=np.float32)

    def colours(self, rgb: FloatArray) -> IndexArray:
        """Return the number of the bin of each colour (h, w, 3) of R'G'B'."""
        codes = cv2.convertScaleAbs(np.clip(rgb, 0, 1), alpha=255)
        lab = cv2.split(cv2.cvtColor(codes, cv2.COLOR_RGB2LAB))
        numbers = [cv2.LUT(part, table) for part, table in zip(lab, _bins(), strict=True)]
        return np.asarray(numbers[0] + numbers[1] + numbers[2])

    def expected(
        self, frame: int, controls: FloatArray, rotation: FloatArray
    ) -> ExpectedAppearance:
        """Return what the face is expected to look like.

        Args:
            frame: Index of the frame; what is known of it itself is left out.
            controls: (59,) what the face does in it.
            rotation: (3, 3) how the head is turned.
        """
        asked = _does(controls[None], rotation[None])
        lower, size = self.layout.lower, self.layout.size
        first, last = (int(np.searchsorted(lower, end)) for end in (1e-6, 1 - 1e-6))
        middle = (first + last) // 2
        rgb, spread = np.zeros((2, size, size, 3), dtype=np.float32)
        alone = np.empty((_SINGLE, size, size, 3), dtype=np.float32)
        alone_seen = np.empty((_SINGLE, size, size), dtype=np.float32)
        for half, rows, own, weight in (
            (0, slice(0, last), slice(0, middle), 1 - lower),
            (1, slice(first, size), slice(middle, size), lower),
        ):
            mean, variance, near = self._half(frame, self.activity[half], asked[half][0], rows)
            share = weight[rows, None, None]
            rgb[rows] += share * mean
            spread[rows] += share * variance
            for i, one in enumerate(near):
                alone[i, own], alone_seen[i, own] = (
                    self.pictures[one, own],
                    self.visibility[one, own],
                )
        return ExpectedAppearance(rgb, np.sqrt(spread), alone, alone_seen)

    def _half(
        self, frame: int, known: FloatArray, point: FloatArray, rows: slice
    ) -> tuple[FloatArray, FloatArray, list[int]]:
        """Mean and variance of the nearest looks in some rows, and the nearest frames."""
        # What is beside the frame in time shows the same thing in front.
        distance = np.linalg.norm(known - point, axis=1)
        others = np.flatnonzero(np.abs(self.frames - frame) > 3)
        if len(others) < _FEWEST:
            others = np.arange(len(distance))
        near = others[np.argsort(distance[others], kind="stable")[:_NEAREST]]
        away = distance[near]
        weight = np.exp(-(((away - away[0]) / _NEARNESS) ** 2)) + 0.02
        looks = [self.pictures[one, rows] for one in near]
        shares = [
            self.visibility[one, rows] * share
            for one, share in zip(near, weight.astype(np.float32), strict=True)
        ]
        total = np.zeros_like(shares[0])
        for share in shares:
            total += share
        every = each_channel(total + np.float32(1e-3))
        seen = [each_channel(share) for share in shares]
        # Frame by frame, in place: what lies in the processor's cache is added in a third of the
        # time that all frames at once take.
        mean, apart = np.zeros_like(looks[0]), np.empty_like(looks[0])
        for look, share in zip(looks, seen, strict=True):
            mean += np.multiply(share, look, out=apart)
        mean += self._little[rows]
        mean /= every
        variance = np.zeros_like(mean)
        for look, share in zip(looks, seen, strict=True):
            np.subtract(look, mean, out=apart)
            apart *= apart
            apart *= share
            variance += apart
        variance /= every
        variance += np.float32((_GUESS * max(float(away[0]) - _KNOWN, 0)) ** 2)
        return mean, variance, near[:_SINGLE].tolist()

    @cached_property
    def _little(self) -> FloatArray:
        """(S, S, 3) the median, as little as it counts beside looks."""
        return np.asarray(np.float32(1e-3) * self.median)


def learn_appearance(
    layout: FaceLayout,
    frames: Sequence[LibraryFrame],
    shown: Callable[[FloatArray], FloatArray] = lambda rgb: rgb,
    light: FloatArray | None = None,
) -> AppearanceModel | None:
    """Learn what a face looks like; None where too little of it is known.

    Args:
        layout: The layout.
        frames: Frames of its library; those of examples are left out, as their light is another.
        shown: Gives a plate's R'G'B' (h, w, 3) as a display shows it.
        light: What `AppearanceModel.light` said in a layout of another size; found when not given.
    """
    own = [i for i, frame in enumerate(frames) if frame.example is None]
    if len(own) < _FEWEST:
        return None
    if len(own) > _MOST:
        own = [own[i] for i in np.linspace(0, len(own) - 1, _MOST).astype(int)]
    looks = np.stack(
        [
            layout.bring(shown(frames[i].rgb.astype(np.float32)), frames[i].points[:SKIN])
            for i in own
        ]
    )
    if light is None:
        light = _in_one_light(looks, layout)
    looks *= light[:, None, None]
    median = _median(looks)
    apart = looks - median
    deviation = np.float32(1.48) * _median(np.abs(apart, out=apart))
    del apart
    numbers = np.array([frames[i].frame for i in own])
    does = _does(
        np.stack([frames[i].controls for i in own]), np.stack([frames[i].rotation for i in own])
    )
    seen = 1 - _foreign(layout, numbers, looks, median, deviation)
    return AppearanceModel(layout, numbers, looks, seen, does, median, deviation, light)


def _in_one_light(looks: FloatArray, layout: FaceLayout) -> FloatArray:
    """(N, 3) by what looks (N, S, S, 3) are multiplied to be in one light."""
    light = np.ones((len(looks), 3), dtype=np.float32)
    median = _median(looks)
    for _ in range(2):
        light *= np.stack(
            [match_light(look, median, layout) for look in looks * light[:, None, None]]
        )
        median = _median(looks * light[:, None, None])
    return light


def _median(pictures: FloatArray) -> FloatArray:
    """The median of pictures (N, S, S, C), texel by texel."""
    # Sorting whole pictures is vectorised, and quicker than NumPy's median by several times.
    ordered = np.sort(pictures, axis=0)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return np.asarray(ordered[middle])
    return np.asarray(np.float32(0.5) * (ordered[middle - 1] + ordered[middle]))


def match_light(picture: FloatArray, reference: FloatArray, layout: FaceLayout) -> FloatArray:
    """Return (3,) by what a picture is multiplied to have the light of another.

    The face's texels tell, those that differ by more than light hardly (iteratively reweighted).
    """
    here, there = (look.reshape(-1, 3).take(layout.sample, axis=0) for look in (picture, reference))
    # Channel by channel: NumPy takes many times as long over short last axes.
    bright = (np.minimum(here, there) > _DARKEST).T
    good = bright[0] & bright[1] & bright[2]
    if np.count_nonzero(good) < 50:
        return np.ones(3, dtype=np.float32)
    logs = np.ascontiguousarray(np.log(there[good] / here[good]).T)
    middle = np.median(logs, axis=1)
    for _ in range(_ROUNDS):
        red, green, blue = np.abs(logs - middle[:, None])
        weight = np.exp(-(((red + green + blue) / _ANOTHER) ** 2)) + 1e-6
        # One after the other, so that the sum is the same however they lie in memory.
        middle = np.add.accumulate(logs * weight, axis=1)[:, -1] / weight.sum()
    return np.asarray(np.exp(np.clip(middle, -_MOST_LIGHT, _MOST_LIGHT)), dtype=np.float32)


def deviations(picture: FloatArray, expected: FloatArray, spread: FloatArray) -> FloatArray:
    """Return (S, S) by how many deviations a picture leaves what is expected around each texel.

    What lies between the least and the most of a texel's neighbours is expected: nothing is tracked
    to less than a texel.
    """
    square = np.ones((3, 3), dtype=np.uint8)
    away = cv2.subtract(picture, cv2.dilate(expected, square))
    np.maximum(away, cv2.subtract(cv2.erode(expected, square), picture), out=away)
    np.maximum(away, 0, out=away)
    away /= spread
    away *= away
    return np.asarray(np.sqrt(channel_mean(away)), dtype=np.float32)


def channel_mean(picture: FloatArray) -> FloatArray:
    """Return (h, w) the mean of a picture's channels (h, w, 3)."""
    # A sum over a short last axis takes numpy many times as long.
    return np.asarray(cv2.transform(picture, np.full((1, 3), 1 / 3, dtype=np.float32)))


def by_channel(picture: FloatArray, values: FloatArray, what: np.ufunc = np.multiply) -> FloatArray:
    """Return a picture (h, w, 3) whose channels are multiplied by three values, or otherwise."""
    height, width, _ = picture.shape
    done = what(picture.reshape(height, -1), np.tile(values, width))
    return np.asarray(done.reshape(picture.shape))


def each_channel(values: FloatArray) -> FloatArray:
    """Return values (h, w) for each of three channels, (h, w, 3)."""
    # NumPy is ten times as quick with it as with values that it repeats along a short last axis.
    return np.asarray(cv2.merge([values, values, values]))


@cache
def _bins() -> tuple[Int32Array, Int32Array, Int32Array]:
    """What each code of L*, a* and b* adds to the number of a colour."""
    codes = np.arange(256, dtype=np.int32)
    # Lightness has all codes; the colours of faces lie in the middle half of the others.
    light = codes * _BINS // 256
    tint = np.clip((codes - 64) * _BINS // 128, 0, _BINS - 1)
    return light * _BINS**2, tint * _BINS, tint


def _does(controls: FloatArray, rotation: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What the upper and the lower half of a face do, (N, F) each."""
    turned = angles(rotation) / np.float32(_TURN)
    upper, lower = (
        np.concatenate([controls[:, columns], turned], axis=1).astype(np.float32)
        for columns in _COLUMNS
    )
    return upper, lower


def _foreign(
    layout: FaceLayout,
    frames: IndexArray,
    looks: FloatArray,
    median: FloatArray,
    deviation: FloatArray,
) -> FloatArray:
    """(N, S, S) 0..1, how far texels show what is seen at no other time, and so is not the face.

    Eyes and mouth do rare things of their own: there it counts only when it reaches in from skin.
    """
    small = round(layout.size * _COARSE)

    def coarse(picture: FloatArray) -> FloatArray:
        return np.asarray(cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA))

    spread = np.sqrt(np.float32(_NOISE**2) + deviation**2)
    strange = np.stack([coarse(deviations(look, median, spread)) for look in looks])
    # As planes, (N, 3, s, s): NumPy takes many times as long over short last axes.
    shown = np.stack([cv2.split(coarse(cv2.GaussianBlur(look, (0, 0), _BLUR))) for look in looks])
    exempt = coarse(_ramp(cv2.GaussianBlur(layout.moving, (0, 0), 6 * layout.unit), 0.1, 0.5))
    found = np.zeros((len(looks), layout.size, layout.size), dtype=np.float32)
    for i, here in enumerate(shown):
        others = shown[np.abs(frames - frames[i]) > _APART]
        if len(others) < 3:
            continue
        others -= here
        others *= others
        third = third_least(others[:, 0] + others[:, 1] + others[:, 2])
        unlike = np.sqrt(third / np.float32(3)) / np.float32(_UNLIKE)
        foreign = _ramp(strange[i], *_STRANGE) * _ramp(unlike, *_LIKE)
        foreign *= _reaching_in(foreign, exempt)
        grown = cv2.dilate(foreign.astype(np.float32), np.ones((3, 3), dtype=np.uint8))
        found[i] = cv2.resize(grown, (layout.size, layout.size))
    return found


def third_least(pictures: FloatArray) -> FloatArray:
    """Return the third least of three pictures (N, h, w) or more, pixel by pixel."""
    first, second, third = np.full((3, *pictures.shape[1:]), np.inf, dtype=pictures.dtype)
    for picture in pictures:
        np.minimum(third, np.maximum(second, picture), out=third)
        np.minimum(second, np.maximum(first, picture), out=second)
        np.minimum(first, picture, out=first)
    return np.asarray(third)


def _reaching_in(foreign: FloatArray, exempt: FloatArray) -> FloatArray:
    """(s, s) how far to believe what is foreign: all of it where much lies on plain skin."""
    _, labels = cv2.connectedComponents((foreign > 0.3).astype(np.uint8), connectivity=8)
    labels = np.asarray(labels)
    whole = np.bincount(labels.ravel(), foreign.ravel())
    outside = np.bincount(labels.ravel(), (foreign * (1 - exempt)).ravel())
    share = outside / np.maximum(whole, 1e-6)
    share[0] = 0
    return np.maximum(1 - exempt, (share > _OUTSIDE)[labels]).astype(np.float32)


def _ramp(values: FloatArray, low: float, high: float) -> FloatArray:
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)
