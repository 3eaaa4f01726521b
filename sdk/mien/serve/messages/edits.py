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
