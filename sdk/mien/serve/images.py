"""Pictures for hosts: scaled, encoded, inline or in a file in memory."""

from __future__ import annotations

import base64
import itertools
import os
import shutil
import sys
import tempfile
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from mien.errors import MienError, WriteError

__all__ = ["Format", "PictureFiles", "encoded", "fitted", "inline", "square"]

Format = Literal["png", "rgba8"]
Rgb8 = npt.NDArray[np.uint8]

_PREFIX = "mien-serve-"
_KEPT = 2
"""Files that are there at a time."""
_QUICK_PNG = 1
"""Compression: a preview is looked at once, a tenth larger costs less than the time."""
_MARGIN = 1.4
"""Side of a thumbnail, in the longer side of the face's box."""


def fitted(rgb: Rgb8, longest: int | None) -> Rgb8:
    """A picture scaled down so that its longer side has so many pixels at most."""
    height, width = rgb.shape[:2]
    if longest is None or max(width, height) <= longest:
        return rgb
    import cv2

    share = longest / max(width, height)
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def square(rgb: Rgb8, box: tuple[float, float, float, float], side: int) -> Rgb8:
    """The surroundings of a box as a square picture; the nearest pixels fill what lies outside."""
    import cv2

    x0, y0, x1, y1 = box
    half = _MARGIN * max(x1 - x0, y1 - y0, 1.0) / 2
    scale = 2 * half / side
    # From a pixel of the thumbnail to one of the picture, middle on middle.
    place = np.array(
        [
            [scale, 0, (x0 + x1) / 2 - half + scale / 2 - 0.5],
            [0, scale, (y0 + y1) / 2 - half + scale / 2 - 0.5],
        ]
    )
    blur = rgb if scale <= 1 else cv2.GaussianBlur(rgb, (0, 0), scale / 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    taken = cv2.warpAffine(
        blur, place, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )  # fmt: skip
    return np.asarray(taken, dtype=np.uint8)


def encoded(rgb: Rgb8, format: Format) -> bytes:
    """A picture as a PNG, or as plain RGBA from the top left."""
    import cv2

    if format == "rgba8":
        return bytes(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA))
    options = [cv2.IMWRITE_PNG_COMPRESSION, _QUICK_PNG]
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    return bytes(data)


def inline(data: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(data).decode("ascii")


class PictureFiles:
    """Files in memory for one client, in a folder that only this user may read."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._numbers = itertools.count(1)
        self._files: deque[Path] = deque()
        self._closed = False
        self._lock = threading.Lock()

    def write(self, data: bytes, format: Format) -> Path:
        """Keep a picture, and let go of the oldest.

        Raises:
            WriteError: When there is no room for it, or the client is gone.
        """
        try:
            with self._lock:
                return self._write(data, format)
        except MienError:
            raise
        except OSError as error:
            raise WriteError(
                f"A preview cannot be kept: {error}.", "Ask for it inline, or make room."
            ) from error

    def close(self) -> None:
        """Remove all; no more are kept."""
        with self._lock:
            self._closed = True
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, data: bytes, format: Format) -> Path:
        if self._closed:
            raise WriteError("A preview cannot be kept: the conversation is over.")
        if self._folder is None:
            self._folder = _made()
        while len(self._files) >= _KEPT:
            self._files.popleft().unlink(missing_ok=True)
        path = self._folder / f"{next(self._numbers)}.{format}"
        self._files.append(path)
        path.write_bytes(data)
        return path


def _made() -> Path:
    """A folder of this process; those of killed ones are removed."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    if sys.platform != "win32":
        for folder in place.glob(f"{_PREFIX}*"):
            with suppress(OSError, ValueError):
                if folder.stat().st_uid == os.getuid() and _is_dead(folder):
                    shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))


def _is_dead(folder: Path) -> bool:
    try:
        os.kill(int(folder.name.removeprefix(_PREFIX).partition("-")[0]), 0)
    except ProcessLookupError:
        return True
    return False
