"""Renders behind what the user says is in front: its pixels stay, on every way to a render."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien._types import AnyArray, FloatArray
from mien.cli.main import run
from mien.errors import MediaError, MienError, ProjectError
from mien.io import relink
from mien.media.orient import turn_back
from mien.media.reader import open_reader
from mien.model.document import Document, Project
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.occlusion import MatteStroke, Occlusion
from mien.model.shot import Shot
from mien.preview.previewer import Previewer
from mien.rendering.occlusion.strokes import stroke_matte
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from mien.rendering.resume import FrameKeys
from mien.timebase import FrameRange
from tests.mattes import write_images, write_movie

SPAN = "10:14"
FRAMES = range(10, 14)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tracked_360p: Path) -> Project:
    project = mien.load_project(tracked_360p)
    face = project.shot.faces[0]
    return project.with_edit(Edit(face).set("mouthSmile", 0.8).set("jawOpen", 0.5))


def face_of(project: Project) -> Face:
    return project.shot.faces[0]


def bar(project: Project, *, white: float = 1) -> FloatArray:
    """A bar that lies across the left half of the face in every frame."""
    shot = project.shot
    width, height = shot.media.orientation.upright_size
    mattes = np.zeros((len(shot), height, width), np.float32)
    for frame in range(len(shot)):
        x0, _, x1, _ = face_of(project).box(frame)
        mattes[frame, :, round(x0) - 20 : round((x0 + x1) / 2)] = white
    return mattes


@pytest.fixture(scope="module")
def matte(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mattes")
    rate = project.shot.clock.rate
    return write_movie(folder / "bar.mkv", bar(project), rate=rate)


def planes(path: Path) -> list[list[AnyArray]]:
    with open_reader(path) as reader:
        return [[np.array(plane) for plane in frame.plate().planes] for frame in reader.stream()]


def rendered(source: Shot | Project, path: Path, **more: object) -> list[list[AnyArray]]:
    mien.render(source, path, frames=SPAN, renderer="warp", lossless=True, progress=False, **more)  # type: ignore[arg-type]
    return planes(path)


@pytest.fixture(scope="module")
def plates(project: Project, tmp_path_factory: pytest.TempPathFactory) -> list[list[AnyArray]]:
    return rendered(project.shot, tmp_path_factory.mktemp("plates") / "plates.mkv")


def kept(white: FloatArray, plane: AnyArray) -> AnyArray:
    """Samples of a plane that belong to white pixels alone."""
    step = white.shape[0] // plane.shape[0]
    rows, columns = plane.shape[0] * step, white.shape[1] // step * step
    whole = white[:rows, :columns].reshape(plane.shape[0], step, -1, step).min(axis=(1, 3)) == 1
    return np.pad(whole, ((0, 0), (0, plane.shape[1] - whole.shape[1])))


def assert_behind(
    result: list[list[AnyArray]], plates: list[list[AnyArray]], mattes: FloatArray
) -> None:
    for frame, after, before in zip(FRAMES, result, plates, strict=True):
        for one, other in zip(after, before, strict=True):
            white = kept(mattes[frame], one)
            assert white.any()
            assert np.array_equal(one[white], other[white])
        assert not np.array_equal(after[0], before[0])


def test_white_keeps_the_plate(
    project: Project, matte: Path, plates: list[list[AnyArray]], tmp_path: Path
) -> None:
    mattes = bar(project)
    whole = rendered(project, tmp_path / "whole.mkv")
    white = kept(mattes[11], plates[1][0])
    assert not np.array_equal(whole[1][0][white], plates[1][0][white])
    behind = rendered(project, tmp_path / "behind.mkv", occlusion_matte=matte)
    assert_behind(behind, plates, mattes)
    # The same by images, and by a shot that carries it.
    images = write_images(tmp_path / "m.%04d.png", mattes, bits=16)
    assert_behind(rendered(project, tmp_path / "i.mkv", occlusion_matte=images), plates, mattes)
    carried = mien.set_occlusion_matte(project, matte)
    again = rendered(carried, tmp_path / "again.mkv")
    for one, other in zip(again, behind, strict=True):
        assert all(map(np.array_equal, one, other))
    # Black all over changes nothing of an edit.
    black = write_movie(tmp_path / "black.mkv", 0 * mattes)
    free = rendered(project, tmp_path / "free.mkv", occlusion_matte=black)
    assert all(all(map(np.array_equal, a, b)) for a, b in zip(free, whole, strict=True))


def test_the_mask_of_a_render_is_black_there(project: Project, matte: Path, tmp_path: Path) -> None:
    path = tmp_path / "mask.mkv"
    mien.render_matte(
        project, path, frames=SPAN, renderer="warp", lossless=True, occlusion_matte=matte,
        progress=False,
    )  # fmt: skip
    with open_reader(path) as reader:
        masks = [frame.plate().rgb()[..., 0] for frame in reader.stream()]
    for frame, mask in zip(FRAMES, masks, strict=True):
        assert np.abs(mask[bar(project)[frame] == 1]).max() < 1e-3
        assert mask.max() > 0.9


def test_a_face_that_is_covered_in_every_frame_is_not_rendered(
    project: Project, plates: list[list[AnyArray]], tmp_path: Path
) -> None:
    face = face_of(project)
    mattes = 0 * bar(project)
    for frame in range(len(mattes)):
        x0, y0, x1, y1 = face.box(frame)
        mattes[frame, max(0, int(y0) - 1) : int(y1) + 3, max(0, int(x0) - 1) : int(x1) + 3] = 1
    path = write_movie(tmp_path / "all.mkv", mattes, rate=project.shot.clock.rate)
    output = tmp_path / "covered.mkv"
    report = mien.render(
        project, output, frames=SPAN, renderer="warp", lossless=True, occlusion_matte=path,
        progress=False,
    )  # fmt: skip
    assert report.notes == ("the matte covers all of face 1: nothing is changed there",)
    assert report.frames_edited == 0
    assert all(all(map(np.array_equal, a, b)) for a, b in zip(planes(output), plates, strict=True))
    # One frame that leaves it free is enough, wherever it is; so is an eraser.
    mattes[61] = 0
    once = write_movie(tmp_path / "once.mkv", mattes, rate=project.shot.clock.rate)
    report = mien.render(
        project, output, frames=SPAN, renderer="warp", lossless=True, occlusion_matte=once,
        progress=False, overwrite=True,
    )  # fmt: skip
    assert not any("covers" in note for note in report.notes)
    x0, y0, x1, y1 = face.box(11)
    eraser = MatteStroke(
        1, 11, FrameRange(10, 14), (((x0 + x1) / 2, (y0 + 3 * y1) / 4),), 30, erase=True
    )
    carried = mien.set_occlusion_matte(project, path)
    shot = carried.shot.with_occlusion(
        dataclasses.replace(carried.shot.occlusion, strokes=(eraser,))
    )
    bared = rendered(dataclasses.replace(carried, shot=shot), tmp_path / "bared.mkv")
    assert not np.array_equal(bared[1][0], plates[1][0])


def test_strokes_lie_on_top_and_follow_the_head(
    project: Project, matte: Path, plates: list[list[AnyArray]], tmp_path: Path
) -> None:
    face = face_of(project)
    x0, y0, x1, y1 = face.box(10)
    mouth = ((x0 + x1) / 2, y0 + 0.75 * (y1 - y0))
    brush = MatteStroke(1, 10, FrameRange(10, 13), (mouth,), 0.25 * (x1 - x0))
    painted = project.shot.with_occlusion(Occlusion(strokes=(brush,)))
    result = rendered(dataclasses.replace(project, shot=painted), tmp_path / "brush.mkv")
    whole = rendered(project, tmp_path / "whole.mkv")
    size = painted.media.orientation.upright_size
    for frame, after, before, free in zip(FRAMES, result, plates, whole, strict=True):
        disc = stroke_matte(brush, face, frame, size)
        if frame == 13:
            assert np.array_equal(after[0], free[0])
            continue
        white = kept(disc, after[0])
        assert np.array_equal(after[0][white], before[0][white])
        assert not np.array_equal(free[0][white], before[0][white])
        # What comes out from under it is filled in: the skin beside it may differ a little.
        reach = cv2.dilate(disc, np.ones((61, 61), np.uint8))
        clear = np.pad(reach, ((0, 0), (0, after[0].shape[1] - size[0]))) == 0
        assert np.array_equal(after[0][clear], free[0][clear])
    # An eraser on the user's matte bares the edit.
    eraser = dataclasses.replace(brush, erase=True)
    carried = mien.set_occlusion_matte(project, matte)
    shot = carried.shot.with_occlusion(
        dataclasses.replace(carried.shot.occlusion, strokes=(eraser,))
    )
    bared = rendered(dataclasses.replace(carried, shot=shot), tmp_path / "bared.mkv")
    white = kept(stroke_matte(brush, face, 11, size), plates[1][0])
    plain, edited, found = (one[1][0][white].astype(int) for one in (plates, whole, bared))
    assert np.abs(found - edited).mean() < 0.3 * np.abs(edited - plain).mean()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["derived_hevc10_1080p_s18.mp4", "derived_phone_rotated.mp4"])
def test_ten_bits_and_turned_clips(clip: Callable[[str], Path], name: str, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    mien.render(clip(name), short, frames="0:4", progress=False)
    shot = mien.track(short, progress=False)
    edit = Edit(shot.faces[0]).set("mouthSmile", 0.8).set("jawOpen", 0.5)
    orientation = shot.media.orientation
    width, height = orientation.upright_size
    upright = np.zeros((4, height, width), np.float32)
    x0, _, x1, _ = shot.faces[0].box(1)
    upright[:, :, : round((x0 + x1) / 2)] = 1
    # Half the size, as the upright picture shows it.
    small = np.stack([one[::2, ::2] for one in upright])
    path = write_movie(tmp_path / "matte.mkv", small, rate=shot.clock.rate)
    report = mien.render(
        shot, tmp_path / "out.mkv", edits=[edit], renderer="warp", lossless=True,
        occlusion_matte=path, progress=False,
    )  # fmt: skip
    size = f"{width // 2} x {height // 2} to {width} x {height}"
    assert f"the matte is scaled from {size}" in report.notes
    white = turn_back(orientation, upright[0])
    # Where it is scaled its edge is soft by a pixel or two.
    edge = np.minimum.reduce(
        [np.roll(white, (y, x), (0, 1)) for y in (-3, 0, 3) for x in (-3, 0, 3)]
    )
    for after, before in zip(planes(tmp_path / "out.mkv"), planes(short), strict=True):
        for one, other in zip(after, before, strict=True):
            inside = kept(edge, one)
            assert np.array_equal(one[inside], other[inside])
        assert not np.array_equal(after[0], before[0])


def test_previews_show_it(project: Project, matte: Path) -> None:
    carried = mien.set_occlusion_matte(project, matte)
    with closing(Previewer(carried.shot)) as previewer:
        previewer.set_edits(carried.edits)
        after = previewer.picture(11, edited=True).rgb.astype(int)
        before = previewer.picture(11, edited=False).rgb.astype(int)
    white = bar(project)[11] == 1
    changed = np.abs(after - before).max(axis=2)
    assert changed[~white].max() > 20
    inner = white & np.roll(white, -2, 1) & np.roll(white, 2, 1)
    assert changed[inner].max() <= 1


def test_frames_are_named_after_what_is_in_front(project: Project, tmp_path: Path) -> None:
    """So that a resumed render, and a batch, take no frame for another's."""
    shot, renderer = project.shot, get_renderer("warp")
    plans = face_plans(shot, project.edits, shot.clock.all)

    def keys(occlusion: Occlusion) -> FrameKeys:
        return FrameKeys(shot.with_occlusion(occlusion), plans, renderer)

    def tags(occlusion: Occlusion) -> list[str]:
        return [keys(occlusion).tag(frame) for frame in FRAMES]

    plain = Occlusion()
    path = write_movie(tmp_path / "a.mkv", bar(project))
    given = Occlusion(matte=path)
    named = keys(given).shared
    assert len({keys(plain).shared, named, keys(Occlusion(detect=False)).shared}) == 3
    # Where it lies is all the same, what it holds is not.
    (tmp_path / "b.mkv").write_bytes(path.read_bytes())
    stat = path.stat()
    os.utime(tmp_path / "b.mkv", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert keys(Occlusion(matte=tmp_path / "b.mkv")).shared == named
    write_movie(path, 1 - bar(project))
    assert keys(given).shared != named
    # A stroke costs the frames that it is for, and no others.
    brush = MatteStroke(1, 11, FrameRange(11, 13), ((300.0, 200.0),), 9)
    painted = Occlusion(strokes=(brush,))
    assert keys(painted).shared == keys(plain).shared
    changed = [a != b for a, b in zip(tags(painted), tags(plain), strict=True)]
    assert changed == [False, True, True, False]
    moved = Occlusion(strokes=(dataclasses.replace(brush, points=((301.0, 200.0),)),))
    assert [a != b for a, b in zip(tags(moved), tags(painted), strict=True)] == changed
    elsewhere = Occlusion(strokes=(dataclasses.replace(brush, face=2),))
    with pytest.raises(MienError):
        keys(elsewhere)
    path.unlink()
    with pytest.raises(MediaError):
        keys(given)


def test_a_project_keeps_a_matte_and_opens_none_on_a_files_word(
    project: Project, matte: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mien.save_project(mien.set_occlusion_matte(project, matte), tmp_path / "a.mien")
    found = mien.load_project(tmp_path / "a.mien").shot.occlusion
    assert (found.matte, found.matte_online) == (matte, True)
    # Another user, who never gave it: it lies outside the project's folder.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    relink.remember(project.shot.media.path, project.shot.media.fingerprint)
    stranger = mien.load_project(tmp_path / "a.mien")
    assert not stranger.shot.occlusion.matte_online
    with pytest.raises(MediaError, match="was not found, or is not what it was"):
        rendered(stranger, tmp_path / "x.mkv")
    rendered(dataclasses.replace(stranger, edits=()), tmp_path / "copied.mkv")
    rendered(stranger, tmp_path / "given.mkv", occlusion_matte=matte)
    assert mien.load_project(tmp_path / "a.mien").shot.occlusion.matte_online
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    relink.remember(project.shot.media.path, project.shot.media.fingerprint)
    # Saved again, it is as it was; put beside the project, it is found.
    mien.save_project(stranger, tmp_path / "b.mien")
    assert not mien.load_project(tmp_path / "b.mien").shot.occlusion.matte_online
    (tmp_path / "bar.mkv").write_bytes(matte.read_bytes())
    beside = mien.load_project(tmp_path / "b.mien").shot.occlusion
    assert (beside.matte, beside.matte_online) == (tmp_path / "bar.mkv", True)
    # With another content it is another matte.
    write_movie(tmp_path / "bar.mkv", 1 - bar(project))
    assert not mien.load_project(tmp_path / "b.mien").shot.occlusion.matte_online
    assert not mien.load_project(tmp_path / "b.mien", find_media=False).shot.occlusion.matte_online


def test_strokes_of_a_project_belong_to_its_shot(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "a.mien"
    brush = MatteStroke(1, 11, FrameRange(11, 13), ((300.0, 200.0),), 9)
    shot = project.shot
    painted = dataclasses.replace(shot, occlusion=Occlusion(strokes=(brush,)))
    mien.save_project(painted, path)
    assert mien.load_project(path).shot.occlusion.strokes == (brush,)
    for wrong in (
        dataclasses.replace(brush, face=4),
        dataclasses.replace(brush, span=FrameRange(0, 9999)),
    ):
        broken = dataclasses.replace(shot, occlusion=Occlusion(strokes=(wrong,)))
        mien.save_document(Document((Project(broken),)), path)
        with pytest.raises(ProjectError, match="corrupt"):
            mien.load_project(path)


def test_on_the_command_line(
    project: Project, matte: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.mien"
    mien.save_project(project, source)
    output = tmp_path / "out.mkv"
    arguments = ["render", str(source), "-o", str(output), "--frames", SPAN, "--renderer", "warp",
                 "--lossless", "--json"]  # fmt: skip
    assert run([*arguments, "--occlusion-matte", str(matte)]) == 0
    mattes = bar(project)
    capsys.readouterr()
    assert run(["render", str(project.shot.media.path), "-o", str(tmp_path / "p.mkv"), "--frames",
                SPAN, "--lossless"]) == 0  # fmt: skip
    assert_behind(planes(output), planes(tmp_path / "p.mkv"), mattes)
    capsys.readouterr()
    for options, words in (
        (["--occlusion-matte", str(tmp_path / "gone.mov")], "cannot be used"),
        (["--occlusion-matte", str(matte), "--no-occlusion-matte"], "Leave one of them out"),
        (["--occlusion-matte", str(project.shot.media.path)], "is the shot itself"),
    ):
        assert run([*arguments, "--overwrite", *options]) != 0
        assert words in capsys.readouterr().err
    # The project's own, and without it.
    mien.save_project(mien.set_occlusion_matte(project, matte), source)
    assert run([*arguments, "--overwrite", "--no-occlusion-matte", "--no-keep-occluders",
                "--no-fade-unseen"]) == 0  # fmt: skip
    report = json.loads(capsys.readouterr().out)
    assert report["frames_edited"] == 4
    white = kept(mattes[11], planes(output)[1][0])
    assert not np.array_equal(planes(output)[1][0][white], planes(tmp_path / "p.mkv")[1][0][white])
