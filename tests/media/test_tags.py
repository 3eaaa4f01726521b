"""The same film, to the last tag: every output codec and container, before and after."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition

from mien.errors import OutputError
from mien.media.codecs import CODECS, CONTAINERS
from mien.media.frame import side_data
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.scheduling import keep_scheduling
from mien.media.writer import open_writer
from mien.timebase import FrameRange
from tests.media.mediakit import copy, decoded, picture

SIZE = (256, 256)
FRAMES = 8
TURNED = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
HDR = (
    "log-level=error:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
    "WP(15635,16450)L(10000000,50):max-cll=1000,400"
)
CHAPTERS = [(0, 120, "One"), (120, 250, "Two"), (250, 320, "Three")]
"""Of a film of 320 ms: start and end in ms, and a title."""


@dataclass(frozen=True)
class Source:
    """A film with tags."""

    name: str
    encoder: str
    pixel_format: str
    color: tuple[int, int, int, int]
    options: dict[str, str] = field(default_factory=dict)
    aspect: Fraction = Fraction(1)
    interlaced: str = ""
    matrix: tuple[int, ...] | None = None


SOURCES = {
    "hdr": Source("hdr.mp4", "libx265", "yuv420p10le", (9, 16, 9, 1),
                  {"x265-params": HDR, "chroma_sample_location": "topleft"}, matrix=TURNED),
    "interlaced": Source("fields.mov", "libx264", "yuv420p", (6, 6, 6, 1),
                         {"flags": "+ildct+ilme", "field_order": "tt",
                          "chroma_sample_location": "left"},
                         Fraction(16, 11), "tff"),
    "bottom first": Source("fields.mov", "prores_ks", "yuv422p10le", (1, 1, 1, 1),
                           {"field_order": "bb", "flags": "+ildct"}, Fraction(4, 3), "bff"),
    "full range": Source("full.mkv", "libx264", "yuv420p", (1, 1, 1, 2),
                         {"field_order": "progressive", "chroma_sample_location": "center"}),
}  # fmt: skip


def make(source: Source, folder: Path, target: str = ".mkv") -> Path:
    """Write a film whose sound the target's container can hold."""
    path = folder / source.name
    if target == ".webm" and path.suffix == ".mov":
        path = path.with_suffix(".mkv")
    if target == ".mxf":
        path = path.with_suffix(".mov")
    with av.open(str(path), "w") as output:
        output.metadata["creation_time"] = "2024-05-06T07:08:09.000000Z"
        output.metadata["title"] = "A film"
        video = output.add_stream(source.encoder, rate=25, options=dict(source.options))
        assert isinstance(video, av.VideoStream)
        context = video.codec_context
        context.width, context.height = SIZE
        context.pix_fmt = source.pixel_format
        context.color_primaries, context.color_trc = source.color[:2]
        context.colorspace, context.color_range = source.color[2:]
        context.sample_aspect_ratio = source.aspect
        video.set_display_matrix(source.matrix)
        video.metadata["language"] = "fra"
        video.metadata["timecode"] = "01:00:00:00"
        video.disposition = Disposition.default
        sound = output.add_stream(SOUNDS.get(target, "aac"), rate=48000, layout="stereo")
        assert isinstance(sound, av.AudioStream)
        sound.metadata["language"] = "deu"
        sound.disposition = Disposition.default | Disposition.comment
        output.set_chapters(
            [
                {
                    "id": i,
                    "start": start,
                    "end": end,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for i, (start, end, title) in enumerate(CHAPTERS)
            ]
        )
        with keep_scheduling():
            output.start_encoding()
        fields = fields_filter(source)
        for i in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture(i, SIZE), format="rgb24")
            frame = frame.reformat(
                format=source.pixel_format,
                dst_color_range="JPEG" if source.color[3] == 2 else "MPEG",
            )
            frame.pts, frame.time_base = i, Fraction(1, 25)
            output.mux(video.encode(next(fields(frame))))
        output.mux(video.encode(None))
        tone(output, sound)
    return path


SOUNDS = {".webm": "libopus", ".mxf": "pcm_s16le"}


def fields_filter(source: Source) -> Any:
    graph = av.filter.Graph()
    buffer = graph.add_buffer(
        width=SIZE[0], height=SIZE[1], format=av.VideoFormat(source.pixel_format),
        time_base=Fraction(1, 25),
    )  # fmt: skip
    mode, sink = graph.add("setfield", source.interlaced or "prog"), graph.add("buffersink")
    buffer.link_to(mode)
    mode.link_to(sink)
    graph.configure()

    def through(frame: av.VideoFrame) -> Iterator[Any]:
        graph.push(frame)
        made = graph.pull()
        made.pict_type = 0  # type: ignore[union-attr]
        yield made

    return through


def tone(output: Any, stream: Any) -> None:
    layout = stream.codec_context.format.name
    size = stream.codec_context.frame_size or 1024
    for start in range(0, 48000 * FRAMES // 25, size):
        wave = np.sin(np.arange(start, start + size) / 20)
        both = np.stack([wave, wave]).astype(np.float32)
        if layout != "fltp":
            both = both.T.reshape(1, -1).copy()
        if layout == "s16":
            both = (both * 20000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(both, format=layout, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def chroma_location(video: av.VideoStream) -> tuple[int, int] | None:
    """Matroska's numbers of where chroma is sampled, across and down."""
    header = io.BytesIO()
    output = av.open(header, "w", format="matroska")
    try:
        output.add_stream_from_template(video, opaque=True)
        output.start_encoding()
        output.close()
    except (av.FFmpegError, ValueError):
        return None
    data = header.getvalue()
    places = [data.find(mark) for mark in (b"\x55\xb7\x81", b"\x55\xb8\x81")]
    return None if -1 in places else (data[places[0] + 3], data[places[1] + 3])


def chapter(entry: Any) -> tuple[float, float, str | None]:
    """Start and end in seconds, and the title."""
    start, end = (round(float(entry[key] * entry["time_base"]), 3) for key in ("start", "end"))
    return start, end, entry["metadata"].get("title")


def tags_of(path: Path) -> dict[str, Any]:
    """Every tag of a film, through PyAV alone."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        sound = next(iter(container.streams.audio), None)
        context = video.codec_context
        frame = next(iter(container.decode(video)))
        mastering = side_data(frame, SideDataType.MASTERING_DISPLAY_METADATA)
        light = side_data(frame, SideDataType.CONTENT_LIGHT_LEVEL)
        matrix = side_data(frame, SideDataType.DISPLAYMATRIX)
        numbers = struct.unpack_from("=20i", mastering) if mastering else ()
        said = [*(s.metadata for s in container.streams), container.metadata]
        codes = [v for tags in said for key, v in tags.items() if key.lower() == "timecode"]
        return {
            "primaries": context.color_primaries,
            "transfer": context.color_trc,
            "matrix": context.colorspace,
            "range": context.color_range,
            "chroma location": chroma_location(video),
            "field order": context.field_order,
            "interlaced frames": frame.interlaced_frame,
            "mastering display": [
                round(a / b, 4) for a, b in zip(numbers[::2], numbers[1::2], strict=True)
            ],
            "content light": struct.unpack_from("=2I", light) if light else (),
            "sample aspect": video.sample_aspect_ratio or Fraction(1),
            "display matrix": struct.unpack_from("=9i", matrix) if matrix else None,
            "language": video.language,
            "language of the sound": sound.language if sound else None,
            "disposition": int(video.disposition),
            "disposition of the sound": int(sound.disposition) if sound else 0,
            "chapters": [chapter(entry) for entry in container.chapters()],
            "timecode": codes[0] if codes else None,
            "creation time": container.metadata.get("creation_time"),
            "title": container.metadata.get("title"),
        }


OUTPUTS = [
    (extension, codec, lossless)
    for extension, (_, codecs) in CONTAINERS.items()
    if extension != ".m4v"
    for codec in codecs
    for lossless in (False, True)
    if not lossless or CODECS[codec].lossless is not None
]
OTHER_CHROMA = "4:2:0 becomes 4:2:2, whose chroma lies elsewhere"
FRAMES_ONLY = "the codec codes frames; the order of their fields is the container's to say"
MXF_HAS_NONE = "FFmpeg's MXF has no place for it"
CANNOT: dict[tuple[str, str, str], str] = {
    ("*", "prores", "chroma location"): OTHER_CHROMA,
    ("*", "dnxhr", "chroma location"): OTHER_CHROMA,
    (".mp4", "vp9", "chroma location"): "`vpcC` has it, where FFmpeg does not read it",
    (".mp4", "av1", "chroma location"): "AV1 knows left and topleft, and no center",
    ("*", "hevc", "interlaced frames"): FRAMES_ONLY,
    ("*", "av1", "interlaced frames"): FRAMES_ONLY,
    ("*", "vp9", "interlaced frames"): FRAMES_ONLY,
    ("*", "dnxhr", "interlaced frames"): FRAMES_ONLY,
    ("*", "prores", "range"): "ProRes has limited range alone; samples are converted",
    (".webm", "*", "disposition of the sound"): "WebM has no flag of commentaries",
    (".webm", "*", "field order"): "WebM has none",
    (".mxf", "*", "field order"): "FFmpeg's MXF says full frames of these codecs",
    (".mxf", "*", "mastering display"): "FFmpeg writes it from side data that PyAV cannot set",
    (".mxf", "*", "content light"): "MXF has none",
    (".mxf", "*", "display matrix"): "MXF has none; the picture is written upright",
    (".mxf", "*", "language"): MXF_HAS_NONE,
    (".mxf", "*", "language of the sound"): MXF_HAS_NONE,
    (".mxf", "*", "disposition"): MXF_HAS_NONE,
    (".mxf", "*", "disposition of the sound"): MXF_HAS_NONE,
    (".mxf", "*", "chapters"): MXF_HAS_NONE,
    (".mxf", "*", "creation time"): "it is its date, which FFmpeg calls modification_date",
    (".mxf", "*", "title"): MXF_HAS_NONE,
}
"""What an output cannot hold (extension, codec, tag), and why."""
SAID = {
    "mastering display": "mastering display", "content light": "light levels",
    "chapters": "chapters", "field order": "interlaced", "interlaced frames": "interlaced",
    "timecode": "timecode", "title": "tags", "language": "the language",
    "language of the sound": "the language", "disposition of the sound": "is for",
}  # fmt: skip
"""Tags whose loss matters, and a word by which the render names it."""
SAME = {"deu": "ger", "sve": "swe"}
MXF_NUMBERS = {"transfer": {6: 1}, "matrix": {6: 5}}
"""MXF has one number for curves, and one for matrices, that are the same."""


def lost(before: dict[str, Any], after: dict[str, Any], extension: str) -> set[str]:
    """Tags that the source has and the output has not, or has otherwise."""
    names = set()
    for name, value in before.items():
        old, new = value, after[name]
        if name.startswith("language"):
            old, new = SAME.get(old, old), SAME.get(new, new)
        if extension == ".mxf" and name in MXF_NUMBERS and MXF_NUMBERS[name].get(old) == new:
            continue
        # Nothing is lost where nothing is said (2 is the unspecified colour).
        unsaid = not old or (name in ("primaries", "transfer", "matrix") and old == 2)
        if not unsaid and old != new:
            names.add(name)
    return names


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Sources by name and by the extension of the output, each made once."""
    made: dict[tuple[str, str], tuple[Path, dict[str, Any]]] = {}

    def film(name: str, extension: str) -> tuple[Path, dict[str, Any]]:
        kind = extension if extension in SOUNDS else ""
        if (name, kind) not in made:
            path = make(SOURCES[name], tmp_path_factory.mktemp("film"), kind)
            made[name, kind] = path, tags_of(path)
        return made[name, kind]

    return film


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(("extension", "codec", "lossless"), OUTPUTS)
def test_every_tag_before_and_after(
    films: Any, tmp_path: Path, name: str, extension: str, codec: str, lossless: bool
) -> None:
    path, before = films(name, extension)
    source, target = probe(path), tmp_path / f"out{extension}"
    if codec == "vp9" and source.bits > 8:
        with pytest.raises(OutputError, match="from 10 bits to 8"):
            copy(path, target, codec=codec)
        return
    with (
        open_reader(source) as reader,
        open_writer(target, source, codec=codec, lossless=lossless) as writer,
    ):
        for frame in reader.stream():
            writer.write(frame)
    missing = lost(before, tags_of(target), extension)
    keys = [(e, c) for e in (extension, "*") for c in (codec, "*")]
    unexplained = {tag for tag in missing if not any((*key, tag) in CANNOT for key in keys)}
    assert not unexplained
    said = missing & SAID.keys()
    if before["disposition of the sound"] == Disposition.default:
        said -= {"disposition of the sound"}  # in MXF all tracks are alike
    for tag in said:
        assert sum(SAID[tag] in note for note in writer.notes) == 1, tag
    for note in writer.notes:
        assert path.name in note
        assert any(word in note for tag, word in SAID.items() if tag in missing)


def test_every_loss_of_the_table_is_of_an_output() -> None:
    outputs = {(extension, codec) for extension, codec, _ in OUTPUTS}
    for extension, codec, tag in CANNOT:
        assert any(extension in (e, "*") and codec in (c, "*") for e, c in outputs), tag


def test_images_say_what_they_lose(films: Any, tmp_path: Path) -> None:
    path, _ = films("interlaced", ".mkv")
    for name, words in {
        "a.%04d.png": ("PNG images", "interlaced", "chapters", "timecode 01:00:00:00"),
        "a.%04d.exr": ("EXR images", "interlaced", "chapters", "timecode 01:00:00:00"),
    }.items():
        source = probe(path)
        with open_reader(source) as reader, open_writer(tmp_path / name, source) as writer:
            for frame in reader.stream():
                writer.write(frame)
        assert len(writer.notes) == 4  # and the sound
        assert all(any(word in note for note in writer.notes) for word in words)


@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("frames", "chapters"),
    [
        (FrameRange(1, 5), [(0.0, 0.08, "One"), (0.08, 0.16, "Two")]),
        (FrameRange(4, 6), [(0.0, 0.08, "Two")]),
        (FrameRange(3, 8), [(0.0, 0.13, "Two"), (0.13, 0.2, "Three")]),
    ],
)
def test_a_range_has_its_chapters(
    films: Any, tmp_path: Path, extension: str, frames: FrameRange, chapters: list[Any]
) -> None:
    path, before = films("hdr", extension)
    copy(path, tmp_path / f"out{extension}", frames=frames)
    after = tags_of(tmp_path / f"out{extension}")
    assert after["chapters"] == chapters
    assert after["timecode"] == f"01:00:00:{frames.start:02}"
    assert lost(before, after, extension) <= {
        "chapters", "timecode", "disposition of the sound",
    }  # fmt: skip


def wide_film(path: Path, aspect: Fraction, title: str = "") -> Path:
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=25)
        assert isinstance(video, av.VideoStream)
        video.metadata["title"] = title
        video.codec_context.width, video.codec_context.height = 360, 288
        video.codec_context.pix_fmt = "yuv420p"
        video.codec_context.sample_aspect_ratio = aspect
        for i in range(2):
            frame = av.VideoFrame.from_ndarray(picture(i, (360, 288)), format="rgb24")
            frame.pts = i
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


@pytest.mark.parametrize("title", ["", "Camera A", "  spaces  "])
def test_the_title_of_the_picture_is_what_it_was(tmp_path: Path, title: str) -> None:
    """Its place in Matroska is where tags are written afterwards."""
    source = wide_film(tmp_path / "a.mkv", Fraction(4, 3), title)
    target = tmp_path / "out.mkv"
    copy(source, target, lossless=True)
    assert probe(target).orientation.pixel_aspect == Fraction(4, 3)
    titles = []
    for path in (source, target):
        with av.open(str(path)) as container:
            titles.append(container.streams.video[0].metadata.get("title") or "")
    assert titles == [title, title]
    assert b" " * 100 not in target.read_bytes()


@pytest.mark.parametrize(
    "aspect", [Fraction(4, 3), Fraction(16, 11), Fraction(10, 11), Fraction(1, 2), Fraction(12, 11)]
)
@pytest.mark.parametrize("name", ["out.mkv", "out.webm", "out.mxf"])
def test_wide_pixels_in_headers(tmp_path: Path, aspect: Fraction, name: str) -> None:
    path = wide_film(tmp_path / "a.mp4", aspect)
    codec = {".mkv": "ffv1", ".webm": "vp9", ".mxf": "dnxhr"}[Path(name).suffix]
    copy(path, tmp_path / name, codec=codec)
    assert probe(tmp_path / name).orientation.pixel_aspect == aspect
    assert len(list(decoded(tmp_path / name))) == 2
