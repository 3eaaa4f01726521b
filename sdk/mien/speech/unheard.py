"""Words of a text that are not heard where they should be, and sounds of which it has no word.

A second opinion on a text that was aligned: hama's network for phones knows nothing of the text. A
word is doubted where letting anything be said in its place makes what the network hears far
likelier; so is what lies between two words, where letting something be said there does.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.model.speech import PHONES, SILENCE
from mien.progress import Progress
from mien.speech.fit import STEP
from mien.speech.sound import Sound

__all__ = ["Unheard", "UnheardLimits", "Uttered", "unheard_words"]

_Array = npt.NDArray[np.float64]

_NAMES: Final = tuple(name for name in PHONES if name != SILENCE)
_LONGEST: Final = 15.0
"""Seconds of words that are looked at together."""
_BESIDE: Final = 2
"""Words on either side that are looked at with them: where a word begins is left open."""
_PAUSE: Final = 1.0
"""Seconds of a pause across which words have nothing to do with each other."""
_MARGIN: Final = (0.15, 0.25)
"""Seconds before and after the words that are listened to: the network tells phones late."""
_LEAST: Final = -5.0
"""Logarithm of how likely a phone is at least, beside the likeliest: what the network does not hear
at all says no more than that."""
_VOWELS: Final = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_ALIKE: Final = (
    (f"{_VOWELS} Y W R", 3.0), ("AH IH EH UH ER IY AE", 1.0), ("AA AO OW AW AH UH UW", 1.0),
    ("EY EH IY IH AY AE", 1.0), ("AA AE AY AW AH", 1.0), ("R ER", 0.3), ("L R W OW UH AO", 1.0),
    ("P B", 1.0), ("K G", 1.0), ("T D CH JH", 1.0), ("F V TH DH", 1.0), ("S Z SH ZH CH JH", 1.0),
    ("TH DH D T S Z", 1.0), ("M N NG", 1.0), ("B M V W", 2.0), ("N L D", 2.0),
    ("P B T D K G F V", 2.5), ("HH K F TH R", 2.5),
)  # fmt: skip
"""Phones that are taken for each other, as accents and slurred speech do, and at what cost: vowels
near each other, with and without a voice, made at the same place."""


@dataclass(frozen=True, slots=True)
class UnheardLimits:
    """What words of a text that is said never come to.

    Attributes:
        word: How much likelier anything else is in place of a word, as a logarithm over the square
            root of its phones: what is told of each phone is off by chance, either way.
        between: The same of what may be said between two words.
    """

    word: float
    between: float


@dataclass(frozen=True, slots=True)
class Uttered:
    """A word of the text where it was aligned.

    Attributes:
        start: The frame in which it begins.
        stop: The frame after it.
        phones: Its phones, in ARPABET.
    """

    start: int
    stop: int
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unheard:
    """A place of a text that is not what is heard.

    Attributes:
        word: Number of the word, from 0.
        is_beyond: Whether something is said after the word that the text does not have; else it is
            the word itself.
    """

    word: int
    is_beyond: bool


def unheard_words(
    sound: Sound, words: Sequence[Uttered], limits: UnheardLimits, progress: Progress
) -> list[Unheard]:
    """Return the places of a text that are not what is heard, in order; none where nobody can tell.

    Of those beside each other one is told.

    Args:
        sound: The sound.
        words: All words of the text, in order.
        limits: Of what is no chance.
        progress: Called about the stage `check` with seconds done, out of all.
    """
    if not words or importlib.util.find_spec("hama") is None:
        return []
    found: dict[tuple[int, bool], float] = {}
    for first, last, before, after in _groups(words):
        total = max(round(sound.seconds), 1)
        progress("check", min(round(words[first].start * STEP), total), total)
        group = words[before:after]
        start = max(group[0].start * STEP - _MARGIN[0], 0.0)
        stop = min(group[-1].stop * STEP + _MARGIN[1], sound.seconds)
        said, beyond = _likelier(_heard(sound.cut(start, stop)), [word.phones for word in group])
        for at in range(first, last):
            size = max(len(words[at].phones), 1)
            if said[at - before] > limits.word * math.sqrt(size):
                # As much as it has phones a word that is said is off: else what is beside a gap
                # would always be worse than the gap.
                found[at, False] = float(said[at - before]) - size
            if at + 1 < after and beyond[at - before] > limits.between:
                found[at, True] = float(beyond[at - before])
    return _worst(found)


def _worst(found: Mapping[tuple[int, bool], float]) -> list[Unheard]:
    """Of places beside each other the one that is least what is heard: its neighbours make room."""
    rows: list[list[tuple[int, bool]]] = []
    for place in sorted(found):
        if rows and place[0] - rows[-1][-1][0] <= 1:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [Unheard(*max(row, key=found.__getitem__)) for row in rows]


def _groups(words: Sequence[Uttered]) -> Iterator[tuple[int, int, int, int]]:
    """Words to look at together, from one to before another, and the same with those beside."""
    apart = [
        (after.start - before.stop) * STEP > _PAUSE for before, after in itertools.pairwise(words)
    ]
    first = 0
    while first < len(words):
        last = first + 1
        while (
            last < len(words)
            and not apart[last - 1]
            and (words[last].stop - words[first].start) * STEP <= _LONGEST
        ):
            last += 1
        before, after = first, last
        while before > max(first - _BESIDE, 0) and not apart[before - 1]:
            before -= 1
        while after < min(last + _BESIDE, len(words)) and not apart[after - 1]:
            after += 1
        yield first, last, before, after
        first = last


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the network hears at each step, as logarithms beside the likeliest.

    Attributes:
        phones: (T, P) each phone, or what is taken for it.
        nothing: (T,) that no phone begins.
    """

    phones: _Array
    nothing: _Array


def _heard(sound: Sound) -> _Heard:
    from mien.speech.hama import token_odds

    odds, tokens = token_odds(sound)
    members, rest = _members(tokens)
    phones = np.stack([np.logaddexp.reduce(odds[:, one], axis=1) for one in members], axis=1)
    nothing = np.logaddexp.reduce(odds[:, rest], axis=1)
    best = np.maximum(phones.max(axis=1), nothing)
    costs = _costs()
    taken = np.stack([(phones - row).max(axis=1) for row in costs], axis=1)
    return _Heard(
        np.maximum(taken - best[:, None], _LEAST), np.maximum(nothing - best, _LEAST)
    )  # fmt: skip


@functools.lru_cache(maxsize=1)
def _members(tokens: tuple[str, ...]) -> tuple[tuple[list[int], ...], list[int]]:
    """Tokens of the network by the phones that they stand for; those that stand for none."""
    from mien.speech.ipa import phones_of_ipa

    phones = [phones_of_ipa(token) for token in tokens]
    members = tuple(
        [at for at, names in enumerate(phones) if name in names] for name in _NAMES
    )  # fmt: skip
    return members, [at for at, names in enumerate(phones) if not names]


@functools.cache
def _costs() -> _Array:
    """(P, P) what it costs to take one phone, in rows, for another, in columns."""
    index = {name: at for at, name in enumerate(_NAMES)}
    costs = np.full((len(index), len(index)), -_LEAST)
    for names, cost in _ALIKE:
        for a, b in itertools.permutations(names.split(), 2):
            costs[index[a], index[b]] = min(costs[index[a], index[b]], cost)
    np.fill_diagonal(costs, 0.0)
    return costs


def _likelier(heard: _Heard, words: Sequence[tuple[str, ...]]) -> tuple[_Array, _Array]:
    """(W,) how much likelier anything is in place of each word, and (W - 1,) between two.

    The likeliest ways through the text's phones, with nothing between them, from both ends. Where
    anything may be said costs nothing: all is told beside the likeliest.
    """
    index = {name: at for at, name in enumerate(_NAMES)}
    phones = [index[phone] for word in words for phone in word]
    # Of each step: nothing, the first phone, nothing, the second, ..., nothing.
    steps = np.empty((len(heard.nothing), 2 * len(phones) + 1))
    steps[:, 0::2] = heard.nothing[:, None]
    steps[:, 1::2] = heard.phones[:, phones]
    until, on = _ways_until(steps), _ways_on(steps)
    whole = float(until[-1, -2:].max())
    if not np.isfinite(whole):
        # More phones than the network has steps: it cannot tell.
        return np.zeros(len(words)), np.zeros(max(len(words) - 1, 0))
    ends = np.concatenate(([0], np.cumsum([len(word) for word in words]))).tolist()

    def apart(first: int, last: int) -> float:
        """How much likelier it is that anything is said after one phone and before another."""
        before = until[:, 2 * first]
        if first:
            before = np.maximum(before, until[:, 2 * first - 1])
        best = np.maximum.accumulate(before) + on[:, 2 * last]
        return float(best.max()) - whole

    said = [apart(first, last) for first, last in itertools.pairwise(ends)]
    return np.array(said), np.array([apart(end, end) for end in ends[1:-1]])


def _ways_until(steps: _Array) -> _Array:
    """(T + 1, S) the likeliest way to be at a place after so many steps."""
    ways = np.full((len(steps) + 1, steps.shape[1]), -np.inf)
    ways[0, 0] = 0
    for at, step in enumerate(steps):
        before, now = ways[at], ways[at + 1]
        now[:] = before
        np.maximum(now[1:], before[:-1], out=now[1:])
        # From phone to phone without anything between them.
        np.maximum(now[3::2], before[1:-2:2], out=now[3::2])
        now += step
    return ways


def _ways_on(steps: _Array) -> _Array:
    """(T + 1, S) the likeliest way from a place after so many steps to the end."""
    ways = np.full((len(steps) + 1, steps.shape[1]), -np.inf)
    ways[-1, -2:] = 0
    for at in range(len(steps) - 1, -1, -1):
        after, now = ways[at + 1] + steps[at], ways[at]
        now[:] = after
        np.maximum(now[:-1], after[1:], out=now[:-1])
        np.maximum(now[1:-2:2], after[3::2], out=now[1:-2:2])
    return ways
