"""Look at a media file: everything that is known of it before its pictures are used."""

from __future__ import annotations

import itertools
import stat
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.errors import DamagedMediaError, MediaError, MienError, TimeError, UsageError
from mien.folder_limits import check_path
from mien.media.apart import apart
from mien.media.carried import carried, own_container
from mien.media.clock_repair import has_broadcast_clock
from mien.media.container_bytes import has_index, is_encrypted
from mien.media.display_matrix import frame_orientation
from mien.media.film import Film
from mien.media.fingerprint import fingerprint, fingerprint_of_stream
from mien.media.index import PacketIndex, movie_index, open_movie
from mien.media.opening import is_playlist
from mien.media.sequence import find_sequence, is_image, probe_image, probe_sequence
from mien.media.stream_facts import field_order, stream_infos
from mien.media.streams import OLD_CHOICE, main_video, whole_frames
from mien.model.media import ColorTags, MediaInfo, MissingFrames
from mien.progress import Progress, silent
from mien.timebase import Clock, Timecode

__all__ = ["first_frame", "probe"]

_STANDARD_RATES: Final = tuple(
    Fraction(*rate)
    for rate in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1),
        (60000, 1001), (60, 1), (120, 1), (12, 1), (15, 1), (10, 1),
    )
)  # fmt: skip
_MISSING_SHARE: Final = Fraction(1, 50)
"""A file may be shorter than it says by this share, and a second, before it is called cut."""
_SLOWEST: Final = Fraction(1, 86400)
_FASTEST: Final = Fraction(10000)
"""Frames a second that a film may say it has: from one a day to those of high-speed cameras."""
_MUXER_TAGS: Final = ("major_brand", "minor_version", "compatible_brands", "encoder")


@apart
def probe(
    path: str | Path,
    *,
    stream: int | None = None,
    until_damage: bool = False,
    missing_frames: MissingFrames = "error",
    progress: Progress = silent,
) -> MediaInfo:
    """The facts of a movie or an image sequence.

    Args:
        path: A movie, a pattern as `shot.%04d.exr`, or any numbered image of a sequence.
        stream: Number of the video stream of a movie that holds several; None for the one that
            a player would show.
        until_damage: Whether media that are cut short are the frames that are there, in place of
            an error.
        missing_frames: What stands for images of a sequence that are missing between others:
            `hold` the one before, `black`, or an error that names them.
        progress: Told how far a long movie has been indexed, in megabytes (stage `index`), and
            in packets where it must be decoded for that (stage `decode`); stops the work by
            raising.

    Raises:
        DamagedMediaError: When it is cut short; `frame` is the first that is not there.
        MediaError: When there is nothing to read, or it holds no whole pictures.
        OutsideError: When it is outside the folders that this process keeps to.
        UsageError: When there is no such stream; those that there are are named.
    """
    path = Path(path)
    check_path(path)
    try:
        sequence = find_sequence(path)
        if sequence is not None:
            _refuse_stream(path, stream)
            return probe_sequence(
                sequence, until_damage=until_damage, missing_frames=missing_frames
            )
        _refuse_what_is_no_file(path)
    except MienError:
        raise
    except OSError as error:
        raise MediaError(
            f"{path} cannot be opened: {(error.strerror or str(error)).lower()}.",
            "Check that you may read it.",
            path=path,
        ) from error
    try:
        with open_movie(path) as container:
            return _probe_movie(path, container, stream, progress, until_damage=until_damage)
    except (DamagedMediaError, UsageError):
        raise
    except (MienError, av.FFmpegError, OSError, UnicodeError) as error:
        if _says_encrypted(path):
            raise MediaError(
                f"{path.name} is encrypted.",
                "Give a copy that is not: mien has no keys.",
                path=path,
            ) from error
        if isinstance(error, MienError):
            raise
        raise _unreadable(path, error) from error


def probe_any(
    path: Path,
    *,
    stream: int | None = None,
    until_damage: bool = False,
    missing_frames: MissingFrames = "error",
) -> MediaInfo:
    """The facts of a movie, of the image sequence of a pattern, or of one image.

    Args:
        path: Its place.
        stream: As of `probe`.
        until_damage: As of `probe`.
        missing_frames: As of `probe`.

    Raises:
        MediaError: When there is nothing to read, or it holds no whole pictures.
    """
    if is_image(path):
        return probe_image(path)
    return probe(path, stream=stream, until_damage=until_damage, missing_frames=missing_frames)


def first_frame(path: Path, stream: int | None = None) -> av.VideoFrame:
    """The first picture of a video stream of a movie, decoded.

    Raises:
        av.FFmpegError: When it cannot be decoded.
        MediaError: When there is none.
    """
    with open_movie(path) as container:
        return _first_of(path, container, main_video(container, stream))


def _first_of(path: Path, container: InputContainer, video: VideoStream | None) -> av.VideoFrame:
    for frame in whole_frames(container.demux(video)) if video is not None else ():
        return frame
    raise MediaError(
        f"No picture of {path.name} can be decoded.",
        "Check that it plays; copy or export it again.",
        path=path,
    )


def _refuse_stream(path: Path, stream: int | None) -> None:
    if stream is not None and stream > 0:
        raise UsageError(
            f"{path.name} has no stream {stream}: images have one picture, stream 0.",
            "Leave the stream out.",
        )


def _probe_movie(
    path: Path,
    container: InputContainer,
    stream: int | None,
    progress: Progress,
    *,
    until_damage: bool,
) -> MediaInfo:
    video = main_video(container, stream)
    if video is None:
        if container.streams.video:
            raise MediaError(
                f"{path.name} holds no film: its pictures are a cover, or in a codec that"
                " FFmpeg cannot decode.",
                "Convert it to ProRes, H.264 or HEVC.",
                path=path,
            )
        raise MediaError(
            f"{path.name} holds no pictures, only sound or data.",
            "Give a file with video.",
            path=path,
        )
    if video.time_base is None:
        raise MediaError(f"{path.name} does not say when its frames are shown.", path=path)
    index = movie_index(path, video.index, progress, container)
    cut_short = _cut_short(path, container, index)
    if cut_short and not until_damage:
        raise DamagedMediaError(
            cut_short,
            "Copy or export it again, or take what is there with --until-damage.",
            path=path,
            frame=len(index.pts),
        )
    if has_broadcast_clock(container):
        # Opening such a file takes long: it is looked into for its streams.
        container.seek(0, stream=video, unsupported_byte_offset=True)
        frame = _first_of(path, container, video)
    elif index.parts:
        with closing(Film(path, video.index, index)) as film:
            frame = next(iter(film.frames() or ()), None) or first_frame(path, video.index)
    else:
        frame = first_frame(path, video.index)
    first = main_video(container, OLD_CHOICE) or video
    rate, times = _rate(video, index)
    _refuse_absurd_rate(path, rate)
    context = video.codec_context
    return MediaInfo(
        path=path,
        kind="movie",
        container=container.format.name,
        codec=context.codec.canonical_name,
        pixel_format=frame.format.name,
        bits=frame.format.components[0].bits,
        orientation=frame_orientation(frame, video.sample_aspect_ratio, path),
        clock=Clock(rate, len(index.pts), times, _start_timecode(container, video, rate)),
        time_base=video.time_base,
        pts=index.pts,
        color=ColorTags(
            context.color_primaries, context.color_trc, context.colorspace, context.color_range
        ),
        audio_streams=len(container.streams.audio),
        subtitle_streams=len(container.streams.subtitles),
        bit_rate=video.bit_rate or 0,
        cut_short=cut_short,
        fingerprint=fingerprint_of_stream(fingerprint([path]), video.index, first.index),
        stream=video.index,
        left_out=(*index.losses, *carried(container, video, own_container(path)).left_out),
        streams=stream_infos(container),
        field_order=field_order(video),
        chapters=len(container.chapters()),
        hidden_frames=index.hidden,
        alpha=any(component.is_alpha for component in frame.format.components),
        metadata={
            # What is not Unicode cannot be shown; a render copies its bytes all the same.
            key: value.encode(errors="replace").decode()
            for key, value in container.metadata.items()
            if key.lower() not in _MUXER_TAGS
        },
    )


def _refuse_absurd_rate(path: Path, rate: Fraction) -> None:
    if not _SLOWEST <= rate <= _FASTEST:
        said = f"{float(rate):.0f}" if rate > 1 else f"{float(rate):.2g}"
        raise MediaError(
            f"{path.name} says that it has {said} frames a second, which no film has.",
            "Export it again, or give it its rate with another program.",
            path=path,
        )


def _rate(video: VideoStream, index: PacketIndex) -> tuple[Fraction, tuple[Fraction, ...] | None]:
    """The nominal rate, and the times of all frames where they do not keep to it.

    Times count as constant when a rate explains all of them to one tick of the time base:
    Matroska, for one, rounds to milliseconds.
    """
    tick = Fraction(video.time_base or 1)
    pts = index.pts
    nominal = (
        index.rate or video.guessed_rate or video.average_rate or video.base_rate or Fraction(25)
    )
    if len(pts) < 2:
        # Of a single picture many formats say the ticks of their clock.
        return Fraction(nominal if 1 <= nominal <= 1000 else 25), None
    steps = {b - a for a, b in itertools.pairwise(pts)}
    mean = (len(pts) - 1) / ((pts[-1] - pts[0]) * tick)
    candidates = [nominal, video.average_rate, video.base_rate, *_STANDARD_RATES, mean]
    if len(steps) == 1:
        candidates.insert(0, 1 / (steps.pop() * tick))
    for rate in candidates:
        if rate is not None and _explains(Fraction(rate), tick, pts):
            return Fraction(rate), None
    times = tuple((p - pts[0]) * tick for p in pts)
    usual = nominal if Fraction(1) <= nominal <= 1000 else mean
    return Fraction(usual), times


def _explains(rate: Fraction, tick: Fraction, pts: tuple[int, ...]) -> bool:
    period = 1 / (rate * tick)
    n, d = period.numerator, period.denominator
    return all(abs((p - pts[0]) * d - i * n) <= d for i, p in enumerate(pts))


def _start_timecode(
    container: InputContainer, video: VideoStream, rate: Fraction
) -> Timecode | None:
    """The start timecode, from wherever the format keeps it."""
    tags = [video.metadata, *(s.metadata for s in container.streams.data), container.metadata]
    for metadata in tags:
        for key, value in metadata.items():
            if key.lower() == "timecode":
                try:
                    return Timecode.parse(value, rate)
                except TimeError:
                    continue
    return None


def _refuse_what_is_no_file(path: Path) -> None:
    if "\0" in str(path):
        raise MediaError(f"{str(path)!r} is no name of a file.", "Check the name.")
    if path.is_dir():
        raise MediaError(
            f"{path} is a folder.",
            "Give a movie, or an image sequence by its pattern, as shot.%04d.exr.",
            path=path,
        )
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise MediaError(
                f"{path} is a pipe or a device, in which no frame can be looked up.",
                "Copy it to a file.",
                path=path,
            )
        with path.open("rb") as file:
            head = file.read(256)
    except FileNotFoundError:
        raise MediaError(
            f"There is no file {path}.", "Check the name and the folder.", path=path
        ) from None
    if status.st_size == 0:
        raise MediaError(
            f"{path.name} is empty (0 bytes).",
            "Copy or export it again; nothing is in it.",
            path=path,
        )
    if is_playlist(head):
        raise MediaError(
            f"{path.name} is a list of other files or addresses, not a movie.",
            "Give the movie that it names.",
            path=path,
        )
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise MediaError(
            f"{path.name} is a web page, not a movie.",
            "Download it again: the address may need a login, or have moved.",
            path=path,
        )


def _says_encrypted(path: Path) -> bool:
    try:
        return is_encrypted(path)
    except OSError:
        return False


def _unreadable(path: Path, error: Exception) -> MediaError:
    """The error for a file that FFmpeg cannot open, by what the file looks like."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp" and has_index(path):
        return MediaError(
            f"{path.name} has an index that cannot be read: it is damaged, or of a kind that"
            " FFmpeg does not know.",
            "Copy or export it again.",
            path=path,
        )
    if head[4:8] == b"ftyp":
        return MediaError(
            f"{path.name} has no index: the recording or the copy was cut off before its end.",
            "Copy it again, or repair it with the help of the camera that recorded it.",
            path=path,
        )
    if isinstance(error, (av.error.InvalidDataError, UnicodeError)):
        return MediaError(
            f"{path.name} is not a media file, or is damaged at its beginning.",
            "Check that it plays in a media player.",
            path=path,
        )
    reason = getattr(error, "strerror", None) or str(error)
    return MediaError(
        f"{path.name} cannot be read: {reason.lower()}.",
        "Check that it plays in a media player.",
        path=path,
    )


def _cut_short(path: Path, container: InputContainer, index: PacketIndex) -> str:
    """What is missing at the end of a movie, in a sentence; empty when it is whole."""
    if index.hidden and not index.pts:
        raise MediaError(
            f"The edit list of {path.name} shows none of its {index.hidden} frames.",
            "Export it again with the part that is to be seen.",
            path=path,
        )
    if not index.pts:
        raise MediaError(
            f"{path.name} holds not one whole frame.", "Copy or export it again.", path=path
        )
    if index.read < index.declared:
        return (
            f"{path.name} is cut short: only {index.read} of its {index.declared} frames"
            " can be read."
        )
    if index.declared or index.jumps or not container.duration or container.duration < 0:
        return ""
    said = Fraction(container.duration, av.time_base)
    # A clock that stands below 0 at first has not lost what it has not yet counted.
    begin = min(Fraction(0), Fraction(container.start_time or 0, av.time_base))
    if index.end - begin < said - max(Fraction(1), said * _MISSING_SHARE):
        return (
            f"{path.name} is cut short: only {len(index.pts)} frames, {float(index.end):.1f} s of"
            f" {float(said):.1f} s, can be read."
        )
    return ""
