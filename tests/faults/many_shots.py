"""What a project with very many shots costs to save, to list and to open.

python -m tests.faults.many_shots [SHOTS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mien.io.project import describe, load_document, save_document
from mien.model.document import Document, Project
from tests.documents import make_shot

FRAMES = 4


def main(shots: int) -> None:
    """Print seconds of processor time and the most memory so far, step by step."""
    shot = make_shot(FRAMES)
    document = Document(
        tuple(
            Project(replace(shot, media=replace(shot.media, path=Path(f"/none/{number:05}.mov"))))
            for number in range(shots)
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.mien"
        _timed("save", lambda: save_document(document, path))
        print(f"{path.stat().st_size / 1e6:.0f} MB")
        _timed("list", lambda: describe(path))
        _timed("open", lambda: load_document(path, find_media=False))


def _timed(name: str, act: Callable[[], object]) -> None:
    began = time.process_time()
    act()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name}: {time.process_time() - began:.1f} s, {most} MiB", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
