"""What images do not keep of their source is known before the work, and said after it."""

from __future__ import annotations

from pathlib import Path

from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.writer import open_writer
from tests.media.mediakit import make_clip


def test_it_is_said_of_a_source_that_is_gone(tmp_path: Path) -> None:
    """The images are whole by then: nothing is left to fail."""
    source = make_clip(tmp_path / "a.mov", audio="aac", timecode="01:00:00:00")
    facts = probe(source)
    with open_reader(facts) as reader:
        frames = [reader.frame(index) for index in range(3)]
    with open_writer(tmp_path / "o.%04d.png", facts) as writer:
        for frame in frames:
            writer.write(frame)
        source.unlink()
        writer.end()
    notes = writer.notes
    assert sum("(sound, aac) is left out" in note for note in notes) == 1
    assert any("start timecode 01:00:00:00 of a.mov is lost" in note for note in notes)
    assert len(list(tmp_path.glob("o.*.png"))) == 3
