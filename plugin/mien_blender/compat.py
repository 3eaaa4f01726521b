"""Differences between Blender's versions, from 3.4 (for looking) over 4.2 to 5.0.

The one place that knows of versions, and the one seam where Blender's objects are untyped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import bpy

__all__ = ["STRIP_CLASS", "FCurve", "Scene", "Strip", "all_strips", "channels", "draw_image",
           "draw_label", "ensured_channels", "progress_bar", "properties", "sequencer_scene",
           "strip_collection"]  # fmt: skip

Scene = Any
Strip = Any
FCurve = Any

STRIP_CLASS: Any = getattr(bpy.types, "Strip", None) or bpy.types.Sequence
"""`Sequence` was renamed in 4.4."""

_Class = TypeVar("_Class", bound=type)


def properties(**declared: Any) -> Callable[[_Class], _Class]:
    """Return a class decorator that gives a Blender class its properties.

    Blender reads them from annotations; written there, they would be no types.
    """

    def add(cls: _Class) -> _Class:
        cls.__annotations__ = dict(declared)
        return cls

    return add


def sequencer_scene(context: Any) -> Scene:
    """Return the scene whose strips are shown; since 5.0 it may be another than the window's."""
    return getattr(context, "sequencer_scene", None) or context.scene


def strip_collection(scene: Scene, beside: Strip | None = None) -> Any:
    """Return the strips at the top level, with `new_movie`, `new_image` and `remove`.

    Args:
        scene: The scene.
        beside: A strip; when it is in a meta strip, that one's strips are meant.
    """
    meta = beside.parent_meta() if beside is not None else None
    owner = meta or scene.sequence_editor or scene.sequence_editor_create()
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def all_strips(scene: Scene) -> Iterator[Strip]:
    """Yield every strip of a scene, those in meta strips too."""
    editor = scene.sequence_editor
    if editor is not None:
        yield from editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def channels(owner: Any) -> Any | None:
    """Return the owner of a data-block's F-curves and groups; None when it has none.

    Since 4.4 that is the channel bag of its slot, before it was the action itself.
    """
    data = owner.animation_data
    if data is None or data.action is None:
        return None
    if not hasattr(data.action, "layers"):
        return data.action
    if data.action_slot is None:
        return None
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot)
            if bag is not None:
                return bag
    return None


def ensured_channels(owner: Any) -> Any:
    """Return the owner of a data-block's F-curves; action, slot and layer are made if missing."""
    data = owner.animation_data or owner.animation_data_create()
    if data.action is None:
        data.action = bpy.data.actions.new(f"{owner.name}Action")
    action = data.action
    if not hasattr(action, "layers"):
        return action
    if data.action_slot is None:
        data.action_slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    bag = channels(owner)
    if bag is not None:
        return bag
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(data.action_slot, ensure=True)


def progress_bar(layout: Any, text: str, fraction: float) -> None:
    """Draw the progress of a job."""
    if hasattr(layout, "progress"):
        layout.progress(text=text, factor=fraction, type="BAR")
    else:
        layout.label(text=f"{text}  {fraction:.0%}")


def draw_label(text: str) -> None:
    """Draw a word in the lower left corner of a region."""
    import blf

    size = 12 * bpy.context.preferences.system.ui_scale
    blf.size(0, size, *((72,) if bpy.app.version < (4, 0, 0) else ()))
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0.0, 0.0, 0.0, 1.0)
    blf.color(0, 1.0, 1.0, 1.0, 0.9)
    blf.position(0, size, size, 0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)


def draw_image(image: Any, corners: Any, coordinates: Any) -> None:
    """Draw an image over a region, in its own colours.

    Args:
        image: The image data-block.
        corners: Four corners in pixels of the region, against the clock.
        coordinates: The image's coordinates (0..1) there.
    """
    import gpu
    from gpu_extras.batch import batch_for_shader

    old = bpy.app.version < (4, 0, 0)
    shader = gpu.shader.from_builtin("2D_IMAGE" if old else "IMAGE")
    # Textures are in scene linear; in newer Blenders that need not be the display's linear light.
    with contextlib.suppress(ValueError):
        shader = gpu.shader.from_builtin("IMAGE_SCENE_LINEAR_TO_REC709_SRGB")
    batch = batch_for_shader(
        shader,
        "TRIS",
        {"pos": [tuple(c) if old else (*c, 0.0) for c in corners], "texCoord": coordinates},
        indices=[(0, 1, 2), (0, 2, 3)],
    )
    shader.bind()
    shader.uniform_sampler("image", gpu.texture.from_image(image))
    batch.draw(shader)
