"""The controls panel, with a real face and real events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton

from mien.model.controls import CONTROLS, INDEX, NAMES
from mien_desktop.controls.board import SECTIONS, Board, matching
from mien_desktop.controls.panel import ControlsPanel
from mien_desktop.controls.row import ControlRow
from mien_desktop.fields import Field
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    CTRL,
    LEFT,
    SHIFT,
    click,
    double_click,
    drag,
    keys,
    move,
    named,
    press,
    release,
    settle,
    shown,
    type_text,
)


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[ControlsPanel]:
    workspace.set(frame=10)
    with shown(ControlsPanel(workspace), 340, 1400) as panel:
        yield panel


def target(workspace: Workspace, name: str, frame: int = 10) -> float:
    assert workspace.now.evaluated is not None
    return float(workspace.now.evaluated.target[frame, INDEX[name]])


def performed(workspace: Workspace, name: str, frame: int = 10) -> float:
    assert workspace.now.evaluated is not None
    return float(workspace.now.evaluated.source[frame, INDEX[name]])


def row(panel: ControlsPanel, name: str) -> ControlRow:
    found = [r for r in panel.findChildren(ControlRow) if r.name == name and r.isVisible()]
    assert found, name
    return found[-1]


def thumb(row: ControlRow) -> QPointF:
    groove = row.groove()
    return QPointF(groove.left() + row.slider.fraction(row.slider.target) * groove.width(), 11)


def pull(row: ControlRow, value: float, **how: object) -> None:
    """Drag a thumb by as much as changes the value by so much."""
    slider = row.slider
    pixels = value / (slider.high - slider.low) * row.groove().width()
    drag(row, thumb(row), thumb(row) + QPointF(pixels, 0), **how)  # type: ignore[arg-type]


def place_of(row: ControlRow, part: str) -> QPointF:
    """A place inside a part of a row."""
    found = [x for x in range(row.width()) if row.part(QPointF(x, 11)) == part]
    assert found, part
    return QPointF(found[len(found) // 2], 11)


def test_every_control_is_in_one_section() -> None:
    listed = [c.name for _, regions in SECTIONS for c in CONTROLS if c.region in regions]
    assert sorted(listed) == sorted(NAMES)
    assert matching("smile L", NAMES) == ("mouthSmileLeft",)
    assert matching("nnerU", NAMES) == ("browInnerUp",)


def test_a_slider_sets_the_target_in_one_step_and_the_performance_stays_alive(
    panel: ControlsPanel, workspace: Workspace
) -> None:
    smile = row(panel, "mouthSmileLeft")
    pull(smile, 0.5)
    assert target(workspace, "mouthSmileLeft") == pytest.approx(
        performed(workspace, "mouthSmileLeft") + 0.5, abs=0.02
    )
    assert workspace.session.undo_names == ("Mouth smile left",)
    assert workspace.state.controls == ("mouthSmileLeft",)
    assert matching("nnerU", NAMES) == ("browInnerUp",)
    assert smile.slider.mark.here
    # What is added is added everywhere: the performance moves underneath.
    moved = target(workspace, "mouthSmileLeft", 40) - performed(workspace, "mouthSmileLeft", 40)
    assert moved == pytest.approx(0.5, abs=0.02)
    workspace.session.undo()
    assert not row(panel, "mouthSmileLeft").slider.mark.edited


def test_shift_is_fine_and_escape_gives_up(panel: ControlsPanel, workspace: Workspace) -> None:
    jaw = row(panel, "jawOpen")
    pull(jaw, 1.0, modifiers=SHIFT)
    assert target(workspace, "jawOpen") - performed(workspace, "jawOpen") == pytest.approx(
        0.1, abs=0.02
    )
    before = target(workspace, "jawOpen")
    start = thumb(jaw)
    press(jaw, start)
    move(jaw, start + QPointF(30, 0), LEFT)
    assert target(workspace, "jawOpen") != before
    keys(jaw, "Esc")
    release(jaw, start)
    assert target(workspace, "jawOpen") == before
    assert not workspace.state.dragging


def test_a_click_on_a_slider_changes_nothing_and_a_double_click_resets(
    panel: ControlsPanel, workspace: Workspace
) -> None:
    jaw = row(panel, "jawOpen")
    click(jaw, jaw.groove().center())
    assert not workspace.session.undo_names
    pull(jaw, 0.4)
    double_click(jaw, thumb(jaw))
    assert target(workspace, "jawOpen") == performed(workspace, "jawOpen")
    assert workspace.session.undo_names[0] == "Reset Jaw open"
    assert not workspace.state.dragging


def test_values_are_typed(panel: ControlsPanel, workspace: Workspace) -> None:
    jaw = row(panel, "jawOpen")
    for text, value in (("0.45", 0.45), ("+=0.1", 0.55), ("9", 1.5)):
        click(jaw, place_of(jaw, "value"))
        field = named(panel, "Value of Jaw open", Field)
        field.selectAll()
        type_text(field, text)
        keys(field, "Return")
        settle()
        assert target(workspace, "jawOpen") == pytest.approx(value, abs=1e-3)
    jaw.setFocus()
    keys(jaw, "Return")
    field = named(panel, "Value of Jaw open", Field)
    type_text(field, "wide")
    keys(field, "Return")
    assert target(workspace, "jawOpen") == pytest.approx(1.5, abs=1e-3)


def test_a_row_sets_a_key_and_removes_it(panel: ControlsPanel, workspace: Workspace) -> None:
    jaw = row(panel, "jawOpen")
    click(jaw, place_of(jaw, "key"))
    assert jaw.slider.mark.here
    assert target(workspace, "jawOpen") == pytest.approx(performed(workspace, "jawOpen"))
    click(jaw, place_of(jaw, "key"))
    assert not jaw.slider.mark.edited


def test_rows_choose_the_curves(panel: ControlsPanel, workspace: Workspace) -> None:
    jaw, pucker = row(panel, "jawOpen"), row(panel, "mouthPucker")
    click(jaw, place_of(jaw, "name"))
    click(pucker, place_of(pucker, "name"), modifiers=CTRL)
    assert workspace.state.controls == ("jawOpen", "mouthPucker")


def test_a_row_becomes_a_favourite_for_good(panel: ControlsPanel, workspace: Workspace) -> None:
    jaw = row(panel, "jawOpen")
    click(jaw, place_of(jaw, "star"))
    assert panel.favourites == ("jawOpen",)
    assert named(panel, "Favourites").isVisible()
    with shown(ControlsPanel(workspace), 340, 600) as second:
        assert second.favourites == ("jawOpen",)  # remembered


def test_a_row_is_reset(panel: ControlsPanel) -> None:
    pull(row(panel, "jawOpen"), 0.3)
    jaw = row(panel, "jawOpen")
    click(jaw, place_of(jaw, "reset"))
    assert not jaw.slider.mark.edited


def test_linked_sides_move_together_and_mirroring_copies(
    panel: ControlsPanel, workspace: Workspace
) -> None:
    click(named(panel, "Link left and right", QToolButton))
    right = target(workspace, "mouthSmileRight")
    pull(row(panel, "mouthSmileLeft"), 0.4)
    assert target(workspace, "mouthSmileRight") == pytest.approx(right + 0.4, abs=0.02)
    click(named(panel, "Link left and right", QToolButton))
    pull(row(panel, "mouthSmileLeft"), 0.3)
    commands = {command.id: command for command in panel.commands()}
    commands["controls.copy-left"].run()
    left = target(workspace, "mouthSmileLeft")
    assert target(workspace, "mouthSmileRight") == pytest.approx(left, abs=1e-4)
    commands["controls.reset"].run()
    for side in ("mouthSmileLeft", "mouthSmileRight"):
        assert target(workspace, side) == pytest.approx(performed(workspace, side), abs=1e-5)
    commands["controls.remove"].run()
    assert workspace.now.edit is not None
    assert not any(layer.tracks for layer in workspace.now.edit.layers)


def test_a_region_is_reset_at_its_heading(panel: ControlsPanel, workspace: Workspace) -> None:
    pull(row(panel, "mouthSmileLeft"), 0.4)
    pull(row(panel, "jawOpen"), 0.4)
    section = next(s for s in panel.sections if s.name == "Mouth")
    click(section.heading, section.heading.reset_position())
    assert not row(panel, "mouthSmileLeft").slider.mark.edited
    assert row(panel, "jawOpen").slider.mark.edited
    assert section.is_open


def test_search_finds_controls_in_closed_sections(panel: ControlsPanel) -> None:
    search = named(panel, "Search controls", QLineEdit)
    assert not [r for r in panel.findChildren(ControlRow) if r.name == "noseSneerLeft"]
    click(search)
    type_text(search, "sneer l")
    visible = {r.name for r in panel.findChildren(ControlRow) if r.isVisible()}
    assert visible == {"noseSneerLeft"}
    search.clear()
    settle()
    assert not row_is_visible(panel, "noseSneerLeft")
    assert row_is_visible(panel, "jawOpen")


def row_is_visible(panel: ControlsPanel, name: str) -> bool:
    return any(r.name == name and r.isVisible() for r in panel.findChildren(ControlRow))


def test_the_keyboard_reaches_and_moves_a_slider(
    panel: ControlsPanel, workspace: Workspace
) -> None:
    jaw = row(panel, "jawOpen")
    assert jaw.accessibleName() == "Jaw open"
    jaw.setFocus()
    commands = {command.id: command for command in panel.commands()}
    before = target(workspace, "jawOpen")
    commands["controls.up"].run()
    commands["controls.up-more"].run()
    assert target(workspace, "jawOpen") == pytest.approx(before + 0.11, abs=1e-4)


def test_a_head_turns_from_where_it_is(panel: ControlsPanel, workspace: Workspace) -> None:
    section = next(s for s in panel.sections if s.name == "Head")
    click(section.heading, QPointF(30, 10))
    yaw = row(panel, "headYaw")
    at = performed(workspace, "headYaw")
    assert (yaw.slider.low, yaw.slider.high) == pytest.approx((at - 10, at + 10))
    pull(yaw, 4.0)
    assert target(workspace, "headYaw") == pytest.approx(at + 4, abs=0.3)


def test_sliders_rest_without_a_face(panel: ControlsPanel, workspace: Workspace) -> None:
    workspace.session.new()
    settle()
    assert not Board(workspace.now).live
    pull(row(panel, "jawOpen"), 0.4)
    jaw = row(panel, "jawOpen")
    for x in range(0, jaw.width(), 6):
        click(jaw, QPointF(x, 11))
    panel.open_menu("mouthSmileLeft", panel.mapToGlobal(panel.rect().center()))
    menus = [menu for menu in panel.findChildren(QMenu) if menu.isVisible()]
    assert menus
    menus[0].close()
    settle()
    assert workspace.session.undo_names == ()
