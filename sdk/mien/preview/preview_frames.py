"""Makes pictures of one shot, and keeps those that may be wanted again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import is_
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.media.cache import ByteCache
from mien.media.frame import Frame
from mien.media.planes import Plate
from mien.model.edits import Edit
from mien.model.occlusion import Occlusion
from mien.model.shot import Shot
from mien.preview.painter import EvaluatedEdits, Painter
from mien.preview.picture import Rgb8, displayed, small_scale
from mien.preview.playback_cache import PlaybackCache, pack
from mien.preview.proxy import Proxy
from mien.preview.source import ShotSource, open_key_frames
from mien.rendering.base import Patch, Renderer

__all__ = ["PreviewFrames"]

_NEAR: Final = 12
"""Frames within which a picture is near enough not to decode a nearer one."""
_MASKS: Final = 8
"""Frames whose masks are kept."""


class PreviewFrames:
    """Pictures of one shot with its present edit; safe between threads.

    Args:
        shot: The shot.
        cache_bytes: Bytes of pictures that are kept, in all.
        proxy: Small pictures of the shot on disk, as far as they are made.
        renderer: Makes the edited pixels.

    Attributes:
        scale: Pixels of a small picture in a pixel of the upright picture.
        edits: The edits of the faces now.
    """

    def __init__(
        self, shot: Shot, cache_bytes: int, proxy: Proxy | None, renderer: Renderer
    ) -> None:
        self._shot = shot
        self._renderer = renderer
        self._facts = shot.media
        self._proxy = proxy
        self.scale = small_scale(shot.media)
        self.edits = EvaluatedEdits.nothing(shot.clock.frame_count)
        self._given: tuple[Edit, ...] | None = ()
        self._frames = ShotSource(shot.media, cache_bytes // 4)
        # Looking through the shot, and making pictures ahead, must not move the decoder away
        # from where the user is.
        self._looked = ShotSource(shot.media, 0, threads=1)
        self._ahead = ShotSource(shot.media, 0)
        self._keys = open_key_frames(shot.media) if shot.media.kind == "movie" else None
        plates = _Plates(self._looked_at), _Plates(self._small_plate)
        self._painter = Painter(shot, *plates, self.scale, renderer)
        self._full: ByteCache[tuple[int, int], Rgb8] = ByteCache(cache_bytes // 4)
        self._small: ByteCache[int, Rgb8] = ByteCache(cache_bytes // 8)
        self._ready = PlaybackCache(cache_bytes * 3 // 8)
        self._masks: OrderedDict[tuple[int, int], Sequence[Patch]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes of pictures held."""
        frames = sum(source.held for source in (self._frames, self._looked, self._ahead))
        return frames + self._full.held + self._small.held + self._ready.held

    def set_edits(self, edits: Sequence[Edit]) -> bool:
        """Ask something else of the faces; pictures of frames that do not change stay good.

        Returns:
            False when these are the edits that were asked for already.
        """
        with self._lock:
            # Windows ask with every change of anything, mostly for the same again.
            given = self._given
            if given is not None and len(given) == len(edits) and all(map(is_, given, edits)):
                return False
            self.edits = self.edits.updated(self._shot, edits, self._renderer)
            self._given = tuple(edits)
            return True

    def treat(self, shot: Shot) -> bool:
        """Treat what is in front of faces as another value of the same shot says.

        Edits have to be given again: where they fade may be another.

        Returns:
            False when the renderer cannot; all stays as it was.
        """
        with self._lock:
            if not self._painter.treat(shot):
                return False
            frames = _touched(self._shot.occlusion, shot.occlusion, shot.clock.frame_count)
            self._shot, self._given = shot, None
            self.edits = self.edits.touched(frames)
            return True

    def front(self, frame: Frame, face: int) -> tuple[FloatArray | None, bool]:
        """What is in front of a face in a frame; see `Painter.front`.

        Raises:
            MienError: When a part is missing, or the user's matte cannot be used.
        """
        return self._painter.front(frame, face)

    def get_ready(self) -> bool:
        """Prepare one thing that edits need or may need, so that it need not be waited for.

        Returns:
            False when nothing is left.

        Raises:
            MienError: When the shot cannot be read, or the renderer lacks a part.
        """
        return self._painter.prepare(self.edits)

    def at_once(self, frame: int, *, edited: bool) -> tuple[Rgb8, float] | None:
        """A picture of that frame that is ready, and its scale; in full size if there is one."""
        stamp = self._stamp(frame, edited=edited)
        picture = self._full.get((frame, stamp))
        if picture is not None:
            return picture, 1.0
        picture = self._ready.get(frame, stamp)
        return None if picture is None else (picture, self.scale)

    def small(self, frame: int) -> Rgb8 | None:
        """The small picture of a frame without its edit, where nothing has to be decoded."""
        picture = self._small.get(frame)
        if picture is None and self._proxy is not None:
            picture = self._proxy.picture(frame)
            if picture is not None:
                self._small.put(frame, picture, picture.nbytes)
        return picture

    def near(self, frame: int) -> tuple[int, Rgb8] | None:
        """A frame nearby and its small picture without its edit; quickly there, if at all."""
        best = self._nearest(frame)
        if best is not None and abs(best - frame) <= _NEAR:
            picture = self.small(best)
            if picture is not None:
                return best, picture
        key = self._key_frame(frame)
        if key is not None and (best is None or abs(key - frame) < abs(best - frame)):
            best = key
        picture = None if best is None else self.small(best)
        return None if best is None or picture is None else (best, picture)

    def decoded(self, frame: int, stop: Callable[[], bool]) -> Frame | None:
        """A frame; None when `stop` says so before it is decoded.

        Raises:
            MediaError: When it cannot be read.
        """
        decoded = self._frames.frame_unless(frame, stop)
        if decoded is not None:
            self._keep_small(decoded)
        return decoded

    def painted(self, frame: int, picture: Rgb8, *, edited: bool) -> Rgb8:
        """A small picture with its edit, if it is to have one."""
        edits = self.edits
        if not edited or not edits.active[frame]:
            return picture
        return self._painter.small(frame, picture, edits)

    def can_finish(self, frame: int, *, edited: bool) -> bool:
        """Whether `finished` need not look through the shot first."""
        edits = self.edits
        return not edited or not edits.active[frame] or self._painter.ready(edits)

    def finished(self, frame: Frame, *, edited: bool) -> Rgb8:
        """The picture of a frame in full size, as an export has it.

        Raises:
            MediaError: When the shot cannot be read.
        """
        edits, index = self.edits, frame.index
        stamp = int(edits.stamps[index]) if edited else -1
        picture = self._full.get((index, stamp))
        if picture is None:
            if stamp < 0:
                picture = displayed(frame, self._facts)
            else:
                picture, patches = self._painter.full(frame, edits)
                self._keep_mask((index, stamp), patches)
            self._full.put((index, stamp), picture, picture.nbytes)
        return picture

    def prepare(self, frame: int, start: int, stop: Callable[[], bool]) -> bool:
        """Make a frame's picture ready to be played with its edit.

        Args:
            frame: Index of the frame.
            start: The playhead; what is played last from there on makes room.
            stop: Whether to give up.

        Returns:
            False when there is no more room before it is played.

        Raises:
            MediaError: When the frame cannot be read.
        """
        edits = self.edits
        lasting = not edits.active[frame] or self._painter.ready(edits)
        picture = self.small(frame)
        if picture is None:
            decoded = self._ahead.frame_unless(frame, stop)
            if decoded is None:
                return True
            picture = displayed(decoded, self._facts, self.scale)
        if edits.active[frame]:
            picture = self._painter.small(frame, picture, edits)
        stamp = int(edits.stamps[frame])
        return self._ready.put(frame, stamp, pack(picture), start, lasting=lasting)

    def unprepared(self, frames: npt.NDArray[np.intp]) -> int | None:
        """The first of some frames that is not ready; None when all are.

        Pictures from before the shot was looked through are played, and made again at last.
        """
        missing = frames[~self.ready()[frames]]
        if not len(missing) and self._painter.ready(self.edits):
            missing = frames[~self._whether_ready(lasting=True)[frames]]
        return int(missing[0]) if len(missing) else None

    def ready(self) -> BoolArray:
        """(T,) frames whose pictures with their edit can be played at once."""
        return self._whether_ready(lasting=False)

    def mask(self, frame: int) -> FloatArray | None:
        """(H, W) how much of a frame the edit replaces; None where that is not known."""
        with self._lock:
            patches = self._masks.get((frame, self._stamp(frame, edited=True)))
        return None if patches is None else self._painter.mask(patches)

    def stop(self) -> None:
        """Give up what is being decoded."""
        for source in (self._frames, self._looked, self._ahead):
            source.stop()

    def close(self) -> None:
        """Let go of files and pictures."""
        self._painter.close()
        for source in (self._frames, self._looked, self._ahead):
            source.close()
        if self._keys is not None:
            self._keys.close()
        self._full.clear()
        self._small.clear()
        self._ready.clear()

    def _whether_ready(self, *, lasting: bool) -> BoolArray:
        edits = self.edits
        ready = self._ready.ready(edits.stamps, lasting=lasting)
        if self._proxy is not None:
            ready |= self._proxy.made & ~edits.active
        return ready

    def _stamp(self, frame: int, *, edited: bool) -> int:
        return int(self.edits.stamps[frame]) if edited else -1

    def _looked_at(self, frame: int) -> Plate:
        """The plate of a frame; its small picture is kept, which is looked at next."""
        decoded = self._looked.frame(frame)
        self._keep_small(decoded)
        return decoded.plate()

    def _small_plate(self, frame: int) -> Plate:
        picture = self.small(frame)
        if picture is None:
            picture = self._keep_small(self._looked.frame(frame))
        return Plate.from_rgb(picture)

    def _keep_small(self, frame: Frame) -> Rgb8:
        picture = self._small.get(frame.index)
        if picture is None:
            picture = displayed(frame, self._facts, self.scale)
            self._small.put(frame.index, picture, picture.nbytes)
        return picture

    def _keep_mask(self, key: tuple[int, int], patches: Sequence[Patch]) -> None:
        with self._lock:
            self._masks[key] = patches
            while len(self._masks) > _MASKS:
                self._masks.popitem(last=False)

    def _nearest(self, frame: int) -> int | None:
        """The nearest frame of which there is a small picture."""
        kept = self._small.keys()
        best = min(kept, key=lambda other: abs(other - frame), default=None)
        if self._proxy is not None:
            made = np.flatnonzero(self._proxy.made)
            if len(made):
                nearest = int(made[np.argmin(np.abs(made - frame))])
                if best is None or abs(nearest - frame) < abs(best - frame):
                    return nearest
        return best

    def _key_frame(self, frame: int) -> int | None:
        """The key frame before a frame, its small picture made."""
        if self._keys is None:
            return None
        key = self._keys.before(frame)
        if key is not None and self.small(key) is not None:
            return key
        decoded = self._keys.frame(frame)
        if decoded is None:
            return None
        self._keep_small(decoded)
        return decoded.index


def _touched(old: Occlusion, new: Occlusion, frames: int) -> BoolArray:
    """(T,) the frames that may have other pixels when occluders are treated otherwise."""
    plain = replace(old, strokes=()) == replace(new, strokes=())
    if not plain or new.matte is not None:
        # A face that a matte covers wholly is rendered again once something of it is erased.
        return np.ones(frames, dtype=bool)
    touched = np.zeros(frames, dtype=bool)
    for stroke in {*old.strokes} ^ {*new.strokes}:
        touched[stroke.span.start : stroke.span.stop] = True
    return touched


class _Plates:
    """Plates of a shot, or its small pictures, for renderers."""

    def __init__(self, plate: Callable[[int], Plate]) -> None:
        self.plate = plate
