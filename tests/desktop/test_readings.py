"""Lanes of what faces do, and action units in the curve editor, with real events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from mien.model.reading import PerformanceEvent, read_performance
from mien.model.unit_curves import UNIT_NAMES, unit_curves
from mien.session.commands import set_key
from mien.timebase import FrameRange
from mien_desktop.curves.panel import CurvesPanel
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.geometry.readings import FaceEvents, event_at, stripe_at, stripes
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.words import describe
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, double_click, known, named, settle, shown, wait_until

SMILE = ((8, 0.0), (14, 0.9), (34, 0.9), (40, 0.0))


@pytest.fixture
def smiling(workspace: Workspace) -> Workspace:
    shot = known(workspace.project).id
    for frame, value in SMILE:
        workspace.apply(
            "Key",
            lambda d, f=frame, v=value: set_key(  # type: ignore[misc]
                d, shot=shot, face=1, control="mouthSmile", frame=f, value=v
            ),
        )
    return workspace


@pytest.fixture
def panel(smiling: Workspace) -> Iterator[TimelinePanel]:
    with shown(TimelinePanel(smiling), 900, 600) as panel:
        view = panel.view
        wait_until(lambda: view.scene.events, what="the performance is read")
        yield panel


def row_of(panel: TimelinePanel, kind: str, event: str = "") -> int:
    rows = panel.view.scene.lanes.rows
    return next(i for i, lane in enumerate(rows) if (lane.kind, lane.event) == (kind, event))


def place(panel: TimelinePanel, row: int, frame: float) -> QPointF:
    scene = panel.view.scene
    return QPointF(scene.x(frame), scene.top(row) + 10)


def open_lanes(panel: TimelinePanel) -> None:
    lane = panel.view.scene.lanes.rows[row_of(panel, "reading")]
    panel.view.fold(lane)
    settle()


def test_the_lanes_show_what_edits_make_of_the_performance(
    panel: TimelinePanel, smiling: Workspace
) -> None:
    face = known(smiling.now.face)
    target = known(smiling.now.evaluated).target
    expected = read_performance(face, target).events
    assert panel.view.scene.events[1].events == expected
    assert any(event.kind == "smile" for event in expected)
    kinds = [lane.event for lane in panel.view.scene.lanes.rows if lane.kind == "event"]
    assert kinds == []
    open_lanes(panel)
    kinds = [lane.event for lane in panel.view.scene.lanes.rows if lane.kind == "event"]
    assert tuple(kinds) == panel.view.scene.events[1].kinds
    smiling.session.undo()
    smiling.session.undo()
    wait_until(
        lambda: panel.view.scene.events[1].events != expected,
        what="the lanes follow",
    )


def test_a_mark_is_told_jumps_and_selects_its_span(
    panel: TimelinePanel, smiling: Workspace
) -> None:
    open_lanes(panel)
    row = row_of(panel, "event", "smile")
    smile = next(e for e in panel.view.scene.events[1].events if e.kind == "smile")
    middle = (smile.span.start + smile.span.stop) // 2
    where = place(panel, row, middle)
    target = panel.view.mouse.target_at(where.x(), where.y())
    assert target.event == smile
    assert describe(panel.view.scene, target).startswith("Smile")
    click(panel.view.viewport(), where)
    assert smiling.state.frame == smile.peak
    double_click(panel.view.viewport(), where)
    assert known(smiling.project).span == smile.span
    assert smiling.session.undo_names[0] == "Set in and out"
    outside = place(panel, row, smile.span.stop + 3)
    click(panel.view.viewport(), outside)
    assert smiling.state.frame == smile.span.stop + 3


def test_keys_step_through_and_the_lane_goes_away(panel: TimelinePanel, smiling: Workspace) -> None:
    commands = {command.id: command for command in panel.commands()}
    starts = sorted({e.span.start for e in panel.view.scene.events[1].events if e.span.start > 0})
    smiling.set(frame=0)
    commands["time.next-event"].run()
    assert smiling.state.frame == starts[0]
    commands["time.previous-event"].run()
    assert smiling.state.frame < starts[0]
    click(named(panel, "What faces do", QWidget))
    assert not any(lane.kind == "reading" for lane in panel.view.scene.lanes.rows)


def test_events_that_are_gone_stay_as_ghosts() -> None:
    blink = PerformanceEvent("blink", FrameRange(10, 14), 12, 0.9)
    look = PerformanceEvent("away", FrameRange(0, 40), 3, 0.2, "down")
    moved = PerformanceEvent("away", FrameRange(2, 40), 3, 0.2, "down")
    events = FaceEvents.of((look, blink), (moved,))
    assert events.gone == (blink,)
    assert events.kinds == ("blink", "away")
    assert event_at((look, blink), 12.0, 4.0) is blink
    assert event_at((blink,), 14.4, 0.5) is blink  # a mark is never thinner than three pixels
    assert event_at((blink,), 15.0, 4.0) is None
    for count in range(1, 10):
        for row, (top, height) in enumerate(stripes(count)):
            assert stripe_at(count, top + height / 2) == row


def test_action_units_follow_the_edit_and_cannot_be_keyed(
    smiling: Workspace, repairs: FaceRepairs
) -> None:
    with shown(CurvesPanel(smiling, repairs), 900, 400) as curves:
        button = named(curves, "Action units")
        listed = {channel.name for channel in curves.canvas.scene.channels}
        assert not listed & set(UNIT_NAMES)
        click(button)
        smiling.set(controls=("AU12",))
        channel = known(curves.canvas.scene.channel("AU12"))
        evaluated, face = known(smiling.now.evaluated), known(smiling.now.face)
        rate = float(face.clock.rate)
        for values, controls in (
            (channel.source, evaluated.source), (channel.result, evaluated.target),
        ):  # fmt: skip
            expected = unit_curves(controls, face.valid, rate)["AU12"]
            np.testing.assert_array_equal(known(values), expected)
        assert float(known(channel.result)[20]) > float(known(channel.source)[20]) + 0.5
        told: list[str] = []
        smiling.said.connect(told.append)
        before = smiling.session.undo_names
        double_click(curves.canvas, (500.0, 40.0))
        assert smiling.session.undo_names == before
        assert told == ["AU12 lip corner puller follows the controls: key Mouth smile."]
        click(button)
        assert not {channel.name for channel in curves.canvas.scene.channels} & set(UNIT_NAMES)
