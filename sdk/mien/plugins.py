"""Plug-ins: what other installed packages bring, found by the entry points that they declare.

A package offers an object to mien in its own `pyproject.toml`:

    [project.entry-points."mien.trackers"]
    mine = "my_package:MyTracker"

`load` lists what is offered for such a group and imports it when it is asked for. A plug-in that
cannot be used is a problem with a reason, never an error of the others.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Collection, Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Any

from mien.errors import MissingDependencyError

__all__ = ["PluginWarning", "Plugins", "load", "reset", "version_problem"]

Check = Callable[[str, object], "str | None"]
"""Judges a plug-in by its name and its object: what is wrong with it, or None."""


class PluginWarning(UserWarning):
    """A plug-in that is installed cannot be used; the others can."""


class Plugins:
    """The plug-ins of one group, each imported when it is first needed.

    Args:
        group: The entry points' group, such as `mien.trackers`.
        check: Judges each plug-in once it is imported.
        reserved: Names that are mien's own, which no plug-in may take.
    """

    def __init__(self, group: str, check: Check, reserved: Collection[str] = ()) -> None:
        self.group = group
        self._check = check
        self._lock = threading.RLock()
        self._waiting: dict[str, metadata.EntryPoint] = {}
        self._found: dict[str, Any] = {}
        self._problems: dict[str, str] = {}
        self._warned: set[str] = set()
        self._list(reserved)

    @property
    def names(self) -> tuple[str, ...]:
        """Every plug-in's name, sorted, usable or not; nothing is imported."""
        with self._lock:
            return tuple(sorted({*self._waiting, *self._found, *self._problems}))

    @property
    def usable(self) -> Mapping[str, Any]:
        """The objects of the plug-ins that can be used, by name; all are imported."""
        self._import_all()
        return MappingProxyType(dict(sorted(self._found.items())))

    @property
    def problems(self) -> Mapping[str, str]:
        """What is wrong with the plug-ins that cannot be used, by name; all are imported."""
        self._import_all()
        return MappingProxyType(dict(sorted(self._problems.items())))

    def get(self, name: str) -> Any | None:
        """Return a plug-in's object, or None where no plug-in has that name.

        No other plug-in is imported.

        Raises:
            MissingDependencyError: When the plug-in cannot be used; the error says why.
        """
        self._import(name)
        if name not in self._problems:
            return self._found.get(name)
        raise MissingDependencyError(
            f"The plug-in '{name}' for {self.group} cannot be used: {self._problems[name]}.",
            "Update or uninstall its package; `mien doctor` lists all plug-ins.",
        )

    def warn(self) -> None:
        """Warn once a process of every plug-in that cannot be used."""
        for name, problem in self.problems.items():
            if name not in self._warned:
                self._warned.add(name)
                text = f"The plug-in '{name}' for {self.group} is left out: {problem}."
                warnings.warn(text, PluginWarning, stacklevel=3)

    def _list(self, reserved: Collection[str]) -> None:
        offers: dict[str, list[metadata.EntryPoint]] = {}
        for entry in metadata.entry_points(group=self.group):
            offers.setdefault(entry.name, []).append(entry)
        for name, entries in offers.items():
            if name in reserved:
                self._problems[name] = f"{_origin(entries[0])} takes a name of mien's own"
            elif len(entries) > 1:
                # Which of them is meant cannot be known, and must not depend on sys.path.
                origins = ", ".join(sorted(map(_origin, entries)))
                self._problems[name] = f"several packages offer it ({origins})"
            else:
                self._waiting[name] = entries[0]

    def _import_all(self) -> None:
        for name in self.names:
            self._import(name)

    def _import(self, name: str) -> None:
        with self._lock:
            entry = self._waiting.pop(name, None)
            if entry is None:
                return
            try:
                value = entry.load()
                made = value() if isinstance(value, type) else value
                problem = self._check(name, made)
            # A stranger's code: whatever it raises concerns itself alone.
            except (Exception, SystemExit) as error:  # noqa: BLE001
                problem = f"it cannot be loaded ({type(error).__name__}: {error})"
            if problem is None:
                self._found[name] = made
            else:
                self._problems[name] = f"{problem}, in {_origin(entry)}"


def _origin(entry: metadata.EntryPoint) -> str:
    dist = entry.dist
    return f"{dist.name} {dist.version}" if dist is not None else entry.value


_loaded: dict[str, Plugins] = {}
_loading = threading.Lock()


def load(group: str, check: Check, *, reserved: Collection[str] = ()) -> Plugins:
    """Return the plug-ins that the installed packages offer for a group.

    An entry point refers to an object, or to a class that is called without arguments. The
    answer is kept for the life of the process: later calls return the same one.

    Args:
        group: The entry points' group, such as `mien.trackers`.
        check: Returns what is wrong with a plug-in, given its name and its object, in words that
            begin a sentence without its full stop ("it has no method 'track'"); None for
            nothing. See `version_problem`.
        reserved: Names that are mien's own, which no plug-in may take.
    """
    with _loading:
        if group not in _loaded:
            _loaded[group] = Plugins(group, check, reserved)
        return _loaded[group]


def reset() -> None:
    """Forget all plug-ins, so that the next `load` looks for them again; for tests."""
    with _loading:
        _loaded.clear()


def version_problem(value: object, version: int) -> str | None:
    """Return what is wrong with the version of the protocol a plug-in was made for, if anything.

    Args:
        value: The plug-in's object; it says the version in its attribute `api_version`.
        version: The version of the protocol that this mien knows.
    """
    made_for = getattr(value, "api_version", None)
    if made_for == version and not isinstance(made_for, bool):
        return None
    if made_for is None:
        return f"it does not say its api_version (this mien's is {version})"
    return f"it is made for api_version {made_for}, and this mien's is {version}"
