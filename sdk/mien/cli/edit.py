"""The verb that edits the faces of a project from the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.options import Json, Overwrite, ProjectOutput, ShotOfProject
from mien.cli.output import describe_keys, print_json, print_notice, print_table
from mien.cli.set_options import SetFaces, Sets, check_faces, read_bound
from mien.errors import UsageError
from mien.model.assignments import Assignment, Bound, make_edits, parse_assignment
from mien.model.face_names import describe_face
from mien.model.removals import Removal, parse_removal, without_edits

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.model.document import Project
    from mien.model.face import Face
    from mien.model.shot import Shot

__all__ = ["LAYER", "add_to", "apply_typed", "describe_typed", "face_of_unnamed"]

LAYER = "command line"
"""Name of the layer that `--set` fills."""

_Removed = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--remove",
        metavar="[FACE:]NAME[@TIME|@START:END]",
        help="Take out what is asked of a control: all of it, the key at a time, or what is in a"
        " span. May be given several times; comes before --set.",
    ),
]
_RemovedLayers = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--remove-layer",
        metavar="NAME",
        help="Take out a layer, of the --face that is named or of everybody. May be given several"
        " times; comes before --set.",
    ),
]
_LayerName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--layer",
        metavar="NAME",
        help=f"The layer that --set fills, '{LAYER}' by default, and that --remove takes from, all"
        " by default.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(edit)


def edit(
    project: Annotated[
        Path, typer.Argument(metavar="SHOT.mien", help="A project with tracked faces.")
    ],
    values: Sets = None,
    faces: SetFaces = None,
    removed: _Removed = None,
    removed_layers: _RemovedLayers = None,
    layer: _LayerName = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back the last edit of the command line.")
    ] = False,
    redo: Annotated[
        bool, typer.Option("--redo", help="Do again what --undo took back last.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List layers, tracks, keys and what --undo takes back.")
    ] = False,
    which: ShotOfProject = None,
    output: ProjectOutput = None,
    overwrite: Overwrite = False,
    json: Json = False,
    *,
    context: typer.Context,
) -> None:
    """Edit the faces of a project; list what is asked of them, take edits back.

    A set takes the place of one of the same control and span in its layer. The media are not
    needed, and nothing is rendered.
    """
    from mien import api
    from mien.io.project import SUFFIX

    if project.suffix.lower() != SUFFIX:
        raise UsageError(
            f"{project.name} is no project.",
            f"Make one with `mien track {project.name}`, or edit and render at once with"
            " `mien render --save`.",
        )
    readers: dict[str, list[tuple[str, Callable[[str, int | str | None], Bound]]]] = {
        "values": [(text, parse_assignment) for text in values or ()],
        "removed": [(text, parse_removal) for text in removed or ()],
        "removed_layers": [(text, _layer_removal) for text in removed_layers or ()],
    }
    typed = read_bound(context, faces, readers)
    change = _chosen(typed, layer, undo=undo, redo=redo, listed=listed)
    if change is None:
        if output is not None:
            raise UsageError("--output goes with an edit, and --list makes none.")
        document = api.load_document(project, find_media=False)
        shown = document.choose(which, project.name)
    else:
        title = describe_typed(typed, layer)
        shown = api.edit_project(
            project, change, which, title=title, output=output, overwrite=overwrite
        )
    facts = api.summarize_project(shown)
    if json:
        names = ("shot", "id", "faces", "edits", "history")
        print_json({"project": str(output or project)} | {name: facts[name] for name in names})
        return
    _tell(facts)
    if change is not None:
        print_notice(f"wrote {output or project}")


def apply_typed(
    project: Project, typed: Sequence[Bound], main: Face | None, layer: str | None
) -> Project:
    """Return a project with what was typed for its faces: removals first, then sets.

    Args:
        project: The project, tracked.
        typed: What was typed.
        main: Whom it is for where it names no face; None when it always does.
        layer: The layer that sets fill and that removals take from; None for the usual ones.
    """
    removals = [one for one in typed if isinstance(one, Removal)]
    sets = [one for one in typed if isinstance(one, Assignment)]
    project = without_edits(project, removals, main, layer)
    for made in make_edits(project.shot, sets, main, layer or LAYER, project.edits):
        project = project.with_edit(made)
    return project


def describe_typed(typed: Sequence[Bound], layer: str | None) -> str:
    """Say in a line what was typed."""
    where = "" if layer is None else f" in layer {layer}"
    return ", ".join(map(str, typed)) + where


def face_of_unnamed(shot: Shot, typed: Sequence[Bound]) -> Face | None:
    """Return whom that is for which names no face; it is said who that is where there are more."""
    from mien import api

    unnamed = [one for one in typed if not one.faces and not _of_everybody(one)]
    if not unnamed:
        return None
    main = api.main_face(shot)
    if len(shot.faces) > 1:
        print_notice(
            f"{len(shot.faces)} faces; editing {describe_face(main)}, the largest."
            " Choose another with --face."
        )
    return main


def _layer_removal(name: str, face: int | str | None) -> Removal:
    return Removal(name, whole_layer=True, default_face=face)


def _of_everybody(one: Bound) -> bool:
    return isinstance(one, Removal) and one.whole_layer


def _chosen(
    typed: Sequence[Bound], layer: str | None, *, undo: bool, redo: bool, listed: bool
) -> Callable[[Project], Project] | None:
    """What is to be done to the project; None to list it only."""
    from mien import api

    if listed and (undo or redo or typed):
        raise UsageError(
            "--list changes nothing, and an edit is given with it.",
            "Leave --list out: what is there then is listed after every edit.",
        )
    if undo + redo + bool(typed) > 1:
        raise UsageError(
            "--undo, --redo and edits are one thing each.", "Give them one after another."
        )
    if layer is not None and (not layer.strip() or not typed):
        raise UsageError(
            "--layer names the layer of --set and --remove, and there is none of them."
            if layer.strip()
            else "A layer needs a name.",
            "Add --set or --remove, or leave --layer out." if layer.strip() else "",
        )
    if undo:
        return api.undo_edits
    if redo:
        return api.redo_edits
    if typed:

        def change(project: Project) -> Project:
            check_faces(project.shot, typed)
            main = face_of_unnamed(project.shot, typed)
            return apply_typed(project, typed, main, layer)

        return change
    if not listed:
        raise UsageError(
            "Nothing is to be edited.", "Give --set, --remove, --remove-layer, --undo or --list."
        )
    return None


def _tell(facts: Mapping[str, Any]) -> None:
    names = {face["number"]: face["name"] for face in facts["faces"]}
    rows = [["face", "layer", "control", "mode", "span", "keys"]]
    for edited in facts["edits"]:
        for layer in edited["layers"]:
            state = ", muted" if layer["muted"] else ""
            weight = "" if layer["weight"] == 1 else f", weight {layer['weight']:g}"
            name = f"{layer['name']}{weight}{state}"
            for track in layer["tracks"]:
                span = "all" if track["span"] is None else "{}:{}".format(*track["span"])
                rows.append(
                    [names[edited["face"]], name, track["control"], track["mode"], span,
                     _keys(track["keys"])]
                )  # fmt: skip
            if not layer["tracks"]:
                rows.append([names[edited["face"]], name, "nothing", "", "", ""])
    if len(rows) > 1:
        print_table(rows)
    else:
        typer.echo("no edits")
    for word, titles in (
        ("--undo", facts["history"]["done"]),
        ("--redo", facts["history"]["undone"]),
    ):
        if titles:
            typer.echo(f"{word}: {titles[-1]}")


def _keys(keys: Sequence[Mapping[str, Any]]) -> str:
    if len(keys) == 1:
        return f"{keys[0]['value']:g}"
    return describe_keys(keys)
