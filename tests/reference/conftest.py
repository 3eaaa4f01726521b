"""The fixtures' networks, loaded once for all tests of this room; and a real shot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.media.reader import open_reader
from mien.model.shot import Shot
from mien.rendering.plates import ReaderPlates

if TYPE_CHECKING:
    from mien.rendering.reference.engine import Engine
    from mien.rendering.reference.files import ReferenceFiles


@pytest.fixture(scope="session")
def fixtures(shared: Path) -> Path:
    """What the original computed, and with which networks: nothing else is like it."""
    return shared / "fixtures" / "reference"


@pytest.fixture(scope="session")
def inputs(weights: Path) -> dict[str, AnyArray]:
    """What the original was given; where that is missing, arrays like it."""
    original = weights / "reference" / "inputs.npz"
    if original.is_file():
        return dict(np.load(original, allow_pickle=False))
    random = np.random.default_rng(0)
    sizes = {"id_embedding_raw": 512, "expression": 55, "expression_b": 55}
    return {name: random.standard_normal(size).astype(np.float32) for name, size in sizes.items()}


@pytest.fixture(scope="session")
def files(weights: Path) -> ReferenceFiles:
    """The small networks' files."""
    from mien.rendering.reference.files import ReferenceFiles

    return ReferenceFiles.under(weights / "reference" / "models", weights / "reference" / "base")


@pytest.fixture(scope="session")
def engine(files: ReferenceFiles) -> Engine:
    """An engine that all tests share: that it holds no state is one of its promises."""
    from mien.rendering.reference.engine import Engine

    return Engine.open(files)


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
