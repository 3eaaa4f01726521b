"""A renderer opened on a shot, and the frames that it is needed for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from mien._types import BoolArray
from mien.media.reader import open_reader
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import FacePlan, Renderer, RenderSession
from mien.rendering.occlusion.session import open_behind
from mien.rendering.plates import ReaderPlates

__all__ = ["active_frames", "open_session"]


@contextmanager
def open_session(
    shot: Shot, plans: Sequence[FacePlan], renderer: Renderer, progress: Progress
) -> Iterator[RenderSession]:
    """Open a renderer on a shot, ready to render edits.

    Args:
        shot: The shot.
        plans: The faces with edits.
        renderer: The renderer.
        progress: Told about the stage `prepare`.
    """
    # Renderers look frames up at random, which must not disturb the stream; and rarely one
    # twice, so that keeping them would only take memory.
    with (
        open_reader(shot.media, cache_bytes=0) as reader,
        open_behind(renderer, shot, ReaderPlates(reader)) as session,
    ):
        session.prepare(plans, progress)
        yield session


def active_frames(plans: Sequence[FacePlan]) -> BoolArray:
    """Return (T,) bool, the frames in which anything is asked of any face; there is a plan."""
    return np.asarray(np.any([plan.evaluated.active for plan in plans], axis=0))
