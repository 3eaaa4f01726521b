"""Plain tables: what is written, and what pandas, spreadsheets and scripts write."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import InputError
from mien.io.curves import read_curve_file
from mien.io.curves.columns import read_columns
from mien.model.controls import NAMES
from mien.model.curve_file import CurveFile
from mien.model.unit_curves import UNIT_NAMES
from tests.documents import make_shot


def read(text: str) -> CurveFile:
    return read_columns(io.BytesIO(text.encode()))


def test_a_table_holds_frames_controls_units_and_pose(tmp_path: Path) -> None:
    shot, path = make_shot(5), tmp_path / "x.csv"
    shot.faces[0].curves.valid[2] = False
    mien.export_curves(shot, path, layout="plain")
    lines = path.read_text().splitlines()
    names = lines[0].split(",")
    assert names[:2] == ["frame", "time"]
    assert set(NAMES) | set(UNIT_NAMES) | {"headRotationY", "headScale"} < set(names)
    assert lines[2].startswith("1,0.040000,")
    assert set(lines[3].split(",")[3:]) == {""}
    back = read_curve_file(path)
    assert back.clock == shot.clock
    assert back.face().valid.tolist() == [True, True, False, True, True]
    assert set(back.face().controls) == set(NAMES)
    given = shot.faces[0].curves.controls["headYaw"]
    np.testing.assert_allclose(back.face().controls["headYaw"][:2], given[:2], atol=1e-5)


def test_what_pandas_writes_is_read(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    shot = make_shot(6)
    shot.faces[0].curves.valid[3] = False
    for index in (True, False):
        shot.faces[0].curves.to_dataframe(flame=True).to_csv(tmp_path / "x.csv", index=index)
        face = read_curve_file(tmp_path / "x.csv").face()
        assert face.valid.tolist() == [True, True, True, False, True, True]
        assert set(face.controls) == set(NAMES)
    mien.export_curves(shot, tmp_path / "y.csv", layout="plain")
    table = pandas.read_csv(tmp_path / "y.csv", index_col="frame")
    assert table["jawOpen"].isna().tolist() == [False, False, False, True, False, False]


def test_frames_keep_their_numbers_and_the_rate_is_told_from_times() -> None:
    curves = read("frame,time,jaw_open\n2,10.0,0.2\n3,10.04,0.3\n6,10.16,0.6\n6,10.16,0.7\n")
    assert curves.clock is not None
    assert curves.clock.rate == 25
    np.testing.assert_allclose(
        curves.face().controls["jawOpen"],
        [np.nan, np.nan, 0.2, 0.3, np.nan, np.nan, 0.7], atol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize(("text", "rate", "frames"), [
    ("seconds;jawOpen\n0;0,1\n0,0333;0,2\n0,0667;0,3\n0,1;0,4\n", Fraction(30), 4),
    ("time,jawOpen\n0.08,0\n0.12,0\n0.16,0\n", Fraction(25), 5),
    ("timestamp_ms,jawOpen\n0,0\n20,0\n40,0\n", Fraction(50), 3),
    ("jawOpen,jawLeft\n1,0\n0,0\n", None, 2),
], ids=["decimal commas", "a gap in front", "milliseconds", "no time"])  # fmt: skip
def test_times_of_tables(text: str, rate: Fraction | None, frames: int) -> None:
    curves = read(text)
    assert len(curves.face()) == frames
    assert (curves.clock and curves.clock.rate) == rate


def test_a_varying_rate_is_kept() -> None:
    times = [0, 0.04, 0.09, 0.12, 0.18]
    rows = "".join(f"{i},{time},0\n" for i, time in enumerate(times))
    clock = read("frame,time,jawOpen\n" + rows).clock
    assert clock is not None
    assert [float(clock.seconds(i)) for i in range(5)] == pytest.approx(times)


@pytest.mark.parametrize(("text", "words"), [
    ("frame,jawOpen\n0,0\n1.5,0\n", "line 3: its frame is no whole number"),
    ("frame,jawOpen\n-3,0\n", "line 2: its frame is below 0"),
    ("frame,jawOpen\n5,0\n4,0\n", "line 3: its frame is below that of the line above"),
    ("frame,jawOpen\n5000000,0\n", "line 2: its frame is above 999,999"),
    ("frame,jawOpen\n,0\n", "line 2: frame is empty"),
    ("frame,time,jawOpen\n0,1,0\n1,0.5,0\n", "line 3: its time is not after"),
    ("time,jawOpen\n1700000000.0,0\n1700000000.04,0\n", "1,000,000 are read at most"),
    ("frame,jawOpen\n0,-Infinity\n", "line 2: jawOpen is infinite"),
    ("a" * 10 + ",b" * 3000 + "\n1\n", "3,001 columns, and 2,000"),
    ("frame,jawOpen\n0,\0\n", "line 2 is no text"),
], ids=lambda value: "" if "\n" in value else value[:24])  # fmt: skip
def test_bad_tables_are_refused_in_a_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        read_curve_file(tmp_path / "x.csv")
    assert "\n" not in str(refused.value)


def test_too_many_rows_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    # The bound is a million; what is tested is that reading stops there.
    monkeypatch.setattr("mien.io.curves.tables.MAX_FRAMES", 5000)

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.read_bytes = offset
            return offset

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            text = b"jawOpen,jawLeft\n" if not self.read_bytes else b"0.25,0.5\n"
            start = text if self.read_bytes < 16 else text * 400
            part = start[: len(buffer)]
            buffer[: len(part)] = part
            self.read_bytes += len(part)
            return len(part)

    endless = Endless()
    with pytest.raises(ValueError, match="more than 5,000 rows"):
        read_columns(io.BufferedReader(endless))  # type: ignore[type-var]
    assert endless.read_bytes < 1_000_000


def test_a_file_beyond_the_bound_is_refused_by_its_size(tmp_path: Path) -> None:
    for name, bound in (("x.csv", "1,073,741,824"), ("x.json", "268,435,456")):
        with (tmp_path / name).open("wb") as file:
            file.truncate((1 << 30) + 1)
        with pytest.raises(InputError, match=f"too large: .* {bound} are read at most"):
            read_curve_file(tmp_path / name)
