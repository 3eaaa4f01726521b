"""Files of cuts: which format they are in, in which encoding, and what is refused in words."""

from __future__ import annotations

import codecs
import zipfile
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.editorial import is_cut
from mien.editorial.cut import all_uses
from mien.editorial.detect import identify_cut
from mien.editorial.formats import open_cut
from mien.editorial.text import decode_text
from mien.errors import InputError
from tests.cuts import clip, saved, timeline

EDL = (
    "TITLE: Müller\nFCM: NON-DROP FRAME\n\n"
    "001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00\n"
    "* FROM CLIP NAME: Größe.mov\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        EDL.encode(), EDL.encode("utf-8-sig"), EDL.encode("utf-16"), EDL.encode("utf-16-le"),
        EDL.encode("utf-16-be"), codecs.BOM_UTF16_BE + EDL.encode("utf-16-be"),
        EDL.encode("utf-32"), EDL.encode("cp1252"), EDL.encode("latin-1"),
        EDL.replace("\n", "\r").encode("mac_roman"), EDL.replace("\n", "\r\n").encode(),
        EDL.encode() + b"\0" * 60, EDL.encode() + b"\x1a",
    ],
    ids=[
        "utf-8", "utf-8-marked", "utf-16-marked", "utf-16-le", "utf-16-be", "utf-16-be-marked",
        "utf-32", "windows", "latin-1", "mac", "crlf", "nul-filled", "dos-end",
    ],
)  # fmt: skip
def test_an_edl_is_read_in_every_encoding(tmp_path: Path, raw: bytes) -> None:
    assert decode_text(raw) == EDL
    path = tmp_path / "a.edl"
    path.write_bytes(raw)
    ((_, use),) = all_uses(open_cut(path, "24").content)
    assert use.clip.name == "Größe.mov"


def test_an_xml_document_is_read_as_it_says() -> None:
    text = '<?xml version="1.0" encoding="{}"?>\n<xmeml><name>žluť</name></xmeml>\n'
    for name, codec in (("ISO-8859-2", "iso-8859-2"), ("windows-1250", "cp1250")):
        assert decode_text(text.format(name).encode(codec)) == text.format(name)
    # It says one thing and is another: what it is holds.
    assert decode_text(text.format("UTF-16").encode()) == text.format("UTF-16")
    assert decode_text(text.format("no-such").encode()) == text.format("no-such")


@given(st.binary(max_size=300))
def test_any_bytes_are_some_text(raw: bytes) -> None:
    assert "\r" not in decode_text(raw)


def test_what_is_in_a_file_counts_more_than_its_ending(tmp_path: Path) -> None:
    text = timeline([clip("a", 0, 48)]).to_json_string()
    for name in ("a.edl", "a.txt", "a.xml", "a.json"):
        path = tmp_path / name
        path.write_text(text)
        opened = open_cut(path, None)
        assert (opened.format, len(list(all_uses(opened.content)))) == ("otio", 1)
    path = tmp_path / "list.txt"
    path.write_text(EDL)
    assert is_cut(path)
    assert open_cut(path, "24").format == "edl"


def test_a_comment_or_a_document_type_comes_before_the_root(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    for doctype in ("<!DOCTYPE fcpxml>", "<!DOCTYPE xmeml [<!ELEMENT xmeml (a)>]>", "<!-- <x> -->"):
        for root, kind in (("fcpxml", "fcpxml"), ("xmeml", "fcp7")):
            path.write_text(f'<?xml version="1.0"?>\n{doctype}\n<{root} version="5"/>')
            assert identify_cut(path) == kind


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.edl", b"", r"a\.edl is empty"),
        ("a.otio", b"\xef\xbb\xbf \n", r"a\.otio is empty"),
        ("a.edl", b"Heading\nFIELD_DELIM\tTABS\n\nColumn\nName\n", "is an Avid log"),
        ("a.xml", b'<?xml version="1.0"?><svg></svg>', "outermost element is <svg>"),
        ("a.fcpxml", b"<html><body/></html>", "outermost element is <html>"),
        ("a.aaf", b"no structured storage", "is no AAF file"),
        ("a.otioz", b"no zip", "is no zip file"),
        ("a.doc", b"Dear all,", "no cut in any format"),
        ("a.otio", b'{"a": 1,\n "b": ]}', "as OpenTimelineIO JSON: .*line 2"),
        ("a.xml", b"<xmeml>\n<sequence>\n</xmeml>", "as Final Cut Pro 7 XML: .*line 3"),
        ("a.fcpxml", b"<fcpxml>\n<a>\n</fcpxml>", "as FCPXML: .*line 3"),
    ],
)  # fmt: skip
def test_what_is_no_cut_is_named_with_the_reason(
    tmp_path: Path, name: str, raw: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(InputError, match=said):
        open_cut(path, "24")


def test_a_folder_is_a_bundle_or_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a.edl"
    folder.mkdir()
    with pytest.raises(InputError, match="is a folder"):
        open_cut(folder, "24")
    bundle = tmp_path / "a.otiod"
    bundle.mkdir()
    saved(timeline([clip("a", 0, 48)]), bundle / "content.otio")
    opened = open_cut(bundle, None)
    assert (opened.format, opened.folder) == ("otiod", bundle)


def test_a_zipped_bundle_without_a_cut_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.otioz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "nothing")
    with pytest.raises(InputError, match=r"a\.otioz cannot be read as OpenTimelineIO bundle"):
        open_cut(path, None)


def test_an_otio_file_in_another_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    path.write_bytes(timeline([clip("Größe", 0, 48)]).to_json_string().encode("utf-16"))
    assert isinstance(open_cut(path, None).content, otio.schema.Timeline)
