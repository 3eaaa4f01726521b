"""What output is made of: codecs, the containers that hold them, their pixel formats.

The codec follows the source, the container follows the extension, and the pixel format is
the source's own, or the nearest that loses nothing the codec can keep.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import av

from mien.errors import OutputError
from mien.media.orient import standing
from mien.media.rate_control import RATE_CONTROLS, check_rate, choose_rate
from mien.media.sequence import Pattern
from mien.model.media import MediaInfo, Orientation
from mien.model.quality import Quality

__all__ = [
    "CODECS",
    "CONTAINERS",
    "IMAGES",
    "Codec",
    "Encoding",
    "alpha_loss",
    "choose_encoding",
    "has_alpha",
]


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec of the output.

    Attributes:
        name: The name by which `--codec` chooses it.
        encoder: FFmpeg's encoder.
        options: Options of the encoder, whatever the quality (`RATE_CONTROLS`).
        lossless: Options that keep every code value; None when it cannot.
        formats: Pixel formats in which it is written; all of the encoder's when empty.
        tag: Four letters that name it in MP4 and MOV, where players insist on them.
    """

    name: str
    encoder: str
    options: Mapping[str, str] = field(default_factory=dict)
    lossless: Mapping[str, str] | None = None
    formats: tuple[str, ...] = ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one output is encoded.

    Attributes:
        codec: The codec.
        container: FFmpeg's name of the container; "" for images.
        pixel_format: FFmpeg's name of the pixel format.
        options: Options of the encoder.
        quality: How well it is encoded, in a few words.
        notes: What of the quality that was asked for the codec cannot follow, a sentence each.
    """

    codec: Codec
    container: str
    pixel_format: str
    options: Mapping[str, str]
    quality: str = "lossless"
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.codec.name} ({self.quality})" if self.quality else self.codec.name

    def orientation(self, source: Orientation) -> Orientation:
        """The orientation of what is written: upright where the container can say no other."""
        return standing(source) if self.container in WITHOUT_MATRIX else source


_QUIET_X265: Final = "log-level=error"
# SVT-AV1 writes pages to standard error unless its environment says: errors only.
os.environ.setdefault("SVT_LOG", "1")
_FFV1: Final = {"level": "3", "g": "1", "slicecrc": "1"}
_DEFLATE: Final = {"compression_algo": "deflate"}

CODECS: Final[dict[str, Codec]] = {
    codec.name: codec
    for codec in (
        Codec("h264", "libx264", lossless={"preset": "medium", "qp": "0"}),
        Codec(
            "hevc",
            "libx265",
            {"x265-params": _QUIET_X265},
            {"preset": "medium", "x265-params": f"{_QUIET_X265}:lossless=1"},
            tag="hvc1",
        ),
        Codec("prores", "prores_ks", {"vendor": "apl0"}),
        Codec("dnxhr", "dnxhd"),
        Codec("ffv1", "ffv1", _FFV1, _FFV1),
        Codec(
            "vp9",
            "libvpx-vp9",
            {"row-mt": "1"},
            {"lossless": "1", "row-mt": "1", "cpu-used": "4"},
        ),
        Codec("av1", "libsvtav1"),
        Codec(
            "png",
            "png",
            lossless={},
            formats=("rgb24", "rgba", "rgb48be", "rgba64be", "gray", "gray16be", "ya8", "ya16be"),
        ),
        Codec(
            "tif",
            "tiff",
            _DEFLATE,
            _DEFLATE,
            formats=("rgb24", "rgba", "rgb48le", "rgba64le", "gray", "gray16le"),
        ),
        Codec(
            "dpx",
            "dpx",
            lossless={},
            formats=("rgb24", "rgba", "gbrp10be", "gbrp12be", "rgb48be", "rgba64be", "gray"),
        ),
        Codec("exr", "exr", lossless={}),
    )
}

CONTAINERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    ".mp4": ("mp4", ("h264", "hevc", "av1", "vp9")),
    ".m4v": ("mp4", ("h264", "hevc")),
    ".mov": ("mov", ("h264", "hevc", "prores", "dnxhr")),
    ".mkv": ("matroska", ("h264", "hevc", "prores", "ffv1", "vp9", "av1")),
    ".webm": ("webm", ("vp9", "av1")),
    ".mxf": ("mxf", ("dnxhr", "prores")),
}
"""Extension to FFmpeg's container and the codecs it holds, the default first."""
IMAGES: Final[dict[str, str]] = {
    ".png": "png",
    ".tif": "tif",
    ".tiff": "tif",
    ".dpx": "dpx",
    ".exr": "exr",
}
"""Extension of a sequence's images to the codec."""
CONSTANT_RATE: Final = ("mxf",)
"""Containers that cannot say when a frame is shown, only how many there are a second."""
WITHOUT_MATRIX: Final = ("mxf", "")
"""Containers that cannot say how a picture is turned; MXF, and images."""

_DEEP_CODECS: Final = ("hevc", "prores", "dnxhr", "ffv1", "av1")
_EVEN_CODECS: Final = ("h264", "hevc")
"""Codecs whose encoders refuse odd sizes in 4:2:0; an odd picture is written in 4:4:4."""
_ALPHA_FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    "libx265": (),
    "libvpx-vp9": ("yuva420p",),
}
"""Of encoders that list more formats with alpha than they open with, those that they do."""
_SIDE_BLOCKS: Final = ("webm", "matroska")
"""Containers with blocks beside the pictures, in which the alpha of VP9 lies."""
_FAMILY: Final = {"dnxhd": "dnxhr", "libx264": "h264"}
_PLAYABLE: Final = {"h264": ("yuv420p", "yuv420p10le"), "hevc": ("yuv420p", "yuv420p10le")}
"""What players play of codecs whose source is R'G'B'."""
_ALPHA_FAMILY: Final = {"vp8": "vp9"}
"""The nearest codec that keeps alpha."""
_ALPHA_OUTPUTS: Final = ".mov with prores, .webm with vp9, .mkv with ffv1 and images keep it."
_WASTE: Final = 5
"""Entries of `_Traits.loss` before those that only cost space."""


def choose_encoding(
    path: Path,
    source: MediaInfo,
    *,
    codec: str | None = None,
    lossless: bool = False,
    quality: Quality | None = None,
) -> Encoding:
    """How an output is encoded.

    Args:
        path: The output: its extension is the container.
        source: The source, whose codec and pixel format are kept where nothing else is said.
        codec: Name of a codec; None for the source's, or the container's where it cannot
            hold the source's.
        lossless: Whether every code value must be kept.
        quality: How well it is encoded; None for visually lossless.

    Raises:
        UsageError: When it is to be lossless, and the quality says otherwise.
        OutputError: When the extension, the codec and what is asked do not go together.
    """
    quality = Quality.of(quality, lossless=lossless)
    if codec is not None and codec not in CODECS:
        raise OutputError(
            f"There is no codec '{codec}'.",
            f"Choose one of {', '.join(sorted(CODECS))}.",
            choices=sorted(CODECS),
        )
    extension = path.suffix.lower()
    if Pattern.parse(path) is not None:
        chosen, container, pixel_format = _images(path, extension, source, codec, quality.lossless)
    else:
        chosen, container, pixel_format = _movie(path, extension, source, codec, quality.lossless)
    if quality.lossless:
        check_rate(chosen.name, quality)
        options, preset = dict(chosen.lossless or {}), quality.preset
        if preset is not None:
            options[RATE_CONTROLS[chosen.name].preset_option] = preset
        words = "lossless" if preset is None else f"lossless, preset {preset}"
        return Encoding(chosen, container, pixel_format, options, words)
    rate = choose_rate(chosen.name, pixel_format, quality)
    options = {**chosen.options, **rate.options}
    return Encoding(chosen, container, pixel_format, options, rate.words, rate.notes)


def _movie(
    path: Path, extension: str, source: MediaInfo, codec: str | None, lossless: bool
) -> tuple[Codec, str, str]:
    """Codec, container and pixel format of a movie."""
    if extension in IMAGES:
        raise OutputError(
            f"{path.name} is one image, not a sequence.",
            f"Write its pattern, as {path.stem}.%04d{extension}.",
        )
    if extension not in CONTAINERS:
        raise OutputError(
            f"'{extension or path.name}' is no kind of file that can be written.",
            f"Use {', '.join(CONTAINERS)}, or images as name.%04d.exr.",
        )
    container, held = CONTAINERS[extension]
    if codec is not None and codec not in held:
        raise OutputError(
            f"A {extension} file cannot hold {codec}.", f"Use {_extensions_for(codec)} for {codec}."
        )
    if source.clock.times is not None and container in CONSTANT_RATE:
        raise OutputError(
            f"{source.path.name} has a variable frame rate, which {extension} cannot hold.",
            "Write .mov, .mp4 or .mkv.",
        )
    chosen = CODECS[codec] if codec else _default(held, source, lossless, container)
    if not _deep_enough(chosen, source):
        raise OutputError(
            f"{chosen.name} in {extension} would cut {source.path.name} from {source.bits} bits"
            " to 8.",
            "Choose hevc, prores, dnxhr, ffv1 or av1 with --codec.",
        )
    pixel_format = _pixel_format(chosen, source, lossless)
    if chosen.name == "vp9" and container not in _SIDE_BLOCKS and pixel_format == "yuva420p":
        pixel_format = None if lossless else "yuv420p"
    if lossless and (chosen.lossless is None or pixel_format is None):
        raise OutputError(
            f"{chosen.name} in {extension} cannot keep {source.pixel_format} without loss.",
            "Write .mkv with ffv1, or images as name.%04d.exr, or leave out --lossless.",
        )
    assert pixel_format is not None
    return chosen, container, pixel_format


def _images(
    path: Path, extension: str, source: MediaInfo, codec: str | None, lossless: bool
) -> tuple[Codec, str, str]:
    """Codec, no container, and pixel format of a sequence of images."""
    if extension not in IMAGES:
        raise OutputError(
            f"Images cannot be written as {extension}.", f"Use {', '.join(sorted(IMAGES))}."
        )
    chosen = CODECS[IMAGES[extension]]
    if codec not in (None, chosen.name):
        raise OutputError(
            f"{path.name} cannot hold {codec}.", f"Use {_extensions_for(str(codec))} for {codec}."
        )
    pixel_format = _pixel_format(chosen, source, lossless)
    if pixel_format is None:
        raise OutputError(
            f"{chosen.name} cannot keep {source.pixel_format} without loss.",
            "Write .mkv with ffv1, or leave out --lossless.",
        )
    return chosen, "", pixel_format


def _default(held: Sequence[str], source: MediaInfo, lossless: bool, container: str) -> Codec:
    """The source's own codec where the container holds it, else the container's nearest."""
    if lossless:
        able = [n for n in held if CODECS[n].lossless is not None]
        # FFV1 is made for it; the others are its stand-ins where a container lacks it.
        able.sort(key=lambda n: n != "ffv1")
        fitting = [n for n in able if _pixel_format(CODECS[n], source, lossless=True)]
        return CODECS[(fitting or able or list(held))[0]]
    own = _FAMILY.get(source.codec, source.codec)
    likely = [own, *_DEEP_CODECS, *held] if source.bits > 8 else [own, *held]
    if has_alpha(source.pixel_format):
        # Where the family has to be left, to one that keeps what is transparent.
        keeping = [n for n in held if n == _ALPHA_FAMILY.get(own)]
        keeping += [n for n in held if _keeps_alpha(CODECS[n], source, container)]
        likely = [own, *keeping, *likely]
    able = [n for n in likely if n in held and _deep_enough(CODECS[n], source)]
    return CODECS[(able or list(held))[0]]


def has_alpha(pixel_format: str) -> bool:
    """Whether a pixel format says how transparent each pixel is."""
    if pixel_format.startswith(("rgbf", "grayf")):
        return False
    return _Traits.of(pixel_format).alpha


def _keeps_alpha(codec: Codec, source: MediaInfo, container: str) -> bool:
    """Whether a codec is written in a pixel format that keeps what is transparent."""
    if codec.name == "vp9" and container not in _SIDE_BLOCKS:
        return False
    pixel_format = _pixel_format(codec, source, lossless=False)
    return pixel_format is not None and has_alpha(pixel_format)


def alpha_loss(source: MediaInfo, encoding: Encoding, output: Path) -> str:
    """Says that an output does not keep what is transparent; empty where it does.

    Args:
        source: Facts of the source.
        encoding: How the output is encoded.
        output: The output.
    """
    exr = encoding.codec.name == "exr"
    if not source.alpha or (exr and (source.container == "exr" or has_alpha(source.pixel_format))):
        return ""
    if not exr and has_alpha(source.pixel_format) and has_alpha(encoding.pixel_format):
        return ""
    suffix = output.suffix.lower()
    if not has_alpha(source.pixel_format):
        return (
            f"The alpha of {source.path.name} is left out: that of EXR belongs to linear light;"
            " .exr keeps it."
        )
    return (
        f"The alpha of {source.path.name} is left out: {encoding.codec.name} in {suffix} holds"
        f" none. {_ALPHA_OUTPUTS}"
    )


def _deep_enough(codec: Codec, source: MediaInfo) -> bool:
    pixel_format = _pixel_format(codec, source, lossless=False)
    return pixel_format is not None and (source.bits <= 8 or _Traits.of(pixel_format).bits > 8)


def _pixel_format(codec: Codec, source: MediaInfo, lossless: bool) -> str | None:
    """The format of the encoder that is nearest to the source's; None if it would lose."""
    name = source.pixel_format
    if codec.name == "exr":
        return "rgbf32" if source.bits > 16 else "rgbf16"
    if name.startswith(("rgbf", "grayf")):
        if lossless:
            return None
        # Linear floating point is shown through a curve; 16 bits hold it, where there are 16.
        name = "gbrp16le"
    wanted = _Traits.of(name)
    formats = codec.formats or _encoder_formats(codec.encoder)
    if codec.name in _EVEN_CODECS:
        formats = tuple(f for f in formats if _fits(f, source.orientation))
    if name in formats:
        return name
    if wanted.rgb and codec.name in _PLAYABLE and not lossless:
        playable = _PLAYABLE[codec.name][source.bits > 8]
        if playable in formats:
            return playable
    with_alpha = _ALPHA_FORMATS.get(codec.encoder)
    if wanted.alpha and with_alpha and not lossless:
        return with_alpha[0]
    best = min(formats, key=lambda f: (*_Traits.of(f).loss(wanted), f))
    if lossless and any(_Traits.of(best).loss(wanted)[:_WASTE]):
        return None
    return best


def _fits(pixel_format: str, orientation: Orientation) -> bool:
    """Whether chroma samples divide the picture without a rest."""
    width, height = _Traits.of(pixel_format).chroma
    steps = [256 // size if size else 1 for size in (width, height)]
    return orientation.width % steps[0] == 0 and orientation.height % steps[1] == 0


@dataclass(frozen=True, slots=True)
class _Traits:
    """What matters of a pixel format when another one stands in for it."""

    rgb: bool
    bits: int
    chroma: tuple[int, int]
    alpha: bool
    full: bool
    planar: bool

    @classmethod
    def of(cls, name: str) -> _Traits:
        pixel_format = av.VideoFormat(name)
        components = pixel_format.components
        gray = len([c for c in components if not c.is_alpha]) < 3
        wide = (pixel_format.chroma_width(1 << 8), pixel_format.chroma_height(1 << 8))
        return cls(
            rgb=pixel_format.is_rgb,
            bits=max(c.bits for c in components),
            chroma=(0, 0) if gray else wide,
            alpha=any(c.is_alpha for c in components),
            full=name.startswith("yuvj"),
            planar=pixel_format.is_planar,
        )

    def loss(self, wanted: _Traits) -> tuple[int, ...]:
        """How much is lost when this stands in for `wanted`, worst first, then waste."""
        chroma = sum(max(0, w - c) for c, w in zip(self.chroma, wanted.chroma, strict=True))
        extra = sum(self.chroma) - sum(wanted.chroma)
        return (
            int(self.chroma == (0, 0) != wanted.chroma),
            int(self.rgb != wanted.rgb),
            max(0, wanted.bits - self.bits),
            chroma,
            int(wanted.alpha and not self.alpha),
            max(0, self.bits - wanted.bits) + (8 if self.alpha and not wanted.alpha else 0),
            max(0, extra),
            int(self.full != wanted.full) + int(self.planar != wanted.planar),
        )


@lru_cache(maxsize=16)
def _encoder_formats(encoder: str) -> tuple[str, ...]:
    try:
        codec = av.Codec(encoder, "w")
    except (av.error.EncoderNotFoundError, ValueError) as error:
        raise OutputError(
            f"This build of PyAV has no encoder {encoder}.", "Choose another --codec."
        ) from error
    return tuple(
        f.name
        for f in codec.video_formats or ()
        if not f.has_palette and "f16" not in f.name and "f32" not in f.name
        if not _Traits.of(f.name).alpha or f.name in _ALPHA_FORMATS.get(encoder, (f.name,))
    )


def _extensions_for(codec: str) -> str:
    movies = [ext for ext, (_, held) in CONTAINERS.items() if codec in held]
    images = [f"name.%04d{ext}" for ext, name in IMAGES.items() if name == codec]
    return " or ".join(movies + images)
