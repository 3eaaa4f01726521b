"""Run benchmarks and print their figures: `python -m tests.benchmarks [NAME ...]`.

Speeds are ratios against a baseline in the same run, because machines differ and are noisy.
Benchmarks on footage need the internal test clips (see CONTRIBUTING.md); without them they
say so and are left out.
"""

from __future__ import annotations

import importlib
import sys

from tests.benchmarks.common import MissingFootageError

NAMES = (
    "startup",
    "opening",
    "demo",
    "track",
    "found",
    "confidence",
    "solve",
    "swing",
    "smoothing",
    "flame",
    "smirk",
    "render",
    "quality",
    "reference",
    "memory",
    "ledger",
    "fidelity",
    "blinks",
    "reading",
    "apply",
    "voice",
    "mouths",
    "reenact",
    "likeness",
    "identity",
    "occlusion",
    "steadiness",
    "batch",
    "playback",
    "timeline",
    "session",
    "preview",
    "scrub",
    "desktop",
)


def main() -> int:
    """Run the benchmarks named on the command line, or all of them."""
    chosen = sys.argv[1:] or NAMES
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    for name in chosen:
        print(f"== {name}", flush=True)
        try:
            importlib.import_module(f"tests.benchmarks.bench_{name}").main()
        except MissingFootageError as error:
            print(f"left out: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
