"""Render a shot with edited faces."""

from __future__ import annotations

import dataclasses
import logging
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

from mien._types import PathLike
from mien.api.examples import check_examples, set_examples
from mien.api.occlusion import (
    check_stored_matte,
    refuse_matte_as_output,
    set_occlusion_matte,
)
from mien.api.projects import load_project
from mien.api.render_report import RenderReport
from mien.api.tracking import open_shot
from mien.consent import Recorder, permit_render
from mien.errors import ProjectError, UsageError
from mien.io.project import SUFFIX, Project
from mien.model.edits import Edit
from mien.model.quality import Quality
from mien.model.renderer_settings import RendererSettings, make_mapping
from mien.model.shot import Shot
from mien.model.soundtrack import Soundtrack
from mien.progress import Progress, progress_reporter
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.consent import RenderPermit
    from mien.pipeline import Gains
    from mien.rendering.base import FacePlan, Renderer
    from mien.rendering.registry import ChosenRenderer
    from mien.rendering.watermark import Watermark

__all__ = ["RenderReport", "check_damage", "render", "render_frames", "render_matte"]

_LOG = logging.getLogger(__name__)


def render(
    source: Shot | Project | PathLike,
    output: PathLike,
    *,
    edits: Sequence[Edit] = (),
    performances: Mapping[int, npt.ArrayLike] | None = None,
    renderer: str = "auto",
    settings: RendererSettings | Mapping[str, Any] | None = None,
    frames: FrameRange | str | None = None,
    examples: Sequence[PathLike | Shot] = (),
    occlusion_matte: PathLike | None = None,
    codec: str | None = None,
    lossless: bool = False,
    quality: Quality | str | None = None,
    overwrite: bool = False,
    matte: bool = False,
    until_damage: bool = False,
    audio: Soundtrack | PathLike | None = None,
    provenance: bool | None = None,
    watermark: str | None = None,
    open_loop: bool = False,
    progress: bool | Progress = True,
) -> RenderReport:
    """Write a shot with edited faces. Nothing else changes.

    Args:
        source: A shot, a project, a `.mien` file, or media to be copied as they are.
        output: The file to write, or the pattern of an image sequence (`out.%04d.exr`).
        edits: What is asked of the faces, on top of the edits of a project; several edits of
            one face are applied in order.
        performances: By a face's number, (T, 55) FLAME coefficients in `flame2020` that take
            the place of what it does; edits come on top.
        renderer: Name of the renderer, or `auto` for the best that is installed.
        settings: Settings of the renderer: all of them (such as `mien.ReferenceSettings`), or
            some by name on top of those of the project. With `auto` they are the reference
            renderer's, and unused where another is chosen.
        frames: Frames to write, as a range or typed (`1.0s:2.0s`); None for all.
        examples: Clips and images of the same people, beside those of the shot; see `set_examples`.
        occlusion_matte: A movie or images in which what is in front of faces is white, in place
            of the shot's own and of what mien finds (`set_occlusion_matte`); None for the shot's.
        codec: Name of the video codec; None for the source's family.
        lossless: Whether the output is decoded to exactly the pixels that were rendered.
        quality: A `Quality`, or `lossless`, `visually-lossless` (as None) or `small`.
        overwrite: Whether a file of that name may be replaced.
        matte: The former way to `render_matte`; it warns.
        until_damage: Whether the output ends before the first frame of the source that is damaged
            or cut off, in place of an error; the report says where.
        audio: Another sound, or the path of one that begins with the shot; None for its own.
        provenance: Whether it carries signed credentials (C2PA); None: as the project says, or yes.
        watermark: A text that is burnt into a corner of every frame, as `DRAFT`; None for none.
        open_loop: Whether amounts stay as asked for, not corrected by what is seen in a few frames.
        progress: True for bars on a terminal, or a function that is called with the stage
            (`prepare`, `render`), the steps done and the steps in all.

    Raises:
        OutputError: When the output cannot be put there; nothing was done.
        ConsentError: When an edit lacks the consent that this installation's policy demands.
        PolicyError: When that policy cannot be read.
        UsageError: When an edit belongs to another shot, there is no such renderer or setting, the
            shot's frames are in memory, or the watermark cannot be written.
        MissingDependencyError: When the renderer needs a part that is not installed.
        TimeError: When the span lies outside the shot.
        DamagedMediaError: When a frame of the source is damaged; `frame` says which.
        MediaError: When the source, an example or the matte is lost, unreadable or does not fit.
        InputError: When the certificate that was set up for signing cannot be used.
        WriteError: When the output fails half-way; nothing is left under its name.
        OperationCancelledError: When Ctrl-C or a callback stops it. Finished frames of a costly
            render are kept, and the same call goes on from there.
    """
    if matte:
        said = "mien.render(matte=True) is called mien.render_matte now."
        warnings.warn(said, DeprecationWarning, stacklevel=2)
    work = _plan_render(
        source, edits, performances, renderer, settings, frames, examples, occlusion_matte,
        until_damage=until_damage, open_loop=open_loop,
    )  # fmt: skip
    return _write(
        work, output, codec, Quality.of(quality, lossless=lossless), matte=matte, audio=audio,
        overwrite=overwrite, provenance=provenance, watermark=watermark, progress=progress,
    )  # fmt: skip


def render_matte(
    source: Shot | Project | PathLike,
    output: PathLike,
    *,
    edits: Sequence[Edit] = (),
    performances: Mapping[int, npt.ArrayLike] | None = None,
    renderer: str = "auto",
    settings: RendererSettings | Mapping[str, Any] | None = None,
    frames: FrameRange | str | None = None,
    examples: Sequence[PathLike | Shot] = (),
    occlusion_matte: PathLike | None = None,
    codec: str | None = None,
    lossless: bool = False,
    quality: Quality | str | None = None,
    overwrite: bool = False,
    until_damage: bool = False,
    open_loop: bool = False,
    progress: bool | Progress = True,
) -> RenderReport:
    """Write the mask of what `render` would change: grey, black where the plate stays.

    Args and errors are those of `render`. White is where the plate is wholly replaced.
    """
    work = _plan_render(
        source, edits, performances, renderer, settings, frames, examples, occlusion_matte,
        until_damage=until_damage, open_loop=open_loop,
    )  # fmt: skip
    said = Quality.of(quality, lossless=lossless)
    return _write(work, output, codec, said, matte=True, overwrite=overwrite, progress=progress)


def render_frames(
    source: Shot | Project | PathLike,
    edits: Sequence[Edit] = (),
    frames: FrameRange | str | None = None,
    *,
    performances: Mapping[int, npt.ArrayLike] | None = None,
    renderer: str = "auto",
    settings: RendererSettings | Mapping[str, Any] | None = None,
    examples: Sequence[PathLike | Shot] = (),
    occlusion_matte: PathLike | None = None,
    pixels: Literal["display", "plate"] = "display",
    watermark: str | None = None,
    open_loop: bool = False,
    progress: bool | Progress = False,
) -> Iterator[npt.NDArray[Any]]:
    """Render frames into memory, one after another, without a file.

    Until the last has been taken, or the iterator is closed, NumPy's BLAS and OpenCV keep to one
    thread in the whole process: frames are painted by several threads meanwhile.

    Args:
        source: A shot, also one whose frames are in memory, a project, a `.mien` file, or media.
        edits: What is asked of the faces, on top of the edits of a project.
        frames: Frames to render, as a range or typed (`1.0s:2.0s`); None for all.
        performances: By a face's number, FLAME coefficients; see `render`.
        renderer: Name of the renderer, or `auto` for the best that is installed.
        settings: Settings of the renderer, or some of them by name.
        examples: Clips and images of the same people; see `render`.
        occlusion_matte: A movie or images of what is in front of faces; see `render`.
        pixels: `display` for pictures as an ordinary display shows them, as `Shot.frame` gives
            them; `plate` for the plate's own R'G'B', neither clipped nor rounded.
        watermark: A text that is burnt into every frame; see `render`.
        open_loop: Whether amounts are left as they are asked for; see `render`.
        progress: True for bars on a terminal, or a function; see `render`.

    Yields:
        (H, W, 3), upright: uint8 sRGB with square pixels (`display`), or float32 where 0..1 is
        the nominal range and the pixels have the plate's own shape (`plate`).

    Raises:
        ConsentError: When an edit lacks the consent that this installation's policy demands.
        PolicyError: When that policy cannot be read.
        UsageError: When an edit belongs to another shot, no renderer has that name, or the
            renderer has no such setting.
        MissingDependencyError: When the renderer needs a part that is not installed.
        TimeError: When the span lies outside the shot.
        MediaError: When the source cannot be read.
    """
    from mien.rendering.watermark import make_watermark

    if pixels not in ("display", "plate"):
        raise UsageError(
            f"There are no pixels '{pixels}'.", "Choose display or plate.",
            choices=("display", "plate"),
        )  # fmt: skip
    # What is wrong with the call is said at once, not when the first frame is taken.
    work = _plan_render(
        source, edits, performances, renderer, settings, frames, examples, occlusion_matte,
        open_loop=open_loop,
    )  # fmt: skip
    return _streamed(work, pixels, make_watermark(watermark, work.shot.media), progress)


def check_damage(
    shot: Shot, frames: FrameRange | str | None = None, *, until_damage: bool = False
) -> None:
    """Refuse a render whose source is damaged where that is found at little cost: at its end.

    `render` does it as well; this is for work that comes before, such as tracking.

    Args:
        shot: The shot.
        frames: Frames that are to be rendered; None for all.
        until_damage: Whether the render may end before damage.

    Raises:
        DamagedMediaError: When there is damage, and the render may not end before it, or there is
            nothing before it.
    """
    from mien.pipeline import undamaged

    undamaged(shot, _span(shot, frames), until_damage=until_damage)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """A render, ready to be started."""

    shot: Shot
    span: FrameRange
    plans: Sequence[FacePlan]
    chosen: ChosenRenderer | None
    examples: tuple[PathLike | Shot, ...]
    permit: RenderPermit
    notes: tuple[str, ...] = ()
    until_damage: bool = False
    provenance: bool = True
    open_loop: bool = False
    gains: Mapping[int, Gains] = field(default_factory=dict)

    def with_examples(self, progress: bool | Progress) -> _Work:
        """This render with its examples tracked."""
        if not self.examples:
            return self
        wanted = (*self.shot.examples, *self.examples)
        shot = set_examples(self.shot, wanted, progress=progress)
        return dataclasses.replace(self, shot=shot, examples=())

    def corrected(self, progress: Progress) -> _Work:
        """This render with its amounts corrected by what is seen of them."""
        from mien.pipeline import close_loop

        if self.renderer is None or self.open_loop:
            return self
        loop = close_loop(self.shot, self.plans, self.renderer, progress)
        notes = (*self.notes, *loop.notes)
        return dataclasses.replace(self, plans=loop.plans, gains=loop.gains, notes=notes)

    @property
    def renderer(self) -> Renderer | None:
        """The renderer; None when nothing is asked of one."""
        return None if self.chosen is None else self.chosen.renderer


def _plan_render(
    source: Shot | Project | PathLike,
    edits: Sequence[Edit],
    performances: Mapping[int, npt.ArrayLike] | None,
    renderer: str,
    settings: RendererSettings | Mapping[str, Any] | None,
    frames: FrameRange | str | None,
    examples: Sequence[PathLike | Shot],
    occlusion_matte: PathLike | None,
    *,
    until_damage: bool = False,
    open_loop: bool = False,
) -> _Work:
    from mien.rendering.plans import (
        face_plans,
        untracked_notes,
        weak_notes,
        with_performances,
    )
    from mien.rendering.registry import merge_settings

    check_examples(one for one in examples if not isinstance(one, Shot))
    project = _as_project(source, edits, until_damage=until_damage)
    if occlusion_matte is not None:
        project = set_occlusion_matte(project, occlusion_matte)
    shot = project.shot
    span = _span(shot, frames)
    plans = face_plans(shot, (*project.edits, *edits), span)
    if performances:
        plans = with_performances(shot, plans, performances)
    merged = make_mapping(merge_settings(renderer, project.settings, settings))
    permit = permit_render(shot, plans, span, title=project.title, settings=merged)
    chosen = _renderer(renderer, project, settings, needed=bool(plans))
    if plans:
        check_stored_matte(shot.media, shot.occlusion)
    asked = (edit.face.number for edit in (*project.edits, *edits) if edit.layers)
    notes = untracked_notes(shot, (*project.edits, *edits), span)
    notes += weak_notes(shot, (*asked, *(performances or ())), span)
    used = tuple(examples) if plans else ()
    notes += permit.notes
    return _Work(
        shot, span, plans, chosen, used, permit, notes, until_damage, project.provenance, open_loop
    )


def _write(
    work: _Work,
    output: PathLike,
    codec: str | None,
    quality: Quality,
    *,
    matte: bool,
    overwrite: bool,
    progress: bool | Progress,
    audio: Soundtrack | PathLike | None = None,
    provenance: bool | None = None,
    watermark: str | None = None,
) -> RenderReport:
    from mien.media.added_sound import check_soundtrack
    from mien.media.codecs import choose_encoding
    from mien.media.memory import check_on_disk
    from mien.media.outputs import check_output
    from mien.pipeline import Output, damage_note, render_shot, undamaged
    from mien.provenance.claims import RenderClaims
    from mien.provenance.seal import open_seal
    from mien.rendering.watermark import make_watermark

    start, path, media = time.monotonic(), Path(output), work.shot.media
    check_on_disk(media)
    mark = make_watermark(watermark, media, matte=matte)
    encoding = choose_encoding(path, media, codec=codec, quality=quality)
    check_output(path, media, overwrite=overwrite, codec=codec, quality=quality)
    refuse_matte_as_output(path, work.shot.occlusion)
    soundtrack = Soundtrack.of(audio)
    if soundtrack is not None:
        soundtrack.check_start(work.shot.clock, work.span)
        check_soundtrack(soundtrack, path, encoding)
    span, damage = undamaged(work.shot, work.span, until_damage=work.until_damage)
    _LOG.debug(
        "render frames %s of %s to %s as %s, %s; faces %s, renderer %s", span, media.path, path,
        encoding, encoding.pixel_format, [plan.face.number for plan in work.plans],
        work.renderer.name if work.renderer else "none",
    )  # fmt: skip
    text = "" if mark is None else mark.text
    claims = RenderClaims(work.shot, work.plans, work.renderer, watermark=text)
    signed = work.provenance if provenance is None else provenance
    wanted = matte or work.permit.check_signed(signed)
    seal = None if matte else open_seal(path, claims, soundtrack, wanted=wanted)
    recorder = Recorder(work.permit, path, work.renderer, matte=matte, watermark=bool(text),
                        hashes=seal.hashes if seal else None)  # fmt: skip
    work = work.with_examples(progress)
    # The ledger comes last: what it says is of the bytes that get the name.
    destination = Output(
        path, span, codec, quality.lossless, overwrite, matte, (recorder,), work.until_damage,
        quality=quality, soundtrack=soundtrack, seal=seal, watermark=mark,
    )  # fmt: skip
    with recorder, progress_reporter(progress) as report:
        work = work.corrected(report)
        rendered = render_shot(work.shot, work.plans, work.renderer, destination, report)
    damage = rendered.damage or damage
    ends = () if damage is None else (damage_note(damage, work.span),)
    if media.cut_short and work.span.stop == media.clock.frame_count:
        ends = (*ends, media.cut_short)
    held = media.missing_note(work.span)
    ends = (*ends, held) if held else ends
    frame = None if damage is None else damage.frame
    place, said = ("", ()) if seal is None else (seal.where, seal.notes)
    said = said if mark is None else (mark.note, *said)
    return RenderReport(
        output=path,
        frames=len(work.span) if frame is None else frame - work.span.start,
        frames_edited=rendered.edited,
        frames_resumed=rendered.resumed,
        faces=tuple(plan.face.number for plan in work.plans),
        renderer=work.renderer.name if work.renderer else None,
        codec=encoding.codec.name,
        quality=encoding.quality,
        seconds=time.monotonic() - start,
        notes=tuple(dict.fromkeys((*ends, *work.notes, *rendered.notes, *said, *recorder.notes))),
        renderer_reason=work.chosen.reason if work.chosen else "",
        damaged_frame=frame,
        provenance=place,
        watermark=text,
        gains=work.gains,
    )


def _streamed(
    work: _Work,
    pixels: Literal["display", "plate"],
    watermark: Watermark | None,
    progress: bool | Progress,
) -> Iterator[npt.NDArray[Any]]:
    from mien.media.orient import turn
    from mien.media.stills import displayed
    from mien.pipeline import stream_frames

    media, work = work.shot.media, work.with_examples(progress)
    with progress_reporter(progress) as report:
        work = work.corrected(report)
        parts = work.shot, work.plans, work.renderer, work.span
        with closing(stream_frames(*parts, report, watermark=watermark)) as frames:
            for frame in frames:
                if pixels == "display":
                    yield displayed(frame, media.color.transfer)
                else:
                    yield turn(media.orientation, frame.plate().rgb())


def _as_project(
    source: Shot | Project | PathLike, edits: Sequence[Edit], *, until_damage: bool
) -> Project:
    if isinstance(source, Project):
        if not source.online:
            raise ProjectError(
                f"The media of {source.title} were not looked for, or not found.",
                "Load it with find_media, or say where they are.",
            )
        return source
    if isinstance(source, Shot):
        return Project(source)
    if Path(source).suffix.lower() == SUFFIX:
        return load_project(source)
    # Media by name were tracked before, or there would be no edits: these bring the faces.
    faces = {edit.face.number: edit.face for edit in edits}
    return Project(
        dataclasses.replace(
            open_shot(source, until_damage=until_damage), faces=tuple(faces.values())
        )
    )


def _span(shot: Shot, frames: FrameRange | str | None) -> FrameRange:
    if frames is None:
        return shot.clock.all
    # A range is checked by the same rules as a typed one.
    return shot.clock.parse_range(str(frames))


def _renderer(
    name: str,
    project: Project,
    settings: RendererSettings | Mapping[str, Any] | None,
    *,
    needed: bool,
) -> ChosenRenderer | None:
    """The renderer of a name; None when none is needed, but a wrong name is still an error."""
    from mien.rendering.registry import AUTO, choose_renderer, find_entry, merge_settings

    merged = merge_settings(name, project.settings, settings)
    if name == AUTO and not needed:
        find_entry(name).settings(merged)
        return None
    chosen = choose_renderer(name, merged)
    return chosen if needed else None
