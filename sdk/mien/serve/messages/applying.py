"""Messages about performances that faces are to follow."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from mien.serve.messages.base import Count, FaceRef, Handle, Message, Name, PathText, Span

__all__ = ["ApplyParams", "ApplyResult"]

_Time = Annotated[int, Field()] | Name
"""A frame, or a time as people type it: `1.5s`, a timecode."""
_Strength = Annotated[float, Field(ge=0, le=1)]


class ApplyParams(Message):
    """A performance that a face is to follow, and how; as `mien.Transfer` has it."""

    shot: Handle
    face: FaceRef
    source: Handle | None = None
    """A shot that this client has open and tracked."""
    path: PathText | None = None
    """A project, a curve file or an image, in place of `source`; a clip is opened and tracked."""
    from_shot: Name | None = None
    """Which shot, where the project holds several."""
    from_face: FaceRef | None = None
    """Whose performance, where the source has several faces."""
    layer: Name = "applied"
    """Layer that it makes, or takes the place of."""
    relative: bool | None = None
    """From each person's rest on, or just as the source does; null for the usual one."""
    only: list[Name] | None = None
    """Groups or controls to take; all but gaze and head when not given."""
    strength: _Strength | dict[Name, _Strength] = 1.0
    """For all, or by group."""
    ease: Count = 6
    tolerance: Annotated[float, Field(ge=0)] = 0.01
    at: _Time | None = None
    """When the pose of an image is reached; without it it is held over the span."""
    span: Span | None = None
    source_span: Span | None = None
    offset: _Time = 0
    rate: float = 1.0
    fit: bool = False
    warp: list[Annotated[list[_Time], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list
    )
    """Times of the shot, each with the time of the source that is seen then."""
    align_sound: bool = False

    @model_validator(mode="after")
    def _one(self) -> ApplyParams:
        if (self.source is None) == (self.path is None):
            raise ValueError("give one of source and path")
        return self


class ApplyResult(Message):
    """What was made: nothing, without layers, where the face does what the source does already."""

    layers: list[str]
    controls: list[str]
    alike: list[str]
    """Controls that the face does already as the source does, and that have no track."""
    frames: Span
    keys: Count
    relative: bool
    unknown: list[str]
    """Names in the source that are no controls, and were left out."""
