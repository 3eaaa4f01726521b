"""What each codec gives at each level of quality: likeness to the source, and size.

Three clips are copied frame by frame, without an edit: what differs is what encoding did. PSNR and
SSIM are of luma, in the source's own bits; the size is that of the packets of the picture, in
proportion to those of the same frames of the source. docs/media.md has the table.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

import mien
from mien.media.codecs import choose_encoding
from tests.benchmarks.common import clip, seconds

CLIPS: Final = ("lp_s18.mp4", "lp_d13.mp4", "derived_hevc10_1080p_s18.mp4")
FRAMES: Final = 60
OUTPUTS: Final = (
    ("h264", ".mp4"), ("hevc", ".mp4"), ("vp9", ".mkv"), ("av1", ".mp4"), ("prores", ".mov"),
    ("dnxhr", ".mov"), ("ffv1", ".mkv"),
)  # fmt: skip
_SSIM_EVERY: Final = 12


def main() -> None:
    """Print the figures."""
    print(f"the first {FRAMES} frames; PSNR median and worst frame, SSIM, size to the source's")
    with tempfile.TemporaryDirectory() as folder:
        for name in CLIPS:
            shot = mien.open_shot(clip(name), progress=False)
            given = _size(clip(name))
            rate = given * 8 * float(shot.clock.rate) / FRAMES
            print(f"{name}: {shot.media.codec} {shot.media.pixel_format}, {rate / 1e6:.2f} Mbit/s")
            for codec, suffix in OUTPUTS:
                if shot.media.bits > 8 and codec == "vp9":
                    continue  # which mien writes in 8 bits only
                for level in ("lossless",) if codec == "ffv1" else ("visually-lossless", "small"):
                    _measure(shot, codec, Path(folder) / f"out{suffix}", level, given)


def _measure(shot: mien.Shot, codec: str, output: Path, level: str, given: int) -> None:
    quality = mien.Quality.of(level)

    def work() -> None:
        mien.render(shot, output, codec=codec, quality=quality, frames=f"0:{FRAMES}",
                    overwrite=True, progress=False)  # fmt: skip

    took = seconds(work)
    psnr, ssim = _likeness(shot.media.path, output)
    words = choose_encoding(output, shot.media, codec=codec, quality=quality).quality
    print(
        f"  {codec:7} {words:42} {np.median(psnr):5.1f} dB, worst {min(psnr):5.1f},"
        f" SSIM {ssim:.4f}, {_size(output) / given:6.2f} x, {FRAMES / took:.0f} frames/s",
        flush=True,
    )


def _likeness(before: Path, after: Path) -> tuple[list[float], float]:
    """PSNR of every frame, in dB, and the mean SSIM of some of them."""
    psnr, ssim = [], []
    for i, (a, b) in enumerate(zip(_luma(before), _luma(after), strict=False)):
        if i == FRAMES:
            break
        error = float(np.mean((a - b) ** 2))
        psnr.append(min(99.0, -10 * math.log10(error)) if error else 99.0)
        if i % _SSIM_EVERY == 0:
            ssim.append(float(structural_similarity(a, b, data_range=1.0)))
    return psnr, float(np.mean(ssim))


def _luma(path: Path) -> Iterator[npt.NDArray[np.float32]]:
    """Luma of every frame, 0..1."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane: Any = frame.planes[0]
            bits = frame.format.components[0].bits
            kind = np.dtype(np.uint16 if bits > 8 else np.uint8)
            rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : frame.width]
            yield rows.astype(np.float32) / np.float32(255 << (bits - 8))


def _size(path: Path) -> int:
    """Bytes of the packets of the first frames that are shown."""
    with av.open(str(path)) as container:
        packets = [(p.pts, p.size) for p in container.demux(video=0) if p.pts is not None]
    return sum(size for _, size in sorted(packets)[:FRAMES])


if __name__ == "__main__":
    main()
