"""FLAME sequences of other tools: their names, shapes and folders, as controls."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

import mien
from mien.errors import InputError, UsageError
from mien.face.bridge import controls_to_flame, flame_to_controls
from mien.io.curves import read_curve_file
from mien.io.curves.flame_arrays import flame_basis
from mien.model.controls import INDEX, NAMES
from tests.documents import make_shot

FRAMES = 6
Arrays = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def flame() -> npt.NDArray[np.float32]:
    controls = np.zeros((FRAMES, len(NAMES)), np.float32)
    controls[:, INDEX["jawOpen"]] = np.linspace(0, 0.8, FRAMES)
    controls[:, INDEX["mouthSmileLeft"]] = np.linspace(0.6, 0.1, FRAMES)
    controls[2, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0.9
    return controls_to_flame(controls, "mien-rig")


def six(turns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(Rotation.from_rotvec(turns).as_matrix()[:, :2].reshape(len(turns), 6))


def written(path: Path, arrays: Arrays) -> Path:
    np.savez(path, **arrays)
    return path


def variants(flame: npt.NDArray[np.float32]) -> dict[str, Arrays]:
    expr, lids, jaw = flame[:, :50], flame[:, 50:52], flame[:, 52:]
    wide = np.hstack([expr, np.zeros((FRAMES, 50), np.float32)])
    head = np.tile([0, 0.2, 0], (FRAMES, 1)).astype(np.float32)
    poses = np.zeros((FRAMES, 165), np.float32)
    poses[:, 66:69] = jaw
    return {
        "VHAP": {"expr": wide, "jaw_pose": jaw, "rotation": head, "eyelids": lids,
                 "neck_pose": np.zeros((1, 3)), "eyes_pose": np.zeros((FRAMES, 6)),
                 "translation": np.zeros((FRAMES, 3)), "shape": np.zeros(300),
                 "static_offset": np.zeros((1, 10, 3))},
        "SMIRK": {"expression_params": expr[None], "jaw_params": jaw, "eyelid_params": lids},
        "DECA": {"exp": expr, "pose": np.hstack([head, jaw]), "eyelids": lids},
        "metrical": {"exp": wide, "jaw": six(jaw), "eyelids": lids,
                     "eyes": np.tile(np.eye(3)[:2].reshape(1, 6), (FRAMES, 2))},
        "BEAT2": {"expressions": wide, "poses": poses, "eyelids": lids, "betas": np.zeros(300),
                  "mocap_frame_rate": np.array(30), "gender": np.array("neutral")},
        "matrices": {"expression": expr, "eyelids": lids,
                     "jaw": Rotation.from_rotvec(jaw).as_matrix()},
    }  # fmt: skip


@pytest.mark.parametrize("tool", ["VHAP", "SMIRK", "DECA", "metrical", "BEAT2", "matrices"])
def test_the_names_and_shapes_of_other_tools(
    flame: npt.NDArray[np.float32], tmp_path: Path, tool: str
) -> None:
    path = written(tmp_path / "x.npz", variants(flame)[tool])
    curves = read_curve_file(path, basis="mien-rig")
    face = curves.face()
    wanted = flame_to_controls(flame, "mien-rig")
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp"):
        np.testing.assert_allclose(face.controls[name], wanted[:, INDEX[name]], atol=1e-4)
    assert (curves.clock.rate if curves.clock else None) == (30 if tool == "BEAT2" else None)
    assert "eyeLookUpLeft" not in face.controls
    if tool in ("VHAP", "DECA"):
        assert face.controls["headYaw"][0] == pytest.approx(np.degrees(0.2), abs=1e-3)


def test_eyes_become_gaze(tmp_path: Path, flame: npt.NDArray[np.float32]) -> None:
    shot = make_shot(FRAMES)
    mien.export_curves(shot, tmp_path / "own.npz", basis="mien-rig")
    with np.load(tmp_path / "own.npz") as own:
        arrays = {"expr": flame[:, :50], "eyes_pose": own["eyes_pose"]}
    face = read_curve_file(written(tmp_path / "x.npz", arrays), basis="mien-rig").face()
    for name in ("gazeYawLeft", "gazePitchLeft", "gazeYawRight", "gazePitchRight"):
        np.testing.assert_allclose(
            face.controls[name], shot.faces[0].curves.controls[name], atol=1e-3
        )


def test_the_basis_is_named_or_asked_for(tmp_path: Path, flame: npt.NDArray[np.float32]) -> None:
    bare = written(tmp_path / "bare.npz", {"expr": flame[:, :50]})
    with pytest.raises(
        UsageError, match=r"does not name their basis.*basis=\): mien-rig, flame2020"
    ):
        mien.import_curves(make_shot(), bare)
    assert mien.import_curves(make_shot(), bare, basis="mien-rig").controls
    named = {"expr": flame[:, :50], "flame_version": np.array("mien-rig")}
    own = written(tmp_path / "own.npz", named)
    assert mien.import_curves(make_shot(), own).controls
    with pytest.raises(UsageError, match="of mien-rig, not of flame2020"):
        read_curve_file(own, basis="flame2020")
    with pytest.raises(UsageError, match="no basis 'flame1999'"):
        read_curve_file(own, basis="flame1999")
    for text, basis in (("FLAME 2023 Open", "flame2023-open"), ("generic_model_2020", "flame2020"),
                        ("smplx2020", "flame2020"), ("SMPL", None)):  # fmt: skip
        assert flame_basis(text) == basis


def test_frames_that_differ_by_one_and_more_expressions_are_said(tmp_path: Path) -> None:
    arrays = {"expr": np.ones((7, 100)), "jaw_pose": np.zeros((6, 3)), "fps": np.array(23.976)}
    curves = read_curve_file(written(tmp_path / "x.npz", arrays), basis="mien-rig")
    assert len(curves.face()) == 6
    assert curves.clock is not None
    assert curves.clock.rate == Fraction(24000, 1001)
    assert curves.notices == (
        "Of its 100 expressions the first 50 are taken; mien's heads have no more.",
        "Its arrays have 7 and 6 frames; the last one is left out.",
    ) or set(curves.notices) == {
        "Its arrays have 7 and 6 frames; the last one is left out.",
        "Of its 100 expressions the first 50 are taken; mien's heads have no more.",
    }


def test_a_file_a_frame_and_a_folder_a_frame(
    flame: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    inner = tmp_path / "vhap" / "flame_param"
    inner.mkdir(parents=True)
    for frame in (0, 1, 2, 4, 5):
        written(inner / f"{frame:05}.npz", {
            "expr": flame[frame : frame + 1, :50], "jaw_pose": flame[frame : frame + 1, 52:],
            "shape": np.zeros(300),
        })  # fmt: skip
    np.savez(tmp_path / "vhap" / "canonical_flame_param.npz", shape=np.zeros(300))
    face = read_curve_file(tmp_path / "vhap", basis="mien-rig").face()
    assert face.valid.tolist() == [True, True, True, False, True, True]
    assert face.controls["jawOpen"][5] > face.controls["jawOpen"][1]
    for frame in range(3):
        folder = tmp_path / "emoca" / f"frame_{frame}_000"
        folder.mkdir(parents=True)
        np.save(folder / "exp.npy", flame[frame, :50])
        np.save(folder / "pose.npy", np.hstack([[0, 0, 0], flame[frame, 52:]]))
    assert len(read_curve_file(tmp_path / "emoca", basis="mien-rig").face()) == 3


def lying(path: Path, shape: str, content: bytes = b"\0" * 8) -> Path:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
        archive.writestr("expr.npy", member + content)
    return path


def test_what_may_run_or_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, expr=np.array([{"exp": 1}], dtype=object))
    with pytest.raises(InputError, match=r"expr\.npy holds Python objects, which are not read"):
        read_curve_file(path)
    lying(path, "(900000000000, 50)")
    with pytest.raises(InputError, match=r"says that it is \(900000000000, 50\), and has"):
        read_curve_file(path)
    # A bomb, by what its directory says; no more than that is read.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("expr.npy", bytes(1 << 16))
        archive.filelist[0].file_size = 1 << 33
    with pytest.raises(InputError, match=r"too large: .* 1,073,741,824 are read at most"):
        read_curve_file(path)


@pytest.mark.parametrize(("arrays", "words"), [
    ({"shape": np.zeros(300)}, "neither controls nor an expression of FLAME"),
    ({"expr": np.full((3, 50), np.inf)}, "expr is infinite at frame 0"),
    ({"expr": np.array(["a"])}, "no numbers"),
    ({"expr": np.zeros((3, 50)), "jaw_pose": np.zeros((9, 3))}, "expression 3, jaw 9"),
    ({"expr": np.zeros((3, 50)), "jaw_pose": np.zeros((3, 4))}, "4 numbers a frame, not 3, 6 or 9"),
    ({"expr": np.zeros((3, 50)), "eyelids": np.zeros((3, 3))}, "eyelids has 3 numbers"),
    ({"expr": np.zeros((3, 50)), "fps": np.array(-2.0)}, "fps is -2, no frame rate"),
    ({"expr": np.zeros((2, 3, 4, 5))}, r"expr is \(2, 3, 4, 5\)"),
], ids=["none", "inf", "text", "frames", "jaw", "lids", "rate", "shape"])  # fmt: skip
def test_bad_sequences_are_refused_in_a_line(tmp_path: Path, arrays: Arrays, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        read_curve_file(written(tmp_path / "x.npz", arrays), basis="mien-rig")
    assert "\n" not in str(refused.value)


def test_folders_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, and holds neither"):
        read_curve_file(tmp_path)
    (tmp_path / "00000.frame").write_bytes(b"pickle")
    with pytest.raises(InputError, match=r"00000\.frame is a pickle, which is not read"):
        read_curve_file(tmp_path)


def test_an_array_alone_is_no_archive(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.zeros((3, 50)))
    (tmp_path / "x.npz").write_bytes(file.getvalue())
    with pytest.raises(InputError, match="cannot be read as NumPy arrays"):
        read_curve_file(tmp_path / "x.npz")
