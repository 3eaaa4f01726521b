"""Edits that can be taken back later, by another process: what each step changed, layer by layer.

A step holds the layers as they were before it, and a digest of each as the step left it. So it is
taken back only where nobody changed these layers since, and all other layers stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mien.errors import NothingToDoError, UsageError
from mien.model.edits import Edit, Layer
from mien.model.listing import list_names
from mien.model.shot import Shot

__all__ = ["EditHistory", "EditStep", "LayerChange"]

_STEPS: Final = 20
"""Steps that are kept."""
_KEYS: Final = 50_000
"""Keys that all steps together hold at most; the last step is kept whatever it takes."""
_Layers = Mapping[int, tuple[Layer, ...]]
"""Layers by the number of their face."""


@dataclass(frozen=True, slots=True)
class LayerChange:
    """The change of one layer of a face by a step.

    Attributes:
        face: Number of the face.
        name: Name of the layer.
        index: Where it was among the face's layers, 0 at the bottom; where it came to be when
            there was none.
        before: The layer before the step; None when there was none.
        after: Digest of the layer after the step; empty when there was none.
    """

    face: int
    name: str
    index: int
    before: Layer | None
    after: str

    def __repr__(self) -> str:
        return f"LayerChange('{self.name}' of face {self.face}, {self.before!r})"

    @property
    def keys(self) -> int:
        """Keys that it holds."""
        return 0 if self.before is None else sum(len(one.keys) for one in self.before.tracks)


@dataclass(frozen=True, slots=True)
class EditStep:
    """One change of a shot's edits that can be taken back.

    Attributes:
        title: What it did, in a line.
        changes: The layers that it changed.
    """

    title: str
    changes: tuple[LayerChange, ...]

    def __repr__(self) -> str:
        layers = list_names([f"'{one.name}' of face {one.face}" for one in self.changes])
        return f"EditStep({self.title[:60]!r}, {layers})"


@dataclass(frozen=True, slots=True)
class EditHistory:
    """The last changes of a shot's edits, and those that were taken back.

    Attributes:
        done: Steps that can be taken back, the last one last.
        undone: Steps that were taken back and can be done again, the next one last.
    """

    done: tuple[EditStep, ...] = ()
    undone: tuple[EditStep, ...] = ()

    def __repr__(self) -> str:
        return f"EditHistory({len(self.done)} done, {len(self.undone)} undone)"

    def recorded(self, before: Sequence[Edit], after: Sequence[Edit], title: str) -> EditHistory:
        """Return this history with a step more; what was taken back is forgotten.

        Args:
            before: The edits as they were.
            after: The edits as they are.
            title: What was done, in a line.
        """
        changes = _changes(_layers(before), _layers(after))
        if not changes:
            return self
        return EditHistory(_bounded((*self.done, EditStep(title, changes))))

    def without_faces(self, numbers: Collection[int]) -> EditHistory:
        """Return this history without what it holds of some faces.

        Args:
            numbers: Numbers that are somebody else's now.
        """

        def kept(steps: Iterable[EditStep]) -> tuple[EditStep, ...]:
            changes = ((step, tuple(c for c in step.changes if c.face not in numbers))
                       for step in steps)  # fmt: skip
            return tuple(EditStep(step.title, left) for step, left in changes if left)

        return EditHistory(kept(self.done), kept(self.undone)) if numbers else self

    def undo(self, shot: Shot, edits: Sequence[Edit]) -> tuple[tuple[Edit, ...], EditHistory]:
        """Return edits without the last step, and the history then.

        Args:
            shot: The shot.
            edits: Its edits.

        Raises:
            NothingToDoError: When there is no step.
            UsageError: When a layer was changed since by other means, or its face is gone.
        """
        if not self.done:
            raise NothingToDoError("No edit of the command line is left to take back.")
        edits, turned = _turned_back(self.done[-1], shot, edits, "taken back")
        return edits, EditHistory(self.done[:-1], _bounded((*self.undone, turned)))

    def redo(self, shot: Shot, edits: Sequence[Edit]) -> tuple[tuple[Edit, ...], EditHistory]:
        """Return edits with the step that was taken back last, and the history then.

        Raises:
            NothingToDoError: When none was taken back.
            UsageError: When a layer was changed since by other means, or its face is gone.
        """
        if not self.undone:
            raise NothingToDoError("No edit of the command line was taken back.")
        edits, turned = _turned_back(self.undone[-1], shot, edits, "done again")
        return edits, EditHistory(_bounded((*self.done, turned)), self.undone[:-1])


def _layers(edits: Sequence[Edit]) -> _Layers:
    return {edit.face.number: edit.layers for edit in edits}


def _changes(before: _Layers, after: _Layers) -> tuple[LayerChange, ...]:
    found = []
    for face in sorted({*before, *after}):
        old = {layer.name: (place, layer) for place, layer in enumerate(before.get(face, ()))}
        new = {layer.name: (place, layer) for place, layer in enumerate(after.get(face, ()))}
        for name in dict.fromkeys((*old, *new)):
            place, was = old.get(name, (0, None))
            there, now = new.get(name, (0, None))
            if was != now:
                place = there if was is None else place
                found.append(LayerChange(face, name, place, was, _digest(now)))
    return tuple(found)


def _turned_back(
    step: EditStep, shot: Shot, edits: Sequence[Edit], what: str
) -> tuple[tuple[Edit, ...], EditStep]:
    """Edits as they were before a step, and the step that leads back."""
    layers = {number: list(found) for number, found in _layers(edits).items()}
    numbers = {face.number for face in shot.faces}
    turned = []
    for change in reversed(step.changes):
        face = layers.setdefault(change.face, [])
        place = next((i for i, one in enumerate(face) if one.name == change.name), None)
        now = None if place is None else face[place]
        if change.face not in numbers or _digest(now) != change.after:
            gone = "is gone" if change.face not in numbers else "was changed since by other means"
            raise UsageError(
                f"'{step.title}' cannot be {what}: layer '{change.name}' of face {change.face}"
                f" {gone}.",
                "Set or remove what is to change, as with `mien edit`, or in the editor.",
            )
        back = replace(
            change, before=now, after=_digest(change.before),
            index=change.index if place is None else place,
        )  # fmt: skip
        turned.append(back)
        if place is not None:
            del face[place]
        if change.before is not None:
            face.insert(change.index if place is None else place, change.before)
    made = tuple(Edit(shot.face(number), layers[number]) for number in sorted(layers)
                 if layers[number])  # fmt: skip
    return made, EditStep(step.title, tuple(reversed(turned)))


def _bounded(steps: tuple[EditStep, ...]) -> tuple[EditStep, ...]:
    """The last of some steps, as many as are kept."""
    kept: list[EditStep] = []
    room = _KEYS
    for step in reversed(steps[-_STEPS:]):
        room -= sum(change.keys for change in step.changes)
        if kept and room < 0:
            break
        kept.append(step)
    return tuple(reversed(kept))


def _digest(layer: Layer | None) -> str:
    """What tells a layer from any other; of no layer, nothing."""
    if layer is None:
        return ""
    tracks = [
        (
            track.control, track.mode, None if track.span is None else str(track.span), track.fade,
            [(k.frame, float(k.value), k.interpolation, _pair(k.handle_in), _pair(k.handle_out))
             for k in track.keys],
        )
        for track in layer.tracks
    ]  # fmt: skip
    text = repr((layer.name, float(layer.weight), layer.muted, tracks))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def _pair(handle: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if handle is None else (float(handle[0]), float(handle[1]))
