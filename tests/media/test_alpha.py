"""What is transparent stays so where the output can hold it, and is named where it cannot."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

import mien
from mien.errors import OutputError
from mien.media.exr import read_exr
from mien.media.frame import Frame, planes_of
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.sequence import is_image
from mien.model.media import MediaInfo
from tests.media.mediakit import copy, picture

SIZE = (96, 64)


def matte(index: int) -> npt.NDArray[np.uint8]:
    """(h, w) a soft edge that moves with `index`."""
    ramp = np.clip((np.arange(SIZE[0]) - 20 - 2 * index) * 8, 0, 255).astype(np.uint8)
    return np.tile(ramp, (SIZE[1], 1))


QUARTER = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
"""A display matrix: a player turns the picture by a quarter."""


def make_alpha(
    path: Path,
    encoder: str,
    pixel_format: str,
    matrix: tuple[int, ...] | None = None,
    /,
    **options: str,
) -> Path:
    """A clip whose pictures are transparent on one side."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(encoder, rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.codec_context.width, stream.codec_context.height = SIZE
        stream.codec_context.pix_fmt = pixel_format
        if matrix is not None:
            stream.set_display_matrix(matrix)
        for index in range(8):
            rgba = np.dstack([picture(index, SIZE), matte(index)])
            frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
            frame = frame.reformat(format=pixel_format)
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def webm(folder: Path) -> Path:
    return make_alpha(folder / "a.webm", "libvpx-vp9", "yuva420p", lossless="1")


def alphas(path: Path | MediaInfo) -> list[npt.NDArray[np.uint8]]:
    """The alpha of every frame, 8 bits."""
    info = path if isinstance(path, MediaInfo) else probe(path)
    with open_reader(info) as reader:
        return [alpha_of(frame) for frame in reader.stream()]


def alpha_of(frame: Frame) -> npt.NDArray[np.uint8]:
    video = frame.picture.video  # type: ignore[attr-defined]
    planar = video.reformat(format="gbrap")
    return np.array(planes_of(planar)[3][: SIZE[1], : SIZE[0]], np.uint8)


def far(one: Path, other: Path) -> int:
    """How far the alpha of two clips is apart, at the most."""
    pairs = zip(alphas(one), alphas(other), strict=True)
    return max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in pairs)


def notes(source: Path, target: Path, codec: str | None = None) -> tuple[str, ...]:
    shot = mien.open_shot(source)
    return mien.render(shot, target, codec=codec, progress=False).notes


def test_alpha_in_side_blocks_is_read(tmp_path: Path) -> None:
    source = webm(tmp_path)
    info = probe(source)
    assert (info.alpha, info.pixel_format) == (True, "yuva420p")
    with open_reader(info) as reader:
        # From the middle as from the beginning.
        for index in (5, 0, 7, 2):
            difference = alpha_of(reader.frame(index)).astype(int) - matte(index)
            assert np.abs(difference).max() <= 1
    assert far(source, source) == 0


def test_alpha_of_vp8_is_read(tmp_path: Path) -> None:
    source = make_alpha(
        tmp_path / "a.webm", "libvpx", "yuva420p", **{"auto-alt-ref": "0", "b": "2M"}
    )
    assert probe(source).codec == "vp8"
    assert np.abs(alphas(source)[3].astype(int) - matte(3)).max() < 60
    assert notes(source, tmp_path / "b.webm") == ()
    assert far(source, tmp_path / "b.webm") < 60


def test_a_clip_without_alpha_is_read_as_ever(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.webm"), "w") as output:
        stream = output.add_stream("libvpx-vp9", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.codec_context.width, stream.codec_context.height = SIZE
        frame = av.VideoFrame.from_ndarray(picture(0, SIZE), format="rgb24")
        output.mux(stream.encode(frame.reformat(format="yuv420p")))
        output.mux(stream.encode(None))
    info = probe(tmp_path / "a.webm")
    assert (info.alpha, info.pixel_format) == (False, "yuv420p")


@pytest.mark.parametrize(
    ("target", "codec", "most"),
    [
        ("b.webm", None, 24),
        ("b.mkv", None, 24),
        ("b.mkv", "ffv1", 0),
        ("b.mov", None, 2),
        ("b.%04d.png", None, 0),
        ("b.%04d.tif", None, 0),
        ("b.%04d.dpx", None, 0),
    ],
)
def test_alpha_is_kept_where_the_output_holds_it(
    tmp_path: Path, target: str, codec: str | None, most: int
) -> None:
    source = webm(tmp_path)
    assert notes(source, tmp_path / target, codec) == ()
    assert probe(tmp_path / target).alpha
    assert far(source, tmp_path / target) <= most


def test_lossless_keeps_every_sample(tmp_path: Path) -> None:
    source = webm(tmp_path)
    for target in ("b.webm", "b.mkv"):
        copy(source, tmp_path / target, lossless=True)
        with open_reader(probe(source)) as one, open_reader(probe(tmp_path / target)) as two:
            for before, after in zip(one.stream(), two.stream(), strict=True):
                videos = [frame.picture.video for frame in (before, after)]  # type: ignore[attr-defined]
                for a, b in zip(*map(planes_of, videos), strict=True):
                    width = min(a.shape[1], b.shape[1], SIZE[0] if a.shape[0] > 32 else 48)
                    assert (a[:, :width] == b[:, :width]).all()
    with pytest.raises(OutputError, match="without loss"):
        copy(source, tmp_path / "b.mp4", lossless=True)


@pytest.mark.parametrize(
    ("target", "codec"), [("b.mp4", None), ("b.webm", "av1"), ("b.mov", "hevc"), ("b.mkv", "h264")]
)
def test_alpha_that_is_lost_is_named_once(tmp_path: Path, target: str, codec: str | None) -> None:
    (note,) = notes(webm(tmp_path), tmp_path / target, codec)
    assert note.startswith("The alpha of a.webm is left out:")
    assert ".mov with prores" in note
    written = probe(tmp_path / target)
    assert not written.alpha
    with av.open(str(tmp_path / target)) as container:
        tags = {key.lower() for key in container.streams.video[0].metadata}
    assert "alpha_mode" not in tags or written.codec == "vp9"


@pytest.mark.parametrize(
    ("name", "encoder", "pixel_format", "options"),
    [
        ("a.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
        ("a.mov", "qtrle", "argb", {}),
        ("a.mov", "png", "rgba", {}),
        ("a.mkv", "ffv1", "yuva444p10le", {}),
        ("a.avi", "ffv1", "bgra", {}),
    ],
)
def test_the_alpha_of_other_codecs(
    tmp_path: Path, name: str, encoder: str, pixel_format: str, options: dict[str, str]
) -> None:
    """Graphics as Final Cut, After Effects and others write them."""
    source = make_alpha(tmp_path / name, encoder, pixel_format, **options)
    assert probe(source).alpha
    for target in ("b.mov", "b.mkv", "b.%04d.png"):
        assert notes(source, tmp_path / target) == ()
        assert far(source, tmp_path / target) <= 2
    (note,) = notes(source, tmp_path / "b.mp4")
    assert note.startswith(f"The alpha of {name} is left out")
    if probe(source).bits == 8:
        # Deeper ones would be cut to 8 bits in VP9, which costs more than alpha.
        assert notes(source, tmp_path / "b.webm") == ()
        assert far(source, tmp_path / "b.webm") < 60


def test_edits_leave_alpha_as_it_is(tmp_path: Path) -> None:
    def edited(frame: Frame) -> Frame:
        plate = frame.plate().copy()
        box = mien.Box(10, 10, 60, 50)
        plate.add(box, np.full((40, 50, 3), 0.1, np.float32))
        return frame.with_plate(plate)

    for source in (
        webm(tmp_path),
        make_alpha(tmp_path / "a.mov", "qtrle", "argb"),
        make_alpha(tmp_path / "b.mov", "prores_ks", "yuva444p10le", profile="4444"),
    ):
        target = tmp_path / f"{source.name}-edited.mkv"
        copy(source, target, edited, codec="ffv1")
        assert far(source, target) == 0
        with open_reader(probe(source)) as one, open_reader(probe(target)) as two:
            before, after = one.frame(4).plate().rgb(), two.frame(4).plate().rgb()
        assert np.abs(after - before)[15:45, 15:55].mean() > 0.05


def test_exr_keeps_the_alpha_of_video_and_its_own(tmp_path: Path) -> None:
    source = webm(tmp_path)
    images = tmp_path / "b.%04d.exr"
    assert notes(source, images) == ()
    assert probe(images).alpha
    first = next(path for path in sorted(tmp_path.iterdir()) if is_image(path))
    alpha = read_exr(first).parts[0]["A"]
    assert np.abs(np.asarray(alpha, np.float32) * 255 - matte(0)).max() < 1.5
    assert notes(images, tmp_path / "c.%04d.exr") == ()
    (note,) = notes(images, tmp_path / "c.mov")
    assert "linear light" in note


def test_alpha_is_turned_with_its_picture(tmp_path: Path) -> None:
    """Images and WebM have no display matrix: they hold the picture upright."""
    source = make_alpha(tmp_path / "a.mov", "prores_ks", "yuva444p10le", QUARTER, profile="4444")
    info = probe(source)
    assert info.orientation.upright_size == (SIZE[1], SIZE[0])
    notes(source, tmp_path / "b.%04d.exr")
    first = next(path for path in sorted(tmp_path.iterdir()) if is_image(path))
    channels = read_exr(first).parts[0]
    alpha = np.asarray(channels["A"], np.float32) * 255
    assert alpha.shape == (SIZE[0], SIZE[1])
    turned = np.rot90(matte(0), info.orientation.quarter_turns)
    assert np.abs(alpha - turned).max() < 2
    notes(source, tmp_path / "c.%04d.png")
    with open_reader(probe(tmp_path / "c.%04d.png")) as reader:
        video = reader.frame(0).picture.video  # type: ignore[attr-defined]
        alpha8 = planes_of(video.reformat(format="gbrap"))[3][: SIZE[0], : SIZE[1]]
    assert np.abs(alpha8.astype(int) - turned).max() <= 2
