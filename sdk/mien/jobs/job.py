"""What a batch is made of: shots to render, and what became of them. Pure values.

A job says what is wanted in the terms of whoever wants it - typed, or counted by a cut - so
that reading a cut of ten thousand shots opens not one media file. It is brought together with
the media once, by `ShotJob.frames_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Literal

from mien.errors import DamagedMediaError, MienError, TimeError
from mien.model.curve_layer import ImportMode
from mien.model.listing import list_numbers
from mien.model.media import MediaInfo, MissingFrames
from mien.model.occlusion import OcclusionChoice
from mien.model.quality import Quality
from mien.model.renderer_settings import SettingValue
from mien.model.report_choice import ReportChoice
from mien.model.soundtrack import Soundtrack
from mien.model.transfer import APPLIED_LAYER, Transfer
from mien.timebase import Clock, FrameRange, Timecode, same_count

__all__ = [
    "ApplyInput", "CurvesInput", "CutSpan", "Problem", "ShotJob", "ShotResult",
    "Status",
]  # fmt: skip

Status = Literal["done", "failed"]

_DAY = 86_400
"""Seconds from midnight to midnight."""
_DROPPED = 1440 - 144
"""Minutes of a day at whose beginning drop frame leaves numbers out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a shot cannot be rendered, or was not: an error that can be kept and sent.

    Attributes:
        code: The stable word of the error (`MienError.code`).
        cause: One sentence that names what is wrong.
        remedy: One sentence that says what to do; may be empty.
    """

    code: str
    cause: str
    remedy: str = ""

    @classmethod
    def of(cls, error: MienError) -> Problem:
        """Return the problem that an error tells of."""
        return cls(error.code, error.cause, error.remedy)

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class CurvesInput:
    """A curve file that a face is to follow; see `mien.import_curves`.

    Attributes:
        file: The file.
        face: Number or name of the face in the file; None for the only one.
        controls: Names of the controls to take; None for all but head and gaze.
        mode: Whether the face follows the curves, or they are added to what it does.
        offset: Frame of the media on which the file's first frame falls.
        retime: Whether a file with another frame rate keeps its seconds; None refuses it.
        to_face: Number or name of the face of the shot that follows it; None for the shot's
            `face`, or else the largest.
        only: Groups of which controls are taken, where none are named.
        gains: Factors of the values, by names of controls and groups.
        basis: Basis of FLAME coefficients in a file that does not name it.
    """

    file: Path
    face: int | str | None = None
    controls: tuple[str, ...] | None = None
    mode: ImportMode = "replace"
    offset: int = 0
    retime: bool | None = None
    to_face: int | str | None = None
    only: tuple[str, ...] = ()
    gains: Mapping[str, float] = field(default_factory=dict)
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class ApplyInput:
    """A performance that a face is to follow; see `mien.apply`.

    Attributes:
        file: A project, a curve file or an image.
        face: Number or name of the face in the file; None for the only one.
        to_face: Number or name of the face of the shot that follows it; None for the shot's
            `face`, or else the largest.
        from_shot: Name or number of the shot in a project of several.
        layer: Name of the layer that it becomes.
        how: What is taken of it, and how.
    """

    file: Path
    face: int | str | None = None
    to_face: int | str | None = None
    from_shot: str | None = None
    layer: str = APPLIED_LAYER
    how: Transfer = field(default_factory=Transfer, hash=False)


@dataclass(frozen=True, slots=True)
class CutSpan:
    """The frames of a shot that a cut uses, as the cut counts them.

    Attributes:
        start: Number of the first frame in source time (01:00:00:00 is 86400 at 24), a
            fraction where an edit point lies between frames.
        length: How many frames are used, retimes taken into account.
        rate: Frames a second by which all of these are counted.
        origin: Number of the media's first frame in source time, as the cut says.
        available: How many frames the cut says the media have, counted at `rate` too.
        handles: Frames of the media to render on either side, where there are any.
        numbered: Whether frames are images, whose rate only the cut knows: one is one.
        first_number: Number of the media's first image, by which some cuts count; None of a
            movie.
        drop: Whether the cut read its source times as drop-frame timecode; None where it counts
            frames.
    """

    start: Fraction
    length: Fraction
    rate: Fraction
    origin: Fraction | None = None
    available: Fraction | None = None
    handles: int = 0
    numbered: bool = False
    first_number: int | None = None
    drop: bool | None = None

    def frames_of(self, clock: Clock) -> FrameRange:
        """Return the frames of the media, handles included; only those there are.

        Raises:
            TimeError: When the media do not have the frames that the cut uses.
        """
        used = self._used(clock, self.first(clock))
        return FrameRange(
            max(0, used.start - self.handles), min(clock.frame_count, used.stop + self.handles)
        )

    def first(self, clock: Clock) -> Fraction:
        """Source time of the media's first frame, counted at `rate`.

        What the cut says holds when it knows the media's length. Some cuts give as available
        what they use: then the media's own timecode is better, if the frames are there. Images
        may be counted by their numbers.

        Raises:
            TimeError: When the frames that the cut uses are there by neither.
        """
        said = [] if self.origin is None else [self.origin]
        coded = [*self._labelled(clock), *self._coded(clock)]
        numbers = [] if self.first_number is None else [Fraction(self.first_number)]
        known = self.available is not None and clock.times is None and (
            abs(self.available - self._count(clock.frame_count, clock)) <= 1
        )  # fmt: skip
        # Some cuts count from the first frame, whatever its timecode.
        for first in (*(said + coded if known else coded + said), *numbers, Fraction(0)):
            try:
                self._used(clock, first)
            except TimeError:
                continue
            return first
        raise TimeError(
            f"The cut uses {self._seconds_said()} of a shot that has {clock.frame_count} frames"
            f" from {clock.timecode(0)}.",
            "Check that the cut names the right media, and its frame rate.",
        )

    def number(self, frame: int, clock: Clock) -> Fraction:
        """Source time of a frame of the media, counted at `rate`.

        Raises:
            TimeError: When the media do not have the frames that the cut uses.
        """
        after = clock.seconds(frame) * self.rate if clock.times else frame / self._scale(clock)
        return self.first(clock) + after

    def drop_difference(self, clock: Clock) -> int:
        """Return how many frames lie between the cut's count of a timecode and the media's.

        Args:
            clock: The media's clock.

        Returns:
            0 where both drop numbers or neither does, and where that is not said.
        """
        if self.drop is None or clock.start is None or clock.start.drop == self.drop:
            return 0
        nominal = _nominal(self.rate)
        if nominal % 30 or clock.start.nominal % 30:
            return 0
        count = floor(self.start)
        return abs(Timecode(count, nominal, self.drop).recounted(not self.drop).frames - count)

    def _coded(self, clock: Clock) -> list[Fraction]:
        """Source time of the media's first frame by its own timecode, or of the day before.

        After midnight timecode begins again: the cut's may be lower than that of the first frame.
        """
        if clock.start is None:
            return []
        code = clock.start
        day = _DAY * code.nominal - (_DROPPED * (code.nominal // 15) if code.drop else 0)
        return [self._count(code.frames, clock), self._count(code.frames - day, clock)]

    def _labelled(self, clock: Clock) -> list[Fraction]:
        """The same where only one of the two drops numbers: then what is written counts."""
        if not self.drop_difference(clock):
            return []
        assert clock.start is not None
        count = floor(self.start)
        nominal = _nominal(self.rate)
        label = Timecode(count, nominal, bool(self.drop)).recounted(clock.start.drop)
        scale = Fraction(clock.start.nominal, nominal)
        return [count - (label.frames * scale - clock.start.frames) / self._scale(clock)]

    def _used(self, clock: Clock, first: Fraction) -> FrameRange:
        """The frames that the cut uses, when the media start at a source time."""
        start, stop = self.start - first, self.start - first + self.length
        if clock.times is not None:
            begin, end = start / self.rate, stop / self.rate
            frames = (clock.frame_at(begin), clock.frame_at(end))
            low = frames[0]
            high = frames[1] + (clock.seconds(frames[1]) < end)
        else:
            scale = self._scale(clock)
            low, high = floor(start * scale), ceil(stop * scale)
        # Editors round a retime, or the last frame, up by less than a frame.
        high = min(high, clock.frame_count) if high - clock.frame_count <= 1 else high
        if start < 0 or high > clock.frame_count or low >= high:
            raise TimeError(f"Frames {low} to {high} are not in the shot.")
        return FrameRange(low, high)

    def _count(self, frames: int, clock: Clock) -> Fraction:
        """Frames of the media as the cut counts them."""
        return Fraction(frames) / self._scale(clock)

    def _scale(self, clock: Clock) -> Fraction:
        """Frames of the media per frame of the cut.

        One where they differ by a thousandth: a cut at 24 of media at 23.976 means frames,
        not seconds.
        """
        scale = clock.rate / self.rate
        same = self.numbered or same_count(clock.rate, self.rate)
        return Fraction(1) if same else scale

    def _seconds_said(self) -> str:
        start, stop = (float(n / self.rate) for n in (self.start, self.start + self.length))
        return f"{start:.2f}s to {stop:.2f}s"


def _nominal(rate: Fraction) -> int:
    return -(-rate.numerator // rate.denominator)


@dataclass(frozen=True, slots=True)
class ShotJob:
    """One shot of a batch.

    Attributes:
        name: Its name, unique in the batch; fit to be a file's (names.py).
        media: The movie or sequence; None when the project alone says.
        project: The `.mien` file with its tracked faces and edits; None to track it first.
        shot: Name, number or id of the shot in the project; None for its only one.
        set: Edits as typed for `--set`, on top of the project's and of `curves`.
        face: Number or name of the face that `set` and `curves` are for where they name none
            themselves; None for the largest.
        frames: The frames to write: typed (`0:120`), or of a cut; None for all.
        renderer: Name of the renderer, or `auto`.
        settings: Settings of the renderer by name, which hold before all others.
        default_settings: Settings of the renderer by name, which hold before a project's only.
        codec: Name of the codec; None for the source's family.
        lossless: Whether the output is decoded to exactly the pixels that were rendered.
        origin: Where it was asked for, to be shown (`cut.otio, V1, 01:00:10:05`).
        clip: Number of the clip in its cut, in the order of the file; None without one.
        problem: Why it cannot be rendered, when that is known from the start.
        curves: Curve files and performances that faces follow, on top of the project's edits.
        tracker: Name of the tracker, or `auto`, for media without a project.
        renderer_reason: Why `auto` chose the renderer that is named now, in a few words; empty
            where it was asked for by its name, or is not chosen yet.
        examples: Other material of its people, beside what the project has; see
            `mien.set_examples`.
        occlusion: What is asked for things in front of its faces; what it leaves open the project
            says.
        stream: Number of the video stream of media that hold several; None for the one that
            players show, or the project's.
        until_damage: Whether the output ends before the first frame of its media that is damaged
            or cut off, in place of a failure.
        quality: How well it is encoded; lossless where `lossless` is said.
        missing_frames: What stands for images of a sequence that are missing between others. With
            a cut's frames, `error` is only about those that the cut shows.
        audio: Another sound for its output, in place of its own or beside it.
        report: Whether it is measured once it is rendered, and what its figures are held to.
        provenance: Whether its output carries signed credentials; None for what the project says.
        watermark: A text that is burnt into every frame of its output; None for none.
    """

    name: str
    media: Path | None = None
    project: Path | None = None
    shot: str | None = None
    set: tuple[str, ...] = ()
    face: int | str | None = None
    frames: str | CutSpan | None = None
    renderer: str = "auto"
    settings: Mapping[str, SettingValue] = field(default_factory=dict, hash=False)
    default_settings: Mapping[str, SettingValue] = field(default_factory=dict, hash=False)
    codec: str | None = None
    lossless: bool = False
    origin: str = ""
    clip: int | None = None
    problem: Problem | None = None
    curves: tuple[CurvesInput | ApplyInput, ...] = ()
    tracker: str = "auto"
    renderer_reason: str = ""
    examples: tuple[Path, ...] = ()
    occlusion: OcclusionChoice = field(default_factory=OcclusionChoice)
    stream: int | None = None
    until_damage: bool = False
    quality: Quality = field(default_factory=Quality)
    missing_frames: MissingFrames = "error"
    audio: Soundtrack | None = None
    report: ReportChoice = field(default_factory=ReportChoice)
    provenance: bool | None = None
    watermark: str | None = None

    @property
    def opened_missing(self) -> MissingFrames:
        """What stands for missing images where the media are opened.

        Those that a cut does not show may be missing; `check_missing` refuses the others.
        """
        beside = isinstance(self.frames, CutSpan) and not self.until_damage
        return "hold" if beside and self.missing_frames == "error" else self.missing_frames

    def check_missing(self, media: MediaInfo, frames: FrameRange) -> None:
        """Refuse images that are missing among the frames of the output, unless something is held.

        Args:
            media: Facts of the media, opened with `opened_missing`.
            frames: The frames of the output.

        Raises:
            DamagedMediaError: When some are; they are named.
        """
        lost = media.missing_in(frames) if self.missing_frames == "error" else ()
        if lost:
            noun, verb = ("image", "is") if len(lost) == 1 else ("images", "are")
            raise DamagedMediaError(
                f"{noun.capitalize()} {list_numbers(lost)} of {media.path.name}, which the cut"
                f" shows, {verb} missing.",
                "Render or copy them, or have the image before each in its place with"
                " --missing-frames hold.",
                path=media.path,
                frame=lost[0] - media.first_number,
            )

    def frames_of(self, clock: Clock) -> FrameRange:
        """Return the frames of the media that the output holds.

        Raises:
            TimeError: When the media do not have them.
        """
        if self.frames is None:
            return clock.all
        if isinstance(self.frames, str):
            return clock.parse_range(self.frames)
        return self.frames.frames_of(clock)


@dataclass(frozen=True, slots=True)
class ShotResult:
    """What became of a shot.

    Attributes:
        job: The job.
        status: Whether its output is whole and in place.
        output: The file, or the pattern of a sequence; None when it failed.
        frames: The frames of the media that the output holds; None when it failed.
        clock: The media's clock; None when they could not be opened.
        problem: Why it failed.
    """

    job: ShotJob
    status: Status
    output: Path | None = None
    frames: FrameRange | None = None
    clock: Clock | None = None
    problem: Problem | None = None
