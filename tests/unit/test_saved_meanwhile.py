"""A project that somebody else changed while it was open is not saved over without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import ChangedFileError, OutputError
from mien.io.project import load_document, save_document
from mien.model.document import Document
from mien.session.commands import rename_shot
from mien.session.recovery import Recovery, recoverable
from mien.session.session import Session
from tests.documents import make_document


def renamed(document: Document, name: str) -> Document:
    return rename_shot(document, document.shots[0].id, name)


def rename(session: Session, name: str) -> None:
    session.apply("Rename shot", lambda d: renamed(d, name))


def title(path: Path) -> str:
    return load_document(path, find_media=False).shots[0].title


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_document(make_document(), tmp_path / "x.mien")
    return tmp_path / "x.mien"


@pytest.fixture
def session(path: Path) -> Session:
    session = Session()
    session.open(path)
    rename(session, "mine")
    return session


def change_elsewhere(path: Path) -> None:
    save_document(renamed(make_document(), "theirs"), path)


def test_what_another_changed_is_kept_until_it_is_overwritten(session: Session, path: Path) -> None:
    change_elsewhere(path)
    before = path.read_bytes()
    with pytest.raises(ChangedFileError, match=r"x\.mien was changed by another") as caught:
        session.save()
    with pytest.raises(ChangedFileError):
        session.save(path.parent / "." / path.name)
    assert isinstance(caught.value, OutputError)
    assert "another name" in caught.value.remedy
    assert (path.read_bytes(), session.modified) == (before, True)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    session.save(overwrite=True)
    assert (title(path), session.modified) == ("mine", False)
    rename(session, "mine again")
    session.save()
    assert title(path) == "mine again"


def test_another_name_is_not_checked_and_is_then_its_own(session: Session, path: Path) -> None:
    change_elsewhere(path)
    other = path.with_name("y.mien")
    other.write_bytes(b"anything")
    session.save(other)
    assert (title(path), title(other)) == ("theirs", "mine")
    change_elsewhere(other)
    rename(session, "more")
    with pytest.raises(ChangedFileError):
        session.save()


def test_a_deleted_file_is_written_anew(session: Session, path: Path) -> None:
    path.unlink()
    session.save()
    assert title(path) == "mine"


def test_a_change_after_a_crash_is_met_too(session: Session, path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for theirs in (False, True):
        recovery = Recovery(kept)
        recovery.write(session.document, path, session.file_version)
        recovery.close(keep=True)
        if theirs:
            change_elsewhere(path)
        again, after = Recovery(kept), Session()
        recovered = again.recover(recoverable(kept)[0])
        after.replace(recovered.document, recovered.path, modified=True, version=recovered.version)
        if theirs:
            with pytest.raises(ChangedFileError):
                after.save()
            assert title(path) == "theirs"
        else:
            after.save()
            assert title(path) == "mine"
            session.open(path)
        again.close()
