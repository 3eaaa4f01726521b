"""A job computes with one number of threads, in every process that works for it.

No two numbers are expected to agree: that is for the processor to say.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mien
from mien.cli.main import run
from mien.cores import core_count, cpu_count
from mien.jobs.job import ShotJob
from mien.jobs.journal import keep_threads, kept_threads
from mien.jobs.openjd import run_step
from mien.jobs.plan import Plan, make_plan
from mien.jobs.shot_task import Task
from mien.model.settings import ReferenceSettings
from mien.rendering import devices
from mien.rendering.base import RenderRequest
from mien.rendering.reference import identity
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.engines import Engines
from mien.rendering.reference.renderer import ReferenceRenderer
from mien.testing.scenes import Scene
from mien.weights import sessions

QUICK = ReferenceSettings(
    steps=2, size=64, smoothing=1, anchors=4, guidance=1, approximate=True, strength=1
)
OPTIONS = [
    "--renderer", "reference", "--reference-steps", "2", "--reference-size", "64",
    "--reference-smoothing", "1", "--reference-guidance", "1", "--approximate",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _models(small_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(small_models))


@pytest.fixture
def process_threads() -> Iterator[int]:
    """A number of threads that torch is set to, as for a worker that was started with it."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


def test_the_number_is_part_of_what_a_frame_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.4)

    def key(threads: int) -> str:
        settings = dataclasses.replace(QUICK, threads=threads)
        renderer = ReferenceRenderer(settings)
        known = renderer.cache_key(scene.shot, plan)
        assert known == renderer.cache_key(scene.shot, plan)
        return Engines(settings).key + known.digest

    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert len({key(1), key(2), key(3)}) == 3
    assert key(0) == key(2)


def test_who_says_nothing_gets_one_thread_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "core_count", lambda: 6)
    for said, expected in {"5": 5, "0": 6, "two": 6, "4,3": 6, "99999": 1024}.items():
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert devices.with_threads(QUICK).threads == expected
        assert devices.with_threads(dataclasses.replace(QUICK, threads=7)).threads == 7
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert devices.with_threads(QUICK).threads == 6


def test_cores_are_those_that_the_process_may_use() -> None:
    assert 1 <= core_count() <= cpu_count() <= (os.cpu_count() or 1)


def test_networks_compute_with_it_whatever_the_process_has(
    process_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[int]] = {}

    def watch(name: str) -> None:
        method = getattr(Engine, name)

        def watched(*given: Any, **named: Any) -> Any:
            seen.setdefault(name, set()).add(torch.get_num_threads())
            return method(*given, **named)

        monkeypatch.setattr(Engine, name, watched)

    for name in ("load", "prompt", "encode", "reference", "denoise", "decode", "estimate"):
        watch(name)
    opened: list[int] = []
    open_onnx = sessions.open_session

    def watched_onnx(path: Path, *given: Any, threads: int = 0) -> Any:
        opened.append(threads)
        session = open_onnx(path, *given, threads=threads)
        assert session.get_session_options().intra_op_num_threads == threads
        return session

    monkeypatch.setattr(identity, "open_session", watched_onnx)
    monkeypatch.setattr("mien.face.smirk.open_session", watched_onnx)

    scene = Scene()
    plan = scene.plan(jawOpen=0.4)
    settings = dataclasses.replace(QUICK, threads=2, strength=0.5)
    with ReferenceRenderer(settings).open(scene.shot, scene) as session:
        session.prepare([plan])
        session.prepare_frames([0])
        assert session.render(RenderRequest(plan, 0, scene.plate(0))) is not None
    assert set(opened) == {2}
    assert len(opened) >= 2, "who it is, and what it does"
    assert seen == {name: {2} for name in seen}
    assert seen.keys() >= {"load", "prompt", "encode", "reference", "denoise", "decode"}
    assert torch.get_num_threads() == process_threads


def test_an_error_gives_the_process_its_threads_back(
    process_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.4)
    renderer = ReferenceRenderer(dataclasses.replace(QUICK, threads=1))
    session = renderer.open(scene.shot, scene)
    session.prepare([plan])
    monkeypatch.setattr(Engine, "denoise", lambda *given: 1 / 0)
    with session, pytest.raises(ZeroDivisionError):
        session.render(RenderRequest(plan, 0, scene.plate(0)))
    assert torch.get_num_threads() == process_threads


def test_a_process_that_was_started_with_others_makes_the_same_bytes() -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.4)
    settings = dataclasses.replace(QUICK, threads=2)
    pictures = []
    before = torch.get_num_threads()
    try:
        for started in (1, 2, 5):
            torch.set_num_threads(started)
            with ReferenceRenderer(settings).open(scene.shot, scene) as session:
                session.prepare([plan])
                patch = session.render(RenderRequest(plan, 1, scene.plate(1)))
            assert patch is not None
            pictures.append(patch.rgb)
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])


def plan_in(folder: Path, media: Path, renderer: str = "reference", threads: int = 0) -> Plan:
    settings = dataclasses.replace(QUICK, threads=threads) if threads else None
    return make_plan([ShotJob("a", media, renderer=renderer)], folder, settle=lambda *_: settings)


def threads_of(plan: Plan) -> object:
    (shot,) = plan.shots
    assert shot.order is not None
    return None if shot.order.settings is None else shot.order.settings["threads"]


def test_the_number_goes_with_the_job_and_stays_with_the_folder(
    talk_360p: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever works for it reads the number from the order; a resumed batch from the folder."""
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    plan = plan_in(tmp_path, talk_360p)
    assert threads_of(plan) == plan.threads == 5
    assert threads_of(plan_in(tmp_path, talk_360p, threads=3)) == 3
    assert threads_of(plan_in(tmp_path, talk_360p, "warp")) is None
    keep_threads(tmp_path, plan.threads)
    # The same folder, another machine.
    monkeypatch.setenv("OMP_NUM_THREADS", "9")
    assert threads_of(plan_in(tmp_path, talk_360p)) == 5
    assert threads_of(plan_in(tmp_path / "new", talk_360p)) == 9
    (tmp_path / ".mien-batch" / "threads").write_text("many")
    assert threads_of(plan_in(tmp_path, talk_360p)) == 9


@pytest.fixture(scope="module")
def project(tracked_360p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("projects") / "single.mien"
    shot = mien.load_project(tracked_360p).shot
    edit = mien.Edit(shot.faces[0]).set("jawOpen", 0.6, span="20:24")
    mien.save_project(shot, path, edits=[edit])
    return path


@pytest.mark.slow
def test_one_render_and_any_number_of_workers_make_the_same_bytes(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    whole = tmp_path / "whole.mkv"
    once = ["render", str(project), "-o", str(whole), "--frames", "19:25", "--lossless"]
    assert run([*once, *OPTIONS]) == 0
    jobs = tmp_path / "jobs.yaml"
    shot = {"name": "shot", "project": str(project), "frames": "19:25"}
    jobs.write_text(json.dumps({"shots": [shot]}))
    frames = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        many = ["batch", str(jobs), "-o", str(folder), "--lossless", "--chunk", "2"]
        assert run([*many, "--workers", str(workers), *OPTIONS]) == 0
        (output,) = folder.glob("shot.mkv")
        assert output.read_bytes() == whole.read_bytes()
        assert kept_threads(folder) == 2
        frames.append(
            {path.name for path in folder.glob(".mien-batch/shots/shot/frames/**/*.frame")}
        )
    assert frames[0] == frames[1]
    assert frames[0]


@pytest.mark.slow
def test_a_farms_worker_keeps_to_the_order(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    job = ShotJob("shot", project=project, renderer="reference")
    (shot,) = make_plan([job], tmp_path / "out", settle=lambda *_: QUICK).shots
    assert shot.order is not None
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    seen = []
    denoise = Engine.denoise

    def watched(*given: Any) -> Any:
        seen.append(torch.get_num_threads())
        return denoise(*given)

    monkeypatch.setattr(Engine, "denoise", watched)
    lines: list[str] = []
    span = dataclasses.replace(shot.order.frames, start=20, stop=21)
    run_step(Task(shot.order, "render", span), lines.append)
    assert set(seen) == {2}
    assert kept_threads(tmp_path / "out") == 2
