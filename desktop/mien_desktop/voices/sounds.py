"""Loudness of the sounds of voices, read in the background and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mien._types import FloatArray
from mien.errors import MienError
from mien.model.media import MediaInfo
from mien.model.voice import Voice
from mien_desktop.background import Background
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["VoiceLoudness"]


class VoiceLoudness:
    """Loudness of the sounds of the current shot's voices, once they are read.

    Sounds that are missing or cannot be decoded leave the lane without a waveform.

    Args:
        workspace: Calls back on the main thread.
        arrived: Called there when there is more to show.
    """

    def __init__(self, workspace: Workspace, arrived: Callable[[], None]) -> None:
        self._arrived = arrived
        self._background = Background(workspace)
        self._known: dict[Path, FloatArray] = {}
        self._begun: set[Path] = set()

    @property
    def known(self) -> Mapping[Path, FloatArray]:
        """By the path of the sound, (N,) dB below full scale every 10 ms."""
        return self._known

    def show(self, now: Resolved) -> None:
        """Read the sounds of the current shot's voices that were not read yet."""
        project = now.project
        for layer in (one for edit in project.edits for one in edit.layers) if project else ():
            if layer.voice is not None and project is not None:
                self._want(layer.voice, project.shot.media)

    def of(self, voice: Voice, media: MediaInfo) -> FloatArray | None:
        """Return the loudness of a voice's sound; None while it is not known."""
        return self._known.get(voice.sound or media.path)

    def close(self) -> None:
        """Give up what is on its way."""
        self._background.close()

    def _want(self, voice: Voice, media: MediaInfo) -> None:
        path = voice.sound or media.path
        # A project may come from a stranger: its word alone opens no file.
        if path in self._begun or not voice.sound_online or not path.exists():
            return
        self._begun.add(path)
        work = partial(_read, media if voice.sound is None else path)
        self._background.run(work, partial(self._came, path), _left_out)

    def _came(self, path: Path, loudness: FloatArray) -> None:
        self._known[path] = loudness
        self._arrived()


def _read(source: MediaInfo | Path) -> FloatArray:
    # The window opens faster without what decodes.
    from mien.speech.sound import load_sound

    return load_sound(source).loudness()


def _left_out(error: MienError) -> None:
    """Show no waveform: whoever speaks with the sound is told why it cannot be read."""
