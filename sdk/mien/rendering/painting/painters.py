"""The painters of a face's openings."""

from __future__ import annotations

from mien.rendering.appearance.appearance import Appearance
from mien.rendering.geometry.topology import EYES
from mien.rendering.painting.eyes import EyePainter
from mien.rendering.painting.mouth.compose import MouthPainter
from mien.rendering.painting.opening import OpeningPainter

__all__ = ["opening_painters"]


def opening_painters(appearance: Appearance, frame: int) -> tuple[OpeningPainter, ...]:
    """Return what paints the openings of a face; where zones overlap, the later go on top.

    Args:
        appearance: What other frames of the shot show of the face.
        frame: Index of the frame, which seeds the grain.
    """
    return (MouthPainter(appearance.mouth, frame), *(EyePainter(side) for side in EYES))
