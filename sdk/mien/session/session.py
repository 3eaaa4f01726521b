"""The document being edited: what is done to it, and undone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from mien.errors import UsageError
from mien.model.document import Document

if TYPE_CHECKING:
    from mien.io.files import FileVersion

__all__ = ["Change", "Gesture", "Session"]

Command = Callable[[Document], Document]
ChangeKind = Literal["apply", "update", "commit", "cancel", "undo", "redo", "replace", "save"]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change of the document.

    Attributes:
        before: The document before.
        after: The document now; the same object when only its file changed.
        name: Name of the step, as undo shows it; empty for `replace` and `save`.
        kind: `apply`, or what a gesture did (`update`, `commit`, `cancel`), `undo`, `redo`,
            `replace` (another document was opened), `save`.
    """

    before: Document
    after: Document
    name: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    name: str
    before: Document
    after: Document


class Session:
    """One document being edited, with everything that can be undone.

    Documents are values that share what did not change, so undo keeps them all.

    Args:
        document: The document to begin with.
        path: Its file; None when it was never saved.
        modified: Whether it differs from its file, as after a recovery.
    """

    def __init__(
        self, document: Document | None = None, path: Path | None = None, *, modified: bool = False
    ) -> None:
        self._document = document or Document()
        self._path = path
        self._version = _version_of(path)
        self._saved: Document | None = None if modified else self._document
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._gesture: Gesture | None = None
        self._subscribers: list[Callable[[Change], None]] = []
        self._untold: deque[Change] = deque()
        self._telling = False

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self._document

    @property
    def path(self) -> Path | None:
        """The document's file; None when it was never saved."""
        return self._path

    @property
    def file_version(self) -> FileVersion | None:
        """The file as it was when opened or saved here; None when there is none."""
        return self._version

    @property
    def modified(self) -> bool:
        """Whether the document differs from its file."""
        return self._document is not self._saved

    @property
    def undo_names(self) -> tuple[str, ...]:
        """Names of the steps that can be undone, the next first."""
        return tuple(step.name for step in reversed(self._done))

    @property
    def redo_names(self) -> tuple[str, ...]:
        """Names of the steps that can be done again, the next first."""
        return tuple(step.name for step in reversed(self._undone))

    def apply(self, name: str, change: Command) -> None:
        """Change the document, as one step that can be undone.

        Nothing happens when the document stays the same. When the change raises, the
        document stays as it was.

        Args:
            name: What the step is called, as `Move keys`.
            change: From the document to the changed one.
        """
        self._end_gesture()
        before, after = self._document, change(self._document)
        if not after.same_as(before):
            self._push(_Step(name, before, after))
            self._become(after, name, "apply")

    def gesture(self, name: str) -> Gesture:
        """Begin a change that is shown while it is made, as a drag; it is one step in the end.

        Args:
            name: What the step is called.
        """
        self._end_gesture()
        self._gesture = Gesture(self, name, self._document)
        return self._gesture

    def undo(self) -> None:
        """Take the last step back; nothing happens when there is none."""
        self._end_gesture()
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._become(step.before, step.name, "undo")

    def redo(self) -> None:
        """Do the step again that was undone last; nothing happens when there is none."""
        self._end_gesture()
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._become(step.after, step.name, "redo")

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Subscribe to every change of the document.

        Changes that a callback makes are told after the one it was called for, so that
        everybody hears of them in the same order.

        Args:
            callback: Called with each change.

        Returns:
            A function that ends it; calling it again does nothing.
        """
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def new(self) -> None:
        """Begin an empty document; what was open is let go."""
        self.replace(Document())

    def open(self, path: Path) -> None:
        """Open a project file; shots whose media are not found are offline.

        Raises:
            ProjectError: When it is missing, corrupt or too new; the document stays.
        """
        from mien.io.project import find_shots, load_document

        version = _version_of(path)
        document = find_shots(load_document(path, find_media=False), path)
        self.replace(document, path, version=version)

    def replace(
        self,
        document: Document,
        path: Path | None = None,
        *,
        modified: bool = False,
        version: FileVersion | None = None,
    ) -> None:
        """Edit another document, which has nothing to undo.

        Args:
            document: The document.
            path: Its file; None when it was never saved.
            modified: Whether it differs from its file, as after a recovery.
            version: The file's version just before it was read; None for what is there now.
        """
        self._end_gesture()
        self._done.clear()
        self._undone.clear()
        self._path, self._version = path, version or _version_of(path)
        self._saved = None if modified else document
        self._become(document, "", "replace")

    def save(self, path: Path | None = None, *, overwrite: bool = False) -> None:
        """Write the document to its file.

        Args:
            path: Another file, which becomes the document's, and is replaced where it exists;
                None for its own.
            overwrite: Whether its own file is replaced also where somebody else, as `mien edit`
                or another window, changed it since it was opened or saved here.

        Raises:
            UsageError: When it has no file and none is given.
            ChangedFileError: When its own file was changed by somebody else; nothing is written.
            OutputError: When it cannot be put there.
            WriteError: When the disk is full; what was there before stays.
        """
        from mien.io.saving import save_unchanged

        self._end_gesture()
        target = path or self._path
        if target is None:
            raise UsageError("The document has no file yet.", "Give it a name.")
        version = self.version_to_replace(target, overwrite=overwrite)
        self.saved(self._document, target, save_unchanged(self._document, target, version))

    def version_to_replace(self, path: Path, *, overwrite: bool = False) -> FileVersion | None:
        """Return what a save may replace: what was read or written last, or None for anything.

        Args:
            path: Where it is to be saved; another file than the document's is not checked.
            overwrite: Whether its own is not checked either.
        """
        from mien.io.changing import is_same_file

        return self._version if not overwrite and is_same_file(path, self._path) else None

    def saved(self, document: Document, path: Path, version: FileVersion | None = None) -> None:
        """Note that somebody, as a thread, has written the document to its file.

        Args:
            document: The document as it was written; it may have changed since.
            path: The file, which becomes the document's.
            version: The file's version as it was written; None for what is there now.
        """
        self._path, self._saved = path, document
        self._version = version or _version_of(path)
        self._tell(Change(self._document, self._document, "", "save"))

    def _become(self, document: Document, name: str, kind: ChangeKind) -> None:
        before, self._document = self._document, document
        self._tell(Change(before, document, name, kind))

    def _push(self, step: _Step) -> None:
        self._done.append(step)
        self._undone.clear()

    def _end_gesture(self) -> None:
        if self._gesture is not None:
            self._gesture.commit()

    def _tell(self, change: Change) -> None:
        self._untold.append(change)
        if self._telling:
            return
        self._telling = True
        failed: Exception | None = None
        try:
            while self._untold:
                told = self._untold.popleft()
                # One that raises does not keep the others from hearing of it, nor of what follows.
                try:
                    with ExitStack() as everybody:
                        for subscriber in reversed(self._subscribers):
                            everybody.callback(subscriber, told)
                except Exception as error:  # noqa: BLE001 - it is raised when all is told
                    failed = failed or error
        finally:
            self._telling = False
        if failed is not None:
            raise failed


def _version_of(path: Path | None) -> FileVersion | None:
    if path is None:
        return None
    from mien.io.files import FileVersion

    return FileVersion.of(path)


class Gesture:
    """A change that is shown while it is made; see `Session.gesture`.

    Once it ended, whatever ended it, its methods do nothing: the last movement of a mouse
    may come late. As a context manager it is committed at the end, or cancelled by an error.
    """

    def __init__(self, session: Session, name: str, start: Document) -> None:
        self._session = session
        self._name = name
        self._start = start

    @property
    def open(self) -> bool:
        """Whether the gesture has not ended yet."""
        return self._session._gesture is self

    def update(self, change: Command) -> None:
        """Show a change of the document as it was when the gesture began.

        Args:
            change: From that document to the changed one.
        """
        if self.open:
            after = change(self._start)
            if not after.same_as(self._session.document):
                self._session._become(after, self._name, "update")

    def commit(self) -> None:
        """End the gesture; its change is one step that can be undone."""
        if not self.open:
            return
        session = self._session
        session._gesture = None
        if session.document.same_as(self._start):
            self._return("cancel")
            return
        session._push(_Step(self._name, self._start, session.document))
        session._tell(Change(self._start, session.document, self._name, "commit"))

    def cancel(self) -> None:
        """End the gesture; the document is as it was."""
        if self.open:
            self._session._gesture = None
            self._return("cancel")

    def _return(self, kind: ChangeKind) -> None:
        # The very object of before, so that a document that was saved counts as saved again.
        if self._session.document is not self._start:
            self._session._become(self._start, self._name, kind)

    def __enter__(self) -> Gesture:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.cancel()
