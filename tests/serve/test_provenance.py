"""Credentials over the protocol: written by default, left out when asked, read back."""

from __future__ import annotations

from pathlib import Path

from mien.serve.client import Client
from mien.serve.messages import METHODS


def test_a_render_is_signed_and_read_back(client: Client, talk: Path, tmp_path: Path) -> None:
    shot = client.call("open", path=str(talk))["shot"]
    states = {}
    for name, how in (("a.mp4", {}), ("b.mkv", {}), ("c.mp4", {"provenance": False})):
        output = tmp_path / name
        job = client.start("render", shot=shot, output=str(output), frames=[0, 3], **how)
        result = job.result.result(60)
        found = client.call("read_provenance", path=str(output))
        METHODS["read_provenance"].result.model_validate(found)
        states[name] = (result["provenance"], found["state"])
    assert states == {
        "a.mp4": ("embedded", "valid"),
        "b.mkv": ("sidecar", "valid"),
        "c.mp4": ("off", "none"),
    }
