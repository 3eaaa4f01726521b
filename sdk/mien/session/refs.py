"""Names of tracks and keys in a document, as selections hold them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KeyRef", "TrackRef"]


@dataclass(frozen=True, slots=True, order=True)
class TrackRef:
    """A track of a document.

    Attributes:
        shot: Id of the shot.
        face: Number of the face.
        layer: Name of the layer.
        index: Place of the track in the layer.
    """

    shot: str
    face: int
    layer: str
    index: int


@dataclass(frozen=True, slots=True, order=True)
class KeyRef:
    """A key of a track.

    Attributes:
        track: The track.
        frame: Frame of the key.
    """

    track: TrackRef
    frame: int
