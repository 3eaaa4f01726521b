"""Curves of a file as a layer of edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UnknownControlError, UsageError
from mien.model.controls import GAZE, HEAD, NAMES, nearest, sides
from mien.model.curve_change import control_gains, group_controls
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.edits import ControlTrack, Layer
from mien.timebase import Clock, FrameRange, same_count

__all__ = ["IMPORT_LAYER", "CurveImport", "CurveLayer", "ImportMode", "curves_layer", "same_timing"]

ImportMode = Literal["replace", "add"]
"""Whether the face follows the curves of a file, or they are added to what it does."""
IMPORT_LAYER = "imported"
"""Name of the layer that holds imported curves when nobody names one."""
_SAME_TIME = 1e-3
"""Seconds by which frames of the same timing may start apart: files round them."""
_Floats = npt.NDArray[np.floating[Any]]
_Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurveImport:
    """What a face takes from a curve file, and how it follows it.

    Attributes:
        source_face: Number or name of the face in the file; None for the only one.
        controls: Names of the controls to take; all but head and gaze when None.
        layer: Name of the layer, which takes the place of one with that name.
        mode: Whether the face follows the curves (`replace`), or they are added to what it does.
        offset: Frame of the shot on which the file's first frame falls; may be negative.
        retime: Whether a file with another frame rate keeps its seconds (True; values between
            its frames are interpolated linearly) or its frames (False); None refuses such a file.
        only: Groups of which all controls of the file are taken, where no controls are named.
        gains: Factors of the values, by names of controls and groups.
    """

    source_face: int | str | None = None
    controls: Sequence[str] | None = None
    layer: str = IMPORT_LAYER
    mode: ImportMode = "replace"
    offset: int = 0
    retime: bool | None = None
    only: Sequence[str] = ()
    gains: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class CurveLayer:
    """A layer that holds curves of a file.

    Attributes:
        layer: The layer, with a track for each control.
        controls: Names of the controls that were taken.
        frames: Frames of the shot that they reach.
        unknown: Names in the file that are no controls, and were left out.
        notices: Sentences on what else of the file was left out.
    """

    layer: Layer
    controls: tuple[str, ...]
    frames: FrameRange
    unknown: tuple[str, ...]
    notices: tuple[str, ...] = ()


_ALL_OF_IT = CurveImport()


def curves_layer(curves: CurveFile, clock: Clock, options: CurveImport = _ALL_OF_IT) -> CurveLayer:
    """Return a layer whose tracks have the values of a file at every frame.

    Over gaps in the file the values run straight. What lies beyond the shot is left out; where
    the file ends, the face is as it was.

    Args:
        curves: The file's content.
        clock: The shot's clock.
        options: What is taken of the file, and how.

    Raises:
        NoFaceError: When the file has no such face, or several and none is named.
        InputError: When a value is infinite, nothing in the file is a control, or nothing of it
            falls on the shot.
        UnknownControlError: When the file has no control of a name in `controls`.
        UsageError: When the mode or a group is another, or the rates differ and `retime` is None.
    """
    mode, offset = options.mode, options.offset
    if mode not in get_args(ImportMode):
        raise UsageError(
            f"Curves cannot be imported by '{mode}'.",
            f"Choose one of {', '.join(get_args(ImportMode))}.",
        )
    if not options.layer.strip():
        raise UsageError("A layer needs a name.", f"Leave it out for '{IMPORT_LAYER}'.")
    face = curves.face(options.source_face)
    names = _chosen(curves, face, options.controls, options.only)
    gains = control_gains(options.gains)
    frames = np.arange(max(offset, 0), clock.frame_count)
    positions = _positions(curves, clock, frames, offset, options.retime)
    tracks, start, stop = [], clock.frame_count, 0
    for name in names:
        first, values = _resampled(face.controls[name], face, positions, name, curves.name)
        if not len(values):
            continue
        begin = int(frames[first])
        values = values * gains.get(name, 1.0)
        tracks.append(ControlTrack.sampled(name, begin, values, clock.frame_count, mode=mode))
        start, stop = min(start, begin), max(stop, begin + len(values))
    if not tracks:
        raise InputError(
            f"Nothing of {curves.name} falls on the shot's frames.",
            "Let it begin earlier or later, or take another file.",
        )
    return CurveLayer(
        Layer(options.layer, tuple(tracks)),
        tuple(track.control for track in tracks),
        FrameRange(start, stop),
        tuple(name for name in face.controls if sides(name) is None),
        curves.notices,
    )


def same_timing(a: Clock, b: Clock) -> bool:
    """Return whether frames of the same number are shown at the same time by both clocks.

    Rates that differ by a thousandth count the same frames: NTSC's are 1/1001 below their names.
    """
    if a.times is None and b.times is None:
        return same_count(a.rate, b.rate)
    common = range(min(a.frame_count, b.frame_count))
    return all(abs(a.seconds(i) - b.seconds(i)) < _SAME_TIME for i in common)


def _chosen(
    curves: CurveFile, face: FaceCurves, controls: Sequence[str] | None, only: Sequence[str]
) -> list[str]:
    """Return the names of the controls to take."""
    known = [name for name in face.controls if sides(name) is not None]
    if not known:
        raise InputError(
            f"{curves.name} has none of mien's controls.",
            f"It has {', '.join(face.controls) or 'none at all'}; `mien controls` lists mien's.",
        )
    only = (only,) if isinstance(only, str) else only
    controls = (controls,) if isinstance(controls, str) else controls
    grouped: list[str] = []
    if only:
        grouped = [name for name in known if set(sides(name) or ()) <= set(group_controls(only))]
        if not grouped:
            raise InputError(
                f"{curves.name} has no control of {' or '.join(only)}.",
                f"It has {', '.join(known)}.",
            )
    if controls is None and only:
        return grouped
    if controls is None:
        usual = [name for name in known if name not in HEAD and name not in GAZE]
        return usual or known
    for name in controls:
        if name not in face.controls:
            guess = nearest(name, tuple(known))
            raise UnknownControlError(
                f"{curves.name} has no control '{name}'.",
                f"Did you mean '{guess}'?" if guess else f"It has {', '.join(known)}.",
                choices=known,
            )
        if name not in known:
            guess = nearest(name, NAMES)
            raise UnknownControlError(
                f"'{name}' in {curves.name} is no control.",
                f"Did you mean '{guess}'?" if guess else "`mien controls` lists them.",
            )
    return list(dict.fromkeys((*controls, *grouped)))


def _positions(
    curves: CurveFile, clock: Clock, frames: npt.NDArray[np.int64], offset: int, retime: bool | None
) -> _Times:
    """Return where (N,) frames of the shot lie in the file, in its frames."""
    source = curves.clock
    same = source is None or same_timing(source, clock)
    if source is None or same or not retime:
        if source is not None and not same and retime is None:
            raise UsageError(
                f"{curves.name} has {_rate(source)} frames a second, and the shot {_rate(clock)}.",
                "Say whether to retime it: --retime keeps its seconds, --no-retime its frames.",
            )
        return (frames - offset).astype(np.float64)
    start = clock.seconds(offset) if offset >= 0 else offset / clock.rate
    times = np.array([float(clock.seconds(frame) - start) for frame in frames.tolist()])
    count = source.frame_count
    starts = np.array([float(source.seconds(i)) for i in range(count + 1)])
    # Rounded, so that a frame's very start is not missed by the last bit.
    exact = np.interp(times, starts, np.arange(count + 1))
    positions: _Times = np.asarray(np.round(exact, 6), dtype=np.float64)
    positions[times >= starts[-1]] = np.inf
    return positions


def _resampled(
    values: _Floats, face: FaceCurves, positions: _Times, name: str, file: str
) -> tuple[int, _Times]:
    """Return the values of a control at positions, from the first to the last that it reaches.

    Returns:
        The index of the first position, and the values at all that follow in reach.
    """
    exact: _Times = np.asarray(values, dtype=np.float64)
    infinite = np.flatnonzero(np.isinf(exact) & face.valid)
    if len(infinite):
        raise InputError(
            f"{file}: {name} of face {face.number} is infinite at frame {infinite[0]}.",
            "Write the file again with finite values.",
        )
    known = np.flatnonzero(np.isfinite(exact) & face.valid)
    if not len(known):
        return 0, np.empty(0)
    reached = np.flatnonzero((positions >= known[0]) & (positions < known[-1] + 1))
    first = int(reached[0]) if len(reached) else 0
    sampled = np.interp(positions[reached], known, exact[known])
    return first, np.asarray(sampled, dtype=np.float64)


def _rate(clock: Clock) -> str:
    return f"{float(clock.rate):.6g}" + (" (varying)" if clock.times is not None else "")
