"""The envelope of `mien serve`: one JSON object a line, either way.

    host -> mien    {"id": 7, "method": "open", "params": {"path": "interview.mp4"}}
    mien -> host    {"id": 7, "result": {...}}
                    {"id": 7, "error": {"code", "cause", "remedy", "exit_code"}}
                    {"event": "progress", "request": 7, "stage": "index", "done": 3, "total": 9}
                    {"event": "progress", "job": "...", "stage": "track", "done": 3, "total": 9}
                    {"event": "done", "job": "...", "result": {...}}
                    {"event": "failed", "job": "...", "error": {...}}
                    {"event": "cancelled", "job": "..."}

Lines are UTF-8; what mien writes is ASCII, so that no host has to know. Everything that
arrives is checked here and in messages.py before anybody acts on it.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal, NoReturn

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.json_schema import models_json_schema

from mien.errors import MienError, ProtocolError
from mien.serve.messages import METHODS, Handle, Message, RequestId
from mien.worker_messages import WorkerFailed

__all__ = ["HELLO_LINE", "MAX_LINE", "PROTOCOL", "ErrorFacts", "Request", "encode", "error_facts",
           "id_of", "read_message", "read_params", "read_request", "schema"]  # fmt: skip

PROTOCOL: Final = 1
"""Version of the protocol; it changes when a host that was written for one before would fail."""
MAX_LINE: Final = 64 << 20
"""Bytes of a line that are read at most: sampled edits of an hour fit, packed."""
HELLO_LINE: Final = 64 << 10
"""The same before `hello`: nobody fills the memory of a server that does not know them."""

_DEEP: Final = 64
"""Levels of nesting that a message may have; the protocol's own have ten."""
Id = RequestId


class Request(Message):
    """What a host asks."""

    id: Id
    """Chosen by the host; the answer bears it."""
    method: str
    params: dict[str, Any] = Field(default_factory=dict)


class ErrorFacts(Message):
    """Why something was refused or failed."""

    code: str
    """A stable word: `usage`, `media`, `no-face`, ... as in `--json` of the command line."""
    cause: str
    """One sentence for people: what is wrong, and of which file or name."""
    remedy: str
    """One sentence for people: what to do; may be empty."""
    exit_code: int
    """The exit code that the command line would give."""
    exit: int
    """The same, for hosts that were written before it had its name."""


class Answer(Message):
    """The answer to a request that succeeded."""

    id: Id
    result: dict[str, Any]


class Refusal(Message):
    """The answer to a request that did not; `id` is null where it could not be read."""

    id: Id | None
    error: ErrorFacts


class ProgressEvent(Message):
    """How far a job is; sent a few times a second at most."""

    event: Literal["progress"]
    job: Handle
    stage: str
    done: int
    total: int


class RequestProgressEvent(Message):
    """How far a request is, of an `open` with `progress`; sent a few times a second at most."""

    event: Literal["progress"]
    request: Id
    stage: str
    done: int
    total: int


class DoneEvent(Message):
    """A job has ended well. Its result is the one that its method names."""

    event: Literal["done"]
    job: Handle
    result: dict[str, Any]


class FailedEvent(Message):
    """A job has failed, or its process died."""

    event: Literal["failed"]
    job: Handle
    error: ErrorFacts


class CancelledEvent(Message):
    """A job was stopped; nothing unfinished is left under the output's name."""

    event: Literal["cancelled"]
    job: Handle


def read_message(line: bytes) -> dict[str, Any]:
    """The JSON object in a line.

    Raises:
        ProtocolError: When there is none.
    """
    try:
        value = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"A line is no JSON: {_short(error)}.", _REMEDY) from error
    if not isinstance(value, dict):
        raise ProtocolError("A line holds no JSON object.", _REMEDY)
    if _depth(value) > _DEEP:
        raise ProtocolError("A line is nested too deeply.", _REMEDY)
    return value


def id_of(value: dict[str, Any]) -> int | str | None:
    """The id of a message, proper request or not; None when it has none."""
    try:
        return _IDS.validate_python(value.get("id"), strict=True)
    except ValidationError:
        return None


def read_request(value: dict[str, Any]) -> Request:
    """The request that an object is.

    Raises:
        ProtocolError: When it is none.
    """
    try:
        return Request.model_validate(value)
    except ValidationError as error:
        raise ProtocolError(f"A line is no request: {_complaint(error)}.", _REMEDY) from error


def read_params(request: Request) -> Message:
    """The parameters of a request.

    Raises:
        ProtocolError: When there is no such method, or a field is unknown, missing or wrong.
    """
    method = METHODS.get(request.method)
    if method is None:
        raise ProtocolError(
            f"There is no method '{request.method[:80]}'.", f"There are {', '.join(METHODS)}."
        )
    try:
        return method.params.model_validate(request.params)
    except ValidationError as error:
        raise ProtocolError(
            f"The parameters of {request.method} are wrong: {_complaint(error)}.",
            "`mien serve --schema` prints what it takes.",
        ) from error


def encode(message: dict[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def error_facts(error: MienError | WorkerFailed) -> dict[str, Any]:
    """Describe an error in the protocol's terms."""
    return {
        "code": error.code,
        "cause": " ".join(error.cause.split()),
        "remedy": " ".join(error.remedy.split()),
        "exit_code": error.exit_code,
        "exit": error.exit_code,
    }


def schema() -> dict[str, Any]:
    """Everything that may be said, as JSON Schema (2020-12)."""
    envelope: tuple[type[Message], ...] = (
        Request, Answer, Refusal, ProgressEvent, RequestProgressEvent, DoneEvent, FailedEvent,
        CancelledEvent,
    )  # fmt: skip
    named: dict[str, type[Message]] = {model.__name__: model for model in envelope}
    for method in METHODS.values():
        models = (method.params, method.result, method.job)
        named |= {model.__name__: model for model in models if model is not None}
    references, definitions = models_json_schema(
        [(model, "validation") for model in named.values()],
        ref_template="#/$defs/{model}",
    )
    where = {model: reference for (model, _), reference in references.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mien serve",
        "protocol": PROTOCOL,
        "max_line": MAX_LINE,
        "messages": {name: where[model] for name, model in named.items() if model in envelope},
        "methods": {
            name: {
                "params": where[method.params],
                "result": where[method.result],
                **({} if method.job is None else {"done": where[method.job]}),
            }
            for name, method in METHODS.items()
        },
        "$defs": definitions["$defs"],
    }


_REMEDY = "Send one object a line: id, method and params. `mien serve --schema` prints them."
_IDS: TypeAdapter[int | str] = TypeAdapter(Id)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _depth(value: object) -> int:
    """Levels of nesting, counted without recursion."""
    level, deepest = [value], 0
    while level:
        deepest += 1
        if deepest > _DEEP:
            break
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
    return deepest


def _complaint(error: ValidationError) -> str:
    """The first thing that is wrong, with its place."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:200]
    return f"{place}: {first['msg']}" if place else first["msg"]


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
