"""HDR metadata of a source, as options of the encoders that can write it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from mien.media.tags import MasteringDisplay, PictureTags

__all__ = ["WRITES_HDR", "hdr_options"]

_PRIMARY_UNIT: Final = 50000
"""Chromaticities are written in units of 0.00002 (SMPTE ST 2086)."""
_LUMINANCE_UNIT: Final = 10000
"""Luminances are written in units of 0.0001 cd/m2."""
_OPTIONS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "hevc": ("x265-params", "master-display", "max-cll"),
        "h264": ("x264-params", "mastering-display", "cll"),
        "av1": ("svtav1-params", "mastering-display", "content-light"),
    }
)
WRITES_HDR: Final = tuple(_OPTIONS)
"""Names of codecs (`CODECS`) whose own stream holds the metadata; others leave it to the file."""


def hdr_options(codec: str, options: Mapping[str, str], tags: PictureTags) -> dict[str, str]:
    """Options of an encoder with the mastering display and light levels of a source.

    Args:
        codec: Name of the codec in `CODECS`.
        options: The encoder's options so far.
        tags: What the source says.
    """
    merged = dict(options)
    if codec not in _OPTIONS or not (tags.mastering or tags.light):
        return merged
    name, display, light = _OPTIONS[codec]
    parts = [merged.get(name, "")]
    if tags.mastering is not None:
        written = _in_light(tags.mastering) if codec == "av1" else _in_units(tags.mastering)
        parts.append(f"{display}={written}")
    if tags.light is not None:
        parts.append(f"{light}={tags.light[0]},{tags.light[1]}")
    if codec == "hevc":
        parts.append("hdr10=1")
    merged[name] = ":".join(part for part in parts if part)
    return merged


def _in_units(mastering: MasteringDisplay) -> str:
    """A mastering display as x264 and x265 read it: whole units."""
    low, high = (round(value * _LUMINANCE_UNIT) for value in mastering.luminance)
    pairs = (
        (name, [round(v * _PRIMARY_UNIT) for v in point]) for name, point in _points(mastering)
    )
    return "".join(f"{name}({a},{b})" for name, (a, b) in (*pairs, ("L", [high, low])))


def _in_light(mastering: MasteringDisplay) -> str:
    """The same as SVT-AV1 reads it: chromaticities, and cd/m2."""
    low, high = (f"{float(value):.4f}" for value in mastering.luminance)
    pairs = ((name, [f"{float(v):.5f}" for v in point]) for name, point in _points(mastering))
    return "".join(f"{name}({a},{b})" for name, (a, b) in (*pairs, ("L", [high, low])))


def _points(mastering: MasteringDisplay) -> tuple[tuple[str, tuple[Fraction, Fraction]], ...]:
    return (("G", mastering.green), ("B", mastering.blue), ("R", mastering.red),
            ("WP", mastering.white))  # fmt: skip
