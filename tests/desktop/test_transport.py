"""The transport on a real tracked clip: time runs, is shown, is typed, and is heard."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider, QToolButton

from mien._types import AnyArray
from mien.session.commands import set_value
from mien.timebase import Clock, FrameRange, Timecode
from mien_desktop.geometry.playback_clock import PlaybackClock
from mien_desktop.transport.audio import Feed, NoSoundError
from mien_desktop.transport.bar import TransportBar
from mien_desktop.transport.playback import Playback
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, drag, known, named, settle, shown, type_text, wait_until
from tests.waiting import PATIENCE

LAST = 47


class Hands:
    """A speaker whose device moves on when the test says so."""

    def __init__(self) -> None:
        self.rate = 0
        self.samples: list[AnyArray] = []
        self.stopped = False
        self.told: float | None = None
        self._began = 0.0
        self._pull: Callable[[int], AnyArray] | None = None

    def clock(self) -> float:
        """The system's clock; it goes with the device while that is at work."""
        return self._began + self.heard() if self._pull else time.monotonic()

    def start(self, rate: int, channels: int, pull: Callable[[int], AnyArray]) -> None:
        self.rate, self._pull, self.stopped = rate, pull, False
        self.samples, self._began = [], time.monotonic()

    def heard(self) -> float:
        if self.told is not None:
            return self.told
        return sum(map(len, self.samples)) / self.rate if self.rate else 0.0

    def stop(self) -> None:
        self.stopped, self._pull = True, None

    def play(self, seconds: float) -> AnyArray:
        """Let the device take so much."""
        assert self._pull is not None
        taken = self._pull(round(seconds * self.rate))
        self.samples.append(taken)
        return taken


class Deaf(Hands):
    def start(self, rate: int, channels: int, pull: Callable[[int], AnyArray]) -> None:
        raise NoSoundError("no sound device is there")


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def bar(workspace: Workspace, hands: Hands) -> Iterator[TransportBar]:
    playback = Playback(workspace, hands, hands.clock)
    with shown(TransportBar(workspace, playback=playback), 720, 60) as bar:
        yield bar


def frame(workspace: Workspace) -> int:
    return workspace.state.frame


def test_commands_step_leap_and_go(bar: TransportBar, workspace: Workspace) -> None:
    run = {command.id: command.run for command in bar.commands()}
    for name, expected in (
        ("step", 1), ("leap", 11), ("step-back", 10), ("last", LAST), ("step", LAST),
        ("leap-back", LAST - 10), ("first", 0),
    ):  # fmt: skip
        run[f"play.{name}"]()
        assert frame(workspace) == expected


def test_in_and_out_are_steps_that_can_be_undone(bar: TransportBar, workspace: Workspace) -> None:
    run = {command.id: command.run for command in bar.commands()}
    workspace.set(frame=10)
    run["play.in"]()
    workspace.set(frame=20)
    run["play.out"]()
    assert workspace.now.span == FrameRange(10, 21)
    workspace.set(frame=30)
    run["play.in"]()
    assert workspace.now.span == FrameRange(30, 48)
    workspace.session.undo()
    run["play.to-in"]()
    assert frame(workspace) == 10
    run["play.clear"]()
    assert workspace.now.span == FrameRange(0, 48)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("36", 36), ("1.0s", 30), ("00:00:01:05", 35), ("+7", 17), ("-4", 6), ("999", LAST)],
)
def test_a_time_is_typed_as_people_write_it(
    bar: TransportBar, workspace: Workspace, text: str, expected: int
) -> None:
    workspace.set(frame=10)
    field = named(bar, "Timecode", QLineEdit)
    click(field)
    type_text(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert frame(workspace) == expected
    assert named(bar, "Frame", QLineEdit).text() == str(expected)


def test_a_command_goes_to_where_a_time_is_typed(bar: TransportBar, workspace: Workspace) -> None:
    next(command for command in bar.commands() if command.id == "play.time").run()
    field = named(bar, "Timecode", QLineEdit)
    assert field.hasFocus()
    type_text(field, "12")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert frame(workspace) == 12


def test_what_is_no_time_is_told_and_escape_takes_it_back(
    bar: TransportBar, workspace: Workspace
) -> None:
    said: list[str] = []
    workspace.said.connect(said.append)
    field = named(bar, "Timecode", QLineEdit)
    click(field)
    type_text(field, "tomorrow")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "'tomorrow' is not a time." in said[-1]
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "00:00:00:00"


def test_timecode_drops_frames_as_the_material_does(
    bar: TransportBar, workspace: Workspace
) -> None:
    shot = known(workspace.now.shot)
    rate = Fraction(30000, 1001)
    start = Timecode.parse("01:00:59;20", rate)
    clock = Clock(rate, shot.clock.frame_count, start=start)
    media = replace(shot.media, clock=clock)
    drop = replace(known(workspace.project), shot=replace(shot, media=media))
    workspace.apply("Drop", lambda document: document.with_shot(drop))
    workspace.set(frame=10)
    assert named(bar, "Timecode", QLineEdit).text() == "01:01:00;02"


def test_sound_tells_the_time_of_the_picture(
    bar: TransportBar, workspace: Workspace, hands: Hands
) -> None:
    click(named(bar, "Play", QToolButton))
    assert workspace.state.speed == 1
    wait_until(lambda: hands.rate)
    settle()
    assert frame(workspace) == 0, "the picture waits for the sound"
    hands.play(0.5)
    wait_until(lambda: frame(workspace) == 15)
    click(named(bar, "Stop", QToolButton))
    assert workspace.state.speed == 0
    assert hands.stopped
    assert frame(workspace) == 15


def listen(hands: Hands) -> tuple[int, AnyArray]:
    """Take sound in small pieces until there is some: where it begins, and the next tenth."""

    def sounds() -> bool:
        time.sleep(0.05)
        return bool(hands.play(0.01).any())

    wait_until(sounds)
    at = sum(map(len, hands.samples))
    return at, hands.play(0.1)


def sound_at(workspace: Workspace, start: float, at: int, count: int) -> AnyArray:
    """What the file holds, from the `at`-th sample on after `start` seconds."""
    from mien.media.audio import open_audio

    track = known(open_audio(known(workspace.now.shot).media))
    samples = track.read(round(start * track.rate) + at, count)
    track.close()
    return samples


def test_what_is_heard_is_the_sound_at_the_playhead(
    bar: TransportBar, workspace: Workspace, hands: Hands
) -> None:
    workspace.set(frame=15)
    bar.playback.play()
    wait_until(lambda: hands.rate)
    at, heard = listen(hands)
    bar.playback.stop()
    expected = sound_at(workspace, 0.5, at, len(heard))
    assert np.abs(expected).max() > 0.001
    assert np.allclose(heard, expected, atol=1e-6)


def test_volume_and_mute(bar: TransportBar, workspace: Workspace, hands: Hands) -> None:
    named(bar, "Volume", QSlider).setValue(10)
    assert bar.playback.volume == 0.1
    workspace.set(frame=15)
    bar.playback.play()
    wait_until(lambda: hands.rate)
    at, quiet = listen(hands)
    assert np.allclose(quiet, 0.1 * sound_at(workspace, 0.5, at, len(quiet)), atol=1e-6)
    click(named(bar, "Mute", QToolButton))
    assert not hands.play(0.1).any()
    bar.playback.stop()


def test_a_loop_goes_round_between_in_and_out(
    bar: TransportBar, workspace: Workspace, hands: Hands
) -> None:
    run = {command.id: command.run for command in bar.commands()}
    workspace.set(frame=10)
    run["play.in"]()
    workspace.set(frame=19)
    run["play.out"]()
    click(named(bar, "Loop", QToolButton))
    bar.playback.play()
    assert frame(workspace) == 10
    wait_until(lambda: hands.rate)
    hands.play(11.5 / 30)
    wait_until(lambda: frame(workspace) == 11)
    assert workspace.state.speed == 1
    bar.playback.stop()


def test_the_shuttle_has_no_sound_backward_and_time_goes_on(
    bar: TransportBar, workspace: Workspace, hands: Hands
) -> None:
    workspace.set(frame=40)
    bar.playback.backward()
    bar.playback.backward()
    assert workspace.state.speed == -2
    assert named(bar, "Speed", QComboBox).currentText() == "−2 ×"
    assert not hands.rate
    wait_until(lambda: frame(workspace) < 30)
    bar.playback.forward()
    assert workspace.state.speed == 1
    bar.playback.stop()


def test_a_chosen_speed_is_that_of_the_next_play(bar: TransportBar, workspace: Workspace) -> None:
    box = named(bar, "Speed", QComboBox)
    box.activated.emit(0)
    assert workspace.state.speed == 0
    assert box.currentText() == "0.25 ×"
    bar.playback.toggle()
    assert workspace.state.speed == 0.25
    box.activated.emit(3)
    assert workspace.state.speed == 2
    bar.playback.stop()


def test_it_stops_at_the_end_and_begins_again_there(
    bar: TransportBar, workspace: Workspace, hands: Hands
) -> None:
    workspace.set(frame=40)
    bar.playback.play(8.0)
    wait_until(lambda: not workspace.state.speed)
    assert frame(workspace) == LAST
    bar.playback.play(8.0)
    assert frame(workspace) < LAST
    bar.playback.stop()


def test_scrubbing_while_it_plays_goes_on_from_there(
    bar: TransportBar, workspace: Workspace, hands: Hands
) -> None:
    bar.playback.play()
    wait_until(lambda: hands.rate)
    hands.play(0.1)
    workspace.set(frame=30)
    assert workspace.state.speed == 1
    hands.play(0.2)
    wait_until(lambda: frame(workspace) == 36)
    bar.playback.stop()


def test_without_a_device_it_plays_by_the_clock_and_says_so_once(workspace: Workspace) -> None:
    said: list[str] = []
    workspace.said.connect(said.append)
    with shown(TransportBar(workspace, playback=Playback(workspace, Deaf())), 720, 60) as bar:
        for _ in range(2):
            workspace.set(frame=0)
            bar.playback.play()
            wait_until(lambda: frame(workspace) >= 5)
            bar.playback.stop()
        assert not named(bar, "Volume", QSlider).isEnabled()
    assert said == ["Playing without sound: no sound device is there."]


@pytest.mark.parametrize(("heard", "expected"), [(0.0, 0), (100.0, 45)])
def test_a_device_that_does_not_keep_time_is_given_up(
    workspace: Workspace, hands: Hands, heard: float, expected: int
) -> None:
    said: list[str] = []
    workspace.said.connect(said.append)
    passed = [0.0]
    playback = Playback(workspace, hands, lambda: passed[0])
    with shown(TransportBar(workspace, playback=playback), 720, 60):
        playback.play()
        passed[0] = 1.5
        hands.told = heard
        wait_until(lambda: said)
        assert hands.stopped
        assert frame(workspace) == expected
        passed[0] = 1.55
        wait_until(lambda: frame(workspace) in (expected + 1, expected + 2))
        playback.stop()
    assert said == ["Playing without sound: the sound device does not keep time."]


def test_late_sound_is_left_out_not_delayed() -> None:
    class Slow:
        rate, channels = 1000, 1
        gate = threading.Event()

        def read(self, start: int, count: int) -> AnyArray:
            self.gate.wait(5)
            return np.arange(start, start + count, dtype=np.float32)[:, None]

    sound = Slow()
    clock = Clock(Fraction(25), 1000)
    feed = Feed(sound, PlaybackClock(clock, clock.all, 0, 1.0, loop=False))
    assert not feed.pull(500).any()
    sound.gate.set()
    wait_until(lambda: feed.ready > 900)
    assert np.array_equal(feed.pull(400)[:, 0], np.arange(500, 900))
    # The device takes more than was read, and what comes then is what is due then.
    feed.pull(3000)
    wait_until(lambda: feed.ready > 4200)
    assert np.array_equal(feed.pull(300)[:, 0], np.arange(3900, 4200))
    feed.close()


@pytest.mark.slow
def test_the_bar_scrubs_and_shows_what_is_rendered(bar: TransportBar, workspace: Workspace) -> None:
    cache = bar.cache_bar
    drag(cache, (2, 8), (cache.width() / 2, 8))
    assert frame(workspace) == 24
    wait_until(lambda: cache.cached == [(0, 48)], what="all frames rendered")
    shot = known(workspace.state.shot)
    workspace.apply(
        "Smile",
        lambda document: set_value(document, shot, 1, {"mouthSmile": 0.8}, 24, auto_key=True),
    )
    wait_until(lambda: cache.cached != [(0, 48)], what="edited frames have to be rendered anew")
    wait_until(lambda: cache.cached == [(0, 48)], what="and are")


_NULL_DEVICE = """
import sys, time, numpy as np
from mien_desktop.transport.audio import DeviceSpeaker, NoSoundError
pulled = []
def pull(count):
    pulled.append(count)
    return np.zeros((count, 2), dtype=np.float32)
speaker = DeviceSpeaker()
assert speaker.heard() == 0
try:
    speaker.start(44100, 2, pull)
except NoSoundError as error:
    print("none:", error)
    sys.exit()
end = time.monotonic() + 60
while not speaker.heard() and time.monotonic() < end:
    time.sleep(0.01)
heard = speaker.heard()
speaker.stop()
speaker.stop()
print("heard" if 0 < heard <= sum(pulled) / 44100 + 1 else heard)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA's null device is Linux's")
def test_a_real_stream_is_opened_and_closed(tmp_path: Path) -> None:
    config = tmp_path / "asound.conf"
    config.write_text("pcm.!default { type null }\nctl.!default { type null }\n")
    run = subprocess.run(
        [sys.executable, "-c", _NULL_DEVICE], capture_output=True, text=True, timeout=PATIENCE,
        env={**os.environ, "ALSA_CONFIG_PATH": str(config)}, check=True,
    )  # fmt: skip
    if run.stdout.startswith("none:"):
        pytest.skip(f"PortAudio cannot be used here: {run.stdout.strip()}")
    assert run.stdout.strip() == "heard"


def test_it_is_closed_while_it_plays(workspace: Workspace, hands: Hands) -> None:
    playback = Playback(workspace, hands, hands.clock)
    with shown(TransportBar(workspace, playback=playback), 720, 60):
        playback.play()
        wait_until(lambda: hands.rate)
    assert hands.stopped
    assert not playback.playing
