"""How people call faces: by number, or by name.

A face is called by its number (`2`), by its name (`Anna`; without regard to case where that leaves
no doubt), or by `face 2`, as faces are called until they are named. Digits alone are always a
number, so nobody can be given a name of digits; a name has no other rules than to be one line,
short, and nobody else's. It may have any sign, `:` and `=` too (assignments.py says how).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from mien.errors import NoFaceError, UsageError
from mien.model.controls import nearest

__all__ = ["FaceLabel", "FaceLike", "FaceLikeT", "check_face_name", "choose_face", "default_name",
           "describe_face", "face_facts", "face_word", "is_number", "list_faces", "one_face",
           "one_untracked", "read_face", "untracked_number"]  # fmt: skip

LONGEST_NAME: Final = 100
"""Characters of a name at most."""
_DEFAULT: Final = re.compile(r"face\s+(\d+)", re.IGNORECASE | re.ASCII)


class FaceLike(Protocol):
    """What has a number and a name: a face, or what a file says of one."""

    @property
    def number(self) -> int:
        """The person's number in the shot, from 1."""

    @property
    def name(self) -> str:
        """What people call the face."""


FaceLikeT = TypeVar("FaceLikeT", bound=FaceLike)


@dataclass(frozen=True, slots=True)
class FaceLabel:
    """The number and the name of a face.

    Attributes:
        number: The person's number in the shot, from 1.
        name: What people call the face.
    """

    number: int
    name: str


def default_name(number: int) -> str:
    """Return the name of a face until somebody names it."""
    return f"face {number}"


def read_face(text: str) -> int | str:
    """Return the face that a text means: a number where it is one, otherwise a name.

    Raises:
        UsageError: When it is empty, or no number of a face.
    """
    text = text.strip()
    if not text:
        raise UsageError("A face is named by its number or its name, and this is empty.")
    if not is_number(text):
        return text
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise UsageError(f"There is no face {text[:20]}.", "Faces are numbered 1, 2, ...")
    return number


def is_number(text: str) -> bool:
    """Tell whether a text is a number and so no name; -1 and 1.5 are too, of no face."""
    try:
        float(text)
    except ValueError:
        return False
    return any(c.isdecimal() for c in text)  # nan and inf are names


def choose_face(
    faces: Sequence[FaceLikeT], which: int | str, where: str, path: Path | None = None
) -> FaceLikeT:
    """Find the face that somebody means.

    Args:
        faces: The faces.
        which: A number, or a name.
        where: What holds the faces, for errors.
        path: The file concerned, for errors.

    Raises:
        NoFaceError: When there is none; the message lists those there are.
        UsageError: When there are several of that name.
    """
    wanted = read_face(which) if isinstance(which, str) else which
    if isinstance(wanted, str):
        chosen = _of_name(faces, wanted)
    else:
        chosen = [face for face in faces if face.number == wanted]
    if len(chosen) == 1:
        return chosen[0]
    numbers = [str(face.number) for face in faces]
    if chosen:
        raise UsageError(
            f"{len(chosen)} faces of {where} are called '{wanted}'.",
            f"Choose by number: {', '.join(str(face.number) for face in chosen)}.",
            choices=[str(face.number) for face in chosen],
        )
    names = tuple(face.name for face in faces if _own_name(face))
    said = face_word(wanted)
    remedy = f"Its faces are: {list_faces(faces)}." if faces else ""
    guess = nearest(wanted, names) if isinstance(wanted, str) else None
    if guess is not None:
        remedy = f"Did you mean '{guess}'? {remedy}"
    raise NoFaceError(
        f"{where} has no {said}.",
        remedy or "No face was found in it.",
        path=path,
        choices=[*numbers, *names],
    )


def one_face(
    faces: Sequence[FaceLikeT], own: int | str | None, default: int | str | None,
    where: str, what: str,
) -> FaceLikeT | None:  # fmt: skip
    """Find the one face that something is for which may name one itself, and stand under another.

    Args:
        faces: The faces.
        own: The face that it names itself; None when it names none.
        default: The face that it stands under; None for none.
        where: What holds the faces, for errors.
        what: What is for the face, for errors.

    Returns:
        The face; None when none is named.

    Raises:
        NoFaceError: When there is no such face.
        UsageError: When the two are different ones.
    """
    named = [which for which in (own, default) if which is not None]
    chosen = [choose_face(faces, which, where) for which in named]
    if len({face.number for face in chosen}) > 1:
        raise _two_faces(what, named)
    return chosen[0] if chosen else None


def untracked_number(which: int | str) -> int | None:
    """Return the number of a face in a shot that is still to be tracked; None for a given name."""
    wanted = read_face(which) if isinstance(which, str) else which
    if isinstance(wanted, int):
        return wanted
    default = _DEFAULT.fullmatch(wanted)
    return None if default is None else int(default[1])


def one_untracked(
    own: int | str | None, default: int | str | None, where: str, what: str
) -> int | None:
    """Find the one face that something is for, as `one_face`, before the shot is tracked.

    Returns:
        Its number; None when none is named.

    Raises:
        NoFaceError: When it is a name that somebody gave: nobody has one yet.
        UsageError: When there are two different ones.
    """
    named = [which for which in (own, default) if which is not None]
    numbers = [untracked_number(which) for which in named]
    for which, number in zip(named, numbers, strict=True):
        if number is None:
            raise NoFaceError(
                f"{where} is not tracked yet, so that nobody in it is called '{which}'.",
                "Give a number, or a project whose faces have names.",
            )
    if len(set(numbers)) > 1:
        raise _two_faces(what, named)
    return numbers[0] if numbers else None


def _two_faces(what: str, named: Sequence[int | str]) -> UsageError:
    return UsageError(
        f"{what} names {face_word(named[0])}, and stands under {face_word(named[1])}.",
        "Say one of them only.",
    )


def check_face_name(faces: Sequence[FaceLike], number: int, name: str) -> str:
    """Return a new name of a face as it is kept, when it can have it.

    Args:
        faces: The faces of the shot.
        number: Number of the face.
        name: What it is to be called.

    Raises:
        UsageError: When the name is empty, too long, no single line, a number or another face's.
    """
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name:
        raise UsageError("A face needs a name.", "Write one.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(
            "The name of a face is too long, or holds what cannot be shown.",
            f"Write {LONGEST_NAME} characters at most.",
        )
    default = _DEFAULT.fullmatch(name)
    if is_number(name) or (default and int(default[1]) != number):
        raise UsageError(
            f"'{name}' cannot be a face's name: it reads as a face's number.",
            "Put a word to it, as in 'guest 2'.",
        )
    for face in faces:
        if face.number != number and _folded(face.name) == _folded(name):
            raise UsageError(
                f"Face {face.number} is called '{face.name}' already.", "Choose another name."
            )
    return name


def describe_face(face: FaceLike) -> str:
    """Return how a face is called in a sentence: `face 2`, or `face 2 (Anna)`."""
    return f"face {_listed(face)}"


def list_faces(faces: Sequence[FaceLike]) -> str:
    """Return faces in a row: `1 (Anna), 2`."""
    return ", ".join(map(_listed, faces))


def face_word(which: int | str) -> str:
    """Return how a face that is asked for is called in a sentence: `face 2`, `face 'Anna'`."""
    return f"face '{which}'" if isinstance(which, str) else f"face {which}"


def face_facts(face: FaceLike) -> dict[str, Any]:
    """Return what JSON always says of a face: `number` and `name`."""
    return {"number": face.number, "name": face.name}


def _of_name(faces: Sequence[FaceLikeT], name: str) -> list[FaceLikeT]:
    exact = [face for face in faces if face.name.strip() == name]
    if exact:
        return exact
    alike = [face for face in faces if _folded(face.name) == _folded(name)]
    default = _DEFAULT.fullmatch(name)
    if alike or default is None:
        return alike
    return [face for face in faces if face.number == int(default[1])]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def _own_name(face: FaceLike) -> bool:
    return bool(face.name.strip()) and face.name != default_name(face.number)


def _listed(face: FaceLike) -> str:
    return f"{face.number} ({face.name})" if _own_name(face) else str(face.number)
