"""Time while a shot plays: from seconds that have passed to the frame that is due. No Qt.

Frames have the times of the material, so that variable frame rates play at their true pace.
Backward, a frame is shown for as long as it lasts, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mien.timebase import Clock, FrameRange

__all__ = ["PlaybackClock", "shuttled"]

FASTEST = 8.0
"""Speed of the shuttle at most, either way."""
_HAIR = Fraction(1, 10**7)
"""Seconds; much less than any frame lasts."""


@dataclass(frozen=True, slots=True)
class PlaybackClock:
    """Time that runs from a frame on.

    Attributes:
        clock: When which frame is shown.
        span: The frames between which it runs.
        start: The frame from which it runs, one of the span.
        speed: Seconds of the shot a second; negative is backward; not 0.
        loop: Whether it goes round in the span.
    """

    clock: Clock
    span: FrameRange
    start: int
    speed: float
    loop: bool

    @property
    def begin(self) -> float:
        """Beginning of the span, in seconds of the shot."""
        return float(self.clock.seconds(self.span.start))

    @property
    def length(self) -> float:
        """Duration of the span in seconds."""
        return float(self.clock.seconds(self.span.stop)) - self.begin

    def seconds(self, elapsed: float) -> float:
        """Return the position in the shot after so many seconds; within the span.

        Args:
            elapsed: Seconds since it began to run.
        """
        first = self.start if self.speed > 0 else self.start + 1
        passed = float(self.clock.seconds(first)) - self.begin + self.speed * elapsed
        if not self.loop:
            return self.begin + min(max(passed, 0.0), self.length)
        round_trip = passed % self.length
        # Backward, the moment of turning belongs to the end.
        if self.speed < 0 and round_trip == 0:
            round_trip = self.length
        return self.begin + round_trip

    def frame(self, elapsed: float) -> int:
        """Return the frame that is due after so many seconds."""
        at = Fraction(self.seconds(elapsed))
        frame = self.clock.frame_at(at)
        # What is rounded to a float may lie a hair before the frame that it means.
        if self.clock.seconds(frame + 1) - at < _HAIR:
            frame += 1
        if self.speed < 0 and at - self.clock.seconds(frame) < _HAIR:
            frame -= 1
        return min(max(frame, self.span.start), self.span.stop - 1)

    def ended(self, elapsed: float) -> bool:
        """Return whether the end of the span is reached and playback does not go round."""
        if self.loop:
            return False
        passed = self.seconds(elapsed) - self.begin
        return passed >= self.length if self.speed > 0 else passed <= 0

    def until_next(self, elapsed: float) -> float:
        """Return the seconds until another frame is due."""
        at, frame = self.seconds(elapsed), self.frame(elapsed)
        if self.speed > 0:
            return max(float(self.clock.seconds(frame + 1)) - at, 0.0) / self.speed
        return max(at - float(self.clock.seconds(frame)), 0.0) / -self.speed


def shuttled(speed: float, direction: int) -> float:
    """Return the speed after another touch of J or L: that way, twice as fast each time.

    Args:
        speed: The speed now; 0 when it stands.
        direction: 1 for L, -1 for J.
    """
    if speed * direction <= 0:
        return float(direction)
    return direction * min(max(abs(speed) * 2, 1.0), FASTEST)
