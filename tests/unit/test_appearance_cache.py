"""Libraries that are kept for the next render: the same pixels, and never in anybody's way."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.cli.main import run
from mien.media.planes import Plate
from mien.model.shot import Shot
from mien.rendering.appearance import cache as cache_module
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.base import Patch, RenderRequest
from mien.rendering.warp.renderer import WarpRenderer
from tests.unit.test_appearance_library import Performance

FEW = 4
"""Frames in which a mouth is looked for, its inside and its teeth; these are not kept."""


class Filmed(Performance):
    """A performance in a file of its own, which notes what is read of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(frames=16)
        path = folder / "take.mkv"
        path.write_bytes(b"film")
        media = replace(self.shot.media, path=path, fingerprint="take")
        self.shot = Shot(media, self.faces)
        self.read: list[int] = []

    def plate(self, frame: int) -> Plate:
        self.read.append(frame)
        return super().plate(frame)

    def render(self) -> tuple[Patch, tuple[str, ...]]:
        """The first frame with an edit, by a session of its own, and its remarks."""
        self.read.clear()
        plan = self.plan(mouthSmileLeft=0.7, browInnerUp=0.3)
        with WarpRenderer().open(self.shot, self) as session:
            session.prepare([plan])
            patch = session.render(RenderRequest(plan, 0, super().plate(0)))
            assert patch is not None
            return patch, session.notes


@pytest.fixture
def filmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Filmed:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Filmed(tmp_path)


def kept_file() -> Path:
    (entry,) = AppearanceCache().entries()
    return entry.path


def test_the_next_render_reads_next_to_nothing_and_makes_the_same_pixels(filmed: Filmed) -> None:
    first, _ = filmed.render()
    assert len(filmed.read) > FEW
    second, notes = filmed.render()
    assert len(filmed.read) <= FEW
    assert notes == ()
    assert np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(first.mask, second.mask)


def test_what_is_kept_is_all_that_was_learned(filmed: Filmed) -> None:
    filmed.render()
    kept = AppearanceCache()
    key = kept.key(filmed.shot, filmed.face)
    assert key is not None
    loaded = kept.load(key)
    assert loaded is not None
    library, skin = loaded
    assert skin is not None
    assert library.fingerprint == filmed.library().fingerprint
    other = AppearanceCache(kept.folder / "other")
    other.store(key, library, None)
    again = other.load(key)
    assert again is not None
    assert again[1] is None
    assert again[0].fingerprint == library.fingerprint


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_file_is_made_again(filmed: Filmed, damage: str) -> None:
    first, _ = filmed.render()
    path = kept_file()
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 3] ^= 255
    else:
        content = bytearray() if damage == "empty" else bytearray(b"no archive at all")
    path.write_bytes(content)
    again, notes = filmed.render()
    assert len(filmed.read) > FEW
    assert notes == ()
    assert np.array_equal(first.rgb, again.rgb)
    filmed.render()
    assert len(filmed.read) <= FEW, "it was kept again"


def test_a_folder_that_cannot_be_made_is_said_once_and_the_render_goes_on(filmed: Filmed) -> None:
    folder = AppearanceCache().folder
    folder.parent.mkdir(parents=True)
    folder.write_text("a file in its place")
    patch, notes = filmed.render()
    assert patch.mask.any()
    assert len(notes) == 1
    assert str(folder) in notes[0]


def test_a_full_disk_is_said_and_leaves_nothing_behind(
    filmed: Filmed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "save", full)
    _, (note,) = filmed.render()
    assert "no space left" in note
    assert list(AppearanceCache().folder.iterdir()) == []


def test_another_take_or_another_tracking_is_another_entry(filmed: Filmed) -> None:
    kept = AppearanceCache()
    key = kept.key(filmed.shot, filmed.face)
    moved = replace(filmed.face, landmarks=filmed.face.landmarks + np.float32(1))
    assert key != kept.key(filmed.shot, moved)
    filmed.shot.media.path.write_bytes(b"another take")
    assert key != kept.key(filmed.shot, filmed.face)
    filmed.shot.media.path.unlink()
    assert kept.key(filmed.shot, filmed.face) is None
    assert kept.key(Performance().shot, filmed.face) is None, "frames that are in no file"


def test_the_longest_unused_goes_first(filmed: Filmed, monkeypatch: pytest.MonkeyPatch) -> None:
    filmed.render()
    kept = AppearanceCache()
    library = filmed.library()
    old = kept_file()
    os.utime(old, (1, 1))
    kept.store("a" * 32, library, None)
    most = sum(entry.size for entry in kept.entries()) + 1000
    monkeypatch.setattr(cache_module, "_MOST_BYTES", most)
    kept.store("b" * 32, library, None)
    names = {entry.path.stem for entry in kept.entries()}
    assert old.stem not in names
    assert {"a" * 32, "b" * 32} == names
    assert sum(entry.size for entry in kept.entries()) <= most


def test_the_command_lists_and_clears(filmed: Filmed, capsys: pytest.CaptureFixture[str]) -> None:
    filmed.render()
    assert run(["cache", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(face["path"]) for face in told["entries"]] == [kept_file()]
    assert run(["cache"]) == 0
    assert "1 faces" not in (out := capsys.readouterr().out)
    assert "1 face," in out
    assert run(["cache", "--clear"]) == 0
    assert "removed" in capsys.readouterr().out
    assert AppearanceCache().entries() == []
