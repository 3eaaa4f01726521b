"""The JSON part of a project file: its shape and its version; versions.py upgrades old ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from mien.model.document import media_title
from mien.model.interpolate import Interpolation
from mien.model.renderer_settings import SettingValue

__all__ = [
    "INTERPOLATION_LETTERS", "VERSION", "ColorPart", "ConsentPart", "CorrectionPart", "EditPart",
    "ExamplePart", "ExampleShotPart", "FacePart", "KeysPart", "LayerPart", "MarkerPart",
    "MediaPart", "NeutralPart", "OcclusionPart", "ProjectDocument", "ShotPart", "StrokePart",
    "TimecodePart", "ToolVersionsPart", "TrackPart", "VoicePart",
]  # fmt: skip

INTERPOLATION_LETTERS: Final[Mapping[Interpolation, str]] = {
    "hold": "h", "linear": "l", "ease": "e", "bezier": "b",
}  # fmt: skip
VERSION = 9
"""Version of the schema that this mien writes; it reads every version up to this one."""

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
