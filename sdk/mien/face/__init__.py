"""Faces: the rig, the solver, FLAME heads, and the bridge between their bases."""

from __future__ import annotations

from typing import Final

__all__ = ["SOLVER"]

SOLVER: Final = 3
"""Version of the solver's results (solve.py). A change after which the same landmarks give other
curves, poses or smoothed landmarks must raise it: projects and batches note it."""
