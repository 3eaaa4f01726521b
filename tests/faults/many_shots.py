"""What a project with very many shots costs: to save, to list, to open, and to find their media.

All of their media lie elsewhere than the project says: first nowhere, then beside it.

    python -m tests.faults.many_shots [SHOTS]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from mien.io.project import describe, find_shots, load_document, save_document
from mien.media.probe import probe
from mien.model.document import Document, Project
from tests.documents import make_shot
from tests.media.mediakit import make_clip

FRAMES = 4
ELSEWHERE = Path("/none")
Made = TypeVar("Made")


def main(shots: int) -> None:
    """Print seconds of processor time and the most memory so far, step by step."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        film = folder / "film.mov"
        make_clip(film, count=FRAMES)
        media, shot = probe(film), make_shot(FRAMES)
        names = [f"{number:05}.mov" for number in range(shots)]
        document = Document(
            tuple(
                Project(replace(shot, media=replace(media, path=ELSEWHERE / one))) for one in names
            )
        )
        path = folder / "project" / "many.mien"
        path.parent.mkdir()
        _timed("save", lambda: save_document(document, path))
        print(f"{path.stat().st_size / 1e6:.0f} MB")
        _timed("list", lambda: describe(path))
        opened = _timed("open", lambda: load_document(path, find_media=False))
        none = _timed("look for media that are nowhere", lambda: find_shots(opened, path))
        assert not any(one.online for one in none.shots)
        for name in names:
            os.link(film, path.with_name(name))
        found = _timed("find them beside the project", lambda: find_shots(opened, path))
        assert all(one.online for one in found.shots)
        _timed("save", lambda: save_document(found, path))


def _timed(name: str, act: Callable[[], Made]) -> Made:
    began = time.process_time()
    made = act()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name}: {time.process_time() - began:.1f} s, {most} MiB", flush=True)
    return made


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
