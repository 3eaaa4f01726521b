"""Morph target weights out of a glTF file, whoever wrote it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any

import numpy as np

from mien._types import BoolArray, DoubleArray
from mien.io.curves.gltf_document import GltfDocument, open_document
from mien.io.curves.scene import FACTS, MOST_FRAMES, face_from, read_scene_clock
from mien.model.curve_file import CurveFile, FaceCurves
from mien.timebase import Clock

__all__ = ["read_animations", "sampled"]

_RATES = (
    Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001), Fraction(30000, 1001),
    Fraction(60), Fraction(60000, 1001), Fraction(50), Fraction(48), Fraction(120),
)  # fmt: skip
"""Frame rates on which keys may lie; glTF names none."""
_OTHER_RATE = Fraction(60)
"""The rate at which curves are read whose keys lie on no frames."""
_OFF = 5e-4
"""Frames by which a key may miss a frame."""
_MOST_VALUES = 1 << 27


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """The morph target weights of a node in an animation.

    Attributes:
        node: Number of the node.
        name: What it is called.
        names: (S,) names of the morph targets.
        times: (K,) seconds of the keys.
        values: (K, S) weights; (K, 3, S) with the tangents of a cubic spline.
        mode: `LINEAR`, `STEP` or `CUBICSPLINE`.
    """

    node: int
    name: str
    names: tuple[str, ...]
    times: DoubleArray
    values: DoubleArray
    mode: str


def read_animations(file: IO[bytes]) -> CurveFile:
    """Read every node whose morph targets are animated as a face.

    The rate is the one on whose frames the keys lie, and 60 where there is none; frame 0 is at 0
    seconds. Before its first key and after its last one a face is not there.

    Raises:
        ValueError: When it is damaged, or holds no such animation.
    """
    document = open_document(file)
    tracks = list(_tracks(document))
    asset = document.tree["asset"]
    facts = asset["extras"].get(FACTS) if isinstance(asset.get("extras"), dict) else None
    if isinstance(facts, dict):
        return _own(facts, {track.node: track for track in tracks})
    if not tracks:
        raise ValueError("it has no animation of morph target weights")
    clock = _clock(np.unique(np.concatenate([track.times for track in tracks])))
    seconds = np.array([float(clock.seconds(i)) for i in range(clock.frame_count)])
    faces: list[FaceCurves] = []
    for track in _different(tracks):
        # A key that is rounded past a frame still reaches it.
        near = _OFF / float(clock.rate) + track.times[-1] * 2.0**-22
        valid = (seconds >= track.times[0] - near) & (seconds <= track.times[-1] + near)
        faces.append(_face(len(faces) + 1, track, seconds, valid))
    return CurveFile(tuple(faces), clock)


def sampled(
    track_times: DoubleArray, values: DoubleArray, mode: str, at: DoubleArray
) -> DoubleArray:
    """Return the values of a glTF sampler at times (glTF 2.0, appendix C).

    Args:
        track_times: (K,) seconds of the keys, ascending.
        values: (K, S); (K, 3, S) in tangent, value and out tangent for `CUBICSPLINE`.
        mode: `LINEAR`, `STEP` or `CUBICSPLINE`.
        at: (T,) seconds; before the first and after the last key its value holds.

    Returns:
        (T, S) values.
    """
    last = len(track_times) - 1
    before = np.clip(np.searchsorted(track_times, at, side="right") - 1, 0, last)
    after = np.minimum(before + 1, last)
    step = track_times[after] - track_times[before]
    safe = np.where(step > 0, step, 1)
    t = (np.clip((at - track_times[before]) / safe, 0, 1) * (step > 0))[:, None]
    if mode == "STEP":
        return np.asarray(values[before], dtype=np.float64)
    if mode == "LINEAR":
        return np.asarray(values[before] * (1 - t) + values[after] * t, dtype=np.float64)
    start, end, width = values[before, 1], values[after, 1], step[:, None]
    leaving, arriving = width * values[before, 2], width * values[after, 0]
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * leaving
        + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * arriving,
        dtype=np.float64,
    )  # fmt: skip


def _own(facts: dict[str, Any], tracks: dict[int, _Track]) -> CurveFile:
    """Return the faces of a file that mien wrote."""
    frames = facts["frames"]
    if not isinstance(frames, int) or not 0 <= frames <= MOST_FRAMES:
        raise ValueError(f"its number of frames is {frames!r}")
    plain = Clock(Fraction(str(facts["rate"])), frames)
    times = facts.get("times") or [float(plain.seconds(i)) for i in range(frames)]
    clock = read_scene_clock(facts, times)
    seconds = np.array(times, dtype=np.float64)
    faces = []
    for number, one in enumerate(facts["faces"], start=1):
        valid = np.asarray(one["valid"], dtype=np.bool_)
        beside = {
            str(name): np.array([np.nan if v is None else v for v in values], dtype=np.float64)
            for name, values in one["curves"].items()
        }
        for name, values in (("valid", valid), *beside.items()):
            if values.shape != (frames,):
                raise ValueError(f"its {name} is not a list of {frames}")
        track = tracks.get(one["node"])
        if track is None:
            faces.append(face_from(number, str(one["name"]), {}, beside, valid))
            continue
        # Morph targets of controls that were left out stand still.
        kept = [i for i, name in enumerate(track.names) if name in one["controls"]]
        names = tuple(track.names[i] for i in kept)
        track = dataclasses.replace(track, names=names, values=track.values[..., kept])
        faces.append(
            _face(int(one["number"]), track, seconds, valid, name=str(one["name"]), beside=beside)
        )
    return CurveFile(tuple(faces), clock, source=str(facts.get("source", "")))


def _face(
    number: int,
    track: _Track,
    seconds: DoubleArray,
    valid: BoolArray,
    *,
    name: str | None = None,
    beside: dict[str, DoubleArray] | None = None,
) -> FaceCurves:
    rows = np.full((len(seconds), len(track.names)), np.nan)
    if name is not None and len(track.times) == valid.sum() and track.mode == "LINEAR":
        # A key for each frame: glTF's single precision does not tell late times apart well.
        rows[valid] = track.values
    else:
        rows[valid] = sampled(track.times, track.values, track.mode, seconds[valid])
    weights = dict(zip(track.names, rows.T, strict=True))
    return face_from(number, track.name if name is None else name, weights, beside or {}, valid)


def _tracks(document: GltfDocument) -> Any:
    """Yield the animated morph targets of every animation."""
    animations = document.tree.get("animations") or []
    for index in range(len(animations)):
        animation = document.part("animations", index)
        for channel in animation["channels"]:
            target = channel["target"]
            if target.get("path") != "weights" or "node" not in target:
                continue
            node = document.part("nodes", target["node"])
            mesh = document.part("meshes", node.get("mesh"))
            label = str(node.get("name") or mesh.get("name") or f"node {target['node']}")
            if len(animations) > 1:
                label = f"{animation.get('name') or f'animation {index}'}: {label}"
            sampler = animation["samplers"][channel["sampler"]]
            yield _track(document, target["node"], label, mesh, sampler)


def _track(
    document: GltfDocument, node: int, label: str, mesh: dict[str, Any], sampler: dict[str, Any]
) -> _Track:
    count = len(mesh["primitives"][0].get("targets") or ())
    extras = mesh.get("extras")
    names = extras.get("targetNames") if isinstance(extras, dict) else None
    if not isinstance(names, list) or len(names) != count or len(set(map(str, names))) != count:
        raise ValueError(f"the {count} morph targets of {label!r} have no names of their own")
    mode = sampler.get("interpolation", "LINEAR")
    if mode not in ("LINEAR", "STEP", "CUBICSPLINE"):
        raise ValueError(f"its interpolation {mode!r} is none of glTF's")
    times = document.numbers(sampler["input"])[:, 0]
    values = document.numbers(sampler["output"]).ravel()
    shape = (len(times), 3, count) if mode == "CUBICSPLINE" else (len(times), count)
    if values.size != int(np.prod(shape)) or not len(times):
        raise ValueError(f"{label!r} has {values.size} weights for {len(times)} times of {count}")
    if not (np.isfinite(times).all() and np.isfinite(values).all()):
        raise ValueError(f"{label!r} has numbers that are not finite")
    if times[0] < 0 or (np.diff(times) <= 0).any():
        raise ValueError(f"the times of {label!r} are not in ascending order")
    return _Track(node, label, tuple(map(str, names)), times, values.reshape(shape), str(mode))


def _different(tracks: list[_Track]) -> list[_Track]:
    """Return the tracks without those that say the same: meshes of one head often move alike."""
    kept: list[_Track] = []
    for track in tracks:
        if not any(
            one.names == track.names
            and one.mode == track.mode
            and np.array_equal(one.times, track.times)
            and np.array_equal(one.values, track.values)
            for one in kept
        ):
            kept.append(track)
    return kept


def _clock(times: DoubleArray) -> Clock:
    """Return a clock of the frames on which keys lie."""
    rate = next((rate for rate in _RATES if _on_frames(times, float(rate))), _OTHER_RATE)
    count = float(times[-1]) * float(rate)
    if count > MOST_FRAMES:
        raise ValueError(f"it has more than {MOST_FRAMES} frames")
    # What the last key says between two frames is not reached.
    return Clock(rate, int(count + 1e-3 + count * 2.0**-22) + 1)


def _on_frames(times: DoubleArray, rate: float) -> bool:
    exact = times * rate
    return bool((np.abs(exact - np.round(exact)) <= _OFF + exact * 2.0**-22).all())
