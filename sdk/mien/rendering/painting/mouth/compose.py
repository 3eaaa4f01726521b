"""The inside of a mouth put together of what shows it."""

from __future__ import annotations

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import diffuse

__all__ = ["OWN_STRETCH", "blend_weights", "extend_outward"]

_SEEN = 0.4
"""Height of an opening, in cm, from which one begins to see into it."""
_STRETCH = 1.35, 1.8
OWN_STRETCH = 1.15, 1.4
"""An inside drawn out by the first is still good; by the second it looks like rubber. In
the plate itself the teeth are known to be somewhere else, so that it shows sooner."""
_TURNED = 10.0, 18.0
"""Degrees of head turn up to which another frame's inside fits, and from which it does not."""
_AROUND = 0.25
"""Standard deviation, in cm, of the blur by which the plate's inside runs on where it ends."""
_CHEEK = np.array([0.45, 0.62, 0.60], dtype=np.float32)
"""How much of the light on the teeth does not reach the corners of the mouth."""


def extend_outward(
    inside: FloatArray,
    own: FloatArray,
    trust: FloatArray,
    share: FloatArray,
    unit: float,
) -> tuple[FloatArray, FloatArray]:
    """A painted inside that runs into what the plate shows beside it.

    Args:
        inside: (h, w, 3) the painted inside.
        own: (h, w, 3) the inside as the plate shows it.
        trust: (h, w) how far it can be relied on.
        share: (h, w) how far the plate's surroundings go on in what is painted.
        unit: Pixels in a cm.

    Returns:
        The inside (h, w, 3), and the trust (h, w), which now falls softly to the sides.
    """
    sigma = _AROUND * unit
    weight = cv2.GaussianBlur(trust, (0, 0), 2 * sigma)
    # Darker and redder the farther from what is seen: cheeks close in on the teeth.
    far = (1 - smoothstep(weight, 0.0, 0.5))[..., None]
    colour = diffuse(own, trust, sigma) * (1 - far * _CHEEK)
    share = share * smoothstep(weight, 0.0, 0.04)
    inside = inside + share[..., None] * (colour - inside)
    beside = cv2.GaussianBlur(trust, (0, 0), sigmaX=0.5 * sigma, sigmaY=1e-3)
    trust = np.minimum(trust, smoothstep(beside, 0.45, 0.95))
    return np.asarray(inside, dtype=np.float32), np.asarray(trust, dtype=np.float32)


def blend_weights(
    target: Cavity, source: Cavity, deep: float, other: Cavity | None = None, turn: float = 0.0
) -> tuple[float, float]:
    """How far to use the plate's own inside, and that of another frame.

    Where the mouth hardly opens further, its own inside is the best there is. Opened wider,
    a frame in which it is that wide shows what its own cannot. The two are laid over each
    other only in passing: teeth would be seen twice.

    Args:
        target: The mouth that is wanted.
        source: The mouth in the plate.
        deep: How far the plate shows more than teeth in it, 0..1.
        other: The mouth in the other frame, None when there is none.
        turn: Degrees by which the head is turned differently there.

    Returns:
        How much of what lies below the own inside covers, 0..1, and how much of the painted
        inside the other one covers.
    """
    before, after = source.edges.gap / source.px_per_cm, target.edges.gap / target.px_per_cm
    further = float(smoothstep(after - before, 0.10, 0.35))
    seen = max(float(smoothstep(before, _SEEN, 2 * _SEEN)), 1 - further)
    if other is None:
        return seen, 0.0
    stretch = after * other.px_per_cm / max(other.edges.gap, 1e-3)
    fit = float((1 - smoothstep(stretch, *_STRETCH)) * (1 - smoothstep(abs(turn), *_TURNED)))
    enough = deep * float(1 - smoothstep(after / max(before, 1e-3), *OWN_STRETCH))
    own = max((1 - fit) * seen + fit * (1 - further), enough)
    return own, min(1.0, fit * further / max(1 - own, 1e-6))
