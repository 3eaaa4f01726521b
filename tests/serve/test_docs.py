"""docs/serve.md: its examples are tried, line by line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.media.probe import probe
from mien.model.shot import Shot
from tests.faces import make_face
from tests.serve.wire import Wire
from tests.unit.test_project import write_movie

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text()
FRAMES = 24


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with interview.mien, of somebody called Anna, in which examples run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    clip = write_movie(tmp_path / "interview.mp4", FRAMES)
    anna = replace(make_face(FRAMES), name="Anna")
    mien.save_project(Shot(probe(clip), (anna,)), tmp_path / "interview.mien")
    return tmp_path


def check_holds(found: Any, said: Any, where: str) -> None:
    """What is said is in what came, at the same places; more may have come."""
    if isinstance(said, dict):
        assert isinstance(found, dict), where
        for name, value in said.items():
            assert name in found, f"{where}.{name}"
            check_holds(found[name], value, f"{where}.{name}")
    elif isinstance(said, list):
        assert len(found) == len(said), where
        for index, value in enumerate(said):
            check_holds(found[index], value, f"{where}[{index}]")
    elif isinstance(said, float) or (isinstance(said, int) and not isinstance(said, bool)):
        assert found == pytest.approx(said, abs=1e-6), where
    else:
        assert found == said, where


def test_the_lines_of_the_page_are_what_is_answered(folder: Path) -> None:
    (talk,) = blocks("jsonl")
    lines = talk.splitlines()
    assert len(lines) == 12
    with Wire() as wire:
        handle = "SHOT"
        for request, answer in zip(lines[::2], lines[1::2], strict=True):
            assert (request[:2], answer[:2]) == ("> ", "< ")
            wire.send(request[2:].replace("SHOT", handle).encode() + b"\n")
            came = wire.receive()
            handle = came.get("result", {}).get("shot", handle)
            check_holds(came, json.loads(answer[2:].replace("SHOT", handle)), request[:40])
    assert len(mien.load_project(folder / "keyed.mien").edits[0].layers) == 2


@pytest.mark.slow
def test_the_code_of_the_page_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    project = mien.load_project(folder / "interview.mien")
    keyed = project.edit("Anna").key("mouthSmile", 16, 0.1, layer="smile")
    mien.save_project(project.with_edit(keyed), folder / "keyed.mien")
    command = f'[{sys.executable!r}, "-m", "mien", "serve"]'
    assert '["mien", "serve"]' in code
    exec(compile(code.replace('["mien", "serve"]', command), "docs/serve.md", "exec"), {})
    printed = json.loads(capsys.readouterr().out)
    assert printed[0] == pytest.approx(0.1)
    assert printed[-1] == pytest.approx(0.3)
    (layer,) = mien.load_project(folder / "keyed.mien").edits[0].layers
    assert [key.frame for key in layer.tracks[0].keys] == [16, 20]
