"""Names in the editor and in the Blender extension: each stands for one thing, and says which."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
EDITOR = sorted((ROOT / "desktop" / "mien_desktop").rglob("*.py"))
# client.py is the SDK's.
EXTENSION = sorted(set((ROOT / "plugin" / "mien_blender").glob("*.py"))
                   - {ROOT / "plugin" / "mien_blender" / "client.py"})  # fmt: skip
CLAUSE = re.compile(r"(What|Where|How|Whether|Which|Who|Whom|Whose)\b")
"""Begins of a sentence that leaves its noun out."""


def test_no_two_public_classes_of_the_editor_have_one_name() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in EDITOR:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert len(homes) > 50
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_a_docstring_begins_with_a_verb_or_a_noun() -> None:
    clauses = []
    for path in EDITOR + EXTENSION:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node) or ""
                if CLAUSE.match(text):
                    name = getattr(node, "name", "the module")
                    clauses.append(f"{path.relative_to(ROOT)}, {name}: {text.splitlines()[0]}")
    assert clauses == []
