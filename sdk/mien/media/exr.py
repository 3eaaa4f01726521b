"""EXR pictures through OpenEXR: every layer, attribute and window of the file is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import OpenEXR

from mien.errors import MediaError
from mien.media.color import srgb
from mien.media.planes import Box, Channel, Layout, Plane, Plate

__all__ = ["ExrPicture", "exr_window", "read_exr", "write_exr"]

Channels = Mapping[str, Plane]

_MOST_SAMPLES: Final = 1 << 30
"""Samples of all channels and parts that are read at most: 4 GiB of floats."""
_COMPRESSION: Final = "compression"
_UNWRITABLE: Final = ("channels",)
"""Header entries that OpenEXR writes itself."""


@dataclass(frozen=True, slots=True, eq=False)
class ExrPicture:
    """One EXR image: all its parts, and which channels are the picture.

    The picture is the display window; data beyond it is kept, and where data is missing
    the picture is black and stays unwritten.

    Attributes:
        headers: Header of every part.
        parts: Channels of every part, each (h, w) of the part's data window.
        names: Channels of R, G, B in the first part, or the one channel of luminance.
    """

    headers: tuple[Mapping[str, Any], ...]
    parts: tuple[Channels, ...]
    names: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return sum(plane.nbytes for part in self.parts for plane in part.values())

    @property
    def alpha(self) -> str | None:
        """Name of the channel that says how transparent the picture is; None without."""
        first = self.names[0]
        name = "A" if first == "Y" else f"{first[:-1]}A"
        return name if name in self.parts[0] else None

    def plate(self) -> Plate:
        """The display window as linear floating point, in the file's precision."""
        display, data = exr_window(self.headers[0], "displayWindow"), self._data
        size = (display.width, display.height)
        planes = []
        for name in self.names:
            pixels = self.parts[0][name]
            if data != display:
                pixels = np.zeros((size[1], size[0]), dtype=pixels.dtype)
                target, source = _overlap(display, data)
                pixels[target] = self.parts[0][name][source]
            planes.append(pixels)
        return Plate(self._layout(planes[0].dtype), size, planes)

    def with_plate(self, plate: Plate) -> ExrPicture:
        """The same image with other pixels in its display window."""
        display, data = exr_window(self.headers[0], "displayWindow"), self._data
        target, source = _overlap(data, display)
        first = dict(self.parts[0])
        for name, plane in zip(self.names, plate.planes, strict=True):
            pixels = np.array(first[name])
            pixels[target] = plane[source]
            first[name] = pixels
        return replace(self, parts=(first, *self.parts[1:]))

    def rgb8(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) sRGB, linear light clipped to 0..1."""
        linear = self.plate().rgb()
        if (width, height) != (linear.shape[1], linear.shape[0]):
            linear = cv2.resize(linear, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(np.rint(srgb(linear) * 255), dtype=np.uint8)

    @property
    def _data(self) -> Box:
        return exr_window(self.headers[0], "dataWindow")

    def _layout(self, dtype: np.dtype[Any]) -> Layout:
        bits = 8 * dtype.itemsize
        if len(self.names) == 1:
            return Layout(f"grayf{bits}", "gray", bits, (Channel(0),), floating=True)
        channels = tuple(Channel(i) for i in range(3))
        return Layout(f"rgbf{bits}", "rgb", bits, channels, floating=True)


def exr_window(header: Mapping[str, Any], name: str) -> Box:
    """A window of an EXR header as a half-open box."""
    low, high = header[name]
    return Box(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)


def read_exr(path: Path) -> ExrPicture:
    """Read every part of an EXR file.

    Raises:
        MediaError: When it cannot be read, or holds no R, G, B or Y channel.
    """
    try:
        _check_size(path)
        with OpenEXR.File(str(path), separate_channels=True) as file:
            headers = tuple(dict(part.header) for part in file.parts)
            parts = tuple(
                {name: channel.pixels for name, channel in part.channels.items()}
                for part in file.parts
            )
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        raise MediaError(
            f"{path.name} cannot be read as EXR: {error}.", "Copy or render it again.", path=path
        ) from error
    if not parts:
        raise MediaError(f"{path.name} holds no picture.", "Copy or render it again.", path=path)
    names = _picture_channels(parts[0])
    if names is None:
        raise MediaError(
            f"{path.name} has no channels R, G, B or Y; it has {', '.join(parts[0])}.",
            "Name the layer of the picture R, G, B.",
            path=path,
        )
    return ExrPicture(headers, parts, names)


def _check_size(path: Path) -> None:
    """Refuse a header that claims more samples than memory should hold, before any is read.

    Raises:
        ValueError: When it does.
    """
    with OpenEXR.File(str(path), header_only=True) as file:
        samples = 0
        for part in file.parts:
            data = exr_window(part.header, "dataWindow")
            size = max(0, data.x1 - data.x0) * max(0, data.y1 - data.y0)
            samples += size * len(part.header.get("channels", ()))
    if samples > _MOST_SAMPLES:
        raise ValueError(f"it claims {samples:,} samples, and {_MOST_SAMPLES:,} are read at most")


def write_exr(path: Path, picture: ExrPicture) -> None:
    """Write an EXR file with all its parts.

    Raises:
        OSError: When it cannot be written.
    """
    parts = []
    for header, channels in zip(picture.headers, picture.parts, strict=True):
        kept = {k: v for k, v in header.items() if k not in _UNWRITABLE and _writable(v)}
        kept.setdefault(_COMPRESSION, OpenEXR.ZIP_COMPRESSION)
        pixels = {name: np.ascontiguousarray(plane) for name, plane in channels.items()}
        parts.append((kept, pixels))
    try:
        if len(parts) == 1:
            OpenEXR.File(*parts[0]).write(str(path))
        else:
            OpenEXR.File([OpenEXR.Part(*part) for part in parts]).write(str(path))
    except (RuntimeError, ValueError) as error:
        raise OSError(str(error)) from error


def _writable(value: object) -> bool:
    # OpenEXR 3.5's Python binding reads rational attributes but cannot write them.
    return not isinstance(value, OpenEXR.Rational)


def _picture_channels(channels: Channels) -> tuple[str, ...] | None:
    """The channels of the picture: bare R, G, B, else the first layer's, else luminance."""
    layers = [""] + [name[:-1] for name in channels if name.endswith(".R")]
    for layer in layers:
        names = tuple(f"{layer}{c}" for c in "RGB")
        if all(name in channels and channels[name].dtype.kind == "f" for name in names):
            return names
    return ("Y",) if "Y" in channels and "RY" not in channels else None


def _overlap(target: Box, source: Box) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where two windows overlap, as slices of the arrays of either."""
    x0, y0 = max(target.x0, source.x0), max(target.y0, source.y0)
    x1, y1 = max(x0, min(target.x1, source.x1)), max(y0, min(target.y1, source.y1))
    return (
        (slice(y0 - target.y0, y1 - target.y0), slice(x0 - target.x0, x1 - target.x0)),
        (slice(y0 - source.y0, y1 - source.y0), slice(x0 - source.x0, x1 - source.x0)),
    )
