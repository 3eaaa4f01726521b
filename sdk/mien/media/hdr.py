"""HDR metadata of the first frame, as options of the encoders that can write it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

import av
from av.sidedata.sidedata import Type as SideDataType

from mien.media.frame import side_data

__all__ = ["hdr_options"]

_PRIMARY_UNIT: Final = 50000
"""Chromaticities are written in units of 0.00002 (SMPTE ST 2086)."""
_LUMINANCE_UNIT: Final = 10000
"""Luminances are written in units of 0.0001 cd/m2."""


def hdr_options(codec: str, options: Mapping[str, str], picture: av.VideoFrame) -> dict[str, str]:
    """Options of an encoder with the mastering display and light levels of a picture.

    Args:
        codec: Name of the codec in `CODECS`; only `hevc` writes them.
        options: The encoder's options so far.
        picture: A decoded frame of the source.
    """
    merged = dict(options)
    if codec != "hevc":
        return merged
    parts = [merged.get("x265-params", "")]
    mastering = side_data(picture, SideDataType.MASTERING_DISPLAY_METADATA)
    if mastering is not None:
        parts.append(f"master-display={_mastering(mastering)}")
    light = side_data(picture, SideDataType.CONTENT_LIGHT_LEVEL)
    if light is not None:
        parts.append("max-cll={},{}".format(*struct.unpack_from("=2I", light)))
    if len(parts) > 1:
        parts.append("hdr10=1")
    merged["x265-params"] = ":".join(part for part in parts if part)
    return merged


def _mastering(data: bytes) -> str:
    """FFmpeg's AVMasteringDisplayMetadata as x265 writes it: ten rationals in a row."""
    numbers = struct.unpack_from("=20i", data)
    values = [n / d if d else 0.0 for n, d in zip(numbers[::2], numbers[1::2], strict=True)]
    red, green, blue, white = ([round(v * _PRIMARY_UNIT) for v in values[i : i + 2]]
                               for i in (0, 2, 4, 6))  # fmt: skip
    low, high = (round(v * _LUMINANCE_UNIT) for v in values[8:10])
    pairs = (("G", green), ("B", blue), ("R", red), ("WP", white), ("L", [high, low]))
    return "".join(f"{name}({a},{b})" for name, (a, b) in pairs)
