"""Repairs of who is who in the current shot: each is worked out on a thread, one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from PySide6.QtCore import QObject, Signal

import mien
from mien.errors import MienError
from mien.model.document import Project
from mien_desktop.background import Background
from mien_desktop.command import Command
from mien_desktop.faces import reasons
from mien_desktop.workspace import Workspace

__all__ = ["FaceRepairs"]

_GROUP = "Faces"
Repair = Callable[[Project], Project]


class FaceRepairs(QObject):
    """Repairs of the faces of the current shot.

    A face that changes is solved anew, which takes a moment: nobody waits for it. What is edited
    meanwhile is kept, as the repair is then made once more on what there is.

    Args:
        workspace: Whose faces they are.
        background: Works it out.
    """

    changed = Signal()
    """A repair has begun or ended: what can be done may be another."""

    def __init__(self, workspace: Workspace, background: Background) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.background = background
        """Where repairs are worked out."""
        self._working = ""

    @property
    def working(self) -> str:
        """Name of the repair that goes on, as `Merge Bob into Anna`; empty for none."""
        return self._working

    # -- whether it can be done ----------------------------------------------------------------

    def busy(self) -> str:
        """Return why nothing can be begun now; empty when it can."""
        return f"{self._working} is being worked out." if self._working else ""

    def merging(self, numbers: Collection[int] | None = None) -> str:
        """Return why some faces, or the selected ones, cannot be merged; empty when they can."""
        now = self._workspace.now
        return self.busy() or reasons.merging(now, now.state.faces if numbers is None else numbers)

    def splitting(self) -> str:
        """Return why the current face cannot be split at the playhead; empty when it can."""
        return self.busy() or reasons.splitting(self._workspace.now)

    def removing(self) -> str:
        """Return why the selected faces cannot be removed; empty when they can."""
        return self.busy() or reasons.removing(self._workspace.now)

    # -- doing it ------------------------------------------------------------------------------

    def merge(self, numbers: Collection[int] | None = None, into: int | None = None) -> None:
        """Make one face of several.

        Args:
            numbers: The faces; None for the selected ones.
            into: The one that keeps its number and its name; None for the current one.
        """
        now = self._workspace.now
        chosen = set(now.state.faces if numbers is None else numbers)
        kept = now.state.face if into is None else into
        reason = self.merging(chosen)
        if reason or now.shot is None or kept is None:
            return self._refuse(reason)
        others = [face for face in now.shot.faces if face.number in chosen - {kept}]
        order = [kept, *(face.number for face in others)]
        names = " and ".join(face.name for face in others)
        self.begin(
            f"Merge {names} into {now.shot.face(kept).name}",
            lambda project: mien.merge_faces(project, order, progress=False),
            lambda before, after: kept,
        )

    def split(self) -> None:
        """Make two faces of the current one: what it is before the playhead, and from there on."""
        now, reason = self._workspace.now, self.splitting()
        if reason or now.face is None:
            return self._refuse(reason)
        number, frames = now.face.number, f"{now.state.frame}:"
        self.begin(
            f"Split {now.face.name} at frame {now.state.frame}",
            lambda project: mien.split_face(project, number, frames, progress=False),
            _new_face,
        )

    def remove(self) -> None:
        """Take the selected faces out of the shot, with what is asked of them."""
        now, reason = self._workspace.now, self.removing()
        if reason or now.shot is None:
            return self._refuse(reason)
        gone = [face for face in now.shot.faces if face.number in now.state.faces]

        def removed(project: Project) -> Project:
            for face in gone:
                project = mien.remove_face(project, face.number)
            return project

        # Nothing is solved: it is done at once.
        names = " and ".join(face.name for face in gone)
        self._put(f"Remove {names}", removed(_current(self._workspace)), None)

    def begin(
        self, name: str, repair: Repair, face: Callable[[Project, Project], int | None]
    ) -> None:
        """Begin a repair of the current shot.

        Args:
            name: What the step is called in the menu.
            repair: From the shot with its edits to the repaired one; called on a thread.
            face: The face to work on then, by the shot before and after.
        """
        self._working = name
        self._workspace.said.emit(f"{name}…")
        self.changed.emit()
        self._work(name, repair, face, _current(self._workspace))

    def _work(
        self, name: str, repair: Repair, face: Callable[[Project, Project], int | None],
        project: Project,
    ) -> None:  # fmt: skip
        def done(repaired: Project) -> None:
            shots = {one.id: one for one in self._workspace.session.document.shots}
            now = shots.get(project.id)
            if now is not None and now is not project:
                return self._work(name, repair, face, now)
            self._end()
            if now is not None:
                self._put(name, repaired, face(project, repaired))

        def failed(error: MienError) -> None:
            self._end()
            self._workspace.said.emit("")
            self._workspace.problem.emit(error)

        self.background.run(partial(repair, project), done, failed)

    def _end(self) -> None:
        self._working = ""
        self.changed.emit()

    def _put(self, name: str, project: Project, face: int | None) -> None:
        """Put the repaired shot into the document, and work on a face of it."""
        if self._workspace.apply(name, lambda document: document.with_shot(project)):
            self._workspace.said.emit(f"{name}: done.")
            if self._workspace.state.shot == project.id:
                self._workspace.set(face=face, faces=frozenset())

    def _refuse(self, reason: str) -> None:
        self._workspace.said.emit(reason)

    # -- commands ------------------------------------------------------------------------------

    def commands(self) -> tuple[Command, ...]:
        """Return the commands that repair faces."""
        made = partial(Command, group=_GROUP)
        return (
            made("faces.merge", "Merge the selected faces", self.merge, ("Ctrl+M",),
                 tip="Make one of faces that are the same person; the current one keeps its name",
                 why=self.merging),
            made("faces.split", "Split the face at the playhead", self.split, ("Ctrl+B",),
                 tip="From here on it is somebody else; edits stay with the frames they are for",
                 why=self.splitting),
            made("faces.remove", "Remove the selected faces", self.remove, (),
                 tip="Take them out of the shot, with what is asked of them", why=self.removing),
        )  # fmt: skip


def _current(workspace: Workspace) -> Project:
    project = workspace.project
    assert project is not None
    return project


def _new_face(before: Project, after: Project) -> int | None:
    """Return the number of the face that only the later of two shots has."""
    numbers = {face.number for face in before.shot.faces}
    return next((face.number for face in after.shot.faces if face.number not in numbers), None)
