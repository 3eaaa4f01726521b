"""Whose certificate signs: the user's, by key or by command, else this machine's self-made one."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from mien.errors import InputError, WriteError
from mien.provenance.certificates import (
    SELF_MADE,
    algorithm_of,
    as_signature,
    check_leaf,
    is_signature,
    keep_self_made,
    read_chain,
    read_key,
    sign_with_key,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Identity", "find_identity", "keep_identity", "provenance_folder", "read_certificates"]

_NAME: Final = "provenance.toml"
_COMMAND: Final = "command "
"""What a signer that is a program begins with, before its words."""
_SECONDS: Final = 120
"""Seconds that a signing command may take: a token may want a PIN."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs, and how.

    Attributes:
        chain: The certificate and those that vouch for it, PEM.
        key_path: The private key's file, which is read where it is; None for a command's.
        key: The private key, PEM, where it is kept in no file.
        command: The program that signs what it reads and writes the signature.
        self_made: Whether it is the self-made certificate, which proves nothing of who.
        notes: What is to be said of it, a sentence each.
        source: The file that it was set up in or is kept in, for errors.
    """

    chain: str
    key_path: Path | None = None
    key: bytes | None = None
    command: str = ""
    self_made: bool = False
    notes: tuple[str, ...] = ()
    source: Path = Path(_NAME)

    def __repr__(self) -> str:
        how = "self-made" if self.self_made else "by command" if self.command else "by key"
        return f"Identity('{self.name}', {how})"

    @property
    def name(self) -> str:
        """Whom the certificate names: an organization, or whatever it has."""
        from cryptography.x509.oid import NameOID

        subject = read_chain(self.chain, self.source)[0].subject
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
            for attribute in subject.get_attributes_for_oid(kind):
                return str(attribute.value)
        return subject.rfc4514_string()

    @property
    def algorithm(self) -> str:
        """C2PA's name of the algorithm, as `es256`."""
        return algorithm_of(read_chain(self.chain, self.source)[0], self.source)

    def check(self) -> None:
        """Refuse a certificate that cannot sign now, or whose key is not at hand.

        Commands are not run: a token may ask for its PIN.

        Raises:
            InputError: When it cannot.
        """
        leaf = read_chain(self.chain, self.source)[0]
        check_leaf(leaf, self.source)
        algorithm_of(leaf, self.source)
        if self.key_path is not None and read_key(self.key_path).public_key() != leaf.public_key():
            raise InputError(
                f"The signing key {self.key_path} is not that of the certificate {self.source}.",
                "Give the two that belong together: `mien provenance setup`.",
                path=self.key_path,
            )

    def sign(self, data: bytes) -> bytes:
        """Sign data.

        Raises:
            InputError: When the key cannot be read.
            WriteError: When the command fails, or signs with another key.
        """
        leaf, algorithm = read_chain(self.chain, self.source)[0], self.algorithm
        if self.command:
            signature = as_signature(_run(self.command, data), algorithm)
            if not is_signature(leaf, signature, data, algorithm):
                raise WriteError(
                    f"What the signing command wrote is no signature ({algorithm}) by the key of"
                    " the certificate.",
                    "`mien provenance setup` says how it is called; docs/provenance.md has"
                    " commands that work.",
                )
            return signature
        signature = sign_with_key(self._private_key(), data, algorithm)
        if not is_signature(leaf, signature, data, algorithm):
            raise WriteError(
                f"The signing key {self.key_path} was replaced while it was used.",
                "Render again.",
            )
        return signature

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's types, for a process that signs; see `from_dict`."""
        return {
            "chain": self.chain,
            "key_path": None if self.key_path is None else str(self.key_path),
            "key": None if self.key is None else self.key.decode(),
            "command": self.command,
            "self_made": self.self_made,
            "source": str(self.source),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Identity:
        """Who signs, of what `to_dict` gave."""
        path, key = value["key_path"], value["key"]
        return cls(
            value["chain"],
            None if path is None else Path(path),
            None if key is None else key.encode(),
            value["command"],
            value["self_made"],
            source=Path(value["source"]),
        )

    def _private_key(self) -> Any:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if self.key is not None:
            return load_pem_private_key(self.key, None)
        assert self.key_path is not None
        return read_key(self.key_path)


def provenance_folder() -> Path:
    """Folder of the certificate and its settings, in the user's configuration."""
    return platformdirs.user_config_path("mien") / "provenance"


def find_identity() -> Identity:
    """Who signs on this machine: what was set up, else the self-made certificate.

    Raises:
        InputError: When what was set up cannot sign. The self-made certificate does not take its
            place: a file would say something else than the user expects.
    """
    folder = provenance_folder()
    settings = folder / _NAME
    # A link to nothing, as to a share that is gone, is a certificate that is lost, not none.
    if os.path.lexists(settings):
        identity = _read(settings)
        identity.check()
        return identity
    made = keep_self_made(folder)
    notes: tuple[str, ...] = ()
    if made.key_path is None:
        notes = (
            f"The signing certificate could not be kept in {folder}: one was made for this render"
            " alone.",
        )
    elif made.new:
        notes = (
            f"A certificate for signing was made in {made.key_path.parent}: {SELF_MADE}."
            " `mien provenance setup` takes your own.",
        )
    return Identity(made.chain, made.key_path, made.key, self_made=True, notes=notes, source=folder)


def keep_identity(
    certificate: Path | None, *, key: Path | None = None, command: str = ""
) -> Identity:
    """Set up who signs from now on.

    Args:
        certificate: The certificate and those that vouch for it, PEM; None goes back to the
            self-made one.
        key: Its private key, PEM, which stays where it is.
        command: A program that signs what it reads from standard input and writes the signature
            to standard output, in place of a key.

    Raises:
        InputError: When it cannot sign, others can read the key, or neither key nor command is
            given, or both.
        WriteError: When the command fails, or the settings cannot be kept.
    """
    settings = provenance_folder() / _NAME
    if certificate is None:
        try:
            settings.unlink(missing_ok=True)
        except OSError as error:
            raise _closed(settings, error) from error
        return find_identity()
    command = command.strip()
    if (key is None) == (not command):
        raise InputError(
            "A certificate goes with its key, or with a command that signs.",
            "Give one of the two.",
        )
    chain = read_certificates(certificate)
    path = None if key is None else key.expanduser().absolute()
    identity = Identity(chain, path, command=command, source=certificate.absolute())
    identity.check()
    if path is not None:
        _check_closed(path)
    # Whatever is wrong with a command is better said now than after a night of rendering.
    identity.sign(b"mien provenance setup")
    lines = [f"certificate = {json.dumps(str(identity.source))}"]
    if path is not None:
        lines.append(f"key = {json.dumps(str(path))}")
    if command:
        lines.append(f"signer = {json.dumps(_COMMAND + command)}")
    partial = settings.with_name(f".{_NAME}.{os.getpid()}")
    try:
        settings.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(partial, settings)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _closed(settings, error) from error
    return identity


def _read(settings: Path) -> Identity:
    """Who signs, as a file of settings says."""
    try:
        value = tomllib.loads(settings.read_text(encoding="utf-8"))
        certificate = Path(value["certificate"]).expanduser()
        key, signer = value.get("key"), str(value.get("signer", ""))
        if (key is None) == (not signer):
            raise ValueError("it names neither a key nor a signer, or both")
        if signer and not signer.startswith(_COMMAND):
            raise ValueError(f"its signer does not begin with '{_COMMAND}'")
        command = signer.removeprefix(_COMMAND).strip()
        if signer and not command:
            raise ValueError("its signer names no program")
        path = None if key is None else Path(key).expanduser()
    except OSError as error:
        raise _closed(settings, error, "read") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{settings} does not say who signs ({error}).",
            "Set it up again: `mien provenance setup`.",
            path=settings,
        ) from error
    return Identity(read_certificates(certificate), path, command=command, source=certificate)


def read_certificates(certificate: Path) -> str:
    """Read a file of certificates as text; whether they are any is seen when they are used.

    Raises:
        InputError: When it cannot be read.
    """
    try:
        return certificate.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or "it is no text").lower()
        raise InputError(
            f"The certificate {certificate} cannot be read: {reason}.",
            "Check the name, or set up another: `mien provenance setup`.",
            path=certificate,
        ) from error


def _check_closed(key: Path) -> None:
    """Refuse a key that others can read."""
    if os.name != "nt" and stat.S_IMODE(key.stat().st_mode) & 0o077:
        raise InputError(
            f"Others can read the signing key {key}.", f"Close it: chmod 600 {key}", path=key
        )


def _closed(path: Path, error: OSError, verb: str = "written") -> WriteError:
    reason = (error.strerror or "denied").lower()
    return WriteError(f"{path} cannot be {verb}: {reason}.", "Check its permissions.", path=path)


def _run(command: str, data: bytes) -> bytes:
    """What a signing command answers."""
    name = command.split(" ", 1)[0]
    try:
        words = shlex.split(command)
        done = subprocess.run(words, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _failed(name, f"cannot be run: {reason.lower()}") from error
    except subprocess.TimeoutExpired as error:
        raise _failed(name, f"did not answer within {_SECONDS} seconds") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["without a word"]
        raise _failed(name, f"failed with code {done.returncode}: {lines[-1]}")
    return done.stdout


def _failed(name: str, reason: str) -> WriteError:
    return WriteError(
        f"The signing command {name} {reason}.",
        "Put it right, or render without credentials: --no-provenance.",
    )
