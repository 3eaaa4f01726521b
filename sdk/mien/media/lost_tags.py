"""What an output says less than its source, in sentences."""

from __future__ import annotations

from mien.media.codecs import WITHOUT_MATRIX, Encoding
from mien.media.hdr import WRITES_HDR
from mien.media.header_tags import HeaderTags
from mien.media.tags import PictureTags
from mien.model.media import MediaInfo, Orientation

__all__ = ["CODES_FIELDS", "header_tags", "holds_hdr", "lost_tags"]

_HEADERS_WITH_HDR = ("matroska", "webm", "mp4", "mov")
_IMAGES_WITH_HDR = ("png",)
CODES_FIELDS = ("h264", "prores")
"""Codecs whose encoders code fields where the source has them."""
_LOSES_NO_FIELDS = (*CODES_FIELDS, "ffv1")
_PROGRESSIVE_ONLY = ("webm", "mxf", "")
"""Containers that say nothing of fields: WebM, images, and MXF as FFmpeg writes it."""
_SAY_ASPECT = ("h264", "hevc")
"""Codecs whose own stream has the pixel aspect where FFmpeg reads it."""
_NAMES = {"matroska": "Matroska", "webm": "WebM", "mxf": "MXF", "mp4": "MP4", "mov": "MOV"}


def holds_hdr(encoding: Encoding) -> bool:
    """Tell whether an output holds a mastering display and light levels."""
    if not encoding.container:
        return encoding.codec.name in _IMAGES_WITH_HDR
    return encoding.codec.name in WRITES_HDR or encoding.container in _HEADERS_WITH_HDR


def header_tags(encoding: Encoding, written: Orientation, tags: PictureTags) -> HeaderTags | None:
    """What has to be written into an output's header, where its codec does not say it.

    Args:
        encoding: How the output is encoded.
        written: Size and pixel aspect of its pictures.
        tags: What the source says.
    """
    codec, container = encoding.codec.name, encoding.container
    aspect, mastering, light = None, None, None
    silent = codec not in _SAY_ASPECT and container in ("matroska", "webm")
    if written.pixel_aspect != 1 and (silent or (codec, container) == ("dnxhr", "mxf")):
        aspect = written.pixel_aspect
    if codec not in WRITES_HDR and container in _HEADERS_WITH_HDR:
        mastering, light = tags.mastering, tags.light
    order = tags.field_order if (codec, container) == ("dnxhr", "mov") else 0
    if aspect is None and mastering is None and light is None and not order:
        return None
    return HeaderTags((written.width, written.height), aspect, mastering, light, order)


def lost_tags(
    source: MediaInfo, encoding: Encoding, tags: PictureTags, *, exact: bool
) -> tuple[str, ...]:
    """Name what is said of the source's picture and cannot be said of the output's.

    Args:
        source: Facts of the source.
        encoding: How the output is encoded.
        tags: What the source says.
        exact: Whether its display matrix is one of the eight of quarter turns and mirrors.
    """
    name, container = source.path.name, encoding.container
    kind = _NAMES.get(container, f"{encoding.codec.name.upper()} images")
    notes = []
    if not exact:
        kept = (
            f"{kind} has it upright there" if container in WITHOUT_MATRIX else "the angle is kept"
        )
        notes.append(f"{name} is turned by no quarter turn: it is edited at the nearest, {kept}")
    if (tags.mastering or tags.light) and not holds_hdr(encoding):
        notes.append(f"the mastering display and light levels of {name} are lost in {kind}")
    notes.extend(
        f"the {dynamic} metadata of {name} is lost: it differs from frame to frame, and mien's"
        " encoders cannot write it"
        for dynamic in tags.dynamic
    )
    if (tags.interlaced or tags.field_order > 1) and container in _PROGRESSIVE_ONLY:
        notes.append(f"{name} is interlaced, which {kind} does not say: frames hold both fields")
    elif tags.interlaced and encoding.codec.name not in _LOSES_NO_FIELDS:
        codec = encoding.codec.name.upper().replace("DNXHR", "DNxHR")
        notes.append(
            f"{name} is interlaced: {kind} says so, but frames are coded whole in {codec}, both"
            " fields in one"
        )
    if tags.chapters and container in ("mxf", ""):
        notes.append(f"the chapters of {name} are lost: {kind} has none")
    if source.clock.start is not None and not container:
        notes.append(f"the start timecode {source.clock.start} of {name} is lost in {kind}")
    return tuple(notes)
