"""Whatever arrives, each line gets one answer and the conversation goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.serve.lines import read_lines
from mien.serve.messages import METHODS
from tests.profiles import examples
from tests.serve.wire import Wire, refused

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["shot-0", "job-0", "/nowhere", "mouthSmile", "add", "list", "auto"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = sorted({name for method in METHODS.values() for name in method.params.model_fields})
HARMLESS = sorted(set(METHODS) - {"shutdown", "hello"})
VALID = [
    {"id": 1, "method": "hello", "params": {"protocol": 1, "client": "x"}},
    {"id": 2, "method": "open", "params": {"path": "/nowhere.mp4"}},
    {"id": "c", "method": "set_edits", "params": {"shot": "shot-1", "face": 1, "layers": [
        {"name": "edit", "tracks": [
            {"control": "mouthSmile", "values": [0, 1.5]},
            {"control": "jawOpen", "mode": "replace", "values": {"f32": "AACAPw=="}, "start": 4},
            {"control": "joy", "keys": [{"frame": 3, "value": 1, "interpolation": "hold"}]},
        ]}]}},
]  # fmt: skip


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


@given(data=st.binary(max_size=200).map(lambda data: data.replace(b"\n", b" ")))
@examples(100)
def test_bytes(wire: Wire, data: bytes) -> None:
    wire.send(data + b"\n")
    if data.strip():
        refused(wire.receive(), "protocol")
    wire.lives()


@given(value=JSON | st.floats())
@examples(150)
def test_any_json(wire: Wire, value: Any) -> None:
    wire.send(json.dumps(value).encode() + b"\n")
    refused(wire.receive(), "protocol")
    wire.lives()


@given(message=st.sampled_from(VALID), cut=st.floats(0, 0.999))
@examples(100)
def test_truncated_lines(wire: Wire, message: dict[str, Any], cut: float) -> None:
    line = json.dumps(message).encode()
    wire.send(line[: int(cut * len(line))] + b"\n")
    if int(cut * len(line)):
        refused(wire.receive(), "protocol")
    wire.lives()


@given(
    method=st.sampled_from(HARMLESS),
    params=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
    number=st.integers(0, 2**53) | st.text(max_size=64),
)
@examples(150)
def test_any_parameters(wire: Wire, method: str, params: dict[str, Any], number: int | str) -> None:
    answer = wire.ask(method, params, number)
    assert answer["id"] == number
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer:
        assert answer["error"]["code"] != "error", answer


@given(where=st.sampled_from(["control", "values", "mode", "start", "fade", "span"]), value=JSON)
@examples(150)
def test_damaged_tracks(wire: Wire, where: str, value: Any) -> None:
    track = {"control": "mouthSmile", "values": [0, 1.5], where: value}
    layers = [{"name": "edit", "tracks": [track]}]
    answer = wire.ask("set_edits", {"shot": "shot-1", "face": 1, "layers": layers})
    assert answer["error"]["code"] in ("protocol", "handle")
    wire.lives()


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"id": 1, "method": "status", "params": ' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"id": 1, "method": "status", "params": {}, "more": 1}',
        b'{"id": 1.5, "method": "status"}',
        b'{"id": true, "method": "status"}',
        b'{"id": null, "method": "status"}',
        b'{"method": "status"}',
        b'{"id": 1, "method": "nothing"}',
        b'{"id": 1, "method": "set_edits", "params": {"shot": NaN}}',
        b'{"id": 1, "method": "set_edits", "params": {"face": 1e999}}',
        b'{"id": ' + b"9" * 5000 + b', "method": "status"}',
        b'{"id": 1, "method": "open", "params": {"path": "a\\u0000b"}}',
        b'{"id": 1, "method": "open", "params": {"path": ""}}',
        b"\xff\xfe{}",
    ],
    ids=lambda line: line[:40].decode("latin-1"),
)
def test_lines_that_are_no_requests(wire: Wire, line: bytes) -> None:
    wire.send(line + b"\n")
    refused(wire.receive(), "protocol")
    wire.lives()


def test_a_path_need_not_be_unicode(wire: Wire) -> None:
    wire.send(b'{"id": 1, "method": "open", "params": {"path": "/nowhere/\\udcff.mp4"}}\n')
    refused(wire.receive(), "media")
    wire.lives()


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=8),
    limit=st.integers(1, 20),
    ended=st.booleans(),
)
def test_lines_are_bounded(lines: list[bytes], limit: int, ended: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    found = list(read_lines(BytesIO(data), lambda: limit))
    wanted = [line for line in data.split(b"\n") if line.strip()]
    assert len(found) == len(wanted)
    for got, line in zip(found, wanted, strict=True):
        if len(line) > limit:
            assert got is None
        else:
            assert got == line.rstrip(b"\r")


def test_a_long_line_is_passed_over() -> None:
    with Wire(greet=False) as wire:
        wire.send(b'{"id": 1, "method": "hello", "params": {"client": "' + b"x" * 70_000)
        wire.send(b'"}}\n')
        refused(wire.receive(), "protocol", "longer")
        assert "result" in wire.ask("hello", {"protocol": 1, "client": "tests"})
