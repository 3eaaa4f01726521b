"""Reports on edited shots: what was asked and achieved, and pixels where nothing may change."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.cli.report import BEYOND, _asked
from mien.errors import InputError, NoFaceError, ProjectError, UsageError
from mien.model.assignments import parse_assignment
from mien.reporting.measuring import required_figures
from mien.reporting.reports import _project_of
from tests.reports import FRAMES, EditedShot, edited_shot
from tests.unit.test_project import write_movie

SPAN = f"0:{FRAMES}"


@pytest.fixture(scope="module")
def shot(
    talk_360p: Path, tracked_360p: Path, tmp_path_factory: pytest.TempPathFactory
) -> EditedShot:
    return edited_shot(talk_360p, tracked_360p, tmp_path_factory)


@pytest.fixture(scope="module")
def lossless(shot: EditedShot) -> mien.ShotReport:
    return mien.report(
        shot.original, shot.lossless, project=shot.project, frames=SPAN, progress=False
    )


def value(report: mien.ShotReport, name: str) -> float:
    figure = report.figure(name)
    assert figure is not None, name
    assert figure.value is not None, name
    return figure.value


@pytest.mark.slow
class TestLossless:
    def test_nothing_changes_outside_the_matte(self, lossless: mien.ShotReport) -> None:
        assert value(lossless, "outside.changed") == 0
        assert lossless.facts["matte"]["kind"] == "renderer"

    def test_it_goes_where_it_was_asked_to_and_nowhere_else(
        self, lossless: mien.ShotReport
    ) -> None:
        face = lossless.faces[0]
        assert set(face.edited_controls) == {"jawOpen", "browInnerUp"}
        assert value(lossless, "curves.gain") > 0.1
        rows = np.flatnonzero(face.edited)
        assert rows[0] >= 9
        assert rows[-1] <= 20
        still = face.measured & ~face.edited
        assert np.abs(face.difference[still][:, :52]).mean() < 0.05
        assert np.isnan(face.difference[~face.measured]).all()

    def test_the_face_is_this_person_and_steady(self, lossless: mien.ShotReport) -> None:
        assert value(lossless, "frames.lost") == 0
        assert value(lossless, "identity.similarity") > 0.6
        assert 0.5 < value(lossless, "flicker.landmarks") < 3
        assert 0.7 < value(lossless, "sharpness") < 1.4
        assert value(lossless, "rim.color") < 2.3

    def test_its_json_is_json_and_says_the_same(self, lossless: mien.ShotReport) -> None:
        held = json.loads(json.dumps(lossless.to_dict(), allow_nan=False))
        assert held["passed"] is not bool(lossless.failed)
        by_name = {one["name"]: one for one in held["figures"]}
        assert by_name["outside.changed"]["value"] == 0
        assert by_name["outside.changed"]["threshold"] == {"most": 0}
        assert len(held["faces"][0]["curves"]["jawOpen"]["achieved"]) == FRAMES
        assert held["occlusion"]["detect"] is True

    def test_a_draft_does_not_fail_for_its_watermark(
        self, shot: EditedShot, tmp_path: Path
    ) -> None:
        """The original is compared with the same text burnt in: all else is to be as it was."""
        draft = tmp_path / "draft.mkv"
        mien.render(
            mien.load_project(shot.project, media=shot.original), draft, frames=SPAN,
            lossless=True, watermark="DRAFT", progress=False,
        )  # fmt: skip
        for said in (None, "DRAFT"):
            report = mien.report(
                shot.original, draft, project=shot.project, frames=SPAN, watermark=said,
                progress=False,
            )  # fmt: skip
            assert value(report, "outside.changed") == 0
            assert report.facts["watermark"] == "DRAFT"
            assert [note for note in report.notes if "'DRAFT' is burnt into every frame" in note]
        # Another text, or one over other changes, is a difference like any other.
        other = mien.report(
            shot.original, draft, project=shot.project, frames=SPAN, watermark="FINAL",
            progress=False,
        )  # fmt: skip
        assert value(other, "outside.changed") > 1000
        touched = _copied(draft, tmp_path / "touched.mkv", {3: (5, 7)})
        report = mien.report(
            shot.original, touched, project=shot.project, frames=SPAN, watermark="DRAFT",
            progress=False,
        )  # fmt: skip
        assert value(report, "outside.changed") == 1

    def test_a_pixel_that_is_touched_is_counted(self, shot: EditedShot, tmp_path: Path) -> None:
        """What no eye sees: one code value of one pixel in one frame."""
        touched = _copied(shot.lossless, tmp_path / "touched.mkv", {3: (5, 7)})
        report = mien.report(
            shot.original, touched, project=shot.project, frames=SPAN, progress=False
        )
        assert value(report, "outside.changed") == 1
        assert [one.frame for one in report.troubles if one.measure == "outside.changed"] == [3]
        assert report.troubles[0].frame == 3
        assert "outside.changed" in [one.name for one in report.failed]


def _copied(source: Path, target: Path, touched: dict[int, tuple[int, int]]) -> Path:
    """A lossless film once more, with some samples of brightness higher by one."""
    from mien.media.probe import probe
    from mien.media.reader import open_reader
    from mien.media.writer import open_writer

    media = probe(source)
    with open_reader(media) as reader, open_writer(target, media, lossless=True) as writer:
        for frame in reader.stream():
            if frame.index in touched:
                plate = frame.plate()
                planes = [np.array(plane) for plane in plate.planes]
                planes[0][touched[frame.index]] += 1
                frame = frame.with_plate(plate.with_planes(planes))
            writer.write(frame)
    return target


@pytest.mark.slow
def test_a_lossy_file_is_held_against_its_own_encoder(shot: EditedShot) -> None:
    report = mien.report(
        shot.original, shot.lossy, project=shot.project, frames=SPAN, progress=False
    )
    assert value(report, "outside.beyond_encoding") < 100
    figure = report.figure("outside.beyond_encoding")
    assert figure is not None
    assert "in which nothing is asked" in figure.how
    assert report.figure("outside.changed") is None


@pytest.mark.slow
def test_what_was_typed_for_the_render_alone_is_typed_for_the_report(
    shot: EditedShot, tracked_360p: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "report", str(shot.original), str(shot.lossless), "--project", str(tracked_360p),
        "--frames", SPAN, "--renderer", "warp", "--json", "--face", "1",
        "--set", "jawOpen=+0.6@10:20", "--set", "browInnerUp=+0.6@10:20",
    ]  # fmt: skip
    assert run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["faces"][0]["curves"]) == {"jawOpen", "browInnerUp"}
    assert told["project"] == str(tracked_360p)
    assert told["matte"]["kind"] == "renderer"
    assert not any("asked of any face" in note for note in told["notes"])


class TestSets:
    def asked(self, shot: EditedShot, project: Path | None, *sets: str) -> Any:
        typed = [parse_assignment(text) for text in sets]
        return _asked(shot.original, shot.lossless, SPAN, project, None, typed)

    def test_a_clip_without_a_project_is_tracked_for_them(
        self, shot: EditedShot, tracked_360p: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tracked = mien.load_project(tracked_360p, media=shot.original).shot
        monkeypatch.setattr("mien.api.track", lambda opened: tracked)
        project, edits = self.asked(shot, None, "1:jawOpen=+0.6@10:20")
        assert project.shot is tracked
        assert [edit.face.number for edit in edits] == [1]
        assert edits[0].layers[0].tracks[0].control == "jawOpen"

    def test_faces_that_are_not_there_are_refused_before_it_is_tracked(
        self, shot: EditedShot, tracked_360p: Path
    ) -> None:
        with pytest.raises(NoFaceError):
            self.asked(shot, tracked_360p, "7:jawOpen=+0.6")
        with pytest.raises(NoFaceError):
            self.asked(shot, None, "Anna:jawOpen=+0.6")

    def test_edits_without_a_shot_are_refused(self, shot: EditedShot, tracked_360p: Path) -> None:
        edit = mien.Edit(mien.load_project(tracked_360p, media=shot.original).shot.faces[0])
        with pytest.raises(UsageError, match="no project"):
            mien.report(shot.original, shot.lossless, edits=[edit], progress=False)


@pytest.mark.slow
def test_without_a_project_what_was_asked_is_said_to_be_unknown(
    shot: EditedShot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text('{"curves.gain": {"least": 0.5}}')
    arguments = [
        "report", str(shot.original), str(shot.lossy), "--frames", SPAN, "--json",
        "--json-file", str(tmp_path / "r.json"), "--fail-under", str(limits),
    ]  # fmt: skip
    assert run(arguments) == BEYOND
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == BEYOND
    assert "curves.gain" in told["failed"]
    assert told["matte"]["kind"] == "outline"
    assert any("no project" in note for note in told["notes"])
    encoded = next(one for one in told["figures"] if one["name"] == "outside.beyond_encoding")
    assert "encoded again" in encoded["how"]
    assert json.loads((tmp_path / "r.json").read_text())["figures"] == told["figures"]


def test_the_original_is_read_where_it_is_said_to_be(
    talk_360p: Path, tracked_360p: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(talk_360p, tmp_path / "copy.mp4"))
    project = mien.load_project(tracked_360p, media=talk_360p)
    found, path = _project_of(project, None, copy)
    assert found is not None
    assert (found.shot.media.path, path) == (copy, None)
    assert _project_of(project, None, talk_360p) == (project, None)


class TestRefused:
    def refused(self, kind: type[mien.MienError], words: str, *files: Path, **more: Any) -> None:
        with pytest.raises(kind, match=words) as told:
            mien.report(*files, progress=False, **more)
        assert str(told.value).count("\n") == 0

    def test_another_length(self, shot: EditedShot) -> None:
        words = "has 24 frames, and .* has 72 frames. Say with --frames"
        self.refused(InputError, words, shot.original, shot.lossless)

    def test_another_size_and_rate(self, shot: EditedShot, tmp_path: Path) -> None:
        small = write_movie(tmp_path / "small.mp4")
        self.refused(InputError, "not of one size", shot.original, small)

    def test_another_shot(self, shot: EditedShot) -> None:
        words = "is not of .*correlate by 0|is not of .*correlate by -"
        other = shot.lossless
        with_tail = {"frames": SPAN}
        self.refused(InputError, words, _upside_down(shot), other, **with_tail)

    def test_a_project_of_another_original(self, shot: EditedShot) -> None:
        self.refused(
            ProjectError, "is not that", shot.lossless, shot.lossless, project=shot.project
        )

    def test_a_project_in_place_of_its_original(self, shot: EditedShot) -> None:
        self.refused(UsageError, "is a project.* with --project", shot.project, shot.lossless)

    def test_an_original_without_a_face(self, tmp_path: Path) -> None:
        plain = write_movie(tmp_path / "plain.mp4")
        self.refused(NoFaceError, "No face was found", plain, plain)

    def test_what_cannot_be_written(self, shot: EditedShot, tmp_path: Path) -> None:
        names = {"report.pdf": "no name of a page", "nowhere/report.html": "does not exist"}
        for name, words in names.items():
            self.refused(UsageError, words, shot.original, shot.lossless, output=tmp_path / name)


def _upside_down(shot: EditedShot) -> Path:
    from mien.media.probe import probe
    from mien.media.reader import open_reader
    from mien.media.writer import open_writer

    target = shot.lossless.with_name("upside-down.mkv")
    if target.exists():
        return target
    media = probe(shot.lossless)
    with open_reader(media) as reader, open_writer(target, media, lossless=True) as writer:
        for frame in reader.stream():
            plate = frame.plate()
            planes = [np.ascontiguousarray(plane[::-1]) for plane in plate.planes]
            writer.write(frame.with_plate(plate.with_planes(planes)))
    return target


class TestThresholds:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "holds no thresholds"),
            ("[1]", "holds no thresholds"),
            ('{"sharpnes": {"most": 1}}', "there is no figure 'sharpnes'"),
            ('{"sharpness": 1}', "sharpness has no bounds"),
            ('{"sharpness": {"most": "1"}}', "no number"),
            ('{"sharpness": {"most": NaN}}', "no number"),
        ],
        ids=range(6),
    )
    def test_a_file_that_holds_none_is_refused(self, text: str, words: str, tmp_path: Path) -> None:
        path = tmp_path / "limits.json"
        path.write_text(text)
        with pytest.raises(InputError, match=words):
            mien.reporting.read_thresholds(path)

    def test_a_report_serves_as_one(self, tmp_path: Path) -> None:
        path = tmp_path / "report.json"
        path.write_text('{"figures": [], "thresholds": {"sharpness": {"least": 0.9}}}')
        held = mien.reporting.read_thresholds(path)
        assert held == {"sharpness": mien.ReportThreshold(least=0.9)}

    def test_every_figure_can_be_held_to_something(self, tmp_path: Path) -> None:
        table = (Path(__file__).parents[2] / "docs" / "report.md").read_text()
        names = re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)
        assert len(names) == 14
        path = tmp_path / "limits.json"
        path.write_text(json.dumps({name: {"most": 1} for name in names}))
        assert list(mien.reporting.read_thresholds(path)) == names

    def test_exactness_that_was_asked_for_and_cannot_be_measured_fails(self) -> None:
        lossy = [mien.ReportFigure("outside.beyond_encoding", 3.0, "pixels per million")]
        zero, some = mien.ReportThreshold(most=0), mien.ReportThreshold(most=100)
        assert required_figures(lossy, None) == tuple(lossy)
        asked = required_figures(lossy, {"outside.changed": zero})
        assert [(one.name, one.passed) for one in asked] == [
            ("outside.beyond_encoding", None), ("outside.changed", False),
        ]  # fmt: skip
        # The thresholds of a whole report name both: the one is measured in the other's place.
        both = required_figures(lossy, {"outside.changed": zero, "outside.beyond_encoding": some})
        assert [one.name for one in both] == ["outside.beyond_encoding"]
        exact = [mien.ReportFigure("outside.changed", 0.0, "pixels", threshold=zero)]
        alone = required_figures(exact, {"outside.beyond_encoding": some})
        assert [one.passed for one in alone] == [True]

    def test_a_figure_fails_beyond_its_bounds_alone(self) -> None:
        bound = mien.ReportThreshold(0.5, 1.5)
        passed = [mien.ReportFigure("a", v, "", threshold=bound).passed for v in (0.4, 0.5, 1.6)]
        assert passed == [False, True, False]
        assert mien.ReportFigure("a", None, "", threshold=bound).passed is None
        assert mien.ReportFigure("a", None, "", threshold=bound, required=True).passed is False
        assert mien.ReportFigure("a", 9.0, "").passed is None
