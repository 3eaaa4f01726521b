"""What a batch knows on disk, in `.mien-batch` in its folder. The disk is the truth.

    lock                    held by the process that runs the batch
    threads                 how many threads networks compute with where nobody says
    tracked/KEY.mien        media that the batch tracked itself, for all shots of them
    tracked/KEY-A-B.mien    of longer ones only the frames that shots show (tracked_media.py)
    tracked/KEY.lock        held by the process that tracks them
    shots/NAME/frames/      finished frames (rendering/frame_files.py)
    shots/NAME/gains/       by how much amounts are corrected (pipeline/gains_cache.py)
    shots/NAME/output.json  what the output is, or is about to be
    shots/NAME/notes.json   what the renderer had to say
    shots/NAME/report.json  what was measured of the output
    shots/NAME/writing      held by the process that writes the output

Whatever is done is written aside, synced and renamed before it counts. Nothing is believed that
a digest does not confirm: a frame is checked against its plate, an output against its record.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mien.errors import OutputError
from mien.io.files import written_whole
from mien.media.atomic_write import write_error
from mien.media.lock import Held, Lock
from mien.media.sequence import Pattern
from mien.provenance.places import sidecar_path
from mien.small_files import read_small

__all__ = ["FOLDER", "OutputRecord", "ShotJournal", "check_folder", "keep_threads",
           "kept_threads"]  # fmt: skip

FOLDER = ".mien-batch"
_PIECE = 1 << 20
_WAIT = 0.5
"""Seconds between two looks at whether a file is free."""
_LARGEST: Final = 64 << 20
"""Bytes of a file of the journal; mien's own have some thousand."""
_MEASURED: Final[dict[str, type[Any]]] = {
    "page": str, "data": str, "passed": bool, "failed": list, "problem": type(None),
}  # fmt: skip
"""What is kept of a measured output, and as what."""


def check_folder(folder: Path) -> Path:
    """The journal's folder in a batch's folder; both are made when they are missing.

    Raises:
        OutputError: When they cannot be made or written to.
    """
    journal = folder / FOLDER
    try:
        if journal.is_symlink():
            raise NotADirectoryError(0, "it is a link")
        journal.mkdir(parents=True, exist_ok=True)
        if not os.access(journal, os.W_OK | os.X_OK):
            raise PermissionError(0, "permission denied")
    except OSError as error:
        reason = (error.strerror or "denied").lower()
        raise OutputError(
            f"The batch cannot keep its account in {journal}: {reason}.",
            "Choose another folder, or check its permissions.",
            path=journal,
        ) from error
    return journal


def kept_threads(folder: Path) -> int:
    """The number of threads that a batch in a folder began with; 0 when there was none yet."""
    try:
        return int((folder / FOLDER / "threads").read_bytes())
    except (OSError, ValueError):
        return 0


def keep_threads(folder: Path, threads: int) -> None:
    """Keep the number of threads that a batch begins with: it goes on with the same elsewhere.

    Raises:
        OutputError: When the folder cannot be written to.
        WriteError: When the disk is full.
    """
    if kept_threads(folder) != threads:
        with written_whole(check_folder(folder) / "threads") as file:
            file.write(str(threads).encode())


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """What is known of a shot's output.

    Attributes:
        key: What it was made from, and how.
        output: Name of the file, or of the pattern of images.
        digest: Of its content; empty while it is being written.
        edited: Frames in which a face was changed.
        seconds: Time that writing it took.
        earlier: Names of what the shot was written to before, with another codec.
        frames: Number of frames in it; 0 for all that were asked for.
        sidecar: Digest of the credentials that lie beside it; empty where none do.
    """

    key: str
    output: str
    digest: str = ""
    edited: int = 0
    seconds: float = 0.0
    earlier: tuple[str, ...] = ()
    frames: int = 0
    sidecar: str = ""


class ShotJournal:
    """What a batch knows of one shot.

    Args:
        folder: The batch's folder.
        name: The shot's name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._batch = folder / FOLDER
        self.folder = self._batch / "shots" / name
        self._record = self.folder / "output.json"
        self._notes = self.folder / "notes.json"
        self._report = self.folder / "report.json"

    @property
    def frames(self) -> Path:
        """Where finished frames are kept."""
        return self.folder / "frames"

    @property
    def gains(self) -> Path:
        """Where gains are kept, by which amounts are corrected."""
        return self.folder / "gains"

    def tracked(self, key: str) -> Path:
        """The project of media that the batch tracked itself."""
        return self._batch / "tracked" / f"{key}.mien"

    def tracking(self, key: str) -> AbstractContextManager[None]:
        """Be the only one who tracks media; whoever comes second waits.

        Raises:
            WriteError: When the disk is full.
        """
        return _alone(self.tracked(key).with_suffix(".lock"))

    def writing(self) -> AbstractContextManager[None]:
        """Be the only one who writes the output; whoever comes second waits.

        That may be a worker of a batch that was killed, on another machine.

        Raises:
            WriteError: When the disk is full.
        """
        return _alone(self.folder / "writing")

    def record(self) -> OutputRecord | None:
        """What is known of the output; None when nothing is."""
        try:
            value = _read(self._record)
            return OutputRecord(
                str(value["key"]), str(value["output"]), str(value["digest"]),
                int(value["edited"]), float(value["seconds"]),
                tuple(map(str, value.get("earlier", ()))),
                int(value.get("frames", 0)), str(value.get("sidecar", "")),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None

    def note(self, record: OutputRecord) -> None:
        """Keep what is known of the output, on the disk.

        Raises:
            WriteError: When the disk is full.
        """
        _make(self.folder)
        value = {name: getattr(record, name) for name in OutputRecord.__slots__}
        with written_whole(self._record) as file:
            file.write(json.dumps(value, indent=1).encode())

    def notes(self, key: str) -> list[str]:
        """What the renderer had to say of the frames that `key` names."""
        try:
            value = _read(self._notes)
            return [str(note) for note in value["notes"]] if value["key"] == key else []
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []

    def add_notes(self, key: str, notes: Sequence[str]) -> None:
        """Keep what a renderer had to say.

        Raises:
            WriteError: When the disk is full.
        """
        known = self.notes(key)
        new = [note for note in dict.fromkeys(notes) if note not in known]
        if new:
            _make(self.folder)
            with written_whole(self._notes) as file:
                file.write(json.dumps({"key": key, "notes": known + new}, indent=1).encode())

    def report(self, key: str) -> dict[str, Any] | None:
        """What was measured of the output that `key` names; None when nothing was."""
        try:
            value = _read(self._report)
            held = dict(value["report"]) if value["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if held is None or not _MEASURED.keys() <= held.keys():
            return None
        fits = all(isinstance(held[name], kind) for name, kind in _MEASURED.items())
        return held if fits else None

    def keep_report(self, key: str, report: Mapping[str, Any]) -> None:
        """Keep what was measured of the output.

        Raises:
            WriteError: When the disk is full.
        """
        _make(self.folder)
        with written_whole(self._report) as file:
            file.write(json.dumps({"key": key, "report": dict(report)}, indent=1).encode())

    def whole(self, key: str, output: Path) -> OutputRecord | None:
        """The record of an output that is made from `key`, whole and as it was written.

        Of one whose credentials lie beside it, these are part of it.
        """
        record = self.record()
        if record is None or (record.key, record.output) != (key, output.name):
            return None
        if not record.digest or record.digest != digest_of(output):
            return None
        if record.sidecar and record.sidecar != digest_of(sidecar_path(output)):
            return None
        return record

    def owns(self, output: Path) -> bool:
        """Whether this batch made an output, or was about to, so that it may replace it."""
        return output.name in self.outputs()

    def outputs(self) -> tuple[str, ...]:
        """Names of what this batch wrote, or was about to; the latest is the last."""
        record = self.record()
        return () if record is None else (*record.earlier, record.output)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a file, as soon as nobody else does."""
    _make(path.parent)
    lock = None
    while lock is None:
        try:
            lock = Lock(path)
        except Held:
            time.sleep(_WAIT)
        except OSError as error:
            raise write_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def digest_of(output: Path) -> str:
    """Names the content of an output; empty when it is not there."""
    pattern = Pattern.parse(output)
    files = [output] if pattern is None else [pattern.file(n) for n in pattern.numbers()]
    digest = hashlib.blake2b(digest_size=16)
    try:
        for path in files:
            digest.update(path.name.encode() + b"\0")
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest() if files else ""


def _read(path: Path) -> Any:
    """What a file of the journal says; it lies where anybody may write.

    Raises:
        OSError: When it cannot be read.
        ValueError: When it is no JSON, or too large to be the journal's.
    """
    return json.loads(read_small(path, _LARGEST))
