"""The verb that trains a LoRA on a shot."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien import api
from mien.api import PathLike, Project
from mien.io.project import SUFFIX, load_document, save_document
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.progress import Progress, progress_reporter

if TYPE_CHECKING:
    from mien.rendering.reference.train.settings import TrainSettings

__all__ = ["TrainReport", "train_shot"]


@dataclass(frozen=True, slots=True)
class TrainReport:
    """The outcome of training a LoRA on a shot.

    Attributes:
        output: The LoRA.
        loss_plot: A plot of the losses over the steps.
        sheet: Frames that were kept back, regenerated before and after; None when not asked for.
        face: Number of the face.
        steps: Training steps.
        resumed: Steps of these that an earlier training, stopped or killed, had done.
        frames: Frames that were learned from.
        held_out: Frames that were kept back to check with.
        loss_before: Their loss without the LoRA.
        loss_after: Their loss with it.
        remembered: Whether the project now renders with it.
        seconds: Time it took.
    """

    output: Path
    loss_plot: Path
    sheet: Path | None
    face: int
    steps: int
    resumed: int
    frames: int
    held_out: int
    loss_before: float
    loss_after: float
    remembered: bool
    seconds: float

    def __repr__(self) -> str:
        return (
            f"TrainReport({self.output}, face {self.face}, {self.steps} steps, loss"
            f" {self.loss_before:.4f} to {self.loss_after:.4f}, {self.seconds:.0f} s)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        return dataclasses.asdict(self) | {
            "output": str(self.output),
            "loss_plot": str(self.loss_plot),
            "sheet": None if self.sheet is None else str(self.sheet),
            "seconds": round(self.seconds, 3),
        }


def train_shot(
    source: Shot | Project | PathLike,
    output: PathLike,
    *,
    shot: str | int | None = None,
    face: int | str | None = None,
    settings: TrainSettings | None = None,
    overwrite: bool = False,
    media: PathLike | None = None,
    progress: bool | Progress = True,
) -> TrainReport:
    """Teach the reference renderer a shot's actor: a LoRA of their mouth, teeth and skin.

    Args:
        source: A tracked shot, a project, or a `.mien` file; the file will render with the LoRA
            from then on, if that lies in its folder.
        output: The LoRA to write, a `.safetensors` file; a plot of the losses and a sheet go
            beside it, as `.loss.png` and `.sheet.png`.
        shot: Name or number (from 1) of the shot in a `.mien` file that holds several.
        face: Number or name of the face; the largest when not given.
        settings: How it is trained.
        overwrite: Whether files of these names may be replaced.
        media: Where the media of a `.mien` file are, if they moved.
        progress: True for bars on a terminal, or a function that is called with the stage
            (`prepare`, `train`, `sheet`), the steps done and the steps in all.

    Raises:
        OutputError: When the output cannot be put there; nothing was done.
        NoFaceError: When the shot has no such face.
        NothingToDoError: When the face is seen in too few frames.
        MissingDependencyError: When the reference renderer's models or packages are not installed.
        MienError: When nothing was learned.
        WriteError: When the disk is full; what was trained so far is kept.
        OperationCancelledError: When Ctrl-C stops it; the same call goes on from there.
    """
    import mien
    from mien.io.files import check_file
    from mien.media.reader import open_reader
    from mien.media.resume_folder import is_kept
    from mien.rendering.devices import pick_device
    from mien.rendering.plates import ReaderPlates
    from mien.rendering.reference.shot_lora import check_name, plots_of
    from mien.rendering.reference.train.settings import TrainSettings

    start = time.monotonic()
    settings = settings or TrainSettings()
    path = Path(output)
    check_name(path)
    plot, sheet = plots_of(path)
    check_file(path, overwrite=overwrite)
    for picture in (plot, sheet):
        # A training that was killed may have written them just before.
        check_file(picture, overwrite=overwrite or is_kept(path))
    file = _project_file(source)
    tracked = _shot(source, shot, media)
    chosen = api.main_face(tracked) if face is None else tracked.face(face)
    pick_device()  # says what to install when torch is missing
    from mien.rendering.reference.train import run

    with progress_reporter(progress) as report, open_reader(tracked.media, cache_bytes=0) as reader:
        trained = run.train_shot(
            chosen, tracked, ReaderPlates(reader), path, settings, mien.__version__, report
        )
    return TrainReport(
        output=path,
        loss_plot=plot,
        sheet=sheet if settings.sheet else None,
        face=chosen.number,
        steps=settings.steps,
        resumed=trained.resumed,
        frames=trained.learned,
        held_out=trained.held_out,
        loss_before=trained.before,
        loss_after=trained.after,
        remembered=file is not None and _remember_lora(file, shot, path),
        seconds=time.monotonic() - start,
    )


def _project_file(source: Shot | Project | PathLike) -> Path | None:
    """Return the project file that a source is; None when it is something else."""
    if isinstance(source, (Shot, Project)) or Path(source).suffix.lower() != SUFFIX:
        return None
    return Path(source)


def _shot(
    source: Shot | Project | PathLike, which: str | int | None, media: PathLike | None
) -> Shot:
    if isinstance(source, Shot):
        return source
    if isinstance(source, Project):
        return source.shot
    if _project_file(source) is not None:
        return api.load_project(source, which, media=media).shot
    return api.open_shot(source)


def _remember_lora(file: Path, which: str | int | None, lora: Path) -> bool:
    """Let a project render with a LoRA in its folder; return whether it does."""
    if ".." in Path(os.path.relpath(lora.absolute(), file.parent.absolute())).parts:
        return False
    # As it is now: a training takes long, and somebody may have worked on it.
    document = load_document(file, find_media=False)
    project = document.choose(which, file.name)
    settings = ReferenceSettings.from_stored(project.settings) or ReferenceSettings()
    changed = dataclasses.replace(settings, shot_lora=str(lora))
    save_document(document.with_shot(project.with_settings(changed.renderer, changed)), file)
    return True
