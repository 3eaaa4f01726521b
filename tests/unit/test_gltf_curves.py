"""glTF: what is written holds to its rules, and what others wrote is read with care."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.errors import InputError
from mien.face.mesh import face_mesh
from mien.io.curves import read_curve_file, write_curve_file
from mien.io.curves.collect import shot_curves
from mien.io.curves.gltf import GlbFormat
from mien.model.controls import ARKIT
from mien.model.curve_file import CurveFile
from tests.documents import make_shot
from tests.gltfs import broken_rules, glb_of, simple, split
from tests.unit.test_usd_curves import real_face

NAMES = ["head.jawOpen", "MouthSmile_L"]


@pytest.fixture(scope="module")
def shot() -> mien.Shot:
    shot = make_shot(24, faces=2)
    return replace(shot, faces=tuple(map(real_face, shot.faces)))


@pytest.fixture(scope="module")
def scene(shot: mien.Shot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gltf") / "scene.glb"
    write_curve_file(path, shot_curves(shot, shot.faces))
    return path


def read(document: dict[str, Any]) -> CurveFile:
    return GlbFormat().read(io.BytesIO(glb_of(document)))


def test_no_rule_of_gltf_is_broken(scene: Path, shot: mien.Shot) -> None:
    assert broken_rules(scene.read_bytes()) == []
    unseen = replace(
        shot.faces[0],
        curves=replace(shot.faces[0].curves, valid=np.zeros(24, bool)),
    )
    file = io.BytesIO()
    GlbFormat().write(shot_curves(shot, [unseen]), file)
    assert broken_rules(file.getvalue()) == []
    assert "animations" not in split(file.getvalue())[0], "one without channels is not allowed"


def test_another_reader_finds_the_face_and_its_animation(scene: Path, shot: mien.Shot) -> None:
    with warnings.catch_warnings():
        # Its packages speak of their own future.
        warnings.simplefilter("ignore", DeprecationWarning)
        from pygltflib import GLTF2
    document = GLTF2.load_binary(str(scene))
    assert [node.name for node in document.nodes] == ["face 1", "face 2"]
    assert document.meshes[1].extras["targetNames"] == list(ARKIT)
    blob = document.binary_blob()

    def numbers(index: int, parts: int) -> Any:
        accessor = document.accessors[index]
        view = document.bufferViews[accessor.bufferView]
        count = accessor.count * parts
        return np.frombuffer(blob, "<f4", count, view.byteOffset).reshape(accessor.count, parts)

    (primitive,), mesh = document.meshes[1].primitives, face_mesh(shot.face(2).identity)
    np.testing.assert_array_equal(numbers(primitive.attributes.POSITION, 3), mesh.points)
    jaw = ARKIT.index("jawOpen")
    moved = primitive.targets[jaw]
    at = moved["POSITION"] if isinstance(moved, dict) else moved.POSITION
    np.testing.assert_array_equal(numbers(at, 3), mesh.offsets[jaw])
    (animation,) = document.animations
    by_path = {
        (c.target.node, c.target.path): animation.samplers[c.sampler] for c in animation.channels
    }
    weights = by_path[1, "weights"]
    np.testing.assert_allclose(numbers(weights.input, 1)[:, 0], np.arange(24) / 25, atol=1e-6)
    np.testing.assert_allclose(
        numbers(weights.output, 1).reshape(24, -1)[:, jaw],
        shot.face(2).curves.controls["jawOpen"], atol=1e-6,
    )  # fmt: skip
    turns = numbers(by_path[1, "rotation"].output, 4)
    np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1, atol=1e-5)
    assert (np.einsum("ij,ij->i", turns[1:], turns[:-1]) > 0).all(), "the short way round"


def test_what_another_program_wrote_is_read() -> None:
    curves = read(simple([0.5, 1], [0, 0.25, 1, 0.75], NAMES))
    assert str(curves.clock) == "25 frames at 24 fps"
    (face,) = curves.faces
    assert (face.name, list(face.controls)) == ("Head", ["jawOpen", "mouthSmileLeft"])
    assert np.flatnonzero(face.valid).tolist() == list(range(12, 25))
    np.testing.assert_allclose(face.controls["jawOpen"][[12, 18, 24]], [0, 0.5, 1], atol=1e-6)
    held = read(simple([0.5, 1], [0, 0.25, 1, 0.75], NAMES, interpolation="STEP")).face()
    np.testing.assert_allclose(held.controls["mouthSmileLeft"][[12, 23, 24]], [0.25, 0.25, 0.75])
    bent: list[float] = [0, 0, 0, 0, 4, 4, 4, 4, 1, 1, 0, 0]
    spline = read(simple([0, 1], bent, NAMES, interpolation="CUBICSPLINE")).face()
    # Hermite, half-way between 0 that leaves at 4 a second and 1 that arrives at 4.
    np.testing.assert_allclose(spline.controls["jawOpen"][[0, 12, 24]], [0, 0.5, 1], atol=1e-6)


def test_numbers_may_be_small_sparse_and_interleaved() -> None:
    document = simple([0, 1], [0, 0, 0, 0], NAMES)
    document["bufferViews"].append({"buffer": 1, "byteLength": 8, "byteStride": 4})
    document["buffers"].append(
        {"byteLength": 8, "uri": "data:application/octet-stream;base64,AQAAAP8AAAA="}
    )
    document["accessors"][1] = {
        "componentType": 5121, "normalized": True, "count": 4, "type": "SCALAR",
        "sparse": {
            "count": 1,
            "indices": {"bufferView": 2, "componentType": 5121},
            "values": {"bufferView": 2, "byteOffset": 4},
        },
    }  # fmt: skip
    face = read(document).face()
    assert face.controls["mouthSmileLeft"][0] == 1
    assert face.controls["jawOpen"].tolist()[0] == 0


@pytest.mark.parametrize(
    ("rate", "name"),
    [(24, "24"), (25, "25"), (30, "30"), (24000 / 1001, "24000/1001"), (60, "60"), (17.3, "60")],
)
def test_the_rate_is_the_one_on_whose_frames_keys_lie(rate: float, name: str) -> None:
    times = [i / rate for i in range(0, 50, 7)]
    clock = read(simple(times, [0.0] * 2 * len(times), NAMES)).clock
    assert clock is not None
    assert str(clock.rate) == name


def test_meshes_that_move_alike_are_one_face() -> None:
    document = simple([0, 1], [0, 0.25, 1, 0.75], NAMES)
    document["nodes"].append({"name": "Teeth", "mesh": 0})
    channels = document["animations"][0]["channels"]
    channels.append({"sampler": 0, "target": {"node": 1, "path": "weights"}})
    assert [face.name for face in read(document).faces] == ["Head"]


def test_buffers_may_lie_beside_it_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    document = simple([0, 1], [0, 0.25, 1, 0.75], NAMES)
    numbers = np.array([0, 1, 0, 0.25, 1, 0.75], "<f4").tobytes()
    (folder / "the numbers.bin").write_bytes(numbers)
    (tmp_path / "the numbers.bin").write_bytes(numbers)
    path = folder / "head.gltf"
    for uri, reason in (
        ("the%20numbers.bin", None), ("../the%20numbers.bin", "outside its folder"),
        ("/etc/hostname", "outside its folder"), ("https://example.com/a.bin", "no file beside"),
        ("gone.bin", "not there"), ("data:text/plain,abc", "not written in base64"),
    ):  # fmt: skip
        document["buffers"][0]["uri"] = uri
        path.write_text(json.dumps(document))
        if reason is None:
            assert len(read_curve_file(path).faces) == 1
            continue
        with pytest.raises(InputError, match=reason):
            read_curve_file(path)


def test_a_header_that_speaks_of_2_gb_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    path = tmp_path / "big.glb"
    whole = struct.pack("<4sII", b"glTF", 2, 1 << 31)
    part = struct.pack("<4sIII4s", b"glTF", 2, 24, (1 << 31) - 1, b"JSON") + b"{}  "
    document = simple([0, 1], [0, 0.25, 1, 0.75], NAMES)
    document["accessors"][1]["count"] = 1 << 31
    views = simple([0, 1], [0, 0.25, 1, 0.75], NAMES)
    views["buffers"][0]["byteLength"] = views["bufferViews"][1]["byteLength"] = 1 << 31
    for data in (whole, part, glb_of(document), glb_of(views)):
        path.write_bytes(data)
        tracemalloc.start()
        try:
            with pytest.raises(InputError, match=r"big\.glb cannot be read as glTF"):
                read_curve_file(path)
            assert tracemalloc.get_traced_memory()[1] < 2 << 20
        finally:
            tracemalloc.stop()


def _changed(path: str, value: Any) -> dict[str, Any]:
    document = simple([0, 1], [0, 0.25, 1, 0.75], NAMES)
    *parts, last = path.split("/")
    place: Any = document
    for part in parts:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("asset/version", "1.0", "version is 1.0"),
        ("animations/0/samplers", [], ""),
        ("animations/0/samplers/0/interpolation", "SMOOTH", "none of glTF's"),
        ("animations", [], "no animation of morph target weights"),
        ("accessors/0/componentType", 5124, "none of glTF's"),
        ("accessors/0/type", "MAT9", "accessor 0"),
        ("accessors/0/bufferView", 9, "no bufferViews 9"),
        ("accessors/0/byteOffset", -4, "byteOffset is -4"),
        ("accessors/1/count", 5, "reach beyond"),
        ("accessors/1/count", 3, "3 weights for 2 times of 2"),
        ("bufferViews/0/byteOffset", 20, "reach beyond"),
        ("bufferViews/0/byteStride", 1, "reach beyond"),
        ("meshes/0/extras", {}, "no names of their own"),
        ("meshes/0/extras/targetNames", ["jawOpen", "JawOpen"], "two of its blend shapes"),
        ("nodes/0/mesh", True, "no meshes True"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, path: str, value: Any, reason: str) -> None:
    file = tmp_path / "bad.glb"
    file.write_bytes(glb_of(_changed(path, value)))
    with pytest.raises(InputError, match=rf"bad\.glb cannot be read as glTF: .*{reason}"):
        read_curve_file(file)


def test_numbers_are_finite_times_ascend_and_lists_end() -> None:
    with pytest.raises(ValueError, match="not finite"):
        read(simple([0, 1], [0, float("nan"), 1, 0.75], NAMES))
    with pytest.raises(ValueError, match="ascending"):
        read(simple([1, 0.5], [0, 0.25, 1, 0.75], NAMES))
    with pytest.raises(ValueError, match="frames"):
        read(simple([0, 1e9], [0, 0.25, 1, 0.75], NAMES))
    deep = io.BytesIO(glb_of(b"[" * 100_000))
    with pytest.raises(ValueError, match="too deep"):
        GlbFormat().read(deep)


def test_text_can_be_read_and_not_written(shot: mien.Shot, tmp_path: Path) -> None:
    with pytest.raises(mien.UsageError, match="glTF text files can be read, and not written"):
        mien.export_curves(shot, tmp_path / "a.gltf")
