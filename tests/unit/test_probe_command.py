"""`mien probe`, and the choice of a stream on every front."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.cli.main import run
from mien.errors import InputError, UsageError
from mien.jobs.plan import make_plan
from mien.jobs.shot_task import ShotSpec, read_shot_spec
from mien.jobs.yaml import read_jobs
from mien.timebase import FrameRange
from tests.media.mediakit import make_clip
from tests.media.streamkit import image, remuxed, two_clips, with_unknown_sound
from tests.media.test_alpha import make_alpha

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A small picture that is not enabled, and the film."""
    return remuxed(tmp_path / "a.mov", *two_clips(tmp_path), dispositions=(0, 1, 1))


def probed(capsys: Capture, *arguments: object) -> dict[str, Any]:
    assert run(["probe", *map(str, arguments), "--json"]) == 0
    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    return facts


def test_the_facts(tmp_path: Path, capsys: Capture) -> None:
    clip = make_clip(
        tmp_path / "a.mov", audio="aac", timecode="01:00:00:00", tags=(9, 16, 9, 1), count=24
    )
    facts = probed(capsys, clip)
    expected = {
        "kind": "movie", "stream": 0, "codec": "h264", "pixel_format": "yuv420p", "bits": 8,
        "width": 96, "height": 64, "rotation": 0, "pixel_aspect": "1", "rate": "24",
        "constant_rate": True, "frames": 24, "hidden_frames": 0, "start": 0.0, "duration": 1.0,
        "timecode": "01:00:00:00", "field_order": "progressive", "alpha": False,
        "audio_streams": 1, "subtitle_streams": 0, "chapters": 0,
        "color": {"primaries": "bt2020", "transfer": "smpte2084", "matrix": "bt2020nc",
                  "range": "limited"},
    }  # fmt: skip
    assert facts | expected == facts
    assert [(one["number"], one["kind"], one["opened"]) for one in facts["streams"]] == [
        (0, "video", True), (1, "audio", False), (2, "data", False),
    ]  # fmt: skip
    assert facts["render"] == {
        "output": "output.mov", "codec": "h264", "pixel_format": "yuv420p", "left_out": [],
        "quality": "visually-lossless, crf 18, preset medium",
    }  # fmt: skip


def test_variable_times_are_said(tmp_path: Path, capsys: Capture) -> None:
    pts = [40, 100, 250, 300, 500, 501, 900, 1000, 1100, 1200, 1300, 1400]
    clip = make_clip(tmp_path / "v.mkv", pts=pts, time_base=Fraction(1, 1000))
    facts = probed(capsys, clip)
    assert not facts["constant_rate"]
    assert facts["start"] == 0.04
    assert run(["probe", str(clip)]) == 0
    assert "variable, from 0.040 s" in capsys.readouterr().out


def test_what_a_render_would_keep(tmp_path: Path, capsys: Capture) -> None:
    source = with_unknown_sound(tmp_path / "a.mov", make_clip(tmp_path / "x.mp4", audio="aac"))
    render = probed(capsys, source)["render"]
    assert [text.split(" is left out")[0] for text in render["left_out"]] == [
        "Stream 2 (picture, h264, 96 x 64)", "Stream 3 (sound, apac)",
    ]  # fmt: skip
    render = probed(capsys, source, "-o", tmp_path / "b.webm")["render"]
    assert render["codec"] == "vp9"
    assert len(render["left_out"]) == 3
    report = mien.render(mien.open_shot(source), tmp_path / "b.webm", progress=False)
    assert list(report.notes) == render["left_out"]
    assert run(["probe", str(source)]) == 0
    text = capsys.readouterr().out
    assert "stream 3: audio, apac" in text
    assert text.count("apac) is left out") == 1


def test_alpha_is_part_of_what_is_kept(tmp_path: Path, capsys: Capture) -> None:
    source = make_alpha(tmp_path / "a.webm", "libvpx-vp9", "yuva420p")
    facts = probed(capsys, source)
    assert (facts["alpha"], facts["render"]["left_out"]) == (True, [])
    (note,) = probed(capsys, source, "-o", "x.mp4")["render"]["left_out"]
    assert note.startswith("The alpha of a.webm")


def test_images(tmp_path: Path, capsys: Capture) -> None:
    for number in (7, 8, 9):
        (tmp_path / f"a.{number:04}.png").write_bytes(image("png"))
    facts = probed(capsys, tmp_path / "a.%04d.png")
    assert (facts["kind"], facts["frames"], facts["streams"]) == ("sequence", 3, [])
    assert facts["render"]["codec"] == "png"
    assert run(["probe", str(tmp_path / "a.%04d.png")]) == 0


def test_another_stream(movie: Path, capsys: Capture) -> None:
    assert probed(capsys, movie)["width"] == 96
    facts = probed(capsys, movie, "--stream", 0)
    assert (facts["stream"], facts["width"]) == (0, 64)
    assert [one["opened"] for one in facts["streams"][:2]] == [True, False]
    assert mien.probe(movie, stream=0).orientation.width == 64


def test_an_impossible_stream_is_one_line(movie: Path, tmp_path: Path, capsys: Capture) -> None:
    for verb in (["probe"], ["render", "-o", str(tmp_path / "b.mov")],
                 ["track", "-o", str(tmp_path / "b.mien")]):  # fmt: skip
        code = run([verb[0], str(movie), *verb[1:], "--stream", "5"])
        error = capsys.readouterr().err
        assert code == 2
        assert error.count("\n") == 1
        assert "0 (h264, 64 x 48); 1 (h264, 96 x 64)" in error
    assert not (tmp_path / "b.mov").exists()


def test_bad_media_are_refused_as_ever(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.mov").write_bytes(b"nothing")
    assert run(["probe", str(tmp_path / "a.mov"), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 3
    assert run(["probe", str(tmp_path / "none.mov")]) == 3


def test_a_render_takes_the_stream(movie: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["render", str(movie), "--stream", "0", "-o", str(tmp_path / "b.mov")]) == 0
    assert "Stream 1 (picture, h264, 96 x 64) is left out" in capsys.readouterr().out
    assert mien.probe(tmp_path / "b.mov").orientation.width == 64


def test_a_project_knows_its_own(movie: Path, tmp_path: Path, capsys: Capture) -> None:
    mien.save_project(mien.open_shot(movie, stream=0), tmp_path / "p.mien")
    target = tmp_path / "b.mov"
    assert run(["render", str(tmp_path / "p.mien"), "-o", str(target), "--stream", "1"]) == 2
    assert "knows its own" in capsys.readouterr().err
    assert run(["render", str(tmp_path / "p.mien"), "-o", str(target)]) == 0
    assert mien.probe(target).orientation.width == 64


def test_a_stream_goes_with_a_path(movie: Path) -> None:
    with pytest.raises(UsageError, match="by its path"):
        mien.track(mien.open_shot(movie), stream=0)


def test_jobs_name_the_stream(movie: Path, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(
        "shots:\n  - {media: a.mov, stream: 0, set: jawOpen=0.2}\n"
        "  - {name: two, media: a.mov, set: jawOpen=0.2}\n"
    )
    first, second = read_jobs(jobs)
    assert (first.stream, second.stream) == (0, None)
    plan = make_plan([first, second], tmp_path / "out")
    assert [shot.problem for shot in plan.shots] == [None, None]
    order = ShotSpec.of(first, FrameRange(0, 8), tmp_path / "b.mov", tmp_path)
    (tmp_path / "order.json").write_text(order.to_json())
    assert read_shot_spec(tmp_path / "order.json").stream == 0


@pytest.mark.parametrize(
    ("shot", "why"),
    [
        ("{media: a.mov, stream: -1, set: jawOpen=0.2}", "Numbers start at 0"),
        ("{media: a.mov, stream: first, set: jawOpen=0.2}", "is no whole number"),
        ("{project: a.mien, stream: 1}", "knows the stream"),
    ],
)
def test_wrong_streams_in_jobs_are_named(tmp_path: Path, shot: str, why: str) -> None:
    (tmp_path / "jobs.yaml").write_text(f"shots:\n  - {shot}\n")
    with pytest.raises(InputError, match=why) as refusal:
        read_jobs(tmp_path / "jobs.yaml")
    assert "line 2" in refusal.value.cause
    assert "stream" in refusal.value.cause
