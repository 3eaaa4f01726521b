"""Fixtures shared by all tests; the one place where skips are decided."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mien.provenance.identity import find_identity
from tests import footage_share
from tests.footage import made_once, talking_head
from tests.profiles import PROFILE
from tests.timeouts import pytest_timeout_set_timer

# Tests run side by side, one for each core; threads that torch and BLAS would add only wait for
# each other. What networks compute depends on their number, which goes with a job.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where a test is about several threads, those that wait sleep: cores are shared with other tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# All that collection makes stays: to look through it again and again for garbage is most of its
# time, and would be some of every test's.
gc.disable()

_SHARED = Path(os.environ.get("MIEN_SHARED", Path(__file__).parents[2] / "shared"))

__all__ = ["pytest_timeout_set_timer"]  # a hook

_SHARE = pytest.StashKey[str]()


def internal_footage() -> bool:
    """Whether the internal test footage is on this machine."""
    return (_SHARED / "clips").is_dir()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The internal test footage; where it is missing the test is skipped, in CI it fails.

    Tests that take this, or `clip`, are about those real faces and clips, and are marked
    `shared`. All others run anywhere: they take `talk_720p`, `talk_360p`, `weights`, or
    documents and scenes without footage.
    """
    if not internal_footage():
        reason = f"the internal test footage is not at {_SHARED}"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must run every test")
        pytest.skip(reason)
    return _SHARED


@pytest.fixture(scope="session")
def clip(shared: Path) -> Callable[[str], Path]:
    """Path of a test clip by name."""

    def find(name: str) -> Path:
        path = shared / "clips" / name
        assert path.is_file(), f"no test clip {name}"
        return path

    return find


@pytest.fixture(scope="session")
def talk_720p(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A talking head, 282 frames of 1280 x 720 at 30 a second, with sound; never written to."""
    return _film("lp_s18.mp4", 282, (1280, 720), tmp_path_factory)


@pytest.fixture(scope="session")
def talk_360p(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another, 72 frames of 640 x 360."""
    return _film("pyfeat_single_face.mp4", 72, (640, 360), tmp_path_factory)


@pytest.fixture(scope="session")
def tracked_360p(talk_360p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of `talk_360p`, tracked once a session, without edits; never written to."""
    import mien
    from mien.io.relink import remember
    from mien.media.probe import probe

    def track(path: Path) -> None:
        mien.save_project(mien.track(talk_360p, progress=False), path)

    path = made_once(tmp_path_factory, "talk_360p.mien", track)
    # Notes on where media are belong to a worker, and another one may have tracked this.
    media = probe(talk_360p)
    remember(media.path, media.fingerprint)
    return path


def _film(name: str, frames: int, size: tuple[int, int], factory: pytest.TempPathFactory) -> Path:
    """An internal clip, or where there are none a film that is made once a session."""
    if internal_footage():
        return _SHARED / "clips" / name
    pytest.importorskip("skimage", reason="the demo's portrait needs scikit-image")
    return made_once(factory, name, lambda path: talking_head(path, frames, size))


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `reference` and `smirk` with small random weights: the fixtures', or made ones."""
    from tests.small_models import small_weights

    if internal_footage():
        return _SHARED / "fixtures"
    return made_once(tmp_path_factory, "weights", small_weights)


@pytest.fixture(scope="session")
def small_models(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with small random weights of everything that the reference renderer needs."""
    from tests.small_models import small_models as lay_out

    return lay_out(tmp_path_factory.mktemp("models"), weights)


@pytest.fixture(scope="session")
def complete_models(small_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small models with a made FLAME 2020 head and what previews need beside them."""
    from mien.weights.flame_file import write_flame
    from tests.flame_heads import made_head
    from tests.small_models import preview_models

    folder = tmp_path_factory.mktemp("complete-models")
    for model in small_models.iterdir():
        (folder / model.name).symlink_to(model)
    preview_models(folder)
    (folder / "flame2020").mkdir()
    write_flame(made_head(), folder / "flame2020" / "flame.npz")
    return folder


@pytest.fixture
def models(small_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small models, installed for the time of a test; read them, change nothing."""
    monkeypatch.setenv("MIEN_MODELS", str(small_models))
    return small_models


@pytest.fixture(scope="session", autouse=True)
def _own_notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Notes on where media were, caches and installed models are the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("MIEN_MODELS", str(tmp_path_factory.mktemp("no-models")))
        patch.delenv("HF_ENDPOINT", raising=False)
        patch.delenv("MIEN_POLICY", raising=False)
        # The first render of a machine says that it made a certificate.
        find_identity()
        yield


def pytest_report_header() -> str:
    """Say how hard Hypothesis looks."""
    return f"property tests: {PROFILE}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let workers of xdist begin with the files that hold slow tests.

    Files go to workers whole and in order (`--no-loadscope-reorder`): quick ones at the end leave
    no worker alone with minutes of work.
    """
    if not hasattr(config, "workerinput"):
        return
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Count what needs the internal footage; a worker of xdist reports it to who started it."""
    gc.freeze()
    gc.enable()
    line = footage_share.sentence(session.items)
    session.config.stash[_SHARE] = line
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["footage"] = line


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the count of a worker of xdist; all have the same."""
    node.config.stash[_SHARE] = getattr(node, "workeroutput", {}).get("footage", "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of what was run needs the internal footage."""
    terminalreporter.write_line(terminalreporter.config.stash.get(_SHARE, ""))
