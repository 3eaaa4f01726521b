"""Ledgers: whatever is changed, cut, put in or moved is noticed, and the line is named."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.consent.ledger import Ledger, head_file
from mien.consent.verify import LedgerReport, verify_ledger

LINES = 6


def check_by_hand(path: Path) -> int:
    """The check of docs/consent.md, which needs nothing of mien; it returns how many lines hold."""
    previous, number = "0" * 64, 0
    for line in path.read_bytes().splitlines():
        body, _, seal = line.rpartition(b',"hash":"')
        entry = json.loads(line)
        whole = hashlib.sha256(body).hexdigest() == seal.decode()[:64] == entry["hash"]
        if not (whole and entry["previous"] == previous and entry["number"] == number + 1):
            break
        previous, number = entry["hash"], entry["number"]
    return number


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A ledger and its head."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    for i in range(LINES):
        Ledger(path).append({"what": "render", "project": f"take {i} é", "frames": [0, 10 * i]})
    assert check_by_hand(path) == LINES
    return path.read_bytes(), head_file(path).read_bytes()


def verified(content: bytes, head: bytes | None) -> LedgerReport:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        path.write_bytes(content)
        if head is not None:
            head_file(path).write_bytes(head)
        return verify_ledger(path)


def named(report: LedgerReport) -> int:
    assert not report.valid
    return report.problems[0].line


def test_what_was_written_is_valid(written: tuple[bytes, bytes]) -> None:
    report = verified(*written)
    assert report.valid
    assert report.entries == LINES
    assert not report.notes
    assert report.head is not None
    assert report.head.number == LINES


@given(st.data())
def test_any_byte_that_is_another_is_noticed(
    written: tuple[bytes, bytes], data: st.DataObject
) -> None:
    content, head = written
    place = data.draw(st.integers(0, len(content) - 2))
    value = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    changed = content[:place] + bytes([value]) + content[place + 1 :]
    assert named(verified(changed, head)) == content[:place].count(b"\n") + 1


@given(st.data())
def test_bytes_put_in_or_taken_out_are_noticed(
    written: tuple[bytes, bytes], data: st.DataObject
) -> None:
    content, head = written
    start = data.draw(st.integers(0, len(content) - 2))
    stop = data.draw(st.integers(start, len(content) - 1))
    put = data.draw(st.binary(max_size=8))
    changed = content[:start] + put + content[stop:]
    if changed != content:
        # What is taken out to the end of a line is noticed in that line or the one after it.
        line = content[:start].count(b"\n") + 1
        assert abs(named(verified(changed, head)) - line) <= 1


@given(st.permutations(range(LINES)), st.integers(0, LINES))
def test_lines_in_another_order_are_noticed(
    written: tuple[bytes, bytes], order: list[int], kept: int
) -> None:
    content, head = written
    lines = content.splitlines(keepends=True)
    changed = [lines[i] for i in order[:kept]]
    if changed == lines:
        return
    report = verified(b"".join(changed), head)
    first = next((i for i, line in enumerate(changed) if line != lines[i]), len(changed))
    assert named(report) == max(1, first + 1 if first < len(changed) else first)


@given(st.integers(0, LINES - 1), st.integers(0, LINES - 1))
def test_a_line_that_comes_twice_is_noticed(
    written: tuple[bytes, bytes], one: int, other: int
) -> None:
    lines = written[0].splitlines(keepends=True)
    changed = [*lines[:other], lines[one], *lines[other:]]
    assert named(verified(b"".join(changed), written[1])) in (other + 1, other + 2)


@given(st.integers(0, LINES - 2))
def test_a_forged_line_breaks_the_next_one(written: tuple[bytes, bytes], place: int) -> None:
    """Whoever changes a line and makes its hash anew is given away by the line after it."""
    content, head = written
    lines = content.splitlines()
    body = lines[place].rpartition(b',"hash":"')[0].replace(b"render", b"nothing")
    lines[place] = body + b',"hash":"' + hashlib.sha256(body).hexdigest().encode() + b'"}'
    assert named(verified(b"\n".join(lines) + b"\n", head)) == place + 2


@settings(max_examples=20)
@given(st.integers(0, 4000))
def test_a_kill_while_a_line_is_written_is_no_change(
    written: tuple[bytes, bytes], length: int
) -> None:
    """Whatever part of a line a kill leaves, the chain goes on, and says so."""
    content, head = written
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        path.write_bytes(content)
        head_file(path).write_bytes(head)
        Ledger(path).append({"what": "render", "project": "the last"})
        line = path.read_bytes()[len(content) :]
        part = line[: length % len(line)]
        # As it was before, with part of the line and the head of the line before.
        path.write_bytes(content + part)
        head_file(path).write_bytes(head)
        torn = verify_ledger(path)
        assert torn.valid
        assert bool(torn.notes) == bool(part)
        added = Ledger(path).append({"what": "render", "project": "goes on"})
        report = verify_ledger(path)
        assert report.valid, report.problems
        assert report.head == added
        # A line that lacks its end alone is a line.
        assert report.entries == LINES + 1 + (len(part) == len(line) - 1)


def test_a_cut_shows_for_ever(written: tuple[bytes, bytes], tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    lines = written[0].splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    head_file(path).write_bytes(written[1])
    assert "up to number 6, is cut off" in str(verify_ledger(path).problems[0])
    for _ in range(2):
        Ledger(path).append({"what": "render"})
    report = verify_ledger(path)
    assert [problem.line for problem in report.problems] == [5]
    assert "up to number 6" in report.problems[0].text


def test_a_cut_with_a_forged_head_needs_a_witness(
    written: tuple[bytes, bytes], tmp_path: Path
) -> None:
    """What docs/consent.md says that a chain cannot prove; an anchor kept elsewhere can."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(written[0])
    head_file(path).write_bytes(written[1])
    anchor = str(verify_ledger(path).head)
    assert verify_ledger(path, [anchor]).valid
    line = written[0].splitlines(keepends=True)[3]
    path.write_bytes(b"".join(written[0].splitlines(keepends=True)[:4]))
    head_file(path).write_text(f"{4:020d} {json.loads(line)['hash']}\n")
    assert verify_ledger(path).valid
    assert "is not the line that was noted" in verify_ledger(path, [anchor]).problems[0].text


def test_a_lost_head_is_said(written: tuple[bytes, bytes]) -> None:
    assert "cannot be said" in verified(written[0], None).problems[0].text
    assert "cannot be said" in verified(written[0], b"1234").problems[0].text
