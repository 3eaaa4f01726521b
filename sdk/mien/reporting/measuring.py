"""The work of a report, from two clips to figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from mien._types import BoolArray, ByteArray, FloatArray
from mien.api.tracking import track
from mien.blas import one_blas_thread
from mien.errors import MienError, MissingDependencyError, NoFaceError, UsageError
from mien.identity import IdentityModel, choose_identity
from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress
from mien.provenance.reading import read_provenance
from mien.rendering.base import FacePlan
from mien.rendering.plans import added_changes, face_plans, untracked_notes, weak_notes
from mien.rendering.registry import choose_renderer, merge_settings
from mien.rendering.watermark import Watermark
from mien.reporting.encoding import encoding_floor
from mien.reporting.faces import Tracked, retrack, trembling
from mien.reporting.facts import gather_facts
from mien.reporting.inputs import check_same_shot, is_lossless
from mien.reporting.likeness import LikenessMeter
from mien.reporting.mattes import FrameMattes, file_mattes, outline_mattes, renderer_mattes
from mien.reporting.measurement import Measurement
from mien.reporting.pixels import OnPair, PixelSeries, PixelSums, compare_pixels
from mien.reporting.summing import Limits, face_figures, picture_figures, troubles_of
from mien.reporting.thresholds import THRESHOLDS
from mien.reporting.values import FaceReport, ReportFigure, ReportThreshold, ShotReport

__all__ = ["measure", "required_figures"]

_MOST_FACES: Final = 4
"""Faces that are measured where no edit says which are of interest."""
_EXACT: Final = "outside.changed"
_BEYOND_ENCODING: Final = "outside.beyond_encoding"
_EVERYWHERE: Final = 12.0
"""Mean difference outside the matte, of 255, from which two files hardly are of one grade."""


@dataclass(slots=True)
class _Work:
    """A measurement on its way."""

    order: Measurement
    progress: Progress
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def lap(self, stage: str) -> None:
        """Note how long a stage took."""
        spent = time.monotonic() - self.begun
        self.seconds[stage] = round(spent - sum(self.seconds.values()), 3)

    @property
    def limits(self) -> dict[str, ReportThreshold]:
        """What figures are held to."""
        return {**THRESHOLDS, **(self.order.thresholds or {})}


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """What is measured: a tracked shot, its faces of interest, before and after."""

    shot: Shot
    plans: Sequence[FacePlan]
    faces: Sequence[Tracked]
    edited: Sequence[BoolArray]
    cuts: Sequence[int]


@one_blas_thread()
def measure(
    order: Measurement, progress: Progress, on_pair: OnPair = lambda row, one, other: None
) -> tuple[ShotReport, Sequence[Tracked]]:
    """Measure an edited file against its original.

    Args:
        order: What is to be measured.
        progress: Told about the stages `track`, `solve` and `measure`.
        on_pair: Called with each row, and its pictures before and after.

    Returns:
        The report, and its faces as they were tracked in both files.

    Raises:
        InputError: When the edited file is not of the original.
        MediaError: When one of them cannot be read.
        NoFaceError: When there is no face in the original.
    """
    work = _Work(order, progress)
    watermark = _watermark(work)
    alike = check_same_shot(order.original, order.edited, order.frames, watermark)
    work.lap("compare")
    subject = _subject(work)
    work.lap("track")
    mattes = _mattes(work, subject)
    model, how = _identity_model()
    meter = LikenessMeter(model, subject.faces, subject.edited, subject.cuts)

    def take(row: int, before: ByteArray, after: ByteArray) -> None:
        meter.take(row, before, after)
        on_pair(row, before, after)

    pair = order.original, order.edited, order.frames
    series = compare_pixels(*pair, mattes, take, progress, watermark)
    work.lap("measure")
    exact = is_lossless(order.edited) and mattes.kind != "outline"
    exact = exact and bool(np.isfinite(series.changed).all())
    floor = None
    if not exact:
        floor = encoding_floor(*pair, series, order.quality, watermark)
        work.lap("encode")
    figures, outside = picture_figures(
        series, floor, exact=exact, cuts=subject.cuts, limits=work.limits
    )
    faces = []
    for i, one in enumerate(subject.faces):
        trembles = trembling(one, subject.edited[i], subject.cuts)
        faces.append(_face_report(work, subject, meter, i, trembles.excess))
        figures += face_figures(faces[-1], trembles, how, limits=work.limits)
    _note_grade(work, series)
    used = {
        "matte": {"kind": mattes.kind, "how": mattes.how},
        "identity": how,
        "alike": round(alike, 4),
        "watermark": None if watermark is None else watermark.text,
        "thresholds": {name: one.to_dict() for name, one in sorted(work.limits.items())},
        "took": dict(work.seconds),
    }
    report = ShotReport(
        original=order.original.path,
        edited=order.edited.path,
        project=order.project_path,
        frames=order.frames,
        clock=order.original.clock,
        faces=tuple(faces),
        figures=required_figures(figures, order.thresholds),
        troubles=troubles_of(series, outside, exact, faces, order.frames.start),
        facts=gather_facts(order, subject.shot, subject.plans, used),
        notes=tuple(dict.fromkeys(work.notes)),
        seconds=time.monotonic() - work.begun,
    )
    return report, subject.faces


def required_figures(
    figures: Sequence[ReportFigure], named: Limits | None
) -> tuple[ReportFigure, ...]:
    """Return figures of which those that somebody named fail where they could not be measured.

    Stored values can be compared of lossless files alone. Who holds a file to `outside.changed`,
    and not to what is measured in its place as well, is not to take a lossy one for a good one.

    Args:
        figures: What was measured.
        named: What somebody holds figures to; None for nothing.
    """
    if named is None:
        return tuple(figures)
    held = [replace(one, required=True) if one.name in named else one for one in figures]
    names = {one.name for one in figures}
    if _EXACT in named and _EXACT not in names and _BEYOND_ENCODING not in named:
        how = "Not measured: stored values are compared of lossless files with exact mattes alone."
        held.append(ReportFigure(_EXACT, None, "pixels", how, None, None, named[_EXACT], True))
    return tuple(held)


def _subject(work: _Work) -> _Subject:
    """Track what is not tracked yet: the original where there is no project, the edited file."""
    order, frames = work.order, work.order.frames
    if order.project is None:
        work.notes.append(
            "There is no project: what was asked is not known, and the original was tracked anew."
        )
        bare = Shot(order.original, ())
        shot: Shot = track(bare, frames=frames, progress=work.progress)
        plans: Sequence[FacePlan] = ()
    else:
        shot = order.project.shot
        if not shot.faces:
            raise NoFaceError(
                f"{order.project.title} has no face.", "Track it first: `mien track`."
            )
        plans = order.plans if order.plans is not None else face_plans(
            shot, order.project.edits, frames
        )  # fmt: skip
        if not plans:
            work.notes.append(
                "Nothing is asked of any face in these frames, so nothing may differ. What was"
                " typed for a render alone (`mien render --set`) is typed for the report, too"
                " (--set), or kept in the project (--save)."
            )
        work.notes += untracked_notes(shot, order.project.edits, frames)
        work.notes += weak_notes(shot, (plan.face.number for plan in plans), frames)
    faces = [plan.face for plan in plans] or list(shot.faces[:_MOST_FACES])
    deltas = {plan.face.number: plan.evaluated.delta for plan in plans}
    added = {plan.face.number: added_changes(plan) for plan in plans}
    tracked = retrack(order.edited, shot, faces, frames, work.progress, deltas, added)
    for one in tracked:
        if not one.seen.any():
            work.notes.append(
                f"{one.face.name} is not found in any frame of {order.edited.path.name}: what it"
                " achieves is not measured."
            )
        if one.face.raw_landmarks is None:
            work.notes.append(
                f"{one.face.name} has no landmarks as they were tracked (a project of an older"
                " mien): flicker is compared with smoothed ones."
            )
    edited = [_edited(work, plans, face) for face in faces]
    cuts = [cut - frames.start for cut in shot.breaks if frames.start < cut < frames.stop]
    return _Subject(shot, plans, tracked, edited, cuts)


def _edited(work: _Work, plans: Sequence[FacePlan], face: Face) -> BoolArray:
    """(T,) the frames in which something is asked of a face; all without a project."""
    frames = work.order.frames
    for plan in plans:
        if plan.face.number == face.number:
            return plan.evaluated.active[frames.start : frames.stop]
    return np.full(len(frames), work.order.project is None)


def _mattes(work: _Work, subject: _Subject) -> FrameMattes:
    """The mattes of the edit, as exact as they can be had."""
    order, count = work.order, len(work.order.frames)
    if order.matte is not None:
        return file_mattes(order.matte, order.original, order.frames)
    if order.project is None:
        why = "there is no project whose renderer knows it"
        return outline_mattes(order.original, subject.faces, count, why)
    if not subject.plans:
        return FrameMattes("none", "Nothing is asked: nothing may change.", iter([None] * count))
    settings = merge_settings(order.renderer, order.project.settings, order.settings)
    try:
        renderer = choose_renderer(order.renderer, settings).renderer
    except MissingDependencyError as error:
        why = f"its renderer cannot be used here ({error.cause.rstrip('.')})"
        return outline_mattes(order.original, subject.faces, count, why)
    if renderer.costly:
        why = f"the {renderer.name} renderer would have to make every frame again"
        return outline_mattes(order.original, subject.faces, count, why)
    return renderer_mattes(
        subject.shot, subject.plans, renderer, order.frames, work.progress,
        rendered=order.rendered_plans,
    )  # fmt: skip


def _watermark(work: _Work) -> Watermark | None:
    """What is burnt into the edited file, and into the original's frames before they are compared.

    Where nobody says it, the file's credentials do, unless it was changed since it was signed. A
    text that is not there as they say is a difference like any other.
    """
    order, text, how = work.order, work.order.watermark, ""
    if text is None:
        try:
            read = read_provenance(order.edited.path)
        except MienError:
            return None
        if read.state == "invalid" or not read.edit.get("watermark"):
            return None
        text, how = str(read.edit["watermark"]), ", as its credentials say"
    try:
        watermark = Watermark(text, order.original.orientation)
    except UsageError as error:
        if not how:
            raise
        work.notes.append(
            f"The credentials of {order.edited.path.name} tell of a watermark that mien cannot"
            f" write, and it is compared without: {error.cause}"
        )
        return None
    work.notes.append(
        f"{order.edited.path.name} is a draft{how}: '{watermark.text}' is burnt into every frame."
        " It is compared with the original so marked."
    )
    return watermark


def _identity_model() -> tuple[IdentityModel | None, str]:
    """What tells persons apart here, and how it does, in a sentence."""
    try:
        chosen = choose_identity()
    except MienError as error:
        return None, f"Not measured: {error}"
    return chosen, f"By {chosen.name}: {chosen.reason}"


def _face_report(
    work: _Work, subject: _Subject, meter: LikenessMeter, index: int, flicker: FloatArray
) -> FaceReport:
    one, frames = subject.faces[index], work.order.frames
    rows = slice(frames.start, frames.stop)
    performed = one.face.curves.controls.array[rows]
    asked = None
    if work.order.project is not None:
        asked = performed
        for plan in subject.plans:
            if plan.face.number == one.face.number:
                asked = plan.evaluated.target[rows]
    valid = one.face.valid[rows]
    return FaceReport(
        number=one.face.number,
        name=one.face.name,
        performed=np.where(valid[:, None], performed, np.float32(0)),
        target=None if asked is None else np.where(valid[:, None], asked, np.float32(0)),
        achieved=one.achieved,
        measured=one.seen & valid,
        edited=subject.edited[index],
        identity=meter.similarity[index],
        identity_floor=meter.floor(index),
        flicker=flicker,
    )


def _note_grade(work: _Work, series: PixelSeries) -> None:
    """Say when a file differs from its original where nobody edited it."""
    mean = PixelSums.of(series.outside).mean
    if mean > _EVERYWHERE:
        work.notes.append(
            f"{work.order.edited.path.name} differs from {work.order.original.path.name} outside"
            f" the matte, too, by {mean:.0f} of 255 on average: is it graded, or another take?"
        )
