"""Pictures that H.264 codes as two fields in two packets (PAFF), as AVCHD cameras do.

A transport stream gives each field a packet, a decoder gives both as one frame. Which packet
is a second field is said by the first slice's header.
"""

from __future__ import annotations

from mien.media.h264_slices import SliceReader

__all__ = ["FieldPairs"]


class FieldPairs:
    """Tells the second fields of frames, from packets in the order of decoding."""

    def __init__(self) -> None:
        self.alone = False
        """Whether the packet before the last one held a field whose second one did not come."""
        self._slices = SliceReader()
        self._open: tuple[int, bool] | None = None
        """Number and parity of a first field whose second one may follow."""

    @property
    def allowed(self) -> bool:
        """Whether there may be fields, by the parameter sets met so far."""
        return self._slices.fields_allowed

    def is_second(self, data: bytes) -> bool:
        """Whether a packet (Annex B) holds the second field of the frame before it."""
        header = self._slices.read(data)
        field = None
        if header is not None and header.bottom is not None:
            field = header.number, header.bottom
        second = field is not None and self._open == (field[0], not field[1])
        self.alone = self._open is not None and not second
        self._open = None if second else field
        return second
