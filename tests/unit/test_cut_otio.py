"""OTIO as Resolve, AYON and others write it: images, rates, media named oddly, unknown kinds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import list_clips, read_cut, write_back
from mien.editorial.media_refs import MediaFinder, resolve_media
from mien.editorial.urls import as_pattern, text_of_url
from mien.timebase import Clock, FrameRange, Timecode
from tests.cuts import SMILE, clip, gap, rendered, saved, span, timeline
from tests.unit.test_project import write_movie

HOUR = 86400


def images(folder: Path, first: int = 1001, count: int = 100, name: str = "a.{:04}.exr") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    for number in range(first, first + count):
        (folder / name.format(number)).write_bytes(b"x")
    return folder


def sequence(folder: Path, available: Any = None, *, rate: float = 24, start: int = 1001) -> Any:
    return otio.schema.ImageSequenceReference(
        f"{folder.as_uri()}/", "a.", ".exr", start_frame=start, rate=rate, frame_zero_padding=4,
        available_range=available,
    )  # fmt: skip


def used(folder: Path, item: Any, clock: Clock) -> FrameRange:
    """The frames that a cut of one clip uses."""
    item.metadata["mien"] = SMILE
    (job,) = read_cut(saved(timeline([item]), folder / "show.otio")).jobs
    return job.frames_of(clock)


@pytest.mark.parametrize(
    ("available", "source"),
    [
        (span(1001, 100), span(1011, 20)),  # both by the image's number
        (span(0, 100), span(10, 20)),  # both from 0
        (span(HOUR, 100), span(HOUR + 10, 20)),  # both by timecode
        (None, span(1011, 20)),  # the number, and no available range
        (None, span(10, 20)),
        (None, span(HOUR + 10, 20)),  # the timecode that the images carry
        (span(0, 100), span(1011, 20)),  # they do not agree
        (span(1001, 100), span(10, 20)),
        (span(1001, 100, 23.976), span(1011, 20, 24.0)),  # one of the two rounded
        (span(1001, 100, 24.0), span(1011, 20, 23.98)),
        (span(1001, 100, 24000 / 1001), span(1011, 20, 23.976024627685547)),
    ],
)  # fmt: skip
def test_images_are_counted_as_the_cut_counts_them(
    tmp_path: Path, available: Any, source: Any
) -> None:
    folder = images(tmp_path / "seq")
    clock = Clock(Fraction(24), 100, None, Timecode(HOUR, 24))
    item = otio.schema.Clip("a", sequence(folder, available), source)
    assert used(tmp_path, item, clock) == FrameRange(10, 30)


@pytest.mark.parametrize("rate", [23.98, 23.976, 29.97, 59.94, 24.0, 25.0, 1.0])
def test_the_rate_of_images_may_be_rounded_or_not_set(tmp_path: Path, rate: float) -> None:
    folder = images(tmp_path / "seq")
    own = 24 if rate == 1 else rate
    item = otio.schema.Clip(
        "a", sequence(folder, span(1001, 100, own), rate=rate), span(1011, 20, own)
    )
    # mien takes images without a rate for film; the cut knows better.
    assert used(tmp_path, item, Clock(Fraction(24), 100)) == FrameRange(10, 30)


def test_without_a_source_range_all_of_the_media_is_shown(tmp_path: Path) -> None:
    folder = images(tmp_path / "seq")
    item = otio.schema.Clip("a", sequence(folder, span(1001, 100)))
    path = saved(timeline([item, clip("b", 0, 10)]), tmp_path / "a.otio")
    first, second = list_clips(path).clips
    assert (first.source_start, first.frames, second.record_start) == (1001, 100, 100)
    assert first.media_exists


def test_images_of_a_movie_reference_are_counted_one_by_one(tmp_path: Path) -> None:
    folder = images(tmp_path / "seq")
    for name in ("a.%04d.exr", "a.####.exr", "a.[1001-1100].exr", "a.@@@@.exr", "a.$F4.exr"):
        reference = otio.schema.ExternalReference(f"{folder}/{name}", span(1001, 100, 25))
        place = resolve_media(reference, tmp_path)
        assert place is not None
        assert (place.path, place.exists) == (folder / "a.%04d.exr", True)
        item = otio.schema.Clip("a", reference, span(1011, 20, 25))
        assert used(tmp_path, item, Clock(Fraction(24), 100)) == FrameRange(10, 30)
    one = otio.schema.ExternalReference((folder / "a.1001.exr").as_uri(), span(0, 100, 25))
    item = otio.schema.Clip("a", one, span(10, 20, 25))
    assert used(tmp_path, item, Clock(Fraction(24), 100)) == FrameRange(10, 30)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("a.%04d.exr", "a.%04d.exr"), ("a.####.dpx", "a.%04d.dpx"), ("a.#.exr", "a.%01d.exr"),
        ("a_[0001-0100].png", "a_%04d.png"), ("a.$F.exr", "a.%01d.exr"), ("a.mov", None),
        ("a.####.mov", None), ("a.exr", None),
    ],
)  # fmt: skip
def test_a_number_is_written_in_many_ways(name: str, pattern: str | None) -> None:
    expected = None if pattern is None else Path("/m") / pattern
    assert as_pattern(Path("/m") / name) == expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("file:///C:/media/A%20001.mov", "C:/media/A 001.mov"),
        ("file://localhost/C%3a/shows/A%20001.mov", "C:/shows/A 001.mov"),
        ("file:///C|/media/a.mov", "C|/media/a.mov"),
        ("file://C:/media/a.mov", "C:/media/a.mov"), ("C:\\media\\a.mov", "C:\\media\\a.mov"),
        ("C:/media/a.mov", "C:/media/a.mov"), ("\\\\nas\\v\\a.mov", "\\\\nas\\v\\a.mov"),
        ("file://nas/v/a.mov", "//nas/v/a.mov"), ("file:a.mov", "a.mov"),
        ("file://./plates/a.mov", "plates/a.mov"), ("plates/a%20b.mov", "plates/a%20b.mov"),
    ],
)  # fmt: skip
def test_what_other_systems_write_is_shown_and_found_by_its_name(
    tmp_path: Path, url: str, shown: str
) -> None:
    assert text_of_url(url).removeprefix("/" if "./" in url else "") == shown
    name = shown.replace("\\", "/").rpartition("/")[2].replace("%20", " ")
    write_movie(tmp_path / name)
    place = resolve_media(otio.schema.ExternalReference(url), tmp_path)
    assert place is not None
    assert (place.path, place.exists) == (tmp_path / name, True)


def test_a_windows_folder_of_images_is_found_beside_the_cut(tmp_path: Path) -> None:
    images(tmp_path / "plates")
    for base in ("C:\\shows\\plates\\", "file:///C:/shows/plates/", "//nas/shows/plates"):
        reference = sequence(tmp_path, span(1001, 100))
        reference.target_url_base = base
        place = resolve_media(reference, tmp_path)
        assert place is not None
        assert place.path == tmp_path / "plates" / "a.%04d.exr"


@pytest.mark.parametrize(
    "metadata",
    [
        {"Resolve_OTIO": {"Media Path": "/gone/plates/plate.mp4"}},
        {"ayon": {"representation": {"files": ["plate.mp4"], "stagingDir": "PLATES"}}},
        {"AAF": {"UserComments": {"UNC Path": "file:///gone/plate.mp4"}}},
    ],
)
@pytest.mark.parametrize("holder", ["clip", "reference"])
def test_media_may_be_named_in_metadata_alone(
    tmp_path: Path, metadata: dict[str, Any], holder: str
) -> None:
    write_movie(tmp_path / "plate.mp4")
    text = json.dumps(metadata).replace("PLATES", str(tmp_path))
    item = otio.schema.Clip("sh010", otio.schema.MissingReference(), span(0, 6))
    (item if holder == "clip" else item.media_reference).metadata.update(json.loads(text))
    (one,) = list_clips(saved(timeline([item]), tmp_path / "a.otio")).clips
    assert (one.media, one.media_exists) == (str(tmp_path / "plate.mp4"), True)


def test_of_several_media_the_active_ones_count_and_else_the_first_that_name_something(
    tmp_path: Path,
) -> None:
    item = clip("a", 0, 24)
    references = {
        "DEFAULT_MEDIA": otio.schema.MissingReference(), "high": otio.schema.ExternalReference(
            "file:///m/high.mov", span(0, 100)), "proxy": otio.schema.ExternalReference("p.mov"),
    }  # fmt: skip
    item.set_media_references(references, "DEFAULT_MEDIA")
    listing = list_clips(saved(timeline([item]), tmp_path / "a.otio"))
    assert listing.clips[0].media == "/m/high.mov"
    assert "a: the active media reference names no file" in listing.notices[0]
    item.active_media_reference_key = "proxy"
    listing = list_clips(saved(timeline([item]), tmp_path / "a.otio"))
    assert (listing.clips[0].media, listing.notices) == ("p.mov", ())


def altered(path: Path, change: Callable[[list[Any]], None]) -> Path:
    """A cut of the clips a, b and c, the items of its track changed in JSON."""
    document = json.loads(
        timeline([clip("a", 0, 48), clip("b", 10, 24), clip("c", 5, 12)]).to_json_string()
    )
    change(document["tracks"]["children"][0]["children"])
    path.write_text(json.dumps(document))
    return path


def unknown_item(items: list[Any]) -> None:
    items[1] = {"OTIO_SCHEMA": "Compound.3", "name": "b", "source_range": items[1]["source_range"]}


def unknown_retime(items: list[Any]) -> None:
    items[1]["effects"] = [{"OTIO_SCHEMA": "TimeRemap.1", "metadata": {"x": 1}}]


def unknown_effect(items: list[Any]) -> None:
    items[1]["effects"] = [{"OTIO_SCHEMA": "Glow.1"}]


def unknown_media(items: list[Any]) -> None:
    items[1]["media_references"]["DEFAULT_MEDIA"] = {
        "OTIO_SCHEMA": "Cloud.1", "target_url": "/m/b.mov",
    }  # fmt: skip


def no_media(items: list[Any]) -> None:
    items[1]["media_references"]["DEFAULT_MEDIA"] = None


def newer_clip(items: list[Any]) -> None:
    items[1]["OTIO_SCHEMA"] = "Clip.9"


def unknown_marker(items: list[Any]) -> None:
    items[1]["markers"] = [{"OTIO_SCHEMA": "Mark.4"}]
    unknown_effect(items)


def nothing(items: list[Any]) -> None:
    items[1] = None


@pytest.mark.parametrize(
    ("change", "names", "said"),
    [
        (unknown_item, "ac", "A gap takes the place of Compound, .*: b"),
        (unknown_retime, "abc", r"Effect of a kind .*\(TimeRemap\): b"),
        (unknown_effect, "abc", r"Effect of a kind .*\(Glow\): b"),
        (unknown_media, "abc", r"Media of a kind .*\(Cloud\): b"),
        (no_media, "abc", "No media named: b"),
        (newer_clip, "abc", r"newer OpenTimelineIO \(Clip.9\), .*: b"),
        (unknown_marker, "abc", "Glow"),
    ],
)  # fmt: skip
def test_what_opentimelineio_does_not_know_costs_itself_only(
    tmp_path: Path, change: Callable[[list[Any]], None], names: str, said: str
) -> None:
    listing = list_clips(altered(tmp_path / "a.otio", change))
    assert [one.name for one in listing.clips] == list(names)
    assert (listing.clips[-1].name, listing.clips[-1].record_start) == ("c", 72)
    assert re.search(said, listing.notices[0])
    speeds = {one.name: one.speed for one in listing.clips}
    assert speeds.get("b") == (None if change is unknown_retime else speeds.get("b") and 1)


def test_an_item_that_is_nothing_leaves_a_gap_without_length(tmp_path: Path) -> None:
    listing = list_clips(altered(tmp_path / "a.otio", nothing))
    assert [one.record_start for one in listing.clips] == [0, 48]
    assert "of no length" in listing.notices[0]


def test_a_file_with_unknown_kinds_goes_back_as_it_was(tmp_path: Path) -> None:
    def change(items: list[Any]) -> None:
        unknown_item(items)
        items[0]["metadata"]["mien"] = SMILE

    cut = read_cut(altered(tmp_path / "a.otio", change))
    (tmp_path / "out").mkdir()
    written = write_back(
        cut, [rendered(cut.jobs[0], tmp_path, Clock(Fraction(24), 100))], tmp_path / "out"
    )
    track = json.loads(written[0].read_text())["tracks"]["children"][0]["children"]
    assert track[1]["OTIO_SCHEMA"] == "Compound.3"
    assert "mien" in track[0]["media_references"]


def test_old_clips_have_one_media_reference(tmp_path: Path) -> None:
    def change(items: list[Any]) -> None:
        for item in items:
            item["OTIO_SCHEMA"] = "Clip.1"
            item["media_reference"] = item.pop("media_references")["DEFAULT_MEDIA"]

    listing = list_clips(altered(tmp_path / "a.otio", change))
    assert [one.media for one in listing.clips] == [f"/media/{name}.mov" for name in "abc"]


def test_stacks_with_markers_and_effects_show_their_clips(tmp_path: Path) -> None:
    inner = otio.schema.Track("inner")
    inner.extend([clip("a", HOUR, 48), clip("b", 10, 24)])
    stack = otio.schema.Stack("nest", source_range=span(24, 36))
    stack.markers.append(otio.schema.Marker("look", span(30, 1)))
    stack.effects.append(otio.schema.Effect(effect_name="Blur"))
    stack.effects.append(otio.schema.LinearTimeWarp(time_scalar=2))
    stack.append(inner)
    listing = list_clips(saved(timeline([gap(10), stack]), tmp_path / "a.otio"))
    first, second = listing.clips
    assert (first.record_start, first.source_start, first.frames) == (10, HOUR + 24, 12)
    assert (second.record_start, second.frames, second.source_frames) == (22, 12, 24)
    assert {one.speed for one in listing.clips} == {2}


def test_media_of_a_bundle_are_in_it(tmp_path: Path) -> None:
    bundle = tmp_path / "a.otiod"
    (bundle / "media").mkdir(parents=True)
    write_movie(bundle / "media" / "plate.mp4")
    item = clip("a", 0, 6, url="media/plate.mp4")
    saved(timeline([item]), bundle / "content.otio")
    (one,) = list_clips(bundle).clips
    assert (one.media, one.media_exists) == (str(bundle / "media" / "plate.mp4"), True)


def test_media_of_many_clips_are_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien.editorial import media_refs

    calls: list[Any] = []
    own = media_refs.resolve_media

    def counted(reference: Any, folder: Path) -> Any:
        calls.append(reference)
        return own(reference, folder)

    monkeypatch.setattr(media_refs, "resolve_media", counted)
    finder = MediaFinder(tmp_path)
    for name in "aaab":
        finder.find(clip(name, 0, 6))
    assert len(calls) == 2
