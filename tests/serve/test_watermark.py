"""Drafts over the protocol: a text burnt into every frame, and refused before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mien.serve.client import Client, ServeError


def test_a_draft_is_marked_and_measured_as_one(client: Client, talk: Path, tmp_path: Path) -> None:
    shot = client.call("open", path=str(talk))["shot"]
    output = tmp_path / "draft.mkv"
    job = client.start(
        "render", shot=shot, output=str(output), frames=[0, 3], lossless=True, watermark="v3"
    )
    result = job.result.result(60)
    assert result["watermark"] == "v3"
    assert "'v3' is burnt into every frame." in result["notes"]
    told = client.call("read_provenance", path=str(output))
    assert [one["action"] for one in told["actions"]].count("c2pa.edited") == 1
    assert "v3" in str(told["actions"])


@pytest.mark.parametrize(
    ("more", "message"),
    [({"watermark": " "}, "no text"), ({"watermark": "v3", "matte": True}, "no watermark"),
     ({"watermark": "\u8349"}, "lacks")],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_a_process_is_started(
    client: Client, talk: Path, tmp_path: Path, more: dict[str, Any], message: str
) -> None:
    shot = client.call("open", path=str(talk))["shot"]
    with pytest.raises(ServeError, match=message):
        client.call("render", shot=shot, output=str(tmp_path / "a.mkv"), **more)
    assert not list(tmp_path.iterdir())
