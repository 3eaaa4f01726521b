"""The inside of a mouth as a picture of it shows it: its own, or that of another frame."""

from __future__ import annotations

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.field import remap
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import luma

__all__ = ["sample_exemplar", "sample_own"]

_LIP_EDGE = 0.06
"""Depth behind a lip's edge, in cm, where the picture still shows lip or its shadow."""
_EXTEND = 0.45
"""How far, in cm, what is seen may be drawn out to where it is not."""
_EXTEND_LOWER = 0.18
"""The same below the lower teeth's edge, where lip and gum begin soon."""
_NOTCH = 0.08
"""How far, in cm, the edge of the upper teeth may rise between two teeth."""
_STOREY = 0.04
"""Softness of the borders between storeys, in cm."""
_OVERBITE = 0.15
"""How far the upper front teeth overlap the lower ones when the jaw is closed, in cm."""


def sample_own(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    picture: FloatArray,
    corner: FloatArray,
    tooth: float,
) -> tuple[FloatArray, FloatArray]:
    """The inside as a picture of an open mouth shows it.

    Args:
        u: (h, w) cm along the resting line, in the target.
        v: (h, w) cm downwards.
        target: The mouth that is wanted.
        source: The mouth in the picture.
        picture: (H, W, 3) the picture.
        corner: (2,) coded pixel of the picture's first pixel.
        tooth: Brightness of teeth.

    Returns:
        (h, w, 3) R'G'B', and (h, w) how far it can be relied on, 0..1.
    """
    from_u = np.clip(
        u,
        source.edges.start / source.px_per_cm_along_lips + 0.1,
        source.edges.stop / source.px_per_cm_along_lips - 0.1,
    )
    upper, lower = source.lips(from_u)
    top, bottom = upper + _LIP_EDGE, lower - _LIP_EDGE
    source_edge = source.upper_teeth(from_u)
    # Where it is dark just above the teeth's edge, two of them meet, or one ends earlier.
    x, y = source.frame.place(
        from_u * source.px_per_cm_along_lips, (source_edge - _NOTCH) * source.px_per_cm
    )
    tips = remap(picture, (x - corner[0]).astype(np.float32), (y - corner[1]).astype(np.float32))
    notch = _NOTCH * (1 - smoothstep(luma(tips), 0.5 * tooth, 0.9 * tooth))
    source_edge -= notch
    edge = target.upper_teeth(u) - notch
    below = np.maximum(edge, edge - _OVERBITE + target.jaw)
    source_below = np.maximum(source_edge, source_edge - _OVERBITE + source.jaw)
    share = np.clip((v - edge) / np.maximum(below - edge, 1e-3), 0, 1)
    storeys = (
        # Where from, the part of the picture that shows it, and how much of this storey it is.
        (v - edge + source_edge, top, np.minimum(source_edge, bottom), 1 - _step(v - edge)),
        (
            source_edge + share * (source_below - source_edge),
            np.maximum(source_edge, top),
            np.minimum(source_below, bottom),
            _step(v - edge) * (1 - _step(v - below)),
        ),
        (
            v - below + source_below,
            np.maximum(source_below, top),
            bottom,
            _step(v - below),
        ),
    )
    from_v = np.zeros_like(v)
    trust = np.zeros_like(v)
    # A sliver below the teeth is more likely their own edge than the lower teeth.
    reaches = (0.02, _EXTEND), (0.05, _EXTEND), (0.25, _EXTEND_LOWER)
    for (wanted, low, high, part), (least, extend) in zip(storeys, reaches, strict=True):
        high = np.maximum(low, high)
        held = np.clip(wanted, low, high)
        shown = smoothstep(high - low, least, 2 * least + 0.1)
        near = 1 - smoothstep(np.abs(wanted - held), 0.3 * extend, extend)
        from_v += part * held
        trust += part * shown * near
    trust *= 1 - smoothstep(np.abs(u - from_u), 0.3 * _EXTEND, _EXTEND)
    trust *= smoothstep(lower - upper, _LIP_EDGE, 2 * _LIP_EDGE + 0.1)
    position = source.frame.place(from_u * source.px_per_cm_along_lips, from_v * source.px_per_cm)
    seen = remap(
        picture,
        (position[0] - corner[0]).astype(np.float32),
        (position[1] - corner[1]).astype(np.float32),
    )
    # Where the jaw drops, what lit the teeth from below is gone, and their edge is rounded.
    lit = 1 - 0.35 * smoothstep(below - edge, 0.2, 0.6) * smoothstep(v - edge, -0.16, 0.02)
    seen *= lit[..., None]
    # Teeth are never drawn out: the dark between them is painted instead.
    drawn = smoothstep(below - edge - 1.2 * (source_below - source_edge), 0.0, 0.15)
    trust *= 1 - storeys[1][3] * drawn * smoothstep(luma(seen), 0.3 * tooth, 0.5 * tooth)
    return seen, np.asarray(trust, dtype=np.float32)


def sample_exemplar(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    picture: FloatArray,
    corner: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """The inside of a mouth in another frame, carried over lip to lip.

    Heads and lips differ too much between frames to trust the skull's frame: what lies
    behind each lip stays behind it, at its size, and the dark between makes up the rest.

    Arguments and result as in `sample_own`.
    """
    here, there = target.edges, source.edges
    place = (u * target.px_per_cm_along_lips - here.start) / max(here.stop - here.start, 1e-6)
    from_u = (
        there.start + np.clip(place, 0.06, 0.94) * (there.stop - there.start)
    ) / source.px_per_cm_along_lips
    upper, lower = target.lips(u)
    from_upper, from_lower = source.lips(from_u)
    height, from_height = lower - upper, from_lower - from_upper
    share = smoothstep((v - upper) / np.maximum(height, 1e-3), 0.0, 1.0)
    from_v = from_upper + (v - upper) - share * (height - from_height)
    edge = np.maximum(1.6 * _LIP_EDGE, 0.12 * from_height)
    from_v = np.clip(from_v, from_upper + edge, np.maximum(from_lower - edge, from_upper + edge))
    x, y = source.frame.place(from_u * source.px_per_cm_along_lips, from_v * source.px_per_cm)
    seen = remap(picture, (x - corner[0]).astype(np.float32), (y - corner[1]).astype(np.float32))
    return seen, smoothstep(from_height, 0.1, 0.3)


def _step(height: FloatArray) -> FloatArray:
    return smoothstep(height, -_STOREY, _STOREY)
