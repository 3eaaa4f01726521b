"""mien's own tracker: MediaPipe's detector and face mesh, followed over time."""

from __future__ import annotations

from mien.media.reader import Reader
from mien.progress import Progress, silent
from mien.tracking.base import API_VERSION, MAX_FACES, TrackResult
from mien.tracking.mediapipe import VERSION
from mien.tracking.mediapipe.detector import BlazeFace
from mien.tracking.mediapipe.face_mesh import FaceMesh
from mien.tracking.tracker import track_faces

__all__ = ["MediaPipeTracker"]


class MediaPipeTracker:
    """Tracks faces with MediaPipe's detector and face mesh; a `Tracker`."""

    name = "mediapipe"
    version = VERSION
    api_version = API_VERSION

    def track(
        self, reader: Reader, *, max_faces: int = MAX_FACES, progress: Progress = silent
    ) -> TrackResult:
        """Track every face of a shot; see `Tracker.track`.

        Raises:
            MediaError: When a frame is damaged.
            MissingDependencyError: When MediaPipe or its models are not installed.
        """
        return track_faces(reader, BlazeFace, FaceMesh, max_faces=max_faces, progress=progress)
