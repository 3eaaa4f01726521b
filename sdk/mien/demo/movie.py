"""Movies made from nothing; `media/writer.py` makes those that are like a source."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from mien.errors import MienError
from mien.media.atomic_write import AtomicFile, write_error
from mien.media.index import movie_url

__all__ = ["write_movie"]

_BT709 = 1
"""ITU-T H.273's number of BT.709, for primaries, transfer and matrix alike."""
_LIMITED = 1


def write_movie(
    path: Path,
    pictures: Iterable[npt.NDArray[np.uint8]],
    rate: Fraction,
    *,
    crf: int = 18,
) -> None:
    """Write an H.264 movie, whole or not at all.

    Args:
        path: The movie, an MP4; one of that name is replaced.
        pictures: (H, W, 3) R'G'B', H and W even.
        rate: Frames a second.
        crf: x264's constant rate factor.

    Raises:
        WriteError: When it cannot be written.
    """
    partial = AtomicFile(path)
    try:
        with av.open(movie_url(partial.path), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=rate)
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(crf), "preset": "fast"}
            context = stream.codec_context
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = _LIMITED
            for number, picture in enumerate(pictures):
                if number == 0:
                    stream.height, stream.width = picture.shape[:2]
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                    format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
                )
                frame.pts, frame.time_base = number, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        partial.commit()
    except MienError:
        raise
    except (av.FFmpegError, OSError) as error:
        raise write_error(path, error) from error
    finally:
        partial.discard()
