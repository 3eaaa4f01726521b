"""Models downloaded from where their authors publish them; a download that stopped goes on.

A file is received under a hidden name, checked, and only then takes its place. Nothing here runs
unless `mien models fetch` is called, and nothing of the user is sent.
"""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from mien.errors import (
    FetchError,
    MienError,
    MissingDependencyError,
    OperationCancelledError,
    UsageError,
    WeightsError,
    WriteError,
)
from mien.progress import Progress, silent
from mien.weights.contents import check_file, check_model, digest
from mien.weights.install import check_published, counter, room_for
from mien.weights.record import FULL, FileRecord, read_record, sync_folder, write_record
from mien.weights.store import Model, ModelFile

__all__ = ["check_fetchable", "fetch", "to_agree_to"]

_BLOCK: Final = 1 << 18
_TIMEOUT: Final = 30.0
"""Seconds without a byte after which a connection counts as lost."""
_TRIES: Final = 4
"""Attempts in a row that receive nothing, before the download is given up."""
_PATIENCE: Final = 0.5
"""Seconds before the first new attempt; doubled before each further one."""
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which it is worth asking again."""
_HUB: Final = "https://huggingface.co/"
_LATER: Final = "Run the same command again: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class _Answer:
    """A server's answer to a request for a file from some byte on."""

    stream: http.client.HTTPResponse | None
    """None when nothing is left to send."""
    start: int
    total: int
    """Bytes of the whole file; 0 where the server does not say."""
    validator: str
    """What names this version of the file; empty where the server does not say."""


def check_fetchable(models: tuple[Model, ...]) -> None:
    """Refuse what cannot be downloaded, before anything is.

    Raises:
        UsageError: When `MIEN_OFFLINE` forbids it.
        MissingDependencyError: When a model is had after registration only.
    """
    if os.environ.get("MIEN_OFFLINE", "") not in {"", "0"}:
        raise UsageError(
            "MIEN_OFFLINE is set, so nothing is downloaded.",
            "Unset it, or fetch on another machine and use `mien models add NAME PATH` here.",
        )
    for model in models:
        if not model.fetchable:
            raise MissingDependencyError(
                f"'{model.name}' cannot be downloaded without registration.",
                f"Get it from {model.url}, then `mien models add {model.name} PATH`.",
            )


def to_agree_to(models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Those whose present licence has not been agreed to on this machine."""
    return tuple(model for model in models if read_record(model.folder).licence != model.licence)


def fetch(model: Model, *, progress: Progress = silent) -> list[Path]:
    """Download the files of a model that are not there; the caller has agreed to its licence.

    Args:
        model: The model.
        progress: Told the file, the bytes received and the bytes in all.

    Returns:
        The files that were downloaded.

    Raises:
        UsageError: When `MIEN_OFFLINE` forbids it, or another process is downloading it.
        MissingDependencyError: When it is had after registration only.
        FetchError: When the server does not answer, or refuses; what was received is kept.
        OperationCancelledError: When it is stopped by Ctrl-C; likewise.
        WeightsError: When what was received is not the published file.
        WriteError: When the disk is full; what was received is kept.
    """
    check_fetchable((model,))
    with _writing(model.folder):
        model.folder.mkdir(parents=True, exist_ok=True)
    with _alone(model.folder):
        write_record(model.folder, replace(read_record(model.folder), licence=model.licence))
        wanted = [file for file in model.files if file.url and not model.path(file).is_file()]
        try:
            for file in wanted:
                _fetch_file(model, file, progress)
        except KeyboardInterrupt as error:
            raise OperationCancelledError("Stopped.", _LATER) from error
    paths = {file.path: model.path(file) for file in model.files if model.path(file).is_file()}
    with _as_far_as_can_be_read():
        check_model(model, paths)
    return [model.path(file) for file in wanted]


def _fetch_file(model: Model, file: ModelFile, progress: Progress) -> None:
    target = model.path(file)
    partial = target.with_name(f".{target.name}.partial")
    with _writing(target.parent):
        partial.parent.mkdir(parents=True, exist_ok=True)

    def told(done: int, total: int) -> None:
        progress(target.name, done, total)

    _receive(_address(file.url), partial, file.size, told)
    try:
        sha256 = digest(partial, counter("checking", _size(partial), progress))
        check_published(partial, file, sha256)
        with _as_far_as_can_be_read():
            check_file(partial, file.kind)
    except WeightsError as error:
        _forget(partial)
        raise WeightsError(
            f"What {file.url} answered is not the published {file.path}; it was removed. "
            f"({error.cause})",
            f"Try again later, or get it from {model.url} and use `mien models add`.",
        ) from error
    with _writing(target.parent):
        # Before: killed in between, nothing is left that nobody looks at again.
        _note(partial).unlink(missing_ok=True)
        os.replace(partial, target)
        sync_folder(target.parent)
    record = read_record(model.folder)
    files = record.files | {file.path: FileRecord(target.stat().st_size, sha256)}
    write_record(model.folder, replace(record, files=files))


@contextmanager
def _as_far_as_can_be_read() -> Iterator[None]:
    """Let go of a check for which a package is missing; `mien models verify` makes it later."""
    try:
        yield
    except WeightsError:
        raise
    except MissingDependencyError:
        return


def _address(url: str) -> str:
    """The address, on the hub's mirror where the user named one as the hub's own tools do."""
    mirror = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    return url.replace(_HUB, f"{mirror}/", 1) if mirror and url.startswith(_HUB) else url


def _receive(url: str, partial: Path, size: int, told: Callable[[int, int], None]) -> None:
    """Receive a file, from where an earlier attempt stopped, until all of it is there."""
    idle = 0
    while True:
        before = _size(partial)
        try:
            if _receive_once(url, partial, size, told):
                return
            fault = "the connection was cut"
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in _BUSY:
                raise _refused(url, error.code) from error
            fault = f"the server answered {error.code}"
        except MienError:
            raise
        except (OSError, http.client.HTTPException) as error:
            fault = _reason(getattr(error, "reason", error))
        idle = 0 if _size(partial) > before else idle + 1
        if idle >= _TRIES:
            raise FetchError(f"{url} could not be downloaded: {fault}.", _LATER)
        time.sleep(_PATIENCE * 2**idle)


def _receive_once(url: str, partial: Path, size: int, told: Callable[[int, int], None]) -> bool:
    """One connection's worth of a file; whether it is whole now."""
    start = _size(partial)
    if size and start == size:
        return True
    answer = _ask(url, start, _validator(partial))
    if answer is None:  # what is there is not a part of what is there to be had
        _forget(partial)
        return False
    if answer.stream is None:
        return True
    with answer.stream:
        total = answer.total or size
        if size and total != size:
            raise FetchError(
                f"{url} offers {total} bytes where the published file has {size}.",
                "It may have moved: look at the model's page (`mien models list`).",
            )
        room_for(partial.parent, max(0, total - answer.start))
        with _writing(partial.parent):
            _note(partial).write_text(answer.validator, encoding="ascii", errors="ignore")
            file = partial.open("r+b" if answer.start else "wb")
        with file:
            file.seek(answer.start)
            done = answer.start
            while block := answer.stream.read(_BLOCK):
                with _writing(partial.parent):
                    file.write(block)
                done += len(block)
                told(done, total)
            with _writing(partial.parent):
                file.flush()
                os.fsync(file.fileno())
    return done >= total


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Tell a fault of the disk from one of the connection."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        raise WriteError(
            f"The disk is full: {place} has no room for the rest of the download."
            if full
            else f"{place} cannot be written to: {(error.strerror or 'denied').lower()}.",
            f"Make room, or set MIEN_MODELS to another folder. {_LATER}",
            path=place,
        ) from error


def _ask(url: str, start: int, validator: str) -> _Answer | None:
    """Ask for a file from a byte on; None when the server has no such part of it."""
    request = urllib.request.Request(url, headers={"User-Agent": "mien"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        if validator:
            # The rest of this version, or all of the new one.
            request.add_header("If-Range", validator)
    try:
        stream = _opener.open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        total = error.headers.get("Content-Range", "").removeprefix("bytes */")
        return _Answer(None, start, start, validator) if total == str(start) else None
    headers = stream.headers
    if headers.get_content_type() == "text/html":
        stream.close()
        raise FetchError(
            f"{url} answered with a web page instead of the file.",
            "Open it in a browser, then `mien models add NAME PATH`.",
        )
    etag = headers.get("ETag", "")
    version = "" if etag.startswith("W/") else etag or headers.get("Last-Modified", "")
    length = int(headers.get("Content-Length") or 0)
    if stream.status != http.HTTPStatus.PARTIAL_CONTENT:
        return _Answer(stream, 0, length, version)
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", ""))
    if span is None or int(span[1]) != start:
        stream.close()
        return None
    return _Answer(stream, start, 0 if span[2] == "*" else int(span[2]), version)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from an encrypted address to an open one."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        schemes = urllib.parse.urlsplit(newurl).scheme, urllib.parse.urlsplit(req.full_url).scheme
        if schemes[0] != "https" and schemes[0] != schemes[1]:
            raise FetchError(
                f"{req.full_url} sends on to {newurl}, which is not encrypted.",
                "Get the file in a browser, then `mien models add NAME PATH`.",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = urllib.request.build_opener(_SafeRedirects)


def _refused(url: str, code: int) -> FetchError:
    if code in {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}:
        return FetchError(
            f"{url} asks for a login ({code}).",
            "Get the file in a browser, then `mien models add NAME PATH`.",
        )
    return FetchError(
        f"{url} could not be downloaded: the server answered {code}.",
        "It may have moved: look at the model's page (`mien models list`), "
        "then `mien models add NAME PATH`.",
    )


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {_TIMEOUT:.0f} s"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rstrip(".").lower()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _note(partial: Path) -> Path:
    return partial.with_suffix(".version")


def _validator(partial: Path) -> str:
    try:
        return _note(partial).read_text(encoding="ascii")
    except (OSError, UnicodeError):
        return ""


def _forget(partial: Path) -> None:
    partial.unlink(missing_ok=True)
    _note(partial).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a model's folder against another download of it."""
    if os.name == "nt":
        yield
        return
    import fcntl

    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"Another mien is downloading '{folder.name}'.", "Wait until it is done."
            ) from error
        yield
