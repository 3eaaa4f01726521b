"""A mesh with FLAME-named shape keys takes the coefficients of the same head.

Called as: flame.py CLIP PROJECT FOLDER. FOLDER/flame.json holds the SDK's fit.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
from tests.plugin.in_blender.common import add_clip, told

clip, project, folder = (Path(argument) for argument in sys.argv[1:4])


def main() -> None:
    scene = bpy.context.scene
    strip = add_clip(scene, "take", clip, channel=1, start=11)
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    strip.frame_final_duration = 50
    mesh = bpy.data.objects.new("head", bpy.data.meshes.new("head"))
    scene.collection.objects.link(mesh)
    mesh.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    for name in ("Basis", "Exp1", "Exp2", "Exp50"):
        mesh.shape_key_add(name=name)
    scene.mien.mesh = mesh
    assert bpy.ops.mien.bake_shape_keys(basis="flame2020") == {"FINISHED"}
    expected = json.loads((folder / "flame.json").read_text())
    blocks = mesh.data.shape_keys.key_blocks
    worst = 0.0
    for frame in range(50):
        scene.frame_set(11 + frame)
        for name, index in (("Exp1", 0), ("Exp2", 1), ("Exp50", 49)):
            worst = max(worst, abs(blocks[name].value - expected[frame][index]))
    told({"worst": worst, "largest": max(abs(row[0]) for row in expected)})


main()
