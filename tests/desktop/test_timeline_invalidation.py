"""Which kept pixels of the timeline are painted anew, by what has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mien.model.document import Document
from mien.session.commands import add_marker, insert_key, set_key, set_layer, set_span
from mien.session.refs import KeyRef, TrackRef
from mien.timebase import FrameRange
from mien_desktop.resolve import Resolved, resolve
from mien_desktop.timeline.invalidation import ASPECTS, changed_aspects
from mien_desktop.view_state import TimeView, ViewState
from tests.documents import make_document


@pytest.fixture
def now() -> Resolved:
    document = make_document()
    shot = document.shots[0].id
    document = set_key(document, shot, 1, "jawOpen", 10, 0.5)
    document = set_key(document, shot, 1, "cheekPuff", 12, 0.5)
    return resolve(document, ViewState())


def caches(now: Resolved, before: Resolved) -> set[str]:
    return {cache for aspect in changed_aspects(now, before) for cache in aspect.caches}


def looked_at(before: Resolved, **changes: Any) -> Resolved:
    return resolve(before.document, replace(before.state, **changes), before)


def edited(before: Resolved, document: Document) -> Resolved:
    return resolve(document, before.state, before)


def test_a_moved_playhead_paints_nothing_anew_but_is_followed(now: Resolved) -> None:
    after = looked_at(now, frame=20)
    assert [aspect.name for aspect in changed_aspects(after, now)] == ["frame"]
    assert caches(after, now) == set()


@pytest.mark.parametrize(
    ("changes", "painted"),
    [
        ({"time": TimeView(3.0, 8.0)}, {"head", "lanes"}),
        ({"units": "seconds"}, {"head"}),
        ({"layer": "another"}, {"names", "lanes"}),
        ({"face": 2}, {"names", "lanes"}),
        ({"controls": ("jawOpen",), "wipe": 0.2, "mode": "plate", "speed": 1.0}, set()),
    ],
    ids=["time", "units", "layer", "face", "other panels"],
)
def test_view_state(now: Resolved, changes: dict[str, Any], painted: set[str]) -> None:
    assert caches(looked_at(now, **changes), now) == painted


def test_selection(now: Resolved) -> None:
    shot = now.state.shot
    assert shot is not None
    ref = TrackRef(shot, 1, "edit", 0)
    assert caches(looked_at(now, keys=frozenset({KeyRef(ref, 10)})), now) == {"lanes"}
    assert caches(looked_at(now, tracks=frozenset({ref})), now) == {"names", "lanes"}


def test_edits_leave_the_head_and_marks_change_it_too(now: Resolved) -> None:
    shot = now.state.shot
    assert shot is not None
    ref = TrackRef(shot, 1, "edit", 0)
    assert caches(edited(now, insert_key(now.document, ref, 14)), now) == {"names", "lanes"}
    muted = set_layer(now.document, shot, 1, "edit", muted=True)
    assert caches(edited(now, muted), now) == {"names", "lanes"}
    every = {"head", "names", "lanes"}
    assert caches(edited(now, add_marker(now.document, shot, 5)), now) == every
    assert caches(edited(now, set_span(now.document, shot, FrameRange(4, 40))), now) == every


def test_another_shot_changes_everything(now: Resolved) -> None:
    other = now.document.shots[1].id
    after = looked_at(now, shot=other, frame=7)
    names = [aspect.name for aspect in changed_aspects(after, now)]
    assert {"project", "media", "shot", "frame"} <= set(names)
    assert names == [aspect.name for aspect in ASPECTS if aspect.name in names]
    assert caches(after, now) == {"head", "names", "lanes"}
