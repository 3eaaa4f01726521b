"""Peak memory of track and render on a long clip against its first tenth.

Bounds: 4,800 frames take at most 1.2 times what 480 take, and less than 1.5 GB.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from pathlib import Path

import av
import psutil

from tests.benchmarks.common import MIEN, clip

SHORT = 480


def _cut(source: Path, target: Path, frames: int) -> None:
    with av.open(source) as given, av.open(target, "w") as made:
        stream = given.streams.video[0]
        copy = made.add_stream_from_template(stream)
        for count, packet in enumerate(given.demux(stream)):
            if packet.dts is None or count == frames:
                break
            packet.stream = copy
            made.mux(packet)


def _peak(*command: object) -> int:
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    watched, peak, done = psutil.Process(process.pid), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            try:
                family = (watched, *watched.children(recursive=True))
                peak = max(peak, sum(one.memory_info().rss for one in family))
            except psutil.NoSuchProcess:
                return

    thread = threading.Thread(target=watch)
    thread.start()
    code = process.wait()
    done.set()
    thread.join()
    if code:
        raise RuntimeError(f"{command} ended with exit code {code}")
    return peak


def main() -> None:
    """Print peaks and ratios of both commands."""
    long = clip("clm_franck.mp4")
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder, "short.mp4")
        _cut(long, short, SHORT)
        for verb in ("track", "render"):
            peaks = []
            for source in (short, long):
                project = Path(folder, f"{source.stem}.mien")
                if verb == "track":
                    peaks.append(_peak(MIEN, "track", source, "-o", project))
                else:
                    out = Path(folder, f"{source.stem}-out.mp4")
                    edit = ("--set", "mouthSmile=+0.6")
                    peaks.append(_peak(MIEN, "render", project, "-o", out, *edit))
            few, many = (peak / 2**20 for peak in peaks)
            print(
                f"{verb:8} {SHORT} frames {few:5.0f} MiB, 4800 frames {many:5.0f} MiB,"
                f" ratio {many / few:.2f} (at most 1.2, and under 1500 MB)"
            )
