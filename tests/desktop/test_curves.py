"""The curve editor, with a real face and real events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from mien.model.controls import INDEX
from mien.model.edits import ControlTrack
from mien.session import commands as c
from mien.session.refs import KeyRef, TrackRef
from mien_desktop.curves.panel import CurvesPanel
from mien_desktop.curves.view import RULER
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.fields import Field
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    ALT,
    CTRL,
    LEFT,
    SHIFT,
    click,
    double_click,
    drag,
    keys,
    known,
    move,
    named,
    press,
    release,
    settle,
    shown,
    type_text,
    wheel,
)

KEYS = ((6, 0.0), (18, 0.6), (36, 0.1))


@pytest.fixture
def panel(workspace: Workspace, repairs: FaceRepairs) -> Iterator[CurvesPanel]:
    """The panel with three Bezier keys on the jaw, which is shown."""
    shot, face = ids(workspace)
    for frame, value in KEYS:
        workspace.session.apply(
            "key",
            partial(
                c.set_key,
                shot=shot,
                face=face,
                control="jawOpen",
                frame=frame,
                value=value,
                interpolation="bezier",
            ),
        )
    workspace.set(controls=("jawOpen",), snap=False)
    with shown(CurvesPanel(workspace, repairs), 1000, 300) as panel:
        yield panel


def ids(workspace: Workspace) -> tuple[str, int]:
    assert workspace.now.project is not None
    assert workspace.now.face is not None
    return workspace.now.project.id, workspace.now.face.number


def jaw(workspace: Workspace) -> tuple[TrackRef, ControlTrack]:
    assert workspace.now.edit is not None
    shot, face = ids(workspace)
    tracks = workspace.now.edit.layer("edit").tracks
    index = next(i for i, track in enumerate(tracks) if track.control == "jawOpen")
    return TrackRef(shot, face, "edit", index), tracks[index]


def pairs(workspace: Workspace) -> list[tuple[int, float]]:
    return [(key.frame, round(key.value, 3)) for key in jaw(workspace)[1].keys]


def place(panel: CurvesPanel, frame: float, value: float) -> QPointF:
    view = panel.canvas.view
    return QPointF(view.time.x(frame), view.values.y(value) + RULER)


def test_keys_are_dragged_in_time_and_value_in_one_step(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    steps = len(workspace.session.undo_names)
    view = panel.canvas.view
    start = place(panel, 18, 0.6)
    drag(panel.canvas, start, start + QPointF(5 * view.time.scale, -0.2 * view.values.scale))
    assert pairs(workspace) == [(6, 0.0), (23, 0.8), (36, 0.1)]
    assert workspace.state.keys == {KeyRef(jaw(workspace)[0], 23)}
    assert workspace.session.undo_names[0] == "Move key"
    assert len(workspace.session.undo_names) == steps + 1
    workspace.session.undo()
    assert pairs(workspace) == list(KEYS)


def test_shift_holds_a_drag_to_one_axis_and_alt_copies(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    view = panel.canvas.view
    click(panel.canvas, place(panel, 18, 0.6))
    start = place(panel, 18, 0.6)
    drag(panel.canvas, start, start + QPointF(6 * view.time.scale, -9), modifiers=ALT)
    assert [frame for frame, _ in pairs(workspace)] == [6, 18, 24, 36]
    workspace.session.undo()
    settle()
    click(panel.canvas, start)
    drag(panel.canvas, start, start + QPointF(6 * view.time.scale, -9), modifiers=SHIFT)
    assert pairs(workspace) == [(6, 0.0), (24, 0.6), (36, 0.1)]
    click(panel.canvas, place(panel, 6, 0.0), modifiers=SHIFT)
    assert len(workspace.state.keys) == 2
    click(panel.canvas, place(panel, 24, 0.6), modifiers=SHIFT)
    assert workspace.state.keys == {KeyRef(jaw(workspace)[0], 6)}


def test_a_dragged_key_snaps_to_the_playhead(panel: CurvesPanel, workspace: Workspace) -> None:
    workspace.set(snap=True, frame=24)
    view = panel.canvas.view
    start = place(panel, 18, 0.6)
    drag(panel.canvas, start, start + QPointF(6 * view.time.scale - 5, 0))
    assert [frame for frame, _ in pairs(workspace)] == [6, 24, 36]


def test_escape_takes_a_drag_back(panel: CurvesPanel, workspace: Workspace) -> None:
    start = place(panel, 18, 0.6)
    press(panel.canvas, start)
    for step in range(1, 5):
        move(panel.canvas, start + QPointF(20.0 * step, 0), LEFT)
    assert pairs(workspace) != list(KEYS)
    keys(panel.canvas, "Esc")
    release(panel.canvas, start)
    assert pairs(workspace) == list(KEYS)
    assert not workspace.state.dragging


def test_handles_stay_aligned(panel: CurvesPanel, workspace: Workspace) -> None:
    click(panel.canvas, place(panel, 18, 0.6))
    key = jaw(workspace)[1].keys[1]
    assert key.handle_out is None
    handle = place(panel, 18 + 6, 0.6)
    drag(panel.canvas, handle, place(panel, 18 + 6, 0.7))
    back, out = slopes(workspace)
    assert out == pytest.approx(back, rel=1e-3)
    assert workspace.session.undo_names[0] == "Shape curve"


def slopes(workspace: Workspace) -> tuple[float, float]:
    """How steep the curve is on both sides of the second key."""
    key = jaw(workspace)[1].keys[1]
    (x0, y0), (x1, y1) = known(key.handle_in), known(key.handle_out)
    return y0 / x0, y1 / x1


def test_alt_frees_a_handle_and_a_button_aligns_it_again(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    click(panel.canvas, place(panel, 18, 0.6))
    drag(panel.canvas, place(panel, 18 + 6, 0.6), place(panel, 18 + 6, 0.7))
    key = jaw(workspace)[1].keys[1]
    panel.canvas.fit()
    before = key.handle_in
    frames, value = known(key.handle_out)
    handle = place(panel, 18 + frames, 0.6 + value)
    drag(panel.canvas, handle, handle + QPointF(0, 40), modifiers=ALT)
    key = jaw(workspace)[1].keys[1]
    assert key.handle_in == before
    assert known(key.handle_out)[1] < value
    click(named(panel, "Align handles", QToolButton))
    assert panel.canvas.scene.selected()
    back, out = slopes(workspace)
    assert out == pytest.approx(back)


def test_a_box_selects_and_a_click_beside_everything_selects_nothing(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    ref, _ = jaw(workspace)
    drag(panel.canvas, place(panel, 2, 0.62), place(panel, 22, -0.02))
    assert workspace.state.keys == {KeyRef(ref, 6), KeyRef(ref, 18)}
    click(panel.canvas, place(panel, 36, 0.1), modifiers=CTRL)
    assert len(workspace.state.keys) == 3
    click(panel.canvas, place(panel, 18, 0.6))
    assert workspace.state.keys == {KeyRef(ref, 18)}
    click(panel.canvas, place(panel, 28, 0.55))
    assert not workspace.state.keys


def test_a_double_click_adds_a_key(panel: CurvesPanel, workspace: Workspace) -> None:
    double_click(panel.canvas, place(panel, 27, 0.45))
    assert (27, 0.45) in [(f, round(v, 2)) for f, v in pairs(workspace)]
    # Without a track: the key brings the result to the pointer.
    workspace.set(controls=("browInnerUp",), keys=frozenset(), tracks=frozenset())
    panel.canvas.fit()
    value = panel.canvas.view.values.value(60)
    double_click(panel.canvas, place(panel, 20, value))
    assert workspace.now.evaluated is not None
    target = workspace.now.evaluated.target[20, INDEX["browInnerUp"]]
    assert target == pytest.approx(value, abs=0.01)


def test_fields_show_and_take_times_and_values(panel: CurvesPanel, workspace: Workspace) -> None:
    time = named(panel, "Time of the selected keys", Field)
    value = named(panel, "Value of the selected keys", Field)
    assert not time.isEnabled()
    workspace.set(units="frames")
    click(panel.canvas, place(panel, 18, 0.6))
    assert (time.text(), value.text()) == ("18", "0.60")
    fill(time, "20")
    assert pairs(workspace)[1] == (20, 0.6)
    fill(value, "+=0.15")
    assert pairs(workspace)[1] == (20, 0.75)


def test_fields_of_several_keys_shift_them_or_give_them_one_value(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    time = named(panel, "Time of the selected keys", Field)
    value = named(panel, "Value of the selected keys", Field)
    workspace.set(units="frames")
    panel.canvas.select_all()
    settle()
    assert (time.text(), value.text()) == ("mixed", "mixed")
    fill(time, "+=2")
    assert [frame for frame, _ in pairs(workspace)] == [8, 20, 38]
    fill(value, "0.3")
    assert {v for _, v in pairs(workspace)} == {0.3}


def test_fields_refuse_what_is_no_number_and_no_time(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    time = named(panel, "Time of the selected keys", Field)
    value = named(panel, "Value of the selected keys", Field)
    panel.canvas.select_all()
    settle()
    said: list[str] = []
    workspace.said.connect(said.append)
    fill(value, "much")
    fill(time, "soon")
    assert "no number" in said[0]
    assert "not a time" in said[1]
    assert len(workspace.state.keys) == 3


def fill(field: Field, text: str) -> None:
    click(field)
    field.selectAll()
    type_text(field, text)
    keys(field, "Return")


def test_interpolation_and_ease_of_the_selected_keys(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    click(panel.canvas, place(panel, 6, 0.0))
    assert named(panel, "Bezier", QToolButton).isChecked()
    click(named(panel, "Hold", QToolButton))
    assert jaw(workspace)[1].keys[0].interpolation == "hold"
    assert named(panel, "Hold", QToolButton).isChecked()
    menu = panel.fields.findChild(QMenu)
    assert menu is not None
    next(a for a in menu.actions() if a.text() == "Overshoot").trigger()
    track = jaw(workspace)[1]
    assert track.keys[0].interpolation == "bezier"
    assert max(track.values(np.arange(6, 19))) > 0.6


def test_fitted_curves_fit_another_height_until_somebody_zooms(panel: CurvesPanel) -> None:
    canvas = panel.canvas
    canvas.fit()

    def shown() -> float:
        values = canvas.view.values
        return values.value(0) - values.value(values.height)

    low = shown()
    panel.resize(panel.width(), panel.height() + 300)
    settle()
    high = shown()
    assert high < low, "the margin is a smaller share of it"
    wheel(canvas, canvas.rect().center(), 2, modifiers=CTRL)
    zoomed = shown()
    panel.resize(panel.width(), panel.height() - 100)
    settle()
    assert shown() == pytest.approx(zoomed)


def test_wheel_zooms_time_or_values_under_the_pointer(panel: CurvesPanel) -> None:
    spot = place(panel, 18, 0.6)
    wheel(panel.canvas, spot, 2)
    assert panel.canvas.view.time.x(18) == pytest.approx(spot.x(), abs=0.5)
    before = panel.canvas.view
    wheel(panel.canvas, spot, 2, CTRL)
    after = panel.canvas.view
    assert after.time == before.time
    assert after.values.scale > before.values.scale
    assert after.values.y(0.6) + RULER == pytest.approx(spot.y(), abs=0.5)
    wheel(panel.canvas, spot, 8)
    panel.canvas.workspace.set(frame=47)
    settle()
    assert 0 <= panel.canvas.view.time.x(47) <= panel.canvas.width()  # the page is turned
    panel.canvas.fit()
    assert panel.canvas.view.time.x(0) >= 0
    panel.canvas.select_all()
    panel.canvas.frame_selected()
    view = panel.canvas.view
    assert view.values.y(0.6) > 0
    assert view.time.x(6) > 0


def test_many_curves_share_the_canvas_and_the_list_chooses(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    shot, face = ids(workspace)
    workspace.apply("yaw", lambda d: c.set_key(d, shot, face, "headYaw", 10, 5.0))
    workspace.apply("smile", lambda d: c.set_key(d, shot, face, "smile", 10, 0.5))
    names = [channel.name for channel in panel.canvas.scene.channels]
    assert names == ["jawOpen", "headYaw", "smile"]
    row = panel.channels.visualRect(panel.channels.model().index(1, 0))
    viewport = panel.channels.viewport()
    click(viewport, QPointF(row.left() + 10, row.center().y()))  # its colour: beside the others
    assert set(workspace.state.controls) == {"jawOpen", "headYaw"}
    assert panel.canvas.scene.active == "headYaw"
    click(viewport, QPointF(row.left() + 60, row.center().y()))
    assert workspace.state.controls == ("headYaw",)
    # Ten degrees are drawn as high as a weight of 1, and dragged as such.
    panel.canvas.fit()
    view = panel.canvas.view
    line = panel.canvas.scene.channel("headYaw").line  # type: ignore[union-attr]
    assert line is not None
    start = QPointF(view.time.x(10), view.values.y(0.5) + RULER)
    drag(panel.canvas, start, start - QPointF(0, 0.2 * view.values.scale), modifiers=SHIFT)
    assert workspace.now.edit is not None
    track = workspace.now.edit.layer("edit").tracks[line.ref.index]
    assert track.keys[0].value == pytest.approx(7.0, abs=0.2)


def test_gain_and_smoothing_are_modifiers_of_the_active_channel(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    column = INDEX["jawOpen"]
    assert workspace.now.evaluated is not None
    before = workspace.now.evaluated.target[:, column].copy()
    fill(named(panel, "Gain", Field), "0.5")
    np.testing.assert_allclose(workspace.now.evaluated.target[:, column], before / 2, atol=1e-3)
    assert workspace.session.undo_names[0] == "Gain of Jaw open"
    fill(named(panel, "Smooth", Field), "3")
    after = workspace.now.evaluated.target[:, column]
    assert np.abs(np.diff(after)).max() < np.abs(np.diff(before / 2)).max()
    workspace.set(frame=30)
    click(named(panel, "Key gain at the playhead", QToolButton))
    fill(named(panel, "Gain", Field), "1")
    track = next(line for line in panel.canvas.scene.channel("jawOpen").lines  # type: ignore[union-attr]
                 if line.track.mode == "scale").track  # fmt: skip
    assert [(key.frame, key.value) for key in track.keys] == [(0, 0.5), (30, 1.0)]
    click(named(panel, "Take gain away", QToolButton))
    click(named(panel, "Take smooth away", QToolButton))
    np.testing.assert_allclose(workspace.now.evaluated.target[:, column], before, atol=1e-6)


def test_commands_nudge_and_delete(panel: CurvesPanel, workspace: Workspace) -> None:
    commands = {command.id: command for command in panel.commands()}
    panel.canvas.select_all()
    commands["curves.raise"].run()
    assert [value for _, value in pairs(workspace)] == [0.01, 0.61, 0.11]
    commands["curves.nudge-right"].run()
    assert [frame for frame, _ in pairs(workspace)] == [7, 19, 37]
    assert len(workspace.state.keys) == 3
    commands["curves.delete"].run()
    assert workspace.now.edit is not None
    assert not workspace.now.edit.layer("edit").tracks


def test_the_ruler_scrubs_and_nothing_breaks_without_a_shot(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    view = panel.canvas.view
    drag(panel.canvas, (view.time.x(5), 8.0), (view.time.x(30), 8.0))
    assert workspace.state.frame == 30
    workspace.session.new()
    settle()
    panel.canvas.grab()
    click(panel.canvas, (200.0, 100.0))
    double_click(panel.canvas, (200.0, 100.0))
    wheel(panel.canvas, (200.0, 100.0), 1)
    for command in panel.commands():
        if command.enabled is None or command.enabled():
            command.run()


def test_the_menu_is_of_the_key_under_the_pointer(panel: CurvesPanel, workspace: Workspace) -> None:
    spot = place(panel, 18, 0.6).toPoint()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, panel.canvas.mapToGlobal(spot))
    QApplication.sendEvent(panel.canvas, event)
    assert workspace.state.keys == {KeyRef(jaw(workspace)[0], 18)}
    menu = next(m for m in panel.findChildren(QMenu) if m.isVisible())
    action = next(a for a in menu.actions() if a.text() == "Linear")
    action.trigger()
    menu.close()
    settle()
    assert jaw(workspace)[1].keys[1].interpolation == "linear"
