"""What was not saved when a program ended without being asked to.

Every session has a folder of its own in the user's state folder:

    lock             held while the session lives, however it ends
    document.json    the document without its arrays, written anew with every change
    KEY.zip          the arrays of a tracked shot, written once; KEY says what they hold

A folder whose lock is free and that holds a document is offered for recovery. Every file is
written aside, synced and renamed, arrays before the document that names them: a kill at any
time leaves the document before or the one after.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import uuid
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import platformdirs
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

import mien
from mien.errors import MienError, OutputError, ProjectError
from mien.io.arrays import ZIP_ERRORS, ArrayReader, write_array
from mien.io.files import FileVersion, written_whole
from mien.io.parts import make_project, shot_part
from mien.io.project import find_shots, relink
from mien.io.schema import ProjectDocument
from mien.io.shot_arrays import read_shot, shot_arrays
from mien.media.atomic_write import reason
from mien.media.lock import Held, Lock
from mien.model.document import Document, Project
from mien.model.shot import Shot

__all__ = ["Recoverable", "Recovered", "Recovery", "discard", "recoverable"]

_DOCUMENT = "document.json"
_LOCK = "lock"
_LARGEST_DOCUMENT = 256 << 20


class _Saved(BaseModel):
    """`document.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_name: Literal["mien-recovery"] = "mien-recovery"
    version: Literal[1] = 1
    path: str | None
    written: tuple[int, int] | None = None
    """`FileVersion.written` of the file that the document is to replace."""
    folder: str
    """What paths in the document are relative to."""
    name: str
    when: AwareDatetime
    arrays: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")], ...]
    online: tuple[bool, ...]
    document: ProjectDocument


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A document that was being edited when its program ended.

    Attributes:
        folder: Where it is kept.
        path: Its file; None when it was never saved.
        name: What to call it: its file's name, or its first shot's.
        when: When it was changed last, in UTC.
    """

    folder: Path
    path: Path | None
    name: str
    when: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """A document as it was: to be given to `Session.replace`, as modified.

    Attributes:
        document: The document; shots whose media are not found are offline.
        path: Its file; None when it was never saved.
        version: The file's version that it is to replace; None where nobody knows.
    """

    document: Document
    path: Path | None
    version: FileVersion | None = None


def recoverable(folder: Path | None = None) -> list[Recoverable]:
    """The documents that can be recovered, the one changed last first.

    Those of sessions that live, and what cannot be read, are left out.

    Args:
        folder: Where recoveries are kept; None for the user's state folder.
    """
    found = []
    try:
        folders = [entry for entry in (folder or _home()).iterdir() if entry.is_dir()]
    except OSError:
        return []
    for entry in folders:
        try:
            lock = Lock(entry / _LOCK)
        except (Held, OSError):
            continue
        try:
            saved = _read(entry)
        except FileNotFoundError:
            # Its session ended before anything was changed.
            shutil.rmtree(entry, ignore_errors=True)
        except ProjectError:
            pass
        else:
            path = None if saved.path is None else Path(saved.path)
            found.append(Recoverable(entry, path, saved.name, saved.when))
        finally:
            lock.release()
    return sorted(found, key=lambda entry: entry.when, reverse=True)


def discard(entry: Recoverable) -> None:
    """Throw a recoverable document away; nothing happens when another session has taken it."""
    with suppress(Held, OSError):
        lock = Lock(entry.folder / _LOCK)
        shutil.rmtree(entry.folder, ignore_errors=True)
        lock.release()


class Recovery:
    """Keeps a session's document safe from a crash.

    Its methods may be called from any thread. `close` ends it when the user lets go of the
    document; without that it can be recovered.

    Args:
        folder: Where recoveries are kept; None for the user's state folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._home = folder or _home()
        self._mutex = threading.Lock()
        self._folder: Path | None = None
        self._lock: Lock | None = None
        # The shots themselves are kept too: while they live, nothing else has their parts' ids.
        self._keys: dict[tuple[int, ...], tuple[Shot, str]] = {}

    def write(
        self, document: Document, path: Path | None, version: FileVersion | None = None
    ) -> None:
        """Keep a document as it is now, in place of what was kept.

        Args:
            document: The document.
            path: Its file; None when it was never saved.
            version: The file's version that it is to replace.

        Raises:
            OutputError: When the state folder cannot be written to.
            WriteError: When the disk is full; what was kept before stays.
        """
        with self._mutex:
            folder = self._own()
            kept = {
                _identity(project.shot): self._kept(project.shot, folder)
                for project in document.shots
            }
            self._keys = kept
            base = Path.home() if path is None else path.absolute().parent
            titles = [project.title for project in document.shots]
            saved = _Saved(
                path=None if path is None else str(path.absolute()),
                written=None if version is None else version.written,
                folder=str(base),
                name=path.name if path is not None else ", ".join(titles[:3]),
                when=datetime.now(timezone.utc),
                arrays=tuple(kept[_identity(project.shot)][1] for project in document.shots),
                online=tuple(project.online for project in document.shots),
                document=ProjectDocument(
                    written_by=f"mien {mien.__version__}",
                    shots=tuple(shot_part(project, base, "") for project in document.shots),
                ),
            )
            with written_whole(folder / _DOCUMENT) as file:
                file.write(saved.model_dump_json(by_alias=True).encode())

    def clear(self) -> None:
        """Keep nothing, as after the document was saved."""
        with self._mutex:
            if self._folder is not None:
                (self._folder / _DOCUMENT).unlink(missing_ok=True)

    def recover(self, entry: Recoverable) -> Recovered:
        """Read a document and go on keeping it.

        There is no moment at which it is not kept. What this session kept before stays
        recoverable.

        Raises:
            ProjectError: When it is damaged, or another session has taken it.
        """
        with self._mutex:
            try:
                lock = Lock(entry.folder / _LOCK)
            except Held as error:
                raise ProjectError(
                    f"{entry.name} is being recovered by another window.", "Look there."
                ) from error
            except OSError as error:
                raise _gone(entry) from error
            try:
                recovered = _recovered(_read(entry.folder), entry.folder)
            except FileNotFoundError as error:
                lock.release()
                raise _gone(entry) from error
            except BaseException:
                lock.release()
                raise
            self._leave()
            self._folder, self._lock = entry.folder, lock
            return recovered

    def close(self, *, keep: bool = False) -> None:
        """End it.

        Args:
            keep: Whether what is kept can be recovered, as when the program is made to end;
                not when the user saved the document, or let it go.
        """
        with self._mutex:
            if self._folder is not None and not keep:
                (self._folder / _DOCUMENT).unlink(missing_ok=True)
            self._leave()

    def _own(self) -> Path:
        if self._folder is None:
            folder = self._home / uuid.uuid4().hex
            try:
                self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
                folder.mkdir(mode=0o700)
                self._lock = Lock(folder / _LOCK)
            except (Held, OSError) as error:
                raise OutputError(
                    f"{self._home} cannot be written to, {reason(error)}: changes cannot be"
                    " recovered after a crash.",
                    "Make room there or check its permissions, and save often.",
                    path=self._home,
                ) from error
            self._folder = folder
        return self._folder

    def _leave(self) -> None:
        """Let go of the folder; without a document in it, it goes."""
        if self._folder is not None and not (self._folder / _DOCUMENT).exists():
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()
        self._folder = self._lock = None
        self._keys = {}

    def _kept(self, shot: Shot, folder: Path) -> tuple[Shot, str]:
        """The shot with the key of its arrays, which are in the folder by now."""
        known = self._keys.get(_identity(shot))
        if known is not None:
            return known
        arrays = shot_arrays(shot)
        digest = hashlib.sha256()
        for name, array in arrays.items():
            digest.update(f"{name} {array.shape} {array.dtype}".encode())
            digest.update(array.reshape(-1).view(np.uint8).data)
        key = digest.hexdigest()[:32]
        file = folder / f"{key}.zip"
        if not file.exists():
            with written_whole(file) as stream, zipfile.ZipFile(stream, "w") as archive:
                for name, array in arrays.items():
                    write_array(archive, name, array, packed=False)
        return shot, key


def _identity(shot: Shot) -> tuple[int, ...]:
    """Ids of what a shot's arrays are of: the same with other strokes on its mattes."""
    return (id(shot.media), *map(id, shot.faces), 0, *map(id, shot.examples))


def _gone(entry: Recoverable) -> ProjectError:
    return ProjectError(
        f"{entry.name} cannot be recovered any more.", "Another window has saved or discarded it."
    )


def _home() -> Path:
    return platformdirs.user_state_path("mien") / "recovery"


def _read(folder: Path) -> _Saved:
    file = folder / _DOCUMENT
    try:
        if file.stat().st_size > _LARGEST_DOCUMENT:
            raise ValueError("it is too large")
        return _Saved.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, ValidationError) as error:
        raise ProjectError(f"The recovery in {folder} cannot be read.", path=folder) from error


def _recovered(saved: _Saved, folder: Path) -> Recovered:
    base, path = Path(saved.folder), None if saved.path is None else Path(saved.path)
    document = saved.document
    if not len(document.shots) == len(saved.arrays) == len(saved.online):
        raise ProjectError(f"The recovery in {folder} is damaged.", path=folder)
    projects: list[Project] = []
    for part, key, online in zip(document.shots, saved.arrays, saved.online, strict=True):
        try:
            with zipfile.ZipFile(folder / f"{key}.zip") as archive:
                shot = read_shot(part, ArrayReader(archive, saved.name), base, saved.name)
        except ZIP_ERRORS as error:
            raise ProjectError(f"The recovery of {saved.name} is damaged: {error}.") from error
        project = make_project(part, shot, path or base / "recovered")
        if online:
            # The user had these media open: the path is their own word.
            with suppress(MienError):
                project = relink(project, shot.media.path, path)
        projects.append(project)
    version = _version_to_replace(saved, path)
    return Recovered(find_shots(Document(tuple(projects)), path), path, version)


def _version_to_replace(saved: _Saved, path: Path | None) -> FileVersion | None:
    """The version of its file that a document was made from; None where nobody knows."""
    if path is None or saved.written is None:
        return None
    there = FileVersion.of(path)
    # Numbers of disks and files are not those of before a restart, so they cannot tell.
    return there if there.written == saved.written else FileVersion(None, saved.written)
