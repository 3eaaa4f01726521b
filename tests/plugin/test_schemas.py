"""What other versions of the extension have stored in a .blend."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.conftest import Run

pytestmark = pytest.mark.slow

OLD = Path(__file__).parents[1] / "baselines" / "extension-schema-1.blend"


def test_older_files_are_brought_up_to_date_and_newer_ones_left_alone(
    blender: Run, tmp_path: Path
) -> None:
    facts = blender("schemas.py", OLD, tmp_path)
    assert facts["render_number"] == 7
    assert facts["next"] == "take-ID-v008.mp4"
    assert "'take' was last edited with a newer mien extension" in facts["named"]
    assert "Update the extension" in facts["named"]
    assert facts["refused"] == facts["named"]
