"""Files of the window: opening and saving projects, adding clips, with nothing lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from mien.errors import (
    ChangedFileError,
    DamagedMediaError,
    InputError,
    MienError,
    OperationCancelledError,
)
from mien.model.document import Document, Project
from mien_desktop.background import Background
from mien_desktop.reading import Reading, Readings
from mien_desktop.settings import settings, text_list
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.io.files import FileVersion

__all__ = ["Documents"]

_RECENT = "documents/recent"
_FOLDER = "documents/folder"
_MOST_RECENT = 12
_PROJECTS = "mien projects (*.mien)"
_ALL = "All files (*)"
_CLIPS = ("mov", "mp4", "m4v", "mkv", "mxf", "webm", "avi", "exr", "dpx", "png", "tif", "tiff")
"""Endings by which clips are told in dialogs and folders; any file may be tried."""


class Documents(QObject):
    """Commands of the menu File. Nothing here blocks: dialogs answer when they are closed.

    Args:
        workspace: The window's workspace.
        background: Reads files.
        window: Owner of the dialogs.
    """

    opened = Signal()
    """Another document is there, or none."""
    reading = Signal(object)
    """Clips are being read: their paths, as a tuple."""
    read = Signal()
    """They are read, or were refused."""

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self._workspace = workspace
        self._session = workspace.session
        self._background = background
        self._window = window
        self.readings = Readings(self)
        """What is read, which can be cancelled."""
        self._saving = False
        self._next_save: Callable[[], None] | None = None

    @property
    def title(self) -> str:
        """Name of the document."""
        path = self._session.path
        return path.stem if path else "Untitled"

    @property
    def recent(self) -> tuple[Path, ...]:
        """Projects that were opened or saved, the last first."""
        return tuple(Path(name) for name in text_list(_RECENT))

    def forget_recent(self) -> None:
        """Empty the list of recent projects."""
        settings().remove(_RECENT)

    def new(self) -> None:
        """Begin an empty document."""
        self.when_saved(self._begin_new)

    def ask_open(self) -> None:
        """Ask which project or clip to open."""
        everything = f"Projects and clips ({_patterns('mien', *_CLIPS)})"
        dialog = self._dialog("Open", [everything, _PROJECTS, _ALL])
        dialog.fileSelected.connect(lambda name: self.open_paths([Path(name)]))
        dialog.open()

    def ask_add(self) -> None:
        """Ask which clips to add as shots."""
        dialog = self._dialog("Add clips", [f"Clips ({_patterns(*_CLIPS)})", _ALL])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.add_media([Path(n) for n in names]))
        dialog.open()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open dropped or chosen files: a project replaces the document, clips join it."""
        projects = [path for path in paths if path.suffix.lower() == ".mien"]
        clips = [path for path in paths if path.suffix.lower() != ".mien"]
        if projects:
            self.open_project(projects[0], clips)
        elif clips:
            self.add_media(clips)
        if len(projects) > 1:
            self._workspace.said.emit(f"One project at a time: {projects[0].name} is opened.")

    def open_project(self, path: Path, clips: Sequence[Path] = ()) -> None:
        """Open a project in place of the document, which may be saved first.

        Args:
            path: The project.
            clips: Clips that are added to it.
        """
        self.when_saved(lambda: self._load(path, clips))

    def add_media(self, paths: Sequence[Path]) -> None:
        """Add clips as untracked shots, in one step, and show the first of them."""
        self._workspace.said.emit(f"Reading {_names(paths)}…")
        self._read_media(tuple(paths))

    def add_stream(self, path: Path, stream: int) -> None:
        """Add another video stream of a movie as an untracked shot, and show it."""
        self._workspace.said.emit(f"Reading {path.name}…")
        self._read_media((path,), stream)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save to the document's file, or ask for one.

        Args:
            then: Called when it is saved.
        """
        if self._session.path is None:
            self.ask_save(then)
        else:
            self._write(self._session.path, then)

    def ask_save(self, then: Callable[[], None] | None = None) -> None:
        """Ask for the file to save to."""
        dialog = self._dialog("Save as", [_PROJECTS])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setDefaultSuffix("mien")
        dialog.selectFile(f"{self._suggested()}.mien")
        dialog.fileSelected.connect(lambda name: self._write(Path(name), then))
        dialog.open()

    def when_saved(self, then: Callable[[], None]) -> None:
        """Run something that lets the document go, after asking whether to save its changes.

        Args:
            then: Called at once when there is nothing to save, or when the user saved or
                discarded; not when they cancelled.
        """
        self._workspace.finish_gesture()
        if not self._session.modified:
            then()
            return
        button = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Save changes?",
            f"{self.title} has changes that are not saved.",
            button.Save | button.Discard | button.Cancel,
            self._window,
        )
        box.setInformativeText("Discarded changes are gone for good.")
        box.setDefaultButton(button.Save)
        box.finished.connect(box.deleteLater)
        answers = {button.Save: lambda: self.save(then), button.Discard: then}
        box.buttonClicked.connect(
            lambda clicked: answers.get(box.standardButton(clicked), lambda: None)()
        )
        box.open()

    def replaced(
        self,
        document: Document,
        path: Path | None,
        *,
        modified: bool,
        version: FileVersion | None = None,
    ) -> None:
        """Go on with a document that comes from elsewhere, as from a recovery."""
        self._session.replace(document, path, modified=modified, version=version)
        self._workspace.show_shot(None)
        self.opened.emit()

    def _begin_new(self) -> None:
        self._session.new()
        self.opened.emit()

    def _load(self, path: Path, clips: Sequence[Path]) -> None:
        self._workspace.said.emit(f"Opening {path.name}…")
        reading = self.readings.begin(path.name)

        def loaded(read: tuple[Document, FileVersion]) -> None:
            self.readings.end(reading)
            self._loaded(path, clips, *read)

        self._background.run(
            partial(_read_project, path, reading), loaded, partial(self._unread, reading)
        )

    def _read_media(self, paths: tuple[Path, ...], stream: int | None = None) -> None:
        reading = self.readings.begin(_names(paths))
        self.reading.emit(paths)

        def read(clips: tuple[tuple[Project, ...], tuple[MienError, ...]]) -> None:
            self.readings.end(reading)
            self._clips_read(clips)

        self._background.run(
            partial(_read_clips, paths, reading, self._workspace.said.emit, stream),
            read,
            partial(self._unread, reading),
        )

    def _loaded(
        self, path: Path, clips: Sequence[Path], document: Document, version: FileVersion
    ) -> None:
        self._session.replace(document, path, version=version)
        self._workspace.show_shot(None)
        self._note(path)
        self._workspace.said.emit(f"{path.name} is open.")
        self.opened.emit()
        if clips:
            self.add_media(clips)

    def _unread(self, reading: Reading, error: MienError) -> None:
        self.readings.end(reading)
        self.read.emit()
        if isinstance(error, OperationCancelledError):
            self._workspace.said.emit(f"{reading.name} was not opened: reading was cancelled.")
            return
        self._workspace.said.emit("")
        self._workspace.problem.emit(error)

    def _clips_read(self, read: tuple[tuple[Project, ...], tuple[MienError, ...]]) -> None:
        clips, errors = read
        self._workspace.said.emit("")
        self.read.emit()
        if clips:
            before = {project.id for project in self._session.document.shots}
            name = f"Add {clips[0].title}" if len(clips) == 1 else f"Add {len(clips)} shots"
            self._workspace.apply(name, partial(_with_clips, clips=clips))
            ids = tuple(p.id for p in self._session.document.shots if p.id not in before)
            if ids:
                self._workspace.show_shot(ids[0])
        short = [error for error in errors if isinstance(error, DamagedMediaError)]
        self._tell(short, "are cut short")
        self._tell([error for error in errors if error not in short], "could not be added")

    def _tell(self, errors: Sequence[MienError], what: str) -> None:
        """Show the errors of some files as one."""
        if len(errors) == 1:
            self._workspace.problem.emit(errors[0])
        elif errors:
            causes = "\n".join(error.cause for error in errors)
            self._workspace.problem.emit(
                InputError(f"{len(errors)} files {what}:\n{causes}", errors[0].remedy)
            )

    def _write(
        self, path: Path, then: Callable[[], None] | None, *, overwrite: bool = False
    ) -> None:
        if self._saving:
            self._next_save = partial(self._write, path, then, overwrite=overwrite)
            return
        self._workspace.finish_gesture()
        document, self._saving = self._session.document, True
        version = self._session.version_to_replace(path, overwrite=overwrite)
        self._workspace.said.emit(f"Saving {path.name}…")

        def written(now: FileVersion) -> None:
            self._session.saved(document, path, now)
            self._note(path)
            self._workspace.said.emit(f"Saved as {path.name}.")
            self._end_saving()
            if then is not None:
                then()

        def refused(error: MienError) -> None:
            self._workspace.said.emit("")
            if isinstance(error, ChangedFileError):
                # The answer decides for the save that waits, too: it meets the same file.
                self._next_save = None
                self._ask_about_changed(path, then)
            else:
                self._workspace.problem.emit(error)
            self._end_saving()

        # On a thread: tracking data of a long film are tens of megabytes.
        self._background.run(partial(_save, document, path, version), written, refused)

    def _ask_about_changed(self, path: Path, then: Callable[[], None] | None) -> None:
        """Ask where to save a document whose file somebody else changed."""
        role = QMessageBox.ButtonRole
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Changed by somebody else",
            f"{path.name} was changed by another program or window since it was opened or saved"
            " here.",
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        box.setInformativeText(
            "Which one cannot be told. Saving over it loses what was changed there."
        )
        other = box.addButton("Save as another file", role.AcceptRole)
        over = box.addButton("Save over it", role.DestructiveRole)
        box.setDefaultButton(other)
        box.finished.connect(box.deleteLater)
        answers = {
            other: lambda: self.ask_save(then),
            over: lambda: self._write(path, then, overwrite=True),
        }
        box.buttonClicked.connect(lambda clicked: answers.get(clicked, lambda: None)())
        box.open()

    def _end_saving(self) -> None:
        self._saving = False
        again, self._next_save = self._next_save, None
        if again is not None:
            again()

    def _suggested(self) -> str:
        project = self._workspace.project
        return project.title if self._session.path is None and project else self.title

    def _dialog(self, title: str, filters: list[str]) -> QFileDialog:
        folder = str(settings().value(_FOLDER) or Path.home())
        dialog = QFileDialog(self._window, title, folder)
        dialog.setNameFilters(filters)
        dialog.setOption(QFileDialog.Option.HideNameFilterDetails)
        dialog.fileSelected.connect(self._note_folder)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _note(self, path: Path) -> None:
        others = [str(old) for old in self.recent if old != path.absolute()]
        settings().setValue(_RECENT, [str(path.absolute()), *others][:_MOST_RECENT])

    def _note_folder(self, name: str) -> None:
        settings().setValue(_FOLDER, str(Path(name).parent))


def _read_project(path: Path, reading: Reading) -> tuple[Document, FileVersion]:
    """Read a project and find its media where they can be; else its shots are offline."""
    from mien.io.files import FileVersion
    from mien.io.project import find_shots, load_document

    version = FileVersion.of(path)
    return find_shots(load_document(path, find_media=False), path, reading.report), version


def _save(document: Document, path: Path, version: FileVersion | None) -> FileVersion:
    from mien.io.saving import save_unchanged

    return save_unchanged(document, path, version)


def _read_clips(
    paths: Sequence[Path],
    reading: Reading,
    say: Callable[[str], object],
    stream: int | None = None,
) -> tuple[tuple[Project, ...], tuple[MienError, ...]]:
    """Read shots of clips, each once, and collect the errors of those that cannot be read.

    Args:
        paths: The clips, or folders of them.
        reading: Told how far it is; stops it.
        say: Called with how far a clip is read that takes long.
        stream: Number of their video stream; None for the one that players show.
    """
    from mien.api import open_shot
    from mien.io.relink import remember

    shots: dict[Path, Project] = {}
    errors = []
    for path in _files(paths):
        reading.check()
        try:
            shot = open_shot(
                path, stream=stream, until_damage=True, missing_frames="hold",
                progress=_percent(path, reading, say),
            )  # fmt: skip
        except OperationCancelledError:
            raise
        except MienError as error:
            errors.append(error)
        else:
            if shot.media.cut_short:
                remedy = "What is there is opened; copy or export it again to have the rest."
                errors.append(DamagedMediaError(shot.media.cut_short, remedy, path=path))
            held = shot.media.missing_note(shot.clock.all)
            if held:
                remedy = "Copy or render them, and open it again."
                errors.append(DamagedMediaError(held, remedy, path=path))
            # The user's word on where it is, for when a project elsewhere is opened again.
            remember(shot.media.path, shot.media.fingerprint)
            # A sequence's images are one shot, however many of them were dropped.
            name = "" if stream is None else f"{path.stem}, stream {stream}"
            shots.setdefault(shot.media.path, Project(shot, name=name))
    return tuple(shots.values()), tuple(errors)


def _percent(
    path: Path, reading: Reading, say: Callable[[str], object]
) -> Callable[[str, int, int], None]:
    """Progress that is said when a whole percent is done."""
    said = -1

    def report(stage: str, done: int, total: int) -> None:
        nonlocal said
        reading.report(stage, done, total)
        if 100 * done // max(1, total) != said:
            said = 100 * done // max(1, total)
            say(f"Reading {path.name}: {said} %")

    return report


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the given files, and the clips in given folders."""
    for path in paths:
        if path.is_dir():
            clips = (f for f in sorted(path.iterdir()) if f.suffix.lower()[1:] in _CLIPS)
            yield from clips
        else:
            yield path


def _with_clips(document: Document, clips: Sequence[Project]) -> Document:
    from mien.session.commands import add_shot

    for clip in clips:
        document = add_shot(document, clip)
    return document


def _names(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} files"


def _patterns(*kinds: str) -> str:
    return " ".join(f"*.{kind} *.{kind.upper()}" for kind in kinds)
