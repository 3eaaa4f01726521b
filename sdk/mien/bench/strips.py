"""Pictures to look at: as filmed, each renderer's edit, the truth; a row for each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.bench.pictures import SIDE, FaceCrop
from mien.errors import OutputError
from mien.io.files import check_file, written_whole

__all__ = ["check_strips", "strip_path", "write_strips"]

_TITLE: Final = 18
"""Pixels above the pictures for their names."""


class FilmedPair(Protocol):
    """What was filmed of a pair: where it is compared, and the truth there."""

    @property
    def crops(self) -> list[FaceCrop]:
        """Where edits are compared, of the first frame and the second."""
        ...

    @property
    def truths(self) -> list[FloatArray]:
        """The real frames (256, 256, 3) there."""
        ...


def strip_path(folder: Path, clip: Path) -> Path:
    """Return where the strips of a clip are written."""
    return folder / f"{clip.stem.replace('%', '_')}.png"


def check_strips(folder: Path, clips: Sequence[Path], *, overwrite: bool) -> None:
    """Make the folder of strips, and refuse what cannot be written, before any work.

    Raises:
        OutputError: When it is no folder or cannot be made, or strips are there already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {(error.strerror or 'denied').lower()}.",
            "Choose another one.",
            path=folder,
        ) from error
    paths = [strip_path(folder, clip) for clip in clips]
    for path in paths:
        check_file(path, overwrite=overwrite)
        if paths.count(path) > 1:
            raise OutputError(
                f"Two clips would both have {path.name} for their pictures.",
                "Measure them one by one, into folders of their own.",
                path=path,
            )


def write_strips(
    folder: Path,
    clip: Path,
    pairs: Sequence[FilmedPair],
    pictures: Mapping[str, Sequence[npt.NDArray[np.uint8]]],
    *,
    overwrite: bool,
) -> Path:
    """Write the strips of a clip as a PNG.

    Args:
        folder: The folder.
        clip: The clip.
        pairs: What was filmed.
        pictures: By renderer the first frame of each pair, (H, W, 3) uint8 sRGB.
        overwrite: Whether one that is there may be replaced.

    Returns:
        The file.
    """
    from PIL import Image, ImageDraw

    path = strip_path(folder, clip)
    check_file(path, overwrite=overwrite)
    names = [*pictures, "truth"]
    sheet = Image.new("RGB", (SIDE * len(names), _TITLE + SIDE * len(pairs)))
    pen = ImageDraw.Draw(sheet)
    for column, name in enumerate(names):
        pen.text((SIDE * column + 4, 3), "as filmed" if column == 0 else name, fill="white")
        for row, pair in enumerate(pairs):
            square = pair.truths[0] if name == "truth" else pair.crops[0].cut(pictures[name][row])
            tile = Image.fromarray(np.clip(np.rint(square), 0, 255).astype(np.uint8))
            sheet.paste(tile, (SIDE * column, _TITLE + SIDE * row))
    with written_whole(path) as file:
        sheet.save(file, "PNG")
    return path
