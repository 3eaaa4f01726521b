"""How fast an event runs through its source: durations and M2 against each other.

M2 counts source frames a second, to a tenth that some writers round and others cut off, at 30 or
at 29.97. Durations are whole frames. Where both can mean the same speed, that one is taken, from
the side that says it more exactly; where they cannot, M2 was written on purpose, and holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from mien.editorial.edl.counting import Counter
from mien.editorial.edl.statements import Motion

__all__ = ["Speed", "speed_of"]

_ONE: Final = Fraction(1)
_ROUNDED: Final = 2
"""Frames by which durations may differ without a retime."""
_SIMPLE: Final = range(1, 5)
"""Denominators of speeds that editors give without percent: halves, thirds, quarters."""


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed, and what cannot be believed about it.

    Attributes:
        value: Source frames a frame of the record; negative backwards, 0 for a still.
        doubt: What does not fit, as the end of a sentence that begins with the event; or "".
        kind: What `12 more events` are followed by; or "".
    """

    value: Fraction
    doubt: str = ""
    kind: str = ""


def speed_of(
    source: tuple[int, int | None], length: int, motion: Motion | None, still: bool,
    counter: Counter, day: int,
) -> Speed:  # fmt: skip
    """The speed of an event.

    Args:
        source: Frames of source in and out; None for an out that cannot be read.
        length: Frames of record; 0 for the outgoing side of a transition.
        motion: Its M2; None without one.
        still: Whether a note says that a frame is frozen.
        counter: Counts the list's timecodes.
        day: Frames of a day of the source.
    """
    if motion is not None and not motion.frames:
        return Speed(Fraction(0))
    used, backwards = _used(source, length, motion, counter, day)
    if motion is not None:
        return _of_motion(motion, used, length, counter)
    if still:
        return Speed(Fraction(0))
    if not length:
        return Speed(_ONE)
    if used is None:
        return Speed(
            _ONE, "has no source out that fits its source in: its record duration holds",
            "have no source out that fits their source in",
        )  # fmt: skip
    if backwards:
        return Speed(
            Fraction(-used, length), "has its source out before its source in: it is read as"
            " running backwards", "are read as running backwards",
        )  # fmt: skip
    return _of_durations(used, length)


def _of_durations(used: int, length: int) -> Speed:
    if used == length:
        return Speed(_ONE)
    said = f"uses {_frames(used)} of source for {_frames(length)} of record"
    if used == 0 or (used == 1 and length > 1 + _ROUNDED):
        return Speed(
            Fraction(0), f"{said} without an M2 note: it is read as a frozen frame",
            "are read as frozen frames",
        )  # fmt: skip
    if abs(used - length) <= _ROUNDED:
        return Speed(
            _ONE, f"{said}: the record duration holds, at normal speed",
            "have durations of source and record that differ by a frame or two",
        )  # fmt: skip
    speed = Fraction(used, length)
    return Speed(
        speed, f"{said} without an M2 note: it is read at {_percent(speed)}",
        "are retimed by their durations without an M2 note",
    )  # fmt: skip


def _of_motion(motion: Motion, used: int | None, length: int, counter: Counter) -> Speed:
    sign = -1 if motion.frames < 0 else 1
    low = max((abs(motion.frames) - motion.unit / 2) / counter.nominal, Fraction(1, 100_000))
    high = (abs(motion.frames) + motion.unit) / counter.rate
    if not length or used is None:
        return Speed(sign * _usual(low, high, motion, counter))
    said = Fraction(used, length)
    if low <= said <= high:
        return Speed(sign * said)
    near = max(low, Fraction(used - 1, length)), min(high, Fraction(used + 1, length))
    if near[0] <= near[1]:
        return Speed(sign * _usual(*near, motion, counter))
    speed = _usual(low, high, motion, counter)
    return Speed(
        sign * speed,
        f"has durations that say {_percent(said)} ({_frames(used)} of source for {length} of"
        f" record) and an M2 note that says {_percent(sign * speed)}: M2 holds",
        "have an M2 note that their durations do not bear out",
    )


def _usual(low: Fraction, high: Fraction, motion: Motion, counter: Counter) -> Fraction:
    """The speed in a range that an editor is most likely to have been given."""
    near = abs(motion.frames) / counter.nominal
    for parts in (*_SIMPLE, 100):
        speed = Fraction(round(near * parts), parts)
        if low <= speed <= high and speed:
            return speed
    return min(max(near, low), high).limit_denominator(100_000)


def _used(
    source: tuple[int, int | None], length: int, motion: Motion | None, counter: Counter, day: int
) -> tuple[int | None, bool]:
    """Frames of source that are used, None where that cannot be; and whether it runs backwards."""
    start, stop = source
    if stop is None:
        return None, False
    used = stop - start
    if used >= 0:
        return used, False
    expected = (
        abs(motion.frames) / counter.rate * length if motion is not None else Fraction(length)
    )
    if abs(-used - expected) <= _ROUNDED + expected / 100:
        return -used, True
    # Over midnight, where the day begins again.
    return (used + day, False) if (used + day) * 2 <= day else (None, False)


def _frames(count: int) -> str:
    return f"{count} frame{'' if count == 1 else 's'}"


def _percent(speed: Fraction) -> str:
    return f"{float(100 * speed):.4g} %"
