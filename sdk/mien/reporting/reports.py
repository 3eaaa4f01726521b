"""The verb that reports on an edited shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien._types import PathLike
from mien.errors import ProjectError, UsageError
from mien.progress import Progress, progress_reporter
from mien.reporting.values import ReportThreshold, ShotReport

if TYPE_CHECKING:
    from mien.model.document import Project
    from mien.model.edits import Edit
    from mien.model.media import MediaInfo
    from mien.model.quality import Quality
    from mien.model.renderer_settings import RendererSettings
    from mien.timebase import FrameRange

__all__ = ["check_page", "report"]


def report(
    original: PathLike,
    edited: PathLike,
    *,
    project: Project | PathLike | None = None,
    shot: str | None = None,
    edits: Sequence[Edit] = (),
    output: PathLike | None = None,
    frames: FrameRange | str | None = None,
    matte: PathLike | None = None,
    renderer: str = "auto",
    settings: RendererSettings | Mapping[str, Any] | None = None,
    quality: Quality | str | None = None,
    thresholds: Mapping[str, ReportThreshold] | PathLike | None = None,
    watermark: str | None = None,
    overwrite: bool = False,
    progress: bool | Progress = True,
) -> ShotReport:
    """Measure an edited shot against its original: is it as asked, and did nothing else change.

    The edited file is tracked again. What its faces do is compared with what the project's edits
    ask; its pixels with the original's: outside of the matte, inside it, and at its rim.

    Args:
        original: The movie or image sequence as it was.
        edited: The same, edited.
        project: The project with the edits, or its file; None where there is none: then what was
            asked is not known, and the rest is measured.
        shot: Name or number of the shot in a project of several.
        edits: What else was asked of the faces, on top of the project's edits, as `mien.render`
            takes it: what was given for the render alone.
        output: An HTML page to write, which stands alone; None for none.
        frames: The frames of the original that the edited file holds; None for all.
        matte: A movie or images of where the edit may change pixels (`mien.render_matte`); None
            for what the renderer says, or the faces' outlines.
        renderer: Name of the renderer whose matte it is.
        settings: Settings of that renderer, on top of the project's.
        quality: How the edited file was encoded; None for what it says itself.
        thresholds: What figures are held to, on top of mien's own bounds, by their names; or a JSON
            file of them. A figure that is named and could not be measured fails.
        watermark: The text that is burnt into the edited file, where it is a draft; None for what
            its credentials say. It is burnt into the original for the comparison.
        overwrite: Whether the page may replace a file.
        progress: True for bars on a terminal, or a function that is called with the stage (`track`,
            `solve`, `measure`), the steps done and the steps in all.

    Raises:
        InputError: When the two are not of one size, rate, length or shot, or the thresholds cannot
            be read.
        MediaError: When one of them cannot be read.
        ProjectError: When the project is of another original.
        NoFaceError: When there is no face in the original, or the project has not that of an edit.
        UsageError: When the original is a project, the page no page by its name, an edit belongs
            to another shot, or to none, or the watermark cannot be written.
        OutputError: When the page cannot be put there.
        OperationCancelledError: When it is stopped; nothing is left under the page's name.
    """
    from mien.model.quality import Quality
    from mien.reporting.inputs import check_pair
    from mien.reporting.measurement import Measurement
    from mien.reporting.measuring import measure
    from mien.reporting.thresholds import read_thresholds
    from mien.reporting.writing import write_report_page

    page = check_page(output, overwrite=overwrite)
    if thresholds is not None and not isinstance(thresholds, Mapping):
        thresholds = read_thresholds(thresholds)
    opened, path = _project_of(project, shot, original)
    opened = _with_edits(opened, edits)
    before = _probed(original) if opened is None else opened.shot.media
    after = _probed(edited)
    span = check_pair(before, after, None if frames is None else str(frames))
    order = Measurement(
        original=before, edited=after, frames=span, project=opened, project_path=path,
        matte=None if matte is None else Path(matte), renderer=renderer,
        settings=_mapping(settings), thresholds=thresholds, watermark=watermark,
        quality=None if quality is None else Quality.of(quality),
    )  # fmt: skip
    with progress_reporter(progress) as tell:
        return measure(order, tell)[0] if page is None else write_report_page(order, page, tell)


def check_page(output: PathLike | None, *, overwrite: bool) -> Path | None:
    """Return the page of a report, which can be put where it is wanted; None for none.

    Args:
        output: The page; None for none.
        overwrite: Whether it may replace a file.

    Raises:
        OutputError: When it cannot be put there.
        UsageError: When its name is not that of a page.
    """
    from mien.io.files import check_file

    if output is None:
        return None
    page = Path(output)
    if page.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{page.name} is no name of a page.", "Let it end in .html.")
    check_file(page, overwrite=overwrite)
    return page


def _mapping(settings: RendererSettings | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if settings is None or isinstance(settings, Mapping):
        return settings
    return settings.to_mapping()


def _probed(path: PathLike) -> MediaInfo:
    from mien.media.probe import probe

    return probe(Path(path))


def _project_of(
    project: Project | PathLike | None, shot: str | None, original: PathLike
) -> tuple[Project | None, Path | None]:
    """The project, with the original for its media."""
    from mien.api.projects import load_project
    from mien.api.relinking import relink
    from mien.io.project import SUFFIX
    from mien.model.document import Project

    if Path(original).suffix.lower() == SUFFIX:
        raise UsageError(
            f"{Path(original).name} is a project, and what it was made from is asked for.",
            "Give the footage, the edited file, and the project with --project.",
        )
    if project is None:
        if shot is not None:
            raise UsageError("A shot is named, and no project.", "Add the project.")
        return None, None
    if isinstance(project, Project):
        _check_content(project, Path(original))
        moved = Path(original).absolute() != project.shot.media.path.absolute()
        return relink(project, original).project if moved else project, None
    path = Path(project)
    loaded = load_project(path, shot, find_media=False)
    _check_content(loaded, Path(original))
    return load_project(path, shot, media=original), path


def _with_edits(project: Project | None, edits: Sequence[Edit]) -> Project | None:
    """The project with further edits on top of its own."""
    from mien.model.edits import stacked_edits

    if not edits:
        return project
    if project is None:
        raise UsageError(
            "Edits are of the faces of a tracked shot, and no project with one is given.",
            "Give the shot that was rendered, too: project=mien.Project(shot).",
        )
    return replace(project, edits=stacked_edits(project.shot, (*project.edits, *edits)))


def _check_content(project: Project, original: Path) -> None:
    """Refuse a project that was tracked on something else."""
    facts = _probed(original)
    if facts.fingerprint != project.shot.media.fingerprint:
        raise ProjectError(
            f"{project.title} was tracked on {project.shot.media.path.name}, and {original.name} is"
            " not that: their contents differ.",
            "Give the original of the project, or leave the project out.",
            path=original,
        )
