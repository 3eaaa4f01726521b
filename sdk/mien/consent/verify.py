"""Check a ledger: whether any of its lines was changed, taken out, put in or moved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from mien._types import PathLike
from mien.consent.ledger import FIRST, LONGEST, LedgerHead, head_file, read_head, read_line
from mien.consent.policy import read_policy
from mien.errors import InputError, UsageError

__all__ = ["LedgerProblem", "LedgerReport", "verify_ledger"]

_UNREADABLE: Final = ""
"""In place of the hash of a line that is none."""
_ANCHOR: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """Something in a ledger that nobody who only adds lines can have done.

    Attributes:
        line: Line of the file, from 1.
        text: What is wrong with it.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The outcome of checking a ledger.

    Attributes:
        path: The ledger.
        entries: Lines that are whole.
        head: Number and hash of the last of them, to be kept elsewhere; None where there is none.
        problems: What was changed, taken out, put in or moved, in order of lines.
        notes: What kills left behind, a sentence each.
    """

    path: Path
    entries: int
    head: LedgerHead | None
    problems: tuple[LedgerProblem, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"LedgerReport({self.path}, {self.entries} entries, {len(self.problems)} problems)"

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        return {
            "ledger": str(self.path),
            "valid": self.valid,
            "entries": self.entries,
            "head": None if self.head is None else str(self.head),
            "problems": [{"line": one.line, "text": one.text} for one in self.problems],
            "notes": list(self.notes),
        }


def verify_ledger(path: PathLike | None = None, anchors: Sequence[str] = ()) -> LedgerReport:
    """Check a ledger from its first line to its last.

        report = mien.verify_ledger()
        assert report.valid, report.problems

    Args:
        path: The ledger; None for the one that renders of this user are written into.
        anchors: Heads that were noted earlier, as `12:9f86d0…`: these lines have to be there.

    Raises:
        InputError: When there is no ledger, or it cannot be read.
        PolicyError: When no path is given, and the policy that says where it is cannot be read.
        UsageError: When an anchor is none.
    """
    ledger = read_policy().ledger_path if path is None else Path(path)
    wanted = [_anchor(text) for text in anchors]
    # The head first: whoever writes meanwhile leaves it behind the lines, never ahead of them.
    chain = _Chain(wanted, read_head(ledger))
    try:
        with ledger.open("rb") as file:
            for number, (text, whole) in enumerate(_lines(file), 1):
                chain.read(number, text, whole=whole)
    except FileNotFoundError:
        if not head_file(ledger).exists():
            raise InputError(
                f"There is no ledger {ledger}.", "It comes with the first render.", path=ledger
            ) from None
    except OSError as error:
        raise InputError(
            f"The ledger {ledger} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check its name and its permissions.",
            path=ledger,
        ) from error
    chain.end(ledger)
    head = chain.last if chain.last.hash not in (FIRST, _UNREADABLE) else None
    return LedgerReport(ledger, chain.entries, head, tuple(chain.problems), tuple(chain.notes))


class _Chain:
    """What was read so far, and what has to come next."""

    def __init__(self, anchors: Sequence[LedgerHead], head: LedgerHead | None) -> None:
        self.last = LedgerHead(0, FIRST)
        self.entries = 0
        self.problems: list[LedgerProblem] = []
        self.notes: list[str] = []
        self._line = 0
        self._torn: bytes | None = None
        self._hashes: dict[int, str] = {}
        self._head = head
        self._anchors = anchors
        self._wanted = {one.number for one in (*anchors, *((head,) if head else ()))}

    def read(self, line: int, text: bytes, *, whole: bool) -> None:
        """Read the next line of the file; `whole` when it ends as a line does."""
        self._line = line
        read = read_line(text)
        if read is None or (not whole and read[1] != read[2]):
            self._lost_torn()
            if whole:
                self._torn = text
            else:
                self.notes.append(
                    f"Line {line} is torn: its writer was killed, or is at work; the next one says"
                    " so, and goes on."
                )
            return
        value, sealed, right = read
        if sealed != right:
            self._wrong("was changed: its hash is not its own")
        self._check_torn(value)
        self._follow(value)
        gap = value.get("gap")
        if gap is not None:
            self._wrong(f"lines up to number {_number(gap)} were cut off before it")
        self.entries += 1
        self.last = LedgerHead(value["number"], sealed)
        self._torn = None
        if value["number"] in self._wanted:
            self._hashes.setdefault(value["number"], sealed)

    def _follow(self, value: dict[str, Any]) -> None:
        """Check that a line follows the last one."""
        number, previous = value["number"], value.get("previous")
        expected = self.last.number + 1
        if number == expected and self.last.hash in (previous, _UNREADABLE):
            return
        if number == expected:
            why = "has another hash of the line before: that one was changed, or put in its place"
        elif number > expected:
            gone = f"number {expected}" if number == expected + 1 else f"{expected} to {number - 1}"
            why = f"has number {number}: {gone} cut out before it, or moved"
        else:
            why = f"has number {number}, after {self.last.number}: it was put in, or moved"
        self._wrong(why)

    def _check_torn(self, value: dict[str, Any]) -> None:
        torn, before = value.get("torn"), self._torn
        said = torn.get("sha256") if isinstance(torn, dict) else None
        if before is None:
            if torn is not None:
                self._wrong("says that a torn line comes before it, and none does")
        elif said == hashlib.sha256(before).hexdigest():
            self.notes.append(f"Line {self._line - 1} is torn: its writer was killed.")
        else:
            self._lost_torn()

    def _lost_torn(self) -> None:
        """Say of a line that is none that no kill explains it."""
        if self._torn is not None:
            place = self._line - 1
            self.problems.append(LedgerProblem(place, "was changed: it is no line of a ledger"))
            self._torn = None
            # It stands for one, so that the next one is not blamed.
            self.last = LedgerHead(self.last.number + 1, _UNREADABLE)

    def end(self, ledger: Path) -> None:
        """Check the end of the file against the head, and what was noted elsewhere."""
        self._line += 1
        self._lost_torn()
        self._line = max(1, self._line - 1)
        head = self._head
        if head is None:
            if self.entries:
                name = head_file(ledger).name
                self._wrong(f"whether more came after it cannot be said: {name} is lost or damaged")
        elif head.number > self.last.number:
            self._wrong(f"what came after it, up to number {head.number}, is cut off")
        elif self._hashes.get(head.number) != head.hash:
            self._wrong(f"number {head.number} is not the line that {head_file(ledger).name} has")
        elif head.number < self.last.number:
            self.notes.append(
                f"The head is at number {head.number}, behind the last line: its writer was killed,"
                " or could not write it."
            )
        for one in self._anchors:
            if self._hashes.get(one.number) != one.hash:
                self._wrong(f"number {one.number} is not the line that was noted")

    def _wrong(self, text: str) -> None:
        self.problems.append(LedgerProblem(self._line, text))


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Lines without their ends, and whether they are ended; longer ones than any, in pieces."""
    while text := file.readline(LONGEST):
        if text.endswith(b"\n"):
            yield text[:-1], True
        else:
            yield text, len(text) == LONGEST


def _number(gap: Any) -> str:
    return str(gap.get("number", "?")) if isinstance(gap, dict) else "?"


def _anchor(text: str) -> LedgerHead:
    match = _ANCHOR.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"'{text[:100]}' is no head of a ledger.",
            "Give number and hash as `mien provenance verify-ledger` prints them, as 12:9f86d0….",
        )
    return LedgerHead(int(match[1]), match[2])
