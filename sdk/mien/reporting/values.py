"""What a report holds: figures, what each face did, and the frames to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.model.controls import INDEX, NAMES
from mien.timebase import Clock, FrameRange

__all__ = ["FaceReport", "FrameTrouble", "ReportFigure", "ReportThreshold", "ShotReport"]

_FORMAT = "mien.report/1"
_ASKED = 0.02
"""Weight from which a change of a control is counted as asked for."""
_DEGREES = 45.0
"""Degrees of a head or an eye that count as much as a weight of 1."""
UNITS = np.array(
    [_DEGREES if name.startswith(("gaze", "head")) else 1.0 for name in NAMES], np.float32
)
"""What 1 of each control's own unit is divided by, so that degrees and weights compare."""


def readable(controls: FloatArray) -> FloatArray:
    """Return controls (T, 59) held to what tracking can read of a face: weights from 0 to 1."""
    return np.where(UNITS == 1, np.clip(controls, 0, 1), controls).astype(np.float32)


@dataclass(frozen=True, slots=True)
class ReportThreshold:
    """Bounds that a figure is held to.

    Attributes:
        least: The lowest value that passes; None for no such bound.
        most: The highest value that passes; None for no such bound.
    """

    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        parts = [] if self.least is None else [f"at least {self.least:g}"]
        parts += [] if self.most is None else [f"at most {self.most:g}"]
        return ", ".join(parts) or "any"

    def holds(self, value: float) -> bool:
        """Tell whether a value lies within the bounds."""
        low = self.least is None or value >= self.least
        return low and (self.most is None or value <= self.most)

    def to_dict(self) -> dict[str, float]:
        """Return the bounds in JSON's types, those that there are."""
        pairs = (("least", self.least), ("most", self.most))
        return {name: bound for name, bound in pairs if bound is not None}


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One measured figure.

    Attributes:
        name: Its name, as thresholds use it: `identity.drop`.
        value: The value; None when it could not be measured.
        unit: Its unit.
        how: How it was measured, or why it was not.
        face: Number of the face that it is of; None when it is of the whole picture.
        plate: The same of the plate alone, or what re-encoding alone does; None without.
        threshold: What it is held to; None for nothing.
        required: Whether a value that could not be measured fails, too.
    """

    name: str
    value: float | None
    unit: str
    how: str = ""
    face: int | None = None
    plate: float | None = None
    threshold: ReportThreshold | None = None
    required: bool = False

    def __repr__(self) -> str:
        value = "not measured" if self.value is None else f"{self.value:.4g} {self.unit}".strip()
        return f"ReportFigure({self.name}: {value}, {self.threshold or 'any'})"

    @property
    def passed(self) -> bool | None:
        """Whether it is within its threshold; None when that cannot be said."""
        if self.threshold is None:
            return None
        if self.value is None:
            return False if self.required else None
        return self.threshold.holds(self.value)

    def to_dict(self) -> dict[str, Any]:
        """Return the figure in JSON's types."""
        return {
            "name": self.name,
            "face": self.face,
            "value": _number(self.value),
            "unit": self.unit,
            "plate": _number(self.plate),
            "threshold": None if self.threshold is None else self.threshold.to_dict(),
            "passed": self.passed,
            "how": self.how,
        }


@dataclass(frozen=True, slots=True)
class FrameTrouble:
    """A frame in which something is beyond what is usual.

    Attributes:
        frame: Its index in the original.
        measure: What is beyond: the name of a figure.
        value: Its value in this frame.
        limit: What is usual at most.
        unit: The unit of both.
        face: Number of the face; None when it is of the whole picture.
        what: What is to be seen, in a few words.
    """

    frame: int
    measure: str
    value: float
    limit: float
    unit: str
    face: int | None = None
    what: str = ""

    def __repr__(self) -> str:
        return f"FrameTrouble({self.frame}, {self.measure} {self.value:.3g} of {self.limit:g})"

    @property
    def severity(self) -> float:
        """Ratio of the value to its limit."""
        return self.value / self.limit if self.limit else math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "frame": self.frame,
            "face": self.face,
            "measure": self.measure,
            "value": _number(self.value),
            "limit": self.limit,
            "unit": self.unit,
            "what": self.what,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FaceReport:
    """The performance of one face, what was asked of it and what is achieved, frame by frame.

    Rows are the frames of the report, the first of them `ShotReport.frames.start`.

    Attributes:
        number: Number of the face in the shot.
        name: Its name.
        performed: (T, 59) float32, what it does in the original.
        target: (T, 59) float32, what the project's edits ask of it; None without a project.
        achieved: (T, 59) float32, what it does in the edited file, tracked again and solved as the
            same person; where it was not seen, zero.
        measured: (T,) bool, frames in which it was seen in both.
        edited: (T,) bool, frames in which something is asked of it; all without a project.
        identity: (T,) float32, similarity of the edited face and the plate's; NaN in frames in
            which it was not measured.
        identity_floor: Similarity of the plate's own neighbouring frames; None when not measured.
        flicker: (T,) float32, how much more its landmarks tremble than in the plate, in thousandths
            of the face's height; NaN where it was not measured.
    """

    number: int
    name: str
    performed: FloatArray
    target: FloatArray | None
    achieved: FloatArray
    measured: BoolArray
    edited: BoolArray
    identity: FloatArray
    identity_floor: float | None
    flicker: FloatArray

    def __repr__(self) -> str:
        return (
            f"FaceReport({self.number}, '{self.name}', measured in"
            f" {int(self.measured.sum())} of {len(self.measured)} frames)"
        )

    @property
    def difference(self) -> FloatArray:
        """(T, 59) float32, achieved less asked, in each control's own unit; NaN where not known.

        Faces are read from 0 to 1 of a control: what is asked beyond counts as that. Without a
        project it is achieved less performed.
        """
        wanted = self.performed if self.target is None else self.target
        rows = self.achieved - readable(wanted)
        rows[~self.measured] = np.nan
        return rows

    @property
    def edited_controls(self) -> tuple[str, ...]:
        """Names of the controls that the edits change, the most changed first."""
        if self.target is None:
            return ()
        most = (np.abs(self.target - self.performed) / UNITS).max(axis=0, initial=0)
        order = np.argsort(-most, kind="stable")
        return tuple(NAMES[i] for i in order if most[i] > _ASKED)

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types; curves are those of the controls that are asked for."""
        curves = {}
        for name in self.edited_controls:
            column = INDEX[name]
            assert self.target is not None
            curves[name] = {
                "performed": _numbers(self.performed[:, column]),
                "asked": _numbers(self.target[:, column]),
                "achieved": _numbers(np.where(self.measured, self.achieved[:, column], np.nan)),
            }
        return {
            "number": self.number,
            "name": self.name,
            "frames_measured": int(self.measured.sum()),
            "frames_edited": int(self.edited.sum()),
            "curves": curves,
            "identity": _numbers(self.identity),
            "identity_floor": _number(self.identity_floor),
            "flicker": _numbers(self.flicker),
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ShotReport:
    """The outcome of measuring an edited shot: is it as asked, and did nothing else change.

    Attributes:
        original: The original's path.
        edited: The edited file's path.
        project: The project's path; None without one.
        frames: The frames of the original that the edited file holds.
        clock: The original's clock.
        faces: What each face did and does.
        figures: Everything measured, in one number each.
        troubles: Frames with trouble, the worst first.
        facts: What the report is of and was made with: media, settings, models, versions, in JSON's
            types.
        notes: What is to be known of how it was measured, or could not be, a sentence each.
        seconds: Time it took.
    """

    original: Path
    edited: Path
    project: Path | None
    frames: FrameRange
    clock: Clock
    faces: tuple[FaceReport, ...]
    figures: tuple[ReportFigure, ...]
    troubles: tuple[FrameTrouble, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def __repr__(self) -> str:
        failed = [figure.name for figure in self.failed]
        said = f"beyond its threshold: {', '.join(failed[:3])}" if failed else "as it should be"
        return f"ShotReport({self.edited.name}, {len(self.frames)} frames, {said})"

    @property
    def failed(self) -> tuple[ReportFigure, ...]:
        """The figures that are beyond their thresholds."""
        return tuple(figure for figure in self.figures if figure.passed is False)

    def figure(self, name: str, face: int | None = None) -> ReportFigure | None:
        """Return a figure by its name; None when the report has no such figure.

        Args:
            name: Its name.
            face: Number of the face; None for the first of that name.
        """
        for figure in self.figures:
            if figure.name == name and face in (None, figure.face):
                return figure
        return None

    def face(self, number: int) -> FaceReport | None:
        """Return what a face did by its number; None when the report has no such face."""
        return next((face for face in self.faces if face.number == number), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        return {
            "format": _FORMAT,
            "original": str(self.original),
            "edited": str(self.edited),
            "project": None if self.project is None else str(self.project),
            "frames": [self.frames.start, self.frames.stop],
            "passed": not self.failed,
            "failed": [figure.name for figure in self.failed],
            "figures": [figure.to_dict() for figure in self.figures],
            "troubles": [
                one.to_dict() | {"time": str(self.clock.timecode(one.frame))}
                for one in self.troubles
            ],
            "faces": [face.to_dict() for face in self.faces],
            **self.facts,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


def _number(value: float | None) -> float | None:
    """A number as JSON may hold it, with the digits that mean something."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.5g}")


def _numbers(values: FloatArray) -> list[float | None]:
    return [_number(value) for value in values.tolist()]
