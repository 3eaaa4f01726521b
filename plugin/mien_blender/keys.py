"""Edits of mien's projects as Blender's own keys, where both can say the same."""

from __future__ import annotations

from typing import Any

from .animation import fresh_curve, group_name
from .compat import FCurve, Scene, Strip
from .rig import CONTROLS, NAMED, edit_property
from .timing import Timing

__all__ = ["keyed", "write_keyed"]

_INTERPOLATION = {"hold": "CONSTANT", "linear": "LINEAR", "ease": "BEZIER", "bezier": "BEZIER"}


def keyed(layers: list[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], float]] | None:
    """Return the keys of layers, if F-curves of added values can express exactly the same.

    Args:
        layers: `LayerValue`s of the protocol.

    Returns:
        By control, its track and the share of its values that the control takes; None when
        something else than keys that are added acts, or several tracks act on a control.
    """
    tracks: dict[str, tuple[dict[str, Any], float]] = {}
    for layer in layers:
        if layer["muted"] or not layer["weight"]:
            continue
        for track in layer["tracks"]:
            resolved = _resolved(track["control"])
            plain = "keys" in track and track["mode"] == "add" and track["span"] is None
            if not plain or not resolved:
                return None
            for control, weight in resolved:
                if control in tracks:
                    return None
                tracks[control] = (track, weight * layer["weight"])
    return tracks


def write_keyed(
    scene: Scene, strip: Strip, face: int, tracks: dict[str, tuple[dict[str, Any], float]],
    when: Timing,
) -> None:  # fmt: skip
    """Make F-curves of keys, with the same course between them.

    Args:
        scene: The scene that holds the strip.
        strip: The strip.
        face: Number of the face.
        tracks: As `keyed` gives them.
        when: Where the media lie in the scene.
    """
    for control, (track, weight) in tracks.items():
        path = f"{strip.path_from_id()}.{edit_property(face, control)}"
        curve = fresh_curve(scene, path, group_name(strip, f"Face {face}"))
        _fill(curve, track["keys"], weight, when)


def _fill(curve: FCurve, keys: list[dict[str, Any]], weight: float, when: Timing) -> None:
    points = curve.keyframe_points
    points.add(len(keys))
    for point, key in zip(points, keys, strict=True):
        point.co = (when.scene_time(key["frame"]), key["value"] * weight)
        point.interpolation = _INTERPOLATION[key["interpolation"]]
        point.handle_left_type = point.handle_right_type = "FREE"
    for i, (point, key) in enumerate(zip(points, keys, strict=True)):
        before = keys[i]["frame"] - keys[max(i - 1, 0)]["frame"]
        after = keys[min(i + 1, len(keys) - 1)]["frame"] - keys[i]["frame"]
        # Level handles of a third are what mien does without handles, and what easing is.
        left, right = key["handle_in"], key["handle_out"]
        if i and keys[i - 1]["interpolation"] != "bezier":
            left = None
        if key["interpolation"] != "bezier":
            right = None
        for name, handle, third in (
            ("handle_left", left, (-before / 3, 0.0)),
            ("handle_right", right, (after / 3, 0.0)),
        ):
            frames, value = handle or third
            offset = (frames / when.rate, value * weight)
            setattr(point, name, (point.co[0] + offset[0], point.co[1] + offset[1]))
    curve.update()


def _resolved(name: str) -> list[tuple[str, float]]:
    """Return the controls that a name drives, with their weights; none for a user's own name."""
    if name in CONTROLS:
        return [(name, 1.0)]
    preset = NAMED.get(name)
    if preset is not None:
        return list(preset.weights.items())
    both = [(f"{name}{side}", 1.0) for side in ("Left", "Right")]
    return both if all(control in CONTROLS for control, _ in both) else []
