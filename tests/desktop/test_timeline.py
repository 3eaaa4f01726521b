"""The timeline with real events on a tracked shot: time, markers, names, picture."""

from __future__ import annotations

import pytest

from mien.session.commands import (
    add_layer,
    add_marker,
    add_shot,
    add_track,
    set_span,
)
from mien.timebase import FrameRange
from mien_desktop.geometry.lanes import ROW
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.words import describe
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    CTRL,
    MIDDLE,
    click,
    double_click,
    drag,
    known,
    named,
    shown,
    wait_until,
    wheel,
)  # fmt: skip
from tests.desktop.timelines import (
    at,
    cell,
    choose_in_menu,
    enter,
    frames,
    open_menu,
    row_of,
    shot_id,
    track,
    undo_name,
)


class TestTime:
    def test_the_ruler_moves_the_playhead(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        drag(view.viewport(), (view.scene.x(3), 8), (view.scene.x(17), 8))
        assert keyed.state.frame == 17
        drag(view.viewport(), (view.scene.x(17), 8), (view.scene.x(8) + 5, 8), modifiers=CTRL)
        assert keyed.state.frame == 8  # where the jaw has a key
        drag(view.viewport(), (view.scene.x(8), 8), (5000, 8))
        assert keyed.state.frame == keyed.now.frame_count - 1

    def test_the_wheel_zooms_under_the_pointer(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
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
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
        wheel(view.viewport(), (view.scene.x(0), 200), 12)
        assert view.scene.x(40) > view.viewport().width()
        keyed.set(frame=40)
        wait_until(lambda: view.bands.names < view.scene.x(40) < view.viewport().width())

    def test_scroll_bars_follow_and_lead(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        wheel(view.viewport(), (view.scene.x(0), 200), 8)
        bar = view.horizontalScrollBar()
        bar.setValue(round(20 * view.scene.axis.scale))
        assert keyed.state.time.first == pytest.approx(20, abs=0.1)

    def test_in_and_out_are_dragged(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        shot, view = shot_id(keyed), timeline.view
        keyed.apply("Span", lambda d: set_span(d, shot, FrameRange(5, 30)))
        drag(view.viewport(), (view.scene.edge(5), 18), (view.scene.x(9), 18))
        drag(view.viewport(), (view.scene.edge(30), 18), (view.scene.x(25), 18))
        assert keyed.now.span == FrameRange(9, 26)
        assert undo_name(keyed) == "Set out point"


FIRST = 4
"""Row of the first layer: below when the face is seen, the face, what is in front, what it does."""


class TestNames:
    def test_a_layer_is_muted(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        click(timeline.view.viewport(), cell(timeline.view, FIRST, "mute"))
        assert keyed.now.edit is not None
        assert keyed.now.edit.layers[0].muted
        assert undo_name(keyed) == "Mute edit"

    def test_a_layer_is_folded(self, timeline: TimelinePanel) -> None:
        view = timeline.view
        rows = len(view.scene.lanes.rows)
        click(view.viewport(), cell(view, FIRST, "fold"))
        assert len(view.scene.lanes.rows) == FIRST + 1
        click(view.viewport(), cell(view, FIRST, "fold"))
        assert len(view.scene.lanes.rows) == rows

    def test_a_key_is_set_and_removed(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        keyed.set(frame=15)
        smile = row_of(view, "mouthSmile")
        click(view.viewport(), cell(view, smile, "key"))
        assert frames(keyed, 0) == [4, 10, 15, 20]
        click(view.viewport(), cell(view, smile, "key"))
        assert frames(keyed, 0) == [4, 10, 20]

    def test_a_lane_is_selected(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        smile = row_of(view, "mouthSmile")
        click(view.viewport(), cell(view, smile, "name"))
        assert keyed.state.tracks == {view.scene.lanes.rows[smile].ref}
        assert keyed.state.controls == ("mouthSmile",)

    def test_the_weight_is_dragged_and_typed(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
        x, y = cell(view, FIRST, "weight")
        drag(view.viewport(), (x, y), (x - 40, y))
        assert keyed.now.edit is not None
        assert keyed.now.edit.layers[0].weight == pytest.approx(0.6)
        double_click(view.viewport(), (x, y))
        enter(view, "Weight in per cent", "25")
        assert keyed.now.edit is not None
        assert keyed.now.edit.layers[0].weight == 0.25

    def test_names_are_typed(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        double_click(view.viewport(), cell(view, 0, "name"))
        enter(view, "Name of the face", "Anna")
        assert view.hasFocus()
        double_click(view.viewport(), cell(view, FIRST, "name"))
        enter(view, "Name of the layer", "smiles")
        assert keyed.now.face is not None
        assert keyed.now.face.name == "Anna"
        assert keyed.state.layer == "smiles"
        assert frames(keyed, 0, "smiles") == [4, 10, 20]
        keyed.set(frame=10)
        double_click(view.viewport(), cell(view, row_of(view, "jawOpen"), "value"))
        enter(view, "Value at the playhead", "0.9")
        assert track(keyed, 1, "smiles").values([10])[0] == pytest.approx(0.9)

    def test_layers_are_reordered_by_a_drag(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        shot, view = shot_id(keyed), timeline.view
        keyed.apply("Layer", lambda d: add_layer(d, shot, 1, "polish"))
        keyed.apply("Layer", lambda d: add_layer(d, shot, 1, "top"))
        assert [lane.id[1] for lane in view.scene.lanes.rows[FIRST : FIRST + 3]] == [
            "top",
            "polish",
            "edit",
        ]
        x, y = cell(view, FIRST, "name")
        drag(view.viewport(), (x, y), (x, y + 5 * ROW))
        project = keyed.project
        assert project is not None
        assert [layer.name for layer in project.edit(1).layers] == ["top", "edit", "polish"]
        assert undo_name(keyed) == "Move layer top"
        drag(view.viewport(), cell(view, FIRST, "name"), cell(view, 3, "name"), steps=2)

    def test_menus_offer_modes_and_the_rest(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
        smile = row_of(view, "mouthSmile")
        click(view.viewport(), cell(view, smile, "mode"))
        choose_in_menu(view, "=  Replace: replaces the performance")
        assert track(keyed, 0).mode == "replace"
        open_menu(view, at(view, smile, 10))
        assert [key.frame for key in keyed.state.keys] == [10]
        choose_in_menu(view, "Hold")
        assert track(keyed, 0).keys[1].interpolation == "hold"
        open_menu(view, cell(view, FIRST, "name"))
        choose_in_menu(view, "Add layer")
        assert keyed.state.layer == "layer 1"
        open_menu(view, cell(view, FIRST, "name"))
        choose_in_menu(view, "Remove layer")
        open_menu(view, cell(view, row_of(view, "jawOpen"), "name"))
        choose_in_menu(view, "Remove lane")
        assert undo_name(keyed) == "Remove jaw open"
        open_menu(view, at(view, 1, 30))
        choose_in_menu(view, "Select its keys")
        assert len(keyed.state.keys) == 3

    def test_a_span_is_moved_and_trimmed(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        shot, view = shot_id(keyed), timeline.view
        keyed.set(snap=False)
        keyed.apply(
            "ControlTrack",
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
    @pytest.fixture
    def marked(self, timeline: TimelinePanel) -> float:
        """A marker at frame 12; the height of markers in the view."""
        y = timeline.view.scene.bands.top("markers") + 7
        double_click(timeline.view.viewport(), (timeline.view.scene.x(12), y))
        return y

    def test_one_is_moved(self, timeline: TimelinePanel, keyed: Workspace, marked: float) -> None:
        view = timeline.view
        drag(view.viewport(), (view.scene.x(12), marked), (view.scene.x(26), marked))
        assert [marker.frame for marker in known(keyed.project).markers] == [26]
        assert undo_name(keyed) == "Move marker"

    def test_one_is_named(self, timeline: TimelinePanel, keyed: Workspace, marked: float) -> None:
        double_click(timeline.view.viewport(), (timeline.view.scene.x(12), marked))
        enter(timeline.view, "Name of the marker", "laughs")
        assert known(keyed.project).markers[0].name == "laughs"

    def test_one_leads_there(
        self, timeline: TimelinePanel, keyed: Workspace, marked: float
    ) -> None:
        keyed.set(frame=30)
        click(timeline.view.viewport(), (timeline.view.scene.x(12), marked))
        assert keyed.state.frame == 12

    def test_one_is_removed(self, timeline: TimelinePanel, keyed: Workspace, marked: float) -> None:
        run = {command.id: command.run for command in timeline.commands()}
        keyed.set(frame=12)
        run["markers.remove"]()
        assert not known(keyed.project).markers


class TestPicture:
    def test_pictures_and_sound_arrive(self, timeline: TimelinePanel) -> None:
        view = timeline.view
        wait_until(lambda: view.strips.peaks is not None, what="the waveform")
        wait_until(lambda: view.strips.picture(0) is not None, what="the first picture")
        picture = view.strips.picture(0)
        assert picture is not None
        assert picture.height() == 34
        strip = timeline.grab().toImage()
        inside = view.mapTo(timeline, view.viewport().pos())
        y = inside.y() + view.scene.bands.top("thumbnails") + 17
        x = inside.x() + round(view.scene.edge(0)) + 12
        assert strip.pixelColor(x, y) != strip.pixelColor(inside.x() + 4, y)

    def test_what_is_under_the_pointer_is_said(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view, shot = timeline.view, shot_id(keyed)
        keyed.apply("Marker", lambda d: add_marker(d, shot, 30, "door"))
        keyed.set(units="frames")
        smile = row_of(view, "mouthSmile")
        marker = (view.scene.x(30), view.scene.bands.top("markers") + 6)
        for place, words in (
            (at(view, smile, 10), "Mouth smile +0.60 at 10\nEase to the next key"),
            (at(view, 1, 10), "2 keys at 10"),
            (marker, "door at 30"),
            (cell(view, smile, "mode"), "Mouth smile adds to the performance"),
            (cell(view, 1, "name"), "face 1"),
            ((view.scene.x(9), 5), "Drag to move the playhead"),
        ):
            assert describe(view.scene, view.mouse.target_at(*place)).startswith(words)

    def test_each_shot_keeps_its_stretch_of_time(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view, first = timeline.view, shot_id(keyed)
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

    def test_buttons_show_and_set_the_state(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        click(named(timeline, "Snap"))
        click(named(timeline, "Auto-key"))
        assert not keyed.state.snap
        assert not keyed.state.auto_key
        before = timeline.view.scene.bands.lanes
        click(named(timeline, "Pictures"))
        assert timeline.view.scene.bands.lanes < before
        x = timeline.view.bands.names
        drag(timeline.view.viewport(), (x, 200), (x + 50, 200))
        assert timeline.view.bands.names == x + 50
        with shown(TimelinePanel(keyed), 900, 420) as again:
            assert again.view.bands == timeline.view.bands
        shot = shot_id(keyed)
        keyed.apply("Marker", lambda d: add_marker(d, shot, 5, "here"))
        keyed.set(units="seconds")
        assert not timeline.grab().isNull()
