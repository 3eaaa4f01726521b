"""The work of voices, on a thread: speak, mute, resync, and say another text; one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from mien.errors import MediaError, MienError, OperationCancelledError
from mien.model.control_track import FADE
from mien.model.document import Document, Project
from mien.model.edits import Layer
from mien.model.voice import MouthAmounts, Voice, VoiceMode
from mien.progress import Progress
from mien.session.voices import set_voice_layer
from mien.timebase import FrameRange
from mien_desktop.background import Background
from mien_desktop.reading import Readings
from mien_desktop.voices.chosen import free_name
from mien_desktop.words import count
from mien_desktop.workspace import Workspace

__all__ = ["SpeakOrder", "VoiceWork"]

_PHONES = (".textgrid", ".json")


@dataclass(frozen=True, slots=True)
class SpeakOrder:
    """Order of speech for a face.

    Attributes:
        sound: The file; None for the shot's own sound.
        text: What is said; empty where nobody knows.
        path: A file with the text, or with phones; in place of `text`.
        span: Frames in which the mouth follows; None for as long as the sound.
        language: Code of the language.
        amounts: How far jaw and lips go; None to learn it.
        mode: In place of what the mouth does, or added to it.
    """

    sound: Path | None = None
    text: str = ""
    path: Path | None = None
    span: FrameRange | None = None
    language: str = "en"
    amounts: MouthAmounts | None = None
    mode: VoiceMode = "replace"


@dataclass(frozen=True, slots=True)
class _Made:
    """Outcome of the work: a layer, where there is one, and notes on it."""

    words: str
    layer: Layer | None = None
    spans: tuple[FrameRange, ...] = ()
    learned: bool = False
    keeps_name: bool = False


class VoiceWork(QObject):
    """Lets voices drive mouths, one after the other.

    Args:
        workspace: Where the faces are.
        background: Works it out.
        parent: Qt's owner.
    """

    changed = Signal()
    """It began or ended, and there are other notes."""

    def __init__(
        self, workspace: Workspace, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self.readings = Readings(self)
        """Told how far it is."""
        self.running = ""
        """What is done now; empty for nothing."""
        self.notes = ""
        """What came of the last work, in words."""
        self.failed = False
        """Whether that is why nothing came of it."""
        self.language = "en"
        """Code of the language of what is retyped: the panel's."""
        self.learned: MouthAmounts | None = None
        """Amounts that were learned from this person last."""

    def why(self) -> str:
        """Return why nothing can be begun now; empty when it can."""
        if self._workspace.now.face is None:
            return "The shot has no faces: track it first."
        return f"{self.running}: wait for it, or stop it." if self.running else ""

    def speak(self, order: SpeakOrder) -> None:
        """Let the current face say what a sound says."""
        self._begin("Speak", "voice", partial(_spoken, order))

    def mute(self, span: FrameRange | None, *, keep_breath: bool) -> None:
        """Shut the mouth of the current face while it talks."""
        self._begin("Mute the mouth", "mute", partial(_muted, span, keep_breath))

    def resync(self, span: FrameRange | None) -> None:
        """Move the lips of the current face to the shot's own sound."""
        self._begin("Resync the lips", "resync", partial(_resynced, span))

    def retype(self, face: int, layer: Layer, text: str) -> None:
        """Let a layer say another text over the same span; what is wrong with it is shown."""
        assert layer.voice is not None
        work = partial(_retyped, layer, layer.voice, text, self.language)
        self._begin("Retype", layer.name, work, face=face, loud=True)

    def _begin(
        self,
        name: str,
        layer: str,
        work: Callable[[Project, int, Progress], _Made],
        *,
        face: int | None = None,
        loud: bool = False,
    ) -> None:
        project, current, reason = self._workspace.project, self._workspace.now.face, self.why()
        if reason or project is None or current is None:
            self._tell(reason, failed=True)
            return
        number = current.number if face is None else face
        who = project.shot.face(number).name
        reading = self.readings.begin(name)
        self.running, self.failed, self.notes = name, False, f"{name}…"
        self.changed.emit()
        # The button that stops it is there from the start.
        reading.report(name, 0, 1)

        def done(made: _Made) -> None:
            self._end()
            self.readings.end(reading)
            if reading.cancelled:
                self._tell("Stopped: nothing was changed.")
            elif made.layer is None:
                self._tell(made.words)
            else:
                self._put(project.id, number, f"{name} ({who})", layer, made)

        def failed(error: MienError) -> None:
            self._end()
            self.readings.end(reading)
            if isinstance(error, OperationCancelledError):
                self._tell("Stopped: nothing was changed.")
                return
            self._tell(" ".join(filter(None, (error.cause, error.remedy))), failed=True)
            if loud:
                self._workspace.problem.emit(error)

        self._background.run(lambda: work(project, number, reading.report), done, failed)

    def _put(self, shot: str, face: int, name: str, wanted: str, made: _Made) -> None:
        """Put the layer into the document as it is now: what was edited meanwhile stays."""
        put: list[str] = []

        def change(document: Document) -> Document:
            assert made.layer is not None
            edit = document.shot(shot).edit(face)
            layer = made.layer
            if not made.keeps_name:
                layer = replace(layer, name=free_name(edit, wanted, made.spans))
            put.append(layer.name)
            return set_voice_layer(document, shot, face, layer)

        if not self._workspace.apply(name, change):
            self._tell("")
            return
        if made.learned and made.layer is not None and made.layer.voice is not None:
            self.learned = made.layer.voice.amounts
        self._tell(made.words)
        self._workspace.said.emit(made.words.splitlines()[0])
        if self._workspace.state.shot == shot:
            self._workspace.set(face=face, layer=put[-1])

    def _end(self) -> None:
        self.running = ""

    def _tell(self, words: str, *, failed: bool = False) -> None:
        self.notes, self.failed = words, failed
        self.changed.emit()


def _spoken(order: SpeakOrder, project: Project, face: int, progress: Progress) -> _Made:
    """Hear a sound and let the face say it; on a thread."""
    from mien import api
    from mien.speech.files import read_phones

    phones = order.path is not None and order.path.suffix.lower() in _PHONES
    spoken = api.voice(
        project,
        order.sound,
        text=(None if phones else order.path) or order.text.strip() or None,
        speech=read_phones(order.path) if phones and order.path is not None else None,
        language=order.language, span=order.span, face=face, mode=order.mode,
        amounts=order.amounts, progress=progress,
    )  # fmt: skip
    voice = spoken.layer.voice
    assert voice is not None
    told = [_said(voice)]
    if spoken.learned:
        told.append(
            f"Learned from the shot: jaw {voice.amounts.jaw:.0%}, lips {voice.amounts.lips:.0%}."
        )
    words = "\n".join((*told, *spoken.notes))
    return _Made(words, spoken.layer, (voice.span,), spoken.learned)


def _retyped(
    layer: Layer, voice: Voice, text: str, language: str, project: Project, face: int,
    progress: Progress,
) -> _Made:  # fmt: skip
    """Align another text over the span of a voice; weight and mute stay. On a thread."""
    from mien import api

    if voice.sound is not None and not voice.sound_online:
        raise MediaError(
            f"{voice.sound.name}, the sound of this voice, was not found.",
            "Put it beside the project, or speak anew with the file.",
            path=voice.sound,
        )
    spoken = api.voice(
        project, voice.sound, text=text, language=language, span=voice.span, face=face,
        mode=voice.mode, amounts=voice.amounts, layer=layer.name, progress=progress,
        ease=layer.tracks[0].fade if layer.tracks else FADE,
    )  # fmt: skip
    made = replace(spoken.layer, weight=layer.weight, muted=layer.muted)
    assert made.voice is not None
    words = "\n".join((_said(made.voice), *spoken.notes))
    return _Made(words, made, (made.voice.span,), keeps_name=True)


def _muted(
    span: FrameRange | None, keep_breath: bool, project: Project, face: int, progress: Progress
) -> _Made:
    from mien import api

    muted = api.mute_mouth(
        project, span=span, face=face, keep_breath=keep_breath, progress=progress
    )
    frames = sum(map(len, muted.spans))
    words = f"The mouth is shut in {count(frames, 'frame')}."
    if keep_breath:
        words = f"{words[:-1]}, while it talks."
    return _Made(words, muted.project.edit(face).layer("mute"), muted.spans)


def _resynced(span: FrameRange | None, project: Project, face: int, progress: Progress) -> _Made:
    from mien import api

    moved = api.resync_mouth(project, span=span, face=face, progress=progress)
    late, sure = moved.slip.seconds, moved.slip.confidence
    side = "late" if late > 0 else "early"
    apart = f"The lips are {abs(late) * 1000:.0f} ms {side} (confidence {sure:.0%})"
    if not moved.moved:
        return _Made(f"{apart}: less than a frame, or not sure enough. They stay as they are.")
    words = f"{apart}; they were moved in frames {moved.span.start} to {moved.span.stop - 1}."
    return _Made(words, moved.project.edit(face).layer("resync"), (moved.span,))


def _said(voice: Voice) -> str:
    speech = voice.speech
    words = f"{count(len(speech.words), 'word')}, " if speech.words else ""
    frames = f"frames {voice.span.start} to {voice.span.stop - 1}"
    return f"{words}{count(len(speech.spoken), 'phone')} by {speech.by}, {frames}."
