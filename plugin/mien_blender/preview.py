"""The edited frame at the playhead, as an image and drawn over the sequencer's preview."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

import bpy

from . import jobs, server
from .animation import shown_edit
from .client import ServeError
from .compat import Scene, Strip, draw_image, draw_label, sequencer_scene
from .jobs import Task
from .problems import RefusedError
from .rig import CONTROLS, edit_property
from .shots import opened, set_edits
from .state import AMOUNT, Address, identify, project_id
from .timing import timing

__all__ = ["IMAGE", "busy", "forget", "previewing", "start_overlay", "stop_overlay"]

IMAGE = "mien preview"
"""Name of the image data-block that holds the frame."""
_LARGEST = 1280
"""Pixels of the longer side; more would only take longer to come."""
_TICK = 0.15
"""Seconds between two looks at what the playhead shows."""

_shown: tuple[Address, int] | None = None
"""Address of the strip and frame of the media that the image shows."""
_handler: Any = None
_wanted: Any = None
_task: Task | None = None


def previewing(scene: Scene, strip: Strip) -> Task:
    """Return a task that fetches the edited frame at the playhead into the image data-block.

    Args:
        scene: The scene that holds the strip.
        strip: A tracked strip.

    Raises:
        RefusedError: When the strip does not show a frame at the playhead.
    """
    address = identify(scene, strip)
    when = timing(scene, strip, strip.mien.frames)
    frame = when.media_frame(scene.frame_current_final)
    if not 0 <= frame < when.frames:
        raise RefusedError(f"'{strip.name}' shows no frame at the playhead.", "Move the playhead.")
    # What is asked is read now: by the time the server is there the playhead may be elsewhere.
    tracks = [(face.number, shown_edit(strip, face.number, frame)) for face in strip.mien.faces]
    size = max(64, min(max(scene.render.resolution_x, scene.render.resolution_y), _LARGEST))

    def work(task: Task) -> Generator[None, None, str]:
        global _shown
        client, shot = yield from opened(address.find()[1], task)
        sent = [set_edits(client, shot, number, samples) for number, samples in tracks]
        answer = client.ask("preview", shot=shot, frame=frame, max_size=size, to="file")
        for each in sent:
            yield from server.wait(each)
        picture = yield from server.wait(answer)
        _load(Path(picture["path"]))
        _shown = (address, frame)
        return f"Frame {frame} as it will be rendered."

    return Task("Preview", address.identifier, work)


def start_overlay() -> None:
    """Draw the edited frame over sequencer previews, and follow playhead and values."""
    global _handler
    if _handler is None and not bpy.app.background:
        space = bpy.types.SpaceSequenceEditor
        _handler = space.draw_handler_add(_draw, (), "PREVIEW", "POST_PIXEL")
        bpy.app.timers.register(_watch, first_interval=0.0, persistent=True)


def busy() -> bool:
    """Return whether a frame is being fetched for the overlay."""
    return _task is not None


def forget() -> None:
    """Drop what is shown and under way; another file is loaded."""
    global _shown, _wanted, _task
    if _task is not None:
        _task.cancel()
    _shown = _wanted = _task = None


def stop_overlay() -> None:
    """Stop drawing and following."""
    global _handler
    if _handler is not None:
        bpy.types.SpaceSequenceEditor.draw_handler_remove(_handler, "PREVIEW")
        _handler = None
    if bpy.app.timers.is_registered(_watch):
        bpy.app.timers.unregister(_watch)
    forget()


def _watch() -> float:
    """Fetch the frame anew when the playhead or a value has moved; one at a time."""
    global _wanted, _task
    if _task is not None:
        if _task.step():
            return _TICK / 5
        if _task.error is not None:
            jobs.note(_task)
        _task = None
        jobs.redraw()
    scene = sequencer_scene(bpy.context)
    strip = scene.sequence_editor.active_strip if scene and scene.sequence_editor else None
    if strip is None or not scene.mien.overlay or not len(strip.mien.faces):
        return _TICK
    if any(window.screen.is_animation_playing for window in bpy.context.window_manager.windows):
        return _TICK  # it plays on before any frame could come
    wanted = _signature(scene, strip)
    if wanted != _wanted:
        _wanted = wanted
        # Where there is no frame, there is none to show.
        with contextlib.suppress(ServeError):
            _task = previewing(scene, strip)
            jobs.redraw()
    return _TICK


def _signature(scene: Scene, strip: Strip) -> Any:
    """Everything that the picture depends on."""
    values = tuple(
        getattr(strip, edit_property(face.number, control))
        for face in strip.mien.faces
        for control in (AMOUNT, *CONTROLS)
    )
    return strip.mien.identifier, project_id(strip), scene.frame_current_final, values


def _load(path: Path) -> None:
    """Put a PNG into the image data-block."""
    image = bpy.data.images.get(IMAGE)
    if image is None:
        image = bpy.data.images.load(str(path))
        image.name = IMAGE
    else:
        if image.packed_file is not None:
            image.unpack(method="REMOVE")
        image.filepath = str(path)
        image.reload()
    # The file is the server's and goes soon.
    image.pack()
    image.gl_free()


def _draw() -> None:
    """Draw the image where the sequencer shows the strip."""
    context = bpy.context
    scene = sequencer_scene(context)
    image = bpy.data.images.get(IMAGE)
    if not scene.mien.overlay:
        return
    if _task is not None:
        draw_label("mien: fetching the edited frame")
    if image is None or _shown is None:
        return
    try:
        scene, strip = _shown[0].find()
        when = timing(scene, strip, strip.mien.frames)
    except ServeError:
        return
    if when.media_frame(scene.frame_current_final) != _shown[1]:
        return
    corners, coordinates = _placed(strip)
    view = context.region.view2d
    draw_image(image, [view.view_to_region(*xy, clip=False) for xy in corners], coordinates)
    if _task is None:
        draw_label("mien: edited frame")


def _placed(strip: Strip) -> tuple[list[tuple[float, float]], list[Any]]:
    """Return the corners of a strip's picture in the preview, and the image's coordinates there."""
    width, height = strip.mien.size
    crop, move = strip.crop, strip.transform
    left, right = crop.min_x / width, 1 - crop.max_x / width
    bottom, top = crop.min_y / height, 1 - crop.max_y / height
    coordinates = [(left, bottom), (right, bottom), (right, top), (left, top)]
    sine, cosine = math.sin(move.rotation), math.cos(move.rotation)
    # The origin, about which it is scaled and turned, is a share of the picture.
    origin = ((move.origin[0] - 0.5) * width, (move.origin[1] - 0.5) * height)
    corners = []
    for u, v in coordinates:
        x = ((u - 0.5) * width - origin[0]) * move.scale_x
        y = ((v - 0.5) * height - origin[1]) * move.scale_y
        corners.append(
            (
                x * cosine - y * sine + origin[0] + move.offset_x,
                x * sine + y * cosine + origin[1] + move.offset_y,
            )
        )
    if strip.use_flip_x:
        coordinates = [(left + right - u, v) for u, v in coordinates]
    if strip.use_flip_y:
        coordinates = [(u, bottom + top - v) for u, v in coordinates]
    return corners, coordinates
