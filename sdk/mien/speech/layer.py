"""A mouth that says something, as a layer of an edit: keys that an editor can see and change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.face.amounts import EditAmounts
from mien.face.rig import load_rig
from mien.model.control_track import ControlTrack
from mien.model.controls import INDEX, sides
from mien.model.edits import Layer
from mien.model.key_reduction import reduce_keys
from mien.model.voice import VoiceMode
from mien.speech.mouth import MOUTH
from mien.timebase import FrameRange

__all__ = ["VOICE_LAYER", "speaking_layer"]

VOICE_LAYER: Final = "voice"
"""Name of the layer when nobody names one."""
TOLERANCE: Final = 0.01
"""How far a curve through the keys may lie from the curve that was made, at any frame."""
_QUIET: Final = ("mouthShrugUpper", "mouthShrugLower")
"""What the old speech did with its lips, and the new does not: taken to rest."""

_Array = npt.NDArray[np.float64]


def speaking_layer(
    curves: Mapping[str, _Array],
    rest: Mapping[str, float],
    span: FrameRange,
    *,
    name: str = VOICE_LAYER,
    mode: VoiceMode = "replace",
    fade: int = 0,
) -> Layer:
    """Return a layer in which a mouth follows curves over a span.

    Args:
        curves: (N,) values of controls in `MOUTH`, one for each frame of the span.
        rest: Values of controls at rest.
        span: The frames.
        name: Name of the layer.
        mode: In place of what the mouth does there, or added to it. Curves are amounts that are
            asked for; in place of a performance they are keyed as one that comes to them.
        fade: Frames over which it is eased in and out, inside the span.
    """
    if mode == "replace":
        curves = _as_performed(curves, rest)
    tracks = []
    for control, values in _by_pairs(curves):
        if mode == "add":
            values = values - rest.get(control, rest.get(f"{control}Left", 0.0))
            if np.abs(values).max() <= TOLERANCE:
                continue
        keys = reduce_keys(values, span.start, TOLERANCE)
        tracks.append(ControlTrack(control, keys, mode, span, fade))
    if mode == "replace":
        for control in _QUIET:
            keys = reduce_keys(np.full(len(span), rest.get(control, 0.0)), span.start, TOLERANCE)
            tracks.append(ControlTrack(control, keys, mode, span, fade))
    return Layer(name, tuple(tracks))


def _as_performed(curves: Mapping[str, _Array], rest: Mapping[str, float]) -> dict[str, _Array]:
    """Curves of a performance that moves a mouth, from rest, as amounts would."""
    away = np.zeros((len(next(iter(curves.values()), ())), len(INDEX)), dtype=np.float32)
    for name, values in curves.items():
        away[:, INDEX[name]] = values - rest.get(name, 0.0)
    performed = EditAmounts(load_rig().emphasis).to_departure(away) - away
    return {
        name: values + performed[:, INDEX[name]].astype(np.float64)
        for name, values in curves.items()
    }


def _by_pairs(curves: Mapping[str, _Array]) -> list[tuple[str, _Array]]:
    """Curves by the names to key: both sides at once where they do the same."""
    paired: list[tuple[str, _Array]] = []
    for name in MOUTH:
        both = name.removesuffix("Left")
        if name.endswith("Left") and sides(both) is not None:
            other = f"{both}Right"
            if np.array_equal(curves[name], curves[other]):
                paired.append((both, curves[name]))
            else:
                paired += [(name, curves[name]), (other, curves[other])]
        elif not (name.endswith("Right") and sides(name.removesuffix("Right")) is not None):
            paired.append((name, curves[name]))
    return paired
