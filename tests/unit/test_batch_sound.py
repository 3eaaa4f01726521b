"""A shot of a batch with another sound."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.jobs.job import ShotJob
from mien.jobs.plan import make_plan
from mien.jobs.shot_task import read_shot_spec
from mien.jobs.yaml import read_jobs
from tests.footage import made_once, talking_head


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a movie of two seconds, and a second of sound."""
    movie = made_once(
        tmp_path_factory, "talking 60.mp4", lambda path: talking_head(path, 60, (320, 180))
    )
    (tmp_path / "shot.mp4").symlink_to(movie)
    with wave.open(str(tmp_path / "line.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.full(48_000, 9000, "<i2").tobytes())
    return tmp_path


def _listed(folder: Path, audio: str) -> list[ShotJob]:
    path = folder / "jobs.yaml"
    path.write_text(
        f"shots:\n  - name: one\n    media: shot.mp4\n    set: jawOpen=+0.1\n    audio: {audio}\n"
    )
    return read_jobs(path)


def test_it_is_read_planned_and_handed_on(folder: Path) -> None:
    (job,) = _listed(folder, "{file: line.wav, start: 0.5s, keep: true}")
    assert job.audio == mien.Soundtrack(folder / "line.wav", "0.5s", keep_own=True)
    (plain,) = _listed(folder, "line.wav")
    assert plain.audio == mien.Soundtrack(folder / "line.wav", "0s")
    (shot,) = make_plan([job], folder / "out").shots
    assert shot.problem is None
    assert shot.order is not None
    order = folder / "order.json"
    order.write_text(shot.order.to_json())
    assert read_shot_spec(order).audio == job.audio


@pytest.mark.parametrize(
    ("audio", "message"),
    [("none.wav", "cannot be read as sound"), ("{file: line.wav, start: soon}", "soon")],
)
def test_what_cannot_be_had_is_said_before(folder: Path, audio: str, message: str) -> None:
    (shot,) = make_plan(_listed(folder, audio), folder / "out").shots
    assert shot.problem is not None
    assert message in shot.problem.cause


@pytest.mark.slow
def test_outputs_have_it(folder: Path) -> None:
    _listed(folder, "{file: line.wav, start: 0.5s}")
    out = folder / "out"
    assert run(["batch", str(folder / "jobs.yaml"), "-o", str(out), "--workers", "1"]) == 0
    with av.open(str(out / "one.mp4")) as container:
        assert len(container.streams.audio) == 1
        samples = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    rate = 48_000
    assert np.abs(samples[: round(0.45 * rate)]).max() < 0.02
    assert np.abs(samples[round(0.7 * rate) : round(1.3 * rate)]).mean() > 0.1
