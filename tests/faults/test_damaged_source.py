"""Faces in sources that break: tracked over the damage, rendered up to it, nothing made twice."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import pytest

import mien
from mien import api
from mien.errors import DamagedMediaError
from mien.timebase import FrameRange
from tests.faults.conftest import Mien
from tests.faults.slow_render import SlowBlusher
from tests.media.damagekit import harm

INPUT = 3


@pytest.fixture(scope="module")
def short_groups(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The footage in groups of ten frames, none of which needs one after it; never written to."""
    path = tmp_path_factory.mktemp("groups") / "clip.mp4"
    with av.open(str(footage)) as source, av.open(str(path), "w") as output:
        given = source.streams.video[0]
        stream = output.add_stream("libx264", rate=25, options={"bf": "0", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuv420p"
        stream.codec_context.gop_size = 10
        stream.codec_context.time_base = Fraction(1, 25)
        for i, frame in enumerate(source.decode(video=0)):
            frame.pts, frame.time_base, frame.pict_type = i, Fraction(1, 25), 0
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def broken(short_groups: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with frames 24 to 27 damaged, a project of it beside it; never written to."""
    path = tmp_path_factory.mktemp("broken") / "clip.mp4"
    shutil.copy(short_groups, path)
    harm(path, *range(24, 28))
    api.save_project(api.track(path, progress=False), path.with_suffix(".mien"))
    return path


def edit_of(shot: mien.Shot) -> mien.Edit:
    return mien.Edit(api.main_face(shot)).key("mouthSmile", 0, 0.4, interpolation="hold")


def test_tracking_goes_on_over_damage(broken: Path, short_groups: Path) -> None:
    project = mien.load_project(broken.with_suffix(".mien"))
    shot = project.shot
    assert shot.damaged == (FrameRange(24, 28),)
    (face,) = shot.faces
    seen = face.confidence > 0
    assert not seen[24:28].any()
    assert seen[:24].all()
    assert seen[30:].all()
    # Where nothing is damaged the face is where it is in the film that is whole.
    (other,) = api.track(short_groups, progress=False).faces
    apart = abs(face.landmarks[:20, :, :2] - other.landmarks[:20, :, :2]).max()
    assert apart < 2
    again = Path(broken).with_name("again.mien")
    api.save_project(project, again)
    assert mien.load_project(again).shot.damaged == shot.damaged
    again.unlink()


@pytest.mark.slow
def test_the_command_names_what_is_damaged(mien: Mien, broken: Path, tmp_path: Path) -> None:
    done = mien("track", broken, "-o", tmp_path / "a.mien")
    assert done.code == 0, done.err
    assert "damaged, no face is seen there: frames 24-27" in done.out
    done = mien("track", broken, "-o", tmp_path / "b.mien", "--json")
    assert done.json()["damaged"] == [[24, 28]]


def test_damage_that_tracking_saw_is_told_before_the_render(broken: Path, tmp_path: Path) -> None:
    project = mien.load_project(broken.with_suffix(".mien"))
    out = tmp_path / "out.mkv"
    stages: list[str] = []

    def told(stage: str, done: int, total: int) -> None:
        stages.append(stage)

    edits = [edit_of(project.shot)]
    with pytest.raises(DamagedMediaError, match="frame 24 of 50") as caught:
        mien.render(project, out, edits=edits, renderer="warp", progress=told)
    assert (stages, list(tmp_path.iterdir())) == ([], [])
    assert "--until-damage (or --frames 0:24)" in caught.value.remedy
    report = mien.render(
        project, out, edits=edits, renderer="warp", until_damage=True, progress=False
    )
    assert (report.frames, report.frames_edited, report.damaged_frame) == (24, 24, 24)
    # Beyond the damage all is well.
    beyond = tmp_path / "beyond.mkv"
    report = mien.render(
        project, beyond, edits=edits, renderer="warp", frames="30:50", progress=False
    )
    assert report.frames == 20


@pytest.mark.slow
def test_the_command_tracks_and_renders_until_there(
    mien: Mien, broken: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    asked = ("render", broken, "-o", out, "--set", "mouthSmile=+0.5")
    mien(*asked).refused(INPUT, "damaged at frame 24 of 50", "Nothing was written", "0:24")
    done = mien(*asked, "--until-damage", "--json")
    assert done.code == 0, done.err
    report = done.json()
    assert (report["frames"], report["damaged_frame"]) == (24, 24)
    assert any("frames 24 to 49 are not in it" in note for note in report["notes"])


@pytest.mark.slow
def test_finished_frames_are_kept_and_used(short_groups: Path, tmp_path: Path) -> None:
    """An hour's work before the damage is there, whatever the source does then."""
    media = Path(shutil.copy(short_groups, tmp_path / "clip.mp4"))
    project = mien.Project(api.track(media, progress=False))
    # The copy is damaged when it was tracked already, so that nobody knows.
    harm(media, 24)
    log, out = tmp_path / "log", tmp_path / "out.mkv"
    mien.register_renderer(SlowBlusher(log))
    edits = [edit_of(project.shot)]
    with pytest.raises(DamagedMediaError) as caught:
        mien.render(project, out, edits=edits, renderer="slow", progress=False)
    assert caught.value.frame == 24
    assert "Finished frames (24) are kept in" in caught.value.remedy
    assert "the same command with --until-damage goes on from there" in caught.value.remedy
    assert not out.exists()
    made = log.read_text()
    assert len(made.split()) == 24
    report = mien.render(
        project, out, edits=edits, renderer="slow", until_damage=True, progress=False
    )
    assert log.read_text() == made, "a frame was rendered twice"
    # Some frames of this renderer change nothing, and count as neither edited nor not.
    assert (report.frames, report.frames_resumed) == (24, 24)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip.mp4", "log", "out.mkv", "out.mkv.c2pa",
    ]  # fmt: skip


@pytest.mark.slow
def test_damage_at_the_beginning(short_groups: Path, tmp_path: Path) -> None:
    """The face is found in the first frame that there is."""
    media = Path(shutil.copy(short_groups, tmp_path / "clip.mp4"))
    harm(media, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    shot = api.track(media, progress=False)
    assert shot.damaged == (FrameRange(2, 13),) or shot.damaged == (FrameRange(2, 20),)
    (face,) = shot.faces
    assert (face.confidence[20:] > 0).all()
    assert (face.confidence[:2] > 0).all()


@pytest.mark.slow
def test_in_a_batch_only_the_damaged_shot_fails(mien: Mien, broken: Path, tmp_path: Path) -> None:
    project = broken.with_suffix(".mien")
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(
        f"""
shots:
  - {{name: before, project: "{project}", frames: "0:10", set: mouthSmile=+0.4}}
  - {{name: broken, project: "{project}", frames: "18:40", set: mouthSmile=+0.4}}
"""
    )
    folder = tmp_path / "out"
    asked = ("batch", jobs, "-o", folder, "--workers", "1", "--json")
    done = mien(*asked)
    assert done.code == 1, done.err
    before, shot = done.json()["shots"]
    assert (before["status"], shot["status"]) == ("done", "failed")
    assert shot["problem"]["code"] == "damaged"
    assert "frame 24 of 50" in shot["problem"]["cause"]
    assert "--until-damage" in shot["problem"]["remedy"]
    assert sorted(path.name for path in folder.glob("*.mp4")) == ["before.mp4"]
    for kept in (False, True):
        done = mien(*asked, "--until-damage")
        assert done.code == 0, done.err
        before, shot = done.json()["shots"]
        assert (shot["status"], shot["frames"], shot["kept"]) == ("done", "18:24", kept)
        assert any("frames 24 to 39 are not in it" in note for note in shot["notes"])
    with av.open(str(folder / "broken.mp4")) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 6


@pytest.mark.slow
def test_a_batch_comes_to_damage_that_nobody_knew(
    mien: Mien, short_groups: Path, tmp_path: Path
) -> None:
    media = Path(shutil.copy(short_groups, tmp_path / "clip.mp4"))
    api.save_project(api.track(media, progress=False), tmp_path / "clip.mien")
    harm(media, 24)
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(
        'shots: [{name: shot, project: clip.mien, set: "mouthSmile=+0.4", until_damage: true}]'
    )
    folder = tmp_path / "out"
    asked = ("batch", jobs, "-o", folder, "--workers", "1", "--chunk", "10", "--json")
    for kept in (False, True):
        done = mien(*asked)
        assert done.code == 0, done.err
        (shot,) = done.json()["shots"]
        assert (shot["frames"], shot["kept"]) == ("0:24", kept)
        assert any("frames 24 to 49 are not in it" in note for note in shot["notes"])
    with av.open(str(folder / "shot.mp4")) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 24
