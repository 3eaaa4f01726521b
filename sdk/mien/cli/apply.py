"""The verb that lets a face follow another performance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.completions import complete_group
from mien.cli.options import FaceChoice, Json, Overwrite, ProjectOutput, ShotOfProject
from mien.cli.output import print_done, print_json, print_notice
from mien.cli.shots import tell_outdated
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.api.applying import Applied
    from mien.model.document import Project
    from mien.model.transfer import SourcePerformance, Transfer

__all__ = ["add_to", "read_only", "read_strength"]

_Source = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Argument(
        metavar="SOURCE",
        help="A clip, an image, a project, or a curve file. Clips and images are tracked, once:"
        " what was tracked is kept in the user's cache.",
    ),
]
_Pairs = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--pair",
        metavar="FACE=SOURCE",
        help="A face by number or name, and what it follows, in place of SOURCE. May be given"
        " several times.",
    ),
]
_FromShot = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--from-shot", metavar="NAME|N", help="Which shot, of a source of several."),
]
_FromFace = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--from-face", metavar="N|NAME", help="Whose performance, of several people."),
]
_LayerName = Annotated[
    str,
    typer.Option("--layer", metavar="NAME", help="Layer that is made, or whose place is taken."),
]
_Relative = Annotated[
    Optional[bool],  # noqa: UP045
    typer.Option(
        "--relative/--absolute",
        help="What the source does away from its rest, from this face's rest on; or just what it"
        " does. Relative for a clip of another person, absolute otherwise.",
        show_default=False,
    ),
]
_Only = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--only",
        metavar="GROUP,...",
        autocompletion=complete_group,
        help="What is taken: brows, eyes, gaze, cheeks, nose, mouth, jaw, head, tongue, or controls"
        " by name; all but gaze and head when not given.",
    ),
]
_Strength = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--strength",
        metavar="[GROUP=]X,...",
        help="How far the face goes from what it does (0) to what the source does (1): for all, or"
        " by group, as mouth=0.6.",
    ),
]
_Span = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--span", metavar="A:B", help="Frames of the shot that are driven (B excluded)."),
]
_SourceSpan = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--source-span", metavar="A:B", help="Frames of the source that drive them."),
]
_Offset = Annotated[
    str,
    typer.Option(
        "--offset",
        metavar="FRAMES|TIME",
        help="How much later than the span the source's begins: 12, 0.5s, -0.5s.",
    ),
]
_Rate = Annotated[
    float, typer.Option("--rate", metavar="X", help="Speed of the source: 2 is twice as fast.")
]
_Fit = Annotated[bool, typer.Option("--fit", help="Stretch the source's span to fill the span.")]
_Warp = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--warp",
        metavar="TIME=TIME,...",
        help="A curve of times: which time of the source is seen when, as 0=0,2s=3s.",
    ),
]
_AlignSound = Annotated[
    bool, typer.Option("--align-sound", help="Lay the source where its sound fits the shot's.")
]
_At = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--at", metavar="TIME", help="Reach the pose of an image then, and leave it."),
]
_Ease = Annotated[
    int, typer.Option("--ease", metavar="FRAMES", help="Ease in and out over so many frames.")
]
_Tolerance = Annotated[
    float,
    typer.Option(
        "--tolerance",
        metavar="X",
        help="How far the keys that are made may be from the source in any frame; what differs by"
        " less from what the face does is left alone.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(apply)


def apply(
    project: Annotated[
        Path, typer.Argument(metavar="SHOT.mien", help="A project with tracked faces.")
    ],
    source: _Source = None,
    pairs: _Pairs = None,
    face: FaceChoice = None,
    which: ShotOfProject = None,
    from_shot: _FromShot = None,
    from_face: _FromFace = None,
    layer: _LayerName = "applied",
    relative: _Relative = None,
    only: _Only = None,
    strength: _Strength = None,
    span: _Span = None,
    source_span: _SourceSpan = None,
    offset: _Offset = "0",
    rate: _Rate = 1.0,
    fit: _Fit = False,
    warp: _Warp = None,
    align_sound: _AlignSound = False,
    at: _At = None,
    ease: _Ease = 6,
    tolerance: _Tolerance = 0.01,
    output: ProjectOutput = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Let a face follow the performance of another clip, an image, a project or a curve file.

    It becomes a layer of the face's edit with few keys, to be weighed, keyed over and taken back
    (`mien edit SHOT.mien --undo`). The head and where the eyes look stay as they are, unless they
    are named. Nothing is rendered.
    """
    from mien.model.face_names import read_face
    from mien.model.transfer import Transfer
    from mien.model.transfer_times import TransferTiming, parse_warp

    timing = TransferTiming(
        span=span, source_span=source_span, offset=offset, rate=rate, fit=fit,
        warp=() if warp is None else parse_warp(warp), align_sound=align_sound,
    )  # fmt: skip
    how = Transfer(
        relative=relative, only=read_only(only), strength=read_strength(strength), ease=ease,
        tolerance=tolerance, at=at, timing=timing,
    )  # fmt: skip
    wanted = _wanted(source, pairs, face)
    chosen = None if from_face is None else read_face(from_face)
    applied = _applied(
        project, which, wanted, how, (from_shot, chosen), layer, output, overwrite=overwrite
    )
    if json:
        facts = [_facts(*one) for one in applied]
        print_json({"project": str(output or project), "applied": facts})
        return
    _tell(applied, output, project)


def read_only(texts: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the groups and controls of `--only`; None when it was not given."""
    if texts is None:
        return None
    return tuple(part.strip() for text in texts for part in text.split(","))


def read_strength(texts: Sequence[str] | None) -> float | dict[str, float]:
    """Return the strengths of `--strength`: one for all, or by group.

    Raises:
        UsageError: When one cannot be read, or both kinds are given.
    """
    common, by_group = [], {}
    for part in (part for text in texts or () for part in text.split(",")):
        name, sign, value = part.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            raise UsageError(
                f"--strength {part} cannot be read.", "Write 0.6, or mouth=0.6,eyes=0.3."
            ) from None
        if sign:
            by_group[name.strip()] = number
        else:
            common.append(number)
    if len(common) + bool(by_group) > 1:
        raise UsageError("--strength is given for all and otherwise, too.", "Give one of them.")
    return by_group or (common[0] if common else 1.0)


def _wanted(
    source: Path | None, pairs: Sequence[str] | None, face: str | None
) -> list[tuple[int | str | None, Path]]:
    """Which faces follow what."""
    from mien.model.face_names import read_face

    if (source is None) == (not pairs):
        raise UsageError(
            "It is not clear what is to be followed.", "Give SOURCE, or --pair FACE=SOURCE."
        )
    if source is not None:
        return [(None if face is None else read_face(face), source)]
    if face is not None:
        raise UsageError("--face goes with SOURCE, and every --pair names its own.")
    wanted: list[tuple[int | str | None, Path]] = []
    for text in pairs or ():
        name, sign, path = text.partition("=")
        if not sign or not path:
            raise UsageError(f"--pair {text} cannot be read.", "Write FACE=SOURCE, as 2=take.mov.")
        wanted.append((read_face(name), Path(path)))
    return wanted


def _applied(
    project: Path,
    which: str | None,
    wanted: Sequence[tuple[int | str | None, Path]],
    how: Transfer,
    source: tuple[str | None, int | str | None],
    layer: str,
    output: Path | None,
    *,
    overwrite: bool,
) -> list[tuple[Applied, Path]]:
    """Open what is followed, then change the project while it is held."""
    from mien import api
    from mien.api.applying import apply as apply_performance
    from mien.api.applying import open_performance
    from mien.io.project import SUFFIX, check_project

    if project.suffix.lower() != SUFFIX:
        raise UsageError(
            f"{project.name} is no project.", f"Make one with `mien track {project.name}`."
        )
    if output is not None:
        check_project(output, overwrite=overwrite)
    opened = api.load_project(project, which, find_media=how.timing.align_sound)
    tell_outdated(opened.shot)
    ready: list[tuple[int, SourcePerformance, Path]] = []
    for face, path in wanted:
        chosen = api.main_face(opened.shot) if face is None else opened.shot.face(face)
        performance = open_performance(
            path, how, shot=opened.shot, face=chosen, from_shot=source[0], from_face=source[1]
        )
        ready.append((chosen.number, performance, path))
    applied: list[tuple[Applied, Path]] = []

    def change(before: Project) -> Project:
        applied.clear()
        for number, performance, path in ready:
            made = apply_performance(before, performance, how, face=number, layer=layer)
            applied.append((made, path))
            before = made.project
        return before

    # Whatever can be refused is before the file is touched; nor is it where nothing comes out.
    if change(opened).edits == opened.edits and output is None:
        return applied
    title = ", ".join(f"apply {path.name}" for _, _, path in ready)
    api.edit_project(project, change, which, title=title, output=output, overwrite=overwrite)
    return applied


def _facts(applied: Applied, source: Path) -> dict[str, Any]:
    made = applied.made
    return {
        "source": str(source),
        "face": applied.face,
        "layers": list(made.layers),
        "controls": list(made.controls),
        "alike": list(made.alike),
        "frames": [made.frames.start, made.frames.stop],
        "relative": made.relative,
        "keys": made.keys,
        "unknown": list(applied.unknown),
    }


def _tell(applied: Sequence[tuple[Applied, Path]], output: Path | None, project: Path) -> None:
    from mien.api.applying import describe_applied

    for one, source in applied:
        if one.unknown:
            print_notice(f"{source.name}: no controls of mien, left out: {', '.join(one.unknown)}.")
        print_done(describe_applied(one, source.name))
    if output is not None or not all(one.alike for one, _ in applied):
        print_notice(f"wrote {output or project}")
