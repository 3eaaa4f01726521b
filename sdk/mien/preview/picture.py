"""Pictures for looking: upright, as an ordinary display shows them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np
import numpy.typing as npt

from mien.errors import MediaError
from mien.media import stills
from mien.media.apart import apart
from mien.media.display_matrix import frame_orientation
from mien.media.frame import Frame, MoviePicture
from mien.media.index import open_movie
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.sequence import find_sequence, probe_sequence
from mien.media.streams import main_video, whole_frames
from mien.model.media import MediaInfo

__all__ = [
    "PreviewImage",
    "Quality",
    "Rgb8",
    "SMALL_LINES",
    "displayed",
    "first_picture",
    "small_scale",
]

Rgb8 = npt.NDArray[np.uint8]

Quality = Literal["drag", "full"]
"""`drag` while something moves (a slider, the playhead): small and fast. `full`: the plate's
pixels through the renderer, exactly as an export has them."""

SMALL_LINES: Final = 540
"""Lines of the shorter side of small pictures: half of 1080p."""


@dataclass(frozen=True, slots=True, eq=False)
class PreviewImage:
    """A picture for looking.

    Attributes:
        frame: The frame that it shows.
        rgb: (H, W, 3) uint8 sRGB, upright; never written to.
        scale: Pixels of this picture in a pixel of the upright picture.
        exact: Whether it shows the frame that was asked for, not one near it.
        edited: Whether it shows the edit.
        generation: Number of the request that it answers.
    """

    frame: int
    rgb: Rgb8
    scale: float
    exact: bool
    edited: bool
    generation: int

    @property
    def final(self) -> bool:
        """Whether nothing better of this frame comes: exact, and in full size."""
        return self.exact and self.scale == 1


def small_scale(facts: MediaInfo) -> float:
    """Pixels of a small picture in a pixel of the upright one; never more than 1."""
    return min(1.0, SMALL_LINES / min(facts.orientation.upright_size))


def displayed(frame: Frame, facts: MediaInfo, scale: float = 1.0) -> Rgb8:
    """A frame as an ordinary display shows it.

    Args:
        frame: The frame.
        facts: Facts of its media.
        scale: Pixels of the result in a pixel of the upright picture.

    Returns:
        (H, W, 3) uint8 sRGB, upright, with square pixels.
    """
    return stills.displayed(frame, facts.color.transfer, scale)


@apart
def first_picture(path: Path) -> Rgb8:
    """The first picture of a movie or image sequence, before the file is indexed.

    Args:
        path: A movie, or the pattern of an image sequence.

    Returns:
        (H, W, 3) uint8 sRGB, upright, with square pixels.

    Raises:
        MediaError: When there is no picture.
    """
    sequence = find_sequence(path)
    if sequence is not None:
        facts = probe_sequence(sequence)
        with open_reader(facts, cache_bytes=0) as reader:
            return displayed(reader.frame(0), facts)
    try:
        with open_movie(path) as container:
            video = main_video(container)
            pictures = whole_frames(container.demux(video)) if video is not None else iter(())
            for picture in pictures:
                assert video is not None
                orientation = frame_orientation(picture, video.sample_aspect_ratio, path)
                frame = Frame(0, picture.pts or 0, orientation, MoviePicture(picture))
                return stills.displayed(frame, picture.color_trc)
    except (av.FFmpegError, OSError, UnicodeError):
        pass
    # Whatever is wrong with the file, opening it properly names it.
    probe(path)
    raise MediaError(f"No picture of {path.name} can be decoded.", "Check that it plays.")
