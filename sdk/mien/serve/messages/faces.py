"""Messages that put tracking right: who is who, landmarks by hand, faces tracked again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mien.serve.messages.base import Count, FaceRef, Handle, Message, Name, Pair, PathText, Span

__all__ = [
    "ClearConsentParams",
    "ConsentFacts",
    "CorrectLandmarksParams",
    "CorrectionFacts",
    "ImportLandmarksParams",
    "MergeFacesParams",
    "NeutralFacts",
    "RemoveCorrectionsParams",
    "RemoveFaceParams",
    "RetrackFaceParams",
    "SetConsentParams",
    "SetNeutralParams",
    "SmoothFacesParams",
    "SmoothingFacts",
    "SplitFaceParams",
    "UndoFacesParams",
]

Group = Literal["left_eye", "right_eye", "brows", "nose", "mouth", "jaw"]
"""Landmarks that are moved together; left and right are the person's."""


class MergeFacesParams(Message):
    """Faces that are one person, never two of them in one frame; edits stay with their frames."""

    shot: Handle
    faces: Annotated[list[FaceRef], Field(min_length=2, max_length=1000)]
    """The first keeps its number and name."""


class SplitFaceParams(Message):
    """A face that is two people."""

    shot: Handle
    face: FaceRef
    frames: Span
    """Frames that are of somebody else, who gets the next number that is free."""


class RemoveFaceParams(Message):
    """A face to take out, with what is asked of it."""

    shot: Handle
    face: FaceRef


class CorrectionFacts(Message):
    """Landmarks of a face that were moved by hand in one frame."""

    frame: Count
    group: Group
    dx: float
    """Pixels of the upright picture to the right, from where they were tracked."""
    dy: float
    """The same, down."""
    before: Count
    """Frames before it over which it fades."""
    after: Count
    """The same of frames after it."""


class CorrectLandmarksParams(Message):
    """Landmarks to be moved by hand in one frame; pose and controls follow."""

    shot: Handle
    face: FaceRef
    frame: Count
    group: Group
    dx: Annotated[float, Field(ge=-1e5, le=1e5)]
    """Pixels of the upright picture to the right, from where they are now."""
    dy: Annotated[float, Field(ge=-1e5, le=1e5)]
    """The same, down."""
    before: Annotated[int, Field(ge=0, le=100_000)] = 6
    """Frames before it over which it fades."""
    after: Annotated[int, Field(ge=0, le=100_000)] = 6
    """The same of frames after it."""


class RemoveCorrectionsParams(Message):
    """Corrections by hand that are taken away; what was tracked is there again."""

    shot: Handle
    face: FaceRef | None = None
    """Null for every face."""
    frame: Count | None = None
    """Only those of this frame."""
    group: Group | None = None
    """Only those of these landmarks."""


class RetrackFaceParams(Message):
    """A face to be tracked again from a hint, or a new one. The job's result is `ShotFacts`."""

    shot: Handle
    at: Count
    """The frame of the hint."""
    face: FaceRef | None = None
    """Null for a new one."""
    name: Name | None = None
    """Of a new one."""
    frames: Span | None = None
    """Frames that are tracked again, up to a cut; null for all between the cuts around `at`."""
    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    """x, y, width and height around the face, brows to chin, pixels of the upright picture."""
    point: Pair | None = None
    """x and y on the face, in place of a box."""


class ImportLandmarksParams(Message):
    """A JSON file of another tracker, and whose face it is."""

    shot: Handle
    path: PathText
    face: FaceRef | None = None
    """The face that is replaced in the frames of the file; null for a new one."""
    name: Name | None = None
    """Of a new one."""


class NeutralFacts(Message):
    """What was chosen to be neutral for a face: a frame, a picture, or (neither) it at rest."""

    frame: Count | None
    picture: str | None
    """Name of the image file."""
    frames: Annotated[int, Field(ge=1)]
    """How many frames it is the middle of."""


class SetNeutralParams(Message):
    """What is to be neutral for a person: a frame, a picture, the face at rest, or as learned.

    The face is solved again, with all controls at about 0 there.
    """

    shot: Handle
    face: FaceRef | None = None
    """Null for the largest."""
    frame: Count | None = None
    image: PathText | None = None
    """A picture of the same person, in place of a frame. With neither, it is where the shot shows
    the face at rest."""
    reset: bool = False
    """Whether it is the neutral face that is learned from the shot again."""


class SmoothingFacts(Message):
    """How curves are smoothed."""

    method: Literal["adaptive", "savgol", "one-euro", "median", "none"] = "adaptive"
    """As much as the noise asks for, parabolas fitted to windows, a low pass that opens with speed,
    medians of windows, or as solved."""
    strength: float = 1.0
    """0 (as solved) to 5; 1 is as usual."""
    groups: dict[str, float] = Field(default_factory=dict)
    """Strengths of single groups of controls, in place of that."""
    seconds: float | None = None
    """Window or time constant at a strength of 1; null for the usual one."""


class SmoothFacesParams(SmoothingFacts):
    """How the curves of faces are to be smoothed, from the raw ones; edits stay.

    Without anything but the shot, as they were tracked.
    """

    shot: Handle
    face: FaceRef | None = None
    """Null for every face."""


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A day, as 2026-11-30."""


class ConsentFacts(Message):
    """What permits that a person's face is edited."""

    performer: Annotated[str, Field(min_length=1, max_length=2000)]
    """Who the person is."""
    ground: Annotated[str, Field(min_length=1, max_length=2000)]
    """On what ground."""
    date: Day
    """The first of its days."""
    expires: Day | None = None
    """The last of its days; null for no end."""
    document: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """SHA-256 of the document that says so; empty for none."""
    controls: list[Name] = Field(default_factory=list)
    """Controls or groups of them that may be edited; empty for all."""
    uses: list[Name] = Field(default_factory=list)
    """What renders may be used for; empty for anything."""


class SetConsentParams(ConsentFacts):
    """On whose word a face may be edited, in place of what was said before."""

    shot: Handle
    face: FaceRef
    document_path: PathText | None = None
    """The document itself, in place of its hash; it is read, and kept nowhere."""


class ClearConsentParams(Message):
    """A face of which nothing permits that it is edited."""

    shot: Handle
    face: FaceRef


class UndoFacesParams(Message):
    """A shot whose last change of faces is taken back.

    Faces merged, split, renamed, removed, corrected, made neutral, smoothed, given a consent,
    tracked from a hint or imported. Edits that were set since stay with faces that are there.
    """

    shot: Handle
