"""Tables of numbers in text: commas, semicolons or tabs, read a piece at a time."""

from __future__ import annotations

import array
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from mien.io.curves.grid import MAX_FRAMES

__all__ = ["Table", "read_table"]

_LINE: Final = 1 << 16
"""Characters of a line, at most."""
_COLUMNS: Final = 2000
"""Columns of a table, at most."""
_HIGHEST: Final = 1e15
"""What is as good as infinite, for a control and for a time."""
_PIECE: Final = 4096
"""Rows that are turned into numbers at a time."""
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})
_Choice = Callable[[str], bool]
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True, eq=False)
class Table:
    """A table of T rows.

    Attributes:
        names: Names of its columns, as written.
        lines: (T,) the line of each row, the first of the file being 1.
        texts: What stands in columns of text, by their index.
        exact: (T,) float64 of columns that are kept so, by their index; NaN where nothing stands.
        numbers: (T, N) float32 of the other columns of numbers.
        columns: Index of each of these N columns.
    """

    names: list[str]
    lines: array.array[int] = field(default_factory=lambda: array.array("q"))
    texts: dict[int, list[str]] = field(default_factory=dict)
    exact: dict[int, npt.NDArray[np.float64]] = field(default_factory=dict)
    numbers: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    columns: list[int] = field(default_factory=list)


def read_table(file: IO[bytes], *, texts: _Choice, exact: _Choice, numbers: _Choice) -> Table:
    """Read a table of text, whose first line names its columns.

    Args:
        file: The file, UTF-8 or UTF-16 with a mark.
        texts: Whether a column of some name is kept as text.
        exact: Whether it is one of numbers in double precision.
        numbers: Whether it is one of other numbers; columns that are neither are passed over.

    Raises:
        ValueError: When it is no such table, or longer than is read; the line is named.
    """
    start = file.read(2)
    file.seek(0)
    encoding = "utf-16" if start in _UTF16 else "utf-8-sig"
    text = io.TextIOWrapper(file, encoding, newline=None)
    try:
        return _read(_lines(text), texts, exact, numbers)
    except UnicodeError as error:
        raise ValueError("it is no text in UTF-8") from error
    finally:
        # The file is closed by whoever opened it.
        text.detach()


def _read(
    lines: Iterator[tuple[int, str]], texts: _Choice, exact: _Choice, numbers: _Choice
) -> Table:
    _, header = next(lines, (0, ""))
    if not header:
        raise ValueError("it is empty")
    delimiter = max(",;\t", key=header.count)
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    while names and not names[-1]:
        names.pop()
    if len(names) > _COLUMNS:
        raise ValueError(f"it has {len(names):,} columns, and {_COLUMNS:,} are read at most")
    table = Table(names)
    table.texts = {index: [] for index, name in enumerate(names) if texts(name)}
    doubles = [index for index, name in enumerate(names) if exact(name)]
    table.columns = [
        index
        for index, name in enumerate(names)
        if index not in (*table.texts, *doubles) and numbers(name)
    ]
    used = [*doubles, *table.columns]
    pieces: list[npt.NDArray[np.float32]] = []
    precise: list[npt.NDArray[np.float64]] = []

    def flush() -> None:
        values = _numbers(rows, table, used, delimiter)
        precise.append(values[:, : len(doubles)].copy())
        pieces.append(values[:, len(doubles) :].astype(np.float32))

    rows: list[list[str]] = []
    timed = bool(table.texts or doubles)
    for number, line in lines:
        if timed and not line.strip(f" {delimiter}"):
            # Spreadsheets end with such rows. Where rows are but counted, one is a gap.
            continue
        if len(table.lines) >= MAX_FRAMES:
            raise ValueError(f"it has more than {MAX_FRAMES:,} rows, the most that are read")
        row = _fields(line, delimiter, len(names), number)
        table.lines.append(number)
        for index, column in table.texts.items():
            column.append(row[index])
        rows.append([row[index] for index in used])
        if len(rows) == _PIECE:
            flush()
            rows.clear()
    if not len(table.lines):
        raise ValueError("it has a header and no rows")
    if rows:
        flush()
    table.numbers = np.concatenate(pieces)
    table.exact = dict(zip(doubles, np.concatenate(precise).T, strict=True))
    return table


def _lines(text: IO[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines in which something stands, with their numbers; none is read unbounded."""
    number = 0
    while line := text.readline(_LINE):
        number += 1
        if len(line) == _LINE:
            raise ValueError(f"line {number} has more than {_LINE:,} characters")
        if "\0" in line:
            raise ValueError(f"line {number} is no text")
        if line.strip(" \n"):
            yield number, line.rstrip("\n")


def _fields(line: str, delimiter: str, count: int, number: int) -> list[str]:
    row = line.split(delimiter)
    if '"' in line:
        row = next(csv.reader([line], delimiter=delimiter))
    # A mark behind the last field opens one more, in which nothing stands.
    while len(row) > count and not row[-1].strip():
        row.pop()
    if len(row) != count:
        raise ValueError(f"line {number} has {len(row)} fields, and the header names {count}")
    return row


def _numbers(
    rows: list[list[str]], table: Table, used: list[int], delimiter: str
) -> npt.NDArray[np.float64]:
    try:
        values = np.array(rows, dtype=np.float64).reshape(len(rows), -1)
    except ValueError:
        first = len(table.lines) - len(rows)
        names = [table.names[index] for index in used]
        values = np.array(
            [_row(row, names, table.lines[first + i], delimiter) for i, row in enumerate(rows)]
        )
    infinite = np.argwhere(np.abs(values) > _HIGHEST)
    if len(infinite):
        row, column = infinite[0]
        line = table.lines[len(table.lines) - len(rows) + row]
        raise ValueError(f"line {line}: {table.names[used[column]]} is infinite")
    return values


def _row(row: Sequence[str], names: Sequence[str], line: int, delimiter: str) -> list[float]:
    values = []
    for name, text in zip(names, row, strict=True):
        text = text.strip()
        if delimiter == ";":
            # Where a comma is the decimal mark, columns are told apart by semicolons.
            text = text.replace(",", ".")
        try:
            values.append(np.nan if text.lower() in _MISSING else float(text))
        except ValueError:
            raise ValueError(f"line {line}: {name} is '{text[:40]}', no number") from None
    return values
