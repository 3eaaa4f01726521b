"""Build mien's sdist and wheel so that the same commit gives the same bytes (`make dist`).

    SOURCE_DATE_EPOCH=... python tools/build_dist.py dist

setuptools builds both; what depends on when and where that happens is then taken out of the sdist
(times, owners, modes, order), and the wheel is built from that sdist. Without SOURCE_DATE_EPOCH the
time is that of the last commit. The environment must have setuptools.
"""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BUILD = "import sys, setuptools.build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"


def main(target: Path) -> None:
    """Build both into a folder."""
    os.umask(0o022)  # the rights of what setuptools writes get into the wheel
    target.mkdir(parents=True, exist_ok=True)
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _commit_time()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        copy = work / "copy"
        _copy(copy)
        name = _run("build_sdist", copy, work, epoch)
        sdist = target / name
        sdist.write_bytes(normalised((work / name).read_bytes(), int(epoch)))
        with tarfile.open(sdist) as archive:
            archive.extractall(work / "sdist", filter="data")
        (unpacked,) = (work / "sdist").iterdir()
        wheel = _run("build_wheel", unpacked, work, epoch)
        (target / wheel).write_bytes((work / wheel).read_bytes())
    print(sdist)
    print(target / wheel)


def normalised(archive: bytes, epoch: int) -> bytes:
    """Return a .tar.gz without the times, owners, modes and order of where it was made.

    Args:
        archive: The archive.
        epoch: Seconds since 1970 that all its files are given.
    """
    tar = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as source,
        tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as sink,
    ):
        for member in sorted(source.getmembers(), key=lambda one: one.name):
            clean = tarfile.TarInfo(member.name)
            clean.type, clean.mtime = member.type, epoch
            clean.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            content = source.extractfile(member) if member.isfile() else None
            clean.size = member.size if content is not None else 0
            sink.addfile(clean, content)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=epoch) as file:
        file.write(tar.getvalue())
    return packed.getvalue()


def _copy(target: Path) -> None:
    """Copy what git holds, so that nothing else of a working tree gets in, and nothing is left."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, names)):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())


def _run(hook: str, folder: Path, target: Path, epoch: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, hook, str(target)], cwd=folder, text=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch}, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"setuptools failed:\n{done.stderr}")
    return done.stdout.splitlines()[-1]


def _commit_time() -> str:
    log = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "dist"))
