"""Lines that a client of `mien serve` sends, on a shot that is open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mien.io.project import save_document
from mien.model.document import Document
from mien.serve.messages import METHODS
from tests.documents import make_shot
from tests.fuzz.target import Target
from tests.serve.wire import Wire
from tests.unit.test_project import write_movie

__all__ = ["TARGETS"]

_LEFT_OUT = frozenset({"shutdown", "track", "solve", "render", "retrack", "set_examples", "voice"})
"""Jobs have processes of their own, in which whatever happens is an answer; and the end."""


class BrokenError(Exception):
    """A line that was not answered as the protocol has it."""


@cache
def _wire(folder: Path) -> Wire:
    from dataclasses import replace

    from mien.media.probe import probe
    from mien.model.document import Project

    wire = Wire()
    media = probe(write_movie(folder / "shot.mp4", 6))
    shot = replace(make_shot(6, "shot", 2), media=media)
    save_document(Document((Project(shot),)), folder / "shot.mien")
    opened = wire.ask("open", {"path": str(folder / "shot.mien")})
    assert "result" in opened, opened
    return wire


def _seeds(folder: Path) -> Mapping[str, bytes]:
    _wire(folder)
    track = {"control": "jawOpen", "mode": "replace", "values": {"f32": "AACAPw=="}, "start": 4}
    keyed = {"control": "joy", "keys": [{"frame": 3, "value": 1, "interpolation": "hold"}]}
    layers = [{"name": "edit", "tracks": [track, keyed]}]
    shot = {"shot": "shot-1"}
    one = {**shot, "face": 1}
    requests: list[tuple[str, dict[str, object]]] = [
        ("set_edits", {**one, "layers": layers}),
        ("get_edits", dict(one)),
        ("curves", {**one, "controls": ["jawOpen"]}),
        ("read", dict(one)),
        ("faces", dict(shot)),
        ("preview", {**shot, "frame": 2}),
        ("retouch", {**one, "job": "blinks"}),
        ("set_occlusion", {**shot, "glasses": {"1": "no"}}),
        ("save", {**shot, "path": str(folder / "saved.mien")}),
        ("export_curves", {**one, "path": str(folder / "a.npz")}),
        ("import_curves", {**one, "path": str(folder / "a.npz")}),
        ("apply", {**one, "path": str(folder / "shot.mien")}),
        ("relink", {**shot, "path": str(folder / "shot.mp4")}),
        ("open", {"path": str(folder / "shot.mien")}),
    ]
    requests += [(name, dict(one)) for name in sorted(set(METHODS) - _LEFT_OUT)]
    lines = [
        json.dumps({"id": number, "method": method, "params": params}).encode()
        for number, (method, params) in enumerate(requests)
    ]
    return {f"{number}.line": line for number, line in enumerate(lines)}


def _read(path: Path) -> None:
    line = path.read_bytes().replace(b"\n", b" ")
    if any(f'"{name}"'.encode() in line for name in _LEFT_OUT):
        return
    wire = _wire(path.parent)
    wire.send(line + b"\n")
    if line.strip():
        while "event" in (answer := wire.receive()):
            pass
        error = answer.get("error")
        if error is not None and "unexpected went wrong" in error["cause"]:
            raise BrokenError(error["cause"])
    wire.lives()


def _place(folder: Path, name: str, data: bytes) -> Path:
    path = _SEEDED[0] / "sent.line"
    path.write_bytes(data)
    return path


_SEEDED: list[Path] = []


def _seeds_once(folder: Path) -> Mapping[str, bytes]:
    _SEEDED[:] = [folder]
    return _seeds(folder)


TARGETS = (
    Target("serve", _seeds_once, _read, _place,
           allowed=frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork"})),
)  # fmt: skip
