"""Curves that leave otherwise than they were tracked: fewer of them, scaled, later, resampled."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray
from mien.errors import UnknownControlError, UsageError
from mien.model.controls import CONTROLS, NAMES, Region, nearest, sides
from mien.model.curve_file import CurveFile, FaceCurves, FlameCurves
from mien.model.curves import HeadPose
from mien.model.frame_runs import frame_runs
from mien.timebase import Clock, Timecode

__all__ = [
    "GROUPS",
    "CurveChange",
    "control_gains",
    "group_controls",
    "parse_offset",
    "resampled",
    "shifted",
]

GROUPS: Final[tuple[str, ...]] = get_args(Region)
"""Groups of controls that people name: the parts of the face."""
_Values = npt.NDArray[Any]
_Map = Callable[[_Values], _Values]
_HIGHEST_GAIN: Final = 100.0
_HIGHEST_RATE: Final = 1000
_MOST_FRAMES: Final = 1_000_000
"""Frames that curves reach over once they are changed: as many as are read again."""


@dataclass(frozen=True, slots=True)
class CurveChange:
    """How curves differ that are written from those that were tracked.

    Attributes:
        rate: Frames a second to which they are resampled; None keeps the shot's.
        offset: Frames of the shot by which they come later; earlier where it is negative.
        gains: Factors by the names of controls and groups; of two that hold for a control, the
            later counts.
        only: Groups that are written; all when empty.
    """

    rate: Fraction | None = None
    offset: int = 0
    gains: Mapping[str, float] = field(default_factory=dict)
    only: Sequence[str] = ()

    def __post_init__(self) -> None:
        group_controls(self.only)
        control_gains(self.gains)
        if self.rate is not None and not 0 < self.rate <= _HIGHEST_RATE:
            raise UsageError(
                f"{float(self.rate):g} is no frame rate.", f"Give one up to {_HIGHEST_RATE}."
            )

    @property
    def kept(self) -> frozenset[str]:
        """Names of the controls that are written."""
        return frozenset(group_controls(self.only)) if self.only else frozenset(NAMES)

    @property
    def factors(self) -> DoubleArray:
        """(59,) what each control is multiplied by; 0 where it is left out."""
        gains = control_gains(self.gains)
        return np.array([gains.get(name, 1.0) if name in self.kept else 0.0 for name in NAMES])


def group_controls(groups: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the controls in groups.

    Args:
        groups: Names out of `GROUPS`.

    Raises:
        UsageError: When there is no such group.
    """
    if isinstance(groups, str):
        groups = (groups,)
    for group in groups:
        if group not in GROUPS:
            guess = nearest(group, GROUPS)
            raise UsageError(
                f"There is no group '{group}' of controls.",
                f"Did you mean '{guess}'?" if guess else f"They are {', '.join(GROUPS)}.",
                choices=GROUPS,
            )
    return tuple(control.name for control in CONTROLS if control.region in groups)


def control_gains(gains: Mapping[str, float]) -> dict[str, float]:
    """Return the factor of each control that gains by name reach.

    Args:
        gains: Factors by names of controls, with or without their side, and of groups.

    Raises:
        UnknownControlError: When a name is neither.
        UsageError: When a factor is no number within 100.
    """
    factors: dict[str, float] = {}
    for name, gain in gains.items():
        if not abs(gain) <= _HIGHEST_GAIN:
            raise UsageError(
                f"A gain of {gain} cannot be meant.",
                f"Give a number from {-_HIGHEST_GAIN:g} to {_HIGHEST_GAIN:g}.",
            )
        names = group_controls([name]) if name in GROUPS else sides(name)
        if names is None:
            guess = nearest(name, (*NAMES, *GROUPS))
            raise UnknownControlError(
                f"There is no control or group '{name}'.",
                f"Did you mean '{guess}'?" if guess else "`mien controls` lists them.",
                choices=(guess,) if guess else (),
            )
        factors |= dict.fromkeys(names, gain)
    return factors


def parse_offset(text: str | int, clock: Clock) -> int:
    """Read frames by which curves come later: `12`, `-12`, `1.5s`, `-00:00:01:12`.

    Args:
        text: What is typed; a number is one of frames.
        clock: The clock by which seconds and timecodes count.

    Raises:
        TimeError: When it is none of these.
    """
    if isinstance(text, int):
        return text
    text = text.strip()
    sign, size = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if size.count(":") == 3 or size.count(";") == 1:
        return sign * Timecode.parse(size, clock.rate).frames
    return sign * clock.parse(size)


def shifted(curves: CurveFile, offset: int) -> CurveFile:
    """Return curves that come frames later, after a gap; earlier ones lose what lies before 0.

    Args:
        curves: The curves.
        offset: Frames by which they come later; may be negative.

    Raises:
        UsageError: When nothing of them is left, or they would reach over too many frames.
    """
    if not offset:
        return curves
    length = max((len(face) for face in curves.faces), default=0)
    if -offset >= length:
        raise UsageError(
            f"An offset of {offset} frames leaves nothing of {length}.", "Shift them by less."
        )
    _check_length(length + offset)
    rows = np.arange(length + offset) - offset
    before, rows = rows < 0, np.maximum(rows, 0)

    def choose(values: _Values) -> _Values:
        return np.asarray(values[rows])

    faces = (_mapped(face, choose, choose, choose) for face in curves.faces)
    clock = curves.clock
    return replace(
        curves,
        faces=tuple(replace(face, valid=face.valid & ~before) for face in faces),
        clock=None if clock is None else _shifted_clock(clock, offset),
        cuts=tuple(cut + offset for cut in curves.cuts if cut + offset > 0),
    )


def resampled(curves: CurveFile, rate: Fraction) -> CurveFile:
    """Return curves at another frame rate; each moment is told from the frames on both sides of it.

    Between two frames values run along a cubic that stays within them (Fritsch & Carlson, "Monotone
    Piecewise Cubic Interpolation", SIAM J. Numer. Anal. 17, 1980), so that nothing overshoots and
    nothing comes late. Rotations turn along the shortest way. Gaps stay gaps, and nothing runs
    across one, or across a cut.

    Args:
        curves: The curves.
        rate: Frames a second.

    Raises:
        UsageError: When they do not say when their frames are shown, or would be too many.
    """
    clock = curves.timed()
    if clock.rate == rate and clock.times is None:
        return curves
    count = max(1, round(clock.duration * rate))
    _check_length(count)
    new = Clock(rate, count, start=None if clock.start is None else _same_label(clock, rate))
    moments = np.array([float(new.seconds(i)) for i in range(count)])
    starts = np.array([float(clock.seconds(i)) for i in range(clock.frame_count)])
    # Where a moment is a frame's own start, the last bit does not make it the one before.
    position = np.interp(moments, starts, np.arange(len(starts)))
    position = np.where(np.abs(position - np.round(position)) < 1e-6, np.round(position), position)
    cuts = tuple(int(np.searchsorted(position, cut - 1e-9)) for cut in curves.cuts)
    faces = tuple(_resampled(face, position, curves.cuts) for face in curves.faces)
    return replace(curves, faces=faces, clock=new, cuts=tuple(c for c in cuts if 0 < c < count))


def _check_length(frames: int) -> None:
    if frames > _MOST_FRAMES:
        raise UsageError(
            f"The curves would reach over {frames:,} frames.",
            f"{_MOST_FRAMES:,} are the most: shift them by less, or ask for a lower rate.",
        )


def _shifted_clock(clock: Clock, offset: int) -> Clock:
    count = clock.frame_count + offset
    times = clock.times
    if times is not None and offset > 0:
        late = offset / clock.rate
        times = (*(i / clock.rate for i in range(offset)), *(late + time for time in times))
    elif times is not None:
        times = tuple(time - times[-offset] for time in times[-offset:])
    return Clock(clock.rate, count, times, clock.start)


def _same_label(clock: Clock, rate: Fraction) -> Timecode:
    """Return the start timecode of a clock as another rate writes it."""
    nominal = -(-rate.numerator // rate.denominator)
    start = clock.timecode(0)
    drops = start.drop and nominal % 30 == 0 and rate.denominator == 1001
    return Timecode(round(start.day_seconds * nominal), nominal).recounted(drops)


def _resampled(face: FaceCurves, position: DoubleArray, cuts: Sequence[int]) -> FaceCurves:
    """Return a face at (N,) moments, in frames."""
    shown = np.clip(np.floor(position), 0, len(face) - 1).astype(np.int64)
    edges = [0, *(cut for cut in cuts if 0 < cut < len(face)), len(face)]
    runs = []
    for start, stop in itertools.pairwise(edges):
        runs += [
            (start + run.start, start + run.stop) for run in frame_runs(face.valid[start:stop])
        ]
    spans = [
        (start, stop, np.flatnonzero((shown >= start) & (shown < stop))) for start, stop in runs
    ]

    def curve(values: _Values) -> _Values:
        from scipy.interpolate import PchipInterpolator

        out = np.zeros((len(position), *values.shape[1:]))
        for start, stop, rows in spans:
            if stop - start == 1:
                out[rows] = values[start]
            elif len(rows):
                # Behind its last frame a stretch holds until that frame is over.
                moments = np.minimum(position[rows], stop - 1)
                stretch = PchipInterpolator(np.arange(start, stop), values[start:stop], axis=0)
                out[rows] = stretch(moments)
        return out.astype(values.dtype)

    def turn(rotation: _Values) -> _Values:
        from scipy.spatial.transform import Rotation, Slerp

        out = np.tile(np.eye(3, dtype=rotation.dtype), (len(position), 1, 1))
        for start, stop, rows in spans:
            if stop - start == 1:
                out[rows] = rotation[start]
            elif len(rows):
                turns = Rotation.from_matrix(rotation[start:stop].astype(np.float64))
                moments = np.minimum(position[rows], stop - 1)
                out[rows] = Slerp(np.arange(start, stop), turns)(moments).as_matrix()
        return out

    return _mapped(face, curve, turn, lambda flags: flags[shown])


def _mapped(face: FaceCurves, curve: _Map, turn: _Map, choose: _Map) -> FaceCurves:
    """Return a face with every array mapped: values, rotations, and yes or no."""

    def maybe(array: _Values | None) -> Any:
        return None if array is None else curve(array)

    def placed(pose: HeadPose | None) -> HeadPose | None:
        if pose is None:
            return None
        return HeadPose(curve(pose.scale), turn(pose.rotation), curve(pose.translation))

    flame = face.flame
    if flame is not None:
        flame = FlameCurves(
            flame.basis, curve(flame.coefficients), turn(flame.rotation), curve(flame.translation),
            flame.shape, maybe(flame.camera_scale), maybe(flame.error),
        )  # fmt: skip
    return replace(
        face,
        controls={name: curve(np.asarray(values)) for name, values in face.controls.items()},
        valid=choose(face.valid),
        bridged=None if face.bridged is None else choose(face.bridged),
        confidence=maybe(face.confidence),
        region_confidence=maybe(face.region_confidence),
        pose=placed(face.pose),
        mesh_pose=placed(face.mesh_pose),
        flame=flame,
        units=face.units
        and {name: curve(np.asarray(values)) for name, values in face.units.items()},
    )
