"""A voice that drives a mouth: layers, what is kept of them, what is refused."""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.api.voices import _moved_layer
from mien.errors import InputError, MediaError, NoFaceError, NothingToDoError, TimeError, UsageError
from mien.model.controls import INDEX, NAMES
from mien.model.document import Document
from mien.model.speech import Phone, Speech
from mien.session import commands
from mien.speech.files import read_phones, read_subtitles
from mien.speech.hearing import few_phones
from mien.speech.lips import measured_slip
from mien.speech.mouth import MOUTH
from mien.speech.sound import SAMPLE_RATE, Sound, load_sound
from mien.timebase import FrameRange
from tests.command_line import run_here as run
from tests.documents import make_shot
from tests.faces import make_curves

FRAMES = 75
"""Three seconds at the 25 frames/s of `make_shot`."""
SAID = Speech(
    (Phone("B", 0.2, 0.3), Phone("AA", 0.3, 0.6), Phone("M", 0.6, 0.72), Phone("IY", 0.72, 1.0)),
    (), 2.0, "test",
)  # fmt: skip


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of sound, louder in the middle; nothing in it is speech."""
    path = tmp_path_factory.mktemp("voice") / "line.wav"
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    samples = np.sin(2 * np.pi * 180 * time) * np.interp(time, (0, 0.4, 2), (0.05, 0.5, 0.05))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def _after(project: mien.Project, face: int = 1) -> AnyArray:
    edit = project.edit(face)
    return mien.evaluate(edit.face.curves.controls.array, edit.layers, edit.face.valid).target


def test_a_mouth_says_it_and_the_rest_goes_on(line: Path) -> None:
    shot = make_shot(FRAMES)
    spoken = mien.voice(shot, line, speech=SAID, span="1s:2s", ease=2)
    before, after = shot.face(1).curves.controls.array, _after(spoken.project)
    driven = [INDEX[name] for name in (*MOUTH, "mouthShrugUpper", "mouthShrugLower")]
    others = [column for column in range(len(NAMES)) if column not in driven]
    np.testing.assert_array_equal(after[:, others], before[:, others])
    outside = np.r_[0:25, 50:FRAMES]
    np.testing.assert_array_equal(after[outside], before[outside])
    # B is shut at a quarter of a second after the sound begins, with the span.
    jaw = after[:, INDEX["jawOpen"]]
    assert jaw[25 + 6] == pytest.approx(0, abs=0.02)
    assert jaw[25 + 11] > 0.2
    assert jaw[25 + 16] == pytest.approx(0, abs=0.02)
    assert spoken.layer.voice is not None
    assert spoken.layer.voice.span == FrameRange(25, 50)
    assert spoken.layer.voice.start == 1.0
    assert sum(len(track.keys) for track in spoken.layer.tracks) < 4 * FRAMES


def test_a_sound_that_ends_gives_the_mouth_back(line: Path) -> None:
    spoken = mien.voice(make_shot(FRAMES), line, speech=SAID, span="0.5s:")
    assert spoken.layer.voice is not None
    # Two seconds of sound, and a tail in which the mouth comes to rest.
    assert spoken.layer.voice.span == FrameRange(12, 67)
    assert spoken.notes == ("line.wav ends at frame 67; from there the mouth is its own.",)
    whole = mien.voice(make_shot(FRAMES), line, speech=SAID)
    assert whole.notes == ()


def test_added_to_what_the_mouth_does(line: Path) -> None:
    shot = make_shot(FRAMES)
    spoken = mien.voice(shot, line, speech=SAID, mode="add", ease=0)
    assert all(track.mode == "add" for track in spoken.layer.tracks)
    change = _after(spoken.project) - shot.face(1).curves.controls.array
    assert change[11, INDEX["jawOpen"]] > 0.1


def test_projects_keep_what_was_said(line: Path, tmp_path: Path) -> None:
    said = replace(
        SAID, phones=(replace(SAID.phones[0], viseme="aa"), *SAID.phones[1:]),
    )  # fmt: skip
    spoken = mien.voice(make_shot(FRAMES), line, speech=said, amounts=mien.MouthAmounts(0.7, 1.2))
    path = tmp_path / "shot.mien"
    mien.save_project(spoken.project, path)
    kept = mien.load_project(path, find_media=False)
    (layer,) = kept.edit(1).layers
    assert layer == spoken.layer
    assert layer.voice is not None
    assert layer.voice.speech.phones[0].viseme == "aa"


def test_the_editor_moves_phones_and_keys_follow(line: Path) -> None:
    spoken = mien.voice(make_shot(FRAMES), line, speech=SAID)
    document = Document((spoken.project,))
    shot = document.shots[0].id
    moved = commands.change_phones(SAID, 1, stop=0.8)
    assert moved.phones[2].start == 0.8 - 0.09 or moved.phones[2].seconds >= 0.01
    later = commands.say_again(document, shot, 1, "voice", moved)
    before, after = _after(spoken.project), _after(later.shots[0])
    jaw = INDEX["jawOpen"]
    assert np.abs(after[15:22, jaw] - before[15:22, jaw]).max() > 0.05
    np.testing.assert_allclose(after[40:, jaw], before[40:, jaw], atol=0.03)
    with pytest.raises(UsageError, match="No voice made a layer 'other'"):
        commands.say_again(document, shot, 1, "other", moved)


def test_a_talking_mouth_is_shut() -> None:
    shot = make_shot(FRAMES)
    muted = mien.mute_mouth(shot, span="1s:2s", ease=3)
    assert muted.spans == (FrameRange(25, 50),)
    after = _after(muted.project)
    np.testing.assert_allclose(after[30:45, INDEX["jawOpen"]], 0, atol=1e-6)
    np.testing.assert_allclose(after[30:45, INDEX["mouthClose"]], 1, atol=1e-6)


def test_slip_is_measured() -> None:
    times = np.arange(0, 6, 1 / 25)
    sound = 0.1 + 0.08 * np.sin(9 * times) * np.sin(2.3 * times)
    speaking = np.ones(len(times), dtype=bool)
    for late in (-0.2, 0.0, 0.12):
        lips = 2 * (0.1 + 0.08 * np.sin(9 * (times - late)) * np.sin(2.3 * (times - late)))
        slip = measured_slip(lips, sound, speaking, times)
        assert slip is not None
        assert slip.seconds == pytest.approx(late, abs=0.02)
        assert slip.confidence > 0.5
    noise = np.random.default_rng(1).random(len(times))
    unsure = measured_slip(noise, sound, speaking, times)
    assert unsure is not None
    assert unsure.confidence < 0.15
    assert measured_slip(sound, sound, np.zeros(len(times), dtype=bool), times) is None


def test_lips_that_are_alike_the_more_the_farther_they_are_moved_tell_no_slip() -> None:
    times = np.arange(0, 10, 0.04)
    speaking = np.ones(len(times), dtype=bool)
    slip = measured_slip(0.1 + 0.05 * np.sin(times), 0.1 + 0.05 * np.sin(times + 0.9), speaking,
                         times)  # fmt: skip
    assert slip is not None
    assert abs(slip.seconds) == pytest.approx(0.5)
    assert slip.confidence == 0


def test_far_fewer_phones_than_people_speak_are_told() -> None:
    noise = np.random.default_rng(0).normal(0, 3000, 6 * SAMPLE_RATE).astype(np.int16)
    song, word = Sound("song.wav", noise), Sound("word.wav", noise[: 3 * SAMPLE_RATE // 2])
    sung = tuple(Phone("AA", float(at), at + 0.2) for at in range(6))
    told = few_phones(Speech(sung, (), 6.0, "hama"), song)
    assert told is not None
    assert "hama hears 1.0 phones a second in song.wav" in told
    assert few_phones(Speech(sung[:1], (), 1.5, "hama"), word) is None
    said = tuple(Phone("AA", at / 8, at / 8 + 0.1) for at in range(48))
    assert few_phones(Speech(said, (), 6.0, "hama"), song) is None


TEXT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.5
            text = "say ""bob"" now"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "sil"
        intervals [2]:
            xmin = 0.5
            xmax = 0.7
            text = "B"
        intervals [3]:
            xmin = 0.7
            xmax = 1.5
            text = "AA1"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_phones_of_praat(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "line.TextGrid"
    path.write_bytes(TEXT_GRID.encode(encoding))
    speech = read_phones(path)
    assert [(p.name, p.start, p.stop) for p in speech.phones] == [
        ("SIL", 0, 0.5), ("B", 0.5, 0.7), ("AA", 0.7, 1.5),
    ]  # fmt: skip
    assert [word.text for word in speech.words] == ['say "bob" now']


def test_phones_of_json_in_ipa(tmp_path: Path) -> None:
    path = tmp_path / "line.json"
    phones = [{"phone": "m", "start": 0, "stop": 0.1}, {"phone": "ju", "start": 0.1, "stop": 0.3}]
    path.write_text(json.dumps({"phones": phones}))
    assert [phone.name for phone in read_phones(path).phones] == ["M", "Y", "UW"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.TextGrid", "", "no TextGrid"),
        ("a.TextGrid", TEXT_GRID[:600], "no TextGrid"),
        ("a.TextGrid", TEXT_GRID.replace('"phones"', '"tones"'), "no tier of phones"),
        ("a.TextGrid", TEXT_GRID.replace('"AA1"', '"%%"'), "'%%' at 0.7 s is no phone"),
        ("a.json", "{", "holds no phones"),
        ("a.json", "[]", "holds no phones"),
        ("a.json", '{"phones": [{"phone": "AA", "start": 1, "stop": 0}]}', "ends after it begins"),
        ("a.json", '{"phones": [{"phone": "sil", "start": 0, "stop": 1}]}', "but silence"),
        ("a.json", '{"phones": [{"phone": "AA", "start": 0, "stop": 1e999}]}', "finite"),
        ("a.txt", "B AA", "no phones that can be read"),
    ],
)  # fmt: skip
def test_odd_files_of_phones_are_refused(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises((InputError, UsageError), match=message):
        read_phones(path)


def test_subtitles(tmp_path: Path) -> None:
    path = tmp_path / "lines.srt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:02,500\nBring me\nthe book.\n\n"
        "2\n00:01:03.5 --> 01:00:00,0\nNo.\n"
    )
    first, second = read_subtitles(path)
    assert (first.text, first.start, first.stop) == ("Bring me the book.", 1.0, 2.5)
    assert (second.text, second.start, second.stop) == ("No.", 63.5, 3600.0)
    path.write_text("no times")
    with pytest.raises(InputError, match="no subtitles"):
        read_subtitles(path)


def test_what_cannot_be_is_refused(line: Path, tmp_path: Path) -> None:
    shot = make_shot(FRAMES)
    with pytest.raises(TimeError):
        mien.voice(shot, line, speech=SAID, span="1s:99s")
    with pytest.raises(NoFaceError):
        mien.voice(shot, line, speech=SAID, face=7)
    with pytest.raises(UsageError, match="eased"):
        mien.voice(shot, line, speech=SAID, ease=-1)
    with pytest.raises(UsageError, match="by 'multiply'"):
        mien.voice(shot, line, speech=SAID, mode="multiply")  # type: ignore[arg-type]
    with pytest.raises(NothingToDoError, match="Nobody speaks"):
        mien.voice(shot, line, speech=SAID.moved(60))
    with pytest.raises(MediaError, match="does not exist"):
        mien.voice(shot, tmp_path / "none.wav", speech=SAID)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(MediaError, match="cannot be read as sound"):
        load_sound(tmp_path / "text.wav")
    unseen = replace(shot, faces=(_unseen(shot.faces[0]),))
    with pytest.raises(NoFaceError, match="not seen"):
        mien.mute_mouth(unseen)


def _unseen(face: mien.Face) -> mien.Face:
    valid = np.zeros_like(np.asarray(face.valid))
    return replace(face, curves=replace(face.curves, valid=valid))


def test_the_command(line: Path, tmp_path: Path) -> None:
    project, phones = tmp_path / "shot.mien", tmp_path / "line.json"
    mien.save_project(mien.Project(make_shot(FRAMES)), project)
    phones.write_text(
        json.dumps(
            {"phones": [{"phone": p.name, "start": p.start, "stop": p.stop} for p in SAID.phones]}
        )
    )
    asked = ["voice", project, line, "--phones", phones, "--span", "1s:2s"]
    said = run(*asked, "--jaw", 0.8, "--json")
    assert said.code == 0, said.err
    facts = said.json()
    assert facts["frames"] == [25, 50]
    assert facts["amounts"] == {"jaw": 0.8, "lips": 1.0, "learned": False}
    assert [phone["phone"] for phone in facts["phones"]] == ["B", "AA", "M", "IY"]
    muted = run("voice", project, "--mute", "--span", "0:10")
    assert "is shut in frames 0:10" in muted.out
    layers = [layer.name for layer in mien.load_project(project, find_media=False).edit(1).layers]
    assert layers == ["voice", "mute"]
    assert run("edit", project, "--undo").code == 0
    assert run("edit", project, "--undo").code == 0
    assert mien.load_project(project, find_media=False).edit(1).layers == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "A voice is a sound"),
        (("--mute", "--resync"), "two things"),
        (("line.wav", "--mute"), "takes no sound"),
        (("--keep-breath",), "goes with --mute"),
        (("line.wav", "--text", "a", "--phones", "b.json"), "one thing each"),
        (("line.wav", "--by", "whisper"), "Nobody called 'whisper'"),
        (("line.wav", "--by", "pocketsphinx"), "needs the text"),
        (("line.wav", "--jaw", "3", "--phones", "b.json"), "jaw cannot be 3"),
        (("line.wav", "--span", "9s:12s"), "outside"),
    ],
)
def test_wrong_commands_change_nothing(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mien.save_project(mien.Project(make_shot(FRAMES)), Path("shot.mien"))
    before = Path("shot.mien").read_bytes()
    refused = run("voice", "shot.mien", *arguments)
    assert refused.code in (2, 3)
    assert message in refused.err
    assert "Traceback" not in refused.err
    assert Path("shot.mien").read_bytes() == before


def test_told_phones_need_no_sound() -> None:
    shot = make_shot(FRAMES)
    assert not shot.media.audio_streams
    spoken = mien.voice(shot, speech=SAID)
    assert spoken.layer.voice is not None
    # Two seconds of speech, and a moment in which the mouth comes to rest.
    assert 50 <= spoken.layer.voice.span.stop < FRAMES
    with pytest.raises(MediaError):
        mien.voice(shot)


def test_one_amount_alone_leaves_the_other_usual() -> None:
    assert mien.MouthAmounts.given(None, None) is None
    assert mien.MouthAmounts.given(0.5, None) == mien.MouthAmounts(0.5, 1.0)
    assert mien.MouthAmounts.given(None, 0) == mien.MouthAmounts(1.0, 0.0)


def test_what_is_not_seen_is_not_moved() -> None:
    face = make_shot(60).face(1)
    values = np.zeros_like(face.curves.controls.array)
    values[:, INDEX["jawOpen"]] = 0.3 + 0.3 * np.sin(np.arange(60) / 4)
    # What stands where nothing was seen means nothing.
    values[20:25] = 0.4
    seen = np.r_[[True] * 20, [False] * 5, [True] * 35]
    curves = replace(make_curves(60, values), valid=seen)
    layer = _moved_layer(replace(face, curves=curves), FrameRange(0, 60), 0.1, "resync", 2)
    assert [track.control for track in layer.tracks] == ["jawOpen"]


def test_a_project_alone_opens_no_sound(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only a project names is opened inside its folder, or where this user had it before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    footage = made_film(tmp_path / "film")
    shot = replace(make_shot(FRAMES), media=mien.probe(footage))
    shot = replace(shot, faces=tuple(replace(f, clock=shot.media.clock) for f in shot.faces))
    spoken = mien.voice(shot, line, speech=SAID, amounts=mien.MouthAmounts())
    path = footage.parent / "shot.mien"
    mien.save_project(spoken.project, path)

    def voice_of(file: Path) -> mien.Voice:
        voice = mien.load_project(file).edit(1).layers[0].voice
        assert voice is not None
        return voice

    assert voice_of(path).sound == line
    assert voice_of(path).sound_online
    # A stranger's machine: the footage came along, the sound did not.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "stranger"))
    assert not voice_of(path).sound_online
    beside = footage.parent / line.name
    beside.write_bytes(line.read_bytes())
    assert voice_of(path).sound == beside
    assert voice_of(path).sound_online


def made_film(folder: Path) -> Path:
    """Write a film of as many frames as the shots here have."""
    folder.mkdir()
    path = folder / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_no_job_is_eased_backwards() -> None:
    shot = make_shot(FRAMES)
    for job in (mien.mute_mouth, mien.resync_mouth):
        with pytest.raises(UsageError, match="eased over -1"):
            job(shot, ease=-1)
