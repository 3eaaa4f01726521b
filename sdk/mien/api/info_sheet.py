"""What a project holds as one picture: everybody with name, pictures and when they are seen."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mien._types import PathLike
from mien.api.face_pictures import FacePicture, face_pictures
from mien.api.info import describe_faces
from mien.io.files import written_whole
from mien.media.fonts import find_font
from mien.model.document import Document, Project
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.summary import summarize_project

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["write_info_sheet"]

_WIDTH: Final = 1000
_EDGE: Final = 24
"""Free space around everything, in pixels."""
_LINE: Final = 24
_PICTURE: Final = 150
_BAR: Final = 12
_ROW: Final = _LINE + _PICTURE + _BAR + _EDGE
_INK, _FAINT, _EMPTY = (34, 34, 34), (110, 110, 110), (238, 238, 238)
_SEEN, _WEAK = (58, 106, 165), (192, 80, 77)


def write_info_sheet(document: Document | Project, path: PathLike) -> None:
    """Write a contact sheet of who is in a project: names, pictures, and when they are seen.

    A line of the shot's time is dark where a face is seen, red where it is seen badly. Shots
    without faces show a few of their frames; those whose media are not at hand have no pictures.

    Args:
        document: The project, of one shot or several.
        path: The picture, `.png`.

    Raises:
        MediaError: When media that are there cannot be read.
        OutputError: When the picture cannot be put there.
        WriteError: When the disk is full.
    """
    from PIL import Image, ImageDraw

    shots = document.shots if isinstance(document, Document) else (document,)
    heights = [2 * _LINE + _EDGE + _ROW * max(1, len(one.shot.faces)) for one in shots]
    sheet = Image.new("RGB", (_WIDTH, _EDGE + sum(heights)), "white")
    draw, top = ImageDraw.Draw(sheet), _EDGE
    for project, height in zip(shots, heights, strict=True):
        _draw_shot(sheet, draw, top, project)
        top += height
    packed = io.BytesIO()
    sheet.save(packed, "PNG")
    with written_whole(Path(path)) as file:
        file.write(packed.getvalue())


def _draw_shot(sheet: Image, draw: ImageDraw, top: int, project: Project) -> None:
    facts, pictures = summarize_project(project), face_pictures(project)
    media, shot = facts["media"], project.shot
    _write(draw, top, facts["shot"], 20, _INK)
    lost = "" if project.online else " - its media are not at hand"
    size = f"{media['size'][0]} x {media['size'][1]}, {shot.clock}{lost}"
    _write(draw, top + _LINE + 4, f"{Path(media['path']).name}: {size}", 14, _FAINT)
    top += 2 * _LINE + _EDGE // 2
    for face, line in zip(shot.faces, describe_faces(facts), strict=True):
        _write(draw, top, line, 14, _INK)
        _paste(sheet, top + _LINE, pictures.get(face.number, ()))
        _draw_bar(draw, top + _LINE + _PICTURE + 4, face)
        top += _ROW
    if not shot.faces:
        _write(draw, top, "no faces", 14, _INK)
        _paste(sheet, top + _LINE, pictures.get(0, ()))


def _write(draw: ImageDraw, top: int, text: str, size: int, color: tuple[int, int, int]) -> None:
    font = find_font(size)
    while draw.textlength(text, font) > _WIDTH - 2 * _EDGE:
        text = text[: -max(2, len(text) // 20)] + "\N{HORIZONTAL ELLIPSIS}"
    draw.text((_EDGE, top), text, color, font)


def _paste(sheet: Image, top: int, pictures: Sequence[FacePicture]) -> None:
    from PIL import Image

    left = _EDGE
    for one in pictures:
        picture = Image.fromarray(one.pixels)
        # Of a wide film five frames do not stand side by side: they become smaller.
        room = (_WIDTH - 2 * _EDGE) // max(1, len(pictures)) - 6
        picture.thumbnail((room, _PICTURE))
        sheet.paste(picture, (left, top))
        left += picture.width + 6


def _draw_bar(draw: ImageDraw, top: int, face: Face) -> None:
    frames = len(face.confidence)
    scale = (_WIDTH - 2 * _EDGE) / max(1, frames)
    spans = [(0, frames, _EMPTY)]
    spans += [(run.start, run.stop, _SEEN) for run in frame_runs(face.confidence > 0)]
    spans += [(one.span.start, one.span.stop, _WEAK) for one in face.weak_spans()]
    for start, stop, color in spans:
        left = _EDGE + round(start * scale)
        right = max(left, _EDGE + round(stop * scale) - 1)
        draw.rectangle((left, top, right, top + _BAR - 4), color)
