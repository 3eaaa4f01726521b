"""From phones with times to curves of a mouth.

Every phone pulls jaw and lips towards its shape, most while it lasts and less and less before and
after (dominance functions, Cohen and Massaro 1993); a frame shows the mean of what pulls. What must
happen whatever pulls is put on top of it: lips that meet, a lip at the teeth, teeth that come
together. Loud vowels open the jaw further and short ones less far (Edwards et al. 2016).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.model.speech import SILENCE, Phone, Speech
from mien.model.voice import MouthAmounts
from mien.speech.mouth import BREATH, JAW, MOUTH, ROUNDING, Articulation, articulation

__all__ = ["mouth_curves"]

_Array = npt.NDArray[np.float64]
_REACH: Final = {"jaw": (0.055, 0.065), "lips": (0.06, 0.06), "rounding": (0.085, 0.06)}
"""Seconds over which a phone's pull falls to a third before and after it. Lips are rounded early:
up to 150 ms before a rounded vowel they can be seen to be."""
_SAME_TIME: Final = 1e-6
"""Seconds by which two times differ that are the same, but for how they were added up."""
_FAR: Final = 0.4
"""Seconds beyond which a phone pulls no more."""
_SILENT_REACH: Final = 0.09
_PAUSE: Final = (0.5, 1.2)
"""Seconds of a pause in which a mouth stays open, and of one in which it comes to rest."""
_ONSET: Final = 0.05
"""Seconds in which lips come together for a closure, and part after it."""
_HOLD: Final = 0.5
"""Part of a closure, about its middle, over which the lips are wholly shut."""
_SHUT: Final = {
    "mouthPressLeft": 0.14, "mouthPressRight": 0.14, "mouthRollUpper": 0.1, "mouthRollLower": 0.1,
}  # fmt: skip
_BITE: Final = {"mouthRollLower": 0.6, "mouthUpperUpLeft": 0.15, "mouthUpperUpRight": 0.15}
_BITE_JAW: Final = 0.06
_PARTING: Final = (
    "jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "mouthFunnel",
)  # fmt: skip
"""What keeps lips apart."""
_SHORT: Final = (0.06, 0.13)
"""Seconds of a vowel that is short, and of one that is as long as it takes."""
_SHORT_AMOUNT: Final = 0.7
_LOUD: Final = (-18.0, 6.0, 0.8, 1.15)
"""dB from the usual loudness of the speech, least and most, and how far the jaw goes there."""


_USUAL: Final = MouthAmounts()


def mouth_curves(
    speech: Speech,
    times: Sequence[float] | _Array,
    *,
    rest: Mapping[str, float] | None = None,
    amounts: MouthAmounts = _USUAL,
    loudness: npt.NDArray[np.float32] | None = None,
) -> dict[str, _Array]:
    """Return the curves of a mouth that says something.

    Args:
        speech: The phones.
        times: (T,) ascending seconds of the sound at which frames are shown.
        rest: Values of controls in silence; 0 where nothing is said of one.
        amounts: How far jaw and lips go.
        loudness: (N,) dB every 10 ms, from the sound's first sample; None counts as even.

    Returns:
        (T,) values, 0 to 1, of every control in `MOUTH`.
    """
    at = np.asarray(times, dtype=np.float64)
    resting = np.array([(rest or {}).get(name, 0.0) for name in MOUTH])
    phones = _with_silences(speech.phones, at)
    spoken = speech.spoken
    # Once for all phones: an hour has 40,000 of them.
    usual = None if loudness is None or not len(loudness) else float(np.percentile(loudness, 90))
    gains = _gains(amounts)
    total = np.zeros((len(at), len(MOUTH)))
    weights = np.full((len(at), len(MOUTH)), 1e-9)
    for phone in phones:
        made = articulation(phone)
        amount = _amount(phone, loudness, usual)
        for part, late in _parts(phone, made):
            reach = _slice(at, part.start - _FAR, part.stop + _FAR)
            if reach.start == reach.stop:
                continue
            pull = _pull(at[reach], part, made)
            if phone.name == SILENCE:
                breath = _breath(phone, spoken) * gains
                target = np.maximum(resting, breath) if breath.any() else resting
            else:
                shape = made.shape(late)
                target = np.array([shape.get(name, 0.0) for name in MOUTH]) * gains
                target[0] *= amount
                target += _kept_of_rest(resting)
            total[reach] += pull * target
            weights[reach] += pull
    values = total / weights
    _make_contacts(values, at, phones)
    return {name: np.clip(values[:, i], 0, 1) for i, name in enumerate(MOUTH)}


def _breath(pause: Phone, spoken: Sequence[Phone]) -> _Array:
    """(C,) how far a mouth stays open in a pause, by how short it is; not before and after all."""
    if not spoken or pause.start < spoken[0].start or pause.stop > spoken[-1].stop:
        return np.zeros(len(MOUTH))
    short, long = _PAUSE
    share = min(max((long - pause.seconds) / (long - short), 0.0), 1.0)
    return share * np.array([BREATH.get(name, 0.0) for name in MOUTH])


def _gains(amounts: MouthAmounts) -> _Array:
    return np.array([amounts.jaw if name in JAW else amounts.lips for name in MOUTH])


def _kept_of_rest(resting: _Array) -> _Array:
    """What a face at rest does with its lips it does while speaking too; its jaw is led anew."""
    kept = resting.copy()
    kept[0] = 0
    return kept


def _with_silences(phones: Sequence[Phone], times: _Array) -> list[Phone]:
    """Phones with silence in the gaps between them, and at both ends."""
    filled: list[Phone] = []
    end = min(float(times[0]), phones[0].start) - _FAR if len(times) and phones else 0.0
    for phone in phones:
        if phone.start - end > 1e-3:
            filled.append(Phone(SILENCE, end, phone.start))
        filled.append(phone)
        end = phone.stop
    last = float(times[-1]) + _FAR if len(times) else end
    if last - end > 1e-3:
        filled.append(Phone(SILENCE, end, last))
    return filled


def _parts(phone: Phone, made: Articulation) -> list[tuple[Phone, bool]]:
    """A phone, or the two halves of one that glides, with whether it is the later."""
    if not made.glide:
        return [(phone, False)]
    middle = phone.start + 0.6 * phone.seconds
    return [
        (replace(phone, stop=middle), False),
        (replace(phone, start=middle), True),
    ]


def _pull(times: _Array, phone: Phone, made: Articulation) -> _Array:
    """(T, C) how much a phone pulls at each control."""
    before = np.maximum(phone.start - times, 0)
    after = np.maximum(times - phone.stop, 0)

    def falling(kind: str) -> _Array:
        lead, lag = _REACH[kind]
        if phone.name == SILENCE:
            lead = lag = _SILENT_REACH
        # Nearest to the middle pulls most: within a long vowel neighbours count less and less.
        return np.asarray(np.exp(-before / lead - after / lag))

    jaw, lips = made.jaw * falling("jaw"), made.lips * falling("lips")
    rounding = made.lips * falling("rounding") if made.is_rounded else lips
    columns = [
        jaw if name in JAW else rounding if name in ROUNDING else lips for name in MOUTH
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def _amount(phone: Phone, loudness: npt.NDArray[np.float32] | None, usual: float | None) -> float:
    """How far the jaw goes for a vowel, by how long it is, and how much louder than usual."""
    if not phone.is_vowel:
        return 1.0
    short, long = _SHORT
    share = min(max((phone.seconds - short) / (long - short), 0.0), 1.0)
    amount = _SHORT_AMOUNT + (1 - _SHORT_AMOUNT) * share
    if loudness is None or usual is None:
        return amount
    first = min(max(round(phone.start * 100), 0), len(loudness) - 1)
    heard = float(loudness[first : max(round(phone.stop * 100), first + 1)].max())
    low, high, least, most = _LOUD
    return amount * float(np.interp(heard - usual, (low, 0.0, high), (least, 1.0, most)))


def _make_contacts(values: _Array, times: _Array, phones: Sequence[Phone]) -> None:
    """Put on top what must happen: lips that meet, a lip at the teeth, teeth that come together."""
    column = {name: i for i, name in enumerate(MOUTH)}
    parting = [column[name] for name in _PARTING]
    # Lips that meet come last: a bite that follows at once lifts the upper lip already.
    for phone in sorted(phones, key=lambda phone: articulation(phone).shut):
        made = articulation(phone)
        if not (made.shut or made.bite or made.narrow is not None):
            continue
        reach = _slice(times, phone.start - _ONSET, phone.stop + _ONSET)
        touch = _touch(times[reach], phone)
        if not len(touch):
            continue
        block = values[reach]
        if made.shut:
            block[:, parting] *= (1 - touch)[:, None]
            _at_least(block, touch, _SHUT, column)
        elif made.bite:
            jaw = block[:, 0]
            block[:, 0] = jaw + touch * (np.minimum(jaw, _BITE_JAW) - jaw)
            for side in ("Left", "Right"):
                block[:, column[f"mouthLowerDown{side}"]] *= 1 - touch
            _at_least(block, touch, _BITE, column)
        elif made.narrow is not None:
            jaw = block[:, 0]
            block[:, 0] = jaw + touch * (np.minimum(jaw, made.narrow) - jaw)
        values[reach] = block


def _at_least(
    block: _Array, touch: _Array, least: Mapping[str, float], column: Mapping[str, int]
) -> None:
    for name, value in least.items():
        block[:, column[name]] = np.maximum(block[:, column[name]], touch * value)


def _touch(times: _Array, phone: Phone) -> _Array:
    """(T,) how far a contact is made, 0 to 1; wholly in one frame at least, however short it is.

    Not where frames only begin after it, or end before it.
    """
    half = _HOLD * phone.seconds / 2
    away = np.maximum(np.abs(times - phone.middle) - half, 0)
    ramp = _ONSET + phone.seconds / 2 - half
    touch = 0.5 + 0.5 * np.cos(np.pi * np.clip(away / ramp, 0, 1))
    if len(touch) and touch.max() < 1 and times[0] < phone.stop and times[-1] > phone.start:
        touch[int(np.argmax(touch))] = 1.0
    return np.asarray(touch)


def _slice(times: _Array, start: float, stop: float) -> slice:
    if not (math.isfinite(start) and math.isfinite(stop)):
        return slice(0, 0)
    # A frame at an end belongs to the same phone wherever in the film that is said.
    first, last = np.searchsorted(times, (start - _SAME_TIME, stop - _SAME_TIME))
    return slice(int(first), int(last))
