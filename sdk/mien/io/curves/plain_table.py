"""The curve format `.csv` as plain columns: a row a frame, for pandas and spreadsheets."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mien.io.curves.base import CurveFormat
from mien.io.curves.columns import read_columns
from mien.io.curves.rotations import axis_angle
from mien.model.curve_file import CurveFile, FaceCurves

__all__ = ["TableFormat"]


class TableFormat(CurveFormat):
    """A table of frame, time, controls by mien's names, action units and pose.

    Cells of frames without the face are empty, as pandas writes and reads what is not there.
    Angles of gaze and head are in degrees, `headRotation` is axis times angle in radians,
    `headPosition` is in pixels of the upright picture and `headScale` in pixels per centimetre.
    Controls are read back.
    """

    api_version = 1
    name = "Table"
    suffixes = (".csv",)
    faces = "one"
    layout = "plain"

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write the curves of one face."""
        face, clock = curves.face(), curves.timed()
        columns = _columns(face)
        values = np.column_stack(list(columns.values())).astype(np.float64)
        values[~face.valid] = np.nan
        confidence = face.confidence
        names = ["frame", "time", *(["confidence"] if confidence is not None else []), *columns]
        file.write(",".join(names).encode() + b"\n")
        for frame, row in enumerate(values.tolist()):
            cells = [str(frame), f"{float(clock.seconds(frame)):.6f}"]
            if confidence is not None:
                cells.append(f"{confidence[frame]:.6f}")
            cells += ["" if value != value else f"{value + 0.0:.6f}" for value in row]
            file.write(",".join(cells).encode() + b"\n")

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the controls in any table of text."""
        return read_columns(file)


def _columns(face: FaceCurves) -> dict[str, npt.NDArray[Any]]:
    columns = dict(face.controls) | dict(face.units or {})
    if face.pose is not None:
        turned = axis_angle(face.pose.rotation)
        columns |= {f"headRotation{axis}": turned[:, i] for i, axis in enumerate("XYZ")}
        columns |= {
            f"headPosition{axis}": face.pose.translation[:, i] for i, axis in enumerate("XY")
        }
        columns["headScale"] = face.pose.scale
    return columns
