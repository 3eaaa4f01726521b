"""Shots that the server has open: opened when first needed, and again after it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from . import server
from .animation import Samples
from .client import Client, pack, unpack
from .compat import Strip
from .jobs import Task
from .rig import CONTROLS
from .server import Waiting
from .state import project_file, project_id
from .timing import media_path

__all__ = ["Curves", "curves_of", "gaps", "opened", "set_edits"]

LAYER = "blender"
"""Layer that Blender's F-curves fill in mien's projects."""
THUMBNAIL = 128


class Curves:
    """Curves of a face over its shot.

    Args:
        answer: `CurvesResult` of the protocol.

    Attributes:
        controls: By control, a value for every frame; held over frames without the face.
        valid: Whether the face can be edited, for every frame.
        flame: FLAME coefficients, 55 for every frame; empty when they were not asked for.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        self.valid: list[bool] = answer["valid"]
        self.controls = {
            name: _held(unpack(values), self.valid) for name, values in answer["controls"].items()
        }
        flat = unpack(answer["flame"]["values"]) if answer.get("flame") else ()
        self.flame = [flat[i : i + 55] for i in range(0, len(flat), 55)]


def opened(strip: Strip, task: Task) -> Waiting[tuple[Client, str]]:
    """Open the shot of a tracked strip; return the server and the shot's handle.

    Args:
        strip: The strip.
        task: Shows how far large media are read through, and stops that when it is cancelled.

    Raises:
        ServeError: When the strip is not tracked, or its media are not found.
    """
    project, media = project_file(strip), media_path(strip)
    key = (project_id(strip), media)
    client = yield from server.connect()
    handles = server.shots()
    if key not in handles:
        job = client.open(path=str(project), media=media)
        handles[key] = (yield from task.await_job(job))["shot"]
    return client, handles[key]


def curves_of(
    client: Client, shot: str, face: int, *, which: str = "performance", **more: Any
) -> Waiting[Curves]:
    """Fetch the curves of a face.

    Args:
        client: The server.
        shot: Handle of the shot.
        face: Number of the face.
        which: `performance` or `target`.
        **more: Further parameters of the protocol's `curves`.
    """
    answer = client.ask(
        "curves", shot=shot, face=face, which=which, controls=list(CONTROLS), encoding="f32", **more
    )
    return Curves((yield from server.wait(answer)))


def set_edits(
    client: Client, shot: str, face: int, samples: Iterable[Samples]
) -> Future[dict[str, Any]]:
    """Send the edit of a face, and return the answer's future.

    Requests are served in their order, so what follows need not wait for the answer.
    """
    sampled = [
        {"control": s.control, "mode": "add", "start": s.start, "values": pack(s.values)}
        for s in samples
    ]
    layers = [{"name": LAYER, "tracks": sampled}] if sampled else []
    return client.ask("set_edits", shot=shot, face=face, layers=layers)


def gaps(valid: Sequence[bool]) -> str:
    """Return the frames that are not valid, as `4-9 30-31`."""
    spans: list[str] = []
    first = None
    for frame, fine in enumerate([*valid, True]):
        if not fine and first is None:
            first = frame
        elif fine and first is not None:
            spans.append(f"{first}-{frame - 1}")
            first = None
    return " ".join(spans)


def _held(values: Sequence[float], valid: Sequence[bool]) -> list[float]:
    """Return the values with the last valid one held where there is none."""
    held = next((v for v, fine in zip(values, valid, strict=True) if fine), 0.0)
    result = []
    for value, fine in zip(values, valid, strict=True):
        held = value if fine else held
        result.append(held)
    return result
