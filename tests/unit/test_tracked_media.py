"""Which frames a batch tracks: those that are rendered, shared between shots that are near."""

from __future__ import annotations

from pathlib import Path

import pytest

import mien
from mien.jobs.job import ShotJob
from mien.jobs.journal import FOLDER
from mien.jobs.plan import Plan, make_plan
from mien.jobs.shot_task import Task, read_shot_spec
from mien.jobs.steps import Workbench
from mien.jobs.tables import plan_facts, plan_rows
from mien.jobs.tracked_media import tracking_key
from mien.progress import silent
from mien.timebase import FrameRange


def _plan(media: Path, folder: Path, *frames: str) -> Plan:
    jobs = [
        ShotJob(f"sh{n}", media, frames=span, set=("mouthSmile=+0.5",), renderer="warp")
        for n, span in enumerate(frames, 1)
    ]
    return make_plan(jobs, folder)


def _spans(plan: Plan) -> list[str | None]:
    orders = [shot.order for shot in plan.shots]
    return [None if o is None or o.tracked_span is None else str(o.tracked_span) for o in orders]


def test_near_shots_share_what_is_tracked(talk_720p: Path, tmp_path: Path) -> None:
    # 282 frames: what lies within 96 frames of an end, or of another shot, is tracked with it.
    assert _spans(_plan(talk_720p, tmp_path, "100:104", "150:154")) == ["100:154", "100:154"]
    assert _spans(_plan(talk_720p, tmp_path, "90:94", "200:204")) == ["0:94", "200:282"]
    assert _spans(_plan(talk_720p, tmp_path, "60:200")) == [None]


def test_what_was_tracked_before_is_used(talk_720p: Path, tmp_path: Path) -> None:
    first = _plan(talk_720p, tmp_path, "100:120")
    order = first.shots[0].order
    assert order is not None
    kept = tmp_path / FOLDER / "tracked"
    kept.mkdir(parents=True)
    assert first.shots[0].facts is not None
    key = tracking_key(first.shots[0].facts, "auto", order.tracked_span)
    (kept / f"{key}.mien").touch()
    # A trimmed shot, and one more beside it, which is not in what was tracked.
    assert _spans(_plan(talk_720p, tmp_path, "102:118", "130:140")) == ["100:120", "130:140"]


def test_orders_and_dry_runs_say_it(talk_720p: Path, tmp_path: Path) -> None:
    plan = _plan(talk_720p, tmp_path, "100:104", "110:114")
    order = plan.shots[0].order
    assert order is not None
    path = tmp_path / "order.json"
    path.write_text(order.to_json())
    assert read_shot_spec(path).tracked_span == FrameRange(100, 114)
    assert plan_facts(plan)["shots"][1]["tracked"] == "100:114"
    told = [row[-1] for row in plan_rows(plan) if row[-1].startswith("tracked first")]
    assert told == [f"tracked first: {talk_720p.name} 100:114"]
    one, other = (shot.seconds for shot in plan.shots)
    assert one is not None
    assert other is not None
    assert one > other


@pytest.mark.slow
def test_a_batch_tracks_what_it_renders(talk_720p: Path, tmp_path: Path) -> None:
    plan = _plan(talk_720p, tmp_path, "100:104", "110:112")
    bench = Workbench()
    for shot in plan.shots:
        assert shot.order is not None
        found = bench.do(Task(shot.order, "prepare"), silent)
        assert found["requested"] == len(shot.order.frames)
    bench.close()
    tracked = list((tmp_path / FOLDER / "tracked").glob("*.mien"))
    assert len(tracked) == 1
    kept = mien.load_project(tracked[0], media=talk_720p).shot
    assert kept.tracked_spans == (FrameRange(100, 112),)
