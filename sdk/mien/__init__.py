"""mien edits facial expressions in video.

    import mien
    shot = mien.track("interview.mp4")
    edit = mien.Edit(shot.faces[0]).key("mouthSmile", "1.0s", 0).key("mouthSmile", "1.5s", 0.6)
    mien.render(shot, "out.mp4", edits=[edit])

Names are loaded on first use, so that `import mien` is quick and pulls in nothing heavy.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # type checkers take it as true; `typing` itself would cost 10 ms
if TYPE_CHECKING:
    from mien.api import Document as Document
    from mien.api import Project as Project
    from mien.api import RenderReport as RenderReport
    from mien.api import fit_flame as fit_flame
    from mien.api import load_document as load_document
    from mien.api import load_project as load_project
    from mien.api import open_shot as open_shot
    from mien.api import render as render
    from mien.api import save_document as save_document
    from mien.api import save_project as save_project
    from mien.api import solve as solve
    from mien.api import track as track
    from mien.errors import MienError as MienError
    from mien.face.flame_fit import FlameFit as FlameFit
    from mien.model.controls import CONTROLS as CONTROLS
    from mien.model.edits import ControlTrack as ControlTrack
    from mien.model.edits import Edit as Edit
    from mien.model.edits import Layer as Layer
    from mien.model.evaluate import evaluate as evaluate
    from mien.model.face import Face as Face
    from mien.model.face import FaceTrack as FaceTrack
    from mien.model.interpolate import Key as Key
    from mien.model.marker import Marker as Marker
    from mien.model.presets import PRESETS as PRESETS
    from mien.model.settings import ReferenceSettings as ReferenceSettings
    from mien.model.shot import Shot as Shot
    from mien.model.shot import ToolVersions as ToolVersions
    from mien.rendering.reference.train.settings import TrainSettings as TrainSettings
    from mien.rendering.registry import register_renderer as register_renderer
    from mien.session.session import Session as Session
    from mien.tracking.base import Tracker as Tracker
    from mien.tracking.base import TrackResult as TrackResult
    from mien.tracking.registry import register_tracker as register_tracker
    from mien.tracking.registry import trackers as trackers
    from mien.training import train_shot as train_shot

__version__ = "0.1.0"

_HOMES = {
    "Document": "mien.api",
    "Project": "mien.api",
    "RenderReport": "mien.api",
    "fit_flame": "mien.api",
    "load_document": "mien.api",
    "load_project": "mien.api",
    "open_shot": "mien.api",
    "render": "mien.api",
    "save_document": "mien.api",
    "save_project": "mien.api",
    "solve": "mien.api",
    "track": "mien.api",
    "train_shot": "mien.training",
    "MienError": "mien.errors",
    "FlameFit": "mien.face.flame_fit",
    "CONTROLS": "mien.model.controls",
    "Edit": "mien.model.edits",
    "Layer": "mien.model.edits",
    "ControlTrack": "mien.model.edits",
    "evaluate": "mien.model.evaluate",
    "Face": "mien.model.face",
    "FaceTrack": "mien.model.face",
    "Key": "mien.model.interpolate",
    "Marker": "mien.model.marker",
    "PRESETS": "mien.model.presets",
    "TrainSettings": "mien.rendering.reference.train.settings",
    "ReferenceSettings": "mien.model.settings",
    "Shot": "mien.model.shot",
    "ToolVersions": "mien.model.shot",
    "Session": "mien.session.session",
    "register_renderer": "mien.rendering.registry",
    "Tracker": "mien.tracking.base",
    "TrackResult": "mien.tracking.base",
    "register_tracker": "mien.tracking.registry",
    "trackers": "mien.tracking.registry",
}

__all__ = ["__version__", *_HOMES]


_RENAMED = {"Track": "ControlTrack"}
"""Names of an earlier release, which warn for one release."""


def __getattr__(name: str) -> object:
    if name in _RENAMED:
        import warnings

        warnings.warn(
            f"mien.{name} is called mien.{_RENAMED[name]} now.", DeprecationWarning, stacklevel=2
        )
        return getattr(importlib.import_module(__name__), _RENAMED[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'mien' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
