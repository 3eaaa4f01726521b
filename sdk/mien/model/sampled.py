"""Values of tracks at every frame, remembered while they are looked at again.

An edit is evaluated anew with each movement of a slider, and all of its tracks but one are the
same objects as before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from mien.model.edits import ControlTrack
from mien.model.joined import JoinedTracks

__all__ = ["sampled"]

_Array = npt.NDArray[np.float64]
_MOST_BYTES = 64 << 20


class _Memo:
    """Arrays of the tracks that were asked for last, as far as their bytes go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0
        # The tracks themselves are kept too: while they live, no others have their ids.
        self._known: OrderedDict[tuple[int, ...], tuple[JoinedTracks, _Array, _Array]] = (
            OrderedDict()
        )

    def __call__(self, joined: JoinedTracks, count: int) -> tuple[_Array, _Array]:
        name = (count, *map(id, joined.tracks))
        with self._lock:
            if name in self._known:
                self._known.move_to_end(name)
                return self._known[name][1:]
        frames = np.arange(count, dtype=np.int64)
        values, influence = joined.values(frames), joined.influence(frames)
        values.flags.writeable = influence.flags.writeable = False
        with self._lock:
            if name not in self._known:
                self._known[name] = (joined, values, influence)
                self._bytes += values.nbytes + influence.nbytes
            while self._bytes > _MOST_BYTES and len(self._known) > 1:
                _, (_, *arrays) = self._known.popitem(last=False)
                self._bytes -= sum(array.nbytes for array in arrays)
        return values, influence


_memo = _Memo()


def sampled(track: ControlTrack | JoinedTracks, count: int) -> tuple[_Array, _Array]:
    """Return (T,) values and (T,) influence of a track at frames 0 to T; not to be written to.

    Args:
        track: The track, or several that act as one.
        count: T.
    """
    return _memo(JoinedTracks((track,)) if isinstance(track, ControlTrack) else track, count)
