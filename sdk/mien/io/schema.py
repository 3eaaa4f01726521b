"""The JSON part of a project file: its shape, its version, and how old ones are upgraded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from mien.errors import ProjectError
from mien.model.document import media_title
from mien.model.interpolate import Interpolation
from mien.model.renderer_settings import SettingValue

__all__ = [
    "INTERPOLATION_LETTERS", "VERSION", "ColorPart", "ConsentPart", "CorrectionPart", "EditPart",
    "ExamplePart", "ExampleShotPart", "FacePart", "KeysPart", "LayerPart", "MarkerPart",
    "MediaPart", "NeutralPart", "OcclusionPart", "ProjectDocument", "ShotPart", "StrokePart",
    "TimecodePart", "ToolVersionsPart", "TrackPart", "VoicePart", "read_document",
]  # fmt: skip

INTERPOLATION_LETTERS: Final[Mapping[Interpolation, str]] = {
    "hold": "h", "linear": "l", "ease": "e", "bezier": "b",
}  # fmt: skip
VERSION = 9
"""Version of the schema that this mien writes; it reads every version up to this one."""


def _several_shots(old: dict[str, Any]) -> dict[str, Any]:
    """Version 3 holds several shots, with names, markers and in and out points; keys in columns."""
    document = {key: old[key] for key in ("schema", "written_by") if key in old}
    shot = {key: value for key, value in old.items() if key not in (*document, "version")}
    for edit in shot["edits"]:
        for layer in edit["layers"]:
            for track in layer["tracks"]:
                track["keys"] = _columns(track["keys"])
    new: dict[str, Any] = {"id": "", "name": "", "arrays": "", "markers": [], "span": None}
    return document | {"version": 3, "shots": [new | shot]}


def _columns(keys: list[dict[str, Any]]) -> dict[str, Any]:
    handles = [
        (place, key.get("handle_in"), key.get("handle_out")) for place, key in enumerate(keys)
    ]
    return {
        "frames": [key["frame"] for key in keys],
        "values": [key["value"] for key in keys],
        "interpolations": "".join(
            INTERPOLATION_LETTERS[key.get("interpolation", "ease")] for key in keys
        ),
        "handles": [(place, *both) for place, *both in handles if any(both)],
    }


def _version_4(old: dict[str, Any]) -> dict[str, Any]:
    """Version 4 keeps settings of any renderer, what made the faces, and raw landmarks."""
    shots = []
    for shot in old["shots"]:
        reference = shot["reference"]
        settings = {} if reference is None else {"reference": reference}
        others = {key: value for key, value in shot.items() if key != "reference"}
        faces = [{"raw_landmarks": 0} | face for face in shot["faces"]]
        shots.append(others | {"settings": settings, "made_by": None, "faces": faces})
    return old | {"version": 4, "shots": shots}


def _version_5(old: dict[str, Any]) -> dict[str, Any]:
    """Version 5 keeps examples: other material of the people of a shot."""
    shots = [shot | {"examples": ()} for shot in old["shots"]]
    return old | {"version": 5, "shots": shots}


def _version_6(old: dict[str, Any]) -> dict[str, Any]:
    """Version 6 keeps what is in front of faces, how well regions are seen, and mixes."""

    def with_faces(shot: dict[str, Any] | None) -> dict[str, Any] | None:
        if shot is None:
            return None
        return shot | {"faces": [face | {"region_confidence": False} for face in shot["faces"]]}

    shots = []
    for shot in old["shots"]:
        examples = [one | {"shot": with_faces(one["shot"])} for one in shot["examples"]]
        new = {"examples": examples, "mixes": (), "occlusion": {}}
        shots.append((with_faces(shot) or {}) | new)
    return old | {"version": 6, "shots": shots}


def _version_7(old: dict[str, Any]) -> dict[str, Any]:
    """Version 7 keeps which video stream was opened, mirrored pictures, and where damage begins.

    Media without them are as before: the parts of older projects have their defaults.
    """
    return old | {"version": 7}


def _version_8(old: dict[str, Any]) -> dict[str, Any]:
    """Version 8 keeps landmarks put right by hand, and what was there before; older have none."""
    return old | {"version": 8}


def _version_9(old: dict[str, Any]) -> dict[str, Any]:
    """Version 9 keeps what was chosen to be neutral for a face; of older ones it was learned."""
    return old | {"version": 9}


UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    # Version 2 keeps settings of the reference renderer.
    1: lambda old: old | {"version": 2, "reference": None},
    2: _several_shots,
    3: _version_4,
    4: _version_5,
    5: _version_6,
    6: _version_7,
    7: _version_8,
    8: _version_9,
}
"""From a version of the document to the next, so that a file of any age can be read."""

_Count = Annotated[int, Field(ge=0)]
_Handle = tuple[float, float]
_PathText = Annotated[str, Field(pattern=r"^[^\x00]+$")]
_Positive = Annotated[int, Field(ge=1)]
_FRACTION = re.compile(r"\d{1,18}(/\d{1,18})?")


def _fraction(value: object) -> object:
    # Fraction itself would read "1e999999999", and take the memory for it.
    if isinstance(value, str) and not _FRACTION.fullmatch(value):
        raise ValueError("a fraction is written as 30000/1001")
    return value


_PositiveFraction = Annotated[Fraction, Field(gt=0), BeforeValidator(_fraction)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ColorPart(_Part):
    """`model.shot.ColorTags`."""

    primaries: int
    transfer: int
    matrix: int
    range: int


class TimecodePart(_Part):
    """`timebase.Timecode`."""

    frames: int
    nominal: _Positive
    drop: bool


class MediaPart(_Part):
    """`model.shot.MediaInfo`; its times are arrays beside the document.

    `path` is relative to the folder of the project, with forward slashes.
    """

    path: _PathText
    kind: Literal["movie", "sequence", "memory"]
    container: str
    codec: str
    pixel_format: str
    bits: _Positive
    width: _Positive
    height: _Positive
    quarter_turns: Annotated[int, Field(ge=0, le=3)]
    mirrored: bool = False
    pixel_aspect: _PositiveFraction
    rate: _PositiveFraction
    frame_count: _Count
    variable_rate: bool
    start: TimecodePart | None
    time_base: _PositiveFraction
    color: ColorPart
    audio_streams: _Count
    subtitle_streams: _Count
    bit_rate: _Count
    fingerprint: str
    first_number: _Count
    metadata: dict[str, str]
    cut_short: str = ""
    missing_frames: Literal["error", "hold", "black"] = "error"
    """What stands for images of a sequence that are missing between others."""
    stream: Annotated[int, Field(ge=0)] | None = None
    """None in projects of an older mien, which opened the first that is no cover."""


class ToolVersionsPart(_Part):
    """`model.shot.ToolVersions`."""

    tracker: str
    tracker_version: _Count
    solver: _Count


class CorrectionPart(_Part):
    """`model.corrections.LandmarkCorrection`."""

    frame: _Count
    group: Literal["left_eye", "right_eye", "brows", "nose", "mouth", "jaw"]
    dx: float
    dy: float
    before: _Count
    after: _Count


class NeutralPart(_Part):
    """`model.chosen_neutral.ChosenNeutral`; its shape lies beside the document."""

    frame: _Count | None
    picture: str
    frames: _Positive


class SmoothingPart(_Part):
    """`model.smoothing.Smoothing`."""

    method: Literal["adaptive", "savgol", "one-euro", "median", "none"]
    strength: float
    groups: tuple[tuple[str, float], ...]
    seconds: float | None


class ConsentPart(_Part):
    """`model.consent.Consent`; days are written as 2026-11-30."""

    performer: str
    ground: str
    date: str
    expires: str | None
    document: str
    controls: tuple[str, ...]
    uses: tuple[str, ...]


class FacePart(_Part):
    """`model.face.Face`; its arrays lie beside the document, under its number."""

    number: _Positive
    name: str
    basis: str
    raw_landmarks: _Count
    """Bytes of the landmarks as they were tracked (`raw/landmarks.npy`); 0 where there are none."""
    region_confidence: bool
    """Whether there is a `region_confidence.npy`."""
    corrections: tuple[CorrectionPart, ...] = ()
    uncorrected_frames: _Count = 0
    """Frames that corrections changed, as they were, in `uncorrected/`; 0 where there are none."""
    neutral: NeutralPart | None = None
    """Where a `neutral.npy` was taken from; None where there is none."""
    smoothing: SmoothingPart | None = None
    """None where curves are smoothed as usual."""
    consent: ConsentPart | None = None
    """None where nothing was said."""


class KeysPart(_Part):
    """Keys of a track (`model.interpolate.Key`), column by column: a curve may have thousands.

    `interpolations` has a letter a key, of INTERPOLATION_LETTERS; `handles` names the keys that
    have any by their place: (place, handle before, handle after).
    """

    frames: Annotated[tuple[int, ...], Field(min_length=1)]
    values: tuple[float, ...]
    interpolations: Annotated[str, Field(pattern=r"^[hleb]+$")]
    handles: tuple[tuple[_Count, _Handle | None, _Handle | None], ...] = ()

    @model_validator(mode="after")
    def _columns_agree(self) -> KeysPart:
        count = len(self.frames)
        if not count == len(self.values) == len(self.interpolations):
            raise ValueError("frames, values and interpolations are not as many as each other")
        if any(place >= count for place, _, _ in self.handles):
            raise ValueError("handles of a key that is not there")
        return self


class TrackPart(_Part):
    """`model.edits.Track`."""

    control: str
    mode: Literal["add", "replace", "scale", "smooth"]
    span: tuple[int, int] | None
    fade: _Count
    keys: KeysPart


class VoicePart(_Part):
    """`model.voice.Voice`; phones and words in columns, times in seconds."""

    sound: str | None
    content: str
    start: float
    span: tuple[_Count, _Count]
    mode: Literal["replace", "add"]
    jaw: float
    lips: float
    heard_by: str
    seconds: float
    phones: tuple[tuple[str, float, float, str], ...]
    words: tuple[tuple[str, float, float], ...]


class LayerPart(_Part):
    """`model.edits.Layer`."""

    name: str
    weight: Annotated[float, Field(ge=0, le=1)]
    muted: bool
    tracks: tuple[TrackPart, ...]
    voice: VoicePart | None = None


class EditPart(_Part):
    """`model.edits.Edit`, its face by number."""

    face: _Positive
    layers: tuple[LayerPart, ...]


class LayerChangePart(_Part):
    """`model.edit_history.LayerChange`."""

    face: _Positive
    name: str
    index: _Count
    before: LayerPart | None
    after: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]


class EditStepPart(_Part):
    """`model.edit_history.EditStep`."""

    title: str
    changes: tuple[LayerChangePart, ...]


class EditHistoryPart(_Part):
    """`model.edit_history.EditHistory`."""

    done: tuple[EditStepPart, ...] = ()
    undone: tuple[EditStepPart, ...] = ()


class MarkerPart(_Part):
    """`model.marker.Marker`."""

    frame: _Count
    name: str
    color: Literal["amber", "red", "green", "blue", "violet", "gray"]


class ExampleShotPart(_Part):
    """The tracked shot of an example; its arrays lie in `examples/N/` of its shot's."""

    media: MediaPart
    cuts: tuple[_Count, ...]
    mixes: tuple[tuple[_Count, _Count], ...] = ()
    made_by: ToolVersionsPart | None
    faces: tuple[FacePart, ...]
    tracked_spans: tuple[tuple[_Count, _Count], ...] | None = None


class ExamplePart(_Part):
    """`model.shot.Example`; `path` is relative, as the media's is."""

    path: _PathText
    problem: str
    shot: ExampleShotPart | None


class StrokePart(_Part):
    """`model.occlusion.MatteStroke`."""

    face: _Positive
    frame: _Count
    span: tuple[_Count, _Count]
    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]
    radius: Annotated[float, Field(gt=0)]
    erase: bool


class OcclusionPart(_Part):
    """`model.occlusion.Occlusion`; `matte` is relative, as the media's path is."""

    detect: bool = True
    fade: bool = True
    matte: Annotated[str, Field(pattern=r"^[^\x00]*$")] = ""
    matte_content: str = ""
    glasses: dict[_Positive, Literal["auto", "yes", "no"]] = {}
    strokes: tuple[StrokePart, ...] = ()


class ShotPart(_Part):
    """`model.document.Project` without its arrays."""

    id: Annotated[str, Field(pattern=r"^[0-9a-z-]{0,36}$")]
    name: str
    arrays: Annotated[str, Field(pattern=r"^(shots/[1-9][0-9]{0,5}/)?$")]
    """Folder of the shot's arrays in the archive; empty in files that hold one shot only."""
    media: MediaPart
    cuts: tuple[_Count, ...]
    made_by: ToolVersionsPart | None
    faces: tuple[FacePart, ...]
    edits: tuple[EditPart, ...]
    settings: dict[str, dict[str, SettingValue]]
    """By the renderer's name; `shot_lora` of `reference` is relative, as the media's path is."""
    markers: tuple[MarkerPart, ...]
    span: tuple[_Count, _Count] | None
    examples: tuple[ExamplePart, ...]
    mixes: tuple[tuple[_Count, _Count], ...]
    damaged: tuple[tuple[_Count, _Count], ...] = ()
    tracked_spans: tuple[tuple[_Count, _Count], ...] | None = None
    """The frames that were tracked where not all were: faces' arrays have their rows alone."""
    occlusion: OcclusionPart
    history: EditHistoryPart = EditHistoryPart()
    provenance: bool = True

    @property
    def title(self) -> str:
        """As `Project.title`."""
        return self.name or media_title(PurePosixPath(self.media.path).name)


class ProjectDocument(_Part):
    """Everything of a project file but its arrays."""

    schema_name: Annotated[Literal["mien-project"], Field(alias="schema")] = "mien-project"
    version: Literal[9] = 9
    written_by: str
    shots: tuple[ShotPart, ...]

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def read_document(text: bytes, name: str) -> ProjectDocument:
    """Read a project's JSON, upgrading it when an older mien wrote it.

    Args:
        text: The JSON, UTF-8.
        name: Name of the file, for errors.

    Raises:
        ProjectError: When it is not JSON, not a project, too new, or a field is wrong; the
            message names the field.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            f"{name} is corrupt: its project.json is not JSON.", "Restore it from a backup."
        ) from error
    if not isinstance(document, dict) or document.get("schema") != "mien-project":
        raise ProjectError(f"{name} is no mien project.", "Make one with `mien track`.")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise ProjectError(f"{name} has the version {version!r}, which is none.")
    if version > VERSION:
        raise ProjectError(
            f"{name} was written by a newer mien (project version {version}, this one reads up"
            f" to {VERSION}).",
            "Update mien.",
        )
    if version not in (*UPGRADES, VERSION):
        raise ProjectError(f"{name} has project version {version}, which no mien wrote.")
    try:
        for step in range(version, VERSION):
            document = UPGRADES[step](document)
        return ProjectDocument.model_validate(document)
    except (AttributeError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{name} is corrupt: its project.json lacks fields of version {version}.",
            "Restore it from a backup, or track the shot again.",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ProjectError(
            f"{name} is corrupt: its field {field} is wrong ({first['msg']}).",
            "Restore it from a backup, or track the shot again.",
        ) from error
