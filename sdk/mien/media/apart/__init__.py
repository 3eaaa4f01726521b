"""Media decoded in a process of its own, so that a crash of a decoder is no crash of the program.

Somebody's file may hold what a codec stumbles over, and a codec that does ends its process. The
editor calls `decode_apart` when it starts, and `mien batch` while it plans. From then on every
function here that opens media has that done by another process (`worker.py`), and gets facts,
pictures and sound back. If that ends, whoever waited is told by a `MediaError`, and the next
question starts a new one.

`process.py` keeps the other process and asks it; `messages.py` is how both speak, `pictures.py` how
pictures go along. What is read so is beside this folder: `apart_reader.py` and `apart_sound.py` are
the frames and the sound of a shot seen from here, `decoded.py` is what they ask.
"""

from __future__ import annotations

from mien.media.apart.switch import (
    abandon_decoding,
    apart,
    decode_apart,
    decode_here,
    decoding_apart,
    decoding_process,
)

__all__ = [
    "abandon_decoding",
    "apart",
    "decode_apart",
    "decode_here",
    "decoding_apart",
    "decoding_process",
]
