"""A text burnt into drafts: read on any picture, and nothing changed beside its letters."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien._types import AnyArray, ByteArray, FloatArray
from mien.cli.main import run
from mien.cli.watermark_options import fill_bare_watermark
from mien.errors import UsageError
from mien.io.media_pictures import ALIKE
from mien.media.display import from_display
from mien.media.exr import ExrPicture, read_exr
from mien.media.frame import Frame, MoviePicture, planes_of
from mien.media.memory import MemoryPicture
from mien.media.planes import Box
from mien.media.reader import open_reader
from mien.model.media import Orientation
from mien.model.watermark import DRAFT, check_watermark
from mien.provenance.reading import read_provenance
from mien.rendering.watermark import Watermark
from tests.media.mediakit import make_clip, rgb_of
from tests.media.test_alpha import make_alpha

SIZE = (192, 108)
QUARTERS = [(turns, mirrored) for turns in range(4) for mirrored in (False, True)]


def plain(grey: int, size: tuple[int, int] = SIZE) -> ByteArray:
    return np.full((size[1], size[0], 3), grey, np.uint8)


def movie_frame(
    pixel_format: str, *, transfer: int = 1, size: tuple[int, int] = SIZE, grey: int = 128
) -> Frame:
    video = av.VideoFrame.from_ndarray(plain(grey, size), format="rgb24")
    video = video.reformat(format=pixel_format)
    video.color_trc = transfer
    return Frame(0, 0, Orientation(*size), MoviePicture(video))


def memory_frame(picture: ByteArray, orientation: Orientation | None = None) -> Frame:
    turned = orientation or Orientation(picture.shape[1], picture.shape[0])
    return Frame(0, 0, turned, MemoryPicture(picture))


def written(text: str, frame: Frame) -> Frame:
    return Watermark(text, frame.orientation).paint(frame)


@pytest.mark.parametrize("grey", [0, 90, 128, 255])
@pytest.mark.parametrize("size", [(64, 64), (64, 36), (192, 108), (1080, 1920), (7680, 4320)])
def test_it_is_read_on_any_ground_and_size(grey: int, size: tuple[int, int]) -> None:
    after = written(DRAFT, memory_frame(plain(grey, size))).upright_rgb()
    changed = np.abs(after.astype(int) - grey).max(axis=2)
    rows, columns = np.nonzero(changed)
    # In the lower left corner, within the safe area but for a pixel of rounding.
    width, height = size
    assert 2 <= columns.min() <= max(3, 0.06 * width)
    assert 0.93 * height - 1 <= rows.max() < height - 1
    assert columns.max() < 0.75 * width
    assert rows.min() > 0.6 * height
    # Light letters with a dark rim: both are there, whatever is below.
    letters = after[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1, 1]
    assert letters.max() > 200
    assert letters.min() < 40
    high = rows.max() - rows.min() + 1
    assert high >= max(9, 0.035 * min(size))


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p12le", "yuv411p", "nv12", "p010le", "rgb24",
     "gbrp10le", "gray", "gray10le", "rgba", "yuva444p10le", "ya8", "yuyv422"],
)  # fmt: skip
def test_pixels_beside_the_letters_keep_their_very_values(pixel_format: str) -> None:
    before = movie_frame(pixel_format)
    mark = Watermark(DRAFT, before.orientation)
    after = mark.paint(before)
    box = mark.box(before.orientation)
    one, other = before.plate(), after.plate()
    assert one.layout == other.layout
    layout = one.layout
    touched = 0
    for i, channel in enumerate(layout.channels):
        shifts = (layout.shift_x, layout.shift_y) if layout.model == "yuv" and i else (0, 0)
        width, height = (-(-n >> s) for n, s in zip(SIZE, shifts, strict=True))
        planes = [
            plate.planes[channel.plane][:height, channel.offset :: channel.step][:, :width]
            for plate in (one, other)
        ]
        differs = planes[0] != planes[1]
        rows, columns = np.nonzero(differs)
        touched += len(rows)
        if len(rows):
            assert box.x0 <= columns.min() << shifts[0]
            assert columns.max() << shifts[0] < box.x1
            assert box.y0 <= rows.min() << shifts[1]
            assert rows.max() << shifts[1] < box.y1
    assert touched > 200
    shown = after.upright_rgb()
    assert shown.max() > 210
    assert shown.min() < 40
    assert (after.index, after.pts) == (before.index, before.pts)


@pytest.mark.parametrize("transfer", [16, 18])
def test_in_hdr_its_letters_are_reference_white(transfer: int) -> None:
    """203 cd/m2: 58 % of PQ's codes, 75 % of HLG's (ITU-R BT.2408), and not the peak."""
    frame = movie_frame("yuv420p10le", transfer=transfer, grey=60)
    brightest = float(written(DRAFT, frame).plate().luma().max())
    assert brightest == pytest.approx({16: 0.58, 18: 0.75}[transfer], abs=0.03)


@pytest.mark.parametrize(("turns", "mirrored"), QUARTERS)
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(64, 45)])
def test_however_a_picture_is_turned_it_stands_upright(
    turns: int, mirrored: bool, aspect: Fraction
) -> None:
    orientation = Orientation(180, 144, turns, aspect, mirrored)
    after = written("FEJ", memory_frame(plain(128, (180, 144)), orientation)).upright_rgb()
    straight = Orientation(*orientation.upright_size)
    wanted = written("FEJ", memory_frame(plain(128, orientation.upright_size), straight))
    apart = np.abs(after.astype(float) - wanted.upright_rgb().astype(float)).mean()
    assert apart < (0.01 if aspect == 1 else 1.0)


@pytest.mark.parametrize(
    ("name", "encoder", "pixel_format"),
    [("a.mov", "prores_ks", "yuva444p10le"), ("a.mkv", "ffv1", "yuva420p"),
     ("a.mov", "png", "rgba"), ("b.mov", "qtrle", "argb")],
)  # fmt: skip
def test_what_is_transparent_is_opaque_where_it_lies(
    tmp_path: Path, name: str, encoder: str, pixel_format: str
) -> None:
    media = mien.open_shot(make_alpha(tmp_path / name, encoder, pixel_format)).media
    with open_reader(media) as reader:
        before = reader.frame(3)
    after = written("A", before)
    one, other = (_alpha(frame) for frame in (before, after))
    box = Watermark("A", before.orientation).box(before.orientation)
    inside = np.zeros(one.shape, bool)
    inside[box.y0 : box.y1, box.x0 : box.x1] = True
    assert np.array_equal(one[~inside], other[~inside])
    assert (other >= one).all()
    black = memory_frame(plain(0, (before.orientation.width, before.orientation.height)))
    letters = written("A", black).upright_rgb()[..., 1] > 220
    assert (one[letters] < 0.5).any()
    assert other[letters].min() > 0.97


def _alpha(frame: Frame) -> FloatArray:
    assert isinstance(frame.picture, MoviePicture)
    video = frame.picture.video.reformat(format="gbrap16le")
    return np.asarray(planes_of(video)[3][: video.height, : video.width], np.float32) / 65535


def _exr(channels: dict[str, AnyArray], data: Box, display: Box) -> ExrPicture:
    windows = {
        name: (np.array([box.x0, box.y0], np.int32), np.array([box.x1 - 1, box.y1 - 1], np.int32))
        for name, box in (("dataWindow", data), ("displayWindow", display))
    }
    return ExrPicture((windows,), (channels,), ("R", "G", "B"))


def test_an_exr_stores_it_even_outside_its_data_window(tmp_path: Path) -> None:
    """A cropped element with alpha: its window grows, and what it held stays bit for bit."""
    data, display = Box(60, 20, 120, 70), Box(0, 0, *SIZE)
    rng = np.random.default_rng(1)
    shape = (data.height, data.width)
    channels: dict[str, AnyArray] = {
        name: rng.random(shape).astype(np.float16) for name in ("R", "G", "B", "Z")
    }
    channels["A"] = np.zeros(shape, np.float16)
    frame = Frame(0, 0, Orientation(*SIZE), _exr(channels, data, display))
    mark = Watermark(DRAFT, frame.orientation)
    picture = mark.paint(frame).picture
    assert isinstance(picture, ExrPicture)
    mien.media.exr.write_exr(tmp_path / "a.exr", picture)
    read = read_exr(tmp_path / "a.exr")
    box = mark.box(frame.orientation)
    low, high = read.headers[0]["dataWindow"]
    whole = Box(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)
    assert whole == data.union(box)
    held = np.s_[data.y0 - whole.y0 : data.y1 - whole.y0, data.x0 - whole.x0 : data.x1 - whole.x0]
    for name in ("G", "Z"):
        kept = read.parts[0][name][held]
        beside = np.ones(shape, bool)
        beside[max(0, box.y0 - data.y0) :, : max(0, box.x1 - data.x0)] = name == "Z"
        assert np.array_equal(kept[beside], channels[name][beside])
    letters = read.parts[0]["G"] > 0.7
    written_at = np.s_[box.y0 - whole.y0 :, : box.x1 - whole.x0]
    assert letters[written_at].any()
    assert read.parts[0]["A"][written_at][letters[written_at]].min() > 0.97
    assert read.parts[0]["A"][: data.y0 - whole.y0 + 5, -5:].max() == 0


def test_in_linear_light_it_is_what_a_display_shows_the_same() -> None:
    shape = (SIZE[1], SIZE[0])
    bright = np.full(shape, 40.0, np.float16)
    bright[0, 0] = np.nan
    frame = Frame(0, 0, Orientation(*SIZE), _exr(
        dict.fromkeys("RGB", bright), Box(0, 0, *SIZE), Box(0, 0, *SIZE)
    ))  # fmt: skip
    after = written(DRAFT, frame)
    lowest, shown = after.plate().rgb(), after.upright_rgb()
    assert np.isnan(lowest[0, 0]).all()
    assert shown[lowest.min(axis=2) < 1].min() < 40
    wanted = from_display(frame.plate(), np.full((1, 3), 0.88, np.float32))
    box = Watermark(DRAFT, frame.orientation).box(frame.orientation)
    inside = lowest[box.y0 : box.y1, box.x0 : box.x1]
    assert np.isclose(inside, wanted[0, 0], atol=0.03).all(axis=2).sum() > 30


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no text"), (" \n ", "no text"), ("x" * 81, "81 characters"), ("a\u200bb", "ZERO WIDTH"),
     ("\u05d8\u05d9\u05d5\u05d8\u05d4", "HEBREW"), ("\u8349\u7a3f", "lacks: \u8349 \u7a3f"),
     ("q\u0323", "COMBINING"), ("NOT FOR RELEASE AT ALL", "does not fit")],
)  # fmt: skip
def test_a_text_that_nobody_could_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Watermark(text, Orientation(64, 64))
    assert caught.value.remedy


WRAPPED = 16 * "WWW " + "W"


def test_accents_and_other_scripts_are_written_and_long_texts_wrapped() -> None:
    typed = "  Entwurf \n fu\u0308r Gro\u0308\u00dfe "
    assert check_watermark(typed) == "Entwurf f\u00fcr Gr\u00f6\u00dfe"
    texts = (
        "Gr\u00f6\u00dfe",
        "Grosse",
        "\u03a9\u03bc\u03ad\u03b3\u03b1",
        "\u041d\u0435\u0442",
        WRAPPED,
    )
    pictures = {
        text: written(text, memory_frame(plain(128, (640, 360)))).upright_rgb() for text in texts
    }
    assert len({picture.tobytes() for picture in pictures.values()}) == len(pictures)
    rows = np.nonzero((pictures[WRAPPED] != 128).any(axis=(1, 2)))[0]
    assert rows.max() - rows.min() > 40  # more than one line
    assert rows.min() > 360 * 0.6


def test_a_word_without_a_value_is_the_usual_text() -> None:
    class Option:
        opts = ("--watermark",)
        metavar = "[TEXT]"

    def filled(*words: str) -> list[str]:
        return fill_bare_watermark(list(words), [Option()])

    assert filled("a.mp4", "--watermark") == ["a.mp4", "--watermark", DRAFT]
    assert filled("--watermark", "-o", "b") == ["--watermark", DRAFT, "-o", "b"]
    assert filled("--watermark", "v3", "-o", "b") == ["--watermark", "v3", "-o", "b"]
    assert filled("--watermark=-x", "-o", "b") == ["--watermark=-x", "-o", "b"]
    assert filled("--", "--watermark") == ["--", "--watermark"]
    assert fill_bare_watermark(["--watermark"], []) == ["--watermark"]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "plate.mp4", count=6, size=SIZE)


TEXT = "v3 \u00b7 Ann"


def test_the_command_marks_every_frame_and_its_credentials_say_so(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "draft.mkv"
    assert run(["render", str(clip), "--lossless", "-o", str(output), "--watermark", TEXT]) == 0
    assert f"'{TEXT}' is burnt into every frame." in capsys.readouterr().out
    before, after = rgb_of(clip), rgb_of(output)
    box = Watermark(TEXT, Orientation(*SIZE)).box(Orientation(*SIZE))
    apart = np.abs(after.astype(int) - before.astype(int)).max(axis=3)
    assert (apart[:, box.y0 : box.y1, box.x0 : box.x1].max(axis=(1, 2)) > 80).all()
    apart[:, box.y0 - 1 : box.y1 + 1, max(0, box.x0 - 1) : box.x1 + 1] = 0
    assert not apart.any()
    told = read_provenance(output)
    assert told.edit["watermark"] == TEXT
    edited = [one for one in told.actions if one["action"] == "c2pa.edited"]
    assert [one["parameters"]["watermark"] for one in edited] == [TEXT]
    assert TEXT in edited[0]["parameters"]["description"]


def test_a_render_without_one_says_nothing_of_it(clip: Path, tmp_path: Path) -> None:
    report = mien.render(clip, tmp_path / "plain.mp4", progress=False)
    assert report.watermark == ""
    assert "watermark" not in read_provenance(report.output).edit


def test_mattes_take_none(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["render", str(clip), "-o", str(tmp_path / "m.mp4"), "--matte", "--watermark"]
    assert run(words) == 2
    assert "A matte takes no watermark." in capsys.readouterr().err
    assert not (tmp_path / "m.mp4").exists()


def test_frames_in_memory_have_it_too(clip: Path) -> None:
    shot = mien.open_shot(clip)
    before = list(mien.render_frames(shot))
    after = list(mien.render_frames(shot, watermark=DRAFT))
    assert len(after) == 6
    for one, other in zip(before, after, strict=True):
        assert not np.array_equal(one, other)
        assert np.array_equal(one[: SIZE[1] // 2], other[: SIZE[1] // 2])
    with pytest.raises(UsageError, match="no text"):
        mien.render_frames(shot, watermark=" ")


@pytest.fixture
def night(tmp_path: Path) -> Callable[[str], Path]:
    """A clip that shows next to nothing, rendered with a text."""

    def made(text: str) -> Path:
        dark = make_clip(tmp_path / "dark.mp4", count=4, size=SIZE, options={"qp": "40"})
        output = tmp_path / "out.mkv"
        mien.render(dark, output, watermark=text, lossless=True, progress=False)
        return output

    return made


def test_original_and_draft_are_found_to_be_one_shot(
    night: Callable[[str], Path], tmp_path: Path
) -> None:
    from mien.reporting.inputs import check_same_shot

    output = night("NOT FOR RELEASE")
    one, other = (mien.open_shot(path).media for path in (tmp_path / "dark.mp4", output))
    mark = Watermark("NOT FOR RELEASE", one.orientation)
    assert check_same_shot(one, other, one.clock.all, mark) > 0.999 > ALIKE
