"""The picture of docs/blender.md: mien's sidebar in a real Blender window.

    mien demo -o /tmp/demo
    xvfb-run -s "-screen 0 1800x1200x24" blender --factory-startup --enable-event-simulate \
        --window-geometry 0 0 1800 1190 -P tools/blender_picture.py -- \
        /tmp/demo/footage.mp4 docs/images/blender-panel.png

Any Blender from 3.4 on will do (Debian's has no extensions, so the code is loaded from here).
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "plugin"))

import mien_blender  # noqa: E402 - found by the line above
from mien_blender import jobs, preview  # noqa: E402

EXPRESSION, KEYS, FRAME = "surprise", ((20, 0.0), (40, 0.9), (60, 0.8), (85, 0.0)), 48
TAB = 232
"""Pixels from the top of the sidebar to its tab `mien`, which only a click opens in 3.4."""


def window() -> Any:
    """Blender's window."""
    return bpy.context.window_manager.windows[0]


def inside(area: Any) -> Any:
    """A context in which operators work in an area."""
    region = next(region for region in area.regions if region.type == "WINDOW")
    return bpy.context.temp_override(window=window(), area=area, region=region)


def lay_out() -> Iterator[float]:
    """Preview over graph editor on the left, sequencer with its sidebar on the right."""
    screen = window().screen
    while len(screen.areas) > 1:
        smallest = min(screen.areas, key=lambda area: area.width * area.height)
        with bpy.context.temp_override(window=window(), area=smallest):
            bpy.ops.screen.area_close()
        yield 0.2
    screen.areas[0].type = "SEQUENCE_EDITOR"
    for direction, share in (("VERTICAL", 0.6), ("HORIZONTAL", 0.36)):
        leftmost = min(screen.areas, key=lambda area: area.x)
        with bpy.context.temp_override(window=window(), area=leftmost):
            bpy.ops.screen.area_split(direction=direction, factor=share)
        yield 0.3
    shown, graph, sequencer = areas()
    graph.type = "GRAPH_EDITOR"
    graph.spaces.active.show_region_ui = False
    graph.spaces.active.dopesheet.show_only_selected = False
    shown.spaces.active.view_type = "PREVIEW"
    shown.spaces.active.show_region_toolbar = False
    space = sequencer.spaces.active
    space.view_type, space.show_region_ui = "SEQUENCER", True
    space.timeline_overlay.show_strip_source = False
    space.timeline_overlay.show_thumbnails = True


def areas() -> tuple[Any, Any, Any]:
    """The preview, the graph editor and the sequencer, by where they are."""
    *left, sequencer = sorted(window().screen.areas, key=lambda area: area.x)
    return max(left, key=lambda area: area.y), min(left, key=lambda area: area.y), sequencer


def click(x: int, y: int) -> Iterator[float]:
    """Click at a place of the window."""
    for kind, value in (
        ("MOUSEMOVE", "NOTHING"), ("LEFTMOUSE", "PRESS"), ("LEFTMOUSE", "RELEASE"),
    ):  # fmt: skip
        window().event_simulate(type=kind, value=value, x=x, y=y)
        yield 0.3


def add_footage(footage: Path) -> Any:
    """The footage as a strip, the scene as large and as fast as it."""
    scene = bpy.context.scene
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_movie("interview", str(footage), 1, 1)
    scene.render.fps = round(strip.fps)
    scene.render.resolution_x = strip.elements[0].orig_width
    scene.render.resolution_y = strip.elements[0].orig_height
    scene.view_settings.view_transform = "Standard"
    scene.frame_end = strip.frame_final_duration
    editor.active_strip = strip
    return strip


def play(footage: Path, picture: Path) -> Iterator[float]:
    """Everything that is done, with the seconds to wait after each step."""
    yield from click(300, 20)  # the splash screen goes
    yield from lay_out()
    yield 1.0
    shown, graph, sequencer = areas()
    strip, scene = add_footage(footage), bpy.context.scene
    yield 1.0
    sidebar = next(region for region in sequencer.regions if region.type == "UI")
    yield from click(sidebar.x + sidebar.width - 10, sidebar.y + sidebar.height - TAB)
    with inside(sequencer):
        bpy.ops.mien.track()
    for frame, strength in KEYS:
        scene.frame_set(frame)
        with inside(sequencer):
            bpy.ops.mien.apply_expression(name=EXPRESSION, strength=strength)
    scene.frame_set(FRAME)
    scene.mien.region = "brows"
    yield 1.0
    with inside(graph):
        bpy.ops.graph.view_all()
    with inside(sequencer):
        bpy.ops.sequencer.view_all()
    with inside(shown):
        bpy.ops.sequencer.view_all_preview()
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", x=shown.x + 40, y=shown.y + 40)
    yield 1.0
    while preview.busy() or jobs.running(strip.mien.identifier):
        yield 0.3
    yield 1.0
    bpy.ops.screen.screenshot(filepath=str(picture))


def main() -> None:
    """Step through it with a timer, then leave."""
    footage, picture = (Path(text).resolve() for text in sys.argv[sys.argv.index("--") + 1 :])
    mien_blender.register()
    steps = play(footage, picture)

    def step() -> float:
        try:
            return next(steps)
        except StopIteration:
            code = 0
        except Exception:  # noqa: BLE001 - whatever it was, the window must not stay
            traceback.print_exc()
            code = 1
        mien_blender.unregister()
        os._exit(code)

    bpy.app.timers.register(step, first_interval=1.0)


main()
