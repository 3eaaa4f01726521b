"""Who is who, put right: merging, splitting, removing and naming faces, edits along with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien._types import AnyArray
from mien.api import Project
from mien.cli.main import run
from mien.errors import MienError, NoFaceError, NothingToDoError, TimeError, UsageError
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.model.face_repair import joined_layers
from mien.model.interpolate import Key
from mien.model.occlusion import MatteStroke, Occlusion
from mien.session.shots import rename_face
from mien.timebase import FrameRange
from tests.faces import make_face

FRAMES = 24


@pytest.fixture
def film(tracked_360p: Path) -> Project:
    """A person who is tracked as one, with what is asked of her."""
    project = mien.load_project(tracked_360p)
    edit = Edit(project.shot.faces[0]).set("mouthSmile", 0.5).set("jawOpen", 0.3, span="10:40")
    stroke = MatteStroke(1, 5, FrameRange(0, 20), ((30.0, 40.0),), 4.0)
    shot = project.shot.with_occlusion(Occlusion(glasses={1: "no"}, strokes=(stroke,)))
    return replace(project.with_faces_of(shot)).with_edit(edit)


def delta(edit: Edit) -> AnyArray:
    face = edit.face
    source = np.nan_to_num(face.curves.controls.array)
    return np.asarray(evaluate(source, edit.layers, face.valid).delta)


def test_split_and_merged_again_nothing_has_changed(film: Project) -> None:
    frames = len(film.shot)
    middle = frames // 2
    parts = mien.split_face(film, 1, f"{middle}:", progress=False)
    assert [face.number for face in parts.shot.faces] == [1, 2]
    first, second = parts.shot.faces
    assert not first.confidence[middle:].any()
    assert not second.confidence[:middle].any()
    assert np.array_equal(delta(parts.edit(1))[:middle], delta(film.edit(1))[:middle])
    assert np.array_equal(delta(parts.edit(2))[middle:], delta(film.edit(1))[middle:])
    again = mien.merge_faces(parts, [1, 2], progress=False)
    (face,) = again.shot.faces
    solved = mien.solve(film, progress=False).shot.faces[0]
    assert np.array_equal(face.curves.controls.array, solved.curves.controls.array, equal_nan=True)
    assert np.array_equal(face.landmarks, solved.landmarks, equal_nan=True)
    assert np.array_equal(face.identity, solved.identity)
    assert again.shot.occlusion == film.shot.occlusion
    # What both are asked alike runs on over the frame at which they were told apart.
    assert again.edit(1).layers == film.edit(1).layers


def test_a_merged_face_takes_everything_along(film: Project) -> None:
    frames = len(film.shot)
    parts = mien.split_face(film, 1, f"0:{frames // 3}", progress=False)
    parts = mien.rename_face(parts, 2, "Anna")
    again = mien.merge_faces(parts, [2, 1], progress=False)
    (face,) = again.shot.faces
    assert (face.number, face.name) == (2, "Anna")
    assert again.shot.occlusion.glasses == {2: "no"}
    assert [stroke.face for stroke in again.shot.occlusion.strokes] == [2]
    assert [edit.face.number for edit in again.edits] == [2]


def test_what_is_in_front_goes_with_whom_it_is_in_front_of(film: Project) -> None:
    parts = mien.split_face(film, 1, "0:30", progress=False)
    assert parts.shot.occlusion.glasses == {1: "no", 2: "no"}
    assert [stroke.face for stroke in parts.shot.occlusion.strokes] == [2]


@pytest.mark.parametrize("span", ["0:1", "0:2", "3:8", "40:41"])
def test_a_few_frames_can_be_somebody_else(film: Project, span: str) -> None:
    parts = mien.split_face(film, 1, span, progress=False)
    assert parts.shot.face(2).confidence.astype(bool).sum() == len(
        range(*map(int, span.split(":")))
    )


def test_covered_pieces_of_any_length_can_be_solved(film: Project) -> None:
    """What is covered is bridged from around; around a few frames there may be nothing."""
    face = film.shot.faces[0]
    regions = np.full((len(film.shot), 4), 0.1, np.float32)
    covered = replace(face, region_confidence=regions)
    shot = replace(film.shot, faces=(covered,))
    for span in ("0:1", "0:2", "0:5", "10:17"):
        parts = mien.split_face(shot, 1, span, progress=False)
        assert len(parts.faces) == 2


def test_fades_stay_where_they_were() -> None:
    """A smile eased in and out is cut at nobody's own edge, and is eased at no new one."""
    one, other = make_face(100), make_face(100, number=2)
    where = np.zeros(100, bool)
    where[20:60] = True
    seen(one, where)
    seen(other, np.arange(100) >= 80)
    track = ControlTrack("mouthSmile", (Key(0, 0.5),), span=FrameRange(10, 90), fade=8)
    zeros = one.curves.controls.array
    alone = evaluate(zeros, [Layer("edit", (track,))], one.valid).delta
    joined = joined_layers([(one, [Layer("edit", (track,))]), (other, [])])
    both = evaluate(zeros, joined, one.valid | other.valid).delta
    assert np.allclose(both[:80], alone[:80], atol=1e-6)
    assert not both[80:].any()


def test_removed_with_what_was_asked(film: Project) -> None:
    parts = mien.split_face(film, 1, "0:30", progress=False)
    assert not mien.remove_face(parts, 2).shot.occlusion.strokes
    left = mien.remove_face(parts, 1)
    assert [face.number for face in left.shot.faces] == [2]
    assert [edit.face.number for edit in left.edits] == [2]
    assert left.shot.occlusion.glasses == {2: "no"}
    shot = mien.remove_face(parts.shot, 2)
    assert [face.number for face in shot.faces] == [1]


def refused(act: Callable[[], object], kind: type[MienError]) -> str:
    with pytest.raises(kind) as error:
        act()
    return str(error.value)


def test_bad_repairs_are_refused(film: Project) -> None:
    frames = len(film.shot)
    assert "two faces" in refused(lambda: mien.merge_faces(film, [1, 1]), UsageError)
    assert "no face 7" in refused(lambda: mien.merge_faces(film, [1, 7]), NoFaceError)
    twin = replace(film.shot.faces[0], number=2, name="Ben")
    both = film.with_faces_of(replace(film.shot, faces=(*film.shot.faces, twin)))
    told = refused(lambda: mien.merge_faces(both, [1, 2]), UsageError)
    assert "both seen in frame 0" in told
    assert f"({frames} frames in all)" in told
    assert "no two people" in refused(lambda: mien.split_face(film, 1, "0:"), TimeError)
    assert "outside" in refused(lambda: mien.split_face(film, 1, f"0:{frames + 9}"), TimeError)
    blank = mien.remove_face(both, 1)
    refused(lambda: mien.remove_face(blank, 1), NoFaceError)
    bare = replace(film.shot.faces[0], raw_landmarks=None)
    old = film.with_faces_of(replace(film.shot, faces=(bare,)))
    assert "track it again" in refused(lambda: mien.split_face(old, 1, "9:"), NothingToDoError)


@pytest.mark.parametrize("name", ["", "  ", "7", "ben", " BEN "])
def test_names_that_cannot_be_given(film: Project, name: str) -> None:
    twin = replace(film.shot.faces[0], number=2, name="Ben")
    both = film.with_faces_of(replace(film.shot, faces=(*film.shot.faces, twin)))
    refused(lambda: mien.rename_face(both, 1, name), UsageError)
    document = mien.Document((both,))
    refused(lambda: rename_face(document, document.shots[0].id, 1, name), UsageError)
    assert mien.rename_face(both, 2, " ben ").shot.face(2).name == "ben"


def seen(face: Face, where: AnyArray) -> Face:
    face.confidence[:] = where
    face.curves.valid[:] = where
    return face


_Drawn = list[list[tuple[str, float, tuple[int, int] | None]]]
_WHO = st.lists(st.integers(0, 2), min_size=FRAMES, max_size=FRAMES)
_SPAN = st.one_of(
    st.none(),
    st.tuples(st.integers(0, FRAMES - 2), st.integers(1, FRAMES)).filter(lambda s: s[0] < s[1]),
)
_TRACK = st.tuples(st.sampled_from(["mouthSmile", "jawOpen"]), st.floats(0.1, 0.9), _SPAN)
_LAYERS = st.lists(st.lists(_TRACK, max_size=3), max_size=2)


def layers_of(drawn: _Drawn) -> list[Layer]:
    return [
        Layer(
            f"layer {number}",
            tuple(
                ControlTrack(control, (Key(0, value),), span=span and FrameRange(*span), fade=0)
                for control, value, span in tracks
            ),
        )
        for number, tracks in enumerate(drawn)
    ]


@given(_WHO, _LAYERS, _LAYERS)
def test_merged_layers_ask_of_every_frame_what_was_asked_of_it(
    who: list[int], of_one: _Drawn, of_other: _Drawn
) -> None:
    faces = [seen(make_face(FRAMES, number=number), np.array(who) == number) for number in (1, 2)]
    asked = [layers_of(of_one), layers_of(of_other)]
    joined = joined_layers(list(zip(faces, asked, strict=True)))
    valid = np.array(who) > 0
    zeros = faces[0].curves.controls.array
    both = evaluate(zeros, joined, valid).delta
    for face, layers in zip(faces, asked, strict=True):
        alone = evaluate(zeros, layers, face.valid).delta
        assert np.allclose(both[face.valid], alone[face.valid], atol=1e-6)
    names = [layer.name for layer in joined]
    assert len(set(names)) == len(names)


def test_on_the_command_line(
    tracked_360p: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.mien"
    shutil.copy(tracked_360p, path)
    before = path.read_bytes()
    assert run(["faces", str(path)]) == 0
    assert "1 face 1: seen in" in capsys.readouterr().out
    assert run(["faces", "split", str(path), "1", "30:", "-o", str(tmp_path / "two.mien")]) == 0
    assert path.read_bytes() == before
    path = tmp_path / "two.mien"
    assert run(["faces", "rename", str(path), "2", "Anna"]) == 0
    assert run(["faces", "rename", str(path), "1", "anna"]) == 2
    capsys.readouterr()
    assert run(["faces", "--json", str(path)]) == 0
    capsys.readouterr()
    assert run(["faces", str(path), "--json"]) == 0
    (shot,) = json.loads(capsys.readouterr().out)["shots"]
    assert [face["name"] for face in shot["faces"]] == ["face 1", "Anna"]
    assert shot["faces"][1]["spans"][0][0] == 30
    assert run(["faces", "merge", str(path), "2", "1"]) == 0
    assert [face.name for face in mien.load_project(path, find_media=False).shot.faces] == ["Anna"]
    assert run(["faces", "remove", str(path), "2"]) == 0
    assert run(["faces", str(path)]) == 0
    assert "no faces" in capsys.readouterr().out
    assert run(["faces", "merge", str(path), "1", "2"]) == 4
