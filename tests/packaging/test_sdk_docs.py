"""docs/sdk.md: its code runs, its table of errors is the tree, its names are public."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import mien
from mien import errors
from mien.demo import make_footage
from tests.mattes import half, write_movie

PAGE = Path(__file__).parents[2] / "docs" / "sdk.md"
TEXT = PAGE.read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def error_table() -> str:
    """The table of errors, from the classes, indented as the tree."""

    def rows(kind: type[errors.MienError], depth: int) -> list[str]:
        bases = [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"]
        base = "" if bases in ([], ["Exception"]) else f"`{bases[0]}`"
        first = (kind.__doc__ or "").partition("\n")[0].rstrip(".")
        name = f"{'· ' * depth}`{kind.__name__}`"
        row = f"| {name} | {base} | {kind.exit_code} | `{kind.code}` | {first} |"
        children = [
            child
            for child in (getattr(errors, name) for name in errors.__all__)
            if isinstance(child, type)
            and issubclass(child, errors.MienError)
            and child.__bases__[0] is kind
        ]
        return [row, *(row for child in children for row in rows(child, depth + 1))]

    return "\n".join(rows(errors.MienError, 0))


def test_the_errors_are_those_of_the_tree() -> None:
    table = error_table()
    assert table in TEXT, f"put this table into {PAGE}:\n{table}"


def test_every_name_it_uses_is_public() -> None:
    names = set(re.findall(r"(?<!`)\bmien\.(\w+)|`mien\.(\w+)[(`]", TEXT))
    names = {first or second for first, second in names}
    groups = {"renderers", "trackers", "curve_formats"}  # of entry points
    assert not {name for name in names - groups if not hasattr(mien, name)}
    assert len(names) > 25


@pytest.mark.slow
def test_its_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_footage(tmp_path / "interview.mp4", frames=50, size=(640, 360))
    make_footage(tmp_path / "laugh.mp4", frames=12, size=(480, 270))
    rate = mien.open_shot(tmp_path / "interview.mp4").clock.rate
    write_movie(tmp_path / "hand.mkv", half(50, 640, 360), rate=rate)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    found: dict[str, Any] = {"__name__": "sdk_docs"}
    for number, block in enumerate(BLOCKS):
        exec(compile(block, f"{PAGE.name}, block {number + 1}", "exec"), found)
    printed = capsys.readouterr().out.splitlines()
    for block in BLOCKS:
        for node in ast.walk(ast.parse(block)):
            # What a comment beside `print` shows is what is printed, as far as it goes.
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
                _, _, said = block.splitlines()[node.lineno - 1].partition("  # ")
                assert any(line.startswith(said.partition(" ...")[0]) for line in printed), said
    assert repr(found["imported"].edit).startswith("Edit(face 1, 1 layer, ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "behind.mp4", "curves.npz", "edited.mien", "hand.mkv", "helped.mp4", "interview.mien",
        "interview.mp4", "laugh.mp4", "light.mp4", "matte.mp4", "out.mp4", "plain.mp4", "renders",
        "take.csv",
    ]  # fmt: skip
