"""Amounts as they are asked for, or corrected by what is seen: typed, and in batches."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.cli.main import run
from mien.errors import InputError
from mien.jobs.plan import make_plan
from mien.jobs.report import write_reports
from mien.jobs.runner import ShotOutcome
from mien.jobs.shot_task import ShotSpec, Task, read_shot_spec
from mien.jobs.steps import Workbench
from mien.jobs.yaml import read_jobs
from mien.pipeline import GainsCache, closed_loop
from mien.progress import silent
from mien.rendering import registry
from mien.timebase import FrameRange
from tests.credentials import render_bytes
from tests.footage import made_once, talking_head
from tests.timid_renderer import TimidRenderer

FRAMES = 24
EDIT = "jawOpen=+0.5@2:22"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracked talking head without edits; never written to."""
    movie = made_once(
        tmp_path_factory, "loop 24.mp4", lambda path: talking_head(path, FRAMES, (640, 360))
    )

    def track(path: Path) -> None:
        mien.save_project(mien.track(movie, progress=False), path)

    return made_once(tmp_path_factory, "loop 24.mien", track)


@pytest.fixture(autouse=True)
def _renderers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    mien.register_renderer(TimidRenderer())


def _listed(folder: Path, project: Path, general: str, *own: str) -> Path:
    path = folder / "jobs.yaml"
    shots = "".join(
        f'  - name: s{number}\n    project: {json.dumps(str(project))}\n    set: "{EDIT}"\n'
        + (f"    open_loop: {one}\n" if one else "")
        for number, one in enumerate(own)
    )
    path.write_text(f"renderer: timid\n{general}\nshots:\n{shots}")
    return path


def _order(folder: Path, project: Path, own: str = "") -> ShotSpec:
    (shot,) = make_plan(read_jobs(_listed(folder, project, "", own)), folder / "out").shots
    assert shot.order is not None
    return shot.order


def test_a_shot_comes_before_the_command_and_that_before_the_file(
    project: Path, tmp_path: Path
) -> None:
    path = _listed(tmp_path, project, "open_loop: yes", "no", "", "yes")
    assert [job.open_loop for job in read_jobs(path)] == [False, True, True]
    path = _listed(tmp_path, project, "", "no", "", "yes")
    assert [job.open_loop for job in read_jobs(path)] == [False, False, True]
    assert [job.open_loop for job in read_jobs(path, open_loop=True)] == [False, True, True]
    with pytest.raises(InputError, match=r"line 7: shots\[1\] \(s0\).open_loop"):
        read_jobs(_listed(tmp_path, project, "", "perhaps"))


def test_it_is_handed_on_to_whoever_renders(project: Path, tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(_order(tmp_path, project, "yes").to_json())
    assert read_shot_spec(order).open_loop
    # Orders of an earlier mien say nothing of it.
    former = json.loads(order.read_text())
    del former["open_loop"]
    order.write_text(json.dumps(former))
    assert not read_shot_spec(order).open_loop


@pytest.mark.slow
def test_chunks_of_several_workers_have_the_gains_of_a_whole_render(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = mien.load_project(project)
    edit = mien.Edit(mien.main_face(loaded.shot)).set("jawOpen", 0.5, span="2:22", mode="add")
    whole = mien.render(
        loaded, tmp_path / "whole.mp4", edits=[edit], renderer="timid", progress=False
    )
    assert whole.gains[1]["jawOpen"] > 1.2
    order = _order(tmp_path, project)
    with closing(Workbench()) as first:
        prepared = first.do(Task(order, "prepare"), silent)
    assert prepared["gains"] == {"1": whole.gains[1]}
    assert prepared["missing"] == list(range(2, 22))
    # From here on nobody looks: every worker has the gains of whoever prepared the shot.
    monkeypatch.setattr(closed_loop, "_Looking", None)
    for chunk in (FrameRange(12, FRAMES), FrameRange(0, 12)):
        with closing(Workbench()) as worker:
            assert worker.do(Task(order, "render", chunk), silent)["made"] == 10
    with closing(Workbench()) as last:
        assert last.do(Task(order, "assemble"), silent)["edited"] == 20
        again = last.do(Task(order, "prepare"), silent)
    assert again["whole"]
    assert again["gains"] == prepared["gains"]
    assert render_bytes(order.output) == render_bytes(whole.output)


@pytest.mark.slow
def test_a_batch_with_an_open_loop_looks_at_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_loop, "_Looking", None)
    order = _order(tmp_path, project, "yes")
    with closing(Workbench()) as worker:
        assert worker.do(Task(order, "prepare"), silent)["gains"] == {}
        worker.do(Task(order, "assemble"), silent)
    plain = tmp_path / "plain.mp4"
    words = ["render", str(project), "-o", str(plain), "--set", EDIT, "--renderer", "timid"]
    assert run([*words, "--open-loop", "--quiet"]) == 0
    assert render_bytes(order.output) == render_bytes(plain)


@pytest.mark.parametrize("more", [(), ("--open-loop",)])
def test_the_command_tells_a_farm_too(project: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    path, bundle = _listed(tmp_path, project, "", ""), tmp_path / "bundle"
    words = ["batch", str(path), "-o", str(tmp_path / "out"), "--export-openjd", str(bundle)]
    assert run([*words, *more, "--quiet"]) == 0
    (order,) = bundle.rglob("s0.json")
    assert read_shot_spec(order).open_loop is bool(more)


def test_a_batchs_summary_and_page_say_the_gains(project: Path, tmp_path: Path) -> None:
    plan = make_plan(read_jobs(_listed(tmp_path, project, "", "")), tmp_path / "out")
    plan.folder.mkdir()
    outcome = ShotOutcome(plan.shots[0], gains={"1": {"jawOpen": 1.21875, "browDown": 1.3125}})
    summary, _ = write_reports(plan, [outcome], 1.0)
    (shot,) = json.loads(summary.read_text())["shots"]
    assert shot["gains"] == {"1": {"jawOpen": 1.21875, "browDown": 1.3125}}
    page = (plan.folder / shot["report"]).read_text()
    assert "face 1: jawOpen x1.22, browDown x1.31" in page


@pytest.mark.slow
def test_the_command_says_the_gains_and_does_without(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def rendered(name: str, *more: str) -> tuple[Path, dict[str, Any], str]:
        out = tmp_path / name
        words = ["render", str(project), "-o", str(out), "--set", EDIT, "--lossless"]
        capsys.readouterr()
        assert run([*words, "--renderer", "timid", *more]) == 0
        told = capsys.readouterr().out
        return out, json.loads(told) if "--json" in more else {}, told

    closed, facts, _ = rendered("closed.mkv", "--json")
    gain = facts["gains"]["1"]["jawOpen"]
    assert 1.2 < gain <= 1.35
    plain, facts, _ = rendered("plain.mkv", "--json", "--open-loop")
    assert facts["gains"] == {}
    assert plain.read_bytes() != closed.read_bytes()
    _, _, told = rendered("again.mkv")
    assert told.splitlines()[-1] == f"  corrected: jawOpen x{gain:.2f}"
    _, _, told = rendered("open.mkv", "--open-loop")
    assert "corrected" not in told


def test_the_cache_lists_and_clears_gains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    GainsCache().store("face", "edit", {"jawOpen": 1.25})
    assert run(["cache", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["gains_folder"] == str(tmp_path / "mien" / "gains")
    (entry,) = facts["gains"]
    assert entry.keys() == {"path", "size", "used"}
    assert Path(entry["path"]).stat().st_size == entry["size"]
    assert run(["cache"]) == 0
    assert f"gains of 1 face, {entry['size'] / 1000:.0f} kB" in capsys.readouterr().out
    assert run(["cache", "--clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["freed"] == entry["size"]
    assert GainsCache().load("face", "edit") is None
