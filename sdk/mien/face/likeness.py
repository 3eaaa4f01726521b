"""How unlike two people's neutral faces are, to tell whether they may be one person's."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.face.rig import load_rig
from mien.model.face import Face

__all__ = ["SAME_PERSON", "SAME_PERSON_IN_STILLS", "may_be_same", "unlikeness"]

SAME_PERSON: Final = 0.45
"""`unlikeness` up to which two faces are taken for one person's. Over the test clips 2 % of one
person's pairs of clips are beyond it, and 7 % of different people's are not: it is for mistakes of
people who mean one person (`python -m tests.benchmarks.bench_likeness`)."""
SAME_PERSON_IN_STILLS: Final = 0.6
"""The same where one is seen in a few frames only: its expression is hardly told from its shape.
4 % of one person's pairs of a clip and a frame are beyond it, 19 % of others' are not."""
_FEW_FRAMES: Final = 8
_NOTHING: Final = 1e-3
"""Departure from the mean face, in standard deviations, that tells nothing."""


def may_be_same(first: Face, second: Face) -> bool:
    """Tell whether two faces may be one person's, as far as their shapes tell."""
    seen = min(int(np.count_nonzero(face.confidence)) for face in (first, second))
    limit = SAME_PERSON_IN_STILLS if seen < _FEW_FRAMES else SAME_PERSON
    return unlikeness(first.identity, second.identity) <= limit


def unlikeness(first: FloatArray, second: FloatArray) -> float:
    """Return how unlike two neutral faces are: 0 for the same, about 1 for strangers.

    One less the cosine between their departures from the mean face, each told in the ways in which
    people are known to differ.

    Args:
        first: (468, 3) a neutral face in canonical space.
        second: (468, 3) another.
    """
    one, other = _traits(first), _traits(second)
    if float(np.linalg.norm(one - other)) < _NOTHING:
        return 0.0
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return 1 - float(one @ other) / max(lengths, _NOTHING**2)


def _traits(face: FloatArray) -> DoubleArray:
    """(K,) how far a face departs from the mean in each way, in standard deviations."""
    rig = load_rig()
    away = (face - rig.mean).reshape(-1, 1).astype(np.float64)
    return np.asarray((rig.people.modes @ rig.people.solve(away))[:, 0])
