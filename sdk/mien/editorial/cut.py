"""A cut, and the shots that are to be rendered for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from mien.editorial.bundle import Bundle, BundleFolder
from mien.editorial.detect import TITLES
from mien.editorial.finder import ClipFinder, ExaminedClip, RenderOptions, clip_stem
from mien.editorial.formats import OpenedCut, open_cut
from mien.editorial.media_refs import source_key
from mien.editorial.notices import Notices
from mien.editorial.sidecars import Sidecars
from mien.editorial.uses import UNREADABLE, ClipUse, Sequence, has_length, sequences, uses
from mien.errors import InputError, MienError, NothingToDoError, UsageError
from mien.jobs.job import Problem, ShotJob
from mien.jobs.names import unique_names
from mien.model.listing import list_names
from mien.progress import Progress, report_each, silent

__all__ = ["Cut", "ExaminedCut", "RenderOptions", "all_uses", "examine", "read"]

_REMEDY = "Export it again; OTIO carries the most."


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
        folder: The folder from which its relative paths count; None for the file's.
        edits: The folder of projects that was given with it; None without one.
        unedited: Names of the clips of which nothing is asked, in order; those that editors
            generate left out.
        bundle: The bundle that it is in, and where its media are unpacked; None of other cuts.
    """

    path: Path
    content: Any
    jobs: tuple[ShotJob, ...]
    clips: int
    notices: tuple[str, ...]
    text: bytes | None = None
    folder: Path | None = None
    edits: Path | None = None
    unedited: tuple[str, ...] = ()
    bundle: BundleFolder | None = None

    @property
    def name(self) -> str:
        """Its name, without its extension."""
        return self.path.stem


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedCut:
    """A cut with the media of its clips, and what is asked of each.

    Attributes:
        path: Its file.
        opened: What was read of it.
        clips: All clips shown, in the order of the file; those that editors generate too.
        notices: What the user should know, a line each.
        bundle: The bundle that it is in; None of other cuts.
    """

    path: Path
    opened: OpenedCut
    clips: tuple[ExaminedClip, ...]
    notices: tuple[str, ...]
    bundle: Bundle | None = None


def read(
    path: Path,
    rate: Fraction | str | None,
    options: RenderOptions,
    notify: Callable[[str], object] | None = None,
    media_folder: Path | None = None,
    progress: Progress = silent,
) -> Cut:
    """Read a cut; `editorial.read_cut` says how."""
    if options.handles < 0:
        raise UsageError(f"{options.handles} handles are impossible.", "Give 0 or more.")
    examined = examine(path, rate, options)
    if notify is not None:
        for notice in examined.notices:
            notify(notice)
    numbered = [
        (number, clip.job) for number, clip in enumerate(examined.clips) if clip.job is not None
    ]
    if not numbered:
        raise NothingToDoError(
            f"None of the {len(examined.clips)} clips of {path.name} has an edit.",
            'Put edits in their metadata["mien"], or give --edits a folder of .mien files.',
        )
    names = unique_names(job.name for _, job in numbered)
    jobs = tuple(
        replace(job, name=name, clip=number)
        for (number, job), name in zip(numbered, names, strict=True)
    )
    opened = examined.opened
    own = opened.format == "otio"
    bundle = None if examined.bundle is None else BundleFolder(examined.bundle, media_folder)
    if bundle is not None:
        counted = report_each(jobs, progress, "unpack", len(jobs))
        jobs = tuple(_unpacked(job, bundle) for job in counted)
    return Cut(
        path, opened.content, jobs, len(examined.clips), examined.notices,
        path.read_bytes() if own else None, opened.folder, options.edits,
        tuple(one.name for one in examined.clips if one.job is None and not one.generated), bundle,
    )  # fmt: skip


def _unpacked(job: ShotJob, bundle: BundleFolder) -> ShotJob:
    """A job whose media are on the disk; where they cannot be unpacked, it says why."""
    if job.media is None or job.problem is not None:
        return job
    try:
        return replace(job, media=bundle.unpacked(job.media))
    except MienError as error:
        return replace(job, problem=Problem.of(error))


def examine(path: Path, rate: Fraction | str | None, options: RenderOptions) -> ExaminedCut:
    """Read a cut, and find the media of its clips and what is asked of them.

    Args:
        path: The cut.
        rate: Frames a second of an EDL.
        options: What holds for all shots.

    Raises:
        InputError: When nothing in it can be read.
        NothingToDoError: When it shows no clip.
    """
    opened = open_cut(path, rate)
    try:
        return _examined(path, opened, options)
    except MienError:
        raise
    except UNREADABLE as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{path.name} ({TITLES[opened.format]}) does not say when clips are shown: {reason}.",
            "Export it again.",
            path=path,
        ) from error


def all_uses(content: Any, problems: Notices | None = None) -> Iterator[tuple[Sequence, ClipUse]]:
    """Every clip shown, with the edit that shows it, in the order of the file.

    Args:
        content: What a reader made of a cut.
        problems: Takes what is said of items that cannot be read.
    """
    for sequence in sequences(content):
        for use in uses(sequence, problems):
            yield sequence, use


def _examined(path: Path, opened: OpenedCut, options: RenderOptions) -> ExaminedCut:
    unread = Notices()
    shown = list(all_uses(opened.content, unread))
    problems = unread.lines()
    if not shown and not any(has_length(one) for one in sequences(opened.content)):
        raise _nothing_shown(path, opened, problems)
    names = [clip_stem(use.clip.name) for _, use in shown]
    sidecars = None if options.edits is None else Sidecars(options.edits, names)
    bundle = Bundle(path) if opened.format == "otioz" else None
    finder = ClipFinder(path, opened.folder or path.parent, options, sidecars, bundle)
    clips = tuple(
        finder.examine(sequence, use, name)
        for (sequence, use), name in zip(shown, names, strict=True)
    )
    notices = [*opened.notices, *problems, *_notices(path, opened, clips)]
    if sidecars is not None:
        sidecars.check([file for clip in clips for file in clip.edit_files])
        notices += [*sidecars.notices, *sidecars.unused()]
    return ExaminedCut(path, opened, clips, tuple(dict.fromkeys(notices)), bundle)


def _nothing_shown(path: Path, opened: OpenedCut, problems: tuple[str, ...]) -> MienError:
    """The error of a cut without a clip: that nothing could be read, or that nothing is in it."""
    title = TITLES[opened.format]
    reasons = [*opened.notices, *problems]
    if reasons:
        cause = f"Nothing in {path.name} can be read as {title}: {reasons[0]}"
        return InputError(cause, _REMEDY, path=path)
    return NothingToDoError(
        f"{path.name}, read as {title}, shows no clip with pictures.",
        "Check that it is the cut, and that its tracks are switched on.",
    )


def _notices(path: Path, opened: OpenedCut, clips: tuple[ExaminedClip, ...]) -> Iterator[str]:
    """What is to be known of clips that are read, one line for all of a kind."""
    if not clips:
        yield f"{path.name} shows no clip with pictures."
    untraced = [clip.name for clip in clips if not clip.use.frames_known]
    if untraced:
        yield (
            f"{_listed(untraced)}: retimed in a way that cannot be followed; where it is edited,"
            " all of its media is rendered."
        )
    varying = [clip.name for clip in clips if clip.use.frames_known and clip.use.varies]
    if varying:
        yield (
            f"{_listed(varying)}: retimed at a speed that varies; where it is edited, all frames"
            " that it runs through are rendered."
        )
    generated = [clip.name for clip in clips if clip.generated and not _is_black(clip)]
    if generated:
        yield f"{_listed(generated)}: made by the editor, without media; left out."
    others = [clip.name for clip in clips if _takes_another(clip.use.clip)]
    if others:
        yield (
            f"{_listed(others)}: the active media reference names no file, so another of the clip"
            " is used."
        )
    if opened.format == "otioz":
        lost = [clip.name for clip in clips if clip.media is not None and not clip.media.exists]
        if lost:
            yield f"The media of {_listed(lost)} are neither in {path.name} nor beside it."


def _listed(names: list[str]) -> str:
    return list_names(dict.fromkeys(name or "a clip without a name" for name in names))


def _is_black(clip: ExaminedClip) -> bool:
    reference = clip.use.clip.media_reference
    return str(getattr(reference, "generator_kind", "")).lower() in ("black", "")


def _takes_another(clip: Any) -> bool:
    active = clip.media_references().get(str(clip.active_media_reference_key))
    return isinstance(active, otio.schema.MissingReference) and (
        source_key(clip) != clip.active_media_reference_key
    )
