"""Path maps: the longest prefix wins, what was mapped stays, and no map goes in circles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mien.errors import InputError, UsageError
from mien.path_map import PathMap, PathRule, machine_map, read_rules, use_rules_file

_PART = st.text("abcXY .-_0é", min_size=1, max_size=4).filter(lambda t: t.strip(" .") == t)
_REST = st.lists(_PART, max_size=3)
_POSIX = st.lists(_PART, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
_DRIVE = st.builds(
    lambda letter, parts, slash: slash.join([f"{letter}:", *parts]),
    st.sampled_from("CDz"),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from("\\/"),
)
_UNC = st.builds(lambda parts: "\\\\" + "\\".join(parts), st.lists(_PART, min_size=2, max_size=4))
_PATH = st.one_of(_POSIX, _DRIVE, _UNC)


def _map(*pairs: tuple[str, str]) -> PathMap | None:
    try:
        return PathMap(tuple(PathRule(*pair) for pair in pairs))
    except UsageError:
        return None


@given(st.lists(st.tuples(_PATH, _PATH), max_size=5), _PATH)
def test_what_was_mapped_stays(pairs: list[tuple[str, str]], path: str) -> None:
    rules = _map(*pairs)
    assume(rules is not None and rules)
    assert rules is not None
    once = rules.map(path)
    if once is not None:
        assert rules.map(once) in (None, once)


@given(_PATH, _POSIX, _REST)
def test_what_lies_below_one_folder_lies_below_the_other(
    source: str, target: str, rest: list[str]
) -> None:
    rules = _map((source, target))
    assume(rules is not None and rules)
    assert rules is not None
    assert rules.map("/".join([source, *rest])) == "/".join([target, *rest])
    assert rules.map(f"{source}2") is None, "another folder that begins alike"


@given(_POSIX, _PART, _REST)
def test_the_longest_folder_wins(source: str, part: str, rest: list[str]) -> None:
    rules = _map((source, "/ä/one"), (f"{source}/{part}", "/ä/two"))
    assume(rules is not None)
    assert rules is not None
    assert rules.map("/".join([source, part, *rest])) == "/".join(["/ä/two", *rest])


@given(st.lists(st.tuples(_PATH, _PATH), max_size=4))
def test_maps_are_read_as_they_are_written(pairs: list[tuple[str, str]]) -> None:
    rules = _map(*pairs)
    assume(rules is not None)
    assert rules is not None
    assert set(PathMap.parse(str(rules)).rules) == set(rules.rules)


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        (r"D:\plates=/mnt/plates", r"d:\Plates\a\b.mov", "/mnt/plates/a/b.mov"),
        ("D:/plates=/mnt/plates:/old=/new", "/old/x.exr", "/new/x.exr"),
        ("/old=/new:D:/plates=E:/plates", "D:/plates/x.exr", "E:/plates/x.exr"),
        (r"\\nas\show=/mnt/show", "//NAS/Show/x.mov", "/mnt/show/x.mov"),
        (r"/mnt/show=\\nas\show", "/mnt/show/a/x.mov", r"\\nas\show\a\x.mov"),
        ("/a=/b;/b=/c", "/a/x", "/c/x"),
        ("/a=/a", "/a/x", None),
        ("/a=/b", "/ab/x", None),
        ("/a=/b", "a/x", None),
        ("/a/=/b/", "/a//./x", "/b/x"),
        ("D:=/mnt/d", r"D:\x", "/mnt/d/x"),
    ],
    ids=["drive", "colons", "drives", "unc", "to unc", "chain", "same", "name", "relative",
         "slashes", "whole drive"],
)  # fmt: skip
def test_paths_of_every_system(text: str, path: str, place: str | None) -> None:
    assert PathMap.parse(text).map(path) == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/a=/b;/b=/a", "loops"),
        ("/a=/b;/b/c=/d;/d=/a/x", "loops"),
        ("/a=/a/b", "lie inside each other"),
        ("/a=/b;/a=/c", "to /b and to /c"),
        ("/a", "no rule"),
        ("plates=/b", "no whole path"),
    ],
    ids=["two", "three", "inside", "two places", "no pair", "relative"],
)
def test_maps_that_cannot_hold(text: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_PATH_MAP", text)
    with pytest.raises(UsageError, match=f"MIEN_PATH_MAP: .*{words}"):
        machine_map()


def test_rules_of_a_farm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rules.json"
    rule = {
        "source_path_format": "WINDOWS", "source_path": "D:\\plates",
        "destination_path": "/mnt/plates",
    }  # fmt: skip
    path.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rule]}))
    monkeypatch.setenv("MIEN_PATH_MAP", "D:/plates=/here;/old=/new")
    use_rules_file(path)
    assert machine_map().map("D:/plates/x") == "/mnt/plates/x"
    assert machine_map().map("/old/x") == "/new/x"
    path.write_text("{}")
    assert read_rules(path) == ()
    path.write_text('{"path_mapping_rules": [{"source_path": "/a"}]}')
    with pytest.raises(InputError, match="no path map"):
        read_rules(path)
