"""Every sample runs, as a user would run it, on short footage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mien.demo import make_footage
from mien.media.probe import probe

SAMPLES = Path(__file__).parents[2] / "samples"
FRAMES = 26


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_footage(
        tmp_path_factory.mktemp("footage") / "footage.mp4", frames=FRAMES, size=(640, 360)
    )


def run(name: str, folder: Path, *arguments: Path | str) -> str:
    done = subprocess.run(
        [sys.executable, str(SAMPLES / name), *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_sample_is_tested_here() -> None:
    text = Path(__file__).read_text()
    for sample in SAMPLES.glob("*.py"):
        assert f'"{sample.name}"' in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["quickstart.py", "keyframe_a_smile.py", "custom_renderer.py", "ask_a_server.py"],
)
def test_a_sample_that_renders(name: str, footage: Path, tmp_path: Path) -> None:
    assert "out.mp4" in run(name, tmp_path, footage, "out.mp4")
    assert probe(tmp_path / "out.mp4").clock == probe(footage).clock


@pytest.mark.slow
def test_list_faces(footage: Path, tmp_path: Path) -> None:
    assert f"face 1: {FRAMES} of {FRAMES} frames, 00:00:00:00" in run(
        "list_faces.py", tmp_path, footage
    )


@pytest.mark.slow
def test_batch_a_folder(footage: Path, tmp_path: Path) -> None:
    first = run("batch_a_folder.py", tmp_path, footage.parent, "results")
    assert "footage.mp4: 1 faces" in first
    assert "done before" in run("batch_a_folder.py", tmp_path, footage.parent, "results")


@pytest.mark.slow
def test_batch_a_cut(footage: Path, tmp_path: Path) -> None:
    told = run("batch_a_cut.py", tmp_path, footage, "batch")
    for name in ("sh010", "sh020"):
        assert f"{name}: file://{tmp_path}/batch/renders/{name}.mp4" in told
        assert probe(tmp_path / "batch" / "renders" / f"{name}.mp4").clock.frame_count == 14


@pytest.mark.slow
def test_plot_curves(footage: Path, tmp_path: Path) -> None:
    run("plot_curves.py", tmp_path, footage, "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_retouch_sheet(tmp_path: Path) -> None:
    assert "4 jobs" in run("retouch_sheet.py", tmp_path, "jobs.png")
    assert (tmp_path / "jobs.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_feelings_sheet(footage: Path, tmp_path: Path) -> None:
    said = run("feelings_sheet.py", tmp_path, footage, "feelings.png")
    assert f"{FRAMES - 1} of 135 words" in said
    assert (tmp_path / "feelings.png").read_bytes().startswith(b"\x89PNG")
