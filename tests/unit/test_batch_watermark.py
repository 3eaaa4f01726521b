"""Shots of a batch with a text burnt in: what is read, what is refused, what is written again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import InputError
from mien.jobs.journal import FOLDER
from mien.jobs.plan import make_plan
from mien.jobs.shot_task import read_shot_spec
from mien.jobs.yaml import read_jobs
from tests.footage import made_once, talking_head
from tests.media.mediakit import rgb_of


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = made_once(
        tmp_path_factory, "talking 60.mp4", lambda path: talking_head(path, 60, (320, 180))
    )
    (tmp_path / "shot.mp4").symlink_to(movie)
    return tmp_path


def _listed(folder: Path, general: str, *own: str) -> Path:
    path = folder / "jobs.yaml"
    shots = "".join(
        f"  - name: s{number}\n    media: shot.mp4\n    set: jawOpen=+0.1\n    frames: 0:6\n{line}"
        for number, line in enumerate(f"    watermark: {one}\n" if one else "" for one in own)
    )
    path.write_text(f"{general}\nshots:\n{shots}")
    return path


def test_a_shot_comes_before_the_command_and_that_before_the_file(folder: Path) -> None:
    path = _listed(folder, "watermark: Entwurf", "v3", "", "no", "yes")
    assert [job.watermark for job in read_jobs(path)] == ["v3", "Entwurf", None, "DRAFT"]
    given = read_jobs(path, watermark="for Ann")
    assert [job.watermark for job in given] == ["v3", "for Ann", None, "DRAFT"]
    plain = read_jobs(_listed(folder, "", "", "off"))
    assert [job.watermark for job in plain] == [None, None]


def test_it_is_handed_on_to_whoever_renders(folder: Path) -> None:
    (job,) = read_jobs(_listed(folder, "", "v3"))
    (shot,) = make_plan([job], folder / "out").shots
    assert shot.order is not None
    order = folder / "order.json"
    order.write_text(shot.order.to_json())
    assert read_shot_spec(order).watermark == "v3"
    order.write_text(order.read_text().replace('"v3"', "null"))
    assert read_shot_spec(order).watermark is None


def test_what_cannot_be_written_is_said_before(folder: Path) -> None:
    with pytest.raises(InputError, match=r"line 7: shots\[1\] \(s0\).watermark: .*81 characters"):
        read_jobs(_listed(folder, "", "x" * 81))
    (shot,) = make_plan(read_jobs(_listed(folder, "", "\u8349")), folder / "out").shots
    assert shot.problem is not None
    assert "lacks: \u8349" in shot.problem.cause


def test_the_command_refuses_it_before_anything_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", str(_listed(folder, "", "")), "-o", str(folder / "out"), "--watermark", " "]
    assert run(words) == 2
    assert "The watermark has no text." in capsys.readouterr().err


@pytest.mark.slow
def test_frames_are_made_once_with_a_mark_or_without(folder: Path) -> None:
    path, out = _listed(folder, "lossless: true", ""), folder / "out"
    words = ["batch", str(path), "-o", str(out), "--workers", "1"]
    assert run([*words, "--watermark"]) == 0
    draft = rgb_of(out / "s0.mkv")
    kept = {one: one.stat().st_mtime_ns for one in (out / FOLDER).rglob("*.frame")}
    assert kept
    assert run(words) == 0
    final = rgb_of(out / "s0.mkv")
    assert {one: one.stat().st_mtime_ns for one in (out / FOLDER).rglob("*.frame")} == kept
    apart = np.abs(draft.astype(int) - final.astype(int)).max(axis=3)
    assert (apart[:, 150:].max(axis=(1, 2)) > 60).all()
    assert not apart[:, :120].any()
    assert mien.api.read_provenance(out / "s0.mkv").edit.get("watermark") is None
