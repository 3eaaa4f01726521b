"""Expressions that users keep: never lost, whatever happens to their file."""

from __future__ import annotations

import json
from multiprocessing import get_context
from pathlib import Path

import pytest

from mien.errors import InputError, OutputError, UsageError
from mien.media.lock import Lock
from mien.session.presets import Expression, UserExpressions

SMILE = {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.35}


@pytest.fixture
def kept(tmp_path: Path) -> UserExpressions:
    return UserExpressions(tmp_path / "config" / "expressions.json")


def names(kept: UserExpressions) -> list[str]:
    return [expression.name for expression in kept.all()]


def test_they_are_kept_renamed_replaced_and_forgotten(kept: UserExpressions) -> None:
    assert kept.all() == ()
    kept.add(" half smile ", SMILE | {"jawOpen": 0.0})
    kept.add("Ärger", {"browDownLeft": 1})
    other = UserExpressions(kept.path)
    assert other.all()[0] == Expression("half smile", tuple(SMILE.items()))
    kept.rename("HALF SMILE", "Half Smile")
    kept.add("half smile", {"jawOpen": 1})
    assert [(e.name, len(e.weights)) for e in other.all()] == [("half smile", 1), ("Ärger", 1)]
    kept.remove("ärger")
    assert names(kept) == ["half smile"]


@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        (" ", SMILE, "needs a name"),
        ("Smile", SMILE, "built-in"),
        ("mine", {"jawOpen": 0.0}, "no control"),
        ("mine", {"jawOpne": 0.5}, "Did you mean 'jawOpen'"),
    ],
)
def test_what_is_no_expression_is_refused(
    kept: UserExpressions, name: str, weights: dict[str, float], words: str
) -> None:
    kept.add("first", SMILE)
    with pytest.raises(UsageError, match=words):
        kept.add(name, weights)
    assert names(kept) == ["first"]


def test_names_that_are_taken_or_missing(kept: UserExpressions) -> None:
    kept.add("one", SMILE)
    kept.add("two", SMILE)
    with pytest.raises(UsageError, match="already"):
        kept.rename("one", "TWO")
    for call in (lambda: kept.remove("three"), lambda: kept.rename("three", "x")):
        with pytest.raises(UsageError, match="no expression three"):
            call()
    assert names(kept) == ["one", "two"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b'{"schema": "mien-expressions", "version": 2}']
)
def test_a_file_that_cannot_be_read_is_put_aside_not_written_over(
    kept: UserExpressions, content: bytes
) -> None:
    kept.path.parent.mkdir()
    kept.path.write_bytes(content)
    assert kept.all() == ()
    assert "expressions.json" in kept.notice
    assert kept.path.read_bytes() == content
    kept.add("one", SMILE)
    assert "put aside as expressions.unread-1.json" in kept.notice
    assert kept.path.with_name("expressions.unread-1.json").read_bytes() == content
    assert names(kept) == ["one"]


def test_they_are_given_to_others(kept: UserExpressions, tmp_path: Path) -> None:
    kept.add("one", SMILE)
    kept.add("two", SMILE)
    file = tmp_path / "for you.json"
    kept.export_to(file)
    with pytest.raises(OutputError, match="exists already"):
        kept.export_to(file)
    theirs = UserExpressions(tmp_path / "theirs.json")
    theirs.add("One", {"jawOpen": 1})
    theirs.add("two", SMILE)
    assert [e.name for e in theirs.import_from(file)] == ["one 2", "two"]
    assert names(theirs) == ["One", "two", "one 2"]
    (tmp_path / "bad.json").write_text(json.dumps({"schema": "else"}))
    for name in ("bad.json", "none.json"):
        with pytest.raises(InputError, match=name):
            theirs.import_from(tmp_path / name)
    assert names(theirs) == ["One", "two", "one 2"]


def add_many(path: Path, start: int) -> None:
    kept = UserExpressions(path)
    done = 0
    while done < 15:
        try:
            kept.add(f"{start + done}", SMILE)
            done += 1
        except OutputError:
            pass  # the other has it


def test_two_windows_do_not_lose_each_others(kept: UserExpressions) -> None:
    context = get_context("spawn")
    workers = [context.Process(target=add_many, args=(kept.path, 100 * i)) for i in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert sorted(names(kept)) == sorted(str(i) for i in (*range(100, 115), *range(200, 215)))


def test_one_that_is_busy_says_so(kept: UserExpressions) -> None:
    kept.add("one", SMILE)
    lock = Lock(kept.path.with_name(".expressions.json.lock"))
    with pytest.raises(OutputError, match="another window"):
        kept.add("two", SMILE)
    lock.release()
    kept.add("two", SMILE)


def test_names_that_became_feelings_are_numbered_and_nothing_is_lost(kept: UserExpressions) -> None:
    # The file was written before mien had words for feelings.
    kept.path.parent.mkdir(parents=True)
    parts = [{"name": n, "weights": SMILE} for n in ("Joy", "mine", "joy 2", "pride")]
    kept.path.write_text(
        json.dumps({"schema": "mien-expressions", "version": 1, "expressions": parts})
    )
    assert names(kept) == ["Joy 3", "mine", "joy 2", "pride 2"]
    kept.add("other", SMILE)
    assert names(kept) == ["Joy 3", "mine", "joy 2", "pride 2", "other"]
    assert not kept.notice
    with pytest.raises(UsageError, match="built-in"):
        kept.add("Joy", SMILE)
