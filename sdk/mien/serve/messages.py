"""What hosts ask of `mien serve` and what it answers, method by method.

Every method has a model of its parameters and one of its result. The schema that
`mien serve --schema` prints is made from the models here, and so are the checks: a field that
is not named here is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

__all__ = [
    "METHODS", "CancelParams", "CancelResult", "CloseParams", "ControlFacts", "ControlsResult",
    "CurvesParams", "CurvesResult", "EditFacts", "Empty", "ExportCurvesParams",
    "ExportCurvesResult", "FaceFacts", "FacesParams", "FacesResult", "FlameRows",
    "GetEditsParams", "GetEditsResult", "Handle", "HelloParams", "HelloResult",
    "ImportCurvesParams", "ImportCurvesResult", "JobFacts", "JobResult", "KeyedTrack", "KeyValue",
    "LayerValue", "Message", "Method", "Numbers", "OpenParams", "Packed", "PoseRows",
    "PresetFacts", "PreviewParams", "PreviewResult", "RenderParams", "RenderResult",
    "SampledTrack", "SaveParams", "SetEditsParams", "SetEditsResult", "ShotFacts",
    "ShotStatus", "StatusResult", "TrackParams",
]  # fmt: skip

Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_LONGEST_PATH = 4096


def _path(value: object) -> str:
    # Names of files need not be Unicode; what is not comes as lone surrogates (PEP 383), which
    # pydantic's own check of strings refuses.
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_PATH or "\x00" in value:
        raise ValueError(f"a path is text of 1 to {_LONGEST_PATH} characters, none of them null")
    return value


PathText = Annotated[
    str,
    PlainValidator(_path),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _LONGEST_PATH}),
]
"""A path, or the pattern of an image sequence (`shot.%04d.exr`)."""
Handle = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""Names a shot or a job to the client that has it, and to nobody else."""
Span = Annotated[list[Count], Field(min_length=2, max_length=2)]
"""`[start, stop]`: frames, `stop` excluded."""
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Mode = Literal["add", "replace", "scale", "smooth"]
Encoding = Literal["list", "f32"]


class Message(BaseModel):
    """Part of a message: every field is named, none is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False,
                              use_attribute_docstrings=True)  # fmt: skip


class Empty(Message):
    """Nothing."""


class Packed(Message):
    """Numbers as base64 of little-endian float32, row after row."""

    f32: str


Numbers = list[float] | Packed


# --- the conversation -----------------------------------------------------------------------


class HelloParams(Message):
    """Who asks. The first request of every client."""

    protocol: int
    """Version of the protocol that the client speaks: 1."""
    client: Name
    """Name and version of the program, for people."""
    token: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Needed over TCP, and only there."""


class HelloResult(Message):
    """Who answers."""

    protocol: int
    mien: str
    """Version of mien."""
    methods: list[str]
    renderers: list[str]
    """Those that can be used now; `auto` chooses among them."""
    max_line: int
    """Bytes of a line that are read at most."""


class JobFacts(Message):
    """A job: work of a process of its own."""

    job: Handle
    kind: Literal["track", "render"]
    shot: Handle
    state: Literal["running", "done", "failed", "cancelled"]
    stage: str
    """What is being done: `track`, `solve`, `prepare` or `render`; empty at first."""
    done: Count
    total: Count
    """Steps of the stage; 0 while they are not known."""
    seconds: float
    """Since it was started; for a job that has ended, how long it took."""


class ShotStatus(Message):
    """A shot that the client has open."""

    shot: Handle
    path: PathText
    tracked: bool


class StatusResult(Message):
    """What is open and what is going on, of the client that asks."""

    mien: str
    shots: list[ShotStatus]
    jobs: list[JobFacts]


class CancelParams(Message):
    """A job to stop. One that has ended already is left as it is."""

    job: Handle


class CancelResult(Message):
    """State of the job when it was asked; the event `cancelled` follows when it has stopped."""

    job: Handle
    state: Literal["running", "done", "failed", "cancelled"]


class JobResult(Message):
    """A job was started; its events name it."""

    job: Handle


# --- shots ----------------------------------------------------------------------------------


class OpenParams(Message):
    """A movie, the pattern of an image sequence, or a `.mien` project."""

    path: PathText
    media: PathText | None = None
    """Where a project's media are, if they have moved."""
    project_shot: Name | Number | None = None
    """Name of a project's shot, or its number from 1; needed where it has several."""


class CloseParams(Message):
    """A shot to let go of; its jobs are cancelled, its handle is no longer known."""

    shot: Handle


class FaceFacts(Message):
    """A person of a shot."""

    face: Number
    name: str
    frames_seen: Count
    confidence: float
    """0..1, the mean over the frames in which it was seen."""
    frame: Count
    """A frame in which it is seen well."""
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    """x0, y0, x1, y1 in that frame, pixels of the upright picture."""
    thumbnail: str | None = None
    """Base64 of a PNG of it in that frame; only where it was asked for."""


class ShotFacts(Message):
    """A shot that is open."""

    shot: Handle
    path: PathText
    """Of the media."""
    project: PathText | None
    """Path of the project that it was opened from."""
    tracked: bool
    frames: Count
    rate: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Frames a second, as numerator and denominator."""
    variable_rate: bool
    seconds: float
    size: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Width and height of the upright picture in square pixels."""
    start_timecode: str
    kind: Literal["movie", "sequence"]
    codec: str
    bits: int
    audio: bool
    fingerprint: str
    """Names the content, whatever the file is called."""
    cuts: list[int]
    """First frames of new shots inside the material."""
    faces: list[FaceFacts]
    edited: list[int]
    """Numbers of the faces that have edits."""


class TrackParams(Message):
    """A shot whose faces are to be found. The job's result is `ShotFacts`."""

    shot: Handle
    max_faces: Number | None = None
    replace: bool = False
    """Whether a shot that is tracked is tracked again; its edits go with its faces."""


class FacesParams(Message):
    """A shot whose faces are to be shown."""

    shot: Handle
    thumbnail: Annotated[int, Field(ge=16, le=1024)] | None = None
    """Pixels along the side of square pictures of them; none when not given."""


class FacesResult(Message):
    """The faces, the first to appear first."""

    faces: list[FaceFacts]


class SaveParams(Message):
    """A shot to keep, with its faces and edits, as a `.mien` project."""

    shot: Handle
    path: PathText
    overwrite: bool = False


# --- curves ---------------------------------------------------------------------------------


class CurvesParams(Message):
    """Curves of a face to read."""

    shot: Handle
    face: Number
    which: Literal["performance", "raw", "target"] = "performance"
    """As smoothed, as solved, or as the edits ask for (controls alone)."""
    controls: list[Name] | None = None
    """Names; all 59 when not given. A name without its side gives the mean of both."""
    flame: bool = False
    basis: Name = "mien-rig"
    """Of the FLAME coefficients: `mien-rig`, or an installed head, which takes longer."""
    pose: bool = False
    frames: Span | None = None
    encoding: Encoding = "list"


class FlameRows(Message):
    """(N, 55) FLAME coefficients: expression 50, eyelids 2, jaw 3 (axis-angle, radians)."""

    basis: str
    values: Numbers
    """55 N numbers, row after row."""


class PoseRows(Message):
    """Where the head is: [x, y] = translation + scale * [(R X)_x, -(R X)_y], in pixels."""

    scale: Numbers
    """(N,) pixels per centimetre."""
    rotation: Numbers
    """(N, 3) axis times angle, radians; x to the person's left, y up, z to the camera."""
    translation: Numbers
    """(N, 2) pixels of the upright picture."""


class CurvesResult(Message):
    """Curves of N frames. Values of frames that are not valid are 0 and mean nothing."""

    start: Count
    stop: Count
    valid: list[bool]
    """Whether the face can be edited in the frame."""
    bridged: list[bool]
    """Whether its values are interpolated over a short gap."""
    controls: dict[str, Numbers]
    flame: FlameRows | None = None
    pose: PoseRows | None = None


class ExportCurvesParams(Message):
    """Curves to write to a file: `.npz` (one face) or `.json` (one or all)."""

    shot: Handle
    path: PathText
    face: Number | None = None
    """The largest face for `.npz`, all for `.json`, when not given."""
    raw: bool = False
    basis: Name = "auto"
    overwrite: bool = False


class ExportCurvesResult(Message):
    """What was written."""

    faces: list[int]
    basis: str


class ImportCurvesParams(Message):
    """A file of `export_curves` (or `mien curves`) whose controls a face is to follow."""

    shot: Handle
    face: Number
    path: PathText
    source_face: Number | None = None
    """Whose curves, where the file holds several faces."""
    controls: list[Name] | None = None
    """Controls to take; all but head and gaze when not given."""
    at: Count = 0
    """Frame of the shot on which the file's first frame falls."""
    layer: Name = "imported"
    """Layer that it makes, or takes the place of."""


class ImportCurvesResult(Message):
    """The layer that was made."""

    layer: str
    controls: list[str]
    frames: Span


# --- edits ----------------------------------------------------------------------------------


class KeyValue(Message):
    """A value at a frame, and how the curve leaves it."""

    frame: int
    value: float
    interpolation: Literal["hold", "linear", "ease", "bezier"] = "ease"
    handle_in: Pair | None = None
    """Bezier handle before the key: frames (<= 0) and value, as offsets."""
    handle_out: Pair | None = None


class KeyedTrack(Message):
    """Keys on a control, an expression or a viseme."""

    control: Name
    mode: Mode = "add"
    """Whether values are added to the performance, take its place, scale it, or are the
    standard deviation, in frames, of a Gaussian that smooths what lies below."""
    keys: Annotated[list[KeyValue], Field(min_length=1)]
    """In ascending order of frames."""
    span: Span | None = None
    """Frames in which the track acts; all when not given."""
    fade: Count = 6
    """Frames over which it is eased in and out inside the span."""


class SampledTrack(Message):
    """A value for every frame, from a host that has its own keys and curves.

    Values are taken as they are: nothing is eased or interpolated, and outside of them
    nothing is asked.
    """

    control: Name
    mode: Mode = "add"
    """`add`: the values are differences; `replace`: they are what the control is to be."""
    start: Count = 0
    values: Numbers
    """One for every frame from `start` on."""
    fade: Count = 0
    """Frames over which the track is eased in and out inside of them."""


class LayerValue(Message):
    """A named group of tracks, applied in order."""

    name: Name
    weight: Annotated[float, Field(ge=0, le=1)] = 1.0
    muted: bool = False
    tracks: list[SampledTrack | KeyedTrack]


class SetEditsParams(Message):
    """Everything that is asked of one face; what was asked of it before is forgotten."""

    shot: Handle
    face: Number
    layers: list[LayerValue]
    """Bottom first; names are unique. None: nothing is asked."""


class SetEditsResult(Message):
    """What it comes to."""

    active_frames: Count
    """Frames in which the face will differ from the performance."""


class GetEditsParams(Message):
    """Edits to read."""

    shot: Handle
    face: Number | None = None
    """All faces with edits when not given."""
    sampled: bool = False
    """Whether tracks come as a value for every frame in place of keys."""
    encoding: Encoding = "list"
    """Of sampled values."""


class EditFacts(Message):
    """What is asked of one face."""

    face: Number
    layers: list[LayerValue]


class GetEditsResult(Message):
    """What is asked, face by face."""

    edits: list[EditFacts]


# --- pictures -------------------------------------------------------------------------------


class PreviewParams(Message):
    """A frame to look at, upright and as an ordinary display shows it."""

    shot: Handle
    frame: Count
    edited: bool = True
    """The edit, as the embedded renderer makes it; else the plate."""
    max_size: Annotated[int, Field(ge=16, le=16384)] | None = None
    """Pixels of the longer side at most."""
    format: Literal["png", "rgba8"] = "png"
    """`rgba8`: 4 bytes a pixel, rows from top to bottom, no header."""
    to: Literal["inline", "file"] = "inline"
    """`file`: a file in memory (where the system has such) that only this user may read. It
    is there until the client has asked for two more."""


class PreviewResult(Message):
    """The picture."""

    frame: Count
    width: int
    height: int
    format: Literal["png", "rgba8"]
    edited: bool
    """Whether a face was changed in it."""
    data: str | None = None
    """Base64, when it was asked for `inline`."""
    path: PathText | None = None


class RenderParams(Message):
    """A shot to write, with its edits. The job's result is `RenderResult`."""

    shot: Handle
    output: PathText
    frames: Span | None = None
    renderer: Name = "auto"
    settings: dict[str, bool | int | float | str] | None = None
    """Of the reference renderer; those that are not named are the project's, or a final
    render's."""
    codec: Name | None = None
    """As `mien render --codec`; the source's when not given."""
    lossless: bool = False
    overwrite: bool = False
    matte: bool = False
    """Whether the mask of what is changed is written, in grey, in place of the picture."""


class RenderResult(Message):
    """What a render did."""

    output: PathText
    frames: Count
    frames_edited: Count
    frames_resumed: Count
    faces: list[int]
    renderer: str | None
    codec: str
    seconds: float
    notes: list[str]


# --- names ----------------------------------------------------------------------------------


class ControlFacts(Message):
    """One axis of expression."""

    name: str
    region: str
    unit: Literal["weight", "degrees"]
    low: float
    high: float
    mirror: str
    """The same on the other side; its own name where there is none."""


class PresetFacts(Message):
    """A named mixture of controls, keyed as one."""

    name: str
    kind: Literal["expression", "viseme"]
    weights: dict[str, float]


class ControlsResult(Message):
    """Everything that can be keyed."""

    controls: list[ControlFacts]
    presets: list[PresetFacts]


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
    "track": Method(TrackParams, JobResult, ShotFacts),
    "faces": Method(FacesParams, FacesResult),
    "curves": Method(CurvesParams, CurvesResult),
    "set_edits": Method(SetEditsParams, SetEditsResult),
    "get_edits": Method(GetEditsParams, GetEditsResult),
    "preview": Method(PreviewParams, PreviewResult),
    "render": Method(RenderParams, JobResult, RenderResult),
    "save": Method(SaveParams, Empty),
    "export_curves": Method(ExportCurvesParams, ExportCurvesResult),
    "import_curves": Method(ImportCurvesParams, ImportCurvesResult),
    "controls": Method(Empty, ControlsResult),
}
"""Every method, by its name."""
