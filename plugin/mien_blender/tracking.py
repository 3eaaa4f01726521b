"""Tracking a strip, and putting the faces into the scene."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from . import server
from .animation import bake_source, clear_source
from .client import Client
from .compat import Scene, Strip
from .jobs import Task
from .problems import RefusedError
from .rig import MAX_FACES
from .shots import THUMBNAIL, Curves, curves_of, gaps
from .state import Address, embed_project, identify, project_id, store_faces
from .timing import media_path, timing

__all__ = ["adopt", "tracking"]


def tracking(scene: Scene, strip: Strip, max_faces: int, *, modal: bool = False) -> Task:
    """Return a task that finds the faces of a strip and bakes what they do.

    Args:
        scene: The scene that holds the strip.
        strip: A movie or image strip.
        max_faces: People to keep at most.
        modal: Whether an operator steps the task.

    Raises:
        RefusedError: When the strip shows no media.
    """
    media, address = media_path(strip), identify(scene, strip)
    # Said only where it is wanted: a mien of before does not know it.
    damage = {"until_damage": True} if scene.mien.until_damage else {}

    def work(task: Task) -> Generator[None, None, str]:
        task.tell("starting mien", 0, 0)
        client = yield from server.connect()
        facts = yield from task.await_job(client.open(path=media, **damage))
        # What cannot be edited here need not be tracked.
        timing(*address.find(), facts["frames"])
        shot = facts["shot"]
        job = client.start("track", shot=shot, max_faces=max_faces, **damage)
        tracked = yield from task.await_job(job)
        task.tell("reading curves", 0, 0)
        return (yield from adopt(client, address, tracked))

    return Task("Track", address.identifier, work, modal=modal)


def adopt(
    client: Client, address: Address, shot_facts: dict[str, Any]
) -> Generator[None, None, str]:
    """Put a tracked shot into the scene, once everything about it has been fetched.

    Args:
        client: The server.
        address: Of the strip.
        shot_facts: `ShotFacts` of the protocol.
    """
    shot = shot_facts["shot"]
    answer = yield from server.wait(client.ask("faces", shot=shot, thumbnail=THUMBNAIL))
    faces: list[dict[str, Any]] = answer["faces"][:MAX_FACES]
    curves: dict[int, Curves] = {}
    for facts in faces:
        curves[facts["face"]] = yield from curves_of(client, shot, facts["face"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shot.mien"
        yield from server.wait(client.ask("save", shot=shot, path=str(path)))
        content = path.read_bytes()

    scene, strip = address.find()
    media = media_path(strip)
    if Path(media).name != Path(shot_facts["path"]).name:
        raise RefusedError(
            "The strip shows other media by now; nothing was changed.", "Track it again."
        )
    when = timing(scene, strip, shot_facts["frames"])
    embed_project(strip, Path(media).name, content)
    strip.mien.frames = shot_facts["frames"]
    strip.mien.size = shot_facts["size"]
    server.shots()[project_id(strip), media] = shot
    for number in {face.number for face in strip.mien.faces} - set(curves):
        clear_source(scene, strip, number)
    store_faces(strip, faces, {number: gaps(each.valid) for number, each in curves.items()})
    for facts in faces:
        number = facts["face"]
        bake_source(scene, strip, number, curves[number].controls, when)
    count = len(faces)
    return f"{count} face{'s' if count != 1 else ''} found in {strip.name}."
