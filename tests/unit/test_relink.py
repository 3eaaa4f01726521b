"""Media that moved: said once, checked, written; in another size landmarks and strokes scale."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import ProjectError, UsageError
from mien.io.media_search import find_in_folder
from mien.jobs.shot_task import ShotSpec, read_shot_spec
from mien.media.reader import open_reader
from mien.model.occlusion import MatteStroke
from mien.timebase import FrameRange

FRAMES = 8


def write(
    source: Path, path: Path, size: tuple[int, int], *, frames: int = FRAMES, rate: int = 30
) -> Path:
    """Write the first frames of a movie at another size."""
    with open_reader(source) as reader, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "12"}
        for frame in reader.stream(0, frames):
            picture = av.VideoFrame.from_ndarray(frame.upright_rgb(), "rgb24")
            picture = picture.reformat(width=size[0], height=size[1])
            picture.pts, picture.time_base = None, Fraction(1, rate)
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def full(talk_360p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(talk_360p, tmp_path_factory.mktemp("full") / "sh010.mov", (640, 360))


@pytest.fixture(scope="module")
def proxy(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(full, tmp_path_factory.mktemp("proxy") / "sh010.mp4", (320, 180))


@pytest.fixture(scope="module")
def tracked(proxy: Path) -> mien.Project:
    shot = mien.track(proxy, progress=False)
    stroke = MatteStroke(1, 2, FrameRange(0, FRAMES), ((100.0, 50.0),), 6.0)
    shot = shot.with_occlusion(replace(shot.occlusion, strokes=(stroke,)))
    return mien.Project(shot, (mien.Edit(shot.face(1)).set("jawOpen", 0.6),))


@pytest.fixture
def project(tracked: mien.Project, tmp_path: Path) -> Path:
    path = tmp_path / "sh010.mien"
    mien.save_project(tracked, path)
    return path


def test_a_proxy_to_edit_and_the_full_media_to_render(tracked: mien.Project, full: Path) -> None:
    report = mien.relink(tracked, full)
    assert (report.same_content, report.compared, report.scale) == (False, True, 2.0)
    shot = report.project.shot
    assert shot.media.orientation.upright_size == (640, 360)
    assert shot.occlusion.strokes[0].points == ((200.5, 100.5),)
    assert shot.occlusion.strokes[0].radius == 12
    own = mien.track(full, progress=False)
    edit = mien.Edit(own.face(1)).set("jawOpen", 0.6)
    away = np.linalg.norm(shot.face(1).landmarks - own.face(1).landmarks, axis=-1)
    assert np.median(away) < 1.5  # pixels of a face that is 200 tall
    whole = shot.face(1).as_tracked()
    assert whole is not None
    assert np.nanmedian(np.linalg.norm(whole.landmarks - own.face(1).landmarks, axis=-1)) < 2
    bare = replace(report.project, shot=replace(shot, occlusion=own.occlusion))
    frames = list(
        zip(
            mien.render_frames(bare, renderer="warp", frames="3:5", progress=False),
            mien.render_frames(own, [edit], renderer="warp", frames="3:5", progress=False),
            own_frames(own),
            strict=True,
        )
    )
    for scaled, direct, plate in frames:
        moved = np.abs(direct.astype(int) - plate)
        apart = np.abs(scaled.astype(int) - direct)
        assert moved.max() > 60, "a jaw opens"
        assert apart.mean() < 0.4 * moved.mean()


def own_frames(shot: mien.Shot) -> list[np.ndarray]:  # type: ignore[type-arg]
    return [shot.frame(3), shot.frame(4)]


def test_the_command_writes_it_and_keeps_the_rest(
    project: Path, full: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["relink", str(project), str(full), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["shots"][0]
    assert (facts["scale"], facts["same_content"], facts["compared"]) == (2.0, False, True)
    again = mien.load_project(project)
    assert again.shot.media.path == full
    assert again.edits[0].layers[0].tracks[0].control == "jawOpen"


def test_a_render_takes_the_full_media_for_once(project: Path, full: Path) -> None:
    once = mien.load_project(project, media=full)
    assert once.shot.media.path == full
    assert mien.load_project(project).shot.media.orientation.upright_size == (320, 180)


@pytest.mark.parametrize("wrong", ["length", "rate", "shape", "pictures"])
def test_media_that_are_others_change_nothing(
    wrong: str, project: Path, full: Path, talk_720p: Path, tmp_path: Path
) -> None:
    path, words = tmp_path / "other.mov", {
        "length": "has 6 frames of", "rate": "15 frames a second", "shape": "of 640 x 480",
        "pictures": "shows another picture at frame 0",
    }[wrong]  # fmt: skip
    source = talk_720p if wrong == "pictures" else full
    size = (640, 480) if wrong == "shape" else (640, 360)
    write(source, path, size, frames=6 if wrong == "length" else FRAMES,
          rate=15 if wrong == "rate" else 30)  # fmt: skip
    before = project.read_bytes()
    with pytest.raises(ProjectError, match=words):
        mien.relink_file(project, path)
    assert project.read_bytes() == before


def test_a_folder_by_content_and_by_name(
    project: Path, tracked: mien.Project, proxy: Path, full: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "delivery"
    (folder / "a").mkdir(parents=True)
    with pytest.raises(ProjectError, match="There are no media of sh010"):
        find_in_folder(folder, tracked)
    shutil.copy(full, folder / "a" / "sh010.mov")
    assert find_in_folder(folder, tracked) == folder / "a" / "sh010.mov"
    shutil.copy(proxy, folder / "a" / "renamed.mp4")
    assert find_in_folder(folder, tracked) == folder / "a" / "renamed.mp4"
    assert mien.load_project(project, media=folder).shot.media.path.name == "renamed.mp4"
    shutil.copy(proxy, folder / "copy.mp4")
    before = project.read_bytes()
    with pytest.raises(ProjectError, match=r"2 files .* may be the media of sh010: .*copy\.mp4"):
        mien.relink_file(project, folder)
    assert project.read_bytes() == before


def test_maps_of_folders(
    tracked: mien.Project, proxy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = tmp_path / "here"
    here.mkdir()
    media = shutil.copy(proxy, here / "sh010.mp4")
    # As a project comes that was written on Windows.
    project = tmp_path / "jobs" / "sh010.mien"
    project.parent.mkdir()
    shot, lost = tracked.shot, project.parent / "D:" / "plates" / "sh010.mp4"
    there = replace(shot, media=replace(shot.media, path=lost))
    mien.save_project(replace(tracked, shot=there), project)
    with pytest.raises(ProjectError, match="was not found"):
        mien.load_project(project)
    monkeypatch.setenv("MIEN_PATH_MAP", f"D:\\plates={here}")
    assert mien.load_project(project).shot.media.path == media
    monkeypatch.setenv("MIEN_PATH_MAP", "/a=/b;/b=/a")
    with pytest.raises(UsageError, match="loops"):
        mien.load_project(project)
    monkeypatch.delenv("MIEN_PATH_MAP")
    rules = mien.PathMap((mien.PathRule("d:/plates", str(here)),))
    with pytest.raises(ProjectError, match="No rule is for"):
        mien.relink_file(project, rules=mien.PathMap.parse("/x=/y"))
    mien.relink_file(project, rules=rules)
    assert mien.load_project(project).shot.media.path == media


def test_orders_of_another_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ShotSpec(
        "sh010", Path("D:\\plates\\sh010.mov"), None, (), None, FrameRange(0, 4), "warp", None,
        False, Path("D:\\out\\sh010.mov"), Path("D:\\out"),
    )  # fmt: skip
    path = tmp_path / "order.json"
    path.write_text(order.to_json())
    monkeypatch.setenv("MIEN_PATH_MAP", "D:\\plates=/mnt/plates")
    assert read_shot_spec(path).media == Path("/mnt/plates/sh010.mov")
