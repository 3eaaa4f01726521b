"""How much of the suite needs the internal footage: `python -m tests.footage_share`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

AT_MOST = 0.15
"""Part of the test functions that may need it."""


def needs_footage(item: pytest.Item) -> bool:
    """Whether a test takes the fixture `shared`, itself or through another fixture."""
    return isinstance(item, pytest.Function) and "shared" in item.fixturenames


def misplaced_marks(items: Sequence[pytest.Item]) -> list[str]:
    """Name the tests that need the footage and are not marked `shared`, or the other way round."""
    return sorted(
        item.nodeid
        for item in items
        if needs_footage(item) != (item.get_closest_marker("shared") is not None)
    )


def count(items: Sequence[pytest.Item]) -> tuple[int, int]:
    """Count functions that need the footage, and all; a function is one, whatever its cases."""
    functions = {(item.path, item.nodeid.split("[")[0]): needs_footage(item) for item in items}
    return sum(functions.values()), len(functions)


def sentence(items: Sequence[pytest.Item]) -> str:
    """Tell the count."""
    needing, functions = count(items)
    cases = sum(map(needs_footage, items))
    return (
        f"{needing} of {functions} test functions ({cases} of {len(items)} cases)"
        f" need the internal footage: {1 - needing / max(1, functions):.1%} run without it"
    )


class _Collected:
    items: Sequence[pytest.Item] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items


def main() -> int:
    """Print the figures; a failure when the suite needs the footage too often."""
    collected = _Collected()
    with redirect_stdout(StringIO()):
        tests = str(Path(__file__).parent)
        pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", tests], [collected])
    needing, functions = count(collected.items)
    print(sentence(collected.items))
    for name in misplaced_marks(collected.items):
        print(f"mark and fixtures disagree: {name}")
    return int(needing > AT_MOST * functions or bool(misplaced_marks(collected.items)))


if __name__ == "__main__":
    sys.exit(main())
