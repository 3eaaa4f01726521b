"""Reports over `mien serve`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien.serve.client import Client, ServeError
from mien.serve.messages import METHODS


@pytest.mark.slow
def test_a_render_is_measured(
    spawn: Callable[..., Client], tracked: Path, talk: Path, tmp_path: Path
) -> None:
    client = spawn()
    shot = client.call("open", path=str(tracked))["shot"]
    track = {"control": "jawOpen", "start": 8, "values": [0.6] * 10}
    client.call("set_edits", shot=shot, face=1, layers=[{"name": "edit", "tracks": [track]}])

    refused: dict[str, dict[str, Any]] = {"usage": {"thresholds": {"sharpnes": {"most": 1.0}}},
               "output": {"output": str(tmp_path / "report.pdf")}}  # fmt: skip
    for code, more in refused.items():
        with pytest.raises(ServeError) as caught:
            client.start("report", shot=shot, edited=str(talk), **more).result.result(60)
        assert caught.value.code == code

    edited = tmp_path / "edited.mkv"
    more = {"name": "more", "tracks": [track | {"control": "browInnerUp"}]}
    client.start(
        "render", shot=shot, output=str(edited), frames=[8, 14], renderer="warp", lossless=True
    ).result.result(120)
    job = client.start(
        "report", shot=shot, edited=str(edited), frames=[8, 14], renderer="warp",
        thresholds={"curves.gain": {"least": 99.0}}, output=str(tmp_path / "report.html"),
        data=str(tmp_path / "report.json"), edits=[{"face": 1, "layers": [more]}],
    )  # fmt: skip
    told = job.result.result(240)
    model = METHODS["report"].job
    assert model is not None
    model.model_validate(told)
    figures = {one["name"]: one for one in told["figures"]}
    assert figures["outside.changed"]["value"] == 0
    assert not told["passed"]
    assert told["frames"] == [8, 14]
    data = json.loads((tmp_path / "report.json").read_text())
    assert data["failed"] == told["failed"]
    assert set(data["faces"][0]["curves"]) == {"jawOpen", "browInnerUp"}
    kept = client.call("get_edits", shot=shot)["edits"][0]["layers"]
    assert [one["name"] for one in kept] == ["edit"]
    assert "<canvas" in (tmp_path / "report.html").read_text()
