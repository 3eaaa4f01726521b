"""A folder of footage that holds modules: no process that mien starts there runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mien.child_python import SAFE_PATH, forget_safe_path, module_command, safe_path
from mien.jobs.executor import Executor
from mien.jobs.local_executor import LocalEngine
from mien.jobs.shot_task import ShotSpec, Task
from mien.media.probe import probe
from mien.preview.proxy import ProxyStore
from mien.serve.client import Client, ServeError
from mien.timebase import FrameRange
from mien.worker_messages import WorkerFailed, WorkerMessage
from tests.unit.test_project import write_movie
from tests.waiting import wait_until

MODULES = ("mien", "multiprocessing", "numpy", "json", "runpy", "pickle")

switched = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="Python has no switch for multiprocessing before 3.11"
)


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where modules leave their names when they are run; they lie where mien is called."""
    seen, footage = tmp_path / "seen", tmp_path / "footage"
    seen.mkdir()
    footage.mkdir()
    for name in MODULES:
        (footage / name).mkdir()
        (footage / name / "__init__.py").write_text(
            f"import os\nopen({str(seen / name)!r}, 'w').close()\nos._exit(9)\n"
        )
    monkeypatch.chdir(footage)
    return seen


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    return write_movie(tmp_path / "film.mp4")


def run_modules(seen: Path) -> list[str]:
    return sorted(one.name for one in seen.iterdir())


def task(folder: Path) -> Task:
    order = ShotSpec(
        "shot", None, folder / "none.mien", (), None, FrameRange(0, 9), "warp", None, False,
        folder / "shot.mp4", folder,
    )  # fmt: skip
    return Task(order, "prepare")


def answers(engine: Executor) -> list[tuple[int, WorkerMessage]]:
    """What workers said first."""
    words: list[tuple[int, WorkerMessage]] = []

    def came() -> bool:
        words.extend(engine.wait(0.2))
        return bool(words)

    wait_until(came, "the worker's answer")
    return words


def test_python_runs_what_lies_in_the_folder_and_a_module_of_mien_does_not(seen: Path) -> None:
    """The trap works, so that the other tests mean something."""
    environment = {key: value for key, value in os.environ.items() if key != SAFE_PATH[0]}
    trapped = [sys.executable, "-m", "mien", "--version"]
    subprocess.run(trapped, env=environment, capture_output=True, check=False)
    assert run_modules(seen) == ["mien"]
    (seen / "mien").unlink()
    done = subprocess.run(
        module_command("mien", "--version"), env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "mien" in done.stdout
    assert run_modules(seen) == []


def test_a_process_gets_its_arguments_and_no_variable(seen: Path, tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text("import os, sys\nprint(sys.argv[1:], sorted(os.environ))\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = module_command("told", "a b", "-c", "é")
    command[2] = command[2].replace("sys.path[:] = [", f"sys.path[:] = [{str(tmp_path)!r}, ")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("['a b', '-c', 'é'] ")
    assert SAFE_PATH[0] not in done.stdout


def test_proxies_are_made(seen: Path, movie: Path, tmp_path: Path) -> None:
    proxy = ProxyStore(tmp_path / "proxies").open(probe(movie), lambda: None)
    proxy.start()
    wait_until(lambda: proxy.made.all() or proxy.problem or run_modules(seen), "the proxy")
    proxy.close()
    assert proxy.made.all(), proxy.problem
    assert run_modules(seen) == []


@switched
@pytest.mark.slow
def test_workers_of_a_batch_work(seen: Path, tmp_path: Path) -> None:
    engine = LocalEngine(1)
    try:
        engine.submit(0, task(tmp_path))
        words = answers(engine)
    finally:
        engine.close()
    assert run_modules(seen) == []
    answer = words[0][1]
    assert isinstance(answer, WorkerFailed)
    assert answer.code != "worker", answer.cause  # it was told of the project that is missing
    assert SAFE_PATH[0] not in os.environ


@switched
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_of_a_cluster_work(seen: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    from mien.jobs.dask_executor import DaskEngine

    engine = DaskEngine(tmp_path, count=1)
    try:
        engine.submit(next(iter(engine.slots)), task(tmp_path))
        words = answers(engine)
    finally:
        engine.close()
    assert run_modules(seen) == []
    answer = words[0][1]
    assert isinstance(answer, WorkerFailed)
    assert answer.code != "worker", answer.cause
    assert os.environ.get(SAFE_PATH[0]) != SAFE_PATH[1]


@switched
@pytest.mark.slow
def test_jobs_of_a_server_work(seen: Path, movie: Path) -> None:
    with Client(module_command("mien", "serve"), name="tests 1") as client:
        shot = client.call("open", path=str(movie))["shot"]
        with pytest.raises(ServeError) as caught:
            client.start("track", shot=shot).result.result(120)
    assert run_modules(seen) == []
    assert caught.value.code == "no-face"


class TestVariable:
    def test_it_is_set_for_the_start_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(SAFE_PATH[0], raising=False)
        with safe_path():
            assert os.environ[SAFE_PATH[0]] == SAFE_PATH[1]
        assert SAFE_PATH[0] not in os.environ

    def test_a_worker_takes_it_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(*SAFE_PATH)
        forget_safe_path()
        assert SAFE_PATH[0] not in os.environ

    def test_the_users_own_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(SAFE_PATH[0], "1")
        with safe_path():
            assert os.environ[SAFE_PATH[0]] == "1"
        forget_safe_path()
        assert os.environ[SAFE_PATH[0]] == "1"
