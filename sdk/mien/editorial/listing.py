"""What mien sees in a cut: its clips, one by one, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from mien.editorial.cut import ExaminedCut, RenderOptions, examine
from mien.editorial.finder import ExaminedClip, reel_of, source_drops
from mien.editorial.notices import Notices, kind_of
from mien.editorial.times import recount
from mien.editorial.uses import drops_frames
from mien.errors import MienError
from mien.jobs.drop_frames import describe_drop_mismatches
from mien.jobs.job import CutSpan
from mien.media.probe import probe
from mien.timebase import Clock, Timecode

__all__ = ["CutClip", "CutListing", "list_cut"]

_NEAR: Final = Fraction(1, 1_000_000)
"""How far from a whole frame a time is that is meant to be one."""


@dataclass(frozen=True, slots=True)
class CutClip:
    """A clip of a cut, in frames of the cut's rate.

    Attributes:
        name: Its name, or its reel's or file's where it has none.
        track: Name of its track.
        record_start: Number of the frame with which it appears, by the cut's timecode: at 24 one
            of 01:00:00:00 is 86400.
        frames: How many frames of the cut show it, without those under its transitions.
        source_start: Number of the first source frame shown, as the cut counts its media.
        source_frames: How many frames of the source these cover; None where that is not known.
        speed: Its speed, 1 as shot, negative backwards, 0 of a still; None where it is not known.
        media: Its file as it was resolved, or as the cut writes it; without one its reel; or None.
        media_exists: Whether the file is there.
        edits: What is asked of it: edits, a project, a curve file; empty of nothing.
        rate: Frames a second by which all these count.
        drop: Whether the cut's record timecode drops numbers.
        source_drop: Whether its source timecode does.
    """

    name: str
    track: str
    record_start: Fraction
    frames: Fraction
    source_start: Fraction
    source_frames: Fraction | None
    speed: Fraction | None
    media: str | None
    media_exists: bool
    edits: tuple[str, ...]
    rate: Fraction
    drop: bool = False
    source_drop: bool = False

    @property
    def record_timecode(self) -> str:
        """Timecode of the frame with which it appears."""
        return _timecode(self.record_start, self.rate, self.drop)

    @property
    def source_timecode(self) -> str:
        """Timecode of the first source frame shown."""
        return _timecode(self.source_start, self.rate, self.source_drop)


@dataclass(frozen=True, slots=True)
class CutListing:
    """What mien sees in a cut.

    Attributes:
        path: Its file.
        format: Its format, as people call it.
        clips: Its clips with pictures, in the order of the file.
        notices: What is left out of it, or cannot be believed, a line each.
        takes_rate: Whether its rate has to be given, as an EDL's.
    """

    path: Path
    format: str
    clips: tuple[CutClip, ...]
    notices: tuple[str, ...]
    takes_rate: bool = False


def list_cut(path: Path, rate: Fraction | str | None, edits: Path | None) -> CutListing:
    """List a cut; `editorial.list_clips` says how."""
    from mien.editorial.detect import TITLES

    examined = examine(path, rate, RenderOptions(edits=edits))
    shown = [clip for clip in examined.clips if not clip.generated]
    notices = [*examined.notices, *_problems(shown), *_drop_notices(examined)]
    clips = tuple(_listed(clip, number) for number, clip in enumerate(shown, 1))
    kind = examined.opened.format
    return CutListing(path, TITLES[kind], clips, tuple(notices), kind == "edl")


def _listed(clip: ExaminedClip, number: int) -> CutClip:
    use, sequence = clip.use, clip.sequence
    rate = sequence.rate
    frames = _whole(use.record_length * rate)
    known = use.frames_known
    # The outgoing side of a transition may be shown under it alone, and of it no frame is left.
    covered = max(Fraction(1), frames * abs(use.speed)) if frames else Fraction(0)
    covered = use.length if use.varies else covered
    return CutClip(
        name=_name(clip, number),
        track=use.track,
        record_start=_whole(sequence.first + use.record * rate),
        frames=frames,
        source_start=_whole(recount(use.shown_from, use.rate, rate)),
        source_frames=_whole(covered) if known else None,
        speed=use.speed if known and not use.varies else None,
        media=_media(clip),
        media_exists=clip.media is not None and clip.media.exists,
        edits=_edits(clip),
        rate=rate,
        drop=drops_frames(sequence),
        source_drop=bool(source_drops(sequence, use)),
    )


def _name(clip: ExaminedClip, number: int) -> str:
    file = "" if clip.media is None else clip.media.path.name
    return str(clip.use.clip.name or reel_of(clip.use) or file or f"clip {number}")


def _media(clip: ExaminedClip) -> str | None:
    if clip.media is None:
        return reel_of(clip.use) or None
    return str(clip.media.path) if clip.media.exists else clip.media.written


def _edits(clip: ExaminedClip) -> tuple[str, ...]:
    job = clip.job
    if job is None:
        return ()
    project = None if job.project is None else job.project.name
    curves = (one.file.name for one in job.curves)
    given = [part for part in (project, *curves, *job.set) if part]
    return tuple(given) or ("edits that cannot be used",)


def _problems(clips: list[ExaminedClip]) -> tuple[str, ...]:
    """Why clips cannot be rendered though something is asked of them."""
    said = Notices("{} more clips: {}")
    for clip in clips:
        job = clip.job
        if job is None:
            continue
        if job.problem is not None:
            problem = str(job.problem)
            kind = kind_of(job.problem.cause.replace(clip.name, "…"))
            said.add(kind, f"{clip.name}: {problem}")
        for file in clip.edit_files:
            if not file.is_file():
                kind = "project" if file == job.project else "curve file"
                said.add(
                    f"there is no {kind} of the name that they give.",
                    f"{clip.name}: There is no {kind} {file}. Check the name.",
                )
    return said.lines()


def _drop_notices(examined: ExaminedCut) -> tuple[str, ...]:
    """Where the timecode of media that are there counts otherwise than the cut."""
    clocks: dict[Path, Clock | None] = {}

    def counted() -> Iterator[tuple[str, str, CutSpan, Clock]]:
        for clip in examined.clips:
            span = clip.span
            if span is None or span.drop is None or clip.media is None or not clip.media.exists:
                continue
            path = clip.media.path
            if path not in clocks:
                clocks[path] = _clock_of(path)
            clock = clocks[path]
            if clock is not None:
                yield clip.name, path.name, span, clock

    return describe_drop_mismatches(counted())


def _clock_of(path: Path) -> Clock | None:
    """The clock of a file; None of one that mien cannot read, which a render will say."""
    try:
        return probe(path).clock
    except MienError:
        return None


def _timecode(frame: Fraction, rate: Fraction, drop: bool) -> str:
    nominal = -(-rate.numerator // rate.denominator)
    drop = drop and nominal % 30 == 0 and rate.denominator != 1
    text = str(Timecode(abs(round(frame)), nominal, drop))
    return f"-{text}" if frame < 0 else text


def _whole(count: Fraction) -> Fraction:
    """A number of frames, whole where floating point alone keeps it from being so."""
    near: Any = Fraction(round(count))
    return near if abs(count - near) < _NEAR else count
