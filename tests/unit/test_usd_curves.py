"""USD: what is written holds to UsdSkel's rules, and what others wrote is read with care."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.errors import InputError, MissingDependencyError
from mien.face.rig import load_rig
from mien.io.curves import read_curve_file, write_curve_file
from mien.io.curves.collect import shot_curves
from mien.io.curves.usd_reading import read_stage
from mien.model.curves import HeadPose
from mien.model.face import Face
from mien.timebase import Clock
from tests.documents import make_shot

HEAD = "#usda 1.0\n(\n timeCodesPerSecond = 24\n %s\n)\n"
ANIMATION = """def SkelAnimation "Take" (
 %s
)
{
 uniform token[] blendShapes = ["head.JawOpen", "mouthSmile_L", "Wrinkle"]
 float[] blendShapeWeights.timeSamples = {
  1003: [0, 0.5, 1],
  1005: [1, 0.5, 0],
 }
}
"""


def real_face(face: Face) -> Face:
    """The face with a mean person's features, turning and walking through the picture."""
    frames = len(face.curves)
    angle = np.linspace(-3, 3, frames)
    zero, one = np.zeros(frames), np.ones(frames)
    turns = np.array(
        [[np.cos(angle), zero, np.sin(angle)], [zero, one, zero],
         [-np.sin(angle), zero, np.cos(angle)]]
    ).transpose(2, 0, 1)  # fmt: skip
    place = np.column_stack([np.linspace(100, 1300, frames), np.linspace(900, 200, frames)])
    pose = HeadPose(
        np.linspace(20, 40, frames, dtype=np.float32),
        turns.astype(np.float32),
        place.astype(np.float32),
    )
    return replace(face, identity=load_rig().mean, curves=replace(face.curves, pose=pose))


@pytest.fixture(scope="module")
def shot() -> mien.Shot:
    shot = make_shot(24, faces=2)
    return replace(shot, faces=tuple(map(real_face, shot.faces)))


@pytest.fixture(scope="module")
def scene(shot: mien.Shot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("usd") / "scene.usdc"
    write_curve_file(path, shot_curves(shot, shot.faces))
    return path


def write(folder: Path, text: str, name: str = "take.usda") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_no_rule_of_usd_is_broken(scene: Path) -> None:
    from pxr import Usd, UsdGeom, UsdValidation

    stage = Usd.Stage.Open(str(scene))
    rules = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(rules) > 10
    broken = UsdValidation.ValidationContext(rules).Validate(stage)
    assert [(one.GetName(), one.GetMessage()) for one in broken] == []
    assert stage.GetDefaultPrim().GetName() == "Faces"
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1
    times = (stage.GetStartTimeCode(), stage.GetEndTimeCode(), stage.GetTimeCodesPerSecond())
    assert times == (0, 23, 25)


def test_usdskel_plays_the_face_where_it_was(scene: Path, shot: mien.Shot) -> None:
    """Points as UsdSkel computes them land on the pixels that the head pose says."""
    from pxr import Usd, UsdSkel

    stage = Usd.Stage.Open(str(scene))
    root = UsdSkel.Root(stage.GetPrimAtPath("/Faces/Face2"))
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    (binding,) = cache.ComputeSkelBindings(root, Usd.PrimDefaultPredicate)
    query = cache.GetSkelQuery(binding.GetSkeleton())
    (target,) = binding.GetSkinningTargets()
    assert target.HasBlendShapes()
    face, frame = shot.face(2), 17
    names = [str(name) for name in query.GetAnimQuery().GetBlendShapeOrder()]
    weights = np.array(query.GetAnimQuery().ComputeBlendShapeWeights(frame))
    np.testing.assert_allclose(
        weights, [face.curves.controls[name][frame] for name in names], atol=1e-6
    )
    shapes = UsdSkel.BlendShapeQuery(UsdSkel.BindingAPI(target.GetPrim()))
    weights[:] = 0
    weights[names.index("jawOpen")] = 1
    from pxr import Vt

    at = [shapes.ComputeSubShapeWeights(Vt.FloatArray.FromNumpy(weights.astype(np.float32)))]
    points = target.GetPrim().GetAttribute("points").Get()
    shapes.ComputeDeformedPoints(
        *at[0], shapes.ComputeBlendShapePointIndices(), shapes.ComputeSubShapePointOffsets(), points
    )
    target.ComputeSkinnedPoints(query.ComputeSkinningTransforms(frame), points, frame)
    placed = np.array(points)
    rig = load_rig()
    pixels = face.curves.pose.project(
        frame, rig.mean + rig.personal(rig.mean).fields[names.index("jawOpen")]
    )
    width, height = shot.media.orientation.upright_size
    middle, scale = (np.array([width, height]) - 1) / 2, face.curves.pose.scale[frame]
    found = middle + placed[:, :2] * 100 * scale * (1, -1)
    np.testing.assert_allclose(found, pixels, atol=0.2)


def test_equal_curves_make_equal_files(scene: Path, shot: mien.Shot, tmp_path: Path) -> None:
    write_curve_file(tmp_path / "b.usdc", shot_curves(shot, shot.faces))
    assert (tmp_path / "b.usdc").read_bytes() == scene.read_bytes()


def test_what_another_program_wrote_is_read(tmp_path: Path) -> None:
    write(tmp_path, HEAD % "startTimeCode = 1001" + ANIMATION % "", "take.usda")
    both = 'def "A" (\n references = @./take.usda@</Take>\n)\n{\n}\n' \
           'def "B" (\n references = @take.usda@</Take> (offset = 1)\n)\n{\n}\n'  # fmt: skip
    curves = read_curve_file(write(tmp_path, HEAD % "startTimeCode = 1001" + both, "two.usda"))
    assert [face.name for face in curves.faces] == ["A", "B"]
    assert curves.clock == Clock(Fraction(24), 6)
    first, second = curves.faces
    assert list(first.controls) == ["jawOpen", "mouthSmileLeft", "Wrinkle"]
    np.testing.assert_array_equal(first.controls["jawOpen"], [np.nan, np.nan, 0, 0.5, 1, np.nan])
    np.testing.assert_array_equal(second.controls["jawOpen"], [np.nan, np.nan, np.nan, 0, 0.5, 1])


def test_rates_are_those_of_the_layer(tmp_path: Path) -> None:
    text = HEAD % "framesPerSecond = 23.976\n" + ANIMATION % ""
    text = text.replace("timeCodesPerSecond = 24", "timeCodesPerSecond = 4800")
    path = write(tmp_path, text.replace("1003:", "0:").replace("1005:", "4804.8:"))
    clock = read_stage(path).clock
    assert clock is not None
    assert (str(clock.rate), clock.frame_count) == ("24000/1001", 25)


@pytest.mark.parametrize(
    ("arc", "reason"),
    [
        ("references = @../elsewhere.usda@", "outside its folder"),
        ("payload = @/etc/passwd@", "outside its folder"),
        ("references = @link.usda@", "outside its folder"),
        ("references = @https://example.com/a.usd@", "no file beside it"),
        ('references = @`"${X}.usd"`@', "no file beside it"),
        ("references = @a.usdz[b.usd]@", "no file beside it"),
        ("references = @gone.usd@", "not there"),
        (
            "clips = {\n dictionary default = {\n asset[] assetPaths = [@../c.usd@]\n }\n }",
            "outside",
        ),
    ],
    ids=["above", "absolute", "link", "network", "expression", "package", "gone", "clips"],
)
def test_what_refers_to_elsewhere_is_refused(tmp_path: Path, arc: str, reason: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(tmp_path, HEAD % "" + ANIMATION % "", "elsewhere.usda")
    os.symlink(tmp_path / "elsewhere.usda", folder / "link.usda")
    with pytest.raises(ValueError, match=reason):
        read_stage(write(folder, HEAD % "" + ANIMATION % arc))
    below = write(folder, HEAD % "subLayers = [@./take.usda@]", "over.usda")
    with pytest.raises(ValueError, match=reason):
        read_stage(below)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[0, 0.5, 1]", "[0, 1]", "3 blend shapes and 2 weights at 1003"),
        ("0.5, 1]", "inf, 1]", "infinite"),
        ("Wrinkle", "jawOpen", "two of its blend shapes are jawOpen"),
        ("1005:", "1e15:", "frames"),
        ("SkelAnimation", "Scope", "no SkelAnimation"),
        ("def", "deaf", "damaged"),
        ("24", "0", "impossible"),
    ],
    ids=["weights", "infinite", "twice", "endless", "none", "torn", "rate"],
)
def test_bad_files_are_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_stage(write(tmp_path, (HEAD % "" + ANIMATION % "").replace(old, new, 1)))


def test_a_small_file_of_endless_prims_is_refused(tmp_path: Path) -> None:
    text = HEAD % "" + ANIMATION % "" + 'def "a0" (\n references = </Take>\n)\n{\n}\n'
    for i in range(1, 40):
        arms = "".join(f'def "{arm}" (\n references = </a{i - 1}>\n)\n{{\n}}\n' for arm in "lr")
        text += f'def "a{i}"\n{{\n{arms}}}\n'
    with pytest.raises(ValueError, match="prims"):
        read_stage(write(tmp_path, text))
    deep = "def {" * 5000 + "}" * 5000
    with pytest.raises(ValueError, match="brackets"):
        read_stage(write(tmp_path, HEAD % "" + deep, "deep.usda"))


def test_a_torn_file_ends_no_more_than_its_reader(scene: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.usdc"
    torn.write_bytes(scene.read_bytes()[: scene.stat().st_size // 2])
    with pytest.raises(InputError, match=r"torn\.usdc cannot be read as USD"):
        read_curve_file(torn)


def test_without_usd_core_it_is_said_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shot: mien.Shot
) -> None:
    gone: dict[str, Any] = {"pxr": None, "pxr.UsdSkel": None}
    for name, module in gone.items():
        monkeypatch.setitem(sys.modules, name, module)
    for path in (tmp_path / "a.usda", tmp_path / "a.usd"):
        with pytest.raises(MissingDependencyError, match=r"usd-core.*mien\[scenes\]"):
            mien.export_curves(shot, path)
    assert list(tmp_path.iterdir()) == []
