"""Driving the shape keys of a mesh with what a tracked face does."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any

import bpy

from . import server
from .animation import fill, fresh_curve
from .compat import Scene, Strip
from .jobs import Task
from .problems import RefusedError
from .rendering import send_edits
from .rig import CONTROLS
from .shots import curves_of, opened
from .state import identify
from .timing import Timing, timing

__all__ = ["baking", "flame_keys", "named_controls"]

_FLAME = re.compile(r"exp(?:r|ression)?[ _.\-]*(\d+)", re.IGNORECASE)
_EXPRESSIONS = 50
"""Expression coefficients that mien solves for; the first of a FLAME head's 100."""


def named_controls(names: Sequence[str]) -> dict[str, str]:
    """Return by shape key the ARKit control that it is named after.

    Case, separators and the way to write the side do not matter: `mouthSmileLeft`,
    `MouthSmile_L` and `mouth_smile_left` are one.

    Args:
        names: Names of shape keys.

    Returns:
        Control by shape key; keys that are named after none are left out.
    """
    by_spelling: dict[str, str] = {}
    for control in CONTROLS.values():
        if control.unit != "weight":
            continue
        plain = control.name.lower()
        by_spelling[plain] = control.name
        for side in ("left", "right"):
            if plain.endswith(side) and control.mirror != control.name:
                by_spelling.setdefault(plain.removesuffix(side) + side[0], control.name)
    controls = {name: by_spelling.get(re.sub(r"[^a-z0-9]", "", name.lower())) for name in names}
    return {name: control for name, control in controls.items() if control is not None}


def flame_keys(names: Sequence[str]) -> dict[str, int]:
    """Return by shape key the FLAME expression coefficient that it is named after.

    `Exp1`, `expression_001` and `expr.1` are known; they count from 1 unless there is a 0.

    Args:
        names: Names of shape keys.

    Returns:
        Index of the coefficient by shape key.
    """
    numbers = {name: int(m[1]) for name in names if (m := _FLAME.fullmatch(name))}
    first = 0 if 0 in numbers.values() else 1
    return {name: n - first for name, n in numbers.items() if n - first < _EXPRESSIONS}


def baking(scene: Scene, strip: Strip, face: int, mesh: Any, *, edited: bool, basis: str) -> Task:
    """Return a task that keys the shape keys of a mesh from a face.

    Args:
        scene: The scene that holds the strip.
        strip: A tracked strip.
        face: Number of the face.
        mesh: A mesh object with shape keys.
        edited: Whether the edit is taken in; FLAME coefficients are always the performance's.
        basis: The FLAME head that the mesh is made of, for FLAME-named shape keys.

    Raises:
        RefusedError: When the mesh has no shape keys with such names.
    """
    keys = mesh.data.shape_keys
    names = [block.name for block in keys.key_blocks[1:]] if keys is not None else []
    controls, flame = named_controls(names), flame_keys(names)
    if not controls and not flame:
        raise RefusedError(
            f"'{mesh.name}' has no shape keys with ARKit or FLAME names.",
            "Name them as mouthSmileLeft or as Exp1.",
        )
    address, target = identify(scene, strip), mesh.name

    def work(task: Task) -> Generator[None, None, str]:
        client, shot = yield from opened(address.find()[1], task)
        scene, strip = address.find()
        when = timing(scene, strip, strip.mien.frames)
        span = when.visible
        if edited:
            for answer in send_edits(client, shot, scene, strip, when, span):
                yield from server.wait(answer)
        wanted = {"flame": True, "basis": basis} if flame and not controls else {}
        which = "target" if edited and not wanted else "performance"
        curves = yield from curves_of(client, shot, face, which=which, frames=list(span), **wanted)
        # Often the strips have a scene of their own.
        mesh = bpy.data.objects.get(target)
        if mesh is None:
            raise RefusedError(f"'{target}' is no longer there.", "Choose a mesh again.")
        rows = {name: curves.controls[control] for name, control in controls.items()}
        if wanted:
            rows = {name: [row[i] for row in curves.flame] for name, i in flame.items()}
        _write(mesh.data.shape_keys, rows, when, span[0])
        return f"{len(rows)} shape keys of {target} follow face {face}."

    return Task("Bake", address.identifier, work)


def _write(keys: Any, rows: dict[str, list[float]], when: Timing, first: int) -> None:
    for name, values in rows.items():
        block = keys.key_blocks[name]
        # Blender holds values within the slider's range, and faces go beyond.
        block.slider_min = min(block.slider_min, *values)
        block.slider_max = max(block.slider_max, *values)
        curve = fresh_curve(keys, f"{block.path_from_id()}.value", "mien")
        fill(curve, [when.scene_time(first + i) for i in range(len(values))], values)
