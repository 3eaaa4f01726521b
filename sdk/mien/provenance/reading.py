"""Manifests of any file read and checked: what they say, and what of it is valid."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from mien.errors import InputError, MediaError
from mien.folder_limits import check_path
from mien.media.sequence import Pattern, first_file, is_image
from mien.provenance.certificates import SELF_MADE
from mien.provenance.claims import EDIT, FILES
from mien.provenance.manifest import open_context
from mien.provenance.places import (
    SIDECAR,
    file_type,
    find_sidecar,
    hash_list,
    image_numbers,
    sequence_of,
    sidecar_subject,
)

__all__ = ["Provenance", "has_credentials", "holds_manifest", "read_provenance", "read_sidecar"]

_LARGEST: Final = 64 << 20
"""Bytes of a sidecar that are read at most."""
_UNTRUSTED: Final = "signingCredential.untrusted"
_CHANGED: Final = {
    "assertion.dataHash.mismatch": "The file is not the one that was signed: it was changed.",
    "assertion.bmffHash.mismatch": "The file is not the one that was signed: it was changed.",
    "assertion.boxesHash.mismatch": "The file is not the one that was signed: it was changed.",
    "assertion.hashedURI.mismatch": "What the manifest says was changed after it was signed.",
    "claimSignature.mismatch": "The signature is not of this manifest.",
    "signingCredential.expired": "The certificate was not valid when it signed.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Provenance:
    """The credentials of a file: what it says of where it comes from, and what of that is valid.

    Attributes:
        path: The file, or the pattern of an image sequence.
        state: `none` without credentials; `invalid` where the file or the manifest was changed
            since, or cannot be read; `valid`; `trusted` where a trusted authority vouches for the
            signer too.
        sidecar: The file beside it that holds the manifest; None where it is in the file.
        problems: What is not valid, a sentence each.
        signer: Whom the certificate names.
        self_made: Whether that is a certificate which mien made itself: it shows that nothing was
            changed since, and not who signed.
        generator: The program that made the manifest, with its version.
        actions: What was done, in order, as C2PA tells it.
        edit: What mien keeps of its own edit; empty for files of other programs.
        ingredients: What it was made from, as C2PA tells it.
        manifests: All manifests in it, by their labels, as C2PA tells them.
    """

    path: Path
    state: Literal["none", "invalid", "valid", "trusted"]
    sidecar: Path | None = None
    problems: tuple[str, ...] = ()
    signer: str = ""
    self_made: bool = False
    generator: str = ""
    actions: tuple[Mapping[str, Any], ...] = ()
    edit: Mapping[str, Any] = field(default_factory=dict)
    ingredients: tuple[Mapping[str, Any], ...] = ()
    manifests: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        signer = f", signed by '{self.signer}'" if self.signer else ""
        return f"Provenance({self.path.name}, {self.state}{signer})"

    @property
    def source_type(self) -> str:
        """Last word of the kind of source that its actions name, as `composite`; or empty."""
        types = [str(one["digitalSourceType"]) for one in self.actions if _typed(one)]
        return types[-1].rsplit("/", 1)[-1] if types else ""

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "path": str(self.path),
            "state": self.state,
            "sidecar": None if self.sidecar is None else str(self.sidecar),
            "problems": list(self.problems),
            "signer": self.signer,
            "self_made": self.self_made,
            "generator": self.generator,
            "source_type": self.source_type,
            "actions": [dict(action) for action in self.actions],
            "edit": dict(self.edit),
            "ingredients": [dict(one) for one in self.ingredients],
            "manifests": dict(self.manifests),
        }


def read_provenance(path: Path, *, anchors: str = "") -> Provenance:
    """Read the Content Credentials of a file, and check them.

    Args:
        path: A movie, image or other file, a pattern of images or one of them, or a sidecar.
        anchors: Certificates that are trusted to vouch for signers, PEM.

    Raises:
        InputError: When the anchors are no certificates.
        MediaError: When the file is not there or cannot be read.
        OutsideError: When it is outside the folders that this process keeps to.
    """
    try:
        return _read(path, anchors)
    except OSError as error:
        if isinstance(error, MediaError):
            raise
        reason = (error.strerror or "fault of the disk").lower()
        raise MediaError(
            f"{path} cannot be read: {reason}.", "Check its name and permissions.", path=path
        ) from error


def has_credentials(path: Path) -> bool:
    """Whether a source has credentials, in it or beside it; valid or not.

    Args:
        path: A movie, or the pattern of a sequence, of which the first image is looked at.
    """
    first = first_file(path)
    return find_sidecar(path) is not None or (first.is_file() and holds_manifest(first))


def holds_manifest(path: Path) -> bool:
    """Whether there is a manifest in a file; valid or not.

    Raises:
        OSError: When it cannot be read.
    """
    import c2pa

    with open_context(check=False) as context, path.open("rb") as file:
        try:
            reader = c2pa.Reader.try_create(_kind(path), file, context=context)
        except c2pa.C2paError:
            return False
        if reader is not None:
            reader.close()
        return reader is not None


def read_sidecar(sidecar: Path, path: Path) -> tuple[bytes, dict[str, Any]]:
    """Read a sidecar as C2PA's library tells it, checked against what it belongs to.

    Args:
        sidecar: The sidecar.
        path: The file, the pattern of images, or one of them.

    Returns:
        The manifest, and what the library says; empty where it is none.

    Raises:
        OSError: When files cannot be read.
    """
    import c2pa

    if sidecar.stat().st_size > _LARGEST:
        return b"", {}
    manifest = sidecar.read_bytes()
    pattern = sequence_of(path)
    with open_context() as context:
        try:
            if pattern is None:
                with path.open("rb") as file:
                    return manifest, _json(file_type(path), file, context, manifest)
            text = io.BytesIO(hash_list(image_numbers(pattern)))
            return manifest, _json(file_type(path), text, context, manifest)
        except c2pa.C2paError:
            return manifest, {}


def _read(path: Path, anchors: str) -> Provenance:
    import c2pa

    sidecar: Path | None = None
    if path.suffix.lower() == SIDECAR:
        sidecar, subject = path, sidecar_subject(path)
        if subject is None:
            raise MediaError(
                f"There is no file beside {path} that it belongs to.",
                "Put the two into one folder.",
                path=path,
            )
        path = subject
    check_path(path)
    pattern = sequence_of(path)
    if pattern is None and not path.is_file():
        raise MediaError(f"There is no file {path}.", "Check the name.", path=path)
    if pattern is not None and not pattern.numbers():
        raise MediaError(f"There are no images {path}.", "Check the name.", path=path)
    try:
        context = open_context(anchors=anchors)
    except c2pa.C2paError as error:
        raise InputError("The trusted certificates are none in PEM.") from error
    with context:
        if sidecar is None and (pattern is None or is_image(path)):
            own = _own(path, context)
            if own is not None:
                return own
        sidecar = sidecar or find_sidecar(path)
        if sidecar is None:
            return Provenance(path, "none")
        return _beside(path, sidecar, pattern, context)


def _own(path: Path, context: Any) -> Provenance | None:
    """What a file holds itself; None where that is nothing."""
    import c2pa

    kind = _kind(path)
    try:
        with path.open("rb") as file:
            return _told(path, _json(kind, file, context), None)
    except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported):
        return None
    except c2pa.C2paError as error:
        if kind is None:
            return None  # no file of a kind that has credentials
        problem = f"Its credentials, if it has any, cannot be read: {_sentence(str(error))}"
        return Provenance(path, "invalid", problems=(problem,))


def _beside(path: Path, sidecar: Path, pattern: Pattern | None, context: Any) -> Provenance:
    """What the sidecar of a file says."""
    import c2pa

    if sidecar.stat().st_size > _LARGEST:
        problem = f"{sidecar.name} is too large for a manifest."
        return Provenance(path, "invalid", sidecar, (problem,))
    manifest = sidecar.read_bytes()
    try:
        if pattern is None:
            with path.open("rb") as file:
                return _told(path, _json(file_type(path), file, context, manifest), sidecar)
        images = image_numbers(pattern)
        listed = hash_list(images)
        value = _json(file_type(path), io.BytesIO(listed), context, manifest)
    except c2pa.C2paError as error:
        return Provenance(path, "invalid", sidecar, (_sentence(str(error)),))
    signed = _hashes(str(_assertion(_active(value), FILES).get("sha256", "")))
    only = _number(images, path) if is_image(path) else None
    return _images_told(_told(path, value, sidecar), signed, listed, only)


def _images_told(
    provenance: Provenance, signed: Mapping[int, str], listed: bytes, only: int | None
) -> Provenance:
    """What a sequence's sidecar says, with the images named that were changed."""
    there = _hashes(listed.decode())
    wrong = [
        f"Image {number} {_difference(number, signed, there)}."
        for number in sorted(signed.keys() | there.keys())
        if signed.get(number) != there.get(number) and (only is None or number == only)
    ]
    if (not wrong and only is None) or provenance.state != "invalid":
        return provenance
    # Where one image is asked about, the others do not matter.
    bound = _CHANGED["assertion.dataHash.mismatch"]
    others = tuple(one for one in provenance.problems if one != bound)
    state = provenance.state if others or wrong else "valid"
    return replace(provenance, state=state, problems=(*others, *wrong))


def _difference(number: int, signed: Mapping[int, str], there: Mapping[int, str]) -> str:
    if number not in signed:
        return "was not there when the sequence was signed"
    return "was changed" if number in there else "is missing"


def _hashes(text: str) -> dict[int, str]:
    pairs = (line.split() for line in text.splitlines())
    return {int(pair[0]): pair[1] for pair in pairs if len(pair) == 2 and pair[0].isdigit()}


def _number(images: list[tuple[int, Path]], path: Path) -> int | None:
    return next((number for number, file in images if file == path), None)


def _json(kind: str | None, file: Any, context: Any, manifest: bytes | None = None) -> Any:
    import c2pa

    with c2pa.Reader(kind, file, manifest, context=context) as reader:
        return json.loads(reader.json())


def _told(path: Path, value: Mapping[str, Any], sidecar: Path | None) -> Provenance:
    """What C2PA's library says, in mien's words."""
    active = _active(value)
    codes = [str(one.get("code", "")) for one in value.get("validation_status", ())]
    problems = dict.fromkeys(
        _CHANGED.get(code) or _sentence(str(one.get("explanation") or code))
        for code, one in zip(codes, value.get("validation_status", ()), strict=True)
        if code != _UNTRUSTED
    )
    state = str(value.get("validation_state", "Invalid")).lower()
    if state not in ("valid", "trusted") or set(codes) - {_UNTRUSTED}:
        state = "invalid"
    signature = active.get("signature_info", {})
    signer = str(signature.get("issuer") or signature.get("common_name") or "")
    generators = active.get("claim_generator_info") or [{}]
    generator = f"{generators[0].get('name', '')} {generators[0].get('version', '')}".strip()
    actions = [
        action
        for assertion in active.get("assertions", ())
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in assertion.get("data", {}).get("actions", ())
    ]
    return Provenance(
        path,
        "trusted" if state == "trusted" else "valid" if state == "valid" else "invalid",
        sidecar,
        tuple(problems),
        signer,
        signer == SELF_MADE,
        generator,
        tuple(actions),
        _assertion(active, EDIT),
        tuple(active.get("ingredients", ())),
        value.get("manifests", {}),
    )


def _active(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest that speaks of the file itself."""
    manifest: Mapping[str, Any] = value.get("manifests", {}).get(value.get("active_manifest"), {})
    return manifest


def _assertion(manifest: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    """The data of an assertion; empty where there is none of its label."""
    for assertion in manifest.get("assertions", ()):
        data = assertion.get("data")
        if assertion.get("label") == label and isinstance(data, Mapping):
            return data
    return {}


def _typed(action: Mapping[str, Any]) -> bool:
    return bool(action.get("digitalSourceType"))


def _kind(path: Path) -> str | None:
    """Type of a file; None lets C2PA's library find out."""
    kind = file_type(path)
    return None if kind == "application/octet-stream" else kind


def _sentence(text: str) -> str:
    """Words of C2PA's library as a sentence."""
    text = " ".join(text.split()).strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
