"""The transport bar: the shot as a bar, buttons that play and step, the time, speed and sound."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mien.session.commands import set_span
from mien.timebase import FrameRange
from mien_desktop import theme
from mien_desktop.buttons import choice_box, icon_button
from mien_desktop.command import Command
from mien_desktop.icons import icon
from mien_desktop.resolve import Resolved
from mien_desktop.transport.cache_bar import CacheBar
from mien_desktop.transport.playback import Playback
from mien_desktop.transport.time_field import TimeField
from mien_desktop.workspace import Workspace

__all__ = ["TransportBar"]

_SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_VOICE: Final = "Play the sound of the voice in place of the shot's"
_LEAP: Final = 10
"""Frames of a large step."""
_AHEAD: Final = 12
"""Frames that the playhead moves until the previewer is told where it is now."""


class TransportBar(QWidget):
    """Plays, steps and shows the time.

    Args:
        workspace: Whose playhead it moves.
        parent: Qt's owner.
        playback: What moves the playhead; its own when not given.

    Attributes:
        playback: What moves the playhead.
    """

    def __init__(
        self,
        workspace: Workspace,
        parent: QWidget | None = None,
        playback: Playback | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.playback = playback or Playback(workspace)
        self.playback.setParent(self)
        self.cache_bar = CacheBar(workspace, self)
        self._timecode = TimeField(workspace, "timecode", self)
        self._frame = TimeField(workspace, "frames", self)
        self._count = QLabel(self)
        self._play = _button("Play", "play", "Play or stop (Space)", self.playback.toggle)
        self._loop = _button(
            "Loop", "loop", "Go round between in and out (Ctrl+L)", self._turn_loop
        )
        self._loop.setCheckable(True)
        self._speed = self._speed_box()
        self._mute = _button("Mute", "sound", "Sound on or off (Shift+S)", self._turn_sound)
        self._voice = _button("Play the voice", "voice", _VOICE, self._turn_voice)
        self._voice.setCheckable(True)
        self._volume = self._volume_slider()
        self._lay_out()
        self.playback.rate_changed.connect(self._show_rate)
        self.playback.sound_changed.connect(self._show_sound)
        workspace.changed.connect(self._changed)
        self._show(workspace.now)
        self._look_ahead(workspace.now)

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the transport."""
        play, step, go = self.playback, self._step, self._go
        enabled = self._has_shot

        def made(name: str, text: str, run: Callable[[], None], *keys: str, tip: str = "",
                 checked: Callable[[], bool] | None = None) -> Command:  # fmt: skip
            return Command(f"play.{name}", text, run, keys, "Playback", tip=tip,
                           checked=checked, enabled=enabled)  # fmt: skip

        return (
            made("toggle", "Play or stop", play.toggle, "Space"),
            made("backward", "Play backward", play.backward, "J",
                 tip="Play backward; twice as fast each time"),
            made("stop", "Stop", play.stop, "K"),
            made("forward", "Play forward", play.forward, "L",
                 tip="Play forward; twice as fast each time"),
            made("step-back", "Previous frame", partial(step, -1), "Left"),
            made("step", "Next frame", partial(step, 1), "Right"),
            made("leap-back", f"{_LEAP} frames back", partial(step, -_LEAP), "Shift+Left"),
            made("leap", f"{_LEAP} frames on", partial(step, _LEAP), "Shift+Right"),
            made("first", "First frame", partial(go, "first"), "Home"),
            made("last", "Last frame", partial(go, "last"), "End"),
            made("to-in", "Go to in", partial(go, "in"), "Shift+I"),
            made("to-out", "Go to out", partial(go, "out"), "Shift+O"),
            made("in", "Set in", self._set_in, "I", tip="The range begins at the playhead"),
            made("out", "Set out", self._set_out, "O", tip="The range ends with the playhead"),
            made("clear", "Clear in and out", self._clear_span, "Alt+X"),
            made("loop", "Loop", self._turn_loop, "Ctrl+L", checked=self._loops,
                 tip="Go round between in and out"),
            made("mute", "Mute", self._turn_sound, "Shift+S", checked=self._is_mute),
            Command("play.voice", "Play the voice", self._turn_voice, (), "Playback", tip=_VOICE,
                    checked=self._is_voiced, enabled=self._has_voice),
            made("time", "Type a time", self._type_time, "Ctrl+G",
                 tip="Go to a frame, a second or a timecode"),
        )  # fmt: skip

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop, and let go of the sound device."""
        self.playback.close()
        self.cache_bar.close_previews()
        super().closeEvent(event)

    # -- what commands do ------------------------------------------------------------------

    def _has_shot(self) -> bool:
        return self._workspace.now.shot is not None

    def _loops(self) -> bool:
        return self._workspace.state.loop

    def _is_mute(self) -> bool:
        return self.playback.muted

    def _is_voiced(self) -> bool:
        return self.playback.voiced and self._has_voice()

    def _has_voice(self) -> bool:
        return self.playback.voice is not None

    def _step(self, frames: int) -> None:
        self._workspace.set(speed=0.0, frame=self._workspace.state.frame + frames)

    def _go(self, where: str) -> None:
        now = self._workspace.now
        frames = {
            "first": 0,
            "last": now.frame_count - 1,
            "in": now.span.start,
            "out": now.span.stop - 1,
        }
        self._workspace.set(speed=0.0, frame=frames[where])

    def _set_in(self) -> None:
        now = self._workspace.now
        stop = now.span.stop if now.span.stop > now.state.frame else now.frame_count
        self._set_span("Set in", FrameRange(now.state.frame, stop))

    def _set_out(self) -> None:
        now = self._workspace.now
        start = now.span.start if now.span.start <= now.state.frame else 0
        self._set_span("Set out", FrameRange(start, now.state.frame + 1))

    def _clear_span(self) -> None:
        self._set_span("Clear in and out", None)

    def _set_span(self, name: str, span: FrameRange | None) -> None:
        shot = self._workspace.state.shot
        if shot is not None:
            self._workspace.apply(name, lambda document: set_span(document, shot, span))

    def _turn_loop(self) -> None:
        self._workspace.set(loop=not self._workspace.state.loop)
        self._loop.setChecked(self._workspace.state.loop)

    def _turn_sound(self) -> None:
        self.playback.set_muted(not self.playback.muted)

    def _turn_voice(self) -> None:
        self.playback.set_voiced(not self.playback.voiced)

    def _type_time(self) -> None:
        self._timecode.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # -- what is shown ---------------------------------------------------------------------

    def _changed(self, now: Resolved, before: Resolved) -> None:
        after, then = now.state, before.state
        if now.shot is not before.shot or (after.speed, after.loop) != (then.speed, then.loop):
            self._show(now)
        elif now.project is not before.project or after.layer != then.layer:
            self._show_sound()
        self._look_ahead(now, before)

    def _show(self, now: Resolved) -> None:
        playing = bool(now.state.speed)
        self._play.setIcon(icon("pause" if playing else "play"))
        self._play.setAccessibleName("Stop" if playing else "Play")
        self._loop.setChecked(now.state.loop)
        self._show_rate()
        self._count.setText("" if now.shot is None else f"/ {now.frame_count}")
        rate = "" if now.shot is None else f"{float(now.shot.clock.rate):.6g} fps"
        self._count.setToolTip(f"Frames of the shot, {rate}")
        for widget in self.findChildren(QToolButton):
            widget.setEnabled(now.shot is not None)
        self._speed.setEnabled(now.shot is not None)
        self._show_sound()

    def _show_rate(self) -> None:
        speed = self.playback.rate
        self._speed.setCurrentIndex(_SPEEDS.index(speed) if speed in _SPEEDS else -1)
        self._speed.setEditText(_speed_words(speed))

    def _show_sound(self) -> None:
        silent = self.playback.muted or not self.playback.sounds
        self._mute.setIcon(icon("mute" if silent else "sound"))
        self._volume.setEnabled(self.playback.sounds)
        voice = self.playback.voice
        self._voice.setVisible(voice is not None)
        self._voice.setChecked(self.playback.voiced)
        self._voice.setToolTip(_VOICE if voice is None else f"{_VOICE}: {voice.path.name}")
        if not self.playback.sounds:
            self._mute.setToolTip("No sound device was found; playback goes on without sound")

    def _look_ahead(self, now: Resolved, before: Resolved | None = None) -> None:
        """Have the pictures from the playhead on rendered while nobody waits for others."""
        previewer, state = self._workspace.previewer, now.state
        if previewer is None:
            return
        auditioning = bool(state.audition)
        stride = _AHEAD if state.speed else 1
        if (
            before is not None
            and now.shot is before.shot
            and now.edits is before.edits
            and now.span == before.span
            and auditioning == bool(before.state.audition)
            and state.frame // stride == before.state.frame // stride
        ):
            return
        start = min(max(state.frame, now.span.start), now.span.stop - 1)
        # What is only auditioned will not be played.
        previewer.ahead(None if auditioning else now.span, start)

    def _speed_box(self) -> QComboBox:
        box = choice_box("Speed", "Speed of playback; J and L double it", 68, self._speed_chosen)
        for speed in _SPEEDS:
            box.addItem(_speed_words(speed), speed)
        return box

    def _speed_chosen(self, index: int) -> None:
        self.playback.set_rate(float(self._speed.itemData(index)))

    def _volume_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setAccessibleName("Volume")
        slider.setToolTip("Volume")
        slider.setRange(0, 100)
        slider.setValue(100)
        slider.setFixedWidth(60)
        slider.valueChanged.connect(lambda value: self.playback.set_volume(value / 100))
        return slider

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(6, 3, 6, 4)
        row.setSpacing(3)
        self._count.setFont(theme.figures())
        for field in (self._timecode, self._frame, self._count):
            row.addWidget(field)
        row.addStretch(1)
        step, go = self._step, self._go
        for text, name, tip, run in (
            ("Set in", "in", "Set in at the playhead (I)", self._set_in),
            ("Set out", "out", "Set out at the playhead (O)", self._set_out),
            ("First frame", "first", "First frame (Home)", partial(go, "first")),
            ("Previous frame", "step-back", "Previous frame (Left)", partial(step, -1)),
            ("Play backward", "play-back", "Play backward (J)", self.playback.backward),
        ):
            row.addWidget(_button(text, name, tip, run))
        row.addWidget(self._play)
        for text, name, tip, run in (
            ("Next frame", "step", "Next frame (Right)", partial(step, 1)),
            ("Last frame", "last", "Last frame (End)", partial(go, "last")),
        ):
            row.addWidget(_button(text, name, tip, run))
        row.addWidget(self._loop)
        row.addStretch(1)
        for widget in (self._speed, self._voice, self._mute, self._volume):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.cache_bar)
        column.addLayout(row)


def _speed_words(speed: float) -> str:
    return f"{speed:g} ×".replace("-", "−")


def _button(text: str, name: str, tip: str, run: Callable[[], None]) -> QToolButton:
    button = icon_button(name, text, tip, run)
    button.setFixedSize(26, 24)
    return button
