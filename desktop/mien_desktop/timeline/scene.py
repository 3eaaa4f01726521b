"""The scene of the timeline: its contents and geometry, for painting and the mouse; no Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mien._types import ByteArray, DoubleArray, FloatArray
from mien.model.reading import PerformanceEvent
from mien.model.voice import Voice
from mien.session.refs import KeyRef, TrackRef
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.bands import Band, Bands
from mien_desktop.geometry.lanes import ROW, Lane, Lanes
from mien_desktop.geometry.marks import CLASSES
from mien_desktop.geometry.readings import FaceEvents, event_at, stripe_at
from mien_desktop.geometry.select import key_at
from mien_desktop.geometry.sight import Sight, bar_at
from mien_desktop.geometry.speech import VoiceMark, frame_at, mark_at, second_at
from mien_desktop.geometry.troubles import TroubleMark
from mien_desktop.resolve import Resolved

__all__ = ["TimelineScene", "Selected"]


class Selected:
    """Selected keys by their tracks.

    Args:
        keys: The keys.
    """

    def __init__(self, keys: Iterable[KeyRef] = ()) -> None:
        frames: defaultdict[TrackRef, list[int]] = defaultdict(list)
        for key in keys:
            frames[key.track].append(key.frame)
        self._frames: Mapping[TrackRef, list[int]] = frames
        every = [frame for track_frames in frames.values() for frame in track_frames]
        self.span = (min(every), max(every)) if every else None
        """First and last selected frame; None when nothing is selected."""

    def kinds(self, lanes: Lanes) -> ByteArray:
        """Return (N,) colour classes of the keys that `lanes.every` holds."""
        every, _, begins = lanes.every
        kinds = np.full(len(every.frames), CLASSES.index("plain"), np.uint8)
        for row, lane in enumerate(lanes.rows):
            here = slice(begins[row], begins[row + 1])
            if lane.muted:
                kinds[here] = CLASSES.index("muted")
            # A face's or layer's key stands for those below: it is selected with any of them.
            selected = [f for ref, _ in lane.tracks for f in self._frames.get(ref, ())]
            if selected:
                chosen = np.isin(every.frames[here], selected)
                kinds[here][chosen] = CLASSES.index("selected")
        return kinds


@dataclass(frozen=True, slots=True, eq=False)
class TimelineScene:
    """A timeline of a size.

    Attributes:
        now: What the window shows.
        lanes: The lanes.
        axis: The time axis; its pixel 0 is the right edge of the column of names.
        bands: Heights of the bands, and the width of the names.
        scroll: Pixels by which the lanes are scrolled up.
        width: Width in logical pixels.
        height: Height in logical pixels.
        selected: The selected keys.
        kinds: (N,) how each of the keys that `lanes.every` holds is coloured.
        sights: By a face's number, how surely it is seen.
        events: By a face's number, what is read off its performance; missing while it is not.
        seconds: (T + 1,) seconds at which the shot's frames begin, and the last ends.
        loudness: By the path of a voice's sound, how loud it is every 10 ms; missing while it is
            not known.
        troubles: Marks of frames in which the last report finds trouble.
        reported: Name of the export that it is on.
    """

    now: Resolved
    lanes: Lanes
    axis: Axis
    bands: Bands
    scroll: int
    width: int
    height: int
    selected: Selected
    kinds: ByteArray
    sights: Mapping[int, Sight]
    events: Mapping[int, FaceEvents] = field(default_factory=dict)
    seconds: DoubleArray = field(default_factory=lambda: np.zeros(1))
    loudness: Mapping[Path, FloatArray] = field(default_factory=dict)
    troubles: tuple[TroubleMark, ...] = ()
    reported: str = ""

    def x(self, frame: float) -> float:
        """Return the middle of a frame, from the left of the widget."""
        return self.bands.names + self.axis.x(frame)

    def edge(self, frame: float) -> float:
        """Return the left edge of a frame, from the left of the widget."""
        return self.bands.names + self.axis.edge(frame)

    def frame(self, x: float) -> int:
        """Return the frame of the shot that is nearest to a pixel of the widget."""
        last = max(self.now.frame_count - 1, 0)
        return min(max(self.axis.frame(x - self.bands.names), 0), last)

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the widget from the first frame's edge and the first lane's top."""
        return x - self.bands.names, y - self.bands.lanes + self.scroll

    def top(self, row: int) -> int:
        """Return the top of a lane, from the top of the widget."""
        return self.bands.lanes + row * ROW - self.scroll

    def rows(self) -> range:
        """Return the lanes in view."""
        first = self.scroll // ROW
        last = (self.scroll + self.height - self.bands.lanes + ROW - 1) // ROW
        return range(first, max(min(last, len(self.lanes.rows)), first))

    def band(self, y: float) -> Band:
        """Return the band at a height of the widget."""
        return self.bands.at(y)

    def lane(self, y: float) -> Lane | None:
        """Return the lane at a height of the widget; None above the lanes and below the last."""
        return self.lanes.at(y - self.bands.lanes + self.scroll) if y >= self.bands.lanes else None

    def bar(self, lane: Lane, y: float) -> str:
        """Return what the bar stands for that lies at a height of the widget, in its lane."""
        names = self.sights[lane.face.number].bars
        return names[bar_at(len(names), self.inside(0, y)[1] % ROW)]

    def event(self, lane: Lane, x: float, y: float) -> PerformanceEvent | None:
        """Return the event whose mark lies at a place of the widget, in its lane."""
        events = self.events.get(lane.face.number)
        if events is None or not events.kinds:
            return None
        kind = lane.event
        if not kind:
            kind = events.kinds[stripe_at(len(events.kinds), self.inside(0, y)[1] % ROW)]
        time = self.axis.time(x - self.bands.names)
        marks = (*events.of_kind(kind), *events.ghosts(kind))
        return event_at(marks, time + 0.5, self.axis.scale)

    @property
    def pixels_a_second(self) -> float:
        """Pixels that a second takes, on average."""
        shot = self.now.shot
        return self.axis.scale * float(shot.clock.rate) if shot is not None else 1.0

    def voice_x(self, voice: Voice, time: float) -> float:
        """Return where a time of a voice's sound lies, from the left of the widget."""
        return self.edge(frame_at(self.seconds, voice.start + time))

    def voice_time(self, voice: Voice, x: float) -> float:
        """Return the time of a voice's sound at a pixel of the widget."""
        frame = self.axis.time(x - self.bands.names) + 0.5
        return second_at(self.seconds, frame) - voice.start

    def voice_mark(self, lane: Lane, x: float) -> VoiceMark | None:
        """Return what is said at a pixel of the widget, in the lane of a voice."""
        voice = lane.layer.voice if lane.layer is not None else None
        if voice is None:
            return None
        return mark_at(voice.speech, self.voice_time(voice, x), self.pixels_a_second)

    def key(self, x: float, y: float) -> tuple[Lane, int] | None:
        """Return the lane and the frame of the key at a place of the widget."""
        if y < self.bands.lanes or x < self.bands.names:
            return None
        return key_at(self.lanes, self.axis, *self.inside(x, y))
