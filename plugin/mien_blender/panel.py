"""The sidebar of the sequencer: tracking, faces, palette, sliders, preview, render."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

from . import jobs
from .client import ServeError
from .compat import Strip, progress_bar, sequencer_scene
from .drawing import draw_error, draw_lines
from .migration import newer
from .ops_performance import RETOUCHES
from .rig import PALETTES, edit_property, pairs, short, source_property, words
from .state import AMOUNT, active_face, thumbnail_bytes
from .timing import timing

__all__ = ["CLASSES", "register", "unregister"]

_pictures: Any = None


def _thumbnail(face: Any) -> int:
    """Return the icon of a face's picture; it is made when it is first shown."""
    if not face.thumbnail or _pictures is None:
        return 0
    name = str(hash(face.thumbnail))
    if name not in _pictures:
        path = Path(bpy.app.tempdir or tempfile.gettempdir()) / f"mien-face-{name}.png"
        path.write_bytes(thumbnail_bytes(face))
        _pictures.load(name, str(path), "IMAGE")
    return int(_pictures[name].icon_id)


class MIEN_UL_faces(bpy.types.UIList):
    """Faces of a strip with their pictures."""

    def draw_item(
        self, context: Any, layout: Any, data: Any, item: Any, icon: Any, active: Any, name: str
    ) -> None:
        """Draw a face: picture, name, the share of frames in which it is seen."""
        row = layout.row()
        row.prop(item, "name", text="", emboss=False, icon_value=_thumbnail(item))
        seen = row.row()
        seen.alignment = "RIGHT"
        seen.label(text=f"{item.seen / max(data.frames, 1):.0%}")


class _Panel(bpy.types.Panel):
    """Base of the panels in the sequencer's sidebar."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "mien"

    @staticmethod
    def strip(context: Any) -> Strip | None:
        """Return the active strip, when it is a movie or images."""
        scene = sequencer_scene(context)
        editor = scene.sequence_editor if scene is not None else None
        active = editor.active_strip if editor is not None else None
        return active if active is not None and active.type in ("MOVIE", "IMAGE") else None


class _TrackedPanel(_Panel):
    """Base of those that need a tracked strip."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Return whether a tracked strip is active."""
        strip = cls.strip(context)
        return strip is not None and newer(strip) is None and active_face(strip) is not None


class MIEN_PT_strip(_Panel):
    """The strip: track it, choose a face."""

    bl_label = "mien"

    def draw(self, context: Any) -> None:
        """Draw what there is to do for the active strip."""
        layout = self.layout
        strip = self.strip(context)
        if strip is None:
            layout.label(text="Select a movie or image strip", icon="INFO")
            return
        problem = newer(strip)
        if problem is not None:
            draw_error(layout, problem)
            return
        task = jobs.running(strip.mien.identifier) if strip.mien.identifier else None
        if task is not None:
            row = layout.row(align=True)
            progress_bar(row, f"{task.title}: {task.stage or 'starting'}", task.fraction)
            row.operator("mien.cancel", text="", icon="X")
        elif not len(strip.mien.faces):
            layout.operator("mien.track", icon="TRACKER")
            layout.operator("mien.import_project", icon="IMPORT")
        else:
            self._draw_faces(context, layout, strip)
        _draw_message(layout)

    def _draw_faces(self, context: Any, layout: Any, strip: Strip) -> None:
        row = layout.row()
        face = active_face(strip)
        assert face is not None
        picture = _thumbnail(face)
        if picture:
            row.template_icon(icon_value=picture, scale=5)
        column = row.column()
        column.template_list(
            "MIEN_UL_faces", "", strip.mien, "faces", strip.mien, "active", rows=2, maxrows=5
        )
        column.operator("mien.track", text="Track Again", icon="FILE_REFRESH")
        scene = sequencer_scene(context)
        try:
            when = timing(scene, strip, strip.mien.frames)
        except ServeError as error:
            draw_error(layout, error)
            return
        if face.missing(when.media_frame(scene.frame_current)):
            layout.label(text=f"{face.name} is not seen in this frame", icon="ERROR")


class MIEN_PT_expression(_TrackedPanel):
    """The palette of named expressions, and what acts on the whole face."""

    bl_label = "Expression"

    def draw(self, context: Any) -> None:
        """Draw the palette."""
        layout = self.layout
        scene = sequencer_scene(context)
        strip = self.strip(context)
        face = active_face(strip)
        assert face is not None
        layout.prop(strip, edit_property(face.number, AMOUNT), slider=True)
        row = layout.row(align=True)
        row.prop(scene.mien, "strength", slider=True)
        row.prop(scene.mien, "key", text="", icon="KEY_HLT", toggle=True)
        layout.row().prop(scene.mien, "palette", expand=True)
        grid = layout.grid_flow(row_major=True, columns=3, even_columns=True, align=True)
        for name in PALETTES[scene.mien.palette]:
            button = grid.operator("mien.apply_expression", text=words(name))
            button.name, button.strength = name, scene.mien.strength
        row = layout.row(align=True)
        row.operator("mien.key_face", icon="KEYFRAME_HLT")
        row.operator("mien.reset_face", text="Reset", icon="LOOP_BACK")
        row.operator_menu_enum("mien.mirror", "mode", icon="MOD_MIRROR")


class MIEN_PT_controls(_TrackedPanel):
    """Sliders of a region's controls."""

    bl_label = "Controls"

    def draw(self, context: Any) -> None:
        """Draw the region's sliders, the person's right on the left as in the picture."""
        layout = self.layout
        scene = sequencer_scene(context)
        strip = self.strip(context)
        face = active_face(strip)
        assert face is not None
        grid = layout.grid_flow(row_major=True, columns=3, even_columns=True, align=True)
        grid.prop(scene.mien, "region", expand=True)
        layout.prop(scene.mien, "performance", icon="HIDE_OFF")
        column = layout.column(align=True)
        rows = pairs(scene.mien.region)
        if any(len(names) > 1 for names in rows):
            row = _labelled(column, "")
            row.label(text="Right")
            row.label(text="Left")
        for names in rows:
            row = _labelled(column, short(names[0]))
            for name in names:
                row.prop(strip, edit_property(face.number, name), text="", slider=True)
            if scene.mien.performance:
                row = _labelled(column, "")
                row.enabled = False
                for name in names:
                    row.prop(strip, source_property(face.number, name), text="")


class MIEN_PT_performance(_TrackedPanel):
    """Everyday jobs, performances to follow, voices."""

    bl_label = "Performance"

    def draw(self, context: Any) -> None:
        """Draw a button for each."""
        layout = self.layout
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for kind, title, _ in RETOUCHES:
            grid.operator("mien.retouch", text=title).kind = kind
        row = layout.row(align=True)
        row.operator("mien.apply", icon="IMPORT")
        row.operator("mien.follow_strip", icon="COPYDOWN")
        row = layout.row(align=True)
        row.operator("mien.voice", icon="SPEAKER")
        row.operator("mien.mute_mouth", icon="MUTE_IPO_ON")


class MIEN_PT_output(_TrackedPanel):
    """Preview and render."""

    bl_label = "Preview and Render"

    def draw(self, context: Any) -> None:
        """Draw the switches and the render button."""
        layout = self.layout
        scene = sequencer_scene(context)
        row = layout.row(align=True)
        row.prop(scene.mien, "overlay", icon="OVERLAY", toggle=True)
        row.operator("mien.preview", text="", icon="IMAGE_DATA")
        for name in ("format", "renderer", "folder", "until_damage", "watermark"):
            layout.prop(scene.mien, name)
        layout.operator("mien.render", icon="RENDER_ANIMATION")


class MIEN_PT_exchange(_TrackedPanel):
    """Shape keys and files."""

    bl_label = "Shape Keys and Files"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        """Draw the buttons."""
        layout = self.layout
        scene = sequencer_scene(context)
        layout.prop(scene.mien, "mesh", text="Mesh")
        layout.operator("mien.bake_shape_keys", icon="SHAPEKEY_DATA")
        for kind in ("project", "curves"):
            row = layout.row(align=True)
            row.operator(f"mien.import_{kind}", icon="IMPORT")
            row.operator(f"mien.export_{kind}", icon="EXPORT")
        layout.operator("mien.remove_data", icon="TRASH")


def _labelled(column: Any, text: str) -> Any:
    """Make a row behind a label."""
    split = column.split(factor=0.36, align=True)
    split.label(text=text)
    return split.row(align=True)


def _draw_message(layout: Any) -> None:
    """Draw the last task's outcome."""
    if jobs.last_error is not None:
        draw_error(layout, jobs.last_error)
    elif jobs.last_outcome:
        draw_lines(layout.column(align=True), jobs.last_outcome, "CHECKMARK")


CLASSES = (MIEN_UL_faces, MIEN_PT_strip, MIEN_PT_expression, MIEN_PT_controls,
           MIEN_PT_performance, MIEN_PT_output, MIEN_PT_exchange)  # fmt: skip


def register() -> None:
    """Make the collection of the faces' pictures."""
    global _pictures
    _pictures = bpy.utils.previews.new()


def unregister() -> None:
    """Remove the collection."""
    global _pictures
    if _pictures is not None:
        bpy.utils.previews.remove(_pictures)
    _pictures = None
