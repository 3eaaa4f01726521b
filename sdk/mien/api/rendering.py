"""Render a shot with edited faces."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from mien._types import PathLike
from mien.api.projects import load_project
from mien.api.tracking import open_shot
from mien.errors import ProjectError
from mien.io.project import SUFFIX, Project
from mien.model.edits import Edit
from mien.model.renderer_settings import RendererSettings
from mien.model.shot import Shot
from mien.progress import Progress, progress_reporter
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.rendering.base import Renderer

__all__ = ["RenderReport", "render"]


@dataclass(frozen=True, slots=True)
class RenderReport:
    """The outcome of a render.

    Attributes:
        output: The file, or the pattern of an image sequence.
        frames: Frames written.
        frames_edited: Frames in which a face was changed.
        frames_resumed: Frames that an earlier render, stopped or killed, had finished.
        faces: Numbers of the faces with edits.
        renderer: Name of the renderer; None when nothing was asked of it.
        codec: Name of the codec, as `--codec` takes it.
        seconds: Time it took.
        notes: What is to be known of how the frames were made.
    """

    output: Path
    frames: int
    frames_edited: int
    frames_resumed: int
    faces: tuple[int, ...]
    renderer: str | None
    codec: str
    seconds: float
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        how = f"{self.renderer}, " if self.renderer else ""
        return (
            f"RenderReport({self.output}, {self.frames} frames, {self.frames_edited} edited,"
            f" {how}{self.codec}, {self.seconds:.1f} s)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        return dataclasses.asdict(self) | {
            "output": str(self.output),
            "faces": list(self.faces),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


def render(
    source: Shot | Project | PathLike,
    output: PathLike,
    *,
    edits: Sequence[Edit] = (),
    performances: Mapping[int, npt.ArrayLike] | None = None,
    renderer: str = "auto",
    settings: RendererSettings | Mapping[str, Any] | None = None,
    frames: FrameRange | str | None = None,
    codec: str | None = None,
    lossless: bool = False,
    overwrite: bool = False,
    matte: bool = False,
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
        codec: Name of the video codec; None for the source's family.
        lossless: Whether the output is decoded to exactly the pixels that were rendered.
        overwrite: Whether a file of that name may be replaced.
        matte: Whether the mask of what is changed is written in place of the picture: grey,
            black where the plate stays, white where it is wholly replaced.
        progress: True for bars on a terminal, or a function that is called with the stage
            (`prepare`, `render`), the steps done and the steps in all.

    Raises:
        OutputError: When the output cannot be put there; nothing was done.
        UsageError: When an edit belongs to another shot, no renderer has that name, or the
            renderer has no such setting, or the shot's frames are in memory.
        MissingDependencyError: When the renderer needs a part that is not installed.
        TimeError: When the span lies outside the shot.
        MediaError: When the source cannot be read.
        WriteError: When the output fails half-way; nothing is left under its name.
        OperationCancelledError: When Ctrl-C or a callback stops it; nothing is left under its
            name. The finished frames of a costly render are kept, and the same call goes on
            from there.
    """
    from mien.media.codecs import choose_encoding
    from mien.media.memory import check_on_disk
    from mien.media.outputs import check_output
    from mien.pipeline import Output, render_shot
    from mien.rendering.plans import face_plans, with_performances

    start = time.monotonic()
    project = _as_project(source, edits)
    shot, path = project.shot, Path(output)
    check_on_disk(shot.media)
    encoding = choose_encoding(path, shot.media, codec=codec, lossless=lossless)
    check_output(path, shot.media, overwrite=overwrite, codec=codec, lossless=lossless)
    span = _span(shot, frames)
    plans = face_plans(shot, (*project.edits, *edits), span)
    if performances:
        plans = with_performances(shot, plans, performances)
    chosen = _renderer(renderer, project, settings, needed=bool(plans))
    destination = Output(path, span, codec, lossless, overwrite, matte)
    with progress_reporter(progress) as report:
        rendered = render_shot(shot, plans, chosen, destination, report)
    return RenderReport(
        output=path,
        frames=len(span),
        frames_edited=rendered.edited,
        frames_resumed=rendered.resumed,
        faces=tuple(plan.face.number for plan in plans),
        renderer=chosen.name if chosen else None,
        codec=encoding.codec.name,
        seconds=time.monotonic() - start,
        notes=rendered.notes,
    )


def _as_project(source: Shot | Project | PathLike, edits: Sequence[Edit]) -> Project:
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
    return Project(dataclasses.replace(open_shot(source), faces=tuple(faces.values())))


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
) -> Renderer | None:
    """The renderer of a name; None when none is needed, but a wrong name is still an error."""
    from mien.rendering.registry import AUTO, find_entry, get_renderer, merge_settings

    merged = merge_settings(name, project.settings, settings)
    if name == AUTO and not needed:
        find_entry(name).settings(merged)
        return None
    renderer = get_renderer(name, merged)
    return renderer if needed else None
