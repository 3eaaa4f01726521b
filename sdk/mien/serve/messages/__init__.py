"""What hosts ask of `mien serve` and what it answers, method by method.

Every method has a model of its parameters and one of its result. The schema that
`mien serve --schema` prints is made from the models here, and so are the checks: a field that
is not named here is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from mien.serve.messages.applying import ApplyParams, ApplyResult
from mien.serve.messages.base import (
    Empty,
    Encoding,
    Handle,
    Message,
    Numbers,
    Packed,
    RequestId,
)
from mien.serve.messages.control import (
    CancelParams,
    CancelResult,
    CurveFormatFacts,
    HelloParams,
    HelloResult,
    JobFacts,
    JobKind,
    JobResult,
    ShotStatus,
    StatusResult,
)
from mien.serve.messages.curves import (
    CurvesParams,
    CurvesResult,
    ExportCurvesParams,
    ExportCurvesResult,
    FlameRows,
    ImportCurvesParams,
    ImportCurvesResult,
    PoseRows,
)
from mien.serve.messages.edits import (
    EditFacts,
    GetEditsParams,
    GetEditsResult,
    KeyedTrack,
    KeyValue,
    LayerValue,
    RetouchParams,
    RetouchResult,
    SampledTrack,
    SetEditsParams,
    SetEditsResult,
)
from mien.serve.messages.faces import (
    CorrectionFacts,
    CorrectLandmarksParams,
    ImportLandmarksParams,
    MergeFacesParams,
    NeutralFacts,
    RemoveCorrectionsParams,
    RemoveFaceParams,
    RetrackFaceParams,
    SetNeutralParams,
    SplitFaceParams,
    UndoFacesParams,
)
from mien.serve.messages.names import ControlFacts, ControlsResult, PresetFacts
from mien.serve.messages.pictures import PreviewParams, PreviewResult, RenderParams, RenderResult
from mien.serve.messages.reading import ReadEvent, ReadParams, ReadResult
from mien.serve.messages.shots import (
    CloseParams,
    ExampleFacts,
    FaceFacts,
    FacesParams,
    FacesResult,
    GlassesParam,
    GlassesValue,
    MadeBy,
    OcclusionFacts,
    OpenParams,
    RelinkParams,
    RelinkResult,
    RenameFaceParams,
    SaveParams,
    SetExamplesParams,
    SetNeutralResult,
    SetOcclusionParams,
    SetOcclusionResult,
    ShotFacts,
    SolveParams,
    StrokeParam,
    StrokeValue,
    TrackParams,
    VideoStreamFacts,
    WeakSpanFacts,
)

__all__ = [
    "ApplyParams",
    "ApplyResult",
    "CancelParams",
    "CancelResult",
    "CloseParams",
    "ControlFacts",
    "ControlsResult",
    "CorrectLandmarksParams",
    "CorrectionFacts",
    "CurveFormatFacts",
    "CurvesParams",
    "CurvesResult",
    "EditFacts",
    "Empty",
    "Encoding",
    "ExampleFacts",
    "ExportCurvesParams",
    "ExportCurvesResult",
    "FaceFacts",
    "FacesParams",
    "FacesResult",
    "FlameRows",
    "GetEditsParams",
    "GetEditsResult",
    "GlassesParam",
    "GlassesValue",
    "Handle",
    "HelloParams",
    "HelloResult",
    "ImportCurvesParams",
    "ImportCurvesResult",
    "ImportLandmarksParams",
    "JobFacts",
    "JobKind",
    "JobResult",
    "KeyValue",
    "KeyedTrack",
    "LayerValue",
    "METHODS",
    "MadeBy",
    "MergeFacesParams",
    "Message",
    "Method",
    "NeutralFacts",
    "Numbers",
    "OcclusionFacts",
    "OpenParams",
    "Packed",
    "PoseRows",
    "PresetFacts",
    "PreviewParams",
    "PreviewResult",
    "ReadEvent",
    "ReadParams",
    "ReadResult",
    "RelinkParams",
    "RelinkResult",
    "RemoveCorrectionsParams",
    "RemoveFaceParams",
    "RenameFaceParams",
    "RenderParams",
    "RenderResult",
    "RequestId",
    "RetouchParams",
    "RetouchResult",
    "RetrackFaceParams",
    "SampledTrack",
    "SaveParams",
    "SetEditsParams",
    "SetEditsResult",
    "SetExamplesParams",
    "SetNeutralParams",
    "SetNeutralResult",
    "SetOcclusionParams",
    "SetOcclusionResult",
    "ShotFacts",
    "ShotStatus",
    "SolveParams",
    "SplitFaceParams",
    "StatusResult",
    "StrokeParam",
    "StrokeValue",
    "TrackParams",
    "UndoFacesParams",
    "VideoStreamFacts",
    "WeakSpanFacts",
]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the protocol.

    Attributes:
        params: Model of its parameters.
        result: Model of its result; of a method that starts a job, `JobResult`.
        job: Model of the result in the job's event `done`.
    """

    params: type[Message]
    result: type[Message]
    job: type[Message] | None = None


METHODS: dict[str, Method] = {
    "hello": Method(HelloParams, HelloResult),
    "status": Method(Empty, StatusResult),
    "cancel": Method(CancelParams, CancelResult),
    "shutdown": Method(Empty, Empty),
    "open": Method(OpenParams, ShotFacts),
    "close": Method(CloseParams, Empty),
    "relink": Method(RelinkParams, RelinkResult),
    "track": Method(TrackParams, JobResult, ShotFacts),
    "solve": Method(SolveParams, JobResult, ShotFacts),
    "set_examples": Method(SetExamplesParams, JobResult, ShotFacts),
    "set_occlusion": Method(SetOcclusionParams, SetOcclusionResult),
    "faces": Method(FacesParams, FacesResult),
    "rename_face": Method(RenameFaceParams, FacesResult),
    "merge_faces": Method(MergeFacesParams, ShotFacts),
    "split_face": Method(SplitFaceParams, ShotFacts),
    "remove_face": Method(RemoveFaceParams, ShotFacts),
    "correct_landmarks": Method(CorrectLandmarksParams, ShotFacts),
    "remove_corrections": Method(RemoveCorrectionsParams, ShotFacts),
    "set_neutral": Method(SetNeutralParams, SetNeutralResult),
    "retrack_face": Method(RetrackFaceParams, JobResult, ShotFacts),
    "import_landmarks": Method(ImportLandmarksParams, ShotFacts),
    "undo_faces": Method(UndoFacesParams, ShotFacts),
    "curves": Method(CurvesParams, CurvesResult),
    "read": Method(ReadParams, ReadResult),
    "set_edits": Method(SetEditsParams, SetEditsResult),
    "get_edits": Method(GetEditsParams, GetEditsResult),
    "retouch": Method(RetouchParams, RetouchResult),
    "preview": Method(PreviewParams, PreviewResult),
    "render": Method(RenderParams, JobResult, RenderResult),
    "save": Method(SaveParams, Empty),
    "export_curves": Method(ExportCurvesParams, ExportCurvesResult),
    "import_curves": Method(ImportCurvesParams, ImportCurvesResult),
    "apply": Method(ApplyParams, ApplyResult),
    "controls": Method(Empty, ControlsResult),
}
"""Every method, by its name."""
