"""CMX 3600 lists of a few events, and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mien.editorial.cut import all_uses
from mien.editorial.edl import read_edl
from mien.editorial.text import decode_text
from mien.model.rates import typed_rate

HOUR = 86400
"""Frames at 24 a second."""


@dataclass(frozen=True)
class Use:
    """A clip as the reader tells of it, times in frames."""

    name: str
    record: Fraction
    length: Fraction
    source: Fraction
    used: Fraction
    speed: Fraction
    track: str


def opened(text: str | bytes, rate: str = "24") -> tuple[Any, tuple[str, ...]]:
    if isinstance(text, bytes):
        text = decode_text(text)
    return read_edl(text, typed_rate(rate), "a.edl")


def shown(text: str | bytes, rate: str = "24") -> list[Use]:
    return [
        Use(use.clip.name, use.record * use.rate, use.record_length * use.rate, use.start,
            use.length, use.speed, use.track)
        for _, use in all_uses(opened(text, rate)[0])
    ]  # fmt: skip


def spans(text: str | bytes, rate: str = "24") -> list[tuple[str, float, float, float, float]]:
    """Name, record, length, source, frames used of every clip."""
    return [
        (use.name, float(use.record), float(use.length), float(use.source), float(use.used))
        for use in shown(text, rate)
    ]


def said(text: str | bytes, rate: str = "24") -> str:
    return "\n".join(opened(text, rate)[1])


def cut(*events: str, mode: str = "NON-DROP FRAME") -> str:
    return "\n".join(["TITLE: show", f"FCM: {mode}", "", *events, ""])


ONE = "001  R1       V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00"
TWO = "002  R2       V     C        10:00:00:00 10:00:02:00 01:00:02:00 01:00:04:00"
