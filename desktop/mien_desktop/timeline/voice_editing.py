"""Editing of what voices say: other shapes of the mouth, other words."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QMenu

from mien._types import FloatArray
from mien.model.document import Document
from mien.model.expressions import VISEMES
from mien.model.speech import Speech
from mien.model.voice import Voice
from mien.session.voices import change_phones, say_again
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.speech import VoiceMark, word_at
from mien_desktop.menu_entries import add_entry
from mien_desktop.timeline.surface import TimelineSurface
from mien_desktop.timeline.voice_drags import MovePhoneEdge

__all__ = ["VoiceEditing", "fill_phone"]

_WORD, _TEXT = 110, 320
"""Least width of a field in which a word is typed, or all of the text."""


class VoiceEditing:
    """Editing of the speech of layers that voices made.

    Args:
        surface: The timeline, over which words are typed.
    """

    def __init__(self, surface: TimelineSurface) -> None:
        self._surface = surface
        self._workspace = surface.workspace

    def drag(self, lane: Lane, mark: VoiceMark, x: float) -> MovePhoneEdge:
        """Return the drag of a phone's edge that was pressed at a pixel of the widget."""
        return MovePhoneEdge(
            self._workspace, lane, mark.index, mark.part, x, self._surface.scene,
            self._loudness(lane),
        )  # fmt: skip

    def set_viseme(self, lane: Lane, index: int, viseme: str) -> None:
        """Give a phone another shape of the mouth, or its own again; the keys follow."""
        voice, shot = _voice(lane), self._workspace.state.shot
        assert shot is not None
        assert lane.layer is not None
        phone, face, layer = voice.speech.phones[index], lane.face.number, lane.layer.name
        speech = change_phones(voice.speech, index, viseme=viseme)
        loudness = self._loudness(lane)

        def change(document: Document) -> Document:
            return say_again(document, shot, face, layer, speech, loudness)

        name = f"{viseme} for {phone.name}" if viseme else f"{phone.name} as it is"
        self._workspace.apply(name, change)

    def retype(self, lane: Lane, x: float | None = None) -> None:
        """Type another word, or all of the text; it is aligned again over the same span.

        Args:
            lane: The lane of the voice.
            x: Where a word was pointed at; None for all of the text.
        """
        voice, scene, layer = _voice(lane), self._surface.scene, lane.layer
        assert layer is not None
        words = _words(voice, scene.seconds.tolist())
        under = None if x is None else word_at(voice.speech, scene.voice_time(voice, x))
        texts = [text for _, text in words]
        place = next((i for i, (n, _) in enumerate(words) if under and n == under[0]), None)
        top = scene.top(scene.lanes.rows.index(lane))
        if place is None or under is None:
            left = max(scene.edge(voice.span.start), scene.bands.names)
            right = min(scene.edge(voice.span.stop), scene.width)
            text, least, name = " ".join(texts), _TEXT, "What is said"
        else:
            left, right = (scene.voice_x(voice, s) for s in (under[1].start, under[1].stop))
            text, least, name = texts[place], _WORD, "The word"
        width = max(right - left, least)
        left = max(min(left, scene.width - width), scene.bands.names)

        def take(typed: str) -> None:
            said = (
                typed if place is None else " ".join([*texts[:place], typed, *texts[place + 1 :]])
            )
            if said.strip():
                self._surface.voice_work.retype(lane.face.number, layer, said.strip())

        self._surface.type_at(QRect(round(left), top, round(width), ROW), text, name, take)

    def _loudness(self, lane: Lane) -> FloatArray | None:
        shot = self._workspace.now.shot
        assert shot is not None
        return self._surface.scene.loudness.get(_voice(lane).sound or shot.media.path)


def fill_phone(menu: QMenu, editing: VoiceEditing, lane: Lane, mark: VoiceMark | None) -> None:
    """Fill the menu of a phone with the shapes that the mouth can take for it.

    Args:
        menu: The menu.
        editing: Runs the entries.
        lane: The lane of the voice.
        mark: What is under the pointer.
    """
    speech: Speech = _voice(lane).speech
    if mark is not None and mark.kind != "word":
        phone = speech.phones[mark.index]
        shapes = (("", f"Its own ({phone.name})"), *((one.name, one.name) for one in VISEMES))
        below = menu.addMenu(f"Shape of the mouth for {phone.name}")
        for name, text in shapes:
            action = add_entry(below, text, partial(editing.set_viseme, lane, mark.index, name))
            action.setCheckable(True)
            action.setChecked(phone.viseme == name)
            if not name:
                below.addSeparator()
    add_entry(menu, "Retype what is said…", partial(editing.retype, lane))


def _voice(lane: Lane) -> Voice:
    assert lane.layer is not None
    assert lane.layer.voice is not None
    return lane.layer.voice


def _words(voice: Voice, edges: list[float]) -> list[tuple[int, str]]:
    """Words of the span, with which of the speech each is; not those heard before and after it."""
    first, last = edges[voice.span.start] - voice.start, edges[voice.span.stop] - voice.start
    return [
        (index, word.text)
        for index, word in enumerate(voice.speech.words)
        if first < (word.start + word.stop) / 2 < last
    ]
