"""Messages about signed credentials."""

from __future__ import annotations

from typing import Any, Literal

from mien.serve.messages.base import Message, PathText

__all__ = ["ReadProvenanceParams", "ReadProvenanceResult"]


class ReadProvenanceParams(Message):
    """A file whose credentials (C2PA) are read and checked."""

    path: PathText
    """A movie, an image or another file, a pattern of images, or a sidecar."""


class ReadProvenanceResult(Message):
    """What the file says of where it comes from, and what of that is valid."""

    path: PathText
    state: Literal["none", "invalid", "valid", "trusted"]
    sidecar: PathText | None
    """The file beside it that holds the manifest, where it is not in the file."""
    problems: list[str]
    """What is not valid, a sentence each."""
    signer: str
    self_made: bool
    """Whether mien made the signer's certificate itself: it is no proof of who signed."""
    generator: str
    source_type: str
    actions: list[dict[str, Any]]
    """What was done, in order, as C2PA tells it."""
    edit: dict[str, Any]
    """What mien keeps of its own edit; empty for files of other programs."""
    ingredients: list[dict[str, Any]]
