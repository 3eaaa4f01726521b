"""The viewer on a real tracked clip, driven with mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from mien._types import AnyArray
from mien.model.controls import INDEX
from mien.session.commands import set_value
from mien.session.session import Session
from mien_desktop.viewer.canvas import Canvas
from mien_desktop.viewer.manipulate import one_sided
from mien_desktop.viewer.panel import ViewerPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    LEFT,
    MIDDLE,
    SHIFT,
    breathe,
    click,
    double_click,
    drag,
    known,
    move,
    named,
    press,
    release,
    settle,
    shown,
    wait_until,
    wheel,
)

FRAME = 20


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[ViewerPanel]:
    with shown(ViewerPanel(workspace), 760, 470) as panel:
        workspace.set(frame=FRAME)
        wait_for_picture(panel.canvas)
        yield panel


def wait_for_picture(canvas: Canvas) -> None:
    """Wait for what is asked for, in its full quality."""
    wait_until(lambda: canvas.settled, what="the picture")
    settle()


def pixels(canvas: Canvas) -> AnyArray:
    """What the canvas shows, (H, W, 3)."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def smile(workspace: Workspace, value: float = 0.9) -> None:
    shot = workspace.state.shot
    assert shot is not None
    workspace.apply(
        "Smile",
        lambda document: set_value(document, shot, 1, {"mouthSmile": value}, FRAME, auto_key=True),
    )


def target(workspace: Workspace, control: str) -> float:
    evaluated = workspace.now.evaluated
    assert evaluated is not None
    return float(evaluated.target[FRAME, INDEX[control]])


def test_at_a_hundred_per_cent_the_pixels_are_those_of_the_picture(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas = panel.canvas
    workspace.set(overlays=frozenset())
    canvas.zoom_to(1.0)
    settle()
    placement, picture = known(canvas.placement()), known(canvas.showing)
    seen = pixels(canvas)
    left, top = round(-placement.left), round(-placement.top)
    expected = picture.rgb[top : top + seen.shape[0], left : left + seen.shape[1]]
    assert np.array_equal(seen, expected)


def test_the_wheel_zooms_under_the_pointer_and_a_double_click_fits(panel: ViewerPanel) -> None:
    canvas = panel.canvas
    at = (200.0, 150.0)
    before = known(canvas.placement())
    wheel(canvas, at, 3)
    after = known(canvas.placement())
    assert after.zoom == pytest.approx(before.zoom * 1.2**3)
    assert after.to_picture(*at) == pytest.approx(before.to_picture(*at), abs=1.0)
    assert not canvas.fits
    double_click(canvas, (5, 300))
    assert canvas.fits
    assert known(canvas.placement()) == before


def test_the_middle_button_moves_the_picture(panel: ViewerPanel) -> None:
    canvas = panel.canvas
    canvas.zoom_to(2.0)
    before = known(canvas.placement())
    drag(canvas, (300, 200), (340, 170), button=MIDDLE)
    after = known(canvas.placement())
    assert (after.left - before.left, after.top - before.top) == pytest.approx((40, -30))


def test_the_pixel_under_the_pointer_is_told(panel: ViewerPanel) -> None:
    canvas = panel.canvas
    canvas.zoom_to(1.0)
    move(canvas, (100, 100))
    column, row = map(round, known(canvas.placement()).to_picture(100, 100))
    red, green, blue = known(canvas.showing).rgb[row, column]
    text = named(panel, "Pixel under the pointer", QLabel).text()
    assert text.split() == f"{column:4d},{row:4d} {red} {green} {blue}".split()


@pytest.mark.slow
def test_pulling_the_corner_of_the_mouth_is_one_step(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas = panel.canvas
    canvas.frame_face()
    settle()
    x, y = canvas.handles()["mouthCornerLeft"]
    before = target(workspace, "mouthSmileLeft")
    drag(canvas, (x, y), (x + 4, y - 14))
    assert target(workspace, "mouthSmileLeft") > before + 0.1
    assert target(workspace, "mouthSmileRight") == pytest.approx(
        target(workspace, "mouthSmileRight")
    )
    assert workspace.session.undo_names == ("Drag mouth corner left",)
    assert not workspace.state.dragging
    followed = canvas.handles()["mouthCornerLeft"]
    assert followed[1] < y - 5
    wait_for_picture(canvas)
    workspace.session.undo()
    assert target(workspace, "mouthSmileLeft") == before


def test_shift_pulls_both_sides_and_escape_gives_up(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas = panel.canvas
    canvas.frame_face()
    settle()
    x, y = canvas.handles()["mouthCornerLeft"]
    start = [target(workspace, f"mouthSmile{side}") for side in ("Left", "Right")]
    move(canvas, (x, y))
    press(canvas, (x, y))
    move(canvas, (x + 2, y - 12), LEFT, SHIFT)
    pulled = [target(workspace, f"mouthSmile{side}") for side in ("Left", "Right")]
    assert workspace.state.dragging
    assert min(np.subtract(pulled, start)) > 0.05
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert [target(workspace, f"mouthSmile{side}") for side in ("Left", "Right")] == start
    assert not workspace.session.undo_names
    release(canvas, (x + 2, y - 12))


def test_one_side_alone_is_pulled_where_both_would_move() -> None:
    values = {"gazeYawLeft": 4.0, "gazeYawRight": 4.0, "mouthRight": 0.2}
    assert set(one_sided(values, "eyeLeft")) == {"gazeYawLeft", "mouthRight"}
    assert one_sided(values, "chin") == values


@pytest.mark.slow
def test_a_wipe_shows_plate_and_edit_and_its_line_is_dragged(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas = panel.canvas
    workspace.set(overlays=frozenset())
    smile(workspace)
    canvas.frame_face()
    wait_for_picture(canvas)
    edited = pixels(canvas)
    click(named(panel, "Plate", QToolButton))
    assert workspace.state.mode == "plate"
    wait_for_picture(canvas)
    plate = pixels(canvas)
    changed = np.abs(edited.astype(int) - plate).max(axis=2) > 8
    assert 200 < np.count_nonzero(changed[60:]) < 0.3 * changed.size
    click(named(panel, "Wipe", QToolButton))
    wait_for_picture(canvas)
    line = round(canvas.divider())
    drag(canvas, (line, 300), (380, 300))
    assert canvas.divider() == 380
    wiped = pixels(canvas)
    # Qt's smooth scaling rounds otherwise when it is clipped.
    assert np.abs(wiped[60:180, :370].astype(int) - plate[60:180, :370]).max() <= 2
    assert np.abs(wiped[60:180, 390:700].astype(int) - edited[60:180, 390:700]).max() <= 2


def test_side_by_side_both_show_the_same_place(panel: ViewerPanel, workspace: Workspace) -> None:
    canvas = panel.canvas
    workspace.set(mode="side", overlays=frozenset({"boxes", "landmarks", "mesh"}))
    wait_for_picture(canvas)
    assert named(panel, "Side by side", QToolButton).isChecked()
    assert known(canvas.placement()).zoom < 0.4
    assert pixels(canvas)[40:].std() > 10


@pytest.mark.slow
def test_the_mask_is_tinted_where_the_edit_acts(panel: ViewerPanel, workspace: Workspace) -> None:
    canvas = panel.canvas
    workspace.set(overlays=frozenset())
    smile(workspace)
    wait_for_picture(canvas)
    plain = pixels(canvas)
    workspace.set(overlays=frozenset({"mask"}))
    settle()
    tinted = pixels(canvas)
    differs = np.abs(plain.astype(int) - tinted).max(axis=2) > 8
    face = next(iter(canvas.shapes())).box
    rows, columns = np.nonzero(differs)
    x0, y0 = known(canvas.placement()).to_view(face[:2])
    x1, y1 = known(canvas.placement()).to_view(face[2:])
    assert len(rows) > 100
    assert x0 < columns.mean() < x1
    assert y0 < rows.mean() < y1


def test_a_face_is_selected_by_a_click(panel: ViewerPanel, workspace: Workspace) -> None:
    shot = known(workspace.now.shot)
    face = shot.faces[0]
    other = replace(
        face, number=2, name="face 2", landmarks=face.landmarks - np.array([500, 0, 0], np.float32)
    )
    two = replace(known(workspace.project), shot=replace(shot, faces=(face, other)))
    workspace.apply("Two faces", lambda document: document.with_shot(two))
    canvas = panel.canvas
    settle()
    assert workspace.now.state.face == 1
    box = next(shape for shape in canvas.shapes() if shape.number == 2).box
    x, y = known(canvas.placement()).to_view(((box[0] + box[2]) / 2, box[3] - 3))
    click(canvas, (float(x), float(y)))
    assert workspace.now.state.face == 2
    named(panel, "Handles", QToolButton).click()
    assert "handles" not in workspace.state.overlays
    assert not canvas.handles()


def test_without_a_shot_it_says_what_to_do(app: QApplication) -> None:
    workspace = Workspace(Session())
    with shown(ViewerPanel(workspace), 500, 400) as panel:
        seen = pixels(panel.canvas)
        assert seen.max() > 150
        assert panel.canvas.zoom == 0
        move(panel.canvas, (100, 100))
        wheel(panel.canvas, (100, 100), 2)
        click(panel.canvas, (200, 200))
        assert panel.canvas.showing is None
    workspace.close()


def test_a_broken_frame_is_told_in_the_picture(
    app: QApplication, tracked: Path, short_clip: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.mp4"
    data = bytearray(short_clip.read_bytes())
    middle = len(data) // 3
    data[middle : 2 * middle] = bytes(middle)
    damaged.write_bytes(data)
    session = Session()
    session.open(tracked)
    project = session.document.shots[0]
    media = replace(project.shot.media, path=damaged)
    broken = replace(project, shot=replace(project.shot, media=media))
    session.replace(session.document.with_shot(broken))
    workspace = Workspace(session)
    with shown(ViewerPanel(workspace), 500, 400) as panel:
        workspace.set(frame=40)
        wait_until(lambda: panel.canvas.error or panel.canvas.showing)
        settle()
        assert pixels(panel.canvas).std() > 1
    workspace.close()


@pytest.mark.slow
def test_while_one_scrubs_no_older_answer_takes_the_place_of_a_newer_one(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas = panel.canvas
    smile(workspace)
    seen: list[int] = []
    canvas.painted.connect(lambda frame: seen.append(known(canvas.showing).generation))
    for frame in range(0, 48, 3):
        workspace.set(frame=frame)
        breathe(0.015)
    wait_for_picture(canvas)
    assert known(canvas.showing).frame == 45
    assert seen == sorted(seen)


def test_it_is_closed_while_pictures_are_on_their_way(workspace: Workspace) -> None:
    with shown(ViewerPanel(workspace), 500, 400) as panel:
        smile(workspace)
        workspace.set(frame=33)
        panel.canvas.repaint()
    breathe(0.3)
