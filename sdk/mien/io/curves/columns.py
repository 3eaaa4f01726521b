"""What the columns of a `.csv` mean, whoever wrote it: Live Link Face, pandas, a spreadsheet.

Columns are told by name and never by place: takes of Live Link Face name right before left where
its packets do it the other way, and files of others have any order, case and number of columns.
"""

from __future__ import annotations

from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from mien.io.curves.grid import MAX_FRAMES, FrameGrid, frame_grid, numbered_clock, started
from mien.io.curves.tables import Table, read_table
from mien.io.curves.timecodes import read_timecodes
from mien.model.control_names import control_named, folded
from mien.model.controls import HEAD
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.unit_curves import UNIT_NAMES

__all__ = ["LIVE_LINK_ANGLES", "read_columns"]

LIVE_LINK_ANGLES: Final[dict[str, tuple[str, int] | None]] = {
    "HeadYaw": ("headYaw", -1), "HeadPitch": ("headPitch", -1), "HeadRoll": ("headRoll", 1),
    "LeftEyeYaw": ("gazeYawLeft", -1), "LeftEyePitch": ("gazePitchLeft", -1), "LeftEyeRoll": None,
    "RightEyeYaw": ("gazeYawRight", -1), "RightEyePitch": ("gazePitchRight", -1),
    "RightEyeRoll": None,
}  # fmt: skip
"""The angles of Live Link Face, radians, as controls of degrees, and the sign between them.

Unreal's yaw, pitch and roll of a face whose first axis points away from the camera: yaw is negative
towards the person's left and pitch negative upwards, while roll is positive towards the person's
left. Checked by a published take, in which the eyes look up and to the person's left by shapes
(EyeLookOutLeft, EyeLookInRight, EyeLookUp) where both angles are negative, and whose roll is that
of this convention. The roll of an eye moves nothing.
"""
_ANGLES: Final = {folded(name): angle for name, angle in LIVE_LINK_ANGLES.items()}
_TIMECODE: Final = frozenset({"timecode", "tc"})
_FRAME: Final = frozenset({"frame", "frames", "frameid", "framenumber"})
_SECONDS: Final = frozenset({"time", "seconds", "timesec", "timeseconds", "times", "timestamp"})
_THOUSANDTHS: Final = frozenset({"timems", "timestampms", "milliseconds", "ms"})
_COUNT: Final = "blendshapecount"
_BESIDE: Final = frozenset({
    _COUNT, "neutral", "", "unnamed0", "index", "valid", "bridged", "confidence",
    "headscale", *(f"headposition{axis}" for axis in "xy"),
    *(f"headrotation{axis}" for axis in "xyz"), *map(folded, UNIT_NAMES),
    *(f"expr{i}" for i in range(100)), "eyelidleft", "eyelidright", "jaw0", "jaw1", "jaw2",
})  # fmt: skip
"""What stands beside controls in such tables, is known, and is not read."""
_Floats = npt.NDArray[np.floating[Any]]


def read_columns(file: IO[bytes]) -> CurveFile:
    """Read the controls in a table of text.

    Frames that no row has are gaps, and so are rows in which nothing stands. The rate is told from
    the times of the rows.

    Raises:
        ValueError: When it is no such table; the line is named.
    """
    table = read_table(
        file,
        texts=lambda name: folded(name) in _TIMECODE,
        exact=lambda name: folded(name) in _FRAME | _SECONDS | _THOUSANDTHS,
        numbers=lambda name: _is_number(folded(name)),
    )
    by_name = {folded(name): index for index, name in reversed(list(enumerate(table.names)))}
    meanings = _meanings(table, by_name)
    if not any(isinstance(meaning, tuple) for meaning in meanings.values()):
        raise ValueError(
            f"none of its columns is a control: {', '.join(table.names[:8])}"
            f"{', …' if len(table.names) > 8 else ''}"
        )
    grid, start, drop = _grid(table, by_name)
    place = {index: column for column, index in enumerate(table.columns)}
    controls: dict[str, _Floats] = {}
    seen = np.zeros(grid.count, dtype=bool)
    for index, meaning in meanings.items():
        if meaning is None:
            # Named, so that it can be said; nothing of it is kept.
            controls[table.names[index]] = np.broadcast_to(np.float32(np.nan), grid.count)
            continue
        name, factor = meaning
        values = np.full(grid.count, np.nan, np.float32)
        values[grid.frames] = table.numbers[grid.rows, place[index]] * factor
        seen |= np.isfinite(values)
        controls[name] = values
    if all(not np.any(np.nan_to_num(controls.get(name, np.zeros(1)))) for name in HEAD):
        # Where the head was not recorded, its angles are 0 throughout.
        controls = {name: values for name, values in controls.items() if name not in HEAD}
    clock = started(grid.clock, start, drop)
    return CurveFile((FaceCurves(1, controls, seen),), clock)


def _is_number(name: str) -> bool:
    return name in _ANGLES or (name not in _BESIDE and control_named(name) is not None)


def _meanings(table: Table, by_name: dict[str, int]) -> dict[int, tuple[str, float] | None]:
    """Return by column the control and its factor; None where the column is not known."""
    live = bool({_COUNT, "lefteyeyaw", *_TIMECODE} & by_name.keys())
    meanings: dict[int, tuple[str, float] | None] = {}
    columns: dict[str, str] = {}
    for index, written in enumerate(table.names):
        name = folded(written)
        meaning: tuple[str, float] | None = None
        if live and name in _ANGLES:
            angle = _ANGLES[name]
            if angle is None:
                continue
            meaning = (angle[0], float(np.degrees(angle[1])))
        elif name in _TIMECODE | _FRAME | _SECONDS | _THOUSANDTHS | _BESIDE:
            continue
        elif control := control_named(written):
            meaning = (control, 1.0)
        if meaning is not None:
            if meaning[0] in columns:
                raise ValueError(f"its columns {columns[meaning[0]]} and {written} are the same")
            columns[meaning[0]] = written
        meanings[index] = meaning
    return meanings


def _grid(table: Table, by_name: dict[str, int]) -> tuple[FrameGrid, float, bool]:
    """Return which frame each row is, the first's time of day, and whether that drops numbers."""

    def column(names: frozenset[str]) -> npt.NDArray[np.float64] | None:
        index = next((by_name[name] for name in sorted(names & by_name.keys())), None)
        if index is None:
            return None
        values = table.exact[index]
        missing = np.flatnonzero(np.isnan(values))
        if len(missing):
            raise ValueError(f"line {table.lines[missing[0]]}: {table.names[index]} is empty")
        return values

    frames, seconds = column(_FRAME), column(_SECONDS)
    if seconds is None and (thousandths := column(_THOUSANDTHS)) is not None:
        seconds = thousandths / 1000
    if frames is not None:
        return _numbered(frames, seconds, table), 0.0, False
    if seconds is not None:
        if seconds[0] < 0:
            raise ValueError(f"line {table.lines[0]}: its time is before the start")
        return (
            frame_grid(seconds, table.lines, precision=_rounding(seconds), from_zero=True),
            0.0,
            False,
        )
    if table.texts:
        times = read_timecodes(next(iter(table.texts.values())), table.lines)
        grid = frame_grid(times.seconds, table.lines, precision=times.rounding, from_zero=False)
        return grid, float(times.seconds[0]), times.drop
    rows = np.arange(len(table.lines))
    return FrameGrid(rows, rows, len(rows), None), 0.0, False


def _rounding(seconds: npt.NDArray[np.float64]) -> float:
    """Return seconds to which times are rounded: those of spreadsheets to hundredths, at worst."""
    for digits in range(1, 7):
        if np.abs(seconds - np.round(seconds, digits)).max() < 1e-9 * max(1.0, seconds.max()):
            return float(0.5 / 10**digits)
    return 1e-6


def _numbered(
    frames: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64] | None, table: Table
) -> FrameGrid:
    """Return the grid of rows that say their frame, from 0; of those that repeat, the last."""
    for wrong, why in (
        (frames != np.round(frames), "is no whole number"),
        (frames < 0, "is below 0"),
        (frames >= MAX_FRAMES, f"is above {MAX_FRAMES - 1:,}, the last that is read"),
        (np.diff(frames, prepend=frames[:1]) < 0, "is below that of the line above"),
    ):
        if wrong.any():
            raise ValueError(f"line {table.lines[int(np.argmax(wrong))]}: its frame {why}")
    numbers = frames.astype(np.int64)
    rows = np.flatnonzero(np.append(np.diff(numbers) > 0, True))
    numbers = numbers[rows]
    count = int(numbers[-1]) + 1
    lines = [table.lines[row] for row in rows]
    clock = None if seconds is None else numbered_clock(numbers, seconds[rows], lines)
    return FrameGrid(rows, numbers, count, clock)
