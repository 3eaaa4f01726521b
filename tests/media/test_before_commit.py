"""What is called between encoding and giving the final name."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import MienError
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.writer import BeforeCommit, open_writer

FRAMES = 3


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv444p"
        for value in range(FRAMES):
            grey = np.full((16, 32, 3), 60 * value, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    return path


def write(source: Path, output: Path, *before_commit: BeforeCommit) -> None:
    with (
        open_reader(probe(source)) as reader,
        open_writer(output, reader.facts, before_commit=before_commit) as writer,
    ):
        for frame in reader.stream():
            writer.write(frame)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["out.mp4", "out.%04d.png"])
def test_it_is_called_with_what_is_whole_and_has_no_name_yet(
    source: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    seen: list[tuple[str, Path]] = []

    def look(unnamed: Path) -> None:
        assert not [path for path in names(folder) if not path.startswith(".")]
        assert unnamed.parent == folder
        if unnamed.is_dir():
            assert len(names(unnamed)) == FRAMES
        else:
            with av.open(str(unnamed), format="mp4") as container:
                assert len(list(container.decode(video=0))) == FRAMES
        seen.append(("first", unnamed))

    def note(unnamed: Path) -> None:
        seen.append(("second", unnamed))

    write(source, folder / name, look, note)
    assert [which for which, _ in seen] == ["first", "second"]
    assert len(names(folder)) == (1 if name == "out.mp4" else FRAMES)


def test_what_it_adds_to_the_file_is_in_the_output(source: Path, tmp_path: Path) -> None:
    def sign(unnamed: Path) -> None:
        with unnamed.open("ab") as file:
            file.write(b"\0\0\0\x10free" + b"signed!!")

    out = tmp_path / "out.mp4"
    write(source, out, sign)
    assert out.read_bytes().endswith(b"signed!!")
    assert probe(out).clock.frame_count == FRAMES


@pytest.mark.parametrize("name", ["out.mp4", "out.%04d.png"])
def test_what_it_refuses_gets_no_name(source: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def refuse(unnamed: Path) -> None:
        raise MienError("No key signs this.", "Make one.")

    with pytest.raises(MienError, match="No key"):
        write(source, folder / name, refuse)
    assert names(folder) == []
