"""What a timeline draws of a shot: thumbnails, and the waveform of its sound."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import platformdirs

from mien._types import FloatArray
from mien.errors import MienError
from mien.io.files import written_whole
from mien.media.apart import apart, decoding_process
from mien.media.audio import AudioTrack, open_track
from mien.media.cache import ByteCache
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.preview.picture import Rgb8, displayed
from mien.preview.source import KeyFrames

__all__ = ["Peaks", "peaks", "thumbnails"]

PEAKS_RATE: Final = 200
"""Bins of a waveform in a second."""
_LOUDEST: Final = 32767
_NARROW: Final = 1500
"""Frames, about a minute, that are decoded one after another to show each as it is; over a
longer span key frames will do."""
_kept_thumbnails: ByteCache[tuple[str, int, int], Rgb8] = ByteCache(32 << 20)


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """A waveform: how far the sound swings in every bin.

    Attributes:
        low: (N,) float32, -1..1, over all channels.
        high: (N,) float32, likewise.
        rate: Bins in a second; bin 0 starts at the time of frame 0.
    """

    low: FloatArray
    high: FloatArray
    rate: int


def thumbnails(
    media: MediaInfo,
    frames: Sequence[int],
    height: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Rgb8]]:
    """Small upright pictures of frames, or of key frames before them where that is quicker.

    Args:
        media: Facts of the media.
        frames: The frames, in any order.
        height: Lines of the pictures.
        cancelled: Asked between pictures whether to give up.

    Yields:
        A frame that was asked for, and its picture (height, W, 3) uint8; those that are kept
        from before come first, then by frame.

    Raises:
        MediaError: When the media cannot be read.
    """
    missing = []
    for frame in dict.fromkeys(frames):
        picture = _kept_thumbnails.get((media.fingerprint, height, frame))
        if picture is None:
            missing.append(frame)
        else:
            yield frame, picture
    missing.sort()
    if not missing or cancelled():
        return
    process = decoding_process()
    if process is None or media.kind == "memory":
        making = make_thumbnails(media, missing, height, cancelled)
    else:
        asked = {"media": media, "frames": missing, "height": height, "cancelled": cancelled}
        making = process.each(f"{__name__}:make_thumbnails", asked)
    with closing(making):
        for frame, shown, picture in making:
            for number in {frame, shown}:
                key = media.fingerprint, height, number
                _kept_thumbnails.put(key, picture, picture.nbytes)
            yield frame, picture


def make_thumbnails(
    media: MediaInfo, frames: Sequence[int], height: int, cancelled: Callable[[], bool]
) -> Generator[tuple[int, int, Rgb8], None, None]:
    """Decode what `thumbnails` shows.

    Args:
        media: As of `thumbnails`.
        frames: The frames, ascending.
        height: As of `thumbnails`.
        cancelled: As of `thumbnails`.

    Yields:
        A frame that was asked for, the one that is shown in its place, and its picture.
    """
    near = frames[-1] - frames[0] < _NARROW or media.kind == "sequence"
    making = _one_by_one(media, frames, cancelled) if near else _by_keys(media, frames)
    shown, picture = -1, None
    with closing(making):
        for frame, decoded in making:
            if cancelled():
                return
            if picture is None or shown != decoded.index:
                shown, picture = decoded.index, _small(decoded, media, height)
            yield frame, shown, picture


def _one_by_one(
    media: MediaInfo, frames: Sequence[int], cancelled: Callable[[], bool]
) -> Generator[tuple[int, Frame], None, None]:
    """Frames, ascending, decoded on one thread: nobody waits for them."""
    wanted = set(frames)
    with open_reader(media, threads=1, decoder="pyav", cache_bytes=0) as reader:
        if media.kind == "sequence":
            for frame in frames:
                yield frame, reader.frame(frame)
            return
        with closing(reader.stream(frames[0], frames[-1] + 1)) as stream:
            for decoded in stream:
                if cancelled():
                    return
                if decoded.index in wanted:
                    yield decoded.index, decoded


def _by_keys(media: MediaInfo, frames: Sequence[int]) -> Generator[tuple[int, Frame], None, None]:
    """For every frame, ascending, the key frame before it."""
    keys = KeyFrames(media)
    last: Frame | None = None
    try:
        for frame in frames:
            if last is None or keys.before(frame) != last.index:
                last = keys.frame(frame)
            if last is not None:
                yield frame, last
    finally:
        keys.close()


def _small(frame: Frame, media: MediaInfo, height: int) -> Rgb8:
    """A frame's picture of a height."""
    lines = media.orientation.upright_size[1]
    picture = displayed(frame, media, min(1.0, height / lines))
    if picture.shape[0] != height:
        width = max(1, round(picture.shape[1] * height / picture.shape[0]))
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    return picture


def peaks(media: MediaInfo, cancelled: Callable[[], bool] = lambda: False) -> Peaks | None:
    """The waveform of a shot; kept in the user's cache folder.

    Args:
        media: Facts of the media.
        cancelled: Asked now and then whether to give up.

    Returns:
        None where there is no sound, or when it was cancelled.
    """
    file = _peaks_file(media)
    bins = _kept(file)
    if bins is None:
        bins = measure_peaks(media, cancelled)
        if bins is None:
            return None
        _keep(file, bins)
    levels = bins.astype(np.float32) / _LOUDEST
    return Peaks(levels[0], levels[1], PEAKS_RATE)


@apart
def measure_peaks(media: MediaInfo, cancelled: Callable[[], bool]) -> npt.NDArray[np.int16] | None:
    """Measure the lowest and the highest sample of every bin.

    Args:
        media: Facts of the media.
        cancelled: Asked now and then whether to give up.

    Returns:
        (2, N) 16-bit samples; None without sound, or when it was cancelled.
    """
    track = open_track(media)
    if track is None:
        return None
    with closing(track):
        return _measured(track, media, cancelled)


def _measured(
    track: AudioTrack, media: MediaInfo, cancelled: Callable[[], bool]
) -> npt.NDArray[np.int16] | None:
    """(2, N) lowest and highest sample of every bin."""
    step = track.rate / PEAKS_RATE
    clock = media.clock
    length = float(clock.times[-1] if clock.times else clock.frame_count / clock.rate)
    bins = np.zeros((2, max(1, round(length * PEAKS_RATE) + PEAKS_RATE)), dtype=np.int16)
    for at, samples in track.blocks():
        if cancelled():
            return None
        where = ((at + np.arange(len(samples))) / step).astype(np.int64)
        inside = (where >= 0) & (where < bins.shape[1])
        if not inside.any():
            continue
        codes = np.clip(samples[inside] * _LOUDEST, -_LOUDEST, _LOUDEST).astype(np.int16)
        np.minimum.at(bins[0], where[inside], codes.min(axis=1))
        np.maximum.at(bins[1], where[inside], codes.max(axis=1))
    return bins


def _peaks_file(media: MediaInfo) -> Path:
    return platformdirs.user_cache_path("mien") / "peaks" / f"{media.fingerprint}-{PEAKS_RATE}.npy"


def _kept(path: Path) -> npt.NDArray[np.int16] | None:
    try:
        bins = np.load(path, allow_pickle=False)
    except Exception:  # noqa: BLE001 - damage comes out of NumPy and zipfile as many things
        return None
    if not isinstance(bins, np.ndarray):
        return None
    return bins if bins.ndim == 2 and len(bins) == 2 and bins.dtype == np.int16 else None


def _keep(path: Path, bins: npt.NDArray[np.int16]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as file:
            np.save(file, bins)
    except (OSError, MienError):
        # Without a cache it is measured again next time.
        return
