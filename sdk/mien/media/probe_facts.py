"""The facts of media in words and in JSON's types: what mien goes by, and what an output keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mien.media.carried import left_out
from mien.media.codecs import CONTAINERS, IMAGES, Encoding, alpha_loss, choose_encoding
from mien.media.display_matrix import display_matrix, display_turn
from mien.media.lost_tags import lost_tags
from mien.media.probe import first_frame
from mien.media.tags import picture_tags
from mien.model.media import MediaInfo

__all__ = ["default_output", "media_facts", "output_facts"]

_UNSPECIFIED: Final = "unspecified"
_RANGES: Final = {0: _UNSPECIFIED, 1: "limited", 2: "full"}
# ITU-T H.273, tables 2 to 4, by the names that FFmpeg gives them.
_PRIMARIES: Final = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS: Final = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear",
    9: "log100", 10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1",
    14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
_MATRICES: Final = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco",
    9: "bt2020nc", 10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc",
    13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip


def media_facts(media: MediaInfo) -> dict[str, Any]:
    """Facts of media in JSON's types.

    Args:
        media: The facts.
    """
    clock, shape, color = media.clock, media.orientation, media.color
    first = media.pts[0] * media.time_base if media.pts else 0
    width, height = shape.upright_size
    return {
        "path": str(media.path).encode(errors="replace").decode(),
        "kind": media.kind,
        "container": media.container,
        "stream": media.stream,
        "codec": media.codec,
        "pixel_format": media.pixel_format,
        "bits": media.bits,
        "alpha": media.alpha,
        "coded_width": shape.width,
        "coded_height": shape.height,
        "pixel_aspect": str(shape.pixel_aspect),
        "width": width,
        "height": height,
        "rotation": 90 * shape.quarter_turns,
        "mirrored": shape.mirrored,
        "rate": str(clock.rate),
        "constant_rate": clock.times is None,
        "frames": clock.frame_count,
        "hidden_frames": media.hidden_frames,
        "cut_short": media.cut_short or None,
        "start": float(first),
        "duration": float(clock.seconds(clock.frame_count)),
        "timecode": None if clock.start is None else str(clock.start),
        "field_order": media.field_order or None,
        "color": {
            "primaries": _name(_PRIMARIES, color.primaries),
            "transfer": _name(_TRANSFERS, color.transfer),
            "matrix": _name(_MATRICES, color.matrix),
            "range": _RANGES.get(color.range, _UNSPECIFIED),
        },
        "audio_streams": media.audio_streams,
        "subtitle_streams": media.subtitle_streams,
        "chapters": media.chapters,
        "bit_rate": media.bit_rate or None,
        "streams": [
            {
                "number": one.number,
                "kind": one.kind,
                "codec": one.codec,
                "description": one.description,
                "language": one.language or None,
                "title": one.title or None,
                "default": one.default,
                "opened": one.number == media.stream,
            }
            for one in media.streams
        ],
        "fingerprint": media.fingerprint,
    }


def default_output(media: MediaInfo) -> Path:
    """An output of the source's own kind, where mien writes it; else Matroska."""
    suffix = media.path.suffix.lower()
    if media.kind == "sequence":
        return Path(f"output.%04d{suffix if suffix in IMAGES else '.png'}")
    return Path(f"output{suffix if suffix in CONTAINERS else '.mkv'}")


def output_facts(media: MediaInfo, output: Path, codec: str | None = None) -> dict[str, Any]:
    """What an output would be, and what of the media it would not keep, in JSON's types.

    Args:
        media: Facts of the media.
        output: The output; it need not be writable.
        codec: Name of its codec; None for the source's family.

    Raises:
        OutputError: When the extension and the codec do not go together.
    """
    encoding: Encoding = choose_encoding(output, media, codec=codec)
    alpha = alpha_loss(media, encoding, output)
    return {
        "output": str(output),
        "codec": encoding.codec.name,
        "quality": encoding.quality,
        "pixel_format": encoding.pixel_format,
        "left_out": [
            *([alpha] if alpha else []),
            *left_out(media, output),
            *_lost(media, encoding),
        ],
    }


def _lost(media: MediaInfo, encoding: Encoding) -> tuple[str, ...]:
    """Return what is said of the picture and cannot be said of the output's."""
    if media.kind != "movie":
        return ()
    picture = first_frame(media.path, media.stream)
    turn = display_turn(display_matrix(picture))
    tags = picture_tags(media.path, media.stream, picture)
    return lost_tags(media, encoding, tags, exact=turn is None or turn.exact)


def _name(names: Mapping[int, str], number: int) -> str:
    """The name of a colour tag; its number where it has none."""
    return _UNSPECIFIED if number in (2, 3) else names.get(number, str(number))
