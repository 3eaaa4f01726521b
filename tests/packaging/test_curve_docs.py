"""docs/curves.md: its format works as it stands, and it tells of every option and format."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.cli import curves as verbs
from mien.io.curves import API_VERSION, curve_formats, read_curve_file, registry, write_curve_file
from mien.io.curves.collect import shot_curves
from tests.documents import make_shot

DOC = (Path(__file__).parents[2] / "docs" / "curves.md").read_text()


def test_its_format_writes_and_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    (code,) = (
        text for text in re.findall(r"```python\n(.*?)```", DOC, re.DOTALL) if "class" in text
    )
    found: dict[str, Any] = {}
    exec(code, found)
    mien.register_curve_format(found["TextFormat"]())
    shot = make_shot(24)
    write_curve_file(tmp_path / "a.jaw", shot_curves(shot, shot.faces))
    back = read_curve_file(tmp_path / "a.jaw").face().controls["jawOpen"]
    np.testing.assert_allclose(back, shot.faces[0].curves.controls["jawOpen"], atol=1e-4)
    assert found["TextFormat"].api_version == API_VERSION


def test_it_tells_of_every_format_and_option() -> None:
    for format in curve_formats():
        assert all(f"`{suffix}`" in DOC for suffix in format.suffixes)
    source = Path(verbs.__file__).read_text()
    options = set(re.findall(r'"(--[a-z-]+)["/]', source)) - {"--output"}
    assert "--retime" in options
    assert [option for option in options if option not in DOC] == []
    assert registry.GROUP in DOC
