"""The contract of a tracker: frames in, every person's landmarks out.

mien has one of its own (`mediapipe/`); other packages bring theirs by the entry points group
`mien.trackers`, where the name of the entry point is the tracker's name.
"""

from __future__ import annotations

import inspect
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from mien.errors import MienError
from mien.model.face import FaceTrack
from mien.model.landmarks import LANDMARKS
from mien.model.media import MediaInfo
from mien.model.occlusion import REGIONS
from mien.plugins import version_problem
from mien.progress import Progress, silent
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.media.reader import Reader

__all__ = [
    "API_VERSION",
    "MAX_FACES",
    "TrackResult",
    "Tracker",
    "check_result",
    "check_tracker",
    "run_tracker",
]

API_VERSION: Final = 1
"""Version of the `Tracker` protocol; a tracker says in `api_version` which one it was made for."""

MAX_FACES: Final = 10
"""Faces that are followed when nobody says how many."""

_FURTHEST: Final = 1e6
"""Pixels from the picture's corner beyond which no landmark can be meant."""

_CHUNK: Final = 256
"""Frames whose landmarks are checked together, so that no large copy is made."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackResult:
    """The faces of a shot.

    Attributes:
        tracks: One per person, numbered from 1 by first appearance.
        cuts: First frame of every shot after the first, where the footage holds hard cuts.
        mixes: Spans of dissolves, wipes and fades, in order, over which one shot becomes another:
            from the first frame that shows both to the first that shows the next one alone.
        damaged: Frames that could not be decoded, in order: `reader.stream(lost=...)` tells of
            them and goes on.
    """

    tracks: tuple[FaceTrack, ...]
    cuts: tuple[int, ...]
    mixes: tuple[FrameRange, ...] = ()
    damaged: tuple[FrameRange, ...] = ()


class Tracker(Protocol):
    """Finds every face of a shot and follows its landmarks.

    Attributes:
        name: Its name, as `mien.track(..., tracker=NAME)` takes it.
        version: Number of its results: a change after which the same frames give other
            landmarks must raise it.
        api_version: `API_VERSION` of the protocol that it was made for.
    """

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> int:
        """Number of its results."""
        ...

    @property
    def api_version(self) -> int:
        """Version of this protocol."""
        ...

    def track(
        self, reader: Reader, *, max_faces: int = MAX_FACES, progress: Progress = silent
    ) -> TrackResult:
        """Track every face of a shot.

        Args:
            reader: The shot; `reader.stream()` gives its frames in order, `reader.frame(i)` any
                one, and `Frame.upright_rgb()` the picture in whose pixels landmarks are.
            max_faces: Number of people to keep at most; those most seen.
            progress: Called about the stage `track` after every frame.

        Returns:
            Of every person the 478 landmarks of MediaPipe's face mesh in every frame
            (`FaceTrack`), the hard cuts, and mixes; no tracks when no face was found. Landmarks
            are as they were seen, not smoothed: the solver does that, with past and future.

        Raises:
            MediaError: When a frame is damaged.
        """
        ...


def check_tracker(name: str, value: object) -> str | None:
    """Return what keeps an object from being a tracker, or None; nothing is tracked.

    Args:
        name: The name under which it was registered.
        value: The object.
    """
    problem = version_problem(value, API_VERSION)
    if problem is not None:
        return problem
    if getattr(value, "name", None) != name:
        return f"its name is {getattr(value, 'name', None)!r}, not '{name}'"
    version = getattr(value, "version", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        return f"its version is {version!r}, not a whole number from 0"
    track = getattr(value, "track", None)
    if not callable(track):
        return "it has no method 'track'"
    try:
        inspect.signature(track).bind(object(), max_faces=1, progress=None)
    except TypeError as error:
        return f"its method 'track' does not take (reader, *, max_faces, progress): {error}"
    except ValueError:
        pass  # written in C, without a signature
    return None


def run_tracker(
    tracker: Tracker, reader: Reader, *, max_faces: int, progress: Progress = silent
) -> TrackResult:
    """Track a shot with any tracker, and check what it answers.

    Args:
        tracker: The tracker.
        reader: The shot.
        max_faces: Number of people to keep at most.
        progress: Called about the stage `track` after every frame.

    Raises:
        MienError: When the tracker fails, or what it answers cannot be used; it is named.
    """
    remedy = "Update the package that brings it, or track with --tracker mediapipe."
    stopped: list[BaseException] = []

    def report(stage: str, done: int, total: int) -> None:
        try:
            progress(stage, done, total)
        except BaseException as error:
            stopped.append(error)
            raise

    try:
        result = tracker.track(reader, max_faces=max_faces, progress=report)
    except (MienError, MemoryError):
        raise
    except Exception as error:
        # Whoever is told of progress may stop the work; and a bug of mien's own must show as one.
        if error in stopped or type(tracker).__module__.startswith("mien."):
            raise
        # A stranger's code raises whatever it likes.
        raise MienError(
            f"The tracker '{tracker.name}' failed ({type(error).__name__}: {error}).", remedy
        ) from error
    problem = check_result(result, reader.facts, max_faces)
    if problem is not None:
        raise MienError(
            f"What the tracker '{tracker.name}' answers cannot be used: {problem}.", remedy
        )
    return result


def check_result(result: Any, media: MediaInfo, max_faces: int = MAX_FACES) -> str | None:
    """Return what is wrong with the answer of a tracker, or None.

    Args:
        result: What `Tracker.track` returned.
        media: The media that it tracked.
        max_faces: Number of people it was allowed.
    """
    if not isinstance(result, TrackResult):
        return f"it is a {type(result).__name__}, not a TrackResult"
    frames = media.clock.frame_count
    within = (0, *result.cuts, frames)
    if not all(isinstance(cut, (int, np.integer)) for cut in result.cuts) or (
        result.cuts and any(b <= a for a, b in itertools.pairwise(within))
    ):
        return "its cuts are not ascending frames of the shot after the first"
    if not _are_spans(result.mixes, frames):
        return "its mixes are not spans of frames of the shot, one after another"
    if not _are_spans(result.damaged, frames):
        return "its damaged frames are not spans of frames of the shot, one after another"
    if len(result.tracks) > max_faces:
        return f"it has {len(result.tracks)} faces, and {max_faces} were allowed"
    numbers = [getattr(track, "number", None) for track in result.tracks]
    if numbers != list(range(1, len(numbers) + 1)):
        return f"its faces have the numbers {numbers}, not 1, 2 and so on"
    return next((p for p in (_track_problem(t, frames) for t in result.tracks) if p), None)


def _are_spans(spans: Any, frames: int) -> bool:
    if not isinstance(spans, tuple) or not all(isinstance(span, FrameRange) for span in spans):
        return False
    within = [0, *(end for span in spans for end in (span.start, span.stop)), frames]
    return all(len(span) for span in spans) and within == sorted(within)


def _track_problem(track: FaceTrack, frames: int) -> str | None:
    whose = f"of face {track.number}"
    shapes: dict[str, tuple[int, ...]] = {
        "landmarks": (frames, LANDMARKS, 3),
        "confidence": (frames,),
    }
    if track.region_confidence is not None:
        shapes["region_confidence"] = (frames, len(REGIONS))
    for name, shape in shapes.items():
        array = getattr(track, name)
        if not isinstance(array, np.ndarray):
            return f"the {name} {whose} is no array but a {type(array).__name__}"
        if array.dtype != np.float32 or array.shape != shape:
            return f"the {name} {whose} is {array.dtype} {array.shape}, not float32 {shape}"
    for confidence in (track.confidence, track.region_confidence):
        if confidence is not None and not ((confidence >= 0) & (confidence <= 1)).all():
            return f"the confidence {whose} is not from 0 to 1 everywhere"
    for first in range(0, frames, _CHUNK):
        part = slice(first, first + _CHUNK)
        seen = track.landmarks[part][track.confidence[part] > 0]
        if not (np.abs(seen) < _FURTHEST).all():
            return f"landmarks {whose} are no numbers, or far outside the picture"
    return None
