"""What is in front of the faces of a shot: how it is found, and what the user says of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from mien.errors import UsageError
from mien.model.face_names import read_face
from mien.timebase import FrameRange

__all__ = ["GLASSES", "MATTES", "REGIONS", "GlassesChoice", "MatteStroke", "Occlusion",
           "OcclusionChoice", "read_glasses"]  # fmt: skip

MATTES: Final = 1
"""Version of the mattes: raised whenever the same shot gives others."""

_FURTHEST: Final = 1e6
"""Pixels from the picture's corner beyond which no stroke can be meant."""

_MOST_POINTS: Final = 20_000
"""Points of one stroke at most; a hand draws a few hundred."""

REGIONS: Final = ("eyes", "brows", "mouth", "jaw")
"""Regions of a face whose confidence is told apart, in the order of `Face.region_confidence`."""

GlassesChoice = Literal["auto", "yes", "no"]
GLASSES: Final[tuple[GlassesChoice, ...]] = get_args(GlassesChoice)
"""Whether a face wears glasses: mien looks (`auto`), or the user says so."""


@dataclass(frozen=True, slots=True, repr=False)
class MatteStroke:
    """A stroke of a brush, or of an eraser, on the matte of what is in front of a face.

    It is painted in one frame, and moves with the head in the others that it is for.

    Attributes:
        face: Number of the face.
        frame: Frame in which it was painted.
        span: Frames that it is for; `frame` is one of them.
        points: Positions of its centre line, pixels of the upright picture; one for a dab.
        radius: Half its width, in the same pixels.
        erase: Whether nothing is in front there; otherwise something is.
    """

    face: int
    frame: int
    span: FrameRange
    points: tuple[tuple[float, float], ...]
    radius: float
    erase: bool = False

    def __post_init__(self) -> None:
        if not self.span.start <= self.frame < self.span.stop:
            raise UsageError(f"A stroke of frame {self.frame} is for the frames {self.span}.")
        if not self.points or not self.radius > 0:
            raise UsageError("A stroke on a matte has a point at least, and some width.")
        if not all(map(math.isfinite, (self.radius, *itertools.chain(*self.points)))):
            raise UsageError("A stroke on a matte lies at numbers that are none.")
        if max(map(abs, (self.radius, *itertools.chain(*self.points)))) > _FURTHEST:
            raise UsageError("A stroke on a matte lies far outside any picture.")
        if len(self.points) > _MOST_POINTS:
            raise UsageError(
                f"A stroke on a matte has {len(self.points)} points.",
                f"Draw it in several, of at most {_MOST_POINTS} each.",
            )

    def __repr__(self) -> str:
        what = "eraser" if self.erase else "brush"
        points = "1 point" if len(self.points) == 1 else f"{len(self.points)} points"
        return f"MatteStroke(face {self.face}, {what} of {points} at {self.frame}, {self.span})"


@dataclass(frozen=True, slots=True, repr=False)
class Occlusion:
    """Treatment of things in front of the faces of a shot.

    Attributes:
        detect: Whether mien looks for them; what it finds keeps the plate's pixels.
        fade: Whether edits fade where a face, or a region of it, is not seen well.
        matte: A movie, or pattern of an image sequence, as long as the shot: white is in front.
            It takes the place of what mien finds. None for none.
        glasses: By a face's number, whether it wears glasses; `auto` for the others.
        strokes: Corrections that were painted, the earliest first. They lie on the matte,
            whether mien found it or the user gave it.
        matte_content: Fingerprint of the matte when it was given, by which it is found again;
            empty where it was not looked at.
        matte_online: Whether the matte was found; when not, `matte` is only what a file says,
            and is not to be opened.
    """

    detect: bool = True
    fade: bool = True
    matte: Path | None = None
    glasses: Mapping[int, GlassesChoice] = field(default_factory=dict)
    strokes: tuple[MatteStroke, ...] = ()
    matte_content: str = ""
    matte_online: bool = True

    def __post_init__(self) -> None:
        for number, choice in self.glasses.items():
            if choice not in GLASSES:
                raise UsageError(
                    f"Face {number} cannot have the glasses '{choice}'.",
                    f"Choose one of {', '.join(GLASSES)}.",
                    choices=GLASSES,
                )

    def wears_glasses(self, face: int) -> GlassesChoice:
        """Return what is said of a face's glasses."""
        return self.glasses.get(face, "auto")

    def of_faces(self, numbers: Collection[int]) -> Occlusion:
        """Return this without what is said of faces that are not among some."""
        glasses = {face: choice for face, choice in self.glasses.items() if face in numbers}
        strokes = tuple(stroke for stroke in self.strokes if stroke.face in numbers)
        if len(glasses) == len(self.glasses) and len(strokes) == len(self.strokes):
            return self
        return replace(self, glasses=glasses, strokes=strokes)

    def __hash__(self) -> int:
        return hash(self.facts())

    def __repr__(self) -> str:
        parts = [] if self.detect else ["not looked for"]
        parts += [] if self.fade else ["without fades"]
        parts += [] if self.matte is None else [f"matte {self.matte.name}"]
        parts += [f"glasses of {len(self.glasses)} faces"] if self.glasses else []
        parts += [f"{len(self.strokes)} strokes"] if self.strokes else []
        return f"Occlusion({', '.join(parts) or 'as mien finds it'})"

    def facts(self) -> tuple[Any, ...]:
        """Return what all frames depend on, for names of finished frames.

        Of a matte that is what its files hold, of a stroke only the frames that it is for:
        `rendering.resume` adds both.
        """
        return (
            MATTES,
            self.detect,
            self.matte is not None,
            tuple(sorted(self.glasses.items())),
        )


@dataclass(frozen=True, slots=True)
class OcclusionChoice:
    """A request's word on things in front of faces; what it leaves open the shot says.

    Attributes:
        matte: The matte to use; None where that is left open.
        without_matte: Whether the shot's own matte is not used.
        keep: Whether mien looks for things in front and keeps them; None where that is left open.
        fade: Whether edits fade where a face is not seen well; None where that is left open.
        glasses: Numbers or names of faces, 0 for every one, and whether they wear glasses; what
            comes later counts.
    """

    matte: Path | None = None
    without_matte: bool = False
    keep: bool | None = None
    fade: bool | None = None
    glasses: tuple[tuple[int | str, GlassesChoice], ...] = ()

    def __post_init__(self) -> None:
        if self.without_matte and self.matte is not None:
            raise UsageError("A matte is given, and none is wanted.", "Leave one of them out.")

    def over(self, occlusion: Occlusion) -> Occlusion:
        """Return what is said of a shot, with this on top; the matte is not looked at."""
        changes: dict[str, Any] = {}
        if self.keep is not None:
            changes["detect"] = self.keep
        if self.fade is not None:
            changes["fade"] = self.fade
        if self.matte is not None:
            changes |= {"matte": self.matte, "matte_content": "", "matte_online": True}
        if self.without_matte:
            changes |= {"matte": None, "matte_content": "", "matte_online": True}
        return replace(occlusion, **changes) if changes else occlusion

    def on(self, below: OcclusionChoice) -> OcclusionChoice:
        """Return this, and what it leaves open as another says it."""
        says_matte = self.matte is not None or self.without_matte
        matte = self if says_matte else below
        return OcclusionChoice(
            matte.matte,
            matte.without_matte,
            below.keep if self.keep is None else self.keep,
            below.fade if self.fade is None else self.fade,
            (*below.glasses, *self.glasses),
        )


def read_glasses(texts: Iterable[str]) -> tuple[tuple[int | str, GlassesChoice], ...]:
    """Read who wears glasses, as people type it: `yes` for every face, `2=no` or `Anna=no` for one.

    Returns:
        Numbers or names of faces, 0 for every one, and whether they wear glasses.

    Raises:
        UsageError: When it cannot be read.
    """
    read: list[tuple[int | str, GlassesChoice]] = []
    for text in texts:
        face, given, word = text.rpartition("=")
        choice = next((one for one in GLASSES if one == word.strip().lower()), None)
        if choice is None or (given and not face.strip()):
            raise UsageError(
                f"'{text}' does not say whether a face wears glasses.",
                "Write auto, yes or no; for one face its number or name before, as in 2=yes.",
                choices=GLASSES,
            )
        read.append((read_face(face) if given else 0, choice))
    return tuple(read)
