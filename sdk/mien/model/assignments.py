"""`--set [FACE:]NAME=[+|-]VALUE[@START:END]`: an edit typed on the command line.

The one page of its grammar; `set` in lists of shots and in cuts is the same text.

    mouthSmile=+0.6            added to the performance, over the whole shot
    mouthSmile=0.6             in place of the performance
    mouthSmile=+0.6@1.0s:2.0s  over a span, in frames, seconds or timecode
    2:mouthSmile=+0.6          of face 2
    Anna:mouthSmile=+0.6       of the face that is called Anna
    wistful longing=0.5        two feelings, in words

NAME is a control, a control without its side, an expression, a viseme, a feeling, or two feelings
(presets.py). FACE is a number, or a
name as people gave it (face_names.py); digits are always a number. Neither NAME nor what follows it
has a `=`, and NAME has no `:`: so the last `=` ends NAME, the last `:` before it ends FACE, and the
name of a face may have both (`Dr. A: B=C:jawOpen=1` is of the face `Dr. A: B=C`). Nothing is
quoted, blanks beside the signs do not matter.

Without FACE a set is of the face that its `--face` names, or `face:` in a list or a cut, or else of
the largest. What names two faces is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mien.errors import TimeError, UsageError
from mien.model.face_names import FaceLikeT, one_face, read_face
from mien.model.presets import check_value, key_name
from mien.model.spans import list_spans

if TYPE_CHECKING:
    from mien.model.edits import Edit
    from mien.model.face import Face
    from mien.model.shot import Shot

__all__ = ["Assignment", "Bound", "assigned_face", "make_edits", "parse_assignment"]

_SET = re.compile(
    r"(?P<name>[^=@]+)=(?P<sign>[+-]?)(?P<value>\d+\.?\d*|\.\d+)(@(?P<span>.+))?", re.ASCII
)


class Bound:
    """Something typed for a face: it may name one itself, or stand under a `--face`."""

    __slots__ = ()
    control: str
    face: int | str | None
    default_face: int | str | None

    @property
    def faces(self) -> tuple[int | str, ...]:
        """The faces that it names, one way or the other."""
        return tuple(face for face in (self.face, self.default_face) if face is not None)


@dataclass(frozen=True, slots=True)
class Assignment(Bound):
    """A constant value of one control over a span.

    Attributes:
        control: A control, a control without its side, an expression or a viseme.
        value: In the control's unit.
        mode: Added to the performance when a sign was typed, else in its place.
        span: As typed; None for the whole shot.
        face: Number or name of the face that it names itself; None when it names none.
        default_face: Number or name of the face that it was typed for (`--face`); None for the
            largest.
    """

    control: str
    value: float
    mode: Literal["add", "replace"]
    span: str | None
    face: int | str | None = None
    default_face: int | str | None = None

    def apply(self, edit: Edit, layer: str) -> Edit:
        """Return the edit with this value set in a layer."""
        return edit.set(self.control, self.value, span=self.span, mode=self.mode, layer=layer)

    def __str__(self) -> str:
        """As it could have been typed."""
        sign = "+" if self.mode == "add" and self.value >= 0 else ""
        face = "".join(f"{face}:" for face in self.faces[:1])
        span = "" if self.span is None else f"@{self.span}"
        return f"{face}{self.control}={sign}{self.value:g}{span}"

    def without_earlier(self, edit: Edit, layer: str) -> Edit:
        """Return the edit without the value that an earlier set of the kind left in a layer."""
        old = edit.layer(layer)
        span = None if self.span is None else edit.face.clock.parse_range(self.span)
        kind = (self.control, self.mode, span)
        tracks = tuple(
            track
            for track in old.tracks
            if len(track.keys) > 1 or (track.control, track.mode, track.span) != kind
        )
        return edit if tracks == old.tracks else edit.with_layer(replace(old, tracks=tracks))


def parse_assignment(text: str, face: int | str | None = None) -> Assignment:
    """Read one `--set`; its span is read later, when the shot's frame rate is known.

    Args:
        text: The text.
        face: Number or name of the face that it was typed for; None for the largest.

    Raises:
        UsageError: When it cannot be read, or the value is beyond the control's limits.
        UnknownControlError: When nothing has that name.
    """
    named, divided, rest = _divided(text)
    match = _SET.fullmatch(rest)
    if match is None or (divided and not named.strip()):
        raise UsageError(
            f"The set '{text}' cannot be read.",
            "Write NAME=VALUE, or NAME=+VALUE@START:END, as in mouthSmile=+0.6@1.0s:2.0s; for one"
            " face its number or name before, as in 2:mouthSmile=+0.6.",
        )
    name = key_name(match["name"])
    value = float(match["sign"] + match["value"])
    mode: Literal["add", "replace"] = "add" if match["sign"] else "replace"
    check_value(name, value, mode)
    own = read_face(named) if divided else None
    return Assignment(name, value, mode, match["span"], own, face)


def _divided(text: str) -> tuple[str, bool, str]:
    """The face of a set, whether one is named, and the set without it, its blanks tidied."""
    left, sign, right = text.rpartition("=")
    face, colon, name = left.rpartition(":")
    # Blanks inside a name stay: two feelings are two words.
    return face, bool(colon), f"{' '.join(name.split())}{sign}{''.join(right.split())}"


def assigned_face(faces: Sequence[FaceLikeT], assignment: Bound, where: str) -> FaceLikeT | None:
    """Return the face that a set is for; None when it names none.

    Args:
        faces: The faces of the shot.
        assignment: The set, or what else was typed for a face.
        where: What holds the faces, for errors.

    Raises:
        NoFaceError: When there is no such face.
        UsageError: When it names two.
    """
    what = f"'{assignment.control}'"
    return one_face(faces, assignment.face, assignment.default_face, where, what)


def make_edits(
    shot: Shot,
    assignments: Iterable[Assignment],
    main: Face | None,
    layer: str,
    onto: Iterable[Edit] = (),
) -> tuple[Edit, ...]:
    """Return the edits of a shot's faces that sets ask for, one a face.

    Args:
        shot: The shot.
        assignments: The sets, in order.
        main: Whom sets are for that name no face; None when there is no such set.
        layer: Layer that they fill.
        onto: Edits that the shot has, which are returned with the sets: a set takes the place of
            a value of the same control, mode and span that the layer has.

    Raises:
        NoFaceError: When the shot has no such face.
        UsageError: When a set names two faces.
        TimeError: When a span lies outside the shot, or in frames that were not tracked.
    """
    from mien.model.edits import Edit

    edits = {edit.face.number: edit for edit in onto}
    bound: list[tuple[int, Assignment]] = []
    for one in assignments:
        face = assigned_face(shot.faces, one, shot.media.path.name) or main
        if face is None:
            raise UsageError(f"'{one.control}' is set for no face.", "Name one.")
        _check_tracked(shot, one)
        edit = edits.get(face.number) or Edit(shot.face(face.number))
        edits[face.number] = one.without_earlier(edit, layer)
        bound.append((face.number, one))
    for number, one in bound:
        edits[number] = one.apply(edits[number], layer)
    return tuple(edits.values())


def _check_tracked(shot: Shot, assignment: Assignment) -> None:
    if shot.tracked_spans is None or assignment.span is None:
        return
    span = shot.clock.parse_range(assignment.span)
    if shot.untracked_spans(span) == (span,):
        raise TimeError(
            f"'{assignment.control}' is set in the frames {span}, which were not tracked; tracked"
            f" are {list_spans(shot.tracked_spans)}.",
            f"Track them first: `mien track SHOT.mien --frames {span}`.",
        )
