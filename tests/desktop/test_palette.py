"""The palette of expressions, with a real face and real events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QRadioButton, QSlider

from mien.model.controls import INDEX
from mien.model.presets import PRESETS
from mien.session.presets import UserExpressions
from mien_desktop.controls.palette import PalettePanel
from mien_desktop.controls.save import SaveDialog
from mien_desktop.controls.tile import ExpressionTile
from mien_desktop.geometry.glyph import glyph
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, keys, named, settle, shown, type_text, wait_until


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[PalettePanel]:
    workspace.set(frame=24)
    with shown(PalettePanel(workspace), 340, 900) as panel:
        yield panel


def tile(panel: PalettePanel, name: str) -> ExpressionTile:
    return next(t for t in panel.tiles.tiles if t.name == name and not t.isHidden())


def enter(widget: ExpressionTile) -> None:
    at = QPointF(widget.rect().center())
    QApplication.sendEvent(widget, QEnterEvent(at, at, QPointF(widget.mapToGlobal(at))))


def leave(widget: ExpressionTile) -> None:
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))


def added(workspace: Workspace, name: str, frame: int = 24) -> float:
    assert workspace.now.evaluated is not None
    return float(workspace.now.evaluated.delta[frame, INDEX[name]])


def test_hovering_tries_and_leaving_forgets(panel: PalettePanel, workspace: Workspace) -> None:
    smile = tile(panel, "smile")
    enter(smile)
    wait_until(lambda: workspace.state.audition, what="the tile is tried")
    assert workspace.state.audition == (("smile", 1.0),)
    assert workspace.now.edits
    assert not workspace.project.edits  # type: ignore[union-attr]
    leave(smile)
    assert workspace.state.audition == ()
    assert workspace.session.undo_names == ()


def test_passing_over_a_tile_tries_nothing(panel: PalettePanel, workspace: Workspace) -> None:
    for name in ("smile", "grin", "laugh"):
        enter(tile(panel, name))
        leave(tile(panel, name))
    settle()
    assert workspace.state.audition == ()


def test_a_click_applies_a_moment_with_the_strength_in_one_step(
    panel: PalettePanel, workspace: Workspace
) -> None:
    named(panel, "Strength", QSlider).setValue(50)
    click(tile(panel, "surprise"))
    brows = dict(PRESETS["surprise"].weights)["browInnerUp"]
    assert added(workspace, "browInnerUp") == pytest.approx(0.5 * brows, abs=1e-3)
    assert added(workspace, "browInnerUp", 0) == 0
    assert added(workspace, "browInnerUp", 47) == 0
    assert workspace.session.undo_names == ("Apply Surprise",)
    assert workspace.state.controls == ("surprise",)
    # What is tried on top of what is there looks as it will when it is applied.
    named(panel, "Strength", QSlider).setValue(100)
    enter(tile(panel, "surprise"))
    wait_until(lambda: workspace.state.audition)
    assert workspace.state.audition == (("surprise", 0.5),)
    click(tile(panel, "surprise"))
    assert added(workspace, "browInnerUp") == pytest.approx(brows, abs=1e-3)


def test_it_can_be_only_a_key(panel: PalettePanel, workspace: Workspace) -> None:
    manner = named(panel, "How it is applied", QComboBox)
    manner.setCurrentIndex(1)
    click(tile(panel, "kiss"))
    lips = dict(PRESETS["kiss"].weights)["mouthPucker"]
    assert added(workspace, "mouthPucker", 0) == pytest.approx(lips, abs=1e-3)


def test_the_keyboard_tries_and_applies(panel: PalettePanel, workspace: Workspace) -> None:
    blink = tile(panel, "blink")
    blink.setFocus(Qt.FocusReason.TabFocusReason)
    wait_until(lambda: workspace.state.audition)
    keys(blink, "Space")
    assert added(workspace, "eyeBlinkLeft") > 0.5


def test_search_and_every_name_of_the_list(panel: PalettePanel) -> None:
    assert {t.name for t in panel.tiles.tiles} == set(PRESETS)
    search = named(panel, "Search expressions", QLineEdit)
    click(search)
    type_text(search, "wink")
    assert {t.name for t in panel.tiles.tiles if t.isVisible()} == {"wink", "winkRight"}


def test_the_users_own_are_kept_renamed_shared_and_forgotten(
    panel: PalettePanel, workspace: Workspace, tmp_path: Path
) -> None:
    panel.keep("half smile", {"mouthSmileLeft": 0.4})
    assert tile(panel, "half smile").own
    click(tile(panel, "half smile"))
    assert added(workspace, "mouthSmileLeft") == pytest.approx(0.4, abs=1e-3)
    assert workspace.state.controls == ("mouthSmileLeft",)
    panel.rename("half smile", "smirk")
    panel.export_to(tmp_path / "mine.json")
    panel.forget("smirk")
    assert not any(t.own for t in panel.tiles.tiles)
    panel.import_from(tmp_path / "mine.json")
    assert tile(panel, "smirk").own
    with shown(PalettePanel(workspace), 340, 500) as second:
        assert tile(second, "smirk").own  # in the user's file
    assert [one.name for one in UserExpressions().all()] == ["smirk"]


def test_what_cannot_be_kept_is_told_and_nothing_is_lost(
    panel: PalettePanel, workspace: Workspace, tmp_path: Path
) -> None:
    panel.keep("smirk", {"mouthSmileLeft": 0.4})
    told: list[str] = []
    workspace.problem.disconnect()
    workspace.problem.connect(lambda error: told.append(str(error)))
    panel.keep("smile", {"jawOpen": 0.2})
    panel.import_from(tmp_path / "nowhere.json")
    assert len(told) == 2
    assert tile(panel, "smirk").own


def test_an_expression_is_kept_before_the_palette_was_seen(workspace: Workspace) -> None:
    hidden = PalettePanel(workspace)
    hidden.keep("smirk", {"mouthSmileLeft": 0.4})
    assert hidden.tiles.tiles == []
    with shown(hidden, 340, 500) as panel:
        assert {t.name for t in panel.tiles.tiles} == {"smirk", *PRESETS}


def test_an_expression_is_copied_to_another_frame(
    panel: PalettePanel, workspace: Workspace
) -> None:
    commands = {command.id: command for command in panel.commands()}
    commands["expressions.paste"].run()
    assert workspace.session.undo_names == ()
    commands["expressions.copy"].run()
    assert workspace.now.evaluated is not None
    face = workspace.now.evaluated.target[24, : INDEX["gazeYawLeft"]].copy()
    workspace.set(frame=5)
    commands["expressions.paste"].run()
    after = workspace.now.evaluated.target[5, : INDEX["gazeYawLeft"]]
    np.testing.assert_allclose(after, face, atol=1e-4)
    assert workspace.session.undo_names == ("Paste expression",)


def test_the_dialog_keeps_what_was_chosen(app: QApplication) -> None:
    dialog = SaveDialog({"jawOpen": 0.3}, {"jawOpen": 0.5, "mouthPucker": 0.001})
    with shown(dialog):
        assert dialog.weights == {"jawOpen": 0.3}
        named(dialog, "The whole expression, as the face has it here", QRadioButton).click()
        type_text(named(dialog, "Name of the expression", QLineEdit), " open ")
        assert dialog.name == "open"
        assert dialog.weights == {"jawOpen": 0.5}


def test_without_a_face_nothing_can_be_applied(panel: PalettePanel, workspace: Workspace) -> None:
    workspace.session.new()
    settle()
    click(tile(panel, "smile"))
    for command in panel.commands():
        assert command.enabled is not None
        assert not command.enabled()
    assert workspace.session.undo_names == ()


def test_glyphs_wear_their_expressions() -> None:
    calm, smile = glyph(()), glyph(PRESETS["smile"].weights)
    # The corners are the ends of the upper lip; up is less.
    assert smile.mouth[0, 1] < calm.mouth[0, 1]
    assert np.ptp(smile.mouth[:, 0]) > np.ptp(calm.mouth[:, 0])
    assert glyph(PRESETS["blink"].weights).pupils[0][2] == 0
    wink = glyph(PRESETS["wink"].weights)
    assert wink.pupils[0][2] > wink.pupils[1][2]  # the person's left eye is on the right
    assert glyph(PRESETS["TH"].weights).tongue is not None
    for preset in PRESETS.values():
        for line in (*glyph(preset.weights).lines, glyph(preset.weights).mouth):
            assert np.isfinite(line).all()
            assert ((line > -0.05) & (line < 1.05)).all(), preset.name


def test_an_expression_is_copied_to_another_shot(panel: PalettePanel, workspace: Workspace) -> None:
    assert workspace.now.project is not None
    other = replace(workspace.now.project, id="another", name="another")
    workspace.apply("add", lambda d: replace(d, shots=(*d.shots, other)))
    panel.copy()
    assert workspace.now.evaluated is not None
    smile = workspace.now.evaluated.target[24, INDEX["mouthSmileLeft"]]
    workspace.set(shot="another", frame=40)
    panel.paste()
    after = workspace.now.evaluated.target[40, INDEX["mouthSmileLeft"]]
    assert after == pytest.approx(smile, abs=1e-4)
    assert not workspace.session.document.shots[0].edits
    assert workspace.session.document.shots[1].edits
