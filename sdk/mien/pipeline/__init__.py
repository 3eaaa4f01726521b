"""A shot through renderer, compositor and encoder.

Frames stream: the reader decodes ahead and the writer encodes behind, each in its own
threads, and only the frames between them are in memory. A frame in which nothing is asked
goes from decoder to encoder as it is.
"""

from __future__ import annotations

from mien.pipeline.closed_loop import ClosedLoop, close_loop, known_gains, with_gains
from mien.pipeline.damage import damage_note, undamaged
from mien.pipeline.gains_cache import Gains, GainsCache
from mien.pipeline.output import OnFrame, Output, Rendered
from mien.pipeline.render import render_shot, stream_frames
from mien.pipeline.shot_frames import ShotFrames

__all__ = [
    "ClosedLoop", "Gains", "GainsCache", "OnFrame", "Output", "Rendered", "ShotFrames",
    "close_loop", "damage_note", "known_gains", "render_shot", "stream_frames", "undamaged",
    "with_gains",
]  # fmt: skip
