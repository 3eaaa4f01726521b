"""Sidecars of the output that a render replaces: they stay where it is not replaced after all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from mien.errors import MienError
from mien.media.atomic_write import AtomicFile
from mien.media.outputs import LastMoved
from mien.media.sequence import Pattern
from mien.provenance.places import former_outputs_sidecars, sidecar_path

__all__ = ["FormerSidecars"]


class FormerSidecars:
    """What lies beside a former output of a name, until the new one has that name.

    Args:
        output: The output: a movie, or a pattern of images.
        unnamed: The hidden file or folder that is to get the name; without a sidecar yet.

    Raises:
        OSError: When what was written cannot be found.
    """

    def __init__(self, output: Path, unnamed: Path) -> None:
        self._output = output
        self._moved = LastMoved.of(unnamed, output)
        self._contents: dict[Path, bytes] = {}
        for path in former_outputs_sidecars(output):
            # Links are not followed, as nothing is written to where they lead.
            if not path.is_symlink():
                with suppress(OSError):
                    self._contents[path] = path.read_bytes()
        pattern = Pattern.parse(output)
        numbers = [] if pattern is None or not self._contents else pattern.numbers()
        self._images = {}
        for image in [] if pattern is None else map(pattern.file, numbers):
            with suppress(OSError):
                self._images[image] = image.stat()

    def remove(self) -> None:
        """Remove them: they are not of the output that is to come."""
        for path in former_outputs_sidecars(self._output):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def put_back(self) -> None:
        """Put them back, and take the new one away, unless the new output has its name.

        Of images only while all of the former ones are there. What cannot be put back is left.
        """
        if self._moved is not None and self._moved.has_its_name():
            return
        own = sidecar_path(self._output)
        if Pattern.parse(self._output) is None and own not in self._contents:
            with suppress(OSError):
                own.unlink(missing_ok=True)
        for image, before in self._images.items():
            try:
                if not os.path.samestat(image.stat(), before):
                    return
            except OSError:
                return
        for path, content in self._contents.items():
            with suppress(OSError, MienError):
                file = AtomicFile(path)
                try:
                    file.path.write_bytes(content)
                    file.commit()
                finally:
                    file.discard()
