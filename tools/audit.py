"""Look up known vulnerabilities of what is installed for mien, by pip-audit (`make audit`).

The service of pip-audit cannot be reached from everywhere, and an index that mirrors
another may not know of vulnerabilities at all. What could not be looked up is said, and is no
finding: exit code 0. Exit code 1 are vulnerabilities that are known, 2 that pip-audit is missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from installed import installed


def main() -> int:
    """Print what is known of each package, and return the exit code."""
    packages = installed()
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.txt"
        # A local label, as of torch's builds for CPUs, is known to no service.
        lines = [f"{one.name}=={one.version.partition('+')[0]}" for one in packages]
        wanted.write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", wanted, "--no-deps",
             "--disable-pip", "--progress-spinner", "off", "--format", "json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["no answer"]
        if last[0].endswith("No module named pip_audit"):
            print(f"pip-audit is not installed ({last[0]}): pip install -e '.[dev]'")
            return 2
        print(f"Nothing was looked up, pip-audit's service cannot be reached: {last[0]}")
        return 0
    return report(answer["dependencies"])


def report(packages: list[dict[str, Any]]) -> int:
    """Print what pip-audit answered, and return the exit code.

    Args:
        packages: Its `dependencies`: name, version, `vulns`, or `skip_reason`.
    """
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    known = [(one, bug) for one in packages for bug in one.get("vulns", ())]
    for one, bug in known:
        fixed = ", ".join(bug.get("fix_versions", ())) or "no version"
        print(f"{one['name']} {one['version']}: {bug['id']}, fixed in {fixed}")
    checked = len(packages) - len(skipped)
    print(f"{checked} of {len(packages)} packages were looked up, {len(known)} vulnerabilities.")
    if skipped:
        print(f"Not known to the service that was reached: {', '.join(sorted(skipped))}.")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main())
