"""The verb that measures an edited shot against its original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.completions import complete_renderer
from mien.cli.edit import LAYER, face_of_unnamed
from mien.cli.options import Json, Overwrite, ShotOfProject
from mien.cli.output import print_done, print_json, print_notice, print_table
from mien.cli.set_options import SetFaces, Sets, check_faces, read_sets
from mien.errors import UsageError
from mien.model.assignments import Assignment, make_edits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.model.document import Project
    from mien.model.edits import Edit
    from mien.reporting import ReportFigure, ShotReport

__all__ = ["BEYOND", "add_to"]

BEYOND = 6
"""Exit code of a report that is beyond a threshold that was asked for."""


_Original = Annotated[
    Path, typer.Argument(metavar="ORIGINAL", help="The movie or image sequence as it was.")
]
_Edited = Annotated[Path, typer.Argument(metavar="EDITED", help="The same, edited.")]
_Project = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--project",
        metavar="SHOT.mien",
        help="The project with the edits; without it only what --set says is known of what was"
        " asked.",
    ),
]
_Page = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("-o", "--output", metavar="REPORT.html", help="Write a page, too."),
]
_Data = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--json-file", metavar="FILE.json", help="Write the figures, too."),
]
_Thresholds = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--fail-under",
        metavar="FILE.json",
        help="Hold the figures to these thresholds, and exit with 6 where one is beyond them.",
    ),
]
_Frames = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--frames",
        metavar="A:B",
        help="The frames of the original that the edited file holds (B excluded); all when not"
        " given.",
    ),
]
_Matte = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--matte",
        metavar="FILE",
        help="Where the edit may change pixels, as `mien render --matte` writes it; as the"
        " project's renderer says when not given.",
    ),
]
_RendererName = Annotated[
    str,
    typer.Option(
        "--renderer",
        metavar="NAME",
        help="The renderer whose matte it is.",
        autocompletion=complete_renderer,
    ),
]
_Watermark = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--watermark",
        metavar="TEXT",
        help="The text that is burnt into the edited file, where it is a draft; as its credentials"
        " say when not given.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(report)


def report(
    original: _Original,
    edited: _Edited,
    project: _Project = None,
    which: ShotOfProject = None,
    values: Sets = None,
    faces: SetFaces = None,
    output: _Page = None,
    data: _Data = None,
    thresholds: _Thresholds = None,
    frames: _Frames = None,
    matte: _Matte = None,
    renderer: _RendererName = "auto",
    watermark: _Watermark = None,
    overwrite: Overwrite = False,
    json: Json = False,
    *,
    context: typer.Context,
) -> None:
    """Measure an edited shot: did it do what was asked, and nothing else?

    What its faces achieve is compared with what the project and --set ask, its pixels with the
    original's. What was typed for `mien render --set` without --save is typed here again.
    """
    from mien.io.files import check_file
    from mien.reporting import report as measure
    from mien.reporting.reports import check_page
    from mien.reporting.writing import write_report_data

    sets = read_sets(context, values, faces)
    if data is not None:
        if data.suffix.lower() != ".json":
            raise UsageError(f"{data.name} is no name of figures.", "Let it end in .json.")
        check_file(data, overwrite=overwrite)
    check_page(output, overwrite=overwrite)
    asked, edits = _asked(original, edited, frames, project, which, sets)
    found = measure(
        original, edited, project=asked, shot=which, edits=edits, output=output, frames=frames,
        matte=matte, renderer=renderer, thresholds=thresholds, watermark=watermark,
        overwrite=overwrite,
    )  # fmt: skip
    if data is not None:
        write_report_data(found, data)
    code = BEYOND if thresholds is not None and found.failed else 0
    written = {"page": output, "data": data}
    if json:
        files = {name: None if path is None else str(path) for name, path in written.items()}
        print_json(found.to_dict() | files, code)
    else:
        _tell(found)
        for path in written.values():
            if path is not None:
                print_notice(f"wrote {path}")
    if code:
        raise typer.Exit(code)


def _asked(
    original: Path,
    edited: Path,
    frames: str | None,
    project: Path | None,
    which: str | None,
    sets: Sequence[Assignment],
) -> tuple[Project | Path | None, tuple[Edit, ...]]:
    """Return the project, and what is asked on top of it.

    Without a project the original is tracked, as `mien render` tracks what is set something for.
    """
    from mien import api
    from mien.io.project import SUFFIX

    refused = original.suffix.lower() == SUFFIX or (project is None and which is not None)
    if not sets or refused:  # by the report
        return project, ()
    if project is not None:
        # Its media are the original, wherever that lies; the report looks for it.
        shot = api.load_project(project, which, find_media=False).shot
        check_faces(shot, sets)
        return project, make_edits(shot, sets, face_of_unnamed(shot, sets), LAYER)
    from mien.media.probe import probe
    from mien.reporting.inputs import check_pair

    opened = api.open_shot(original)
    check_faces(opened, sets)
    check_pair(opened.media, probe(edited), frames)  # before the long work
    shot = api.track(opened)
    return api.Project(shot), make_edits(shot, sets, face_of_unnamed(shot, sets), LAYER)


def _tell(found: ShotReport) -> None:
    many = len(found.faces) > 1
    print_table([_row(one, many=many) for one in found.figures])
    frames = sorted({one.frame for one in found.troubles})
    for note in found.notes:
        print_notice(note)
    if frames:
        worst = found.troubles[0]
        print_done(
            f"{len(frames)} of {len(found.frames)} frames are worth a look, first frame"
            f" {worst.frame}: {worst.what}"
        )
    failed = ", ".join(dict.fromkeys(one.name for one in found.failed))
    print_done(f"beyond their thresholds: {failed}" if failed else "within all thresholds")


def _row(one: ReportFigure, *, many: bool) -> list[str]:
    mark = {True: "ok", False: "beyond", None: ""}[one.passed]
    value = "not measured" if one.value is None else f"{one.value:.4g} {one.unit}".rstrip()
    plate = "" if one.plate is None else f"plate {one.plate:.4g}"
    name = f"{one.name}, face {one.face}" if many and one.face is not None else one.name
    bound: Any = "" if one.threshold is None else one.threshold
    return [name, value, plate, str(bound), mark]
