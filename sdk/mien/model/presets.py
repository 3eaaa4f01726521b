"""Names that are keyed like one control: named expressions, visemes and words for feelings.

Three tables (expressions.py, feelings.py) under one roof, and what people type for a name in
them:

    smile                   a control, an expression, a viseme or a feeling: as it is called
    wistful                 an adjective of a feeling: melancholy
    melanch                 the beginning of one feeling's name
    wistful longing         two feelings: melancholy+longing

What is kept, in tracks and projects, is the last word of these lines, so that a name means the
same whatever words are added later.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from mien.errors import UnknownControlError, UsageError
from mien.model.controls import CONTROLS, INDEX, NAMES, WEIGHT_HIGH, nearest, sides
from mien.model.expressions import EXPRESSIONS, VISEMES, Preset
from mien.model.feelings import FEELING_ADJECTIVES, FEELINGS

__all__ = [
    "EXPRESSIONS",
    "FELT",
    "PRESETS",
    "VISEMES",
    "Preset",
    "check_value",
    "key_name",
    "replaces",
    "resolve",
]

_JOIN: Final = "+"
"""Between the names of a mixture of two."""
FELT: Final = tuple(
    side
    for control in (
        "browDown", "browInnerUp", "browOuterUp", "cheekSquint", "eyeSquint", "eyeWide",
        "mouthDimple", "mouthFrown", "mouthPress", "mouthSmile", "mouthStretch", "noseSneer",
    )
    for side in sides(control) or ()
)  # fmt: skip
"""Controls that show feelings, and hardly speech."""
_SHORTEST: Final = 3
"""Letters of a feeling's beginning that are enough, where no other begins so."""

PRESETS: Final[dict[str, Preset]] = {
    preset.name: preset
    for preset in (
        *EXPRESSIONS,
        *VISEMES,
        # A word without a formula is a named expression already.
        *(Preset(one.name, "feeling", one.weights) for one in FEELINGS.values() if one.formula),
    )
}


def replaces(name: str) -> bool:
    """Tell whether a name stands for a preset whose controls replace what the face does."""
    return name in PRESETS and PRESETS[name].replaces


def resolve(name: str, mode: str = "add") -> tuple[tuple[str, float], ...]:
    """Resolve a name to the controls that it drives, with their weights.

    Args:
        name: A control, a control without its side, an expression, a viseme, a feeling, or two
            feelings or expressions with `+` between them.
        mode: How it acts. A feeling that replaces the performance takes the place of what the
            face feels there: the controls of other feelings, a smile under sadness, are driven
            too, with a weight of 0. Speech, blinks and gaze are no feelings.

    Returns:
        Pairs of sided control name and weight at a value of 1.

    Raises:
        UnknownControlError: When nothing has that name; the nearest name is suggested.
    """
    names = sides(name)
    if names is not None:
        return tuple((side, 1.0) for side in names)
    weights = PRESETS[name].weights if name in PRESETS else _mixed(name)
    if weights is None:
        raise _unknown(name)
    if mode == "replace" and any(part in FEELINGS for part in name.split(_JOIN)):
        own = {control for control, _ in weights}
        weights += tuple((control, 0.0) for control in FELT if control not in own)
    return weights


@lru_cache(maxsize=256)
def _mixed(name: str) -> tuple[tuple[str, float], ...] | None:
    """Two feelings or expressions at once; None when the name is no such mixture.

    Their mean, made as strong (root of the sum of squares) as they are on average: where they agree
    nothing is doubled, and where they differ neither is lost.
    """
    first, sign, second = name.partition(_JOIN)
    if not sign or first == second or not (_mixable(first) and _mixable(second)):
        return None
    parts = [dict(PRESETS[one].weights) for one in (first, second)]
    mean = {c: (parts[0].get(c, 0.0) + parts[1].get(c, 0.0)) / 2 for part in parts for c in part}
    weights = [c for c in mean if CONTROLS[INDEX[c]].unit == "weight"]
    asked = sum(math.hypot(*(part.get(c, 0.0) for c in weights)) for part in parts) / 2
    scale = asked / math.hypot(*(mean[c] for c in weights))
    return tuple((c, min(v * scale, 1.0) if c in weights else v) for c, v in mean.items())


def _mixable(name: str) -> bool:
    return name in PRESETS and PRESETS[name].kind != "viseme" and not PRESETS[name].replaces


def key_name(text: str) -> str:
    """Turn what a person typed for a control or a feeling into the name that is keyed.

    Args:
        text: A name that can be keyed; of feelings also an adjective (`wistful`), the beginning of
            one name (`melanch`), or two of these with a blank or `+` between them.

    Returns:
        The name, of a mixture `FIRST+SECOND`.

    Raises:
        UnknownControlError: When nothing is called so, or a beginning is that of several.
    """
    joined = "".join(text.split())
    if sides(joined) is not None or joined in PRESETS:
        return joined
    words = text.replace(_JOIN, " ").split()
    if len(words) == 2:
        # Of a pair that is none the first that is unknown is named, and not the pair.
        first, second = (word if sides(word) else _feeling(word) for word in words)
        if first == second:
            return first
        mixture = f"{first}{_JOIN}{second}"
        if _mixed(mixture) is None:
            raise UnknownControlError(
                f"'{text}' cannot be mixed.",
                "Two expressions or feelings can be; set controls and visemes beside them.",
            )
        return mixture
    if len(words) > 2:
        raise UnknownControlError(
            f"'{text}' is more than two names.",
            "Two feelings can be mixed; set others beside them.",
        )
    return _feeling(joined)


def _feeling(word: str) -> str:
    """The name that one word stands for."""
    folded = word.casefold()
    if word in PRESETS:
        return word
    if folded in FEELINGS:
        return folded
    if folded in FEELING_ADJECTIVES:
        return FEELING_ADJECTIVES[folded]
    begun = {name for name in FEELINGS if name.startswith(folded)}
    begun |= {name for said, name in FEELING_ADJECTIVES.items() if said.startswith(folded)}
    if len(folded) < _SHORTEST or not begun:
        raise _unknown(word)
    if len(begun) > 1:
        choices = tuple(name for name in FEELINGS if name in begun)
        raise UnknownControlError(
            f"'{word}' is the beginning of {len(choices)} feelings.",
            f"Write one of {', '.join(choices)}.",
            choices=choices,
        )
    return begun.pop()


def _unknown(name: str) -> UnknownControlError:
    unsided = tuple(dict.fromkeys(n.removesuffix("Left").removesuffix("Right") for n in NAMES))
    everything = (
        *NAMES, *(n for n in unsided if sides(n)), *PRESETS, *FEELING_ADJECTIVES,
    )  # fmt: skip
    guess = nearest(name, everything)
    return UnknownControlError(
        f"There is no control, expression, viseme or feeling named '{name}'.",
        f"Did you mean '{guess}'?" if guess else "`mien controls` lists every name.",
        choices=(guess,) if guess else (),
    )


def check_value(name: str, value: float, mode: str = "add") -> None:
    """Check that people may ask a control for a value; the same wherever one is typed.

    Args:
        name: A control, a control without its side, an expression, a viseme or feelings.
        value: In the control's unit.
        mode: How it acts; what scales or smooths is no value of the control, and not checked.

    Raises:
        UsageError: When the value is beyond the control's limits.
        UnknownControlError: When nothing has that name.
    """
    weights = resolve(name)
    limit = WEIGHT_HIGH
    if sides(name) is not None:
        limit = max(CONTROLS[INDEX[side]].high for side, _ in weights)
    if mode in ("add", "replace") and abs(float(value)) > limit:
        raise UsageError(
            f"{value:g} is beyond what {name} can do.", f"Its values reach {limit:g} at most."
        )
