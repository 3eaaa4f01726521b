"""Renders that look at a few frames first, and correct how far they go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.errors import MissingDependencyError
from mien.model.occlusion import Occlusion
from mien.pipeline import close_loop, closed_loop, known_gains
from mien.pipeline.gains_cache import GainsCache
from mien.rendering import registry
from mien.rendering.base import CacheKey
from mien.rendering.plans import face_plans
from mien.rendering.warp.renderer import WarpRenderer
from mien.tracking.picture_reader import PictureReader
from tests.timid_renderer import TimidRenderer

pytestmark = pytest.mark.slow


class Blind(TimidRenderer):
    """The same, and nobody corrects it."""

    name = "blind"
    corrected = False


@pytest.fixture(autouse=True)
def _renderers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_registered", {})
        mien.register_renderer(TimidRenderer())
        mien.register_renderer(Blind())
        yield


@pytest.fixture(scope="module")
def shot(tracked_360p: Path) -> mien.Shot:
    from dataclasses import replace

    shot = mien.load_project(tracked_360p).shot
    return replace(shot, occlusion=Occlusion(detect=False))


def smile(shot: mien.Shot, amount: float = 0.5) -> mien.Edit:
    return mien.Edit(shot.faces[0]).set("mouthSmile", amount)


def test_a_timid_render_is_corrected_once_and_the_same_for_any_part(
    shot: mien.Shot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mkv"
    render: dict[str, Any] = {
        "edits": [smile(shot)],
        "renderer": "timid",
        "lossless": True,
        "progress": False,
    }
    first = mien.render(shot, out, frames="4:8", **render)
    assert first.gains[1]["mouthSmile"] > 1.2
    assert first.to_dict()["gains"] == {"1": {"mouthSmile": first.gains[1]["mouthSmile"]}}
    part = list(mien.render_frames(out))

    def refuse(self: PictureReader) -> None:
        raise AssertionError("it looks again")

    monkeypatch.setattr(PictureReader, "__init__", refuse)
    whole = list(mien.render_frames(shot, [smile(shot)], renderer="timid"))
    assert all(np.array_equal(one, other) for one, other in zip(part, whole[4:8], strict=True))
    assert mien.render(shot, out, overwrite=True, frames="0:2", **render).gains == first.gains
    opened = mien.render(shot, out, overwrite=True, frames="4:8", open_loop=True, **render)
    assert opened.gains == {}
    uncorrected = list(mien.render_frames(out))
    assert not np.array_equal(part[0], uncorrected[0])
    blind = {**render, "renderer": "blind"}
    assert mien.render(shot, out, overwrite=True, frames="4:6", **blind).gains == {}


def test_whoever_searches_finds_the_same(shot: mien.Shot, tmp_path: Path) -> None:
    edit, found = smile(shot, 0.45), []
    for name, span in (("part", "30:34"), ("whole", "0:72")):
        plans = face_plans(shot, [edit], shot.clock.parse_range(span))
        cache = GainsCache(tmp_path / name)
        found.append(close_loop(shot, plans, TimidRenderer(), cache=cache).gains)
    assert found[0] == found[1]
    assert found[0][1]["mouthSmile"] > 1.2


def test_a_face_of_which_nothing_can_be_told_stands_beside_another(
    shot: mien.Shot, tmp_path: Path
) -> None:
    from dataclasses import replace

    face = shot.faces[0]
    two = replace(shot, faces=(face, replace(face, number=2, name="face 2")))
    turned = mien.Edit(two.faces[1]).set("headYaw", 5).set("mouthSmile", 0.5)
    plans = face_plans(two, [smile(two, 0.35), turned], two.clock.all)
    loop = close_loop(two, plans, TimidRenderer(), cache=GainsCache(tmp_path / "gains"))
    assert set(loop.gains) == {1}
    assert loop.notes == ()


def test_gains_of_another_look_are_not_taken(
    shot: mien.Shot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plan,) = face_plans(shot, [smile(shot, 0.45)], shot.clock.all)
    cache, renderer = GainsCache(tmp_path / "gains"), TimidRenderer()
    assert close_loop(shot, [plan], renderer, cache=cache).gains
    assert known_gains(shot, plan, renderer, cache)
    other = CacheKey("other settings", 0)
    monkeypatch.setattr(TimidRenderer, "cache_key", lambda self, shot, plan: other)
    # Those that were found last are for looking; an exact name has none.
    assert cache.load(*closed_loop._names(shot, plan, renderer)) is None
    monkeypatch.setattr(TimidRenderer, "pixels", 99)
    assert known_gains(shot, plan, renderer, cache) == {}


def test_mattes_are_those_of_the_corrected_render(shot: mien.Shot, tmp_path: Path) -> None:
    out = tmp_path / "matte.mkv"
    ask: dict[str, Any] = {
        "edits": [smile(shot)],
        "renderer": "timid",
        "frames": "4:6",
        "progress": False,
    }
    closed = mien.render_matte(shot, out, lossless=True, **ask)
    assert closed.gains[1]["mouthSmile"] > 1.2
    pictures = list(mien.render_frames(out))
    mien.render_matte(shot, out, lossless=True, overwrite=True, open_loop=True, **ask)
    assert not np.array_equal(pictures[0], next(mien.render_frames(out)))


def test_what_is_as_usual_is_left_as_it_is(shot: mien.Shot, tmp_path: Path) -> None:
    renderer, cache = WarpRenderer(), GainsCache(tmp_path / "gains")
    for amount in (0.4, 0.8):
        plans = face_plans(shot, [smile(shot, amount)], shot.clock.all)
        loop = close_loop(shot, plans, renderer, cache=cache)
        assert all(0.8 <= gain <= 1.25 for gain in loop.gains.get(1, {}).values())
    taken = face_plans(shot, [smile(shot, -0.4)], shot.clock.all)
    assert close_loop(shot, taken, renderer, cache=cache).plans == tuple(taken)
    turned = face_plans(
        shot, [mien.Edit(shot.faces[0]).set("headYaw", 5).set("mouthSmile", 0.5)], shot.clock.all
    )
    # Nothing is told while the head is turned.
    assert close_loop(shot, turned, TimidRenderer(), cache=cache).gains == {}


def test_previews_show_what_was_found_last(shot: mien.Shot, tmp_path: Path) -> None:
    renderer, cache = TimidRenderer(), GainsCache(tmp_path / "gains")
    (plan,) = face_plans(shot, [smile(shot)], shot.clock.all)
    (other,) = face_plans(shot, [smile(shot, 0.45)], shot.clock.all)
    assert known_gains(shot, plan, renderer, cache) == {}
    gains = close_loop(shot, [plan], renderer, cache=cache).gains[1]
    assert known_gains(shot, plan, renderer, cache) == gains
    assert known_gains(shot, other, renderer, cache) == gains
    assert known_gains(shot, plan, Blind(), cache) == {}


def test_without_the_models_amounts_stay_and_it_is_said(
    shot: mien.Shot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> PictureReader:
        raise MissingDependencyError("MediaPipe cannot be loaded.", "Install it.")

    monkeypatch.setattr(closed_loop, "PictureReader", missing)
    report = mien.render(
        shot, tmp_path / "out.mkv", edits=[smile(shot, 0.55)], renderer="timid", frames="0:2",
        progress=False,
    )  # fmt: skip
    assert report.gains == {}
    assert any("not corrected" in note and "MediaPipe" in note for note in report.notes)
