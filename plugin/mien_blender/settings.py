"""Settings of the panels, kept with the scene."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, PointerProperty, StringProperty

from .choices import note_renderer, renderer_items
from .compat import properties
from .rendering import FORMATS
from .rig import REGIONS

__all__ = ["MienSettings", "register", "unregister"]


def _has_shape_keys(settings: Any, candidate: Any) -> bool:
    return candidate.type == "MESH" and candidate.data.shape_keys is not None


@properties(
    key=BoolProperty(
        name="Key", description="Insert keys at the playhead when a button sets controls",
        default=True,
    ),
    strength=FloatProperty(
        name="Strength", description="How much of a named expression is set",
        default=0.7, min=0, soft_max=1, max=1.5, subtype="FACTOR",
    ),
    palette=EnumProperty(
        name="Palette",
        items=[
            ("EXPRESSIONS", "Expressions", "Smile, surprise, anger, ..."),
            ("VISEMES", "Visemes", "The mouth's shapes in speech"),
            ("FEELINGS", "Feelings", "Words for feelings, from adoration to dread"),
        ],
    ),
    region=EnumProperty(
        name="Region", description="Part of the face whose controls are shown",
        items=[(region, region.title(), f"Controls of the {region}") for region in REGIONS],
        default="mouth",
    ),
    performance=BoolProperty(
        name="Show performance", description="Show what the face does under each control"
    ),
    overlay=BoolProperty(
        name="Edited frame", description="Show the edited frame in the sequencer's preview",
        default=True,
    ),
    format=EnumProperty(
        name="Format", items=[(key, each.title, each.description) for key, each in FORMATS.items()]
    ),
    renderer=EnumProperty(name="Renderer", items=renderer_items, update=note_renderer, default=0),
    chosen_renderer=StringProperty(
        name="Chosen renderer", description="Name of the renderer", options={"HIDDEN"}
    ),
    folder=StringProperty(
        name="Folder", description="Where renders go; beside the .blend when empty",
        subtype="DIR_PATH",
    ),
    until_damage=BoolProperty(
        name="Until damage",
        description="Where the film is damaged or cut off, take what comes before it",
    ),
    watermark=StringProperty(
        name="Watermark",
        description="A text in a corner of every frame, as DRAFT; none when empty", maxlen=80,
    ),
    mesh=PointerProperty(
        name="Mesh", description="A mesh whose shape keys follow the face",
        type=bpy.types.Object, poll=_has_shape_keys,
    ),
)  # fmt: skip
class MienSettings(bpy.types.PropertyGroup):
    """Settings of the panels."""

    key: bool
    strength: float
    palette: str
    region: str
    performance: bool
    overlay: bool
    format: str
    renderer: str
    chosen_renderer: str
    folder: str
    until_damage: bool
    watermark: str
    mesh: Any


def register() -> None:
    """Register the settings with scenes."""
    bpy.utils.register_class(MienSettings)
    bpy.types.Scene.mien = PointerProperty(type=MienSettings)


def unregister() -> None:
    """Unregister the settings."""
    del bpy.types.Scene.mien
    bpy.utils.unregister_class(MienSettings)
