"""A program that edits a document and keeps it recoverable, until it is killed.

    python -m tests.faults.editing FOLDER STEPS

Every step keys one frame; a line says which step is kept by now.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

from mien.model.document import Document
from mien.session.commands import add_shot, set_key
from mien.session.recovery import Recovery
from mien.session.session import Session
from tests.documents import make_document, make_shot


def _keyed(document: Document, shot: str, step: int) -> Document:
    return set_key(document, shot, 1, "jawOpen", step % 200, step)


def main(folder: Path, steps: int) -> None:
    session, recovery = Session(make_document(1, 200)), Recovery(folder)
    shot = session.document.shots[0].id
    for step in range(steps):
        session.apply("Key", partial(_keyed, shot=shot, step=step))
        if step % 10 == 5:
            # A shot that was just tracked brings arrays.
            tracked = make_shot(50 + step, f"shot {step}")
            session.apply("Add", partial(add_shot, project=tracked))
        recovery.write(session.document, folder / "film.mien")
        print(step, flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
