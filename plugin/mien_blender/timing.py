"""Position of a strip's media in the scene's time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy

from .compat import Scene, Strip
from .problems import RefusedError

__all__ = ["Timing", "media_path", "timing"]

_SLACK = 0.02
"""Part of a movie's length by which Blender's count of frames may miss mien's."""


@dataclass(frozen=True)
class Timing:
    """Relation between frames of the media and of the scene.

    Attributes:
        start: Scene frame in which the media's frame 0 would be shown.
        rate: Frames of the media for each frame of the scene; 1 unless their rates differ.
        frames: Frames of the media.
        first: First scene frame in which the strip is seen.
        last: Scene frame after the last one in which it is seen.
    """

    start: float
    rate: float
    frames: int
    first: int
    last: int

    def scene_time(self, frame: int) -> float:
        """Return scene time, with fractions, of a frame of the media."""
        return self.start + frame / self.rate

    def media_frame(self, time: float) -> int:
        """Return the frame of the media at a scene time; may lie outside of the media."""
        # A frame begins a hair late where the rates' quotient is not exact.
        return math.floor((time - self.start) * self.rate + 1e-4)

    @property
    def visible(self) -> tuple[int, int]:
        """Frames of the media that are seen: first, and the one after the last."""
        first = max(0, self.media_frame(self.first))
        last = min(self.frames, self.media_frame(self.last - 1) + 1)
        return first, max(first, last)


def timing(scene: Scene, strip: Strip, frames: int) -> Timing:
    """Return the position of a strip's media in the scene.

    Args:
        scene: The scene that holds the strip.
        strip: A movie or image strip.
        frames: Frames of its media, as mien counts them.

    Raises:
        RefusedError: When the strip is retimed or runs backwards.
    """
    if getattr(strip, "use_reverse_frames", False) or len(getattr(strip, "retiming_keys", ())):
        raise _retimed(strip)
    # Before 4.5 frame_duration is in frames of the media, since then in frames of the scene.
    length = strip.frame_final_duration + strip.frame_offset_start + strip.frame_offset_end
    trim = strip.animation_offset_start
    # What a hard cut takes away is counted in frames of the media.
    kept = frames - trim - strip.animation_offset_end
    rate = 1.0
    if strip.type == "MOVIE":
        own = strip.fps * scene.render.fps_base / scene.render.fps or 1.0
        # Either frame by frame, or at the movie's own rate: whichever its length speaks for.
        rate = min((1.0, own), key=lambda rate: abs(length - kept / rate))
        # Blender guesses the length of some movies from their duration.
        if abs(length - kept / rate) > max(2, frames * _SLACK):
            raise RefusedError(
                f"Blender shows {length:.0f} frames of '{strip.name}', and the film has {kept}:"
                " it is retimed, or its frames do not come at a steady rate.",
                "Take the speed change away, or convert the film to a steady rate.",
            )
    start = strip.frame_start - trim / rate - _skipped(strip)
    return Timing(start, rate, frames, strip.frame_final_start, strip.frame_final_end)


def media_path(strip: Strip) -> str:
    """Return the absolute path of a strip's movie, or the pattern of its image sequence.

    Raises:
        RefusedError: When the strip shows neither.
    """
    if strip.type == "MOVIE":
        return str(_absolute(strip, strip.filepath))
    if strip.type == "IMAGE" and len(strip.elements) > 1:
        name = strip.elements[0].filename
        digits = _digits(name)
        if digits:
            pattern = f"{name[: digits.start()]}%0{len(digits[0])}d{name[digits.end() :]}"
            return str(_absolute(strip, strip.directory) / pattern)
    raise RefusedError(
        f"Strip '{strip.name}' is neither a movie nor an image sequence.",
        "Select a strip that shows one.",
    )


def _absolute(strip: Strip, path: str) -> Path:
    """Return a path of a strip; in a linked scene they are relative to that scene's file."""
    return Path(bpy.path.abspath(path, library=strip.id_data.library))


def _digits(name: str) -> re.Match[str] | None:
    """Return the number of an image: the last digits of its name, before the ending."""
    numbers = list(re.finditer(r"\d+", Path(name).stem))
    return numbers[-1] if numbers else None


def _skipped(strip: Strip) -> int:
    """Count the images of a sequence on disk that come before the strip's first one."""
    if strip.type != "IMAGE":
        return 0
    name = strip.elements[0].filename
    digits = _digits(name)
    if digits is None:
        return 0
    folder = _absolute(strip, strip.directory)
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        return 0
    first = _first_number(folder, name[: digits.start()], name[digits.end() :], changed)
    return int(digits[0]) - first if first is not None else 0


@lru_cache(maxsize=64)
def _first_number(folder: Path, head: str, tail: str, changed: int) -> int | None:
    """Return the lowest number of images in a folder, looked up anew after it has changed."""
    pattern = re.compile(f"{re.escape(head)}(\\d+){re.escape(tail)}")
    numbers = (int(m[1]) for f in folder.iterdir() if (m := pattern.fullmatch(f.name)))
    return min(numbers, default=None)


def _retimed(strip: Strip) -> RefusedError:
    return RefusedError(
        f"Strip '{strip.name}' is retimed; its pictures are not those of the film one by one.",
        "Take the speed change away, or render it to a movie first.",
    )
