"""Fixtures shared by all tests; the one place where skips are decided."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Tests run side by side, one for each core; threads that torch and BLAS would add only wait for
# each other. No byte depends on their number.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_SHARED = Path(os.environ.get("MIEN_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The internal test footage; where it is missing the test is skipped, in CI it fails."""
    if not (_SHARED / "clips").is_dir():
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
def small_models(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with small random weights of everything that the reference renderer needs."""
    from tests.small_models import small_models as lay_out

    return lay_out(tmp_path_factory.mktemp("models"), shared)


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
    """Notes on where media were and installed models are the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("MIEN_MODELS", str(tmp_path_factory.mktemp("no-models")))
        patch.delenv("HF_ENDPOINT", raising=False)
        yield
