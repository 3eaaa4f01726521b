"""How well `mien serve` encodes a render."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from mien.serve.client import Client, ServeError
from mien.serve.messages.pictures import RenderParams
from tests.serve.conftest import COMMAND
from tests.unit.test_project import write_movie


@pytest.mark.parametrize(
    "fields",
    [{"quality": "great"}, {"crf": 64}, {"crf": -1}, {"bitrate": 9}, {"bitrate": "fast"},
     {"preset": ""}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_the_schema(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RenderParams.model_validate({"shot": "s", "output": "/a.mp4", **fields})


@pytest.mark.slow
def test_a_render_is_encoded_as_asked_and_says_so(tmp_path: Path) -> None:
    movie = write_movie(tmp_path / "x.mp4")
    client = Client(COMMAND, name="tests")
    try:
        shot = client.call("open", path=str(movie))["shot"]
        asked = {"shot": shot, "output": str(tmp_path / "y.mp4")}
        found = client.start("render", **asked, crf=30, preset="fast").result.result(120)
        assert found["quality"] == "crf 30, preset fast"
        for wrong in ({"crf": 30, "bitrate": 10**6}, {"quality": "small", "lossless": True},
                      {"codec": "av1", "preset": "slow"}):  # fmt: skip
            with pytest.raises(ServeError):
                client.call("render", **{**asked, "output": str(tmp_path / "z.mp4"), **wrong})
        assert not (tmp_path / "z.mp4").exists()
    finally:
        client.close()
