"""Messages about what is asked of faces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mien.serve.messages.base import (
    Count,
    Encoding,
    FaceRef,
    Handle,
    Message,
    Mode,
    Name,
    Number,
    Numbers,
    Pair,
    Span,
)

__all__ = [
    "EditFacts",
    "GetEditsParams",
    "GetEditsResult",
    "KeyValue",
    "KeyedTrack",
    "LayerValue",
    "RetouchParams",
    "RetouchResult",
    "SampledTrack",
    "SetEditsParams",
    "SetEditsResult",
]


class KeyValue(Message):
    """A value at a frame, and how the curve leaves it."""

    frame: int
    value: float
    interpolation: Literal["hold", "linear", "ease", "bezier"] = "ease"
    handle_in: Pair | None = None
    """Bezier handle before the key: frames (<= 0) and value, as offsets."""
    handle_out: Pair | None = None


class KeyedTrack(Message):
    """Keys on a control, an expression or a viseme."""

    control: Name
    mode: Mode = "add"
    """Whether values are added to the performance, take its place, scale it, or are the
    standard deviation, in frames, of a Gaussian that smooths what lies below."""
    keys: Annotated[list[KeyValue], Field(min_length=1)]
    """In ascending order of frames."""
    span: Span | None = None
    """Frames in which the track acts; all when not given."""
    fade: Count = 6
    """Frames over which it is eased in and out inside the span."""


class SampledTrack(Message):
    """A value for every frame, from a host that has its own keys and curves.

    Values are taken as they are: nothing is eased or interpolated, and outside of them
    nothing is asked.
    """

    control: Name
    mode: Mode = "add"
    """`add`: the values are differences; `replace`: they are what the control is to be."""
    start: Count = 0
    values: Numbers
    """One for every frame from `start` on."""
    fade: Count = 0
    """Frames over which the track is eased in and out inside of them."""


class LayerValue(Message):
    """A named group of tracks, applied in order."""

    name: Name
    weight: Annotated[float, Field(ge=0, le=1)] = 1.0
    muted: bool = False
    tracks: list[SampledTrack | KeyedTrack]


class SetEditsParams(Message):
    """Everything that is asked of one face; what was asked of it before is forgotten."""

    shot: Handle
    face: FaceRef
    layers: list[LayerValue]
    """Bottom first; names are unique. None: nothing is asked."""


class SetEditsResult(Message):
    """What it comes to."""

    active_frames: Count
    """Frames in which the face will differ from the performance."""


class GetEditsParams(Message):
    """Edits to read."""

    shot: Handle
    face: FaceRef | None = None
    """All faces with edits when not given."""
    sampled: bool = False
    """Whether tracks come as a value for every frame in place of keys."""
    encoding: Encoding = "list"
    """Of sampled values."""


class EditFacts(Message):
    """What is asked of one face."""

    face: Number
    layers: list[LayerValue]


class GetEditsResult(Message):
    """What is asked, face by face."""

    edits: list[EditFacts]


class RetouchParams(Message):
    """An everyday job on a face: what it makes comes into a layer of the job's name."""

    shot: Handle
    kind: Literal["lens", "hold-eyes", "remove-blinks", "blink", "soften", "neutralise"]
    face: FaceRef | None = None
    """Null for the largest."""
    span: Span | None = None
    """Frames, the second excluded; null for all."""
    at: Annotated[list[Count], Field(max_length=1000, default_factory=list)]
    """Of `blink` the frames in which eyes are shut; of `hold-eyes` the one whose look is held."""
    strength: Annotated[float, Field(gt=0, le=1)] | None = None
    """How much of it; null for all, of `soften` half."""
    ease: Annotated[int, Field(ge=0, le=100_000)] = 6
    """Frames over which it is eased in and out inside the span."""
    movement: Annotated[float, Field(ge=0, le=1)] | None = None
    """Of `lens` and `hold-eyes`, how much of the eyes' own small movements stays."""
    only: Annotated[
        list[Literal["brows", "eyes", "cheeks", "nose", "mouth", "jaw"]],
        Field(default_factory=list),
    ]
    """Of `soften` and `neutralise`, which parts; none for all of them."""
    keep_blinks: bool = True
    """Of these, whether blinks stay."""
    keep_speech: bool = True
    """Of these, whether what lips and jaw do in speech stays."""


class RetouchResult(Message):
    """What was done."""

    face: int
    layer: str
    notes: list[str]
    """What was done, and what could not be, in a line each."""
    active_frames: Count
    """Frames in which the face's edits change anything."""
