"""Messages about what a performance does."""

from __future__ import annotations

from typing import Literal

from mien.serve.messages.base import Count, Encoding, FaceRef, Handle, Message, Numbers, Span

__all__ = ["ReadEvent", "ReadParams", "ReadResult"]


class ReadParams(Message):
    """A face whose performance is read: blinks, smiles, looks, speech, feelings."""

    shot: Handle
    face: FaceRef
    which: Literal["performance", "target"] = "performance"
    """As performed, or as the edits ask for."""
    units: bool = False
    """Whether the curves of action units and of the look come along."""
    encoding: Encoding = "list"


class ReadEvent(Message):
    """Something that the face does over a few frames."""

    kind: Literal[
        "blink", "eyes closed", "smile", "brow raise", "frown", "at the lens", "away", "speech",
        "feeling",
    ]  # fmt: skip
    frames: Span
    peak: Count
    """The frame in which it is at its most."""
    strength: float
    """How strong it is there, 0 to 1."""
    detail: str
    """More in words: `with cheeks` of a smile, `left` of a look, the word for a feeling."""


class ReadResult(Message):
    """What was read, by first frame. Values of frames that are not valid are 0 and mean nothing."""

    events: list[ReadEvent]
    valid: list[bool]
    units: dict[str, Numbers] | None = None
    """By name, `AU1` to `AU45`, a number a frame from 0 to 1."""
    gaze_angle: Numbers | None = None
    """Degrees between the look and the line to the camera."""
