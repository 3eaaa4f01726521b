"""What a job of a batch asks of faces: which ones, and the edits that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mien.api.applying import apply, describe_applied
from mien.jobs.curves import read_layer
from mien.jobs.job import ApplyInput, CurvesInput
from mien.model.assignments import Assignment, assigned_face, make_edits, parse_assignment
from mien.model.control_names import suggested_names
from mien.model.edits import Edit, stacked_edits
from mien.model.face import Face
from mien.model.face_names import (
    FaceLabel,
    FaceLike,
    default_name,
    one_face,
    one_untracked,
    untracked_number,
)
from mien.model.shot import Shot, main_face

__all__ = ["FaceRequest", "check_request", "expected_faces", "request_edits", "requested_faces"]

_LAYER = "batch"
"""Name of the layer that `set` fills."""


class FaceRequest(Protocol):
    """What is asked of a shot's faces: a job, or the order that it became."""

    @property
    def set(self) -> tuple[str, ...]:
        """Edits as typed for `--set`."""

    @property
    def face(self) -> int | str | None:
        """Number or name of the face that what names none is for; None for the largest."""

    @property
    def curves(self) -> tuple[CurvesInput | ApplyInput, ...]:
        """Curve files and performances that faces follow."""


def check_request(request: FaceRequest, faces: Sequence[FaceLike] | None, where: str) -> None:
    """Check that the faces that a request names are there, before anything is rendered.

    Args:
        request: The request.
        faces: The shot's faces; None where it is still to be tracked.
        where: Name of the shot's media, for errors.

    Raises:
        NoFaceError: When there is no such face, or a name is given before there are names.
        UsageError: When a set or a curve file names two faces.
    """
    if faces is None:
        for own, default, what in _namings(request):
            one_untracked(own, default, where, what)
    else:
        requested_faces(request, faces, where)


def requested_faces(
    request: FaceRequest, faces: Sequence[FaceLike], where: str
) -> tuple[set[int], bool]:
    """Return numbers of the faces that a request names, and whether some of it names none.

    Raises:
        NoFaceError: When there is no such face.
        UsageError: When a set or a curve file names two faces.
    """
    chosen = [assigned_face(faces, one, where) for one in _assignments(request)]
    chosen += [_follower(faces, one, request, where) for one in request.curves]
    return {face.number for face in chosen if face is not None}, None in chosen


def expected_faces(request: FaceRequest) -> list[FaceLabel] | None:
    """Return the faces that a request names of a shot that is still to be tracked.

    None where some of it is for the largest, whom only tracking tells.
    """
    faces = set()
    for own, default, _ in _namings(request):
        which = default if own is None else own
        number = None if which is None else untracked_number(which)
        if number is None:
            return None
        faces.add(number)
    return [FaceLabel(number, default_name(number)) for number in sorted(faces)]


def request_edits(request: FaceRequest, shot: Shot) -> tuple[list[Edit], tuple[str, ...]]:
    """Return the edits that `curves` and `set` ask for, and what is to be known of them.

    Args:
        request: The request.
        shot: The shot, tracked.

    Raises:
        MienError: When a face is not there, or a curve file cannot be used.
    """
    if not request.curves and not request.set:
        return [], ()
    where = shot.media.path.name
    _, largest = requested_faces(request, shot.faces, where)
    main: Face | None = main_face(shot) if largest else None
    edits: list[Edit] = []
    notes: list[str] = []
    for curves in request.curves:
        face = _follower(shot.faces, curves, request, where) or main
        if isinstance(curves, ApplyInput):
            if face is not None:
                edits.append(_applied(curves, shot, face.number, notes))
            continue
        made = read_layer(curves, shot.clock)
        if face is not None:
            edits.append(Edit(shot.face(face.number)).with_layer(made.layer))
        notes += [f"{curves.file.name}: {notice}" for notice in made.notices]
        if made.unknown:
            names = suggested_names(made.unknown)
            notes.append(f"{curves.file.name}: no controls of mien, left out: {names}.")
    edits += make_edits(shot, _assignments(request), main, _LAYER)
    return list(stacked_edits(shot, edits)), tuple(notes)


def _applied(one: ApplyInput, shot: Shot, face: int, notes: list[str]) -> Edit:
    """The layers in which a face follows a performance; what is to be known is noted."""
    applied = apply(
        shot, one.file, one.how, face=face, from_shot=one.from_shot, from_face=one.face,
        layer=one.layer, progress=False,
    )  # fmt: skip
    if applied.unknown:
        names = suggested_names(applied.unknown)
        notes.append(f"{one.file.name}: no controls of mien, left out: {names}.")
    if applied.alike:
        notes.append(f"{describe_applied(applied, one.file.name)}.")
    return applied.edit


def _assignments(request: FaceRequest) -> list[Assignment]:
    return [parse_assignment(text, request.face) for text in request.set]


def _follower(
    faces: Sequence[FaceLike], curves: CurvesInput | ApplyInput, request: FaceRequest, where: str
) -> FaceLike | None:
    """The face that is to follow a curve file; None where none is named."""
    return one_face(faces, curves.to_face, request.face, where, f"'{curves.file.name}'")


def _namings(request: FaceRequest) -> list[tuple[int | str | None, int | str | None, str]]:
    """By set and curve file: the face that it names itself, the one it stands under, its name."""
    own = [(one.face, f"'{one.control}'") for one in _assignments(request)]
    own += [(one.to_face, f"'{one.file.name}'") for one in request.curves]
    return [(face, request.face, what) for face, what in own]
