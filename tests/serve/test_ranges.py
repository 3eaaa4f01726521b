"""Frames of a shot, and its media in another size, asked for by a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.serve.client import Client, ServeError
from mien.serve.messages import METHODS
from tests.serve.conftest import COMMAND
from tests.unit.test_relink import write

pytestmark = pytest.mark.slow


def test_frames_now_and_further_ones_later(talk_360p: Path, tmp_path: Path) -> None:
    full = write(talk_360p, tmp_path / "full.mov", (640, 360), frames=40)
    proxy = write(full, tmp_path / "proxy.mov", (320, 180), frames=40)
    with Client(COMMAND, name="tests") as client:
        shot = client.call("open", path=str(proxy))["shot"]
        facts = client.start("track", shot=shot, frames=[2, 6]).result.result(120)
        METHODS["track"].job.model_validate(facts)  # type: ignore[union-attr]
        assert facts["tracked_spans"] == [[2, 6]]
        tracks = [{"control": "jawOpen", "keys": [{"frame": 3, "value": 0.4}]}]
        client.call("set_edits", shot=shot, face=1, layers=[{"name": "edit", "tracks": tracks}])
        facts = client.start("track", shot=shot, frames=[30, 34]).result.result(120)
        assert facts["tracked_spans"] == [[2, 6], [30, 34]]
        assert facts["edited"] == [1]
        with pytest.raises(ServeError, match="tracked already"):
            client.call("track", shot=shot, frames=[2, 4])
        found = client.call("relink", shot=shot, media=str(full))
        METHODS["relink"].result.model_validate(found)
        assert found["scale"] == 2
        assert found["compared"]
        assert found["facts"]["size"] == [640, 360]
        assert found["facts"]["edited"] == [1]
