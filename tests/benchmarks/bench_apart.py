"""What it costs that the editor's media are decoded by another process.

Baseline: the same frames decoded in the process itself. Frames one after another, frames that are
kept, pictures as the viewer shows them in full size with an edit, the first picture of a clip
while the other process is started, and the memory that it takes.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

import mien
from mien.media.apart import decode_apart, decode_here, decoding_process
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.preview.previewer import Previewer
from tests.benchmarks.common import clip
from tests.media.mediakit import make_clip

_FRAMES = 24
_RUNS = 5


def main() -> None:
    """Print the figures."""
    with TemporaryDirectory() as folder:
        large = make_clip(
            Path(folder) / "large.mov", "prores_ks", "yuv422p10le", size=(3840, 2160), count=_FRAMES
        )
        clips = {
            "1280 x 720, H.264": clip("lp_s18.mp4"),
            "1920 x 1080, HEVC of 10 bits": clip("derived_hevc10_1080p_s18.mp4"),
            "3840 x 2160, ProRes 422": large,
        }
        for name, path in clips.items():
            media = probe(path)
            for what, work in (("one after another", _all), ("kept", _kept)):
                print(f"{name}, {what}: {_compared(media, work)}", flush=True)
        _viewer(clip("lp_s18.mp4"))
        _start(clip("lp_s18.mp4"))


def _all(media: MediaInfo) -> float:
    """Milliseconds a frame, decoded."""
    with open_reader(media, cache_bytes=0) as reader:
        reader.frame(0)
        begin = time.perf_counter()
        for index in range(1, _FRAMES):
            reader.frame(index)
        return 1e3 * (time.perf_counter() - begin) / (_FRAMES - 1)


def _kept(media: MediaInfo) -> float:
    """Milliseconds a frame that was decoded before."""
    with open_reader(media, cache_bytes=1 << 30) as reader:
        for index in range(8):
            reader.frame(index)
        begin = time.perf_counter()
        for index in range(8):
            reader.frame(index)
        return 1e3 * (time.perf_counter() - begin) / 8


def _compared(media: MediaInfo, work: Callable[[MediaInfo], float]) -> str:
    here, apart = [], []
    for _ in range(_RUNS):
        decode_here()
        here.append(work(media))
        decode_apart()
        apart.append(work(media))
    decode_here()
    return f"{median(apart):.1f} ms against {median(here):.1f} ms a frame"


def _viewer(path: Path) -> None:
    """Pictures of full size with an edit, as they are made where the playhead rests."""
    shot = mien.track(path, frames="0:48", progress=False)
    times: dict[bool, list[float]] = {False: [], True: []}
    for apart in (False, True):
        (decode_apart if apart else decode_here)()
        with closing(Previewer(shot)) as previewer:
            previewer.set_edits([mien.Edit(shot.faces[0]).set("mouthSmile", 0.5)])
            previewer.picture(0)
            for frame in range(1, 40):
                begin = time.perf_counter()
                previewer.picture(frame)
                times[apart].append(1e3 * (time.perf_counter() - begin))
    decode_here()
    ratio = median(times[True]) / median(times[False])
    print(
        f"edited pictures in full size, 1280 x 720: {ratio:.2f} times the time"
        f" ({median(times[True]):.0f} ms against {median(times[False]):.0f} ms)",
        flush=True,
    )


def _start(path: Path) -> None:
    """The first frame of a clip, asked for when the program starts, and what is held by then."""
    times: dict[bool, list[float]] = {False: [], True: []}
    held = 0.0
    media = probe(path)
    for _ in range(_RUNS):
        for apart in (False, True):
            decode_here()
            gc.collect()
            begin = time.perf_counter()
            if apart:
                decode_apart()
            with open_reader(media) as reader:
                reader.frame(0)
                times[apart].append(1e3 * (time.perf_counter() - begin))
                process = decoding_process()
                if process is not None and process.pid is not None:
                    held = psutil.Process(process.pid).memory_info().rss / 2**20
    decode_here()
    print(
        f"first frame while the program starts: {median(times[True]):.0f} ms against"
        f" {median(times[False]):.0f} ms; the other process holds {held:.0f} MiB"
        f" ({os.cpu_count()} cores)",
        flush=True,
    )


if __name__ == "__main__":
    main()
