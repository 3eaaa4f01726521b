"""What values look like in a console: one short line, and no arrays."""

from __future__ import annotations

import dataclasses
import datetime
import inspect
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.model.controls import NAMES
from mien.model.curves import HeadPose
from tests.documents import make_document, make_media
from tests.film import Still

FRAMES = 2000
LONGEST = 300


def values() -> list[object]:
    """One of every public class of values, of a document of 2,000 frames."""
    document = make_document(2, FRAMES)
    project = document.shots[0]
    shot = project.shot
    face = shot.faces[0]
    edit = mien.Edit(face)
    for frame in range(0, FRAMES, 2):
        edit = edit.key("mouthSmile", frame, 0.5)
    for control in mien.CONTROLS[:20]:
        edit = edit.set(control.name, 0.1, span="3:9", layer=control.name)
    markers = tuple(mien.Marker(frame, f"marker {frame}") for frame in range(50))
    project = dataclasses.replace(project, edits=(edit,), markers=markers)
    times = tuple(Fraction(i, 25) for i in range(FRAMES))
    start = mien.Timecode(90_000, 25)
    varying = mien.Clock(Fraction(30_000, 1001), FRAMES, times, start)
    evaluated = mien.evaluate(face.curves.controls.array, edit.layers, face.valid)
    curves = face.curves
    report = mien.RenderReport(
        Path("/renders/out.mp4"), FRAMES, 48, 0, (1,), "warp", "h264", 3.25, ("a note",) * 9
    )
    trained = mien.TrainReport(
        Path("a.safetensors"), Path("a.png"), None, 1, 800, 0, 300, 40, 0.2, 0.1, True, 9.0
    )
    values, vector = np.zeros((FRAMES, 55), np.float32), np.zeros(3, np.float32)
    fit = mien.FlameFit(
        "flame2020", values, values, curves.pose, 1.0, vector, vector, vector, vector
    )
    box = mien.Box(0, 0, 64, 48)
    plate = mien.Plate.from_rgb(np.zeros((480, 640, 3), np.uint8))
    tools = mien.ToolVersions("mediapipe", 1, 1)
    track = mien.FaceTrack(1, face.landmarks, face.confidence)
    turns = np.zeros((FRAMES, 3, 3), np.float32)
    flame = mien.FlameCurves("mien-rig", curves.flame, turns, turns[:, 0])
    file_curves = mien.FaceCurves(1, curves.controls, curves.valid, flame=flame)
    shown = mien.Frame(7, 7, shot.media.orientation, Still(np.zeros((4, 4, 3), np.uint8)))
    patch = mien.Patch(box, np.zeros((48, 64, 3), np.float32), np.zeros((48, 64), np.float32))
    plan = mien.FacePlan(face, evaluated)
    points = tuple((float(i), 0.5) for i in range(FRAMES))
    stroke = mien.MatteStroke(1, 4, mien.FrameRange(3, 9), points, 6.0)
    change = mien.Change(document, mien.Document((project,)), "Key the smile", "apply")
    history = mien.EditHistory().recorded((edit,), (), "all of it taken out")
    taken = mien.SourcePerformance("take5.mov", curves.controls, curves.valid, varying)
    made = mien.Transferred(edit, ("applied",), NAMES, NAMES, mien.FrameRange(3, 9), 99, True)
    phones = tuple(mien.Phone("AA", i / 10, (i + 1) / 10) for i in range(FRAMES))
    words = tuple(mien.Word("book", i / 10, (i + 1) / 10) for i in range(FRAMES))
    speech = mien.Speech(phones, words, 99.0, "pocketsphinx")
    voice = mien.Voice(speech, mien.FrameRange(3, 9), Path("/sounds/line.wav"))
    voiced = mien.Layer("voice", edit.layers[0].tracks, voice=voice)
    day = datetime.date(2026, 1, 31)
    consent = mien.Consent("Anna", "clause 7 " * 99, day, controls=NAMES, uses=("dub",))
    slip = mien.Slip(0.12, 0.8, 0.7)
    rows = np.zeros(FRAMES, np.float32)
    seen = rows == 0
    face_report = mien.FaceReport(
        1, "Anna", curves.controls.array, None, curves.controls.array, seen, seen, rows, 0.9, rows
    )
    bound = mien.ReportThreshold(0.5, 1.5)
    figure = mien.ReportFigure("sharpness", 0.3, "times the plate's", "how", threshold=bound)
    trouble = mien.FrameTrouble(7, "sharpness", 2.0, 1.6, "times the plate's")
    shot_report = mien.ShotReport(
        Path("a.mov"),
        Path("b.mov"),
        None,
        mien.FrameRange(0, FRAMES),
        varying,
        (face_report,),
        (figure,) * 9,
        (trouble,) * 99,
        {"settings": {}},
        ("a note",) * 9,
    )
    return [
        shot_report, face_report, figure, trouble, bound,
        speech, phones[0], words[0], voice, voice.amounts, slip,
        mien.VoicedMouth(project, 1, voiced, True, ("a note",) * 9),
        mien.MutedMouth(project, 1, (mien.FrameRange(3, 9),) * 99),
        mien.ResyncedMouth(project, 1, slip, mien.FrameRange(3, 9), True),
        mien.Soundtrack(Path("/sounds/line.wav"), "2s"), mien.Sound("line.wav", np.zeros(9, "i2")),
        taken, made, mien.Applied(project, 1, made), mien.Transfer(only=("mouth",)),
        mien.TransferTiming(span="3:9", fit=True),
        history, history.done[0], history.done[0].changes[0],
        document, project, shot, shot.media, make_media(FRAMES, clock=varying), varying, start,
        face, curves, curves.controls, curves.pose, edit, edit.layers[0], edit.layers[0].tracks[0],
        edit.layers[0].tracks[0].keys[0], markers[0], evaluated, report, trained, fit,
        track, plan, box, plate,
        mien.FEELINGS["dread"], mien.PerformanceEvent("blink", mien.FrameRange(3, 9), 5, 0.8),
        mien.read_performance(face), mien.FrameRange(3, 9), mien.CONTROLS[0], mien.PRESETS["smile"],
        mien.ReferenceSettings(), mien.RetouchOptions(mien.FrameRange(3, 9)),
        mien.ReferenceSettings.preview(), mien.TrainSettings(rank=4), shot.media.orientation,
        shot.media.color, mien.WrittenCurves((1, 2), "mien-rig", FRAMES, Fraction(25)),
        patch, change, tools,
        mien.ImportedCurves(project, 1, "speech", NAMES, mien.FrameRange(0, 9), ()),
        mien.FileVersion((7, 1), (2048, 1)),
        mien.CurveFile((file_curves,), name="speech.npz"), file_curves, flame,
        mien.RawLandmarks(bytes(FRAMES)), mien.TrackResult((track,), (5, 9)), shown,
        mien.RenderRequest(plan, 7, plate), mien.CacheKey("a digest", 2),
        mien.Smoothing("savgol", 2.0, (("eyes", 0.5),)),
        mien.ChosenNeutral(np.zeros((478, 3), np.float32), 12),
        mien.LandmarkCorrection(12, "mouth", 4.0, -2.0),
        mien.UncorrectedFrames(np.arange(FRAMES), face.landmarks, curves, curves),
        mien.Example(Path("/clips/laugh.mov"), shot), stroke,
        mien.Occlusion(matte=Path("/mattes/hand.%04d.png"), strokes=(stroke,) * 99),
        mien.WeakSpan(mien.FrameRange(3, 9), ("mouth", "jaw")),
        mien.RelinkReport(project, Path("/old/one.mov"), False, True, 2.0),
        mien.PathRule("D:/plates", "/mnt/plates"), mien.PathMap.parse("/a=/b;" * 30),
        mien.Quality(crf=18, preset="slow"),
        mien.Provenance(Path("/renders/out.mov"), "valid", signer="A Studio"),
        consent, mien.LedgerHead(7, "0" * 64), mien.LedgerProblem(3, "was changed"),
        mien.LedgerReport(Path("/ledger.jsonl"), 9, None, (mien.LedgerProblem(3, "moved"),) * 99),
        mien.StreamInfo(1, "audio", "aac", "aac, 48000 Hz, stereo", "eng", "Commentary", True),
    ]  # fmt: skip


VALUES = values()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_repr_is_one_short_line_that_begins_with_the_class(value: object) -> None:
    text = repr(value)
    assert text.startswith(f"{type(value).__name__}(")
    assert len(text) <= LONGEST
    assert "\n" not in text
    assert "array" not in text


def test_every_public_class_of_values_is_among_them() -> None:
    shown = {type(value) for value in VALUES} | {mien.RendererSettings}  # an abstract base
    for name in mien.__all__:
        value = getattr(mien, name)
        if inspect.isclass(value) and dataclasses.is_dataclass(value):
            assert value in shown, name


class TestWhatTheySay:
    def test_a_shot(self) -> None:
        shot = make_document(1, FRAMES).shots[0].shot
        assert repr(shot) == "Shot(one.mov, 1080 x 1920, 2000 frames at 25 fps, 2 faces)"

    def test_an_edit(self) -> None:
        edit = mien.Edit(make_document().shots[0].shot.faces[0])
        assert repr(edit) == "Edit(face 1, 0 layers)"
        edit = edit.key("mouthSmile", 3, 1).key("mouthSmile", 9, 0).set("jawOpen", 1, span="3:9")
        assert repr(edit) == "Edit(face 1, 1 layer, 3 keys on mouthSmile, jawOpen)"
        keyed, constant = edit.layers[0].tracks
        assert repr(keyed) == "ControlTrack('mouthSmile', add, 2 keys from 3 to 9)"
        assert repr(constant) == "ControlTrack('jawOpen', add, key at 3, span 3:9)"
        muted = dataclasses.replace(edit.layers[0], muted=True, weight=0.5)
        assert repr(muted) == "Layer('edit', mouthSmile, jawOpen, weight 0.5, muted)"

    def test_long_lists_are_cut(self) -> None:
        edit = next(value for value in VALUES if isinstance(value, mien.Edit))
        assert repr(edit).endswith(" and 17 more)")

    def test_a_document(self) -> None:
        assert repr(make_document(2)) == "Document(2 shots: 'one', 'two')"
        assert repr(mien.Document()) == "Document(0 shots)"

    def test_settings_show_what_is_not_usual(self) -> None:
        assert repr(mien.ReferenceSettings()) == "ReferenceSettings()"
        assert repr(mien.TrainSettings(rank=4)) == "TrainSettings(rank=4)"

    def test_a_clock_of_varying_rate(self) -> None:
        clock = next(v for v in VALUES if isinstance(v, mien.Clock))
        assert repr(clock) == "Clock(2000 frames at 29.97 fps, varying, from 01:00:00:00)"

    def test_a_pose(self) -> None:
        pose = next(v for v in VALUES if isinstance(v, HeadPose))
        assert repr(pose) == "HeadPose(2000 frames)"
