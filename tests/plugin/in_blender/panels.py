"""Every panel draws: what it asks of Blender's layouts is held against their own description.

A Blender without a window draws nothing, so a stand-in layout checks every call: the function and
its parameters exist in this version, icons, properties and operators too.

Called as: panels.py CLIP PROJECT.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
from tests.plugin.in_blender.common import MODULE, add_clip, extension, server, told

clip, project = (Path(argument) for argument in sys.argv[1:3])
FUNCTIONS = bpy.types.UILayout.bl_rna.functions
ICONS = set(FUNCTIONS["prop"].parameters["icon"].enum_items.keys())
panel, jobs, problems = extension("panel"), extension("jobs"), extension("problems")
calls: list[str] = []
texts: list[str] = []


class Layout:
    """Stands in for a layout; its parts are layouts too."""

    def __getattr__(self, name: str) -> Any:
        if name in ("enabled", "alert", "alignment"):
            raise AttributeError(name)
        assert name in FUNCTIONS, f"layouts have no {name}"
        parameters = FUNCTIONS[name].parameters

        def call(*values: Any, **named: Any) -> Any:
            calls.append(name)
            texts.append(named.get("text", ""))
            unknown = set(named) - set(parameters.keys())
            assert not unknown, f"{name} does not take {unknown}"
            assert named.get("icon", "NONE") in ICONS, named["icon"]
            if name == "prop":
                owner, of = values
                assert of in owner.bl_rna.properties, of
            if name == "operator":
                return check_operator(values[0])
            if name == "operator_menu_enum":
                assert values[1] in dir(check_operator(values[0]))
            return Layout()

        return call


def check_operator(name: str) -> Any:
    """Something that takes an operator's properties, and no others."""
    group, verb = name.split(".")
    known = getattr(getattr(bpy.ops, group), verb).get_rna_type().properties.keys()
    return SimpleNamespace(**dict.fromkeys(known))


def draw(cls: Any) -> None:
    """Draw a panel as Blender would."""
    if hasattr(cls, "poll") and not cls.poll(bpy.context):
        return
    members = {n: v for n, v in vars(panel._Panel).items() if n == "strip"}
    members["_draw_faces"] = getattr(cls, "_draw_faces", None)
    instance: Any = type(cls.__name__, (), members)()
    instance.layout = Layout()
    cls.draw(instance, bpy.context)


def draw_all() -> int:
    """Draw all panels; how many calls that took."""
    calls.clear()
    texts.clear()
    for cls in panel.CLASSES:
        if issubclass(cls, bpy.types.Panel):
            draw(cls)
    return len(calls)


def main() -> None:
    scene = bpy.context.scene
    counts = {"empty": draw_all()}
    strip = add_clip(scene, "take", clip, channel=1, start=1)
    counts["untracked"] = draw_all()
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    counts["tracked"] = draw_all()
    for region in extension("rig").REGIONS:
        scene.mien.region = region
        scene.mien.performance = True
        for palette in extension("rig").PALETTES:
            scene.mien.palette = palette
            draw_all()
    task = jobs.Task("ControlTrack", strip.mien.identifier, lambda task: iter(()))
    jobs.show(task)
    counts["running"] = draw_all()
    jobs.finish(task)
    before = draw_all()
    jobs.last_error = problems.RefusedError("It cannot be done, " * 8, "Do another thing.")
    assert draw_all() > before + 3, "an error takes several lines"
    strip.mien.schema += 1
    counts["newer"] = draw_all()
    assert "newer mien extension" in " ".join(texts)
    own = bpy.context.preferences.addons[MODULE].preferences
    preferences = SimpleNamespace(layout=Layout(), executable=own.executable, bl_rna=own.bl_rna)
    for server.checked in ("fine", jobs.last_error):
        server.MienPreferences.draw(preferences, bpy.context)
    faces = panel.MIEN_UL_faces
    faces.draw_item(faces, bpy.context, Layout(), strip.mien, strip.mien.faces[0], 0, None, "")
    told(counts)


main()
