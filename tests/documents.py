"""Documents made from nothing, for tests that need shots but no pixels."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from mien.model.controls import NAMES
from mien.model.document import Document, Project
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.model.shot import Shot
from mien.timebase import Clock
from tests.faces import make_curves, make_face


def make_media(frames: int, name: str = "shot", clock: Clock | None = None) -> MediaInfo:
    """Facts of a movie that is not there."""
    return MediaInfo(
        path=Path(tempfile.gettempdir()) / "no such footage" / f"{name}.mov", kind="movie",
        container="mov", codec="prores", pixel_format="yuv422p10le", bits=10,
        orientation=Orientation(1440, 1080, 3, Fraction(4, 3)),
        clock=clock or Clock(Fraction(25), frames), time_base=Fraction(1, 90000),
        pts=tuple(range(-3, frames - 3)), color=ColorTags(9, 16, 9, 1), fingerprint=name,
        metadata={"title": name},
    )  # fmt: skip


def make_shot(
    frames: int = 48, name: str = "shot", faces: int = 1, cuts: tuple[int, ...] = ()
) -> Shot:
    """A tracked shot whose faces do something different in every frame."""
    made = []
    for number in range(1, faces + 1):
        rng = np.random.default_rng(number)
        controls = rng.uniform(0, 0.5, (frames, len(NAMES))).astype(np.float32)
        made.append(replace(make_face(frames, number=number), curves=make_curves(frames, controls)))
    return Shot(make_media(frames, name), tuple(made), cuts)


def make_document(shots: int = 2, frames: int = 48, faces: int = 2) -> Document:
    """A document of shots without edits, titled `one`, `two`, `three`."""
    names = ("one", "two", "three")[:shots]
    return Document(tuple(Project(make_shot(frames, name, faces)) for name in names))
