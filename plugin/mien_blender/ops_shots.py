"""Operators that ask mien: check, track, render, preview, bake, files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from . import files, jobs, preview, server
from .choices import curve_pattern
from .client import ServeError
from .compat import properties
from .jobs import Task
from .ops_base import Result, begin, complain, on_media, on_tracked, target
from .problems import RefusedError
from .rendering import rendering
from .rig import MAX_FACES
from .shape_keys import baking
from .state import active_face
from .tracking import tracking

__all__ = ["CLASSES"]

_PATIENCE = 20.0
"""Seconds that Blender's window waits for a check; mien answers within two."""
_SLICE = 0.02
"""Seconds between two looks at the server while an operator waits for it."""


class CheckMien(bpy.types.Operator):
    """Start mien and see whether it answers."""

    bl_idname = "mien.check"
    bl_description = "Start mien and see whether it answers"
    bl_label = "Check mien"

    def execute(self, context: Any) -> Result:
        """Start the server and ask who it is."""
        server.disconnect()
        steps = server.connect()
        try:
            until = time.monotonic() + _PATIENCE
            while time.monotonic() < until:
                next(steps)
                time.sleep(_SLICE)
            raise _silent()
        except StopIteration as end:
            hello, command = end.value.hello, server.find_executable()
        except ServeError as error:
            server.disconnect()
            server.checked = error
            return complain(self, error)
        renderers = ", ".join(hello["renderers"])
        said = f"{command} is mien {hello['mien']}; renderers: {renderers}."
        server.checked = said
        self.report({"INFO"}, said)
        return {"FINISHED"}


def _silent() -> ServeError:
    return ServeError(
        "silent",
        f"{server.find_executable()} was started, but does not answer as mien does.",
        "Choose the mien of your installation, or run `mien doctor` in a terminal.",
    )


@properties(
    max_faces=IntProperty(
        name="Faces", description="People to keep at most, those most seen",
        default=MAX_FACES, min=1, max=MAX_FACES,
    )
)  # fmt: skip
class TrackStrip(bpy.types.Operator):
    """Find the faces of the active strip and what they do. Esc cancels."""

    bl_idname = "mien.track"
    bl_description = "Find the faces of the active strip and what they do. Esc cancels"
    bl_label = "Track Faces"
    bl_options = {"REGISTER", "UNDO"}

    max_faces: int

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether the active strip is of the kind that the operator works on."""
        return on_media(context)

    def invoke(self, context: Any, event: Any) -> Result:
        """Track beside the drawing of the window."""
        try:
            self._task: Task = tracking(*target(context), self.max_faces, modal=True)
        except ServeError as error:
            return complain(self, error)
        jobs.show(self._task)
        manager = context.window_manager
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> Result:
        """Look at the server at every tick of the timer."""
        if event.type == "ESC":
            self._task.cancel()
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        jobs.redraw()
        if self._task.step():
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        jobs.finish(self._task)
        if self._task.error is not None:
            return complain(self, self._task.error)
        self.report({"INFO"}, self._task.outcome)
        return {"FINISHED"}

    def cancel(self, context: Any) -> None:
        """End with Blender's end of the operator, as when another file is loaded."""
        self._task.cancel()
        jobs.finish(self._task)
        context.window_manager.event_timer_remove(self._timer)

    def execute(self, context: Any) -> Result:
        """Track at once, for scripts and Blender without a window."""
        try:
            task = tracking(*target(context), self.max_faces)
            task.run()
        except ServeError as error:
            return complain(self, error)
        self.report({"INFO"}, task.outcome)
        return {"FINISHED"}


class CancelTask(bpy.types.Operator):
    """Stop what mien does for this strip; nothing is changed."""

    bl_idname = "mien.cancel"
    bl_description = "Stop what mien does for this strip; nothing is changed"
    bl_label = "Cancel"

    def execute(self, context: Any) -> Result:
        """Cancel the strip's task."""
        task = jobs.running(target(context)[1].mien.identifier)
        if task is not None:
            task.cancel()
        return {"FINISHED"}


class RenderStrip(bpy.types.Operator):
    """Render the edit and show it on a channel above; the strip is muted and stays."""

    bl_idname = "mien.render"
    bl_description = "Render the edit and show it on a channel above; the strip is muted and stays"
    bl_label = "Render Edit"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether the active strip is of the kind that the operator works on."""
        return on_tracked(context)

    def execute(self, context: Any) -> Result:
        """Start the render."""
        scene, strip = target(context)
        try:
            return begin(self, rendering(scene, strip))
        except ServeError as error:
            return complain(self, error)


class PreviewFrame(bpy.types.Operator):
    """Fetch the edited frame at the playhead into the image 'mien preview'."""

    bl_idname = "mien.preview"
    bl_description = "Fetch the edited frame at the playhead into the image 'mien preview'"
    bl_label = "Preview Frame"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether the active strip is of the kind that the operator works on."""
        return on_tracked(context)

    def execute(self, context: Any) -> Result:
        """Fetch the frame."""
        try:
            return begin(self, preview.previewing(*target(context)))
        except ServeError as error:
            return complain(self, error)


@properties(
    edited=BoolProperty(
        name="With Edit", description="Bake what the edit asks for, not the performance",
        default=True,
    ),
    basis=EnumProperty(
        name="FLAME", description="The head that a mesh with FLAME-named shape keys is made of",
        items=[(b, b, "") for b in ("flame2020", "flame2023", "flame2023-open")],
    ),
)  # fmt: skip
class BakeShapeKeys(bpy.types.Operator):
    """Key the shape keys of a mesh from the active face."""

    bl_idname = "mien.bake_shape_keys"
    bl_description = "Key the shape keys of a mesh from the active face"
    bl_label = "Bake to Shape Keys"
    bl_options = {"REGISTER", "UNDO"}

    edited: bool
    basis: str

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether the active strip is of the kind that the operator works on."""
        return on_tracked(context)

    def execute(self, context: Any) -> Result:
        """Start to bake."""
        scene, strip = target(context)
        face = active_face(strip)
        try:
            if scene.mien.mesh is None or face is None:
                raise RefusedError("No mesh is chosen.", "Choose one with shape keys in the panel.")
            task = baking(
                scene, strip, face.number, scene.mien.mesh, edited=self.edited, basis=self.basis
            )
            return begin(self, task)
        except ServeError as error:
            return complain(self, error)


_FILES = {
    "export_project": ("Export Project", "*.mien"),
    "import_project": ("Import Project", "*.mien"),
    "export_curves": ("Export Curves", "*.npz"),
    "import_curves": ("Import Curves", "*.npz"),
}
"""By a verb of files.py its label, and the pattern of its usual files."""


def _file_operator(verb: str, label: str, pattern: str) -> type:
    """Make the operator of a verb of files.py, with a file browser."""
    writes, ending = verb.startswith("export"), Path(pattern).suffix

    @properties(
        filepath=StringProperty(subtype="FILE_PATH"),
        filter_glob=StringProperty(default=pattern, options={"HIDDEN"}),
        # The name turns red where a file would be overwritten.
        check_existing=BoolProperty(default=writes, options={"HIDDEN"}),
    )
    class FileOperator(bpy.types.Operator):
        bl_idname = f"mien.{verb}"
        bl_label = label
        bl_options = {"REGISTER", "UNDO"}

        filepath: str
        filter_glob: str

        @classmethod
        def poll(cls, context: Any) -> bool:
            return on_media(context) if verb == "import_project" else on_tracked(context)

        def invoke(self, context: Any, event: Any) -> Result:
            if writes and not self.filepath:
                self.filepath = bpy.path.clean_name(target(context)[1].name) + ending
            if verb.endswith("curves"):
                self.filter_glob = curve_pattern(writes=writes)
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}

        def execute(self, context: Any) -> Result:
            scene, strip = target(context)
            face = active_face(strip)
            number = face.number if face is not None else 1
            whom = (number,) if verb.endswith("curves") else ()
            try:
                path = Path(bpy.path.abspath(self.filepath))
                if writes and not path.suffix:
                    path = path.with_suffix(ending)
                return begin(self, getattr(files, verb)(scene, strip, *whom, path))
            except ServeError as error:
                return complain(self, error)

    FileOperator.__name__ = FileOperator.__qualname__ = f"MIEN_OT_{verb}"
    FileOperator.__doc__ = f"{label} of the active strip"
    return FileOperator


CLASSES = (
    CheckMien, TrackStrip, CancelTask, RenderStrip, PreviewFrame, BakeShapeKeys,
    *(_file_operator(verb, *what) for verb, what in _FILES.items()),
)  # fmt: skip
