"""Pictures of one open shot for somebody who moves about in it and changes its edit.

A request is answered at once with the best that is there, then with better ones, until the
picture is what an export would have. The cycle:

1. `request` answers from the caches in the caller's thread, or takes a number and wakes two
   threads. A later request for a picture of the same kind (with or without the edit) overtakes
   an earlier one, which is not begun any more; nothing older is shown after something newer.
2. The quick thread paints the edit into a small picture of the frame, from its cache or its
   proxy file; where there is neither it shows a frame nearby.
3. The exact thread decodes the frame, unless it is overtaken meanwhile, and paints the edit
   into the plate itself.
4. When nobody waits, the exact thread makes pictures ahead of the playhead for playback, and
   a third thread looks through the shot for open mouths, once.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.blas import one_blas_thread
from mien.errors import MediaError, MienError
from mien.media.frame import Frame
from mien.model.edits import Edit
from mien.model.shot import Shot
from mien.preview.front import DeliverFront, FrontDesk
from mien.preview.picture import PreviewImage, Quality, Rgb8
from mien.preview.preview_frames import PreviewFrames
from mien.preview.proxy import Proxy, ProxyStore
from mien.rendering.base import Renderer
from mien.rendering.registry import get_renderer
from mien.timebase import FrameRange

__all__ = ["CACHE_BYTES", "PreviewImage", "Previewer", "Quality"]

CACHE_BYTES: Final = 512 << 20
"""Bytes of pictures that are kept in memory."""
_SETTLED: Final = 0.3
"""Seconds without a change of the edit before pictures are made ahead again."""
_PATIENCE: Final = 0.1
"""Seconds that decoding waits at most for the quick thread to find a picture."""
_ON_THE_WAY: Final = 12
"""Frames from one that is wanted within which decoding another goes on."""
_NEARBY, _SMALL, _FULL = 1, 2, 3
"""How good an answer is."""

Deliver = Callable[[PreviewImage], None]
Failed = Callable[[MienError], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """What was asked for; see `Previewer.request`."""

    generation: int
    frame: int
    edited: bool
    quality: Quality
    deliver: Deliver
    failed: Failed | None


@dataclass(slots=True)
class _RequestSlot:
    """Where requests of one kind, with or without the edit, wait: only the newest does.

    Attributes:
        newest: What was asked for last.
        for_quick: Whether the quick thread has yet to see to it.
        for_exact: Whether the exact thread has.
        seeking: Whether the quick thread is yet to find a picture; decoding does not start
            before, as it would take the processor from it.
        shown: Generation of the last answer, and how good it was.
    """

    newest: _Request | None = None
    for_quick: bool = False
    for_exact: bool = False
    seeking: bool = False
    shown: tuple[int, int] = (0, 0)


class Previewer:
    """Pictures of one open shot, with its edit painted in.

    Callbacks come from the caller's thread where a picture is ready, else from threads of
    the previewer; they must not raise, and return soon.

    Args:
        shot: The shot.
        cache_bytes: Bytes of pictures that are kept in memory.
        proxies: Where proxy files are kept; None to do without.
        renderer: Makes the edited pixels; the warp renderer when not given. A costly one makes
            the pictures of full size alone.
    """

    def __init__(
        self,
        shot: Shot,
        *,
        cache_bytes: int = CACHE_BYTES,
        proxies: ProxyStore | None = None,
        renderer: Renderer | None = None,
    ) -> None:
        self._shot = shot
        self._stack = ExitStack()
        self._stack.enter_context(one_blas_thread())
        self._proxy: Proxy | None = None
        if proxies is not None:
            with suppress(MediaError):  # whoever reads the frames is told
                self._proxy = proxies.open(shot.media, self._notify)
        self._maker = PreviewFrames(
            shot, cache_bytes, self._proxy, renderer or get_renderer("warp")
        )
        self._changed = threading.Condition()
        self._delivering = threading.RLock()
        self._desks = {True: _RequestSlot(), False: _RequestSlot()}
        self._front = FrontDesk()
        self._generation = 0
        self._ahead: tuple[FrameRange, int] | None = None
        self._changes, self._done = 0, -1
        self._edited_at = 0.0
        self._shown = False
        self._closed = False
        self._subscribers: list[Callable[[], None]] = []
        self._threads = [
            threading.Thread(target=work, name=f"mien-preview-{name}", daemon=True)
            for name, work in (
                ("quick", self._run_quick),
                ("exact", self._run_exact),
                ("prepare", self._run_prepare),
            )
        ]
        for thread in self._threads:
            thread.start()

    def set_edits(self, edits: Sequence[Edit]) -> None:
        """Ask something else of the faces. Ask for a picture again to see it.

        Args:
            edits: Edits of the shot's faces; several of one face are applied in order.

        Raises:
            UsageError: When an edit belongs to another shot.
            NoFaceError: When the shot has no such face.
        """
        if not self._maker.set_edits(edits):
            return
        with self._changed:
            self._edited_at = time.monotonic()
            self._changes += 1
            self._changed.notify_all()
        self._notify()

    def treat(self, shot: Shot) -> bool:
        """Treat what is in front of the faces in another way; edits have to be given again.

        Args:
            shot: The shot with another `occlusion`; nothing else is learned anew.

        Returns:
            False when the renderer has to be opened anew for that.
        """
        if not self._maker.treat(shot):
            return False
        with self._changed:
            self._shot = shot
            self._changes += 1
            self._changed.notify_all()
        return True

    def request_front(
        self, frame: int, face: int, deliver: DeliverFront, failed: Failed | None = None
    ) -> None:
        """Ask what is in front of a face; it takes the place of what was asked of that before.

        Args:
            frame: Index of the frame.
            face: Number of the face.
            deliver: Given the answer, and again whenever more is known.
            failed: Given the error when it cannot be found out.
        """
        with self._changed:
            self._front.ask(frame, face, deliver, failed)
            self._changed.notify_all()

    def request(
        self,
        frame: int,
        *,
        edited: bool,
        quality: Quality,
        deliver: Deliver,
        failed: Failed | None = None,
    ) -> int:
        """Ask for a picture; it takes the place of what was asked of that kind before.

        Args:
            frame: Index of the frame.
            edited: Whether with the edit.
            quality: `drag` while something moves, playback too; `full` when it rests.
            deliver: Given one picture or several, each better than the one before; the last
                one is exact, and of full size where the quality is `full`.
            failed: Given the error when the frame cannot be read.

        Returns:
            The request's number, which its pictures carry.

        Raises:
            IndexError: When the shot has no such frame.
        """
        if not 0 <= frame < self._shot.clock.frame_count:
            raise IndexError(f"{self._shot.media.path.name} has no frame {frame}")
        ready = self._maker.at_once(frame, edited=edited)
        with self._changed:
            self._generation += 1
            request = _Request(self._generation, frame, edited, quality, deliver, failed)
            desk = self._desks[edited]
            done = ready is not None and (quality == "drag" or ready[1] == 1)
            desk.newest, desk.for_exact = request, not done
            desk.for_quick = desk.seeking = ready is None
            self._changed.notify_all()
        if self._proxy is not None:
            self._proxy.want(frame)
        if ready is not None:
            picture, scale = ready
            self._answer(request, _FULL if scale == 1 else _SMALL, frame, picture, scale)
        return request.generation

    def picture(
        self, frame: int, *, edited: bool = True, quality: Quality = "full"
    ) -> PreviewImage:
        """A picture of a frame, waited for.

        Args:
            frame: Index of the frame.
            edited: Whether with the edit.
            quality: `drag` for a small one, `full` for one as an export has it.

        Raises:
            IndexError: When the shot has no such frame.
            MediaError: When it cannot be read.
        """
        if not 0 <= frame < self._shot.clock.frame_count:
            raise IndexError(f"{self._shot.media.path.name} has no frame {frame}")
        scale = self._maker.scale if quality == "drag" else 1.0
        small = self._maker.small(frame) if quality == "drag" else None
        if small is None:
            decoded = self._maker.decoded(frame, _never)
            assert decoded is not None
            small = self._maker.small(frame)
            if quality == "full" or small is None:
                rgb = self._maker.finished(decoded, edited=edited)
                return PreviewImage(frame, rgb, 1.0, True, edited, 0)
        rgb = self._maker.painted(frame, small, edited=edited)
        return PreviewImage(frame, rgb, scale, True, edited, 0)

    def ahead(self, frames: FrameRange | None, start: int = 0) -> None:
        """Make the edited pictures of a range ready to be played, while nobody waits.

        Args:
            frames: The range; None to stop.
            start: The playhead, from where on they are wanted first.
        """
        with self._changed:
            self._ahead = None if frames is None else (frames, start)
            self._changes += 1
            self._changed.notify_all()

    def cached(self) -> BoolArray:
        """(T,) frames whose edited pictures are ready to be played."""
        return self._maker.ready()

    @property
    def held(self) -> int:
        """Bytes of pictures held in memory now."""
        return self._maker.held

    @property
    def proxy_fraction(self) -> float | None:
        """How much of the proxy file is made, 0..1; None where there is none."""
        return None if self._proxy is None else float(self._proxy.made.mean())

    @property
    def proxy_problem(self) -> str:
        """Why making the proxy was given up; empty when it was not."""
        return "" if self._proxy is None else self._proxy.problem

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have a function called when `cached` or `proxy_fraction` may have changed.

        Returns:
            Call it to be told no more.
        """
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def mask(self, frame: int) -> FloatArray | None:
        """(H, W) how much of the upright picture the edit replaces, 0..1.

        None until the frame's edited picture was made in full size.
        """
        return self._maker.mask(frame)

    def close(self) -> None:
        """Stop all work and let go of the files."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._maker.stop()
        for thread in self._threads:
            thread.join()
        if self._proxy is not None:
            self._proxy.close()
        self._maker.close()
        self._stack.close()

    def _notify(self) -> None:
        for callback in tuple(self._subscribers):
            callback()

    def _answer(self, request: _Request, best: int, frame: int, rgb: Rgb8, scale: float) -> None:
        """Deliver a picture, unless a newer one or a better one was delivered before."""
        answer = request.generation, best
        desk = self._desks[request.edited]
        with self._delivering:
            with self._changed:
                if self._closed or answer <= desk.shown:
                    return
                desk.shown = answer
                if not self._shown and best > _NEARBY:
                    self._shown = True
                    self._changed.notify_all()
            exact = frame == request.frame
            request.deliver(
                PreviewImage(frame, rgb, scale, exact, request.edited, request.generation)
            )

    def _superseded(self, request: _Request) -> bool:
        """Whether a frame is wanted by now for which this one is no step on the way."""
        newest = self._desks[request.edited].newest
        far = newest is not None and abs(newest.frame - request.frame) > _ON_THE_WAY
        return self._closed or far

    def _run_quick(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next("for_quick"))
                request = self._next("for_quick")
                if self._closed or request is None:
                    return
                self._desks[request.edited].for_quick = False
            self._quickly(request)

    def _next(self, which: Literal["for_quick", "for_exact"]) -> _Request | None:
        """The request that has waited longest for a thread."""
        waiting = [
            desk.newest
            for desk in self._desks.values()
            if getattr(desk, which) and desk.newest is not None
        ]
        return min(waiting, key=lambda request: request.generation, default=None)

    def _quickly(self, request: _Request) -> None:
        maker, frame = self._maker, request.frame
        best, small = frame, maker.small(frame)
        if small is None:
            near = maker.near(frame)
            if near is not None and not self._superseded(request):
                best, small = near
        with self._changed:
            self._desks[request.edited].seeking = False
            self._changed.notify_all()
        if small is not None:
            rgb = maker.painted(best, small, edited=request.edited)
            rank = _SMALL if best == frame else _NEARBY
            self._answer(request, rank, best, rgb, maker.scale)

    def _run_exact(self) -> None:
        while True:
            with self._changed:
                request = self._next("for_exact")
                while not self._closed and request is None and not self._front.waits:
                    wait = self._until_ahead()
                    if wait == 0:
                        break
                    self._changed.wait(wait)
                    request = self._next("for_exact")
                if self._closed:
                    return
                if request is not None:
                    self._desks[request.edited].for_exact = False
            if request is None:
                if not self._front.answer(self._decoded, self._maker.front):
                    self._step_ahead()
                continue
            try:
                self._exactly(request)
            except MienError as error:
                newest = self._desks[request.edited].newest
                if request.failed is not None and request is newest:
                    request.failed(error)

    def _exactly(self, request: _Request) -> None:
        maker, frame = self._maker, request.frame
        desk = self._desks[request.edited]
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not desk.seeking, _PATIENCE)
        if request.quality == "drag" and maker.small(frame) is not None:
            return
        decoded = maker.decoded(frame, lambda: self._superseded(request))
        if decoded is None:
            return
        if request.quality == "full" and maker.can_finish(frame, edited=request.edited):
            rgb = maker.finished(decoded, edited=request.edited)
            self._answer(request, _FULL, frame, rgb, 1.0)
            return
        small = maker.small(frame)
        if small is not None:
            rgb = maker.painted(frame, small, edited=request.edited)
            self._answer(request, _SMALL, frame, rgb, maker.scale)

    def _decoded(self, frame: int) -> Frame | None:
        return self._maker.decoded(frame, lambda: self._closed)

    def _until_ahead(self) -> float | None:
        """Seconds until the next picture may be made ahead; None when there is none."""
        if self._ahead is None or self._done == self._changes:
            return None
        return max(0.0, self._edited_at + _SETTLED - time.monotonic())

    def _step_ahead(self) -> None:
        """Make one picture ahead of the playhead."""
        plan, changes = self._ahead, self._changes
        if plan is None:
            return
        frames, start = plan
        order = np.roll(np.arange(frames.start, frames.stop), frames.start - start)
        frame, going = self._maker.unprepared(order), False
        if frame is not None:
            # Whoever looks at a frame that cannot be read is told; here nothing is made any more.
            with suppress(MienError):
                going = self._maker.prepare(frame, start, self._busy)
        if not going:
            # Nothing is left, or there is no more room, until something changes.
            self._done = changes
        self._notify()

    def _busy(self) -> bool:
        return self._closed or self._next("for_exact") is not None

    def _run_prepare(self) -> None:
        with self._changed:
            # The first picture comes first.
            self._changed.wait_for(lambda: self._closed or self._shown)
        if self._proxy is not None and not self._closed:
            self._proxy.start()
            self._notify()
        _give_way()
        while not self._closed:
            changes, more = self._changes, False
            # Whoever asks for a frame is told what is wrong.
            with suppress(MienError):
                more = self._maker.get_ready()
            if not more:
                with self._changed:
                    # Other edits may need something else.
                    while not self._closed and self._changes == changes:
                        self._changed.wait()
                continue
            with self._changed:
                # A picture that waited for this can be finished now.
                desk = self._desks[True]
                if desk.newest is not None and desk.newest.quality == "full":
                    desk.for_exact |= desk.shown < (desk.newest.generation, _FULL)
                self._front.ask_again()
                self._changes += 1
                self._changed.notify_all()
            self._notify()


def _give_way() -> None:
    """Let other threads go first, where the system can tell them apart; own decoders follow."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _never() -> bool:
    return False
