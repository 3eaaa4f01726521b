"""Who hears phones in a sound: the protocol, and those that are installed.

The models lie inside their packages: nothing is fetched. Their figures are in docs/voice.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from mien.errors import MissingDependencyError, UsageError
from mien.model.speech import Speech
from mien.progress import Progress
from mien.speech.sound import Sound

__all__ = [
    "LISTENERS", "Listener", "choose_listener", "extra_of", "missing_aligner", "missing_listeners",
    "register_listener",
]  # fmt: skip


@runtime_checkable
class Listener(Protocol):
    """Hears speech in sound.

    Attributes:
        name: What it is called, as in `--by`.
        needs_text: Whether it aligns a text, and hears nothing without one.
        languages: Codes of the languages that it is made for, the first its best. One with a model
            for each has `of_language(code)` too, which returns a listener of that language.

    One that aligns may have a `doubt`: where a word of the last text may not be what is said, in a
    sentence; it is told.
    """

    name: str
    needs_text: bool
    languages: tuple[str, ...]

    def hear(self, sound: Sound, text: str | None, progress: Progress) -> Speech:
        """Return the phones of a sound.

        Args:
            sound: The sound.
            text: What is said in it; None where nobody knows.
            progress: Called about the stage `listen` with seconds done, out of all; about `check`
                where words are looked at once more.

        Raises:
            InputError: When the text does not fit; it says where it stops fitting.
            NothingToDoError: When nobody speaks.
        """
        ...


def _pocketsphinx() -> Listener:
    from mien.speech.pocketsphinx import PocketsphinxListener

    return PocketsphinxListener()


def _hama() -> Listener:
    from mien.speech.hama import HamaListener

    return HamaListener()


def _soundswallower() -> Listener:
    from mien.speech.soundswallower import SoundswallowerListener

    return SoundswallowerListener()


LISTENERS: Final[dict[str, tuple[str, Callable[[], Listener]]]] = {
    "pocketsphinx": ("pocketsphinx", _pocketsphinx),
    "hama": ("hama", _hama),
    "soundswallower": ("soundswallower", _soundswallower),
}
"""By name: the package that it needs, and what makes one."""
_ALIGNERS: Final = {"en": ("pocketsphinx", "soundswallower"), "fr": ("soundswallower",)}
"""By language: who aligns its texts, the best first."""


def register_listener(name: str, make: Callable[[], Listener], package: str = "") -> None:
    """Make a listener known in this process.

    Args:
        name: What it is called.
        make: Makes one.
        package: The package that it needs; it is used only where that is installed.
    """
    LISTENERS[name] = (package, make)


def choose_listener(by: str, text: str | None, language: str) -> Listener:
    """Return who hears a sound.

    Args:
        by: A name, or `auto`: where there is a text, who aligns its language, if installed
            (pocketsphinx or soundswallower English, soundswallower French); else hama.
        text: What is said; None where nobody knows.
        language: Its code, as `en`.

    Raises:
        UsageError: When nobody has that name, or does not know the language, or needs a text.
        MissingDependencyError: When it is not installed.
    """
    if by != "auto":
        if by not in LISTENERS:
            raise UsageError(f"Nobody called '{by}' hears speech.", f"One of: {_all_names()}.")
        listener = _made(by, language)
        if listener.needs_text and text is None:
            raise UsageError(f"{by} needs the text that is said.", "Give it with --text.")
        if listener.needs_text and language not in listener.languages:
            raise UsageError(
                f"{by} does not know the language '{language}'.",
                f"It knows {', '.join(listener.languages)}; hama hears others without a text.",
            )
        return listener
    aligners = () if text is None else _ALIGNERS.get(language, ())
    for name in (*aligners, "hama"):
        if _is_installed(name):
            return _made(name, language)
    raise MissingDependencyError(
        "Nothing that hears speech is installed.",
        "pip install 'mien[voice]', or give a file with phones (.TextGrid, .json).",
    )


def missing_listeners(language: str = "en") -> tuple[str, ...]:
    """Return who would hear a language here, with and without a text, and is not installed.

    Args:
        language: Its code.
    """
    aligner = missing_aligner(language)
    wanted = ((aligner,) if aligner is not None else ()) + ("hama",)
    return tuple(name for name in wanted if not _is_installed(name))


def missing_aligner(language: str) -> str | None:
    """Return who would align a text of a language and is not installed; None where one is."""
    aligners = _ALIGNERS.get(language, ())
    return None if not aligners or any(map(_is_installed, aligners)) else aligners[0]


def extra_of(name: str) -> str:
    """Return what pip installs for a listener."""
    return "mien[french]" if name == "soundswallower" else "mien[voice]"


def _is_installed(name: str) -> bool:
    package = LISTENERS[name][0]
    return not package or importlib.util.find_spec(package) is not None


def _all_names() -> str:
    return ", ".join(["auto", *LISTENERS])


def _made(name: str, language: str) -> Listener:
    if not _is_installed(name):
        raise MissingDependencyError(f"{name} is not installed.", f"pip install '{extra_of(name)}'")
    listener = LISTENERS[name][1]()
    of_language = getattr(listener, "of_language", None)
    if of_language is None or language not in listener.languages:
        return listener
    made = of_language(language)
    assert isinstance(made, Listener)
    return made
