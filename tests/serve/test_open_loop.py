"""Amounts as they are asked for, or corrected by what is seen, over the protocol."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from mien.serve.client import Client
from tests.plugins import lay_out


def test_a_render_says_its_gains_and_does_without(
    spawn: Callable[..., Client], tracked: Path, tmp_path: Path
) -> None:
    points = {"mien.renderers": {"timid": "tests.timid_renderer:TimidRenderer"}}
    folder = lay_out(tmp_path / "site", "timid-renderer", points)
    paths = [str(folder), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    client = spawn(environment={"PYTHONPATH": os.pathsep.join(filter(None, paths))})
    shot = client.call("open", path=str(tracked))["shot"]
    track = {"control": "jawOpen", "start": 2, "values": [0.5] * 18}
    client.call("set_edits", shot=shot, face=1, layers=[{"name": "edit", "tracks": [track]}])

    def rendered(name: str, **more: bool) -> tuple[dict[str, dict[str, float]], bytes]:
        output = tmp_path / name
        job = client.start(
            "render", shot=shot, output=str(output), frames=[8, 10], renderer="timid",
            lossless=True, **more,
        )  # fmt: skip
        return job.result.result(300)["gains"], output.read_bytes()

    gains, closed = rendered("closed.mkv")
    assert gains.keys() == {"1"}
    assert 1.2 < gains["1"]["jawOpen"] <= 1.35
    none, plain = rendered("open.mkv", open_loop=True)
    assert none == {}
    assert plain != closed
