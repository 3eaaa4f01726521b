"""Image sequences: `shot.%04d.exr`, `.png`, `.dpx`, `.tif`, read like a movie."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from mien.errors import DamagedMediaError, MediaError, MienError
from mien.folder_limits import check_path
from mien.media.apart import apart
from mien.media.base_reader import BaseReader, Lost, damaged
from mien.media.cache import ByteCache
from mien.media.display_matrix import frame_orientation
from mien.media.exr import ExrPicture, read_exr
from mien.media.fingerprint import fingerprint
from mien.media.frame import Frame, MoviePicture, Picture
from mien.media.index import open_movie
from mien.media.prefetch import decode_ahead
from mien.model.listing import list_numbers
from mien.model.media import ColorTags, MediaInfo, MissingFrames, Orientation
from mien.timebase import Clock, Timecode

__all__ = [
    "EXTENSIONS", "Pattern", "SequenceReader", "find_sequence", "first_file", "is_image",
    "probe_image", "probe_sequence",
]  # fmt: skip

EXTENSIONS: Final = (".exr", ".png", ".dpx", ".tif", ".tiff", ".jpg", ".jpeg", ".tga", ".bmp")
"""Images that can be the frames of a sequence."""
DEFAULT_RATE: Final = Fraction(24)
"""Frames a second of images that do not say: that of film, for which EXR and DPX were made."""

_MOST_FRAMES: Final = 1_000_000
"""Frames of a sequence with gaps: one stray image does not make a year of held frames."""

_WIDEST: Final = Fraction(4)
"""The widest pixels that are believed; those of anamorphic lenses are up to twice as wide."""
_PLACEHOLDER = re.compile(r"%0?(\d*)d")
_NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """The names of a sequence's images: a folder, and a name around a number.

    Attributes:
        folder: Where the images are.
        prefix: The name before the number.
        suffix: The name after the number, with the extension.
        digits: Digits to which the number is filled with zeros.
    """

    folder: Path
    prefix: str
    suffix: str
    digits: int

    @classmethod
    def parse(cls, path: Path) -> Pattern | None:
        """Read `shot.%04d.exr`; None when there is no placeholder of a number."""
        match = _PLACEHOLDER.search(path.name)
        if match is None or path.suffix.lower() not in EXTENSIONS:
            return None
        digits = int(match[1] or 1)
        return cls(path.parent, path.name[: match.start()], path.name[match.end() :], digits)

    @property
    def path(self) -> Path:
        """The pattern as it is written, with its placeholder."""
        return self.folder / f"{self.prefix}%0{self.digits}d{self.suffix}"

    def file(self, number: int) -> Path:
        """The image with a number."""
        return self.folder / f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    def numbers(self) -> list[int]:
        """Numbers of the images that are there, ascending."""
        if not self.folder.is_dir():
            return []
        return self.numbers_among(entry.name for entry in self.folder.iterdir())

    def numbers_among(self, names: Iterable[str]) -> list[int]:
        """Numbers of the images among some files, ascending.

        Args:
            names: Names of files, without their folder.
        """
        wanted = re.compile(re.escape(self.prefix) + r"(\d+)" + re.escape(self.suffix))
        numbers = []
        for name in names:
            match = wanted.fullmatch(name)
            if match and self.file(int(match[1])).name == name:
                numbers.append(int(match[1]))
        return sorted(numbers)


def find_sequence(path: Path) -> Pattern | None:
    """The sequence that a path names: by its pattern, or by one of its images.

    Raises:
        MediaError: When the path is an image without a number.
    """
    pattern = Pattern.parse(path)
    if pattern is not None or path.suffix.lower() not in EXTENSIONS or not os.path.isfile(path):
        return pattern
    if not path.stat().st_size:
        return None
    match = _NUMBER.search(path.stem)
    if match is None:
        raise MediaError(
            f"{path.name} is a still image, not a shot.",
            f"Give a movie, or number the images as {path.stem}.0001{path.suffix}.",
            path=path,
        )
    prefix, suffix = path.stem[: match.start()], path.stem[match.end() :] + path.suffix
    return Pattern(path.parent, prefix, suffix, len(match[1]))


def first_file(path: Path) -> Path:
    """The file by which other programs open a movie or sequence: of images, the first."""
    pattern = Pattern.parse(path)
    numbers = [] if pattern is None else pattern.numbers()
    return pattern.file(numbers[0]) if pattern is not None and numbers else path


def is_image(path: Path) -> bool:
    """Tell whether a path names one image, and not the pattern of a sequence."""
    return path.suffix.lower() in EXTENSIONS and Pattern.parse(path) is None


@apart
def probe_image(path: Path) -> MediaInfo:
    """The facts of one image, whatever its name: a sequence of one frame.

    Raises:
        MediaError: When it is missing or cannot be read.
    """
    picture = _read(path)
    try:
        return _facts(path, path, picture, 1, fingerprint([path]), 0)
    except (OSError, ValueError) as error:
        if isinstance(error, MienError):
            raise
        raise MediaError(
            f"{path.name} cannot be read as an image.", "Save it as a PNG or JPEG.", path=path
        ) from error


def probe_sequence(
    pattern: Pattern, *, until_damage: bool = False, missing_frames: MissingFrames = "error"
) -> MediaInfo:
    """The facts of an image sequence.

    Args:
        pattern: Its pattern.
        until_damage: Whether a sequence with a gap is the images before it, in place of an error.
        missing_frames: What stands for images that are missing between others: `hold` the one
            before, `black`, or an error.

    Raises:
        DamagedMediaError: When numbers are missing.
        MediaError: When there are no images, or none can be read.
    """
    numbers = pattern.numbers()
    if not numbers:
        raise MediaError(
            f"There are no images {pattern.path}.",
            "Check the pattern, as in shot.%04d.exr.",
            path=pattern.path,
        )
    first, cut_short = numbers[0], ""
    count = numbers[-1] - first + 1
    missing: tuple[int, ...] = ()
    if count != len(numbers):
        gap = next(a + 1 for a, b in itertools.pairwise(numbers) if b != a + 1)
        if count > _MOST_FRAMES or missing_frames == "error":
            cut_short = _gaps(pattern, numbers, count)
        if cut_short and not until_damage:
            raise DamagedMediaError(
                cut_short,
                "Render or copy the missing images, have the image before each in its place with"
                " --missing-frames hold, or take those before the gap with --until-damage.",
                path=pattern.path,
                frame=gap - first,
            )
        if cut_short:
            count = gap - first
        else:
            present = set(numbers)
            missing = tuple(one for one in range(first, numbers[-1]) if one not in present)
    picture = _read(pattern.file(first))
    content = fingerprint([pattern.file(first), pattern.file(numbers[-1])])
    facts = _facts(pattern.path, pattern.file(first), picture, count, content, first)
    return replace(facts, cut_short=cut_short, missing_frames=missing_frames, missing=missing)


def _gaps(pattern: Pattern, numbers: list[int], count: int) -> str:
    """Name the images that a sequence lacks, in a sentence."""
    if count > _MOST_FRAMES:
        return (
            f"{pattern.path.name} runs from image {numbers[0]} to {numbers[-1]}, and has"
            f" {len(numbers)} of these."
        )
    present = set(numbers)
    missing = [one for one in range(numbers[0], numbers[-1]) if one not in present]
    if len(missing) == 1:
        return f"{pattern.path.name} has a gap: {pattern.file(missing[0]).name} is missing."
    return (
        f"{pattern.path.name} has gaps: {len(missing)} of its {count} images are missing"
        f" ({list_numbers(missing)})."
    )


def _facts(
    path: Path, file: Path, picture: Picture, count: int, content: str, first_number: int
) -> MediaInfo:
    rate, start = DEFAULT_RATE, None
    color, metadata = ColorTags(), {}
    plate, extension = picture.plate(), _extension(path)
    orientation = Orientation(plate.width, plate.height)
    if isinstance(picture, ExrPicture):
        header = picture.headers[0]
        rate = _exr_rate(header)
        start = _exr_timecode(header, rate)
        said = float(header.get("pixelAspectRatio", 1.0))
        finite = said if math.isfinite(said) else 1.0
        aspect = _plausible(Fraction(finite).limit_denominator(1000))
        orientation = replace(orientation, pixel_aspect=aspect)
        metadata = {k: v for k, v in header.items() if isinstance(v, str)}
    elif isinstance(picture, MoviePicture):
        video = picture.video
        color = ColorTags(
            video.color_primaries, video.color_trc, video.colorspace, video.color_range
        )
        # Photographs say how the camera was held (EXIF), as movies do.
        orientation = frame_orientation(video, _pixel_aspect(file), path)
    return MediaInfo(
        path=path,
        kind="sequence",
        container=extension,
        codec=extension,
        pixel_format=plate.layout.name,
        bits=plate.layout.bits,
        orientation=orientation,
        clock=Clock(rate, count, None, start),
        time_base=1 / rate,
        pts=tuple(range(count)),
        color=color,
        fingerprint=content,
        first_number=first_number,
        metadata=metadata,
        alpha=_has_alpha(picture),
    )


def _pixel_aspect(file: Path) -> Fraction:
    """Width of an image's pixels over their height, by its header (PNG, TIFF, DPX, JPEG)."""
    with open_movie(file) as container:
        return _plausible(container.streams.video[0].sample_aspect_ratio)


def _plausible(aspect: Fraction | None) -> Fraction:
    """A pixel aspect that some camera or lens has; 1 in place of what is not set in a header."""
    return aspect if aspect and 1 / _WIDEST <= aspect <= _WIDEST else Fraction(1)


def _has_alpha(picture: Picture) -> bool:
    if isinstance(picture, ExrPicture):
        return picture.alpha is not None
    return isinstance(picture, MoviePicture) and any(
        component.is_alpha for component in picture.video.format.components
    )


class SequenceReader(BaseReader):
    """Frames of an image sequence, or one image.

    Args:
        facts: Facts of the sequence.
        cache_bytes: Bytes of pictures that random access keeps.
    """

    def __init__(self, facts: MediaInfo, *, cache_bytes: int) -> None:
        pattern = Pattern.parse(facts.path)
        if pattern is None and not is_image(facts.path):
            raise MediaError(
                f"{facts.path} is no pattern of images.", "Write shot.%04d.exr.", path=facts.path
            )
        super().__init__(facts)
        self._pattern = pattern
        self._missing = frozenset(facts.missing)
        self._black: Picture | None = None
        self._cache: ByteCache[int, Frame] = ByteCache(cache_bytes)

    @property
    def held(self) -> int:
        """Bytes of decoded pictures kept for random access."""
        return self._cache.held

    def frame(self, index: int) -> Frame:
        """The frame with an index; see `Reader.frame`."""
        self._check_index(index)
        frame = self._cache.get(index)
        if frame is None:
            frame = self._decode(index)
            self._cache.put(index, frame, frame.picture.nbytes)
        return frame

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """The frames from `start` to `stop`, decoded ahead; see `Reader.stream`."""
        return decode_ahead(self._each(self._indices(start, stop), lost))

    def close(self) -> None:
        """Let go of the pictures kept."""
        self._cache.clear()

    def _each(self, indices: range, lost: Lost | None) -> Iterator[Frame]:
        for index in indices:
            try:
                frame = self._decode(index)
            except DamagedMediaError:
                if lost is None:
                    raise
                lost(range(index, index + 1))
                continue
            yield frame

    def _decode(self, index: int) -> Frame:
        facts = self._facts
        file, number = facts.path, facts.first_number + index
        if number in self._missing:
            if facts.missing_frames == "black":
                return Frame(index, facts.pts[index], facts.orientation, self._black_picture())
            # The first image is always there.
            while number in self._missing:
                number -= 1
        if self._pattern is not None:
            file = self._pattern.file(number)
        try:
            picture = _read(file)
        except MediaError as error:
            why = error.cause.rstrip(".")
            raise damaged(facts, index, why, file) from error
        plate = picture.plate()
        size = (facts.orientation.width, facts.orientation.height)
        if (plate.width, plate.height) != size or plate.layout.name != facts.pixel_format:
            raise DamagedMediaError(
                f"{file.name} is {plate.width} x {plate.height}"
                f" {plate.layout.name}, but the sequence is {size[0]} x {size[1]}"
                f" {facts.pixel_format}.",
                "Give images of one size and format.",
                path=file,
                frame=index,
            )
        return Frame(index, facts.pts[index], facts.orientation, picture)

    def _black_picture(self) -> Picture:
        """A picture like the others, without light."""
        if self._black is None:
            first = self.frame(0).picture
            self._black = first.with_plate(first.plate().black())
        return self._black


def _extension(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _read(path: Path) -> Picture:
    check_path(path)
    if not os.path.isfile(path):
        raise MediaError(f"There is no image {path}.", "Check its name and the folder.", path=path)
    if _extension(path) == "exr":
        return read_exr(path)
    try:
        with open_movie(path) as container:
            for frame in container.decode(video=0):
                if frame.is_corrupt:
                    raise MediaError(
                        f"{path.name} is damaged or cut short.",
                        "Copy or render it again.",
                        path=path,
                    )
                return MoviePicture(frame)
    except MienError:
        raise
    except (av.FFmpegError, OSError, IndexError) as error:
        raise MediaError(
            f"{path.name} cannot be read as an image.", "Copy or render it again.", path=path
        ) from error
    raise MediaError(f"{path.name} holds no picture.", "Copy or render it again.", path=path)


def _exr_rate(header: Mapping[str, Any]) -> Fraction:
    rate = header.get("framesPerSecond")
    if rate is None:
        return DEFAULT_RATE
    numerator, denominator = getattr(rate, "n", None), getattr(rate, "d", None)
    try:
        if numerator and denominator:
            found = Fraction(int(numerator), int(denominator))
        else:
            found = Fraction(float(rate)).limit_denominator(1001)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_RATE
    return found if found > 0 else DEFAULT_RATE


def _exr_timecode(header: Mapping[str, Any], rate: Fraction) -> Timecode | None:
    code = header.get("timeCode")
    if code is None:
        return None
    mark = ";" if code.dropFrame else ":"
    text = f"{code.hours:02}:{code.minutes:02}:{code.seconds:02}{mark}{code.frame:02}"
    return Timecode.parse(text, rate)
