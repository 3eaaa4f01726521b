"""The video stream of a movie, as a host chooses it and learns of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import mien
from mien.serve.client import Client, ServeError
from tests.media.streamkit import remuxed, two_clips


def test_a_host_chooses_a_stream(spawn: Callable[..., Client], tmp_path: Path) -> None:
    movie = remuxed(tmp_path / "a.mov", *two_clips(tmp_path), dispositions=(0, 1, 1))
    client = spawn()
    facts = client.call("open", path=str(movie))
    assert (facts["stream"], facts["size"], facts["alpha"]) == (1, [96, 64], False)
    assert facts["video_streams"] == [
        {"stream": 0, "description": "h264, 64 x 48, 24 fps"},
        {"stream": 1, "description": "h264, 96 x 64, 24 fps"},
    ]
    (note,) = facts["left_out"]
    assert note.startswith("Stream 0 (picture, h264, 64 x 48) is left out")
    other = client.call("open", path=str(movie), stream=0)
    assert (other["stream"], other["size"]) == (0, [64, 48])
    assert other["fingerprint"] != facts["fingerprint"]
    with pytest.raises(ServeError, match="no stream 7"):
        client.call("open", path=str(movie), stream=7)

    client.call("save", shot=other["shot"], path=str(tmp_path / "p.mien"))
    assert client.call("open", path=str(tmp_path / "p.mien"))["stream"] == 0
    with pytest.raises(ServeError, match="goes with media"):
        client.call("open", path=str(tmp_path / "p.mien"), stream=1)

    job = client.start("render", shot=other["shot"], output=str(tmp_path / "b.mov"))
    notes = job.result.result(60)["notes"]
    assert [text.split(" is left out")[0] for text in notes] == [
        "Stream 1 (picture, h264, 96 x 64)"
    ]
    assert mien.probe(tmp_path / "b.mov").orientation.width == 64
