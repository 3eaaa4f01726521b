"""Rendering a strip's edit, and putting the result above it."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import server
from .animation import sample_edit
from .client import Client
from .compat import Scene, Strip, all_strips, strip_collection
from .jobs import Task
from .migration import stamp
from .problems import RefusedError
from .shots import opened, set_edits
from .state import identify
from .timing import Timing, media_path, timing

__all__ = ["FORMATS", "Format", "place", "rendering", "send_edits"]


@dataclass(frozen=True)
class Format:
    """Codec and container of a render.

    Attributes:
        title: What it is called.
        description: What it is for.
        ending: Of the file; empty for the source's own.
        parameters: For mien's `render`.
    """

    title: str
    description: str
    ending: str
    parameters: dict[str, Any]


FORMATS = {
    "SOURCE": Format("As the source", "The source's own codec", "", {}),
    "H264": Format("H.264", "For review, no visible loss", ".mp4", {"codec": "h264"}),
    "SMALL": Format("H.264, small", "For sending", ".mp4", {"codec": "h264", "quality": "small"}),
    "PRORES": Format("ProRes", "For finishing", ".mov", {"codec": "prores"}),
    "LOSSLESS": Format("Lossless", "FFV1, every pixel exact", ".mkv", {"lossless": True}),
}


_MOVIES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mxf")
"""Endings of the movies that mien writes."""


def send_edits(
    client: Client, shot: str, scene: Scene, strip: Strip, when: Timing, span: tuple[int, int]
) -> list[Any]:
    """Sample the edits of all faces over a span of the media and send them.

    Returns:
        The answers' futures.
    """
    sent = []
    for face in strip.mien.faces:
        samples = sample_edit(scene, strip, face.number, when, span)
        sent.append(set_edits(client, shot, face.number, samples))
    return sent


def rendering(scene: Scene, strip: Strip) -> Task:
    """Return a task that renders what is seen of a strip and puts the result above it.

    Folder, format and renderer are those that the scene's panel is set to.

    Args:
        scene: The scene that holds the strip.
        strip: A tracked strip.
    """
    address = identify(scene, strip)
    format_, renderer = scene.mien.format, scene.mien.renderer
    damage = {"until_damage": True} if scene.mien.until_damage else {}
    draft = {"watermark": scene.mien.watermark} if scene.mien.watermark.strip() else {}
    folder = Path(bpy.path.abspath(scene.mien.folder)) if scene.mien.folder else _folder(strip)

    def work(task: Task) -> Generator[None, None, str]:
        task.tell("starting mien", 0, 0)
        client, shot = yield from opened(address.find()[1], task)
        scene, strip = address.find()
        when = timing(scene, strip, strip.mien.frames)
        span = when.visible
        if span[0] >= span[1]:
            raise RefusedError(
                f"No frame of '{strip.name}' is seen.", "Move or lengthen the strip."
            )
        output = _next_output(strip, folder, format_)
        output.parent.mkdir(parents=True, exist_ok=True)
        sent = send_edits(client, shot, scene, strip, when, span)
        job = client.start(
            "render", shot=shot, output=str(output), frames=list(span), renderer=renderer,
            **FORMATS[format_].parameters, **damage, **draft,
        )  # fmt: skip
        task.job = job
        for answer in sent:
            yield from server.wait(answer)
        report = yield from task.await_job(job)
        result = place(*address.find(), output, (span[0], span[0] + report["frames"]))
        said = f"{result.name}: {report['frames_edited']} of {report['frames']} frames edited."
        cut = report["notes"][:1] if report.get("damaged_frame") is not None else []
        return " ".join([said, *cut])

    return Task("Render", address.identifier, work)


def place(scene: Scene, strip: Strip, movie: Path, span: tuple[int, int]) -> Strip:
    """Show a rendered movie on a channel above its strip, which is muted and stays.

    A result that is there already takes the new file, or gives way when its length is another.

    Args:
        scene: The scene.
        strip: The strip that was rendered.
        movie: The render.
        span: Frames of the media that it holds.
    """
    when = timing(scene, strip, strip.mien.frames)
    start, length = max(when.first, round(when.scene_time(span[0]))), span[1] - span[0]
    # Copied together with its result, a strip has two that are called its own.
    old = min(
        (s for s in all_strips(scene) if s.mien.source == strip.mien.identifier),
        key=lambda s: abs(s.frame_final_start - strip.frame_final_start),
        default=None,
    )
    path = _relative(movie)
    if old is not None and old.frame_start == start and old.frame_duration == length:
        old.filepath = path
        strip.mute = True
        return old
    lowest = strip.channel + 1
    if old is not None:
        lowest = old.channel
        strip_collection(scene, old).remove(old)
    channel = _free_channel(scene, strip, lowest, when.first, when.last)
    result = _new_movie(scene, strip, path, channel, start, when.rate)
    # Where a strip is longer than its film it holds the first and the last frame; so does this.
    result.frame_final_start, result.frame_final_end = when.first, when.last
    result.mien.source = strip.mien.identifier
    stamp(result)
    _copy_look(strip, result)
    strip.mute = True
    return result


def _folder(strip: Strip) -> Path:
    """Return the folder of renders unless the user chose one: beside the .blend, or the media."""
    home = Path(bpy.data.filepath) if bpy.data.filepath else Path(media_path(strip))
    return home.parent / "mien renders"


def _next_output(strip: Strip, folder: Path, format_: str) -> Path:
    """Return a name that is not taken: a number more than any in the folder."""
    media = Path(media_path(strip))
    stem = re.sub(r"[._]?%0\dd", "", media.stem) or "render"
    ending = FORMATS[format_].ending or media.suffix.lower()
    if ending not in _MOVIES:
        ending = ".mov"
    pattern = re.compile(re.escape(f"{stem}-{strip.mien.identifier[:6]}-v") + r"(\d+)\.\w+")
    taken = [strip.mien.render_number]
    if folder.is_dir():
        taken += [int(m[1]) for file in folder.iterdir() if (m := pattern.fullmatch(file.name))]
    strip.mien.render_number = max(taken) + 1
    number = strip.mien.render_number
    return folder / f"{stem}-{strip.mien.identifier[:6]}-v{number:03d}{ending}"


def _relative(path: Path) -> str:
    """Return a path as Blender keeps it: relative to the .blend where that is possible."""
    if not bpy.data.filepath:
        return str(path)
    try:
        return str(bpy.path.relpath(str(path)))
    except ValueError:  # on another drive
        return str(path)


def _free_channel(scene: Scene, strip: Strip, lowest: int, start: int, stop: int) -> int:
    """Return the lowest channel from one on with nothing in a span beside a strip."""
    taken = {
        other.channel
        for other in strip_collection(scene, strip)
        if other.frame_final_start < stop and other.frame_final_end > start
    }
    return next(c for c in range(lowest, 1 << 20) if c not in taken)


def _new_movie(
    scene: Scene, strip: Strip, path: str, channel: int, start: int, rate: float
) -> Strip:
    """Make a movie strip beside a strip, in the same meta strip if that is in one."""
    name = f"{strip.name} (mien)"
    if rate == 1.0:
        return strip_collection(scene, strip).new_movie(
            name=name, filepath=path, channel=channel, frame_start=start
        )
    meta, active = strip.parent_meta(), scene.sequence_editor.active_strip
    # Only Blender's own operator makes a strip that plays at the movie's rate.
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                with bpy.context.temp_override(window=window, area=area):
                    bpy.ops.sequencer.movie_strip_add(
                        filepath=bpy.path.abspath(path), channel=channel, frame_start=start,
                        sound=False, use_framerate=False, adjust_playback_rate=True,
                        replace_sel=True,
                    )  # fmt: skip
                made = scene.sequence_editor.active_strip
                made.name = name
                if meta is not None and made.parent_meta() != meta:
                    made.move_to_meta(meta)
                scene.sequence_editor.active_strip = active
                return made
    raise RefusedError(
        f"{path} is rendered, but plays at another rate than the scene.",
        "Add it yourself, with Adjust Playback Rate.",
    )


def _copy_look(source: Strip, result: Strip) -> None:
    """Show the result where and how its strip is shown."""
    for name in ("blend_type", "blend_alpha", "use_flip_x", "use_flip_y", "color_saturation",
                 "color_multiply"):  # fmt: skip
        setattr(result, name, getattr(source, name))
    for group in ("transform", "crop"):
        ours, theirs = getattr(result, group), getattr(source, group)
        for item in theirs.bl_rna.properties:
            if not item.is_readonly and item.type in ("INT", "FLOAT", "ENUM"):
                value = getattr(theirs, item.identifier)
                setattr(ours, item.identifier, value)
