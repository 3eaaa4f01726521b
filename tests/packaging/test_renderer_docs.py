"""The renderer of docs/renderers.md works as it stands there, and passes mien's own checks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import mien
from mien.rendering.base import API_VERSION
from mien.testing import check_renderer

PAGE = Path(__file__).parents[2] / "docs" / "renderers.md"


def test_the_renderer_of_the_page() -> None:
    code, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    names: dict[str, Any] = {}
    exec(code + test, names)
    assert names["Redden"].api_version == API_VERSION
    names["test_redden"]()


def test_the_tables_name_what_there_is() -> None:
    page = PAGE.read_text()
    for kind, table in (
        (mien.Renderer, page[page.index("| of a renderer") : page.index("| of a session")]),
        (mien.RenderSession, page[page.index("| of a session") : page.index("In one process")]),
    ):
        rows = re.findall(r"^\| (`.*?) \|", table, re.M)
        named = {name for row in rows for name in re.findall(r"`(\w+)", row)}
        assert named
        assert all(hasattr(kind, name) for name in named), named
        public = {name for name in vars(kind) if not name.startswith("_")}
        assert public - named <= {"open", "render", "prepare", "name", "pixels"}
    check_renderer(mien.get_renderer("warp"))
