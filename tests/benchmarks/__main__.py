"""Run benchmarks and print their figures: `python -m tests.benchmarks [NAME ...]`.

What follows a name and is none itself goes to that benchmark: `truth CLIP ... --pairs 4`.

Speeds are ratios against a baseline in the same run, because machines differ and are noisy.
Benchmarks on footage need the internal test clips (see CONTRIBUTING.md); without them they
say so and are left out.
"""

from __future__ import annotations

import importlib
import inspect
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
    "report",
    "quality",
    "reference",
    "memory",
    "ledger",
    "provenance",
    "fidelity",
    "blinks",
    "lids",
    "reading",
    "apply",
    "asked",
    "loop",
    "voice",
    "texts",
    "mouths",
    "inside",
    "reenact",
    "skin",
    "truth",
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
    "apart",
    "desktop",
)


def main() -> int:
    """Run the benchmarks named on the command line, or all of them."""
    chosen: list[tuple[str, list[str]]] = []
    for word in sys.argv[1:]:
        if word in NAMES:
            chosen.append((word, []))
        elif chosen and _takes_arguments(chosen[-1][0]):
            chosen[-1][1].append(word)
        else:
            print(f"no benchmark named {word}; there are {', '.join(NAMES)}")
            return 2
    for name, arguments in chosen or [(name, []) for name in NAMES]:
        print(f"== {name}", flush=True)
        work = importlib.import_module(f"tests.benchmarks.bench_{name}").main
        try:
            work(arguments) if arguments else work()
        except MissingFootageError as error:
            print(f"left out: {error}")
    return 0


def _takes_arguments(name: str) -> bool:
    work = importlib.import_module(f"tests.benchmarks.bench_{name}").main
    return bool(inspect.signature(work).parameters)


if __name__ == "__main__":
    sys.exit(main())
