"""A key on a curve that otherwise stays as it runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mien.model.document import Document
from mien.model.edits import ControlTrack
from mien.model.interpolate import Key, cubic
from mien.session.lookup import check_frame, replace_tracks, track_at
from mien.session.refs import TrackRef

__all__ = ["insert_key"]

_HALVINGS = 60


def insert_key(
    document: Document, track: TrackRef, frame: int, value: float | None = None
) -> Document:
    """A document with a key on the curve of a track, which otherwise stays as it runs.

    A Bezier segment is split in two at the key (de Casteljau); an eased one becomes Bezier.

    Args:
        document: The document.
        track: The track.
        frame: Where; a key that is there only takes the value.
        value: Another value than the curve's.

    Raises:
        TimeError: When the frame lies outside the shot.
    """
    check_frame(document, track.shot, frame)
    old = track_at(document, track)
    there = old.key_at(frame)
    keys = _split(old, frame) if there is None else (there,)
    if value is not None:
        keys = tuple(replace(k, value=value) if k.frame == frame else k for k in keys)
    return replace_tracks(document, {track: old.with_keys(keys)})


def _split(track: ControlTrack, frame: int) -> tuple[Key, ...]:
    """A new key at a frame between keys, and its neighbours where they change."""
    value = float(track.values([frame])[0])
    before = max((k for k in track.keys if k.frame < frame), key=lambda k: k.frame, default=None)
    after = min((k for k in track.keys if k.frame > frame), key=lambda k: k.frame, default=None)
    if before is None:
        return (Key(frame, value, "linear"),)
    if after is None:
        # What the last key did to the curve behind it, nothing, begins to count.
        return (replace(before, handle_out=None), Key(frame, value, before.interpolation))
    if before.interpolation in ("hold", "linear"):
        return (Key(frame, value, before.interpolation),)
    points = cubic(before, after)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        u = (low + high) / 2
        weights = np.array([(1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u * u * (1 - u), u**3])
        low, high = (u, high) if weights @ points[:, 0] < frame else (low, u)
    first = points[:-1] + (points[1:] - points[:-1]) * u
    second = first[:-1] + (first[1:] - first[:-1]) * u
    at = np.array((frame, value))
    return (
        replace(before, interpolation="bezier", handle_out=_ahead(first[0] - points[0])),
        Key(frame, value, "bezier", _behind(second[0] - at), _ahead(second[1] - at)),
        replace(after, handle_in=_behind(first[2] - points[3])),
    )


def _ahead(handle: npt.NDArray[np.float64]) -> tuple[float, float]:
    return max(float(handle[0]), 0.0), float(handle[1])


def _behind(handle: npt.NDArray[np.float64]) -> tuple[float, float]:
    return min(float(handle[0]), 0.0), float(handle[1])
