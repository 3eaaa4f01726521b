"""The cut written back: the renders in it, and all else as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import read_cut, write_back
from mien.editorial.cut import Cut, all_uses
from mien.editorial.formats import open_cut
from mien.errors import MediaError, OutputError
from mien.jobs.job import CutSpan, Problem, ShotJob, ShotResult
from mien.timebase import Clock, Timecode
from tests.cuts import SMILE, clip, clock, dissolve, gap, rendered, saved, span, timeline

HOUR = 86400


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A cut with all that editors leave in one."""
    inner = otio.schema.Track("inner")
    inner.extend([clip("nested", HOUR, 48, available=span(HOUR, 500), edit=SMILE)])
    nested = otio.schema.Stack("nest", source_range=span(12, 24), metadata={"avid": {"id": 7}})
    nested.append(inner)
    marked = clip("b", HOUR + 50, 24, available=span(HOUR, 500), edit=SMILE, speed=2.0)
    marked.markers.append(
        otio.schema.Marker("look", span(HOUR + 55, 1), "PINK", {"resolve": {"note": "eyes"}})
    )
    marked.metadata["cmx_3600"] = {"reel": "A002"}
    proxies = clip("c", 10, 24, edit=SMILE)
    references = dict(proxies.media_references())
    references["proxy"] = otio.schema.ExternalReference("/proxies/c.mov", span(0, 100))
    proxies.set_media_references(references, "proxy")
    cut = timeline(
        [clip("a", HOUR + 10, 48, available=span(HOUR, 500), edit=SMILE), dissolve(6, 6), marked,
         gap(10), nested, clip("plain", 0, 24)],
        [gap(100), proxies],
        start=HOUR,
    )  # fmt: skip
    cut.metadata["somebody"] = {"else": [1, 2.5, {"x": None}], "unknown": True}
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    sound.append(
        otio.schema.Clip("s", otio.schema.GeneratorReference(generator_kind="tone"), span(0, 9))
    )
    cut.tracks.append(sound)
    return saved(cut, tmp_path / "show.otio")


def all_rendered(cut: Cut, folder: Path, found: Clock | None = None) -> list[ShotResult]:
    return [rendered(job, folder, found or clock()) for job in cut.jobs]


def without_renders(cut: Any) -> Any:
    plain = cut.deepcopy()
    for item in plain.find_clips():
        references = dict(item.media_references())
        if references.pop("mien", None) is not None:
            item.set_media_references(references, item.active_media_reference_key)
    return plain


def read(path: Path) -> Any:
    return otio.adapters.read_from_file(str(path))


def test_everything_else_is_as_it_was(show: Path, tmp_path: Path) -> None:
    cut = read_cut(show, handles=8)
    files = write_back(cut, all_rendered(cut, tmp_path), tmp_path)
    assert files[0] == tmp_path / "show.mien.otio"
    back, original = read(files[0]), read(show)
    assert without_renders(back).is_equivalent_to(original)
    assert not back.is_equivalent_to(original)
    assert cut.content.is_equivalent_to(original)
    assert [item.active_media_reference_key for item in back.find_clips()] == [
        item.active_media_reference_key for item in original.find_clips()
    ]


def test_not_a_letter_of_the_rest_is_changed(show: Path, tmp_path: Path) -> None:
    # OTIO reads 0.1 + 0.2 to within a unit in the last place, and knows no Thing.9.
    document = json.loads(show.read_text())
    document["metadata"]["numbers"] = [0.1 + 0.2, 0.21907373552711762, 1e-7]
    document["metadata"]["future"] = {"OTIO_SCHEMA": "Thing.9", "ü": None}
    old = document["tracks"]["children"][0]["children"][0]
    old["OTIO_SCHEMA"] = "Clip.1"
    old["media_reference"] = old.pop("media_references")[old.pop("active_media_reference_key")]
    show.write_text(json.dumps(document))
    cut = read_cut(show)
    write_back(cut, all_rendered(cut, tmp_path), tmp_path)
    back = json.loads((tmp_path / "show.mien.otio").read_text())
    track = back["tracks"]["children"][0]["children"]
    renewed = {"OTIO_SCHEMA": "Clip.1", "media_reference": old["media_reference"]}
    assert track[0].pop("active_media_reference_key") == "DEFAULT_MEDIA"
    assert set(track[0].pop("media_references")) == {"DEFAULT_MEDIA", "mien"}
    track[0] |= renewed
    for item in (track[2], track[4]["children"][0]["children"][0],
                 back["tracks"]["children"][1]["children"][1]):  # fmt: skip
        assert item["media_references"].pop("mien")
    assert back == document
    assert len(list(read(tmp_path / "show.mien.otio").find_clips())) == 6


def test_a_render_lies_where_its_clip_looks(show: Path, tmp_path: Path) -> None:
    cut = read_cut(show, handles=8)
    write_back(cut, all_rendered(cut, tmp_path), tmp_path)
    found = {item.name: item for item in read(tmp_path / "show.mien.otio").find_clips()}
    render = found["a"].media_references()["mien"]
    assert render.target_url == (tmp_path / "a.mov").as_uri()
    # 48 frames, 6 more under the dissolve, 8 of handles on either side.
    assert render.available_range == span(HOUR + 2, 48 + 6 + 16)
    assert found["b"].media_references()["mien"].available_range == span(
        HOUR + 50 - 20, 12 + 48 + 16
    )
    assert found["c"].media_references()["mien"].available_range == span(2, 40)
    assert set(found["c"].media_references()) == {"DEFAULT_MEDIA", "proxy", "mien"}
    assert "mien" not in found["plain"].media_references()
    assert dict(render.metadata["mien"])["shot"] == "a"


def test_renders_may_become_the_active_media(show: Path, tmp_path: Path) -> None:
    cut = read_cut(show)
    write_back(cut, all_rendered(cut, tmp_path), tmp_path, activate=True)
    back = read(tmp_path / "show.mien.otio")
    keys = {item.name: item.active_media_reference_key for item in back.find_clips()}
    assert (keys["a"], keys["plain"]) == ("mien", "DEFAULT_MEDIA")
    again = read_cut(tmp_path / "show.mien.otio")
    assert [job.media for job in again.jobs] == [job.media for job in cut.jobs]


def test_a_shot_that_failed_leaves_its_clip_alone(show: Path, tmp_path: Path) -> None:
    cut = read_cut(show)
    first, *others = all_rendered(cut, tmp_path)
    problem = Problem.of(MediaError("There is no file."))
    failed = [ShotResult(first.job, "failed", problem=problem), *others]
    write_back(cut, failed, tmp_path)
    items = {item.name: item for item in read(tmp_path / "show.mien.otio").find_clips()}
    assert "mien" not in items["a"].media_references()
    assert "mien" in items["b"].media_references()


def test_conform_lists_name_every_render_with_a_marker(show: Path, tmp_path: Path) -> None:
    cut = read_cut(show, handles=8)
    coded = Clock(Fraction(24), 2000, None, Timecode(HOUR, 24))
    files = write_back(cut, all_rendered(cut, tmp_path, coded), tmp_path)
    assert [path.name for path in files[1:]] == [
        "show.mien.edl", "show.mien.2.edl", "show.mien.xml",
    ]  # fmt: skip
    text = files[1].read_text()
    assert f"* FROM CLIP: {tmp_path / 'b.mov'}" in text
    assert "* LOC: 01:00:00:00 RED     mien:a" in text
    assert "M2   A002     048.0                01:00:02:02" in text
    events = otio.adapters.read_from_file(str(files[1]), rate=24)
    ranges = {item.name: item.source_range for item in events.find_clips()}
    assert ranges["a"] == span(HOUR + 10, 48)
    assert ranges["b"] == span(HOUR + 50, 24)
    assert ranges["nested"] == span(HOUR + 12, 24)
    (second,) = otio.adapters.read_from_file(str(files[2]), rate=24).find_clips()
    assert (second.name, second.media_reference.target_url) == ("c", str(tmp_path / "c.mov"))


def test_the_xml_list_puts_renders_at_their_record_times(show: Path, tmp_path: Path) -> None:
    cut = read_cut(show, handles=8)
    coded = Clock(Fraction(24), 2000, None, Timecode(HOUR, 24))
    files = write_back(cut, all_rendered(cut, tmp_path, coded), tmp_path)
    back = read(files[-1])
    found = {item.name: item for item in back.find_clips()}
    assert back.global_start_time.value == HOUR
    assert found["a"].media_reference.target_url == (tmp_path / "a.mov").as_uri()
    assert found["a"].source_range == span(HOUR + 10, 48)
    assert found["a"].media_reference.available_range == span(HOUR + 2, 70)
    assert found["a"].markers[0].name == "mien:a"
    assert found["b"].markers[0].name == "mien:b (200 %)"
    assert found["b"].range_in_parent().start_time.value == 48
    assert found["c"].range_in_parent().start_time.value == 100


def test_a_render_without_timecode_is_listed_from_its_own_start(tmp_path: Path) -> None:
    cut = read_cut(
        saved(timeline([clip("a", 100, 48, edit=SMILE)]), tmp_path / "s.otio"), handles=8
    )
    files = write_back(cut, all_rendered(cut, tmp_path), tmp_path)
    assert "00:00:00:08 00:00:02:08 00:00:00:00 00:00:02:00" in files[1].read_text()


@pytest.mark.parametrize(("speed", "used"), [(0.5, 12), (2.0, 48), (0.0, 1), (-2.0, 48)])
def test_retimes_are_in_the_edl_list(tmp_path: Path, speed: float, used: int) -> None:
    item = clip("a", HOUR + 200, 24, available=span(HOUR, 500), edit=SMILE, speed=speed)
    cut = read_cut(saved(timeline([item]), tmp_path / "s.otio"))
    coded = Clock(Fraction(24), 500, None, Timecode(HOUR, 24))
    files = write_back(cut, all_rendered(cut, tmp_path, coded), tmp_path)
    source = (str(Timecode(HOUR + 200 + more, 24)) for more in (0, used))
    assert f"C        {' '.join(source)} 00:00:00:00 00:00:01:00" in files[1].read_text()
    (back,) = otio.adapters.read_from_file(str(files[1]), rate=24).find_clips()
    assert back.source_range == span(HOUR + 200, 24)
    assert [effect.time_scalar for effect in back.effects] == [speed]


def test_a_sequence_of_images_is_referred_to_as_one(tmp_path: Path) -> None:
    cut = read_cut(saved(timeline([clip("a", 100, 4, edit=SMILE)]), tmp_path / "s.otio"))
    for number in range(1101, 1105):
        (tmp_path / f"a.{number}.exr").write_bytes(b"x")
    result = rendered(cut.jobs[0], tmp_path, clock())
    write_back(cut, [replace(result, output=tmp_path / "a.%04d.exr")], tmp_path)
    (item,) = read(tmp_path / "s.mien.otio").find_clips()
    render = item.media_references()["mien"]
    assert (render.start_frame, render.frame_zero_padding) == (1101, 4)
    assert render.target_url_for_image_number(3) == (tmp_path / "a.1104.exr").as_uri()
    assert render.available_range == span(100, 4)
    (event,) = otio.adapters.read_from_file(str(tmp_path / "s.mien.edl"), rate=24).find_clips()
    assert (event.media_reference.start_frame, event.media_reference.name_prefix) == (1101, "a.")
    (listed,) = read(tmp_path / "s.mien.xml").find_clips()
    assert listed.media_reference.target_url == (tmp_path / "a.1101.exr").as_uri()


def test_media_at_another_rate_than_the_cut(tmp_path: Path) -> None:
    item = clip("a", 24, 48, edit=SMILE)
    cut = read_cut(saved(timeline([item]), tmp_path / "s.otio"), handles=5)
    write_back(cut, all_rendered(cut, tmp_path, Clock(Fraction(30), 300)), tmp_path)
    (item,) = read(tmp_path / "s.mien.otio").find_clips()
    assert item.media_references()["mien"].available_range == span(20, 56)


def test_a_retime_that_no_one_can_follow_is_referred_to_whole(tmp_path: Path) -> None:
    item = clip("a", HOUR + 24, 48, available=span(HOUR, 500), edit=SMILE)
    item.effects.append(otio.schema.TimeEffect(effect_name="curve"))
    cut = read_cut(saved(timeline([item]), tmp_path / "s.otio"))
    write_back(cut, all_rendered(cut, tmp_path, clock(500)), tmp_path)
    (item,) = read(tmp_path / "s.mien.otio").find_clips()
    assert item.media_references()["mien"].available_range == span(HOUR, 500)


def test_several_timelines_get_a_list_each(tmp_path: Path) -> None:
    collection = otio.schema.SerializableCollection("bin")
    for name in ("one", "two"):
        made = timeline([clip(name, 0, 24, edit=SMILE)])
        made.name = name
        collection.append(made)
    cut = read_cut(saved(collection, tmp_path / "s.otio"))
    names = [path.name for path in write_back(cut, all_rendered(cut, tmp_path), tmp_path)]
    assert names == [
        "s.mien.otio", "s.one.mien.edl", "s.one.mien.xml", "s.two.mien.edl", "s.two.mien.xml",
    ]  # fmt: skip


def test_drop_frame_lists_stay_so(tmp_path: Path) -> None:
    (tmp_path / "a.edl").write_text(
        "TITLE: t\nFCM: DROP FRAME\n\n"
        "001  A1  V  C  00:01:00;02 00:01:01;02 01:00:00;00 01:00:01;00\n"
        "* FROM CLIP: plate.mp4\n"
    )
    content = open_cut(tmp_path / "a.edl", "29.97").content
    (use,) = (use for _, use in all_uses(content))
    job = ShotJob("a", frames=CutSpan(use.start, use.length, use.rate), clip=0)
    ntsc = Clock(Fraction(30000, 1001), 5000, None, Timecode(0, 30, True))
    cut = Cut(tmp_path / "a.edl", content, (job,), 1, ())
    files = write_back(cut, [rendered(job, tmp_path, ntsc)], tmp_path)
    assert "00:01:00;02 00:01:01;02 01:00:00;00 01:00:01;00" in files[1].read_text()


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    cut = read_cut(saved(timeline([clip("a", 0, 4, edit=SMILE)]), tmp_path / "s.otio"))
    with pytest.raises(OutputError):
        write_back(cut, all_rendered(cut, tmp_path), tmp_path / "none")
