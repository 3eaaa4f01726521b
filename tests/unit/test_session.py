"""The document being edited: steps, gestures, who is told of what, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import OutputError, ProjectError, UsageError
from mien.io.project import load_document, relink, save_document
from mien.media.probe import probe
from mien.model.document import Document, Project
from mien.model.shot import Shot
from mien.session.commands import add_marker, rename_shot, set_key, set_span
from mien.session.session import Change, Command, Session
from mien.timebase import FrameRange
from tests.documents import make_document, make_shot
from tests.unit.test_project import write_movie


@pytest.fixture
def session() -> Session:
    return Session(make_document())


def first(session: Session) -> Project:
    return session.document.shots[0]


def key(session: Session, frame: int, value: float = 0.5, name: str = "Key") -> None:
    shot = first(session).id
    session.apply(name, lambda d: set_key(d, shot, 1, "jawOpen", frame, value))


def frames(session: Session) -> list[int]:
    return [k.frame for e in first(session).edits for k in e.layers[0].tracks[0].keys]


def test_steps_are_named_undone_and_done_again(session: Session) -> None:
    start = session.document
    for frame in (3, 7, 11):
        key(session, frame, name=f"Key {frame}")
    assert session.undo_names == ("Key 11", "Key 7", "Key 3")
    session.undo()
    session.undo()
    assert (frames(session), session.redo_names) == ([3], ("Key 7", "Key 11"))
    session.redo()
    assert frames(session) == [3, 7]
    key(session, 20)
    assert session.redo_names == ()
    while session.undo_names:
        session.undo()
    assert session.document is start
    session.undo()
    assert session.document is start


def test_what_changes_nothing_is_no_step(session: Session) -> None:
    key(session, 3)
    before = session.document
    key(session, 3)
    session.apply("Nothing", lambda d: Document(d.shots))
    assert session.undo_names == ("Key",)
    assert session.document is before


def test_a_command_that_fails_changes_nothing(session: Session) -> None:
    before = session.document
    with pytest.raises(UsageError, match="no shot 'gone'"):
        session.apply("Rename", lambda d: rename_shot(d, "gone", "x"))
    assert (session.document, session.undo_names) == (before, ())


def test_a_gesture_is_one_step_from_where_it_began(session: Session) -> None:
    start, shot = session.document, first(session).id
    gesture = session.gesture("Drag")

    def keyed(value: float) -> Command:
        return lambda d: set_key(d, shot, 1, "jawOpen", int(value * 10), value)

    for value in (0.1, 0.2, 0.3):
        gesture.update(keyed(value))
    assert frames(session) == [3], "each update begins where the gesture began"
    gesture.commit()
    assert session.undo_names == ("Drag",)
    session.undo()
    assert session.document is start
    gesture.update(lambda d: set_key(d, shot, 1, "jawOpen", 9, 1))
    assert session.document is start, "a late movement does nothing"


def test_a_cancelled_gesture_leaves_no_trace(session: Session) -> None:
    start, shot = session.document, first(session).id
    gesture = session.gesture("Drag")
    gesture.update(lambda d: set_key(d, shot, 1, "jawOpen", 9, 1))
    with pytest.raises(UsageError), gesture:
        gesture.update(lambda d: rename_shot(d, "gone", "x"))
    assert session.document is start
    assert not session.modified
    assert session.undo_names == ()


def test_a_gesture_that_returns_is_no_step(session: Session) -> None:
    start, shot = session.document, first(session).id
    with session.gesture("Drag") as gesture:
        gesture.update(lambda d: set_span(d, shot, FrameRange(2, 5)))
        gesture.update(lambda d: d)
    assert session.document is start
    assert session.undo_names == ()


def test_whatever_comes_next_ends_a_gesture(session: Session) -> None:
    shot = first(session).id
    gesture = session.gesture("Drag")
    gesture.update(lambda d: set_key(d, shot, 1, "jawOpen", 9, 1))
    key(session, 12)
    assert session.undo_names == ("Key", "Drag")
    gesture = session.gesture("Drag again")
    gesture.update(lambda d: set_key(d, shot, 1, "jawOpen", 15, 1))
    session.undo()
    assert frames(session) == [9, 12]
    assert session.redo_names == ("Drag again",)
    assert not gesture.open


def test_everybody_hears_of_every_change_in_order(session: Session) -> None:
    heard: list[tuple[str, str]] = []
    shot = first(session).id

    def eager(change: Change) -> None:
        if change.name == "Key":
            session.apply("Mark", lambda d: add_marker(d, shot, 5))

    session.subscribe(eager)
    end = session.subscribe(lambda change: heard.append((change.kind, change.name)))
    key(session, 3)
    assert heard == [("apply", "Key"), ("apply", "Mark")]
    session.undo()
    end()
    end()
    session.undo()
    assert heard[2:] == [("undo", "Mark")]


def test_one_that_fails_does_not_keep_the_others_from_hearing(session: Session) -> None:
    heard: list[str] = []

    def failing(change: Change) -> None:
        raise ValueError(change.name)

    session.subscribe(lambda change: heard.append(f"first {change.name}"))
    end = session.subscribe(failing)
    session.subscribe(lambda change: heard.append(f"last {change.name}"))
    with pytest.raises(ValueError, match="Key"):
        key(session, 3)
    assert heard == ["first Key", "last Key"]
    end()
    session.undo()
    assert heard[2:] == ["first Key", "last Key"]


def test_what_follows_from_a_change_is_heard_though_one_fails(session: Session) -> None:
    heard: list[str] = []
    shot = first(session).id

    def eager(change: Change) -> None:
        if change.name == "Key":
            session.apply("Mark", lambda d: add_marker(d, shot, 5))
            raise ValueError(change.name)

    session.subscribe(eager)
    session.subscribe(lambda change: heard.append(change.name))
    with pytest.raises(ValueError, match="Key"):
        key(session, 3)
    assert heard == ["Key", "Mark"]
    session.undo()
    assert heard == ["Key", "Mark", "Mark"]


def test_a_change_says_what_was_and_what_is(session: Session) -> None:
    changes: list[Change] = []
    session.subscribe(changes.append)
    shot = first(session).id
    with session.gesture("Drag") as gesture:
        gesture.update(lambda d: set_key(d, shot, 1, "jawOpen", 9, 1))
    session.undo()
    assert [change.kind for change in changes] == ["update", "commit", "undo"]
    assert changes[0].before is changes[1].before is changes[2].after
    assert changes[0].after is changes[1].after is changes[2].before


def test_modified_until_saved_and_again_after_undo(session: Session, tmp_path: Path) -> None:
    assert not session.modified
    with pytest.raises(UsageError, match="no file"):
        session.save()
    key(session, 3)
    session.save(tmp_path / "x.mien")
    assert (session.modified, session.path) == (False, tmp_path / "x.mien")
    session.undo()
    assert session.modified
    session.redo()
    assert not session.modified
    key(session, 8)
    session.save()
    session.open(tmp_path / "x.mien")
    assert frames(session) == [3, 8]
    assert (session.undo_names, session.modified) == ((), False)


def test_a_document_that_changed_while_it_was_written_is_still_modified(
    session: Session, tmp_path: Path
) -> None:
    key(session, 3)
    written = session.document
    save_document(written, tmp_path / "x.mien")
    key(session, 8)
    session.saved(written, tmp_path / "x.mien")
    assert (session.modified, session.path) == (True, tmp_path / "x.mien")
    session.undo()
    assert not session.modified


def test_a_save_that_fails_leaves_it_unsaved(session: Session, tmp_path: Path) -> None:
    key(session, 3)
    for path in (tmp_path / "no" / "x.mien", tmp_path / "x.mov"):
        with pytest.raises(OutputError):
            session.save(path)
    assert (session.modified, session.path) == (True, None)


def test_a_file_that_cannot_be_opened_leaves_what_is_open(session: Session, tmp_path: Path) -> None:
    key(session, 3)
    (tmp_path / "x.mien").write_bytes(b"nothing")
    with pytest.raises(ProjectError):
        session.open(tmp_path / "x.mien")
    assert frames(session) == [3]
    session.new()
    assert (session.document.shots, session.undo_names, session.path) == ((), (), None)


def test_a_document_without_its_media_opens_and_is_relinked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test may have noted where a movie with the same content is.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "job").mkdir()
    movie = write_movie(tmp_path / "job" / "shot.mp4")
    project = Project(Shot(probe(movie), make_shot(12).faces), name="close-up")
    save_document(Document((project, Project(make_shot(20, "lost")))), tmp_path / "job/x.mien")
    movie.rename(tmp_path / "moved.mp4")

    session = Session()
    session.open(tmp_path / "job/x.mien")
    found, lost = session.document.shots
    assert (found.online, lost.online) == (False, False)
    assert lost.title == "lost"
    linked = relink(found, tmp_path / "moved.mp4", session.path)
    session.apply("Relink", lambda d: d.with_shot(linked))
    assert session.document.shots[0].online
    assert session.document.shots[0].shot.media.path == tmp_path / "moved.mp4"
    session.save()
    # The user's word is remembered.
    session.open(tmp_path / "job/x.mien")
    assert [project.online for project in session.document.shots] == [True, False]
    with pytest.raises(ProjectError, match="frames of"):
        relink(lost, tmp_path / "moved.mp4", session.path)
    with pytest.raises(ProjectError, match=r"lost\.mov, was not found"):
        load_document(tmp_path / "job/x.mien")
    told = {lost.id: tmp_path / "moved.mp4"}
    with pytest.raises(ProjectError, match="20 frames"):
        load_document(tmp_path / "job/x.mien", media=told)
