"""Moving about in a ten-minute 1080p film with a key frame every 250 frames.

Without a proxy a picture near the playhead is to be there in 80 ms at the 95th percentile, with
it the exact one in 60 ms. Baseline: the exact picture through the decoder alone. Then half an
hour of scrubbing with an edit, ten pictures a second, as fast as it goes: memory stays flat.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

import mien
from mien.media.reader import open_reader
from mien.model.shot import Shot
from mien.preview.previewer import Previewer
from mien.preview.proxy import ProxyStore
from tests.benchmarks.bench_preview import Asker
from tests.benchmarks.common import percentiles, seconds
from tests.benchmarks.long_film import tracked_long_film

TRIES = 60
MADE = 3000
"""Frames of the proxy that are waited for: two minutes of the ten."""
REQUESTS = 30 * 60 * 10


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        shot = tracked_long_film(Path(folder))
        _without(shot)
        _with(shot, ProxyStore(Path(folder) / "proxies"))


def _without(shot: Shot) -> None:
    pick = random.Random(1)
    frames = [pick.randrange(shot.clock.frame_count) for _ in range(TRIES)]
    with open_reader(shot.media) as reader:
        decoder = [seconds(partial(reader.frame, f)) for f in frames[: TRIES // 3]]
    print(f"random frame through the decoder: {percentiles(decoder)}", flush=True)
    previewer = Previewer(shot)
    try:
        asker = Asker(previewer)
        asker.seconds(0)
        times = [asker.seconds(frame, edited=False, near=True) for frame in frames]
        print(f"without proxy, a near picture: {percentiles(times)} (p95 at most 80)", flush=True)
    finally:
        previewer.close()


def _with(shot: Shot, proxies: ProxyStore) -> None:
    previewer = Previewer(shot, proxies=proxies)
    try:
        asker = Asker(previewer)
        asker.seconds(0)
        start = time.perf_counter()
        while not (made := _made(previewer, shot)):
            time.sleep(0.5)
        rate = made / (time.perf_counter() - start)
        print(f"proxy: {rate:.0f} frames a second, at low priority", flush=True)
        pick = random.Random(2)
        for edited in (False, True):
            face = shot.faces[0]
            previewer.set_edits([mien.Edit(face).set("mouthSmile", 0.5)] if edited else [])
            times = [asker.seconds(pick.randrange(made), edited=edited) for _ in range(5 * TRIES)]
            what = "exact and edited" if edited else "exact"
            print(f"with proxy, {what}: {percentiles(times)} (p95 at most 60)", flush=True)
        _memory(shot, previewer, asker, made)
    finally:
        previewer.close()


def _made(previewer: Previewer, shot: Shot) -> int:
    """Frames of the proxy that are there, once there are enough of them."""
    share = previewer.proxy_fraction or 0.0
    made = round(share * shot.clock.frame_count)
    return made if made >= MADE else 0


def _memory(shot: Shot, previewer: Previewer, asker: Asker, made: int) -> None:
    pick, held = random.Random(3), []
    place = 0
    for i in range(REQUESTS):
        # A hand on the playhead: mostly a little on, now and then somewhere else.
        place = pick.randrange(made) if i % 50 == 0 else (place + pick.randint(-9, 12)) % made
        if i % 500 == 0:
            edit = mien.Edit(shot.faces[0]).set("mouthSmile", pick.random())
            previewer.set_edits([edit])
        asker.seconds(place, edited=i % 3 == 0)
        if i % (REQUESTS // 12) == 0:
            held.append(_resident())
    # The caches fill first.
    rest = np.array(held[len(held) // 3 :])
    print(
        f"memory over {REQUESTS} pictures: {rest[0]:.0f} MiB, then {rest.min():.0f} to"
        f" {rest.max():.0f} MiB",
        flush=True,
    )


def _resident() -> float:
    """MiB of memory in use by this process."""
    if sys.platform != "linux":
        return float("nan")
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    main()
