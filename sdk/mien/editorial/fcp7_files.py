"""Files of Final Cut Pro 7 XML, and the rates and counts by which everything in it is placed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

import opentimelineio as otio

from mien.editorial.times import recount
from mien.editorial.xml_tree import XmlElement, as_fields
from mien.errors import TimeError
from mien.media.sequence import EXTENSIONS
from mien.model.rates import exact_rate
from mien.timebase import Timecode

__all__ = ["Definitions", "Medium", "is_true", "medium_of", "number_in", "rate_in", "timecode_in"]

_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?")
_FASTEST: Final = 1000
_STILLS: Final = (*EXTENSIONS, ".psd", ".gif", ".ai", ".pct", ".pict", ".heic", ".webp")
_RANGE: Final = re.compile(r"^(.*)\[(\d+)-(\d+)\](.*)$")
"""A sequence of images as Resolve names it: shot.[1001-1100].exr."""
_COUNTED: Final = re.compile(r"^(.*?)(\d{3,})$")
_ZERO: Final = Fraction(0)


@lru_cache(maxsize=4096)
def number_in(text: str) -> Fraction | None:
    """A number as it is written, whole or not; None where it is none."""
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def is_true(text: str, default: bool) -> bool:
    """Whether a switch is on."""
    return default if not text else text.lower() in ("true", "1", "yes")


def rate_in(element: XmlElement) -> Fraction | None:
    """Frames a second by which an element counts; None where it does not say itself."""
    base = number_in(element.value("rate", "timebase"))
    if base is None or not 1 <= base <= _FASTEST:
        return None
    if base.denominator != 1:
        # No timebase, but what is meant is plain: 23.976, 29.97.
        return exact_rate(float(base))
    ntsc = is_true(element.value("rate", "ntsc"), False)
    # There is no NTSC rate beside 25 and 50, whatever an exporter switches on.
    return base * 1000 / 1001 if ntsc and base % 25 else base


def timecode_in(element: XmlElement, default: Fraction) -> tuple[Fraction, Fraction]:
    """The number of frames that a timecode counts, and frames a second by which it does.

    Args:
        element: The timecode.
        default: Frames a second where it does not say.
    """
    rate = rate_in(element) or default
    frame = number_in(element.value("frame"))
    if frame is not None and frame >= 0:
        return frame, rate
    text = element.value("string")
    if element.value("displayformat").upper() == "DF":
        text = f"{text[:-3]};{text[-2:]}"
    try:
        return Fraction(Timecode.parse(text, rate).frames), rate
    except TimeError:
        return _ZERO, rate


class Definitions:
    """Elements of a document by tag and id: written once, referred to by others."""

    def __init__(self, root: XmlElement) -> None:
        self._by_id: dict[tuple[str, str], XmlElement] = {}
        for element in root.walk():
            key = (element.tag, element.get("id"))
            if not key[1] or not element.children:
                continue
            earlier = self._by_id.get(key)
            if earlier is None or _wealth(element) > _wealth(earlier):
                self._by_id[key] = element

    def resolve(self, element: XmlElement) -> XmlElement:
        """Return the element that is meant: itself, or where it only refers, the other."""
        if _wealth(element):
            return element
        return self._by_id.get((element.tag, element.get("id")), element)

    def file_of(self, item: XmlElement) -> XmlElement | None:
        """The file of an item: its own, or that of its master clip; None where neither has one."""
        own = item.child("file")
        if own is not None:
            file = self.resolve(own)
            if file.children:
                return file
        master = self._by_id.get(("clip", item.value("masterclipid")))
        found = None if master is None else self.first_file(master)
        return found or (own if own is not None and own.get("id") else None)

    def first_file(self, element: XmlElement) -> XmlElement | None:
        """The first file in an element that says anything; None without one."""
        for one in element.walk():
            if one.tag == "file":
                file = self.resolve(one)
                if file.children:
                    return file
        return None


def _wealth(element: XmlElement) -> int:
    """How much an element says of itself: nothing, something, or what counts."""
    if not element.children:
        return 0
    telling = {"file": ("pathurl", "mediaSource"), "sequence": ("media",)}.get(element.tag)
    if telling is None:
        return 2
    return 2 if any(child.tag in telling for child in element.children) else 0


@dataclass(frozen=True, slots=True)
class Medium:
    """What an item is made from.

    Attributes:
        reference: The media as OTIO refers to them.
        rate: Frames a second of them.
        start: Number of their first frame.
        frames: How many there are; 0 where the file does not say.
        still: Whether they are one picture: a photograph, or a frame of a movie.
    """

    reference: Any
    rate: Fraction
    start: Fraction
    frames: Fraction
    still: bool


def medium_of(file: XmlElement, default: Fraction, *, still: bool) -> Medium:
    """The media of a file.

    Args:
        file: The file.
        default: Frames a second where it does not say.
        still: Whether the item says that it is a still.
    """
    rate = rate_in(file) or default
    start = _ZERO
    timecode = file.child("timecode")
    if timecode is not None:
        start = recount(*timecode_in(timecode, rate), rate)
    frames = max(_ZERO, number_in(file.value("duration")) or _ZERO)
    available = None
    if frames or timecode is not None:
        available = otio.opentime.TimeRange(
            otio.opentime.RationalTime(float(start), float(rate)),
            otio.opentime.RationalTime(float(frames), float(rate)),
        )
    fields = as_fields(file, frozenset(("pathurl", "name", "duration", "rate")))
    named = {"name": file.value("name"), "available_range": available,
             "metadata": {"fcp_xml": fields}}  # fmt: skip
    url, source = file.value("pathurl"), file.value("mediaSource")
    if not url:
        reference = (
            otio.schema.GeneratorReference(generator_kind=source, **named)
            if source else otio.schema.MissingReference(**named)
        )  # fmt: skip
        return Medium(reference, rate, start, frames, still)
    images = None if still else _sequence(url, rate, frames)
    if images is not None:
        for name, value in named.items():
            if name != "metadata":
                setattr(images, name, value)
        images.metadata["fcp_xml"] = fields
        return Medium(images, rate, start, frames, False)
    # A photograph lasts as long as an item likes; a frame of a movie has its number there.
    photograph = PurePosixPath(url.lower()).suffix in _STILLS and "%0" not in url
    reference = otio.schema.ExternalReference(
        target_url=url,
        available_range=None if photograph else available,
        metadata=named["metadata"],
    )
    reference.name = file.value("name")
    return Medium(reference, rate, _ZERO if photograph else start, frames, still or photograph)


def _sequence(url: str, rate: Fraction, frames: Fraction) -> Any:
    """The sequence of images that a file names by its range or first image; None of others."""
    base, _, name = url.rpartition("/")
    name = unquote(name)
    match = _RANGE.match(name)
    if match is not None:
        return _images(base, match[1], match[4], match[2], rate)
    stem, dot, ending = name.rpartition(".")
    match = _COUNTED.match(stem)
    if match is None or frames <= 1 or f".{ending.lower()}" not in EXTENSIONS:
        return None
    if ending.lower() in ("jpg", "jpeg", "bmp") and not match[1].endswith("."):
        # Cameras number their photographs, and an item may show one for as long as it likes.
        return None
    return _images(base, match[1], f"{dot}{ending}", match[2], rate)


def _images(base: str, prefix: str, suffix: str, number: str, rate: Fraction) -> Any:
    return otio.schema.ImageSequenceReference(
        target_url_base=f"{base}/" if base else "",
        name_prefix=prefix,
        name_suffix=suffix,
        start_frame=int(number),
        rate=float(rate),
        frame_zero_padding=len(number),
    )
