"""Everyday jobs, performances of others and voices: done by mien, then written into F-curves.

mien gets the edit as Blender has it, adds a layer of its own, and says what that comes to. The
controls that this changes become F-curves with a key a frame; all others stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import bpy

from . import server
from .animation import channel, clear_controls, write_keys
from .client import Client
from .compat import Scene, Strip
from .files import difference
from .jobs import Task
from .problems import RefusedError
from .rendering import send_edits
from .rig import edit_property
from .server import Waiting
from .shots import curves_of, opened
from .state import AMOUNT, identify
from .timing import Timing, timing

__all__ = ["applying", "muting", "retouching", "span_of", "speaking"]

_NOTHING = 1e-6
Answer = dict[str, Any]
Ask = Callable[[Client, str, Task], Waiting[Answer]]
"""From the server, the shot's handle and the task to what the server answers."""


def retouching(scene: Scene, strip: Strip, face: int, kind: str, strength: float) -> Task:
    """Return a task that does an everyday job on a face, in the preview range if there is one.

    Args:
        scene: The scene that holds the strip.
        strip: A tracked strip.
        face: Number of the face.
        kind: Name of the job.
        strength: How much of it, 0 to 1; 0 as much as is usual.
    """
    when = timing(scene, strip, strip.mien.frames)
    more: dict[str, Any] = {"strength": strength} if strength else {}
    if kind in ("blink", "hold-eyes"):
        at = when.media_frame(scene.frame_current)
        if not 0 <= at < when.frames:
            raise RefusedError("The playhead is not on the strip.", "Move it there.")
        more["at"] = [at]
    if kind != "blink":
        more["span"] = span_of(scene, when)

    def ask(client: Client, shot: str, task: Task) -> Waiting[Answer]:
        return server.wait(client.ask("retouch", shot=shot, face=face, kind=kind, **more))

    return _task(scene, strip, face, "Retouch", ask, lambda answer: " ".join(answer["notes"]))


def applying(
    scene: Scene, strip: Strip, face: int, source: Path | Strip, how: dict[str, Any]
) -> Task:
    """Return a task that makes a face follow another performance.

    Args:
        scene: The scene that holds the strip.
        strip: A tracked strip.
        face: Number of the face.
        source: A file, or another tracked strip.
        how: Further parameters of the protocol's `apply`.

    Raises:
        RefusedError: When the file is a clip.
    """
    name = source.name
    if isinstance(source, Path) and source.suffix.lower() in bpy.path.extensions_movie:
        raise RefusedError(
            f"{name} is a clip, which is to be tracked first.",
            "Add it as a strip, track it, and follow that strip.",
        )
    when = timing(scene, strip, strip.mien.frames)
    how = how | {"span": span_of(scene, when)}
    other = None if isinstance(source, Path) else identify(scene, source)

    def ask(client: Client, shot: str, task: Task) -> Waiting[Answer]:
        if other is None:
            given = {"path": str(source)}
        else:
            _, handle = yield from opened(other.find()[1], task)
            given = {"source": handle}
        answer = client.ask("apply", shot=shot, face=face, **given, **how)
        return (yield from server.wait(answer))

    def tell(answer: Answer) -> str:
        if not answer["layers"]:
            return f"Face {face} does what {name} does already: nothing was changed."
        unknown = ", ".join(answer["unknown"])
        left = f" No controls of mien, left out: {unknown}." if unknown else ""
        count = len(answer["controls"])
        controls = "1 control" if count == 1 else f"{count} controls"
        return f"Face {face} follows {name} in {controls}.{left}"

    return _task(scene, strip, face, "Apply", ask, tell)


def speaking(scene: Scene, strip: Strip, face: int, sound: str, text: str, language: str) -> Task:
    """Return a task that lets a voice drive a face's mouth.

    Args:
        scene: The scene that holds the strip.
        strip: A tracked strip.
        face: Number of the face.
        sound: A file of sound or a movie; empty for the strip's own.
        text: What is said; empty where that is to be heard.
        language: Of the speech, as `en`.
    """
    span = span_of(scene, timing(scene, strip, strip.mien.frames))
    given = {"sound": sound or None, "text": text.strip() or None, "language": language}

    def ask(client: Client, shot: str, task: Task) -> Waiting[Answer]:
        return server.wait(client.ask("voice", shot=shot, face=face, span=span, **given))

    def tell(answer: Answer) -> str:
        said = f"Face {face} says {len(answer['phones'])} phones, heard by {answer['heard_by']}."
        return " ".join((said, *answer["notes"]))

    return _task(scene, strip, face, "Voice", ask, tell)


def muting(scene: Scene, strip: Strip, face: int, *, keep_breath: bool) -> Task:
    """Return a task that shuts a talking mouth, in the scene's preview range if it has one."""
    span = span_of(scene, timing(scene, strip, strip.mien.frames))

    def ask(client: Client, shot: str, task: Task) -> Waiting[Answer]:
        answer: Future[Answer] = client.ask(
            "mute_mouth", shot=shot, face=face, span=span, keep_breath=keep_breath
        )
        return server.wait(answer)

    return _task(
        scene, strip, face, "Mute", ask, lambda answer: f"The mouth of face {face} is shut."
    )


def span_of(scene: Scene, when: Timing) -> list[int] | None:
    """Return the frames of the media in the scene's preview range; None without one.

    Raises:
        RefusedError: When it has none of them.
    """
    if not scene.use_preview_range:
        return None
    start = max(when.media_frame(scene.frame_preview_start), 0)
    stop = min(when.media_frame(scene.frame_preview_end) + 1, when.frames)
    if start >= stop:
        raise RefusedError("The preview range is not on the strip.", "Move it there, or clear it.")
    return [start, stop]


def _task(
    scene: Scene, strip: Strip, face: int, title: str, ask: Ask, tell: Callable[[Answer], str]
) -> Task:
    """Return a task that asks for something and writes what it changes into F-curves."""
    address = identify(scene, strip)
    _check_amount(scene, strip, face)

    def work(task: Task) -> Generator[None, None, str]:
        client, shot = yield from opened(address.find()[1], task)
        scene, strip = address.find()
        when = timing(scene, strip, strip.mien.frames)
        for sent in send_edits(client, shot, scene, strip, when, (0, when.frames)):
            yield from server.wait(sent)
        before = yield from curves_of(client, shot, face, which="target")
        answer = yield from ask(client, shot, task)
        after = yield from curves_of(client, shot, face, which="target")
        own = yield from curves_of(client, shot, face)
        scene, strip = address.find()
        when = timing(scene, strip, strip.mien.frames)
        changed = [
            control
            for control, values in after.controls.items()
            if difference(control, values, before.controls[control], own.valid)
        ]
        clear_controls(scene, strip, face, changed)
        for control in changed:
            samples = difference(control, after.controls[control], own.controls[control], own.valid)
            if samples is not None:
                write_keys(scene, strip, face, samples, when)
        return tell(answer) or f"{title}: done."

    return Task(title, address.identifier, work)


def _check_amount(scene: Scene, strip: Strip, face: int) -> None:
    """Refuse an edit that is faded: what is written would be faded once more."""
    name = edit_property(face, AMOUNT)
    if abs(getattr(strip, name) - 1) > _NOTHING or channel(scene, strip, name) is not None:
        raise RefusedError(
            f"The edit of face {face} is faded by its amount.",
            "Set Amount to 1 and take its keys away first.",
        )
