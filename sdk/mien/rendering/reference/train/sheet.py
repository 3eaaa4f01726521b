"""What a training is judged by: the losses as a plot, and held-out frames before and after."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mien._types import FloatArray
from mien.errors import MissingDependencyError
from mien.media.atomic_write import AtomicFile, write_error
from mien.rendering.reference.train.loop import TrainingLoop

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["check_plots", "write_loss_plot", "write_sheet"]

_SMOOTHED: Final = 0.05
"""Share of the steps over whose losses the plot's line is averaged."""
_INCH: Final = 2.6
"""Side of a picture on the sheet."""


def write_loss_plot(path: Path, course: TrainingLoop) -> None:
    """Write a PNG of the losses over the steps.

    Raises:
        WriteError: When the disk is full.
    """
    figure = _figure(7, 4)
    axes = figure.subplots()
    losses = np.array(course.losses)
    window = max(1, round(_SMOOTHED * len(losses)))
    mean = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    axes.plot(np.arange(1, len(losses) + 1), losses, color="0.85", linewidth=0.8)
    axes.plot(np.arange(window, len(losses) + 1), mean, color="0.5", label="learned frames")
    steps, checks = zip(*course.checks, strict=True)
    axes.plot(steps, checks, "o-", color="tab:blue", label="held-out frames")
    axes.axhline(course.before, color="tab:blue", linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 1.2 * max(*checks, float(np.quantile(losses, 0.95))))
    axes.set_xlabel("step")
    axes.set_ylabel("loss (Min-SNR)")
    axes.set_title(f"held-out frames: {course.before:.4f} before, {course.after:.4f} after")
    axes.legend()
    _write(path, figure)


def write_sheet(path: Path, rows: Sequence[tuple[int, Sequence[FloatArray]]]) -> None:
    """Write a PNG of held-out frames: as they are, regenerated before, and after.

    Args:
        path: The file.
        rows: For each frame its index, and its three pictures (N, N, 3) R'G'B', 0..1.

    Raises:
        WriteError: When the disk is full.
    """
    figure = _figure(3 * _INCH, len(rows) * _INCH + 0.4)
    grid = figure.subplots(len(rows), 3, squeeze=False)
    for column, title in zip(grid[0], ("the plate", "before", "after"), strict=True):
        column.set_title(title)
    for (frame, pictures), line in zip(rows, grid, strict=True):
        for picture, axes in zip(pictures, line, strict=True):
            axes.imshow(np.clip(picture, 0, 1))
            axes.set_xticks([])
            axes.set_yticks([])
        line[0].set_ylabel(f"frame {frame}")
    _write(path, figure)


def check_plots() -> None:
    """Refuse to begin what could not be drawn.

    Raises:
        MissingDependencyError: When matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "The plots of a training need matplotlib.",
            'Install it with `pip install "mien[reference]"`.',
        ) from error


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _write(path: Path, figure: Figure) -> None:
    content = BytesIO()
    # Matplotlib would write its version into the file.
    figure.savefig(content, format="png", dpi=110, metadata={"Software": None})
    partial = AtomicFile(path)
    try:
        partial.path.write_bytes(content.getvalue())
        partial.commit()
    except OSError as error:
        partial.discard()
        raise write_error(path, error) from error
