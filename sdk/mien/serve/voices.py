"""Voices that drive mouths, as a host asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mien import api
from mien.errors import UsageError
from mien.model.document import Project
from mien.model.shot import Shot
from mien.model.soundtrack import Soundtrack
from mien.model.voice import MouthAmounts
from mien.serve import messages as say
from mien.speech.files import read_phones

__all__ = ["Change", "P", "R", "mute", "rendered_sound", "resync", "speak"]

P = TypeVar("P", say.VoiceParams, say.MuteMouthParams, say.ResyncMouthParams)
R = TypeVar("R", say.VoiceResult, say.MuteMouthResult, say.ResyncMouthResult)
Change = Callable[[Project, P], tuple[Project, R]]
"""From a project and what is asked to the project with it, and what is answered."""


def speak(project: Project, params: say.VoiceParams) -> tuple[Project, say.VoiceResult]:
    """Return the project in which a face says something, and what it says.

    Raises:
        MienError: As `mien.voice`.
    """
    told = [params.text, params.text_path, params.phones_path]
    if sum(value is not None for value in told) > 1:
        raise UsageError(
            "text, text_path and phones_path are one thing each.", "Give one of them, or none."
        )
    given = MouthAmounts.given(params.jaw, params.lips)
    spoken = api.voice(
        project,
        params.sound,
        text=params.text if params.text_path is None else Path(params.text_path),
        speech=None if params.phones_path is None else read_phones(Path(params.phones_path)),
        language=params.language, by=params.by, span=_span(params.span), face=params.face,
        mode=params.mode, amounts=given,
        layer=params.layer, ease=params.ease,
    )  # fmt: skip
    made = spoken.layer.voice
    assert made is not None
    return spoken.project, say.VoiceResult(
        layer=spoken.layer.name,
        frames=[made.span.start, made.span.stop],
        keys=sum(len(track.keys) for track in spoken.layer.tracks),
        phones=[
            say.PhoneFacts(phone=p.name, start=p.start, stop=p.stop) for p in made.speech.phones
        ],
        words=[say.WordFacts(word=w.text, start=w.start, stop=w.stop) for w in made.speech.words],
        heard_by=made.speech.by,
        jaw=made.amounts.jaw,
        lips=made.amounts.lips,
        learned=spoken.learned,
        notes=list(spoken.notes),
    )


def mute(project: Project, params: say.MuteMouthParams) -> tuple[Project, say.MuteMouthResult]:
    """Return the project in which a mouth is shut, and where it is.

    Raises:
        MienError: As `mien.mute_mouth`.
    """
    muted = api.mute_mouth(
        project, span=_span(params.span), face=params.face, keep_breath=params.keep_breath,
        layer=params.layer, ease=params.ease,
    )  # fmt: skip
    spans = [[one.start, one.stop] for one in muted.spans]
    return muted.project, say.MuteMouthResult(layer=params.layer, spans=spans)


def resync(
    project: Project, params: say.ResyncMouthParams
) -> tuple[Project, say.ResyncMouthResult]:
    """Return the project in which lips go with their sound, and how far they were apart.

    Raises:
        MienError: As `mien.resync_mouth`.
    """
    moved = api.resync_mouth(
        project, span=_span(params.span), face=params.face, layer=params.layer, ease=params.ease
    )
    return moved.project, say.ResyncMouthResult(
        layer=params.layer,
        frames=[moved.span.start, moved.span.stop],
        seconds=moved.slip.seconds,
        confidence=moved.slip.confidence,
        moved=moved.moved,
    )


def rendered_sound(params: say.RenderParams, output: Path, shot: Shot) -> Soundtrack | None:
    """Return the sound that an output is to have in place of the shot's own; None for that.

    Raises:
        MienError: When it cannot be had.
    """
    from mien.media.added_sound import check_soundtrack
    from mien.media.codecs import choose_encoding

    if params.audio is None:
        if params.audio_start or params.keep_audio:
            raise UsageError("audio_start and keep_audio go with audio.", "Give its path.")
        return None
    if params.matte:
        raise UsageError("A matte has no sound.", "Leave audio out.")
    audio = Soundtrack(Path(params.audio), params.audio_start, params.keep_audio)
    check_soundtrack(audio, output, choose_encoding(output, shot.media, codec=params.codec))
    return audio


def _span(span: list[int] | None) -> str | None:
    return None if span is None else f"{span[0]}:{span[1]}"
