"""Tooltips of the timeline; no Qt."""

from __future__ import annotations

import math
from typing import Final

from mien.model.controls import CONTROLS, INDEX, sides
from mien.model.edits import Mode
from mien.model.fading import COVERED, SEEN
from mien.model.reading import PerformanceEvent
from mien.model.shot import Shot
from mien.reporting.values import FrameTrouble
from mien.timebase import FrameRange
from mien_desktop.geometry.lanes import Lane
from mien_desktop.geometry.ruler import label
from mien_desktop.geometry.troubles import TroubleMark
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.timeline.targets import Target
from mien_desktop.words import count, title

__all__ = ["MODES", "describe", "number", "trouble_words"]

MODES: Final[dict[Mode, tuple[str, str]]] = {
    "add": ("+", "adds to the performance"),
    "replace": ("=", "replaces the performance"),
    "scale": ("×", "scales the performance"),
    "smooth": ("~", "smooths the performance"),
}
"""A track's mode: its sign, and what it does."""
_CELLS: Final = {
    "fold": "Hide or show what is below",
    "mute": "Mute: leave the layer out",
    "weight": "Weight of the layer: drag, or double-click to type",
    "value": "Value at the playhead: double-click to type",
    "key": "Key at the playhead: click to set it or take it away",
    "seen": "A dot: the face is seen at the playhead",
    "event": "At the playhead",
    "sight": "The region that is seen least surely at the playhead, and how surely",
}
_KINDS: Final = {
    "ruler": "Drag to move the playhead; with Ctrl it goes to keys, markers and cuts",
    "in": "In point: drag",
    "out": "Out point: drag",
    "grip": "Drag to scale the selected keys in time",
    "markers": "Double-click for a marker",
}


def number(value: float, lane: Lane) -> str:
    """Return a value of a lane's track as people read it: degrees, frames, or a weight."""
    track = lane.track
    if track.mode == "smooth":
        return f"{value:.1f} f"
    if track.mode == "scale":
        return f"{value:.2f}"
    names = sides(track.control)
    if names and CONTROLS[INDEX[names[0]]].unit == "degrees":
        return f"{value:+.1f}°"
    return f"{value:+.2f}"


def describe(scene: TimelineScene, target: Target) -> str:
    """Describe a target in one or two lines; empty for nothing of note."""
    lane = target.lane
    if target.kind == "key" and lane is not None:
        return _key(scene, lane, target.frame)
    if target.kind == "marker":
        return _marker(scene, target.frame)
    if target.trouble is not None:
        return _trouble(scene, target.trouble)
    if target.kind in ("person", "correction") and lane is not None:
        return _person(scene, lane, target)
    if target.kind == "sight" and lane is not None:
        return _sight(scene, lane, target.frame, target.bar)
    if target.kind in ("voice", "phone-edge") and lane is not None:
        return _voice(lane, target)
    if target.kind == "event" and lane is not None and target.event is not None:
        return _event(scene, lane, target.event)
    if target.kind == "span" and lane is not None and lane.track.span is not None:
        return _span(lane, lane.track.span)
    if target.kind == "cell" and lane is not None:
        if target.cell == "mode":
            return f"{title(lane.track.control)} {MODES[lane.track.mode][1]}; click to change"
        if target.cell == "name":
            return _name(lane)
        return _CELLS.get(str(target.cell), "")
    return _KINDS.get(target.kind, "")


def _key(scene: TimelineScene, lane: Lane, frame: int) -> str:
    shot = scene.now.shot
    assert shot is not None
    time = label(shot.clock, frame, scene.now.state.units)
    if lane.kind != "track":
        return f"{count(sum(1 for _ in lane.keys_at(frame)), 'key')} at {time}"
    key = lane.track.key_at(frame)
    if key is None:
        return ""
    text = f"{title(lane.track.control)} {number(key.value, lane)} at {time}"
    return f"{text}\n{title(key.interpolation)} to the next key"


def _sight(scene: TimelineScene, lane: Lane, frame: int, bar: str) -> str:
    """Tell how surely the region under the pointer is seen, then the others."""
    shot, sight = scene.now.shot, scene.sights[lane.face.number]
    assert shot is not None
    time = label(shot.clock, frame, scene.now.state.units)
    if any(frame in span for span in shot.untracked_spans()):
        return f"Not tracked at {time}: edits do nothing here; Track from in to out tracks more"
    if sight.worst(frame) is None:
        return f"{lane.face.name} is not seen at {time}"
    values = dict(zip(sight.bars, sight.confidence[:, frame].tolist(), strict=True))
    if any(start <= frame < stop for start, stop in sight.bridged):
        time += ": not seen here, bridged from the frames around"
    elif sight.whole[frame]:
        time += f": the whole face was seen badly ({lane.face.confidence[frame]:.0%})"
    others = ", ".join(f"{name} {value:.0%}" for name, value in values.items() if name != bar)
    first = f"{title(bar)} {values[bar]:.0%} {_doubt(values[bar])}, at {time}"
    return f"{first}\n{title(others)}" if others else first


def _person(scene: TimelineScene, lane: Lane, target: Target) -> str:
    """Tell whether a face is seen under the pointer, and how surely."""
    shot, face = scene.now.shot, lane.face
    assert shot is not None
    time = label(shot.clock, target.frame, scene.now.state.units)
    if target.kind == "correction":
        return f"{face.name}: landmarks corrected by hand at {time}; click to go there"
    if not face.valid[target.frame]:
        return f"{face.name} is not seen at {time}"
    seen = f"seen with {face.confidence[target.frame]:.0%}, at {time}"
    return f"{face.name}: {seen}\nDouble-click goes there; drag onto a face of the same person"


def _event(scene: TimelineScene, lane: Lane, event: PerformanceEvent) -> str:
    """Tell what was read, when, and how strong it is."""
    shot, units = scene.now.shot, scene.now.state.units
    assert shot is not None
    events = scene.events.get(lane.face.number)
    more = f", {event.detail}" if event.detail else ""
    start, last = (label(shot.clock, f, units) for f in (event.span.start, event.span.stop - 1))
    peak = label(shot.clock, event.peak, units)
    first = f"{title(event.kind)}{more}: {start} to {last}, most at {peak} ({event.strength:.0%})"
    if events is not None and event in events.gone:
        return f"{first}\nIn the performance; the edits take it away"
    return f"{first}\nClick: go there; double-click: in and out around it"


def _voice(lane: Lane, target: Target) -> str:
    """Tell which phone or word is said under the pointer, and what can be done with it."""
    voice, mark = lane.layer.voice if lane.layer is not None else None, target.mark
    if voice is None or mark is None:
        return ""
    if mark.kind == "word":
        word = voice.speech.words[mark.index]
        return f"“{word.text}”\nDouble-click: type another; zoom in for its phones"
    phone = voice.speech.phones[mark.index]
    shape = f", shaped as {phone.viseme}" if phone.viseme else ""
    start, stop = voice.start + phone.start, voice.start + phone.stop
    first = f"{phone.name}{shape}, {start:.2f} to {stop:.2f} s"
    if mark.kind == "edge":
        return f"{first}\nDrag its {mark.part}: the keys follow; with Ctrl to edges of frames"
    return f"{first}\nRight-click: another shape of the mouth; double-click: other words"


def _doubt(confidence: float) -> str:
    if confidence < COVERED:
        return "(something is in front)"
    return "(in doubt)" if confidence < SEEN else "(clear)"


def _span(lane: Lane, span: FrameRange) -> str:
    ends = ("from the span before", "into the span after")
    runs_on = " and ".join(end for end, there in zip(ends, lane.runs_on, strict=True) if there)
    return (
        f"{title(lane.track.control)} {number(lane.track.keys[0].value, lane)}, frames"
        f" {span.start} to {span.stop - 1}, eased over {count(lane.track.fade, 'frame')}"
        + (f"; runs on {runs_on}" if runs_on else "")
    )


def _marker(scene: TimelineScene, frame: int) -> str:
    shot, project = scene.now.shot, scene.now.project
    assert shot is not None
    assert project is not None
    time = label(shot.clock, frame, scene.now.state.units)
    named = next((marker.name for marker in project.markers if marker.frame == frame), "")
    return f"{named or 'Marker'} at {time}\nDouble-click to rename, drag to move"


def _trouble(scene: TimelineScene, mark: TroubleMark) -> str:
    """Tell what is wrong in the worst frame of a mark, and in how many frames there is trouble."""
    shot = scene.now.shot
    assert shot is not None
    time = label(shot.clock, mark.frame, scene.now.state.units)
    lines = [f"{time}, in {scene.reported}:"]
    lines += [trouble_words(one, shot) for one in mark.at(mark.frame)]
    frames = len({one.frame for one in mark.troubles})
    if frames > 1:
        lines.append(f"The worst of {count(frames, 'frame')} ({', '.join(mark.words)})")
    lines.append("Click: go there; T: to the next. Gone once the edit changes here.")
    return "\n".join(lines)


def trouble_words(one: FrameTrouble, shot: Shot) -> str:
    """Tell what is wrong in a frame: `jawOpen: achieved is not what was asked (0.41, ...)`."""
    unit = f" {one.unit}" if one.unit else ""
    many = one.face is not None and len(shot.faces) > 1
    who = next((f"{face.name}: " for face in shot.faces if many and face.number == one.face), "")
    if not math.isfinite(one.value) or one.measure == "frames.lost":
        return f"{who}{one.what}"
    return f"{who}{one.what} ({one.value:.3g}{unit}, usual at most {one.limit:g})"


def _name(lane: Lane) -> str:
    if lane.kind == "track":
        return f"{title(lane.track.control)}: {count(len(lane.track.keys), 'key')}"
    if lane.kind == "person":
        return (
            f"{lane.face.name}: click to work on it, with Ctrl to select one more; double-click to"
            " rename; drag it onto another face that is the same person"
        )
    if lane.kind == "sight":
        return (
            f"What is in front of {lane.face.name}: eyes, brows, mouth and jaw from top to bottom;"
            " amber in doubt, red hidden; W goes to the next\nBlue: frames with your strokes"
        )
    if lane.kind == "reading":
        return (
            f"What {lane.face.name} does, as `mien read` says: blinks, smiles, looks, speech,"
            " feelings. Open it for a lane of each; D goes to the next\nHollow: in the performance,"
            " and gone with the edits"
        )
    if lane.kind == "event":
        return f"{title(lane.event)}: click a mark to go there, double-click for in and out"
    if lane.kind == "voice" and lane.layer is not None and lane.layer.voice is not None:
        sound = lane.layer.voice.sound
        return (
            f"What the layer {lane.layer.name} says, with the sound of"
            f" {'the shot' if sound is None else sound}: words, nearer phones whose edges can be"
            " dragged; double-click to type another text"
        )
    if lane.layer is not None:
        return f"Layer {lane.layer.name}: new keys go here once it is clicked; drag to reorder"
    lost, weak = int((~lane.face.valid).sum()), int(lane.face.weak.sum())
    parts = [lane.face.name]
    if lost:
        parts.append(f"not seen in {count(lost, 'frame')}")
    if weak:
        parts.append(f"tracked weakly in {count(weak, 'frame')}")
    return ", ".join(parts)
