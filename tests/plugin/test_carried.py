"""What the extension carries along of the SDK is the SDK's."""

from __future__ import annotations

import ast
import dataclasses
import json
import sys
from pathlib import Path

import pytest

from mien.model.controls import CONTROLS
from mien.model.presets import PRESETS
from tests.plugin.conftest import ROOT

EXTENSION = ROOT / "plugin" / "mien_blender"
FILES = sorted(EXTENSION.glob("*.py"))


def test_controls_and_expressions_are_the_sdks() -> None:
    carried = json.loads((EXTENSION / "rig.json").read_text())
    assert carried["controls"] == [dataclasses.asdict(control) for control in CONTROLS]
    presets = [
        {"name": p.name, "kind": p.kind, "weights": dict(p.weights), "replaces": p.replaces}
        for p in PRESETS.values()
    ]
    assert carried["presets"] == presets


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_the_standard_library_and_bpy_are_imported(file: Path) -> None:
    tree = ast.parse(file.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}  # fmt: skip
    names |= {str(node.module) for node in ast.walk(tree)
              if isinstance(node, ast.ImportFrom) and not node.level}  # fmt: skip
    roots = {name.split(".")[0] for name in names}
    assert roots <= set(sys.stdlib_module_names) | {"blf", "bpy", "gpu", "gpu_extras"}
