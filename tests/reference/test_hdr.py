"""An HDR film through the reference renderer: what networks are shown, and what comes back."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.media.color import code_scale, to_ycc
from mien.media.display import from_display
from mien.media.planes import Channel, Layout, Plate
from mien.media.reader import open_reader
from mien.model.settings import ReferenceSettings
from mien.rendering.reference.regenerate import RegenerationRequest, Regenerator

pytestmark = pytest.mark.slow

PQ, BT2020, LIMITED, FRAMES = 16, 9, 1, 6
FORMAT = "yuv444p10le"


def as_pq(rgb: AnyArray) -> AnyArray:
    """(3, h, w) codes of 10 bits that show an ordinary picture, its white at 203 cd/m2."""
    layout = Layout(FORMAT, "yuv", 10, tuple(Channel(i) for i in range(3)))
    planes = [np.zeros(rgb.shape[:2], np.uint16)] * 3
    height, width = rgb.shape[:2]
    plate = Plate(layout, (width, height), planes, transfer=PQ, primaries=BT2020)
    codes = from_display(plate, rgb.astype(np.float32) / 255)
    scale, offset = code_scale(10, full=False)
    ycc = (codes @ to_ycc(BT2020).T) * scale + offset
    return np.asarray(np.rint(ycc), np.uint16).transpose(2, 0, 1)


@pytest.fixture(scope="module")
def film(talk_360p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hdr") / "pq.mkv"
    with av.open(str(talk_360p)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("ffv1", rate=25)
        stream.pix_fmt = FORMAT
        facts = source.streams.video[0]
        stream.width, stream.height = facts.width, facts.height
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = PQ, BT2020, BT2020
        context.color_range = LIMITED
        for frame, _ in zip(source.decode(video=0), range(FRAMES), strict=False):
            rgb = frame.to_ndarray(format="rgb24")
            made = av.VideoFrame(rgb.shape[1], rgb.shape[0], FORMAT)
            for plane, codes in zip(made.planes, as_pq(rgb), strict=True):
                line = np.zeros((plane.height, plane.line_size // 2), np.uint16)
                line[:, : codes.shape[1]] = codes
                plane.update(line.tobytes())
            made.color_trc, made.color_primaries, made.colorspace = PQ, BT2020, BT2020
            made.color_range = LIMITED
            target.mux(stream.encode(made))
        target.mux(stream.encode())
    return path


def codes_of(path: Path) -> AnyArray:
    """(T, 3, h, w) of a film's codes."""
    frames = []
    with open_reader(mien.open_shot(path).media) as reader:
        for frame in reader.stream():
            plate = frame.plate()
            frames.append(np.stack([plane[:, : plate.width] for plane in plate.planes]))
    return np.asarray(np.stack(frames), int)


@pytest.mark.usefixtures("models")
def test_what_networks_leave_alone_stays(
    film: Path,
    talk_360p: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Networks that answer with what they are shown add nothing to the warped picture."""
    shown: list[AnyArray] = []

    def unchanged(self: Regenerator, order: RegenerationRequest, latents: AnyArray) -> AnyArray:
        shown.append(order.plates[0])
        return order.warped

    monkeypatch.setattr(Regenerator, "latents", lambda self, order: np.zeros((1, 4, 8, 8)))
    monkeypatch.setattr(Regenerator, "decode", unchanged)
    shot = mien.track(film, progress=False)
    assert shot.media.color.transfer == PQ
    edit = mien.Edit(shot.faces[0]).key("browInnerUp", 0, 0.4)
    settings = ReferenceSettings(steps=1, size=256, approximate=True, smoothing=0)
    for renderer in ("warp", "reference"):
        mien.render(
            shot, tmp_path / f"{renderer}.mkv", edits=[edit], renderer=renderer,
            settings=settings, lossless=True, progress=False,
        )  # fmt: skip
    before, warped, same = (codes_of(x) for x in (film, tmp_path / "warp.mkv",
                                                  tmp_path / "reference.mkv"))  # fmt: skip
    touched = (warped != before).any(axis=1, keepdims=True) & np.ones_like(before, bool)
    changed = np.abs(same - warped)[touched]
    # What a square of 256 cannot hold gives way inside the mouth.
    assert np.quantile(changed, 0.9) == 0
    assert changed.mean() < 0.5
    assert (same != warped)[~touched].mean() < 1e-4
    # An ordinary picture, not the pale one that PQ's codes would be.
    with av.open(str(talk_360p)) as container:
        ordinary = next(container.decode(video=0)).to_ndarray(format="rgb24") / 255
    y0, y1 = (int(v) for v in shot.faces[0].box(0)[1::2])
    x0, x1 = (int(v) for v in shot.faces[0].box(0)[::2])
    middle = shown[0][64:192, 64:192]
    assert abs(middle.mean() - ordinary[y0:y1, x0:x1].mean()) < 0.06
    assert middle.std() > 0.7 * ordinary[y0:y1, x0:x1].std()
