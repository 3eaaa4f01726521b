"""A drag of a phone's edge: the keys of its layer follow; one step of undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from mien._types import FloatArray
from mien.model.document import Document
from mien.model.speech import Speech
from mien.session.voices import change_phones, say_again, set_voice_layer
from mien_desktop.geometry.lanes import Lane
from mien_desktop.timeline.drags import DocumentDrag
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.workspace import Workspace

__all__ = ["MovePhoneEdge"]

_AT_ONCE: Final = 40
"""Phones whose keys are made anew with every step of a drag; of more when it ends."""
_FINEST: Final = 1000
"""Steps a second that a drag makes."""


class MovePhoneEdge(DocumentDrag):
    """A drag of the edge of a phone in time.

    Args:
        workspace: Where it is.
        lane: The lane of the voice.
        index: Which phone.
        part: Which edge.
        x: Where the pointer was pressed.
        scene: The timeline at the press.
        loudness: Of the sound, every 10 ms; None counts as even.
    """

    def __init__(
        self,
        workspace: Workspace,
        lane: Lane,
        index: int,
        part: Literal["start", "stop"],
        x: float,
        scene: TimelineScene,
        loudness: FloatArray | None,
    ) -> None:
        assert lane.layer is not None
        assert lane.layer.voice is not None
        self._voice, self._layer, self._face = lane.layer.voice, lane.layer, lane.face.number
        self._index, self._part, self._loudness = index, part, loudness
        self._phone = self._voice.speech.phones[index]
        edge = self._phone.start if part == "start" else self._phone.stop
        # The edge stays as far from the pointer as it was.
        self._away = scene.voice_x(self._voice, edge) - x
        self._time: float | None = None
        super().__init__(workspace, f"Move {self._phone.name}")

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Follow the pointer; with Ctrl to the edge of the nearest frame."""
        x += self._away
        if free:
            x = scene.edge(round(scene.axis.time(x - scene.bands.names) + 0.5))
        time = round(scene.voice_time(self._voice, x) * _FINEST) / _FINEST
        self._time = time
        way = "from" if self._part == "start" else "to"
        self.overlay.note = f"{self._phone.name} {way} {self._voice.start + time:.2f} s"
        at_once = len(self._voice.speech.spoken) <= _AT_ONCE
        self.change(time, self._said if at_once else self._moved)

    def finish(self, *, keep: bool) -> None:
        """End the step, with the keys as they are said now."""
        if keep and self._time is not None and len(self._voice.speech.spoken) > _AT_ONCE:
            self.change(("keys", self._time), self._said)
        super().finish(keep=keep)

    def _said(self, document: Document) -> Document:
        shot = self.workspace.state.shot
        assert shot is not None
        return say_again(
            document, shot, self._face, self._layer.name, self._speech(), self._loudness
        )

    def _moved(self, document: Document) -> Document:
        shot = self.workspace.state.shot
        assert shot is not None
        layer = replace(self._layer, voice=replace(self._voice, speech=self._speech()))
        return set_voice_layer(document, shot, self._face, layer)

    def _speech(self) -> Speech:
        if self._part == "start":
            return change_phones(self._voice.speech, self._index, start=self._time)
        return change_phones(self._voice.speech, self._index, stop=self._time)
