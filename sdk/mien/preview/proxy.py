"""Proxies: small pictures of every frame, made in the background, for moving about at once."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from mien._types import BoolArray
from mien.child_python import module_command
from mien.model.media import MediaInfo
from mien.preview.picture import Rgb8
from mien.preview.proxy_files import SEGMENT, ProxyFolder, proxies_folder

__all__ = ["Proxy", "ProxyStore"]


class ProxyStore:
    """Where proxies are kept, up to a size.

    Args:
        folder: The folder; one in the user's cache when None.
        limit: Bytes that all may take; when None what MIEN_CACHE_LIMIT says, or 20 GiB.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = folder or proxies_folder()
        self.limit = limit

    def open(self, media: MediaInfo, on_change: Callable[[], None]) -> Proxy:
        """The proxy of a shot, as far as it is made.

        Args:
            media: Facts of the media.
            on_change: Called, from a thread, when more of it is there.
        """
        return Proxy(self, media, on_change)


class Proxy:
    """The proxy of one shot; `start` has the rest of it made.

    Args:
        store: Where proxies are kept.
        media: Facts of the media.
        on_change: Called, from a thread, when more of it is there.

    Attributes:
        made: (T,) frames whose pictures are there.
        problem: Why making it was given up; empty when it was not.
    """

    def __init__(self, store: ProxyStore, media: MediaInfo, on_change: Callable[[], None]) -> None:
        self._store = store
        self._media = media
        self._on_change = on_change
        self._folder = ProxyFolder(store.folder, media)
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._closed = False
        self.problem = ""
        self.made: BoolArray = np.zeros(media.clock.frame_count, dtype=bool)
        for segment in np.flatnonzero(self._folder.made()):
            self._note(int(segment))

    def picture(self, frame: int) -> Rgb8 | None:
        """The small picture of a frame; None where there is none yet."""
        if not self.made[frame]:
            return None
        picture = self._folder.picture(frame)
        if picture is None:
            # Another process made room, or the file is damaged: it has to be made again.
            segment = frame // SEGMENT
            self._folder.drop(segment)
            span = self._folder.span(segment)
            self.made[span.start : span.stop] = False
        return picture

    def start(self) -> None:
        """Have what is missing made by a process in the background."""
        with suppress(OSError):
            self._folder.used()
        if self._process is not None or self._closed or self.made.all():
            return
        media = self._media
        command = module_command(
            "mien.preview.proxy_maker", str(media.path), media.fingerprint,
            str(self._store.folder), str(media.stream), media.missing_frames,
        )  # fmt: skip
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
        if self._store.limit is not None:
            environment["MIEN_CACHE_LIMIT"] = str(self._store.limit)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env=environment,
                # Elsewhere the process makes itself less important.
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            )
        except OSError as error:
            self.problem = f"No process can be started: {error}."
            return
        self._listener = threading.Thread(
            target=self._listen, args=(self._process,), name="mien-proxy", daemon=True
        )
        self._listener.start()

    def want(self, frame: int) -> None:
        """Have the pictures from a frame on made next."""
        process = self._process
        if process is None or process.stdin is None or self.made[frame]:
            return
        with suppress(OSError, ValueError):
            process.stdin.write(f"{frame}\n")
            process.stdin.flush()

    def close(self) -> None:
        """Stop making it; what is made stays."""
        self._closed = True
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        process.terminate()
        process.wait()
        if self._listener is not None:
            self._listener.join()
        if process.stdout is not None:
            process.stdout.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "segment":
                self._note(int(rest))
            elif word == "failed":
                self.problem = rest
            if not self._closed:
                self._on_change()

    def _note(self, segment: int) -> None:
        span = self._folder.span(segment)
        self.made[span.start : span.stop] = True
