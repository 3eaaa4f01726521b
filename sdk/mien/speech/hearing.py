"""What is said in a sound or a shot, on the frames of a shot: heard, cut, and learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, MienError
from mien.model.controls import NAMES
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.neutral import neutral_of
from mien.model.shot import Shot
from mien.model.speech import Speech
from mien.model.voice import MouthAmounts
from mien.progress import Progress, silent
from mien.speech.files import Cue, read_subtitles, read_text
from mien.speech.lips import learned_amounts
from mien.speech.listeners import choose_listener, extra_of, missing_aligner
from mien.speech.sound import Sound, load_sound
from mien.speech.subtitled import hear_subtitled
from mien.timebase import Clock, FrameRange

__all__ = [
    "Hearing", "amounts_of", "few_phones", "frame_middles", "frames_heard", "heard_in", "hearing",
    "resting", "speaking_spans", "within",
]  # fmt: skip

_TEXT_SUFFIXES: Final = (".txt", ".srt", ".vtt")
_TAIL: Final = 0.2
"""Seconds that a mouth takes to come to rest after the last phone."""
_BREATH: Final = 0.3
"""Seconds of a pause that is long enough for a breath."""
_AROUND: Final = 0.15
"""Seconds about speech in which a muted mouth is shut too."""
_LEARNED_FROM: Final = 120.0
"""Seconds of a shot in which is heard how somebody speaks: an hour would take minutes."""
_SLOWEST: Final = 4.5
"""Phones in a second of sound below which it is no speech: people, and espeak-ng at its slowest,
say 6 to 20 of them, songs over instruments and music alone are heard as 3 at most."""
_SOUNDING_DB: Final = 25.0
"""dB below the loud parts that are sound, not a pause."""
_LEAST_SOUND: Final = 2.0
"""Seconds of sound from which its phones are counted: a single word may be drawn out."""
_Array = npt.NDArray[np.float64]

Hearing = Callable[["Sound", float, float, Progress], tuple[Speech, tuple[str, ...]]]
"""Hears the part of a sound between two seconds; says what of a text is left out."""


def hearing(text: str | Path | None, by: str, language: str) -> Hearing:
    """Return what hears a sound; whoever it is, and the text, are checked at once."""
    if isinstance(text, str) and text.lower().endswith(_TEXT_SUFFIXES) and Path(text).is_file():
        text = Path(text)
    words = _read_words(text) if isinstance(text, Path) else text
    plain = words if isinstance(words, str) or words is None else " ".join(c.text for c in words)
    listener = choose_listener(by, plain, language)

    def hear(
        sound: Sound, first: float, last: float, progress: Progress
    ) -> tuple[Speech, tuple[str, ...]]:
        part = sound.cut(first, last)
        if words is None or isinstance(words, str):
            ignored = plain is not None and listener.name == "hama"
            notes: tuple[str, ...] = ()
            if ignored:
                missing = missing_aligner(language)
                notes = ("hama hears phones by themselves; the text is not used.",)
                if by == "auto" and missing is not None:
                    notes += (f"{missing} aligns it: pip install '{extra_of(missing)}'.",)
            if listener.name == "hama" and language not in listener.languages[:1]:
                notes += (
                    f"hama was trained on English; what it hears of '{language}' is a draft.",
                )
            speech = listener.hear(part, words, progress)
            notes += tuple(filter(None, (getattr(listener, "doubt", ""),)))
            few = None if listener.needs_text else few_phones(speech, part)
            if few is not None:
                notes += (f"{few} The lips follow what is heard; look at them.",)
            return speech.moved(first), notes
        cues = [replace(c, start=c.start - first, stop=c.stop - first) for c in words]
        speech, misfits = hear_subtitled(listener, part, cues, progress)
        return speech.moved(first), misfits

    return hear


def _read_words(path: Path) -> str | tuple[Cue, ...]:
    """A transcript, or lines with times where the file has them."""
    if path.suffix.lower() in (".srt", ".vtt"):
        return read_subtitles(path)
    return read_text(path)


def amounts_of(
    shot: Shot, face: Face, span: FrameRange, speech: Speech | None
) -> MouthAmounts | None:  # fmt: skip
    """Amounts of this person's mouth, from where they speak in the shot; None where they do not.

    Of a long shot two minutes about the span are heard.

    Args:
        shot: The shot.
        face: The face.
        span: The frames that are to speak.
        speech: What is said in all of the shot; None where it is not heard yet.
    """
    if not shot.media.audio_streams:
        return None
    clock = shot.clock
    near = _about(clock, span)
    try:
        until = float(clock.seconds(near.stop)) if speech is None else None
        sound = load_sound(shot.media, until)
        speech = speech or heard_in(sound, clock, near, silent)
    except MienError:
        # Nobody is heard in the shot, or nothing that hears is installed: the usual amounts then.
        return None
    return learned_amounts(
        face, speech, frame_middles(clock, clock.all), resting(face), sound.loudness()
    )


def _about(clock: Clock, span: FrameRange) -> FrameRange:
    """Frames about a span that are enough to learn how somebody speaks; all of a short shot."""
    count = round(_LEARNED_FROM * float(clock.rate))
    first = max(min((span.start + span.stop - count) // 2, clock.frame_count - count), 0)
    return FrameRange(first, min(first + count, clock.frame_count))


def heard_in(sound: Sound, clock: Clock, frames: FrameRange, progress: Progress) -> Speech:
    """What is said in a shot's own sound over some frames; times count from frame 0."""
    listener = choose_listener("auto", None, "en")
    first, last = (float(clock.seconds(at)) for at in (frames.start, frames.stop))
    return listener.hear(sound.cut(first, last), None, progress).moved(first)


def few_phones(speech: Speech, sound: Sound) -> str | None:
    """Say that far fewer phones are heard than people speak; None where it is speech.

    Args:
        speech: What was heard without a text.
        sound: The sound in which it was.
    """
    loudness = sound.loudness()
    loud = loudness > float(np.percentile(loudness, 95)) - _SOUNDING_DB
    seconds = np.count_nonzero(loud) / 100
    if seconds < _LEAST_SOUND or len(speech.spoken) >= _SLOWEST * seconds:
        return None
    return (
        f"{speech.by} hears {len(speech.spoken) / seconds:.1f} phones a second in {sound.name},"
        " and people speak 6 to 20: singing, music, or a voice below other sounds."
    )


def speaking_spans(speech: Speech, clock: Clock, frames: FrameRange) -> tuple[FrameRange, ...]:
    """Frames in which somebody speaks; pauses long enough for a breath are left out."""
    times = frame_middles(clock, frames)
    speaking = np.zeros(len(times), dtype=bool)
    for phone in speech.spoken:
        first, last = np.searchsorted(times, (phone.start - _AROUND, phone.stop + _AROUND))
        speaking[first:last] = True
    longest = max(round((_BREATH - 2 * _AROUND) * float(clock.rate)), 0)
    runs = frame_runs(speaking, longest)
    return tuple(FrameRange(run.start + frames.start, run.stop + frames.start) for run in runs)


def resting(face: Face) -> dict[str, float]:
    """Values of the controls of a face at rest; both sides alike, as speech is."""
    values = dict(zip(NAMES, map(float, neutral_of(face)), strict=True))
    for name in NAMES:
        if name.endswith("Left") and f"{name[:-4]}Right" in values:
            other = f"{name[:-4]}Right"
            values[name] = values[other] = (values[name] + values[other]) / 2
    return values


def frame_middles(clock: Clock, frames: FrameRange) -> _Array:
    """(N,) seconds of the middles of frames: what a frame shows is what is heard then."""
    starts = np.array([float(clock.seconds(i)) for i in range(frames.start, frames.stop + 1)])
    return np.asarray((starts[1:] + starts[:-1]) / 2)


def within(speech: Speech, clock: Clock, frames: FrameRange, start: float) -> Speech:
    """What is said in the frames, and just before and after them."""
    first = float(clock.seconds(frames.start)) - start - 1
    last = float(clock.seconds(frames.stop)) - start + 1
    return Speech(
        tuple(phone for phone in speech.phones if phone.stop > first and phone.start < last),
        tuple(word for word in speech.words if word.stop > first and word.start < last),
        speech.seconds,
        speech.by,
    )


def frames_heard(clock: Clock, span: FrameRange, end: float) -> FrameRange:
    """Those of the frames in which a sound is heard that ends at a second of the shot."""
    stop = span.stop
    while stop > span.start and float(clock.seconds(stop - 1)) >= end + _TAIL:
        stop -= 1
    if stop == span.start:
        raise InputError("The sound is over before these frames.", "Choose earlier ones.")
    return FrameRange(span.start, stop)
