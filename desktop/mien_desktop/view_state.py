"""View state of the window: nothing here is saved with the document, and nothing is undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mien.session.refs import KeyRef, TrackRef

__all__ = ["OVERLAYS", "Overlay", "TimeView", "Tool", "Units", "ViewMode", "ViewState"]

ViewMode = Literal["edited", "plate", "wipe", "side"]
"""What the viewer shows: the edit, the plate, or both divided or next to each other."""
Units = Literal["timecode", "frames", "seconds"]
"""What the rulers of timeline and curve editor count in."""
Overlay = Literal["boxes", "landmarks", "mesh", "mask", "front", "handles"]
OVERLAYS: tuple[Overlay, ...] = ("boxes", "landmarks", "mesh", "mask", "front", "handles")
Tool = Literal["pull", "brush", "eraser", "hint", "landmarks"]
"""What the left button does in the picture: pull at handles, paint what is in front, draw a box
where a face is to be tracked, or drag its landmarks to where they belong."""


@dataclass(frozen=True, slots=True)
class TimeView:
    """The stretch of time that timeline and curve editor show; both share it.

    Attributes:
        first: Frame at the left edge; fractions are allowed.
        scale: Pixels a frame; 0 for the whole shot, however wide a panel is.
    """

    first: float = 0.0
    scale: float = 0.0


@dataclass(frozen=True, slots=True)
class ViewState:
    """State of the view: shot, playhead, selection, and how they are shown.

    Attributes:
        shot: Id of the current shot; None while the document has none.
        frame: The playhead.
        face: Number of the current face; None for the main one.
        faces: Numbers of the faces that are selected, to be merged; the current one is among them.
        layer: Layer that new keys go to.
        keys: Keys that are selected.
        tracks: Tracks (lanes) that are selected.
        controls: Controls whose curves are shown.
        mode: What the viewer shows.
        wipe: Where the wipe divides the picture, 0..1 from the left.
        overlays: What is drawn over the picture.
        tool: What the left button does in it.
        brush: Radius of brush and eraser, as a part of the picture's shorter side.
        falloff: Frames before and after the playhead over which a correction of landmarks fades.
        brush_once: Whether what is painted is for the frame at the playhead only.
        time: The stretch of time in view.
        units: What rulers count in.
        speed: Speed of playback: 1 forward at true rate, negative backward, 0 stopped.
        loop: Whether playback goes round in the in/out range.
        auto_key: Whether a changed control gets a key at the playhead.
        snap: Whether dragged keys snap to keys, markers, cuts and the playhead.
        audition: Values by control of an expression that is auditioned (hover in the palette); not
            part of the document.
        dragging: Whether a gesture is going on, so that a quick preview is enough.
    """

    shot: str | None = None
    frame: int = 0
    face: int | None = None
    faces: frozenset[int] = frozenset()
    layer: str = "edit"
    keys: frozenset[KeyRef] = frozenset()
    tracks: frozenset[TrackRef] = frozenset()
    controls: tuple[str, ...] = ()
    mode: ViewMode = "edited"
    wipe: float = 0.5
    overlays: frozenset[Overlay] = frozenset({"boxes", "handles"})
    tool: Tool = "pull"
    brush: float = 0.02
    brush_once: bool = False
    falloff: int = 6
    time: TimeView = field(default_factory=TimeView)
    units: Units = "timecode"
    speed: float = 0.0
    loop: bool = False
    auto_key: bool = True
    snap: bool = True
    audition: tuple[tuple[str, float], ...] = ()
    dragging: bool = False
