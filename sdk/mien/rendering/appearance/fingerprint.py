"""One name for all that an appearance holds, to tell by whether pixels may differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import numpy as np

__all__ = ["fingerprint_of"]


def fingerprint_of(*values: object) -> str:
    """Return a digest of values: 32 hexadecimal digits, the same on any machine.

    Args:
        values: Arrays, numbers, strings, None, and tuples or dataclasses of these.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in _parts(values):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: object) -> Iterator[bytes]:
    """The bytes of a value, each kind told from the others."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape};".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, tuple):
        yield f"tuple {len(value)};".encode()
        for item in value:
            yield from _parts(item)
    elif is_dataclass(value):
        yield f"{type(value).__name__};".encode()
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif value is None or isinstance(value, int | float | str):
        yield f"{type(value).__name__} {value!r};".encode()
    else:
        raise TypeError(f"a {type(value).__name__} has no fingerprint")
