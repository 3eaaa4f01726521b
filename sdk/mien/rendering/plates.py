"""The plates of a shot, taken from a reader."""

from __future__ import annotations

from mien.media.planes import Plate
from mien.media.reader import Reader

__all__ = ["ReaderPlates"]


class ReaderPlates:
    """The plates of a reader, for renderers.

    Args:
        reader: The reader; it stays its owner's to close.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame.

        Raises:
            MediaError: When it cannot be read.
        """
        return self._reader.frame(frame).plate()
