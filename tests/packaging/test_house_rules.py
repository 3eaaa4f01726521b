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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_over_500_lines_and_no_function_over_80(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            known = (str(path.relative_to(ROOT)), node.name) in LONG
            assert length <= 80 or known, f"{node.name} has {length} lines"


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
