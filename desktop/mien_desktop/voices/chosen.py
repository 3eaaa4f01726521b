"""Sounds of a shot's voices that come from files: which there are, and which is heard; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mien.model.document import Project
from mien.model.edits import Edit, Layer
from mien.timebase import FrameRange

__all__ = ["VoiceSound", "free_name", "voice_sounds"]


@dataclass(frozen=True, slots=True)
class VoiceSound:
    """A file with the sound of a voice.

    Attributes:
        path: The file.
        start: Second of the shot at which its first sample is heard.
    """

    path: Path
    start: float


def voice_sounds(project: Project | None, layer: str = "") -> tuple[VoiceSound, ...]:
    """Return the sounds of all voices that act, each once: a layer's own first, then from the top.

    Args:
        project: The shot with its edits.
        layer: Name of the layer that is worked on.
    """
    if project is None:
        return ()
    layers = [one for edit in project.edits for one in reversed(edit.layers)]
    layers.sort(key=lambda one: one.name != layer)
    sounds = [
        VoiceSound(one.voice.sound, one.voice.start)
        for one in layers
        if one.voice is not None
        and one.voice.sound is not None
        and one.voice.sound_online
        and not one.muted
    ]
    return tuple(dict.fromkeys(sounds))


def free_name(edit: Edit, wanted: str, spans: tuple[FrameRange, ...]) -> str:
    """Return the name of a new layer: one that acts elsewhere stays, one that it meets is replaced.

    Args:
        edit: What is asked of the face.
        wanted: The usual name of such a layer, as `voice`.
        spans: Frames in which the new layer acts.
    """
    layers = {one.name: one for one in edit.layers}
    name, number = wanted, 1
    while name in layers and not _meets(layers[name], spans):
        number += 1
        name = f"{wanted} {number}"
    return name


def _meets(layer: Layer, spans: tuple[FrameRange, ...]) -> bool:
    if layer.voice is not None:
        own: list[FrameRange | None] = [layer.voice.span]
    else:
        own = [track.span for track in layer.tracks]
    return not own or any(
        one is None or (one.start < span.stop and span.start < one.stop)
        for one in own
        for span in spans
    )
