"""FCPXML (Final Cut Pro X), as OTIO's adapter reads it, put right.

The adapter knows FCPXML 1.8. Since 1.10 an asset's file is in a `media-rep` of its own, which
it does not look for. It counts 23.976 frames a second as 23, and frames in floating point,
cut off; here times are exact, all of a sequence at the sequence's rate. Offsets count from the
sequence's start timecode, which it takes for an empty hour. And it drops transitions, what is
disabled, and retimes (`timeMap`), of which at least the fact is kept.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio
from otio_fcpx_xml_adapter.fcpx_xml import FcpxXml

__all__ = ["read_fcpx"]

_ORIGINAL: Final = "original-media"
_STORYLINE: Final = "0"
"""The lane of the primary storyline, by which the adapter names its track."""


def read_fcpx(text: str) -> Any:
    """The timelines of an FCPXML document."""
    return _Reader(text).to_otio()


class _Reader(FcpxXml):  # type: ignore[misc]
    def __init__(self, text: str) -> None:
        super().__init__(text)
        for asset in self.fcpx_xml.iterfind("./resources/asset"):
            files = asset.findall("./media-rep")
            files.sort(key=lambda file: file.get("kind") != _ORIGINAL)
            if files and not asset.get("src"):
                asset.set("src", files[0].get("src", ""))

    def _from_project(self, project_element: Any) -> Any:
        timeline = super()._from_project(project_element)
        sequence = project_element.find("./sequence")
        if sequence is not None:
            start, rate = self._start(sequence), self._format_frame_rate(sequence.get("format"))
            timeline.global_start_time = otio.opentime.RationalTime(start, rate)
        return timeline

    def _squence_to_stack(
        self, sequence_element: Any, name: str = "", source_range: Any = None
    ) -> Any:
        stack = super()._squence_to_stack(sequence_element, name, source_range)
        storyline = next((track for track in stack if track.name == _STORYLINE), None)
        if storyline is not None:
            for element in sequence_element.iterfind("./spine/transition"):
                self._add_transition(storyline, element, sequence_element)
        return stack

    def _build_composable(self, element: Any, default_format: str) -> Any:
        item = super()._build_composable(element, default_format)
        timing = self._timing_clip(element)
        if timing.find("./timeMap") is not None:
            item.effects.append(otio.schema.TimeEffect(effect_name="timeMap"))
        item.enabled = "0" not in (element.get("enabled"), timing.get("enabled"))
        return item

    def _add_transition(self, track: Any, element: Any, sequence: Any) -> None:
        """Put a transition between the clips of a storyline over whose cut it lies."""
        span = self._time_range(element, sequence.get("format"))
        rate = span.duration.rate
        start = self._number_of_frames(element.get("offset"), sequence.get("format"))
        start -= self._start(sequence)
        stop, at = start + span.duration.value, 0.0
        for index, item in enumerate(track):
            if start <= at <= stop:
                offsets = (otio.opentime.RationalTime(n, rate) for n in (at - start, stop - at))
                transition = otio.schema.Transition(
                    element.get("name", ""), otio.schema.TransitionTypes.SMPTE_Dissolve, *offsets
                )
                track.insert(index, transition)
                return
            if not isinstance(item, otio.schema.Transition):
                at += item.duration().value

    def _offset_and_lane(self, clip: Any, default_format: str) -> Any:
        offset, lane = super()._offset_and_lane(clip, default_format)
        parent = clip
        while parent is not None and parent.tag != "sequence":
            parent = self.child_parent_map.get(parent)
        if parent is not None:
            offset -= otio.opentime.RationalTime(self._start(parent), offset.rate)
        return offset, lane

    def _start(self, sequence: Any) -> int:
        """Start timecode of a sequence, in its frames."""
        return self._number_of_frames(sequence.get("tcStart"), sequence.get("format"))

    def _format_id_for_clip(self, clip: Any, default_format: str) -> Any:
        return default_format or super()._format_id_for_clip(clip, default_format)

    def _reference_from_id(self, asset_id: str, default_format: str) -> Any:
        reference = super()._reference_from_id(asset_id, default_format)
        if not isinstance(reference, otio.schema.MissingReference):
            asset = self._asset_by_id(asset_id)
            reference.available_range = self._time_range(asset, default_format)
        return reference

    def _time_range(self, element: Any, format_id: str) -> Any:
        rate = self._format_frame_rate(format_id)
        start, duration = (
            otio.opentime.RationalTime(float(self._exact(element.get(name), format_id)), rate)
            for name in ("start", "duration")
        )
        return otio.opentime.TimeRange(start, duration)

    def _format_frame_rate(self, format_id: str) -> float:
        return float(1 / self._frame(format_id))

    def _number_of_frames(self, time_value: str | None, format_id: str) -> int:
        return round(self._exact(time_value, format_id))

    def _exact(self, time_value: str | None, format_id: str) -> Fraction:
        """A time (`1001/24000s`) in frames of a format."""
        return Fraction((time_value or "0s").rstrip("s")) / self._frame(format_id)

    def _frame(self, format_id: str) -> Fraction:
        return Fraction("/".join(self._format_frame_duration(format_id)))
