"""Files that are written aside."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mien.media.atomic_write import AtomicFile


def test_two_that_write_one_file_at_once_do_not_mix(tmp_path: Path) -> None:
    final = tmp_path / "film.mien"
    one, two = AtomicFile(final), AtomicFile(final)
    one.path.write_text("one")
    two.path.write_text("tw")
    one.commit()
    assert final.read_text() == "one"
    two.path.write_text("two")
    two.commit()
    assert final.read_text() == "two"
    assert os.listdir(tmp_path) == ["film.mien"]


def test_what_an_earlier_process_of_the_same_number_left_goes(tmp_path: Path) -> None:
    for name in (f".a.mov.{os.getpid()}-0123abcd-1.partial", f".a.mov.{os.getpid()}.partial"):
        (tmp_path / name).write_text("half")
    partial = AtomicFile(tmp_path / "a.mov")
    assert os.listdir(tmp_path) == []
    partial.discard()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_what_is_replaced_stays_closed_to_others(tmp_path: Path) -> None:
    final = tmp_path / "film.mien"
    final.write_text("old")
    final.chmod(0o600)
    partial = AtomicFile(final)
    partial.path.write_text("new")
    partial.commit()
    assert final.read_text() == "new"
    assert final.stat().st_mode & 0o777 == 0o600
