"""Everything around the story, on a project that the SDK has tracked.

Called as: tools.py CLIP PROJECT FOLDER. FOLDER/NAME.json holds what the SDK's edit of the project
NAME comes to; FOLDER/phone.mp4 has a rate that varies.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
from tests.plugin.in_blender.common import (
    add_clip,
    compat,
    extension,
    refused,
    server,
    strip_named,
    told,
)

clip, project, folder = (Path(argument) for argument in sys.argv[1:4])
animation, timing, state = extension("animation"), extension("timing"), extension("state")
rig = extension("rig")
facts: dict[str, float] = {}


def edit(strip: Any, control: str) -> float:
    """A control's value at the playhead."""
    return float(getattr(strip, f"mien_1_{control}"))


def sampled(scene: Any, strip: Any) -> dict[str, list[float]]:
    """What would be sent to mien for all frames."""
    when = timing.timing(scene, strip, strip.mien.frames)
    found = animation.sample_edit(scene, strip, 1, when, (0, when.frames))
    return {each.control: list(each.values) for each in found}


def check_import(scene: Any, strip: Any) -> None:
    """A project of the SDK brings its faces, and its edit as F-curves: its keys, if it may."""
    for name, keys in (("keys", 3), ("take", 47)):
        path = project.with_stem(name)
        assert bpy.ops.mien.import_project(filepath=str(path)) == {"FINISHED"}
        expected = json.loads((folder / f"{name}.json").read_text())
        own = sampled(scene, strip)
        assert set(own) == set(expected), (set(own), set(expected))
        facts[name] = max(abs(a - b) for c in own for a, b in zip(own[c], expected[c], strict=True))
        smile = animation.channel(scene, strip, "mien_1_mouthSmileLeft")
        assert abs(len(smile.keyframe_points) - keys) <= 2


def check_palette(scene: Any, strip: Any) -> None:
    """Expressions, mirror and reset set ordinary keys; undo takes them back."""
    scene.frame_set(50)
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.mien.apply_expression(name="wink", strength=0.5) == {"FINISHED"}
    bpy.ops.ed.undo_push(message="wink")
    assert round(edit(strip, "eyeBlinkLeft"), 5) == 0.5
    assert bpy.ops.mien.mirror(mode="SWAP") == {"FINISHED"}
    assert round(edit(strip, "eyeBlinkRight"), 5) == 0.5
    assert edit(strip, "eyeBlinkLeft") == 0
    keys = animation.channel(scene, strip, "mien_1_eyeBlinkRight").keyframe_points
    assert [tuple(key.co) for key in keys] == [(50.0, 0.5)]
    assert bpy.ops.mien.key_face() == {"FINISHED"}
    assert bpy.ops.mien.reset_face() == {"FINISHED"}
    assert not any(edit(strip, control) for control in rig.CONTROLS)
    bpy.ops.ed.undo_push(message="reset")
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()


def check_undone(scene: Any, strip: Any) -> None:
    """After undo, nothing of the palette is left and the import is."""
    assert animation.channel(scene, strip, "mien_1_eyeBlinkRight") is None
    assert edit(strip, "eyeBlinkLeft") == 0
    assert len(strip.mien.faces) == 1


def check_sampling(scene: Any, strip: Any) -> None:
    """Amount, muted curves and the NLA count as they do in Blender."""
    before = sampled(scene, strip)["mouthSmileLeft"]
    strip.mien_1_amount = 0.5
    half = sampled(scene, strip)["mouthSmileLeft"]
    assert max(abs(a / 2 - b) for a, b in zip(before, half, strict=True)) < 1e-6
    strip.mien_1_amount = 1
    curve = animation.channel(scene, strip, "mien_1_mouthSmileLeft")
    curve.mute = True
    strip.mien_1_mouthSmileLeft = 0
    assert "mouthSmileLeft" not in sampled(scene, strip)
    curve.mute = False
    # A modifier in the graph editor acts in both ways of sampling.
    noise = curve.modifiers.new("NOISE")
    noise.strength, noise.scale = 0.3, 7
    before = sampled(scene, strip)["mouthSmileLeft"]
    # Pushed down to the NLA the same values come out, by playing the scene.
    data = scene.animation_data
    track = data.nla_tracks.new()
    action = data.action
    track.strips.new("down", int(action.frame_range[0]), action)
    data.action = None
    played = sampled(scene, strip)["mouthSmileLeft"]
    facts["nla"] = max(abs(a - b) for a, b in zip(before, played, strict=True))
    data.nla_tracks.remove(track)
    data.action = action
    curve = animation.channel(scene, strip, "mien_1_mouthSmileLeft")
    curve.modifiers.remove(curve.modifiers[0])


def check_preview(scene: Any, strip: Any) -> None:
    """The frame at the playhead comes as an image, with the edit in it."""
    scene.render.resolution_x, scene.render.resolution_y = 640, 360
    pictures = []
    for amount in (0.0, 1.0):
        strip.mien_1_amount = amount
        scene.frame_set(60)
        assert bpy.ops.mien.preview() == {"FINISHED"}
        image = bpy.data.images["mien preview"]
        assert tuple(image.size) == (640, 360)
        assert image.packed_file is not None
        pictures.append(list(image.pixels))
    changed = [abs(a - b) > 0.02 for a, b in zip(*pictures, strict=True)]
    facts["changed"] = sum(changed) / len(changed)


def check_shape_keys(scene: Any, strip: Any) -> None:
    """A mesh follows the face, edit and all."""
    mesh = bpy.data.objects.new("head", bpy.data.meshes.new("head"))
    scene.collection.objects.link(mesh)
    mesh.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    for name in ("Basis", "mouthSmileLeft", "JawOpen", "mouth_smile_R", "nothing"):
        mesh.shape_key_add(name=name)
    for block in mesh.data.shape_keys.key_blocks:
        block.value = 0  # since 5.0 new ones stand at 1
    scene.mien.mesh = mesh
    assert bpy.ops.mien.bake_shape_keys() == {"FINISHED"}
    blocks = mesh.data.shape_keys.key_blocks
    worst = 0.0
    for frame in (20, 60, 100):
        scene.frame_set(frame)
        for block, control in (
            ("mouthSmileLeft", "mouthSmileLeft"),
            ("JawOpen", "jawOpen"),
            ("mouth_smile_R", "mouthSmileRight"),
        ):
            both = getattr(strip, f"mien_source_1_{control}") + edit(strip, control)
            worst = max(worst, abs(blocks[block].value - both))
    facts["shape_keys"] = worst
    assert blocks["nothing"].value == 0
    keys = extension("shape_keys")
    assert keys.flame_keys(["Exp1", "Exp50", "Exp51", "Shape1"]) == {"Exp1": 0, "Exp50": 49}
    assert keys.flame_keys(["expr_000", "expr_001"]) == {"expr_000": 0, "expr_001": 1}
    # Without a FLAME head's files nothing is passed off as its coefficients.
    for block in blocks[1:]:
        block.name = f"Exp{block.name}" if block.name == "nothing" else f"Exp{len(block.name)}"
    assert "flame2020" in refused(bpy.ops.mien.bake_shape_keys)


def check_files(scene: Any, strip: Any) -> None:
    """What is exported is what the SDK reads; curves come back as F-curves."""
    assert bpy.ops.mien.export_project(filepath=str(folder / "out.mien")) == {"FINISHED"}
    (folder / "sampled.json").write_text(json.dumps(sampled(scene, strip)))
    for name in ("out.npz", "out.json"):
        assert bpy.ops.mien.export_curves(filepath=str(folder / name)) == {"FINISHED"}
        assert (folder / name).stat().st_size > 1000
    scene.frame_set(strip.frame_final_start)
    assert bpy.ops.mien.import_curves(filepath=str(folder / "out.npz")) == {"FINISHED"}
    assert not sampled(scene, strip), "it follows its own performance: nothing is left of the edit"
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}


def check_performance(scene: Any, strip: Any) -> None:
    """Jobs, files and strips to follow become F-curves of what they change, and of that alone."""
    smile = animation.channel(scene, strip, "mien_1_mouthSmileLeft")
    keys = [tuple(key.co) for key in smile.keyframe_points]
    when = timing.timing(scene, strip, strip.mien.frames)
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 31, 71
    assert bpy.ops.mien.retouch(kind="hold-eyes") == {"FINISHED"}
    held = sampled(scene, strip)["gazePitchLeft"]
    span = (when.media_frame(31), when.media_frame(71) + 1)
    assert any(held[slice(*span)])
    assert not any(held[: span[0]])
    assert not any(held[span[1] :])
    scene.use_preview_range = False
    scene.frame_set(90)
    assert bpy.ops.mien.retouch(kind="blink") == {"FINISHED"}
    shut = strip.mien_source_1_eyeBlinkLeft + edit(strip, "eyeBlinkLeft")
    assert shut > 0.9, shut
    smile = animation.channel(scene, strip, "mien_1_mouthSmileLeft")
    assert [tuple(key.co) for key in smile.keyframe_points] == keys
    path = folder / "out.json"
    curves = json.loads(path.read_text())
    puff = curves["faces"][0]["controls"]["cheekPuff"]
    curves["faces"][0]["controls"]["cheekPuff"] = [0.4] * len(puff)
    path.write_text(json.dumps(curves))
    followed = {"filepath": str(path), "groups": {"cheeks"}, "relative": "ABSOLUTE"}
    assert bpy.ops.mien.apply(**followed) == {"FINISHED"}
    scene.frame_set(60)
    puffed = strip.mien_source_1_cheekPuff + edit(strip, "cheekPuff")
    assert abs(puffed - 0.4) < 0.02, puffed
    assert "No part" in refused(bpy.ops.mien.apply, **(followed | {"groups": set()}))
    assert "tracked first" in refused(bpy.ops.mien.apply, filepath=str(clip))
    assert "No other" in refused(bpy.ops.mien.follow_strip)
    add_clip(scene, "other", clip, channel=9, start=11)
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    strip = strip_named(scene, "take")
    assert bpy.ops.mien.follow_strip(relative="ABSOLUTE") == {"FINISHED"}
    left = {c: max(map(abs, values)) for c, values in sampled(scene, strip).items()}
    assert max(left.get(c, 0) for c in ("mouthSmileLeft", "cheekPuff", "eyeBlinkLeft")) < 0.02, left
    compat.strip_collection(scene).remove(strip_named(scene, "other"))
    strip = strip_named(scene, "take")
    assert bpy.ops.mien.mute_mouth() == {"FINISHED"}
    strip.mien_1_amount = 0.5
    assert "Amount" in refused(bpy.ops.mien.retouch, kind="soften")
    strip.mien_1_amount = 1
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}


def check_choices(scene: Any) -> None:
    """Lists hold what the server has; a scene's choice stays when it does not run."""
    choices = extension("choices")
    hello = server.current().hello
    reads, writes = (choices.curve_pattern(writes=one) for one in (False, True))
    assert {"*.npz", "*.json", "*.csv"} <= set(writes.split(";"))
    hello["curve_formats"].append(
        {"name": "Arkit", "suffixes": [".arkit"], "reads": True, "writes": False, "faces": "one"}
    )
    assert choices.curve_pattern(writes=False) == f"{reads};*.arkit"
    assert choices.curve_pattern(writes=True) == writes
    assert choices.holds_one_face(".ARKIT")
    hello["renderers"] = ["warp", "blush"]
    hello["renderer_summaries"] = {"warp": "Embedded.", "blush": "Reddens cheeks."}
    items = {item[0]: item[2] for item in choices.renderer_items(scene.mien, None)}
    assert list(items) == ["auto", "warp", "reference", "blush"]
    assert items["blush"] == "Reddens cheeks."
    assert "mien doctor" in items["reference"]
    scene.mien.renderer = "blush"
    server.disconnect()
    assert scene.mien.renderer == "blush"
    names = [item[0] for item in choices.renderer_items(scene.mien, None)]
    assert names == ["auto", "warp", "reference", "blush"]
    scene.mien.renderer = "warp"
    assert choices.curve_pattern(writes=False) == "*.npz;*.json;*.csv"


def check_results(scene: Any, strip: Any) -> None:
    """A result is replaced in place; when its length is another, by a new strip."""
    place = extension("rendering").place
    results = [place(scene, strip, clip, (0, 282)).name, place(scene, strip, clip, (0, 282)).name]
    assert results[0] == results[1]
    assert strip.mute
    at = strip_named(scene, results[0])
    assert (at.frame_start, at.channel) == (strip.frame_start, strip.channel + 1)
    # Moved by the user, the strip takes its curves along; its next result lies where it is.
    smile = animation.channel(scene, strip, "mien_1_mouthSmileLeft").keyframe_points[0]
    before = smile.co[0]
    strip.frame_start += 7
    assert animation.channel(scene, strip, "mien_1_mouthSmileLeft").keyframe_points[0].co[0] == (
        before + 7
    )
    again = place(scene, strip, clip, (0, 282))
    assert again.frame_start == strip.frame_start
    assert len([s for s in compat.all_strips(scene) if s.mien.source]) == 1
    compat.strip_collection(scene).remove(again)
    strip.frame_start -= 7
    strip.mute = False


def check_sequence(scene: Any) -> None:
    """Images of a sequence are told apart by number, from wherever the strip starts."""
    images = sorted((folder / "images").glob("*.png"))
    collection = compat.strip_collection(scene)
    strip = collection.new_image(name="images", filepath=str(images[2]), channel=5, frame_start=200)
    for image in images[3:]:
        strip.elements.append(image.name)
    strip.frame_final_duration = len(images) - 2
    assert timing.media_path(strip) == str(folder / "images" / "plate.%04d.png")
    when = timing.timing(scene, strip, len(images))
    assert when.visible == (2, len(images))
    assert when.media_frame(200) == 2
    collection.remove(strip)


def check_refusals(scene: Any, strip: Any) -> None:
    """What cannot be done is said, and nothing is changed."""
    strip.filepath = str(folder / "lost.mp4")
    assert "lost.mp4" in refused(bpy.ops.mien.render)
    assert not strip.mute
    strip.filepath = str(clip)
    variable = add_clip(scene, "phone", folder / "phone.mp4", channel=8, start=1)
    assert "steady rate" in refused(bpy.ops.mien.track)
    assert not len(variable.mien.faces)
    effect = {"type": "COLOR", "channel": 6, "frame_start": 1}
    length = compat.strip_collection(scene).bl_rna.functions["new_effect"].parameters
    effect |= {"length": 10} if "length" in length else {"frame_end": 11}
    colour = compat.strip_collection(scene).new_effect(name="colour", **effect)
    scene.sequence_editor.active_strip = colour
    assert not bpy.ops.mien.track.poll()
    strip_named(scene, "take")
    # A copy of a strip becomes one of its own as soon as it is worked on.
    copy = add_clip(scene, "copy", clip, channel=7, start=1)
    copy.mien.identifier = strip.mien.identifier
    assert state.identify(scene, copy).identifier != strip.mien.identifier
    strip_named(scene, "take")


def main() -> None:
    bpy.context.preferences.edit.use_global_undo = True
    scene = bpy.context.scene
    add_clip(scene, "take", clip, channel=1, start=11)
    check_import(scene, strip_named(scene, "take"))
    check_palette(scene, strip_named(scene, "take"))
    scene = bpy.context.scene
    strip = strip_named(scene, "take")
    check_undone(scene, strip)
    check_sampling(scene, strip)
    check_preview(scene, strip)
    check_shape_keys(scene, strip)
    check_files(scene, strip)
    check_performance(scene, strip_named(scene, "take"))
    check_choices(scene)
    check_results(scene, strip)
    check_sequence(scene)
    check_refusals(scene, strip_named(scene, "take"))
    assert bpy.ops.mien.remove_data() == {"FINISHED"}
    assert not any("mien_" in curve.data_path for curve in compat.channels(scene).fcurves)
    assert not any("mien" in text.name for text in bpy.data.texts)
    told(facts)


main()
