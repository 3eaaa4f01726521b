"""`--set` and `--face`, whose order on the command line counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Optional, TypeVar

import typer

from mien.cli.command import typed_order
from mien.cli.completions import complete_face, complete_set
from mien.errors import UsageError
from mien.model.assignments import Assignment, Bound, parse_assignment
from mien.model.face_names import read_face

if TYPE_CHECKING:
    from mien.model.shot import Shot

__all__ = ["SetFaces", "Sets", "check_faces", "read_bound", "read_sets"]

BoundT = TypeVar("BoundT", bound=Bound)

_VALUES, _FACES = "values", "faces"
"""Names of the parameters of a verb that has both options."""

Sets = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--set",
        metavar="[FACE:]NAME=[+|-]VALUE[@START:END]",
        autocompletion=complete_set,
        help="Set a control, an expression, a viseme or a feeling: with a sign the value is added"
        " to the performance, without it replaces it. FACE is a number or a name. May be given"
        " several times.",
    ),
]
SetFaces = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--face",
        metavar="N|NAME",
        autocompletion=complete_face,
        help="Number or name of the face that --set is for; the largest when not given. Of several"
        " each is for the sets that follow it.",
    ),
]


def read_sets(
    context: typer.Context, values: Sequence[str] | None, faces: Sequence[str] | None
) -> list[Assignment]:
    """Read what `--set` asks for, each with the `--face` that it stands under.

    One `--face` is for all sets, wherever it stands; of several each is for those that follow it.

    Args:
        context: Of a command whose parameters are called `values` and `faces`.
        values: Each `--set`, in order.
        faces: Each `--face`, in order.

    Raises:
        UsageError: When a set cannot be read, or it is not clear which face is meant.
    """
    return read_bound(
        context, faces, {_VALUES: [(text, parse_assignment) for text in values or ()]}
    )


def read_bound(
    context: typer.Context,
    faces: Sequence[str] | None,
    typed: Mapping[str, Sequence[tuple[str, Callable[[str, int | str | None], BoundT]]]],
) -> list[BoundT]:
    """Read options that are for a face, each with the `--face` that it stands under.

    Args:
        context: Of a command whose parameter for `--face` is called `faces`.
        faces: Each `--face`, in order.
        typed: By the name of a parameter, what was typed for it, each with what reads it.

    Returns:
        What was read, in the order in which it was typed.

    Raises:
        UsageError: When one cannot be read, or it is not clear which face is meant.
    """
    named = [read_face(text) for text in faces or ()]
    texts = {name: iter(list(found)) for name, found in typed.items()}
    if named and not any(typed.values()):
        raise UsageError("--face says whom --set is meant for, and nothing is set.")
    several = len(named) > 1
    read: list[BoundT] = []
    rest, face, used = iter(named), None if several or not named else named[0], True
    for name in typed_order(context):
        if name == _FACES and several:
            if not used:
                raise _unused(face)
            face, used = next(rest), False
        elif name in texts:
            text, parse = next(texts[name])
            one, used = parse(text, face), True
            if several and not one.faces:
                raise UsageError(
                    f"'{text}' stands before the first of several --face.",
                    "Put --face before the sets that it is for, or the face into the set:"
                    " --set 1:NAME=VALUE.",
                )
            read.append(one)
    if not used:
        raise _unused(face)
    return read


def check_faces(shot: Shot, sets: Sequence[Bound]) -> None:
    """Check that the faces that sets name are there, before the shot is tracked for them.

    Raises:
        NoFaceError: When there is no such face, or a name is given before there are names.
        UsageError: When a set names two.
    """
    from mien.model.assignments import assigned_face
    from mien.model.face_names import one_untracked

    where = shot.media.path.name
    for one in sets:
        if shot.faces:
            assigned_face(shot.faces, one, where)
        else:
            one_untracked(one.face, one.default_face, where, f"'{one.control}'")


def _unused(face: int | str | None) -> UsageError:
    return UsageError(
        f"No --set follows --face {face}.",
        "Each of several is for those that follow it: --face 1 --set ... --face 2 --set ...",
    )
