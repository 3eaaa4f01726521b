"""A tracker of somebody else's package, wherever mien tracks; and those that cannot be used."""

from __future__ import annotations

import json
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.errors import MienError, MissingDependencyError, UsageError
from mien.face import SOLVER
from mien.model.face import FaceTrack
from mien.plugins import PluginWarning
from mien.serve.client import Client, ServeError
from mien.timebase import FrameRange
from mien.tracking.base import TrackResult
from mien.tracking.registry import available_trackers, get_tracker
from tests.command_line import run_here

pytestmark = pytest.mark.usefixtures("trackers_installed")


# --- one that works -----------------------------------------------------------------------


def test_it_is_listed_and_the_bad_ones_are_warned_of() -> None:
    with pytest.warns(PluginWarning) as caught:
        assert available_trackers() == ("mediapipe", "portrait", "raising", "rambling")
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 4
    assert any("'futuristic'" in text and "api_version 99" in text for text in texts)


def test_on_the_command_line(footage: Path, tmp_path: Path) -> None:
    done = run_here("track", footage, "-o", tmp_path / "x.mien", "--tracker", "portrait", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["made_by"] == {"tracker": "portrait", "tracker_version": 5, "solver": SOLVER}
    face = {"number": 1, "name": "face 1", "frames_seen": 12, "seen_badly": []}
    assert told["faces"] == [face]
    shot = mien.load_project(tmp_path / "x.mien").shot
    assert shot.made_by == mien.ToolVersions("portrait", 5, SOLVER)
    assert shot.faces[0].valid.all()


def test_in_the_doctor() -> None:
    done = run_here("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.out)["checks"]}
    assert checks["tracker portrait"]["detail"] == "version 5"
    assert checks["tracker mediapipe"]["state"] == "ok"
    assert "a name of mien's own" in checks["tracker plug-in mediapipe"]["detail"]
    assert checks["tracker plug-in importless"]["state"] == "optional"
    assert "a_package_that_nobody_has" in checks["tracker plug-in importless"]["detail"]
    assert "bad-shapeless 1.0" in checks["tracker plug-in shapeless"]["detail"]
    assert done.code in (0, 5)


def test_in_a_batch_whose_tracked_shots_know_its_version(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(
        f"tracker: portrait\nshots:\n  - name: a\n    media: {footage}\n    frames: 0:4\n"
        '    set: ["mouthSmile=+0.5"]\n'
    )

    def tracked() -> dict[str, Any]:
        done = run_here("batch", jobs, "-o", tmp_path / "out", "--workers", "1")
        assert done.code == 0, done.err
        projects = sorted((tmp_path / "out" / ".mien-batch").rglob("*.mien"))
        made = (mien.load_project(path, find_media=False).shot.made_by for path in projects)
        return {path.name: version for path, version in zip(projects, made, strict=True)}

    (first,) = (before := tracked()).items()
    assert first[1] == mien.ToolVersions("portrait", 5, SOLVER)
    assert tracked() == before
    monkeypatch.setenv("PORTRAIT_VERSION", "6")
    after = tracked()
    assert mien.ToolVersions("portrait", 6, SOLVER) in after.values()


def test_the_command_line_chooses_for_shots_of_a_batch_that_name_none(
    footage: Path, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(f'shots:\n  - {{media: {footage}, set: ["mouthSmile=+0.5"]}}\n')
    done = run_here("batch", jobs, "-o", tmp_path / "out", "--tracker", "portrat")
    assert done.code == 2
    assert "Did you mean 'portrait'?" in done.err
    assert not (tmp_path / "out").exists()


def test_over_serve(footage: Path) -> None:
    with Client([sys.executable, "-m", "mien", "serve"], name="tests") as client:
        assert "portrait" in client.hello["trackers"]
        shot = client.ask("open", path=str(footage)).result(60)["shot"]
        for name, code in (("portrat", "usage"), ("importless", "missing-part")):
            with pytest.raises(ServeError) as refused:
                client.start("track", shot=shot, tracker=name).result.result(60)
            assert refused.value.code == code
        facts = client.start("track", shot=shot, tracker="portrait").result.result(120)
    assert facts["made_by"] == {"tracker": "portrait", "tracker_version": 5, "solver": SOLVER}


def test_in_the_process_that_tracks_for_the_editor(
    footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien_desktop.jobs.serve_process import ServeProcess, TrackTask

    monkeypatch.setenv("MIEN_TRACKER", "portrait")
    ended, came = threading.Event(), []

    def finished(result: Any, error: MienError | None) -> None:
        came.append((result, error))
        ended.set()

    process = ServeProcess(TrackTask(footage), lambda *_: None, finished)
    process.start()
    assert ended.wait(120)
    process.join(60)
    ((shot, error),) = came
    assert error is None
    assert shot.made_by.tracker == "portrait"


# --- those that cannot be used ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("importless", "a_package_that_nobody_has"),
        ("shapeless", "no method 'track', in bad-shapeless 1.0"),
        ("futuristic", "api_version 99, and this mien's is 1"),
    ],
)
def test_asked_for_by_name_a_bad_one_says_why(
    footage: Path, tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(MissingDependencyError, match="`mien doctor`") as caught:
        get_tracker(name)
    assert words in str(caught.value)
    done = run_here("track", footage, "-o", tmp_path / "x.mien", "--tracker", name)
    assert done.code == 5
    assert words in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "x.mien").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raising", "'raising' failed (RuntimeError: the camera is upside down)"),
        ("rambling", "'rambling' answers cannot be used: it is a list, not a TrackResult"),
    ],
)
def test_one_that_fails_is_named(footage: Path, tmp_path: Path, name: str, words: str) -> None:
    done = run_here("track", footage, "-o", tmp_path / "x.mien", "--tracker", name)
    assert done.code == 1
    assert words in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "x.mien").exists()


def test_nobody_takes_the_name_of_miens_own() -> None:
    assert type(get_tracker("mediapipe")).__module__ == "mien.tracking.mediapipe.tracker"


def test_the_bad_ones_cost_the_others_nothing(footage: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert get_tracker("portrait").version == 5
        assert mien.track(footage, tracker="portrait", progress=False).faces


def test_a_wrong_choice_for_auto_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_TRACKER", "protrait")
    with pytest.raises(UsageError, match="Did you mean 'portrait'"):
        get_tracker()


# --- registered in a process --------------------------------------------------------------


class Own:
    """A tracker with whatever answer a test wants."""

    name = "own"
    version = 2
    api_version = 1

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def track(self, reader: Any, *, max_faces: int = 10, progress: Any = None) -> Any:
        return self.answer


def seen(frames: int, number: int = 1, **changes: Any) -> FaceTrack:
    landmarks = np.ones((frames, 478, 3), np.float32)
    confidence = np.full(frames, 0.5, np.float32)
    arrays = {"landmarks": landmarks, "confidence": confidence} | changes
    return FaceTrack(number, **arrays)


def spoilt(frames: int, value: float) -> AnyArray:
    landmarks = np.ones((frames, 478, 3), np.float32)
    landmarks[3, 7, 1] = value
    return landmarks


N = 12


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (TrackResult((seen(N - 1),), ()), r"landmarks of face 1 is float32 \(11, 478, 3\)"),
        (TrackResult((seen(N, 2),), ()), "numbers \\[2\\]"),
        (TrackResult((seen(N),), (0,)), "its cuts"),
        (TrackResult((seen(N),), (5, 5)), "its cuts"),
        (TrackResult((seen(N),), (N,)), "its cuts"),
        (TrackResult((seen(N),), (), (FrameRange(4, 4),)), "its mixes"),
        (TrackResult((seen(N),), (), (FrameRange(0, N + 1),)), "its mixes"),
        (TrackResult((seen(N),), (), (FrameRange(4, 8), FrameRange(6, 9))), "its mixes"),
        (TrackResult((seen(N), seen(N, 2)), ()), "2 faces, and 1 were allowed"),
        (TrackResult((seen(N, confidence=np.full(N, 2, np.float32)),), ()), "from 0 to 1"),
        (TrackResult((seen(N, confidence=np.full(N, 0.5)),), ()), "float64"),
        (TrackResult((seen(N, landmarks=[1]),), ()), "no array but a list"),
        (TrackResult((seen(N, landmarks=spoilt(N, np.nan)),), ()), "no numbers"),
        (TrackResult((seen(N, landmarks=spoilt(N, 1e9)),), ()), "far outside"),
        (None, "a NoneType"),
    ],
)
def test_answers_that_cannot_be_used(footage: Path, answer: Any, words: str) -> None:
    mien.register_tracker(Own(answer))
    with pytest.raises(MienError, match=f"'own' answers cannot be used: .*{words}"):
        mien.track(footage, tracker="own", max_faces=1, progress=False)


def test_whoever_stops_the_work_is_heard_and_not_the_tracker_blamed(footage: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        mien.track(footage, tracker="portrait", progress=stop)


def test_what_is_no_tracker_is_not_registered() -> None:
    class Nameless(Own):
        name = "mediapipe"

    class Old(Own):
        api_version = 0

    class Deaf(Own):
        def track(self, reader: Any) -> Any:  # type: ignore[override]
            return None

    class Vague(Own):
        version = "new"  # type: ignore[assignment]

    for bad, words in (
        (Nameless(), "belongs to mien's own"),
        (Old(), "api_version 0"),
        (Deaf(), "does not take"),
        (Vague(), "not a whole number"),
    ):
        with pytest.raises(UsageError, match=words):
            mien.register_tracker(bad)  # type: ignore[arg-type]
