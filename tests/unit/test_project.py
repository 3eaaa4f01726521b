"""Project files: what is kept, what is refused, where media are looked for."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.errors import OutputError, ProjectError
from mien.io import project as project_file
from mien.io import relink, schema
from mien.io.project import Project
from mien.media.probe import probe
from mien.model.corrections import LandmarkCorrection
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.interpolate import Key
from mien.model.occlusion import Occlusion
from mien.model.raw_landmarks import RawLandmarks
from mien.model.shot import Shot, ToolVersions
from mien.timebase import FrameRange, Timecode
from tests.faces import make_face

FRAMES = 12


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes on where media were belong to the test, not to the person who runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def write_movie(path: Path, frames: int = FRAMES, shade: int = 0) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(frames):
            picture = np.full((48, 64, 3), (shade + 9 * i) % 256, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "job"
    path.mkdir()
    return path


@pytest.fixture
def project(folder: Path) -> Project:
    facts = probe(write_movie(folder / "shot.mp4"))
    face = make_face(FRAMES)
    rng = np.random.default_rng(7)
    face.landmarks[:] = rng.normal(size=face.landmarks.shape)
    face.landmarks[3] = np.nan
    face.curves.controls.array[:] = rng.normal(size=face.curves.controls.array.shape)
    face.curves.valid[3] = False
    face.curves.controls.array[3] = np.nan
    edit = Edit(
        face,
        [
            Layer("smile", (ControlTrack("mouthSmile", (Key(0, 0), Key(6, 0.5, "bezier"))),), 0.5),
            Layer("eyes", (ControlTrack("blink", (Key(2, 1.0, "hold"),), "replace",
                                 FrameRange(1, 5), 2),), muted=True),
        ],
    )  # fmt: skip
    return Project(Shot(facts, (face,), (5,)), (edit,))


@pytest.fixture
def saved(project: Project, folder: Path) -> Path:
    path = folder / "shot.mien"
    project_file.save(project, path)
    return path


def same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def test_everything_comes_back(project: Project, saved: Path) -> None:
    back = project_file.load(saved)
    assert back.shot.media == project.shot.media
    assert back.shot.cuts == (5,)
    (a,), (b,) = project.shot.faces, back.shot.faces
    assert (a.number, a.name, a.clock) == (b.number, b.name, b.clock)
    for one, two in (
        (a.landmarks, b.landmarks),
        (a.confidence, b.confidence),
        (a.identity, b.identity),
        (a.curves.controls.array, b.curves.controls.array),
        (a.curves.flame, b.curves.flame),
        (a.curves.pose.rotation, b.curves.pose.rotation),
        (a.curves.valid, b.curves.valid),
        (a.raw.bridged, b.raw.bridged),
    ):
        assert one.dtype == two.dtype
        assert same(one, two)
    assert a.curves.basis == b.curves.basis
    assert back.edits[0].layers == project.edits[0].layers
    assert back.edits[0].face is b


def test_variable_times_and_a_start_timecode_come_back(project: Project, folder: Path) -> None:
    media = project.shot.media
    times = tuple(Fraction(i * i, 3) for i in range(FRAMES))
    clock = replace(media.clock, times=times, start=Timecode.parse("01:00:01:12", Fraction(25)))
    face = replace(project.shot.faces[0], clock=clock)
    shot = Shot(replace(media, clock=clock), (face,))
    project_file.save(Project(shot), folder / "vfr.mien")
    assert project_file.load(folder / "vfr.mien", find=False).shot.media.clock == clock


def test_equal_projects_are_equal_files(project: Project, saved: Path, folder: Path) -> None:
    project_file.save(project, folder / "again.mien")
    assert (folder / "again.mien").read_bytes() == saved.read_bytes()


def test_a_failed_save_leaves_the_old_project(
    project: Project, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    monkeypatch.setattr(project_file, "write_array", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        project_file.save(project, saved)
    assert saved.read_bytes() == before
    assert sorted(path.name for path in saved.parent.iterdir()) == ["shot.mien", "shot.mp4"]


def test_no_folder(project: Project, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        project_file.save(project, tmp_path / "nowhere" / "shot.mien")


# --- files that are broken, or meant to do harm -------------------------------------------


def rewritten(path: Path, changes: dict[str, bytes | None], compress: int | None = None) -> None:
    """Rewrite a project with members replaced, added, or (None) left out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members.update({name: b"" if content is None else content for name, content in changes.items()})
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if name in changes and changes[name] is None:
                continue
            archive.writestr(name, content, compress if name in changes else None)


def changed_document(path: Path, **fields: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        document = json.loads(archive.read("project.json"))
    shot = {name: value for name, value in fields.items() if name in document["shots"][0]}
    whole = document | {name: value for name, value in fields.items() if name not in shot}
    whole["shots"][0] |= shot
    rewritten(path, {"project.json": json.dumps(whole).encode()})


def first_shot(path: Path) -> dict[str, Any]:
    """What the JSON of a project says of its first shot."""
    with zipfile.ZipFile(path) as archive:
        shot: dict[str, Any] = json.loads(archive.read("project.json"))["shots"][0]
    return shot


def npy(array: AnyArray, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def refused(path: Path) -> str:
    with pytest.raises(ProjectError) as caught:
        project_file.load(path)
    assert caught.value.remedy or caught.value.cause
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_not_there(tmp_path: Path) -> None:
    assert "There is no project" in refused(tmp_path / "gone.mien")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04rubbish", b"\0" * 5000])
def test_not_a_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mien"
    path.write_bytes(content)
    assert "x.mien is corrupt" in refused(path)


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.mien", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "no mien project" in refused(tmp_path / "x.mien")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no mien project"),
        (b'{"schema": "else"}', "no mien project"),
        (b'{"schema": "mien-project", "version": "new"}', "version"),
        (b'{"schema": "mien-project", "version": 0}', "version 0, which no mien wrote"),
        (b'{"schema": "mien-project", "version": 1}', "field"),
    ],
)
def test_broken_json(saved: Path, text: bytes, words: str) -> None:
    rewritten(saved, {"project.json": text})
    assert words in refused(saved)


def test_a_newer_version_says_so(saved: Path) -> None:
    changed_document(saved, version=schema.VERSION + 1)
    assert "newer mien" in refused(saved)
    assert "Update mien" in refused(saved)


BASELINES = sorted((Path(__file__).parents[1] / "baselines").glob("project-*.mien"))


def test_every_version_that_was_ever_written_has_a_baseline() -> None:
    assert [path.stem for path in BASELINES] == [
        f"project-{version}" for version in range(1, schema.VERSION + 1)
    ]


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: path.stem)
def test_projects_of_every_version_can_be_read(path: Path) -> None:
    (project,) = project_file.load_document(path, find_media=False).shots
    (face,) = project.shot.faces
    smile, eyes = project.edits[0].layers
    assert not project.online
    assert project.title == "shot"
    assert project.shot.clock.times == (0, Fraction(1, 30), Fraction(4, 30), Fraction(9, 30))
    assert str(project.shot.clock.timecode(0)) == "00:48:02;28"
    assert (face.name, face.valid.tolist()) == ("Ada", [True, True, False, True])
    assert face.curves.controls["jawOpen"].tolist() == [0.4375, 0.9375, 0.375, 0.875]
    assert smile.tracks[0].keys[1] == Key(3, 0.5, "bezier", (-1.0, 0.25), (2.0, 0.5))
    assert (smile.weight, eyes.muted, eyes.tracks[0].span) == (0.5, True, FrameRange(1, 3))
    assert set(project.settings) == {
        "project-1": set(), "project-4": {"reference", "blush"},
        "project-5": {"reference", "blush"}, "project-6": {"reference", "blush"},
        "project-7": {"reference", "blush"}, "project-8": {"reference", "blush"},
        "project-9": {"reference", "blush"},
    }.get(path.stem, {"reference"})  # fmt: skip
    kept = [(one.path.name, one.problem, one.online) for one in project.shot.examples]
    assert kept == ([] if path.stem < "project-5" else [
        ("laugh.mov", "", False), ("nobody.png", "shows no face", False),
    ])  # fmt: skip
    if project.settings:
        assert project.settings["reference"]["steps"] == 4
    media, newest = project.shot.media, path.stem >= "project-7"
    assert (media.stream, media.orientation.mirrored) == ((2, True) if newest else (-1, False))
    assert project.shot.damaged == ((FrameRange(2, 3),) if newest else ())
    hand = (LandmarkCorrection(3, "mouth", 2.0, -1.0, 1, 1),) if path.stem >= "project-8" else ()
    assert face.corrections == hand
    assert bool(hand) == (face.uncorrected_frames is not None)
    chosen = face.neutral
    assert (chosen is not None) == (path.stem >= "project-9")
    if chosen is not None:
        assert (chosen.frame, chosen.picture, chosen.frames) == (1, "", 2)
        assert chosen.shape[-1, -1] == 1
    occlusion = project.shot.occlusion
    if path.stem < "project-6":
        assert (occlusion, project.shot.mixes) == (Occlusion(), ())
        assert face.region_confidence is None
        return
    (stroke,) = occlusion.strokes
    assert (stroke.points, stroke.erase) == (((3.5, 4.0), (5.0, 6.25)), True)
    assert (stroke.frame, stroke.span, stroke.radius) == (1, FrameRange(0, 2), 2.5)
    assert (occlusion.detect, occlusion.fade) == (True, False)
    assert occlusion.matte == path.parent / "matte.%04d.png"
    assert (occlusion.matte_content, occlusion.matte_online) == ("1f-0123456789abcdef", False)
    assert occlusion.wears_glasses(face.number) == "yes"
    assert project.shot.mixes == (FrameRange(0, 1),)
    assert face.region_confidence is not None
    assert face.region_confidence[-1, -1] == 1


def test_a_wrong_field_is_named(saved: Path) -> None:
    edits = first_shot(saved)["edits"]
    edits[0]["layers"][1]["weight"] = 3
    changed_document(saved, edits=edits)
    assert "shots.0.edits.0.layers.1.weight" in refused(saved)


def test_an_unknown_control_is_named_with_its_layer(saved: Path) -> None:
    edits = first_shot(saved)["edits"]
    edits[0]["layers"][0]["tracks"][0]["control"] = "mouthSmle"
    changed_document(saved, edits=edits)
    assert "layer 'smile'" in refused(saved)
    assert "Did you mean 'mouthSmile'?" in refused(saved)


def test_an_edit_of_nobody(saved: Path) -> None:
    changed_document(saved, edits=[{"face": 9, "layers": []}])
    assert "no face 9" in refused(saved)


def test_a_fraction_cannot_blow_up(saved: Path) -> None:
    media = first_shot(saved)["media"]
    changed_document(saved, media=media | {"rate": "1e999999999"})
    assert "media.rate" in refused(saved)


LANDMARKS = "shots/1/faces/1/landmarks.npy"


def test_a_missing_array(saved: Path) -> None:
    rewritten(saved, {LANDMARKS: None})
    assert LANDMARKS in refused(saved)


def test_an_array_of_another_shape(saved: Path) -> None:
    rewritten(saved, {LANDMARKS: npy(np.zeros((FRAMES, 468, 3), dtype=np.float32))})
    assert f"{LANDMARKS} cannot be read" in refused(saved)


def test_pickles_are_not_opened(saved: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "boom"),)

    rewritten(saved, {LANDMARKS: npy(np.array([Bomb()], dtype=object), allow_pickle=True)})
    assert "cannot be read" in refused(saved)
    assert not (tmp_path / "boom").exists()


def test_a_zip_bomb_is_not_unpacked(saved: Path) -> None:
    rewritten(saved, {LANDMARKS: bytes(1 << 20)}, zipfile.ZIP_DEFLATED)
    assert "compressed" in refused(saved)
    rewritten(saved, {"project.json": bytes(65 << 20)}, zipfile.ZIP_DEFLATED)
    assert "bytes" in refused(saved)


def test_values_that_are_not_numbers_in_valid_frames(saved: Path) -> None:
    controls = np.full((FRAMES, 59), np.nan, dtype=np.float32)
    rewritten(saved, {"shots/1/faces/1/curves/controls.npy": npy(controls)})
    assert "controls.npy holds values that are not numbers" in refused(saved)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("landmarks", (FRAMES, 478, 3)), ("confidence", (FRAMES,)), ("identity", (468, 3))],
)
def test_faces_that_nobody_could_have_seen(saved: Path, name: str, shape: tuple[int, ...]) -> None:
    array = np.full(shape, np.inf, dtype=np.float32)
    rewritten(saved, {f"shots/1/faces/1/{name}.npy": npy(array)})
    assert f"{name}.npy holds values that are not" in refused(saved)


RAW = "shots/1/faces/1/raw/landmarks.npy"


@pytest.fixture
def with_raw(project: Project, folder: Path) -> Path:
    """A project whose face keeps its landmarks as they were tracked."""
    (face,) = project.shot.faces
    tracked = np.nan_to_num(face.landmarks)
    face = replace(face, raw_landmarks=RawLandmarks.pack(tracked, face.confidence > 0))
    shot = replace(project.shot, faces=(face,), made_by=ToolVersions("mediapipe", 1, 1))
    path = folder / "raw.mien"
    project_file.save(Project(shot), path)
    return path


def test_raw_landmarks_and_what_made_them_come_back(with_raw: Path) -> None:
    shot = project_file.load(with_raw).shot
    assert shot.made_by == ToolVersions("mediapipe", 1, 1)
    tracked = shot.faces[0].as_tracked()
    assert tracked is not None
    assert tracked.landmarks.shape == (FRAMES, 478, 3)


@pytest.mark.parametrize("change", [10**9, -1, 7, "many", None])
def test_raw_landmarks_of_another_size_than_is_said(with_raw: Path, change: object) -> None:
    faces = first_shot(with_raw)["faces"]
    changed_document(with_raw, faces=[faces[0] | {"raw_landmarks": change}])
    assert "landmarks" in refused(with_raw)


def test_missing_raw_landmarks(with_raw: Path) -> None:
    rewritten(with_raw, {RAW: None})
    assert RAW in refused(with_raw)


def test_damaged_raw_landmarks_cost_only_solving_again(with_raw: Path) -> None:
    size = first_shot(with_raw)["faces"][0]["raw_landmarks"]
    rewritten(with_raw, {RAW: npy(np.zeros(size, np.uint8))})
    project = project_file.load(with_raw)
    assert len(project.shot.faces) == 1
    with pytest.raises(ProjectError, match="are damaged"):
        mien.solve(project, progress=False)


@pytest.mark.parametrize(
    "made_by", [{}, {"tracker": "x", "tracker_version": -1, "solver": 1}, "mediapipe", [1]]
)
def test_tools_that_are_none(saved: Path, made_by: object) -> None:
    changed_document(saved, made_by=made_by)
    assert "made_by" in refused(saved)


@pytest.mark.parametrize("cuts", [[0], [FRAMES], [2, 1], [1, 1]])
def test_cuts_that_cut_nothing(saved: Path, cuts: list[int]) -> None:
    changed_document(saved, cuts=cuts)
    assert "its cuts are" in refused(saved)


def test_a_path_that_is_none(saved: Path) -> None:
    changed_document(saved, media=first_shot(saved)["media"] | {"path": "a\0b"})
    assert "media.path" in refused(saved)


def test_any_damage_is_refused_or_harmless(project: Project, saved: Path) -> None:
    """Flip bytes all over the file: it is refused in one line, or reads as it was."""
    whole = saved.read_bytes()
    rng = np.random.default_rng(3)
    places = np.concatenate([np.arange(0, 400, 7), rng.integers(0, len(whole), 60),
                             np.arange(len(whole) - 300, len(whole), 11)])  # fmt: skip
    for place in places:
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            back = project_file.load(saved)
        except ProjectError:
            continue
        assert back.edits[0].layers == project.edits[0].layers
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        refused(saved)


# --- where media are looked for -----------------------------------------------------------


def test_moved_together(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "job").rename(tmp_path / "moved")
    back = project_file.load(tmp_path / "moved" / "shot.mien")
    assert back.shot.media.path == tmp_path / "moved" / "shot.mp4"


def test_renamed_beside_the_project_is_found_by_content(saved: Path, folder: Path) -> None:
    write_movie(folder / "another.mp4", shade=99)
    (folder / "shot.mp4").rename(folder / "take 2.mp4")
    assert project_file.load(saved).shot.media.path == folder / "take 2.mp4"


def test_replaced_by_another_file(saved: Path, folder: Path) -> None:
    write_movie(folder / "shot.mp4", shade=99)
    assert "has another content" in refused(saved)


def test_a_strangers_path_is_not_followed(saved: Path, folder: Path, tmp_path: Path) -> None:
    """A project that names a file outside its folder does not get it opened."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "shot.mp4").rename(outside / "shot.mp4")
    media = first_shot(saved)["media"]
    for path in ("../outside/shot.mp4", str(outside / "shot.mp4")):
        changed_document(saved, media=media | {"path": path})
        assert "was not found" in refused(saved)
        assert "--media" in refused(saved)


def test_nor_through_a_link(saved: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "shot.mp4").rename(tmp_path / "outside" / "shot.mp4")
    (folder / "sub").symlink_to(tmp_path / "outside")
    media = first_shot(saved)["media"]
    changed_document(saved, media=media | {"path": "sub/shot.mp4"})
    assert "was not found" in refused(saved)


def test_who_opened_it_here_need_not_say_where_it_is(
    project: Project, saved: Path, folder: Path, tmp_path: Path
) -> None:
    """The user's word is given once: here by opening the project that lies beside its media."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project_file.save(project, elsewhere / "shot.mien")
    assert "was not found" in refused(elsewhere / "shot.mien")
    project_file.load(saved)
    back = project_file.load(elsewhere / "shot.mien")
    assert back.shot.media.path == folder / "shot.mp4"


def test_a_path_that_was_not_followed_is_not_remembered(
    saved: Path, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "shot.mp4").rename(tmp_path / "outside" / "shot.mp4")
    media = first_shot(saved)["media"]
    changed_document(saved, media=media | {"path": "../outside/shot.mp4"})
    project_file.save(project_file.load(saved, find=False), folder / "again.mien")
    assert "was not found" in refused(folder / "again.mien")


def test_with_the_users_word(saved: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "shot.mp4").rename(tmp_path / "moved.mp4")
    refused(saved)
    back = project_file.load(saved, media=tmp_path / "moved.mp4")
    assert back.shot.media.path == tmp_path / "moved.mp4"
    # Said once is enough.
    assert project_file.load(saved).shot.media.path == tmp_path / "moved.mp4"


def test_the_users_word_for_something_else(saved: Path, tmp_path: Path) -> None:
    other = write_movie(tmp_path / "other.mp4", frames=5)
    with pytest.raises(ProjectError, match="5 frames of 64 x 48, but shot"):
        project_file.load(saved, media=other)


def test_curves_can_be_had_without_the_media(saved: Path, folder: Path) -> None:
    (folder / "shot.mp4").unlink()
    assert len(project_file.load(saved, find=False).shot.faces) == 1


def test_what_a_project_says_of_its_media_is_not_relied_upon(project: Project, saved: Path) -> None:
    media = first_shot(saved)["media"]
    changed_document(saved, media=media | {"pixel_format": "nonsense", "rate": "7"})
    back = project_file.load(saved)
    assert back.shot.media == project.shot.media
    assert back.edits[0].face.clock == project.shot.clock
    changed_document(saved, media=media | {"width": 640})
    assert "64 x 48, but shot.mien was tracked on 12 frames of 640 x 48" in refused(saved)


def test_media_whose_name_is_not_unicode(project: Project, folder: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/shot\xff.mp4"))
    project.shot.media.path.rename(odd)
    moved = replace(project.shot, media=replace(project.shot.media, path=odd))
    project_file.save(Project(moved), folder / "odd.mien")
    assert project_file.load(folder / "odd.mien").shot.media.path == odd


def test_media_on_another_drive(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def relpath(*_: Any) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", relpath)
    project_file.save(project, folder / "far.mien")
    assert first_shot(folder / "far.mien")["media"]["path"] == str(folder / "shot.mp4")
    assert project_file.load(folder / "far.mien").shot.media == project.shot.media


def test_a_sequence_beside_a_project_is_looked_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a thousand images each would read the folder again."""
    for i in range(1500):
        (folder / f"a.{i:04d}.png").write_bytes(b"other")
        (folder / f"b.{i:04d}.png").write_bytes(b"image")
    (folder / "still.png").write_bytes(b"image")
    looked = []

    def fingerprint(paths: list[Path]) -> str:
        looked.append([path.name for path in paths])
        return "other" if len(looked) == 1 else "wanted"

    monkeypatch.setattr(relink, "fingerprint", fingerprint)
    found = relink.find_media(folder / "../gone/s.%04d.png", "wanted", folder, "p.mien")
    assert found == folder / "b.%04d.png"
    assert len(looked) <= 2
