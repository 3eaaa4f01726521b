"""Opening a 120 s transport stream, which has no index, and a random frame of it.

Opening is compared with demuxing the file once (at most 2 times as long), a random frame with the
same frame of an MP4 file of the same packets (at most 3 times).
"""

from __future__ import annotations

import random
import tempfile
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

import mien
from mien.media import index
from mien.media.reader import open_reader
from mien.media.scheduling import keep_scheduling
from tests.benchmarks.common import paired

SECONDS = 120
SIZE = (1280, 720)
OPTIONS = {"preset": "veryfast", "crf": "20", "x264-params": "keyint=50:bframes=2:log-level=-1"}


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        movie = _film(Path(folder) / "film.mp4")
        stream = _same_packets(movie, Path(folder) / "film.ts")
        print(f"{stream.stat().st_size / 1e6:.0f} MB, {SECONDS} s, {SIZE[0]} x {SIZE[1]}")
        opened = paired(partial(_open, stream), partial(_demux, stream), runs=7)
        print(f"opening to demuxing: {opened} (at most 2)")
        pick = random.Random(3)
        frames = [pick.randrange(SECONDS * 25) for _ in range(20)]
        with (
            open_reader(stream, cache_bytes=0) as ours,
            open_reader(movie, cache_bytes=0) as theirs,
        ):
            shown = paired(partial(_read, ours, frames), partial(_read, theirs, frames), runs=5)
        print(f"a random frame to the same of MP4: {shown} (at most 3)")


def _open(path: Path) -> None:
    index._indexes.clear()
    mien.open_shot(path, progress=False)


def _demux(path: Path) -> None:
    with av.open(str(path)) as container:
        for _ in container.demux():
            pass


def _read(reader: Any, frames: list[int]) -> None:
    for frame in frames:
        reader.frame(frame)


def _film(path: Path) -> Path:
    """Noise that drifts, so that packets are as large as those of a camera."""
    width, height = SIZE
    noise = np.random.default_rng(1).integers(40, 200, (height * 2, width * 2), dtype=np.uint8)
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("libx264", rate=25, options=OPTIONS)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        sound: Any = output.add_stream("ac3", rate=48000, layout="stereo")
        with keep_scheduling():
            output.start_encoding()
        for i in range(SECONDS * 25):
            y, x = i % height, 2 * i % width
            grey = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
            grey[:height] = noise[y : y + height, x : x + width] // 8 + 90
            frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        for at in range(0, SECONDS * 48000, 1536):
            block = av.AudioFrame.from_ndarray(
                np.zeros((2, 1536), dtype=np.float32), format="fltp", layout="stereo"
            )
            block.sample_rate, block.pts, block.time_base = 48000, at, Fraction(1, 48000)
            output.mux(sound.encode(block))
        output.mux(sound.encode(None))
    return path


def _same_packets(movie: Path, target: Path) -> Path:
    with av.open(str(movie)) as given, av.open(str(target), "w") as output:
        streams = [output.add_stream_from_template(s) for s in given.streams]
        for packet in given.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                output.mux(packet)
    return target


if __name__ == "__main__":
    main()
