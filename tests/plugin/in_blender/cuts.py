"""What editors do to strips: copies, cuts, meta strips, scenes that are appended or linked.

Called as: cuts.py CLIP PROJECT FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy
from tests.plugin.in_blender.common import add_clip, compat, extension, strip_named, told

clip, project, folder = (Path(argument) for argument in sys.argv[1:4])
animation, state, timing = extension("animation"), extension("state"), extension("timing")
place = extension("rendering").place


def edit(operator: Any, **parameters: object) -> None:
    """Call an operator as a sequencer would."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = bpy.context.scene
    with bpy.context.temp_override(window=window, area=area, region=region):
        assert operator(**parameters) == {"FINISHED"}


def select(scene: Any, *names: str) -> None:
    """Select some strips and no others; the last becomes active."""
    for strip in compat.all_strips(scene):
        strip.select = strip.name in names
    strip_named(scene, names[-1])


def result_of(scene: Any, strip: Any) -> Any:
    """The rendered strip of a strip."""
    (found,) = (s for s in compat.all_strips(scene) if s.mien.source == strip.mien.identifier)
    return found


def check_copies(scene: Any, strip: Any) -> None:
    """A copy has an edit of its own; the original keeps its identity and its result."""
    place(scene, strip, clip, (0, 282))
    select(scene, "take")
    edit(bpy.ops.sequencer.duplicate)
    copy = strip_named(scene, "take.001")
    copy.channel = 5
    assert len(copy.mien.faces) == 1
    curve = animation.channel(scene, copy, "mien_1_jawOpen")
    curve.keyframe_points[0].co[1] = -0.25
    assert animation.channel(scene, strip, "mien_1_jawOpen").keyframe_points[0].co[1] == 0.5
    before = strip.mien.identifier
    assert state.identify(scene, strip).find()[1] == strip
    assert strip.mien.identifier == before
    assert state.identify(scene, copy).find()[1] == copy
    assert copy.mien.identifier != before
    assert result_of(scene, strip).channel == strip.channel + 1
    strip.name = "renamed"
    assert state.identify(scene, strip).identifier == before
    strip.name = "take"
    state.identify(scene, strip)
    compat.strip_collection(scene).remove(copy)
    compat.strip_collection(scene).remove(result_of(scene, strip))


def check_result_makes_room(scene: Any, strip: Any) -> None:
    """A result that has grown does not lie over what is beside it."""
    strip.frame_offset_start = 100
    result = place(scene, strip, clip, (100, 282))
    beside = add_clip(scene, "beside", clip, channel=result.channel, start=11)
    beside.frame_final_duration = 90
    strip.frame_offset_start = 0
    place(scene, strip, clip, (0, 282))
    assert result_of(scene, strip).channel > beside.channel
    for each in (result_of(scene, strip), beside):
        compat.strip_collection(scene).remove(each)


def check_held_frames(scene: Any, strip: Any) -> None:
    """A strip that holds the ends of its film has a result of the same length, in sync."""
    strip.frame_final_start -= 4
    strip.frame_final_end += 6
    result = place(scene, strip, clip, (0, 282))
    assert (result.frame_final_start, result.frame_final_end) == (7, 299)
    assert result.frame_start == strip.frame_start
    assert place(scene, strip, clip, (0, 282)) == result
    compat.strip_collection(scene).remove(result)
    strip.frame_final_start += 4
    strip.frame_final_end -= 6


def check_cuts(scene: Any, strip: Any) -> None:
    """After soft and hard cuts each part shows its frames, also at the film's own rate."""
    for kind, frame in (("SOFT", 110), ("HARD", 60)):
        select(scene, "take")
        edit(bpy.ops.sequencer.split, frame=frame, type=kind, side="LEFT")
    spans = {timing.timing(scene, s, 282).visible for s in compat.all_strips(scene)}
    assert spans == {(0, 49), (49, 99), (99, 282)}, spans
    for part in list(compat.all_strips(scene)):
        if part.name != "take":
            compat.strip_collection(scene).remove(part)
    # In a scene of 24 frames a second the film's 282 last 225; a hard cut took 145 of them.
    facts = {
        "type": "MOVIE", "fps": 30.0, "frame_start": 11, "frame_final_start": 51,
        "frame_final_end": 120, "frame_final_duration": 69, "frame_offset_start": 40.0,
        "frame_offset_end": 0.0, "animation_offset_start": 0, "animation_offset_end": 145,
        "retiming_keys": (), "name": "cut",
    }  # fmt: skip
    scene.render.fps = 24
    cut = timing.timing(scene, type("Strip", (), facts), 282)
    scene.render.fps = 30
    assert (cut.rate, cut.visible) == (1.25, (50, 136)), cut


def check_meta(scene: Any) -> None:
    """In a meta strip the result lies there, above its strip."""
    add_clip(scene, "inside", clip, channel=4, start=1)
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    select(scene, "inside")
    edit(bpy.ops.sequencer.meta_make)
    strip = strip_named(scene, "inside")
    meta = strip.parent_meta()
    place(scene, strip, clip, (0, 282))
    assert result_of(scene, strip).parent_meta() == meta
    strip.frame_offset_end = 10
    place(scene, strip, clip, (0, 272))
    assert result_of(scene, strip).channel == strip.channel + 1
    compat.strip_collection(scene).remove(meta)


def check_removal(scene: Any, strip: Any) -> None:
    """Keys of the amount and drivers go too, and the project of a strip that was deleted."""
    strip.keyframe_insert("mien_1_amount", frame=20)
    strip.driver_add("mien_1_cheekPuff")
    select(scene, "take")
    assert bpy.ops.mien.remove_data() == {"FINISHED"}
    assert not len(scene.animation_data.drivers)
    assert not any("take" in curve.data_path for curve in compat.channels(scene).fcurves)
    assert strip.mien_1_amount == 1
    assert not len(bpy.data.texts), "the strip in the meta strip took its own along"


def check_scenes(path: Path) -> None:
    """A scene brings its projects when it is appended; a linked one can only be looked at."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    scene.name = "cut"
    add_clip(scene, "take", clip, channel=1, start=1)
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    for link in (False, True):
        bpy.ops.wm.read_homefile(use_empty=True)
        with bpy.data.libraries.load(str(path), link=link) as (_, wanted):
            wanted.scenes = ["cut"]
        scene = bpy.data.scenes["cut"]
        (strip,) = compat.all_strips(scene)
        assert state.project_file(strip).is_file()
        assert Path(timing.media_path(strip)).is_file()
        window = bpy.context.window_manager.windows[0]
        window.scene = scene
        if hasattr(window.workspace, "sequencer_scene"):
            window.workspace.sequencer_scene = scene
        assert bpy.ops.mien.render.poll() != link


def main() -> None:
    scene = bpy.context.scene
    strip = add_clip(scene, "take", clip, channel=1, start=11)
    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    strip.mien_1_jawOpen = 0.5
    strip.keyframe_insert("mien_1_jawOpen", frame=30)
    check_copies(scene, strip)
    check_result_makes_room(scene, strip)
    check_held_frames(scene, strip)
    check_cuts(scene, strip)
    check_meta(scene)
    check_removal(scene, strip)
    check_scenes(folder / "cut.blend")
    told({})


main()
