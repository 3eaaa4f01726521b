"""Shots become chunks of frames; what a batch will do, before anything is done.

Chunks begin at whole multiples of their length, counted from the media's first frame, whatever
the cut uses: renderers that make several frames together (rendering/reference/temporal.py) do
so from the same multiples, so that little is made twice. No overlap is needed: a renderer
answers for any frame alone, and looks itself at what it needs around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mien.api.applying import check_source
from mien.errors import MienError, UsageError
from mien.jobs.curves import read_layer
from mien.jobs.drop_frames import describe_drop_mismatches
from mien.jobs.edits import check_request
from mien.jobs.job import ApplyInput, Problem, ShotJob
from mien.jobs.journal import kept_threads
from mien.jobs.names import output_path
from mien.jobs.shot_task import ShotSpec
from mien.model.face_names import FaceLabel
from mien.model.media import MediaInfo
from mien.model.occlusion import Occlusion, OcclusionChoice
from mien.model.renderer_settings import RendererSettings, StoredSettings, make_mapping
from mien.model.settings import ReferenceSettings
from mien.model.soundtrack import Soundtrack
from mien.rendering.devices import with_threads
from mien.rendering.registry import find_entry, merge_settings, settings_owner
from mien.reporting.thresholds import read_thresholds
from mien.timebase import FrameRange

__all__ = ["CHUNK", "THREADS", "Plan", "Settle", "ShotPlan", "chunks_of", "make_plan", "settle_job"]

Settle = Callable[[str, StoredSettings], RendererSettings | Mapping[str, Any] | None]
"""From a renderer's name and a project's settings to those of that renderer that hold."""

_Looked = tuple[
    MediaInfo, StoredSettings, tuple[Path, ...], Occlusion, tuple[FaceLabel, ...] | None
]

CHUNK: Final = 48
"""Frames of a chunk when nobody says: a few seconds of work for `warp`, and whole groups of
the reference renderer, which makes up to 16 frames together."""

_PIXELS_A_SECOND: Final = {"track": 20e6, "warp": 8e6, "write": 40e6}
"""Pixels that a worker tracks, renders and writes in a second, measured on 2 cores with 1080p."""
_FRAME_SHARE: Final = 0.15
"""Bytes of a finished frame per pixel of the picture, for a face that fills much of it."""
_LOSSLESS_SHARE: Final = 1.2
"""Bytes per pixel of FFV1."""
_LOSSY_SHARE: Final = 0.05
THREADS: Final = "threads"
"""The setting of a renderer that says with how many threads of the CPU its networks compute."""


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """What will be done for a shot.

    Attributes:
        job: The job.
        order: The order for workers; None when it cannot be done.
        facts: Of its media; None when they cannot be read.
        problem: Why it cannot be done.
        seconds: Estimate of the time that one worker takes; None where nobody knows.
        bytes: Estimate of the disk that output and finished frames take.
        encoding: Codec and quality of its output, in a few words; empty when it cannot be done.
    """

    job: ShotJob
    order: ShotSpec | None = None
    facts: MediaInfo | None = None
    problem: Problem | None = None
    seconds: float | None = None
    bytes: int = 0
    encoding: str = ""

    @property
    def frames(self) -> int:
        """Frames of its output."""
        return 0 if self.order is None else len(self.order.frames)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do.

    Attributes:
        folder: Where outputs go.
        chunk: Frames of a chunk.
        shots: The shots, as they were asked for.
        threads: Threads of the CPU that networks compute with where a shot's settings say none;
            the same in all workers, here and elsewhere.
        notices: What the user should know of the media, a line each.
    """

    folder: Path
    chunk: int
    shots: tuple[ShotPlan, ...]
    threads: int
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Frames of all outputs."""
        return sum(shot.frames for shot in self.shots)

    @property
    def chunks(self) -> int:
        """Chunks of all shots, when every frame is asked for."""
        return sum(
            len(list(chunks_of(shot.order.frames, self.chunk)))
            for shot in self.shots
            if shot.order is not None
        )


def make_plan(
    jobs: Sequence[ShotJob],
    folder: Path,
    *,
    chunk: int = CHUNK,
    overwrite: bool = False,
    settle: Settle | None = None,
) -> Plan:
    """Plan a batch. Every file is looked at once, however many shots are of it.

    Args:
        jobs: The shots.
        folder: Where outputs go.
        chunk: Frames of a chunk.
        overwrite: Whether outputs that the batch did not make may be replaced.
        settle: Makes the settings of a shot's renderer from those of its project; the project's
            own hold when not given.
    """
    look = _looked_once()
    fits = _fitted_once()
    threads = kept_threads(folder) or with_threads(ReferenceSettings.final()).threads

    def planned(job: ShotJob) -> ShotPlan:
        return _plan_shot(job, folder, look, fits, overwrite, settle, threads)

    shots = _sharing(tuple(planned(job) for job in jobs), folder)
    notices = describe_drop_mismatches(
        (shot.job.name, shot.facts.path.name, shot.job.frames, shot.facts.clock)
        for shot in shots
        if shot.facts is not None
    )
    return Plan(folder, chunk, shots, threads, notices)


def _sharing(shots: tuple[ShotPlan, ...], folder: Path) -> tuple[ShotPlan, ...]:
    """Plans that say which frames are tracked; each tracking counts once, with its first shot."""
    from mien.jobs.tracked_media import join_tracking

    orders = [shot.order for shot in shots if shot.order is not None]
    media = {shot.job.name: shot.facts for shot in shots if shot.facts is not None}
    shared = {order.name: order for order in join_tracking(orders, media, folder)}
    planned, counted = [], set()
    for shot in shots:
        order = shared.get(shot.job.name) if shot.order is not None else None
        if order is None or shot.facts is None:
            planned.append(shot)
            continue
        seconds, tracked = shot.seconds, order.tracked_span or shot.facts.clock.all
        tracking = (shot.facts.path, shot.facts.stream, order.tracker, tracked)
        if seconds is not None and order.project is None and tracking not in counted:
            counted.add(tracking)
            pixels = shot.facts.orientation.width * shot.facts.orientation.height
            seconds += pixels * len(tracked) / _PIXELS_A_SECOND["track"]
        planned.append(replace(shot, order=order, seconds=seconds))
    return tuple(planned)


def settle_job(
    job: ShotJob, stored: StoredSettings, settle: Settle | None = None
) -> dict[str, Any] | None:
    """Return the settings of a job's renderer by name; None for its defaults.

    A project's hold least, then those of the list for all shots, then those of the command line,
    then the shot's own.

    Args:
        job: The job.
        stored: Settings of its project.
        settle: Puts those of the command line on top.
    """
    kept = make_mapping(merge_settings(job.renderer, stored, job.default_settings or None))
    below = {} if kept is None else {settings_owner(job.renderer): kept}
    settled = merge_settings(job.renderer, below) if settle is None else settle(job.renderer, below)
    mapping = make_mapping(settled)
    return {**(mapping or {}), **job.settings} if job.settings else mapping


def chunks_of(span: FrameRange, chunk: int) -> Iterator[FrameRange]:
    """Return the chunks of a span; the first and the last may be shorter.

    Args:
        span: Frames.
        chunk: Frames of a chunk.
    """
    start = span.start
    while start < span.stop:
        stop = min(span.stop, (start // chunk + 1) * chunk)
        yield FrameRange(start, stop)
        start = stop


def _looked_once() -> Callable[[ShotJob], _Looked]:
    """Return a function that looks at the media and projects of jobs, at each once."""
    known: dict[tuple[object, ...], _Looked | MienError] = {}

    def look(job: ShotJob) -> _Looked:
        # A project says more than its media: that it is whole, and fits them.
        key = (
            job.project, job.shot, job.media, job.stream, job.until_damage, job.opened_missing
        )  # fmt: skip
        if key not in known:
            try:
                known[key] = _look(job)
            except MienError as error:
                known[key] = error
        result = known[key]
        if isinstance(result, MienError):
            raise result
        return result

    return look


def _fitted_once() -> Callable[[Path, MediaInfo, ShotJob], str]:
    """Return a function that refuses what cannot be written, before frames are made for it.

    It returns how the rest is encoded, in a few words.
    """
    from mien.media.codecs import choose_encoding

    known: dict[tuple[object, ...], str] = {}

    def fits(output: Path, facts: MediaInfo, job: ShotJob) -> str:
        key = (facts.path, facts.stream, output.suffix, job.codec, job.lossless, job.quality)
        if key not in known:
            known[key] = str(
                choose_encoding(
                    output, facts, codec=job.codec, lossless=job.lossless, quality=job.quality
                )
            )
        return known[key]

    return fits


def _look(job: ShotJob) -> _Looked:
    from mien import api

    if job.project is not None:
        project = api.load_project(job.project, job.shot, media=job.media)
        # Workers elsewhere would not find these by themselves.
        examples = tuple(one.used.media.path for one in project.shot.examples if one.used)
        faces = tuple(FaceLabel(face.number, face.name) for face in project.shot.faces)
        return project.shot.media, project.settings, examples, project.shot.occlusion, faces
    if job.media is None:
        raise UsageError(f"{job.name} has neither media nor a project.", "Give one of them.")
    opened = api.open_shot(
        job.media, stream=job.stream, until_damage=job.until_damage,
        missing_frames=job.opened_missing,
    )  # fmt: skip
    return opened.media, {}, (), Occlusion(), None


def _plan_shot(
    job: ShotJob,
    folder: Path,
    look: Callable[[ShotJob], _Looked],
    fits: Callable[[Path, MediaInfo, ShotJob], str],
    overwrite: bool,
    settle: Settle | None,
    threads: int,
) -> ShotPlan:
    from mien.api.examples import check_examples
    from mien.api.occlusion import check_stored_matte, refuse_matte_as_output
    from mien.api.rendering import make_watermark

    if job.problem is not None:
        return ShotPlan(job, problem=job.problem)
    try:
        facts, stored, known, occlusion, faces = look(job)
        check_request(job, faces, facts.path.name)
        check_examples(job.examples)
        occlusion = job.occlusion.over(occlusion)
        check_stored_matte(facts, occlusion)
        # Workers elsewhere would not find the project's own by themselves.
        job = replace(job, occlusion=job.occlusion.on(OcclusionChoice(occlusion.matte)))
        job = replace(job, examples=tuple(dict.fromkeys((*known, *job.examples))))
        frames = job.frames_of(facts.clock)
        if job.project is None:
            job.check_missing(facts, frames)
        for curves in job.curves:
            if isinstance(curves, ApplyInput):
                check_source(curves.file)
            else:
                read_layer(curves, facts.clock)
        output = output_path(job.name, folder, facts.path, codec=job.codec, lossless=job.lossless)
        refuse_matte_as_output(output, occlusion)
        encoding = fits(output, facts, job)
        if job.audio is not None:
            _check_sound(job.audio, output, facts, job.codec)
        make_watermark(job.watermark, facts)
        if job.report.thresholds is not None:
            read_thresholds(job.report.thresholds)
        settings = settle_job(job, stored, settle)
        entry = find_entry(job.renderer)
        if entry.settings_type is not None and hasattr(entry.settings_type, THREADS):
            # One number for all workers, here and elsewhere: what networks compute depends on it.
            settings = dict(settings or {})
            settings[THREADS] = settings.get(THREADS) or threads
        entry.settings(settings)
    except MienError as error:
        return ShotPlan(job, problem=Problem.of(error))
    order = ShotSpec.of(job, frames, output, folder, overwrite=overwrite, settings=settings)
    return ShotPlan(
        job, order, facts, None, _seconds(job, facts, frames), _bytes(job, facts, frames), encoding
    )


def _check_sound(audio: Soundtrack, output: Path, facts: MediaInfo, codec: str | None) -> None:
    from mien.media.added_sound import check_soundtrack
    from mien.media.codecs import choose_encoding

    audio.begins(facts.clock)
    check_soundtrack(audio, output, choose_encoding(output, facts, codec=codec))


def _seconds(job: ShotJob, facts: MediaInfo, frames: FrameRange) -> float | None:
    if job.renderer not in ("auto", "warp"):
        return None
    pixels = facts.orientation.width * facts.orientation.height
    speed = _PIXELS_A_SECOND
    return pixels * len(frames) * (1 / speed["warp"] + 1 / speed["write"])


def _bytes(job: ShotJob, facts: MediaInfo, frames: FrameRange) -> int:
    pixels = facts.orientation.width * facts.orientation.height * len(frames)
    fraction = _LOSSLESS_SHARE if job.lossless else _LOSSY_SHARE
    bit_rate = job.quality.bitrate or facts.bit_rate
    if not job.lossless and bit_rate:
        seconds = float(facts.clock.seconds(frames.stop) - facts.clock.seconds(frames.start))
        return int(bit_rate * seconds / 8 + pixels * _FRAME_SHARE)
    return int(pixels * (fraction + _FRAME_SHARE))
