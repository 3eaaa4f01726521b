"""Who hears phones in a sound: the protocol, and those that are installed.

The models lie inside their packages: nothing is fetched. Figures of both are in docs/voice.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from mien.errors import MissingDependencyError, UsageError
from mien.model.speech import Speech
from mien.progress import Progress
from mien.speech.sound import Sound

__all__ = ["LISTENERS", "Listener", "choose_listener", "missing_listeners", "register_listener"]


@runtime_checkable
class Listener(Protocol):
    """Hears speech in sound.

    Attributes:
        name: What it is called, as in `--by`.
        needs_text: Whether it aligns a text, and hears nothing without one.
        languages: Codes of the languages that it is made for, the first its best.
    """

    name: str
    needs_text: bool
    languages: tuple[str, ...]

    def hear(self, sound: Sound, text: str | None, progress: Progress) -> Speech:
        """Return the phones of a sound.

        Args:
            sound: The sound.
            text: What is said in it; None where nobody knows.
            progress: Called about the stage `listen` with seconds done, out of all.

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


LISTENERS: Final[dict[str, tuple[str, Callable[[], Listener]]]] = {
    "pocketsphinx": ("pocketsphinx", _pocketsphinx),
    "hama": ("hama", _hama),
}
"""By name: the package that it needs, and what makes one."""


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
        by: A name, or `auto`: pocketsphinx where there is a text in English, else hama.
        text: What is said; None where nobody knows.
        language: Its code, as `en`.

    Raises:
        UsageError: When nobody has that name, or does not know the language, or needs a text.
        MissingDependencyError: When it is not installed.
    """
    if by != "auto":
        if by not in LISTENERS:
            raise UsageError(f"Nobody called '{by}' hears speech.", f"One of: {_all_names()}.")
        listener = _made(by)
        if listener.needs_text and text is None:
            raise UsageError(f"{by} needs the text that is said.", "Give it with --text.")
        if listener.needs_text and language not in listener.languages:
            raise UsageError(
                f"{by} does not know the language '{language}'.",
                f"It knows {', '.join(listener.languages)}; hama hears others without a text.",
            )
        return listener
    wanted = ["hama"] if text is None or language != "en" else ["pocketsphinx", "hama"]
    for name in wanted:
        if _is_installed(name):
            return _made(name)
    raise MissingDependencyError(
        "Nothing that hears speech is installed.",
        "pip install 'mien[voice]', or give a file with phones (.TextGrid, .json).",
    )


def missing_listeners() -> tuple[str, ...]:
    """Return who could hear speech here, and is not installed."""
    return tuple(name for name in LISTENERS if not _is_installed(name))


def _made(name: str) -> Listener:
    if not _is_installed(name):
        raise MissingDependencyError(f"{name} is not installed.", "pip install 'mien[voice]'")
    return LISTENERS[name][1]()


def _is_installed(name: str) -> bool:
    package = LISTENERS[name][0]
    return not package or importlib.util.find_spec(package) is not None


def _all_names() -> str:
    return ", ".join(["auto", *LISTENERS])
