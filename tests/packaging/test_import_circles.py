"""No module imports, by whatever way round, a module that imports it; no room a room above it.

import-linter holds the order of the rooms. Here every import counts, also one for types alone
(`TYPE_CHECKING`) and one inside a function: a circle that is only hidden still has to be read as
one. One edge does not count: `mien/__init__.py` names things of every room, but opens a room only
when a name is used, so that rooms may take `__version__` from it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"mien": "sdk", "mien_desktop": "desktop", "mien_blender": "plugin"}

Graph = dict[str, set[str]]


@pytest.fixture(scope="module", params=PACKAGES)
def imports(request: pytest.FixtureRequest) -> Graph:
    """Every module of a package, with the modules of the package that it imports."""
    package = request.param
    files = dict(_modules(ROOT / PACKAGES[package], package))
    graph = {name: set(_imported(name, path, files)) - {name} for name, path in files.items()}
    assert sum(map(len, graph.values())) > len(graph)  # they were read
    graph.pop("mien", None)
    return graph


def test_no_module_imports_itself_by_way_of_others(imports: Graph) -> None:
    assert circles(imports) == []


def test_no_two_rooms_import_each_other(imports: Graph) -> None:
    packages = {name.rpartition(".")[0] for name in imports} - {""}
    found = [circle for package in packages for circle in circles(_rooms(imports, package))]
    assert found == []


def test_a_circle_is_found_also_through_types_and_functions(tmp_path: Path) -> None:
    sources = {
        "a": "from house.b import x",
        "b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .c import x",
        "c": "def f():\n    import house.a",
        "d": "from house import a",
    }
    (tmp_path / "house").mkdir()
    for name, source in {"__init__": "", **sources}.items():
        (tmp_path / "house" / f"{name}.py").write_text(source)
    files = dict(_modules(tmp_path, "house"))
    graph = {name: set(_imported(name, path, files)) for name, path in files.items()}
    assert circles(graph) == [["house.a", "house.b", "house.c"]]
    assert graph["house.d"] == {"house.a"}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of nodes of which each leads to each (Tarjan, SIAM J. Comput. 1(2), 1972)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    groups = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        path.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in order:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in path:
                lowest[node] = min(lowest[node], order[other])
        if lowest[node] == order[node]:
            at = path.index(node)
            group = sorted(path[at:])
            del path[at:]
            if len(group) > 1:
                groups.append(group)

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return sorted(groups)


def _rooms(imports: Graph, package: str) -> Graph:
    """Imports between the parts of a package, each with all that is in it."""
    rooms: Graph = {}
    for name, others in imports.items():
        room = _room(name, package)
        if room is not None:
            reached = {_room(other, package) for other in others} - {None, room}
            rooms.setdefault(room, set()).update(filter(None, reached))
    return rooms


def _room(name: str, package: str) -> str | None:
    inside = name.removeprefix(f"{package}.")
    return None if inside == name else f"{package}.{inside.partition('.')[0]}"


def _modules(root: Path, package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _imported(name: str, path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    """Modules of the package that a module imports, anywhere in it."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else ()), *filter(None, [node.module])])
            for alias in node.names:
                target = f"{base}.{alias.name}"
                if target in files:
                    yield target
                elif base in files:
                    yield base
