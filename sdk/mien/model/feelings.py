"""Words for feelings: 135 of them, in a tree, each a face written in action units.

The tree is that of Parrott (2001, Emotions in Social Psychology), after the prototype study of
Shaver, Schwartz, Kirson & O'Connor (1987, Journal of Personality and Social Psychology 52): six
primary feelings, their secondary ones, and the words.

Each word's face is a formula of action units (action_units.py), built in three steps.

1. What its family does, by published prototypes. Anger, disgust, fear, sadness, surprise and
   happiness: Ekman, Friesen & Hager (2002, FACS Investigator's Guide). Contempt, on one side:
   Ekman & Friesen (1986, Motivation and Emotion 10). Love's smile with soft lids: Gonzaga,
   Keltner, Londahl & Smith (2001, J. Pers. Soc. Psychol. 81); desire's lips: Gonzaga, Turner,
   Keltner, Campos & Altemus (2006, Emotion 6). Embarrassment and shame, with the eyes down:
   Keltner (1995, J. Pers. Soc. Psychol. 68). Pride's small smile: Tracy & Robins (2004,
   Psychological Science 15). Sympathy's oblique brows: Eisenberg and others (1989, J. Pers. Soc.
   Psychol. 57). Pain in agony and suffering: Prkachin (1992, Pain 51). Awe in amazement and
   enthrallment: Shiota, Campos & Keltner (2003, Ann. N.Y. Acad. Sci. 1000). Faces of two
   feelings at once: Du, Tao & Martinez (2014, PNAS 111).
2. How strong the word is: mild words have the early letters, the strongest the late ones.
3. What sets it apart in its family, which is mien's choice, so that no two words look the same: see
   `tests/unit/test_feelings.py` for the distance.

Heads are left alone: a feeling moves the face, and the head stays the performance's.

Intensity, valence and arousal are mien's too, in the circumplex of Russell (1980, J. Pers. Soc.
Psychol. 39); they order words, and no picture depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mien.model.action_units import face_of_formula
from mien.model.expressions import EXPRESSIONS
from mien.model.feeling_words import ADJECTIVES, WORDS

__all__ = ["FEELINGS", "FEELING_ADJECTIVES", "Feeling"]


@dataclass(frozen=True, slots=True)
class Feeling:
    """A word for a feeling, and the face that shows it.

    Attributes:
        name: The word, which is keyed as a control is.
        primary: The word at the root of its branch: love, joy, surprise, anger, sadness or fear.
        secondary: The word between them.
        intensity: How strong it is, 0 to 1.
        valence: How pleasant it is, -1 to 1.
        arousal: How awake it is, -1 to 1.
        formula: The face in action units, as `1C 4B L14D`; empty for a word that is a named
            expression of mien's as well, and looks like that.
        weights: Control name (sided) to weight at a value of 1.
        adjectives: What else is said for it, as `wistful` for melancholy.
    """

    name: str
    primary: str
    secondary: str
    intensity: float
    valence: float
    arousal: float
    formula: str
    weights: tuple[tuple[str, float], ...] = field(repr=False)
    adjectives: tuple[str, ...] = ()


def _read() -> dict[str, Feeling]:
    expressions = {one.name: one.weights for one in EXPRESSIONS}
    said = dict(line.split(": ") for line in ADJECTIVES.strip().splitlines())
    made = {}
    for line in WORDS.strip().splitlines():
        name, primary, secondary, *numbers, formula = line.split(maxsplit=6)
        intensity, valence, arousal = map(float, numbers)
        named = formula == "="
        weights = expressions[name] if named else tuple(face_of_formula(formula).items())
        made[name] = Feeling(
            name, primary, secondary, intensity, valence, arousal, "" if named else formula,
            weights, tuple(said[name].split()),
        )  # fmt: skip
    return made


FEELINGS: Final[dict[str, Feeling]] = _read()
"""The 135 words, in the order of the tree."""

FEELING_ADJECTIVES: Final[dict[str, str]] = {
    adjective: one.name for one in FEELINGS.values() for adjective in one.adjectives
}
"""What directors say, as `wistful`, to the word that it stands for."""
