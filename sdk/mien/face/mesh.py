"""A tracked face as a mesh with blend shapes, as programs for three dimensions take it.

Points are in metres (a canonical unit is about 1 cm), x to the person's left, y up, z towards
the camera, about the middle of the head. Eyes and mouth are holes, as in the rig.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._types import FloatArray, Int32Array
from mien.face.rig import Rig, load_rig
from mien.model.controls import ARKIT

__all__ = ["METRES", "BlendShapeMesh", "face_mesh", "vertex_normals"]

METRES = 0.01
"""Metres of a canonical unit."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BlendShapeMesh:
    """One person's neutral face, and where each control at 1 moves it.

    Attributes:
        points: (468, 3) float32 metres, the neutral face.
        normals: (468, 3) float32, unit normals of the smooth surface.
        uv: (468, 2) float32, 0..1 from the lower left: around the head and along its height; the
            same for every person.
        triangles: (N, 3) int32 vertex indices, counter-clockwise from outside.
        names: (S,) the controls that are blend shapes, ARKit's 52.
        offsets: (S, 468, 3) float32 metres, what a control at 1 adds to the points.
        normal_offsets: (S, 468, 3) float32, what it adds to the normals.
    """

    points: FloatArray
    normals: FloatArray
    uv: FloatArray
    triangles: Int32Array
    names: tuple[str, ...]
    offsets: FloatArray
    normal_offsets: FloatArray

    def __repr__(self) -> str:
        return f"BlendShapeMesh({len(self.points)} points, {len(self.names)} blend shapes)"


def face_mesh(identity: FloatArray) -> BlendShapeMesh:
    """Return the mesh of a person's face.

    Args:
        identity: (468, 3) the neutral face in canonical units, `Face.identity`.
    """
    rig = load_rig()
    points = (np.asarray(identity, np.float32) * METRES).astype(np.float32)
    # The 52 come first among the controls; gaze and head are no deformations of the skin.
    offsets = (rig.personal(identity).fields[: len(ARKIT)] * METRES).astype(np.float32)
    triangles = rig.triangles.astype(np.int32)
    normals = vertex_normals(points, triangles)
    bent = [vertex_normals(points + offset, triangles) - normals for offset in offsets]
    return BlendShapeMesh(points, normals, _layout(rig), triangles, ARKIT, offsets, np.stack(bent))


def vertex_normals(points: FloatArray, triangles: Int32Array) -> FloatArray:
    """Return (V, 3) unit normals of a smooth surface: those of triangles, weighted by area.

    Args:
        points: (V, 3).
        triangles: (N, 3) vertex indices.
    """
    a, b, c = (points[triangles[:, corner]].astype(np.float64) for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros((len(points), 3))
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    flat = lengths[:, 0] < 1e-30
    normals[flat], lengths[flat] = (0, 0, 1), 1
    return np.asarray(normals / lengths, dtype=np.float32)


def _layout(rig: Rig) -> FloatArray:
    """Lay the mean face out on a cylinder about the head's upright axis."""
    x, y, z = rig.mean.T.astype(np.float64)
    # The axis lies as far back as the face reaches: half a turn leads from ear to ear.
    around = np.arctan2(x, z - z.min() + 1e-3)
    uv = np.column_stack([around / np.pi + 0.5, (y - y.min()) / (y.max() - y.min())])
    return np.asarray(uv, dtype=np.float32)
