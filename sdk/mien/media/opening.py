"""Media opened for reading: a file of this machine, and nothing that it points to.

FFmpeg also opens playlists (HLS, DASH, lists of parts), which name further files wherever they lie,
and descriptions of streams, which name hosts. None of them is a shot: a file that a stranger gave
must not choose what else is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from mien.folder_limits import check_path

__all__ = ["is_playlist", "open_input"]

_POINTING: Final = frozenset(
    {"concat", "dash", "hls", "imf", "lavfi", "rtp", "rtsp", "sdp", "webm_dash_manifest"}
)
"""FFmpeg's formats that open other files or hosts."""
_PLAYLISTS: Final = (b"#extm3u", b"ffconcat version", b"v=0")
_DASH: Final = b"<mpd"


def open_input(
    path: Path, options: Mapping[str, str] | None = None, *, metadata_errors: str = "strict"
) -> InputContainer:
    """Open a movie, an image or a sound.

    Args:
        path: The file, whatever is in its name: `a:b.mp4` names no protocol.
        options: FFmpeg's, for the format.
        metadata_errors: What is done with tags that are not Unicode, as of `str.encode`.

    Raises:
        OutsideError: When it is outside the folders that this process keeps to.
        av.FFmpegError: When it cannot be opened.
    """
    check_path(path)
    whole = {"format_whitelist": _formats(), "protocol_whitelist": "file", **(options or {})}
    return av.open(f"file:{path}", options=whole, metadata_errors=metadata_errors)


def is_playlist(head: bytes) -> bool:
    """Tell whether a file is a list of other files or of hosts, by its first bytes."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return text.startswith(_PLAYLISTS) or (text.startswith(b"<?xml") and _DASH in text)


@cache
def _formats() -> str:
    return ",".join(sorted(av.formats_available - _POINTING))
