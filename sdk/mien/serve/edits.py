"""Between the protocol's layers and the SDK's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import TimeError
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.face import Face
from mien.model.interpolate import Key
from mien.model.presets import key_name
from mien.serve.messages import (
    Encoding,
    KeyedTrack,
    KeyValue,
    LayerValue,
    SampledTrack,
)
from mien.serve.numbers import read_numbers, write_numbers
from mien.timebase import FrameRange

__all__ = ["make_edit", "write_layers"]


def make_edit(face: Face, layers: Sequence[LayerValue]) -> Edit:
    """The edit that a host asks for.

    Raises:
        MienError: When a name, a time or a value cannot be meant; it is named.
    """
    return Edit(
        face,
        [
            Layer(
                layer.name,
                tuple(_make_track(face, track) for track in layer.tracks),
                layer.weight,
                layer.muted,
            )
            for layer in layers
        ],
    )


def write_layers(
    edit: Edit, *, sampled: bool = False, encoding: Encoding = "list"
) -> list[LayerValue]:
    """An edit as a host reads it.

    Args:
        edit: The edit.
        sampled: Whether its tracks come as values in place of keys.
        encoding: Of the values.
    """
    frames = edit.face.clock.frame_count

    def written(track: ControlTrack) -> SampledTrack | KeyedTrack:
        return _sampled(track, frames, encoding) if sampled else _keyed(track)

    return [
        LayerValue(
            name=layer.name,
            weight=layer.weight,
            muted=layer.muted,
            tracks=[written(track) for track in layer.tracks],
        )
        for layer in edit.layers
    ]


def _make_track(face: Face, track: SampledTrack | KeyedTrack) -> ControlTrack:
    frames, control = face.clock.frame_count, key_name(track.control)
    if isinstance(track, SampledTrack):
        values = read_numbers(track.values)
        return ControlTrack.sampled(
            control, track.start, values, frames, mode=track.mode, fade=track.fade
        )
    for key in track.keys:
        if not 0 <= key.frame < frames:
            raise TimeError(
                f"The key of {track.control} at frame {key.frame} lies outside the shot, which has"
                f" {frames} frames.",
            )
    keys = tuple(
        Key(key.frame, key.value, key.interpolation, _pair(key.handle_in), _pair(key.handle_out))
        for key in track.keys
    )
    span = None
    if track.span is not None:
        span = face.clock.parse_range(f"{track.span[0]}:{track.span[1]}")
    return ControlTrack(control, keys, track.mode, span, track.fade)


def _pair(handle: Sequence[float] | None) -> tuple[float, float] | None:
    return None if handle is None else (handle[0], handle[1])


def _sampled(track: ControlTrack, frames: int, encoding: Encoding) -> SampledTrack:
    span = track.span or FrameRange(0, frames)
    values = track.values(np.arange(span.start, span.stop))
    return SampledTrack(
        control=track.control,
        mode=track.mode,
        start=span.start,
        values=write_numbers(values, encoding),
        fade=0 if track.span is None else track.fade,
    )


def _keyed(track: ControlTrack) -> KeyedTrack:
    return KeyedTrack(
        control=track.control,
        mode=track.mode,
        keys=[
            KeyValue(
                frame=key.frame,
                value=key.value,
                interpolation=key.interpolation,
                handle_in=None if key.handle_in is None else list(key.handle_in),
                handle_out=None if key.handle_out is None else list(key.handle_out),
            )
            for key in track.keys
        ],
        span=None if track.span is None else [track.span.start, track.span.stop],
        fade=track.fade,
    )
