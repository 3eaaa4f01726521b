"""What people give by mistake: refused in one line, with the right code, nothing left behind."""

from __future__ import annotations

import os
import shlex
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mien.demo import make_footage
from mien.demo.movie import write_movie
from mien.media.probe import probe
from tests.command_line import Mien, Run, command, run_process
from tests.credentials import render_bytes

USAGE, INPUT, NOTHING, MISSING = 2, 3, 4, 5
SET = ("--set", "jawOpen=+0.4")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.mp4"


def nothing_left(folder: Path, *known: str) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(known)


# --- what is given ------------------------------------------------------------------------


def test_missing_file(mien: Mien, out: Path, tmp_path: Path) -> None:
    asked = ("render", tmp_path / "gone.mp4", "-o", out)
    done = mien(*asked)
    done.refused(INPUT, "gone.mp4", "Check the name")
    # In this process or in one of its own: all other tests rely on that it is the same.
    assert run_process(*asked) == done
    mien("track", tmp_path / "gone.mp4", "-o", tmp_path / "x.mien").refused(INPUT, "gone.mp4")
    nothing_left(tmp_path)


def test_a_folder(mien: Mien, out: Path, tmp_path: Path) -> None:
    mien("render", tmp_path, "-o", out).refused(INPUT, "is a folder")


def test_a_pipe(mien: Mien, out: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    mien("render", tmp_path / "pipe.mp4", "-o", out).refused(INPUT, "is a pipe", "Copy it")


def test_a_film_that_is_flattened_when_shown(mien: Mien, out: Path, tmp_path: Path) -> None:
    clip = tmp_path / "flat.mp4"
    with av.open(str(clip), "w") as output:
        video = output.add_stream("libx264", rate=24)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.set_display_matrix([0] * 9)
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        output.mux(video.encode(frame))
        output.mux(video.encode(None))
    mien("render", clip, "-o", out, *SET).refused(INPUT, "flat.mp4", "flattens the picture")
    mien("track", clip, "-o", tmp_path / "x.mien").refused(INPUT, "display matrix")
    nothing_left(tmp_path, "flat.mp4")


@pytest.mark.parametrize("content", [b"", b"this is no movie\n" * 40], ids=["empty", "text"])
def test_no_movie(mien: Mien, out: Path, tmp_path: Path, content: bytes) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(content)
    mien("render", clip, "-o", out, *SET).refused(INPUT, "clip.mp4")
    mien("track", clip, "-o", tmp_path / "x.mien").refused(INPUT, "clip.mp4")
    mien("curves", clip, "-o", tmp_path / "x.npz").refused(INPUT, "clip.mp4")
    nothing_left(tmp_path, "clip.mp4")


def test_cut_in_half(mien: Mien, footage: Path, out: Path, tmp_path: Path) -> None:
    whole = footage.read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    mien("render", tmp_path / "half.mp4", "-o", out, *SET).refused(INPUT, "half.mp4", "cut")
    nothing_left(tmp_path, "half.mp4")


def test_cut_in_half_with_its_index_in_front(
    mien: Mien, footage: Path, out: Path, tmp_path: Path
) -> None:
    front = tmp_path / "front.mp4"
    _remux(footage, front, {"movflags": "faststart"})
    whole = front.read_bytes()
    front.write_bytes(whole[: len(whole) // 2])
    mien("render", front, "-o", out, *SET).refused(INPUT, "front.mp4", "cut short")
    nothing_left(tmp_path, "front.mp4")


def test_damaged_in_the_middle(mien: Mien, footage: Path, out: Path, tmp_path: Path) -> None:
    """Either it is refused, or every frame comes out; never half a film that looks whole."""
    content = bytearray(footage.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    (tmp_path / "clip.mp4").write_bytes(content)
    done = mien("render", tmp_path / "clip.mp4", "-o", out)
    if done.code == 0:
        assert probe(out).clock.frame_count == 50
    else:
        done.refused(INPUT, "clip.mp4")
        nothing_left(tmp_path, "clip.mp4")


def test_sound_only(mien: Mien, out: Path, tmp_path: Path) -> None:
    clip = tmp_path / "sound.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        for i in range(20):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono"
            )
            frame.rate, frame.pts = 48000, 1024 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    mien("render", clip, "-o", out).refused(INPUT, "sound.mp4", "no pictures")


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Footage without anybody."""
    path = tmp_path_factory.mktemp("scenery") / "scenery.mp4"
    y, x = np.mgrid[:240, :320]
    pictures = (
        np.stack([(x + 4 * i) % 256, (2 * y) % 256, (x + y) % 256], axis=-1).astype(np.uint8)
        for i in range(12)
    )
    write_movie(path, pictures, Fraction(25))
    return path


def test_nobody_there(mien: Mien, scenery: Path, out: Path, tmp_path: Path) -> None:
    mien("track", scenery, "-o", tmp_path / "x.mien").refused(NOTHING, "No face was found")
    mien("render", scenery, "-o", out, *SET).refused(NOTHING, "No face was found", "scenery.mp4")
    mien("curves", scenery, "-o", tmp_path / "x.json").refused(NOTHING, "No face was found")
    nothing_left(tmp_path)


def test_nobody_there_but_nothing_asked(mien: Mien, scenery: Path, out: Path) -> None:
    assert mien("render", scenery, "-o", out).code == 0
    assert probe(out).clock == probe(scenery).clock


@pytest.mark.slow
def test_one_frame(mien: Mien, out: Path, tmp_path: Path) -> None:
    clip = make_footage(tmp_path / "one.mp4", frames=1, size=(640, 360))
    done = mien("render", clip, "-o", out, "--set", "mouthSmile=+0.5", "--json")
    assert done.code == 0, done.err
    assert (done.json()["frames"], done.json()["frames_edited"]) == (1, 1)


@pytest.mark.slow
def test_odd_dimensions(mien: Mien, footage: Path, tmp_path: Path) -> None:
    clip = tmp_path / "odd.mkv"
    with av.open(str(footage)) as source, av.open(str(clip), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 639, 359, "yuv420p"
        for frame in list(source.decode(video=0))[:6]:
            picture = np.ascontiguousarray(frame.to_ndarray(format="rgb24")[:359, :639])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    done = mien("render", clip, "-o", tmp_path / "out.mkv", *SET, "--lossless", "--json")
    assert done.code == 0, done.err
    assert done.json()["frames_edited"] == 6
    assert probe(tmp_path / "out.mkv").orientation == probe(clip).orientation


@pytest.mark.slow
def test_an_8k_frame(mien: Mien, footage: Path, out: Path, tmp_path: Path) -> None:
    with av.open(str(footage)) as container:
        small = next(container.decode(video=0)).to_ndarray(format="rgb24")
    clip = tmp_path / "8k.mp4"
    write_movie(clip, [cv2.resize(small, (7680, 4320))], Fraction(25), crf=35)
    done = mien("render", clip, "-o", out, *SET, "--json")
    assert done.code == 0, done.err
    assert done.json()["frames_edited"] == 1
    assert probe(out).orientation == probe(clip).orientation


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\0" * 3000])
def test_corrupt_project(mien: Mien, out: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shot.mien"
    path.write_bytes(content)
    mien("render", path, "-o", out).refused(INPUT, "shot.mien is corrupt")
    mien("curves", path, "-o", tmp_path / "x.npz").refused(INPUT, "shot.mien is corrupt")
    nothing_left(tmp_path, "shot.mien")


def test_project_cut_in_half(mien: Mien, project: Path, out: Path, tmp_path: Path) -> None:
    whole = project.read_bytes()
    (tmp_path / "shot.mien").write_bytes(whole[: len(whole) // 2])
    mien("render", tmp_path / "shot.mien", "-o", out).refused(INPUT, "shot.mien is corrupt")


def test_project_without_its_media(mien: Mien, project: Path, out: Path, tmp_path: Path) -> None:
    moved = tmp_path / "shot.mien"
    moved.write_bytes(project.read_bytes())
    mien("render", moved, "-o", out, XDG_STATE_HOME=str(tmp_path / "none")).refused(
        INPUT, "footage.mp4", "--media"
    )


# --- what is asked ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("mouthSmle=+0.5", "Did you mean 'mouthSmile'?"),
        ("suprise=1", "Did you mean 'surprise'?"),
        ("qqqqqq=1", "mien controls"),
        ("mouthSmile", "cannot be read"),
        ("mouthSmile=", "cannot be read"),
        ("mouthSmile=nan", "cannot be read"),
        ("mouthSmile=1e9", "cannot be read"),
        ("mouthSmile=+60", "reach 1.5"),
        ("gazeYaw=+60", "reach 45"),
        ("mouthSmile=+0.5@1.0s", "not a span"),
        ("mouthSmile=+0.5@1.9s:9s", "outside the shot"),
        ("mouthSmile=+0.5@40:20", "backwards"),
        ("mouthSmile=+0.5@20:20", "empty"),
        ("mouthSmile=+0.5@a:b", "not a time"),
    ],
)
def test_what_cannot_be_meant(mien: Mien, footage: Path, out: Path, asked: str, words: str) -> None:
    mien("render", footage, "-o", out, "--set", asked).refused(USAGE, words)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--frames", "40:90"), "outside the shot"),
        (("--frames", "x"), "not a span"),
        (("--renderer", "wrap"), "Did you mean 'warp'?"),
        (("--codec", "h265000"), "no codec"),
        (("--bogus",), "No such option"),
        (("--media", "x.mp4"), "--media goes with a project"),
    ],
)
def test_wrong_options(
    mien: Mien, footage: Path, out: Path, options: tuple[str, ...], words: str
) -> None:
    mien("render", footage, "-o", out, *options).refused(USAGE, words)
    assert not out.exists()


def test_a_renderer_that_is_not_installed(mien: Mien, footage: Path, out: Path) -> None:
    mien("render", footage, "-o", out, "--renderer", "reference").refused(
        MISSING, "renderer 'reference'", "arc2face"
    )


def test_a_face_that_is_not_there(mien: Mien, project: Path, out: Path) -> None:
    mien("render", project, "-o", out, *SET, "--face", "7").refused(NOTHING, "no face 7", "are: 1")


@pytest.mark.parametrize("name", ["curves.docx", "curves"])
def test_a_curve_file_that_cannot_be_written(
    mien: Mien, project: Path, tmp_path: Path, name: str
) -> None:
    mien("curves", project, "-o", tmp_path / name).refused(USAGE, name, ".npz, .json, .csv")


def test_a_verb_that_is_none(mien: Mien) -> None:
    mien("rendr").refused(USAGE, "No such command", "render")


def test_zero_faces(mien: Mien, footage: Path, tmp_path: Path) -> None:
    mien("track", footage, "-o", tmp_path / "x.mien", "--max-faces", "0").refused(USAGE, "0 faces")


# --- where it should go -------------------------------------------------------------------


def test_over_the_input(mien: Mien, footage: Path, tmp_path: Path) -> None:
    before = footage.read_bytes()
    link = tmp_path / "link.mp4"
    link.symlink_to(footage)
    for output in (footage, footage.parent / "." / footage.name, link):
        mien("render", footage, "-o", output, "--overwrite").refused(USAGE, "the source itself")
    assert footage.read_bytes() == before


def test_over_something_that_is_there(
    mien: Mien, footage: Path, project: Path, tmp_path: Path
) -> None:
    for verb, source, name in (
        ("render", footage, "x.mp4"),
        ("track", footage, "x.mien"),
        ("curves", project, "x.npz"),
    ):
        output = tmp_path / name
        output.write_bytes(b"dear to somebody")
        mien(verb, source, "-o", output).refused(USAGE, "exists already", "--overwrite")
        assert output.read_bytes() == b"dear to somebody"


def test_no_such_folder(mien: Mien, footage: Path, project: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    mien("render", footage, "-o", nowhere / "x.mp4").refused(USAGE, str(nowhere), "not exist")
    mien("track", footage, "-o", nowhere / "x.mien").refused(USAGE, str(nowhere), "not exist")
    mien("curves", project, "-o", nowhere / "x.npz").refused(USAGE, str(nowhere), "not exist")


def test_a_project_by_another_name(mien: Mien, footage: Path, tmp_path: Path) -> None:
    mien("track", footage, "-o", tmp_path / "x.json").refused(USAGE, "x.json", "x.mien")


def test_a_folder_as_output(mien: Mien, footage: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mien").mkdir()
    mien("track", footage, "-o", tmp_path / "x.mien").refused(USAGE, "is a folder")


def test_a_kind_of_file_that_is_none(mien: Mien, footage: Path, tmp_path: Path) -> None:
    mien("render", footage, "-o", tmp_path / "out.xyz").refused(USAGE, "xyz")


def test_not_writable(mien: Mien, footage: Path, project: Path, read_only_disk: Path) -> None:
    mien("render", footage, "-o", read_only_disk / "x.mp4").refused(USAGE, "cannot be written to")
    mien("track", footage, "-o", read_only_disk / "x.mien").refused(USAGE, "cannot be written to")
    mien("curves", project, "-o", read_only_disk / "x.npz").refused(USAGE, "cannot be written to")
    mien("demo", "-o", read_only_disk / "demo").refused(USAGE, "cannot be made")


def test_a_demo_leaves_films_of_others_alone(mien: Mien, tmp_path: Path) -> None:
    own = tmp_path / "edited.mp4"
    own.write_bytes(b"a film of somebody's own")
    mien("demo", "-o", tmp_path).refused(USAGE, "edited.mp4")
    assert own.read_bytes() == b"a film of somebody's own"


def test_disk_full(mien: Mien, footage: Path, project: Path, tiny_disk: Path) -> None:
    mien("render", footage, "-o", tiny_disk / "x.mkv", "--lossless").refused(1, "disk is full")
    nothing_left(tiny_disk)
    filler = tiny_disk / "filler"
    filler.write_bytes(bytes(290_000))
    mien("track", footage, "-o", tiny_disk / "x.mien").refused(1, "disk is full")
    mien("curves", project, "-o", tiny_disk / "x.json").refused(1, "disk is full")
    nothing_left(tiny_disk, "filler")


# --- how it is told -----------------------------------------------------------------------


def test_errors_as_json(mien: Mien, tmp_path: Path) -> None:
    done = mien("render", tmp_path / "gone.mp4", "-o", tmp_path / "x.mp4", "--json")
    assert done.code == INPUT
    error = done.json()["error"]
    assert error["code"] == "media"
    assert error["exit_code"] == INPUT
    assert "gone.mp4" in error["cause"]
    assert error["remedy"]
    assert done.err.count("\n") == 1


def test_a_traceback_for_those_who_ask(mien: Mien, tmp_path: Path) -> None:
    done = mien("track", tmp_path / "gone.mp4", "-o", tmp_path / "x.mien", MIEN_TRACEBACK="1")
    assert done.code == INPUT
    assert "Traceback" in done.err


def _remux(source: Path, output: Path, options: dict[str, str]) -> None:
    with av.open(str(source)) as a, av.open(str(output), "w", options=options) as b:
        stream = b.add_stream_from_template(a.streams.video[0])
        for packet in a.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                b.mux(packet)


# --- where it is told ---------------------------------------------------------------------


def test_nobody_listens(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        command("render", tmp_path / "gone.mp4", "-o", tmp_path / "x.mp4", "--json"),
        stdout=writes, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writes)
    Run(done.returncode, "", done.stderr).refused(INPUT, "gone.mp4")


@pytest.mark.slow
def test_without_standard_streams(mien: Mien, project: Path, tmp_path: Path) -> None:
    """As some schedulers start programs: the output must not become standard error."""
    arguments = ("render", project, *SET, "--frames", "0:5", "-o")
    assert mien(*arguments, tmp_path / "a.mp4").code == 0
    line = shlex.join(command(*arguments, tmp_path / "b.mp4"))
    subprocess.run(["sh", "-c", f"{line} <&- >&- 2>&-"], check=True)
    assert render_bytes(tmp_path / "a.mp4") == render_bytes(tmp_path / "b.mp4")


def test_a_face_without_anything_to_set(mien: Mien, project: Path, out: Path) -> None:
    mien("render", project, "-o", out, "--face", "9").refused(USAGE, "--face", "--set")
    nothing_left(out.parent)
