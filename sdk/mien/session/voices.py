"""Commands on voices that drive mouths: from a document to a changed one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.model.document import Document
from mien.model.edits import Edit, Layer
from mien.model.speech import Phone, Speech
from mien.session.lookup import change_edit

__all__ = ["change_phones", "say_again", "set_voice_layer"]


def set_voice_layer(document: Document, shot: str, face: int, layer: Layer) -> Document:
    """Return a document with a layer that a voice made (`mien.voice`, off the main thread).

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        layer: The layer, which takes the place of one with that name.

    Raises:
        UsageError: When there is no such shot.
        NoFaceError: When the shot has no such face.
    """
    return change_edit(document, shot, face, lambda edit: edit.with_layer(layer))


def say_again(
    document: Document,
    shot: str,
    face: int,
    layer: str,
    speech: Speech,
    loudness: npt.NDArray[np.float32] | None = None,
) -> Document:
    """Return a document in which a layer says other speech: its keys are made anew.

    Weight and mute of the layer stay; keys that were moved by hand are gone.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        layer: Name of a layer that a voice made.
        speech: What is said now.
        loudness: Of the sound, every 10 ms; None counts as even.

    Raises:
        UsageError: When there is no such shot, or no voice made the layer.
        NothingToDoError: When nothing is said in its span.
    """
    # Decoders of sound come with it, which a window does not wait for.
    from mien.api.voices import speaking_voice

    def changed(edit: Edit) -> Edit:
        old = _voiced(edit, layer)
        assert old.voice is not None
        fade = old.tracks[0].fade if old.tracks else 0
        voice = replace(old.voice, speech=speech)
        new = speaking_voice(edit.face, voice, loudness=loudness, name=layer, ease=fade)
        return edit.with_layer(replace(new, weight=old.weight, muted=old.muted))

    return change_edit(document, shot, face, changed)


def change_phones(speech: Speech, index: int, *, start: float | None = None,
                  stop: float | None = None, viseme: str | None = None) -> Speech:  # fmt: skip
    """Return speech in which a phone begins or ends at another time, or takes another shape.

    A neighbour that the edge runs into gives way, down to a hundredth of a second; one that
    touched it goes along.

    Args:
        speech: The speech.
        index: Which phone.
        start: Seconds at which it begins now; None leaves it.
        stop: Seconds at which it ends now; None leaves it.
        viseme: Shape of the mouth; empty for the phone's own, None leaves it.

    Raises:
        UsageError: When there is no such phone.
    """
    if not 0 <= index < len(speech.phones):
        raise UsageError(f"There is no phone {index}.", f"There are {len(speech.phones)}.")
    phones = list(speech.phones)
    if viseme is not None:
        phones[index] = replace(phones[index], viseme=viseme)
    if start is not None:
        _move_start(phones, index, start)
    if stop is not None:
        _move_stop(phones, index, stop)
    return replace(speech, phones=tuple(phones))


_SHORTEST: Final = 0.01
"""Seconds of a phone at least."""
_TOUCH: Final = 1e-6


def _move_start(phones: list[Phone], index: int, time: float) -> None:
    phone = phones[index]
    before = phones[index - 1] if index else None
    low = -math.inf if before is None else before.start + _SHORTEST
    time = min(max(time, low), phone.stop - _SHORTEST)
    if before is not None and before.stop > min(time, phone.start - _TOUCH):
        phones[index - 1] = replace(before, stop=time)
    phones[index] = replace(phone, start=time)


def _move_stop(phones: list[Phone], index: int, time: float) -> None:
    phone = phones[index]
    after = phones[index + 1] if index + 1 < len(phones) else None
    high = math.inf if after is None else after.stop - _SHORTEST
    time = max(min(time, high), phone.start + _SHORTEST)
    if after is not None and after.start < max(time, phone.stop + _TOUCH):
        phones[index + 1] = replace(after, start=time)
    phones[index] = replace(phone, stop=time)


def _voiced(edit: Edit, name: str) -> Layer:
    layers: Sequence[Layer] = edit.layers
    for layer in layers:
        if layer.name == name and layer.voice is not None:
            return layer
    raise UsageError(f"No voice made a layer '{name}'.", "`mien voice` makes one.")
