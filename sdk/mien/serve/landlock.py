"""What the kernel lets this process open: Linux's Landlock, below `mien serve --root`.

mien checks the paths that it is given; libraries that it hands them to open files of their own.
Landlock (Linux 5.13, kernel.org/doc/html/latest/userspace-api/landlock.html) holds for both, for
the threads and processes that are started afterwards, and for links that change while they are
looked at.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs

import mien
from mien.consent import Policy, read_policy
from mien.errors import MienError, PolicyError
from mien.provenance.identity import find_identity, provenance_folder
from mien.weights.store import models_folder

__all__ = ["confine"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls; their numbers are those of every architecture that wheels are made for."""
_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVILEGES: Final = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = (1 << bit for bit in range(4))
_CHANGES: Final = sum(1 << bit for bit in range(4, 13))
"""Files and folders made and removed."""
_BETWEEN_FOLDERS, _TRUNCATE = 1 << 13, 1 << 14
"""Since versions 2 and 3 of Landlock."""
_READ: Final = _EXECUTE | _READ_FILE | _READ_FOLDER
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_SYSTEM: Final = (
    "/bin", "/etc", "/lib", "/lib32", "/lib64", "/nix/store", "/opt", "/proc", "/sbin", "/sys",
    "/usr",
)  # fmt: skip


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def confine(roots: Iterable[Path]) -> bool:
    """Let this process open some folders, and what mien itself needs, for good.

    Threads that run already are not held to it: call it before any is started.

    Args:
        roots: Folders in which everything may be done.

    Returns:
        Whether the kernel does so; False where it has no Landlock.

    Raises:
        OSError: When it has, and refuses.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    handled = _READ | _WRITE_FILE | _CHANGES
    handled |= _BETWEEN_FOLDERS if version >= 2 else 0
    handled |= _TRUNCATE if version >= 3 else 0
    wanted = _Ruleset(handled)
    size = ctypes.c_size_t(ctypes.sizeof(wanted))
    rules = _checked(library.syscall(_CREATE_RULESET, ctypes.byref(wanted), size, 0))
    try:
        for path in _read_only():
            _allow(library, rules, path, handled & _READ)
        for path in (*_own(), *roots):
            _allow(library, rules, path, handled)
        _checked(library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _checked(library.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)
    return True


def _read_only() -> list[Path]:
    """Return where Python, its packages, the system's libraries and models are."""
    python = [place for place in (sys.prefix, sys.base_prefix, *sys.path) if place]
    models = models_folder()
    # Models may be links to where they were before.
    linked = [place for place in models.rglob("*") if place.is_symlink()] if models.is_dir() else []
    home = [Path(mien.__file__).parents[1], platformdirs.user_config_path("mien"), models, *linked]
    rig = [os.environ["MIEN_RIG"]] if "MIEN_RIG" in os.environ else []
    return [*map(Path, (*_SYSTEM, *python, *rig)), *home, *_policy().files, *_signer()]


def _own() -> list[Path]:
    """Return where mien itself writes: devices, temporary files, caches, its state, its ledger."""
    # The self-made certificate is made with the first render.
    with suppress(OSError):
        provenance_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = [platformdirs.user_cache_path("mien"), platformdirs.user_state_path("mien")]
    kept.append(_policy().ledger_path.parent)
    for folder in kept:
        # A home that cannot be written to is no reason to hold nobody to anything.
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
    kept.append(provenance_folder())
    kernels = os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    return [
        Path("/dev"), Path(tempfile.gettempdir()), *kept,
        *([] if kernels is None else [Path(kernels)]),
    ]  # fmt: skip


def _signer() -> list[Path]:
    """The user's own certificate and key, which stay where they are."""
    if not any(provenance_folder().glob("*.toml")):
        return []  # the self-made one lies in that folder
    try:
        identity = find_identity()
    except MienError:
        return []  # said by the render that cannot be signed
    return [path for path in (identity.source, identity.key_path) if path is not None]


def _policy() -> Policy:
    """The installation's policy; one that cannot be read permits no render that needs a ledger."""
    try:
        return read_policy()
    except PolicyError:
        return Policy()


def _allow(library: ctypes.CDLL, rules: int, path: Path, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no leave
    try:
        rule = _Beneath(access if path.is_dir() else access & _OF_FILES, place)
        _checked(
            library.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        )
    finally:
        os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
