"""Messages about shots and their faces."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from mien.serve.messages.base import (
    Count,
    FaceRef,
    Handle,
    Message,
    Name,
    Number,
    PathText,
    Span,
)
from mien.serve.messages.faces import ConsentFacts, CorrectionFacts, NeutralFacts, SmoothingFacts

__all__ = [
    "CloseParams",
    "ExampleFacts",
    "FaceFacts",
    "FacesParams",
    "FacesResult",
    "MadeBy",
    "OcclusionFacts",
    "OpenParams",
    "RelinkParams",
    "RelinkResult",
    "RenameFaceParams",
    "SaveParams",
    "SetExamplesParams",
    "SetNeutralResult",
    "SetOcclusionParams",
    "SetOcclusionResult",
    "ShotFacts",
    "SolveParams",
    "GlassesParam",
    "GlassesValue",
    "StrokeParam",
    "StrokeValue",
    "TrackParams",
    "WeakSpanFacts",
]

MOST_POINTS: Final = 10_000
"""Points of a stroke at most."""
MOST_STROKES: Final = 10_000
"""Strokes of a shot at most."""
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
Point = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]
"""x and y."""


class OpenParams(Message):
    """A movie, the pattern of an image sequence, or a `.mien` project."""

    path: PathText
    media: PathText | None = None
    """Where a project's media are, if they have moved."""
    project_shot: Name | Number | None = None
    """Name of a project's shot, or its number from 1; needed where it has several."""
    stream: Count | None = None
    """Number of the video stream of a movie that holds several; null for the one that players
    show. A project knows its own."""
    until_damage: bool = False
    """Whether media that are cut short are the frames that are there, in place of an error."""
    missing_frames: Literal["error", "hold", "black"] = "error"
    """What stands for images of a sequence that are missing between others: an error that names
    them, the image before, or black. A project knows its own."""
    progress: bool = False
    """Whether events `progress` that name this request by its `id` tell how far media that have to
    be read through are; such an `open` can be stopped with `cancel`."""


class CloseParams(Message):
    """A shot to let go of; its jobs are cancelled, its handle is no longer known."""

    shot: Handle


class RelinkParams(Message):
    """A shot, and where its media are now."""

    shot: Handle
    media: PathText
    """The movie or pattern of images, in this size or in another, or a folder that holds them."""


class WeakSpanFacts(Message):
    """Frames over which a face was seen badly."""

    start: Count
    stop: Count
    """The frame after the last."""
    regions: list[str]
    """Which of eyes, brows, mouth and jaw; empty for the whole face."""


class FaceFacts(Message):
    """A person of a shot."""

    face: Number
    name: str
    frames_seen: Count
    confidence: float
    """0..1, the mean over the frames in which it was seen."""
    frame: Count
    """A frame in which it is seen well."""
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    """x0, y0, x1, y1 in that frame, pixels of the upright picture."""
    weak: list[WeakSpanFacts]
    """Where it, or a region of it, was seen badly, in order; edits of what is not seen fade."""
    corrections: list[CorrectionFacts]
    """What was put right by hand of its landmarks, in order of frames."""
    neutral: NeutralFacts | None = None
    """What was chosen to be neutral; null where it was learned from the shot."""
    smoothing: SmoothingFacts
    """How its curves are smoothed."""
    consent: ConsentFacts | None = None
    """What permits that it is edited; null where nothing was said."""
    thumbnail: str | None = None
    """Base64 of a PNG of it in that frame; only where it was asked for."""


class MadeBy(Message):
    """The versions of the tools that made a shot's faces."""

    tracker: str
    tracker_version: Count
    solver: Count


class ExampleFacts(Message):
    """Other material of a shot's people."""

    path: PathText
    problem: str
    """Why nothing is learned from it, in a few words; empty where it is."""


class _Stroke(Message):
    frame: Count
    """The frame in which it was painted; it moves with the head in the others."""
    span: Annotated[list[Count], Field(min_length=2, max_length=2)]
    """First frame that it is for, and the frame after the last; `frame` is one of them."""
    points: Annotated[list[Point], Field(min_length=1, max_length=MOST_POINTS)]
    """Its centre line, pixels of the upright picture; one point for a dab."""
    radius: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Half its width, in the same pixels."""
    erase: bool = False
    """Whether nothing is in front there; otherwise something is."""


class StrokeValue(_Stroke):
    """A stroke on the matte of what is in front of a face, painted in one frame."""

    face: Number


class StrokeParam(_Stroke):
    """A stroke to be painted; its face by number or name."""

    face: FaceRef


class _Glasses(Message):
    wears: Literal["auto", "yes", "no"]
    """`auto`: mien looks."""


class GlassesValue(_Glasses):
    """Whether a face wears glasses."""

    face: int = Field(ge=1)


class GlassesParam(_Glasses):
    """Whether a face, by number or name, wears glasses."""

    face: FaceRef


class OcclusionFacts(Message):
    """How things in front of a shot's faces are treated."""

    detect: bool
    """Whether mien looks for them."""
    fade: bool
    """Whether edits fade where a face, or a region of it, is not seen well."""
    matte: PathText | None
    """The movie, or pattern of images, in which what is in front is white."""
    matte_online: bool
    """Whether it was found; where not, renders are refused."""
    strokes: list[StrokeValue]
    """What was painted on the matte, the earliest first."""
    glasses: list[GlassesValue]
    """Which faces wear glasses, where that is said; mien looks at the others."""


class VideoStreamFacts(Message):
    """A video stream of a movie."""

    stream: Count
    description: str
    """Codec and size, in a few words."""


class ShotFacts(Message):
    """A shot that is open."""

    shot: Handle
    path: PathText
    """Of the media."""
    project: PathText | None
    """Path of the project that it was opened from."""
    tracked: bool
    frames: Count
    rate: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Frames a second, as numerator and denominator."""
    variable_rate: bool
    seconds: float
    size: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Width and height of the upright picture in square pixels."""
    start_timecode: str
    kind: Literal["movie", "sequence", "memory"]
    codec: str
    bits: int
    audio: bool
    stream: int
    """Number of the video stream in the movie."""
    video_streams: list[VideoStreamFacts]
    """All pictures that the movie holds; `stream` of `open` chooses another."""
    alpha: bool
    left_out: list[str]
    """What of the source its own kind of file cannot carry, a sentence each."""
    fingerprint: str
    """Names the content, whatever the file is called."""
    cuts: list[int]
    """First frames of new shots inside the material."""
    mixes: list[Span]
    """Dissolves, wipes and fades inside it: of each the first frame, and the one after the last."""
    damaged: list[Span]
    """Frames that could not be decoded when it was tracked: of each span the first, and the one
    after the last."""
    tracked_spans: list[Span] | None
    """The frames that were tracked, of each span the first, and the one after the last; null for
    all. Edits do nothing in the others."""
    cut_short: str
    """What is missing at the end of its media, in a sentence; empty when nothing is."""
    made_by: MadeBy | None = None
    """Versions of the tools that made the faces; null where they are not known."""
    faces: list[FaceFacts]
    edited: list[int]
    """Numbers of the faces that have edits."""
    examples: list[ExampleFacts]
    """Other material of its people, of which renderers learn how they look."""
    occlusion: OcclusionFacts
    """How things in front of its faces are treated."""


class SetNeutralResult(Message):
    """The shot with the face solved again; edits stay."""

    facts: ShotFacts
    notices: list[str]
    """What is doubtful about the choice, in a line each."""


class RelinkResult(Message):
    """The shot on its media, its faces and strokes in their size; edits stay."""

    facts: ShotFacts
    same_content: bool
    """Whether they hold what was tracked."""
    compared: bool
    """Whether pictures were compared, where they do not: what was tracked was at hand."""
    scale: float
    """Size of the pictures over that of those that were tracked."""


class TrackParams(Message):
    """A shot whose faces are to be found. The job's result is `ShotFacts`."""

    shot: Handle
    max_faces: Number | None = None
    tracker: Name = "auto"
    """Name of the tracker; of `hello`'s `trackers`."""
    frames: Span | None = None
    """Frames to track, where not all are wanted. Of a shot that is tracked, further frames: who
    is known keeps number, name and edits."""
    replace: bool = False
    """Whether a shot that is tracked is tracked again; its edits go with its faces."""
    until_damage: bool = False
    """Whether media that break off (pictures of another size) are tracked as far as they go."""


class SolveParams(Message):
    """A shot whose faces are to be solved again, by this mien's solver; edits stay.

    From the landmarks as they were tracked, which projects keep from version 4 on. The job's
    result is `ShotFacts`.
    """

    shot: Handle


class SetExamplesParams(Message):
    """A shot and all other material of its people, in place of what it had.

    What it had already is not tracked again. The job's result is `ShotFacts`.
    """

    shot: Handle
    paths: Annotated[list[PathText], Field(max_length=1000)]
    """Clips, images, patterns of image sequences, and `.mien` projects for all their shots."""


class SetOcclusionParams(Message):
    """A shot, and how things in front of its faces are treated, in place of what held before."""

    shot: Handle
    detect: bool = True
    """Whether mien looks for them; what it finds keeps the plate's pixels."""
    fade: bool = True
    """Whether edits fade where a face, or a region of it, is not seen well."""
    matte: PathText | None = None
    """A movie, or the pattern of images, frame by frame the shot's: white is in front. It takes
    the place of what mien finds. One that the shot has but that was not found stays as it is;
    to say where it is now, take it away first."""
    strokes: list[StrokeParam] = Field(default_factory=list, max_length=MOST_STROKES)
    """What is painted on that, the earliest first."""
    glasses: list[GlassesParam] = Field(default_factory=list)
    """Which faces wear glasses, where that is said; mien looks at the others."""


class SetOcclusionResult(Message):
    """How things in front of faces are treated now."""

    occlusion: OcclusionFacts
    remarks: list[str]
    """What is to be known of how the matte is used; usually nothing."""


class FacesParams(Message):
    """A shot whose faces are to be shown."""

    shot: Handle
    thumbnail: Annotated[int, Field(ge=16, le=1024)] | None = None
    """Pixels along the side of square pictures of them; none when not given."""


class FacesResult(Message):
    """The faces, the first to appear first."""

    faces: list[FaceFacts]


class RenameFaceParams(Message):
    """A face, and the name by which it can be asked for from then on."""

    shot: Handle
    face: FaceRef
    name: Name
    """One line, no number, and no other face's name."""


class SaveParams(Message):
    """A shot to keep, with its faces and edits, as a `.mien` project."""

    shot: Handle
    path: PathText
    overwrite: bool = False
    """Whether another file is replaced, and its own though somebody else changed it since."""
