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
            "smile": {
                "mouthSmile": 0.76, "cheekSquint": 0.5, "eyeSquint": 0.15, "mouthDimple": 0.1,
            },
            "grin": {
                "mouthSmile": 0.87, "mouthUpperUp": 0.2, "mouthStretch": 0.05,
                "cheekSquint": 0.5, "jawOpen": 0.1,
            },
            "laugh": {
                "mouthSmile": 0.87, "jawOpen": 0.45, "mouthUpperUp": 0.2, "mouthLowerDown": 0.13,
                "cheekSquint": 0.7, "eyeSquint": 0.4,
            },
            "frown": {"mouthFrown": 0.67, "browDown": 0.41, "mouthShrugLower": 0.3},
            "surprise": {
                "browInnerUp": 0.63, "browOuterUp": 0.63, "eyeWide": 0.5, "jawOpen": 0.3,
            },
            "anger": {
                "browDown": 0.82, "eyeSquint": 0.31, "eyeWide": 0.16, "noseSneer": 0.2,
                "mouthPress": 0.09, "mouthFrown": 0.47, "jawForward": 0.15,
            },
            "disgust": {
                "noseSneer": 0.38, "mouthUpperUp": 0.2, "browDown": 0.32, "cheekSquint": 0.4,
                "mouthFrown": 0.38, "mouthShrugLower": 0.4,
            },
            "fear": {
                "browInnerUp": 0.81, "browOuterUp": 0.26, "browDown": 0.16, "eyeWide": 0.7,
                "mouthStretch": 0.12, "jawOpen": 0.12,
            },
            "sadness": {
                "browInnerUp": 0.81, "browDown": 0.16, "mouthFrown": 0.34, "mouthShrugLower": 0.35,
                "eyeBlink": 0.08, "gazePitch": -6.0,
            },
            "contempt": {
                "mouthSmileLeft": 0.41, "mouthDimpleLeft": 0.6, "mouthPressLeft": 0.09,
                "eyeSquintLeft": 0.15,
            },
            "worry": {"browInnerUp": 0.63, "browDown": 0.2, "mouthPress": 0.06, "mouthFrown": 0.29},
            "concentration": {"browDown": 0.41, "eyeSquint": 0.31, "mouthPress": 0.09},
            "boredom": {"eyeBlink": 0.16, "browOuterUp": 0.08, "mouthFrown": 0.14},
            "doubt": {
                "browOuterUpLeft": 0.5, "browDownRight": 0.32, "mouthShrugLower": 0.3,
                "mouthPress": 0.06,
            },
            "blink": {"eyeBlink": 1.0, "browDown": 0.04},
            "wink": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.5, "mouthSmileLeft": 0.18},
            "winkRight": {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.5, "mouthSmileRight": 0.18},
            "squint": {"eyeSquint": 0.81, "cheekSquint": 0.4, "browDown": 0.16},
            "wideEyes": {"eyeWide": 0.82, "browOuterUp": 0.19, "browInnerUp": 0.19},
            "raisedBrows": {"browInnerUp": 0.63, "browOuterUp": 0.63},
            "pout": {"mouthPucker": 0.53, "mouthShrugLower": 0.7, "mouthFrown": 0.22},
            "kiss": {"mouthPucker": 0.85, "mouthFunnel": 0.05},
            "sneer": {"noseSneer": 0.35, "mouthUpperUp": 0.26},
            "yawn": {"jawOpen": 0.9, "eyeBlink": 0.37, "mouthStretch": 0.05, "browInnerUp": 0.19},
            "tightLips": {"mouthPress": 0.2, "mouthRollUpper": 0.3, "mouthRollLower": 0.3},
        }.items()
    ),
    # Lips are shut only when nothing is left of what parts them, however much that is.
    replace(
        _preset(
            "lipsShut", "expression", mouthClose=1.0, jawOpen=0.0, mouthLowerDown=0.0,
            mouthUpperUp=0.0, mouthFunnel=0.0, mouthShrugUpper=0.0, tongueOut=0.0,
            mouthPress=0.11,
        ),
        replaces=True,
    ),
)  # fmt: skip

VISEMES: Final[tuple[Preset, ...]] = tuple(
    _preset(name, "viseme", **weights)
    for name, weights in {
        "sil": {"mouthClose": 0.05},
        "PP": {"mouthPress": 0.13, "mouthRollUpper": 0.35, "mouthRollLower": 0.35},
        "FF": {"mouthRollLower": 0.6, "mouthUpperUp": 0.1, "jawOpen": 0.05},
        "TH": {"jawOpen": 0.15, "mouthLowerDown": 0.09, "tongueOut": 0.3},
        "DD": {"jawOpen": 0.12, "mouthLowerDown": 0.11, "mouthUpperUp": 0.04},
        "kk": {"jawOpen": 0.18, "mouthLowerDown": 0.09, "mouthStretch": 0.03},
        "CH": {"jawOpen": 0.08, "mouthFunnel": 0.12, "mouthPucker": 0.17, "mouthUpperUp": 0.07},
        "SS": {"jawOpen": 0.04, "mouthStretch": 0.08, "mouthSmile": 0.13, "mouthLowerDown": 0.11},
        "nn": {"jawOpen": 0.1, "mouthLowerDown": 0.09, "mouthStretch": 0.03},
        "RR": {"jawOpen": 0.1, "mouthFunnel": 0.09, "mouthPucker": 0.25},
        "aa": {"jawOpen": 0.55, "mouthLowerDown": 0.09, "mouthUpperUp": 0.07},
        "E": {"jawOpen": 0.25, "mouthStretch": 0.08, "mouthSmile": 0.18, "mouthLowerDown": 0.09},
        "ih": {"jawOpen": 0.15, "mouthStretch": 0.08, "mouthSmile": 0.22},
        "oh": {"jawOpen": 0.35, "mouthFunnel": 0.14, "mouthPucker": 0.17},
        "ou": {"jawOpen": 0.12, "mouthPucker": 0.73, "mouthFunnel": 0.07},
    }.items()
)
