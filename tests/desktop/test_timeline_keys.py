"""The timeline with real events on a tracked shot: its keys."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLineEdit, QMenu

from mien.session.refs import KeyRef, TrackRef
from mien_desktop.geometry.bands import MARKERS
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    ALT,
    CTRL,
    LEFT,
    PLAIN,
    SHIFT,
    click,
    double_click,
    drag,
    keys,
    move,
    press,
    release,
    settle,
    wheel,
)  # fmt: skip
from tests.desktop.timelines import (
    at,
    frames,
    row_of,
    shot_id,
    track,
    undo_name,
)


class TestKeys:
    def test_a_drag_moves_the_key_and_is_one_step(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
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

    def test_escape_brings_a_dragged_key_back(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view, steps = timeline.view, len(keyed.session.undo_names)
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
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
        row = row_of(view, "mouthSmile")
        x, y = at(view, row, 8)
        press(view.viewport(), at(view, row, 10))
        move(view.viewport(), (x + 4, y), held=LEFT)
        assert view.mouse.overlay.line == 8
        release(view.viewport(), (x + 4, y))
        assert frames(keyed, 0) == [4, 8, 20]
        assert view.mouse.overlay.line is None

    def test_alt_drags_copies(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        row = row_of(view, "mouthSmile")
        drag(view.viewport(), at(view, row, 10), at(view, row, 30), modifiers=ALT)
        assert frames(keyed, 0) == [4, 10, 20, 30]
        assert undo_name(keyed) == "Duplicate 1 key"

    def test_shift_and_ctrl_choose_several(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        smile, jaw = row_of(view, "mouthSmile"), row_of(view, "jawOpen")
        click(view.viewport(), at(view, smile, 4))
        click(view.viewport(), at(view, jaw, 8), modifiers=SHIFT)
        assert len(keyed.state.keys) == 2
        assert keyed.state.controls == ("mouthSmile", "jawOpen")
        click(view.viewport(), at(view, smile, 4), modifiers=CTRL)
        assert [key.frame for key in keyed.state.keys] == [8]
        click(view.viewport(), at(view, 1, 10))  # the face's lane: both keys at that frame
        assert len(keyed.state.keys) == 2
        click(view.viewport(), at(view, smile, 30))
        assert not keyed.state.keys

    def test_a_box_selects_what_it_covers(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        view = timeline.view
        smile, jaw = row_of(view, "mouthSmile"), row_of(view, "jawOpen")
        start, end = at(view, smile, 6), at(view, jaw, 15)
        drag(view.viewport(), (start[0], start[1] - 6), (end[0], end[1] + 6))
        assert sorted(key.frame for key in keyed.state.keys) == [8, 10, 10]

    def test_the_ends_of_the_selection_scale_it(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
        keyed.set(snap=False)
        ref = TrackRef(shot_id(keyed), 1, "edit", 0)
        keyed.set(keys=frozenset(KeyRef(ref, frame) for frame in (4, 10, 20)))
        y = view.scene.bands.top("markers") + MARKERS - 5
        drag(view.viewport(), (view.scene.x(20), y), (view.scene.x(36), y))
        assert frames(keyed, 0) == [4, 16, 36]
        assert undo_name(keyed) == "Scale 3 keys in time"

    def test_a_double_click_adds_a_key_on_the_curve(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        view = timeline.view
        value = track(keyed, 0).values([15])[0]
        double_click(view.viewport(), at(view, row_of(view, "mouthSmile"), 15))
        assert frames(keyed, 0) == [4, 10, 15, 20]
        key = track(keyed, 0).key_at(15)
        assert key is not None
        assert key.value == pytest.approx(value)

    @pytest.fixture
    def run(self, timeline: TimelinePanel, keyed: Workspace) -> Callable[..., None]:
        """Runs commands, with two keys of the smile selected and the playhead behind all keys."""
        commands = {command.id: command.run for command in timeline.commands()}
        ref = TrackRef(shot_id(keyed), 1, "edit", 0)
        keyed.set(keys=frozenset({KeyRef(ref, 4), KeyRef(ref, 10)}), frame=30)

        def run(*names: str) -> None:
            for name in names:
                commands[name]()

        return run

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (("nudge-right",), [5, 11, 20]),
            (("nudge-right", "leap-right"), [15, 20, 21]),
            (("copy", "paste"), [4, 10, 20, 30, 36]),
            (("copy", "paste", "delete"), [4, 10, 20]),
        ],
        ids=["nudge", "leap", "paste", "delete"],
    )
    def test_commands_edit_the_selection(
        self, run: Callable[..., None], keyed: Workspace, names: list[str], expected: list[int]
    ) -> None:
        run(*(f"timeline.{name}" for name in names))
        assert frames(keyed, 0) == expected

    @pytest.mark.parametrize(
        ("name", "kinds"),
        [("to-hold", {"hold"}), ("ease-overshoot", {"bezier"})],
        ids=["hold", "ease"],
    )
    def test_commands_set_the_interpolation(
        self, run: Callable[..., None], keyed: Workspace, name: str, kinds: set[str]
    ) -> None:
        run(f"timeline.{name}")
        assert track(keyed, 0).keys[0].interpolation in kinds

    def test_commands_select_all_and_nothing(
        self, run: Callable[..., None], keyed: Workspace
    ) -> None:
        run("timeline.select-all")
        assert len(keyed.state.keys) == 5
        run("timeline.select-none")
        assert not keyed.state.keys

    def test_commands_set_keys_on_all_tracks_and_go_from_one_to_the_next(
        self, run: Callable[..., None], keyed: Workspace
    ) -> None:
        run("timeline.select-none")
        keyed.set(frame=25)
        run("keys.set")
        assert frames(keyed, 0) == [4, 10, 20, 25]
        assert frames(keyed, 1) == [8, 10, 25]
        run("time.previous")
        assert keyed.state.frame == 20
        run("time.next")
        assert keyed.state.frame == 25

    def test_lanes_and_keys_are_chosen_from_the_keyboard(
        self, timeline: TimelinePanel, keyed: Workspace
    ) -> None:
        run = {command.id: command.run for command in timeline.commands()}
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

    def test_no_hand_brings_it_out_of_step(self, timeline: TimelinePanel, keyed: Workspace) -> None:
        """Wild movements: nothing is raised, and undo leads back to the start."""
        wild = random.Random(7)
        view, start = timeline.view, keyed.session.document
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
