"""The command line: `python -m tests.fuzz`; see the package."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.runner import fuzz


def _arguments() -> argparse.Namespace:
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--count", type=int, default=0, help="inputs of each, in place of minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    parser.add_argument("--replay", type=Path, metavar="FILE", help="a crash that was kept")
    parser.add_argument("--write", type=Path, metavar="FILE", help="with --replay: keep the input")
    chosen = parser.parse_args()
    unknown = set(chosen.targets) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    chosen.targets = chosen.targets or list(TARGETS)
    return chosen


def _replay(path: Path, written: Path | None) -> int:
    """Read an input again, in a worker of its own, and print what happens."""
    facts = json.loads(path.read_text())
    with tempfile.TemporaryDirectory(prefix="mien-fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz.worker", facts["target"],
                   str(facts["seed"]), str(facts["number"]), "1", folder]  # fmt: skip
        environment = (
            os.environ
            | {
                f"XDG_{name}_HOME": f"{folder}/{name.lower()}"
                for name in ("STATE", "CACHE", "CONFIG")
            }
            | {"TMPDIR": folder}
        )  # as the runner's workers have it
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        crashes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for crash in crashes:
            print(f"{crash['kind']} at {crash['where']}\n{crash['text']}")
        if done.returncode:
            print((Path(folder) / "traces").read_text(), f"ended with {done.returncode}")
        if written is not None:
            name = facts.get("name", "")
            source = Path(folder) / "input" / name
            written.write_bytes(source.read_bytes())
    if not crashes and not done.returncode:
        print("It is read without a crash.")
    return int(bool(crashes or done.returncode))


def main() -> int:
    """Fuzz, print the tally."""
    chosen = _arguments()
    if chosen.replay:
        return _replay(chosen.replay, chosen.write)
    os.nice(max(0, 19 - os.nice(0)))
    found = 0
    for target in chosen.targets:
        tally = fuzz(
            target, chosen.seed, seconds=0 if chosen.count else chosen.minutes * 60,
            count=chosen.count, keep=chosen.keep, tell=lambda line: print("  " + line, flush=True),
        )  # fmt: skip
        print(tally.line(), flush=True)
        for key, (count, _, _) in sorted(tally.crashes.items()):
            print(f"    {count} x {key}", flush=True)
        found += len(tally.crashes)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
