"""What is said of a face that was seen badly: few spans, by region."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.model.face import Face
from mien.model.occlusion import REGIONS
from mien.model.weak_spans import describe_weak_spans
from tests.faces import make_face

FRAMES = 100


def face(**regions: slice) -> Face:
    confidence = np.ones((FRAMES, 4), np.float32)
    for name, span in regions.items():
        confidence[span, REGIONS.index(name)] = 0.1
    return replace(make_face(FRAMES), region_confidence=confidence)


def test_nothing_is_weak_where_all_is_seen() -> None:
    assert face().weak_spans() == ()
    assert make_face(FRAMES).weak_spans() == ()
    assert not make_face(FRAMES).weak.any()
    assert describe_weak_spans(()) == ""


def test_regions_that_go_together_are_told_together() -> None:
    found = face(mouth=slice(20, 60), jaw=slice(23, 58), eyes=slice(40, 50)).weak_spans()
    assert [(str(one.span), one.regions) for one in found] == [
        ("20:60", ("mouth", "jaw")),
        ("40:50", ("eyes",)),
    ]
    assert describe_weak_spans(found) == "mouth, jaw 20:60; eyes 40:50"
    assert found[0].to_dict() == {"start": 20, "stop": 60, "regions": ["mouth", "jaw"]}


def test_a_flicker_is_one_span() -> None:
    one = face(mouth=slice(20, 60))
    assert one.region_confidence is not None
    one.region_confidence[[30, 31, 45], 2] = 1
    assert describe_weak_spans(one.weak_spans()) == "mouth 20:60"


def test_a_doubted_face_is_told_by_the_region_that_is_not_seen() -> None:
    one = face(mouth=slice(20, 60))
    one.confidence[30:70] = 0.3
    assert describe_weak_spans(one.weak_spans()) == "mouth 20:60; face 60:70"
    assert one.weak[20:70].all()
    all_four = dict.fromkeys(REGIONS, slice(10, 20))
    assert describe_weak_spans(face(**all_four).weak_spans()) == "face 10:20"


def test_frames_that_cannot_be_edited_are_not_weak() -> None:
    one = face(mouth=slice(20, 60))
    one.curves.valid[10:40] = False
    one.confidence[10:40] = 0
    assert describe_weak_spans(one.weak_spans()) == "mouth 40:60"
    assert one.weak.sum() == 20


def test_many_spans_are_told_by_the_longest() -> None:
    one = face()
    assert one.region_confidence is not None
    for number in range(9):
        one.region_confidence[number * 11 : number * 11 + 1 + number // 4, 0] = 0
    words = describe_weak_spans(one.weak_spans())
    assert words.endswith("; and 3 shorter ones")
    assert "eyes 88:91" in words
