"""Rules of the house that a machine can check."""

import ast
from pathlib import Path

import pytest

from tests.footage_share import misplaced_marks

ROOT = Path(__file__).parents[2]
ROOMS = ("sdk", "desktop", "plugin", "tools", "samples")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
# Functions that are longer for a reason, by file and name.
LONG: dict[tuple[str, str], str] = {}


def test_no_file_is_over_500_lines_and_no_function_over_80() -> None:
    assert len(SOURCES) > 300
    too_long = []
    for path in SOURCES:
        name, text = str(path.relative_to(ROOT)), path.read_text()
        lines = len(text.splitlines())
        if lines > 500:
            too_long.append(f"{name} has {lines} lines")
        for node in ast.walk(ast.parse(text)) if lines > 80 else ():
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 80 and (name, node.name) not in LONG:
                    too_long.append(f"{name}: {node.name} has {length} lines")
    assert too_long == []


def test_the_public_list_is_what_can_be_had() -> None:
    import mien

    for name in mien.__all__:
        assert getattr(mien, name) is not None
    assert set(mien.__all__) <= set(dir(mien))


def test_no_rule_is_quietly_switched_off() -> None:
    for path in SOURCES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "# noqa" in line or "# type: ignore" in line:
                where = f"{path.relative_to(ROOT)}:{number}"
                assert "noqa:" in line or "ignore[" in line, f"{where} names no rule"


def test_tests_that_need_the_internal_footage_are_marked(request: pytest.FixtureRequest) -> None:
    """Whatever takes `shared` or `clip` is about real faces and clips and says so; no other."""
    assert not misplaced_marks(request.session.items)
