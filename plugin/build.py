"""Build and validate the Blender extension's zip. Called as: build.py FOLDER.

Runs in the Python of a bpy wheel, which carries Blender's own extension tool.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import bpy

ROOT = Path(__file__).resolve().parents[1]
NAME = "mien_blender"


def main(folder: Path) -> None:
    """Build the zip in a folder, with the licence beside the code."""
    tool = Path(bpy.utils.resource_path("LOCAL"))
    tool = tool / "scripts" / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / NAME
        shutil.copytree(
            ROOT / "plugin" / NAME, source, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
        shutil.copy2(ROOT / "LICENSE", source)
        arguments = ["build", "--source-dir", str(source), "--output-dir", str(folder)]
        subprocess.run([sys.executable, str(tool), *arguments], check=True)
    for package in folder.glob(f"{NAME}-*.zip"):
        subprocess.run([sys.executable, str(tool), "validate", str(package)], check=True)


main(Path(sys.argv[1]))
