"""Packages of somebody else, laid out as an installer would, without one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["installed_plugin", "lay_out"]


def lay_out(
    folder: Path,
    package: str,
    entries: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str] = {},
    *,
    version: str = "1.0",
) -> Path:
    """Write an installed package into a folder; with that on the path it is found.

    Args:
        folder: What is put on `sys.path` or PYTHONPATH.
        package: The package's name.
        entries: Entry points: by group, by name, `module:object`.
        modules: Source text by module name.
        version: The package's version.

    Returns:
        The folder.
    """
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    lines = []
    for group, points in entries.items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    return folder


def installed_plugin(source: Path, folder: Path) -> Path:
    """Install a package of one file, without an installer.

    Args:
        source: Its folder, with a `pyproject.toml` and its modules.
        folder: What is put on `sys.path` or PYTHONPATH.

    Returns:
        The folder.
    """
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    modules = {path.stem: path.read_text() for path in source.glob("*.py")}
    return lay_out(
        folder, project["name"], project["entry-points"], modules, version=project["version"]
    )
