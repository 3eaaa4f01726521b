"""The curve format `.glb`: the faces of a shot as animated glTF meshes; `.gltf` is read too.

Each face is a node with the mesh of its neutral face and a morph target for each of ARKit's 52,
named in `extras.targetNames`. One animation drives `weights`, `translation` and `rotation` of
every node, with a key for every frame in which the face was seen; over gaps glTF goes straight.
What no morph target shows, and the exact rate, is in `asset.extras`.

Layout: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mien.face.mesh import face_mesh
from mien.io.curves.base import CurveFormat
from mien.io.curves.scene import FACTS, SceneFace, beside_weights, scene_faces
from mien.model.controls import ARKIT
from mien.model.curve_file import CurveFile, FaceCurves
from mien.timebase import Clock

__all__ = ["GlbFormat", "GltfFormat"]

_SKIN = [0.72, 0.5, 0.41, 1.0]
"""Linear R, G, B and opacity of a plain skin."""
_DIGITS = 6
_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_VERTICES, _INDICES = 34962, 34963


class GltfFormat(CurveFormat):
    """glTF as text, whose buffers are in it or beside it; read only."""

    api_version = 1
    name = "glTF text"
    suffixes = (".gltf",)
    faces = "many"

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the morph target weights of every animated node."""
        from mien.io.curves.gltf_reading import read_animations

        return read_animations(file)


class GlbFormat(GltfFormat):
    """glTF in one binary file: every face as an animated mesh."""

    name = "glTF"
    suffixes = (".glb",)

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write the faces of a shot; equal curves make equal files."""
        faces, clock = scene_faces(curves), curves.clock
        assert clock is not None
        scene = _Scene()
        for face in faces:
            scene.add(face, clock)
        facts: dict[str, Any] = {
            "version": 1, "rate": str(clock.rate), "frames": clock.frame_count,
            "source": curves.source,
        }  # fmt: skip
        if clock.start is not None:
            facts["start_timecode"] = str(clock.start)
        if clock.times is not None:
            facts["times"] = [round(float(time), _DIGITS) for time in clock.times]
        facts["faces"] = [_facts(face.curves, node) for node, face in enumerate(faces)]
        scene.write(file, facts)


def _facts(face: FaceCurves, node: int) -> dict[str, Any]:
    """Return what no morph target of a face shows."""
    curves = {}
    for name, values in beside_weights(face).items():
        rounded = np.round(values.astype(np.float64), _DIGITS).tolist()
        # How surely a face is seen is told of every frame.
        shown = face.valid | name.startswith("confidence")
        curves[name] = [v if there else None for v, there in zip(rounded, shown, strict=True)]
    return {
        "node": node, "number": face.number, "name": face.name, "valid": face.valid.tolist(),
        "controls": [name for name in face.controls if name in ARKIT], "curves": curves,
    }  # fmt: skip


class _Scene:
    """A glTF document that grows by faces, and its binary buffer."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._nodes: list[dict[str, Any]] = []
        self._meshes: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []
        self._samplers: list[dict[str, Any]] = []

    def add(self, face: SceneFace, clock: Clock) -> None:
        """Add a face with its animation."""
        node, valid = len(self._nodes), np.flatnonzero(face.curves.valid)
        name = face.curves.name or f"face {face.curves.number}"
        self._nodes.append({"name": name, "mesh": node})
        names = self._add_mesh(face, name)
        if not len(valid):
            return
        at = valid[0]
        self._nodes[node] |= {
            "translation": face.path.translation[at].tolist(),
            "rotation": face.path.rotation[at].tolist(),
        }
        still = np.zeros(len(face.curves))
        weights = np.column_stack([face.curves.controls.get(n, still)[valid] for n in names])
        times = np.array([float(clock.seconds(frame)) for frame in valid.tolist()], np.float32)
        keys = self._accessor(times, "SCALAR", bounded=True)
        for path, values, kind in (
            ("weights", weights.astype(np.float32).ravel(), "SCALAR"),
            ("translation", face.path.translation[valid], "VEC3"),
            ("rotation", face.path.rotation[valid], "VEC4"),
        ):
            target = {"node": node, "path": path}
            self._channels.append({"sampler": len(self._samplers), "target": target})
            output = self._accessor(values, kind)
            self._samplers.append({"input": keys, "interpolation": "LINEAR", "output": output})

    def write(self, file: IO[bytes], facts: dict[str, Any]) -> None:
        """Write all of it as one binary file.

        Args:
            file: The file.
            facts: What mien says of it.
        """
        document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "mien", "extras": {FACTS: facts}},
            "scene": 0,
            "scenes": [{"nodes": list(range(len(self._nodes)))}],
            "nodes": self._nodes,
            "meshes": self._meshes,
            "materials": [
                {
                    "name": "skin",
                    "doubleSided": True,
                    "pbrMetallicRoughness": {
                        "baseColorFactor": _SKIN, "metallicFactor": 0, "roughnessFactor": 0.6,
                    },
                }
            ],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._buffer)}],
        }  # fmt: skip
        if self._channels:
            document["animations"] = [
                {"name": "performance", "channels": self._channels, "samplers": self._samplers}
            ]
        text = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        length = 12 + 8 + len(text) + 8 + len(self._buffer)
        file.write(struct.pack("<4sII", b"glTF", 2, length))
        file.write(struct.pack("<I4s", len(text), b"JSON") + text)
        file.write(struct.pack("<I4s", len(self._buffer), b"BIN\0") + self._buffer)

    def _add_mesh(self, face: SceneFace, name: str) -> tuple[str, ...]:
        mesh = face_mesh(face.identity)
        # Pictures are laid out from above.
        uv = np.column_stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]]).astype(np.float32)
        corners = mesh.triangles.astype(np.uint16).ravel()
        primitive = {
            "attributes": {
                "POSITION": self._accessor(mesh.points, "VEC3", _VERTICES, bounded=True),
                "NORMAL": self._accessor(mesh.normals, "VEC3", _VERTICES),
                "TEXCOORD_0": self._accessor(uv, "VEC2", _VERTICES),
            },
            "indices": self._accessor(corners, "SCALAR", _INDICES),
            "material": 0,
            "targets": [
                {
                    "POSITION": self._accessor(offsets, "VEC3", _VERTICES, bounded=True),
                    "NORMAL": self._accessor(bent, "VEC3", _VERTICES),
                }
                for offsets, bent in zip(mesh.offsets, mesh.normal_offsets, strict=True)
            ],
        }
        self._meshes.append(
            {
                "name": name,
                "primitives": [primitive],
                "weights": [0.0] * len(mesh.names),
                "extras": {"targetNames": list(mesh.names)},
            }
        )
        return mesh.names

    def _accessor(
        self,
        array: npt.NDArray[Any],
        kind: str,
        target: int | None = None,
        *,
        bounded: bool = False,
    ) -> int:
        """Append an array to the buffer; return the index of its accessor."""
        data = np.ascontiguousarray(array)
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self._buffer), "byteLength": data.nbytes,
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        self._buffer += data.tobytes()
        self._buffer += bytes(-len(self._buffer) % 4)
        component = _UNSIGNED_SHORT if data.dtype == np.uint16 else _FLOAT
        accessor: dict[str, Any] = {
            "bufferView": len(self._views), "componentType": component, "count": len(data),
            "type": kind,
        }  # fmt: skip
        if bounded:
            rows = data.reshape(len(data), -1)
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self._views.append(view)
        self._accessors.append(accessor)
        return len(self._accessors) - 1
