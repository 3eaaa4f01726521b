"""Break work off again and again, and look what is lost: kills, and disks that fail.

    python -m tests.faults.campaign [WORK ...] [--kills N] [--seed S]
    python -m tests.faults.campaign --disks [WORK ...] [--tries N] [--seed S]

Kills come at random times, and, where there is a C compiler, just before a random call that puts
something on the disk, which finds the short moments in which files get their names. After each
kill every file under its final name has to be the old one or the new one, whole, and the next run
has to end as one that nobody disturbed, with nothing left beside it.

Disks answer ENOSPC, EDQUOT or EIO from some call on. Work has to end with an error that names the
place and a remedy, with what was there before still there and nothing beside it; or, if it can do
without what it could not write, as a cache, with the right result.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import faulty_calls, serving
from tests.faults.works import SMILE, WORKS, Inputs, Work, cli, files_of

__all__ = ["Row", "break_disks", "kill_at_random", "made_inputs", "main"]

_LIMIT = 120.0
"""Seconds after which work hangs."""


@dataclass
class Row:
    """What came of one work.

    Attributes:
        work: Its name.
        tries: How often it was broken off.
        problems: What was lost, or left behind; empty when all is well.
        finished: How often it was done before it could be broken off.
        words: What was said, of failing disks.
    """

    work: str
    tries: int = 0
    finished: int = 0
    problems: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


@dataclass
class _Child:
    """Work at hand in a process of its own, the first of its group."""

    process: int
    said: Path
    code: int | None = None

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds; its code is known then."""
        until = time.monotonic() + seconds
        while self.code is None:
            found, status = os.waitpid(self.process, os.WNOHANG)
            if found:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                return False
            else:
                time.sleep(0.002)
        return True

    def kill(self) -> None:
        """Kill it, and it alone: what it started has to notice."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        self.wait(_LIMIT)

    def orphans(self) -> bool:
        """Whether processes that it started live on, after a while to notice."""
        for _ in range(200):
            try:
                os.killpg(self.process, 0)
            except (ProcessLookupError, PermissionError):
                return False
            time.sleep(0.05)
        os.killpg(self.process, signal.SIGKILL)
        return True


def _start(
    work: Work, inputs: Inputs, folder: Path, call: int = 0, error: int = 0, count: bool = False
) -> _Child:
    said = folder.with_name("said")
    process = os.fork()
    if process:
        return _Child(process, said)
    code = 70
    try:
        os.setsid()
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for kind in ("STATE", "CACHE", "DATA", "CONFIG"):
            os.environ.setdefault(f"XDG_{kind}_HOME", str(folder.with_name(kind.lower())))
        if call or count:
            faulty_calls.arm(folder, call, error)
        code = _run(work, inputs, folder)
        sys.stdout.flush()
        if count:
            folder.with_name("calls").write_text(str(faulty_calls.calls()))
    finally:
        os._exit(code)


def _run(work: Work, inputs: Inputs, folder: Path) -> int:
    from mien.errors import MienError

    try:
        return work.run(inputs, folder)
    except MienError as error:
        print(f"mien: error: {error.cause} {error.remedy}")
        return error.exit_code
    except BaseException as error:  # noqa: BLE001 - it is what is looked for
        print(f"Traceback: {type(error).__name__}: {error}")
        return 71


@dataclass
class _Bench:
    """One work with what it begins from, and what it leaves when nobody disturbs it."""

    work: Work
    inputs: Inputs
    place: Path
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    calls: int = 0

    @property
    def folder(self) -> Path:
        return self.place / "folder"

    def begin(self) -> None:
        """Put things as they were before the work."""
        self.place.mkdir(exist_ok=True)
        for name in ("folder", "kept", "frames.log", "looked at"):
            path = self.place / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.copytree(self.place / "start", self.folder, symlinks=True)

    def measure(self) -> None:
        """See what it does when it is left alone."""
        (self.place / "start").mkdir(parents=True)
        first = Work(self.work.name, lambda inputs, folder: _prepared(self.work, inputs, folder))
        child = _start(first, self.inputs, self.place / "start")
        assert child.wait(_LIMIT), "preparing it hangs"
        assert child.code == 0, child.said.read_text()
        self.begin()
        self.before = self.files()
        began = time.monotonic()
        child = _start(self.work, self.inputs, self.folder, count=faulty_calls.preloaded())
        assert child.wait(_LIMIT), "it hangs"
        assert child.code == 0, child.said.read_text()
        self.seconds = time.monotonic() - began
        self.after = self.files()
        counted = self.place / "calls"
        self.calls = int(counted.read_text()) if counted.exists() else 0

    def files(self) -> dict[str, str]:
        return files_of(self.folder, self.work.loose)

    def losses(self) -> list[str]:
        """What is under a final name and is neither the old nor the new."""
        if self.work.own:
            return self.work.check(self.folder)
        found, lost = self.files(), []
        final = {name: value for name, value in found.items() if not _hidden(name)}
        for name, value in final.items():
            if value not in (self.before.get(name), self.after.get(name)):
                lost.append(f"{name} is neither the old one nor the new")
        if self.work.gaps:
            # What is the same before and after, as sidecars that are compared by name, is neither.
            told = [n for n in final if self.before.get(n) != self.after.get(n)]
            old = [n for n in told if final[n] == self.before.get(n)]
            new = [n for n in told if n not in old]
            return lost + ([f"{old[0]} is old, and {new[0]} new"] if old and new else [])
        for name in self.before:
            if name not in found and name in self.after and not _hidden(name):
                lost.append(f"{name} is gone")
        new = [n for n in self.after if not _hidden(n) and n not in self.before]
        there = [name in final for name in new]
        if not self.work.each and any(there) and not all(there):
            lost.append(f"{sum(there)} of {len(there)} files are there")
        return lost + self.work.check(self.folder)

    def end(self) -> list[str]:
        """Run it once more to its end, and compare with what it is undisturbed."""
        child = _start(self.work, self.inputs, self.folder)
        if not child.wait(_LIMIT):
            child.kill()
            return ["the next run hangs"]
        if child.code:
            return [f"the next run ends with {child.code}: {_last(child.said)}"]
        found, wrong = self.files(), []
        for name in sorted(set(found) | set(self.after)):
            if name not in found:
                wrong.append(f"after the next run {name} is missing")
            elif name not in self.after:
                wrong.append(f"after the next run {name} is left over")
            elif found[name] != self.after[name]:
                wrong.append(f"after the next run {name} differs")
        return wrong


_USUAL = (
    "scipy.signal", "scipy.ndimage", "mien.cli.main", "mien.cli.shots", "mien.pipeline.render",
    "mien.rendering.warp", "mien.session.session", "mien.session.recovery", "mien.session.presets",
    "mien.session.commands", "mien.io.project", "mien.api.edits", "mien.weights.fetch",
)  # fmt: skip
"""What works import, where no first run has told."""


def _prepared(work: Work, inputs: Inputs, folder: Path) -> int:
    work.prepare(inputs, folder)
    return 0


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in Path(name).parts)


def _last(said: Path) -> str:
    lines = said.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing"


def kill_at_random(
    work: Work, inputs: Inputs, place: Path, kills: int, chance: random.Random
) -> Row:
    """Kill a work again and again, and see what is lost.

    Args:
        work: The work.
        inputs: What it is made from.
        place: A folder to work in, which is made.
        kills: How often it is killed.
        chance: When.
    """
    bench, row = _Bench(work, inputs, place), Row(work.name)
    bench.measure()
    fresh = True
    while row.tries < kills and row.finished < 10 * kills:
        if fresh:
            bench.begin()
        at_call = bench.calls and chance.random() < 0.5
        call = chance.randint(1, bench.calls) if at_call else 0
        child = _start(work, inputs, bench.folder, call, faulty_calls.KILL)
        ended = child.wait(_LIMIT if at_call else chance.uniform(0.0, bench.seconds))
        if not ended:
            child.kill()
        if child.code != -signal.SIGKILL:
            row.finished += 1
            fresh = True
            if child.code:
                row.problems.append(f"it ended with {child.code}: {_last(child.said)}")
                row.tries += 1
            continue
        row.tries += 1
        problems = ["processes live on"] if child.orphans() else []
        problems += bench.losses()
        # Sometimes what goes on is killed as well.
        fresh = bool(problems) or chance.random() < 0.7
        if fresh and not problems:
            problems = bench.end()
        row.problems += [f"kill {row.tries}: {problem}" for problem in problems]
    return row


def break_disks(work: Work, inputs: Inputs, place: Path, tries: int, chance: random.Random) -> Row:
    """Let the disk of a work fail, each way, at several moments.

    Args:
        work: The work.
        inputs: What it is made from.
        place: A folder to work in, which is made.
        tries: At how many moments, for each way.
        chance: When.
    """
    bench, row = _Bench(work, inputs, place), Row(work.name)
    bench.measure()
    for name, error in faulty_calls.ERRORS.items():
        moments = {1, bench.calls, *(chance.randint(1, bench.calls) for _ in range(tries - 2))}
        for call in sorted(moments):
            bench.begin()
            child = _start(work, inputs, bench.folder, call, error)
            row.tries += 1
            if not child.wait(_LIMIT):
                child.kill()
                row.problems.append(f"{name} at call {call}: it hangs")
                continue
            problems = _judged(bench, child, row)
            problems = problems or bench.end()
            row.problems += [f"{name} at call {call}: {problem}" for problem in problems]
    return row


def _judged(bench: _Bench, child: _Child, row: Row) -> list[str]:
    """What is wrong with how work ended on a disk that fails."""
    said = child.said.read_text(errors="replace")
    problems = bench.losses()
    if child.code == 0:
        row.finished += 1
        missing = [n for n in bench.after if not _hidden(n) and n not in bench.files()]
        if missing and not bench.work.kept:
            problems.append(f"it says that all is well, and {missing[0]} is not there")
        return problems
    row.words.append(_last(child.said))
    if "Traceback" in said or "Please report it" in said or child.code not in range(1, 8):
        problems.append(f"it ends with {child.code}: {_last(child.said)}")
    elif not said or not any(word in said for word in _REASONS):
        problems.append(f"it does not say why: {_last(child.said)}")
    left = [name for name in bench.files() if _hidden(name) and name not in bench.before]
    # What a download received is kept, and used by the next.
    left = [name for name in left if re.search(r"\.\d[^/]*\.partial$|\.new$", name)]
    return problems + [f"{name} is left behind" for name in left]


_REASONS = ("disk is full", "quota", "no space left", "input/output error", "disk failed")


@contextmanager
def made_inputs(
    place: Path, clip: Path | None = None, project: Path | None = None
) -> Iterator[Inputs]:
    """A clip, the clip tracked, and the server; both are made where none are given."""
    place.mkdir(parents=True, exist_ok=True)
    url, server = serving.serve()
    inputs = Inputs(place, url, clip or place / "clip.mp4", project or place / "clip.mien")
    try:
        if clip is None:
            child = _start(Work("inputs", _make_inputs), inputs, place)
            assert child.wait(_LIMIT)
            assert child.code == 0, child.said.read_text()
        yield inputs
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


def _make_inputs(inputs: Inputs, folder: Path) -> int:
    """Make the clip and its project, and say what was imported for a render of it."""
    from mien.demo import make_footage

    make_footage(inputs.clip, frames=25, size=(320, 180))
    code = cli("track", inputs.clip, "-o", inputs.project, "--quiet")
    code |= cli("render", inputs.project, "-o", folder / "clip.mov", *SMILE, "--quiet")
    code |= cli("edit", inputs.project, "--list", "--quiet")
    (folder / "modules").write_text("\n".join(sys.modules))
    return code


def _import_all(inputs: Inputs) -> None:
    """Import what works need, once: a forked process has it all, and starts at once."""
    said = inputs.folder / "modules"
    for name in said.read_text().split() if said.exists() else _USUAL:
        if not name.startswith("__"):
            with suppress(Exception):
                importlib.import_module(name)


def _print_row(row: Row, seconds: float) -> None:
    broken = len({problem.partition(":")[0] for problem in row.problems})
    first = row.problems[0] if row.problems else "nothing"
    figures = f"{row.tries:>11}{row.tries - broken:>9}{row.finished:>13}{seconds:>8.0f}"
    print(f"{row.work:<16}{figures}  {first}", flush=True)
    for line in [*row.problems[1:], *sorted(set(row.words))]:
        print(f"    {line}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", help=", ".join(work.name for work in WORKS))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--disks", action="store_true")
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clip", type=Path, help="a film with a face; made when not given")
    parser.add_argument("--project", type=Path, help="the film, tracked; made when not given")
    asked = parser.parse_args(arguments)
    if (asked.clip is None) != (asked.project is None):
        parser.error("--clip and --project go together")
    kind = "disks" if asked.disks else "kills"
    unknown = set(asked.works) - {work.name for work in WORKS if kind in work.kinds}
    if unknown:
        parser.error(f"no such work of {kind}: {', '.join(sorted(unknown))}")
    works = [w for w in WORKS if kind in w.kinds and w.name in (asked.works or [w.name])]
    if asked.disks and not faulty_calls.preloaded():
        print("no C compiler, or no preloading: disks cannot be made to fail")
        return 2
    failed = False
    act: Callable[[Work, Inputs, Path, int, random.Random], Row]
    act, count = (break_disks, asked.tries) if asked.disks else (kill_at_random, asked.kills)
    print(f"{'work':<16}{'broken off':>11}{'survived':>9}{'whole before':>13}{'seconds':>8}  lost")
    with (
        tempfile.TemporaryDirectory(prefix="mien-faults-") as scratch,
        made_inputs(Path(scratch) / "inputs", asked.clip, asked.project) as inputs,
    ):
        _import_all(inputs)
        for number, work in enumerate(works):
            began, place = time.monotonic(), Path(scratch) / f"work-{number}"
            row = act(work, inputs, place, count, random.Random(f"{asked.seed} {work.name}"))
            shutil.rmtree(place, ignore_errors=True)
            _print_row(row, time.monotonic() - began)
            failed |= bool(row.problems)
    return int(failed)


if __name__ == "__main__":
    faulty_calls.restart_preloaded("tests.faults.campaign")
    sys.exit(main())
