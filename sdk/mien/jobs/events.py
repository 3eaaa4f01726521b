"""The event log of a batch: one JSON object a line, for programs that follow it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from mien.media.atomic_write import write_error

__all__ = ["EventLog"]


class EventLog:
    """Adds lines to a file, each at once.

    Every line has `time` (UTC) and `event`; a shot's lines have `shot`.

    Args:
        path: The file; lines of earlier runs stay.

    Raises:
        WriteError: When it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("a", encoding="utf-8")
            if self._file.tell() and not path.read_bytes().endswith(b"\n"):
                self._file.write("\n")  # a run that was killed was just writing
        except OSError as error:
            raise write_error(path, error) from error

    def add(self, event: str, **facts: Any) -> None:
        """Add a line.

        Args:
            event: What happened.
            facts: More about it, in JSON's types.
        """
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        # A full disk ends the log, not the batch: its truth is elsewhere.
        with suppress(OSError):
            self._file.write(json.dumps({"time": time, "event": event} | facts) + "\n")
            self._file.flush()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.close()
