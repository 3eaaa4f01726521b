"""From a file to its first picture, from a slider to the picture, and playing what is ready.

A program that has just started opens a ten-minute 1080p film: at most 1 s to its first picture.
A slider is dragged on a 1080p close-up: at most 80 ms at the 95th percentile from the new edit
to its picture. Frames that are ready are played in real time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import mien
from mien.face.manipulate import drag
from mien.preview.picture import PreviewImage
from mien.preview.previewer import Previewer
from mien.timebase import FrameRange
from tests.benchmarks.common import clip, percentiles
from tests.benchmarks.long_film import long_film

_FIRST = """
import sys, threading, time
start = time.perf_counter()
import mien
from mien.preview.previewer import Previewer
ready = time.perf_counter()
shot = mien.open_shot(sys.argv[1])
previewer = Previewer(shot)
there = threading.Event()
previewer.request(0, edited=False, quality="full", deliver=lambda picture: there.set())
there.wait()
print(ready - start, time.perf_counter() - ready)
previewer.close()
"""


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        _first_picture(long_film(Path(folder)))
    shot = mien.track(clip("derived_hevc10_1080p_s18.mp4"), progress=False)
    previewer = Previewer(shot)
    try:
        _slider(shot, previewer)
        _handle(shot)
        _playback(shot, previewer)
    finally:
        previewer.close()


def _first_picture(film: Path) -> None:
    times = []
    for _ in range(5):
        said = subprocess.run(
            [sys.executable, "-c", _FIRST, str(film)], capture_output=True, text=True, check=True
        ).stdout.split()
        times.append((float(said[1]), float(said[0])))
    best = sorted(times)[len(times) // 2]
    print(
        f"ten minutes of 1080p to the first picture: {best[0]:.2f} s, worst"
        f" {max(times)[0]:.2f} s (at most 1), and {best[1]:.2f} s of imports before",
        flush=True,
    )


class Asker:
    """Asks for pictures and waits for them."""

    def __init__(self, previewer: Previewer) -> None:
        self._previewer = previewer
        self._came = threading.Condition()
        self._last: PreviewImage | None = None

    def seconds(self, frame: int, *, edited: bool = True, near: bool = False) -> float:
        """Seconds until the picture of a frame is there, or one near it."""
        start = time.perf_counter()
        number = self._previewer.request(
            frame, edited=edited, quality="drag", deliver=self._deliver
        )
        with self._came:
            self._came.wait_for(lambda: self._is(number, near=near), 20)
        return time.perf_counter() - start

    def _deliver(self, picture: PreviewImage) -> None:
        with self._came:
            self._last = picture
            self._came.notify_all()

    def _is(self, number: int, *, near: bool) -> bool:
        last = self._last
        return last is not None and last.generation == number and (near or last.exact)


def _slider(shot: mien.Shot, previewer: Previewer) -> None:
    face, asker, times = shot.faces[0], Asker(previewer), []
    asker.seconds(60, edited=False)
    previewer.picture(60)
    for control, other in (("mouthSmile", "blink"), ("jawOpen", "browDown"), ("blink", "headYaw")):
        for i in range(60):
            edit = mien.Edit(face).set(control, i / 60).set(other, 0.3)
            start = time.perf_counter()
            previewer.set_edits([edit])
            asker.seconds(60)
            times.append(time.perf_counter() - start)
    print(f"slider to picture, 1080p close-up: {percentiles(times)} (p95 at most 80)", flush=True)


def _handle(shot: mien.Shot) -> None:
    face, times = shot.faces[0], []
    start = face.curves.controls.array[60]
    for name in ("mouthCornerLeft", "browInnerRight", "lidUpperLeft", "chin"):
        for i in range(20):
            before = time.perf_counter()
            drag(face, 60, start, name, (0.3 * i, -0.5 * i))
            times.append(time.perf_counter() - before)
    print(f"handle to controls: {percentiles(times)}", flush=True)


def _playback(shot: mien.Shot, previewer: Previewer) -> None:
    frames = FrameRange(0, shot.clock.frame_count)
    asker = Asker(previewer)
    start = time.perf_counter()
    previewer.ahead(frames)
    while not previewer.cached().all():
        time.sleep(0.05)
    made = (time.perf_counter() - start) / len(frames)
    times = [asker.seconds(frame) for frame in frames]
    budget = 1e3 / float(shot.clock.rate)
    print(
        f"a frame made ahead: {1e3 * made:.0f} ms; played: {percentiles(times)}"
        f" (at most {budget:.0f} each)",
        flush=True,
    )


if __name__ == "__main__":
    main()
