"""The line of a render says what got its name, and is taken back where nothing did."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.consent import Recorder, permit_render
from mien.timebase import FrameRange
from tests.documents import make_shot
from tests.media.damagekit import harm, long_clip


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a policy that holds for a test."""
    path, policy = tmp_path / "ledger.jsonl", tmp_path / "policy.toml"
    policy.write_text(f'[ledger]\nfile = "{path}"\n')
    monkeypatch.setenv("MIEN_POLICY", str(policy))
    return path


def recorder(output: Path) -> Recorder:
    shot = make_shot(24)
    return Recorder(permit_render(shot, [], shot.clock.all, title="a shot"), output, None)


def entries(ledger: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.read_bytes().splitlines()]


def stopped(record: Recorder, hidden: Path, frames: int, moves: dict[Path, Path]) -> None:
    """A render that is stopped when these files have got their names."""
    with record:
        record(hidden, FrameRange(0, frames))
        for unnamed, named in moves.items():
            os.replace(unnamed, named)
        raise KeyboardInterrupt


@pytest.mark.parametrize("moved", [True, False])
def test_a_file_that_got_its_name_stays_in_it(ledger: Path, tmp_path: Path, moved: bool) -> None:
    output, hidden = tmp_path / "out.mp4", tmp_path / ".out.partial"
    output.write_bytes(b"a former one")
    hidden.write_bytes(b"film")
    with pytest.raises(KeyboardInterrupt):
        stopped(recorder(output), hidden, 3, {hidden: output} if moved else {})
    assert [one["what"] for one in entries(ledger)] == ["render", "withdrawn"][: 2 - moved]
    assert entries(ledger)[0]["frames"] == [0, 3], "what it holds, not what was wanted"


@pytest.mark.parametrize("moved", [2, 1])
def test_images_stay_in_it_when_all_got_their_names(
    ledger: Path, tmp_path: Path, moved: int
) -> None:
    hidden, images = tmp_path / ".hidden", ("s.0000.png", "s.0001.png")
    hidden.mkdir()
    for name in images:
        (hidden / name).write_bytes(name.encode())
    moves = {hidden / name: tmp_path / name for name in images[:moved]}
    with pytest.raises(KeyboardInterrupt):
        stopped(recorder(tmp_path / "s.%04d.png"), hidden, 2, moves)
    assert [one["what"] for one in entries(ledger)] == ["render", "withdrawn"][: 3 - moved]


def test_a_render_that_ends_before_damage_is_recorded_as_long_as_it_is(
    ledger: Path, tmp_path: Path
) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4"), 40)
    mien.render(clip, tmp_path / "out.mp4", until_damage=True, progress=False)
    (line,) = entries(ledger)
    assert line["frames"] == [0, 40]
