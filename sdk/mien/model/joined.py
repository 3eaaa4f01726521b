"""Tracks whose spans touch: they run on from one to the other as a single track would.

Two spans of one control that touch ask for one value and then another. Eased out and in again,
each by itself, they would let the performance through between them. So they are joined: eased in
where the first begins and out where the last ends, and from one value to the next by an eased
step around the border. Spans with a gap between them, if only of a frame, are left as they are.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._math import ease
from mien.model.edits import ControlTrack, Mode, influence_in
from mien.model.presets import resolve
from mien.timebase import FrameRange

__all__ = ["JoinedTracks", "join_tracks"]

_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JoinedTracks:
    """Tracks of one control and mode that act as one, or a single track as it is.

    Attributes:
        tracks: The tracks; where there are several, each one's span begins where the span of
            the one before ends.
    """

    tracks: tuple[ControlTrack, ...]

    @property
    def control(self) -> str:
        """Name of what all of them drive."""
        return self.tracks[0].control

    @property
    def mode(self) -> Mode:
        """Mode of all of them."""
        return self.tracks[0].mode

    def values(self, frames: npt.ArrayLike) -> _Array:
        """Return the (N,) values at (N,) frames, with eased steps around the borders."""
        times = np.asarray(frames, dtype=np.float64)
        if len(self.tracks) == 1:
            return self.tracks[0].values(times)
        values = _held(self.tracks[0], times)
        for before, after in itertools.pairwise(self.tracks):
            assert after.span is not None
            # As long as the shorter of both fades and half of it on either side, so that the
            # steps at both ends of a short span do not meet.
            steps = min(_fade(before), _fade(after)) + 1
            way = (times + 0.5 - after.span.start) / steps + 0.5
            values += ease(np.clip(way, 0, 1)) * (_held(after, times) - values)
        return values

    def influence(self, frames: npt.ArrayLike) -> _Array:
        """Return how much they act, (N,) of 0..1 at (N,) frames: smoothstep in and out."""
        first, last = self.tracks[0], self.tracks[-1]
        if first.span is None or last.span is None:
            return first.influence(frames)
        span = FrameRange(first.span.start, last.span.stop)
        return influence_in(span, first.fade, last.fade, frames)


def join_tracks(tracks: Sequence[ControlTrack]) -> list[JoinedTracks]:
    """Join the tracks of a layer whose spans touch.

    Those of one name and one mode are joined, unless something that is applied between them
    acts on the same controls in the same frames: then the order in which all are applied counts
    for more.

    Args:
        tracks: The tracks, in the order in which they are applied.

    Returns:
        All of them, in the order in which they are to be applied.
    """
    alike: defaultdict[tuple[str, Mode], list[tuple[int, FrameRange]]] = defaultdict(list)
    chains: list[list[int]] = []
    for index, track in enumerate(tracks):
        if track.span is None:
            chains.append([index])
        else:
            alike[track.control, track.mode].append((index, track.span))
    for spans in alike.values():
        ending: dict[int, list[int]] = {}
        for index, span in sorted(spans, key=lambda pair: (pair[1].start, pair[0])):
            chain = ending.get(span.start)
            if chain is not None and _can_join(tracks, [*chain, index]):
                del ending[span.start]
                chain.append(index)
            else:
                chain = [index]
                chains.append(chain)
            ending[span.stop] = chain
    # What lies between the first and the last of a chain acts elsewhere, so that any place
    # between them will do.
    return [JoinedTracks(tuple(tracks[i] for i in chain)) for chain in sorted(chains, key=max)]


def _can_join(tracks: Sequence[ControlTrack], chain: Sequence[int]) -> bool:
    """Whether nothing between the tracks of a chain acts on what they act on, where they act."""
    spans = [tracks[index].span for index in (chain[0], chain[-1])]
    assert spans[0] is not None
    assert spans[1] is not None
    start, stop = spans[0].start, spans[1].stop
    driven = {name for name, _ in resolve(tracks[chain[0]].control, tracks[chain[0]].mode)}
    for index in range(min(chain) + 1, max(chain)):
        other = tracks[index]
        elsewhere = other.span is not None and (
            other.span.stop <= start or other.span.start >= stop
        )
        if index in chain or elsewhere:
            continue
        if any(name in driven for name, _ in resolve(other.control, other.mode)):
            return False
    return True


def _held(track: ControlTrack, times: _Array) -> _Array:
    """Values of a track, held beyond its span."""
    assert track.span is not None
    return track.values(np.clip(times, track.span.start, track.span.stop - 1))


def _fade(track: ControlTrack) -> float:
    """Frames of a track's fade, as far as its span has room for two of them."""
    assert track.span is not None
    return min(track.fade, (len(track.span) - 1) / 2)
