"""The parts of a batch: plans, orders, the queue, the account on disk."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError, MediaError, OutputError, UsageError, WriteError
from mien.jobs import local_executor
from mien.jobs.display import BatchDisplay
from mien.jobs.events import EventLog
from mien.jobs.executor import task_failure
from mien.jobs.job import Problem, ShotJob
from mien.jobs.journal import OutputRecord, ShotJournal, digest_of
from mien.jobs.openjd import export, in_folder
from mien.jobs.plan import Plan, ShotPlan, chunks_of, make_plan
from mien.jobs.queue import Queue, Waiting
from mien.jobs.report import check_reports, write_reports
from mien.jobs.runner import ShotOutcome, run_plan
from mien.jobs.shot_task import ShotSpec, Task, read_shot_spec
from mien.jobs.tables import plan_facts, plan_rows
from mien.jobs.worker import OUT_OF_MEMORY
from mien.model.media import MediaInfo
from mien.model.occlusion import OcclusionChoice
from mien.model.settings import ReferenceSettings
from mien.timebase import FrameRange
from mien.worker_messages import WorkerDone, WorkerFailed, WorkerMessage
from tests.film import Film
from tests.mattes import half, write_images
from tests.waiting import PATIENCE


def order(name: str = "sh010", **changes: Any) -> ShotSpec:
    whole = ShotSpec(
        name, Path("/plates/a.mov"), None, ("smile=+0.5",), None, FrameRange(0, 20), "warp", None,
        False, Path(f"/out/{name}.mov"), Path("/out"),
    )  # fmt: skip
    return dataclasses.replace(whole, **changes)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 60))
def test_chunks_hold_every_frame_once_and_begin_at_multiples(
    start: int, length: int, chunk: int
) -> None:
    span = FrameRange(start, start + length)
    chunks = list(chunks_of(span, chunk))
    assert [frame for part in chunks for frame in part] == list(span)
    assert all(0 < len(part) <= chunk for part in chunks)
    assert all(part.start % chunk == 0 for part in chunks[1:])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"media": None, "project": Path("/p/ä.mien"), "set": (), "face": 2, "codec": "h264"},
        {"project": Path("/p/x.mien"), "shot": "close-up"},
        {"lossless": True, "overwrite": True, "output": Path("/out/x.%04d.exr")},
        {"renderer": "reference", "settings": {"steps": 4, "seed": 7}},
    ],
)
def test_orders_come_back(tmp_path: Path, changes: dict[str, Any]) -> None:
    whole = order(**changes)
    file = tmp_path / "order.json"
    file.write_text(whole.to_json())
    assert read_shot_spec(file) == whole
    moved = in_folder(whole, tmp_path)
    assert (moved.folder, moved.output) == (tmp_path, tmp_path / whole.output.name)


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", "mien.order/9"), ("frames", "x"), ("frames", "9:3"), ("settings", {"steps": 0})],
)
def test_what_is_no_order_is_refused(tmp_path: Path, key: str, value: object) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(json.loads(order().to_json()) | {key: value}))
    with pytest.raises(InputError, match=r"order\.json"):
        read_shot_spec(file)


def test_an_order_of_an_earlier_mien_is_read(tmp_path: Path) -> None:
    """Its settings were the reference renderer's, whatever the shot's renderer."""
    file = tmp_path / "order.json"
    former = {"format": "mien.order/1", "settings": {"steps": 4}}
    file.write_text(json.dumps(json.loads(order().to_json()) | former))
    assert read_shot_spec(file) == order()
    former["renderer"] = "reference"
    file.write_text(json.dumps(json.loads(order().to_json()) | former))
    assert read_shot_spec(file).settings == {"steps": 4}


def test_an_order_for_a_renderer_that_is_not_here_says_so(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(order(renderer="blush", settings={"amount": 1}).to_json())
    with pytest.raises(UsageError, match="no renderer named 'blush'"):
        read_shot_spec(file)


def taken(queue: Queue, slot: int) -> str:
    waiting = queue.take(slot)
    return "nothing" if waiting is None else str(waiting.task)


def test_workers_stay_with_a_shot_and_outputs_come_first() -> None:
    queue = Queue()
    first, second = order("one"), order("two")
    for shot in (first, second):
        queue.add(Waiting(Task(shot, "prepare")))
    for start in (0, 10):
        queue.add(Waiting(Task(first, "render", FrameRange(start, start + 10))))
        queue.add(Waiting(Task(second, "render", FrameRange(start, start + 10))))
    assert taken(queue, 0) == "render one 0:10"
    assert taken(queue, 1) == "render two 0:10"
    assert taken(queue, 1) == "render two 10:20"
    queue.add(Waiting(Task(second, "assemble")))
    assert taken(queue, 0) == "assemble two"
    assert queue.drop("one") == 1
    assert taken(queue, 0) == "prepare one"
    assert len(queue) == 1
    assert taken(queue, 0) == "prepare two"
    assert taken(queue, 0) == "nothing"


def test_a_task_that_failed_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("mien.jobs.queue.time", SimpleNamespace(monotonic=lambda: now[0]))
    queue = Queue()
    queue.add(Waiting(Task(order(), "prepare"), 1), delay=60)
    assert len(queue) == 1
    assert queue.take(0) is None
    assert queue.due() == 60
    queue.add(Waiting(Task(order(), "prepare"), 2), delay=10)
    assert queue.due() == 10
    now[0] += 10
    found = queue.take(0)
    assert found is not None
    assert found.tries == 2


def test_an_output_is_whole_when_its_record_says_so(tmp_path: Path) -> None:
    journal, output = ShotJournal(tmp_path, "sh010"), tmp_path / "sh010.mov"
    assert journal.record() is None
    output.write_bytes(b"film")
    assert not journal.owns(output)
    journal.note(OutputRecord("key", output.name))
    assert journal.owns(output)
    assert journal.whole("key", output) is None
    whole = OutputRecord("key", output.name, digest_of(output), 3, 0.5)
    journal.note(whole)
    assert journal.whole("key", output) == whole
    assert journal.whole("other", output) is None
    journal.note(OutputRecord("key", "sh010.mkv", earlier=(output.name,)))
    assert journal.owns(output)
    assert not journal.owns(tmp_path / "sh010.mp4")
    journal.note(whole)
    output.write_bytes(b"flim")
    assert journal.whole("key", output) is None
    record = journal.folder / "output.json"
    known = json.loads(record.read_bytes())
    del known["earlier"]  # as it was before outputs had a past
    record.write_text(json.dumps(known))
    assert journal.owns(output)
    record.write_bytes(record.read_bytes()[:20])
    assert journal.record() is None


def test_a_sequence_is_named_by_all_its_images(tmp_path: Path) -> None:
    pattern = tmp_path / "s.%04d.png"
    assert digest_of(pattern) == ""
    for number in (1, 2):
        (tmp_path / f"s.{number:04d}.png").write_bytes(b"image")
    both = digest_of(pattern)
    (tmp_path / "s.0002.png").unlink()
    assert digest_of(pattern) not in ("", both)


def test_the_log_goes_on_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "start"}\n{"event": "tas')
    with EventLog(path) as log:
        log.add("end", done=1)
    assert json.loads(path.read_text().splitlines()[-1])["event"] == "end"
    with pytest.raises(WriteError):
        EventLog(tmp_path)


def test_errors_that_come_again_are_not_tried_again() -> None:
    assert not task_failure(UsageError("no")).retryable
    assert task_failure(MediaError("no")).retryable
    assert task_failure(MemoryError()).code == "error"
    unexpected = task_failure(KeyError("x"))
    assert unexpected.retryable
    assert "KeyError" in unexpected.cause


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "killed (SIGKILL)"), (3, "exit code 3"), (OUT_OF_MEMORY, "more memory"), (-200, "-200")],
)
def test_how_a_worker_ended_is_said(code: int, words: str) -> None:
    assert words in local_executor._death(code).cause


def test_workers_share_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4, 6")
    assert [bounds.gpu for bounds in local_executor.bounds_of(3)] == ["4", "6", "4"]
    assert local_executor.count_workers("reference") == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert local_executor.gpus() == []
    assert local_executor.bounds_of(1)[0].gpu is None
    assert local_executor.count_workers("reference") >= 1
    monkeypatch.setattr(local_executor, "core_count", lambda: 8)
    monkeypatch.setattr(local_executor, "free_memory", lambda: None)
    assert [local_executor.count_workers("reference", n) for n in (1, 3, 8, 16)] == [8, 2, 1, 1]


def test_a_plan_says_what_cannot_be_done(tmp_path: Path) -> None:
    lost = Problem("media", "The media are offline.", "Relink them.")
    jobs = [ShotJob("a", problem=lost), ShotJob("b", tmp_path / "none.mov", set=("smile=1",))]
    plan = make_plan(jobs, tmp_path)
    assert [shot.problem.code for shot in plan.shots if shot.problem] == ["media", "media"]
    rows = plan_rows(plan)
    assert rows[1][-1] == "left out: The media are offline. Relink them."
    assert rows[-1][-1] == "0 of 2 shots, 0 frames"
    assert plan_facts(plan)["shots"][0]["problem"].startswith("The media")


@pytest.mark.parametrize(
    ("codec", "lossless", "words"),
    [("prorez", False, "no codec 'prorez'"), ("prores", True, "without loss")],
)
def test_what_no_file_can_hold_is_known_before_frames_are_made(
    talk_360p: Path, tmp_path: Path, codec: str, lossless: bool, words: str
) -> None:
    jobs = [ShotJob(name, talk_360p, codec=codec, lossless=lossless) for name in ("a", "b")]
    for shot in make_plan(jobs, tmp_path).shots:
        assert shot.order is None
        assert words in str(shot.problem)


def test_a_farm_is_told_of_every_file_that_is_read(tmp_path: Path) -> None:
    images = [tmp_path / f"s.{number:04d}.png" for number in (7, 8)]
    for image in images:
        cv2.imwrite(str(image), np.zeros((16, 16, 3), np.uint8))
    lora = tmp_path / "actor.safetensors"
    settings = ReferenceSettings(shot_lora=str(lora))
    plan = make_plan(
        [ShotJob("s", tmp_path / "s.%04d.png"), ShotJob("gone", tmp_path / "gone.mov")],
        tmp_path / "out", settle=lambda renderer, stored: settings,
    )  # fmt: skip
    bundle = export(plan, tmp_path / "bundle")
    told = yaml.safe_load((bundle / "asset_references.yaml").read_text())["assetReferences"]
    assert told["inputs"]["filenames"] == sorted(map(str, [*images, lora]))


def test_mattes_are_checked_before_frames_are_made_and_farms_are_told_of_them(
    tmp_path: Path,
) -> None:
    for number in (7, 8):
        cv2.imwrite(str(tmp_path / f"s.{number:04d}.png"), np.zeros((16, 16, 3), np.uint8))
    fits, small = half(2, 16, 16), half(3, 16, 16)
    matte = write_images(tmp_path / "m.%04d.png", fits)
    long = write_images(tmp_path / "long.%04d.png", small, first=70)
    shot = ShotJob("s", tmp_path / "s.%04d.png")
    given = dataclasses.replace(shot, occlusion=OcclusionChoice(matte))
    wrong = dataclasses.replace(shot, name="long", occlusion=OcclusionChoice(long))
    itself = dataclasses.replace(shot, name="itself", occlusion=OcclusionChoice(shot.media))
    folder = tmp_path / "out"
    onto = dataclasses.replace(
        given, name="onto", occlusion=OcclusionChoice(folder / "onto.%04d.png")
    )
    folder.mkdir()
    write_images(folder / "onto.%04d.png", fits, first=7)
    plan = make_plan([given, wrong, itself, onto], folder, overwrite=True)
    problems = ["" if one.problem is None else one.problem.cause for one in plan.shots]
    assert problems[0] == ""
    assert "has 3 frames, and the shot 2 frames." in problems[1]
    assert "is the shot itself" in problems[2]
    assert "is the matte itself" in problems[3]
    bundle = export(plan, tmp_path / "bundle")
    told = yaml.safe_load((bundle / "asset_references.yaml").read_text())["assetReferences"]
    names = {Path(name).name for name in told["inputs"]["filenames"]}
    assert names == {"s.0007.png", "s.0008.png", "m.0001.png", "m.0002.png"}


def test_reports_take_the_place_of_nobodys_files(tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    index.write_text("somebody's")
    with pytest.raises(OutputError, match=r"index\.html exists already"):
        check_reports(tmp_path)
    check_reports(tmp_path, overwrite=True)
    (tmp_path / ".mien-batch").mkdir()
    check_reports(tmp_path)
    (tmp_path / "report").touch()
    with pytest.raises(OutputError, match="is a file"):
        check_reports(tmp_path)


def test_reports_hold_no_markup_of_strangers(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    job = ShotJob("a", origin=evil, problem=Problem("media", evil))
    plan = make_plan([job], tmp_path)
    _, index = write_reports(plan, [ShotOutcome(plan.shots[0], job.problem)], 1.0)
    for page in (index, tmp_path / "report" / "a.html"):
        assert "<script>" not in page.read_text()
        assert "&lt;script&gt;" in page.read_text()


def test_the_index_leads_to_the_first_image_of_a_sequence(
    tmp_path: Path, footage_facts: MediaInfo
) -> None:
    for number in (7, 8):
        (tmp_path / f"s.{number:04d}.png").touch()
    told = order(output=tmp_path / "s.%04d.png")
    shot = ShotPlan(ShotJob("sh010"), told, footage_facts)
    _, index = write_reports(Plan(tmp_path, 48, (shot,), 1), [ShotOutcome(shot)], 1.0)
    assert '<a href="s.0007.png">s.%04d.png</a>' in index.read_text()


def test_a_result_names_what_whoever_asked_wants_to_know() -> None:
    job = ShotJob("a", problem=Problem("media", "Gone."))
    result = ShotOutcome(make_plan([job], Path()).shots[0], job.problem).result
    assert (result.status, result.problem, result.output) == ("failed", job.problem, None)


def test_a_worker_that_takes_too_much_memory_ends() -> None:
    script = (
        "import time; from mien.jobs.worker import watch_memory; watch_memory(300 << 20);"
        "taken = bytearray(400 << 20); time.sleep(600)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=PATIENCE)
    assert done.returncode == OUT_OF_MEMORY


class Fickle:
    """An engine whose only worker is lost with its first task, and comes back later."""

    name = "fickle"

    def __init__(self) -> None:
        self.slots: list[int] = [0]
        self.given: list[str] = []
        self.waited = 0

    def submit(self, slot: int, task: Task) -> None:
        self.given.append(f"{slot} {task.step}")

    def wait(self, seconds: float) -> list[tuple[int, WorkerMessage]]:
        self.waited += 1
        slot = int(self.given[-1][0])
        if self.slots == [0]:
            self.slots = []
            return [(slot, WorkerFailed("worker", "Lost.", worker_lost=True))]
        if not self.slots:
            self.slots = [1] if self.waited > 3 else []
            return []
        results: dict[str, Any] = {"edited": 0, "thumbnails": [], "notes": [], "seconds": 0.0}
        if self.given[-1].endswith("prepare"):
            results |= {"faces": [], "requested": 0, "whole": False, "missing": []}
        return [(slot, WorkerDone(results))]

    def close(self) -> None:
        pass


def test_workers_that_are_lost_are_waited_for(tmp_path: Path, footage_facts: MediaInfo) -> None:
    shot = ShotPlan(ShotJob("sh010"), order(), footage_facts)
    engine = Fickle()
    with EventLog(tmp_path / "log") as log:
        outcomes = run_plan(Plan(tmp_path, 48, (shot,), 1), engine, log, BatchDisplay(), retries=0)
    assert engine.given == ["0 prepare", "1 prepare", "1 assemble"]
    assert [outcome.problem for outcome in outcomes] == [None]


@pytest.fixture
def footage_facts() -> MediaInfo:
    return Film([np.zeros((4, 4, 3), np.uint8)] * 20).facts
