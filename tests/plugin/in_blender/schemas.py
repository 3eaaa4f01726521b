"""Files of other versions of the extension. Called as: schemas.py OLD FOLDER.

OLD was saved by the extension of before there was a schema number: a strip with an edit and seven
renders, the result of the last one, and a strip that mien never touched.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy
from tests.plugin.in_blender.common import extension, strip_named, told

old, folder = (Path(argument) for argument in sys.argv[1:3])
animation, migration, state = extension("animation"), extension("migration"), extension("state")
panel, problems, rendering = extension("panel"), extension("problems"), extension("rendering")
facts: dict[str, object] = {}


def strip_of(path: Path, name: str = "take") -> Any:
    """A strip of a file that is opened."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return strip_named(bpy.context.scene, name)


def stored(strip: Any) -> dict[str, object]:
    """All that a strip stores of mien, its edit and its keys."""
    curve = animation.channel(bpy.context.scene, strip, "mien_1_jawOpen")
    values = {key: str(value) for key, value in strip.mien.items() if key not in ("faces", "size")}
    return values | {
        "faces": [(face.name, face.seen, face.gaps) for face in strip.mien.faces],
        "size": tuple(strip.mien.size),
        "keys": [tuple(key.co) for key in curve.keyframe_points],
        "set": (strip.mien_1_amount, strip.mien_1_browInnerUp),
        "project": bytes(strip.mien.project["mien_project"]),
    }


def check_old() -> None:
    """An old file has its number under the new name, and all else as it was."""
    strip = strip_of(old)
    assert strip.mien.schema == migration.SCHEMA
    assert "version" not in strip.mien.keys()  # noqa: SIM118 - not a dictionary
    facts["render_number"] = strip.mien.render_number
    kept = stored(strip)
    assert kept["faces"] == [("Ada", 46, "40-41")]
    assert kept["keys"] == [(12.0, 0.0), (20.0, 0.5), (40.0, 0.25)]
    assert kept["set"] == (0.75, -0.5)
    assert kept["project"] == b"a project, as far as the extension looks into it"
    result = strip_named(bpy.context.scene, "take (mien)")
    assert result.mien.source == strip.mien.identifier
    assert (result.mien.schema, result.mien.render_number) == (migration.SCHEMA, 0)
    assert not strip_named(bpy.context.scene, "untouched").mien.keys()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "saved.blend"))
    assert stored(strip_of(folder / "saved.blend")) == kept


def check_next_render() -> None:
    """The next render takes the next number, as it would have in the old version."""
    strip = strip_of(old)
    output = rendering._next_output(strip, folder / "renders", "H264")
    facts["next"] = output.name.replace(strip.mien.identifier[:6], "ID")


def check_appended() -> None:
    """A scene of an old file is migrated when it is appended, else when something is done with it.

    Blender tells of appended scenes since 4.3, and never of strips that are pasted.
    """
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(old)) as (_, wanted):
        wanted.scenes = ["Scene"]
    (scene,) = wanted.scenes
    strip = strip_named(scene, "take")
    assert (strip.mien.schema, strip.mien.render_number) == (migration.SCHEMA, 7)
    del strip.mien["schema"]
    del strip.mien["render_number"]
    strip.mien["version"] = 5
    state.identify(scene, strip)
    assert (strip.mien.schema, strip.mien.render_number) == (migration.SCHEMA, 5)


def check_newer() -> None:
    """A newer strip is named, refused and left alone; others of its file can be edited."""
    strip = strip_of(old)
    strip.mien.schema = 99
    strip.mien["later"] = "something that this version does not know"
    before = stored(strip)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "newer.blend"))
    strip = strip_of(folder / "newer.blend")
    assert stored(strip) == before
    for operator in ("track", "import_project", "render", "preview", "key_face", "reset_face",
                     "export_curves", "remove_data"):  # fmt: skip
        assert not getattr(bpy.ops.mien, operator).poll(), operator
    facts["named"] = str(migration.newer(strip))
    try:
        state.identify(bpy.context.scene, strip)
    except problems.RefusedError as error:
        facts["refused"] = str(error)
    assert not panel.MIEN_PT_controls.poll(bpy.context)
    assert stored(strip) == before
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "again.blend"))
    assert stored(strip_of(folder / "again.blend")) == before
    strip_named(bpy.context.scene, "untouched")
    assert bpy.ops.mien.track.poll()


def main() -> None:
    check_old()
    check_next_render()
    check_appended()
    check_newer()
    told(facts)


main()
