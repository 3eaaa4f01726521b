"""Examples that are lost, fail, come twice or change while something is made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import mien
from mien.api.examples import keep_lost
from mien.errors import MediaError, ProjectError
from mien.model.shot import Example, Shot
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.examples import example_problem
from mien.rendering.appearance.scan import face_appearance
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.resume import shot_key
from mien.session.shots import replace_shot
from tests.documents import make_document, make_shot
from tests.unit.test_appearance_library import Performance
from tests.unit.test_examples import Unblinking, filmed


@pytest.fixture(scope="module")
def own() -> Unblinking:
    return Unblinking()


@pytest.fixture(scope="module")
def blinks() -> Shot:
    return filmed(Performance())


def test_what_can_be_used_takes_the_place_of_what_cannot(own: Unblinking, blinks: Shot) -> None:
    path = blinks.media.path
    for useless in (
        Example(path, blinks, online=False),
        Example(path, None, "cannot be read"),
    ):
        usable = Example(path, blinks)
        for order in ([useless, usable], [usable, useless]):
            assert mien.set_examples(own.shot, order, progress=False).examples == (usable,)


def test_the_same_material_counts_once_and_shots_in_memory_each(
    own: Unblinking, blinks: Shot
) -> None:
    copy = replace(blinks, media=replace(blinks.media, path=Path("copy.mov")))
    assert len(mien.set_examples(own.shot, [blinks, copy]).examples) == 1
    darker = filmed(Performance(), 0.5)
    assert len(mien.set_examples(own.shot, [blinks, darker]).examples) == 2


def test_a_list_handed_on_opens_no_lost_file(own: Unblinking, blinks: Shot) -> None:
    """What a stranger's project names may be anything by now."""
    lost = Example(Path("/etc/passwd"), blinks, online=False)
    shot = own.shot.with_examples([lost])
    assert keep_lost(shot, [Path("/etc/../etc/passwd"), Path("new.mov")]) == (
        lost,
        Path("new.mov"),
    )
    given = mien.set_examples(shot, keep_lost(shot, [lost.path]), progress=False)
    assert given.examples == (lost,)


def test_a_file_that_goes_fails_no_key(own: Unblinking, blinks: Shot, tmp_path: Path) -> None:
    made = []
    for name in ("take.mkv", "blinks.mov"):
        path = tmp_path / name
        path.write_bytes(name.encode())
        made.append(replace(make_shot(24, name).media, path=path))
    shot = replace(own.shot, media=made[0])
    shot = shot.with_examples([replace(blinks, media=made[1])])
    there = shot_key(shot)
    made[1].path.unlink()
    assert shot_key(shot) != there
    made[0].path.unlink()
    with pytest.raises(MediaError, match="cannot be looked at"):
        shot_key(shot)


def test_what_could_not_be_read_is_looked_at_again(
    own: Unblinking, blinks: Shot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = AppearanceCache(tmp_path / "cache")
    monkeypatch.setattr(AppearanceCache, "key", lambda *_: "a")
    shot = own.shot.with_examples([blinks])
    deformer = FaceDeformer(own.face, own.orientation)

    def found() -> tuple[str, ...]:
        return face_appearance(shot, own.face, deformer, own, cache=cache).library.remarks

    with monkeypatch.context() as failing:

        def fail(*_: object, **__: object) -> None:
            raise MediaError("It cannot be read.")

        failing.setattr("mien.rendering.appearance.examples.open_reader", fail)
        assert found() == ("blinks.mov is not used: It cannot be read.",)
    assert cache.entries() == []
    assert found() == ()
    assert len(cache.entries()) == 1


def test_a_face_that_is_too_small_is_said(own: Unblinking, blinks: Shot) -> None:
    face = blinks.faces[0]
    pose = replace(face.curves.pose, scale=face.curves.pose.scale / 4)
    small = replace(face, curves=replace(face.curves, pose=pose))
    example = Example(Path("small.mov"), replace(blinks, faces=(small,)))
    assert example_problem(own.shot, example) == "shows the face too small"


def test_tracking_again_keeps_the_examples_of_now() -> None:
    document = make_document()
    project = document.shots[0]
    now = Example(Path("b.mov"), make_shot(name="b"))
    tracked = project.shot.with_examples([make_shot(name="a")])
    document = document.with_shot(replace(project, shot=project.shot.with_examples([now])))
    assert replace_shot(document, project.id, tracked).shots[0].shot.examples == (now,)


def test_found_beside_the_project_they_are_found_from_elsewhere_too(
    talk_360p: Path, tracked_360p: Path, tmp_path: Path
) -> None:
    """The editor hands its shots over in folders of their own."""
    project = mien.load_project(tracked_360p, media=talk_360p)
    beside, other = tmp_path / "beside", tmp_path / "other"
    beside.mkdir()
    other.mkdir()
    clip = beside / "laugh.mp4"
    clip.write_bytes(talk_360p.read_bytes() + b"\0" * 64)
    laugh = replace(project.shot, media=mien.open_shot(clip).media)
    shot = project.shot.with_examples([laugh])
    mien.save_project(shot, other / "take.mien")
    (beside / "take.mien").write_bytes((other / "take.mien").read_bytes())
    with pytest.MonkeyPatch.context() as fresh:
        fresh.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        first = mien.load_project(beside / "take.mien", media=talk_360p).shot
        assert first.examples[0].online
        again = mien.load_project(other / "take.mien", media=talk_360p).shot
        assert again.examples[0].online


def test_a_project_that_cannot_be_read_is_refused_before_anything_is_tracked(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "broken.mien"
    broken.write_bytes(b"no project")
    with pytest.raises(ProjectError):
        mien.render(make_shot(), tmp_path / "out.mov", examples=[broken])
    assert list(tmp_path.iterdir()) == [broken]
