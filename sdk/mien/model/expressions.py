"""Named expressions and visemes: weighted controls that are keyed like one control.

The expressions follow the action units that the Facial Action Coding System's
investigators name for each emotion (Ekman, Friesen & Hager 2002), written in ARKit
controls. The visemes are the fifteen of the Oculus/OVR lip-sync set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from mien.model.controls import sides

__all__ = ["EXPRESSIONS", "VISEMES", "Kind", "Preset"]

Kind = Literal["expression", "viseme", "feeling"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A named mixture of controls.

    Attributes:
        name: The name that is keyed.
        kind: Whether it is an expression, a viseme or a word for a feeling.
        weights: Control name (sided) to weight at a preset value of 1.
        replaces: Whether its controls take the place of what the face does, a weight of 0
            included, instead of being added to it: a preset value is how far they do.
    """

    name: str
    kind: Kind
    weights: tuple[tuple[str, float], ...]
    replaces: bool = False


def _preset(name: str, kind: Kind, **weights: float) -> Preset:
    pairs = []
    for control, weight in weights.items():
        names = sides(control)
        if names is None:
            raise ValueError(f"preset {name} names {control}, which is no control")
        pairs += [(side, weight) for side in names]
    return Preset(name, kind, tuple(pairs))


EXPRESSIONS: Final[tuple[Preset, ...]] = (
    *(
        _preset(name, "expression", **weights)
        for name, weights in {
            "smile": {"mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.2, "mouthDimple": 0.1},
            "grin": {
                "mouthSmile": 0.9, "mouthUpperUp": 0.4, "mouthStretch": 0.2,
                "cheekSquint": 0.5, "jawOpen": 0.1,
            },
            "laugh": {
                "mouthSmile": 0.9, "jawOpen": 0.45, "mouthUpperUp": 0.4, "mouthLowerDown": 0.3,
                "cheekSquint": 0.7, "eyeSquint": 0.5,
            },
            "frown": {"mouthFrown": 0.8, "browDown": 0.5, "mouthShrugLower": 0.3},
            "surprise": {
                "browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.6, "jawOpen": 0.3,
            },
            "anger": {
                "browDown": 0.9, "eyeSquint": 0.4, "eyeWide": 0.2, "noseSneer": 0.3,
                "mouthPress": 0.3, "mouthFrown": 0.6, "jawForward": 0.15,
            },
            "disgust": {
                "noseSneer": 0.8, "mouthUpperUp": 0.4, "browDown": 0.4, "cheekSquint": 0.4,
                "mouthFrown": 0.5, "mouthShrugLower": 0.4,
            },
            "fear": {
                "browInnerUp": 0.9, "browOuterUp": 0.4, "browDown": 0.2, "eyeWide": 0.8,
                "mouthStretch": 0.5, "jawOpen": 0.12,
            },
            "sadness": {
                "browInnerUp": 0.9, "browDown": 0.2, "mouthFrown": 0.45, "mouthShrugLower": 0.35,
                "eyeBlink": 0.15, "gazePitch": -6.0,
            },
            "contempt": {
                "mouthSmileLeft": 0.45, "mouthDimpleLeft": 0.6, "mouthPressLeft": 0.3,
                "eyeSquintLeft": 0.2,
            },
            "worry": {"browInnerUp": 0.8, "browDown": 0.25, "mouthPress": 0.2, "mouthFrown": 0.4},
            "concentration": {"browDown": 0.5, "eyeSquint": 0.4, "mouthPress": 0.3},
            "boredom": {"eyeBlink": 0.3, "browOuterUp": 0.15, "mouthFrown": 0.2},
            "doubt": {
                "browOuterUpLeft": 0.7, "browDownRight": 0.4, "mouthShrugLower": 0.3,
                "mouthPress": 0.2,
            },
            "blink": {"eyeBlink": 1.0, "browDown": 0.05},
            "wink": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.5, "mouthSmileLeft": 0.2},
            "winkRight": {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.5, "mouthSmileRight": 0.2},
            "squint": {"eyeSquint": 0.9, "cheekSquint": 0.4, "browDown": 0.2},
            "wideEyes": {"eyeWide": 0.9, "browOuterUp": 0.3, "browInnerUp": 0.3},
            "raisedBrows": {"browInnerUp": 0.8, "browOuterUp": 0.8},
            "pout": {"mouthPucker": 0.6, "mouthShrugLower": 0.7, "mouthFrown": 0.3},
            "kiss": {"mouthPucker": 0.9, "mouthFunnel": 0.2},
            "sneer": {"noseSneer": 0.7, "mouthUpperUp": 0.5},
            "yawn": {"jawOpen": 0.9, "eyeBlink": 0.6, "mouthStretch": 0.2, "browInnerUp": 0.3},
            "tightLips": {"mouthPress": 0.8, "mouthRollUpper": 0.3, "mouthRollLower": 0.3},
        }.items()
    ),
    # Lips are shut only when nothing is left of what parts them, however much that is.
    replace(
        _preset(
            "lipsShut", "expression", mouthClose=1.0, jawOpen=0.0, mouthLowerDown=0.0,
            mouthUpperUp=0.0, mouthFunnel=0.0, mouthShrugUpper=0.0, tongueOut=0.0,
            mouthPress=0.4,
        ),
        replaces=True,
    ),
)  # fmt: skip

VISEMES: Final[tuple[Preset, ...]] = tuple(
    _preset(name, "viseme", **weights)
    for name, weights in {
        "sil": {"mouthClose": 0.05},
        "PP": {"mouthPress": 0.5, "mouthRollUpper": 0.35, "mouthRollLower": 0.35},
        "FF": {"mouthRollLower": 0.6, "mouthUpperUp": 0.2, "jawOpen": 0.05},
        "TH": {"jawOpen": 0.15, "mouthLowerDown": 0.2, "tongueOut": 0.3},
        "DD": {"jawOpen": 0.12, "mouthLowerDown": 0.25, "mouthUpperUp": 0.1},
        "kk": {"jawOpen": 0.18, "mouthLowerDown": 0.2, "mouthStretch": 0.1},
        "CH": {"jawOpen": 0.08, "mouthFunnel": 0.5, "mouthPucker": 0.2, "mouthUpperUp": 0.15},
        "SS": {"jawOpen": 0.04, "mouthStretch": 0.3, "mouthSmile": 0.15, "mouthLowerDown": 0.25},
        "nn": {"jawOpen": 0.1, "mouthLowerDown": 0.2, "mouthStretch": 0.1},
        "RR": {"jawOpen": 0.1, "mouthFunnel": 0.35, "mouthPucker": 0.3},
        "aa": {"jawOpen": 0.55, "mouthLowerDown": 0.2, "mouthUpperUp": 0.15},
        "E": {"jawOpen": 0.25, "mouthStretch": 0.3, "mouthSmile": 0.2, "mouthLowerDown": 0.2},
        "ih": {"jawOpen": 0.15, "mouthStretch": 0.3, "mouthSmile": 0.25},
        "oh": {"jawOpen": 0.35, "mouthFunnel": 0.6, "mouthPucker": 0.2},
        "ou": {"jawOpen": 0.12, "mouthPucker": 0.8, "mouthFunnel": 0.3},
    }.items()
)
