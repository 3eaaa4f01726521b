"""Series become figures, and the frames to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import BoolArray, DoubleArray, FloatArray
from mien.model.controls import HEAD, INDEX, NAMES
from mien.reporting.encoding import EncodingFloor
from mien.reporting.faces import Trembling, second_differences
from mien.reporting.pixels import PixelSeries, PixelSums
from mien.reporting.thresholds import FRAME_LIMITS, THRESHOLDS
from mien.reporting.values import (
    UNITS,
    FaceReport,
    FrameTrouble,
    ReportFigure,
    ReportThreshold,
    readable,
)

__all__ = ["Limits", "face_figures", "picture_figures", "troubles_of"]

_HEAD: Final = [INDEX[name] for name in HEAD]
_OTHERS: Final = [i for i, name in enumerate(NAMES) if not name.startswith(("head", "eyeLook"))]
"""Controls of which nothing is asked and which may not move; what eyes look at is in gaze, too."""
_ASKED: Final = 0.05
"""Weight from which a change is enough to be compared with what is achieved."""
_FEW: Final = 5
_MILLION: Final = 1e6
Limits = Mapping[str, ReportThreshold]


def _figure(
    limits: Limits,
    name: str,
    value: float | None,
    unit: str,
    how: str = "",
    *,
    face: int | None = None,
    plate: float | None = None,
) -> ReportFigure:
    if value is not None and not np.isfinite(value):
        value = None
    return ReportFigure(name, value, unit, how, face, plate, limits.get(name))


@dataclass(frozen=True, slots=True)
class _Maker:
    limits: Limits

    def __call__(
        self,
        name: str,
        value: float | None,
        unit: str,
        how: str = "",
        *,
        face: int | None = None,
        plate: float | None = None,
    ) -> ReportFigure:
        return _figure(self.limits, name, value, unit, how, face=face, plate=plate)


def picture_figures(
    series: PixelSeries,
    floor: EncodingFloor | None,
    *,
    exact: bool,
    cuts: Sequence[int],
    limits: Limits = THRESHOLDS,
) -> tuple[list[ReportFigure], DoubleArray]:
    """Return the figures of the whole picture, and by frame what is changed outside the matte.

    Args:
        series: What was measured.
        floor: What re-encoding alone does; None where it is not known.
        exact: Whether the edited file keeps every code value.
        cuts: Rows with which another shot begins.
        limits: What figures are held to.
    """
    make = _Maker(limits)
    figures = []
    known = exact and bool(np.isfinite(series.changed).all())
    if known:
        outside = series.changed
        figures.append(
            make(
                "outside.changed", float(outside.sum()), "pixels",
                "Stored values that differ outside the matte, over all frames; the file is"
                " lossless, so they are what was rendered.",
            )
        )  # fmt: skip
    else:
        counts = series.outside
        level = 0 if floor is None else floor.sums.largest
        total = np.maximum(counts.sum(axis=1), 1)
        outside = counts[:, level + 1 :].sum(axis=1) / total * _MILLION
        told = PixelSums.of(counts[series.inside]) if series.inside.any() else PixelSums.of(counts)
        how = (
            "It is not known what re-encoding alone does: any difference counts."
            if floor is None
            else floor.how
        )
        figures.append(
            make(
                "outside.beyond_encoding", float(np.mean(outside)), "pixels per million",
                "Pixels outside the matte that differ by more than re-encoding makes them. " + how,
            )
        )  # fmt: skip
        figures.append(
            make(
                "outside.mean", told.mean, "of 255", "Mean difference outside the matte. " + how,
                plate=None if floor is None else floor.sums.mean,
            )
        )  # fmt: skip
    figures += _texture(series, cuts, make)
    return figures, np.asarray(outside, np.float64)


def _texture(series: PixelSeries, cuts: Sequence[int], make: _Maker) -> list[ReportFigure]:
    before, after = series.detail_before, series.detail_after
    rows = np.isfinite(before) & np.isfinite(after)
    sharp: float | None = None
    if rows.any() and before[rows].mean() > 0:
        sharp = float(after[rows].mean() / before[rows].mean())
    trembles: list[float | None] = [None, None]
    if rows.sum() >= _FEW:
        for i, values in enumerate((before, after)):
            steps = second_differences(np.where(rows, values, np.nan).astype(np.float32), cuts)
            steps = steps[np.isfinite(steps)]
            if len(steps) >= _FEW:
                trembles[i] = float(steps.std() * 255)
    own, other = trembles
    ratio = other / own if own and other is not None else None
    rim = float(np.nanmean(series.rim)) if np.isfinite(series.rim).any() else None
    return [
        make(
            "flicker.texture", ratio, "times the plate's",
            "Second difference over time of fine detail inside the matte, its standard deviation.",
            plate=own,
        ),
        make(
            "sharpness", sharp, "times the plate's",
            "Fine detail inside the matte (root mean square of what a blur of 1.5 pixels takes).",
            plate=None if not rows.any() else float(before[rows].mean() * 255),
        ),
        make("rim.color", rim, "CIELAB", "Mean shift of colour at the matte's rim (CIE 1976)."),
    ]  # fmt: skip


def face_figures(
    face: FaceReport,
    trembles: Trembling,
    measure: str,
    *,
    limits: Limits = THRESHOLDS,
) -> list[ReportFigure]:
    """Return the figures of one face.

    Args:
        face: What it did and does.
        trembles: How much its landmarks tremble.
        measure: How identity was measured, or why not.
        limits: What figures are held to.
    """
    make, number = _Maker(limits), face.number
    figures = _curve_figures(face, make)
    seen = face.identity[np.isfinite(face.identity)]
    similarity = float(seen.mean()) if len(seen) else None
    floor = face.identity_floor
    drop = None if similarity is None or floor is None else max(0.0, floor - similarity)
    figures += [
        make("identity.similarity", similarity, "", measure, face=number, plate=floor),
        make(
            "identity.drop", drop, "", "How much less alike than the plate's own neighbouring"
            " frames. " + measure, face=number,
        ),
    ]  # fmt: skip
    own, other = trembles.before, trembles.after
    figures.append(
        make(
            "flicker.landmarks", other / own if own and other is not None else None,
            "times the plate's",
            "Second difference over time of landmarks, its standard deviation, in thousandths of"
            " the face's height.", face=number, plate=own,
        )
    )  # fmt: skip
    lost = int(np.count_nonzero(_lost(face)))
    figures.append(
        make(
            "frames.lost", float(lost), "frames",
            "Frames in which the face is seen in the original and not in the edited file.",
            face=number,
        )
    )  # fmt: skip
    return figures


def _lost(face: FaceReport) -> BoolArray:
    performed = np.any(face.performed != 0, axis=1)
    return np.asarray(performed & ~face.measured)


def _curve_figures(face: FaceReport, make: _Maker) -> list[ReportFigure]:
    number, rows = face.number, face.measured & face.edited
    apart = face.difference / UNITS
    gain = wrong = None
    if face.target is not None:
        before = readable(face.performed)
        change = (readable(face.target) - before) / UNITS
        done = (face.achieved - before) / UNITS
        where = (np.abs(change) > _ASKED) & rows[:, None]
        where[:, _HEAD] = False
        if where.sum() >= _FEW:
            gain = float((change[where] * done[where]).sum() / (change[where] ** 2).sum())
            wrong = float(np.sqrt((apart[where] ** 2).mean()))
        asked = np.abs(face.target - face.performed) > _ASKED * UNITS
        others = rows[:, None] & ~asked.any(axis=0)
    else:
        others = np.broadcast_to(rows[:, None], apart.shape)
    free = [i for i in _OTHERS if others[:, i].sum() >= _FEW]
    moved = [float(np.abs(np.nanmean(apart[others[:, i], i]))) for i in free]
    leak = max(moved, default=None)
    named = NAMES[free[int(np.argmax(moved))]] if moved else ""
    turned = None
    if rows.any():
        turned = float(np.abs(apart[rows][:, _HEAD] * UNITS[_HEAD]).mean(axis=0).max())
    reason = "" if face.target is not None else "Without a project nobody knows what was asked."
    return [
        make(
            "curves.gain", gain, "achieved / asked",
            reason or "Change of the controls that are asked for, by tracking the edited file"
            " again: 1 is as asked.", face=number,
        ),
        make(
            "curves.difference", wrong, "weight",
            reason or "Achieved less asked, root mean square over the controls and frames in which"
            " something is asked.", face=number,
        ),
        make(
            "curves.others", leak, "weight",
            "What moved most without being asked, on average"
            + (f": {named}." if named else "."), face=number,
        ),
        make(
            "head.turn", turned, "degrees", "Mean turn of the head that nobody asked for.",
            face=number,
        ),
    ]  # fmt: skip


_WORDS: Final = {
    "outside.changed": "pixels outside the matte differ",
    "outside.beyond_encoding": "pixels outside the matte differ by more than encoding makes them",
    "curves.difference": "achieved is not what was asked",
    "identity.drop": "looks less like this person than the plate does",
    "flicker.landmarks": "trembles more than the plate",
    "sharpness": "sharper or softer than the plate",
    "rim.color": "colour shifts at the matte's rim",
    "frames.lost": "the face is not found",
}


def troubles_of(
    series: PixelSeries,
    outside: DoubleArray,
    exact: bool,
    faces: Iterable[FaceReport],
    start: int,
) -> tuple[FrameTrouble, ...]:
    """Return the frames in which something is beyond what is usual, the worst first.

    Args:
        series: What was measured of pixels.
        outside: (T,) what is changed outside the matte.
        exact: Whether that is counted in pixels, and not in pixels per million.
        faces: What each face did.
        start: The frame of the first row.
    """
    name = "outside.changed" if exact else "outside.beyond_encoding"
    unit = "pixels" if exact else "pixels per million"
    found = _beyond(name, outside, unit, start)
    ratio = np.log(np.maximum(series.detail_after, 1e-6) / np.maximum(series.detail_before, 1e-6))
    found += _beyond("sharpness", np.exp(np.abs(ratio)), "times the plate's", start)
    found += _beyond("rim.color", series.rim, "CIELAB", start)
    for face in faces:
        found += _face_troubles(face, start)
    return tuple(sorted(found, key=lambda one: (-one.severity, -one.value, one.frame)))


def _face_troubles(face: FaceReport, start: int) -> list[FrameTrouble]:
    found = []
    if face.target is not None:
        change = np.abs(readable(face.target) - readable(face.performed)) / UNITS
        apart = np.abs(face.difference) / UNITS
        apart = np.where((change > _ASKED) & face.edited[:, None], apart, 0)
        worst, which = apart.max(axis=1), apart.argmax(axis=1)
        for one in _beyond("curves.difference", worst, "weight", start, face.number):
            control = NAMES[which[one.frame - start]]
            what = f"{control}: {one.what}"
            found.append(_renamed(one, what))
    if face.identity_floor is not None:
        drop = face.identity_floor - face.identity
        found += _beyond("identity.drop", drop, "", start, face.number)
    found += _beyond(
        "flicker.landmarks", face.flicker, "thousandths of the face", start, face.number
    )
    lost = _lost(face).astype(np.float32)
    return found + _beyond("frames.lost", lost, "frames", start, face.number)


def _renamed(one: FrameTrouble, what: str) -> FrameTrouble:
    return FrameTrouble(one.frame, one.measure, one.value, one.limit, one.unit, one.face, what)


def _beyond(
    name: str, values: FloatArray | DoubleArray, unit: str, start: int, face: int | None = None
) -> list[FrameTrouble]:
    limit = FRAME_LIMITS[name]
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.isfinite(values) & (values > limit))
    return [
        FrameTrouble(start + row, name, float(values[row]), limit, unit, face, _WORDS[name])
        for row in rows.tolist()
    ]
