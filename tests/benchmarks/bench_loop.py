"""What the closed loop costs: a first and a second render with it, against the open render.

The search is the same for a long shot and a short one, so both are timed.

    python -m tests.benchmarks.bench_loop [--keep DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import mien
from mien.pipeline import GainsCache
from tests.benchmarks.bench_apply import tracked
from tests.benchmarks.common import paired, seconds

EDIT = {"mouthSmile": 0.5, "browInnerUp": 0.4}
SPANS = {"lp_s18": (None, "0:48")}


def main(arguments: Sequence[str] = ()) -> None:
    """Print ratios for each clip and span."""
    parser = argparse.ArgumentParser(prog="bench_loop")
    parser.add_argument("--keep", type=Path, help="where tracked clips are kept for the next time")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for clip, spans in SPANS.items():
            shot = tracked(clip, asked.keep or Path(folder))
            edit = mien.Edit(mien.main_face(shot))
            for control, value in EDIT.items():
                edit = edit.set(control, value)
            for span in spans:
                _compare(shot, edit, span, Path(folder) / "out.mp4")


def _compare(shot: mien.Shot, edit: mien.Edit, span: str | None, out: Path) -> None:
    def render(*, open_loop: bool, forget: bool = False) -> None:
        if forget:
            GainsCache().clear()
        mien.render(
            shot, out, edits=[edit], frames=span, renderer="warp", open_loop=open_loop,
            overwrite=True, progress=False,
        )  # fmt: skip

    seconds(lambda: render(open_loop=True))  # the library is made once
    name = f"{shot.media.path.stem}, {span or 'all'}"
    first = paired(lambda: render(open_loop=False, forget=True), lambda: render(open_loop=True))
    print(f"  {name}: closed, first time, against open: {first}", flush=True)
    again = paired(lambda: render(open_loop=False), lambda: render(open_loop=True))
    print(f"  {name}: closed, once it is known, against open: {again}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
