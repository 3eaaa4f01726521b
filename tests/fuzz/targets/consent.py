"""The installation's policy, and the ledger of renders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from mien.consent.ledger import Ledger
from mien.consent.policy import POLICY_VARIABLE, read_policy
from mien.consent.verify import verify_ledger
from mien.errors import MienError
from tests.fuzz.target import Target, put

__all__ = ["TARGETS"]

_POLICY = """
[consent]
required = true
document = true
uses = ["film", "test"]

[ledger]
required = true
file = "/var/lib/mien/{host}.jsonl"
user = true

[provenance]
required = false
"""


def _seeds(folder: Path) -> Mapping[str, bytes]:
    ledger = Ledger(folder / "ledger.jsonl")
    for number in range(4):
        ledger.append({"output": f"{number}.mov", "faces": [1, 2]})
    return {
        "policy.toml": _POLICY.encode(),
        "ledger.jsonl": ledger.path.read_bytes(),
        "ledger.jsonl.head": ledger.path.with_name("ledger.jsonl.head").read_bytes(),
    }


def _read(path: Path) -> None:
    if path.suffix == ".toml":
        with mock.patch.dict(os.environ, {POLICY_VARIABLE: str(path)}):
            read_policy()
        return
    ledger = path.with_name("ledger.jsonl")
    verify_ledger(ledger)
    try:
        # Whatever is in it, the next render is a line of it.
        Ledger(ledger).append({"output": "next.mov"})
    except MienError:
        return
    verify_ledger(ledger)


_WHOLE: dict[str, bytes] = {}


def _seeds_once(folder: Path) -> Mapping[str, bytes]:
    _WHOLE.update(_seeds(folder))
    return _WHOLE


def _place(folder: Path, name: str, data: bytes) -> Path:
    """The harmed file beside the others, which are whole."""
    for whole, content in _WHOLE.items():
        put(folder, whole, content)
    return put(folder, name, data)


TARGETS = (Target("consent", _seeds_once, _read, _place),)
