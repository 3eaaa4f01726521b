"""A cut of twelve shots, of all that is in the test footage: rendered, and handed back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.media.probe import probe
from mien.timebase import Timecode
from tests.cuts import SMILE, clip, dissolve, gap, saved, span, timeline
from tests.unit.test_cut_back import without_renders

HOUR = 86400
FAILED = {"sh110": "No face was found in pyfeat_no_face.mp4", "sh120": "There is no file"}
FRAMES = {
    # What the cut uses, with two frames on either side where there are any.
    "sh010": 20, "sh020": 16, "sh030": 14, "sh040": 12, "sh050": 15, "sh060": 10,
    "sh070": 13, "sh080": 12, "sh090": 10, "sh100": 12,
}  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """A batch that ran."""

    cut: Path
    folder: Path
    exit_code: int
    output: str
    errors: str


def twelve_shots(clip_path: Callable[[str], Path]) -> Any:
    """H.264, HEVC, ProRes; MP4, MOV, MKV; 12.5 to 30 frames a second and variable ones."""

    def shot(name: str, file: str, start: float, length: float, rate: float, **more: Any) -> Any:
        url = clip_path(file).as_uri()
        return clip(name, start, length, url=url, rate=rate, **{"edit": SMILE, **more})

    prores = "derived_prores422lt_24p_s29.mov"
    inner = otio.schema.Track("inner")
    inner.append(shot("sh100", prores, 0, 24, 24, edit={"set": ["browDown=+0.5"]}))
    nested = otio.schema.Stack("nested", source_range=span(4, 8), metadata={"avid": {"id": 7}})
    nested.append(inner)
    retimed = shot("sh020", prores, HOUR + 2, 24, 24, available=span(HOUR, 24), speed=0.5)
    retimed.markers.append(otio.schema.Marker("look", span(HOUR + 3, 1), "PINK", {"x": {"y": 1}}))
    missing = clip("sh120", 0, 10, url="file:///gone/sh120.mov", edit=SMILE)
    cut = timeline(
        [
            shot("sh010", "pyfeat_single_face.mp4", 10, 12, 30),
            dissolve(0, 4, 30),
            retimed,
            shot("sh030", "intel_asl_eat.mkv", 4, 10, 30),
            gap(5),
            shot("sh040", "intel_headpose_female_fromgif.mp4", 2, 8, 12.5),
            shot("sh050", "skv_carphone_pristine.mp4", 24, 8, 24),
            shot("sh060", "derived_hevc10_1080p_s18.mp4", 20, 6, 30),
            shot("sh070", "vretalk_1.mp4", 30, 10, 25),
            shot("sh080", "pyfeat_single_face.mp4", 40, 8, 30, edit={"set": ["jawOpen=+0.3"]}),
            clip("untouched", 0, 24),
        ],
        [
            gap(60),
            shot("sh090", "intel_three_people_walk_pause_fromgif.mp4", 20, 6, 12.5),
            nested,
            shot("sh110", "pyfeat_no_face.mp4", 0, 10, 24),
            missing,
        ],
        start=HOUR,
    )
    cut.metadata["somebody"] = {"else": [1, 2.5, {"deep": None}]}
    return cut


@pytest.fixture(scope="module")
def batch(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder = tmp_path_factory.mktemp("show")
    cut = saved(twelve_shots(clip), folder / "cut.otio")
    output = folder / "renders"
    output.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "mien", "batch", str(cut), "-o", str(output), "--handles", "2",
         "--renderer", "warp", "--json"],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    return Batch(cut, output, done.returncode, done.stdout, done.stderr)


def outputs(batch: Batch) -> list[Path]:
    """The shots that were rendered, without the credentials that lie beside some."""
    return [path for path in batch.folder.glob("sh*.*") if path.suffix != ".c2pa"]


@pytest.mark.slow
@pytest.mark.shared
def test_all_that_can_be_rendered_is_and_the_others_are_named(batch: Batch) -> None:
    assert batch.exit_code == 1, batch.errors
    summary = json.loads(batch.output)
    status = {shot["name"]: shot["status"] for shot in summary["shots"]}
    assert status == dict.fromkeys(FRAMES, "done") | dict.fromkeys(FAILED, "failed")
    shots = {shot["name"]: shot for shot in summary["shots"]}
    for name, said in FAILED.items():
        assert said in json.dumps(shots[name]), name
    assert {path.stem for path in outputs(batch)} == set(FRAMES)


@pytest.mark.slow
@pytest.mark.shared
def test_outputs_hold_the_frames_of_the_cut_in_their_sources_family(batch: Batch) -> None:
    facts = {path.stem: probe(path) for path in outputs(batch)}
    assert {name: found.clock.frame_count for name, found in facts.items()} == FRAMES
    assert (facts["sh060"].codec, facts["sh060"].bits) == ("hevc", 10)
    assert (facts["sh100"].codec, facts["sh100"].path.suffix) == ("prores", ".mov")
    assert facts["sh030"].path.suffix == ".mkv"
    # A nested clip from its fourth frame on, less handles: its timecode tells.
    assert facts["sh100"].clock.start == Timecode(HOUR + 2, 24)


@pytest.mark.slow
@pytest.mark.shared
def test_the_cut_comes_back_with_its_renders_and_all_else_equal(batch: Batch) -> None:
    back = otio.adapters.read_from_file(str(batch.folder / "cut.mien.otio"))
    original = otio.adapters.read_from_file(str(batch.cut))
    assert without_renders(back).is_equivalent_to(original)
    for item in back.find_clips():
        references = item.media_references()
        assert ("mien" in references) == (item.name in FRAMES), item.name
        if item.name in FRAMES:
            url = references["mien"].target_url
            assert Path(url.removeprefix("file://")).parent == batch.folder
            assert item.active_media_reference_key == "DEFAULT_MEDIA"
    ranges = {item.name: item.media_references() for item in back.find_clips()}
    assert ranges["sh010"]["mien"].available_range == span(8, 20, 30)
    assert ranges["sh020"]["mien"].available_range == span(HOUR, 16)
    assert ranges["sh100"]["mien"].available_range == span(2, 12)


@pytest.mark.slow
@pytest.mark.shared
def test_conform_lists_are_beside_it(batch: Batch) -> None:
    lists = [batch.folder / f"cut.mien.{ending}" for ending in ("edl", "2.edl")]
    names = [
        item.name
        for path in lists
        for item in otio.adapters.read_from_file(str(path), rate=24).find_clips()
    ]
    assert sorted(names) == sorted(FRAMES)
    xml = otio.adapters.read_from_file(str(batch.folder / "cut.mien.xml"))
    found = {item.name: item for item in xml.find_clips()}
    assert set(found) == set(FRAMES)
    assert found["sh050"].markers[0].name == "mien:sh050"


@pytest.mark.slow
@pytest.mark.shared
def test_the_same_command_again_renders_nothing_again(batch: Batch) -> None:
    before = {path: path.stat().st_mtime_ns for path in batch.folder.glob("sh*.*")}
    command = [sys.executable, "-m", "mien", "batch", str(batch.cut), "-o", str(batch.folder)]
    done = subprocess.run(
        [*command, "--handles", "2", "--renderer", "warp", "--activate", "--resume"],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert {path: path.stat().st_mtime_ns for path in batch.folder.glob("sh*.*")} == before
    back = otio.adapters.read_from_file(str(batch.folder / "cut.mien.otio"))
    keys = {item.name: item.active_media_reference_key for item in back.find_clips()}
    assert {name for name, key in keys.items() if key == "mien"} == set(FRAMES)
