"""The media of AAF: from a master clip down to its files, and the tape's timecode."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import aaf2
import opentimelineio as otio

from mien.editorial.times import time

__all__ = ["AafSource", "constant_range", "source_of"]

_DEEPEST: Final = 16
_UNC: Final = "UNC Path"
"""Comment in which some programs keep where a file is."""


@dataclass(frozen=True, slots=True)
class AafSource:
    """What a source clip shows.

    Attributes:
        name: Name of its master clip.
        start: Number of its first frame by the tape's timecode, or from the file's beginning.
        references: Media by name, those nearest to the master clip first.
        reel: Name of its tape; empty without one.
        comments: What people wrote about it.
    """

    name: str
    start: Fraction
    references: dict[str, Any]
    reel: str
    comments: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Link:
    """A mob of the chain from a master clip to its tape.

    Attributes:
        mob: The mob.
        offset: Where the part that is used begins in it, in seconds.
        length: How long it is, in seconds.
        rate: Frames a second of the slot that is used.
    """

    mob: Any
    offset: Fraction
    length: Fraction
    rate: Fraction


def source_of(clip: Any, rate: Fraction) -> AafSource:
    """Return what a source clip shows, followed to its files and its tape.

    Args:
        clip: A source clip whose mob is in the file.
        rate: Frames a second of the slot that holds it.
    """
    chain = _chain(clip, rate)
    timecode = Fraction(0)
    for depth in reversed(range(len(chain))):
        coded = _start_timecode(chain[depth].mob)
        if coded is not None:
            # The clip's own place in the mob that carries the timecode.
            timecode = coded + chain[depth].offset - chain[0].offset
            break
    start = (chain[0].offset + timecode) * rate
    references: dict[str, Any] = {}
    comments = _comments(chain[0].mob)
    if comments.get(_UNC):
        _add(references, _UNC, otio.schema.ExternalReference(_url(comments[_UNC])))
    reel = ""
    for link in chain:
        if not isinstance(link.mob, aaf2.mobs.SourceMob):
            continue
        descriptor = link.mob.descriptor
        if isinstance(descriptor, aaf2.essence.TapeDescriptor):
            reel = link.mob.name or ""
        first = start - link.offset * rate
        available = constant_range(first, link.length * rate, rate)
        for url in _locators(descriptor):
            reference = otio.schema.ExternalReference(_url(url), available)
            reference.name = link.mob.name or ""
            _add(references, link.mob.name or "file", reference)
    return AafSource(chain[0].mob.name or "", start, references, reel, comments)


def constant_range(start: Fraction, length: Fraction, rate: Fraction) -> Any:
    """Return a range as OpenTimelineIO holds it, in frames.

    Args:
        start: Its first frame.
        length: How many frames it has.
        rate: Frames a second.
    """
    return otio.opentime.TimeRange(time(start, float(rate)), time(length, float(rate)))


def _chain(clip: Any, rate: Fraction) -> list[_Link]:
    links: list[_Link] = []
    offset = Fraction(clip.start or 0) / rate
    while clip is not None and len(links) < _DEEPEST:
        mob, slot = clip.mob, _slot(clip)
        if mob is None:
            break
        own = rate if slot is None else _rate(slot, rate)
        length = Fraction(0) if slot is None else Fraction(slot.segment.length or 0) / own
        links.append(_Link(mob, offset, length, own))
        clip = None if slot is None else _clip_at(slot.segment, offset * own, 0)
        if clip is not None:
            inner, before = clip
            clip, offset = inner, offset - before / own + Fraction(inner.start or 0) / own
            rate = own
    return links


def _slot(clip: Any) -> Any:
    try:
        return clip.slot
    except (IndexError, KeyError, ValueError):
        return None


def _rate(slot: Any, otherwise: Fraction) -> Fraction:
    try:
        rate = Fraction(slot.edit_rate)
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        return otherwise
    return rate if rate > 0 else otherwise


def _clip_at(segment: Any, when: Fraction, depth: int) -> tuple[Any, Fraction] | None:
    """The source clip at a time of a segment, and how many frames lie before it."""
    if depth > _DEEPEST or segment is None:
        return None
    if isinstance(segment, aaf2.components.SourceClip):
        return segment, Fraction(0)
    inner: Any = None
    before = Fraction(0)
    if isinstance(segment, aaf2.components.Sequence):
        reached = Fraction(0)
        for part in segment.components:
            if isinstance(part, aaf2.components.Transition):
                reached -= Fraction(part.length or 0)
                continue
            if inner is None or reached <= when:
                inner, before = part, reached
            reached += Fraction(part.length or 0)
    elif isinstance(segment, aaf2.components.Selector):
        inner = segment.getvalue("Selected")
    elif isinstance(segment, aaf2.components.EssenceGroup):
        inner = next(iter(segment.getvalue("Choices", [])), None)
    elif isinstance(segment, aaf2.components.OperationGroup):
        inner = next(iter(segment.getvalue("InputSegments", [])), None)
    elif isinstance(segment, aaf2.components.Pulldown):
        inner = segment.getvalue("InputSegment")
    deeper = _clip_at(inner, when - before, depth + 1)
    return None if deeper is None else (deeper[0], before + deeper[1])


def _start_timecode(mob: Any) -> Fraction | None:
    """Start timecode of a tape or a file, in seconds; None without one."""
    if not isinstance(mob, aaf2.mobs.SourceMob):
        return None
    for slot in mob.slots:
        parts = getattr(slot.segment, "components", None)
        for part in [slot.segment] if parts is None else list(parts):
            if isinstance(part, aaf2.components.Timecode):
                return Fraction(part.start or 0) / _rate(slot, Fraction(part.fps or 24))
    return None


def _locators(descriptor: Any) -> list[str]:
    urls = []
    descriptors = [descriptor]
    if isinstance(descriptor, aaf2.essence.MultipleDescriptor):
        descriptors += list(descriptor.getvalue("FileDescriptors", []))
    for one in descriptors:
        for locator in [] if one is None else one.getvalue("Locator", []):
            url = locator.getvalue("URLString", None)
            if url:
                urls.append(str(url))
    return urls


def _url(url: str) -> str:
    """A locator as a URL: some hold plain paths."""
    if "://" in url or not url.startswith(("/", "\\")):
        return url
    return url if url.startswith("\\") else f"file://{url}"


def _comments(mob: Any) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in mob.comments.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}


def _add(references: dict[str, Any], name: str, reference: Any) -> None:
    key = otio.schema.Clip.DEFAULT_MEDIA_KEY if not references else name
    number = 1
    while key in references:
        number += 1
        key = f"{name}_{number:02}"
    references[key] = reference
