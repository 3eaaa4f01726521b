"""Operators that set and key controls, all with Blender's own properties and keys."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from .animation import channel, clear_edit, clear_source, key_now
from .compat import Scene, Strip, properties
from .ops_base import Result, on_tracked, target
from .rig import CONTROLS, NAMED, edit_property, source_property, words
from .state import MienFace, active_face, forget_project

__all__ = ["CLASSES"]


def _set(scene: Scene, strip: Strip, face: MienFace, values: dict[str, float]) -> None:
    """Set controls of a face at the playhead, and key them when asked to."""
    for control, value in values.items():
        setattr(strip, edit_property(face.number, control), value)
        if scene.mien.key:
            key_now(scene, strip, face.number, control)


def _values(strip: Strip, face: MienFace) -> dict[str, float]:
    """Return the edit of a face at the playhead, by control."""
    return {c: getattr(strip, edit_property(face.number, c)) for c in CONTROLS}


def _performed(strip: Strip, face: MienFace, control: str) -> float:
    """Return what a face does with a control at the playhead."""
    return float(getattr(strip, source_property(face.number, control)))


def _used(scene: Scene, strip: Strip, face: MienFace) -> list[str]:
    """Return the controls of a face that are animated, or not zero."""
    return [
        control
        for control, value in _values(strip, face).items()
        if value or channel(scene, strip, edit_property(face.number, control)) is not None
    ]


class _OnFace(bpy.types.Operator):
    """Base of operators on the active face."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether a tracked strip is active."""
        return on_tracked(context)

    def execute(self, context: Any) -> Result:
        """Run the operator on the active face."""
        scene, strip = target(context)
        face = active_face(strip)
        assert face is not None
        self.change(scene, strip, face)
        return {"FINISHED"}

    def change(self, scene: Scene, strip: Strip, face: MienFace) -> None:
        """Change the strip; every operator has its own way."""
        raise NotImplementedError


@properties(
    name=StringProperty(name="Expression", options={"HIDDEN"}),
    strength=FloatProperty(name="Strength", default=1.0, min=0.0, soft_max=1.0, max=1.5),
)
class ApplyExpression(_OnFace):
    """Set the controls of a named expression at the playhead."""

    bl_idname = "mien.apply_expression"
    bl_description = "Set the controls of a named expression at the playhead"
    bl_label = "Apply Expression"

    name: str
    strength: float

    @classmethod
    def description(cls, context: Any, properties: Any) -> str:
        """Return the controls that the expression sets."""
        preset = NAMED.get(properties.name)
        if preset is None:
            return "Set the controls of a named expression at the playhead"
        mixture = ", ".join(f"{words(c)} {v:g}" for c, v in preset.weights.items())
        return f"Set {mixture}"

    def change(self, scene: Scene, strip: Strip, face: MienFace) -> None:
        """Set and key the expression's controls."""
        preset = NAMED[self.name]
        asked = {c: v - _performed(strip, face, c) * preset.replaces
                 for c, v in preset.weights.items()}  # fmt: skip
        _set(scene, strip, face, {c: v * self.strength for c, v in asked.items()})


class KeyFace(_OnFace):
    """Key every control of the face that is animated or not zero."""

    bl_idname = "mien.key_face"
    bl_description = "Key every control of the face that is animated or not zero"
    bl_label = "Key Face"

    def change(self, scene: Scene, strip: Strip, face: MienFace) -> None:
        """Key the controls as they are."""
        for control in _used(scene, strip, face):
            key_now(scene, strip, face.number, control)


class ResetFace(_OnFace):
    """Ask for nothing at the playhead: every used control is set to zero."""

    bl_idname = "mien.reset_face"
    bl_description = "Ask for nothing at the playhead: every used control is set to zero"
    bl_label = "Back to Performance"

    def change(self, scene: Scene, strip: Strip, face: MienFace) -> None:
        """Set the controls in use to zero."""
        _set(scene, strip, face, dict.fromkeys(_used(scene, strip, face), 0.0))


@properties(
    mode=EnumProperty(
        name="Mirror",
        items=[
            ("LEFT", "Left to right", "The right side does what the left does"),
            ("RIGHT", "Right to left", "The left side does what the right does"),
            ("SWAP", "Swap", "Each side does what the other did"),
        ],
    )
)
class MirrorFace(_OnFace):
    """Carry the edit at the playhead to the other side of the face."""

    bl_idname = "mien.mirror"
    bl_description = "Carry the edit at the playhead to the other side of the face"
    bl_label = "Mirror"

    mode: str

    def change(self, scene: Scene, strip: Strip, face: MienFace) -> None:
        """Set the controls of the sides."""
        values = _values(strip, face)
        wanted = {}
        for name, control in CONTROLS.items():
            taken = self.mode == "SWAP" or not name.endswith(self.mode.title())
            if control.mirror != name and taken:
                # The person's left is positive in yaw and roll, so these turn about.
                turn = -1.0 if control.region in ("gaze", "head") and "Yaw" in name else 1.0
                wanted[name] = turn * values[control.mirror]
        if self.mode == "SWAP":
            wanted |= {name: -values[name] for name in ("headYaw", "headRoll")}
        _set(scene, strip, face, {c: v for c, v in wanted.items() if v != values[c]})


class RemoveData(_OnFace):
    """Take everything of mien away from the strip: faces, curves and the tracked project."""

    bl_idname = "mien.remove_data"
    bl_label = "Remove mien Data"
    bl_description = "Take faces, curves, keys and the tracked project away from the strip"

    def change(self, scene: Scene, strip: Strip, face: MienFace) -> None:
        """Remove the curves of all faces, then what is known of the strip."""
        for each in strip.mien.faces:
            clear_edit(scene, strip, each.number)
            clear_source(scene, strip, each.number)
        forget_project(strip)


CLASSES = (ApplyExpression, KeyFace, ResetFace, MirrorFace, RemoveData)
