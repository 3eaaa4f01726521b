"""What happens where two abilities meet: repairs, ranges, sizes, undo, and files that are held."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import InputError, MienError, OutputError, ProjectError, UsageError
from mien.face.rig import load_rig
from mien.io.changing import changing, hold_project
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.model.document import Document, Project
from mien.model.media import MediaInfo
from mien.model.raw_landmarks import RawLandmarks
from mien.model.scaled_shot import with_media
from mien.model.shot import Shot
from mien.serve.shots import OpenShot
from mien.timebase import FrameRange
from mien_desktop.faces.hint import Hint, with_followed
from mien_desktop.faces.late import with_further
from tests.documents import make_media, make_shot

FRAMES = 24
Points = list[list[float]]


def write_points(folder: Path, points: Points, frames: range) -> Path:
    """A file of another tracker, with the same landmarks in every frame."""
    path = folder / "points.json"
    rows = [{"frame": frame, "landmarks": points} for frame in frames]
    path.write_text(json.dumps({"frames": rows, "units": "pixels"}))
    return path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A shot tracked in part, whose two faces are in different frames."""
    folder = tmp_path_factory.mktemp("faces")
    mean = load_rig().mean[:, :2] * [20, -20] + [300, 300]
    shot = Shot(make_media(FRAMES), ())
    for name, frames in (("Anna", range(2, 8)), ("Bob", range(12, 20))):
        path = write_points(folder, (mean + len(frames)).tolist(), frames)
        shot = mien.import_landmarks(shot, path, name=name, progress=False)
    spans = FrameRange(2, 8), FrameRange(12, 20)
    return Document((Project(replace(shot, tracked_spans=spans)),)).shots[0]


def doubled(media: MediaInfo) -> MediaInfo:
    """The same media with twice as many pixels along a side."""
    lie = media.orientation
    wide = replace(lie, width=2 * lie.width, height=2 * lie.height)
    return replace(media, orientation=wide)


def on_full_media(project: Project) -> Project:
    return project.with_faces_of(with_media(project.shot, doubled(project.shot.media)))


# -- files that are held ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "verb",
    ["faces remove {0} Bob", "faces corrections {0} --clear", "solve {0}", "track {0}",
     "relink {0} --map /a=/b"],
)  # fmt: skip
def test_a_project_that_is_being_changed_is_waited_for(
    verb: str, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "x.mien"
    mien.save_project(project, path)
    before = path.read_bytes()
    monkeypatch.setattr("mien.io.changing._PATIENCE", 0.0)
    with changing(path):
        assert run([word.format(path) for word in verb.split()]) != 0
    assert "is being changed by process" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_another_program_wrote_meanwhile_is_not_lost(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path, other = tmp_path / "x.mien", tmp_path / "other.mien"
    mien.save_project(project, path)
    mien.save_project(project.with_edit(project.edit("Anna").set("jawOpen", 0.2)), other)
    remove = mien.api.remove_face

    def slowly(source: Project, face: str) -> Project:
        shutil.copy(other, path)  # an editor saves, which waits for nobody
        return remove(source, face)

    monkeypatch.setattr("mien.api.remove_face", slowly)
    assert run(["faces", "remove", str(path), "Bob"]) != 0
    assert "changed meanwhile" in capsys.readouterr().err
    assert path.read_bytes() == other.read_bytes()


def test_only_the_file_that_is_written_is_held(tmp_path: Path) -> None:
    path = tmp_path / "x.mien"
    path.write_bytes(b"x")
    with hold_project(path, tmp_path / "other.mien") as version:
        assert version is None
    with hold_project(path, tmp_path / "." / "x.mien") as version:
        assert version is not None
    with hold_project(tmp_path / "none" / "x.mien") as version:
        assert version is None


def test_a_system_that_removes_no_open_files_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mien"
    path.write_bytes(b"x")

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "in use", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    for _ in range(2):
        with changing(path):
            pass


# -- edits that are taken back, and numbers of faces ----------------------------------------------


def test_an_edit_of_a_face_that_is_gone_is_not_given_to_the_next_of_its_number(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "x.mien"
    edited = project.with_edit(project.edit("Bob").set("jawOpen", 0.3))
    mien.save_project(edited.with_edit(edited.edit("Anna").set("jawOpen", 0.2)), path)
    for name in ("Anna", "Bob"):
        mien.edit_project(path, lambda p, name=name: p.with_edit(p.edit(name).remove("jawOpen")))  # type: ignore[misc]
    without = mien.remove_face(mien.load_project(path, find_media=False), "Bob")
    carl = replace(project.shot.face("Bob"), name="Carl")
    added = without.with_faces_of(replace(without.shot, faces=(*without.shot.faces, carl)))
    assert [step.changes[0].face for step in added.history.done] == [1]
    assert [edit.face.name for edit in mien.undo_edits(added).edits] == ["Anna"]
    split = mien.split_face(without, "Anna", "5:", progress=False)
    assert [step.changes[0].face for step in split.history.done] == [1]


def test_faces_of_a_served_shot_are_taken_back_on_the_media_that_it_is_on(project: Project) -> None:
    opened = OpenShot(project, None)
    opened.change_faces(lambda p: mien.remove_face(p, "Bob"))
    opened.set_media(replace(on_full_media(opened.project), online=True))
    opened.undo_faces()
    now = opened.project
    assert (now.online, now.shot.media) == (True, doubled(project.shot.media))
    wanted = on_full_media(project).shot.face("Bob").landmarks
    assert np.array_equal(now.shot.face("Bob").landmarks, wanted, equal_nan=True)


def test_merged_faces_have_one_correction_of_a_group_a_frame(project: Project) -> None:
    shot = project.shot
    anna = shot.face("Anna")
    seen = np.arange(FRAMES) == 4
    tracked = anna.raw_landmarks
    assert tracked is not None
    rows = tracked.unpack(anna.confidence > 0)
    parts = [
        replace(
            anna, number=number, name=name, confidence=(anna.confidence * part).astype(np.float32),
            raw_landmarks=RawLandmarks.pack(rows, (anna.confidence > 0) & part),
        )
        for number, name, part in ((1, "Anna", ~seen), (2, "Eve", seen))
    ]  # fmt: skip
    two = project.with_faces_of(replace(shot, faces=tuple(parts)))
    # Anna is bridged over the frame in which Eve is seen.
    for name, by in (("Anna", 4), ("Eve", 2)):
        two = mien.correct_landmarks(two, name, 4, "mouth", by, 0)
    merged = mien.merge_faces(two, ["Anna", "Eve"], progress=False)
    (correction,) = merged.shot.faces[0].corrections
    assert correction.dx == 2
    mien.set_corrections(merged, "Anna", [replace(correction, after=2)])


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "words"),
    [([[0.0, 0.0]] * 468, "in one place"), ([[1e300, 0.0], *[[1.0, 2.0]] * 467], "pixels away")],
    ids=["nowhere", "far"],
)
def test_landmarks_of_no_face_are_refused(points: Points, words: str, tmp_path: Path) -> None:
    path = write_points(tmp_path, points, range(2))
    with pytest.raises(InputError, match=words):
        mien.import_landmarks(Shot(make_media(4), ()), path, progress=False)


def test_landmarks_are_not_moved_out_of_all_numbers(project: Project) -> None:
    for dx, dy in ((1e300, 0.0), (0.0, -1e9), (float("nan"), 0.0), (0.0, float("nan"))):
        with pytest.raises(UsageError, match="cannot be moved by"):
            mien.correct_landmarks(project, "Anna", 4, "mouth", dx, dy)


def test_damaged_landmarks_are_said_where_a_shot_is_scaled() -> None:
    shot = make_shot(4)
    face = replace(shot.faces[0], raw_landmarks=RawLandmarks(b"1234" * 8))
    with pytest.raises(ProjectError, match="are damaged"):
        with_media(replace(shot, faces=(face,)), doubled(shot.media))


# -- work in the editor that ends when the shot is another ----------------------------------------


Change = Callable[[Project], Project]


def put(project: Project, change: Change) -> Document:
    """A document in which a shot was changed while something was worked out."""
    return Document((change(project),))


def test_further_frames_keep_what_was_done_to_faces_meanwhile(project: Project) -> None:
    def corrected(now: Project) -> Project:
        now = mien.correct_landmarks(mien.rename_face(now, 1, "Eve"), 1, 4, "mouth", 4, -2)
        return on_full_media(now.with_edit(now.edit(1).set("jawOpen", 0.2)))

    carl = replace(project.shot.face("Bob"), number=3, name="face 3")
    tracked = replace(project.shot, faces=(*project.shot.faces, carl), tracked_spans=None)
    document = put(project, corrected)
    made = with_further(document, project, tracked).shots[0]
    now = document.shots[0]
    assert [face.name for face in made.shot.faces] == ["Eve", "Bob", "face 3"]
    assert made.shot.tracked_spans is None
    assert (made.shot.media, made.edit(1).layers) == (now.shot.media, now.edit(1).layers)
    assert made.shot.face(1).corrections == now.shot.face(1).corrections
    np.testing.assert_allclose(made.shot.face(1).landmarks, now.shot.face(1).landmarks, atol=1e-3)
    gone = put(project, lambda now: mien.remove_face(now, "Bob"))
    assert [f.name for f in with_further(gone, project, tracked).shots[0].shot.faces] == [
        "Anna", "face 3",
    ]  # fmt: skip
    same = with_further(Document((project,)), project, tracked).shots[0].shot
    assert same.faces == tracked.faces


def test_what_was_merged_meanwhile_is_not_undone(project: Project) -> None:
    merged = put(project, lambda now: mien.merge_faces(now, [1, 2], progress=False))
    with pytest.raises(UsageError, match="merged, split or tracked again"):
        with_further(merged, project, project.shot)
    with pytest.raises(UsageError, match="merged, split or tracked again"):
        with_followed(merged, project, Hint(project.id, 1, 4, (0, 0, 9, 9), None), project.shot)


def test_a_face_that_was_followed_fits_the_media_that_the_shot_is_on(project: Project) -> None:
    def corrected(now: Project) -> Project:
        return on_full_media(mien.correct_landmarks(now, 1, 4, "jaw", 4, -2))

    document = put(project, corrected)
    hint = Hint(project.id, 1, 4, (0, 0, 9, 9), None)
    made = with_followed(document, project, hint, project.shot).shots[0].shot.face(1)
    wanted = document.shots[0].shot.face(1)
    assert made.corrections == wanted.corrections
    np.testing.assert_allclose(made.landmarks, wanted.landmarks, atol=1e-3)


def test_media_that_are_found_late_keep_what_a_job_has_made(project: Project) -> None:
    pytest.importorskip("PySide6")
    from mien_desktop.relink_dialog import _with

    before = Document((project,))
    document = before.with_shot(mien.remove_face(project, "Bob"))
    (made,) = _with(document, [on_full_media(project)], before).shots
    assert [face.name for face in made.shot.faces] == ["Anna"]
    assert (made.shot.media, made.online) == (doubled(project.shot.media), True)
    (same,) = _with(before, [on_full_media(project)], before).shots
    assert [face.name for face in same.shot.faces] == ["Anna", "Bob"]
    with pytest.raises(MienError):
        _with(Document(()), [project], before)


def test_nothing_is_written_where_a_file_cannot_be_held(tmp_path: Path) -> None:
    with pytest.raises(OutputError), changing(tmp_path / "none" / "x.mien"):
        pass


# -- raw streams -----------------------------------------------------------------------------------


def test_a_group_whose_entry_follows_a_gap_is_still_read(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.h264", tmp_path / "gap.h264"
    params = "open-gop=1:bframes=2:keyint=12:min-keyint=12:scenecut=0:b-adapt=0"
    with av.open(str(whole), "w", format="h264") as output:
        stream = output.add_stream("libx264", rate=25, options={"x264-params": params})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(48):
            picture = np.full((64, 96, 3), 40, np.uint8)
            picture[20:40, number : number + 12] = 200
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    with av.open(str(whole)) as movie:
        packets = [(bytes(one), one.is_keyframe) for one in movie.demux(video=0) if one.size]
    entry = [number for number, (_, key) in enumerate(packets) if key][2]
    # A picture that only others before the entry are predicted from.
    path.write_bytes(b"".join(data for i, (data, _) in enumerate(packets) if i != entry - 2))
    lost: list[range] = []
    with open_reader(probe(path)) as reader:
        shown = [frame.index for frame in reader.stream(lost=lost.append)]
    assert lost
    assert max(one.stop for one in lost) <= entry + 2
    assert len(shown) >= 42
