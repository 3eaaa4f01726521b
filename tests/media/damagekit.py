"""Damage done to movies: frames wiped, torn or cut off, and what came before them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

from tests.media.mediakit import decoded, make_clip

Harm = Literal["wiped", "torn"]


def long_clip(path: Path, encoder: str = "libx264", **options: Any) -> Path:
    """72 frames in groups of 12, with sound, unless told otherwise."""
    given = {"count": 72, "gop": 12, "audio": "aac", "size": (128, 96), **options}
    if given["audio"] == "none":
        given["audio"] = None
    return make_clip(path, encoder, given.pop("pixel_format", "yuv420p"), **given)


def packets_of(path: Path) -> list[tuple[int, bytes]]:
    """Every frame's packet, in the order of display, and where in the file it is or soon comes."""
    with av.open(str(path)) as container:
        found = [(p.pts or 0, p.pos or 0, bytes(p)) for p in container.demux(video=0) if p.size]
    return [(pos, packet) for _, pos, packet in sorted(found)]


def harm(path: Path, *frames: int, how: Harm = "wiped") -> Path:
    """Damage frames of a movie whose packets lie in the file as they are (MP4, MOV, Matroska).

    `wiped` leaves nothing of them; `torn` the first half, so that a decoder makes up the rest.
    """
    data = bytearray(path.read_bytes())
    packets = packets_of(path)
    noise = np.random.default_rng(0)
    for frame in frames:
        near, packet = packets[frame]
        pos, size = data.find(packet, near), len(packet)
        assert pos >= 0
        if how == "wiped":
            data[pos : pos + size] = bytes(size)
        else:
            data[pos + size // 2 : pos + size] = noise.bytes(size - size // 2)
    path.write_bytes(data)
    return path


def cut(path: Path, target: Path, share: float) -> Path:
    """The first part of a file."""
    data = path.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def content(path: Path) -> tuple[list[tuple[int | None, str]], list[tuple[int | None, bytes]]]:
    """Times and pixels of the pictures of a movie, and times and bytes of its sound."""
    pictures = [
        (pts, hashlib.sha256(b"".join(planes)).hexdigest()) for pts, planes in decoded(path)
    ]
    sound: list[tuple[int | None, bytes]] = []
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0) if container.streams.audio else ():
            if packet.size:
                sound.append((packet.pts, bytes(packet)))
    return pictures, sound
