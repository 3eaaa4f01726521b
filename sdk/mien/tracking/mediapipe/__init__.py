"""mien's own tracker, on the models that MediaPipe's package carries."""

from __future__ import annotations

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = 1
"""Version of the tracker's results. A change after which the same frames give other landmarks, or
other cuts, must raise it: projects and batches note it."""
