"""How large the page of a report is: ten seconds are below 8 MB, film and pictures included."""

from __future__ import annotations

import tempfile
from pathlib import Path

import mien
from mien.demo import make_footage
from tests.benchmarks.common import MissingFootageError, clip, seconds

_SECONDS = 10
_MOST = 8.0
"""Megabytes that docs/report.md names."""
_CLIPS = ("lp_d13.mp4",)
"""Footage whose first seconds are measured where it is there; a camera's grain costs most."""


def main() -> None:
    """Print the size of a page of ten seconds, of the demo's footage and of test clips."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        footage = make_footage(folder / "demo.mp4", frames=25 * _SECONDS)
        _print_page("demo's footage", footage, folder)
        for one in _CLIPS:
            try:
                source = clip(one)
            except MissingFootageError as error:
                print(f"left out: {error}")
                continue
            cut = folder / one
            mien.render(source, cut, frames=f"0:{_SECONDS}s", progress=False)
            _print_page(one, cut, folder)


def _print_page(name: str, footage: Path, folder: Path) -> None:
    """Edit the footage, measure it, and print how large the page is."""
    project = mien.Project(mien.track(footage, progress=False))
    edit = mien.Edit(mien.main_face(project.shot))
    edit = edit.set("smile", 0.5, span="2s:5s").set("browInnerUp", 0.5, span="6s:8s")
    edited, page = folder / f"edited-{footage.name}", folder / f"{footage.stem}.html"
    mien.render(project, edited, edits=[edit], renderer="warp", progress=False)
    took = seconds(
        lambda: mien.report(
            footage, edited, project=project, edits=[edit], output=page, renderer="warp",
            progress=False,
        )
    )  # fmt: skip
    size, frames = page.stat().st_size / 1e6, project.shot.clock.frame_count
    width, height = project.shot.media.orientation.upright_size
    held = "below" if size < _MOST else "NOT below"
    print(
        f"{name}: {frames} frames of {width} x {height}: a page of {size:.1f} MB ({held}"
        f" {_MOST:g}), measured in {took:.0f} s"
    )
