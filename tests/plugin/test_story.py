from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.plugin.conftest import Run

pytestmark = pytest.mark.slow


def test_the_whole_story(blender: Run, talk_720p: Path, tmp_path: Path) -> None:
    told = blender("story.py", talk_720p, tmp_path)
    assert told["worst"] <= 1e-5
    with av.open(told["render"]) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == told["frames"]
