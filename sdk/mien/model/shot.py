"""A shot: its media and the faces in it. It holds no pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import SupportsIndex

import numpy as np

from mien._types import ByteArray
from mien.errors import NoFaceError, TimeError
from mien.model.face import Face
from mien.model.face_names import check_face_name, choose_face
from mien.model.media import MediaInfo
from mien.model.mixes import breaks
from mien.model.occlusion import Occlusion
from mien.model.spans import spans_without
from mien.timebase import Clock, FrameRange

__all__ = ["Example", "Shot", "ToolVersions", "main_face"]


@dataclass(frozen=True, slots=True)
class ToolVersions:
    """The versions of the tools that made a shot's faces.

    Attributes:
        tracker: Name of the tracker.
        tracker_version: Version of the tracker's results.
        solver: Version of the solver's results.
    """

    tracker: str
    tracker_version: int
    solver: int

    def __str__(self) -> str:
        return f"tracker {self.tracker} {self.tracker_version}, solver {self.solver}"


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """Other material of a shot's people, of which renderers learn how they look.

    Attributes:
        path: The clip, image or pattern of images.
        shot: The material, tracked; None where it cannot be used.
        problem: Why it cannot be used, in a few words; empty where it can.
        online: Whether its media were found; when not, `path` is only what a file says, and is
            not to be opened.
    """

    path: Path
    shot: Shot | None = None
    problem: str = ""
    online: bool = True

    @property
    def used(self) -> Shot | None:
        """The material where it can be looked at."""
        return self.shot if self.online else None

    def __repr__(self) -> str:
        return f"Example({self.path.name}, {self.problem or self.shot!r})"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A tracked shot.

    Attributes:
        media: Facts of the media.
        faces: Every person's face, in order of first appearance.
        cuts: First frames of new shots inside the material (hard cuts); never frame 0.
        made_by: Versions of the tools that made the faces; None when that is not known: without
            faces, and in projects of an older mien.
        examples: Other material of its people; see `mien.set_examples`.
        mixes: Dissolves, wipes and fades, over which one picture becomes another; in order.
        occlusion: How things in front of its faces are treated.
        damaged: Frames that could not be decoded when it was tracked, in order; no face is seen
            in them.
        tracked_spans: The frames that were tracked, in order, where that is not all of them; None
            for all. In the others nobody knows of a face: edits do nothing there.
    """

    media: MediaInfo
    faces: tuple[Face, ...]
    cuts: tuple[int, ...] = ()
    made_by: ToolVersions | None = None
    examples: tuple[Example, ...] = ()
    mixes: tuple[FrameRange, ...] = ()
    occlusion: Occlusion = field(default_factory=Occlusion)
    damaged: tuple[FrameRange, ...] = ()
    tracked_spans: tuple[FrameRange, ...] | None = None

    def __repr__(self) -> str:
        width, height = self.media.orientation.upright_size
        faces = "1 face" if len(self.faces) == 1 else f"{len(self.faces)} faces"
        return f"Shot({self.media.path.name}, {width} x {height}, {self.clock}, {faces})"

    def __len__(self) -> int:
        """Number of frames."""
        return self.clock.frame_count

    def same_but_occlusion(self, other: Shot) -> bool:
        """Tell whether two shots differ at most in how things in front are treated.

        Tracked data are the same when they are one object.
        """
        names = (field.name for field in fields(self) if field.name != "occlusion")
        return all(getattr(self, name) is getattr(other, name) for name in names)

    @property
    def clock(self) -> Clock:
        """The shot's clock."""
        return self.media.clock

    @property
    def breaks(self) -> tuple[int, ...]:
        """Frames with which something else begins: cuts, and the middles of mixes, ascending."""
        return breaks(self.cuts, self.mixes)

    def untracked_spans(self, within: FrameRange | None = None) -> tuple[FrameRange, ...]:
        """Return the frames that were not tracked, in order; none of a shot tracked as a whole.

        Args:
            within: The frames that are of interest; all when not given.
        """
        if self.tracked_spans is None:
            return ()
        return spans_without(self.clock.all if within is None else within, self.tracked_spans)

    @property
    def duration(self) -> Fraction:
        """Seconds from the start of the first frame to the end of the last."""
        return self.clock.duration

    def frame(self, time: SupportsIndex | str) -> ByteArray:
        """Return the picture of a frame as an ordinary display shows it.

        The file is opened and closed again: for many frames one after the other use
        `mien.media.reader.open_reader`.

        Args:
            time: Frame, seconds (`1.5s`) or timecode.

        Returns:
            (H, W, 3) uint8 sRGB, upright, with square pixels.

        Raises:
            TimeError: When the time cannot be read or lies outside the shot.
            MediaError: When the picture cannot be read.
        """
        # The one import from a room above: a shot without its pictures would be half a value to
        # whoever holds it, and the layers below need not know how they are read.
        from mien.media.stills import read_still

        frame = self.clock.parse(time)
        if not 0 <= frame < len(self):
            raise TimeError(
                f"Frame {frame} lies outside the shot, which has {len(self)} frames.",
                f"Give a frame from 0 to {len(self) - 1}.",
                path=self.media.path,
                frame=frame,
            )
        return read_still(self.media, frame)

    def with_examples(self, examples: Iterable[Example | Shot]) -> Shot:
        """Return this shot with other examples; nothing is looked at.

        Args:
            examples: Examples, or other tracked shots with the same people.
        """
        return replace(self, examples=tuple(_as_example(example) for example in examples))

    def with_occlusion(self, occlusion: Occlusion) -> Shot:
        """Return this shot with things in front of its faces treated otherwise.

        The file of a matte is not looked at; `mien.check_occlusion_matte` does that.

        Args:
            occlusion: How they are treated.

        Raises:
            NoFaceError: When a stroke is for a face that the shot does not have.
            TimeError: When a stroke lies outside the shot.
        """
        for stroke in occlusion.strokes:
            self.face(stroke.face)
            if not 0 <= stroke.span.start < stroke.span.stop <= len(self):
                raise TimeError(
                    f"The stroke of the frames {stroke.span} lies outside the shot, which has"
                    f" {len(self)} frames.",
                    path=self.media.path,
                    frame=stroke.frame,
                )
        return replace(self, occlusion=occlusion)

    def face(self, which: int | str) -> Face:
        """Return the face with a number or a name.

        Args:
            which: The number, or the name (`Anna`); a text of digits is a number.

        Raises:
            NoFaceError: When the shot has no such face; the message lists those it has.
            UsageError: When several faces have that name.
        """
        return choose_face(self.faces, which, self.media.path.name, self.media.path)

    def with_face_name(self, which: int | str, name: str) -> Shot:
        """Return this shot with another name for a face.

        Args:
            which: Number or name of the face.
            name: What it is to be called; no number, and no other face's name.

        Raises:
            NoFaceError: When the shot has no such face.
            UsageError: When the face cannot have the name.
        """
        old = self.face(which)
        renamed = replace(old, name=check_face_name(self.faces, old.number, name))
        return replace(self, faces=tuple(renamed if one is old else one for one in self.faces))


def _as_example(example: Example | Shot) -> Example:
    if isinstance(example, Example):
        return example
    # Of an example its faces are wanted, not what they are solved again from.
    faces = tuple(replace(face, raw_landmarks=None) for face in example.faces)
    shot = replace(example, faces=faces, examples=())
    return Example(example.media.path, shot)


def main_face(shot: Shot) -> Face:
    """Return the face that fills most of the shot, over all frames: whom an edit most likely means.

    Raises:
        NoFaceError: When the shot has no face.
    """
    if not shot.faces:
        raise NoFaceError(f"{shot.media.path.name} has no face.", "Track it first.")

    def filled(face: Face) -> float:
        points = face.landmarks[:, :, :2]
        size = np.fmax.reduce(points, axis=1) - np.fmin.reduce(points, axis=1)
        return float(np.nansum(size.prod(axis=1)))

    return max(shot.faces, key=filled)
