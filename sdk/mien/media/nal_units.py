"""Bits of H.264 and HEVC: the units that a packet is made of, and numbers in their headers."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["NalBits", "annex_b_units", "skip_scaling_list"]


class NalBits:
    """Bits of a NAL unit's payload, without the bytes that were put in against start codes.

    Args:
        data: A packet.
        start: Byte at which the payload begins.
        size: Bytes that are looked at.

    Raises:
        IndexError: When it ends early.
    """

    def __init__(self, data: bytes, start: int, size: int) -> None:
        payload = data[start : start + size].replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def take(self, count: int) -> int:
        """The next bits as a number."""
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & (1 << count) - 1

    def exp_golomb(self) -> int:
        """The next unsigned Exp-Golomb code; of a signed one, how it is coded."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def annex_b_units(data: bytes) -> Iterator[int]:
    """Where each NAL unit starts, its header first, in bytes that start codes part."""
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 4:
        yield at + 3
        at = data.find(b"\0\0\1", at + 4)


def skip_scaling_list(bits: NalBits, size: int) -> None:
    """Pass over a scaling list of H.264 with so many entries."""
    last = step = 8
    for _ in range(size):
        if step:
            code = bits.exp_golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            step = (last + delta) % 256
        last = step or last
