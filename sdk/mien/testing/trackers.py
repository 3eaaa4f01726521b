"""What every tracker must do, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien._types import FloatArray, PathLike
from mien.errors import MienError
from mien.media.memory import memory_media
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.testing.contract import ContractError, require
from mien.tracking.base import Tracker, TrackResult, run_tracker
from mien.tracking.base import check_tracker as tracker_problem

__all__ = ["check_tracker"]

_FRAMES = 3


def check_tracker(
    tracker: Tracker, footage: PathLike | None = None, *, max_faces: int = 10
) -> None:
    """Check that a tracker keeps the promises that the solver and the batches rely on.

    Args:
        tracker: The tracker.
        footage: A short movie with a face in it; without, only what can be seen of a tracker on
            empty pictures is checked.
        max_faces: Number of people that it is allowed to find in the footage.

    Raises:
        ContractError: When it breaks one; the message says which.
    """
    problem = tracker_problem(tracker.name, tracker)
    require(problem is None, f"A tracker says what it is: {problem}.")
    empty = memory_media(np.full((_FRAMES, 64, 96, 3), 90, np.uint8), 25)
    result = _tracked(tracker, empty, 1)
    require(not result.tracks, "There is no face in grey pictures.")
    if footage is None:
        return
    media = probe(Path(footage))
    first, second = (_tracked(tracker, media, max_faces) for _ in range(2))
    require(len(first.tracks) > 0, "The face in the footage is found.")
    require(_same(first, second), "The same footage gives the same bytes.")
    if len(first.tracks) > 1:
        alone = _tracked(tracker, media, 1)
        require(len(alone.tracks) == 1, "No more people are kept than is allowed.")


def _tracked(tracker: Tracker, media: MediaInfo, max_faces: int) -> TrackResult:
    """A result whose shape has been checked, with what was reported on the way."""
    steps: list[tuple[str, int, int]] = []
    try:
        with open_reader(media) as reader:
            result = run_tracker(
                tracker,
                reader,
                max_faces=max_faces,
                progress=lambda *step: steps.append(step),
            )
    except MienError as error:
        raise ContractError(str(error)) from error
    total = media.clock.frame_count
    require(bool(steps), "Progress is reported.")
    require({step[0] for step in steps} == {"track"}, "Tracking is the stage `track`.")
    done = [step[1] for step in steps]
    require(done == sorted(done), "Progress only goes up.")
    require(steps[-1][1:] == (total, total), "Progress ends with all frames done.")
    return result


def _same(one: TrackResult, other: TrackResult) -> bool:
    places = (tuple(one.cuts), one.mixes) == (tuple(other.cuts), other.mixes)
    if not places or len(one.tracks) != len(other.tracks):
        return False
    return all(
        a.landmarks.tobytes() == b.landmarks.tobytes()
        and a.confidence.tobytes() == b.confidence.tobytes()
        and _bytes(a.region_confidence) == _bytes(b.region_confidence)
        for a, b in zip(one.tracks, other.tracks, strict=True)
    )


def _bytes(array: FloatArray | None) -> bytes | None:
    return None if array is None else array.tobytes()
