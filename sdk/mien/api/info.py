"""What a project holds: as data, and as a page with pictures of everybody in it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from mien._types import PathLike
from mien.api.face_pictures import FacePicture, face_pictures
from mien.errors import MediaError
from mien.io.files import written_whole
from mien.io.html_page import html_page, html_text
from mien.model.document import Document, Project
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.summary import summarize_project

__all__ = ["describe_faces", "write_info_page"]

_SPANS: Final = 5
"""Spans of a face that are named."""
_QUALITY: Final = 85
_STYLE: Final = """
.people td { vertical-align: middle; } .people img { height: 110px; margin-right: 4px; }
.bar { width: 100%; height: 12px; background: #eee; display: block; }
.missing { color: #b00020; } code { font-size: .9em; }
"""


def write_info_page(document: Document | Project, path: PathLike, title: str = "") -> None:
    """Write a page that shows what a project holds; it needs nothing but itself.

    For every shot: its media, everybody in it with pictures and when they are seen, and the
    edits. Shots whose media are not at hand have no pictures, and say so.

    Args:
        document: The project, of one shot or several.
        path: The page, `.html`.
        title: Its title.

    Raises:
        MediaError: When media that are there cannot be read.
        OutputError: When the page cannot be put there.
        WriteError: When the disk is full.
    """
    shots = document.shots if isinstance(document, Document) else (document,)
    path = Path(path)
    body = "".join(_shot(project) for project in shots)
    page = html_page(title or path.stem, body or "<p>No shots.</p>", _STYLE)
    with written_whole(path) as file:
        file.write(page.encode("utf-8", "replace"))


def describe_faces(facts: Mapping[str, Any]) -> list[str]:
    """Say in a line each who is in a shot.

    Args:
        facts: What `summarize_project` says of it.
    """
    lines = []
    for face in facts["faces"]:
        spans = ", ".join(f"{start}:{stop}" for start, stop in face["spans"][:_SPANS])
        more = len(face["spans"]) - _SPANS
        lines.append(
            f"{face['number']} {face['name']}: seen in {face['frames_seen']} frames"
            f" ({spans}{f' and {more} spans more' if more > 0 else ''}),"
            f" confidence {face['confidence']:.2f}{_neutral(face['neutral'])}"
            f"{'' if face['smoothing'] == 'adaptive' else ', smoothed: ' + face['smoothing']}"
            f"{'' if face['consent'] is None else ', by consent of ' + _performer(face)}"
        )
    return lines


def _performer(face: Mapping[str, Any]) -> str:
    return str(face["consent"]["performer"])


def _neutral(chosen: Mapping[str, Any] | None) -> str:
    if chosen is None:
        return ""
    if chosen["picture"]:
        return f", neutral as in {chosen['picture']}"
    where = "at rest" if chosen["frame"] is None else f"in frame {chosen['frame']}"
    return f", neutral as {where}"


def _shot(project: Project) -> str:
    facts = summarize_project(project)
    media = facts["media"]
    pictures = {
        number: "".join(map(_image, found)) for number, found in face_pictures(project).items()
    }
    lost = '<p class="missing">Its media are not at hand.</p>' if not project.online else ""
    rows = "".join(
        f"<tr><td>{face.number}</td><td>{html_text(face.name)}</td>"
        f"<td>{pictures.get(face.number, '')}{_bar(face)}</td>"
        f"<td>{html_text(line.partition(': ')[2])}</td></tr>"
        for face, line in zip(project.shot.faces, describe_faces(facts), strict=True)
    )
    stills = f'<p class="people">{pictures[0]}</p>' if 0 in pictures else ""
    people = f'<table class="people">{rows}</table>' if rows else f"<p>No faces.</p>{stills}"
    return (
        f"<h2>{html_text(facts['shot'])}</h2>"
        f"<p>{html_text(media['path'])}<br>{media['size'][0]} x {media['size'][1]},"
        f" {html_text(project.shot.clock)}</p>{lost}{people}{_edits(facts['edits'])}"
    )


def _bar(face: Face) -> str:
    """A line of the shot's time, dark where a face is seen, red where it is seen badly."""
    frames = len(face.confidence)
    seen = [(run.start, run.stop, "#3a6ea5") for run in frame_runs(face.confidence > 0)]
    weak = [(one.span.start, one.span.stop, "#c0504d") for one in face.weak_spans()]
    parts = "".join(
        f'<rect x="{a}" width="{b - a}" height="1" fill="{color}"/>' for a, b, color in seen + weak
    )
    return (
        f'<svg class="bar" viewBox="0 0 {frames} 1" preserveAspectRatio="none"'
        f' role="img" aria-label="when it is seen">{parts}</svg>'
    )


def _edits(edits: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for edit in edits:
        for layer in edit["layers"]:
            state = ", muted" if layer["muted"] else ""
            for track in layer["tracks"]:
                keys = track["keys"]
                told = ", ".join(f"{key['frame']}: {key['value']:g}" for key in keys[:8])
                more = f" and {len(keys) - 8} keys more" if len(keys) > 8 else ""
                span = "" if track["span"] is None else " in {}:{}".format(*track["span"])
                rows.append(
                    f"<tr><td>face {edit['face']}</td><td>{html_text(layer['name'])}{state}</td>"
                    f"<td>{html_text(track['control'])}</td><td>{track['mode']}{span}</td>"
                    f"<td><code>{html_text(told)}{more}</code></td></tr>"
                )
    head = "<tr><th>face</th><th>layer</th><th>control</th><th>mode</th><th>keys</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>" if rows else "<p>No edits.</p>"


def _image(picture: FacePicture) -> str:
    import cv2

    done, packed = cv2.imencode(
        ".jpg",
        np.ascontiguousarray(picture.pixels[..., ::-1]),
        [cv2.IMWRITE_JPEG_QUALITY, _QUALITY],
    )
    if not done:
        raise MediaError(f"Frame {picture.frame} cannot be made a picture of.")
    coded = base64.b64encode(packed.tobytes()).decode()
    title = f"frame {picture.frame}"
    return f'<img src="data:image/jpeg;base64,{coded}" alt="{title}" title="{title}">'
