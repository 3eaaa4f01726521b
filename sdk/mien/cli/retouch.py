"""The verbs that do everyday jobs on a face, one command each."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Optional, get_type_hints

import typer

from mien.cli.command import App
from mien.cli.options import FaceChoice, Json, Overwrite, ShotOfProject, ShotOrProject
from mien.cli.output import print_done, print_json, print_notice
from mien.errors import UsageError
from mien.model.face_names import describe_face, read_face

if TYPE_CHECKING:
    from mien.model.document import Project
    from mien.model.retouch import RetouchKind

__all__ = ["jobs"]

jobs = App(
    help="Everyday jobs on a face, one command each: look at the lens, hold the eyes, remove or add"
    " blinks, soften, neutralise. Each makes tracks in a layer of its name in the project, to be"
    " keyed over or taken back (`mien edit --undo`); `mien render` shows them.",
)

_Span = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--span",
        metavar="A:B",
        help="These frames only (B excluded): frames, seconds (1.0s:2.0s) or timecode.",
    ),
]
_Strength = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option("--strength", metavar="0..1", help="How much of it; all when not given."),
]
_Softness = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option("--strength", metavar="0..1", help="How far; half when not given."),
]
_Ease = Annotated[
    int,
    typer.Option("--ease", metavar="N", help="Frames over which it is eased in and out."),
]
_Movement = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--movement",
        metavar="0..1",
        help="How much of the eyes' own small movements stays; half of them for the lens, a quarter"
        " to hold them.",
    ),
]
_At = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--at",
        metavar="TIME",
        help="The frame whose look is held; where they look on average else.",
    ),
]
_Times = Annotated[
    list[str],
    typer.Option(
        "--at", metavar="TIME", help="A frame in which eyes are shut. May be given several times."
    ),
]
_Groups = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--only",
        metavar="GROUP,...",
        help="Which parts: brows, eyes, cheeks, nose, mouth, jaw; all when not given.",
    ),
]
_KeepBlinks = Annotated[
    bool, typer.Option("--keep-blinks/--no-keep-blinks", help="Whether blinks stay.")
]
_KeepSpeech = Annotated[
    bool,
    typer.Option(
        "--keep-speech/--no-keep-speech", help="Whether what lips and jaw do in speech stays."
    ),
]
_Output = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "-o",
        "--output",
        metavar="OTHER.mien",
        help="The project to write; of a project else the same.",
    ),
]
_EASE: Final = 6


def _job(kind: RetouchKind) -> Callable[[Callable[..., dict[str, Any]]], None]:
    """Return what makes a command of a function from its own options to those of a job."""

    def made(choose: Callable[..., dict[str, Any]]) -> None:
        @functools.wraps(choose)
        def command(
            source: Path,
            face: str | None,
            which: str | None,
            output: Path | None,
            overwrite: bool,
            json: bool,
            **own: Any,
        ) -> None:
            _do(kind, source, face, which, output, choose(**own), overwrite=overwrite, json=json)

        _describe(command, choose)
        jobs.command(kind)(command)

    return made


def _describe(command: Callable[..., None], choose: Callable[..., Any]) -> None:
    """Give a command the arguments and options that typer is to read."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    hints = get_type_hints(choose, include_extras=True)
    shared: tuple[tuple[str, Any, Any], ...] = (
        ("which", None, ShotOfProject), ("output", None, _Output),
        ("overwrite", False, Overwrite), ("json", False, Json),
    )  # fmt: skip
    parameters = [
        inspect.Parameter("source", keyword, annotation=ShotOrProject),
        inspect.Parameter("face", keyword, default=None, annotation=FaceChoice),
        *(
            one.replace(annotation=hints[one.name], kind=keyword)
            for one in inspect.signature(choose).parameters.values()
        ),
        *(
            inspect.Parameter(name, keyword, default=default, annotation=annotation)
            for name, default, annotation in shared
        ),
    ]
    signature = inspect.Signature(parameters, return_annotation=None)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}


@_job("lens")
def _lens(
    span: _Span = None, strength: _Strength = None, ease: _Ease = _EASE, movement: _Movement = None
) -> dict[str, Any]:
    """Let the eyes look at the lens, however the head turns; blinks stay."""
    return {"span": span, "strength": strength, "ease": ease, "movement": movement}


@_job("hold-eyes")
def _hold(
    at: _At = None,
    span: _Span = None,
    strength: _Strength = None,
    ease: _Ease = _EASE,
    movement: _Movement = None,
) -> dict[str, Any]:
    """Hold the eyes on what they look at in a frame, or on average; blinks stay."""
    times = [] if at is None else [at]
    return {"span": span, "at": times, "strength": strength, "ease": ease, "movement": movement}


@_job("remove-blinks")
def _remove(span: _Span = None, strength: _Strength = None) -> dict[str, Any]:
    """Hold the eyes open through every blink."""
    return {"span": span, "strength": strength}


@_job("blink")
def _blink(at: _Times, strength: _Strength = None) -> dict[str, Any]:
    """Let the eyes blink: lids fall quickly and rise half as fast."""
    return {"at": at, "strength": strength}


@_job("soften")
def _soften(
    span: _Span = None,
    strength: _Softness = None,
    only: _Groups = None,
    ease: _Ease = _EASE,
    keep_blinks: _KeepBlinks = True,
    keep_speech: _KeepSpeech = True,
) -> dict[str, Any]:
    """Take a performance part of the way to rest: to this person's neutral face."""
    return {
        "span": span, "strength": strength, "only": only, "ease": ease,
        "keep_blinks": keep_blinks, "keep_speech": keep_speech,
    }  # fmt: skip


@_job("neutralise")
def _neutralise(
    span: _Span = None,
    strength: _Strength = None,
    only: _Groups = None,
    ease: _Ease = _EASE,
    keep_blinks: _KeepBlinks = True,
    keep_speech: _KeepSpeech = True,
) -> dict[str, Any]:
    """Take a performance to rest: to this person's neutral face."""
    return {
        "span": span, "strength": strength, "only": only, "ease": ease,
        "keep_blinks": keep_blinks, "keep_speech": keep_speech,
    }  # fmt: skip


def _do(
    kind: RetouchKind,
    source: Path,
    face: str | None,
    which: str | None,
    output: Path | None,
    chosen: dict[str, Any],
    *,
    overwrite: bool,
    json: bool,
) -> None:
    """Do a job on a project, or on a clip that is tracked for it, and say what was done."""
    from mien import api
    from mien.api.edits import with_history
    from mien.io.project import SUFFIX, check_project

    notes: list[str] = []
    named = None if face is None else read_face(face)
    if source.suffix.lower() == SUFFIX:
        place = source if output is None else output
        made = api.edit_project(
            source, lambda project: _changed(project, kind, named, chosen, notes), which,
            title=_title(kind, chosen), output=output, overwrite=overwrite,
        )  # fmt: skip
    else:
        if output is None:
            raise UsageError("Where the project is to be written is not said.", "Add -o SHOT.mien.")
        if which is not None:
            raise UsageError(f"--shot goes with a project, and {source.name} is none.")
        place = output
        check_project(place, overwrite=overwrite)
        tracked = api.Project(api.track(source))
        made = _changed(tracked, kind, named, chosen, notes)
        api.save_project(with_history(tracked, made, _title(kind, chosen)), place)
    main = api.main_face(made.shot) if named is None else made.shot.face(named)
    if json:
        print_json({
            "project": str(place), "shot": made.title, "face": main.number, "name": main.name,
            "job": kind, "layer": kind, "notes": notes,
        })  # fmt: skip
        return
    for line in notes:
        print_done(line)
    print_notice(f"wrote {place}")


def _changed(
    project: Project,
    kind: RetouchKind,
    face: int | str | None,
    chosen: dict[str, Any],
    notes: list[str],
) -> Project:
    from mien import api, retouch
    from mien.model.retouch import RetouchOptions

    shot = project.shot
    if face is None and len(shot.faces) > 1:
        print_notice(
            f"{len(shot.faces)} faces; editing {describe_face(api.main_face(shot))}, the largest."
            " Choose another with --face."
        )
    only = chosen.get("only")
    options = RetouchOptions(
        **{
            **chosen,
            "span": retouch.read_span(shot, chosen.get("span")),
            "at": tuple(shot.clock.parse(time) for time in chosen.get("at") or ()),
            "only": tuple(filter(None, map(str.strip, (only or "").split(",")))),
        }
    )
    return retouch.retouch(project, kind, face, options, notice=notes.append)


def _title(kind: str, chosen: dict[str, Any]) -> str:
    where = chosen.get("span") or ", ".join(chosen.get("at") or ())
    return f"{kind} {where}".strip()
