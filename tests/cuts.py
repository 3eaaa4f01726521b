"""Cuts made of a few clips, with what real exports have in them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from mien.jobs.job import ShotJob, ShotResult
from mien.timebase import Clock

SMILE = {"schema": "mien.edit/1", "set": ["mouthSmile=+0.5"]}


def time(value: float, rate: float = 24) -> Any:
    return otio.opentime.RationalTime(value, rate)


def span(start: float, length: float, rate: float = 24) -> Any:
    return otio.opentime.TimeRange(time(start, rate), time(length, rate))


def clip(
    name: str,
    start: float,
    length: float,
    *,
    url: str = "",
    available: Any = None,
    edit: Any = None,
    speed: float | None = None,
    rate: float = 24,
) -> Any:
    """A clip of a movie, by default without edits."""
    reference = otio.schema.ExternalReference(url or f"file:///media/{name}.mov", available)
    made = otio.schema.Clip(name, reference, span(start, length, rate))
    if edit is not None:
        made.metadata["mien"] = edit
    if speed is not None:
        made.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    return made


def gap(length: float, rate: float = 24) -> Any:
    return otio.schema.Gap(duration=time(length, rate))


def dissolve(head: float, tail: float, rate: float = 24) -> Any:
    return otio.schema.Transition(
        "dissolve", otio.schema.TransitionTypes.SMPTE_Dissolve, time(head, rate), time(tail, rate)
    )


def timeline(*tracks: list[Any], start: float | None = None) -> Any:
    """A timeline of video tracks."""
    first = None if start is None else time(start)
    made = otio.schema.Timeline("show", global_start_time=first)
    for number, items in enumerate(tracks, 1):
        track = otio.schema.Track(f"V{number}")
        track.extend(items)
        made.tracks.append(track)
    return made


def saved(cut: Any, path: Path) -> Path:
    otio.adapters.write_to_file(cut, str(path), "otio_json")
    return path


def rendered(job: ShotJob, folder: Path, clock: Clock) -> ShotResult:
    """A result as if the shot had been rendered."""
    return ShotResult(
        job, "done", folder / f"{job.name}.mov", job.frames_of(clock), clock
    )  # fmt: skip


def clock(frames: int = 2000, rate: float | Fraction = 24) -> Clock:
    return Clock(Fraction(rate), frames)
