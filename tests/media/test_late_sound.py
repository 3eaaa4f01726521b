"""A sound that begins after the picture is heard from its first sample, as it is in the source."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.boxes import with_edits
from tests.media.mediakit import copy
from tests.media.soundkit import RATE, heard, place, sounding_clip, sweep
from tests.media.test_edit_lists import AAC


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_its_first_packet_is_decoded_as_in_the_source(tmp_path: Path, suffix: str) -> None:
    film = sounding_clip(tmp_path / "film.mp4", "aac", seconds=2)
    source = with_edits(film, tmp_path / "a.mp4", {b"soun": [(250, -1, 1), (1500, 5 * AAC, 1)]})
    copy(source, tmp_path / f"b.{suffix}")
    late, sound = heard(tmp_path / f"b.{suffix}")
    wave = sweep(2)
    # Without what comes before, a decoder fades the first packet in.
    at, error = place(wave, sound[:900], 4 * AAC, 60)
    assert error < 0.02
    assert abs(late - 0.25 - (at - 4 * AAC) / RATE) < 0.0011
    assert float(np.abs(sound[:900]).max()) > 0.4
    with av.open(str(tmp_path / f"b.{suffix}")) as container:
        assert container.streams.video[0].start_time == 0
