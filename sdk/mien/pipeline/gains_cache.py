"""The gains of closed loops, kept in the user's cache so that no render searches for them twice.

A small file for each face of a shot: what was found for each of its edits, and what was found
last, which previews show. A cache can always be done without: what is damaged is found anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import platformdirs

from mien.media.atomic_write import AtomicFile
from mien.media.cache_folder import CacheFolder

__all__ = ["Gains", "GainsCache"]

Gains = Mapping[str, float]
"""By a control without its side, how much further it is moved."""

_MOST_EDITS: Final = 32
"""Edits of one face that are remembered."""
_MOST_BYTES: Final = 16 << 20
_LARGEST: Final = 1 << 20
"""Bytes beyond which a file is none of these."""
_RANGE: Final = (0.25, 4.0)
"""Gains outside of which a file is damaged."""


class GainsCache(CacheFolder):
    """The folder in which gains are kept.

    Args:
        folder: The folder; in the user's cache by default.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder or platformdirs.user_cache_path("mien") / "gains", ".json")

    def load(self, face: str, edit: str) -> dict[str, float] | None:
        """Return the gains of an edit of a face; None where they are not known.

        Args:
            face: Name of the face.
            edit: Name of the edit.
        """
        return _checked(self._read(face).get("edits", {}).get(edit))

    def last(self, face: str) -> dict[str, float]:
        """Return the gains that were found last for any edit of a face; none where none were."""
        return _checked(self._read(face).get("last")) or {}

    def store(self, face: str, edit: str, gains: Gains, controls: Iterable[str] = ()) -> None:
        """Keep the gains of an edit; that they cannot be kept stops no work.

        Args:
            face: Name of the face.
            edit: Name of the edit.
            gains: The gains that are not 1.
            controls: Controls that the edit asks for, those whose gain is 1 among them.
        """
        kept = self._read(face)
        edits = kept.get("edits", {})
        edits.pop(edit, None)
        edits[edit] = dict(gains)
        for old in list(edits)[:-_MOST_EDITS]:
            del edits[old]
        # What another edit found of other controls stays true.
        last = {**(_checked(kept.get("last")) or {}), **dict.fromkeys(controls, 1.0), **gains}
        last = {name: gain for name, gain in last.items() if gain != 1}
        text = json.dumps({"last": last, "edits": edits})
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            file = AtomicFile(self._path(face))
            try:
                file.path.write_text(text, encoding="utf-8")
                file.commit()
            except BaseException:
                file.discard()
                raise
            self.prune(_MOST_BYTES)

    def _read(self, face: str) -> dict[str, Any]:
        path = self._path(face)
        try:
            if path.stat().st_size > _LARGEST:
                return {}
            value = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        with suppress(OSError):
            os.utime(path)
        whole = isinstance(value, dict) and isinstance(value.get("edits", {}), dict)
        return value if whole else {}

    def _path(self, face: str) -> Path:
        return self.folder / f"{face}.json"


def _checked(value: object) -> dict[str, float] | None:
    """Gains as a file has them; None when they are none."""
    if not isinstance(value, dict):
        return None
    low, high = _RANGE
    numbers = all(
        isinstance(gain, int | float) and not isinstance(gain, bool) and low <= gain <= high
        for gain in value.values()
    )
    return {str(name): float(gain) for name, gain in value.items()} if numbers else None
