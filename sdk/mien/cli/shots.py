"""The verbs that work on shots: track, solve and render."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from mien.cli.completions import complete_renderer
from mien.cli.occlusion_options import with_occlusion_options
from mien.cli.options import (
    CodecName,
    Examples,
    Json,
    Media,
    MissingFrames,
    OpenLoop,
    Overwrite,
    ProjectOutput,
    Provenance,
    ShotOfProject,
    ShotOrProject,
    Stream,
    TrackerName,
    UntilDamage,
)
from mien.cli.output import print_done, print_json, print_notice
from mien.cli.quality_options import with_quality_options
from mien.cli.render_lines import tell_report
from mien.cli.renderer_options import TypedSettings, with_renderer_settings
from mien.cli.save_options import Saving, with_save_options
from mien.cli.set_options import SetFaces, Sets, check_faces, read_sets
from mien.cli.sound_options import check_sound, with_sound_options
from mien.cli.watermark_options import WatermarkText
from mien.errors import NoFaceError, UsageError
from mien.model.face_names import describe_face, face_facts
from mien.model.occlusion import OcclusionChoice
from mien.model.quality import Quality
from mien.model.soundtrack import Soundtrack
from mien.model.spans import list_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.io.project import Project
    from mien.model.face import Face
    from mien.model.shot import Shot
    from mien.timebase import FrameRange

__all__ = ["add_to", "open_source", "tell_faces", "tell_outdated"]

_RendererName = Annotated[
    str,
    typer.Option(
        "--renderer",
        metavar="NAME",
        help="auto, or a renderer by name.",
        autocompletion=complete_renderer,
    ),
]
_LISTED = 12
"""Cuts, and mixes, that are named; of a film there are hundreds."""


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(track)
    app.command()(solve)
    encoded = with_sound_options(with_quality_options(render))
    app.command()(with_renderer_settings(with_occlusion_options(with_save_options(encoded))))


def track(
    shot: Annotated[
        Path,
        typer.Argument(
            metavar="SHOT|SHOT.mien",
            help="A movie or an image sequence (shot.%04d.exr); or a project, of which further"
            " frames are tracked.",
        ),
    ],
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "-o",
            "--output",
            metavar="SHOT.mien",
            help="The project to write; of a project else the same.",
        ),
    ] = None,
    frames: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--frames",
            metavar="A:B",
            help="Track these frames only (B excluded): frames, seconds (1.0s:2.0s) or timecode.",
        ),
    ] = None,
    which: ShotOfProject = None,
    max_faces: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--max-faces", metavar="N", help="People to keep at most; 10 by default."),
    ] = None,
    tracker: TrackerName = "auto",
    stream: Stream = None,
    until_damage: UntilDamage = False,
    missing_frames: MissingFrames = "error",
    media: Media = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Find the faces of a shot and what they do; keep it as a project.

    Frames that are damaged are passed over and named: no face is seen in them. Of a project the
    frames are tracked that are not yet: who is known is recognized, edits stay.
    """
    from mien import api
    from mien.io.project import SUFFIX, check_project

    start = time.monotonic()
    if shot.suffix.lower() == SUFFIX:
        if stream is not None:
            raise _stream_of_project(shot)
        _refuse_missing(shot, missing_frames)
        place = shot if output is None else output
        check_project(place, overwrite=overwrite or output is None)
        tracked = _track_further(
            shot, place, which, media, frames=frames, tracker=tracker, max_faces=max_faces,
            until_damage=until_damage,
        )  # fmt: skip
    else:
        if output is None:
            raise UsageError("Where the project is to be written is not said.", "Add -o SHOT.mien.")
        _refuse_of_project(shot, media, which)
        place = output
        check_project(place, overwrite=overwrite)
        opened = api.open_shot(
            shot, stream=stream, until_damage=until_damage, missing_frames=missing_frames
        )
        tracked = api.track(
            opened, frames=frames, tracker=tracker, max_faces=max_faces, until_damage=until_damage
        )
        api.save_project(tracked, place)
    if json:
        print_json(_summary(tracked, place, time.monotonic() - start))
        return
    tell_faces(tracked)
    for note in (tracked.media.cut_short, tracked.media.missing_note(tracked.clock.all)):
        if note:
            print_done(f"  {note}")
    print_done(f"wrote {place}")


def _track_further(
    path: Path, output: Path, which: str | None, media: Path | None, **how: Any
) -> Shot:
    """Track frames of a project that are not tracked yet, and write it."""
    from mien import api
    from mien.io.changing import hold_project
    from mien.io.project import save_document

    with hold_project(path, output) as version:
        project = api.load_project(path, which, media=media)
        # The others of its shots stay as they are, wherever their media are.
        document = api.load_document(path, find_media=False)
        project = api.track(project, **how)
        save_document(document.with_shot(project), output, version)
    return project.shot


def _refuse_of_project(shot: Path, media: Path | None, which: str | None) -> None:
    for name, value in (("--media", media), ("--shot", which)):
        if value is not None:
            raise UsageError(f"{name} goes with a project, and {shot.name} is none.")


def solve(
    project: Annotated[
        Path, typer.Argument(metavar="SHOT.mien", help="A project with tracked faces.")
    ],
    output: ProjectOutput = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Solve a project's faces again, from their landmarks as they were tracked; edits stay.

    For projects that an older solver has solved. The media are not needed.
    """
    from mien import api
    from mien.io.changing import hold_project
    from mien.io.project import check_project, save_document

    place = project if output is None else output
    check_project(place, overwrite=overwrite or output is None)
    solved = []
    with hold_project(project, output) as version:
        document = api.load_document(project, find_media=False)
        for shot in document.shots:
            if shot.tracked:
                again = api.solve(shot)
                document = document.with_shot(again)
                solved.append(again)
        if not solved:
            raise NoFaceError(f"{project.name} has no faces to solve.", "Track it first.")
        save_document(document, place, version)
    if json:
        print_json(
            {
                "source": str(project),
                "project": str(place),
                "shots": [
                    {"shot": one.title, "faces": [face_facts(face) for face in one.shot.faces]}
                    for one in solved
                ],
            }
        )
        return
    faces = sum(len(one.shot.faces) for one in solved)
    print_done(f"wrote {place}: {_count(faces, 'face')} solved again")


def render(
    shot: ShotOrProject,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The movie or sequence to write.")
    ],
    values: Sets = None,
    which: ShotOfProject = None,
    faces: SetFaces = None,
    frames: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--frames", metavar="A:B", help="Write these frames only (B excluded)."),
    ] = None,
    examples: Examples = None,
    stream: Stream = None,
    renderer: _RendererName = "auto",
    codec: CodecName = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Keep every pixel exactly as rendered (FFV1).")
    ] = False,
    matte: Annotated[
        bool, typer.Option("--matte", help="Write the mask of what is changed, in grey, instead.")
    ] = False,
    until_damage: UntilDamage = False,
    missing_frames: MissingFrames = "error",
    provenance: Provenance = None,
    watermark: WatermarkText = None,
    open_loop: OpenLoop = False,
    overwrite: Overwrite = False,
    media: Media = None,
    json: Json = False,
    *,
    context: typer.Context,
    audio: Soundtrack | None,
    occlusion: OcclusionChoice,
    quality: Quality,
    saving: Saving,
    typed: TypedSettings,
) -> None:
    """Write a shot with edited faces; everything else stays as it is.

    Times are frames (36), seconds (1.5s) or timecode (01:00:01:12). A shot that is not yet a
    project is tracked first, if anything is set.
    """
    from mien import api
    from mien.api.examples import check_examples
    from mien.api.occlusion import choose_occlusion
    from mien.rendering.registry import get_renderer

    # Everything that can be refused is, before the shot is tracked.
    assignments = read_sets(context, values, faces)
    check_examples(examples or ())
    source = open_source(shot, media, which, stream, missing_frames, until_damage=until_damage)
    project = choose_occlusion(source, occlusion)
    typed.check(renderer)
    settings = typed.over(renderer, project.settings)
    chosen = get_renderer(renderer, settings)
    _tell_unheeded(renderer, chosen.name, typed)
    how: dict[str, Any] = {"codec": codec, "quality": quality, "overwrite": overwrite}
    _check_output(output, project.shot, audio, watermark, matte=matte, **how)
    target = saving.target(shot, output, assignments, overwrite=overwrite)
    _check_spans(project.shot, [frames, *(a.span for a in assignments)])
    check_faces(project.shot, assignments)
    api.check_consent(project, frames, provenance=matte or provenance)
    tracking = bool(assignments) and not project.shot.faces
    if tracking:
        project = _tracked(project.shot, frames, occlusion, until_damage=until_damage)
    kept = ((renderer, settings), examples or (), frames)
    project, edits = saving.applied(target, shot, which, project, assignments, *kept)
    only: Any = {} if matte else {"audio": audio, "provenance": provenance, "watermark": watermark}
    report = (api.render_matte if matte else api.render)(
        project, output, edits=edits, renderer=renderer, settings=settings, frames=frames,
        examples=examples or (), until_damage=until_damage, open_loop=open_loop, **how, **only,
    )  # fmt: skip
    if json:
        facts = {"source": str(project.shot.media.path), "tracked": tracking} | report.to_dict()
        print_json(facts | {"faces": _facts(project.shot, report.faces)})
        return
    if tracking:
        tell_faces(project.shot)
    tell_report(report, project.shot)


def _check_output(
    output: Path,
    shot: Shot,
    audio: Soundtrack | None,
    watermark: str | None,
    *,
    matte: bool,
    **how: Any,
) -> None:
    """Refuse an output that cannot be had, before anything is done."""
    from mien.api.occlusion import refuse_matte_as_output
    from mien.media.outputs import check_output
    from mien.rendering.watermark import make_watermark

    check_output(output, shot.media, **how)
    refuse_matte_as_output(output, shot.occlusion)
    check_sound(audio, output, shot, matte=matte)
    make_watermark(watermark, shot.media, matte=matte)


def _tracked(
    shot: Shot, frames: str | None, occlusion: OcclusionChoice, *, until_damage: bool
) -> Project:
    """Track a shot that is to be rendered, unless a policy or damage would end that."""
    from mien import api
    from mien.api.occlusion import choose_glasses
    from mien.consent import check_untracked

    check_untracked(shot.media.path.name)
    api.check_damage(shot, frames, until_damage=until_damage)
    tracked = api.track(shot, until_damage=until_damage)
    return choose_glasses(api.Project(tracked), occlusion)


def _tell_unheeded(asked: str, chosen: str, typed: TypedSettings) -> None:
    """Say on standard error that what was typed is for a renderer that `auto` did not choose."""
    if asked == "auto" and chosen != "reference" and typed.says_reference:
        print_notice(
            f"--tier, --reference-... and --setting say how the reference renderer works; auto"
            f" chooses {chosen} here. Ask for it with --renderer reference."
        )


def _check_spans(shot: Shot, spans: Iterable[str | None]) -> None:
    for text in spans:
        if text is not None:
            shot.clock.parse_range(text)


def _facts(shot: Shot, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """The faces of some numbers, as JSON tells of faces."""
    return [face_facts(shot.face(number)) for number in numbers]


def open_source(
    path: Path,
    media: Path | None,
    which: str | None = None,
    stream: int | None = None,
    missing_frames: Literal["error", "hold", "black"] = "error",
    *,
    until_damage: bool = False,
) -> Project:
    """Open a project, or a shot that is not yet one."""
    from mien import api
    from mien.io.project import SUFFIX

    if path.suffix.lower() == SUFFIX:
        if stream is not None:
            raise _stream_of_project(path)
        _refuse_missing(path, missing_frames)
        project = api.load_project(path, which, media=media)
        tell_outdated(project.shot)
        # Of a long shot these are megabytes, and nothing here solves or saves.
        return project.without_raw_landmarks()
    _refuse_of_project(path, media, which)
    opened = api.open_shot(
        path, stream=stream, until_damage=until_damage, missing_frames=missing_frames
    )
    return api.Project(opened)


def _refuse_missing(path: Path, missing_frames: str) -> None:
    if missing_frames != "error":
        raise UsageError(
            f"--missing-frames goes with media, and {path.name} is a project, which knows.",
            "Track the media with --missing-frames.",
        )


def _stream_of_project(path: Path) -> UsageError:
    return UsageError(
        f"--stream goes with media, and {path.name} is a project, which knows its own.",
        "Track the other stream: `mien track MEDIA --stream N`.",
    )


def tell_outdated(shot: Shot) -> None:
    """Say on standard error by which older tools a shot was made, where it was."""
    from mien.api.tracking import outdated

    note = outdated(shot)
    if note:
        print_notice(f"{shot.media.path.name}: {note}")


def tell_faces(shot: Shot) -> None:
    """Print who was found, where each was seen badly, and where other shots begin."""
    from mien.model.weak_spans import describe_weak_spans

    clock = shot.clock
    print_done(
        f"{shot.media.path.name}: {clock.frame_count} frames,"
        f" {float(clock.seconds(clock.frame_count)):.2f} s, {_count(len(shot.faces), 'face')}"
    )
    if shot.tracked_spans is not None:
        print_done(f"  tracked in part: {list_spans(shot.tracked_spans)}")
    if shot.damaged:
        print_done(f"  damaged, no face is seen there: {_listed(_frames(shot.damaged))}")
    if shot.cuts:
        print_done(f"  {_count(len(shot.cuts), 'cut')}: {_listed(shot.cuts)}")
    if shot.mixes:
        print_done(
            f"  {_count(len(shot.mixes), 'mix', 'mixes')} of two shots, over which edits fade:"
            f" {_listed(shot.mixes)}"
        )
    for face in shot.faces:
        print_done(f"  {describe_face(face)}: seen in {_seen(face)} of {clock.frame_count} frames")
        weak = describe_weak_spans(face.weak_spans())
        if weak:
            print_done(f"    seen badly: {weak}")


def _summary(shot: Shot, output: Path, seconds: float) -> dict[str, Any]:
    return {
        "source": str(shot.media.path),
        "project": str(output),
        "frames": shot.clock.frame_count,
        "rate": str(shot.clock.rate),
        "size": list(shot.media.orientation.upright_size),
        "cut_short": shot.media.cut_short,
        "damaged": [[span.start, span.stop] for span in shot.damaged],
        "tracked_spans": None
        if shot.tracked_spans is None
        else [[span.start, span.stop] for span in shot.tracked_spans],
        "cuts": list(shot.cuts),
        "mixes": [[mix.start, mix.stop] for mix in shot.mixes],
        "made_by": None if shot.made_by is None else dataclasses.asdict(shot.made_by),
        "faces": [
            {
                **face_facts(face),
                "frames_seen": _seen(face),
                "seen_badly": [one.to_dict() for one in face.weak_spans()],
            }
            for face in shot.faces
        ],
        "seconds": round(seconds, 3),
    }


def _seen(face: Face) -> int:
    return int((face.confidence > 0).sum())


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def _frames(spans: Iterable[FrameRange]) -> list[str]:
    """Return spans as `frame 96` or `frames 98-99`."""
    return [
        f"frame {span.start}" if len(span) == 1 else f"frames {span.start}-{span.stop - 1}"
        for span in spans
    ]


def _listed(places: Sequence[object]) -> str:
    """The first of some places, as a line holds them."""
    more = len(places) - _LISTED
    named = ", ".join(str(place) for place in places[:_LISTED])
    return f"{named} and {more} more" if more > 0 else named
