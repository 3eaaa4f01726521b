"""Fields of shots in lists (`jobs.yaml`) and in cuts, and what is said of those that are wrong."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from mien.errors import MienError
from mien.jobs.job import ApplyInput, CurvesInput
from mien.model.assignments import parse_assignment
from mien.model.curve_layer import ImportMode
from mien.model.edits import FADE
from mien.model.face_names import read_face
from mien.model.occlusion import OcclusionChoice, read_glasses
from mien.model.quality import Quality, parse_bitrate, parse_crf
from mien.model.soundtrack import Soundtrack
from mien.model.transfer import APPLIED_LAYER, Transfer
from mien.model.transfer_times import TransferTiming
from mien.model.watermark import DRAFT, check_watermark
from mien.path_map import machine_path
from mien.timebase import Clock

__all__ = ["Applies", "ApplyPart", "Curves", "CurvesPart", "FaceField", "Files", "Frames",
           "OcclusionFields", "Part", "QualityFields", "Sets", "Text", "WatermarkText",
           "explain"]  # fmt: skip

_NO_MATTE: Final = "none"
"""As a matte: that the project's own is not used."""
_SWITCH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("yes", "true", "on"), DRAFT), **dict.fromkeys(("no", "false", "off"), ""),
}  # fmt: skip
"""In place of a watermark's text: whether there is one."""
_ANY_CLOCK: Final = Clock(Fraction(1000), 10**9)
"""A clock on which every well-formed span can be read, before the shot's own is known."""


def _check_set(text: str) -> str:
    try:
        assignment = parse_assignment(text)
        if assignment.span is not None:
            _ANY_CLOCK.parse_range(assignment.span)
    except MienError as error:
        raise ValueError(str(error)) from error
    return text


def _check_frames(text: str) -> str:
    try:
        _ANY_CLOCK.parse_range(text)
    except MienError as error:
        raise ValueError(str(error)) from error
    return text


def _check_glasses(text: str) -> str:
    try:
        read_glasses([text])
    except MienError as error:
        raise ValueError(str(error)) from error
    return text


def _face(value: object) -> int | str:
    """A face by number or name: the same whether a file has numbers or text for numbers."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a face's number or name is expected. Write 1, 2, ..., or its name")
    try:
        return read_face(str(value))
    except MienError as error:
        raise ValueError(str(error)) from error


def _check_level(text: str) -> str:
    try:
        return str(Quality.of(text).level)
    except MienError as error:
        raise ValueError(str(error)) from error


def _crf(value: object) -> float:
    try:
        return parse_crf(value)
    except MienError as error:
        raise ValueError(str(error)) from error


def _bitrate(value: object) -> int:
    try:
        return parse_bitrate(value)
    except MienError as error:
        raise ValueError(str(error)) from error


def _preset(value: object) -> str:
    """An encoder's preset: a name, or a number that YAML has read as one."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a preset's name or number is expected")
    return str(value)


def _watermark(text: str) -> str:
    """A watermark's text; for the words of a switch the usual text, or an empty one for none."""
    if text.lower() in _SWITCH:
        return _SWITCH[text.lower()]
    try:
        return check_watermark(text)
    except MienError as error:
        raise ValueError(str(error)) from error


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_file(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


def _as_curves(value: object) -> object:
    return [value] if isinstance(value, str | Mapping) else value


Text = Annotated[str, Field(min_length=1)]
Files = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Frames = Annotated[Text, AfterValidator(_check_frames)]
Sets = Annotated[tuple[Annotated[str, AfterValidator(_check_set)], ...], BeforeValidator(_listed)]
FaceField = Annotated[int | str, PlainValidator(_face)]
WatermarkText = Annotated[str, AfterValidator(_watermark)]
_Glasses = Annotated[str, AfterValidator(_check_glasses)]


class Part(BaseModel):
    """Fields of a file, all of which are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QualityFields(Part):
    """The fields of how well an output is encoded."""

    quality: Annotated[str, AfterValidator(_check_level)] | None = None
    crf: Annotated[float, PlainValidator(_crf)] | None = None
    bitrate: Annotated[int, PlainValidator(_bitrate)] | None = None
    preset: Annotated[str, PlainValidator(_preset)] | None = None

    def encoded(self, *, lossless: bool) -> Quality:
        """Return what they ask for.

        Args:
            lossless: Whether the output is to be lossless.

        Raises:
            UsageError: When they contradict each other.
        """
        said = {"level": self.quality, "crf": self.crf, "bitrate": self.bitrate}
        return Quality.of({**said, "preset": self.preset}, lossless=lossless)


class CurvesPart(Part):
    """The fields of a curve file, in a list of shots and in a cut."""

    file: Text
    face: FaceField | None = None
    """Whose curves, in a file of several faces."""
    to_face: FaceField | None = None
    """Which face of the shot follows them."""
    controls: Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(_listed)] | None = (
        None
    )
    mode: ImportMode = "replace"
    offset: int = 0
    retime: bool | None = None
    only: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = ()
    """Groups of controls, where none are named."""
    gains: dict[str, float] = {}
    """Factors by controls and groups."""
    basis: Text | None = None
    """Of FLAME coefficients in a file that does not name it."""

    def input(self, file: Path) -> CurvesInput:
        """Return what they ask for.

        Args:
            file: Where the file is.
        """
        return CurvesInput(
            file, self.face, self.controls, self.mode, self.offset, self.retime, self.to_face,
            self.only, self.gains, self.basis,
        )  # fmt: skip


class ApplyPart(Part):
    """The fields of a performance that a face follows, in a list of shots."""

    file: Text
    face: FaceField | None = None
    """Whose performance, of several in the file."""
    to_face: FaceField | None = None
    """Which face of the shot follows it."""
    from_shot: Text | None = None
    layer: Text = APPLIED_LAYER
    relative: bool | None = None
    only: Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(_listed)] | None = None
    strength: float | dict[str, float] = 1.0
    span: Frames | None = None
    source_span: Frames | None = None
    offset: Text = "0"
    rate: float = 1.0
    fit: bool = False
    warp: dict[str, str] = Field(default_factory=dict)
    align_sound: bool = False
    at: Text | None = None
    ease: int = FADE
    tolerance: float = 0.01

    @model_validator(mode="after")
    def _meant(self) -> ApplyPart:
        self.input(Path(self.file))
        return self

    def input(self, file: Path) -> ApplyInput:
        """Return what they ask for.

        Args:
            file: Where the file is.
        """
        timing = TransferTiming(
            self.span, self.source_span, self.offset, self.rate, self.fit,
            tuple(self.warp.items()), self.align_sound,
        )  # fmt: skip
        how = Transfer(
            self.relative, self.only, self.strength, self.ease, self.tolerance, self.at, timing
        )
        return ApplyInput(file, self.face, self.to_face, self.from_shot, self.layer, how)


class SoundPart(Part):
    """The fields of another sound for an output, in a list of shots."""

    file: Text
    start: Text = "0s"
    """When its first sample is heard."""
    keep: bool = False
    """Whether the shot's own sound follows as a further track."""

    def soundtrack(self, file: Path) -> Soundtrack:
        """Return what they ask for.

        Args:
            file: Where the file is.
        """
        return Soundtrack(file, self.start, self.keep)


Sound = Annotated[SoundPart, BeforeValidator(_as_file)]
"""The fields of a sound, or the name of its file alone."""

Applies = Annotated[
    tuple[Annotated[ApplyPart, BeforeValidator(_as_file)], ...], BeforeValidator(_as_curves)
]
"""The fields of a performance, the name of its file alone, or a list of such."""
Curves = Annotated[
    tuple[Annotated[CurvesPart, BeforeValidator(_as_file)], ...], BeforeValidator(_as_curves)
]
"""The fields of a curve file, its name alone, or a list of such."""


class OcclusionFields(Part):
    """The fields of `occlusion`."""

    matte: Text | None = None
    keep: bool | None = None
    fade: bool | None = None
    glasses: Annotated[tuple[_Glasses, ...], BeforeValidator(_listed)] = ()

    def choice(self, folder: Path) -> OcclusionChoice:
        """Return what they ask for, the matte's path relative to a folder."""
        glasses = read_glasses(self.glasses)
        if self.matte == _NO_MATTE:
            return OcclusionChoice(None, True, self.keep, self.fade, glasses)
        matte = None if self.matte is None else machine_path(self.matte, folder)
        return OcclusionChoice(matte, False, self.keep, self.fade, glasses)


def explain(wrong: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong with a field, and what to do, in words of ours.

    Args:
        wrong: One of `ValidationError.errors()`.
        model: What holds the field, where it is none of the models of this file.
    """
    kind, path = wrong["type"], wrong["loc"]
    fields = model.model_fields
    if "curves" in path:
        fields = CurvesPart.model_fields
    if "apply" in path:
        fields = ApplyPart.model_fields
    if "occlusion" in path:
        fields = OcclusionFields.model_fields
    known = ", ".join(field.alias or name for name, field in fields.items())
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), list(fields), n=1)
        return "there is no such field", f"Did you mean {near[0]}?" if near else f"Use {known}."
    if kind == "value_error":
        said = str(wrong["ctx"]["error"])
        return said if said.endswith("...") else said.rstrip("."), ""
    if path == () or kind in ("model_type", "model_attributes_type", "dataclass_type"):
        return f"fields are expected here ({known})", "Write them as 'name: value'."
    given, choices = _shown(wrong["input"]), wrong.get("ctx", {}).get("expected")
    number = (f"{given} is no whole number", "Write 1, 2, ...")
    truth = (f"{given} is neither true nor false", "Write one of them.")
    explanations = {
        "missing": ("is missing", "Add it."),
        "string_too_short": ("is empty", "Fill it in, or leave it out."),
        "too_short": ("is empty", "Fill it in, or leave it out."),
        "string_type": ("one word or text is expected", "Put it in quotes if need be."),
        "tuple_type": ("a list is expected", "Start every entry with '- '."),
        "dict_type": ("settings are expected here", "Write them as 'name: value', indented."),
        "int_type": number,
        "int_parsing": number,
        "int_parsing_size": number,
        "int_from_float": number,
        "greater_than_equal": (
            f"{given} is too small",
            f"Numbers start at {wrong.get('ctx', {}).get('ge', 1)}.",
        ),
        "literal_error": (f"{given} is no choice", f"Write {choices}."),
        "bool_type": truth,
        "bool_parsing": truth,
    }
    return explanations.get(kind, (f"{given} cannot be meant here", f"Use {known}."))


def _shown(value: object) -> str:
    text = str(value)
    return f"'{text[:40]}...'" if len(text) > 40 else f"'{text}'"
