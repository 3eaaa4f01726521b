"""The wheel of feelings, with a real face and real events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPushButton, QSlider

from mien.model.controls import INDEX
from mien.model.feelings import FEELINGS
from mien_desktop.controls.applying import ExpressionApplying
from mien_desktop.controls.palette import PalettePanel
from mien_desktop.controls.wheel import FeelingsWheel
from mien_desktop.geometry.wheel import Segment, WheelMap, matching_feelings
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    LEFT,
    click,
    drag,
    keys,
    known,
    move,
    named,
    press,
    settle,
    shown,
    type_text,
    wait_until,
)


@pytest.fixture
def wheel(workspace: Workspace) -> Iterator[FeelingsWheel]:
    workspace.set(frame=24)
    with shown(FeelingsWheel(workspace, ExpressionApplying(workspace)), 890, 648) as wheel:
        yield wheel


def field(wheel: FeelingsWheel, *path: str) -> Segment:
    return next(s for s in wheel.canvas.map.segments if s.path[-len(path) :] == path)


def at(wheel: FeelingsWheel, *path: str) -> QPointF:
    return wheel.canvas.place_of(field(wheel, *path))


def added(workspace: Workspace, name: str) -> float:
    return float(known(workspace.now.evaluated).delta[24, INDEX[name]])


def test_every_word_has_its_field_and_is_found_where_it_is() -> None:
    whole = WheelMap(FEELINGS)
    assert set(whole.words) == set(FEELINGS)
    assert [len([s for s in whole.segments if s.ring == ring]) for ring in (0, 2)] == [6, 135]
    for segment in whole.segments:
        assert whole.across(whole.across(segment, -1), 1).path[0] == segment.path[0]
        assert whole.beside(whole.beside(segment, 1), -1) == segment
    anger = WheelMap(FEELINGS, ("anger",))
    assert set(anger.words) == {one.name for one in FEELINGS.values() if one.primary == "anger"}
    assert WheelMap(()).segments == ()


def test_a_search_finds_words_what_is_said_for_them_and_families() -> None:
    assert matching_feelings("wist") == ("melancholy",)
    assert set(matching_feelings("surprise")) == {"amazement", "surprise", "astonishment"}
    assert matching_feelings("no such") == ()
    assert len(matching_feelings("")) == 135


def test_pointing_tries_a_word_and_tells_of_it(wheel: FeelingsWheel, workspace: Workspace) -> None:
    move(wheel.canvas, at(wheel, "longing", "longing"))
    wait_until(lambda: workspace.state.audition, what="the word is tried")
    assert workspace.state.audition == (("longing", 1.0),)
    assert "Longing" in wheel.canvas.accessibleDescription()
    move(wheel.canvas, (5, 5))
    assert workspace.state.audition == ()
    assert workspace.session.undo_names == ()


def test_a_click_keys_a_word_and_undo_takes_it_back(
    wheel: FeelingsWheel, workspace: Workspace
) -> None:
    click(wheel.canvas, at(wheel, "astonishment"))
    assert workspace.session.undo_names == ("Apply Astonishment",)
    assert added(workspace, "jawOpen") > 0.3
    keys(wheel.canvas, "Ctrl+Z")
    assert not known(workspace.project).edits


def test_a_drag_outwards_keys_more_of_it(wheel: FeelingsWheel, workspace: Workspace) -> None:
    named(wheel, "Strength", QSlider).setValue(50)
    place, middle = at(wheel, "hope"), QPointF(wheel.canvas.rect().center())
    way = (place - middle) / ((place - middle).manhattanLength())
    drag(wheel.canvas, place, place + way * 40)
    more = named(wheel, "Strength", QSlider).value()
    assert 55 <= more <= 75
    assert added(workspace, "browInnerUp") == pytest.approx(
        dict(FEELINGS["hope"].weights)["browInnerUp"] * more / 100, abs=1e-3
    )


def test_escape_gives_a_drag_up(wheel: FeelingsWheel, workspace: Workspace) -> None:
    place = at(wheel, "hope")
    press(wheel.canvas, place)
    move(wheel.canvas, place * 1.2, LEFT)
    keys(wheel.canvas, "Escape")
    assert named(wheel, "Strength", QSlider).value() == 100
    assert workspace.session.undo_names == ()
    assert wheel.isVisible()


def test_a_family_opens_and_the_hub_goes_back(wheel: FeelingsWheel) -> None:
    click(wheel.canvas, at(wheel, "anger"))
    assert wheel.canvas.map.branch == ("anger",)
    click(wheel.canvas, wheel.canvas.rect().center())
    assert wheel.canvas.map.branch == ()
    click(wheel.canvas, at(wheel, "fear"))
    keys(wheel.canvas, "Escape")
    assert wheel.canvas.map.branch == ()
    assert wheel.isVisible()


def test_the_keyboard_alone_walks_searches_and_keys(
    wheel: FeelingsWheel, workspace: Workspace
) -> None:
    wheel.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    for key in ("Right", "Up", "Up", "Right"):
        keys(wheel.canvas, key)
    current = known(wheel.canvas.current)
    assert current.ring == 2
    keys(wheel.canvas, "Return")
    assert workspace.session.undo_names == (f"Apply {current.name.capitalize()}",)
    keys(wheel.canvas, "W")
    assert wheel.search.hasFocus()
    type_text(wheel.search, "istful")
    assert wheel.canvas.map.words == ("melancholy",)
    keys(wheel.search, "Return")
    assert workspace.session.undo_names[0] == "Apply Melancholy"


def test_it_opens_from_the_palette_and_shares_its_strength(workspace: Workspace) -> None:
    with shown(PalettePanel(workspace), 340, 700) as panel:
        panel.applying.set_per_cent(30)
        panel.show_wheel()
        wheel = known(panel._wheel)
        assert named(wheel, "Strength", QSlider).value() == 30
        named(wheel, "Strength", QSlider).setValue(80)
        assert panel.applying.strength == 0.8
        workspace.session.new()
        settle()
        assert not named(wheel, "Key at the playhead", QPushButton).isEnabled()
        wheel.close()
        settle()
