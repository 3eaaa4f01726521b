"""The whole story inside Blender: track, key, compare, render, save, reopen.

Called as: story.py CLIP FOLDER. Prints what it measured as one line of JSON.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
from tests.plugin.in_blender.common import add_clip, compat, extension, server, strip_named, told

clip, folder = Path(sys.argv[1]), Path(sys.argv[2])
animation, timing, state = extension("animation"), extension("timing"), extension("state")
blend = folder / "story.blend"
SMILE = ("mien_1_mouthSmileLeft", "mien_1_mouthSmileRight")


def key_smile(scene: Any, strip: Any) -> None:
    """Keys as an animator sets them: I key, then handles pulled in the graph editor."""
    for name in SMILE:
        for frame, value in ((36, 0.0), (48, 0.8), (64, 0.15), (78, 0.0)):
            setattr(strip, name, value)
            assert strip.keyframe_insert(name, frame=frame)
        curve = animation.channel(scene, strip, name)
        assert [round(k.co[1], 3) for k in curve.keyframe_points] == [0.0, 0.8, 0.15, 0.0]
        top = curve.keyframe_points[1]
        top.handle_left_type = top.handle_right_type = "FREE"
        top.handle_left, top.handle_right = (42.3, 1.1), (56.7, 0.95)
        curve.update()
    # A driver on another control: an animated controller in the scene closes the jaw.
    handle = bpy.data.objects.new("jaw handle", None)
    scene.collection.objects.link(handle)
    for frame, height in ((35, 0.0), (60, 2.0), (90, 0.5)):
        handle.location.z = height
        handle.keyframe_insert("location", frame=frame)
    driven = strip.driver_add("mien_1_jawOpen").driver
    variable = driven.variables.new()
    variable.targets[0].id = handle
    variable.targets[0].data_path = "location.z"
    driven.expression = f"-0.1 * {variable.name}"


def received(scene: Any, strip: Any, when: Any) -> dict[str, list[float]]:
    """What mien has got of the edit: by control, a value for every frame that is seen."""
    client = server.current()
    shot = next(iter(server.shots().values()))
    layers = client.call("get_edits", shot=shot, face=1, sampled=True)["edits"][0]["layers"]
    start, stop = when.visible
    values = {}
    for track in layers[0]["tracks"]:
        row = [0.0] * when.frames
        row[track["start"] : track["start"] + len(track["values"])] = track["values"]
        values[track["control"]] = row[start:stop]
    return values


def evaluated(scene: Any, strip: Any, when: Any, controls: Iterable[str]) -> dict[str, list[float]]:
    """What Blender itself comes to, by playing the scene."""
    rows: dict[str, list[float]] = {control: [] for control in controls}
    for frame in range(*when.visible):
        scene.frame_set(round(when.scene_time(frame)))
        for control in controls:
            rows[control].append(getattr(strip, f"mien_1_{control}"))
    return rows


@contextmanager
def listened() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The jobs that clients start meanwhile; the server may be started anew for them."""
    asked: list[tuple[str, dict[str, Any]]] = []
    kind = extension("client").Client
    start = kind.start

    def listening(client: Any, method: str, /, **params: Any) -> Any:
        asked.append((method, params))
        return start(client, method, **params)

    kind.start = listening
    try:
        yield asked
    finally:
        kind.start = start


def render_and_compare(scene: Any, strip: Any) -> float:
    """Render; the largest difference between what Blender has and what mien got."""
    scene.mien.folder = str(folder / "renders")
    with listened() as asked:
        assert bpy.ops.mien.render() == {"FINISHED"}
    (render,) = (params for method, params in asked if method == "render")
    # An older server knows no such word, and is not told one unless it is wanted.
    assert render.get("open_loop", False) is not scene.mien.correct
    when = timing.timing(scene, strip, strip.mien.frames)
    got = received(scene, strip, when)
    assert set(got) == {"mouthSmileLeft", "mouthSmileRight", "jawOpen"}, set(got)
    own = evaluated(scene, strip, when, got)
    assert max(own["mouthSmileLeft"]) > 0.8, "the handles overshoot"
    assert min(own["jawOpen"]) < -0.15, "the driver acts"
    return max(abs(a - b) for c in got for a, b in zip(own[c], got[c], strict=True))


def check_result(scene: Any, strip: Any) -> str:
    """The result lies above the strip, as long as what is seen of it."""
    results = [s for s in compat.all_strips(scene) if s.mien.source == strip.mien.identifier]
    assert len(results) == 1, results
    result = results[0]
    assert result.channel == strip.channel + 1
    seen = (strip.frame_final_start, strip.frame_final_end)
    assert (result.frame_final_start, result.frame_final_end) == seen
    assert strip.mute
    assert not result.mute
    return str(bpy.path.abspath(result.filepath))


def main() -> None:
    scene = bpy.context.scene
    strip = add_clip(scene, "take 1", clip, channel=2, start=20)
    # What is seen starts at the film's frame 15.
    strip.frame_offset_start = 15
    strip.frame_offset_end = strip.frame_final_duration - 45
    assert bpy.ops.mien.track() == {"FINISHED"}
    assert len(strip.mien.faces) == 1
    face = strip.mien.faces[0]
    assert face.thumbnail
    assert face.seen > 250
    jaw = animation.channel(scene, strip, "mien_source_1_jawOpen")
    assert jaw.lock
    assert len(jaw.sampled_points) == 282
    baked = [point.co[1] for point in jaw.sampled_points]

    key_smile(scene, strip)
    worst = render_and_compare(scene, strip)
    first = check_result(scene, strip)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))

    # Renamed, the media moved on disk: saved and opened again.
    strip.name = 'interview "two"'
    moved = folder / "elsewhere" / clip.name
    moved.parent.mkdir()
    moved.write_bytes(clip.read_bytes())
    strip.filepath = str(moved)
    bpy.ops.wm.save_mainfile()
    server.disconnect()
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    scene = bpy.context.scene
    strip = strip_named(scene, 'interview "two"')
    assert strip.mien.faces[0].name == "face 1"
    smile = animation.channel(scene, strip, SMILE[0])
    handle = smile.keyframe_points[1].handle_left
    assert abs(handle[0] - 42.3) < 1e-4, tuple(handle)
    jaw = animation.channel(scene, strip, "mien_source_1_jawOpen")
    assert [point.co[1] for point in jaw.sampled_points] == baked
    assert round(jaw.sampled_points[0].co[0]) == 20
    assert len(scene.animation_data.drivers) == 1
    assert scene.mien.correct
    scene.mien.correct = False
    again = render_and_compare(scene, strip)
    second = check_result(scene, strip)
    assert first != second
    assert Path(first).is_file()
    told({"worst": max(worst, again), "render": second, "frames": 45})


main()
