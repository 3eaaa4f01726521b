"""The last step of a render: its output is signed before it gets its name."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from mien.media.atomic_write import AtomicFile, hidden_name, sync
from mien.media.sequence import Pattern
from mien.model.media import MediaInfo
from mien.model.soundtrack import Soundtrack
from mien.provenance.claims import RenderClaims, manifest_definition
from mien.provenance.former import FormerSidecars
from mien.provenance.identity import Identity, find_identity
from mien.provenance.manifest import ManifestError, Parent, SigningWork, sign
from mien.provenance.places import (
    embeds,
    file_type,
    find_sidecar,
    hash_list,
    image_numbers,
    sidecar_path,
    source_type,
)
from mien.timebase import FrameRange

__all__ = ["NoSeal", "Seal", "open_seal"]

_APART: Final = 256 << 20
"""Bytes of a file from which it is signed in a process of its own."""


def open_seal(
    output: Path, claims: RenderClaims, soundtrack: Soundtrack | None, *, wanted: bool
) -> Seal | NoSeal:
    """What is called last with an output: it signs it, or says that it is not signed.

    Args:
        output: Where the output goes: a movie, or a pattern of images.
        claims: What is known of the render.
        soundtrack: Another sound under its pictures.
        wanted: Whether it is signed.

    Raises:
        InputError: When the certificate that was set up cannot sign.
    """
    if not wanted:
        return NoSeal(output, claims.shot.media)
    if soundtrack is not None:
        claims = replace(claims, sound="added" if soundtrack.keep_own else "replaced")
    return Seal(output, claims)


class Seal:
    """Signs the output of a render, which changes no more then; its sidecar gets its name with it.

    Args:
        output: Where the output goes: a movie, or a pattern of images.
        claims: What is known of the render.

    Attributes:
        where: `embedded` or `sidecar` once it was called.
        identity: Who signs.
        hashes: Of images by their names, once it was called: what it had to read, nobody after it
            has to.
        notes: What is to be said of it, a sentence each.

    Raises:
        InputError: When the certificate that was set up cannot sign.
    """

    def __init__(self, output: Path, claims: RenderClaims) -> None:
        self.identity: Identity = find_identity()
        self.where = ""
        self.hashes: dict[str, str] = {}
        self.notes: tuple[str, ...] = self.identity.notes
        if _has_signed_images(claims.shot.media):
            self.notes = (
                *self.notes,
                "The images of the source have credentials of their own, which end here.",
            )
        self._output = output
        self._claims = claims
        self._sidecar = b""
        self._former: FormerSidecars | None = None

    def __call__(self, path: Path, frames: FrameRange) -> None:
        """Sign what was written.

        Args:
            path: The hidden file, or the hidden folder of images; it is whole and closed.
            frames: The frames of the source that it holds.

        Raises:
            MienError: When it cannot be signed; whoever writes the output then leaves nothing.
            OSError: When files cannot be read or written.
        """
        media = self._claims.shot.media
        pattern = Pattern.parse(self._output)
        if pattern is not None:
            self.hashes.clear()
            files = hash_list(image_numbers(pattern, path), self.hashes)
            definition, actions = manifest_definition(self._claims, frames, files)
            kind = file_type(self._output)
            work = SigningWork(definition, actions, kind, None, self._parent(media), files)
            self._sidecar = self._signed(work, 0, path.parent)
            self.where = "sidecar"
            return
        definition, actions = manifest_definition(self._claims, frames)
        work = SigningWork(
            definition, actions, file_type(self._output), path, self._parent(media),
            destination=path.with_name(hidden_name(self._output.name)),
        )  # fmt: skip
        if not (embeds(self._output, path.stat().st_size) and self._embedded(path, work)):
            work = replace(work, destination=None, kind="application/octet-stream")
            self._sidecar = self._signed(work, path.stat().st_size, path.parent)
            self.where = "sidecar"

    def put_sidecar(self, path: Path) -> None:
        """Put the sidecar in place, or remove one of a former output of that name.

        Args:
            path: The hidden file, or the hidden folder of images.

        Raises:
            OSError: When it cannot be written.
        """
        self._former = FormerSidecars(self._output, path)
        if not self._sidecar:
            self._former.remove()
        elif path.is_dir():
            # It goes where the images go, when they go; that of former images goes before them.
            self._former.remove()
            (path / sidecar_path(self._output).name).write_bytes(self._sidecar)
        else:
            # The movie's own turn would take long between the two.
            sync(path)
            place = sidecar_path(self._output)
            # Nobody chose what a link of that name leads to, to be written over.
            if place.is_symlink():
                place.unlink()
            sidecar = AtomicFile(place)
            try:
                sidecar.path.write_bytes(self._sidecar)
                sidecar.commit()
            finally:
                sidecar.discard()

    def take_back(self) -> None:
        """Undo `put_sidecar` where the output has not got its name: what was before stays."""
        if self._former is not None:
            self._former.put_back()

    def _embedded(self, path: Path, work: SigningWork) -> bool:
        """Sign a movie inside; False where C2PA's library cannot."""
        assert work.destination is not None
        try:
            self._signed(work, path.stat().st_size, path.parent)
            os.replace(work.destination, path)
        except ManifestError:
            return False
        finally:
            work.destination.unlink(missing_ok=True)
        self.where = "embedded"
        return True

    def _parent(self, media: MediaInfo) -> Parent:
        """The source, with the credentials that it has."""
        from mien.provenance.reading import holds_manifest, read_sidecar

        path, kind = media.path, source_type(media.path)
        sidecar = None if media.kind == "memory" else find_sidecar(path)
        # What a source holds itself comes before what lies beside it.
        if sidecar is not None and not (media.kind == "movie" and holds_manifest(path)):
            manifest, value = read_sidecar(sidecar, path)
            if "active_manifest" in value and "validation_results" in value:
                return Parent(
                    None, kind, manifest, value["validation_results"], value["active_manifest"]
                )
            lost = f"The source's credentials in {sidecar.name} cannot be read, and end here."
            self.notes = (*self.notes, lost)
        return Parent(path if media.kind == "movie" else None, kind)

    def _signed(self, work: SigningWork, size: int, folder: Path) -> bytes:
        from mien.provenance.apart import sign_apart

        parent = work.parent.path
        if parent is not None:
            size = max(size, parent.stat().st_size)
        if size < _APART:
            return sign(work, self.identity)
        return sign_apart(work, self.identity, folder)


class NoSeal:
    """Says that a render has no credentials, and where those of its source end.

    Args:
        output: Where the output goes.
        media: The source.

    Attributes:
        where: `off`.
        hashes: None.
        notes: What is to be said of it, a sentence each.
    """

    def __init__(self, output: Path, media: MediaInfo) -> None:
        from mien.provenance.reading import has_credentials

        self.where = "off"
        self.hashes: dict[str, str] = {}
        self.notes: tuple[str, ...] = (
            "No credentials were written: provenance is switched off for this render.",
        )
        if media.kind != "memory" and has_credentials(media.path):
            self.notes = (*self.notes, "The source's credentials end here.")
        self._output = output
        self._former: FormerSidecars | None = None

    def __call__(self, path: Path, frames: FrameRange) -> None:
        """Do nothing: the output stays as it is."""

    def put_sidecar(self, path: Path) -> None:
        """Remove the sidecar of a former output of that name: it is not of this one."""
        self._former = FormerSidecars(self._output, path)
        self._former.remove()

    def take_back(self) -> None:
        """Undo `put_sidecar` where the output has not got its name."""
        if self._former is not None:
            self._former.put_back()


def _has_signed_images(media: MediaInfo) -> bool:
    """Whether images of a source have credentials each, and no sidecar is there for all."""
    from mien.provenance.reading import has_credentials

    if media.kind != "sequence" or find_sidecar(media.path) is not None:
        return False
    return has_credentials(media.path)
