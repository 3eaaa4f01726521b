"""The panel of voices, its lane, playback and export, with a real voice and real events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSlider,
)

import mien
from mien.model.edits import Layer
from mien.model.voice import Voice
from mien.session.voices import set_voice_layer
from mien.timebase import FrameRange
from mien_desktop.background import Background
from mien_desktop.geometry.speech import frame_at, mark_at, second_at
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.performance.voice_panel import VoicePanel
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.words import describe
from mien_desktop.transport.playback import Playback
from mien_desktop.transport.voice_sound import open_voice
from mien_desktop.voices.chosen import VoiceSound, free_name, voice_sounds
from mien_desktop.voices.work import VoiceWork
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    click,
    double_click,
    drag,
    keys,
    known,
    named,
    settle,
    shown,
    type_text,
    wait_until,
)
from tests.speaking import espeak, speak

pytest.importorskip("pocketsphinx")
pytestmark = pytest.mark.skipif(espeak() is None, reason="espeak-ng is not installed")

TEXT = "Bring me the map"
SPAN = FrameRange(4, 40)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence of a second and more."""
    return speak(TEXT).write(tmp_path_factory.mktemp("voice") / "line.wav")


@pytest.fixture(scope="session")
def layer(tracked: Path, line: Path) -> Layer:
    """The layer in which the tracked face says it."""
    spoken = mien.voice(
        mien.load_project(tracked), line, text=TEXT, span=SPAN, amounts=mien.MouthAmounts()
    )
    return spoken.layer


@pytest.fixture
def spoken(workspace: Workspace, layer: Layer) -> Workspace:
    shot = known(workspace.project).id
    workspace.apply("Voice", lambda d: set_voice_layer(d, shot, 1, layer))
    return workspace


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[VoicePanel]:
    background = Background(workspace)
    work = VoiceWork(workspace, background)
    with shown(VoicePanel(workspace, background, work), 300, 620) as panel:
        yield panel
        background.close()


@pytest.fixture
def lanes(spoken: Workspace) -> Iterator[TimelinePanel]:
    with shown(TimelinePanel(spoken), 1000, 560) as panel:
        yield panel


def voice_of(workspace: Workspace, name: str = "voice") -> Voice:
    return known(known(workspace.project).edit(1).layer(name).voice)


def row_of(panel: TimelinePanel) -> int:
    rows = panel.view.scene.lanes.rows
    return next(row for row, lane in enumerate(rows) if lane.kind == "voice")


def place(panel: TimelinePanel, second: float) -> QPointF:
    """Where a second of the sound is in the lane."""
    scene, row = panel.view.scene, row_of(panel)
    voice = known(known(scene.lanes.rows[row].layer).voice)
    return QPointF(scene.voice_x(voice, second), scene.top(row) + 10)


def done(panel: VoicePanel, text: str) -> None:
    click(named(panel, text, QPushButton))
    wait_until(lambda: not panel._work.running, what=text)


def test_a_sound_and_a_text_drive_the_mouth_in_one_step(
    panel: VoicePanel, workspace: Workspace, line: Path
) -> None:
    panel.take_sound(line)
    box = named(panel, "Frames", QComboBox)
    box.setCurrentIndex(box.findData("playhead"))
    workspace.set(frame=SPAN.start)
    text = named(panel, "What is said", QPlainTextEdit)
    text.setFocus()
    type_text(text, TEXT)
    for check in panel.findChildren(QCheckBox):
        if check.text() == "As this person speaks":
            check.setChecked(False)
    named(panel, "Jaw", QSlider).setValue(130)
    done(panel, "Speak")
    voice = voice_of(workspace)
    assert [word.text for word in voice.speech.words] == TEXT.lower().split()
    assert (voice.sound, voice.span.start, voice.amounts.jaw) == (line, SPAN.start, 1.3)
    assert workspace.session.undo_names[0].startswith("Speak")
    assert workspace.state.layer == "voice"
    assert "4 words" in panel.notes.text()
    workspace.session.undo()
    assert not known(workspace.project).edits


def test_a_mouth_is_muted_and_what_fails_is_said(panel: VoicePanel, workspace: Workspace) -> None:
    workspace.set(frame=10)
    box = named(panel, "Frames", QComboBox)
    box.setCurrentIndex(box.findData("playhead"))
    done(panel, "Mute")
    (track,) = known(workspace.project).edit(1).layer("mute").tracks
    assert known(track.span).start == 10
    assert "shut in 38 frames" in panel.notes.text()
    before = workspace.session.undo_names
    panel.take_text(Path("/nowhere/line.TextGrid"))
    done(panel, "Speak")
    assert workspace.session.undo_names == before
    assert "line.TextGrid" in panel.notes.text()
    assert panel._work.failed


def test_stopping_changes_nothing(panel: VoicePanel, workspace: Workspace, line: Path) -> None:
    panel.take_sound(line)
    click(named(panel, "Speak", QPushButton))
    panel._work.readings.cancel()
    wait_until(lambda: not panel._work.running, what="it stops")
    assert panel.notes.text().startswith("Stopped")
    assert not known(workspace.project).edits


def test_the_lane_tells_words_and_nearer_phones(lanes: TimelinePanel, layer: Layer) -> None:
    view, speech = lanes.view, known(layer.voice).speech
    wait_until(lambda: view.scene.loudness, what="the sound is read")
    word = speech.words[0]
    middle = (word.start + word.stop) / 2
    lanes._zoom(0.2)
    view.resize(420, 560)
    settle()
    view.show_time(view.scene.axis.zoomed(0, 0.01, view.scene.now.frame_count))
    where = place(lanes, middle)
    target = view.mouse.target_at(where.x(), where.y())
    assert known(target.mark).kind == "word"
    assert word.text in describe(view.scene, target)
    view.show_time(view.scene.axis.zoomed(0, 20, view.scene.now.frame_count))
    where = place(lanes, speech.phones[0].middle)
    target = view.mouse.target_at(where.x(), where.y())
    assert known(target.mark).kind == "phone"
    assert describe(view.scene, target).startswith(speech.phones[0].name)


def test_an_edge_is_dragged_and_keys_follow_in_one_step(
    lanes: TimelinePanel, spoken: Workspace, layer: Layer
) -> None:
    view, speech = lanes.view, known(layer.voice).speech
    index = next(i for i, phone in enumerate(speech.phones) if phone.name == "M")
    phone = speech.phones[index]
    steps = len(spoken.session.undo_names)
    drag(view.viewport(), place(lanes, phone.stop), place(lanes, phone.stop + 0.05))
    moved = voice_of(spoken).speech.phones[index]
    assert moved.stop == pytest.approx(phone.stop + 0.05, abs=0.01)
    assert voice_of(spoken).speech.phones[index + 1].start >= moved.stop - 1e-6
    assert known(spoken.project).edit(1).layer("voice").tracks != layer.tracks
    assert len(spoken.session.undo_names) == steps + 1
    assert spoken.session.undo_names[0] == "Move M"
    spoken.session.undo()
    assert known(spoken.project).edit(1).layer("voice") == layer


def test_another_shape_is_chosen_from_the_menu(lanes: TimelinePanel, spoken: Workspace) -> None:
    view = lanes.view
    speech = voice_of(spoken).speech
    index = next(i for i, phone in enumerate(speech.phones) if phone.name == "AE")
    point = place(lanes, speech.phones[index].middle).toPoint()
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, point, view.viewport().mapToGlobal(QPoint(0, 0))
    )
    QApplication.sendEvent(view.viewport(), event)
    settle()
    menu = known(QApplication.activePopupWidget())
    assert isinstance(menu, QMenu)
    shapes = known(menu.actions()[0].menu())
    assert isinstance(shapes, QMenu)
    assert len([action for action in shapes.actions() if not action.isSeparator()]) == 16
    next(action for action in shapes.actions() if action.text() == "ou").trigger()
    menu.close()
    settle()
    assert voice_of(spoken).speech.phones[index].viseme == "ou"
    assert spoken.session.undo_names[0] == "ou for AE"


def test_a_word_is_typed_anew_and_aligned(lanes: TimelinePanel, spoken: Workspace) -> None:
    view, work = lanes.view, lanes.voice_work
    word = voice_of(spoken).speech.words[-1]
    double_click(view.viewport(), place(lanes, (word.start + word.stop) / 2))
    field = named(view.viewport(), "The word", QLineEdit)
    assert field.text() == "map"
    field.selectAll()
    type_text(field, "mat")
    keys(field, "Return")
    wait_until(lambda: not work.running, what="it is aligned again")
    voice = voice_of(spoken)
    assert [one.text for one in voice.speech.words] == ["bring", "me", "the", "mat"]
    assert voice.span == SPAN
    assert spoken.session.undo_names[0].startswith("Retype")


def test_the_voice_is_played_and_exported_in_place_of_the_shots_sound(
    spoken: Workspace, line: Path
) -> None:
    start = voice_of(spoken).start
    (sound,) = voice_sounds(spoken.project)
    assert sound == VoiceSound(line, start)
    playback = Playback(spoken)
    assert playback.voice == sound
    opened = open_voice(sound, 2.0)
    silent = round(start * opened.rate)
    assert not opened.read(0, silent).any()
    heard = opened.read(silent, opened.rate)
    assert np.abs(heard).max() > 0.1
    opened.close()
    playback.close()
    playback.deleteLater()
    with shown(ExportDialog(spoken, JobQueue(spoken))) as dialog:
        audio = known(dialog.request().audio)
        assert (audio.path, audio.start, audio.keep_own) == (line, start, False)
        preset = named(dialog, "Preset", QComboBox)
        preset.setCurrentIndex(preset.findData("exr"))
        assert dialog.request().audio is None
        preset.setCurrentIndex(preset.findData("review"))
        tick = next(
            box for box in dialog.findChildren(QCheckBox) if box.text().startswith("In place")
        )
        click(tick, (8, tick.height() / 2))
        assert dialog.request().audio is None


def test_places_of_speech(layer: Layer, workspace: Workspace) -> None:
    edges = np.array([0.0, 0.1, 0.3, 0.4])
    assert frame_at(edges, 0.2) == pytest.approx(1.5)
    assert second_at(edges, frame_at(edges, 0.35)) == pytest.approx(0.35)
    assert frame_at(edges, -0.4 / 3) == pytest.approx(-1)
    speech = known(layer.voice).speech
    spoken = [i for i, phone in enumerate(speech.phones) if phone.name != "SIL"]
    for index in spoken:
        # However narrow it is, a phone can be taken in its middle.
        mark = known(mark_at(speech, speech.phones[index].middle, 200.0))
        assert (mark.kind, mark.index) == ("phone", index)
    edit = known(workspace.project).edit(1).with_layer(layer)
    assert free_name(edit, "voice", (FrameRange(0, 8),)) == "voice"
    assert free_name(edit, "voice", (FrameRange(42, 48),)) == "voice 2"
