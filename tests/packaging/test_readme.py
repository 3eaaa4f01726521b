"""README.md asks for what CI installs, and for nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGE = r"(?:lib[a-z0-9.+-]+|make|python3-venv|espeak-ng|chromium)"


def test_ci_installs_the_packages_that_the_readme_names() -> None:
    text = re.sub(r"(?s)```.*?```", "", (ROOT / "README.md").read_text())
    named: set[str] = set()
    for span in re.findall(r"`([^`]+)`", text):
        words = span.removeprefix("apt-get install ").split()
        if all(re.fullmatch(_PACKAGE, word) for word in words) and words != ["make"]:
            named.update(words)
    script = (ROOT / ".ci" / "run").read_text()
    (listed,) = re.findall(r"PACKAGES=\(\n(.*?)\n\)", script, re.DOTALL)
    assert sorted(listed.split()) == sorted(named)


def test_ci_runs_nothing_that_a_user_would_not_have() -> None:
    script = ROOT / ".ci" / "run"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "make test"
