"""Which frames of which clips a cut shows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial.uses import ClipUse, sequences, uses
from tests.cuts import clip, dissolve, gap, span, time, timeline


def shown(cut: Any) -> list[ClipUse]:
    return [use for sequence in sequences(cut) for use in uses(sequence)]


def frames(use: ClipUse) -> tuple[float, float]:
    return float(use.start), float(use.start + use.length)


def test_clips_are_found_at_their_record_times() -> None:
    first, second = shown(timeline([clip("a", 100, 48), gap(24), clip("b", 10, 12)]))
    assert frames(first) == (100, 148)
    assert (first.record, first.record_length) == (0, 2)
    assert frames(second) == (10, 22)
    assert (second.record, second.record_length) == (3, Fraction(1, 2))
    assert [use.clip.name for use in (first, second)] == ["a", "b"]


def test_a_transition_shows_frames_beyond_the_clips() -> None:
    first, second = shown(timeline([clip("a", 100, 48), dissolve(6, 4), clip("b", 50, 24)]))
    assert frames(first) == (100, 152)
    assert frames(second) == (44, 74)
    assert second.shown_from == 50
    assert second.record == 2


@pytest.mark.parametrize(
    ("speed", "used"),
    [(2.0, (100, 196)), (0.5, (100, 124)), (1.0, (100, 148)), (0.0, (100, 101)),
     (-1.0, (52, 148)), (-0.5, (76, 124))],
)  # fmt: skip
def test_a_retime_uses_more_frames_or_fewer(speed: float, used: tuple[int, int]) -> None:
    (use,) = shown(timeline([clip("a", 100, 48, speed=speed)]))
    assert frames(use) == used
    assert use.record_length == 2
    assert use.speed == Fraction(speed)


def test_retimes_multiply_and_a_freeze_frame_is_one_frame() -> None:
    made = clip("a", 100, 48, speed=2.0)
    made.effects.append(otio.schema.LinearTimeWarp(time_scalar=1.5))
    assert frames(shown(timeline([made]))[0]) == (100, 244)
    made.effects.append(otio.schema.FreezeFrame())
    assert frames(shown(timeline([made]))[0]) == (100, 101)


def test_a_transition_beside_a_retimed_clip_is_retimed_too() -> None:
    cut = timeline([clip("a", 0, 24), dissolve(6, 0), clip("b", 100, 24, speed=2.0)])
    assert frames(shown(cut)[1]) == (88, 148)


def test_a_clip_in_a_nested_stack_is_shown_as_far_as_the_stack_is() -> None:
    inner = otio.schema.Track("inner")
    inner.extend([clip("a", 0, 48), clip("b", 100, 48), clip("c", 0, 48)])
    nested = otio.schema.Stack("nested", source_range=span(36, 48))
    nested.append(inner)
    first, second = shown(timeline([gap(24), nested, clip("d", 0, 24)]))[:2]
    assert (first.clip.name, frames(first)) == ("a", (36, 48))
    assert (second.clip.name, frames(second)) == ("b", (100, 136))
    assert (first.record, second.record) == (1, Fraction(3, 2))
    assert [use.clip.name for use in shown(timeline([gap(24), nested.deepcopy()]))] == ["a", "b"]


def test_a_retimed_stack_retimes_what_is_in_it() -> None:
    inner = otio.schema.Track("inner")
    inner.extend([clip("a", 0, 48), clip("b", 100, 48)])
    nested = otio.schema.Stack("nested", source_range=span(0, 36))
    nested.append(inner)
    nested.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    first, second = shown(timeline([nested]))
    assert (frames(first), frames(second)) == ((0, 48), (100, 124))
    assert (first.record_length, second.record, second.speed) == (1, 1, 2)


def test_what_is_disabled_or_only_heard_is_not_shown() -> None:
    off = clip("off", 0, 24)
    off.enabled = False
    cut = timeline([off, clip("on", 0, 24)], [clip("v2", 0, 24)])
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    sound.append(clip("sound", 0, 24))
    cut.tracks.append(sound)
    cut.tracks[1].enabled = False
    assert [use.clip.name for use in shown(cut)] == ["on"]
    assert shown(cut)[0].record == 1


@pytest.mark.parametrize(
    "effect",
    [
        otio.schema.TimeEffect(effect_name="timeMap"),
        otio.schema.Effect(
            "speed",
            metadata={
                "fcp_xml": {
                    "effectid": "timeremap",
                    "parameter": {"parameterid": "speed", "value": "50"},
                }
            },
        ),
    ],
)
def test_a_retime_that_no_one_can_follow_is_told(effect: Any) -> None:
    made = clip("a", 100, 48)
    made.effects.append(effect.deepcopy())
    assert not shown(timeline([made]))[0].frames_known


def test_a_cut_of_many_clips_takes_time_in_proportion() -> None:
    # 10,000 clips; anything that looks a clip's place up in its track takes minutes for them.
    items = [clip(str(number), number, 24) for number in range(10_000)]
    assert shown(timeline(items))[-1].record == 9_999


def test_a_collection_of_timelines_is_walked_whole() -> None:
    collection = otio.schema.SerializableCollection("bin")
    collection.extend([timeline([clip("a", 0, 24)]), timeline([clip("b", 0, 24)])])
    assert [use.clip.name for use in shown(collection)] == ["a", "b"]


def test_rates_may_differ_between_clips() -> None:
    first, second = shown(timeline([clip("a", 0, 30, rate=30), clip("b", 48, 24)]))
    assert frames(first) == (0, 30)
    assert (second.record, frames(second)) == (1, (48, 72))
    ntsc = shown(timeline([clip("a", 0, 24, rate=23.976), clip("b", 0, 24)]))[1]
    assert ntsc.record == Fraction(1001, 1000)
    assert time(1).rate == 24
