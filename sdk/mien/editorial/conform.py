"""Conform lists: where each render goes, for editors that read no OTIO.

One event a shot at its record time, with the render's path and a marker `mien:NAME`. The
lists carry no effects but retimes, and no edits. Source times are those of the rendered files,
and count as these do: a list whose record drops numbers may have sources that do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Many
from fractions import Fraction
from typing import Final, Literal

from mien.editorial.conform_events import MARKER, ConformEvent, ConformList, Render
from mien.editorial.conform_xml import write_xml
from mien.editorial.uses import Sequence, drop_mode, fields_of
from mien.errors import UsageError
from mien.jobs.names import safe_name
from mien.media.sequence import Pattern
from mien.timebase import Timecode

__all__ = ["DropFrame", "Render", "check_drop_frame", "conform_lists"]

DropFrame = Literal["auto", "yes", "no"]
"""Whether conform lists drop numbers: as the cut and its media do, all of them, or none."""
_REEL: Final = 8
"""Letters of a reel's name in CMX 3600."""
_COUNTED: Final = tuple(
    Fraction(1000 * rate, below)
    for rate in (24, 25, 30, 48, 50, 60)
    for below in (1000, 1001)
    if below == 1000 or rate % 25
)
"""Rates of SMPTE timecode (ST 12-1 and 12-3)."""


def conform_lists(
    sequence: Sequence, renders: Many[Render], title: str, drop_frame: DropFrame = "auto"
) -> dict[str, str]:
    """The lists of an edit: file names and what is in them.

    Shots that overlap in time go on further layers: an EDL each, a track each of the XML.

    Args:
        sequence: The edit.
        renders: Its rendered shots.
        title: Name of the lists.
        drop_frame: Whether timecodes drop numbers.
    """
    if not renders:
        return {}
    rate = _rate(sequence)
    drop = _drops(sequence, renders, drop_frame, rate)
    events = [_event(render, sequence, rate, drop, drop_frame) for render in renders]
    contents = ConformList(title, rate, _first(sequence, rate), drop, _layers(events))
    stem = safe_name(title)
    lists = {}
    for number, layer in enumerate(contents.layers, 1):
        name = f"{stem}.mien.edl" if number == 1 else f"{stem}.mien.{number}.edl"
        lists[name] = _edl(layer, contents)
    lists[f"{stem}.mien.xml"] = write_xml(contents)
    return lists


def check_drop_frame(sequences: Many[Sequence], drop_frame: DropFrame) -> None:
    """Refuse drop frame for edits of which none is at a rate that has it.

    Raises:
        UsageError: When there is none.
    """
    rates = [_rate(sequence) for sequence in sequences]
    if drop_frame == "yes" and not any(_can_drop(rate) for rate in rates):
        said = f"{float(rates[0]):.6g}" if rates else "no"
        raise UsageError(
            f"There is no drop frame timecode at {said} frames a second.",
            "It goes with 29.97 and 59.94: leave --drop-frame out.",
        )


def _can_drop(rate: Fraction) -> bool:
    return rate.denominator == 1001 and -(-rate.numerator // rate.denominator) % 30 == 0


def _drops(sequence: Sequence, renders: Many[Render], choice: DropFrame, rate: Fraction) -> bool:
    """Whether an edit's record drops numbers: as it says, else as all its media do."""
    if choice != "auto" or not _can_drop(rate):
        return choice == "yes" and _can_drop(rate)
    said = drop_mode(sequence)
    if said is not None:
        return said
    return {drop for render in renders if (drop := _own_drop(render, rate)) is not None} == {True}


def _own_drop(render: Render, rate: Fraction) -> bool | None:
    """Whether a render's own timecode drops numbers; None without one that counts as the list."""
    start = None if render.result.clock is None else render.result.clock.start
    nominal = -(-rate.numerator // rate.denominator)
    return None if start is None or start.nominal != nominal else start.drop


def _event(
    render: Render, sequence: Sequence, rate: Fraction, drop: bool, choice: DropFrame
) -> ConformEvent:
    use = render.use
    scale = rate / use.rate
    source = (render.file_start + use.shown_from - render.first) * scale
    shown = use.record_length
    if not shown and use.speed:
        # What a transition comes from, and only it shows.
        shown = use.length / use.rate / abs(use.speed)
    length = max(1, round(shown * rate))
    own = _own_drop(render, rate)
    return ConformEvent(
        render,
        _first(sequence, rate) + round(use.record * rate),
        length,
        max(0, round(source)),
        max(1, round(length * abs(use.speed))),
        drop if own is None or choice != "auto" else own,
    )


def _rate(sequence: Sequence) -> Fraction:
    """The rate of an edit's record; the nearest that timecode can count, where it is another."""
    return min(_COUNTED, key=lambda rate: abs(rate - sequence.rate))


def _first(sequence: Sequence, rate: Fraction) -> int:
    """Number of an edit's first frame."""
    return max(0, round(sequence.first * rate / sequence.rate))


def _layers(events: list[ConformEvent]) -> tuple[tuple[ConformEvent, ...], ...]:
    """Events in the order of the record, none over another of its layer."""
    layers: list[list[ConformEvent]] = []
    for event in sorted(events, key=lambda one: (one.record, one.render.use.track_number)):
        for layer in layers:
            if layer[-1].stop <= event.record:
                layer.append(event)
                break
        else:
            layers.append([event])
    return tuple(map(tuple, layers))


def _edl(events: Many[ConformEvent], contents: ConformList) -> str:
    def code(frame: int, drop: bool) -> str:
        return str(Timecode(frame, contents.nominal, drop))

    mode = contents.drop
    lines = [f"TITLE: {contents.title} mien", _mode(mode), ""]
    for number, event in enumerate(events, 1):
        if event.drop != mode:
            mode = event.drop
            lines.append(_mode(mode))
        speed = event.render.use.speed
        reel = _reel(event.render)
        used = event.used if speed else 1
        lines.append(
            f"{number:03}  {reel:<8} V     C        "
            f"{code(event.source, mode)} {code(event.source + used, mode)} "
            f"{code(event.record, contents.drop)} {code(event.stop, contents.drop)}"
        )
        if speed != 1:
            start = code(event.source, mode)
            lines.append(f"M2   {reel:<8} {_speed(speed * contents.rate)}                {start}")
        if not speed:
            lines.append("* FREEZE FRAME")
        lines += [
            f"* FROM CLIP NAME: {event.render.name}",
            f"* FROM CLIP: {_listed(event.render)}",
            f"* LOC: {code(event.record, contents.drop)} RED     {MARKER}{event.render.name}",
        ]
    return "\n".join([*lines, ""])


def _mode(drop: bool) -> str:
    return f"FCM: {'' if drop else 'NON-'}DROP FRAME"


def _listed(render: Render) -> str:
    """A render's path as EDLs write it: images as `sh010.[1001-1010].exr`."""
    output = render.result.output
    pattern = None if output is None else Pattern.parse(output)
    numbers = [] if pattern is None else pattern.numbers()
    if pattern is None or not numbers:
        return str(output)
    first, last = (f"{number:0{pattern.digits}d}" for number in (numbers[0], numbers[-1]))
    return str(pattern.folder / f"{pattern.prefix}[{first}-{last}]{pattern.suffix}")


def _speed(frames: Fraction) -> str:
    return f"{'-' if frames < 0 else ''}{abs(float(frames)):05.1f}"


def _reel(render: Render) -> str:
    """The source's reel, by which conforming finds material; the shot's name without one."""
    known = fields_of(render.use.clip.metadata, "cmx_3600")
    name = str(known.get("reel", "")) or render.name
    return re.sub(r"[^A-Za-z0-9_]", "", name)[:_REEL].upper() or "MIEN"
