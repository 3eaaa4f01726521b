"""What is asked of the clips of a cut, and where their media are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.bundle import Bundle
from mien.editorial.clip_edits import ClipEdits, asset_path, edits_of_clip
from mien.editorial.media_refs import (
    MediaFinder,
    ResolvedMedia,
    available_range,
    source_reference,
)  # fmt: skip
from mien.editorial.metadata_paths import MEDIA_ENDINGS
from mien.editorial.sidecars import Sidecars
from mien.editorial.times import count_at, record_timecode
from mien.editorial.uses import ClipUse, Sequence, drops_frames, fields_of
from mien.errors import MienError
from mien.jobs.job import CurvesInput, CutSpan, Problem, ShotJob
from mien.model.media import MissingFrames
from mien.timebase import same_count

__all__ = [
    "ClipFinder", "ExaminedClip", "RenderOptions", "clip_reel", "clip_stem", "reel_of",
    "source_drops",
]  # fmt: skip

_EDL: Final = "cmx_3600"
_XML: Final = "fcp_xml"
_DROP: Final = "drop_frame"


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


@dataclass(frozen=True, slots=True)
class ExaminedClip:
    """A clip of a cut, with its media and what is asked of it.

    Attributes:
        sequence: The edit that shows it.
        use: How it is shown.
        name: Its name, as a file's.
        media: Its media; None when the cut names none.
        job: The shot to render; None when nothing is asked of it.
        span: The frames of the media that are used; None when that cannot be told.
    """

    sequence: Sequence
    use: ClipUse
    name: str
    media: ResolvedMedia | None
    job: ShotJob | None
    span: CutSpan | None

    @property
    def edit_files(self) -> tuple[Path, ...]:
        """The project and the curve files that are asked for, whether they are there or not."""
        if self.job is None:
            return ()
        project = () if self.job.project is None else (self.job.project,)
        return (*project, *(one.file for one in self.job.curves))

    @property
    def generated(self) -> bool:
        """Whether an editor makes its pictures: black, bars, a title."""
        reference = source_reference(self.use.clip)
        return self.job is None and isinstance(reference, otio.schema.GeneratorReference)


class ClipFinder:
    """Finds what is asked of the clips of a cut, and their media.

    Args:
        path: The cut.
        folder: The folder from which its relative paths count.
        options: What holds for all shots.
        sidecars: The projects of a folder; None without one.
        bundle: The bundle that the cut is in; None without one.
    """

    def __init__(
        self, path: Path, folder: Path, options: RenderOptions, sidecars: Sidecars | None,
        bundle: Bundle | None = None,
    ) -> None:  # fmt: skip
        self._path = path
        self._bundle = bundle
        self._media = MediaFinder(folder, bundle)
        self._options = options
        self._sidecars = sidecars

    def examine(self, sequence: Sequence, use: ClipUse, name: str) -> ExaminedClip:
        """Return a clip with its media and what is asked of it.

        Args:
            sequence: The edit that shows it.
            use: How it is shown.
            name: Its name, as a file's.
        """
        media = self._media.find(use.clip, reel_of(use))
        span = _span(sequence, use, media, self._options.handles)
        job = self._job(sequence, use, media, span, name)
        return ExaminedClip(sequence, use, name, media, job, span)

    def _job(
        self,
        sequence: Sequence,
        use: ClipUse,
        resolved: ResolvedMedia | None,
        span: CutSpan | None,
        name: str,
    ) -> ShotJob | None:
        """The shot of a clip; None when nothing is asked of it."""
        media = None if resolved is None else resolved.path
        shot = ShotJob(
            name=name,
            media=media,
            frames=span,
            renderer=self._options.renderer,
            codec=self._options.codec,
            lossless=self._options.lossless,
            tracker=self._options.tracker,
            missing_frames=_missing_frames(use.clip),
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

    def _project(
        self, asked: ClipEdits | None, shot: ShotJob, use: ClipUse
    ) -> tuple[Path | None, str | None]:
        """The project for a clip, and which of its shots; None without one."""
        if asked is not None:
            if asked.project is None:
                return None, None
            path = asset_path(asked.project, "project", self._folders)
            if self._sidecars is not None:
                self._sidecars.mark_used(path, asked.shot)
            return path, asked.shot
        if self._sidecars is None:
            return None, None
        if self._bundle is not None and shot.media is not None and self._bundle.holds(shot.media):
            self._sidecars.note_content(shot.media, self._bundle.content_of)
        return self._sidecars.project_for(shot.name, shot.media, shot.frames, reel_of(use))

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


def reel_of(use: ClipUse) -> str:
    """Return the name of a clip's tape or card, as an EDL or the file of an XML knows it."""
    return clip_reel(use.clip)


def clip_reel(clip: Any) -> str:
    """Return the name of a clip's tape or card, wherever the clip is shown.

    Args:
        clip: A clip of OpenTimelineIO.
    """
    reel = fields_of(clip.metadata, _EDL).get("reel", "")
    if reel:
        return str(reel)
    file = fields_of(source_reference(clip).metadata, _XML)
    return str(fields_of(fields_of(file, "timecode"), "reel").get("name", ""))


def clip_stem(name: str) -> str:
    """Return a clip's name without the ending of its file."""
    path = Path(name)
    return path.stem if path.suffix.lower() in MEDIA_ENDINGS else name


def source_drops(sequence: Sequence, use: ClipUse) -> bool | None:
    """Return whether a clip's source times were read as drop-frame timecode.

    Args:
        sequence: The edit that shows it.
        use: The clip.

    Returns:
        None where the cut counts frames and writes no timecode, or at a rate without.
    """
    nominal = -(-use.rate.numerator // use.rate.denominator)
    edl = fields_of(sequence.metadata, _EDL)
    if not edl or nominal % 30 or use.rate.denominator == 1:
        return None
    return bool(fields_of(use.clip.metadata, _EDL).get(_DROP, edl.get(_DROP)))


def _span(
    sequence: Sequence, use: ClipUse, resolved: ResolvedMedia | None, handles: int
) -> CutSpan | None:
    """The frames used, as their media count them; None when that cannot be told."""
    if not use.frames_known:
        return None
    available = available_range(source_reference(use.clip))
    numbered = resolved is not None and resolved.images
    rate = use.rate if resolved is None or resolved.rate is None else resolved.rate
    if same_count(rate, use.rate):
        rate = use.rate
    scale = rate / use.rate if numbered else Fraction(1)
    origin = length = None
    if available is not None:
        origin = count_at(available.start_time, rate)
        origin -= resolved.earlier_images if resolved is not None else 0
        length = count_at(available.duration, rate)
    number = None if resolved is None else resolved.first_number
    return CutSpan(
        start=use.start * scale,
        length=use.length * scale,
        rate=rate,
        origin=origin,
        available=length,
        handles=handles,
        numbered=numbered,
        first_number=number,
        drop=source_drops(sequence, use),
    )


def _missing_frames(clip: Any) -> MissingFrames:
    """What a cut asks to be shown for images that are missing."""
    reference = source_reference(clip)
    if not isinstance(reference, otio.schema.ImageSequenceReference):
        return "error"
    policies = otio.schema.ImageSequenceReference.MissingFramePolicy
    if reference.missing_frame_policy == policies.black:
        return "black"
    # Of a sequence that was rendered on twos every other number is missing.
    held = reference.missing_frame_policy == policies.hold or reference.frame_step > 1
    return "hold" if held else "error"


def _record(sequence: Sequence, use: ClipUse) -> str:
    """Record timecode of a clip."""
    frame = sequence.first + use.record * sequence.rate
    return record_timecode(frame / sequence.rate, sequence.rate, drop=drops_frames(sequence))
