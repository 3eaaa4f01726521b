"""The timeline with real events on a tracked shot."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from mien.model.document import Document
from mien.model.edits import Track
from mien.session.commands import (
    add_layer,
    add_marker,
    add_shot,
    add_track,
    set_key,
    set_span,
)
from mien.session.refs import KeyRef, TrackRef
from mien.timebase import FrameRange
from mien_desktop.geometry.bands import MARKERS, cells
from mien_desktop.geometry.lanes import ROW
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.view import TimelineView
from mien_desktop.timeline.words import describe
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    ALT,
    CTRL,
    LEFT,
    MIDDLE,
    PLAIN,
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
    wait_until,
    wheel,
)  # fmt: skip

KEYS = {"mouthSmile": ((4, 0.0), (10, 0.6), (20, 0.5)), "jawOpen": ((8, 0.1), (10, 0.4))}


@pytest.fixture
def keyed(workspace: Workspace) -> Workspace:
    """A smile and a jaw over the first frames, on one layer."""
    shot = shot_id(workspace)

    def keyed(document: Document) -> Document:
        for control, places in KEYS.items():
            for frame, value in places:
                document = set_key(document, shot, 1, control, frame, value)
        return document

    workspace.apply("Key", keyed)
    return workspace


@pytest.fixture
def panel(keyed: Workspace) -> Iterator[TimelinePanel]:
    with shown(TimelinePanel(keyed), 900, 420) as panel:
        yield panel


def shot_id(workspace: Workspace) -> str:
    project = workspace.project
    assert project is not None
    return project.id


def track(workspace: Workspace, index: int, layer: str = "edit") -> Track:
    project = workspace.project
    assert project is not None
    return project.edit(1).layer(layer).tracks[index]


def frames(workspace: Workspace, index: int, layer: str = "edit") -> list[int]:
    return [key.frame for key in track(workspace, index, layer).keys]


def row_of(view: TimelineView, control: str) -> int:
    rows = view.scene.lanes.rows
    return next(
        i for i, lane in enumerate(rows) if lane.kind == "track" and lane.track.control == control
    )


def at(view: TimelineView, row: int, frame: float) -> tuple[float, float]:
    """Where the key of a lane at a frame is."""
    return view.scene.x(frame), view.scene.top(row) + ROW / 2


def cell(view: TimelineView, row: int, name: str) -> tuple[float, float]:
    """The middle of a cell of a lane's name."""
    found = next(c for c in cells(view.scene.lanes.rows[row], view.bands.names) if c.name == name)
    return found.left + min(found.width / 2, 40), view.scene.top(row) + ROW / 2


def undo_name(workspace: Workspace) -> str:
    return workspace.session.undo_names[0]


class TestTime:
    def test_the_ruler_moves_the_playhead(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        drag(view.viewport(), (view.scene.x(3), 8), (view.scene.x(17), 8))
        assert keyed.state.frame == 17
        drag(view.viewport(), (view.scene.x(17), 8), (view.scene.x(8) + 5, 8), modifiers=CTRL)
        assert keyed.state.frame == 8  # where the jaw has a key
        drag(view.viewport(), (view.scene.x(8), 8), (5000, 8))
        assert keyed.state.frame == keyed.now.frame_count - 1

    def test_the_wheel_zooms_under_the_pointer(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view = panel.view
        place = (view.scene.x(20), 200)
        before = view.scene.axis.scale
        wheel(view.viewport(), place, 3)
        assert view.scene.axis.scale > 1.5 * before
        assert view.scene.x(20) == pytest.approx(place[0], abs=0.5)
        assert keyed.state.time == view.scene.axis.view
        first = view.scene.axis.first
        wheel(view.viewport(), place, -1, CTRL)
        assert view.scene.axis.first > first
        drag(view.viewport(), place, (place[0] + 60, 200), button=MIDDLE)
        assert view.scene.axis.first < first + 5

    def test_the_page_turns_when_the_playhead_leaves(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view = panel.view
        wheel(view.viewport(), (view.scene.x(0), 200), 12)
        assert view.scene.x(40) > view.viewport().width()
        keyed.set(frame=40)
        wait_until(lambda: view.bands.names < view.scene.x(40) < view.viewport().width(), 2)

    def test_scroll_bars_follow_and_lead(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        wheel(view.viewport(), (view.scene.x(0), 200), 8)
        bar = view.horizontalScrollBar()
        bar.setValue(round(20 * view.scene.axis.scale))
        assert keyed.state.time.first == pytest.approx(20, abs=0.1)

    def test_in_and_out_are_dragged(self, panel: TimelinePanel, keyed: Workspace) -> None:
        shot, view = shot_id(keyed), panel.view
        keyed.apply("Span", lambda d: set_span(d, shot, FrameRange(5, 30)))
        drag(view.viewport(), (view.scene.edge(5), 18), (view.scene.x(9), 18))
        drag(view.viewport(), (view.scene.edge(30), 18), (view.scene.x(25), 18))
        assert keyed.now.span == FrameRange(9, 26)
        assert undo_name(keyed) == "Set out point"


class TestKeys:
    def test_a_drag_moves_the_key_and_is_one_step(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view = panel.view
        keyed.set(snap=False)
        row, steps = row_of(view, "mouthSmile"), len(keyed.session.undo_names)
        drag(view.viewport(), at(view, row, 10), at(view, row, 15))
        assert frames(keyed, 0) == [4, 15, 20]
        assert undo_name(keyed) == "Move 1 key"
        assert len(keyed.session.undo_names) == steps + 1
        assert [key.frame for key in keyed.state.keys] == [15]
        keyed.session.undo()
        assert frames(keyed, 0) == [4, 10, 20]
        assert [key.frame for key in keyed.state.keys] == [10]  # what was selected comes back
        keyed.session.redo()
        assert [key.frame for key in keyed.state.keys] == [15]

    def test_escape_brings_a_dragged_key_back(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view, steps = panel.view, len(keyed.session.undo_names)
        row = row_of(view, "mouthSmile")
        press(view.viewport(), at(view, row, 10))
        move(view.viewport(), at(view, row, 14), held=LEFT)
        assert frames(keyed, 0) != [4, 10, 20]
        keys(view, "Esc")
        release(view.viewport(), at(view, row, 14))
        assert frames(keyed, 0) == [4, 10, 20]
        assert len(keyed.session.undo_names) == steps
        assert [key.frame for key in keyed.state.keys] == [10]

    def test_a_dragged_key_snaps_to_others_and_shows_where(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view = panel.view
        row = row_of(view, "mouthSmile")
        x, y = at(view, row, 8)
        press(view.viewport(), at(view, row, 10))
        move(view.viewport(), (x + 4, y), held=LEFT)
        assert view.mouse.overlay.line == 8
        release(view.viewport(), (x + 4, y))
        assert frames(keyed, 0) == [4, 8, 20]
        assert view.mouse.overlay.line is None

    def test_alt_drags_copies(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        row = row_of(view, "mouthSmile")
        drag(view.viewport(), at(view, row, 10), at(view, row, 30), modifiers=ALT)
        assert frames(keyed, 0) == [4, 10, 20, 30]
        assert undo_name(keyed) == "Duplicate 1 key"

    def test_shift_and_ctrl_choose_several(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        smile, jaw = row_of(view, "mouthSmile"), row_of(view, "jawOpen")
        click(view.viewport(), at(view, smile, 4))
        click(view.viewport(), at(view, jaw, 8), modifiers=SHIFT)
        assert len(keyed.state.keys) == 2
        assert keyed.state.controls == ("mouthSmile", "jawOpen")
        click(view.viewport(), at(view, smile, 4), modifiers=CTRL)
        assert [key.frame for key in keyed.state.keys] == [8]
        click(view.viewport(), at(view, 0, 10))  # the face's lane: both keys at that frame
        assert len(keyed.state.keys) == 2
        click(view.viewport(), at(view, smile, 30))
        assert not keyed.state.keys

    def test_a_box_selects_what_it_covers(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        smile, jaw = row_of(view, "mouthSmile"), row_of(view, "jawOpen")
        start, end = at(view, smile, 6), at(view, jaw, 15)
        drag(view.viewport(), (start[0], start[1] - 6), (end[0], end[1] + 6))
        assert sorted(key.frame for key in keyed.state.keys) == [8, 10, 10]

    def test_the_ends_of_the_selection_scale_it(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view = panel.view
        keyed.set(snap=False)
        ref = TrackRef(shot_id(keyed), 1, "edit", 0)
        keyed.set(keys=frozenset(KeyRef(ref, frame) for frame in (4, 10, 20)))
        y = view.scene.bands.top("markers") + MARKERS - 5
        drag(view.viewport(), (view.scene.x(20), y), (view.scene.x(36), y))
        assert frames(keyed, 0) == [4, 16, 36]
        assert undo_name(keyed) == "Scale 3 keys in time"

    def test_a_double_click_adds_a_key_on_the_curve(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view = panel.view
        value = track(keyed, 0).values([15])[0]
        double_click(view.viewport(), at(view, row_of(view, "mouthSmile"), 15))
        assert frames(keyed, 0) == [4, 10, 15, 20]
        key = track(keyed, 0).key_at(15)
        assert key is not None
        assert key.value == pytest.approx(value)

    def test_commands_edit_the_selection(self, panel: TimelinePanel, keyed: Workspace) -> None:
        run = {command.id: command.run for command in panel.commands()}
        ref = TrackRef(shot_id(keyed), 1, "edit", 0)
        keyed.set(keys=frozenset({KeyRef(ref, 4), KeyRef(ref, 10)}), frame=30)
        run["timeline.nudge-right"]()
        assert frames(keyed, 0) == [5, 11, 20]
        run["timeline.leap-right"]()
        assert frames(keyed, 0) == [15, 20, 21]
        keyed.session.undo()
        run["timeline.copy"]()
        run["timeline.paste"]()
        assert frames(keyed, 0) == [5, 11, 20, 30, 36]
        run["timeline.to-hold"]()
        assert [key.interpolation for key in track(keyed, 0).keys[-2:]] == ["hold", "hold"]
        run["timeline.ease-overshoot"]()
        assert track(keyed, 0).keys[-2].interpolation == "bezier"
        run["timeline.delete"]()
        assert frames(keyed, 0) == [5, 11, 20]
        run["timeline.select-all"]()
        assert len(keyed.state.keys) == 5
        run["timeline.select-none"]()
        keyed.set(frame=25)
        run["keys.set"]()
        assert frames(keyed, 0) == [5, 11, 20, 25]
        assert frames(keyed, 1) == [8, 10, 25]
        run["time.previous"]()
        assert keyed.state.frame == 20
        run["time.next"]()
        assert keyed.state.frame == 25

    def test_lanes_and_keys_are_chosen_from_the_keyboard(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        run = {command.id: command.run for command in panel.commands()}
        run["timeline.lane-down"]()
        assert keyed.state.controls == ("mouthSmile",)
        run["timeline.lane-down"]()
        assert keyed.state.controls == ("jawOpen",)
        keyed.set(frame=10)
        run["timeline.select-here"]()
        assert len(keyed.state.keys) == 1
        run["timeline.select-none"]()
        run["timeline.select-here"]()
        assert len(keyed.state.keys) == 2

    def test_no_hand_brings_it_out_of_step(self, panel: TimelinePanel, keyed: Workspace) -> None:
        """Wild movements: nothing is raised, and undo leads back to the start."""
        wild = random.Random(7)
        view, start = panel.view, keyed.session.document
        steps = len(keyed.session.undo_names)
        for _ in range(60):
            size = view.viewport().size()
            a, b = (
                (wild.uniform(-5, size.width()), wild.uniform(0, size.height())) for _ in range(2)
            )
            held = wild.choice((PLAIN, PLAIN, SHIFT, CTRL, ALT))
            act = wild.randrange(5)
            if act == 0:
                wheel(view.viewport(), a, wild.choice((-2, 1, 3)), held)
            elif act == 1:
                double_click(view.viewport(), a)
                for field in view.viewport().findChildren(QLineEdit):
                    keys(field, "Esc")
            else:
                press(view.viewport(), a, modifiers=held)
                move(view.viewport(), b, held=LEFT, modifiers=held)
                if wild.random() < 0.2:
                    keys(view, "Esc")
                release(view.viewport(), b, modifiers=held)
            for menu in view.findChildren(QMenu):
                menu.close()
            settle(1)
        while len(keyed.session.undo_names) > steps:
            keyed.session.undo()
        assert keyed.session.document.same_as(start)


class TestNames:
    def test_cells_fold_mute_and_key(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        click(view.viewport(), cell(view, 1, "mute"))
        assert keyed.now.edit is not None
        assert keyed.now.edit.layers[0].muted
        assert undo_name(keyed) == "Mute edit"
        click(view.viewport(), cell(view, 1, "fold"))
        assert len(view.scene.lanes.rows) == 2
        click(view.viewport(), cell(view, 1, "fold"))
        keyed.set(frame=15)
        smile = row_of(view, "mouthSmile")
        click(view.viewport(), cell(view, smile, "key"))
        assert frames(keyed, 0) == [4, 10, 15, 20]
        click(view.viewport(), cell(view, smile, "key"))
        assert frames(keyed, 0) == [4, 10, 20]
        click(view.viewport(), cell(view, smile, "name"))
        assert keyed.state.tracks == {view.scene.lanes.rows[smile].ref}
        assert keyed.state.controls == ("mouthSmile",)

    def test_the_weight_is_dragged_and_typed(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        x, y = cell(view, 1, "weight")
        drag(view.viewport(), (x, y), (x - 40, y))
        assert keyed.now.edit is not None
        assert keyed.now.edit.layers[0].weight == pytest.approx(0.6)
        double_click(view.viewport(), (x, y))
        enter(view, "Weight in per cent", "25")
        assert keyed.now.edit is not None
        assert keyed.now.edit.layers[0].weight == 0.25

    def test_names_are_typed(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        double_click(view.viewport(), cell(view, 0, "name"))
        enter(view, "Name of the face", "Anna")
        assert view.hasFocus()
        double_click(view.viewport(), cell(view, 1, "name"))
        enter(view, "Name of the layer", "smiles")
        assert keyed.now.face is not None
        assert keyed.now.face.name == "Anna"
        assert keyed.state.layer == "smiles"
        assert frames(keyed, 0, "smiles") == [4, 10, 20]
        keyed.set(frame=10)
        double_click(view.viewport(), cell(view, row_of(view, "jawOpen"), "value"))
        enter(view, "Value at the playhead", "0.9")
        assert track(keyed, 1, "smiles").values([10])[0] == pytest.approx(0.9)

    def test_layers_are_reordered_by_a_drag(self, panel: TimelinePanel, keyed: Workspace) -> None:
        shot, view = shot_id(keyed), panel.view
        keyed.apply("Layer", lambda d: add_layer(d, shot, 1, "polish"))
        keyed.apply("Layer", lambda d: add_layer(d, shot, 1, "top"))
        assert [lane.id[1] for lane in view.scene.lanes.rows[1:4]] == ["top", "polish", "edit"]
        x, y = cell(view, 1, "name")
        drag(view.viewport(), (x, y), (x, y + 5 * ROW))
        project = keyed.project
        assert project is not None
        assert [layer.name for layer in project.edit(1).layers] == ["top", "edit", "polish"]
        assert undo_name(keyed) == "Move layer top"
        drag(view.viewport(), cell(view, 1, "name"), cell(view, 2, "name"), steps=2)

    def test_menus_offer_modes_and_the_rest(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        smile = row_of(view, "mouthSmile")
        click(view.viewport(), cell(view, smile, "mode"))
        choose_in_menu(view, "=  Replace: replaces the performance")
        assert track(keyed, 0).mode == "replace"
        open_menu(view, at(view, smile, 10))
        assert [key.frame for key in keyed.state.keys] == [10]
        choose_in_menu(view, "Hold")
        assert track(keyed, 0).keys[1].interpolation == "hold"
        open_menu(view, cell(view, 1, "name"))
        choose_in_menu(view, "Add layer")
        assert keyed.state.layer == "layer 1"
        open_menu(view, cell(view, 1, "name"))
        choose_in_menu(view, "Remove layer")
        open_menu(view, cell(view, row_of(view, "jawOpen"), "name"))
        choose_in_menu(view, "Remove lane")
        assert undo_name(keyed) == "Remove jaw open"
        open_menu(view, at(view, 0, 30))
        choose_in_menu(view, "Select its keys")
        assert len(keyed.state.keys) == 3

    def test_a_span_is_moved_and_trimmed(self, panel: TimelinePanel, keyed: Workspace) -> None:
        shot, view = shot_id(keyed), panel.view
        keyed.set(snap=False)
        keyed.apply(
            "Track",
            lambda d: add_track(
                d, shot, 1, "edit", "cheekPuff", value=0.4, span=FrameRange(12, 30), frame=12
            ),
        )
        row = row_of(view, "cheekPuff")
        drag(view.viewport(), at(view, row, 20), at(view, row, 24))
        assert track(keyed, 2).span == FrameRange(16, 34)
        y = at(view, row, 0)[1]
        drag(view.viewport(), (view.scene.edge(34), y), (view.scene.edge(40), y))
        assert track(keyed, 2).span == FrameRange(16, 40)
        assert undo_name(keyed) == "Trim span"


class TestMarkers:
    def test_markers_are_set_moved_and_named(self, panel: TimelinePanel, keyed: Workspace) -> None:
        view = panel.view
        y = view.scene.bands.top("markers") + 7
        double_click(view.viewport(), (view.scene.x(12), y))
        drag(view.viewport(), (view.scene.x(12), y), (view.scene.x(26), y))
        project = keyed.project
        assert project is not None
        assert [marker.frame for marker in project.markers] == [26]
        assert undo_name(keyed) == "Move marker"
        double_click(view.viewport(), (view.scene.x(26), y))
        enter(view, "Name of the marker", "laughs")
        project = keyed.project
        assert project is not None
        assert project.markers[0].name == "laughs"
        click(view.viewport(), (view.scene.x(26), y))
        assert keyed.state.frame == 26
        run = {command.id: command.run for command in panel.commands()}
        keyed.set(frame=26)
        run["markers.remove"]()
        project = keyed.project
        assert project is not None
        assert not project.markers


class TestPicture:
    def test_pictures_and_sound_arrive(self, panel: TimelinePanel) -> None:
        view = panel.view
        wait_until(lambda: view.strips.peaks is not None, 20, "the waveform")
        wait_until(lambda: view.strips.picture(0) is not None, 20, "the first picture")
        picture = view.strips.picture(0)
        assert picture is not None
        assert picture.height() == 34
        strip = panel.grab().toImage()
        inside = view.mapTo(panel, view.viewport().pos())
        y = inside.y() + view.scene.bands.top("thumbnails") + 17
        x = inside.x() + round(view.scene.edge(0)) + 12
        assert strip.pixelColor(x, y) != strip.pixelColor(inside.x() + 4, y)

    def test_what_is_under_the_pointer_is_said(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view, shot = panel.view, shot_id(keyed)
        keyed.apply("Marker", lambda d: add_marker(d, shot, 30, "door"))
        keyed.set(units="frames")
        smile = row_of(view, "mouthSmile")
        marker = (view.scene.x(30), view.scene.bands.top("markers") + 6)
        for place, words in (
            (at(view, smile, 10), "Mouth smile +0.60 at 10\nEase to the next key"),
            (at(view, 0, 10), "2 keys at 10"),
            (marker, "door at 30"),
            (cell(view, smile, "mode"), "Mouth smile adds to the performance"),
            (cell(view, 0, "name"), "face 1"),
            ((view.scene.x(9), 5), "Drag to move the playhead"),
        ):
            assert describe(view.scene, view.mouse.target_at(*place)).startswith(words)

    def test_each_shot_keeps_its_stretch_of_time(
        self, panel: TimelinePanel, keyed: Workspace
    ) -> None:
        view, first = panel.view, shot_id(keyed)
        project = keyed.project
        assert project is not None
        shot = project.shot
        keyed.apply("Add shot", lambda d: add_shot(d, shot))
        wheel(view.viewport(), (view.scene.x(20), 200), 4)
        zoomed = keyed.state.time
        keyed.set(shot=keyed.session.document.shots[1].id)
        wait_until(lambda: keyed.state.time.scale == 0)
        assert view.scene.axis.visible(48) == FrameRange(0, 48)
        keyed.set(shot=first)
        wait_until(lambda: keyed.state.time == zoomed)

    def test_buttons_show_and_set_the_state(self, panel: TimelinePanel, keyed: Workspace) -> None:
        click(named(panel, "Snap"))
        click(named(panel, "Auto-key"))
        assert not keyed.state.snap
        assert not keyed.state.auto_key
        before = panel.view.scene.bands.lanes
        click(named(panel, "Pictures"))
        assert panel.view.scene.bands.lanes < before
        x = panel.view.bands.names
        drag(panel.view.viewport(), (x, 200), (x + 50, 200))
        assert panel.view.bands.names == x + 50
        with shown(TimelinePanel(keyed), 900, 420) as again:
            assert again.view.bands == panel.view.bands
        shot = shot_id(keyed)
        keyed.apply("Marker", lambda d: add_marker(d, shot, 5, "here"))
        keyed.set(units="seconds")
        assert not panel.grab().isNull()


def enter(view: TimelineView, name: str, text: str) -> None:
    """Type into the field that opened."""
    field = named(view, name, QLineEdit)
    field.selectAll()
    type_text(field, text)
    keys(field, "Return")
    settle()


def open_menu(view: TimelineView, place: tuple[float, float]) -> None:
    """Press the right button."""
    point = QPoint(round(place[0]), round(place[1]))
    mouse = QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(mouse, point, view.viewport().mapToGlobal(point))
    QApplication.sendEvent(view.viewport(), event)


def choose_in_menu(view: QWidget, text: str) -> None:
    """Choose an entry of the menu that is open."""
    menu = next(menu for menu in view.findChildren(QMenu) if menu.isVisible())
    action = next(action for action in menu.actions() if action.text() == text)
    click(menu, menu.actionGeometry(action).center())
    settle()
