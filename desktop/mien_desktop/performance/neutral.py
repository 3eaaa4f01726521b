"""Commands on what is neutral for the current person; the face is solved again on a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

import mien
from mien.model.document import Project
from mien_desktop.command import Command
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.settings import settings
from mien_desktop.workspace import Workspace

__all__ = ["NeutralChoice"]

_FOLDER = "neutral/folder"


class NeutralChoice(QObject):
    """The choice of a person's neutral face, at which all controls are 0.

    Args:
        workspace: The window's workspace.
        repairs: Works it out, one thing at a time.
        window: Owner of the dialog.
    """

    def __init__(self, workspace: Workspace, repairs: FaceRepairs, window: QWidget) -> None:
        super().__init__(window)
        self._workspace, self._repairs, self._window = workspace, repairs, window

    def commands(self) -> tuple[Command, ...]:
        """Return the commands."""

        def made(
            name: str, text: str, run: Callable[[], None], tip: str, why: Callable[[], str]
        ) -> Command:
            return Command(f"face.{name}", text, run, (), "Neutral", tip=tip, why=why)

        return (
            made("neutral-here", "This is neutral", self.set_here,
                 "The face at the playhead is this person's neutral: zero means just this",
                 self._unseen),
            made("neutral-rest", "Neutral is the face at rest", self.set_rest,
                 "Where the shot shows the face at rest is this person's neutral", self._none),
            made("neutral-picture", "Neutral from a picture…", self.ask_picture,
                 "A picture of the same person with a neutral face", self._none),
            made("neutral-reset", "Learn neutral from the shot again", self.reset,
                 "As it was when the shot was tracked", self._unset),
        )  # fmt: skip

    def set_here(self) -> None:
        """Take the face at the playhead for neutral."""
        reason, frame = self._unseen(), self._workspace.state.frame
        if reason:
            self._workspace.said.emit(reason)
            return
        self._begin(f"Neutral at frame {frame}", frame=frame)

    def set_rest(self) -> None:
        """Take the face at rest, as the shot shows it, for neutral."""
        if not self._none():
            self._begin("Neutral at rest")

    def ask_picture(self) -> None:
        """Ask for a picture of the neutral face."""
        if self._none():
            return
        folder = str(settings().value(_FOLDER) or Path.home())
        dialog = QFileDialog(self._window, "Choose a picture of the neutral face", folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.set_picture(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def set_picture(self, path: Path) -> None:
        """Take the face of a picture for neutral."""
        settings().setValue(_FOLDER, str(path.parent))
        self._begin(f"Neutral as in {path.name}", image=path)

    def reset(self) -> None:
        """Learn the neutral face from the shot again."""
        face = self._workspace.now.face
        if face is None or self._unset():
            return
        number = face.number
        self._repairs.begin(
            f"Learn {face.name}'s neutral",
            lambda project: mien.reset_neutral(project, number, progress=False),
            lambda before, after: number,
        )

    def _begin(self, name: str, *, frame: int | None = None, image: Path | None = None) -> None:
        face = self._workspace.now.face
        if face is None:
            return
        number, workspace = face.number, self._workspace

        def notice(line: str) -> None:
            # The step's own words come first.
            workspace.later(lambda: workspace.later(partial(workspace.said.emit, line)))

        def repair(project: Project) -> Project:
            return mien.set_neutral(
                project, number, frame=frame, image=image, notice=notice, progress=False
            )

        self._repairs.begin(f"{name} ({face.name})", repair, lambda before, after: number)

    def _none(self) -> str:
        if self._workspace.now.face is None:
            return "The shot has no faces: track it first."
        return self._repairs.busy()

    def _unseen(self) -> str:
        now = self._workspace.now
        if now.face is not None and not now.face.valid[now.state.frame]:
            return f"{now.face.name} is not seen at the playhead."
        return self._none()

    def _unset(self) -> str:
        face = self._workspace.now.face
        if face is not None and face.neutral is None:
            return f"No neutral was chosen for {face.name}."
        return self._none()
