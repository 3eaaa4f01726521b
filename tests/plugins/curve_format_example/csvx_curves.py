"""A curve format of somebody else: a rate, names of controls, then a row a frame."""

import csv
import io
from fractions import Fraction
from typing import IO

import numpy as np

import mien
from mien.timebase import Clock


class CsvxFormat(mien.CurveFormat):
    """Comma-separated values of one face; a field that is empty is a gap."""

    api_version = 1
    name = "CSV with a rate"
    suffixes = (".csvx",)
    faces = "one"

    def write(self, curves: mien.CurveFile, file: IO[bytes]) -> None:
        face = curves.face()
        text = io.StringIO()
        rows = csv.writer(text)
        assert curves.clock is not None  # mien's own always have one
        rows.writerow(["rate", curves.clock.rate])
        rows.writerow(face.controls)
        values = np.column_stack(list(face.controls.values()))
        for valid, row in zip(face.valid, values, strict=True):
            rows.writerow([f"{value:.6f}" if valid else "" for value in row])
        file.write(text.getvalue().encode())

    def read(self, file: IO[bytes]) -> mien.CurveFile:
        rows = list(csv.reader(file.read().decode().splitlines()))
        word, rate = rows[0]
        if word != "rate":
            raise ValueError("its first row gives no rate")
        values = np.array([[float(field or "nan") for field in row] for row in rows[2:]])
        controls = dict(zip(rows[1], values.T, strict=True))
        valid = ~np.isnan(values).all(axis=1)
        clock = Clock(Fraction(rate), len(values))
        return mien.CurveFile((mien.FaceCurves(1, controls, valid),), clock)
