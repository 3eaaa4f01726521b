"""Operators of everyday jobs, performances of others and voices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from .client import ServeError
from .compat import Scene, Strip, all_strips, properties
from .jobs import Task
from .ops_base import Result, begin, complain, on_tracked, target
from .performing import applying, muting, retouching, speaking
from .problems import RefusedError
from .rig import REGIONS
from .state import active_face

__all__ = ["CLASSES", "RETOUCHES"]

RETOUCHES = (
    ("lens", "Look at the Lens", "The eyes look into the camera, however the head turns"),
    ("hold-eyes", "Hold the Eyes", "The eyes stay on what they look at at the playhead"),
    ("remove-blinks", "Remove Blinks", "The eyes stay open through every blink"),
    ("blink", "Add a Blink", "The eyes are shut at the playhead, and open again"),
    ("soften", "Soften", "The performance away from rest becomes less"),
    ("neutralise", "Neutralise", "The face goes to rest"),
)
"""By its name in the protocol, the words and the tip of each everyday job."""
_LEFT_ALONE = ("gaze", "head")
_GROUPS = [(name, name.title(), f"Take the {name} along") for name in REGIONS]


class _OnPerformance(bpy.types.Operator):
    """Base of operators that mien works out for the active face."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether a tracked strip is active."""
        return on_tracked(context)

    def execute(self, context: Any) -> Result:
        """Start the task."""
        scene, strip = target(context)
        face = active_face(strip)
        assert face is not None
        try:
            return begin(self, self.task(scene, strip, face.number))
        except ServeError as error:
            return complain(self, error)

    def task(self, scene: Scene, strip: Strip, face: int) -> Task:
        """Make the task; every operator has its own."""
        raise NotImplementedError


@properties(
    kind=EnumProperty(name="Job", items=RETOUCHES),
    strength=FloatProperty(
        name="Strength", description="How much of it; 0 is as much as is usual",
        default=0, min=0, max=1, subtype="FACTOR",
    ),
)  # fmt: skip
class RetouchFace(_OnPerformance):
    """Do an everyday job on the active face, in the preview range if there is one."""

    bl_idname = "mien.retouch"
    bl_description = "Do an everyday job on the active face, in the preview range if there is one"
    bl_label = "Retouch"

    kind: str
    strength: float

    @classmethod
    def description(cls, context: Any, properties: Any) -> str:
        """Return what the job does."""
        tip = next((tip for kind, _, tip in RETOUCHES if kind == properties.kind), "")
        return f"{tip}; in the preview range if there is one"

    def task(self, scene: Scene, strip: Strip, face: int) -> Task:
        """Make the task of the job."""
        return retouching(scene, strip, face, self.kind, self.strength)


_HOW = {
    "groups": EnumProperty(
        name="What", description="Parts of the face that follow", items=_GROUPS,
        options={"ENUM_FLAG"}, default={name for name in REGIONS if name not in _LEFT_ALONE},
    ),
    "relative": EnumProperty(
        name="How",
        items=[
            ("FITS", "As fits", "Relative to rest for another person, else just what it does"),
            ("REST", "Relative to rest", "What it does away from its rest, from this face's on"),
            ("ABSOLUTE", "Absolute", "Just what it does"),
        ],
    ),
    "strength": FloatProperty(
        name="Strength", description="How far the face goes to what it follows",
        default=1, min=0, max=1, subtype="FACTOR",
    ),
    "whose": StringProperty(
        name="Whose", description="Number of the face, where there are several"
    ),
}  # fmt: skip


class _Following(_OnPerformance):
    """Base of operators that let the active face follow another performance."""

    groups: set[str]
    relative: str
    strength: float
    whose: str

    def how(self) -> dict[str, Any]:
        """Return the parameters of the protocol."""
        if not self.groups:
            raise RefusedError("No part of the face is chosen.", "Choose one of What.")
        if self.whose and not self.whose.strip().isdigit():
            raise RefusedError(f"'{self.whose}' is no number of a face.", "Write 1, 2 or the like.")
        whose = {"from_face": int(self.whose)} if self.whose else {}
        return whose | {
            "only": [name for name in REGIONS if name in self.groups],
            "relative": {"FITS": None, "REST": True, "ABSOLUTE": False}[self.relative],
            "strength": self.strength,
        }


@properties(
    filepath=StringProperty(subtype="FILE_PATH"),
    which=StringProperty(name="Shot", description="Name or number, where the project has several"),
    **_HOW,
)
class ApplyPerformance(_Following):
    """Let the active face follow a project, a curve file or an image."""

    bl_idname = "mien.apply"
    bl_description = "Let the active face follow a project, a curve file or an image"
    bl_label = "Apply Performance"

    filepath: str
    which: str

    def invoke(self, context: Any, event: Any) -> Result:
        """Ask for the file."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def task(self, scene: Scene, strip: Strip, face: int) -> Task:
        """Make the task that reads the file."""
        how = self.how() | ({"from_shot": self.which} if self.which else {})
        return applying(scene, strip, face, Path(bpy.path.abspath(self.filepath)), how)


@properties(**_HOW)
class FollowStrip(_Following):
    """Let the active strip's face follow the other selected strip, which is tracked too."""

    bl_idname = "mien.follow_strip"
    bl_description = "Let the active strip's face follow the other selected strip, tracked too"
    bl_label = "Follow Selected Strip"

    def task(self, scene: Scene, strip: Strip, face: int) -> Task:
        """Make the task that reads the other strip's performance."""
        others = [
            (one, source) for one in all_strips(scene)
            if one.select and one != strip and (source := active_face(one)) is not None
        ]  # fmt: skip
        if len(others) != 1:
            raise RefusedError(
                f"{len(others) or 'No'} other tracked strips are selected.",
                "Select the one to follow, then, with Shift, the one that is to follow it.",
            )
        ((other, source),) = others
        return applying(scene, strip, face, other, {"from_face": source.number} | self.how())


@properties(
    sound=StringProperty(
        name="Sound", description="A sound or a movie; the strip's own sound when empty",
        subtype="FILE_PATH",
    ),
    text=StringProperty(name="Text", description="What is said; heard when empty"),
    language=StringProperty(name="Language", default="en"),
)  # fmt: skip
class SpeakVoice(_OnPerformance):
    """Let a voice drive the mouth, in the preview range if there is one."""

    bl_idname = "mien.voice"
    bl_description = "Let a voice drive the mouth, in the preview range if there is one"
    bl_label = "Voice"

    sound: str
    text: str
    language: str

    def invoke(self, context: Any, event: Any) -> Result:
        """Ask for sound and text."""
        answer: Result = context.window_manager.invoke_props_dialog(self, width=420)
        return answer

    def task(self, scene: Scene, strip: Strip, face: int) -> Task:
        """Make the task that hears the voice."""
        sound = bpy.path.abspath(self.sound) if self.sound else ""
        return speaking(scene, strip, face, sound, self.text, self.language)


@properties(
    keep_breath=BoolProperty(
        name="Keep Breath", description="Leave breaths and swallows as they are"
    )
)
class MuteMouth(_OnPerformance):
    """Shut a talking mouth, in the preview range if there is one."""

    bl_idname = "mien.mute_mouth"
    bl_description = "Shut a talking mouth, in the preview range if there is one"
    bl_label = "Mute Mouth"

    keep_breath: bool

    def task(self, scene: Scene, strip: Strip, face: int) -> Task:
        """Make the task that shuts it."""
        return muting(scene, strip, face, keep_breath=self.keep_breath)


CLASSES = (RetouchFace, ApplyPerformance, FollowStrip, SpeakVoice, MuteMouth)
