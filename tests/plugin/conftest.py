"""Real Blenders for the tests: the bpy wheels in virtual environments of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "in_blender"
VERSIONS = ("4.5", "5.0")
_VENVS = Path(os.environ.get("MIEN_BLENDER_VENVS", ROOT / ".venv-blender"))

Run = Callable[..., dict[str, Any]]


def python_of(version: str) -> Path:
    """Python of a Blender; where it is missing the test is skipped, in CI it fails."""
    python = _VENVS / version / "bin" / "python"
    if not python.is_file():
        reason = f"there is no Blender {version} at {python}; `make test` installs it"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must run every test")
        pytest.skip(reason)
    return python


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip, built and validated with Blender's own tool."""
    folder = tmp_path_factory.mktemp("dist")
    command = [python_of("4.5"), ROOT / "plugin" / "build.py", folder]
    subprocess.run(command, check=True, timeout=120)
    (built,) = folder.glob("*.zip")
    return built


@pytest.fixture(scope="module", params=VERSIONS)
def blender(
    request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Runs a script of in_blender/ in a Blender with the extension installed."""
    python = python_of(request.param)
    home = tmp_path_factory.mktemp("blender")
    environment = os.environ | {
        "BLENDER_USER_RESOURCES": str(home),
        "MIEN_EXECUTABLE": str(Path(sys.executable).with_name("mien")),
        "MIEN_EXTENSION": "bl_ext.user_default.mien_blender",
        "PYTHONPATH": str(ROOT),
    }

    def run(script: str, *arguments: object, **more: str) -> dict[str, Any]:
        done = subprocess.run(
            [python, SCRIPTS / "boot.py", SCRIPTS / script, *map(str, arguments)],
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=300,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("FACTS ")]
        assert lines, f"{script} failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return dict(json.loads(lines[-1].removeprefix("FACTS ")))

    run("install.py", package)
    return run
