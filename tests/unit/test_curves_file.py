"""Curve files: the keys other programs look for, and gaps that are told as gaps."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.io.curves import read_curve_file, write_curve_file
from mien.io.curves.collect import shot_curves
from mien.media.probe import probe
from mien.model.controls import INDEX, NAMES
from mien.model.face import Face
from mien.model.shot import Shot
from tests.documents import make_shot
from tests.faces import make_curves, make_face
from tests.unit.test_project import FRAMES, write_movie

GAP = 4


def write_curves(shot: Shot, faces: Sequence[Face], path: Path, *, raw: bool = False) -> None:
    write_curve_file(path, shot_curves(shot, faces, raw=raw))


@pytest.fixture
def face() -> Face:
    face = make_face(FRAMES)
    controls = face.curves.controls.array
    controls[:, INDEX["jawOpen"]] = np.linspace(0, 1, FRAMES)
    controls[:, INDEX["gazeYawLeft"]] = 30
    controls[:, INDEX["gazePitchRight"]] = 20
    face.curves.flame[:, 50:52] = (0.25, 0.75)
    face.curves.flame[:, 52] = 0.1
    face.curves.pose.translation[:] = (31.5 + 20, 23.5 + 40)
    for array in (controls, face.curves.flame, face.curves.pose.rotation):
        array[GAP] = np.nan
    face.curves.valid[GAP] = False
    return replace(face, raw=make_curves(FRAMES))


@pytest.fixture
def shot(tmp_path: Path, face: Face) -> Shot:
    return Shot(probe(write_movie(tmp_path / "take 1.mp4")), (face,))


def test_npz(shot: Shot, face: Face, tmp_path: Path) -> None:
    write_curves(shot, [face], tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        found = dict(file)
    sizes = {"expr": 50, "jaw_pose": 3, "neck_pose": 3, "eyes_pose": 6, "rotation": 3,
             "translation": 3, "eyelids": 2, "controls": len(NAMES)}  # fmt: skip
    for key, size in sizes.items():
        assert found[key].shape == (FRAMES, size)
        assert found[key].dtype == np.float32
        assert np.isnan(found[key][GAP]).all()
        assert np.isfinite(np.delete(found[key], GAP, axis=0)).all()
    assert found["control_names"].tolist() == list(NAMES)
    assert np.flatnonzero(~found["valid"]).tolist() == [GAP]
    assert np.allclose(found["eyelids"][0], (0.25, 0.75))
    assert np.allclose(found["jaw_pose"][0], (0.1, 0, 0))
    # To the person's left is a positive turn about y, up a negative one about x.
    assert np.allclose(found["eyes_pose"][0], (0, np.radians(30), 0, np.radians(-20), 0, 0))
    # 20 pixels a centimetre: 1 cm to the right of the middle and 2 cm below it.
    assert np.allclose(found["translation"][0], (0.01, -0.02, 0), atol=1e-6)
    assert (int(found["fps_num"]), int(found["fps_den"])) == (25, 1)
    assert found["time"][5] == pytest.approx(0.2)
    assert str(found["flame_version"]) == "mien-rig"
    assert str(found["source"]) == "take 1.mp4"


def test_json(shot: Shot, face: Face, tmp_path: Path) -> None:
    write_curves(shot, shot.faces, tmp_path / "x.json")
    found = json.loads((tmp_path / "x.json").read_text())
    assert (found["frames"], found["rate"], found["source"]) == (FRAMES, "25", "take 1.mp4")
    (one,) = found["faces"]
    assert one["smoothed"]
    assert list(one["controls"]) == list(NAMES)
    assert one["controls"]["jawOpen"][GAP] is None
    assert one["controls"]["jawOpen"][-1] == 1
    assert one["flame"][GAP] is None
    assert len(one["flame"][0]) == 55


def test_raw_is_before_smoothing(shot: Shot, tmp_path: Path) -> None:
    write_curves(shot, shot.faces, tmp_path / "x.json", raw=True)
    (one,) = json.loads((tmp_path / "x.json").read_text())["faces"]
    assert not one["smoothed"]
    assert one["controls"]["jawOpen"] == [0.0] * FRAMES


def test_equal_curves_are_equal_files(shot: Shot, tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_curves(shot, shot.faces, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_npz_holds_one_face(shot: Shot, face: Face, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one face, not 2"):
        write_curves(shot, [face, face], tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_how_surely_regions_are_seen_is_written_and_read_back(
    shot: Shot, face: Face, tmp_path: Path, ending: str
) -> None:
    regions = np.linspace(0, 1, 4 * FRAMES, dtype=np.float32).reshape(FRAMES, 4)
    confidence = np.linspace(0.2, 1, FRAMES, dtype=np.float32)
    told = replace(face, confidence=confidence, region_confidence=regions)
    path = tmp_path / f"x.{ending}"
    write_curves(shot, [told], path)
    (back,) = read_curve_file(path).faces
    assert back.confidence == pytest.approx(confidence, abs=1e-6)
    assert back.region_confidence == pytest.approx(regions, abs=1e-6)
    write_curves(shot, [face], path)
    assert read_curve_file(path).faces[0].region_confidence is None


def test_a_damaged_confidence_by_region_is_refused(shot: Shot, face: Face, tmp_path: Path) -> None:
    told = replace(face, region_confidence=np.ones((FRAMES, 4), np.float32))
    path = tmp_path / "x.json"
    write_curves(shot, [told], path)
    document = json.loads(path.read_bytes())
    document["faces"][0]["region_confidence"]["jaw"].pop()
    path.write_text(json.dumps(document))
    with pytest.raises(InputError):
        read_curve_file(path)


def test_other_endings_are_refused(shot: Shot, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.npz, \.json, .* or \.glb"):
        write_curves(shot, shot.faces, tmp_path / "x.docx")


def test_files_of_earlier_versions_are_made_to_the_byte(tmp_path: Path) -> None:
    # Taken before formats had a registry; packed bytes are another zlib's, so members count.
    shot = make_shot(48, "x", 2, (7,))
    write_curves(shot, shot.faces, tmp_path / "x.json")
    write_curves(shot, shot.faces[:1], tmp_path / "x.npz")
    members = hashlib.sha256()
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        for info in archive.infolist():
            if not info.filename.startswith("action_unit"):
                members.update(info.filename.encode() + archive.read(info))
    # What has come since is how surely faces were seen, and action units.
    document = json.loads((tmp_path / "x.json").read_bytes())
    for one in document["faces"]:
        assert one.pop("confidence") == [1] * 48
        assert len(one.pop("action_units")) == 23
    assert digest(json.dumps(document).encode()) == "39cfab3e34123377"
    assert members.hexdigest()[:16] == "a036d03433e85abd"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
