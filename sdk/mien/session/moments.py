"""Commands that let an expression come and go around a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from mien.errors import UsageError
from mien.model.document import Document
from mien.session.places import find_track, track_at
from mien.session.values import set_expression, set_track_value

__all__ = ["MANNERS", "Manner", "apply_expression"]

Manner = Literal["moment", "onwards", "key"]
"""How an expression is applied: it comes and goes, it comes and stays, or it is only keyed."""
MANNERS: Final[tuple[Manner, ...]] = get_args(Manner)


def apply_expression(
    document: Document,
    shot: str,
    face: int,
    expression: str | Mapping[str, float],
    strength: float,
    frame: int,
    *,
    manner: Manner = "moment",
    reach: int = 12,
    layer: str = "edit",
) -> Document:
    """A document in which a face wears an expression at a frame.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        expression: Name of an expression or viseme, or weights by control.
        strength: How much of it.
        frame: The frame at which it is worn in full.
        manner: With `moment` what was asked before is keyed `reach` frames before and after,
            so that nothing changes beyond; with `onwards` only before; with `key` not at all.
        reach: Frames over which it comes and goes.
        layer: Name of the layer; made when it is missing.

    Raises:
        UsageError: When there is no such manner, or `reach` is below 1.
        UnknownControlError: When nothing has one of the names.
        TimeError: When the frame lies outside the shot.
    """
    if manner not in MANNERS:
        raise UsageError(f"'{manner}' is no manner.", f"Choose one of {', '.join(MANNERS)}.")
    if reach < 1:
        raise UsageError(f"An expression cannot come over {reach} frames.", "Give 1 or more.")
    names = (expression,) if isinstance(expression, str) else tuple(expression)
    last = document.shot(shot).shot.clock.frame_count - 1
    edges = {"moment": (frame - reach, frame + reach), "onwards": (frame - reach,), "key": ()}
    # What is asked at the edges is read before anything is set: it is to stay as it is.
    kept = [
        (edge, _values(document, shot, face, names, edge, layer))
        for edge in edges[manner]
        if 0 <= edge <= last
    ]
    document = set_expression(
        document, shot, face, expression, strength, frame, layer=layer, auto_key=True
    )
    for edge, values in kept:
        document = set_track_value(document, shot, face, values, edge, layer=layer, auto_key=True)
    return document


def _values(
    document: Document, shot: str, face: int, names: tuple[str, ...], frame: int, layer: str
) -> dict[str, float]:
    """What the tracks of names have at a frame; nothing where there is no track."""
    found = {}
    for name in names:
        ref = find_track(document, shot, face, layer, name)
        found[name] = 0.0 if ref is None else float(track_at(document, ref).values([frame])[0])
    return found
