"""Movies with bytes flipped, cut off, moved and left out, as transfers and disks leave them."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from tests.media.box_patches import boxes

__all__ = ["MUTATIONS", "mutated"]


def _flipped(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3, 20, 200))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def _hole(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    stop = min(len(data), start + chance.choice((4, 100, 4000)))
    data[start:stop] = bytes(stop - start)


def _left_out(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 188, 1000))]


def _twice(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.choice((8, 188, 1000))]


def _numbers(data: bytearray, chance: random.Random) -> None:
    """A number that is as large, as small or as negative as it can be."""
    for _ in range(chance.choice((1, 4))):
        at = chance.randrange(max(1, len(data) - 8))
        data[at : at + 4] = struct.pack(">I", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF)))


def _index(data: bytearray, chance: random.Random) -> None:
    """Flipped bits where they tell most: in the index of an MP4, or at the head of others."""
    inside = [box for box in boxes(bytes(data)) if box.path[0] == b"moov"]
    start, size = (inside[0].start, inside[0].size) if inside else (0, min(600, len(data)))
    for _ in range(chance.choice((1, 4, 12))):
        data[start + chance.randrange(size)] = chance.randrange(256)


def _boxes(data: bytearray, chance: random.Random) -> None:
    """Two boxes with their names exchanged, or one of another size than it has."""
    found = list(boxes(bytes(data)))
    if len(found) < 2:
        return _flipped(data, chance)
    one, other = chance.sample(found, 2)
    if chance.random() < 0.5:
        data[one.start + 4 : one.start + 8] = other.path[-1]
        data[other.start + 4 : other.start + 8] = one.path[-1]
    else:
        size = chance.choice((0, 1, 7, 8, one.size - 1, one.size + 9, 0x7FFFFFFF))
        data[one.start : one.start + 4] = struct.pack(">I", size)
    return None


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flipped, _cut, _hole, _left_out, _twice, _numbers, _index, _index, _boxes,
)  # fmt: skip


def mutated(content: bytes, seed: int) -> bytes:
    """A file with one or two kinds of harm done to it; the same for the same seed."""
    chance, data = random.Random(seed), bytearray(content)
    for _ in range(chance.choice((1, 1, 2))):
        if data:
            chance.choice(MUTATIONS)(data, chance)
    return bytes(data)
