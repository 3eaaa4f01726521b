"""`import mien` is quick and pulls in nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "mediapipe", "cv2", "av", "scipy", "numpy", "PySide6", "OpenEXR",
         "pydantic", "rich", "typer", "matplotlib", "skimage", "yaml", "opentimelineio",
         "dask", "distributed", "pxr", "pygltflib")  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Heavy packages that are loaded after a statement, in a process of its own."""
    script = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = json.loads(done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in modules} & set(HEAVY)


def test_import_mien_loads_nothing_heavy() -> None:
    assert loaded_by("import mien") == set()


@pytest.mark.parametrize(
    "statement", ["import mien; mien.MienError", "import mien; mien.CONTROLS; mien.PRESETS"]
)
def test_names_and_errors_load_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) == set()


def test_values_need_numpy_alone() -> None:
    assert loaded_by("import mien; mien.Edit, mien.Key, mien.Layer, mien.Shot, mien.evaluate") == {
        "numpy"
    }


def test_the_command_line_loads_typer_alone() -> None:
    assert loaded_by("import mien.cli.main") <= {"typer", "rich"}


def test_a_renderer_can_be_registered_without_media_or_models() -> None:
    assert not loaded_by("import mien; mien.register_renderer") & {"mediapipe", "scipy", "torch"}


def test_a_list_of_shots_needs_no_editorial_packages() -> None:
    assert not loaded_by("import mien.jobs.yaml, mien.editorial") & {"opentimelineio", "dask"}


def test_curve_formats_load_their_packages_when_they_are_used() -> None:
    assert not loaded_by("import mien.io.curves; mien.io.curves.curve_formats()") & {"pxr", "scipy"}
