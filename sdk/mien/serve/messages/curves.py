"""Messages about curves, and files of them."""

from __future__ import annotations

from typing import Literal

from mien.serve.messages.base import (
    Count,
    Encoding,
    FaceRef,
    Handle,
    Message,
    Name,
    Numbers,
    PathText,
    Span,
)

__all__ = [
    "CurvesParams",
    "CurvesResult",
    "ExportCurvesParams",
    "ExportCurvesResult",
    "FlameRows",
    "ImportCurvesParams",
    "ImportCurvesResult",
    "PoseRows",
]


class CurvesParams(Message):
    """Curves of a face to read."""

    shot: Handle
    face: FaceRef
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
    """Curves to write to a file of a format that `hello` lists, as `.npz` (one face) or `.json`."""

    shot: Handle
    path: PathText
    face: FaceRef | None = None
    """When not given the largest face, or all where the format holds many, as `.json`."""
    raw: bool = False
    basis: Name = "auto"
    layout: Name | None = None
    """Which format, where an ending has several (`curve_formats` of `hello`)."""
    fps: float | str | None = None
    """Frames a second to which they are resampled: 24, `23.976`, `24000/1001`."""
    offset: int | str = 0
    """Frames or a time (`1.5s`) by which they come later; earlier with a minus."""
    gains: dict[Name, float] | None = None
    """Factors by controls and groups (`brows`, `mouth`, ...)."""
    only: list[Name] | None = None
    """Groups that are written; all when not given."""
    overwrite: bool = False


class ExportCurvesResult(Message):
    """What was written."""

    faces: list[int]
    basis: str
    frames: Count
    """Frames of the file."""


class ImportCurvesParams(Message):
    """A curve file (of `export_curves`, `mien curves`, a plug-in's) that a face is to follow."""

    shot: Handle
    face: FaceRef
    path: PathText
    source_face: FaceRef | None = None
    """Whose curves, where the file holds several faces."""
    controls: list[Name] | None = None
    """Controls to take; all but head and gaze when not given."""
    at: Count = 0
    """Frame of the shot on which the file's first frame falls."""
    layer: Name = "imported"
    """Layer that it makes, or takes the place of."""
    mode: Literal["replace", "add"] = "replace"
    """Whether the face follows the curves, or they are added to what it does."""
    retime: bool = False
    """Whether a file with another frame rate keeps its seconds; else it goes frame for frame."""
    only: list[Name] | None = None
    """Groups of controls to take, beside those that `controls` names."""
    gains: dict[Name, float] | None = None
    """Factors of the values, by controls and groups."""
    basis: Name | None = None
    """Of FLAME coefficients in a file that does not name it."""


class ImportCurvesResult(Message):
    """The layer that was made."""

    layer: str
    controls: list[str]
    frames: Span
    unknown: list[str]
    """Names in the file that are no controls, and were left out."""
    notices: list[str]
    """Sentences on what else of the file was left out."""
