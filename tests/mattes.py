"""Mattes of what is in front of faces, written as users bring them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from mien._types import AnyArray, FloatArray
from mien.media.scheduling import keep_scheduling


def write_movie(
    path: Path,
    mattes: AnyArray,
    *,
    codec: str = "ffv1",
    pixel_format: str = "gray",
    full: bool = False,
    rate: Fraction = Fraction(25),
    alpha: bool = False,
) -> Path:
    """Write mattes (T, H, W), 0..1, as a movie.

    Args:
        path: The movie.
        mattes: The mattes.
        codec: The encoder.
        pixel_format: FFmpeg's name of the pixel format.
        full: Whether Y'CbCr uses the full range of code values.
        rate: Frames a second.
        alpha: Whether everything is transparent.
    """
    # FFmpeg's scaler makes grey of the full range, whatever it is told.
    full = full or pixel_format.startswith("gray")
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=rate)
        assert isinstance(video, av.VideoStream)
        context = video.codec_context
        context.height, context.width = mattes.shape[1:]
        context.pix_fmt = pixel_format
        context.color_range = 2 if full else 1
        context.colorspace = 1
        with keep_scheduling():
            output.start_encoding()
        for i, matte in enumerate(mattes):
            codes = np.round(65535 * np.repeat(matte[..., None], 3, axis=2)).astype(np.uint16)
            source = av.VideoFrame.from_ndarray(codes, format="rgb48le")
            if alpha:
                clear = np.dstack([codes >> 8, np.zeros_like(codes[..., 0])]).astype(np.uint8)
                source = av.VideoFrame.from_ndarray(np.ascontiguousarray(clear), format="rgba")
            frame = source.reformat(
                format=pixel_format,
                dst_colorspace="ITU709",
                dst_color_range="JPEG" if full else "MPEG",
            )
            frame.pts = i
            frame.time_base = 1 / rate
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


def write_images(pattern: Path, mattes: AnyArray, *, first: int = 1, bits: int = 8) -> Path:
    """Write mattes (T, H, W), 0..1, as grey images, numbered from `first`."""
    kind = np.uint8 if bits == 8 else np.uint16
    for i, matte in enumerate(mattes):
        codes = np.round(((1 << bits) - 1) * matte).astype(kind)
        assert cv2.imwrite(str(pattern) % (first + i), codes)
    return pattern


def half(frames: int, width: int, height: int) -> FloatArray:
    """Mattes whose left half is white, the right black, and a column of grey between."""
    matte = np.zeros((frames, height, width), np.float32)
    matte[:, :, : width // 2] = 1
    return matte


def corner(frames: int, width: int, height: int) -> FloatArray:
    """Mattes that are white in the upper left quarter: no turn and no mirror gives the same."""
    matte = np.zeros((frames, height, width), np.float32)
    matte[:, : height // 2, : width // 2] = 1
    return matte
