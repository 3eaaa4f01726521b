"""Projects and curve files, the same that the rest of mien reads and writes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from . import server
from .animation import Samples, clear_edit, write_keys
from .choices import holds_one_face
from .client import Client
from .compat import Scene, Strip
from .jobs import Task
from .keys import keyed, write_keyed
from .rendering import send_edits
from .shots import curves_of, opened
from .state import Address, identify
from .timing import media_path, timing
from .tracking import adopt

__all__ = ["difference", "export_curves", "export_project", "import_curves", "import_project"]

_NOTHING = 1e-6


def export_project(scene: Scene, strip: Strip, path: Path) -> Task:
    """Return a task that writes the strip, with its edits, as a `.mien` project.

    The edits become one layer with a value for every frame, as Blender evaluates them.
    """
    address = identify(scene, strip)

    def work(task: Task) -> Generator[None, None, str]:
        client, shot = yield from opened(address.find()[1], task)
        scene, strip = address.find()
        when = timing(scene, strip, strip.mien.frames)
        for answer in send_edits(client, shot, scene, strip, when, (0, strip.mien.frames)):
            yield from server.wait(answer)
        yield from server.wait(client.ask("save", shot=shot, path=str(path), overwrite=True))
        return f"Wrote {path.name}."

    return Task("Export", address.identifier, work)


def export_curves(scene: Scene, strip: Strip, face: int, path: Path) -> Task:
    """Return a task that writes what faces do: of one face, or of all where the file holds many."""
    address = identify(scene, strip)

    def work(task: Task) -> Generator[None, None, str]:
        client, shot = yield from opened(address.find()[1], task)
        whom = {"face": face} if holds_one_face(path.suffix) else {}
        answer = client.ask("export_curves", shot=shot, path=str(path), overwrite=True, **whom)
        yield from server.wait(answer)
        return f"Wrote {path.name}."

    return Task("Export", address.identifier, work)


def import_project(scene: Scene, strip: Strip, path: Path) -> Task:
    """Return a task that gives a strip the faces and edits of a `.mien` project of its media.

    Keys that are added to the performance come as keys; other edits as a value a frame.
    """
    media, address = media_path(strip), identify(scene, strip)

    def work(task: Task) -> Generator[None, None, str]:
        client = yield from server.connect()
        answer = client.ask("open", path=str(path), media=media)
        shot_facts = yield from server.wait(answer)
        shot, faces = shot_facts["shot"], shot_facts["edited"]
        answer = client.ask("get_edits", shot=shot)
        layers = {
            each["face"]: each["layers"] for each in (yield from server.wait(answer))["edits"]
        }
        keys = {face: keyed(layers[face]) for face in faces}
        edits = yield from _edits(client, shot, [face for face in faces if keys[face] is None])
        outcome = yield from adopt(client, address, shot_facts)
        scene, strip = address.find()
        when = timing(scene, strip, strip.mien.frames)
        for face in strip.mien.faces:
            clear_edit(scene, strip, face.number)
        _write(address, edits)
        for face, tracks in keys.items():
            if tracks is not None:
                write_keyed(scene, strip, face, tracks, when)
        return outcome

    return Task("Import", address.identifier, work)


def import_curves(scene: Scene, strip: Strip, face: int, path: Path) -> Task:
    """Return a task that makes a face follow the curves of a file, from the playhead on."""
    address = identify(scene, strip)
    when = timing(scene, strip, strip.mien.frames)
    at = min(max(when.media_frame(scene.frame_current), 0), strip.mien.frames - 1)

    def work(task: Task) -> Generator[None, None, str]:
        client, shot = yield from opened(address.find()[1], task)
        yield from server.wait(client.ask("set_edits", shot=shot, face=face, layers=[]))
        answer = client.ask("import_curves", shot=shot, face=face, path=str(path), at=at)
        yield from server.wait(answer)
        edits = yield from _edits(client, shot, [face])
        clear_edit(*address.find(), face)
        _write(address, edits)
        return f"Face {face} follows {path.name}."

    return Task("Import", address.identifier, work)


def _edits(
    client: Client, shot: str, faces: Sequence[int]
) -> Generator[None, None, dict[int, list[Samples]]]:
    """Return the differences that edits make, by face, for the frames where there are any."""
    differences = {}
    for face in faces:
        before = yield from curves_of(client, shot, face)
        after = yield from curves_of(client, shot, face, which="target")
        differences[face] = [
            samples
            for control, target in after.controls.items()
            if (samples := difference(control, target, before.controls[control], before.valid))
        ]
    return differences


def difference(
    control: str, target: Sequence[float], source: Sequence[float], valid: Sequence[bool]
) -> Samples | None:
    """Return what is to be added to values of a control to come to others; None for nothing."""
    values = [t - s if fine else 0.0 for t, s, fine in zip(target, source, valid, strict=True)]
    changed = [i for i, value in enumerate(values) if abs(value) > _NOTHING]
    if not changed:
        return None
    # A frame more at both ends, so that the curve starts and ends at nothing.
    first, last = max(0, changed[0] - 1), min(len(values), changed[-1] + 2)
    return Samples(control, first, values[first:last])


def _write(address: Address, edits: dict[int, list[Samples]]) -> None:
    scene, strip = address.find()
    when = timing(scene, strip, strip.mien.frames)
    for face, tracks in edits.items():
        for samples in tracks:
            write_keys(scene, strip, face, samples, when)
