"""The curve format `.csv` as Live Link Face records it: a timecode and 61 columns."""

from __future__ import annotations

from typing import IO, Final

import numpy as np

from mien._types import DoubleArray
from mien.errors import UsageError
from mien.face.pose import angles
from mien.io.curves.base import CurveFormat
from mien.io.curves.columns import LIVE_LINK_ANGLES, read_columns
from mien.io.curves.timecodes import live_link_timecode
from mien.model.controls import HEAD
from mien.model.curve_file import CurveFile, FaceCurves

__all__ = ["LIVE_LINK_COLUMNS", "LiveLinkFormat"]

LIVE_LINK_COLUMNS: Final[tuple[str, ...]] = (
    *(f"Eye{shape}{side}" for side in ("Left", "Right")
      for shape in ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")),
    # Right before Left for jaw and mouth, where the packets that are sent live turn them round.
    "JawForward", "JawRight", "JawLeft", "JawOpen", "MouthClose", "MouthFunnel", "MouthPucker",
    "MouthRight", "MouthLeft",
    *(f"Mouth{shape}{side}" for shape in ("Smile", "Frown", "Dimple", "Stretch")
      for side in ("Left", "Right")),
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper",
    *(f"Mouth{shape}{side}" for shape in ("Press", "LowerDown", "UpperUp")
      for side in ("Left", "Right")),
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight",
    "TongueOut", *LIVE_LINK_ANGLES,
)  # fmt: skip
"""The columns after the timecode and the count, in the order of recorded takes."""


class LiveLinkFormat(CurveFormat):
    """Takes of Live Link Face; frames without the face have no row, but for the first and last.

    These two hold the nearest values, so that the take begins and ends with the shot. Read is any
    table of text (`mien.io.curves.columns`).
    """

    api_version = 1
    name = "Live Link Face"
    suffixes = (".csv",)
    faces = "one"
    layout = "live-link"

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write the curves of one face."""
        face, clock = curves.face(), curves.timed()
        seen = np.flatnonzero(face.valid)
        if not len(seen):
            raise UsageError(
                f"The face is seen in no frame of {curves.name}, and a Live Link take is of frames"
                " that show one.",
                "Choose another face, or write .npz or .json.",
            )
        values = _values(face)
        frames = sorted({0, *seen.tolist(), len(face) - 1})
        after = np.clip(np.searchsorted(seen, frames), 0, len(seen) - 1)
        before = np.clip(after - 1, 0, None)
        near = np.where(np.abs(seen[before] - frames) < np.abs(seen[after] - frames), before, after)
        count = len(LIVE_LINK_COLUMNS)
        file.write(f"Timecode,BlendShapeCount,{','.join(LIVE_LINK_COLUMNS)}\n".encode())
        pattern = ",".join(["%.10f"] * count)
        for frame, row in zip(frames, values[seen[near]].tolist(), strict=True):
            time = live_link_timecode(clock, frame)
            file.write(f"{time},{count},{pattern % tuple(row)}\n".encode())

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the controls in any table of text."""
        return read_columns(file)


def _values(face: FaceCurves) -> DoubleArray:
    """Return (T, 61) values; 0 where the face has no such control."""
    by_name = {name.lower(): np.asarray(values) for name, values in face.controls.items()}
    if face.pose is not None:
        # The head as it is turned to the camera, of which the controls are only what edits add.
        turned = np.zeros((len(face), 3))
        turned[face.valid] = angles(face.pose.rotation[face.valid])
        by_name |= {name.lower(): turned[:, i] for i, name in enumerate(HEAD)}
    values = np.zeros((len(face), len(LIVE_LINK_COLUMNS)))
    for column, name in enumerate(LIVE_LINK_COLUMNS):
        factor, source = 1.0, name
        if name in LIVE_LINK_ANGLES:
            angle = LIVE_LINK_ANGLES[name]
            if angle is None:
                continue
            source, factor = angle[0], float(np.radians(angle[1]))
        if source.lower() in by_name:
            values[:, column] = np.nan_to_num(by_name[source.lower()]) * factor
    # A zero with a sign is written as one: -0.0000000000.
    return np.asarray(np.where(values == 0, 0.0, values))
