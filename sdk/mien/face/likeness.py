"""How far two neutral faces are from being one person's, as far as their shapes tell."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.face.rig import load_rig

__all__ = ["SAME_PERSON", "unlikeness"]

SAME_PERSON: Final = 1.0
"""`unlikeness` up to which two faces may be one person's."""


def unlikeness(first: FloatArray, second: FloatArray) -> float:
    """Return how unlike two neutral faces are.

    Args:
        first: (468, 3) a neutral face in canonical space.
        second: (468, 3) another.
    """
    return float(np.sqrt(((first - second) ** 2).sum(axis=1).mean()))
