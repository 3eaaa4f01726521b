"""What the ledger costs: an output's hash beside the quickest render there is, lines, checks."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import mien
from mien.consent.ledger import Ledger
from mien.consent.recorder import content_facts
from mien.demo import make_footage

LINES = 2000
BYTES = 512 << 20


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        _hashes(Path(folder))
        _lines(Path(folder))


def _hashes(folder: Path) -> None:
    large = folder / "large.mov"
    block = bytes(range(256)) * 4096
    with large.open("wb") as file:
        for _ in range(BYTES // len(block)):
            file.write(block)
    start = time.perf_counter()
    content_facts(large, "large.mov")
    seconds = time.perf_counter() - start
    print(f"hash of {BYTES >> 20} MiB: {seconds:.2f} s, {BYTES / seconds / 1e6:.0f} MB/s")
    large.unlink()
    film, output = folder / "film.mp4", folder / "out.mp4"
    make_footage(film, frames=100, size=(1280, 720))
    # Without an edit frames go from decoder to encoder: no render takes less.
    report = mien.render(mien.open_shot(film), output, progress=False)
    start = time.perf_counter()
    facts = content_facts(output, output.name)
    seconds = time.perf_counter() - start
    print(
        f"render of 100 frames of 720p without an edit: {report.seconds:.2f} s; hash of its"
        f" {facts['bytes'] / 1e6:.2f} MB: {seconds * 1e3:.2f} ms,"
        f" {100 * seconds / report.seconds:.2f} % of it"
    )


def _lines(folder: Path) -> None:
    ledger = Ledger(folder / "ledger.jsonl")
    line = {"what": "render", "project": "a shot", "pad": "x" * 500}
    start = time.perf_counter()
    for _ in range(LINES):
        ledger.append(line)
    seconds = time.perf_counter() - start
    print(f"a line, synced: {1e3 * seconds / LINES:.2f} ms (of {LINES})")
    start = time.perf_counter()
    report = mien.verify_ledger(ledger.path)
    seconds = time.perf_counter() - start
    print(
        f"check of {report.entries} lines: {seconds:.2f} s, {report.entries / seconds:.0f} lines/s"
    )
    assert report.valid
