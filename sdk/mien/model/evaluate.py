"""From curves and edits to target curves: one pure function.

Layers are applied bottom to top, tracks in the order they were keyed:

    add        target += w * value
    replace    target += w * (value - target)
    scale      target *= 1 + w * (value - 1)
    smooth     target += w * (smoothed - target)

where w is the layer's weight times the track's influence at the frame. A track on a named
expression or viseme acts on each of its controls with `value` times that control's weight
(for `scale` and `smooth`: with the value itself); a feeling that replaces takes what other feelings
do to nothing (`presets.resolve`). One that replaces, as `lipsShut`, takes the place
of what its controls do as far as its value says, with `add` and `replace` alike:

               target += w * value * (weight - target)

Tracks of a layer whose spans touch run on from one to the other (joined.py).

`smooth` takes the value as the standard deviation, in frames, of a Gaussian that averages what
lies below. A frame counts only together with its mirror image about the one that is smoothed,
so that there is no lag: straight lines stay what they are, also at the ends of a shot and beside
frames without the face. Nothing is averaged across a cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.model.control_track import ControlTrack
from mien.model.controls import CONTROLS, INDEX, NAMES, sides
from mien.model.edits import Layer
from mien.model.joined import JoinedTracks, join_tracks
from mien.model.presets import replaces, resolve
from mien.model.sampled import sampled

__all__ = ["WIDEST_SMOOTHING", "Evaluated", "evaluate", "unlimited"]

_LOW = np.array([control.low for control in CONTROLS], dtype=np.float32)
_HIGH = np.array([control.high for control in CONTROLS], dtype=np.float32)
_FROM_SOURCE = np.array([control.region == "head" for control in CONTROLS])
"""Controls whose limits count from the performance: the head is turned from where it is."""
WIDEST_SMOOTHING = 120.0
"""Frames of standard deviation that a track can ask for at most."""
_REACH = 4.0
"""Standard deviations that a Gaussian reaches to either side."""
NEGLIGIBLE = 1e-4
"""Departures below this are none: no pixel would change, so the plate is left alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """The performance of one face and an edit's change to it.

    Attributes:
        source: (T, 59) float32, the performance.
        delta: (T, 59) float32, the change: the target minus the performance; exactly 0 where
            nothing is edited.
        departed: (T, 59) float32, what of the change takes the performance's place, scales or
            smooths it: it is another performance, as one that is tracked; None where nothing does.
            The rest is an amount that somebody asked for.
        gained: (T, 59) float32, what of the change corrects how much is seen of it: the plate's own
            pixels are moved by it, and other frames, which show all of it, are not; None for
            nothing.
    """

    source: FloatArray
    delta: FloatArray
    departed: FloatArray | None = None
    gained: FloatArray | None = None

    def __repr__(self) -> str:
        active = int(np.count_nonzero(self.active))
        return f"Evaluated({active} of {len(self.delta)} frames edited)"

    @property
    def target(self) -> FloatArray:
        """(T, 59) float32, the performance with the change."""
        return self.source + self.delta

    @property
    def active(self) -> BoolArray:
        """(T,) bool, the frames that are changed."""
        return np.asarray(self.delta.any(axis=1))


def evaluate(
    source: FloatArray, layers: Sequence[Layer], valid: BoolArray, cuts: Iterable[int] = ()
) -> Evaluated:
    """Apply layers of edit tracks to a performance.

    Args:
        source: (T, 59) controls of the performance.
        layers: Layers, bottom first.
        valid: (T,) frames in which the face can be edited; elsewhere nothing changes.
        cuts: First frames of new shots, across which nothing is smoothed.

    Returns:
        Source and delta; the target is held within the controls' limits unless the
        performance itself is beyond them.
    """
    layers = _active_layers(layers)
    names = {
        name
        for layer in layers
        for track in layer.tracks
        for name, _ in resolve(track.control, track.mode)
    }
    # Only columns that a track drives are worked on: most edits ask for a few of the 59.
    columns = sorted(INDEX[name] for name in names)
    # Column by column, as tracks work on them.
    before = np.asfortranarray(source[:, columns], dtype=np.float64)
    names_of = [NAMES[column] for column in columns]
    after, away = _apply_layers(before, names_of, layers, valid, cuts)
    base = np.where(_FROM_SOURCE[columns], before, 0)
    low = np.minimum(base + _LOW[columns], before)
    high = np.maximum(base + _HIGH[columns], before)
    change = np.clip(after, low, high) - before
    # Values beyond all measure may come to what is no number: then nothing changes.
    change[~(np.abs(change) >= NEGLIGIBLE) | ~valid[:, None]] = 0
    delta = np.zeros_like(source)
    delta[:, columns] = change
    if away is None:
        return Evaluated(source, delta)
    departed = np.zeros_like(source)
    # It is part of what is left of the change, whatever limits and other tracks took of it.
    within = np.clip(away, np.minimum(change, 0), np.maximum(change, 0))
    departed[:, columns] = np.where(np.isnan(within), 0, within)
    return Evaluated(source, delta, departed)


def unlimited(
    source: FloatArray,
    layers: Sequence[Layer],
    valid: BoolArray,
    cuts: Iterable[int],
    names: Sequence[str],
) -> npt.NDArray[np.float64]:
    """Evaluate some controls without applying limits.

    Args:
        source: (T, 59) controls of the performance.
        layers: Layers, bottom first.
        valid: (T,) frames with a performance; elsewhere it counts as neutral.
        cuts: First frames of new shots.
        names: Sided names of N controls.

    Returns:
        (T, N) float64 values.
    """
    before = np.where(valid[:, None], source[:, [INDEX[name] for name in names]], 0)
    return _apply_layers(
        np.asfortranarray(before, dtype=np.float64), names, _active_layers(layers), valid, cuts
    )[0]


def _active_layers(layers: Iterable[Layer]) -> list[Layer]:
    return [layer for layer in layers if not layer.muted and layer.weight]


def _apply_layers(
    before: npt.NDArray[np.float64],
    names: Sequence[str],
    layers: Sequence[Layer],
    valid: BoolArray,
    cuts: Iterable[int],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
    """Apply layers to the controls in the columns of `before`.

    Returns:
        (T, N) values after all layers, and what of the change makes another performance; None
        where no track does.
    """
    column_index = {name: i for i, name in enumerate(names)}
    after = before.copy(order="K")
    departs = any(_departs(track) for layer in layers for track in layer.tracks)
    away = np.zeros_like(before) if departs else None
    frames = np.arange(len(before), dtype=np.int64)
    pieces = np.searchsorted(np.sort(np.array([*cuts], dtype=np.int64)), frames, side="right")
    pieces = np.where(valid, pieces, -1)
    with np.errstate(over="ignore", invalid="ignore"):
        for layer in layers:
            for track in join_tracks(layer.tracks):
                if track.mode == "smooth":
                    below = after.copy(order="K")
                    _smooth(track, layer.weight, after, column_index, pieces)
                    assert away is not None
                    away += after - below
                else:
                    _apply_track(track, layer.weight, after, column_index, before, away)
    return after, away


def _departs(track: ControlTrack | JoinedTracks) -> bool:
    """Whether a track makes another performance of the one that was filmed.

    Expressions by name are amounts, whether they are added or put in place of what was there.
    """
    if track.mode == "replace":
        return sides(track.control) is not None
    return track.mode in ("scale", "smooth")


def _apply_track(
    track: JoinedTracks,
    layer_weight: float,
    target: npt.NDArray[np.float64],
    column_index: Mapping[str, int],
    before: npt.NDArray[np.float64],
    away: npt.NDArray[np.float64] | None,
) -> None:
    """Apply one track to `target`, whose columns hold the controls that `column_index` names.

    `away` is what of `target` beyond `before` makes another performance: it goes with what it is
    part of.
    """
    value, influence = sampled(track, len(target))
    weight = layer_weight * influence
    taken = None
    if replaces(track.control) and track.mode in ("add", "replace"):
        taken = np.clip(weight * value, 0, 1)
    for name, preset_weight in resolve(track.control, track.mode):
        if name not in column_index:
            continue
        index = column_index[name]
        column, was = target[:, index], before[:, index]
        departed = None if away is None else away[:, index]
        if taken is not None:
            column += taken * (preset_weight - column)
            if departed is not None:
                departed *= 1 - taken
        elif track.mode == "add":
            column += weight * value * preset_weight
        elif track.mode == "replace":
            column += weight * (value * preset_weight - column)
            if departed is not None:
                departed *= 1 - weight
                if _departs(track):
                    departed += weight * (value * preset_weight - was)
        else:
            factor = 1 + weight * (value - 1)
            column *= factor
            if departed is not None:
                departed += (factor - 1) * (was + departed)


def _smooth(
    track: JoinedTracks,
    layer_weight: float,
    target: npt.NDArray[np.float64],
    column_index: Mapping[str, int],
    pieces: npt.NDArray[np.int64],
) -> None:
    """Smooth the columns of `target` that a track drives, inside `pieces`; -1 is in none."""
    value, influence = sampled(track, len(target))
    weight = layer_weight * influence
    sigma = np.clip(value, 0, WIDEST_SMOOTHING)
    driven = [column_index[name] for name, _ in resolve(track.control) if name in column_index]
    columns = np.array(driven, dtype=np.intp)
    below = np.where(pieces[:, None] >= 0, target[:, columns], 0)
    # Where a frame takes no part there is nothing to reach for.
    reach = int(np.ceil(_REACH * sigma[(weight > 0) & (pieces >= 0)].max(initial=0)))
    total, weights = below.copy(), np.ones(len(target))
    spread = 2 * np.maximum(sigma, 1e-3) ** 2
    for step in range(1, min(reach, (len(target) - 1) // 2) + 1):
        middle = slice(step, len(target) - step)
        both = (pieces[: -2 * step] == pieces[middle]) & (pieces[2 * step :] == pieces[middle])
        part = np.where(both, np.exp(-(step**2) / spread[middle]), 0)
        total[middle] += part[:, None] * (below[: -2 * step] + below[2 * step :])
        weights[middle] += 2 * part
    smoothed = total / weights[:, None]
    seen = pieces >= 0
    target[np.ix_(seen, columns)] += (weight[:, None] * (smoothed - below))[seen]
