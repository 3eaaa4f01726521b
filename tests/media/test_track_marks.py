"""What is said of whole tracks: kept where a container says it, named once where it does not."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from av.stream import Disposition

from mien.media.carried import left_out
from mien.media.probe import probe
from tests.media.mediakit import copy, make_clip
from tests.media.streamkit import remuxed


def _film(folder: Path) -> Path:
    clip = make_clip(folder / "clip.mp4", count=4, audio="aac", options={"bf": "0"})
    roles = Disposition.dub | Disposition.hearing_impaired
    path = remuxed(folder / "a.mkv", clip, clip, dispositions=(1, 1, 0, roles))
    named = folder / "film.mkv"
    with av.open(str(path)) as given, av.open(str(named), "w") as output:
        twins = [output.add_stream_from_template(stream, opaque=True) for stream in given.streams]
        for twin, stream in zip(twins, given.streams, strict=True):
            twin.disposition = stream.disposition
        twins[3].metadata.update({"title": "Hörfassung", "language": "ger"})
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = twins[packet.stream.index]
                output.mux(packet)
    return named


@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
def test_what_a_track_is_for_is_kept(tmp_path: Path, suffix: str) -> None:
    film = _film(tmp_path)
    copy(film, tmp_path / f"out{suffix}")
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        last = Disposition(container.streams.audio[1].disposition)
        assert Disposition.dub | Disposition.hearing_impaired in last
        assert container.streams.audio[1].language in ("ger", "deu")
        assert Disposition.default in Disposition(container.streams.audio[0].disposition)
    lost = [note for note in left_out(probe(film), tmp_path / f"x{suffix}") if "film.mkv" in note]
    names = ["the title of stream 3 (Hörfassung) of film.mkv is lost in {}"]
    assert lost == [n.format(suffix[1:].upper()) for n in names if suffix != ".mkv"]


def test_what_a_container_cannot_say_is_said_once(tmp_path: Path) -> None:
    film = _film(tmp_path)
    assert [note for note in left_out(probe(film), tmp_path / "x.mxf") if "film.mkv" in note] == []
    clip = make_clip(tmp_path / "pcm.mov", "mpeg2video", count=4, audio="pcm_s16le",
                     metadata={"title": "A film"})  # fmt: skip
    path = remuxed(tmp_path / "b.mkv", clip, dispositions=(1, int(Disposition.original)),
                   metadata={"title": "A film"})  # fmt: skip
    assert [note for note in left_out(probe(path), tmp_path / "x.mxf") if "b.mkv" in note] == [
        "what stream 1 (original) of b.mkv is for is lost in MXF",
        "tags of b.mkv are lost in MXF: title",
    ]
    assert left_out(probe(path), tmp_path / "x.mkv") == ()
