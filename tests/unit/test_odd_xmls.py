"""Final Cut Pro 7 XML as odd as editors write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mien.editorial import list_clips
from mien.errors import InputError, NothingToDoError
from tests.xmemls import file, item, multiclip, rate, sequence, track, transition, xmeml

CLIP = item("A", 0, 48, 100, 148, file("f1"))


def rows(folder: Path, text: str | bytes) -> tuple[list[tuple[Any, ...]], tuple[str, ...]]:
    path = folder / "a.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    listing = list_clips(path)
    return [
        (one.name, one.record_start - 86400, one.frames, one.source_start) for one in listing.clips
    ], listing.notices


def nest(name: str, first: int, inner: str, key: str) -> str:
    return item(name, 0, 48, first, first + 48, sequence(track(inner), key=key))


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        (track(item("A", 0, -1, 0, 48, file("f1")) + transition(36, 48, "end-black")),
         [("A", 0, 48, 0)]),
        (track(transition(0, 12, "start-black") + item("A", -1, 48, 0, 48, file("f1"))),
         [("A", 0, 48, 0)]),
        (track(nest("1", 0, nest("2", 0, nest("3", 10, item("A", 0, 96, 100, 196, file("f1")),
                                              "s4"), "s3"), "s2")), [("A", 0, 48, 110)]),
        (track(item("A", 0, 24, 0, 24, multiclip(1000, 1000))), [("A", 0, 24, 0)]),
        (track(CLIP.replace("<start>", "<enabled>FALSE</enabled><start>", 1))
         + track(item("S", 0, 48, 0, 48, file("f3")), "<locked>TRUE</locked>"),
         [("S", 0, 48, 0)]),
        (track(CLIP.replace("<name>A<", "<name>&amp;&#233; &lt;x&gt;<", 1)),
         [("&é <x>", 0, 48, 100)]),
        (track(item("A", 0, 24, 10, 34, file("f1") + "<subclipinfo><startoffset>100</startoffset>"
                    "<endoffset>500</endoffset></subclipinfo>", duration=400)),
         [("A", 0, 24, 110)]),
    ],
    ids=["ends-in-a-transition", "begins-in-one", "three-deep", "inactive-angle",
         "disabled-and-locked", "entities", "subclip"],
)  # fmt: skip
def test_items_that_are_odd_and_certain(tmp_path: Path, tracks: str, expected: list[Any]) -> None:
    assert rows(tmp_path, xmeml(sequence(tracks))) == (expected, ())


def test_thirty_frames_that_are_thirty(tmp_path: Path) -> None:
    text = xmeml(
        sequence(track(item("A", 0, 60, 0, 60, file("f1", base=30), own=rate(30))), base=rate(30))
    )
    (tmp_path / "a.xml").write_text(text)
    assert [one.rate for one in list_clips(tmp_path / "a.xml").clips] == [30]


def test_utf_16(tmp_path: Path) -> None:
    text = xmeml(sequence(track(CLIP))).replace("UTF-8", "UTF-16")
    assert rows(tmp_path, text.encode("utf-16"))[0] == [("A", 0, 48, 100)]


def test_titles_are_said_and_files_that_are_nowhere(tmp_path: Path) -> None:
    title = "<effect><name>Text</name><effectid>Text</effectid></effect>"
    text = xmeml(
        sequence(
            track(
                item("T", 0, 24, 0, 24, title, tag="generatoritem")
                + item("M", 24, 48, 0, 24, '<file id="gone"/>')
                + item("B", 48, 72, 0, 24, file("f2"))
            )
        )
    )
    clips, notices = rows(tmp_path, text)
    assert clips == [("B", 48, 24, 0)]
    assert any("'gone' is not in the list" in notice for notice in notices)
    assert any(notice.startswith("T: made by the editor") for notice in notices)


def test_what_shows_nothing_and_what_declares_entities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="shows no clip with pictures"):
        rows(tmp_path, xmeml(sequence("")))
    entity = '<!DOCTYPE xmeml [<!ENTITY a "b">]>'
    bad = xmeml(sequence(track(CLIP))).replace("<!DOCTYPE xmeml>", entity)
    with pytest.raises(InputError, match="declares entities"):
        rows(tmp_path, bad)
