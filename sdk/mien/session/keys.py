"""Commands on keys: from a document to a changed one.

Keys stay inside their shot. A key that is moved onto another takes its place. Commands that
move keys also give their new references, in the order of tracks and frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from mien.errors import UsageError
from mien.model.document import Document
from mien.model.edits import ControlTrack, Mode
from mien.model.interpolate import Interpolation, Key
from mien.session.lookup import (
    by_track,
    check_frame,
    find_track,
    put_track,
    replace_tracks,
    track_at,
)
from mien.session.refs import KeyRef, TrackRef

__all__ = [
    "EASES",
    "Clipboard",
    "Ease",
    "Edited",
    "copy_keys",
    "delete_keys",
    "duplicate_keys",
    "ease",
    "move_keys",
    "paste_keys",
    "scale_keys",
    "set_handles",
    "set_interpolation",
    "set_key",
    "set_keys_value",
]

Edited = tuple[Document, tuple[KeyRef, ...]]
"""A changed document, and the keys that were changed as they are called in it."""
_Picked = Mapping[TrackRef, Sequence[int]]
"""Frames of keys in ascending order, by their tracks."""
Handle = tuple[float, float]
Ease = Literal["in", "out", "in-out", "overshoot", "anticipate"]
EASES: Final[tuple[Ease, ...]] = get_args(Ease)
_BEZIERS: Final[Mapping[Ease, tuple[float, float, float, float]]] = {
    # The first three are `ease-in`, `ease-out` and `ease-in-out` of CSS Easing Functions
    # (W3C); the others go beyond a key by a tenth of the way, after or before it.
    "in": (0.42, 0.0, 1.0, 1.0),
    "out": (0.0, 0.0, 0.58, 1.0),
    "in-out": (0.42, 0.0, 0.58, 1.0),
    "overshoot": (0.34, 1.56, 0.64, 1.0),
    "anticipate": (0.36, 0.0, 0.66, -0.56),
}


def set_key(
    document: Document,
    shot: str,
    face: int,
    control: str,
    frame: int,
    value: float,
    *,
    layer: str = "edit",
    mode: Mode = "add",
    interpolation: Interpolation = "ease",
) -> Document:
    """A document with a key more; the layer and the track are made when they are missing.

    A key at that frame is replaced, but keeps its handles.

    Raises:
        UnknownControlError: When nothing has the name of the control.
        TimeError: When the frame lies outside the shot.
    """
    check_frame(document, shot, frame)
    ref = find_track(document, shot, face, layer, control, mode)
    if ref is None:
        track = ControlTrack(control, (Key(frame, value, interpolation),), mode)
        return put_track(document, shot, face, layer, track)
    track = track_at(document, ref)
    key = track.key_at(frame) or Key(frame, value)
    key = replace(key, value=value, interpolation=interpolation)
    return replace_tracks(document, {ref: track.with_key(key)})


def move_keys(
    document: Document, keys: Iterable[KeyRef], frames: int, value: float = 0.0
) -> Edited:
    """A document with keys moved in time and value.

    All are moved by as many frames, by fewer than asked for where one would leave its shot.

    Args:
        document: The document.
        keys: The keys; those that are gone are left out.
        frames: Frames to move them by, later or (negative) earlier.
        value: What is added to their values.
    """
    picked = by_track(keys)
    frames = _room(document, picked, frames)
    return _mapped(document, picked, lambda key, _: _shifted(key, frames, value))


def scale_keys(document: Document, keys: Iterable[KeyRef], pivot: float, factor: float) -> Edited:
    """A document with keys moved away from a frame, or towards it.

    Args:
        document: The document.
        keys: The keys; those that are gone are left out.
        pivot: The frame that stays.
        factor: By how much distances from it grow; negative turns time around. Keys that
            would leave their shot stop at its end; of several at one frame the last stays.
    """

    def scaled(key: Key, count: int) -> Key:
        frame = math.floor(pivot + (key.frame - pivot) * factor + 0.5)
        back, out = _stretched(key.handle_in, factor), _stretched(key.handle_out, factor)
        if factor < 0:
            back, out = out, back
        return replace(key, frame=min(max(frame, 0), count - 1), handle_in=back, handle_out=out)

    picked = by_track(keys)
    return _mapped(_ways_back(document, picked) if factor < 0 else document, picked, scaled)


def duplicate_keys(
    document: Document, keys: Iterable[KeyRef], frames: int, value: float = 0.0
) -> Edited:
    """As `move_keys`, but the keys also stay where they are."""
    picked = by_track(keys)
    frames = _room(document, picked, frames)
    return _mapped(document, picked, lambda key, _: _shifted(key, frames, value), keep=True)


def delete_keys(document: Document, keys: Iterable[KeyRef]) -> Document:
    """A document without keys; tracks that have none left are removed.

    The tracks above a removed one move down by a place in their layer: select no key of these
    by its old reference.
    """
    changed: dict[TrackRef, ControlTrack | None] = {}
    for ref, frames in by_track(keys).items():
        track = track_at(document, ref)
        gone = [frame for frame in frames if track.key_at(frame) is not None]
        changed[ref] = track.with_keys((), gone) if len(gone) < len(track.keys) else None
    return replace_tracks(document, changed)


@dataclass(frozen=True, slots=True)
class Clipboard:
    """Keys that were copied.

    Attributes:
        tracks: Control, mode and keys of every track; frames count from the earliest key.
    """

    tracks: tuple[tuple[str, Mode, tuple[Key, ...]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tracks)


def copy_keys(document: Document, keys: Iterable[KeyRef]) -> Clipboard:
    """Keys to be pasted; references of keys that are gone are left out."""
    taken = [
        (track_at(document, ref), _keys(document, ref, f)) for ref, f in by_track(keys).items()
    ]
    first = min((key.frame for _, found in taken for key in found), default=0)
    return Clipboard(
        tuple(
            (track.control, track.mode, tuple(replace(k, frame=k.frame - first) for k in found))
            for track, found in taken
            if found
        )
    )


def paste_keys(
    document: Document, clipboard: Clipboard, shot: str, face: int, frame: int, layer: str = "edit"
) -> Edited:
    """A document with copied keys more.

    Args:
        document: The document.
        clipboard: The keys.
        shot: Id of the shot.
        face: Number of the face.
        frame: Where the earliest key goes; keys that would leave the shot are left out.
        layer: Name of the layer; layer and tracks are made when they are missing.
    """
    count = document.shot(shot).shot.clock.frame_count
    pasted: list[KeyRef] = []
    for control, mode, keys in clipboard.tracks:
        placed = [replace(key, frame=key.frame + frame) for key in keys]
        placed = [key for key in placed if 0 <= key.frame < count]
        if not placed:
            continue
        ref = find_track(document, shot, face, layer, control, mode)
        if ref is None:
            new = ControlTrack(control, tuple(placed), mode)
            document = put_track(document, shot, face, layer, new)
            ref = find_track(document, shot, face, layer, control, mode)
            assert ref is not None
        else:
            track = track_at(document, ref)
            document = replace_tracks(document, {ref: track.with_keys(placed)})
        pasted += [KeyRef(ref, key.frame) for key in placed]
    return document, tuple(sorted(pasted))


def set_keys_value(document: Document, keys: Iterable[KeyRef], value: float) -> Document:
    """A document with one value for several keys."""
    return _mapped(document, by_track(keys), lambda key, _: replace(key, value=value))[0]


def set_interpolation(
    document: Document, keys: Iterable[KeyRef], interpolation: Interpolation
) -> Document:
    """A document with another way from keys to their next."""
    return _mapped(
        document, by_track(keys), lambda key, _: replace(key, interpolation=interpolation)
    )[0]


def set_handles(
    document: Document, handles: Mapping[KeyRef, tuple[Handle | None, Handle | None]]
) -> Document:
    """A document with other Bezier handles.

    Args:
        document: The document.
        handles: By key, the handle (frames <= 0, value) before it and that after it
            (frames >= 0, value); None for a third of the way, level.
    """
    for ref, frames in by_track(handles).items():
        track = track_at(document, ref)
        made = [
            replace(key, handle_in=handles[KeyRef(ref, key.frame)][0],
                    handle_out=handles[KeyRef(ref, key.frame)][1])
            for key in _keys(document, ref, frames)
        ]  # fmt: skip
        document = replace_tracks(document, {ref: track.with_keys(made)})
    return document


def ease(document: Document, keys: Iterable[KeyRef], preset: Ease) -> Document:
    """A document in which curves leave keys by a preset, to their next keys.

    Raises:
        UsageError: When there is no such preset.
    """
    if preset not in _BEZIERS:
        raise UsageError(
            f"'{preset}' is no ease.", f"Choose one of {', '.join(EASES)}.", choices=EASES
        )
    x1, y1, x2, y2 = _BEZIERS[preset]
    for ref, frames in by_track(keys).items():
        track = track_at(document, ref)
        wanted = set(frames)
        for i, start in enumerate(track.keys[:-1]):
            if start.frame not in wanted:
                continue
            # Of the track as it is by now: the key at the end may be the start of another.
            a, b = track.keys[i], track.keys[i + 1]
            length, rise = b.frame - a.frame, b.value - a.value
            a = replace(a, interpolation="bezier", handle_out=(x1 * length, y1 * rise))
            b = replace(b, handle_in=((x2 - 1) * length, (y2 - 1) * rise))
            track = track.with_keys((a, b))
        document = replace_tracks(document, {ref: track})
    return document


def _frame(key: Key) -> int:
    return key.frame


def _keys(document: Document, ref: TrackRef, frames: Sequence[int]) -> list[Key]:
    wanted = set(frames)
    return [key for key in track_at(document, ref).keys if key.frame in wanted]


def _shifted(key: Key, frames: int, value: float) -> Key:
    return replace(key, frame=key.frame + frames, value=key.value + value)


def _ways_back(document: Document, picked: _Picked) -> Document:
    """A document whose keys have the ways that lead to them, as they do when time is turned."""
    changed: dict[TrackRef, ControlTrack | None] = {}
    for ref, frames in picked.items():
        old = _keys(document, ref, frames)
        # The first gets that of the last, so that turning time twice changes nothing.
        new = [replace(k, interpolation=old[i - 1].interpolation) for i, k in enumerate(old)]
        changed[ref] = track_at(document, ref).with_keys(new)
    return replace_tracks(document, changed)


def _stretched(handle: Handle | None, factor: float) -> Handle | None:
    return None if handle is None else (handle[0] * factor, handle[1])


def _room(document: Document, picked: _Picked, frames: int) -> int:
    """How far keys can be moved, of what was asked for."""
    low, high = -math.inf, math.inf
    for ref, places in picked.items():
        count = document.shot(ref.shot).shot.clock.frame_count
        low, high = max(low, -places[0]), min(high, count - 1 - places[-1])
    return int(min(max(frames, low), high)) if low <= high else 0


def _mapped(
    document: Document,
    picked: _Picked,
    change: Callable[[Key, int], Key],
    *,
    keep: bool = False,
) -> Edited:
    """A document with keys changed; `change` gets a key and the frames of its shot."""
    changed: dict[TrackRef, ControlTrack | None] = {}
    moved: list[KeyRef] = []
    for ref, frames in picked.items():
        count = document.shot(ref.shot).shot.clock.frame_count
        old = _keys(document, ref, frames)
        new = [change(key, count) for key in old]
        changed[ref] = track_at(document, ref).with_keys(
            new, () if keep else [key.frame for key in old]
        )
        moved += [KeyRef(ref, frame) for frame in sorted({key.frame for key in new})]
    return replace_tracks(document, changed), tuple(moved)
