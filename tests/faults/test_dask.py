"""A Dask cluster that is not what a batch needs: said at once, or given up in good time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.errors import MienError, MissingDependencyError, UsageError
from mien.jobs import dask_executor
from mien.jobs.dask_executor import DaskEngine
from mien.jobs.shot_task import ShotSpec, Task
from mien.timebase import FrameRange
from mien.worker_messages import WorkerDone, WorkerFailed, WorkerMessage
from tests.faults.batches import Batch, Cluster, cluster
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def found(project: Path, footage: Path, tmp_path: Path) -> Iterator[Cluster]:
    with cluster(Batch(tmp_path / "out", footage, project), workers=0) as made:
        yield made


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_executor, "_PATIENCE", 4.0)


def task(project: Path, folder: Path, name: str = "shot") -> Task:
    order = ShotSpec(
        name, None, project, ("smile=+0.5",), None, FrameRange(0, 9), "warp", None, False,
        folder / f"{name}.mp4", folder,
    )  # fmt: skip
    return Task(order, "prepare")


def last(engine: DaskEngine, seconds: float = 60) -> tuple[int, WorkerMessage]:
    words: list[tuple[int, WorkerMessage]] = []

    def came() -> bool:
        words.extend(engine.wait(0.2))
        return bool(words)

    wait_until(came, patience=seconds)
    return words[0]


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_executor, "_CONNECT", 0.5)
    with pytest.raises(UsageError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1\."):
        DaskEngine(tmp_path, "tcp://127.0.0.1:1")


def test_no_workers(found: Cluster, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no workers"):
        DaskEngine(tmp_path, found.address)


def test_workers_that_do_not_see_the_folder(
    found: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(dask_executor._Token):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.path.unlink()

    monkeypatch.setattr(dask_executor, "_Token", Elsewhere)
    found.start_worker()
    with pytest.raises(UsageError, match="does not see"):
        DaskEngine(tmp_path, found.address)


def test_workers_with_another_mien(
    found: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found.start_worker()
    monkeypatch.setattr("mien.__version__", "9.9")
    with pytest.raises(MissingDependencyError, match=r"has mien .*; this is mien 9\.9"):
        DaskEngine(tmp_path, found.address)


def test_gpu_workers_are_taken_where_there_are_any(
    found: Cluster, tmp_path: Path, project: Path
) -> None:
    found.start_worker()
    engine = DaskEngine(tmp_path, found.address, gpu=True)
    assert len(engine.slots) == 1
    found.start_worker("--resources", "gpu=1")
    found.start_worker("--resources", "gpu=1")
    # Nobody waits for a GPU that is not there; when some come, they are taken.
    wait_until(lambda: not engine.wait(0.2) and len(engine.slots) == 2)
    engine.submit(engine.slots[1], task(project, tmp_path))
    _, message = last(engine)
    assert isinstance(message, WorkerDone)
    assert message.result["faces"] == [{"number": 1, "name": "face 1"}]
    engine.close()


def test_the_last_worker_dies_and_none_comes(found: Cluster, tmp_path: Path, project: Path) -> None:
    worker = found.start_worker()
    engine = DaskEngine(tmp_path, found.address)
    slot = engine.slots[0]
    engine.submit(slot, task(project, tmp_path))
    worker.kill()
    number, message = last(engine)
    assert isinstance(message, WorkerFailed)
    assert (number, message.code, message.worker_lost) == (slot, "worker", False)
    assert engine.slots == []
    with pytest.raises(MienError, match="has no workers any more"):
        wait_until(lambda: bool(engine.wait(0.2)))
    engine.close()


def test_the_scheduler_never_comes_back(found: Cluster, tmp_path: Path, project: Path) -> None:
    found.start_worker()
    engine = DaskEngine(tmp_path, found.address)
    engine.submit(engine.slots[0], task(project, tmp_path))
    found.stop()
    with pytest.raises(MienError, match=r"The Dask scheduler at .* is gone"):
        wait_until(lambda: bool(engine.wait(0.2)) and False)
    engine.close()


def test_an_error_of_a_task_is_told(found: Cluster, tmp_path: Path) -> None:
    found.start_worker()
    engine = DaskEngine(tmp_path, found.address)
    engine.submit(engine.slots[0], task(tmp_path / "none.mien", tmp_path))
    _, message = last(engine)
    assert isinstance(message, WorkerFailed)
    assert (message.code, message.retryable) == ("project", False)
    engine.close()
