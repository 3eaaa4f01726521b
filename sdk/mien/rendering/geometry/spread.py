"""How the skin around lids and lips follows their edges."""

from __future__ import annotations

import numpy as np

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.rendering.geometry.topology import EYES, LIPS

__all__ = ["lid_spread", "lip_spread"]


def lid_spread() -> dict[str, FloatArray]:
    """Return per side (468, 18) how the skin follows the lids' landmarks in the order of `EYES`."""
    rig = load_rig()
    spread = {}
    for side, eye in EYES.items():
        name = side.lower()
        order = [*rig.groups[f"{name}_eye_upper"], *rig.groups[f"{name}_eye_lower"]]
        half = len(order) // 2
        upper = [order[:half].index(v) for v in eye.upper]
        lower = [half + order[half:].index(v) for v in eye.lower]
        spread[side] = np.asarray(rig.lid_spread[name][:, upper + lower], dtype=np.float32)
    return spread


def lip_spread() -> FloatArray:
    """Return (468, 22) how the skin follows the inner lips' landmarks in the order of `LIPS`."""
    rig = load_rig()
    above, below = list(rig.groups["lips_inner_upper"]), list(rig.groups["lips_inner_lower"])
    upper = [above.index(v) for v in LIPS.upper]
    lower = [len(above) + below.index(v) for v in LIPS.lower]
    return np.asarray(rig.lip_spread[:, upper + lower], dtype=np.float32)
