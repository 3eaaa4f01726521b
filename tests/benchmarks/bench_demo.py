"""How long `mien demo` takes once it is installed: under two minutes on two cores."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mien.demo import run_demo


def main() -> None:
    """Print the seconds of every stage and of all."""
    with tempfile.TemporaryDirectory() as folder:
        report = run_demo(Path(folder, "demo"), progress=False)
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in report.seconds.items())
    print(f"demo: {sum(report.seconds.values()):.0f} s (at most 120): {stages}")
