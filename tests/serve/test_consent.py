"""`mien serve` under a policy: on whose word is said and taken back, and renders are refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.serve.client import Client, ServeError

LAYER = {"name": "edit", "tracks": [{"control": "jawOpen", "keys": [{"frame": 3, "value": 0.4}]}]}
SAID: dict[str, Any] = {"performer": "Anna", "ground": "contract", "date": "2026-01-31"}

pytestmark = pytest.mark.slow


def test_a_host_is_refused_without_consent_and_says_it(
    spawn: Callable[..., Client],
    tracked_360p: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project, ledger, policy = (tmp_path / name for name in ("x.mien", "a.jsonl", "policy.toml"))
    shutil.copy(tracked_360p, project)
    policy.write_text(f'[consent]\nrequired = true\n[ledger]\nfile = "{ledger}"\n')
    monkeypatch.setenv("MIEN_POLICY", str(policy))
    document = tmp_path / "contract.pdf"
    document.write_bytes(b"I agree.")
    client = spawn()
    shot = client.call("open", path=str(project))["shot"]
    client.call("set_edits", shot=shot, face=1, layers=[LAYER])
    output = tmp_path / "out.mp4"
    asked: dict[str, Any] = {
        "shot": shot, "output": str(output), "frames": [3, 5], "renderer": "warp",
    }  # fmt: skip
    with pytest.raises(ServeError, match="on whose word") as caught:
        client.call("render", **asked)
    assert caught.value.code == "consent"
    with pytest.raises(ServeError, match="Did you mean"):
        client.call("set_consent", shot=shot, face=1, **SAID, controls=["mouht"])
    both: dict[str, Any] = {"document": "0" * 64, "document_path": str(document)}
    with pytest.raises(ServeError, match="twice"):
        client.call("set_consent", shot=shot, face=1, **SAID, **both)
    (face,) = client.call(
        "set_consent", shot=shot, face=1, **SAID, document_path=str(document), controls=["jaw"]
    )["faces"]
    assert face["consent"] == SAID | {
        "expires": None,
        "document": hashlib.sha256(document.read_bytes()).hexdigest(),
        "controls": ["jaw"],
        "uses": [],
    }
    policy.write_text(policy.read_text() + "[provenance]\nrequired = true\n")
    with pytest.raises(ServeError, match="may not be switched off"):
        client.call("render", **asked, provenance=False)
    client.start("render", **asked).result.result(300)
    assert output.exists()
    (line,) = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert line["faces"][0]["controls"] == ["jawOpen"]
    assert mien.verify_ledger(ledger).valid
    (face,) = client.call("clear_consent", shot=shot, face=1)["faces"]
    assert face["consent"] is None
    (face,) = client.call("undo_faces", shot=shot)["faces"]
    assert face["consent"]["performer"] == "Anna"
