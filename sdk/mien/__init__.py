"""mien edits facial expressions in video.

    import mien
    shot = mien.track("interview.mp4")
    edit = mien.Edit(shot.faces[0]).key("mouthSmile", "1.0s", 0).key("mouthSmile", "1.5s", 0.6)
    mien.render(shot, "out.mp4", edits=[edit])

Names and modules (`mien.errors`, `mien.session`) are loaded on first use, so that `import mien`
is quick and pulls in nothing heavy. docs/sdk.md shows them by task.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # type checkers take it as true; `typing` itself would cost 10 ms
if TYPE_CHECKING:
    from mien import api as api
    from mien import bench as bench
    from mien import editorial as editorial
    from mien import errors as errors
    from mien import face as face
    from mien import identity as identity
    from mien import io as io
    from mien import jobs as jobs
    from mien import media as media
    from mien import model as model
    from mien import preview as preview
    from mien import progress as progress
    from mien import rendering as rendering
    from mien import reporting as reporting
    from mien import retouch as retouch
    from mien import serve as serve
    from mien import session as session
    from mien import timebase as timebase
    from mien import tracking as tracking
    from mien import training as training
    from mien import weights as weights
    from mien.api import Applied as Applied
    from mien.api import Document as Document
    from mien.api import ImportedCurves as ImportedCurves
    from mien.api import MutedMouth as MutedMouth
    from mien.api import PathLike as PathLike
    from mien.api import Project as Project
    from mien.api import RelinkReport as RelinkReport
    from mien.api import RenderReport as RenderReport
    from mien.api import ResyncedMouth as ResyncedMouth
    from mien.api import VoicedMouth as VoicedMouth
    from mien.api import WrittenCurves as WrittenCurves
    from mien.api import apply as apply
    from mien.api import check_consent as check_consent
    from mien.api import check_damage as check_damage
    from mien.api import check_occlusion_matte as check_occlusion_matte
    from mien.api import clear_consent as clear_consent
    from mien.api import correct_landmarks as correct_landmarks
    from mien.api import edit_project as edit_project
    from mien.api import example_problems as example_problems
    from mien.api import export_curves as export_curves
    from mien.api import export_landmarks as export_landmarks
    from mien.api import fit_flame as fit_flame
    from mien.api import hash_document as hash_document
    from mien.api import import_curves as import_curves
    from mien.api import import_landmarks as import_landmarks
    from mien.api import load_document as load_document
    from mien.api import load_project as load_project
    from mien.api import main_face as main_face
    from mien.api import merge_faces as merge_faces
    from mien.api import mute_mouth as mute_mouth
    from mien.api import open_performance as open_performance
    from mien.api import open_shot as open_shot
    from mien.api import probe as probe
    from mien.api import read_provenance as read_provenance
    from mien.api import redo_edits as redo_edits
    from mien.api import relink as relink
    from mien.api import relink_file as relink_file
    from mien.api import remove_corrections as remove_corrections
    from mien.api import remove_face as remove_face
    from mien.api import rename_face as rename_face
    from mien.api import render as render
    from mien.api import render_frames as render_frames
    from mien.api import render_matte as render_matte
    from mien.api import reset_neutral as reset_neutral
    from mien.api import resync_mouth as resync_mouth
    from mien.api import retrack_face as retrack_face
    from mien.api import save_document as save_document
    from mien.api import save_project as save_project
    from mien.api import set_consent as set_consent
    from mien.api import set_corrections as set_corrections
    from mien.api import set_examples as set_examples
    from mien.api import set_glasses as set_glasses
    from mien.api import set_neutral as set_neutral
    from mien.api import set_occlusion_matte as set_occlusion_matte
    from mien.api import smooth_faces as smooth_faces
    from mien.api import solve as solve
    from mien.api import split_face as split_face
    from mien.api import summarize_project as summarize_project
    from mien.api import switch_provenance as switch_provenance
    from mien.api import track as track
    from mien.api import undo_edits as undo_edits
    from mien.api import voice as voice
    from mien.api import write_info_page as write_info_page
    from mien.api import write_info_sheet as write_info_sheet
    from mien.api import write_reading_picture as write_reading_picture
    from mien.consent.ledger import LedgerHead as LedgerHead
    from mien.consent.verify import LedgerProblem as LedgerProblem
    from mien.consent.verify import LedgerReport as LedgerReport
    from mien.consent.verify import verify_ledger as verify_ledger
    from mien.errors import ChangedFileError as ChangedFileError
    from mien.errors import ConsentError as ConsentError
    from mien.errors import DamagedMediaError as DamagedMediaError
    from mien.errors import DeviceMemoryError as DeviceMemoryError
    from mien.errors import FetchError as FetchError
    from mien.errors import HandleError as HandleError
    from mien.errors import InputError as InputError
    from mien.errors import MediaError as MediaError
    from mien.errors import MienError as MienError
    from mien.errors import MissingDependencyError as MissingDependencyError
    from mien.errors import NoFaceError as NoFaceError
    from mien.errors import NothingToDoError as NothingToDoError
    from mien.errors import OperationCancelledError as OperationCancelledError
    from mien.errors import OutputError as OutputError
    from mien.errors import OutsideError as OutsideError
    from mien.errors import PolicyError as PolicyError
    from mien.errors import ProjectError as ProjectError
    from mien.errors import ProtocolError as ProtocolError
    from mien.errors import RenderError as RenderError
    from mien.errors import TimeError as TimeError
    from mien.errors import UnknownControlError as UnknownControlError
    from mien.errors import UsageError as UsageError
    from mien.errors import WeightsError as WeightsError
    from mien.errors import WorkerError as WorkerError
    from mien.errors import WriteError as WriteError
    from mien.face.flame_fit import FlameFit as FlameFit
    from mien.identity.base import IdentityModel as IdentityModel
    from mien.identity.choose import choose_identity as choose_identity
    from mien.io.curves import CurveFormat as CurveFormat
    from mien.io.curves import register_curve_format as register_curve_format
    from mien.io.files import FileVersion as FileVersion
    from mien.media.frame import Frame as Frame
    from mien.media.frame import Picture as Picture
    from mien.media.planes import Box as Box
    from mien.media.planes import Plate as Plate
    from mien.media.reader import Reader as Reader
    from mien.media.reader import open_reader as open_reader
    from mien.model.chosen_neutral import ChosenNeutral as ChosenNeutral
    from mien.model.consent import Consent as Consent
    from mien.model.controls import CONTROLS as CONTROLS
    from mien.model.controls import Control as Control
    from mien.model.corrections import LandmarkCorrection as LandmarkCorrection
    from mien.model.corrections import UncorrectedFrames as UncorrectedFrames
    from mien.model.curve_file import CurveFile as CurveFile
    from mien.model.curve_file import FaceCurves as FaceCurves
    from mien.model.curve_file import FlameCurves as FlameCurves
    from mien.model.curves import ControlCurves as ControlCurves
    from mien.model.curves import Curves as Curves
    from mien.model.curves import HeadPose as HeadPose
    from mien.model.edit_history import EditHistory as EditHistory
    from mien.model.edit_history import EditStep as EditStep
    from mien.model.edit_history import LayerChange as LayerChange
    from mien.model.edits import ControlTrack as ControlTrack
    from mien.model.edits import Edit as Edit
    from mien.model.edits import Layer as Layer
    from mien.model.edits import Mode as Mode
    from mien.model.evaluate import Evaluated as Evaluated
    from mien.model.evaluate import evaluate as evaluate
    from mien.model.face import Face as Face
    from mien.model.face import FaceTrack as FaceTrack
    from mien.model.feelings import FEELINGS as FEELINGS
    from mien.model.feelings import Feeling as Feeling
    from mien.model.interpolate import Interpolation as Interpolation
    from mien.model.interpolate import Key as Key
    from mien.model.marker import Marker as Marker
    from mien.model.media import ColorTags as ColorTags
    from mien.model.media import MediaInfo as MediaInfo
    from mien.model.media import Orientation as Orientation
    from mien.model.media import StreamInfo as StreamInfo
    from mien.model.occlusion import MatteStroke as MatteStroke
    from mien.model.occlusion import Occlusion as Occlusion
    from mien.model.presets import EXPRESSIONS as EXPRESSIONS
    from mien.model.presets import PRESETS as PRESETS
    from mien.model.presets import VISEMES as VISEMES
    from mien.model.presets import Preset as Preset
    from mien.model.quality import Quality as Quality
    from mien.model.raw_landmarks import RawLandmarks as RawLandmarks
    from mien.model.reading import PerformanceEvent as PerformanceEvent
    from mien.model.reading import PerformanceReading as PerformanceReading
    from mien.model.reading import read_performance as read_performance
    from mien.model.renderer_settings import RendererSettings as RendererSettings
    from mien.model.retouch import RetouchOptions as RetouchOptions
    from mien.model.settings import ReferenceSettings as ReferenceSettings
    from mien.model.shot import Example as Example
    from mien.model.shot import Shot as Shot
    from mien.model.shot import ToolVersions as ToolVersions
    from mien.model.smoothing import Smoothing as Smoothing
    from mien.model.soundtrack import Soundtrack as Soundtrack
    from mien.model.speech import Phone as Phone
    from mien.model.speech import Speech as Speech
    from mien.model.speech import Word as Word
    from mien.model.transfer import SourcePerformance as SourcePerformance
    from mien.model.transfer import Transfer as Transfer
    from mien.model.transfer import Transferred as Transferred
    from mien.model.transfer_times import TransferTiming as TransferTiming
    from mien.model.voice import MouthAmounts as MouthAmounts
    from mien.model.voice import Voice as Voice
    from mien.model.weak_spans import WeakSpan as WeakSpan
    from mien.path_map import PathMap as PathMap
    from mien.path_map import PathRule as PathRule
    from mien.progress import Progress as Progress
    from mien.provenance.reading import Provenance as Provenance
    from mien.rendering.base import CacheKey as CacheKey
    from mien.rendering.base import FacePlan as FacePlan
    from mien.rendering.base import OcclusionSource as OcclusionSource
    from mien.rendering.base import Patch as Patch
    from mien.rendering.base import PlateSource as PlateSource
    from mien.rendering.base import Renderer as Renderer
    from mien.rendering.base import RenderRequest as RenderRequest
    from mien.rendering.base import RenderSession as RenderSession
    from mien.rendering.reference.train.settings import TrainSettings as TrainSettings
    from mien.rendering.registry import available_renderers as available_renderers
    from mien.rendering.registry import get_renderer as get_renderer
    from mien.rendering.registry import register_renderer as register_renderer
    from mien.reporting import FaceReport as FaceReport
    from mien.reporting import FrameTrouble as FrameTrouble
    from mien.reporting import ReportFigure as ReportFigure
    from mien.reporting import ReportThreshold as ReportThreshold
    from mien.reporting import ShotReport as ShotReport
    from mien.reporting import report as report
    from mien.session.session import Change as Change
    from mien.session.session import Gesture as Gesture
    from mien.session.session import Session as Session
    from mien.speech.files import read_phones as read_phones
    from mien.speech.lips import Slip as Slip
    from mien.speech.listeners import Listener as Listener
    from mien.speech.listeners import register_listener as register_listener
    from mien.speech.sound import Sound as Sound
    from mien.timebase import Clock as Clock
    from mien.timebase import FrameRange as FrameRange
    from mien.timebase import Timecode as Timecode
    from mien.tracking.base import Tracker as Tracker
    from mien.tracking.base import TrackResult as TrackResult
    from mien.tracking.registry import available_trackers as available_trackers
    from mien.tracking.registry import get_tracker as get_tracker
    from mien.tracking.registry import register_tracker as register_tracker
    from mien.training import TrainReport as TrainReport
    from mien.training import train_shot as train_shot

__version__ = "0.1.0"

_ERRORS = """
    ChangedFileError ConsentError DamagedMediaError DeviceMemoryError FetchError HandleError
    InputError MediaError MienError MissingDependencyError NoFaceError NothingToDoError
    OperationCancelledError OutputError OutsideError PolicyError ProjectError ProtocolError
    RenderError TimeError UnknownControlError UsageError WeightsError WorkerError WriteError
"""

_HOMES = {
    **dict.fromkeys(_ERRORS.split(), "mien.errors"),
    "Applied": "mien.api",
    "apply": "mien.api",
    "Document": "mien.api",
    "check_consent": "mien.api",
    "check_damage": "mien.api",
    "check_occlusion_matte": "mien.api",
    "clear_consent": "mien.api",
    "correct_landmarks": "mien.api",
    "edit_project": "mien.api",
    "example_problems": "mien.api",
    "export_curves": "mien.api",
    "export_landmarks": "mien.api",
    "fit_flame": "mien.api",
    "hash_document": "mien.api",
    "import_curves": "mien.api",
    "ImportedCurves": "mien.api",
    "MutedMouth": "mien.api",
    "import_landmarks": "mien.api",
    "load_document": "mien.api",
    "load_project": "mien.api",
    "main_face": "mien.api",
    "mute_mouth": "mien.api",
    "merge_faces": "mien.api",
    "open_performance": "mien.api",
    "open_shot": "mien.api",
    "probe": "mien.api",
    "relink": "mien.api",
    "relink_file": "mien.api",
    "resync_mouth": "mien.api",
    "remove_corrections": "mien.api",
    "read_provenance": "mien.api",
    "redo_edits": "mien.api",
    "remove_face": "mien.api",
    "rename_face": "mien.api",
    "PathLike": "mien.api",
    "Project": "mien.api",
    "render": "mien.api",
    "render_frames": "mien.api",
    "render_matte": "mien.api",
    "RelinkReport": "mien.api",
    "RenderReport": "mien.api",
    "VoicedMouth": "mien.api",
    "ResyncedMouth": "mien.api",
    "reset_neutral": "mien.api",
    "retrack_face": "mien.api",
    "save_document": "mien.api",
    "save_project": "mien.api",
    "set_consent": "mien.api",
    "set_corrections": "mien.api",
    "set_examples": "mien.api",
    "set_glasses": "mien.api",
    "set_neutral": "mien.api",
    "smooth_faces": "mien.api",
    "set_occlusion_matte": "mien.api",
    "solve": "mien.api",
    "split_face": "mien.api",
    "summarize_project": "mien.api",
    "switch_provenance": "mien.api",
    "track": "mien.api",
    "undo_edits": "mien.api",
    "voice": "mien.api",
    "write_info_page": "mien.api",
    "write_reading_picture": "mien.api",
    "write_info_sheet": "mien.api",
    "WrittenCurves": "mien.api",
    "LedgerHead": "mien.consent.ledger",
    "LedgerProblem": "mien.consent.verify",
    "LedgerReport": "mien.consent.verify",
    "verify_ledger": "mien.consent.verify",
    "Consent": "mien.model.consent",
    "FlameFit": "mien.face.flame_fit",
    "choose_identity": "mien.identity.choose",
    "IdentityModel": "mien.identity.base",
    "CurveFormat": "mien.io.curves",
    "register_curve_format": "mien.io.curves",
    "FileVersion": "mien.io.files",
    "Frame": "mien.media.frame",
    "Picture": "mien.media.frame",
    "Box": "mien.media.planes",
    "Plate": "mien.media.planes",
    "open_reader": "mien.media.reader",
    "Reader": "mien.media.reader",
    "ChosenNeutral": "mien.model.chosen_neutral",
    "Control": "mien.model.controls",
    "CONTROLS": "mien.model.controls",
    "LandmarkCorrection": "mien.model.corrections",
    "UncorrectedFrames": "mien.model.corrections",
    "CurveFile": "mien.model.curve_file",
    "FaceCurves": "mien.model.curve_file",
    "FlameCurves": "mien.model.curve_file",
    "ControlCurves": "mien.model.curves",
    "Curves": "mien.model.curves",
    "HeadPose": "mien.model.curves",
    "EditHistory": "mien.model.edit_history",
    "EditStep": "mien.model.edit_history",
    "LayerChange": "mien.model.edit_history",
    "ControlTrack": "mien.model.edits",
    "Edit": "mien.model.edits",
    "Layer": "mien.model.edits",
    "Mode": "mien.model.edits",
    "evaluate": "mien.model.evaluate",
    "Evaluated": "mien.model.evaluate",
    "Face": "mien.model.face",
    "FaceTrack": "mien.model.face",
    "FEELINGS": "mien.model.feelings",
    "Feeling": "mien.model.feelings",
    "Interpolation": "mien.model.interpolate",
    "Key": "mien.model.interpolate",
    "Marker": "mien.model.marker",
    "ColorTags": "mien.model.media",
    "MediaInfo": "mien.model.media",
    "Orientation": "mien.model.media",
    "StreamInfo": "mien.model.media",
    "EXPRESSIONS": "mien.model.presets",
    "Preset": "mien.model.presets",
    "PRESETS": "mien.model.presets",
    "VISEMES": "mien.model.presets",
    "Quality": "mien.model.quality",
    "Soundtrack": "mien.model.soundtrack",
    "Phone": "mien.model.speech",
    "Speech": "mien.model.speech",
    "Word": "mien.model.speech",
    "MouthAmounts": "mien.model.voice",
    "Voice": "mien.model.voice",
    "read_phones": "mien.speech.files",
    "Listener": "mien.speech.listeners",
    "register_listener": "mien.speech.listeners",
    "Slip": "mien.speech.lips",
    "Sound": "mien.speech.sound",
    "RawLandmarks": "mien.model.raw_landmarks",
    "MatteStroke": "mien.model.occlusion",
    "Occlusion": "mien.model.occlusion",
    "PerformanceEvent": "mien.model.reading",
    "PerformanceReading": "mien.model.reading",
    "read_performance": "mien.model.reading",
    "RendererSettings": "mien.model.renderer_settings",
    "RetouchOptions": "mien.model.retouch",
    "ReferenceSettings": "mien.model.settings",
    "Example": "mien.model.shot",
    "Shot": "mien.model.shot",
    "ToolVersions": "mien.model.shot",
    "Smoothing": "mien.model.smoothing",
    "SourcePerformance": "mien.model.transfer",
    "Transfer": "mien.model.transfer",
    "Transferred": "mien.model.transfer",
    "TransferTiming": "mien.model.transfer_times",
    "WeakSpan": "mien.model.weak_spans",
    "Progress": "mien.progress",
    "PathMap": "mien.path_map",
    "PathRule": "mien.path_map",
    "Provenance": "mien.provenance.reading",
    "CacheKey": "mien.rendering.base",
    "FacePlan": "mien.rendering.base",
    "OcclusionSource": "mien.rendering.base",
    "Patch": "mien.rendering.base",
    "PlateSource": "mien.rendering.base",
    "Renderer": "mien.rendering.base",
    "RenderRequest": "mien.rendering.base",
    "RenderSession": "mien.rendering.base",
    "TrainSettings": "mien.rendering.reference.train.settings",
    "available_renderers": "mien.rendering.registry",
    "available_trackers": "mien.tracking.registry",
    "get_renderer": "mien.rendering.registry",
    "register_renderer": "mien.rendering.registry",
    "FaceReport": "mien.reporting",
    "FrameTrouble": "mien.reporting",
    "ReportFigure": "mien.reporting",
    "ReportThreshold": "mien.reporting",
    "ShotReport": "mien.reporting",
    "report": "mien.reporting",
    "Change": "mien.session.session",
    "Gesture": "mien.session.session",
    "Session": "mien.session.session",
    "Clock": "mien.timebase",
    "FrameRange": "mien.timebase",
    "Timecode": "mien.timebase",
    "Tracker": "mien.tracking.base",
    "TrackResult": "mien.tracking.base",
    "get_tracker": "mien.tracking.registry",
    "register_tracker": "mien.tracking.registry",
    "train_shot": "mien.training",
    "TrainReport": "mien.training",
}
"""Modules of the public names."""
_ROOMS = (
    "api", "bench", "editorial", "errors", "face", "identity", "io", "jobs", "media", "model",
    "preview", "progress", "rendering", "reporting", "retouch", "serve", "session", "timebase",
    "tracking", "training", "weights",
)  # fmt: skip
"""Modules and packages that are there as attributes, as `mien.errors`."""

__all__ = ["__version__", *_HOMES]


_RENAMED = {
    "CancelledError": "OperationCancelledError",
    "MissingPartError": "MissingDependencyError",
    "Track": "ControlTrack",
    "trackers": "available_trackers",
}
"""Names of an earlier release, which warn for one release."""


def __getattr__(name: str) -> object:
    if name in _RENAMED:
        import warnings

        warnings.warn(
            f"mien.{name} is called mien.{_RENAMED[name]} now.", DeprecationWarning, stacklevel=2
        )
        return getattr(importlib.import_module(__name__), _RENAMED[name])
    if name in _ROOMS:
        return importlib.import_module(f"mien.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'mien' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*__all__, *_ROOMS))
