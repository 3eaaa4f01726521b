"""The fixtures' networks, loaded once for all tests of this room; and a real shot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mien
from mien.media.reader import open_reader
from mien.model.shot import Shot
from mien.rendering.plates import ReaderPlates

if TYPE_CHECKING:
    from mien.rendering.reference.engine import Engine


@pytest.fixture(scope="session")
def fixtures(shared: Path) -> Path:
    """Folder of the small networks and of what the original computed with them."""
    return shared / "fixtures" / "reference"


@pytest.fixture(scope="session")
def inputs(fixtures: Path) -> dict[str, np.ndarray]:
    return dict(np.load(fixtures / "inputs.npz", allow_pickle=False))


@pytest.fixture(scope="session")
def engine(fixtures: Path) -> Engine:
    """An engine that all tests share: that it holds no state is one of its promises."""
    from mien.rendering.reference.engine import Engine
    from mien.rendering.reference.files import ReferenceFiles

    return Engine.open(ReferenceFiles.under(fixtures / "models", fixtures / "base"))


@pytest.fixture(scope="session")
def gpu() -> None:
    """Only machines with a GPU run the tests that use it."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")


@pytest.fixture(scope="session")
def turning(clip: Callable[[str], Path]) -> Shot:
    """A woman who turns her head, 24 frames of 480 by 270."""
    return mien.track(clip("intel_headpose_female_fromgif.mp4"), progress=False)


@pytest.fixture
def turning_plates(turning: Shot) -> Iterator[ReaderPlates]:
    """The plates of that shot."""
    with open_reader(turning.media) as reader:
        yield ReaderPlates(reader)
