"""F-curves of strips: baked performances, and what Blender's own keys come to frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .compat import FCurve, Scene, Strip, channels, ensured_channels
from .rig import CONTROLS, edit_property, source_property
from .state import AMOUNT
from .timing import Timing

__all__ = ["Samples", "bake_source", "channel", "clear_controls", "clear_edit", "clear_source",
           "fill", "fresh_curve", "group_name", "key_now", "sample_edit", "shown_edit",
           "write_keys"]  # fmt: skip

_NOTHING = 1e-6
"""Values below this ask for nothing."""
_LINEAR = 1
"""Blender's number for linear interpolation, which arrays of keys are set by."""


@dataclass(frozen=True)
class Samples:
    """Values of a control, one for each frame of the media.

    Attributes:
        control: Name of the control.
        start: Frame of the first value.
        values: The values.
    """

    control: str
    start: int
    values: Sequence[float]


def channel(scene: Scene, strip: Strip, name: str) -> FCurve | None:
    """Return the F-curve of a property of a strip, if it has one."""
    owner = channels(scene)
    return owner.fcurves.find(_path(strip, name)) if owner is not None else None


def bake_source(
    scene: Scene, strip: Strip, face: int, curves: Mapping[str, Sequence[float]], when: Timing
) -> None:
    """Bake what a face does into locked F-curves.

    Args:
        scene: The scene that holds the strip.
        strip: The strip.
        face: Number of the face.
        curves: By control, a value for every frame of the media.
        when: Where the media lie in the scene.
    """
    # The edit's group comes first: it is the one to work in.
    _group(ensured_channels(scene), group_name(strip, f"Face {face}"))
    first, last = round(when.scene_time(0)), round(when.scene_time(when.frames - 1))
    for control, values in curves.items():
        curve = _fresh(scene, strip, source_property(face, control), f"Face {face} performance")
        fill(curve, [when.scene_time(i) for i in range(len(values))], values)
        # The last frame is excluded.
        curve.convert_to_samples(first, last + 1)
        curve.lock = True
        curve.hide = True


def fresh_curve(owner: Any, path: str, group: str) -> FCurve:
    """Make a new, empty F-curve of a data-block, in the place of any that it has."""
    holder = ensured_channels(owner)
    old = holder.fcurves.find(path)
    if old is not None:
        holder.fcurves.remove(old)
    curve = holder.fcurves.new(path, index=0)
    curve.group = _group(holder, group)
    return curve


def group_name(strip: Strip, what: str) -> str:
    """Name a group of a strip's channels; the strips of a scene share its list of channels."""
    # Blender's names have 63 bytes, and are cut when they are longer.
    return f"{what}, {strip.name}".encode()[:63].decode(errors="ignore")


def _group(holder: Any, name: str) -> Any:
    return holder.groups.get(name) or holder.groups.new(name)


def fill(curve: FCurve, times: Sequence[float], values: Sequence[float]) -> None:
    """Give an empty F-curve keys, joined by straight lines."""
    points = curve.keyframe_points
    points.add(len(values))
    points.foreach_set("co", [x for pair in zip(times, values, strict=True) for x in pair])
    points.foreach_set("interpolation", [_LINEAR] * len(values))
    curve.update()


def write_keys(scene: Scene, strip: Strip, face: int, samples: Samples, when: Timing) -> None:
    """Put values of frames into a control's F-curve, a key a frame, in the place of its keys."""
    curve = _fresh(scene, strip, edit_property(face, samples.control), f"Face {face}")
    times = [when.scene_time(samples.start + i) for i in range(len(samples.values))]
    fill(curve, times, samples.values)


def clear_edit(scene: Scene, strip: Strip, face: int) -> None:
    """Take every key, driver and value of a face's edit away."""
    _clear(scene, strip, [edit_property(face, name) for name in (AMOUNT, *CONTROLS)])


def clear_controls(scene: Scene, strip: Strip, face: int, controls: Sequence[str]) -> None:
    """Take every key, driver and value of some controls of a face's edit away."""
    _clear(scene, strip, [edit_property(face, control) for control in controls])


def clear_source(scene: Scene, strip: Strip, face: int) -> None:
    """Take a face's baked performance away."""
    _clear(scene, strip, [source_property(face, control) for control in CONTROLS])


def _clear(scene: Scene, strip: Strip, names: Sequence[str]) -> None:
    data = scene.animation_data
    drivers = data.drivers if data is not None else None
    for name in names:
        curve = channel(scene, strip, name)
        if curve is not None:
            ensured_channels(scene).fcurves.remove(curve)
        if drivers is not None and drivers.find(_path(strip, name)) is not None:
            strip.driver_remove(name)
        strip.property_unset(name)


def key_now(scene: Scene, strip: Strip, face: int, control: str) -> None:
    """Key a control's value at the playhead, as Blender's I key does."""
    strip.keyframe_insert(
        data_path=edit_property(face, control),
        frame=scene.frame_current_final,
        group=group_name(strip, f"Face {face}"),
    )


def shown_edit(strip: Strip, face: int, frame: int) -> list[Samples]:
    """Read the edit of a face at the playhead: also what was set and not yet keyed.

    Args:
        strip: The strip.
        face: Number of the face.
        frame: Frame of the media at the playhead.
    """
    amount = getattr(strip, edit_property(face, AMOUNT))
    values = {c: amount * getattr(strip, edit_property(face, c)) for c in CONTROLS}
    return [Samples(c, frame, [v]) for c, v in values.items() if abs(v) > _NOTHING]


def sample_edit(
    scene: Scene, strip: Strip, face: int, when: Timing, span: tuple[int, int]
) -> list[Samples]:
    """Sample the edit of a face, as Blender evaluates it.

    Args:
        scene: The scene that holds the strip.
        strip: The strip.
        face: Number of the face.
        when: Where the media lie in the scene.
        span: Frames of the media, the last excluded.

    Returns:
        Samples of the controls that differ from zero somewhere.
    """
    frames = range(*span)
    names = [AMOUNT, *CONTROLS]
    used = [c for c in names if c == AMOUNT or _may_act(scene, strip, edit_property(face, c))]
    if not frames or used == [AMOUNT]:
        return []
    properties = [edit_property(face, control) for control in used]
    times = [when.scene_time(frame) for frame in frames]
    if _evaluates_curves_alone(scene, strip, properties):
        rows = [_curve_values(scene, strip, name, times) for name in properties]
    else:
        rows = _scene_values(scene, strip, properties, times)
    amount, *controls = rows
    return [
        Samples(control, span[0], [v * a for v, a in zip(values, amount, strict=True)])
        for control, values in zip(used[1:], controls, strict=True)
        if any(abs(v * a) > _NOTHING for v, a in zip(values, amount, strict=True))
    ]


def _path(strip: Strip, name: str) -> str:
    return f"{strip.path_from_id()}.{name}"


def _fresh(scene: Scene, strip: Strip, name: str, group: str) -> FCurve:
    return fresh_curve(scene, _path(strip, name), group_name(strip, group))


def _may_act(scene: Scene, strip: Strip, name: str) -> bool:
    """Return whether a property differs from zero now, or may at another time."""
    if getattr(strip, name) != 0:
        return True
    data = scene.animation_data
    if data is None:
        return False
    path = _path(strip, name)
    if data.drivers.find(path) is not None or channel(scene, strip, name) is not None:
        return True
    return any(path == curve.data_path for curve in _nla_curves(data))


def _nla_curves(data: Any) -> Iterator[FCurve]:
    """Yield the F-curves of the actions that the scene's NLA plays."""
    for track in data.nla_tracks:
        for part in track.strips:
            action = part.action
            if action is None:
                continue
            if not hasattr(action, "layers"):
                yield from action.fcurves
                continue
            for layer in action.layers:
                for piece in layer.strips:
                    for bag in piece.channelbags:
                        yield from bag.fcurves


def _evaluates_curves_alone(scene: Scene, strip: Strip, names: Sequence[str]) -> bool:
    """Return whether the F-curves alone decide what Blender comes to: no drivers, no NLA."""
    data = scene.animation_data
    if data is None:
        return True
    if len(data.nla_tracks) or getattr(data, "use_tweak_mode", False):
        return False
    return not any(data.drivers.find(_path(strip, name)) for name in names)


def _curve_values(scene: Scene, strip: Strip, name: str, times: Sequence[float]) -> Sequence[float]:
    curve = channel(scene, strip, name)
    if curve is None or curve.mute or not curve.is_valid or _group_muted(curve):
        return [getattr(strip, name)] * len(times)
    limits = strip.bl_rna.properties[name]
    low, high = limits.hard_min, limits.hard_max
    # Properties hold no more than their limits, and the SDK expects no more.
    return [min(max(curve.evaluate(time), low), high) for time in times]


def _group_muted(curve: FCurve) -> bool:
    return curve.group is not None and curve.group.mute


def _scene_values(
    scene: Scene, strip: Strip, names: Sequence[str], times: Sequence[float]
) -> list[Sequence[float]]:
    """Sample values by playing the scene: slower, but with drivers and everything else."""
    rows: list[list[float]] = [[] for _ in names]
    frame, subframe = scene.frame_current, scene.frame_subframe
    try:
        for time in times:
            whole = int(time // 1)
            scene.frame_set(whole, subframe=min(time - whole, 0.999999))
            for row, name in zip(rows, names, strict=True):
                row.append(getattr(strip, name))
    finally:
        scene.frame_set(frame, subframe=subframe)
    return [*rows]
