"""Who paints the frames of a render: threads of this process, and processes beside it.

Painting a face holds Python's lock most of the time, so that threads gain little. Another process
opens the shot for itself (worker.py), is given frames as they come from the decoder (process.py),
and gives back the rows that changed. Whatever goes wrong there is done here (crew.py).
"""

from __future__ import annotations

from mien.pipeline.painters.crew import Painters, limit_processes
from mien.pipeline.painters.process import PaintingWork

__all__ = ["Painters", "PaintingWork", "limit_processes"]
