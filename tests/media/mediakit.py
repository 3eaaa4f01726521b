"""Small synthetic clips, copies through mien, and what is compared before and after."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from mien.media.frame import Frame, MoviePicture, planes_of
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.scheduling import keep_scheduling
from mien.media.writer import open_writer
from mien.model.media import MediaInfo

SIZE = (96, 64)


def picture(index: int, size: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """A colourful picture that moves with `index`; (h, w, 3)."""
    width, height = size
    x, y = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[:, None]
    waves = ((np.sin((x + 3 * index) / 11 + k), np.cos((y - index) / 7 - k)) for k in range(3))
    return np.stack([(127 + 50 * (a + b)).astype(np.uint8) for a, b in waves], axis=-1)


def make_clip(
    path: Path,
    encoder: str = "libx264",
    pixel_format: str = "yuv420p",
    *,
    count: int = 12,
    size: tuple[int, int] = SIZE,
    rate: Fraction = Fraction(24),
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    options: dict[str, str] | None = None,
    audio: str | None = None,
    container: str | None = None,
    tags: tuple[int, int, int, int] = (1, 1, 1, 1),
    metadata: dict[str, str] | None = None,
    timecode: str | None = None,
    gop: int | None = None,
) -> Path:
    """Write a clip through PyAV alone."""
    with av.open(str(path), "w", format=container) as output:
        output.metadata.update(metadata or {})
        video = output.add_stream(encoder, rate=rate, options=options or {})
        assert isinstance(video, av.VideoStream)
        context = video.codec_context
        context.width, context.height = size
        context.pix_fmt = pixel_format
        context.time_base = video.time_base = time_base or 1 / rate
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
        if gop is not None:
            context.gop_size = gop
        if timecode is not None:
            video.metadata["timecode"] = timecode
        sound = None
        if audio is not None:
            sound = output.add_stream(audio, rate=48000, layout="stereo")
        with keep_scheduling():
            output.start_encoding()
        for i in range(count):
            rgb = av.VideoFrame.from_ndarray(picture(i, size), format="rgb24")
            frame = rgb.reformat(
                format=pixel_format,
                dst_colorspace="ITU709",
                dst_color_range="JPEG" if tags[3] == 2 else "MPEG",
            )
            frame.pts = pts[i] if pts is not None else i
            frame.time_base = context.time_base
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if sound is not None:
            _tone(output, sound, count / rate)
    return path


def _tone(output: Any, stream: Any, seconds: Fraction) -> None:
    total = int(seconds * 48000)
    layout = stream.codec_context.format.name
    for start in range(0, total, 1024):
        times = np.arange(start, min(start + 1024, total)) / 48000
        wave = np.sin(2 * np.pi * 440 * times)
        if layout == "fltp":
            frame = av.AudioFrame.from_ndarray(
                np.stack([wave, wave]).astype(np.float32), format="fltp", layout="stereo"
            )
        else:
            both = np.repeat((wave * 20000).astype(np.int16), 2)[None]
            frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        frame.sample_rate = 48000
        frame.pts = start
        frame.time_base = Fraction(1, 48000)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def copy(
    source: Path, target: Path, edit: Callable[[Frame], Frame] | None = None, **options: Any
) -> MediaInfo:
    """Copy a shot through mien's reader and writer; returns the source's facts."""
    facts = probe(source)
    frames = options.get("frames") or facts.clock.all
    with open_reader(facts) as reader, open_writer(target, facts, **options) as writer:
        for frame in reader.stream(frames.start, frames.stop):
            writer.write(edit(frame) if edit else frame)
    return facts


def samples(frame: av.VideoFrame) -> list[bytes]:
    """The samples of every plane of a frame, without the padding of its rows."""
    pixel_format = frame.format
    planes = []
    for i, plane in enumerate(planes_of(frame)):
        mine = [c for c in pixel_format.components if c.plane == i]
        width = mine[0].width * len(mine)
        if not pixel_format.is_planar:
            width = frame.width * pixel_format.padded_bits_per_pixel // 8 // plane.itemsize
        planes.append(np.ascontiguousarray(plane[:, :width]).tobytes())
    return planes


def frame_samples(frame: Frame) -> list[bytes]:
    """The samples of every plane of a frame of a movie that mien read."""
    assert isinstance(frame.picture, MoviePicture)
    return samples(frame.picture.video)


def decoded(path: Path, count: int | None = None) -> list[tuple[int | None, list[bytes]]]:
    """The first frames of a movie, or all, through PyAV alone: time, and samples of all planes."""
    with av.open(str(path)) as container:
        return [(f.pts, samples(f)) for f in itertools.islice(container.decode(video=0), count)]


def rgb_of(path: Path) -> npt.NDArray[np.uint8]:
    """(N, h, w, 3) pictures of a movie through PyAV alone."""
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def psnr(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Peak signal-to-noise ratio of 8-bit pictures, in dB."""
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def survivors(path: Path) -> dict[str, object]:
    """Everything that must survive a render, read through PyAV alone."""
    sounds: dict[int, Any] = {}
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0) if container.streams.audio else ():
            if packet.dts is None or packet.is_discard:
                continue  # what the source hides need not be there
            digest, stamps = sounds.setdefault(0, (hashlib.sha256(), []))
            digest.update(bytes(packet))
            stamps.append(packet.pts)
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        context, time_base = video.codec_context, video.time_base
        assert time_base is not None
        frames = [(f.pts, f.rotation, f.format.name) for f in container.decode(video)]
        duration = None if video.duration is None else float(video.duration * time_base)
        return {
            "times": [float((pts or 0) * time_base) for pts, _, _ in frames],
            "rotation": {rotation for _, rotation, _ in frames},
            "format": {name for _, _, name in frames},
            "size": (context.width, context.height),
            "aspect": video.sample_aspect_ratio or Fraction(1),
            "color": (
                context.color_primaries,
                context.color_trc,
                context.colorspace,
                context.color_range,
            ),
            "duration": duration,
            "sound": {k: (d.hexdigest(), stamps) for k, (d, stamps) in sounds.items()},
            "timecode": next(
                (s.metadata["timecode"] for s in container.streams if "timecode" in s.metadata),
                None,
            ),
        }
