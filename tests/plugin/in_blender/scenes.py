"""Faces as meshes come into Blender: from USD, from glTF, and by the script of docs/curves.md.

Called as: scenes.py FOLDER DOC FRAME...
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import bpy


def values(frames: list[float]) -> dict[str, list[dict[str, float]]]:
    """Return by mesh, at frames, the values of its shape keys."""
    found: dict[str, list[dict[str, float]]] = {}
    for thing in bpy.data.objects:
        if thing.type != "MESH":
            continue
        rows = []
        for frame in frames:
            bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
            keys = thing.data.shape_keys.key_blocks[1:]
            rows.append({key.name: key.value for key in keys})
        found[thing.name] = rows
    return found


def heads(frames: list[float]) -> dict[str, list[list[float]]]:
    """Return by mesh where the middle of its points is."""
    found: dict[str, list[list[float]]] = {}
    for thing in [thing for thing in bpy.data.objects if thing.type == "MESH"]:
        rows = []
        for frame in frames:
            bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
            moved = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
            points = [moved.matrix_world @ vertex.co for vertex in moved.data.vertices]
            rows.append([sum(point[axis] for point in points) / len(points) for axis in range(3)])
        found[thing.name] = rows
    return found


def empty() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 25


def main(folder: Path, doc: Path, frames: list[float]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    empty()
    bpy.ops.wm.usd_import(filepath=str(folder / "scene.usdc"))
    facts["usd"], facts["usd heads"] = values(frames), heads(frames)
    empty()
    bpy.ops.import_scene.gltf(filepath=str(folder / "scene.glb"))
    facts["gltf"], facts["gltf heads"] = values(frames), heads(frames)
    for thing in bpy.data.objects:
        thing.data.shape_keys.animation_data_clear()
    bpy.context.view_layer.objects.active = bpy.data.objects["face 1"]
    (script,) = (
        text
        for text in re.findall(r"```python\n(.*?)```", doc.read_text(), re.DOTALL)
        if "import bpy" in text
    )
    exec(script.replace("/path/to/curves.json", str(folder / "scene.json")))
    facts["json"] = values([1 + frame for frame in frames])
    return facts


print(
    "FACTS " + json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), [*map(float, sys.argv[3:])]))
)
