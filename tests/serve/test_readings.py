"""`mien serve` reads what a face does, as performed and as edited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien import api
from mien.media.probe import probe
from mien.model.reading import read_performance
from mien.model.shot import Shot
from mien.model.unit_curves import UNIT_NAMES
from mien.serve.client import Client, ServeError
from tests.documents import make_shot
from tests.serve.conftest import COMMAND
from tests.unit.test_project import write_movie

FRAMES = 24


def test_what_is_read_follows_the_edits(tmp_path: Path) -> None:
    media = probe(write_movie(tmp_path / "x.mp4", FRAMES))
    faces = tuple(replace(face, clock=media.clock) for face in make_shot(FRAMES).faces)
    api.save_project(Shot(media, faces), tmp_path / "x.mien")
    keys = [{"frame": 0, "value": 0.9}]
    layer = {"name": "edit", "tracks": [
        {"control": "mouthSmile", "mode": "replace", "keys": keys}]}  # fmt: skip
    with Client(COMMAND, name="tests") as client:
        shot = client.call("open", path=str(tmp_path / "x.mien"))["shot"]
        performed = client.call("read", shot=shot, face=1)
        events = [(e["kind"], e["frames"], e["peak"], e["detail"]) for e in performed["events"]]
        assert events == [
            (e.kind, [e.span.start, e.span.stop], e.peak, e.detail)
            for e in read_performance(faces[0]).events
        ]
        assert performed["units"] is None
        client.call("set_edits", shot=shot, face=1, layers=[layer])
        edited = client.call("read", shot=shot, face=1, which="target", units=True)
        assert "smile" in {event["kind"] for event in edited["events"]}
        assert tuple(edited["units"]) == UNIT_NAMES
        assert edited["units"]["AU12"][0] == pytest.approx(0.9, abs=1e-3)
        assert len(edited["gaze_angle"]) == len(edited["valid"]) == FRAMES
        with pytest.raises(ServeError, match="face"):
            client.call("read", shot=shot, face=9)
