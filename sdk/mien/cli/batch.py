"""The verbs that render many shots: batch, and the steps that a farm runs."""

from __future__ import annotations

import dataclasses
import os
import re
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from mien.cli.batch_output import print_batch_report
from mien.cli.completions import complete_renderer, complete_tracker
from mien.cli.engine_options import EngineChoice, with_engine_options
from mien.cli.occlusion_options import with_occlusion_options
from mien.cli.options import (
    CodecName,
    Examples,
    Json,
    OpenLoop,
    Overwrite,
    Provenance,
    UntilDamage,
)
from mien.cli.output import print_done, print_json, print_notice, print_table
from mien.cli.quality_options import with_quality_options
from mien.cli.renderer_options import TypedSettings, with_renderer_settings
from mien.cli.report_options import with_report_options
from mien.cli.watermark_options import WatermarkText
from mien.errors import InputError, UsageError
from mien.model.occlusion import OcclusionChoice
from mien.model.quality import Quality
from mien.model.report_choice import ReportChoice
from mien.model.watermark import check_watermark
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.editorial.conform import DropFrame
    from mien.editorial.cut import Cut
    from mien.editorial.rebase import MediaPaths
    from mien.jobs.batch import BatchReport
    from mien.jobs.job import ShotJob
    from mien.jobs.plan import Plan
    from mien.model.media import MissingFrames

__all__ = ["add_to"]

_LISTS = (".yaml", ".yml")
_FRAMES = re.compile(r"(\d+)(?:-(\d+))?")


_Source = Annotated[
    Path,
    typer.Argument(
        metavar="CUT|JOBS.yaml",
        help="A cut (OTIO, EDL, FCP7 XML, FCPXML, AAF), or a list of shots.",
    ),
]
_Folder = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to render into.")
]
_Edits = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option("--edits", metavar="DIR", help="Projects for clips without edits."),
]
_Handles = Annotated[
    int, typer.Option("--handles", metavar="N", min=0, help="Frames on either side of a clip.")
]
_Rate = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--rate", metavar="FPS", help="Frame rate of an EDL, which says none."),
]
_RendererName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--renderer",
        metavar="NAME",
        help="For shots that name none; auto.",
        autocompletion=complete_renderer,
    ),
]
_Tracker = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--tracker",
        metavar="NAME",
        help="For media without a project; auto.",
        autocompletion=complete_tracker,
    ),
]
_Lossless = Annotated[
    bool, typer.Option("--lossless", help="Keep every pixel exactly as rendered (FFV1).")
]
_ChunkLength = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--chunk", metavar="N", min=1, help="Frames that a worker makes at a time."),
]
_Retries = Annotated[
    int, typer.Option("--retries", metavar="N", min=0, help="Tries after the first.")
]
_Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with the batch in DIR, and refuse when there is none."
        " Without it what is there is used just the same.",
    ),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
_Bundle = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--export-openjd", metavar="DIR", help="Write an OpenJD job bundle instead."),
]
_Activate = Annotated[
    bool, typer.Option("--activate", help="Make the renders the clips' active media.")
]
_Drop = Annotated[
    Literal["auto", "yes", "no"],
    typer.Option(
        "--drop-frame",
        help="Drop frame timecode in conform lists: as the cut and its media, or yes, or no.",
    ),
]

_Missing = Annotated[
    Optional[Literal["error", "hold", "black"]],  # noqa: UP045
    typer.Option(
        "--missing-frames",
        help="What stands for images that an image sequence lacks: the one before, black, or an"
        " error that names them; as the cut or the list says when not given.",
    ),
]
_Unpack = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--unpack",
        metavar="DIR",
        help="Where media of an .otioz bundle go that are needed; NAME.media beside the renders.",
    ),
]
_MediaPaths = Annotated[
    Literal["relative", "absolute"],
    typer.Option(
        "--media-paths",
        help="How the cut that comes back names media that were relative to the cut's folder.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    verb = with_engine_options(with_quality_options(with_report_options(batch)))
    app.command()(with_renderer_settings(with_occlusion_options(verb)))
    app.command("batch-step", hidden=True)(batch_step)


def batch(
    source: _Source,
    folder: _Folder,
    edits: _Edits = None,
    handles: _Handles = 0,
    rate: _Rate = None,
    renderer: _RendererName = None,
    tracker: _Tracker = None,
    examples: Examples = None,
    codec: CodecName = None,
    lossless: _Lossless = False,
    chunk: _ChunkLength = None,
    retries: _Retries = 2,
    resume: _Resume = False,
    dry_run: _DryRun = False,
    openjd: _Bundle = None,
    activate: _Activate = False,
    until_damage: UntilDamage = False,
    missing_frames: _Missing = None,
    provenance: Provenance = None,
    watermark: WatermarkText = None,
    open_loop: OpenLoop = False,
    media_paths: _MediaPaths = "relative",
    drop: _Drop = "auto",
    unpack: _Unpack = None,
    overwrite: Overwrite = False,
    json: Json = False,
    *,
    engine: EngineChoice,
    occlusion: OcclusionChoice,
    quality: Quality,
    reports: ReportChoice,
    typed: TypedSettings,
) -> None:
    """Render every shot of a cut, or of a list, that has edits.

    The same command goes on where an earlier one was stopped or killed. Exit code 1: some
    shots failed; they are named, and the others are done. 6: a figure is beyond --fail-under.
    """
    from mien.api.examples import check_examples
    from mien.jobs.batch import run_batch
    from mien.jobs.journal import FOLDER
    from mien.jobs.yaml import read_jobs

    if resume and not (folder / FOLDER).is_dir():
        raise UsageError(f"There is no batch in {folder} to go on with.", "Check the folder.")
    check_examples(examples or ())
    said: Any = {"quality": quality, "provenance": provenance, "open_loop": open_loop}
    said["watermark"] = None if watermark is None else check_watermark(watermark)
    cut: Cut | None = None
    if source.suffix.lower() in _LISTS:
        writes_back = activate or unpack is not None or media_paths != "relative" or drop != "auto"
        _check_list(source, rate, edits, handles, writes_back)
        jobs = read_jobs(
            source, renderer=renderer, tracker=tracker, codec=codec, examples=examples or (),
            occlusion=occlusion, until_damage=until_damage, missing_frames=missing_frames,
            reports=reports, **said,
        )  # fmt: skip
    else:
        if not dry_run:
            unpack = unpack or folder / f"{source.stem}.media"
        cut = _read_cut(source, rate, handles, edits, renderer, tracker, codec, lossless, unpack)
        _check_drop(cut, drop)
        jobs = _jobs_of(cut, tuple(examples or ()), occlusion, until_damage, missing_frames)
        jobs = [dataclasses.replace(job, report=reports, **said) for job in jobs]
    jobs = _with_trackers(_with_renderers(jobs, typed))
    plan = _planned(jobs, folder, chunk, typed, overwrite=overwrite)
    for notice in plan.notices:
        print_notice(notice)
    if dry_run:
        _print_plan(plan, () if cut is None else cut.unedited, json=json)
        return
    if openjd is not None:
        _export(plan, openjd, json=json)
        return
    start = engine.starter(plan)
    report = run_batch(plan, start, retries=retries, overwrite=overwrite)
    _hand_back(cut, report, folder, activate, drop, media_paths)
    print_batch_report(report, json=json)


def batch_step(
    step: Annotated[Literal["prepare", "render", "assemble"], typer.Argument()],
    order: Annotated[Path, typer.Argument(metavar="ORDER.json")],
    frames: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--frames", metavar="A-B", help="Frames to make (B included)."),
    ] = None,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--folder", metavar="DIR", help="The batch's folder on this machine."),
    ] = None,
    rules: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--path-map",
            metavar="RULES.json",
            help="Where folders are on this machine (OpenJD's path mapping rules).",
        ),
    ] = None,
) -> None:
    """Do one step of an exported batch, as a farm's worker."""
    from mien.jobs.openjd import in_folder, run_step
    from mien.jobs.shot_task import Task, read_shot_spec
    from mien.path_map import use_rules_file

    span = None if frames is None else _chunk(frames)
    if rules is not None:
        use_rules_file(rules)
    spec = read_shot_spec(order)
    run_step(Task(spec if folder is None else in_folder(spec, folder), step, span), typer.echo)


def _chunk(text: str) -> FrameRange:
    match = _FRAMES.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"--frames '{text}' cannot be read.", "Write FIRST-LAST, as in 20-29.")
    return FrameRange(int(match[1]), int(match[2] or match[1]) + 1)


def _jobs_of(
    cut: Cut,
    examples: tuple[Path, ...],
    occlusion: OcclusionChoice,
    until_damage: bool,
    missing_frames: MissingFrames | None,
) -> list[ShotJob]:
    """The shots of a cut, with what holds for all of them."""
    return [
        dataclasses.replace(
            job, examples=examples, occlusion=occlusion, until_damage=until_damage,
            missing_frames=missing_frames or job.missing_frames,
        )
        for job in cut.jobs
    ]  # fmt: skip


def _check_list(
    source: Path, rate: str | None, edits: Path | None, handles: int, writes_back: bool
) -> None:
    """Refuse with a list what only a cut can answer, or what is for the cut written back."""
    if rate is not None or edits is not None or handles or writes_back:
        raise UsageError(
            "--rate, --edits, --handles, --activate, --drop-frame, --media-paths and --unpack"
            " go with a cut.",
            f"{source.name} is a list of shots.",
        )


def _check_drop(cut: Cut, drop: DropFrame) -> None:
    from mien.editorial import check_drop_frame

    check_drop_frame(cut, drop)


def _read_cut(
    source: Path,
    rate: str | None,
    handles: int,
    edits: Path | None,
    renderer: str | None,
    tracker: str | None,
    codec: str | None,
    lossless: bool,
    unpack: Path | None,
) -> Cut:
    from mien.editorial import SUFFIXES, is_cut, read_cut, takes_rate
    from mien.media.apart import decoding_apart

    if not is_cut(source) and os.path.exists(source):
        raise InputError(
            f"{source.name} is neither a cut nor a list of shots.",
            f"Cuts end in {', '.join(SUFFIXES)}, lists in {' or '.join(_LISTS)}.",
        )
    if rate is not None and not takes_rate(source):
        raise UsageError(f"--rate goes with an EDL; {source.name} says its own.", "Leave it out.")
    with decoding_apart():
        return read_cut(
            source, rate=rate, handles=handles, edits=edits, renderer=renderer, tracker=tracker,
            codec=codec, lossless=lossless, notify=print_notice, media_folder=unpack, progress=True,
        )  # fmt: skip


def _with_renderers(jobs: Sequence[ShotJob], typed: TypedSettings) -> list[ShotJob]:
    """Jobs whose renderer is said by its name: `auto` is the same for all workers.

    Renderers that are not there, and settings that they do not have, are refused before anything
    is tracked.
    """
    from mien.jobs.plan import settle_job
    from mien.rendering.registry import choose_renderer, settings_owner

    chosen: dict[tuple[str, str], tuple[str, str]] = {}
    named = []
    for job in jobs:
        settings = settle_job(job, {}, typed.over)
        key = (job.renderer, dumps(settings, sort_keys=True))
        if key not in chosen:
            typed.check(job.renderer)
            choice = choose_renderer(job.renderer, settings)
            chosen[key] = choice.renderer.name, choice.reason
        name, reason = chosen[key]
        if name != settings_owner(job.renderer):  # they are of what `auto` did not choose
            job = dataclasses.replace(job, settings={}, default_settings={})
        named.append(dataclasses.replace(job, renderer=name, renderer_reason=reason))
    return named


def _with_trackers(jobs: Sequence[ShotJob]) -> list[ShotJob]:
    """Jobs whose tracker is said by its name, where one is needed.

    Trackers that are not there are refused before anything is tracked.
    """
    from mien.tracking.registry import get_tracker

    needed = {job.tracker for job in jobs if job.project is None}
    names = {name: get_tracker(name).name for name in needed}
    return [dataclasses.replace(job, tracker=names.get(job.tracker, job.tracker)) for job in jobs]


def _hand_back(
    cut: Cut | None,
    report: BatchReport,
    folder: Path,
    activate: bool,
    drop: DropFrame,
    media_paths: MediaPaths,
) -> None:
    from mien.editorial import write_back

    if cut is None:
        return
    results = [outcome.result for outcome in report.outcomes]
    paths = write_back(
        cut, results, folder, activate=activate, drop_frame=drop, media_paths=media_paths,
        notify=print_notice,
    )  # fmt: skip
    for path in paths:
        print_notice(f"wrote {path}")


def _planned(
    jobs: Sequence[ShotJob], folder: Path, chunk: int | None, typed: TypedSettings, *,
    overwrite: bool,
) -> Plan:  # fmt: skip
    """Look at the media of all shots; a file that ends its decoder fails alone."""
    from mien.jobs.plan import CHUNK, make_plan
    from mien.media.apart import decoding_apart

    with decoding_apart():
        return make_plan(jobs, folder, chunk=chunk or CHUNK, overwrite=overwrite, settle=typed.over)


def _print_plan(plan: Plan, unedited: Sequence[str], *, json: bool) -> None:
    """Print what would be done; the exit code is that of the batch, as far as it is known."""
    from mien.jobs.tables import plan_facts, plan_rows

    code = int(any(shot.order is None for shot in plan.shots))
    if json:
        print_json(plan_facts(plan, unedited), code)
    else:
        print_table(plan_rows(plan, unedited))
    if code:
        raise typer.Exit(code)


def _export(plan: Plan, folder: Path, *, json: bool) -> None:
    from mien.jobs.openjd import export

    bundle = export(plan, folder)
    left_out = [shot for shot in plan.shots if shot.order is None]
    for shot in left_out:
        print_notice(f"{shot.job.name} left out: {shot.problem}")
    if json:
        names = [shot.job.name for shot in left_out]
        print_json({"bundle": str(bundle), "left_out": names}, int(bool(left_out)))
    else:
        print_done(f"wrote {bundle}; submit it, or try it here:")
        print_done(f"openjd run {bundle / 'template.yaml'} -p Output={plan.folder.absolute()}")
    if left_out:
        raise typer.Exit(1)
