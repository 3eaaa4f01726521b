"""Nothing is lost when an editing program is killed; nothing is offered that another edits."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mien.errors import OutputError, ProjectError
from mien.model.document import Document, Project
from mien.session.commands import set_key
from mien.session.recovery import Recoverable, Recovery, discard, recoverable
from mien.session.session import Session
from tests.documents import make_document, make_shot

ROOT = Path(__file__).parents[2]


@contextmanager
def editing(folder: Path, steps: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.editing", str(folder), str(steps)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def kept_until(process: subprocess.Popen[str], step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= step:
            return
    raise AssertionError("it ended")


def killed(process: subprocess.Popen[str]) -> int:
    """The last step that it said was kept."""
    process.send_signal(signal.SIGKILL)
    out, _ = process.communicate()
    steps = [int(line) for line in out.split()]
    return steps[-1] if steps else 0


def last_value(document: Document) -> float:
    return max(key.value for key in document.shots[0].edits[0].layers[0].tracks[0].keys)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_what_was_kept_is_there_after_a_kill_at_any_moment(tmp_path: Path, seed: int) -> None:
    with editing(tmp_path, 10_000) as process:
        kept_until(process, 3)
        assert recoverable(tmp_path) == [], "who lives is not offered"
        time.sleep(random.Random(seed).uniform(0, 0.5))
        done = killed(process)
    (entry,) = recoverable(tmp_path)
    assert (entry.name, entry.path) == ("film.mien", tmp_path / "film.mien")
    recovery = Recovery(tmp_path)
    recovered = recovery.recover(entry)
    # The step after the last that was told may be kept too.
    assert last_value(recovered.document) in (done, done + 1)
    assert len(recovered.document.shots) == 1 + (int(last_value(recovered.document)) + 5) // 10
    for project, expected in zip(recovered.document.shots, [200, 55, 65, 75], strict=False):
        assert len(project.shot.faces[0].curves) == expected
    recovery.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_is_recovered_stays_kept_until_it_is_let_go(tmp_path: Path) -> None:
    with editing(tmp_path, 4) as process:
        kept_until(process, 3)
        killed(process)
    (entry,) = recoverable(tmp_path)
    child = os.fork()
    if child == 0:
        Recovery(tmp_path).recover(entry)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (again,) = recoverable(tmp_path)
    recovery = Recovery(tmp_path)
    recovered = recovery.recover(again)
    assert recoverable(tmp_path) == []
    with pytest.raises(ProjectError, match="another window"):
        Recovery(tmp_path).recover(again)
    discard(again)
    session = Session()
    session.replace(recovered.document, recovered.path, modified=True)
    assert (session.modified, session.path) == (True, tmp_path / "film.mien")
    session.save()
    recovery.clear()
    recovery.write(session.document, session.path)
    recovery.close()
    assert [path.name for path in tmp_path.iterdir()] == ["film.mien"]


def crashed(folder: Path, document: Document, path: Path | None = None) -> Recoverable:
    """The entry of a session that is gone without a word."""
    recovery = Recovery(folder)
    recovery.write(document, path)
    assert recovery._lock is not None
    recovery._lock.release()
    return recoverable(folder)[0]


def test_a_document_without_a_file_is_called_by_its_shots(tmp_path: Path) -> None:
    document = make_document(2)
    entry = crashed(tmp_path, document)
    assert (entry.name, entry.path) == ("one, two", None)
    recovered = Recovery(tmp_path).recover(entry)
    assert [p.shot.media.path for p in recovered.document.shots] == [
        project.shot.media.path for project in document.shots
    ]
    assert [p.online for p in recovered.document.shots] == [False, False]


def test_arrays_are_written_once(tmp_path: Path) -> None:
    document = make_document(1)
    recovery = Recovery(tmp_path)
    recovery.write(document, None)
    (folder,) = tmp_path.iterdir()
    (arrays,) = folder.glob("*.zip")
    before = arrays.stat()
    shot = document.shots[0].id
    for frame in (3, 4):
        document = set_key(document, shot, 1, "jawOpen", frame, 1.0)
        recovery.write(document, None)
    # The same shot in another object, as after renaming it or finding its media.
    recovery.write(Document((Project(make_shot(48, "one", 2)),)), None)
    assert [path.stat() for path in folder.glob("*.zip")] == [before]
    recovery.close()


def test_several_are_listed_the_last_first_and_discarded(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        crashed(tmp_path, Document((Project(make_shot(9, name)),)))
    assert [entry.name for entry in recoverable(tmp_path)] == ["three", "two", "one"]
    discard(recoverable(tmp_path)[1])
    assert [entry.name for entry in recoverable(tmp_path)] == ["three", "one"]


def test_the_one_before_stays_when_another_is_recovered(tmp_path: Path) -> None:
    entry = crashed(tmp_path, Document((Project(make_shot(9, "other")),)))
    recovery = Recovery(tmp_path)
    recovery.write(make_document(1), None)
    recovery.recover(entry)
    assert [found.name for found in recoverable(tmp_path)] == ["one"]
    recovery.close()


def test_damage_is_told_and_touches_nothing_else(tmp_path: Path) -> None:
    whole = crashed(tmp_path, Document((Project(make_shot(9, "whole")),)))
    torn = crashed(tmp_path, Document((Project(make_shot(9, "torn")),)))
    (arrays,) = torn.folder.glob("*.zip")
    arrays.write_bytes(arrays.read_bytes()[:1000])
    mad = crashed(tmp_path, Document((Project(make_shot(9, "mad")),)))
    (mad.folder / "document.json").write_bytes(b"{")
    recovery = Recovery(tmp_path)
    with pytest.raises(ProjectError, match="torn"):
        recovery.recover(torn)
    with pytest.raises(ProjectError, match="cannot be read"):
        recovery.recover(mad)
    assert [entry.name for entry in recoverable(tmp_path)] == ["torn", "whole"]
    assert recovery.recover(whole).document.shots[0].title == "whole"
    recovery.close()
    with pytest.raises(ProjectError, match="any more"):
        recovery.recover(whole)


def test_a_state_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "recovery").write_text("")
    with pytest.raises(OutputError, match="save often"):
        Recovery(tmp_path / "recovery").write(make_document(1), None)
    assert recoverable(tmp_path / "recovery") == []
