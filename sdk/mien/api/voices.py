"""Let a voice drive a mouth, take it from one, and move lips to their sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from mien._types import PathLike
from mien.errors import InputError, NoFaceError, NothingToDoError, TimeError, UsageError
from mien.io.relink import content_of, remember
from mien.model.control_track import FADE, ControlTrack
from mien.model.controls import CONTROLS
from mien.model.document import Project, project_of
from mien.model.edits import Edit, Layer
from mien.model.face import Face
from mien.model.interpolate import Key
from mien.model.key_reduction import reduce_keys
from mien.model.shot import Shot, main_face
from mien.model.spans import list_spans
from mien.model.speech import Speech
from mien.model.voice import MouthAmounts, Voice, VoiceMode
from mien.progress import Progress, progress_reporter
from mien.speech.hearing import (
    amounts_of,
    few_phones,
    frame_middles,
    frames_heard,
    heard_in,
    hearing,
    resting,
    speaking_spans,
    within,
)
from mien.speech.layer import TOLERANCE, VOICE_LAYER, speaking_layer
from mien.speech.lips import Slip
from mien.speech.sound import Sound, load_sound
from mien.timebase import Clock, FrameRange

if TYPE_CHECKING:
    from mien.speech.hearing import Hearing

__all__ = [
    "MUTE_LAYER", "RESYNC_LAYER", "MutedMouth", "ResyncedMouth", "VoicedMouth", "mute_mouth",
    "resync_mouth", "speaking_voice", "voice",
]  # fmt: skip

MUTE_LAYER: Final = "mute"
RESYNC_LAYER: Final = "resync"
_LEAST_SURE: Final = 0.15
"""Confidence of a slip below which lips are left where they are."""
_CUT: Final = 0.2
"""Seconds of a sound beyond the frames that are worth a word: less is no speech."""
_TALKING: Final = ("mouth", "jaw", "tongue")
"""Regions that move with speech."""
_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VoicedMouth:
    """The outcome of letting a voice drive a mouth.

    Attributes:
        project: The shot with its edits, the new layer among them.
        face: Number of the face.
        layer: The layer; what it was made from is its `voice`.
        learned: Whether the amounts were learned from how this person speaks in the shot.
        notes: What is worth saying of it, in sentences.
    """

    project: Project
    face: int
    layer: Layer
    learned: bool
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"VoicedMouth(face {self.face}, {self.layer.voice!r} in layer '{self.layer.name}')"

    @property
    def speech(self) -> Speech:
        """The words and phones, with times in the sound."""
        assert self.layer.voice is not None
        return self.layer.voice.speech

    @property
    def edit(self) -> Edit:
        """All that is asked of the face."""
        return self.project.edit(self.face)


def voice(
    source: Shot | Project,
    sound: PathLike | None = None,
    *,
    text: str | Path | None = None,
    speech: Speech | None = None,
    language: str = "en",
    by: str = "auto",
    span: FrameRange | str | None = None,
    face: int | str | None = None,
    mode: VoiceMode = "replace",
    amounts: MouthAmounts | None = None,
    layer: str = VOICE_LAYER,
    ease: int = FADE,
    progress: Progress | bool = False,
) -> VoicedMouth:
    """Let a voice drive the mouth of a face, in a layer of its edit.

        spoken = mien.voice(project, "line.wav", text="Bring me the book.", span="2s:5s")
        mien.render(spoken.project, "out.mp4", audio="line.wav")

    The sound begins where the span does. Smiles, cheeks, eyes and brows stay the performance's.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        sound: A file of sound or a movie; None for the shot's own.
        text: What is said, or its path (`.txt`, `.srt`, `.vtt`); None to hear phones without.
        speech: What is said and when, where it is told already; nothing is heard then.
        language: Code of the language, as `en`.
        by: Who hears: `pocketsphinx`, `soundswallower`, `hama`, or `auto`.
        span: Frames in which the mouth follows; as long as the sound when None.
        face: Number or name of the face; the largest when not given.
        mode: In place of what the mouth does there, or added to it.
        amounts: How far jaw and lips go; when None learned where this person speaks in the shot.
        layer: Name of the layer, which takes the place of one with that name.
        ease: Frames over which the mouth goes over from the performance, and back.
        progress: True for bars, or a function that is told of the stage `listen`, and with a text
            of the stage `check`.

    Raises:
        UsageError: When who is to hear needs a text, or does not exist; of times a TimeError.
        InputError: When the text does not fit the sound; it says where.
        MediaError: When there is no sound that can be decoded.
        NothingToDoError: When nobody speaks.
        NoFaceError: When the shot has no such face, or it is not seen in the span.
        MissingDependencyError: When nothing that hears speech is installed.
    """
    project, target = _target(source, face)
    clock = project.shot.clock
    _check_layer(layer, ease)
    asked = _span(clock, span)
    path = None if sound is None else Path(sound).absolute()
    hear = None if speech is not None else hearing(text, by, language)
    start = float(clock.seconds(asked.start)) if path is not None else 0.0
    heard = _sound(project.shot, path, speech, float(clock.seconds(asked.stop)) - start)
    end = heard.seconds if heard is not None else 0.0 if speech is None else speech.seconds
    frames = frames_heard(clock, asked, start + end)
    _check_seen(target, frames)
    notes: tuple[str, ...] = ()
    if span is not None and frames.stop < asked.stop:
        name = "The speech" if heard is None else heard.name
        notes = (f"{name} ends at frame {frames.stop}; from there the mouth is its own.",)
    if speech is None:
        speech, more = _heard(hear, heard, clock, frames, start, path is None, progress)
        notes += more
    learned = None
    if amounts is None:
        own = speech if path is None and frames == clock.all else None
        learned = amounts_of(project.shot, target, frames, own)
    made = Voice(
        within(speech, clock, frames, start), frames, path, start,
        amounts or learned or MouthAmounts(), mode, _content(path),
    )  # fmt: skip
    loudness = None if heard is None else heard.loudness()
    spoken = speaking_voice(target, made, loudness=loudness, name=layer, ease=ease)
    changed = project.with_edit(project.edit(target.number).with_layer(spoken))
    return VoicedMouth(changed, target.number, spoken, learned is not None, notes)


def _content(sound: Path | None) -> str:
    """What a sound's file holds, by which projects find it again; noted as the user's."""
    content = None if sound is None else content_of(sound)
    if sound is None or content is None:
        return ""
    remember(sound, content)
    return content


def speaking_voice(
    face: Face,
    voice: Voice,
    *,
    loudness: npt.NDArray[np.float32] | None = None,
    name: str = VOICE_LAYER,
    ease: int = FADE,
) -> Layer:
    """Return the layer in which a face says what a voice says: its keys, made anew.

    Args:
        face: The face.
        voice: What is said, where, and how far the mouth goes.
        loudness: Of the sound, every 10 ms from its first sample; None counts as even.
        name: Name of the layer.
        ease: Frames over which the mouth goes over from the performance, and back.

    Raises:
        NothingToDoError: When nothing is said in the span.
    """
    from mien.speech.coarticulation import mouth_curves

    if not voice.speech.spoken:
        raise NothingToDoError("Nobody speaks in these frames.", "Choose others.")
    rest = resting(face)
    times = frame_middles(face.clock, voice.span) - voice.start
    if loudness is not None:
        # What comes after it is not read by all who ask, and has no say in what is loud.
        stop = float(face.clock.seconds(voice.span.stop)) - voice.start
        loudness = loudness[: max(round(stop * 100), 1)]
    curves = mouth_curves(
        voice.speech, times, rest=rest, amounts=voice.amounts, loudness=loudness
    )  # fmt: skip
    layer = speaking_layer(curves, rest, voice.span, name=name, mode=voice.mode, fade=ease)
    return replace(layer, voice=voice)


@dataclass(frozen=True, slots=True)
class MutedMouth:
    """The outcome of closing a talking mouth.

    Attributes:
        project: The shot with its edits, the new layer among them.
        face: Number of the face.
        spans: The frames in which the mouth is shut.
    """

    project: Project
    face: int
    spans: tuple[FrameRange, ...]

    def __repr__(self) -> str:
        return f"MutedMouth(face {self.face}, frames {list_spans(self.spans[:3])})"


def mute_mouth(
    source: Shot | Project,
    *,
    span: FrameRange | str | None = None,
    face: int | str | None = None,
    keep_breath: bool = False,
    layer: str = MUTE_LAYER,
    ease: int = FADE,
    progress: Progress | bool = False,
) -> MutedMouth:
    """Close a talking mouth over a span, in a layer of its edit.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        span: The frames; all when None.
        face: Number or name of the face; the largest when not given.
        keep_breath: Whether pauses of the speech, with their breaths and swallows, stay as they
            are; phones of the shot's own sound tell where they are.
        layer: Name of the layer, which takes the place of one with that name.
        ease: Frames over which the mouth closes, and goes over into the performance again.
        progress: True for bars, or a function that is told of the stage `listen`.

    Raises:
        TimeError: When the span lies outside the shot.
        NoFaceError: When the shot has no such face, or it is not seen in the span.
        NothingToDoError: When nobody is heard speaking and `keep_breath` is set.
        MediaError: When `keep_breath` is set and the shot has no sound.
        MissingDependencyError: When it is set and nothing that hears speech is installed.
    """
    project, target = _target(source, face)
    clock = project.shot.clock
    frames = _span(clock, span)
    _check_layer(layer, ease)
    _check_seen(target, frames)
    spans: tuple[FrameRange, ...] = (frames,)
    if keep_breath:
        with progress_reporter(progress) as report:
            sound = load_sound(project.shot.media, float(clock.seconds(frames.stop)))
            spoken = heard_in(sound, clock, frames, report)
        spans = speaking_spans(spoken, clock, frames)
    tracks = tuple(
        ControlTrack("lipsShut", (Key(one.start, 1.0, "hold"),), "add", one, min(ease, len(one)))
        for one in spans
    )
    edit = project.edit(target.number).with_layer(Layer(layer, tracks))
    return MutedMouth(project.with_edit(edit), target.number, spans)


@dataclass(frozen=True, slots=True)
class ResyncedMouth:
    """The outcome of moving lips to their sound.

    Attributes:
        project: The shot with its edits, the new layer among them; as it was where nothing had
            slipped, or nobody can tell.
        face: Number of the face.
        slip: How far lips and sound were apart, and how sure that is.
        span: The frames in which the mouth is moved.
        moved: Whether it was.
    """

    project: Project
    face: int
    slip: Slip
    span: FrameRange
    moved: bool

    def __repr__(self) -> str:
        moved = "moved" if self.moved else "left"
        return f"ResyncedMouth(face {self.face}, {self.slip!r}, {moved} in frames {self.span})"


def resync_mouth(
    source: Shot | Project,
    *,
    span: FrameRange | str | None = None,
    face: int | str | None = None,
    layer: str = RESYNC_LAYER,
    ease: int = FADE,
    progress: Progress | bool = False,
) -> ResyncedMouth:
    """Measure how far lips and sound are apart, and move the mouth's curves to the sound.

    Args:
        source: A tracked shot with sound, or a project, whose edits stay.
        span: The frames; all when None.
        face: Number or name of the face; the largest when not given.
        layer: Name of the layer, which takes the place of one with that name.
        ease: Frames over which the mouth goes over from the performance, and back.
        progress: True for bars, or a function that is told of the stage `listen`.

    Raises:
        TimeError: When the span lies outside the shot.
        NoFaceError: When the shot has no such face, or it is not seen in the span.
        NothingToDoError: When nobody speaks for long enough to tell.
        MediaError: When the shot has no sound.
        MissingDependencyError: When nothing that hears speech is installed.
    """
    from mien.speech.coarticulation import mouth_curves
    from mien.speech.lips import driven_gap, measured_slip, near_speech, performed_gap

    project, target = _target(source, face)
    clock = project.shot.clock
    frames = _span(clock, span)
    _check_layer(layer, ease)
    _check_seen(target, frames)
    with progress_reporter(progress) as report:
        sound = load_sound(project.shot.media, float(clock.seconds(frames.stop)))
        speech = heard_in(sound, clock, frames, report)
    first, last = (float(clock.seconds(at)) for at in (frames.start, frames.stop))
    few = few_phones(speech, sound.cut(first, last))
    if few is not None:
        raise NothingToDoError(few, "Lips and sound are compared where somebody speaks.")
    times = frame_middles(clock, frames)
    curves = mouth_curves(speech, times, rest=resting(target))
    within = slice(frames.start, frames.stop)
    slip = measured_slip(
        performed_gap(target)[within], driven_gap(target, curves), near_speech(speech, times), times
    )
    if slip is None:
        raise NothingToDoError(
            "There is too little speech in these frames to compare lips and sound.",
            "Take a longer span; a second of speech is the least.",
        )
    frame = 1 / float(clock.rate)
    if slip.confidence < _LEAST_SURE or abs(slip.seconds) < frame:
        return ResyncedMouth(project, target.number, slip, frames, False)
    moved = _moved_layer(target, frames, slip.seconds, layer, ease)
    if not moved.tracks:
        return ResyncedMouth(project, target.number, slip, frames, False)
    edit = project.edit(target.number).with_layer(moved)
    return ResyncedMouth(project.with_edit(edit), target.number, slip, frames, True)


def _moved_layer(face: Face, span: FrameRange, seconds: float, name: str, ease: int) -> Layer:
    """A layer in which a mouth does what it does some seconds later."""
    clock = face.clock
    every = frame_middles(clock, clock.all)
    seen = np.flatnonzero(face.valid)
    values = face.curves.controls.array.astype(np.float64)
    times = every[span.start : span.stop] + seconds
    tracks = []
    for index, control in enumerate(CONTROLS):
        if control.region not in _TALKING:
            continue
        moved = np.interp(times, every[seen], values[seen, index])
        away = np.abs(moved - values[span.start : span.stop, index])
        if away[face.valid[span.start : span.stop]].max(initial=0) <= TOLERANCE:
            continue
        keys = reduce_keys(moved, span.start, TOLERANCE)
        tracks.append(ControlTrack(control.name, keys, "replace", span, ease))
    return Layer(name, tuple(tracks))


def _sound(
    shot: Shot, path: Path | None, speech: Speech | None, until: float
) -> Sound | None:  # fmt: skip
    """The sound of a file, or the shot's own, until a second of it.

    None of a silent shot where the speech is told.
    """
    if path is not None:
        return load_sound(path, until)
    # Phones that are told need no sound; where there is one, it says how loud they are.
    return load_sound(shot.media, until) if speech is None or shot.media.audio_streams else None


def _target(source: Shot | Project, face: int | str | None) -> tuple[Project, Face]:
    project = project_of(source)
    return project, main_face(project.shot) if face is None else project.shot.face(face)


def _span(clock: Clock, span: FrameRange | str | None) -> FrameRange:
    if span is None:
        return clock.all
    frames = clock.parse_range(span) if isinstance(span, str) else span
    if not len(frames) or frames.stop > clock.frame_count:
        raise TimeError(
            f"The frames {frames} are none, or lie outside the shot, which has"
            f" {clock.frame_count}.",
            "Give a span within it.",
        )
    return frames


def _check_layer(name: str, ease: int) -> None:
    if ease < 0:
        raise UsageError(f"A layer cannot be eased over {ease} frames.", "Give 0 or more.")
    if not name.strip():
        raise UsageError("A layer needs a name.", "Leave it out for the usual one.")


def _heard(
    hear: Hearing | None,
    sound: Sound | None,
    clock: Clock,
    frames: FrameRange,
    start: float,
    own: bool,
    progress: Progress | bool,
) -> tuple[Speech, tuple[str, ...]]:
    """What is said in the frames, and what is to be told of it.

    Told is that a sound of a file, unlike the shot's own, goes on after them.
    """
    assert hear is not None
    assert sound is not None
    first, last = (float(clock.seconds(at)) - start for at in (frames.start, frames.stop))
    beyond = 0.0 if own else sound.seconds + sound.more - last
    try:
        with progress_reporter(progress) as report:
            speech, notes = hear(sound, first, last, report)
    except InputError as error:
        if beyond <= _CUT:
            raise
        raise InputError(
            f"{error.cause} Only the first {last:.1f} s of {sound.name} fall on the frames"
            f" {frames}.",
            f"Give what is said in these, or a longer span. {error.remedy}".strip(),
        ) from error
    if beyond > _CUT:
        notes = (f"{sound.name} goes on for {beyond:.1f} s after frame {frames.stop}.", *notes)
    return speech, notes


def _check_seen(face: Face, frames: FrameRange) -> None:
    if not np.asarray(face.valid)[frames.start : frames.stop].any():
        raise NoFaceError(
            f"{face.name} is not seen in the frames {frames}.", "Choose frames that show the face."
        )
