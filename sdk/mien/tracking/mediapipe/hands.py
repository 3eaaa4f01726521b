"""Hands in a picture, by the two models that MediaPipe's package carries.

A palm detector and a model of 21 landmarks (Zhang et al., "MediaPipe Hands: On-device Real-time
Hand Tracking", 2020). Every picture is looked at by itself, so that the answer does not depend on
which were looked at before.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import ByteArray, FloatArray
from mien.tracking.mediapipe.graphs import GraphModel, quiet_stderr

__all__ = ["BONES", "PALM", "Hand", "Hands"]

PALM: Final = (0, 1, 5, 9, 13, 17)
"""Landmarks around the palm."""
BONES: Final = tuple(
    (finger[i], finger[i + 1])
    for finger in ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
    for i in range(3)
)
"""Pairs of landmarks with a bone between them."""

_MOST: Final = 2
"""Hands that are looked for."""
_CONFIG: Final = f"""
input_stream: "picture"
output_stream: "hands"
node {{
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:0:number"
  output_side_packet: "PACKET:1:complexity"
  output_side_packet: "PACKET:2:from_before"
  options {{ [mediapipe.ConstantSidePacketCalculatorOptions.ext] {{
    packet {{ int_value: {_MOST} }}
    packet {{ int_value: 1 }}
    packet {{ bool_value: false }}
  }} }}
}}
node {{
  calculator: "HandLandmarkTrackingCpu"
  input_stream: "IMAGE:picture"
  input_side_packet: "NUM_HANDS:number"
  input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_side_packet: "USE_PREV_LANDMARKS:from_before"
  output_stream: "LANDMARKS:hands"
}}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """A hand in a picture.

    Attributes:
        points: (21, 2) float32 its landmarks, pixels: wrist, then thumb to little finger, each
            from its root to its tip.
    """

    points: FloatArray

    @property
    def width(self) -> float:
        """Distance of the roots of index and little finger, pixels."""
        return float(np.linalg.norm(self.points[5] - self.points[17]))


class Hands(GraphModel):
    """The hand models of MediaPipe's package.

    Raises:
        MissingDependencyError: When MediaPipe or its models are not installed.
    """

    def __init__(self) -> None:
        super().__init__(_CONFIG, "hands")
        self._announced = False

    def find(self, picture: ByteArray) -> list[Hand]:
        """Return the hands in a picture (H, W, 3) R'G'B'.

        Raises:
            RuntimeError: When a model fails on it.
        """
        height, width = picture.shape[:2]
        # The second model announces itself on standard error with the first hand.
        with nullcontext() if self._announced else quiet_stderr():
            (packet,) = self._pool.collect(self._pool.submit([picture]))
        self._announced |= packet is not None
        size = np.array([width, height], dtype=np.float32)
        found = []
        for message in self._pool.protos(packet):
            points = np.array([(p.x, p.y) for p in message.landmark], dtype=np.float32)
            found.append(Hand(points * size - np.float32(0.5)))
        return found
