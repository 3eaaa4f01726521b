"""From a file to a render on real footage, through the public verbs alone."""

from __future__ import annotations

import hashlib
import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

import mien
from mien.media.probe import probe
from mien.progress import Progress, silent
from mien.rendering.base import (
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from mien.rendering.registry import get_renderer

pytestmark = pytest.mark.slow

Clip = Callable[[str], Path]
Mask = npt.NDArray[np.bool_]


def planes(path: Path, count: int | None = None) -> list[list[npt.NDArray[Any]]]:
    """Code values of every plane of the first frames, or of all, in the file's own pixel format."""
    with av.open(str(path)) as container:
        return [
            [_samples(plane, frame.format.components[0].bits) for plane in frame.planes]
            for frame in itertools.islice(container.decode(video=0), count)
        ]


def _samples(plane: av.video.plane.VideoPlane, bits: int) -> npt.NDArray[Any]:
    kind = np.uint16 if bits > 8 else np.uint8
    rows = np.frombuffer(memoryview(plane), dtype=kind).reshape(plane.height, -1)
    return np.array(rows[:, : plane.width])


def same(a: Sequence[npt.NDArray[Any]], b: Sequence[npt.NDArray[Any]]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def short(clip: Path, folder: Path, frames: str) -> Path:
    """A part of a clip, so that tracking it is quick."""
    path = folder / f"short{clip.suffix}"
    mien.render(clip, path, frames=frames, progress=False)
    return path


class Spy(Renderer):
    """The embedded renderer, with its masks written down."""

    name = "spy"

    def __init__(self) -> None:
        self.masks: dict[int, list[Patch]] = {}

    def open(self, shot: mien.Shot, source: PlateSource) -> SpySession:
        return SpySession(get_renderer("warp").open(shot, source), self.masks)


class SpySession(RenderSession):
    def __init__(self, session: RenderSession, masks: dict[int, list[Patch]]) -> None:
        self._session = session
        self._masks = masks

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        self._session.prepare(plans, progress)

    def render(self, request: RenderRequest) -> Patch | None:
        patch = self._session.render(request)
        if patch is not None:
            self._masks.setdefault(request.frame, []).append(patch)
        return patch


def inside(patches: Sequence[Patch], shape: tuple[int, int], chroma: tuple[int, int]) -> Mask:
    """Where a plane may change: samples that share a pixel with a mask."""
    full = np.zeros((shape[0] * chroma[0], shape[1] * chroma[1]), dtype=bool)
    for patch in patches:
        box = patch.box
        full[box.y0 : box.y1, box.x0 : box.x1] |= patch.mask > 0
    blocks = full.reshape(shape[0], chroma[0], shape[1], chroma[1])
    return np.asarray(blocks.any(axis=(1, 3)))


@pytest.mark.shared
def test_nothing_asked_nothing_changed(clip: Clip, tmp_path: Path) -> None:
    source = clip("derived_hevc10_1080p_s18.mp4")
    report = mien.render(source, tmp_path / "out.mkv", frames="0:40", lossless=True, progress=False)
    assert (report.frames, report.frames_edited, report.renderer) == (40, 0, None)
    for before, after in zip(planes(source, 40), planes(tmp_path / "out.mkv"), strict=True):
        assert same(before, after)


def test_zero_edits_are_no_edits(talk_720p: Path, tmp_path: Path) -> None:
    source = short(talk_720p, tmp_path, "0:20")
    shot = mien.track(source, progress=False)
    zero = mien.Edit(shot.faces[0]).key("mouthSmile", 0, 0.0).key("jawOpen", 10, 0.0)
    report = mien.render(shot, tmp_path / "out.mkv", edits=[zero], lossless=True, progress=False)
    assert report.frames_edited == 0
    for before, after in zip(planes(source), planes(tmp_path / "out.mkv"), strict=True):
        assert same(before, after)


def test_only_the_mask_in_only_the_span(talk_720p: Path, tmp_path: Path) -> None:
    """Outside frames 10..30 and outside the mask, every code value is the plate's."""
    source = short(talk_720p, tmp_path, "0:40")
    shot = mien.track(source, progress=False)
    spy = Spy()
    mien.register_renderer(spy)
    edit = mien.Edit(shot.faces[0]).set("mouthSmile", 0.6, span="10:30")
    report = mien.render(
        shot, tmp_path / "out.mkv", edits=[edit], renderer="spy", lossless=True, progress=False
    )
    assert report.frames_edited == 20
    assert set(spy.masks) == set(range(10, 30))
    for index, (before, after) in enumerate(
        zip(planes(source), planes(tmp_path / "out.mkv"), strict=True)
    ):
        if index not in spy.masks:
            assert same(before, after)
            continue
        assert not same(before, after)
        height, width = before[0].shape
        for a, b in zip(before, after, strict=True):
            chroma = (height // a.shape[0], width // a.shape[1])
            mask = inside(spy.masks[index], (a.shape[0], a.shape[1]), chroma)
            assert not ((a != b) & ~mask).any()


@pytest.mark.shared
def test_a_part_is_the_part_of_the_whole(clip: Clip, tmp_path: Path) -> None:
    """The same frames come out whether all or some are rendered (promise 7)."""
    source = short(clip("lp_s29.mp4"), tmp_path, "0:18")
    shot = mien.track(source, progress=False)
    edit = mien.Edit(shot.faces[0]).set("jawOpen", 0.4).set("eyeBlink", 0.8)
    options: dict[str, Any] = {"edits": [edit], "lossless": True, "progress": False}
    mien.render(shot, tmp_path / "all.mkv", **options)
    mien.render(shot, tmp_path / "part.mkv", frames="11:17", **options)
    mien.render(shot, tmp_path / "again.mkv", **options)
    whole = planes(tmp_path / "all.mkv")
    for frame, again in zip(whole[11:17], planes(tmp_path / "part.mkv"), strict=True):
        assert same(frame, again)
    assert (tmp_path / "all.mkv").read_bytes() == (tmp_path / "again.mkv").read_bytes()


@pytest.mark.shared
def test_each_face_has_its_own_edit(clip: Clip, tmp_path: Path) -> None:
    source = short(clip("derived_two_faces_1080p30.mp4"), tmp_path, "0:10")
    shot = mien.track(source, progress=False)
    assert len(shot.faces) == 2
    one, two = shot.faces
    changed = {}
    for name, edits in (
        ("one", [mien.Edit(one).set("mouthSmile", 0.6)]),
        ("two", [mien.Edit(two).set("browInnerUp", 0.8)]),
        ("both", [mien.Edit(one).set("mouthSmile", 0.6), mien.Edit(two).set("browInnerUp", 0.8)]),
    ):
        report = mien.render(
            shot, tmp_path / f"{name}.mkv", edits=edits, lossless=True, progress=False
        )
        assert report.faces == tuple(edit.face.number for edit in edits)
        changed[name] = planes(tmp_path / f"{name}.mkv")[8][0] != planes(source)[8][0]
    assert changed["one"].any()
    assert changed["two"].any()
    assert not (changed["one"] & changed["two"]).any()
    assert np.array_equal(changed["both"], changed["one"] | changed["two"])


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "derived_phone_rotated.mp4",
        "pyfeat_face_noface.mov",
        "derived_prores422lt_24p_s29.mov",
        "derived_60fps_s29.mp4",
    ],
)
def test_an_edited_film_is_the_same_film(clip: Clip, tmp_path: Path, name: str) -> None:
    source = clip(name)
    before = probe(source)
    frames = f"0:{min(12, before.clock.frame_count)}"
    cut = tmp_path / f"cut{source.suffix}"
    mien.render(source, cut, frames=frames, progress=False)
    shot = mien.track(cut, progress=False)
    output = tmp_path / f"out{source.suffix}"
    edit = mien.Edit(shot.faces[0]).set("mouthSmile", 0.5)
    assert mien.render(shot, output, edits=[edit], progress=False).frames_edited > 0
    a, b = probe(cut), probe(output)
    assert (a.pts, a.clock, a.time_base) == (b.pts, b.clock, b.time_base)
    assert (a.orientation, a.color, a.pixel_format) == (b.orientation, b.color, b.pixel_format)
    assert (before.orientation, before.color, before.bits) == (b.orientation, b.color, b.bits)
    assert sound(cut) == sound(output)


def sound(path: Path) -> str:
    """A hash of all audio packets."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.stream.type == "audio":
                digest.update(bytes(packet))
    return digest.hexdigest()


@pytest.mark.shared
def test_a_project_renders_as_its_shot_does(clip: Clip, tmp_path: Path) -> None:
    source = short(clip("lp_s32.mp4"), tmp_path, "0:12")
    shot = mien.track(source, progress=False)
    edit = mien.Edit(shot.faces[0]).key("surprise", 0, 0.0).key("surprise", 6, 0.8)
    mien.save_project(shot, tmp_path / "shot.mien", [edit])
    mien.render(shot, tmp_path / "a.mkv", edits=[edit], lossless=True, progress=False)
    mien.render(tmp_path / "shot.mien", tmp_path / "b.mkv", lossless=True, progress=False)
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


@pytest.mark.shared
def test_from_the_command_line(clip: Clip, tmp_path: Path) -> None:
    source = short(clip("vretalk_4.mp4"), tmp_path, "0:12")

    def run(*arguments: object) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "mien", *map(str, arguments), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        # On a slow machine progress is told.
        assert all(" %  " in line for line in done.stderr.splitlines())
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    project, output = tmp_path / "shot.mien", tmp_path / "out.mp4"
    assert run("track", source, "-o", project)["faces"][0]["frames_seen"] == 12
    report = run("render", project, "-o", output, "--set", "mouthSmile=+0.5@3:9",
                 "--set", "jawOpen=0.3@3:9")  # fmt: skip
    assert (report["frames"], report["frames_edited"]) == (12, 6)
    assert report["renderer"] == "warp"
    run("curves", project, "-o", tmp_path / "curves.npz")
    with np.load(tmp_path / "curves.npz", allow_pickle=False) as curves:
        assert curves["expr"].shape == (12, 50)
        assert curves["controls"].shape == (12, len(curves["control_names"]))
    raw = run("render", source, "-o", tmp_path / "raw.mp4", "--set", "mouthSmile=+0.5@3:9")
    assert raw["tracked"]
    assert raw["frames_edited"] == 6


def test_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole job without a network; how long it takes is a benchmark's matter."""
    from mien.demo import run_demo

    def refuse(*arguments: Any) -> None:
        raise AssertionError("the demo reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    report = run_demo(tmp_path / "demo", progress=False)
    assert report.frames_seen == report.frames == 125
    for path, _ in report.files:
        assert path.stat().st_size > 0
    for moment in report.moments[1:]:
        # A moment is named after its first control; the others support it.
        name, values = next(iter(moment["controls"].items()))
        asked, achieved = values["asked"] - values["filmed"], values["achieved"] - values["filmed"]
        assert achieved / asked > 0.25, (moment["title"], name)
