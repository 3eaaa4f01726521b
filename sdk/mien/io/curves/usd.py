"""The curve formats `.usda`, `.usdc` and `.usd`: the faces of a shot as animated USD skeletons.

Each face is a `SkelRoot` with the mesh of its neutral face, a `BlendShape` for each of ARKit's 52,
a `Skeleton` of one joint, `head`, and a `SkelAnimation` whose `blendShapeWeights` and joint have
a time sample for every frame in which the face was seen; over gaps USD goes straight. Time code
0 is the shot's first frame, `timeCodesPerSecond` its rate. Attributes `mien:...` of the animation
hold what no blend shape shows, `customLayerData` the exact rate and the start timecode.

Layouts: https://openusd.org/release/api/_usd_skel__schemas.html
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from mien.errors import MissingDependencyError
from mien.face.mesh import BlendShapeMesh, face_mesh
from mien.io.curves.base import CurveFormat
from mien.io.curves.scene import FACTS, NAMESPACE, SceneFace, beside_weights, scene_faces
from mien.model.curve_file import CurveFile
from mien.timebase import Clock

__all__ = ["UsdFormat", "UsdTextFormat"]

_SKIN = (0.72, 0.5, 0.41)
"""Linear R, G and B of a plain skin."""


class UsdFormat(CurveFormat):
    """USD in its binary form: every face as an animated mesh."""

    api_version = 1
    name = "USD"
    suffixes: ClassVar[tuple[str, ...]] = (".usd", ".usdc")
    faces = "many"
    largest_file = 256 << 20
    _form = "usdc"

    def require(self) -> None:
        """Raise MissingDependencyError when usd-core is not installed."""
        try:
            import pxr.UsdSkel  # noqa: F401
        except ImportError as error:
            raise MissingDependencyError(
                "USD files need usd-core, which is not installed.",
                'Install it with `pip install "mien[scenes]"`.',
            ) from error

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write the faces of a shot; equal curves make equal files."""
        self.require()
        stage = _stage(curves)
        with tempfile.TemporaryDirectory(prefix="mien-usd-") as folder:
            path = Path(folder) / f"scene.{self._form}"
            if not stage.GetRootLayer().Export(str(path)):
                raise OSError("the disk is full, or the temporary folder cannot be written")
            file.write(path.read_bytes())

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the blend shape weights of every `SkelAnimation`."""
        self.require()
        from mien.io.curves.usd_apart import read_apart

        name = getattr(file, "name", None)
        if isinstance(name, str) and Path(name).suffix.lower() in (".usd", ".usda", ".usdc"):
            return read_apart(Path(name))
        data = file.read(self.largest_file + 1)
        form = "usdc" if data.startswith(b"PXR-USDC") else "usda"
        with tempfile.TemporaryDirectory(prefix="mien-usd-") as folder:
            path = Path(folder) / f"scene.{form}"
            path.write_bytes(data)
            return read_apart(path)


class UsdTextFormat(UsdFormat):
    """USD as text."""

    name = "USD text"
    suffixes = (".usda",)
    _form = "usda"


def _stage(curves: CurveFile) -> Any:
    """Return a stage in memory with every face."""
    from pxr import Usd, UsdGeom

    faces, clock = scene_faces(curves), curves.clock
    assert clock is not None
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(float(clock.rate))
    stage.SetFramesPerSecond(float(clock.rate))
    stage.SetStartTimeCode(0.0)
    stage.SetEndTimeCode(_time_code(clock, max(clock.frame_count - 1, 0)))
    facts = {"version": 1, "rate": str(clock.rate), "source": curves.source}
    if clock.start is not None:
        facts["start_timecode"] = str(clock.start)
    stage.GetRootLayer().customLayerData = {FACTS: facts}
    world = UsdGeom.Xform.Define(stage, "/Faces")
    stage.SetDefaultPrim(world.GetPrim())
    _define_skin(stage)
    for face in faces:
        _define_face(stage, face, clock)
    return stage


def _time_code(clock: Clock, frame: int) -> float:
    return float(clock.seconds(frame) * clock.rate)


def _define_skin(stage: Any) -> None:
    from pxr import Gf, Sdf, UsdShade

    material = UsdShade.Material.Define(stage, "/Faces/Skin")
    shader = UsdShade.Shader.Define(stage, "/Faces/Skin/Surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*_SKIN))
    shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(0.6)
    surface = shader.CreateOutput("surface", Sdf.ValueTypeNames.Token)
    material.CreateSurfaceOutput().ConnectToSource(surface)


def _define_face(stage: Any, face: SceneFace, clock: Clock) -> None:
    from pxr import Gf, UsdSkel, Vt

    number, name = face.curves.number, face.curves.name
    path = f"/Faces/Face{number}"
    root = UsdSkel.Root.Define(stage, path)
    root.GetPrim().SetDisplayName(name or f"face {number}")
    skeleton = UsdSkel.Skeleton.Define(stage, f"{path}/Face{number}Skeleton")
    still = Vt.Matrix4dArray([Gf.Matrix4d(1.0)])
    skeleton.CreateJointsAttr(["head"])
    skeleton.CreateBindTransformsAttr(still)
    skeleton.CreateRestTransformsAttr(still)
    _define_mesh(stage, path, face, skeleton)
    animation = _define_animation(stage, f"{skeleton.GetPath()}/Animation", face, clock)
    binding = UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
    binding.CreateAnimationSourceRel().SetTargets([animation.GetPath()])


def _define_mesh(stage: Any, path: str, face: SceneFace, skeleton: Any) -> None:
    from pxr import Gf, Sdf, UsdGeom, UsdShade, UsdSkel, Vt

    made = face_mesh(face.identity)
    mesh = UsdGeom.Mesh.Define(stage, f"{path}/Face{face.curves.number}Mesh")
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(made.points))
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(made.normals))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray([3] * len(made.triangles)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(made.triangles.ravel()))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateDoubleSidedAttr(True)
    mesh.CreateExtentAttr(
        Vt.Vec3fArray.FromNumpy(np.stack([made.points.min(0), made.points.max(0)]))
    )
    primvars = UsdGeom.PrimvarsAPI(mesh)
    st = primvars.CreatePrimvar(
        "st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex
    )  # fmt: skip
    st.Set(Vt.Vec2fArray.FromNumpy(made.uv))
    mesh.CreateDisplayColorAttr([Gf.Vec3f(*_SKIN)])
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(
        UsdShade.Material.Get(stage, "/Faces/Skin")
    )
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    binding.CreateGeomBindTransformAttr(Gf.Matrix4d(1.0))
    binding.CreateJointIndicesPrimvar(constant=True, elementSize=1).Set([0])
    binding.CreateJointWeightsPrimvar(constant=True, elementSize=1).Set([1.0])
    binding.CreateBlendShapesAttr(list(made.names))
    binding.CreateBlendShapeTargetsRel().SetTargets(
        [_define_shape(stage, mesh.GetPath(), made, index) for index in range(len(made.names))]
    )
    _set_extent(stage, path, face, made)


def _define_shape(stage: Any, path: Any, mesh: BlendShapeMesh, index: int) -> Any:
    """Define the blend shape of a control: the points that it moves, and how far."""
    from pxr import UsdSkel, Vt

    moved = mesh.offsets[index].any(axis=1) | mesh.normal_offsets[index].any(axis=1)
    # Controls without a shape, as a tongue that is no part of the mesh, keep a point that stays.
    at = np.flatnonzero(moved) if moved.any() else np.array([0])
    shape = UsdSkel.BlendShape.Define(stage, f"{path}/{mesh.names[index]}")
    shape.CreateOffsetsAttr(Vt.Vec3fArray.FromNumpy(mesh.offsets[index][at]))
    shape.CreateNormalOffsetsAttr(Vt.Vec3fArray.FromNumpy(mesh.normal_offsets[index][at]))
    shape.CreatePointIndicesAttr(Vt.IntArray.FromNumpy(at.astype(np.int32)))
    return shape.GetPath()


def _set_extent(stage: Any, path: str, face: SceneFace, mesh: BlendShapeMesh) -> None:
    """Say within which box a face stays, whichever way it turns."""
    from pxr import UsdSkel, Vt

    reach = np.linalg.norm(mesh.points, axis=1).max() * 1.5
    places = face.path.translation[face.curves.valid]
    low, high = (places.min(0), places.max(0)) if len(places) else (np.zeros(3), np.zeros(3))
    box = np.stack([low - reach, high + reach]).astype(np.float32)
    UsdSkel.Root.Get(stage, path).CreateExtentAttr(Vt.Vec3fArray.FromNumpy(box))


def _define_animation(stage: Any, path: str, face: SceneFace, clock: Clock) -> Any:
    from pxr import Gf, Sdf, UsdSkel, Vt

    curves, head = face.curves, face.path
    animation = UsdSkel.Animation.Define(stage, path)
    prim = animation.GetPrim()
    prim.SetCustomDataByKey(FACTS, {"number": curves.number, "name": curves.name})
    names = [name for name in curves.controls if name not in (beside := beside_weights(curves))]
    animation.CreateBlendShapesAttr(names)
    animation.CreateJointsAttr(["head"])
    weights, places = animation.CreateBlendShapeWeightsAttr(), animation.CreateTranslationsAttr()
    turns, sizes = animation.CreateRotationsAttr(), animation.CreateScalesAttr()
    sizes.Set(Vt.Vec3hArray([Gf.Vec3h(1, 1, 1)]))
    if not curves.valid.any():
        places.Set(Vt.Vec3fArray([Gf.Vec3f(0, 0, 0)]))
        turns.Set(Vt.QuatfArray([Gf.Quatf(1, 0, 0, 0)]))
    there = prim.CreateAttribute(f"{NAMESPACE}valid", Sdf.ValueTypeNames.Bool)
    more = {
        name: prim.CreateAttribute(f"{NAMESPACE}{name}", Sdf.ValueTypeNames.Float)
        for name in beside
    }
    values = np.column_stack([curves.controls[name] for name in names]).astype(np.float32)
    # Straight into the layer, in one change: a stage looks at itself anew after every sample.
    layer = stage.GetRootLayer()
    with Sdf.ChangeBlock():
        for frame, valid in enumerate(curves.valid.tolist()):
            code = _time_code(clock, frame)
            layer.SetTimeSample(there.GetPath(), code, valid)
            for name, attribute in more.items():
                # How surely a face is seen is told of every frame.
                if valid or name.startswith("confidence"):
                    value = Vt.Float(float(beside[name][frame]))
                    layer.SetTimeSample(attribute.GetPath(), code, value)
            if not valid:
                continue
            place = Vt.Vec3fArray.FromNumpy(head.translation[frame : frame + 1])
            x, y, z, w = head.rotation[frame].tolist()
            turn = Vt.QuatfArray([Gf.Quatf(w, x, y, z)])
            weight = Vt.FloatArray.FromNumpy(values[frame])
            for attribute, value in ((weights, weight), (places, place), (turns, turn)):
                layer.SetTimeSample(attribute.GetPath(), code, value)
    return animation
