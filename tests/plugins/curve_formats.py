"""Curve formats of other people, laid out as installed packages: a good one and bad ones."""

from __future__ import annotations

from pathlib import Path

from tests.plugins import lay_out

EXAMPLE = Path(__file__).parent / "curve_format_example" / "csvx_curves.py"
GROUP = "mien.curve_formats"

_BAD = {
    "bad_import": "import a_package_that_nobody_has\n",
    "bad_shape": "class Format:\n    api_version = 1\n",
    "bad_version": (
        "import mien\n"
        "class Format(mien.CurveFormat):\n"
        "    api_version = 99\n"
        "    name, suffixes = 'future', ('.fut',)\n"
        "    def read(self, file): ...\n"
    ),
    "bad_suffix": (
        "import mien\n"
        "class Format(mien.CurveFormat):\n"
        "    api_version = 1\n"
        "    name, suffixes = 'thief', ('.npz',)\n"
        "    def read(self, file): ...\n"
    ),
    "bad_read": (
        "import mien\n"
        "class Format(mien.CurveFormat):\n"
        "    api_version = 1\n"
        "    name, suffixes = 'liar', ('.lie',)\n"
        "    def read(self, file):\n"
        "        return {'jawOpen': 1}\n"
    ),
}


def install_example(folder: Path) -> Path:
    """Install the package of `curve_format_example/`, which knows `.csvx`, into a folder."""
    points = {GROUP: {"csvx": "csvx_curves:CsvxFormat"}}
    return lay_out(folder, "csvx-curves", points, {"csvx_curves": EXAMPLE.read_text()})


def install_bad(folder: Path) -> Path:
    """Install packages whose formats cannot be used, and one that reads what are no curves."""
    for module, text in _BAD.items():
        points = {GROUP: {module: f"{module}:Format"}}
        lay_out(folder, module.replace("_", "-"), points, {module: text})
    return folder
