"""Pictures of an edit: a contact sheet, a film of both side by side, the curves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from mien.demo.movie import write_movie
from mien.demo.story import MOMENTS
from mien.io.files import written_whole
from mien.media.reader import open_reader
from mien.model.curves import ControlCurves
from mien.model.face import Face
from mien.progress import Progress, progress_reporter, report_each

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["before_after", "curves_plot", "side_by_side"]

Picture = npt.NDArray[np.uint8]

_PLOTTED = ("mouthSmile", "jawOpen", "browInnerUp", "browDown", "eyeBlink")
_MARGIN = 0.25
"""Room around the face on the contact sheet, as a share of its size."""


def before_after(before: Path, after: Path, face: Face, output: Path) -> None:
    """Draw the moments of the story as filmed and, below, as edited.

    Args:
        before: The footage.
        after: The same, edited.
        face: The face that the pictures show.
        output: The PNG to write.
    """
    frames = [face.clock.parse(moment.time) for moment in MOMENTS]
    rows = [_crops(path, face, frames) for path in (before, after)]
    figure = _figure(2.4 * len(frames), 5.4)
    for row, (pictures, word) in enumerate(zip(rows, ("as filmed", "edited"), strict=True)):
        for column, (picture, moment) in enumerate(zip(pictures, MOMENTS, strict=True)):
            axes = figure.add_subplot(2, len(frames), row * len(frames) + column + 1)
            axes.imshow(picture)
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set_visible(False)
            if column == 0:
                axes.set_ylabel(word, fontsize=12)
            if row == 0:
                axes.set_title(f"{moment.title}\n{moment.time}", fontsize=11)
    _save(figure, output)


def side_by_side(
    before: Path, after: Path, face: Face, output: Path, progress: bool | Progress = False
) -> None:
    """Film both next to each other: the half of the picture around the face, twice.

    Args:
        before: The footage.
        after: The same, edited.
        face: The face that is shown.
        output: The MP4 to write.
        progress: As in `mien.track`; the stage is `pictures`.
    """

    def pictures() -> Iterator[Picture]:
        with open_reader(before) as one, open_reader(after) as two:
            width, _ = one.facts.orientation.upright_size
            half = width // 4 * 2
            middle = np.nanmean(face.landmarks[:, :468, 0])
            left = int(np.clip(middle - half / 2, 0, width - half))
            for a, b in zip(one.stream(), two.stream(), strict=True):
                halves = [frame.upright_rgb()[:, left : left + half].copy() for frame in (a, b)]
                for half_picture, word in zip(halves, ("as filmed", "edited"), strict=True):
                    _write(half_picture, word)
                yield np.hstack(halves)

    clock = face.clock
    with progress_reporter(progress) as report:
        frames = report_each(pictures(), report, "pictures", clock.frame_count)
        write_movie(output, frames, clock.rate)


def curves_plot(face: Face, target: ControlCurves, achieved: ControlCurves, output: Path) -> None:
    """Plot what was performed, what was asked for, and what the result shows.

    Args:
        face: The face as filmed.
        target: Controls that were asked for, with the same number of frames.
        achieved: Controls that were found in the result.
        output: The PNG to write.
    """
    seconds = [float(face.clock.seconds(i)) for i in range(face.clock.frame_count)]
    figure = _figure(10, 7)
    for row, name in enumerate(_PLOTTED):
        axes = figure.add_subplot(len(_PLOTTED), 1, row + 1)
        axes.plot(seconds, face.curves.controls[name], color="0.6", label="filmed")
        axes.plot(seconds, target[name], color="tab:orange", ls="--", label="asked for")
        axes.plot(seconds, achieved[name], color="tab:blue", label="achieved")
        axes.set(ylabel=name, ylim=(-0.1, 1.4), xlim=(0, seconds[-1]))
        axes.grid(alpha=0.3)
        if row == 0:
            axes.legend(ncols=3, loc="upper center", frameon=False)
    axes.set_xlabel("seconds")
    _save(figure, output)


def _crops(path: Path, face: Face, frames: list[int]) -> list[Picture]:
    """The face in some frames, all at one size."""
    pictures = []
    with open_reader(path) as reader:
        for frame in frames:
            x0, y0, x1, y1 = face.box(frame)
            half = (0.5 + _MARGIN) * max(x1 - x0, y1 - y0)
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            picture = reader.frame(frame).upright_rgb()
            height, width = picture.shape[:2]
            pictures.append(
                picture[
                    max(0, round(y - half)) : min(height, round(y + half)),
                    max(0, round(x - half)) : min(width, round(x + half)),
                ]
            )
    return pictures


def _write(picture: Picture, word: str) -> None:
    """Write a word into the lower left corner, readable on anything."""
    place = (24, picture.shape[0] - 28)
    for color, thickness in (((0, 0, 0), 5), ((255, 255, 255), 2)):
        cv2.putText(picture, word, place, cv2.FONT_HERSHEY_SIMPLEX, 1.0, color, thickness,
                    cv2.LINE_AA)  # fmt: skip


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Any, output: Path) -> None:
    with written_whole(output) as file:
        figure.savefig(file, format="png", dpi=150)
