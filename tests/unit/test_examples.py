"""Examples: other material of a shot's people, of which its faces learn how they look."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import mien
from mien import api
from mien._types import FloatArray
from mien.cli.main import run
from mien.errors import MediaError, UsageError
from mien.face.likeness import SAME_PERSON, unlikeness
from mien.face.rig import load_rig
from mien.face.solve import solve_as, solve_face
from mien.io import project as project_file
from mien.jobs.job import ShotJob
from mien.jobs.plan import make_plan
from mien.jobs.shot_task import Task
from mien.jobs.steps import Workbench
from mien.media.memory import memory_media
from mien.media.sequence import probe_image
from mien.model.controls import INDEX
from mien.model.document import Project
from mien.model.face import FaceTrack
from mien.model.landmarks import SKIN
from mien.model.shot import Example, Shot
from mien.progress import silent
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.donors import choose_donors
from mien.rendering.appearance.examples import (
    add_examples,
    example_faces,
    example_problem,
    example_remarks,
)
from mien.rendering.appearance.library import FaceLibrary, choose_frames, choose_with_examples
from mien.rendering.appearance.mouth import Exemplar, MouthAppearance
from mien.rendering.appearance.skin import learn_skin
from mien.rendering.base import Patch, RenderRequest
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.resume import shot_key
from mien.rendering.warp.renderer import WarpRenderer
from mien.session.commands import set_examples as set_examples_of
from mien.session.session import Session
from tests.documents import make_document, make_shot
from tests.faces import make_face
from tests.unit.test_appearance_library import BLINK, SMILE, UPRIGHT, Performance, asked

JAW = INDEX["jawOpen"]
WARM = np.array([0.5, 0.42, 0.35], dtype=np.float32)
"""Factors of a darker, warmer light."""


class Unblinking(Performance):
    """The same person, who never blinks."""

    def __init__(self) -> None:
        super().__init__()
        controls = self.face.curves.controls.array
        controls[:, BLINK] = 0
        rig = load_rig().personal(self.face.identity)
        for frame, row in enumerate(controls):
            shape = self.face.curves.pose.project(frame, rig.shape(row))
            self.face.landmarks[frame, :SKIN, :2] = shape


def filmed(scene: Performance, light: FloatArray | float = 1.0) -> Shot:
    """The shot of a scene, with its pictures in memory."""
    frames = np.stack([scene.plate(frame).rgb() * light for frame in range(scene.frames)])
    media = memory_media((frames * 255 + 0.5).astype(np.uint8), 25)
    return replace(scene.shot, media=replace(media, path=Path("blinks.mov")))


def somebody_else(shot: Shot) -> Shot:
    """A shot of another person."""
    rig = load_rig()
    away = 4 * rig.people.modes[:3].sum(axis=0).reshape(SKIN, 3)
    other = (rig.mean + away).astype(np.float32)
    return replace(shot, faces=tuple(replace(face, identity=other) for face in shot.faces))


@pytest.fixture(scope="module")
def own() -> Unblinking:
    return Unblinking()


@pytest.fixture(scope="module")
def blinks() -> Shot:
    return filmed(Performance())


def with_example(own: Performance, example: Shot) -> FaceLibrary:
    shot = own.shot.with_examples([example])
    found = example_faces(shot, own.face)
    chosen = choose_with_examples(own.face, [one.face for one in found])
    return add_examples(own.library(), own.face, found, chosen[1:])


# Which frames


def test_without_examples_the_choice_is_what_it_was(own: Performance) -> None:
    assert choose_with_examples(own.face, ()) == (choose_frames(own.face),)


def test_examples_give_what_the_shot_does_not_show(own: Performance, blinks: Shot) -> None:
    mine, theirs = choose_with_examples(own.face, [blinks.faces[0]])
    assert len(mine) == len(choose_frames(own.face))
    shown = blinks.faces[0].curves.controls.array[theirs, BLINK]
    assert shown.max() == 1
    assert len(theirs) < len(choose_frames(blinks.faces[0])), "what the shot shows is not taken"


def test_a_library_is_bounded_however_many_examples() -> None:
    shots = [make_shot(frames=400, name=str(i)) for i in range(3)]
    faces = [replace(shot.faces[0], landmarks=np.ones((400, 478, 3), np.float32)) for shot in shots]
    mine, *theirs = choose_with_examples(faces[0], faces[1:])
    assert len(mine) + sum(map(len, theirs)) <= 96
    assert len(mine) >= 48


def test_faces_much_smaller_than_the_shots_give_nothing(own: Performance, blinks: Shot) -> None:
    face = blinks.faces[0]
    pose = dataclasses.replace(face.curves.pose, scale=face.curves.pose.scale / 3)
    small = replace(face, curves=replace(face.curves, pose=pose))
    assert choose_with_examples(own.face, [small])[1] == []


# Whose they are


def test_another_person_is_told_and_left_out(own: Performance, blinks: Shot) -> None:
    other = somebody_else(blinks)
    assert unlikeness(own.face.identity, other.faces[0].identity) > SAME_PERSON
    shot = own.shot.with_examples([other, blinks])
    (found,) = example_faces(shot, own.face)
    assert found.face.landmarks is blinks.faces[0].landmarks
    assert np.array_equal(found.face.identity, own.face.identity)
    remarks = example_remarks(shot)
    assert remarks == ("blinks.mov shows somebody else as far as mien can tell: not used",)


def test_of_two_people_each_gets_its_own(own: Performance, blinks: Shot) -> None:
    other = replace(somebody_else(blinks).faces[0], number=2)
    two = replace(blinks, faces=(other, replace(blinks.faces[0], number=1)))
    shot = replace(own.shot, faces=(own.face, replace(own.face, identity=other.identity, number=2)))
    shot = shot.with_examples([two])
    for face in shot.faces:
        (found,) = example_faces(shot, face)
        assert found.face.number == face.number
    assert example_remarks(shot) == ()


@pytest.mark.parametrize(
    ("example", "words"),
    [
        (Example(Path("a.png"), None, "shows no face"), "shows no face"),
        (Example(Path("a.mp4"), None, "cannot be read"), "cannot be read"),
        (Example(Path("a.mp4"), make_shot(name="a"), online=False), "was not found"),
    ],
)
def test_what_cannot_be_used_is_said(own: Performance, example: Example, words: str) -> None:
    shot = own.shot.with_examples([example])
    assert example_problem(shot, example) == words
    assert example_faces(shot, own.face) == ()
    assert example_remarks(shot) == (f"{example.path.name} {words}: not used",)


# Their light


def test_frames_of_examples_come_in_the_shots_colours(own: Performance) -> None:
    plain = with_example(own, filmed(Performance())).of_examples
    warm = with_example(own, filmed(Performance(), WARM)).of_examples
    assert len(plain) == len(warm) > 0
    for one, other in zip(plain, warm, strict=True):
        x, y = np.round(one.points[151]).astype(int).tolist()
        assert other.rgb[y, x] == pytest.approx(one.rgb[y, x], rel=0.03)


def test_their_light_is_not_taken_for_the_skins_look(own: Performance) -> None:
    plain = learn_skin(with_example(own, filmed(Performance())), own.face.identity)
    warm = learn_skin(with_example(own, filmed(Performance(), WARM)), own.face.identity)
    assert plain is not None
    assert warm is not None
    ends = asked(), asked(mouthSmileLeft=0.8)
    turned = np.eye(3, dtype=np.float32)
    difference = np.abs(
        np.log(plain.change(*ends, turned).ratio) - np.log(warm.change(*ends, turned).ratio)
    )
    assert difference.max() < 0.03


def test_a_few_frames_of_an_example_teach_nothing_of_skin(own: Performance, blinks: Shot) -> None:
    library = with_example(own, blinks)
    few = FaceLibrary((*own.library().frames, *library.of_examples[-3:]))
    alone = learn_skin(own.library(), own.face.identity)
    both = learn_skin(few, own.face.identity)
    assert alone is not None
    assert both is not None
    assert alone.fingerprint == both.fingerprint


# What is made of them


def render(scene: Performance, shot: Shot, **edit: float) -> tuple[Patch, tuple[str, ...]]:
    plan = scene.plan(**edit)
    with WarpRenderer().open(shot, scene) as session:
        session.prepare([plan])
        patch = session.render(RenderRequest(plan, 0, scene.plate(0)))
        assert patch is not None
        return patch, session.notes


def test_a_blink_comes_from_an_example(own: Performance, blinks: Shot) -> None:
    library = with_example(own, blinks)
    chosen = choose_donors(library, asked(), asked(eyeBlinkLeft=1), UPRIGHT, 25)
    (left,) = (donors for donors in chosen if donors.region == "Left")
    assert all(frame.example == 0 for frame, _ in left.frames)
    assert left.amount > 0.5
    without, said = render(own, own.shot, eyeBlinkLeft=1)
    patch, notes = render(own, own.shot.with_examples([blinks]), eyeBlinkLeft=1)
    assert said == ("no closed eyes in this shot: lids are made up",)
    assert notes == ()
    assert np.isfinite(patch.rgb).all()
    assert not np.array_equal(patch.rgb, without.rgb)


def test_what_cannot_be_used_changes_no_pixel_and_fails_nothing(
    own: Performance, blinks: Shot
) -> None:
    without, _ = render(own, own.shot, mouthSmileLeft=0.5)
    gone = replace(blinks, media=replace(make_shot(24).media, path=Path("gone.mov")))
    unread = Example(Path("no.mp4"), None, "cannot be read")
    useless: list[Example | Shot] = [unread, somebody_else(blinks), gone]
    patch, notes = render(own, own.shot.with_examples(useless), mouthSmileLeft=0.5)
    assert np.array_equal(patch.rgb, without.rgb)
    assert [note.split()[0] for note in notes] == ["no.mp4", "blinks.mov", "gone.mov"]


@given(st.booleans(), st.booleans())
def test_an_opened_mouth_of_an_example_is_painted(smile: bool, blink: bool) -> None:
    own, example = Unblinking(), Performance()
    example.face.curves.controls.array[:, JAW] = 0.8
    shot = own.shot.with_examples([filmed(example)])
    patch, _ = render(own, shot, jawOpen=0.7, mouthSmile=0.5 * smile, eyeBlink=1.0 * blink)
    assert np.isfinite(patch.rgb).all()


def test_a_mouth_that_is_never_open_is_helped_by_one_that_is() -> None:
    tooth = np.array([1.0, 1.1, 1.2], dtype=np.float32)
    corner, colour = np.zeros(2, dtype=np.float32), np.ones(3, dtype=np.float32)
    crop = PlateCrop(np.zeros((4, 4, 3), dtype=np.float32), corner)
    scene = Performance()
    motion = FaceDeformer(scene.face, scene.orientation).motion_at(0, asked(), asked())
    opened = Exemplar(7, crop, Cavity.in_plate(motion, 0.5), colour, 0.1, 0.0)
    closed = MouthAppearance(sections=(0, 9), exemplars=(None, None))
    other = MouthAppearance(0.5, tooth, (0, 4), (None, opened))
    helped = closed.helped_by([MouthAppearance(), other])
    assert [one is not None and one.frame for one in helped.exemplars] == [7, 7]
    assert helped.tooth is tooth
    assert helped.sections == closed.sections
    assert other.helped_by([closed]).exemplars[1] is opened
    assert closed.helped_by([]).exemplars == closed.exemplars


def test_an_example_is_solved_with_the_shape_that_the_shot_knows() -> None:
    """What an image alone shows of a performance is taken for the shape of the face in part."""
    rig, smile = load_rig(), asked(mouthSmileLeft=0.6, mouthSmileRight=0.6, jawOpen=0.3)
    away = 1.5 * rig.people.modes[:4].sum(axis=0).reshape(SKIN, 3)
    identity = (rig.mean + away).astype(np.float32)
    face, scale = make_face(1), 20.0
    shape = identity + rig.personal(identity).shape(smile) - rig.personal(identity).shape(asked())
    face.landmarks[0, :SKIN] = 200 + scale * shape * np.array([1, -1, -1])
    alone = solve_face(FaceTrack(1, face.landmarks.copy(), face.confidence), face.clock)
    helped = solve_as(face, identity)
    assert helped.identity is identity
    missed = [
        np.abs(one.curves.controls.array[0, [SMILE, JAW]] - smile[[SMILE, JAW]]).sum()
        for one in (alone, helped)
    ]
    assert missed[1] < 0.7 * missed[0]
    assert missed[1] < 0.15


# What is kept


@pytest.fixture
def on_disk(tmp_path: Path, blinks: Shot) -> tuple[Shot, Shot]:
    """A shot and an example whose files can be looked at."""
    made = []
    for name in ("take.mkv", "blinks.mov"):
        path = tmp_path / name
        path.write_bytes(name.encode())
        made.append(replace(make_shot(24, name).media, path=path))
    own = Unblinking()
    return replace(own.shot, media=made[0]), replace(blinks, media=made[1])


def test_another_example_means_other_frames_and_libraries(
    on_disk: tuple[Shot, Shot], tmp_path: Path
) -> None:
    shot, example = on_disk
    cache, (face,) = AppearanceCache(tmp_path / "cache"), shot.faces

    def names(shot: Shot) -> tuple[str, str | None]:
        return shot_key(shot), cache.key(shot, face, example_faces(shot, face))

    bare = names(shot)
    useless = shot.with_examples([Example(Path("no.mp4"), None, "cannot be read")])
    assert names(useless) == bare
    first = names(shot.with_examples([example]))
    assert not set(first) & set(bare)
    example.media.path.write_bytes(b"another content")
    assert not set(names(shot.with_examples([example]))) & {*first, *bare}


def test_a_library_with_examples_is_kept_whole(
    own: Performance, blinks: Shot, tmp_path: Path
) -> None:
    cache = AppearanceCache(tmp_path)
    library = replace_remarks(with_example(own, blinks), ("one is not used",))
    cache.store("key", library, None)
    kept = cache.load("key")
    assert kept is not None
    assert kept[0].fingerprint == library.fingerprint
    assert kept[0].remarks == library.remarks
    assert [f.example for f in kept[0].frames] == [f.example for f in library.frames]


def replace_remarks(library: FaceLibrary, remarks: tuple[str, ...]) -> FaceLibrary:
    return FaceLibrary(library.frames, remarks)


def saved(tmp_path: Path) -> tuple[Project, Path]:
    shot = make_shot(6, "own").with_examples(
        [make_shot(5, "first"), Example(tmp_path / "b.png", None, "shows no face"), make_shot(4)]
    )
    path = tmp_path / "film.mien"
    project_file.save(Project(shot), path)
    return Project(shot), path


def test_projects_keep_examples(tmp_path: Path) -> None:
    project, path = saved(tmp_path)
    loaded = project_file.load(path, find=False)
    for before, after in zip(project.shot.examples, loaded.shot.examples, strict=True):
        assert (before.path.name, before.problem) == (after.path.name, after.problem)
        assert not after.online
        assert (before.shot is None) == (after.shot is None)
        if before.shot is not None and after.shot is not None:
            (one,), (other,) = before.shot.faces, after.shot.faces
            assert np.array_equal(one.landmarks, other.landmarks)
    again = tmp_path / "again.mien"
    project_file.save(loaded, again)
    assert again.read_bytes() == path.read_bytes()


def test_examples_of_a_stranger_are_not_opened(tmp_path: Path) -> None:
    _, path = saved(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    loaded = project_file.load(path, find=False)
    for example in loaded.shot.examples:
        assert example.used is None
    assert example_remarks(loaded.shot)[0] == "first.mov was not found: not used"


def test_giving_examples_is_one_step_of_undo() -> None:
    document = make_document()
    session = Session(document)
    shot, edit = document.shots[0], mien.Edit(document.shots[0].shot.faces[0]).set("jawOpen", 0.5)
    session.apply("Edit", lambda now: now.with_shot(now.shot(shot.id).with_edit(edit)))
    given_one = Example(Path("a.mov"), make_shot(name="a"))
    session.apply("Add examples", lambda now: set_examples_of(now, shot.id, [given_one]))
    changed = session.document.shots[0]
    assert changed.shot.examples == (given_one,)
    assert changed.edits[0].face is changed.shot.faces[0]
    session.undo()
    assert session.document.shots[0].shot.examples == ()


# From files


def image(path: Path, pixels: FloatArray) -> Path:
    """An image in a file."""
    frame = av.VideoFrame.from_ndarray((pixels * 255).astype(np.uint8), format="rgb24")
    with av.open(str(path), "w", format="image2") as file:
        stream = file.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "rgb24"
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def test_an_example_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="There is no example"):
        mien.set_examples(make_shot(), [tmp_path / "gone.mp4"])
    with pytest.raises(UsageError, match="is a folder"):
        mien.set_examples(make_shot(), [tmp_path])
    with pytest.raises(MediaError, match="There is no example"):
        mien.render(make_shot(), tmp_path / "out.mov", examples=[tmp_path / "gone.mp4"])


def test_what_is_no_film_and_what_shows_nobody_is_kept_with_its_problem(tmp_path: Path) -> None:
    text = tmp_path / "words.mp4"
    text.write_text("words")
    nobody = image(tmp_path / "IMG_0042.png", np.full((90, 120, 3), 0.4, dtype=np.float32))
    shot = mien.set_examples(make_shot(), [text, nobody], progress=False)
    assert mien.example_problems(shot) == ("cannot be read", "shows no face")
    assert [example.path for example in shot.examples] == [text, nobody]


def test_a_photograph_is_an_example(talk_360p: Path, tmp_path: Path) -> None:
    shot = mien.open_shot(talk_360p)
    photo = image(tmp_path / "me.png", shot.frame(0).astype(np.float32) / 255)
    tracked = mien.set_examples(mien.track(shot, progress=False), [photo], progress=False)
    (example,) = tracked.examples
    assert example.shot is not None
    assert len(example.shot) == len(example.shot.faces) == 1
    assert mien.example_problems(tracked) == ("",)
    path = tmp_path / "film.mien"
    mien.save_project(tracked, path)
    (again,) = mien.load_project(path).shot.examples
    assert again.online
    photo.rename(tmp_path / "renamed.png")
    (again,) = mien.load_project(path).shot.examples
    assert again.path.name == "renamed.png", "found by content, beside the project"
    (tmp_path / "renamed.png").unlink()
    lost = mien.load_project(path).shot
    assert mien.example_problems(lost) == ("was not found",)
    assert mien.set_examples(lost, [lost.examples[0].path]).examples[0] is lost.examples[0]


def test_a_photograph_lies_as_the_camera_was_held(tmp_path: Path) -> None:
    photo, facts = Image.new("RGB", (90, 60)), Image.Exif()
    facts[0x0112] = 6  # turned clockwise by a quarter
    photo.save(tmp_path / "held.jpg", exif=facts)
    assert probe_image(tmp_path / "held.jpg").orientation.upright_size == (60, 90)


def test_the_command_line_says_what_is_not_used(
    talk_360p: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "words.mp4"
    words.write_text("words")
    command = ["render", str(talk_360p), "-o", str(tmp_path / "out.mp4"), "--set", "jawOpen=+0.3",
               "--frames", "0:2"]  # fmt: skip
    assert run([*command, "--examples", str(words)]) == 0
    assert capsys.readouterr().out.count("words.mp4 cannot be read: not used") == 1
    assert run([*command, "--overwrite", "--examples", str(tmp_path / "gone.mp4")]) == 3
    assert "There is no example" in capsys.readouterr().err


def test_a_batch_tracks_an_example_once_for_all_its_shots(
    talk_360p: Path, tracked_360p: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = image(tmp_path / "me.png", mien.open_shot(talk_360p).frame(3) / np.float32(255))
    nobody = image(tmp_path / "nobody.png", np.full((90, 120, 3), 0.4, dtype=np.float32))
    tracked: list[Path] = []
    real = api.track

    def noted(shot: Shot, **options: Any) -> Shot:
        tracked.append(shot.media.path)
        return real(shot, **options)

    monkeypatch.setattr(api, "track", noted)
    jobs = [
        ShotJob(name, talk_360p, tracked_360p, set=("jawOpen=+0.4",), frames="0:2",
                renderer="warp", examples=(photo, nobody))
        for name in ("one", "two")
    ]  # fmt: skip
    plan = make_plan(jobs, tmp_path / "out")
    for shot in plan.shots:
        assert shot.order is not None
        bench = Workbench(threads=1)
        assert bench.do(Task(shot.order, "render"), silent)["made"] == 2
        told = bench.do(Task(shot.order, "assemble"), silent)
        assert told["notes"].count("nobody.png shows no face: not used") == 1
        bench.close()
    assert sorted(tracked) == [photo, nobody]
    (lost,) = make_plan(
        [replace(jobs[0], examples=(tmp_path / "gone.mov",))], tmp_path / "out"
    ).shots
    assert lost.problem is not None
    assert lost.problem.cause.startswith("There is no example")
