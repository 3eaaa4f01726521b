"""The protocol of whatever shows what lies behind an opening of the skin."""

from __future__ import annotations

from typing import Protocol, TypeVar

from mien._types import FloatArray

__all__ = ["InteriorSource"]

OpeningT = TypeVar("OpeningT", contravariant=True)
"""The geometry of the opening: a mouth's `Cavity`."""


class InteriorSource(Protocol[OpeningT]):
    """A source of the inside of an opening: the plate, another frame, or nothing but colours.

    What is composed of several lays the one over the other by how far each can be relied on.
    """

    def sample(
        self, u: FloatArray, v: FloatArray, target: OpeningT
    ) -> tuple[FloatArray, FloatArray]:
        """Return the inside at pixels of the new picture, and how far to rely on it.

        Args:
            u: (h, w) cm along the opening, in the target's axes.
            v: (h, w) cm downwards.
            target: The opening in the new picture.

        Returns:
            (h, w, 3) R'G'B', and (h, w) confidence 0..1.
        """
        ...
