"""Media that are none, or of which nothing can be had: one line, the right code, nothing left."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import MediaError, MienError
from mien.jobs.job import ShotJob
from mien.jobs.plan import make_plan
from tests.media.box_patches import box, boxes, find, patched, replaced
from tests.media.mediakit import make_clip

Maker = Callable[[Path], bytes]
INPUT = 3


def movie(
    folder: Path, name: str = "base.mp4", encoder: str = "libx264", **options: object
) -> bytes:
    """A movie of a second, each frame of which follows the one before it; its bytes."""
    path = folder / name
    chosen: dict[str, object] = {"count": 24, "audio": "aac", "options": {"bf": "0"}, **options}
    make_clip(path, encoder, **chosen)  # type: ignore[arg-type]
    content = path.read_bytes()
    path.unlink()
    return content


def encrypted(folder: Path) -> bytes:
    """As DRM leaves it: `encv` around `avc1`, and nothing to be seen in the packets."""
    content = movie(folder)
    scheme = box(b"schm", bytes(4), b"cenc", struct.pack(">I", 1 << 16))
    keys = box(b"schi", box(b"tenc", bytes(4), bytes((0, 0, 1, 8)), bytes(range(16))))
    protection = box(b"sinf", box(b"frma", b"avc1"), scheme, keys)

    def wrap(entry: bytes) -> bytes:
        return struct.pack(">I", len(entry) + len(protection)) + b"encv" + entry[8:] + protection

    content = replaced(content, b"avc1", wrap)
    data = find(content, b"mdat")
    noise = np.random.default_rng(0).bytes(data.size - 8)
    return content[: data.start + 8] + noise + content[data.start + data.size :]


def scrambled(folder: Path) -> bytes:
    """A transport stream as it is broadcast to subscribers."""
    content = bytearray(movie(folder, "a.ts", audio=None))
    noise = np.random.default_rng(0)
    for at in range(0, len(content) - 187, 188):
        number = int.from_bytes(content[at + 1 : at + 3], "big") & 0x1FFF
        if 0x20 <= number < 0x1FFF and number != 0x1000:
            content[at + 3] |= 0x80
            content[at + 12 : at + 188] = noise.bytes(176)
    return bytes(content)


def edits(folder: Path, *entries: tuple[int, int]) -> bytes:
    """A movie with an edit list of these durations and places."""
    inside = b"".join(struct.pack(">IiI", *entry, 1 << 16) for entry in entries)
    made = box(b"elst", bytes(4), struct.pack(">I", len(entries)), inside)
    content = movie(folder, options={})
    return replaced(content, b"elst", lambda _: made)


def timed(folder: Path, ticks: int, step: int) -> bytes:
    """A movie whose clock has so many ticks a second, so many to a frame."""
    content = patched(movie(folder, audio=None), b"mdhd", 20, struct.pack(">I", ticks))
    content = content.replace(b"edts", b"free")
    return patched(content, b"stts", 16, struct.pack(">II", 24, step))


def sound(folder: Path) -> bytes:
    """A movie without its pictures."""
    path, source = folder / "sound.m4a", make_clip(folder / "a.mp4", audio="aac")
    with av.open(str(source)) as given, av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    content = path.read_bytes()
    path.unlink()
    source.unlink()
    return content


def wiped(folder: Path) -> bytes:
    """A movie whose pictures and sound are a hole in the file."""
    content = movie(folder)
    data = find(content, b"mdat")
    return content[: data.start + 8] + bytes(data.size - 8) + content[data.start + data.size :]


CASES: dict[str, tuple[Maker, str]] = {
    "empty.mp4": (lambda _: b"", "is empty (0 bytes)"),
    "text.mp4": (lambda _: b"INT. KITCHEN - NIGHT\n" * 50, "is not a media file"),
    "page.mp4": (lambda _: b"<!DOCTYPE html><html><body>Not found</body></html>", "a web page"),
    "login.mov": (lambda _: b"\n<HTML>" + b"<p>Log in</p>" * 9999, "a web page"),
    "zeros.mkv": (lambda _: bytes(100_000), "is not a media file"),
    "json.ts": (lambda _: b'{"error": "expired"}' * 999, "is not a media file"),
    "sound.m4a": (sound, "no pictures"),
    "drm.mp4": (encrypted, "is encrypted"),
    "tag.mp4": (lambda d: patched(movie(d), b"avc1", 4, b"encv"), "is encrypted"),
    "subscribers.ts": (scrambled, "is encrypted"),
    "unknown.mov": (lambda d: patched(movie(d), b"avc1", 4, b"Qxyz"), "FFmpeg cannot decode"),
    "hidden.mp4": (lambda d: edits(d, (1000, -1)), "shows none of its 24 frames"),
    "beyond.mp4": (lambda d: edits(d, (1000, 0x7FFFFF00)), "shows none of its 24 frames"),
    "nothing.mp4": (lambda d: edits(d, (0, 0)), "shows none of its 24 frames"),
    "fast.mp4": (lambda d: timed(d, 1_000_000, 1), "1000000 frames a second"),
    "slow.mp4": (lambda d: timed(d, 1, 1_000_000), "1e-06 frames a second"),
    "wiped.mp4": (wiped, "be decoded"),
    "sizes.mp4": (lambda d: patched(movie(d), b"stsz", 16, b"\x7f\xff\xff\xff"), ""),
    "places.mp4": (
        lambda d: patched(movie(d), b"stco", 16, b"\x7f\xff\xff\xff" * 1), "",
    ),
    "counts.mp4": (lambda d: patched(movie(d), b"stts", 12, b"\x7f\xff\xff\xff"), "index"),
    "entries.mp4": (lambda d: patched(movie(d), b"stsd", 12, b"\x7f\xff\xff\xff"), ""),
}  # fmt: skip
"""What is given, by its name, and words of what is said; none where some of it may be had."""


@pytest.mark.parametrize("name", CASES)
def test_refused_by_everything(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker, words = CASES[name]
    content = maker(tmp_path)
    path = tmp_path / name
    path.write_bytes(content)
    start = time.monotonic()
    error = failure(path, tmp_path / "out.mkv")
    if error is None:
        assert not words, "it was taken"
        return
    assert isinstance(error, MediaError)
    assert error.path == path
    assert words in error.cause
    assert error.remedy
    for command in (
        ["render", path, "-o", tmp_path / "out.mkv"],
        ["render", path, "-o", tmp_path / "out.mkv", "--until-damage", "--set", "jawOpen=1"],
        ["probe", path],
        ["track", path, "-o", tmp_path / "out.mien"],
        ["track", path, "-o", tmp_path / "out.mien", "--until-damage"],
    ):
        code = run([str(part) for part in command])
        said = capsys.readouterr()
        if code in (0, 4):  # some of it may be had, in which nobody is seen
            assert not words
            continue
        assert code == INPUT
        assert said.out == ""
        assert said.err.startswith("mien: error: ")
        assert said.err.count("\n") == 1
        assert name in said.err
    if words:
        assert [one.name for one in tmp_path.iterdir()] == [name]
    assert time.monotonic() - start < 20


def failure(path: Path, out: Path) -> MienError | None:
    """The error of a render; None when there is none."""
    try:
        mien.render(path, out, progress=False)
    except MienError as error:
        return error
    return None


def test_in_a_batch_each_fails_alone(tmp_path: Path) -> None:
    good = tmp_path / "good.mp4"
    jobs = [ShotJob("good", media=good)]
    for name in ("text.mp4", "drm.mp4", "fast.mp4"):
        path = tmp_path / name
        path.write_bytes(CASES[name][0](tmp_path))
        jobs.append(ShotJob(path.stem, media=path))
    good.write_bytes(movie(tmp_path))
    plan = make_plan(jobs, tmp_path / "out")
    problems = {shot.job.name: shot.problem for shot in plan.shots}
    assert problems.pop("good") is None
    assert {name: one and one.code for name, one in problems.items()} == {
        "text": "media", "drm": "media", "fast": "media",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("encoder", "pixel_format", "name"),
    [
        ("qtrle", "gray", "gray.mov"),
        ("ffv1", "gray10le", "gray.mkv"),
        ("ffv1", "yuv410p", "nine_chroma.mkv"),
        ("ffv1", "yuv411p", "dv.mkv"),
        ("ffv1", "yuv440p", "tall_chroma.mkv"),
        ("rawvideo", "monob", "black_and_white.mov"),
        ("rawvideo", "rgb565le", "few_bits.avi"),
        ("png", "ya8", "gray_alpha.mov"),
        ("gif", "pal8", "palette.gif"),
        ("rawvideo", "nv12", "interleaved.nut"),
        ("rawvideo", "bayer_rggb8", "sensor.nut"),
        ("libopenjpeg", "xyz12le", "cinema.mov"),
    ],
)
def test_odd_pixels_are_rendered_or_refused_in_words(
    encoder: str, pixel_format: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    try:
        make_clip(path, encoder, pixel_format, count=4)
    except (av.FFmpegError, ValueError):
        pytest.skip(f"this FFmpeg writes no {pixel_format} with {encoder}")
    out = tmp_path / "out.mkv"
    error = failure(path, out)
    if error is None:
        assert mien.open_shot(out).clock.frame_count == 4
        return
    assert error.exit_code in (2, INPUT)
    assert "\n" not in str(error)
    assert error.remedy
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_sizes_that_are_only_claimed(tmp_path: Path) -> None:
    """The pictures say how large they are; a header that says otherwise takes no memory."""
    for width, height in ((0, 0), (65535, 65535)):
        path = tmp_path / "size.mp4"
        claimed = struct.pack(">HH", width, height)
        path.write_bytes(patched(movie(tmp_path), b"avc1", 32, claimed))
        facts = mien.open_shot(path).media
        assert (facts.orientation.width, facts.orientation.height) == (96, 64)


@pytest.mark.parametrize("size", [(65535, 65535), (0, 0), (32767, 32767)])
def test_raw_pictures_beyond_reason(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "raw.mov"
    content = movie(tmp_path, "raw.mov", "rawvideo", pixel_format="uyvy422", audio=None, options={})
    entry = next(one for one in boxes(content) if one.path[-2:-1] == (b"stsd",))
    path.write_bytes(patched(content, entry.path[-1], 32, struct.pack(">HH", *size)))
    with pytest.raises(MediaError):
        mien.render(path, tmp_path / "out.mkv", progress=False)
    assert [one.name for one in tmp_path.iterdir()] == ["raw.mov"]


def test_hundreds_of_streams(tmp_path: Path) -> None:
    path = tmp_path / "many.mkv"
    source = make_clip(tmp_path / "a.mp4", audio="aac", count=6, options={"bf": "0"})
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        video = output.add_stream_from_template(given.streams.video[0])
        sounds = [output.add_stream_from_template(given.streams.audio[0]) for _ in range(120)]
        for packet in given.demux():
            if not packet.size:
                continue
            for stream in sounds if packet.stream.type == "audio" else [video]:
                twin = av.Packet(bytes(packet))
                twin.pts, twin.dts, twin.time_base = packet.pts, packet.dts, packet.time_base
                twin.is_keyframe, twin.stream = packet.is_keyframe, stream
                output.mux(twin)
    source.unlink()
    start = time.monotonic()
    report = mien.render(path, tmp_path / "out.mkv", progress=False)
    assert report.frames == 6
    assert time.monotonic() - start < 30
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert len(container.streams.audio) == 120
