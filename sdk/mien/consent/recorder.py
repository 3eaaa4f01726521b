"""The line of a render in the ledger: written when its output is whole, before it has its name."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mien.consent.ledger import Ledger, LedgerHead
from mien.consent.permit import RenderPermit
from mien.errors import WriteError
from mien.media.fingerprint import sha256_of
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.media.outputs import LastMoved
    from mien.rendering.base import Renderer

__all__ = ["Recorder", "content_facts"]


class Recorder:
    """Writes the line of one render; a context around the render.

    It is one of the output's `before_commit`, the last of them: the hash is that of the bytes that
    get the name. Where they do not get it after all, as when they cannot be moved into place, a
    further line takes the first one back.

    Args:
        permit: What permitted the render.
        output: The output, or the pattern of an image sequence.
        renderer: Who makes them; None for a plain copy.
        matte: Whether they are masks of what is changed.
        hashes: SHA-256 of images by their names, of whoever hashes them before it is called; the
            others are hashed then.
        watermark: Whether a text is burnt into the output; which one may name people.

    Raises:
        WriteError: When the policy demands the ledger, and it cannot be written to.
    """

    def __init__(
        self,
        permit: RenderPermit,
        output: Path,
        renderer: Renderer | None,
        *,
        matte: bool = False,
        hashes: Mapping[str, str] | None = None,
        watermark: bool = False,
    ) -> None:
        self._hashes = {} if hashes is None else hashes
        self._permit = permit
        self._output = output
        self._renderer = renderer
        self._matte = matte
        self._watermark = watermark
        self._last: LastMoved | None = None
        self._ledger = Ledger(permit.policy.ledger_path)
        self._line: LedgerHead | None = None
        self.notes: tuple[str, ...] = ()
        """What is to be known of the ledger, when the render is done."""
        if permit.policy.ledger_required:
            # Not after hours of work.
            self._ledger.check_writable()

    def __call__(self, unnamed: Path, frames: FrameRange) -> None:
        """Write the line of an output that is encoded and has not got its name yet.

        Args:
            unnamed: The hidden file, or the hidden folder of an image sequence.
            frames: Frames of the shot that it holds.

        Raises:
            WriteError: When the policy demands the ledger, and the line cannot be written.
        """
        facts = _facts(self._permit, frames, self._renderer, matte=self._matte)
        if self._watermark:
            facts["watermark"] = True
        # What writes pictures loads here, not with every program that knows of ledgers.
        from mien.media.outputs import LastMoved

        self._last = LastMoved.of(unnamed, self._output)
        self._append(facts | {"output": content_facts(unnamed, self._output.name, self._hashes)})

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or self._line is None:
            return
        # What has its name stays in the ledger, whatever fails or is stopped afterwards.
        if self._last is not None and self._last.has_its_name():
            return
        withdrawn = {"number": self._line.number, "hash": self._line.hash}
        # The error that ended the render is the one to tell.
        with suppress(WriteError):
            self._ledger.append({"what": "withdrawn", "time": _now(), "withdrawn": withdrawn})

    def _append(self, facts: dict[str, Any]) -> None:
        try:
            self._line = self._ledger.append(facts | {"time": _now()})
        except WriteError as error:
            if self._permit.policy.ledger_required:
                raise WriteError(
                    f"{error.cause} {self._permit.policy.source} demands it, so"
                    f" {self._output} was not written.",
                    error.remedy,
                    path=error.path,
                ) from error
            self.notes = (f"{error.cause} This render is not in it.",)


def content_facts(
    unnamed: Path, name: str, hashes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return name, bytes and hash of an output that is encoded.

    Args:
        unnamed: The hidden file, or the hidden folder of an image sequence.
        name: The name that it is to get.
        hashes: SHA-256 of images by their names, as far as they are known.

    Returns:
        Of an image sequence the hash is that of a text with a line for each image, in the order
        of their names: hash, two blanks, name, as `sha256sum` prints them.
    """
    if not unnamed.is_dir():
        return {"name": name, "bytes": unnamed.stat().st_size, "sha256": sha256_of(unnamed)}
    images = sorted(image for image in unnamed.iterdir() if image.is_file())
    known = {} if hashes is None else hashes
    text = "".join(
        f"{known.get(image.name) or sha256_of(image)}  {image.name}\n" for image in images
    )
    return {
        "name": name,
        "bytes": sum(image.stat().st_size for image in images),
        "images": len(images),
        "sha256": hashlib.sha256(os.fsencode(text)).hexdigest(),
    }


def _facts(
    permit: RenderPermit, frames: FrameRange, renderer: Renderer | None, *, matte: bool
) -> dict[str, Any]:
    from mien import __version__

    policy, media = permit.policy, permit.shot.media
    facts: dict[str, Any] = {
        "what": "matte" if matte else "render",
        "mien": __version__,
        "project": permit.title,
        "source": {"name": media.path.name, "fingerprint": media.fingerprint},
        "frames": [frames.start, frames.stop],
        "faces": [
            {
                "number": face.number,
                "controls": list(face.controls),
                "consent": None if face.consent is None else face.consent.digest,
            }
            for face in permit.faces
        ],
        "renderer": None
        if renderer is None
        else {"name": renderer.name, "pixels": str(renderer.pixels)},
        "settings": permit.settings,
        "policy": policy.digest or None,
    }
    if policy.ledger_user:
        facts["user"] = _user()
    if policy.ledger_host:
        facts["host"] = socket.gethostname()
    return facts


def _user() -> str:
    """The user by the operating system, not by variables that anybody may set."""
    if sys.platform == "win32":
        return os.getlogin()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
