"""A cut, and the shots that are to be rendered for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.clip_edits import ClipEdits, asset_path, edits_of_clip
from mien.editorial.formats import OpenedCut, open_cut
from mien.editorial.media_refs import ResolvedMedia, beside, resolve_media, source_reference
from mien.editorial.sidecars import Sidecars
from mien.editorial.times import count_at, exact_rate, record_timecode, seconds
from mien.editorial.uses import ClipUse, Sequence, fields_of, sequences, uses
from mien.errors import InputError, MienError, NothingToDoError, UsageError
from mien.jobs.job import CurvesInput, CutSpan, Problem, ShotJob
from mien.jobs.names import unique_names
from mien.media.codecs import CONTAINERS
from mien.media.sequence import EXTENSIONS

__all__ = ["Cut", "RenderOptions", "all_uses", "read"]

_MEDIA_ENDINGS: Final = (*CONTAINERS, *EXTENSIONS, ".m4v", ".avi", ".mts", ".m2ts", ".r3d", ".braw")
"""Endings that clips carry in their names when an editor named them after their files."""

_UNREADABLE: Final = (
    otio.exceptions.OTIOError, NotImplementedError, ValueError, ArithmeticError,
)  # fmt: skip
"""What is raised of ranges that are not there, rates of 0, times that are no numbers."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What holds for all shots of a cut.

    Attributes:
        handles: Frames to render on either side of those used.
        edits: Folder of `.mien` files.
        renderer: Name of the renderer.
        codec: Name of the codec.
        lossless: Whether every pixel is kept as rendered.
        tracker: Name of the tracker.
    """

    handles: int = 0
    edits: Path | None = None
    renderer: str = "auto"
    codec: str | None = None
    lossless: bool = False
    tracker: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A cut that was read.

    Attributes:
        path: Its file.
        content: What OTIO read: a timeline, or a collection of them.
        jobs: The shots to render; `clip` is a number among all clips shown.
        clips: How many clips with pictures it shows.
        notices: What the user should know, a line each.
        text: The file itself, when it is OTIO's own.
    """

    path: Path
    content: Any
    jobs: tuple[ShotJob, ...]
    clips: int
    notices: tuple[str, ...]
    text: bytes | None = None

    @property
    def name(self) -> str:
        """Its name, without its extension."""
        return self.path.stem


def read(path: Path, rate: Fraction | str | None, options: RenderOptions) -> Cut:
    """Read a cut; `editorial.read_cut` says how."""
    if options.handles < 0:
        raise UsageError(f"{options.handles} handles are impossible.", "Give 0 or more.")
    opened = open_cut(path, rate)
    try:
        return _cut(path, opened, options)
    except MienError:
        raise
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{path.name} does not say when its clips are shown: {reason}.",
            "Export it again.",
            path=path,
        ) from error


def _cut(path: Path, opened: OpenedCut, options: RenderOptions) -> Cut:
    content = opened.content
    shown = list(all_uses(content))
    named = [_stem(use.clip.name) for _, use in shown]
    sidecars = None if options.edits is None else Sidecars(options.edits, named)
    finder = _Finder(path, options, sidecars)
    numbered = [
        (number, job)
        for number, (sequence, use) in enumerate(shown)
        if (job := finder.job(sequence, use, named[number])) is not None
    ]
    if not numbered:
        raise NothingToDoError(
            f"None of the {len(shown)} clips of {path.name} has an edit.",
            'Put edits in their metadata["mien"], or give --edits a folder of .mien files.',
        )
    names = unique_names(job.name for _, job in numbered)
    jobs = tuple(
        replace(job, name=name, clip=number)
        for (number, job), name in zip(numbered, names, strict=True)
    )
    notices = [*opened.notices, *finder.notices]
    if sidecars is not None:
        notices += [*sidecars.notices, *sidecars.unused()]
    text = path.read_bytes() if path.suffix.lower() == ".otio" else None
    return Cut(path, content, jobs, len(shown), tuple(notices), text)


def all_uses(content: Any) -> Iterator[tuple[Sequence, ClipUse]]:
    """Every clip shown, with the edit that shows it, in the order of the file."""
    for sequence in sequences(content):
        for use in uses(sequence):
            yield sequence, use


class _Finder:
    """Finds what is asked of the clips of a cut."""

    def __init__(self, path: Path, options: RenderOptions, sidecars: Sidecars | None) -> None:
        self._path = path
        self._options = options
        self._sidecars = sidecars
        self.notices: list[str] = []

    def job(self, sequence: Sequence, use: ClipUse, name: str) -> ShotJob | None:
        """The shot of a clip; None when nothing is asked of it."""
        resolved = self._resolve(use)
        media = None if resolved is None else resolved.path
        shot = ShotJob(
            name=name,
            media=media,
            frames=_span(use, resolved, self._options.handles),
            renderer=self._options.renderer,
            codec=self._options.codec,
            lossless=self._options.lossless,
            tracker=self._options.tracker,
            origin=f"{self._path.name}, {use.track}, {_record(sequence, use)}",
        )
        try:
            asked = edits_of_clip(use.clip)
            project, number = self._project(asked, shot, use)
            curves = self._curves(asked)
        except MienError as error:
            return replace(shot, problem=Problem.of(error))
        if asked is None and project is None:
            return None
        if shot.frames is None:
            self.notices.append(
                f"{name} is retimed in a way that cannot be followed: all of its media is rendered."
            )
        if asked is not None:
            shot = replace(shot, set=asked.set, face=asked.face, curves=curves)
        if project is not None and resolved is not None and not resolved.exists:
            # The project may know better; when it does not, its error names the file.
            media = None
        if project is None and media is None:
            problem = Problem(
                "media", f"The cut does not say where the media of {name} are.",
                "Relink the clip, or put its file beside the cut.",
            )  # fmt: skip
            return replace(shot, problem=problem)
        return replace(shot, media=media, project=project, shot=number)

    def _resolve(self, use: ClipUse) -> ResolvedMedia | None:
        folder = self._path.parent
        resolved = resolve_media(source_reference(use.clip), folder)
        if resolved is not None:
            return resolved
        path = beside([use.clip.name, _reel(use)], folder)
        return None if path is None else ResolvedMedia(path, True)

    def _project(
        self, asked: ClipEdits | None, shot: ShotJob, use: ClipUse
    ) -> tuple[Path | None, str | None]:
        """The project for a clip, and which of its shots; None without one."""
        if asked is not None:
            if asked.project is None:
                return None, None
            return asset_path(asked.project, "project", self._folders), asked.shot
        if self._sidecars is None:
            return None, None
        return self._sidecars.project_for(shot.name, shot.media, shot.frames, _reel(use))

    def _curves(self, asked: ClipEdits | None) -> tuple[CurvesInput, ...]:
        """Return the curve files that a clip's faces are to follow."""
        return tuple(
            one.input(asset_path(one.file, "curve file", self._folders))
            for one in (() if asked is None else asked.curves)
        )

    @property
    def _folders(self) -> tuple[Path, ...]:
        """Folders in which files may be that the cut names."""
        edits = self._options.edits
        return (self._path.parent,) if edits is None else (edits, self._path.parent)


def _span(use: ClipUse, resolved: ResolvedMedia | None, handles: int) -> CutSpan | None:
    """The frames used, as their media count them; None when that cannot be told."""
    if not use.frames_known:
        return None
    available = source_reference(use.clip).available_range
    rate = use.rate if resolved is None or resolved.rate is None else resolved.rate
    numbered = resolved is not None and resolved.rate is not None
    scale = rate / use.rate if numbered else Fraction(1)
    origin = length = None
    if available is not None:
        origin = count_at(available.start_time, rate)
        origin -= resolved.earlier_images if resolved is not None else 0
        length = count_at(available.duration, rate)
    return CutSpan(
        start=use.start * scale,
        length=use.length * scale,
        rate=rate,
        origin=origin,
        available=length,
        handles=handles,
        numbered=numbered,
    )


def _record(sequence: Sequence, use: ClipUse) -> str:
    """Record timecode of a clip."""
    start = sequence.start
    rate = use.rate if start is None else exact_rate(start.rate)
    return record_timecode(use.record + (0 if start is None else seconds(start)), rate)


def _reel(use: ClipUse) -> str:
    """Name of a clip's tape or card, as an EDL knows it."""
    return str(fields_of(use.clip.metadata, "cmx_3600").get("reel", ""))


def _stem(name: str) -> str:
    """A clip's name without the ending of its file."""
    path = Path(name)
    return path.stem if path.suffix.lower() in _MEDIA_ENDINGS else name
