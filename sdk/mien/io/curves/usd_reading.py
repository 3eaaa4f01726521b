"""Blend shape weights out of a USD file, whoever wrote it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, DoubleArray
from mien.io.curves.scene import (
    FACTS,
    MOST_FRAMES,
    NAMESPACE,
    face_from,
    near_rate,
    read_scene_clock,
)
from mien.io.curves.usd_layers import check_layers
from mien.model.curve_file import CurveFile, FaceCurves
from mien.timebase import Clock

__all__ = ["read_stage"]

_MOST_VALUES = 1 << 27
"""Values of all curves of a face together, at most."""
_NEAR = 1e-6


def read_stage(path: Path) -> CurveFile:
    """Read every `SkelAnimation` with blend shapes of a file as a face.

    The rate is `framesPerSecond`, or `timeCodesPerSecond` where the file says no other; the first
    frame is `startTimeCode`, or the first sample where that is earlier. Before its first sample and
    after its last one a face is not there.

    Args:
        path: The file; layers beside it are composed with it, all others are refused.

    Raises:
        ValueError: When it is damaged, refers to what is elsewhere, or holds no such animation.
    """
    from pxr import Usd

    layer = check_layers(path)
    stage = Usd.Stage.Open(layer)
    animations = _animations(stage)
    if not animations:
        raise ValueError("it has no SkelAnimation with blend shapes")
    facts = layer.customLayerData.get(FACTS)
    if isinstance(facts, dict) and "rate" in facts:
        codes, clock = _own_times(stage, facts, animations)
    else:
        codes, clock = _times(stage, animations)
        facts = {}
    if len(codes) * max(len(animation.names) for animation in animations) > _MOST_VALUES:
        raise ValueError("it has too many frames")
    faces = tuple(
        animation.face(index, codes, clock) for index, animation in enumerate(animations, start=1)
    )
    return CurveFile(faces, clock, source=str(facts.get("source", "")))


class _Animation:
    """A `SkelAnimation` of a composed stage."""

    def __init__(self, prim: Any, schema: Any) -> None:
        self.prim = prim
        self.names = [str(name) for name in schema.GetBlendShapesAttr().Get() or ()]
        self._weights = schema.GetBlendShapeWeightsAttr()
        self.samples: list[float] = self._weights.GetTimeSamples()
        self.valid_samples: list[float] = []
        self._valid = prim.GetAttribute(f"{NAMESPACE}valid")
        if self._valid:
            self.valid_samples = self._valid.GetTimeSamples()

    def face(self, index: int, codes: DoubleArray, clock: Clock) -> FaceCurves:
        """Return its curves at times.

        Args:
            index: Its place among the animations, for want of a number.
            codes: (T,) time codes.
            clock: When they are.
        """
        from pxr import Tf

        valid, times = self._there(codes), codes.tolist()
        rows = np.full((len(codes), len(self.names)), np.nan)
        for frame in np.flatnonzero(valid).tolist():
            try:
                row = self._weights.Get(times[frame])
            except Tf.ErrorException as error:
                raise ValueError(f"{self.prim.GetPath()} is damaged") from error
            if row is None or len(row) != len(self.names):
                told = "none" if row is None else str(len(row))
                raise ValueError(
                    f"{self.prim.GetPath()} has {len(self.names)} blend shapes and {told} weights"
                    f" at {times[frame]:g}"
                )
            rows[frame] = row
        if np.isinf(rows).any():
            raise ValueError(f"{self.prim.GetPath()} has an infinite weight")
        facts = self.prim.GetCustomDataByKey(FACTS) or {}
        path = self.prim.GetPath()
        name = str(
            facts.get("name") or (path if path.IsRootPrimPath() else path.GetParentPath()).name
        )
        weights = dict(zip(self.names, rows.T, strict=True))
        if len(weights) < len(self.names):
            raise ValueError(f"{self.prim.GetPath()} names a blend shape twice")
        beside = {
            attribute.GetName()[len(NAMESPACE) :]: self._single(attribute, times, valid)
            for attribute in self.prim.GetAuthoredAttributes()
            if attribute.GetName().startswith(NAMESPACE) and attribute.GetTypeName() == "float"
        }
        number = int(facts.get("number", index))
        return face_from(number, name, weights, beside, valid & ~np.isnan(rows).all(axis=1))

    def _there(self, codes: DoubleArray) -> BoolArray:
        """Return (T,) in which frames it says something."""
        if self.valid_samples:
            return np.array([bool(self._valid.Get(code)) for code in codes.tolist()], dtype=bool)
        if not self.samples:
            return np.full(len(codes), self._weights.HasAuthoredValue(), dtype=bool)
        inside = (codes >= self.samples[0] - _NEAR) & (codes <= self.samples[-1] + _NEAR)
        return np.asarray(inside, dtype=bool)

    def _single(
        self, attribute: Any, times: list[float], valid: npt.NDArray[np.bool_]
    ) -> DoubleArray:
        everywhere = attribute.GetName().startswith(f"{NAMESPACE}confidence")
        values = [
            attribute.Get(time) if there or everywhere else None
            for time, there in zip(times, valid.tolist(), strict=True)
        ]
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _animations(stage: Any) -> list[_Animation]:
    """Return the animations that have blend shapes, in the order of the stage."""
    from pxr import Usd, UsdSkel

    everything = Usd.PrimRange.Stage(stage, Usd.TraverseInstanceProxies())
    found = [_Animation(p, UsdSkel.Animation(p)) for p in everything if p.IsA(UsdSkel.Animation)]
    numbered: dict[int, _Animation] = {}
    for animation in (one for one in found if one.names):
        facts = animation.prim.GetCustomDataByKey(FACTS) or {}
        # Copies of one face are numbered anew.
        if int(facts.get("number", -1)) in numbered:
            return [one for one in found if one.names]
        numbered[int(facts.get("number", -len(numbered) - 1))] = animation
    return list(numbered.values())


def _own_times(
    stage: Any, facts: dict[str, Any], animations: list[_Animation]
) -> tuple[DoubleArray, Clock]:
    """Return the time codes of a file that mien wrote, and its clock: a sample is a frame."""
    codes = np.unique(np.concatenate([one.valid_samples or one.samples for one in animations]))
    _check_count(len(codes))
    rate = stage.GetTimeCodesPerSecond()
    return codes, read_scene_clock(facts, ((codes - codes[:1]) / rate).tolist())


def _times(stage: Any, animations: list[_Animation]) -> tuple[DoubleArray, Clock]:
    """Return the time codes of frames, and their clock."""
    per_second = stage.GetTimeCodesPerSecond()
    layer = stage.GetRootLayer()
    rate = near_rate(stage.GetFramesPerSecond() if layer.HasFramesPerSecond() else per_second)
    step = per_second / float(rate)
    if not step > 0:
        raise ValueError(f"its {per_second:g} time codes a second are impossible")
    ends = [(one.samples[0], one.samples[-1]) for one in animations if one.samples]
    first = min((start for start, _ in ends), default=0.0)
    last = max((stop for _, stop in ends), default=first)
    if layer.HasStartTimeCode() and stage.GetStartTimeCode() <= first:
        first = stage.GetStartTimeCode()
    # What the last sample says between two frames is not reached.
    exact = (last - first) / step
    if not exact < MOST_FRAMES:
        raise ValueError(f"it has more than {MOST_FRAMES} frames")
    count = int(exact + 1e-4) + 1
    _check_count(count)
    return first + np.arange(count) * step, Clock(Fraction(rate), count)


def _check_count(count: int) -> None:
    if count > MOST_FRAMES:
        raise ValueError(f"it has more than {MOST_FRAMES} frames")
