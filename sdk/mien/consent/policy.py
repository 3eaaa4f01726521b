"""The policy of an installation: what it demands of renders.

It is a file of whoever administers the machine, in a folder that users cannot write to:

    Linux      /etc/mien/policy.toml
    macOS      /Library/Application Support/mien/policy.toml
    Windows    mien/policy.toml in the folder of programs' data, as the system says it

No setting and no variable moves or replaces it. `MIEN_POLICY` names one file more, as of a show or
a pipeline, which can only demand more: of both, whatever is stricter holds. A file that cannot be
read, or says what is not known, permits nothing of what it could rule: no render.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.errors import PolicyError, UsageError
from mien.model.consent import check_uses

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["POLICY_VARIABLE", "Policy", "read_policy", "system_policy_file"]

POLICY_VARIABLE: Final = "MIEN_POLICY"
"""Names a file whose demands come on top of the installation's."""
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """What an installation demands of renders; nothing where it has no policy.

    Attributes:
        consent_required: Whether every face that is edited needs a consent that holds.
        document_required: Whether that consent has to have the hash of a document.
        uses: Uses that a consent has to permit, each of them: what renders of this installation
            are for.
        ledger_required: Whether a render fails that cannot be written into the ledger.
        ledger_file: The ledger; None for the user's own.
        ledger_user: Whether the ledger says which user of the operating system rendered.
        ledger_host: Whether the ledger says on which machine.
        provenance_required: Whether provenance in rendered files may not be switched off.
        files: The files that say so.
        digest: SHA-256 of these files together; empty where there is none.
    """

    consent_required: bool = False
    document_required: bool = False
    uses: tuple[str, ...] = ()
    ledger_required: bool = False
    ledger_file: Path | None = None
    ledger_user: bool = False
    ledger_host: bool = False
    provenance_required: bool = False
    files: tuple[Path, ...] = ()
    digest: str = ""

    @property
    def ledger_path(self) -> Path:
        """The ledger: the policy's, or `ledger.jsonl` in the user's state folder."""
        if self.ledger_file is not None:
            return self.ledger_file
        return platformdirs.user_state_path("mien") / "ledger.jsonl"

    @property
    def source(self) -> str:
        """The files that it is from, in words."""
        return " and ".join(str(path) for path in self.files) or "no policy"

    def combined(self, other: Policy) -> Policy:
        """Return what both demand: of each, whatever is stricter; the ledger is this one's."""
        both = hashlib.sha256(f"{self.digest} {other.digest}".encode()).hexdigest()
        return Policy(
            self.consent_required or other.consent_required,
            self.document_required or other.document_required,
            tuple(dict.fromkeys((*self.uses, *other.uses))),
            self.ledger_required or other.ledger_required,
            self.ledger_file or other.ledger_file,
            self.ledger_user or other.ledger_user,
            self.ledger_host or other.ledger_host,
            self.provenance_required or other.provenance_required,
            (*self.files, *other.files),
            both if self.digest and other.digest else self.digest or other.digest,
        )


class _Part(BaseModel):
    # A word that is not known may be a demand that was misspelt.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Consent(_Part):
    required: bool = False
    document: bool = False
    uses: list[Annotated[str, Field(min_length=1)]] = []


class _Ledger(_Part):
    required: bool = False
    file: Annotated[str, Field(min_length=1)] | None = None
    user: bool = False
    host: bool = False


class _Provenance(_Part):
    required: bool = False


class _File(_Part):
    consent: _Consent = _Consent()
    ledger: _Ledger = _Ledger()
    provenance: _Provenance = _Provenance()


def system_policy_file() -> Path:
    """Return where the policy of this installation is, be it there or not."""
    if sys.platform == "win32":
        return _program_data() / "mien" / "policy.toml"
    if sys.platform == "darwin":
        return Path("/Library/Application Support/mien/policy.toml")
    return Path("/etc/mien/policy.toml")


def read_policy() -> Policy:
    """Return what this installation demands, with what `MIEN_POLICY` demands beside.

    Raises:
        PolicyError: When one of them cannot be read, or says what is not known.
    """
    policy = Policy()
    system = system_policy_file()
    try:
        # A link to nothing is a policy that is lost, not none.
        exists = bool(os.lstat(system))
    except (FileNotFoundError, NotADirectoryError):
        # So is its folder, where that is a link to nothing, as to a share that is gone.
        exists = system.parent.is_symlink() and not system.parent.exists()
    except OSError as error:
        raise _unreadable(system, str(error.strerror)) from error
    if exists:
        policy = _read(system)
    named = os.environ.get(POLICY_VARIABLE)
    return policy.combined(_read(Path(named))) if named else policy


def _read(path: Path) -> Policy:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, str(error.strerror or error).lower()) from error
    if len(content) > _LARGEST:
        raise _unreadable(path, f"it is larger than {_LARGEST >> 20} MiB")
    try:
        said = _File.model_validate(tomllib.loads(content.decode()))
        uses = check_uses(said.consent.uses)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise _unreadable(path, f"its field {field} is wrong: {first['msg'].lower()}") from error
    except UsageError as error:
        raise _unreadable(path, error.cause) from error
    # Besides errors of its own the parser raises Python's at numbers of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"it is no TOML: {error}") from error
    ledger = said.ledger
    return Policy(
        said.consent.required,
        said.consent.document,
        uses,
        ledger.required,
        None if ledger.file is None else _ledger_file(ledger.file, path),
        ledger.user,
        ledger.host,
        said.provenance.required,
        (path,),
        hashlib.sha256(content).hexdigest(),
    )


def _ledger_file(text: str, policy: Path) -> Path:
    """A ledger's path, the machine's name in place of `{host}`: for folders of several."""
    path = Path(text.replace("{host}", socket.gethostname()))
    if not path.is_absolute() or "\0" in text:
        raise _unreadable(policy, f"its field ledger.file is no absolute path: {text}")
    return path


def _unreadable(path: Path, reason: str) -> PolicyError:
    reason = reason.rstrip(".")
    return PolicyError(
        f"The policy {path} cannot be read ({reason}), so nothing is rendered.",
        "Whoever administers this installation has to mend it; docs/consent.md says what it holds.",
        path=path,
    )


def _program_data() -> Path:
    """The folder of data of all users on Windows, as the system says, whatever variables say."""
    import ctypes

    text = ctypes.create_unicode_buffer(1024)
    shell: Any = ctypes.windll.shell32  # type: ignore[attr-defined]
    shell.SHGetFolderPathW(None, 0x23, None, 0, text)  # CSIDL_COMMON_APPDATA
    return Path(text.value or "C:\\ProgramData")
