"""Work that is broken off: what is run, in which folder, and what it leaves when it is whole.

Every work begins from a folder that `prepare` made, usually with an older result in it, and runs in
a process of its own (tests/faults/campaign.py). What it leaves is compared file by file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2

__all__ = ["WORKS", "Inputs", "Work", "cli", "files_of"]

_MOVIES = {".mp4", ".mov", ".mkv", ".webm", ".mxf", ".m4v"}
_PIXELS = {".png", ".tif"}
SMILE = ("--set", "mouthSmile=+0.5")


@dataclass(frozen=True)
class Inputs:
    """What works are made from; nobody writes to it.

    Attributes:
        folder: Where it lies.
        url: A server with a file of a model.
        clip: A film with a face.
        project: The film, tracked.
    """

    folder: Path
    url: str
    clip: Path
    project: Path


def cli(*arguments: object) -> int:
    """Run the command line in this process."""
    from mien.cli.main import run

    return run([str(argument) for argument in arguments])


def _nothing(inputs: Inputs, folder: Path) -> None:
    pass


@dataclass(frozen=True)
class Work:
    """One kind of work.

    Attributes:
        name: What to call it.
        run: Does it, in a folder; gives the exit code.
        prepare: Puts there what it begins with.
        each: Whether files of the result are of use one by one, as segments of a proxy.
        gaps: Whether files may be missing for a moment, but old ones never lie among new.
        loose: Endings of files that hold times, and are compared by their names alone.
        kinds: What it is part of: `kills`, `disks`.
        check: More that is to hold after a kill, and after the next run; gives what does not.
        own: Whether `check` alone says what is lost after a kill.
        kept: Whether it keeps at work when its disk is full, as caches do.
    """

    name: str
    run: Callable[[Inputs, Path], int]
    prepare: Callable[[Inputs, Path], None] = _nothing
    each: bool = False
    gaps: bool = False
    loose: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("kills", "disks")
    check: Callable[[Path], list[str]] = field(default=lambda folder: [])
    own: bool = False
    kept: bool = False


def files_of(folder: Path, loose: tuple[str, ...] = ()) -> dict[str, str]:
    """Every file below a folder, hidden ones too, with a digest of what it holds.

    Films are compared by their packets and images by their pixels: what a writer says of itself
    and of the time of day is no part of them.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        # The first run on a machine notes that it made a certificate, and no later one does.
        if path.name == "notes.json" or (path.is_dir() and not path.is_symlink()):
            continue
        with contextlib.suppress(FileNotFoundError):
            found[name] = "" if path.name.endswith(loose or ("\0",)) else _digest(path)
    return found


def _digest(path: Path) -> str:
    if path.suffix == ".c2pa":
        return ""  # signed with a time: no two are alike
    digest = hashlib.sha256()
    hidden = path.name.startswith(".")
    if path.suffix in _MOVIES and not hidden and path.stat().st_size > 1000:
        try:
            with av.open(str(path)) as film:
                for packet in film.demux():
                    digest.update(f"{packet.stream_index} {packet.pts} {packet.dts}".encode())
                    digest.update(bytes(packet))
        except av.FFmpegError as error:
            return f"broken: {error}"
    elif path.suffix in _PIXELS and not hidden:
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        digest.update(b"broken" if picture is None else picture.tobytes())
    else:
        digest.update(path.read_bytes())
    return digest.hexdigest()


# --- what is done -------------------------------------------------------------------------


def _track(inputs: Inputs, folder: Path) -> int:
    return cli("track", inputs.clip, "-o", folder / "out.mien", "--overwrite", "--quiet")


def _old(name: str) -> Callable[[Inputs, Path], None]:
    def prepare(inputs: Inputs, folder: Path) -> None:
        (folder / name).write_bytes(b"the result of yesterday")

    return prepare


def _render(name: str, *options: object) -> Callable[[Inputs, Path], int]:
    def run(inputs: Inputs, folder: Path) -> int:
        return cli("render", inputs.project, "-o", folder / name, *SMILE, "--renderer", "warp",
                   "--no-keep-occluders", "--overwrite", "--quiet", *options)  # fmt: skip

    return run


def _costly(inputs: Inputs, folder: Path) -> int:
    import mien
    from tests.faults.slow_render import SlowBlusher

    mien.register_renderer(SlowBlusher(folder.with_name("frames.log"), wait=0.01))
    return cli("render", inputs.project, "-o", folder / "out.mkv", *SMILE, "--renderer", "slow",
               "--frames", "0:12", "--no-keep-occluders",
                              "--overwrite", "--quiet")  # fmt: skip


def _old_images(inputs: Inputs, folder: Path) -> None:
    _render("out.%03d.png", "--frames", "0:4")(inputs, folder)


def _images(inputs: Inputs, folder: Path) -> int:
    return _render("out.%03d.png", "--frames", "2:6", "--set", "jawOpen=0.2")(inputs, folder)


def _copied(inputs: Inputs, folder: Path) -> None:
    shutil.copy(inputs.project, folder / "x.mien")


def _save(inputs: Inputs, folder: Path) -> int:
    from mien.io.project import load_document
    from mien.session.commands import set_key
    from mien.session.session import Session

    path = folder / "x.mien"
    document = load_document(path, find_media=False)
    session = Session(document)
    session.replace(document, path)
    shot = document.shots[0]
    session.apply(
        "Key", lambda now: set_key(now, shot.id, shot.shot.faces[0].number, "jawOpen", 3, 1.0)
    )
    session.save()
    return 0


def _edit(inputs: Inputs, folder: Path) -> int:
    return cli("edit", folder / "x.mien", "--set", "jawOpen=0.3@2:9", "--quiet")


def _autosave(inputs: Inputs, folder: Path) -> int:
    from mien.io.project import load_document
    from mien.session.commands import set_key
    from mien.session.recovery import Recovery, discard, recoverable

    place = folder / "recovery"
    recovery = Recovery(place)
    for entry in recoverable(place):
        recovery.recover(entry)
        discard(entry)
        break
    document = load_document(inputs.project, find_media=False)
    shot = document.shots[0]
    for step in range(8):
        document = set_key(document, shot.id, shot.shot.faces[0].number, "jawOpen", step, 1.0)
        recovery.write(document, folder / "x.mien")
        (folder.with_name("kept")).write_text(str(step))
    recovery.close()
    return 0


def _recovered(folder: Path) -> list[str]:
    """Lost after a kill: anything that was told to be kept."""
    from mien.session.recovery import Recovery, recoverable

    note = folder.with_name("kept")
    kept = int(note.read_text() or -1) if note.exists() else -1
    place = folder / "recovery"
    entries = recoverable(place)
    if not entries:
        # Let go on purpose, after the last step, or killed before the first.
        return [] if kept in (-1, 7) else [f"step {kept} was kept, and nothing is offered"]
    copy = folder.with_name("looked at")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(place, copy)
    recovery = Recovery(copy)
    document = recovery.recover(recoverable(copy)[0]).document
    recovery.close()
    keys = document.shots[0].edits[0].layers[0].tracks[0].keys
    lost = [f"step {kept} was kept, {len(keys)} keys are there"] if len(keys) <= kept else []
    return lost


def _fetch(inputs: Inputs, folder: Path) -> int:
    from mien.weights.fetch import fetch
    from mien.weights.store import Model, ModelFile
    from tests.faults.serving import TEXT

    os.environ["MIEN_MODELS"] = str(folder / "models")
    file = ModelFile(
        "sub/numbers.json", "json", f"{inputs.url}/numbers.json", len(TEXT),
        hashlib.sha256(TEXT).hexdigest(),
    )  # fmt: skip
    fetch(Model("test", "", "reference", "free", "commercial", "x", (file,)))
    return 0


def _library(inputs: Inputs, folder: Path) -> int:
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    return _render("out.mp4", "--set", "jawOpen=0.4", "--frames", "0:4")(inputs, folder)


def _proxy(inputs: Inputs, folder: Path) -> int:
    from mien.media.probe import probe
    from mien.preview import proxy_files, proxy_maker

    for module in (proxy_files, proxy_maker):
        vars(module)["SEGMENT"] = 5
    facts = probe(inputs.clip)
    sys.argv = ["", str(inputs.clip), facts.fingerprint, str(folder), str(facts.stream), "error"]
    given, _ = os.pipe()
    sys.stdin = os.fdopen(given)
    return proxy_maker.main()


def _batch(inputs: Inputs, folder: Path) -> int:
    jobs = folder.with_name("jobs.yaml")
    shot = {"name": "shot", "media": str(inputs.clip), "project": str(inputs.project),
            "set": ["mouthSmile=+0.4@2:24"]}  # fmt: skip
    jobs.write_text(json.dumps({"renderer": "warp", "shots": [shot]}))
    # A batch starts workers of its own, and they begin as it did.
    os.execv(sys.executable, [
        sys.executable, "-m", "mien", "batch", str(jobs), "-o", str(folder / "out"), "--chunk", "9",
        "--workers", "1", "--quiet",
    ])  # fmt: skip


def _curves(name: str) -> Work:
    def run(inputs: Inputs, folder: Path) -> int:
        return cli("curves", inputs.project, "-o", folder / name, "--overwrite", "--quiet")

    return Work(f"curves {Path(name).suffix}", run, _old(name), kinds=("disks",))


def _film(name: str, *options: str) -> Work:
    return Work(
        f"render {Path(name).suffix}",
        _render(name, "--frames", "0:4", *options),
        _old(name),
        kinds=("disks",),
    )


def _stills(suffix: str) -> Work:
    name = f"out.%03d{suffix}"
    run = _render(name, "--frames", "0:3")

    def prepare(inputs: Inputs, folder: Path) -> None:
        (folder / f"out.000{suffix}").write_bytes(b"the result of yesterday")

    return Work(f"images {suffix}", run, prepare, gaps=True, kinds=("disks",))


def _simple(name: str, output: str, verb: str, option: str) -> Work:
    def run(inputs: Inputs, folder: Path) -> int:
        return cli(verb, inputs.project, option, folder / output, "--overwrite", "--quiet")

    return Work(name, run, _old(output), kinds=("disks",))


def _expressions(inputs: Inputs, folder: Path) -> int:
    from mien.session.presets import UserExpressions

    UserExpressions(folder / "expressions.json").add("mine", {"jawOpen": 0.3})
    return 0


WORKS = (
    Work("save", _save, _copied),
    Work("edit", _edit, _copied),
    Work("autosave", _autosave, check=_recovered, own=True),
    Work("render", _render("out.mp4", "--frames", "0:12"), _old("out.mp4")),
    Work("costly", _costly, _old("out.mkv")),
    Work("images", _images, _old_images, gaps=True),
    Work(
        "batch",
        _batch,
        each=True,
        kinds=("kills",),
        loose=("summary.json", "events.jsonl", ".html", "output.json", "lock", "writing"),
    ),
    Work("track", _track, _old("out.mien")),
    Work("library", _library, _old("out.mp4"), kept=True),
    Work("proxy", _proxy, each=True, loose=("lock",)),
    Work("fetch", _fetch, each=True, loose=("installed.json",)),
    _film("out.mov"),
    _film("out.mkv", "--lossless"),
    _film("out.webm"),
    _film("out.mxf", "--codec", "dnxhr"),
    *map(_stills, (".png", ".tif", ".exr", ".dpx")),
    *map(_curves, ("c.npz", "c.csv", "c.json", "c.usda", "c.usdc", "c.glb")),
    _simple("info page", "i.html", "info", "--html"),
    _simple("info sheet", "i.png", "info", "--sheet"),
    _simple("read", "r.svg", "read", "--picture"),
    Work("expressions", _expressions, loose=(".lock",), kinds=("disks",)),
)
