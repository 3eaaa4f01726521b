"""The verb that chooses how curves are smoothed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from mien.cli.completions import complete_face
from mien.cli.face_changes import changes_project
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.model.document import Project
    from mien.model.smoothing import Smoothing

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(smooth)


@changes_project()
def smooth(
    shot: Project,
    face: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--face",
            metavar="N|NAME",
            help="Number or name of the face; every face when not given.",
            autocompletion=complete_face,
        ),
    ] = None,
    method: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--method", metavar="METHOD", help="adaptive, savgol, one-euro, median or none."
        ),
    ] = None,
    strength: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--strength",
            metavar="[GROUP=]X,...",
            help="How much, 0 to 5 (1 is as usual), of all or of a group, as eyes=0.5; may be given"
            " again.",
        ),
    ] = None,
    seconds: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--seconds", metavar="S", help="Window or time constant of the method."),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="As they were tracked.")] = False,
) -> Project:
    """Choose how the curves of faces are smoothed, from the raw ones; edits stay.

    What is not given stays as it was chosen before.
    """
    from mien import api
    from mien.model.face_names import read_face
    from mien.model.smoothing import USUAL_SMOOTHING

    given = method is not None or bool(strength) or seconds is not None
    if given == reset:
        raise UsageError(
            "How curves are to be smoothed has to be said once.",
            "Give --method, --strength or --seconds, or --reset for as they were tracked.",
        )
    faces = shot.shot.faces if face is None else (shot.shot.face(read_face(face)),)
    if not faces:
        return api.smooth_faces(shot)  # Which says that there are none.
    for one in faces:
        how = USUAL_SMOOTHING if reset else _changed(one.smoothing, method, strength or [], seconds)
        shot = api.smooth_faces(shot, how, one.number)
    return shot


def _changed(
    old: Smoothing, method: str | None, strengths: list[str], seconds: float | None
) -> Smoothing:
    from mien.model.smoothing import as_method

    how = old
    if method is not None and method != old.method:
        # Another method's window is not this one's.
        how = replace(old, method=as_method(method), seconds=None)
    for typed in (one.strip() for some in strengths for one in some.split(",")):
        group, named, text = typed.rpartition("=")
        try:
            value = float(text)
        except ValueError:
            raise UsageError(
                f"{typed!r} is no strength.", "Give a number, as 0.5, or GROUP=NUMBER, as eyes=0.5."
            ) from None
        if named:
            how = replace(how, groups=(*how.groups, (group.strip(), value)))
        else:
            how = replace(how, strength=value)
    return how if seconds is None else replace(how, seconds=seconds)
