"""A tracked shot that is small enough to work on in every test of the reference renderer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import mien
from mien.media.planes import Plate
from mien.media.reader import Reader, open_reader
from mien.model.shot import Shot


class Plates:
    """The plates of a reader, as the pipeline gives them to renderers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def plate(self, frame: int) -> Plate:
        return self._reader.frame(frame).plate()


@pytest.fixture(scope="session")
def turning(clip: Callable[[str], Path]) -> Shot:
    """A woman who turns her head, 24 frames of 480 by 270."""
    return mien.track(clip("intel_headpose_female_fromgif.mp4"), progress=False)


@pytest.fixture
def turning_plates(turning: Shot) -> Iterator[Plates]:
    """The plates of that shot."""
    with open_reader(turning.media) as reader:
        yield Plates(reader)
