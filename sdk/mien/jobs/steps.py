"""What workers do: prepare a shot, make some of its frames, write its output.

A worker keeps what it opened for a shot - project, renderer, models - until it is told of
another, so that models are loaded once and a shot is looked through once per worker.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mien import api
from mien.api.examples import check_examples, example_tracker, problem_of
from mien.api.occlusion import choose_occlusion
from mien.consent import Recorder, RenderPermit, check_untracked, permit_render
from mien.errors import MediaError, NoFaceError, OutputError, ProjectError, UsageError
from mien.io.project import SUFFIX, Project
from mien.jobs.edits import request_edits
from mien.jobs.journal import OutputRecord, ShotJournal, digest_of
from mien.jobs.shot_measure import WrittenShot, measure_shot
from mien.jobs.shot_task import ShotSpec, Task
from mien.jobs.thumbnails import Thumbnails
from mien.jobs.tracked_media import tracking_key
from mien.media.probe import probe, probe_any
from mien.model.edits import stacked_edits
from mien.model.face_names import face_facts
from mien.model.media import MediaInfo
from mien.model.shot import Example, Shot
from mien.pipeline import (
    ClosedLoop,
    Gains,
    GainsCache,
    Output,
    ShotFrames,
    close_loop,
    damage_note,
    undamaged,
    with_gains,
)
from mien.progress import Progress
from mien.provenance.claims import RenderClaims
from mien.provenance.places import sidecar_path
from mien.provenance.seal import open_seal
from mien.rendering.base import FacePlan, Renderer
from mien.rendering.plans import face_plans, untracked_notes, weak_notes
from mien.rendering.registry import get_renderer
from mien.rendering.resume import matte_stamp, media_stamp
from mien.rendering.watermark import make_watermark
from mien.timebase import FrameRange

__all__ = ["Workbench"]

_LAYER = "batch"
"""Name of the layer that `set` fills."""


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A shot at hand.

    Its plans are what was asked of its faces; its frames are those of amounts that were corrected.
    """

    order: ShotSpec
    stamp: tuple[object, ...]
    shot: Shot
    plans: Sequence[FacePlan]
    renderer: Renderer | None
    frames: ShotFrames
    key: str
    notes: tuple[str, ...]
    span: FrameRange
    title: str
    project: Project
    provenance: bool
    gains: Mapping[int, Gains]

    def permit(self) -> RenderPermit:
        """The permit of its render by the policy as it is now."""
        return permit_render(
            self.shot, self.plans, self.span, title=self.title, settings=self.order.settings
        )


class Workbench:
    """Does tasks, one at a time, with what it has at hand.

    Args:
        threads: Threads that decode, and threads that edit frames; see `ShotFrames`.
    """

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads
        self._opened: _Opened | None = None
        self._renderers: dict[tuple[str, str], Renderer] = {}

    def do(self, task: Task, progress: Progress) -> dict[str, Any]:
        """Do a task.

        Args:
            task: The task.
            progress: Told about the stages `track`, `solve`, `prepare` and `render`.

        Returns:
            What came of it, in JSON's types.

        Raises:
            MienError: When it failed; what was finished is kept.
        """
        start = time.monotonic()
        done = {"prepare": self._prepare, "render": self._render, "assemble": self._assemble}
        try:
            result = done[task.step](task, progress)
        except BaseException:
            # Whatever is at hand may be why.
            self.close()
            raise
        return result | {"seconds": round(time.monotonic() - start, 3)}

    def close(self) -> None:
        """Put away what is at hand; models stay."""
        if self._opened is not None:
            self._opened.frames.close()
            self._opened = None

    def _prepare(self, task: Task, progress: Progress) -> dict[str, Any]:
        opened = self._open(task.order, progress)
        journal = ShotJournal(task.order.folder, task.order.name)
        record = journal.whole(opened.key, task.order.output)
        if record is None:
            _check_replaceable(task.order, journal)
        pictures = Thumbnails(task.order.folder, task.order.name)
        missing = [] if record is not None else opened.frames.missing(opened.span)
        return {
            "whole": record is not None,
            "edited": 0 if record is None else record.edited,
            "frames": _written(opened, record),
            "missing": missing,
            "faces": [face_facts(plan.face) for plan in opened.plans],
            "requested": opened.frames.active(opened.span),
            "gains": {str(number): dict(gains) for number, gains in opened.gains.items()},
            "thumbnails": [pair.to_dict() for pair in pictures.pairs()],
            "notes": [*opened.notes, *journal.notes(opened.key)],
            "report": None if record is None else self._measured(opened, journal, record, progress),
        }

    def _render(self, task: Task, progress: Progress) -> dict[str, Any]:
        opened = self._open(task.order, progress)
        span = opened.shot.clock.parse_range(str(task.frames or task.order.frames))
        made = opened.frames.make(
            span.intersection(opened.span), progress, until_damage=task.order.until_damage
        )
        if made and opened.frames.notes:
            journal = ShotJournal(task.order.folder, task.order.name)
            journal.add_notes(opened.key, opened.frames.notes)
        return {"made": made}

    def _assemble(self, task: Task, progress: Progress) -> dict[str, Any]:
        order = task.order
        opened = self._open(order, progress)
        journal = ShotJournal(order.folder, order.name)
        with journal.writing():
            record = journal.whole(opened.key, order.output)
            if record is None:
                _check_replaceable(order, journal)
                record = self._write(opened, journal, progress)
        pictures = Thumbnails(order.folder, order.name)
        return {
            "edited": record.edited,
            "frames": _written(opened, record),
            "thumbnails": [pair.to_dict() for pair in pictures.pairs()],
            "notes": [*opened.notes, *journal.notes(opened.key)],
            "report": self._measured(opened, journal, record, progress),
        }

    def _measured(
        self, opened: _Opened, journal: ShotJournal, record: OutputRecord, progress: Progress
    ) -> dict[str, Any] | None:
        """What is measured of a whole output; None where that is not asked for."""
        if not opened.order.measured:
            return None
        start, stop = _written(opened, record)
        rendered = [
            with_gains(plan, opened.gains.get(plan.face.number, {})) for plan in opened.plans
        ]
        written = WrittenShot(
            opened.order, opened.project, opened.plans, rendered, FrameRange(start, stop), record,
            tuple(opened.notes),
        )  # fmt: skip
        return measure_shot(written, journal, progress)

    def _write(self, opened: _Opened, journal: ShotJournal, progress: Progress) -> OutputRecord:
        """Write the output and its record, in an order that a kill cannot disturb."""
        order, start = opened.order, time.monotonic()
        name = order.output.name
        earlier = tuple(known for known in journal.outputs() if known != name)
        journal.note(OutputRecord(opened.key, name, earlier=earlier))
        mark = make_watermark(order.watermark, opened.shot.media)
        text = "" if mark is None else mark.text
        claims = RenderClaims(opened.shot, opened.plans, opened.renderer, watermark=text)
        seal = open_seal(order.output, claims, order.audio, wanted=opened.provenance)
        recorder = Recorder(
            opened.permit(), order.output, opened.renderer, watermark=bool(text),
            hashes=seal.hashes,
        )  # fmt: skip
        output = Output(
            order.output, opened.span, order.codec, order.lossless, overwrite=True,
            before_commit=(recorder,), until_damage=order.until_damage, quality=order.quality,
            soundtrack=order.audio, seal=seal, watermark=mark,
        )  # fmt: skip
        pictures = Thumbnails(order.folder, order.name)
        show = pictures.taker(opened.plans, opened.span)
        with recorder:
            rendered = opened.frames.assemble(output, progress, show)
        marked = () if mark is None else (mark.note,)
        if notes := (*rendered.notes, *marked, *seal.notes, *recorder.notes):
            journal.add_notes(opened.key, notes)
        count = len(opened.span)
        if rendered.damage is not None and rendered.damage.frame is not None:
            journal.add_notes(opened.key, [damage_note(rendered.damage, opened.span)])
            count = rendered.damage.frame - opened.span.start
        record = OutputRecord(
            opened.key, name, digest_of(order.output), rendered.edited,
            round(time.monotonic() - start, 3), earlier, count,
            digest_of(sidecar_path(order.output)) if seal.where == "sidecar" else "",
        )  # fmt: skip
        journal.note(record)
        return record

    def _open(self, order: ShotSpec, progress: Progress) -> _Opened:
        at_hand = self._opened
        if at_hand is not None:
            if at_hand.order == order and _stamp(order, at_hand.shot) == at_hand.stamp:
                return at_hand
            self.close()
        project = choose_occlusion(self._project(order, progress), order.occlusion)
        shot = project.shot
        stamp = _stamp(order, shot)
        # A range is checked by the same rules as a typed one.
        wanted = shot.clock.parse_range(str(order.frames))
        span, damage = undamaged(shot, wanted, until_damage=order.until_damage)
        edits, notes = request_edits(order, shot)
        if damage is not None:
            notes = (damage_note(damage, wanted), *notes)
        elif shot.media.cut_short and span.stop == len(shot):
            notes = (shot.media.cut_short, *notes)
        held = shot.media.missing_note(span)
        notes = (held, *notes) if held else notes
        project = replace(project, edits=stacked_edits(shot, (*project.edits, *edits)))
        plans = face_plans(shot, project.edits, span)
        permit = permit_render(shot, plans, span, title=project.title, settings=order.settings)
        notes += permit.notes
        notes += untracked_notes(shot, project.edits, span)
        notes += weak_notes(shot, (one.face.number for one in project.edits), span)
        renderer = self._renderer(order) if plans else None
        shot = self._with_examples(order, shot, progress) if plans else shot
        journal = ShotJournal(order.folder, order.name)
        signed = project.provenance if order.provenance is None else order.provenance
        permit.check_signed(signed)
        loop = _closed_loop(order, shot, plans, renderer, progress)
        notes += loop.notes
        frames = ShotFrames(shot, loop.plans, renderer, journal.frames, threads=self._threads)
        key = hashlib.blake2b(
            repr(
                (frames.key(span), str(span), order.codec, order.lossless)
                # What may end early is not what is whole.
                + ((True,) if order.until_damage else ())
                + ((order.quality,) if order.quality.to_dict() else ())
                + (() if order.audio is None else (order.audio, _changed(order.audio.path)))
                + (() if signed else ("unsigned",))
                + (() if order.watermark is None else ("marked", order.watermark))
            ).encode(),
            digest_size=16,
        ).hexdigest()
        project = replace(project, shot=shot)
        self._opened = _Opened(
            order,
            stamp,
            shot,
            plans,
            renderer,
            frames,
            key,
            notes,
            span,
            project.title,
            project,
            signed,
            loop.gains,
        )
        return self._opened

    def _project(self, order: ShotSpec, progress: Progress) -> Project:
        """The project of a shot; tracked first, and kept, where there is none."""
        if order.project is not None:
            return _read(order.project, order.media, order.shot, measured=order.measured)
        if order.media is None:
            raise UsageError(f"{order.name} has neither media nor a project.")
        if order.set or order.curves:
            check_untracked(order.name)
        facts = probe(
            order.media, stream=order.stream, until_damage=order.until_damage,
            missing_frames=order.missing_frames,
        )  # fmt: skip
        return self._tracked(order, facts, order.tracker, progress)

    def _with_examples(self, order: ShotSpec, shot: Shot, progress: Progress) -> Shot:
        """A shot with the order's examples beside those that it has."""
        found = [self._example(order, shot, path, progress) for path in order.examples]
        return api.set_examples(shot, (*shot.examples, *found)) if found else shot

    def _example(
        self, order: ShotSpec, shot: Shot, path: Path, progress: Progress
    ) -> Path | Shot | Example:
        if path.suffix.lower() == SUFFIX:
            return path
        known = next((one for one in shot.examples if one.path == path and one.used), None)
        if known is not None:
            return known
        try:
            facts = probe_any(path)
            tracker = example_tracker(shot)
            return self._tracked(order, facts, tracker, progress, faceless=True).shot
        except MediaError as error:
            check_examples([path])
            return Example(path, None, problem_of(error))

    def _tracked(
        self,
        order: ShotSpec,
        facts: MediaInfo,
        tracker: str,
        progress: Progress,
        *,
        faceless: bool = False,
    ) -> Project:
        """Media as the batch tracked them, once for all its shots; faceless only where allowed."""
        # Of other material all is wanted: what it shows of a face may be anywhere.
        span = None if faceless else order.tracked_span
        key = tracking_key(facts, tracker, span)
        journal = ShotJournal(order.folder, order.name)
        path = journal.tracked(key)
        with journal.tracking(key):
            if path.exists():
                with suppress(ProjectError):  # damaged: it is made again
                    return _read(path, facts.path, measured=order.measured)
            shot = Shot(facts, ())
            try:
                shot = api.track(
                    shot,
                    frames=span,
                    tracker=tracker,
                    until_damage=order.until_damage,
                    progress=progress,
                )
            except NoFaceError:
                if not faceless:
                    raise
            again = probe_any(
                facts.path, stream=facts.stream, until_damage=bool(facts.cut_short),
                missing_frames=facts.missing_frames,
            )  # fmt: skip
            _check_same(facts, again)
            api.save_project(shot, path)
        return _read(path, facts.path, measured=order.measured)

    def _renderer(self, order: ShotSpec) -> Renderer:
        settings = None if order.settings is None else dict(order.settings)
        wanted = (order.renderer, json.dumps(settings, sort_keys=True))
        if wanted not in self._renderers:
            # One at a time: what a renderer keeps from shot to shot may fill a GPU.
            self._renderers.clear()
            self._renderers[wanted] = get_renderer(order.renderer, settings)
        return self._renderers[wanted]


def _closed_loop(
    order: ShotSpec,
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer | None,
    progress: Progress,
) -> ClosedLoop:
    """The plans of a shot with their amounts corrected by what is seen of them.

    Gains are kept with the shot's frames: whoever prepares it finds them, and workers on any
    machine make its frames with the same.
    """
    if renderer is None or order.open_loop:
        return ClosedLoop(tuple(plans), {})
    folder = ShotJournal(order.folder, order.name).gains
    return close_loop(shot, plans, renderer, progress, cache=GainsCache(folder))


def _read(
    path: Path, media: Path | None, shot: str | None = None, *, measured: bool = False
) -> Project:
    """Read a project for rendering, which is neither solved nor saved.

    A report compares landmarks as they were tracked.
    """
    project = api.load_project(path, shot, media=media)
    return project if measured else project.without_raw_landmarks()


def _written(opened: _Opened, record: OutputRecord | None) -> list[int]:
    """Return the first frame of an output, and the one after the last."""
    span = opened.span
    count = record.frames if record is not None and record.frames else len(span)
    return [span.start, span.start + count]


def _stamp(order: ShotSpec, shot: Shot) -> tuple[object, ...]:
    """Return what names the files that a shot at hand was read from."""
    curves = (one.file for one in order.curves)
    files = (order.project, *curves, *order.examples)
    matte = shot.occlusion.matte
    stamps = [] if matte is None or not shot.occlusion.matte_online else [matte_stamp(matte)]
    return media_stamp(shot.media), *stamps, *map(_changed, files)


def _changed(path: Path | None) -> int:
    try:
        return 0 if path is None else path.stat().st_mtime_ns
    except OSError:
        return -1


def _check_same(before: MediaInfo, after: MediaInfo) -> None:
    if media_stamp(before) != media_stamp(after):
        raise MediaError(
            f"{after.path} was replaced while it was tracked.", "Run it again.", path=after.path
        )


def _check_replaceable(order: ShotSpec, journal: ShotJournal) -> None:
    exists = bool(digest_of(order.output)) if not order.overwrite else False
    if exists and not journal.owns(order.output):
        raise OutputError(
            f"{order.output} exists already, and this batch did not make it.",
            "Choose another folder, or allow it with --overwrite.",
            path=order.output,
        )
