"""Cuts: read from what editors write, and handed back with the renders in them.

OpenTimelineIO is loaded when a cut is read, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mien.errors import MissingDependencyError
from mien.jobs.job import ShotResult
from mien.progress import Progress, progress_reporter

if TYPE_CHECKING:
    from mien.editorial.conform import DropFrame
    from mien.editorial.cut import Cut
    from mien.editorial.listing import CutClip, CutListing
    from mien.editorial.rebase import MediaPaths

__all__ = [
    "SUFFIXES", "CutClip", "CutListing", "check_drop_frame", "is_cut", "list_clips", "read_cut",
    "takes_rate", "write_back",
]  # fmt: skip

SUFFIXES: Final = (
    ".otio", ".otioz", ".otiod", ".edl", ".xml", ".fcpxml", ".fcpxmld", ".aaf",
)  # fmt: skip
"""Endings of the files that are read as cuts."""


def is_cut(path: Path) -> bool:
    """Whether a file is a cut: by its name, or, where that says nothing, by what is in it."""
    if path.suffix.lower() in SUFFIXES:
        return True
    from mien.editorial.detect import identify_cut

    try:
        return identify_cut(path) is not None
    except OSError:
        return False


def takes_rate(path: Path) -> bool:
    """Whether the frame rate of a cut has to be given: that of an EDL, which does not say it."""
    from mien.editorial.detect import identify_cut

    try:
        return (identify_cut(path) or path.suffix.lower().lstrip(".")) == "edl"
    except OSError:
        return path.suffix.lower() == ".edl"


def read_cut(
    path: Path,
    *,
    rate: Fraction | str | None = None,
    handles: int = 0,
    edits: Path | None = None,
    renderer: str | None = None,
    tracker: str | None = None,
    codec: str | None = None,
    lossless: bool = False,
    notify: Callable[[str], object] | None = None,
    media_folder: Path | None = None,
    progress: bool | Progress = False,
) -> Cut:
    """Read a cut and find the clips with edits.

    No media are opened: only looked for, and only read of all that the cut names. Of an `.otioz`
    bundle, those of clips with edits are unpacked.

    Args:
        path: OTIO, EDL, Final Cut Pro 7 XML, FCPXML or AAF.
        rate: Frames a second of an EDL, which does not say (`24`, `23.976`, `30000/1001`).
        handles: Frames to render on either side of what the cut uses.
        edits: Folder of `.mien` files for clips without edits of their own.
        renderer: Name of the renderer for all shots; None for `auto`.
        tracker: Name of the tracker for media without a project; None for `auto`.
        codec: Name of the codec for all shots; None for each source's family.
        lossless: Whether all outputs keep every pixel as rendered.
        notify: Takes every notice as soon as it is known, before an error that follows from it.
        media_folder: Where media of an `.otioz` bundle are unpacked; None for the user's cache.
        progress: True for bars while they are, or a function (see `mien.progress`), which
            stops it by raising.

    Raises:
        MissingDependencyError: When OpenTimelineIO, or its adapter for the format, is missing.
        InputError: When the cut cannot be read.
        UsageError: When the rate is missing or wrong.
        NothingToDoError: When no clip has an edit.
    """
    _need_otio()
    from mien.editorial.cut import RenderOptions, read

    options = RenderOptions(handles, edits, renderer or "auto", codec, lossless, tracker or "auto")
    with progress_reporter(progress) as report:
        return read(path, rate, options, notify, media_folder, report)


def list_clips(
    path: Path, *, rate: Fraction | str | None = None, edits: Path | None = None
) -> CutListing:
    """List what mien sees in a cut: its clips, edited or not, and what is left out.

    Media are looked for; of those that are there, a file is opened only where the cut writes
    drop-frame timecode, to see whether it counts alike.

    Args:
        path: OTIO, EDL, Final Cut Pro 7 XML, FCPXML or AAF.
        rate: Frames a second of an EDL, which does not say (`24`, `23.976`, `30000/1001`).
        edits: Folder of `.mien` files for clips without edits of their own.

    Raises:
        MissingDependencyError: When OpenTimelineIO, or its adapter for the format, is missing.
        InputError: When nothing in the cut can be read.
        UsageError: When the rate is missing or wrong.
        NothingToDoError: When it shows no clip with pictures.
    """
    _need_otio()
    from mien.editorial.listing import list_cut

    return list_cut(path, rate, edits)


def write_back(
    cut: Cut,
    results: Sequence[ShotResult],
    folder: Path,
    *,
    activate: bool = False,
    media_paths: MediaPaths = "relative",
    drop_frame: DropFrame = "auto",
    notify: Callable[[str], object] | None = None,
) -> list[Path]:
    """Write the cut with its renders, and conform lists of them.

    `NAME.mien.otio` is the cut as it was, with a second media reference `mien` on every
    rendered clip. `NAME.mien.edl` and `NAME.mien.xml` (Final Cut Pro 7) list the renders at
    their record times, with a marker each, for editors that do not read OTIO.

    Args:
        cut: The cut as it was read; it is not changed.
        results: What became of its shots.
        folder: Where to write.
        activate: Whether the renders become the clips' active media.
        media_paths: How media are named that the cut names relative to its own folder: relative
            to the new one, or by their whole paths. Media that were found elsewhere than the cut
            says, as beside it, are named where they are; all else stays as it is.
        drop_frame: Whether the conform lists drop numbers: `auto` as the cut does, or where it
            does not say, as all its media do, each source as its own timecode; `yes` or `no`
            throughout.
        notify: Takes a line where the cut asks for projects or curve files that it may not name
            from the new folder, because they lie outside it.

    Returns:
        The files, the cut first.

    Raises:
        OutputError: When the folder cannot be written to.
        WriteError: When the disk is full.
        UsageError: When drop frame is asked for at a rate that has none.
    """
    from mien.editorial.cut_back import write

    check_drop_frame(cut, drop_frame)
    return write(
        cut, results, folder, activate=activate, drop_frame=drop_frame, media_paths=media_paths,
        notify=notify,
    )  # fmt: skip


def check_drop_frame(cut: Cut, drop_frame: DropFrame) -> None:
    """Refuse conform lists in drop frame of a cut at a rate that has none.

    Args:
        cut: The cut.
        drop_frame: As `write_back` takes it.

    Raises:
        UsageError: When it is `yes`, and there is none.
    """
    from mien.editorial.conform import check_drop_frame as check
    from mien.editorial.uses import sequences

    check(sequences(cut.content), drop_frame)


def __getattr__(name: str) -> object:
    if name in ("CutClip", "CutListing"):
        from mien.editorial import listing

        return getattr(listing, name)
    raise AttributeError(f"module 'mien.editorial' has no attribute '{name}'")


def _need_otio() -> None:
    try:
        import opentimelineio  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "Reading a cut needs OpenTimelineIO, which is not installed.",
            'Install it with: pip install "mien[editorial]"',
        ) from error
