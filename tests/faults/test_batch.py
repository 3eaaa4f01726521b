"""Batches: the same bytes however they are done, and nothing done twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mien
from mien import api
from mien.media.lock import Lock
from mien.media.reader import open_reader
from tests.credentials import render_bytes
from tests.faults.batches import Batch, workers_path
from tests.faults.conftest import Mien, command

pytestmark = pytest.mark.slow

OPENJD = Path(sys.executable).with_name("openjd")


@pytest.fixture
def batch(project: Path, footage: Path, tmp_path: Path) -> Batch:
    return Batch(tmp_path / "out", footage, project, renderer="keyed", wait=0, workers=1)


def frames_of(batch: Batch) -> Path:
    return batch.folder / ".mien-batch" / "shots" / "shot" / "frames"


def test_whole_in_chunks_by_two_by_dask_and_by_openjd(
    project: Path, footage: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.mp4"
    loaded = mien.load_project(project)
    edit = mien.Edit(api.main_face(loaded.shot)).set("smile", 0.5, span="2:24")
    mien.render(loaded, whole, edits=[edit], frames="0:26", progress=False)
    expected = render_bytes(whole)
    for name, options in {
        "chunks": ("--workers", 1),
        "two": (),
        "dask": ("--engine", "dask"),
        "openjd": (),
    }.items():
        batch = Batch(tmp_path / name, footage, project, renderer="warp", wait=0)
        batch.texts = ("smile=+0.5@2:24",)
        if name == "openjd":
            by_openjd(batch, tmp_path / "bundle")
        else:
            assert batch.run(*options)["shots"][0]["frames_made"] == 22
        assert render_bytes(batch.output) == expected, name
    plate, made = (open_reader(path).frame(12).plate() for path in (footage, whole))
    assert not np.array_equal(plate.planes[0], made.planes[0])


def by_openjd(batch: Batch, bundle: Path) -> None:
    exported = batch.run("--export-openjd", bundle)
    assert exported == {"bundle": str(bundle), "left_out": [], "exit_code": 0}
    template = bundle / "template.yaml"
    subprocess.run([OPENJD, "check", template], check=True, capture_output=True)
    done = subprocess.run(
        [OPENJD, "run", template, "-p", f"Output={batch.folder}", "-p",
         f"Mien={Path(sys.executable).with_name('mien')}"],
        capture_output=True, text=True, check=False,
        env={**os.environ, **workers_path(batch.log, 0)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "openjd_progress: 100.0" in done.stdout
    assert "openjd_status: render shot 0:7, render 5 of 5" in done.stdout
    # The batch finds it all done.
    report = batch.run("--resume")
    assert report["shots"][0]["kept"]


def test_what_is_whole_is_not_done_again(batch: Batch) -> None:
    first = batch.run()
    assert first["shots"][0]["frames_made"] == 22
    content, made = render_bytes(batch.output), len(batch.made())
    assert batch.run()["shots"][0]["kept"]
    # An output that somebody touched is written again, from the frames that are there.
    batch.output.write_bytes(batch.output.read_bytes()[:-100])
    assert not batch.run("--resume")["shots"][0]["kept"]
    assert render_bytes(batch.output) == content
    batch.output.unlink()
    batch.run("--resume")
    assert render_bytes(batch.output) == content
    assert len(batch.made()) == made


def test_an_output_without_its_credentials_is_not_whole(batch: Batch) -> None:
    batch.more = {"lossless": True}
    shot = batch.run()["shots"][0]
    output = Path(shot["output"])
    sidecar = output.with_name(f"{output.name}.c2pa")
    assert sidecar.is_file(), "FFV1 in MKV has its credentials beside it"
    made = len(batch.made())
    assert batch.run("--resume")["shots"][0]["kept"]
    for harm in (sidecar.unlink, lambda: sidecar.write_bytes(b"no manifest")):
        harm()
        assert not batch.run("--resume")["shots"][0]["kept"]
        assert mien.read_provenance(output).state == "valid"
        assert batch.run("--resume")["shots"][0]["kept"]
    assert len(batch.made()) == made, "its frames are there"


@pytest.mark.parametrize("harm", ["torn", "flipped", "gone"])
def test_a_damaged_frame_is_made_again(batch: Batch, harm: str) -> None:
    batch.run()
    content = render_bytes(batch.output)
    batch.output.unlink()
    files = sorted(frames_of(batch).rglob("*.frame"))
    damaged = bytearray(files[9].read_bytes())
    damaged[-9] ^= 1
    if harm == "gone":
        files[9].unlink()
    else:
        files[9].write_bytes(damaged if harm == "flipped" else damaged[:50])
    before = len(batch.made())
    batch.run("--resume")
    assert render_bytes(batch.output) == content
    assert batch.made()[before:] == [11]


def test_a_damaged_project_is_tracked_again(footage: Path, tmp_path: Path) -> None:
    batch = Batch(tmp_path / "out", footage, renderer="keyed", wait=0, workers=1)
    batch.run()
    content = render_bytes(batch.output)
    (tracked,) = (batch.folder / ".mien-batch" / "tracked").glob("*.mien")
    tracked.write_bytes(tracked.read_bytes()[:5000])
    batch.output.unlink()
    batch.run()
    assert render_bytes(batch.output) == content


def test_a_changed_edit_costs_the_frames_that_it_changes(batch: Batch, tmp_path: Path) -> None:
    batch.run()
    before = len(batch.made())
    batch.texts = (*batch.texts, "browDown=+0.2@15:19")
    report = batch.run()
    assert sorted(batch.made()[before:]) == [15, 16, 17, 18]
    # In frames 3, 13 and 23 the test renderer changes nothing.
    assert report["shots"][0]["frames_edited"] == 19
    fresh = Batch(tmp_path / "fresh", batch.media, batch.project, renderer="keyed", wait=0)
    fresh.texts = batch.texts
    fresh.run()
    assert render_bytes(batch.output) == render_bytes(fresh.output)
    # Frames of the edit before are gone with the next output.
    assert len(list(frames_of(batch).rglob("*.frame"))) == 22


def test_another_codec_costs_no_frame(batch: Batch) -> None:
    batch.run()
    before = len(batch.made())
    report = batch.run("--lossless")
    assert report["shots"][0]["output"].endswith("shot.mkv")
    # Back again, the first output is still known to be the batch's own.
    assert batch.run()["shots"][0]["output"] == str(batch.output)
    assert len(batch.made()) == before


def test_a_foreign_output_is_not_replaced(batch: Batch) -> None:
    batch.folder.mkdir()
    batch.output.write_text("somebody's")
    report = batch.run(code=1)
    assert "this batch did not make it" in report["shots"][0]["problem"]["cause"]
    assert batch.output.read_text() == "somebody's"
    assert batch.made() == []
    batch.run("--overwrite")
    assert batch.output.stat().st_size > 1000


def test_a_second_batch_in_the_folder_is_refused(batch: Batch, mien: Mien) -> None:
    (batch.folder / ".mien-batch").mkdir(parents=True)
    lock = Lock(batch.folder / ".mien-batch" / "lock")
    arguments = batch.arguments()[3:]
    mien(*arguments, **workers_path(batch.log, 0)).refused(2, "A batch is running in")
    lock.release()


def test_shots_that_cannot_be_done_are_named(batch: Batch, mien: Mien, tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(b"no film")
    shots = [
        {"name": "good", "project": str(batch.project), "set": "blink=0.5@2:9", "frames": "0:9"},
        {"name": "gone", "media": "nowhere.mov", "set": "blink=0.5"},
        {"name": "noise", "media": str(noise), "set": "blink=0.5"},
        {"name": "nobody", "project": str(batch.project), "set": "blink=0.5", "face": 7},
    ]
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(json.dumps({"shots": shots}))
    done = mien("batch", jobs, "-o", tmp_path / "many", "--workers", 1)
    assert done.code == 1
    assert "1 of 4 shots done" in done.out
    for words in ("gone failed: There is no file", "noise failed:", "nobody failed:"):
        assert words in done.err
    summary = json.loads((tmp_path / "many" / "summary.json").read_text())
    assert (summary["done"], summary["failed"]) == (1, 3)
    index = (tmp_path / "many" / "index.html").read_text()
    assert index.count("<tr>") == 5
    assert 'href="good.mp4"' in index
    for shot in summary["shots"]:
        assert (tmp_path / "many" / shot["report"]).is_file()
    pictures = sorted(path.name for path in (tmp_path / "many" / "report").glob("*.jpg"))
    assert len(pictures) == 6
    events = (tmp_path / "many" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in events][-1] == "end"


def test_a_dry_run_does_nothing(batch: Batch, mien: Mien) -> None:
    done = mien(*batch.arguments("--dry-run")[3:], **workers_path(batch.log, 0))
    assert done.code == 0
    assert "shot  0:26    4       1      keyed     ?" in done.out, done.out
    assert "1 of 1 shots, 26 frames" in done.out
    assert not batch.folder.exists()
    plan = batch.run("--dry-run")
    assert plan["shots"][0]["chunks"] == 4
    assert plan["shots"][0]["faces"] == [{"number": 1, "name": "face 1"}]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--resume",), 2, "There is no batch in"),
        (("--address", "tcp://127.0.0.1:1"), 2, "--engine dask"),
        (("--engine", "dask", "--address", "head"), 2, "No Dask scheduler answers at head"),
        (("--renderer", "wrap"), 2, "There is no renderer named 'wrap'"),
        (("--handles", "4"), 2, "go with a cut"),
        (("--activate",), 2, "go with a cut"),
        (("--engine", "dask", "--address", "tcp://a:1", "--workers", "2"), 2, "has its own"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    project: Path, footage: Path, tmp_path: Path, mien: Mien, options: tuple[str, ...],
    code: int, words: str,
) -> None:  # fmt: skip
    jobs = tmp_path / "jobs.yaml"
    shot = {"name": "shot", "project": str(project), "set": "blink=0.5"}
    jobs.write_text(json.dumps({"shots": [shot]}))
    mien("batch", jobs, "-o", tmp_path / "out", *options).refused(code, words)


def test_a_folder_that_cannot_be_written_to(batch: Batch, mien: Mien, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    batch.folder = tmp_path / "file" / "out"
    arguments = Batch(tmp_path / "list", batch.media, batch.project).arguments()
    arguments[arguments.index("-o") + 1] = str(batch.folder)
    mien(*arguments[3:], **workers_path(tmp_path / "log", 0)).refused(2, "cannot keep its account")


def test_steps_of_a_farm_say_what_is_wrong(batch: Batch, mien: Mien, tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text("{}")
    mien("batch-step", "render", order).refused(3, "is no order of a batch")
    mien("batch-step", "render", tmp_path / "none.json").refused(3, "cannot be read")
    bundle = tmp_path / "bundle"
    batch.run("--export-openjd", bundle)
    order = bundle / "orders" / "shot.json"
    mien("batch-step", "render", order, "--frames", "1..2").refused(2, "cannot be read")
    media = json.loads(order.read_text()) | {"media": str(tmp_path / "gone.mp4")}
    order.write_text(json.dumps(media))
    done = subprocess.run(
        command("batch-step", "prepare", order), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "openjd_fail: " in done.stdout
    shutil.rmtree(bundle)
