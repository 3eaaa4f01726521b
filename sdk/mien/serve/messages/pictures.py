"""Messages about pictures: previews and renders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mien.model.watermark import LONGEST_WATERMARK
from mien.serve.messages.base import Count, Handle, Message, Name, PathText, Span

__all__ = ["PreviewParams", "PreviewResult", "RenderParams", "RenderResult"]


class PreviewParams(Message):
    """A frame to look at, upright and as an ordinary display shows it."""

    shot: Handle
    frame: Count
    edited: bool = True
    """The edit, as the embedded renderer makes it; else the plate."""
    max_size: Annotated[int, Field(ge=16, le=16384)] | None = None
    """Pixels of the longer side at most."""
    format: Literal["png", "rgba8"] = "png"
    """`rgba8`: 4 bytes a pixel, rows from top to bottom, no header."""
    to: Literal["inline", "file"] = "inline"
    """`file`: a file in memory (where the system has such) that only this user may read. It
    is there until the client has asked for two more."""


class PreviewResult(Message):
    """The picture."""

    frame: Count
    width: int
    height: int
    format: Literal["png", "rgba8"]
    edited: bool
    """Whether a face was changed in it."""
    data: str | None = None
    """Base64, when it was asked for `inline`."""
    path: PathText | None = None


class RenderParams(Message):
    """A shot to write, with its edits. The job's result is `RenderResult`."""

    shot: Handle
    output: PathText
    frames: Span | None = None
    renderer: Name = "auto"
    settings: dict[str, bool | int | float | str] | None = None
    """Of the renderer, or of `reference` with `auto`; those that are not named are the project's,
    or the renderer's defaults."""
    codec: Name | None = None
    """As `mien render --codec`; the source's when not given."""
    lossless: bool = False
    quality: Literal["lossless", "visually-lossless", "small"] | None = None
    """How well it is encoded; `visually-lossless` when nothing is said of it."""
    crf: Annotated[float, Field(ge=0, le=63)] | None = None
    """In place of `quality`, a constant rate factor of the codec's own scale."""
    bitrate: Annotated[int, Field(ge=10_000, le=10_000_000_000)] | None = None
    """In place of `quality`, bits a second on average."""
    preset: Name | None = None
    """A preset of the encoder, as `mien render --preset`."""
    overwrite: bool = False
    matte: bool = False
    """Whether the mask of what is changed is written, in grey, in place of the picture."""
    until_damage: bool = False
    """Whether the output ends before the first frame of the source that is damaged, in place of
    an error with the code `damaged`."""
    audio: PathText | None = None
    """A file whose sound the output has in place of the shot's own."""
    audio_start: float = 0.0
    """Second of the shot at which its first sample is heard; negative to begin inside it."""
    keep_audio: bool = False
    """Whether the shot's own sound follows as a further track."""
    provenance: bool | None = None
    """Whether it carries signed credentials; what the project says when not given, or else yes."""
    watermark: Annotated[str, Field(min_length=1, max_length=LONGEST_WATERMARK)] | None = None
    """A text that is burnt into every frame, as `DRAFT`; none when not given. A matte has none."""


class RenderResult(Message):
    """What a render did."""

    output: PathText
    frames: Count
    frames_edited: Count
    frames_resumed: Count
    faces: list[int]
    renderer: str | None
    renderer_reason: str
    """Why `auto` chose it, in a few words; empty where it was asked for by its name."""
    codec: str
    quality: str = ""
    """How well it was encoded, in a few words; empty where the codec has one way only."""
    seconds: float
    notes: list[str]
    """What is to be known of how the frames were made, each once."""
    damaged_frame: Count | None = None
    """First frame of the source that is damaged, where the output ends before it."""
    provenance: Literal["embedded", "sidecar", "off", ""] = ""
    """Where its signed credentials are; of a matte, which has none, nothing is said."""
    watermark: str = ""
    """The text that is burnt into every frame; empty without one."""
