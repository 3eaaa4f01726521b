"""What mien keeps for itself on disk, where anybody may have been: presets, recoveries, caches."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from mien.io import relink
from mien.io.tracked_cache import TrackedCache
from mien.jobs.job import ShotJob
from mien.jobs.journal import OutputRecord, ShotJournal
from mien.jobs.shot_task import ShotSpec, read_shot_spec
from mien.media.planes import Plate
from mien.model.document import Document
from mien.path_map import read_rules
from mien.pipeline.gains_cache import GainsCache
from mien.preview import strips
from mien.preview.playback_cache import pack as pack_picture
from mien.preview.playback_cache import unpack as unpack_picture
from mien.preview.proxy_files import ProxyFolder
from mien.rendering import frame_files
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.session.presets import UserExpressions
from mien.session.recovery import Recovery, recoverable
from mien.timebase import FrameRange
from tests.documents import make_media, make_shot
from tests.fuzz.target import Target, put
from tests.fuzz.targets.documents import edited_project
from tests.media.test_plates import plate_of

__all__ = ["TARGETS"]


def _presets(folder: Path) -> Mapping[str, bytes]:
    kept = UserExpressions(folder / "expressions.json")
    kept.add("half smile", {"mouthSmileLeft": 0.4})
    kept.add("look", {"gazeYawLeft": 3, "gazeYawRight": 3})
    return {"expressions.json": kept.path.read_bytes()}


def _read_presets(path: Path) -> None:
    kept = UserExpressions(path)
    kept.all()
    other = UserExpressions(path.with_name("other.json"))
    try:
        other.import_from(path)
    finally:
        # It can be written again, whatever was in it.
        kept.add("mine", {"jawOpen": 0.5})
        assert [one.name for one in kept.all()][-1] == "mine"


@cache
def _recovery(folder: Path) -> Mapping[str, bytes]:
    session = Recovery(folder / "made")
    session.write(Document((edited_project(),)), folder / "a.mien")
    session.close(keep=True)
    (kept,) = (folder / "made").iterdir()
    return {f"one/{one.name}": one.read_bytes() for one in kept.iterdir() if one.name != "lock"}


def _place_recovery(folder: Path, name: str, data: bytes) -> Path:
    """The harmed recovery beside a whole one."""
    for whole, content in _recovery(_FOLDER[0]).items():
        put(folder, f"recovery/{whole}", content)
        put(folder, f"recovery/{whole.replace('one/', 'two/')}", content)
    put(folder, f"recovery/{name}", data)
    return folder / "recovery"


_FOLDER: list[Path] = []


def _recovery_seeds(folder: Path) -> Mapping[str, bytes]:
    _FOLDER[:] = [folder]
    return _recovery(folder)


def _read_recovery(path: Path) -> None:
    entries = recoverable(path)
    assert any(entry.folder.name == "two" for entry in entries), "a whole one was lost"
    for entry in entries:
        session = Recovery(path)
        try:
            session.recover(entry)
        finally:
            session.close(keep=True)


def _library() -> FaceLibrary:
    rng = np.random.default_rng(1)
    frames = [
        LibraryFrame(
            number, rng.integers(0, 255, (8, 8, 3)).astype(np.uint8),
            rng.normal(size=(478, 2)).astype(np.float32), np.zeros(2, np.float32), 1.0,
            np.zeros(59, np.float32), np.eye(3, dtype=np.float32), None,
        )
        for number in range(2)
    ]  # fmt: skip
    return FaceLibrary(tuple(frames), ("a remark",))


def _appearance(folder: Path) -> Mapping[str, bytes]:
    cache = AppearanceCache(folder / "appearance")
    cache.store("key", _library(), None)
    (entry,) = cache.entries()
    return {"key.npz": entry.path.read_bytes()}


def _tracked(folder: Path) -> Mapping[str, bytes]:
    shot = make_shot(6)
    cache = TrackedCache("v", folder / "tracked")
    cache.store(shot, None)
    (entry,) = cache.entries()
    return {entry.path.name: entry.path.read_bytes()}


def _read_tracked(path: Path) -> None:
    TrackedCache("v", path.parent).load(make_media(6), None)


def _journal(folder: Path) -> Mapping[str, bytes]:
    journal = ShotJournal(folder, "shot")
    journal.note(OutputRecord("key", "out.mov", "digest", 3, 1.5, ("old.mov",), 6))
    journal.add_notes("key", ["a note"])
    report = {"page": "a.html", "data": "a.json", "passed": True, "failed": [], "problem": None}
    journal.keep_report("key", report)
    return {
        f"shots/shot/{name}": (journal.folder / name).read_bytes()
        for name in ("output.json", "notes.json", "report.json")
    }


def _place_journal(folder: Path, name: str, data: bytes) -> Path:
    put(folder, f"{ShotJournal(folder, 'shot').folder.parents[1].name}/{name}", data)
    return folder


def _read_journal(path: Path) -> None:
    journal = ShotJournal(path, "shot")
    journal.record()
    journal.outputs()
    journal.whole("key", path / "out.mov")
    journal.notes("key")
    journal.report("key")
    journal.add_notes("key", ["another"])


def _orders(folder: Path) -> Mapping[str, bytes]:
    job = ShotJob(name="a", media=folder / "a.mov", set=("jawOpen=0.2",), renderer="warp")
    spec = ShotSpec.of(job, FrameRange(0, 6), folder / "o.mov", folder)
    rules = {"path_mapping_rules": [{"source_path_format": "POSIX", "source_path": "/a",
             "destination_path": "/b"}]}  # fmt: skip
    return {"order.json": spec.to_json().encode(), "map.json": json.dumps(rules).encode()}


def _read_order(path: Path) -> None:
    if path.name == "map.json":
        read_rules(path)
    else:
        read_shot_spec(path)


_PICTURE = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


def _proxies(folder: Path) -> Mapping[str, bytes]:
    proxy = ProxyFolder(folder, make_media(3))
    proxy.used()
    proxy.write(0, [pack_picture(_PICTURE)] * 3)
    bins = io.BytesIO()
    np.save(bins, np.zeros((2, 9), np.int16))
    return {"0.frames": proxy.file(0).read_bytes(), "peaks.npy": bins.getvalue(),
            "a.jpg": pack_picture(_PICTURE)}  # fmt: skip


def _read_proxy(path: Path) -> None:
    if path.suffix == ".npy":
        strips._kept(path)
    elif path.suffix == ".jpg":
        unpack_picture(path.read_bytes())
    else:
        proxy = ProxyFolder(path.parent / "root", make_media(3))
        proxy.path.mkdir(parents=True, exist_ok=True)
        os.replace(path, proxy.file(0))
        for frame in range(3):
            proxy.picture(frame)


@cache
def _plate() -> Plate:
    return plate_of("yuv420p")[1]


def _frames(folder: Path) -> Mapping[str, bytes]:
    plate = _plate()
    planes = [plane + 1 for plane in plate.planes]
    return {"00000001-0123456789abcdef.frame": frame_files.pack(
        "key0123456789abcdef", 1, plate, plate.with_planes(planes))}  # fmt: skip


def _read_frame(path: Path) -> None:
    frames = frame_files.FrameFolder(path.parent, "key", lambda frame: "0123456789abcdef")
    assert frames.kept == {1}
    frames.find(1, _plate())


def _notes(folder: Path) -> Mapping[str, bytes]:
    return {"note": b"/a/b.mov\0/c/d.mov"}


def _read_notes(path: Path) -> None:
    note = relink._note("content")
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_bytes(path.read_bytes())
    media = replace(make_media(6), fingerprint="content")
    relink.find_media(media.path, "content", path.parent, "a.mien")


def _gains(folder: Path) -> Mapping[str, bytes]:
    cache = GainsCache(folder)
    cache.store("face", "edit", {"mouthSmile": 1.25, "browDown": 0.875})
    cache.store("face", "other", {})
    return {"face.json": (folder / "face.json").read_bytes()}


def _read_gains(path: Path) -> None:
    cache = GainsCache(path.parent)
    for gains in (cache.load("face", "edit") or {}, cache.last("face")):
        assert all(0.25 <= gain <= 4 for gain in gains.values())
    cache.store("face", "more", {"jawOpen": 1.125})
    assert cache.load("face", "more") == {"jawOpen": 1.125}


TARGETS = (
    Target("presets", _presets, _read_presets),
    Target("recovery", _recovery_seeds, _read_recovery, _place_recovery),
    Target("cache-appearance", _appearance,
           lambda path: AppearanceCache(path.parent).load(path.stem)),
    Target("cache-tracked", _tracked, _read_tracked),
    Target("cache-gains", _gains, _read_gains),
    Target("journal", _journal, _read_journal, _place_journal),
    Target("orders", _orders, _read_order),
    Target("proxies", _proxies, _read_proxy),
    Target("frames", _frames, _read_frame),
    Target("notes", _notes, _read_notes),
)  # fmt: skip
