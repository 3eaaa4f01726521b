"""What messages are made of."""

from __future__ import annotations

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
    "Count",
    "Empty",
    "Encoding",
    "FaceRef",
    "Handle",
    "Message",
    "Mode",
    "Name",
    "Number",
    "Numbers",
    "Packed",
    "Pair",
    "PathText",
    "RequestId",
    "Span",
]

_LONGEST_NAME = 200
Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_NAME)]
_LONGEST_PATH = 4096


def _path(value: object) -> str:
    # Names of files need not be Unicode; what is not comes as lone surrogates (PEP 383), which
    # pydantic's own check of strings refuses.
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_PATH or "\x00" in value:
        raise ValueError(f"a path is text of 1 to {_LONGEST_PATH} characters, none of them null")
    return value


def _face(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and len(value.strip()) > 0 and len(value) <= _LONGEST_NAME:
        return value
    raise ValueError("a face is a number from 1 on, or a name")


FaceRef = Annotated[
    int | str,
    PlainValidator(_face),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME},
            ]
        }
    ),
]
"""A face of a shot, or of a curve file: its number or its name; a text of digits is a number."""
PathText = Annotated[
    str,
    PlainValidator(_path),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _LONGEST_PATH}),
]
"""A path, or the pattern of an image sequence (`shot.%04d.exr`)."""
Handle = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""Names a shot or a job to the client that has it, and to nobody else."""
_LARGEST_ID = 2**53
"""Whole numbers up to here survive in every language's JSON."""
RequestId = (
    Annotated[int, Field(ge=-_LARGEST_ID, le=_LARGEST_ID)]
    | Annotated[str, StringConstraints(max_length=64)]
)
"""What a host calls a request by."""
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
