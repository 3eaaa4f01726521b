"""Manifests made and signed by C2PA's library.

It reads blocks of 256 MB and keeps a copy of what it signs, in memory or in the folder of temporary
files. So what is large is signed in a process of its own, whose temporary files lie beside the
output, where there is room for them (`apart.py`).
"""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mien.errors import MienError, WriteError
from mien.provenance.identity import Identity

if TYPE_CHECKING:
    import c2pa

__all__ = ["ManifestError", "Parent", "SigningWork", "open_context", "read_c2pa_error", "sign"]

_OFFLINE: Final = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_PARENT: Final = "parent.c2pa"
_TITLE: Final = "Original footage"
_STORE: Final = "application/c2pa"


class ManifestError(WriteError):
    """A file that C2PA's library cannot sign, whatever signs it."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The source, as the manifest's parent.

    Attributes:
        path: The file, whose own manifest is carried on; None where it can have none inside.
        kind: Its type, as `file_type` tells it.
        manifest: The manifest of its sidecar; None where there is none.
        results: What came of checking that, as C2PA's library tells it.
        active: Label of that manifest.
    """

    path: Path | None = None
    kind: str = "application/octet-stream"
    manifest: bytes | None = None
    results: dict[str, Any] | None = None
    active: str = ""


@dataclass(frozen=True, slots=True)
class SigningWork:
    """A file or text to be signed.

    Attributes:
        definition: The manifest, without its ingredient.
        actions: What was done, after opening the source.
        kind: Type of the file, as `file_type` tells it.
        path: The file; None for `text`.
        text: What the manifest is bound to in place of a file.
        destination: Where the file with its manifest goes; None for a manifest of its own.
        parent: The source.
        temporary: Whether copies go into temporary files, and not into memory.
    """

    definition: dict[str, Any]
    actions: list[dict[str, Any]]
    kind: str
    path: Path | None
    parent: Parent
    text: bytes = b""
    destination: Path | None = None
    temporary: bool = False


def open_context(*, temporary: bool = False, anchors: str = "", check: bool = True) -> c2pa.Context:
    """Settings of C2PA's library: nothing from the network, no thumbnails.

    Args:
        temporary: Whether copies go into temporary files, and not into memory.
        anchors: Certificates that are trusted to vouch for others, PEM.
        check: Whether what is read is checked.
    """
    import c2pa

    settings: dict[str, Any] = {
        "builder": {"thumbnail": {"enabled": False}},
        # What is signed was written just now, and signatures of commands are checked.
        "verify": _OFFLINE | {"verify_after_sign": False, "verify_after_reading": check},
    }
    if temporary:
        settings["core"] = {"backing_store_memory_threshold_in_mb": 1}
    if anchors:
        settings["trust"] = {"trust_anchors": anchors}
    return c2pa.Context(settings=c2pa.Settings.from_dict(settings))


def sign(work: SigningWork, identity: Identity) -> bytes:
    """Sign a file or text.

    Returns:
        The manifest; it is in the file at the work's destination too, where there is one.

    Raises:
        InputError: When the key cannot be read.
        ManifestError: When C2PA's library cannot sign such a file.
        OSError: When files cannot be read or written.
        WriteError: When the signing command fails.
    """
    import c2pa

    failure: list[BaseException] = []

    def signed(data: bytes) -> bytes:
        try:
            return identity.sign(data)
        except BaseException as error:  # noqa: BLE001 - raised again where the library is left
            # It tells nothing of why; Ctrl-C, as while a token asks for its PIN, would be lost in
            # it, and leave a signature of no bytes.
            failure.append(error)
            return b""

    algorithm = c2pa.C2paSigningAlg[identity.algorithm.upper()]
    try:
        with (
            c2pa.Signer.from_callback(signed, algorithm, identity.chain) as signer,
            open_context(temporary=work.temporary) as context,
            c2pa.Builder(work.definition, context=context) as builder,
        ):
            builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
            _add_parent(builder, work.parent)
            for action in work.actions:
                builder.add_action(action)
            return _write(builder, signer, work)
    except c2pa.C2paError as error:
        if failure:
            raise failure[0] from error
        raise read_c2pa_error(error) from error


def _write(builder: c2pa.Builder, signer: c2pa.Signer, work: SigningWork) -> bytes:
    source = io.BytesIO(work.text) if work.path is None else work.path.open("rb")
    with source:
        if work.destination is None:
            builder.set_no_embed()
            return bytes(builder.sign(signer, work.kind, source, _Sink()))
        with work.destination.open("w+b") as destination:
            return bytes(builder.sign(signer, work.kind, source, destination))


class _Sink(io.RawIOBase):
    """Takes a copy of the file that nobody wants, and keeps nothing of it."""

    def __init__(self) -> None:
        self._place = self._end = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return b""

    def write(self, data: Any) -> int:
        self._place += len(data)
        self._end = max(self._end, self._place)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = (0, self._place, self._end)[whence] + offset
        return self._place

    def tell(self) -> int:
        return self._place


def _add_parent(builder: c2pa.Builder, parent: Parent) -> None:
    """Add the source, with its own manifest where it has one."""
    import c2pa

    facts: dict[str, Any] = {"relationship": "parentOf", "title": _TITLE}
    if parent.manifest is not None:
        builder.add_resource(_PARENT, io.BytesIO(parent.manifest))
        own = {"format": _STORE, "identifier": _PARENT}
        facts |= {"manifest_data": own, "active_manifest": parent.active}
        facts |= {"validation_results": parent.results}
    elif parent.path is not None:
        # A source that the library cannot read has no manifest that it could.
        with suppress(c2pa.C2paError, OSError), parent.path.open("rb") as file:
            builder.add_ingredient(facts, parent.kind, file)
            return
    builder.add_ingredient(facts, "application/octet-stream", io.BytesIO(b""))


def read_c2pa_error(error: Exception) -> MienError:
    """The error for what C2PA's library could not do."""
    text = str(error).strip()
    if "No space left" in text or "os error 28" in text:
        return WriteError(
            "The disk is full: the render could not be signed, and nothing was left of it.",
            "Free some space: signing takes twice the file's size beside it for a while.",
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[-1] if lines else type(error).__name__
    return ManifestError(
        f"The render could not be signed: {reason}.",
        "Set up a certificate that C2PA admits: `mien provenance setup`.",
    )


def to_json(work: SigningWork, identity: Identity) -> str:
    """A work and who signs it as JSON, for `apart.py`."""
    parent = work.parent
    return json.dumps(
        {
            "definition": work.definition,
            "actions": work.actions,
            "kind": work.kind,
            "path": None if work.path is None else str(work.path),
            "destination": None if work.destination is None else str(work.destination),
            "parent": {
                "path": None if parent.path is None else str(parent.path),
                "kind": parent.kind,
                "manifest": None if parent.manifest is None else parent.manifest.hex(),
                "results": parent.results,
                "active": parent.active,
            },
            "identity": identity.to_dict(),
        }
    )


def from_json(text: str) -> tuple[SigningWork, Identity]:
    """A work and who signs it, of what `to_json` gave; its copies go into temporary files."""
    value = json.loads(text)
    parent = value["parent"]
    manifest = parent["manifest"]
    return SigningWork(
        value["definition"],
        value["actions"],
        value["kind"],
        _path(value["path"]),
        Parent(
            _path(parent["path"]), parent["kind"],
            None if manifest is None else bytes.fromhex(manifest), parent["results"],
            parent["active"],
        ),
        destination=_path(value["destination"]),
        temporary=True,
    ), Identity.from_dict(value["identity"])  # fmt: skip


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
