"""Cuts that are absurd in one respect: read in time and memory that their size explains."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import detect, list_clips
from mien.editorial.edl.groups import edit_lists
from mien.editorial.formats import open_cut
from mien.editorial.notices import Notices, kind_of
from mien.editorial.uses import sequences, uses
from mien.errors import InputError
from tests import edls, fcpxmls, xmemls
from tests.cuts import clip, saved, timeline

SOON = 3.0
"""Seconds in which each of these is done many times over; each took minutes once."""


def code(frame: int) -> str:
    return f"01:{frame // 1440:02}:{frame // 24 % 60:02}:{frame % 24:02}"


def line(number: str, frame: int, transition: str = "C   ") -> str:
    span = f"{code(frame)} {code(frame + 1)}"
    return f"{number}  R{frame} V {transition} {span} {span}"


def notes(kind: str, count: int) -> Iterator[str]:
    for frame in range(count):
        yield {
            "speed": f"M2 R{frame} 024.0 {code(frame)}",
            "name": f"* FROM CLIP NAME: a{frame}",
            "marker": f"* LOC: {code(frame)} RED x",
        }[kind]


@pytest.mark.parametrize("kind", ["speed", "name", "marker"])
def test_lines_that_share_a_number_are_read_in_time(kind: str) -> None:
    lines = [line("001", frame) for frame in range(1500)]
    began = time.process_time()
    (edit,) = edit_lists("\n".join(["TITLE: x", *lines, *notes(kind, 1500)]), Notices())
    assert time.process_time() - began < SOON
    assert len(edit.sides) == 1500


def test_cuts_that_share_a_number_have_their_own_names() -> None:
    lines = [
        part for frame in range(200) for part in (line("001", frame), f"* FROM CLIP NAME: a{frame}")
    ]
    (edit,) = edit_lists("\n".join(lines), Notices())
    assert [side.name for side in edit.sides] == [f"a{frame}" for frame in range(200)]


@pytest.mark.parametrize("before", [62, 63, 64, 65])
def test_a_transition_stays_with_what_it_comes_from(before: int) -> None:
    lines = [line("001", frame) for frame in range(before)]
    at = code(before)
    lines.append(f"001  OUT V C     {at} {at} {at} {at}")
    lines.append(f"001  IN  V D 010 {at} {code(before + 20)} {at} {code(before + 20)}")
    (edit,) = edit_lists("\n".join(lines), Notices())
    outgoing = edit.sides[-1].outgoing
    assert len(edit.sides) == before + 1
    assert outgoing is not None
    assert outgoing.reel == "OUT"


@pytest.mark.parametrize(
    "text",
    ["\n" * 60_000 + "x", " \n" * 30_000, "<?" * 30_000, "<!--" * 15_000, "<!DOCTYPE[" * 6_000,
     "<" * 60_000, "<!DOCTYPE x [" + "] " * 30_000, "1 " + "01:00:00:00 " * 3 + " " * 60_000],
    ids=["blank lines", "blanks", "instructions", "comments", "types", "brackets", "subset", "row"],
)  # fmt: skip
def test_what_a_file_is_is_told_in_time(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text)
    began = time.process_time()
    assert detect.identify_cut(path) is None
    assert time.process_time() - began < SOON


@pytest.mark.parametrize(
    "prologue",
    ['<?xml version="1.0"?>', "<!-- <xml> --->", "<!DOCTYPE fcpxml>",
     '<!DOCTYPE fcpxml SYSTEM "a.dtd" [<!ELEMENT a (b)> ]\n>', "\n <?a?><!-- > --><?b <c> ?>"],
)  # fmt: skip
def test_what_stands_before_the_root_is_not_the_root(tmp_path: Path, prologue: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{prologue}\n<fcpxml version='1.9'/>")
    assert detect.identify_cut(path) == "fcpxml"


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("film.mov", b"\0\0\0\x14ftypqt  " + bytes(range(256)) * 300, "no cut in any format"),
        ("film.edl", b"\0\0\0\x14ftypqt  " + bytes(range(256)) * 300, "no cut in any format"),
        ("zeros.mov", bytes(100_000), "zeros"),
        ("zeros.otio", bytes(100_000), "zeros"),
        ("film.xml", b"RIFF" + bytes(range(256)) * 300, "no cut in any format"),
    ],
)
def test_a_film_is_refused_by_its_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, head: bytes, reason: str
) -> None:
    def read(*_: object) -> bytes:
        raise AssertionError("the rest was read")

    monkeypatch.setattr(detect, "_limited", read)
    path = tmp_path / name
    path.write_bytes(head)
    with pytest.raises(InputError, match=reason):
        open_cut(path, "24")


def test_a_cut_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "_LARGEST", 1 << 20)
    text = edls.cut(line("001", 0))
    plain, zipped = tmp_path / "a.edl", tmp_path / "a.otioz"
    plain.write_text(text + "\n" * (1 << 20))
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("content.otio", b'{"OTIO_SCHEMA": 1}' + b" " * (1 << 22))
    folder = tmp_path / "a.otiod"
    folder.mkdir()
    (folder / "content.otio").write_bytes(b" " * (1 << 21))
    for path in (plain, zipped, folder):
        with pytest.raises(InputError, match="larger than 1 MiB"):
            open_cut(path, "24")


def nested(depth: int) -> Any:
    item = clip("deep", 0, 24)
    for _ in range(depth):
        stack = otio.schema.Stack()
        stack.append(item)
        item = stack
    return item


@pytest.mark.parametrize(
    ("depth", "names", "starts", "said"),
    [(40, ["deep", "last"], [0, 1], ""), (100, ["last"], [1], "more than 64"),
     (450, ["last"], [0], "more than 200")],
)  # fmt: skip
def test_what_lies_too_deep_is_said(
    depth: int, names: list[str], starts: list[int], said: str
) -> None:
    problems = Notices()
    cut = timeline([nested(depth), clip("last", 0, 24)])
    shown = list(uses(sequences(cut)[0], problems))
    assert [use.clip.name for use in shown] == names
    assert [use.record for use in shown] == starts
    assert len(problems.lines()) == bool(said)
    assert said in "".join(problems.lines())


def test_collections_may_hold_collections_without_end(tmp_path: Path) -> None:
    cut: Any = timeline([clip("a", 0, 24)])
    cut.name = "first"
    for _ in range(600):
        cut = otio.schema.SerializableCollection(children=[cut])
    other = timeline([clip("b", 0, 24)])
    other.name = "second"
    both = otio.schema.SerializableCollection(children=[cut, other])
    assert [one.name for one in sequences(both)] == ["first", "second"]
    assert len(list_clips(saved(both, tmp_path / "a.otio")).clips) == 2


@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 5000, "600000000"])
@pytest.mark.parametrize("at", ["source", "record"])
def test_an_absurd_number_costs_its_event(number: str, at: str) -> None:
    span = f"{code(0)} {code(24)}"
    bad = {"source": f"{number} {number} {span}", "record": f"{span} {number} {number}"}[at]
    text = edls.cut(line("001", 0), f"002  R V C {bad}", line("003", 48))
    assert len(edls.shown(text)) == 2
    assert "2 (line" in edls.said(text)


def test_plain_numbers_of_frames_are_read() -> None:
    (use,) = edls.shown(edls.cut("001  R V C 0086400 0086424 0000100 0000124"))
    assert (use.source, use.length) == (edls.HOUR, 24)


def test_notices_of_final_cut_xml_are_told_in_few_lines(tmp_path: Path) -> None:
    items = "".join(
        xmemls.item(f"i{n}", n, n + 1, 0, 1, "" if n else xmemls.file("f")) for n in range(3000)
    )
    began = time.process_time()
    cut = xmemls.opened(tmp_path, xmemls.xmeml(xmemls.sequence(xmemls.track(items))))
    assert time.process_time() - began < 4 * SOON
    assert len(cut.notices) == 6
    assert cut.notices[-1].startswith("2994 more elements: it names no file")


def test_notices_of_fcpxml_are_told_in_few_lines(tmp_path: Path) -> None:
    spine = "".join(
        f'<asset-clip name="c{n}" ref="gone{n}" duration="1s" offset="{n}s"/>\n' for n in range(300)
    )
    cut = fcpxmls.opened(tmp_path, fcpxmls.document(spine))
    assert 1 <= len(cut.notices) <= 6
    assert "more elements: " in cut.notices[-1]


def test_reasons_of_a_kind_differ_in_names_and_numbers() -> None:
    assert kind_of("its file 'a-1' is shown from frame 3 to -2/3") == kind_of(
        "its file 'b' is shown from frame 17.5 to 4"
    )


def test_of_an_outgoing_side_no_frame_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.edl"
    at, end = code(0), code(48)
    path.write_text(
        edls.cut(f"001  A V C     {at} {at} {at} {at}", f"001  B V D 024 {at} {end} {at} {end}")
    )
    spans = [(clip.frames, clip.source_frames) for clip in list_clips(path, rate="24").clips]
    assert spans == [(0, 0), (48, 48)]
