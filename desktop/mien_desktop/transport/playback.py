"""Playback: the playhead runs with time, which the sound device tells where there is sound.

The speed is view state: whoever sets it starts and stops playback. Frames that cannot be shown
in time are left out; time never waits for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from mien._types import FloatArray
from mien.errors import MienError
from mien.model.media import MediaInfo
from mien_desktop.geometry.playback_clock import PlaybackClock, shuttled
from mien_desktop.resolve import Resolved
from mien_desktop.transport.audio import DeviceSpeaker, Feed, NoSoundError, Speaker, audible
from mien_desktop.transport.voice_sound import open_voice
from mien_desktop.voices.chosen import VoiceSound, voice_sounds
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.media.audio import PlayedSound

    _Opened = tuple[MediaInfo, VoiceSound | None, PlayedSound | None]

__all__ = ["Playback"]

_SOONEST: Final = 0.004
"""Seconds between two looks at the clock at least; no display shows more."""
_ASTRAY: Final = 1.0
"""Seconds that a device may differ from the clock until it is given up."""


class Playback(QObject):
    """Moves the playhead while the speed is not 0.

    Args:
        workspace: Whose playhead and speed they are.
        speaker: What plays the sound; the system's device when not given.
        clock: Seconds that pass; it tells the time where there is no sound.
        parent: Qt's owner.
    """

    rate_changed = Signal()
    """Another speed was chosen."""
    sound_changed = Signal()
    """The volume is another, or sound was switched off or on."""

    def __init__(
        self,
        workspace: Workspace,
        speaker: Speaker | None = None,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._speaker: Speaker | None = speaker or DeviceSpeaker()
        self._clock = clock
        self._course: PlaybackClock | None = None
        self._began = 0.0
        self._set: int | None = None
        self._track: _Opened | None = None
        self._feed: Feed | None = None
        self._rate = 1.0
        self._volume = 1.0
        self._muted = False
        self._voiced = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        workspace.changed.connect(self._changed)

    @property
    def playing(self) -> bool:
        """True while time runs."""
        return self._course is not None

    @property
    def rate(self) -> float:
        """The speed of what plays, or would when it is started."""
        return self._workspace.state.speed or self._rate

    @property
    def sounds(self) -> bool:
        """True when something plays sound, as far as is known."""
        return self._speaker is not None

    @property
    def volume(self) -> float:
        """Loudness, 0..1."""
        return self._volume

    @property
    def muted(self) -> bool:
        """True while the sound is off."""
        return self._muted

    @property
    def voice(self) -> VoiceSound | None:
        """The sound of a voice that can be heard in place of the shot's; None without one."""
        state = self._workspace.state
        return next(iter(voice_sounds(self._workspace.project, state.layer)), None)

    @property
    def voiced(self) -> bool:
        """True when a voice's sound is played in place of the shot's, where there is one."""
        return self._voiced

    def set_voiced(self, voiced: bool) -> None:
        """Play a voice's sound in place of the shot's, or the shot's; what plays goes on with it.

        Args:
            voiced: Whether it is the voice's.
        """
        self._voiced = voiced
        if self.playing:
            self._halt()
            self._run(self._workspace.now)
        self.sound_changed.emit()

    def set_rate(self, speed: float) -> None:
        """Choose the speed at which `toggle` plays; what plays already takes it on.

        Args:
            speed: More than 0; 1 is true rate.
        """
        self._rate = speed
        if self.playing:
            self.play(speed)
        self.rate_changed.emit()

    def set_volume(self, volume: float) -> None:
        """Change the loudness."""
        self._volume = min(max(volume, 0.0), 1.0)
        self.sound_changed.emit()

    def set_muted(self, muted: bool) -> None:
        """Switch the sound off or on; time goes on as before."""
        self._muted = muted
        self.sound_changed.emit()

    def play(self, speed: float = 1.0) -> None:
        """Play from the playhead; from the start when it stands at the end.

        Args:
            speed: 1 for true rate; negative is backward.
        """
        now = self._workspace.now
        if now.shot is None or now.frame_count < 2:
            return
        span = now.span if now.state.loop else now.shot.clock.all
        first, last = (span.start, span.stop - 1)[:: 1 if speed > 0 else -1]
        frame = first if now.state.frame == last else now.state.frame
        self._workspace.set(speed=speed, frame=frame)

    def stop(self) -> None:
        """Stop at the frame that is shown."""
        self._workspace.set(speed=0.0)

    def toggle(self) -> None:
        """Play at the speed that was chosen, or stop."""
        if self._workspace.state.speed:
            self.stop()
        else:
            self.play(self._rate)

    def forward(self) -> None:
        """Shuttle forward; twice as fast each time."""
        self.play(shuttled(self._workspace.state.speed, 1))

    def backward(self) -> None:
        """Shuttle backward; twice as fast each time."""
        self.play(shuttled(self._workspace.state.speed, -1))

    def close(self) -> None:
        """Let go of the device and of the file."""
        self._halt()
        self._close_track()

    def _close_track(self) -> None:
        if self._track is not None and self._track[2] is not None:
            self._track[2].close()
        self._track = None

    def _changed(self, now: Resolved, before: Resolved) -> None:
        state, then = now.state, before.state
        if state.shot != then.shot and state.speed:
            self._halt()
            self._workspace.set(speed=0.0)
            return
        moved = state.frame != then.frame and state.frame != self._set
        other = (state.speed, state.loop) != (then.speed, then.loop) or (
            state.loop and now.span != before.span
        )
        if (moved or other) and (state.speed or self._course is not None):
            self._halt()
            if state.speed:
                self._run(now)

    def _run(self, now: Resolved) -> None:
        assert now.shot is not None
        clock = now.shot.clock
        span = now.span if now.state.loop and len(now.span) else clock.all
        start = min(max(now.state.frame, span.start), span.stop - 1)
        self._course = PlaybackClock(clock, span, start, now.state.speed, now.state.loop)
        self._set = now.state.frame
        self._began = self._clock()
        self._start_sound(now.shot.media, self._course)
        self._tick()

    def _halt(self) -> None:
        self._timer.stop()
        self._course = self._set = None
        if self._feed is not None:
            if self._speaker is not None:
                self._speaker.stop()
            self._feed.close()
            self._feed = None

    def _tick(self) -> None:
        course = self._course
        if course is None:
            return
        elapsed = self._elapsed()
        frame = course.frame(elapsed)
        self._set = frame
        self._workspace.set(frame=frame)
        if course is not self._course:
            # Somebody who was told of the frame has stopped or moved on.
            return
        if course.ended(elapsed):
            self._workspace.set(speed=0.0)
            return
        wait = course.until_next(self._elapsed())
        self._timer.start(max(round(1000 * max(wait, _SOONEST)), 1))

    def _elapsed(self) -> float:
        """Return the seconds of playback: as the sound device tells, else as the clock does."""
        passed = self._clock() - self._began
        if self._feed is None or self._speaker is None:
            return passed
        heard = self._speaker.heard()
        if abs(heard - passed) > _ASTRAY:
            # A device that was unplugged stands still; one that is none takes all at once.
            self._began += passed - min(heard, passed)
            self._give_up_sound("the sound device does not keep time")
            return min(heard, passed)
        return heard

    def _start_sound(self, media: MediaInfo, course: PlaybackClock) -> None:
        if self._speaker is None or not audible(course.speed):
            return
        track = self._sound_of(media, float(course.clock.seconds(course.clock.frame_count)))
        if track is None:
            return
        feed = self._feed = Feed(track, course)

        def pull(count: int) -> FloatArray:
            return feed.pull(count) * (0.0 if self._muted else self._volume)

        try:
            self._speaker.start(track.rate, track.channels, pull)
        except NoSoundError as error:
            self._give_up_sound(str(error))

    def _sound_of(self, media: MediaInfo, seconds: float) -> PlayedSound | None:
        """The sound to be played: of a voice where it is wanted and there is one, else the shot's.

        It stays open for the next time.
        """
        # The window opens faster without what decodes.
        from mien.media.audio import open_audio

        voice = self.voice if self._voiced else None
        if self._track is None or self._track[0] is not media or self._track[1] != voice:
            self._close_track()
            track: PlayedSound | None = None
            try:
                track = open_audio(media) if voice is None else open_voice(voice, seconds)
            except MienError as error:
                self._workspace.said.emit(f"Playing without sound: {error.cause}")
            self._track = media, voice, track
        return self._track[2]

    def _give_up_sound(self, why: str) -> None:
        """Play without sound from now on, and say so once."""
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            speaker.stop()
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.close()
        self._workspace.said.emit(f"Playing without sound: {why}.")
        self.sound_changed.emit()
