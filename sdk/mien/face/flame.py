"""The FLAME head model: from coefficients to a mesh.

Li, Bolkart, Black, Li and Romero 2017, "Learning a model of facial shape and expression from
4D scans": a template, directions of shape and of expression, correctives for the rotations
of neck, jaw and eyes, and linear blend skinning about joints that are regressed from the
shaped vertices. Units are metres; y is up, x to the person's left, z towards the camera.

FLAME itself has no eyelids. SMIRK adds two fields of displacement, one for each lid, that
come with SMIRK and not with FLAME; where they lie beside the head they are used, and where
not, `mien.face.embedding` makes them of the embedded rig's own blinks.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import UsageError, WeightsError
from mien.weights.flame_file import JOINTS, SHAPES, read_flame
from mien.weights.plain import load_npy

__all__ = ["EYELID_FILES", "FlameHead", "rotations"]

FRAMES_AT_ONCE: Final = 64
"""Frames whose meshes are made together; keeps the work in cache and memory small."""
EYELID_FILES: Final = ("l_eyelid.npy", "r_eyelid.npy")
"""SMIRK's displacement of the left and of the right lid, (V, 3) metres each."""
_LIDS_REMEDY: Final = "Get it from SMIRK again, or remove it."
_PARENTS: Final = (-1, 0, 1, 1, 1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FlameHead:
    """A FLAME head, or the same model of any points on one.

    Attributes:
        basis: The basis in which its expression coefficients are given.
        template: (V, 3) float32, the mean head in metres.
        shapes: (S, V * 3) float32, displacement of each shape coefficient at 1.
        expressions: (E, V * 3) float32, displacement of each expression coefficient at 1.
        eyelids: (2, V * 3) float32, displacement of the left and the right lid when closed;
            None until they are known.
        correctives: (36, V * 3) float32, what the rotations of the last four joints correct.
        joints: (5, 3) float32, root, neck, jaw, left eye, right eye of the mean head.
        joint_shapes: (S, 15) float32, how the joints move with shape.
        joint_expressions: (E, 15) float32, how they move with expression.
        skinning: (V, 5) float32, how far each vertex goes with each joint.
        triangles: (F, 3) vertex indices; none for mere points.
    """

    basis: str
    template: FloatArray
    shapes: FloatArray
    expressions: FloatArray
    eyelids: FloatArray | None
    correctives: FloatArray
    joints: FloatArray
    joint_shapes: FloatArray
    joint_expressions: FloatArray
    skinning: FloatArray
    triangles: npt.NDArray[np.intp]

    @classmethod
    def load(cls, path: Path, basis: str) -> FlameHead:
        """Load a head from its file, with SMIRK's eyelids if they lie beside it.

        Raises:
            WeightsError: When a file cannot be used.
        """
        head = cls.from_arrays(read_flame(path), basis)
        lids = [path.parent / name for name in EYELID_FILES]
        if not all(lid.is_file() for lid in lids):
            return head
        return dataclasses.replace(head, eyelids=np.stack([_field(lid, head) for lid in lids]))

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]], basis: str) -> FlameHead:
        """Make a head of arrays as `read_flame` gives them."""
        template = arrays["v_template"]
        count = len(template)
        directions = arrays["shapedirs"].reshape(count * 3, -1).T
        regressor = arrays["J_regressor"]
        joints = (regressor @ arrays["shapedirs"].reshape(count, -1)).reshape(JOINTS * 3, -1).T
        return cls(
            basis=basis,
            template=np.asarray(template, dtype=np.float32),
            shapes=_rows(directions[:SHAPES]),
            expressions=_rows(directions[SHAPES:]),
            eyelids=None,
            correctives=_rows(arrays["posedirs"].reshape(count * 3, -1).T),
            joints=_rows(regressor @ template),
            joint_shapes=_rows(joints[:SHAPES]),
            joint_expressions=_rows(joints[SHAPES:]),
            skinning=_rows(arrays["weights"]),
            triangles=arrays["f"].astype(np.intp),
        )

    def at(self, triangles: npt.NDArray[np.intp], weights: npt.NDArray[Any]) -> FlameHead:
        """Return the model of points on the surface alone, as if they were vertices.

        A point is skinned with the mean of its corners' weights; against the mean of three
        skinned corners that differs by what skinning bends within one triangle.

        Args:
            triangles: (N,) triangles.
            weights: (N, 3) barycentric weights.
        """
        corners = self.triangles[triangles]
        w = np.asarray(weights, dtype=np.float32)

        def read(rows: FloatArray) -> FloatArray:
            fields = rows.reshape(len(rows), -1, 3)
            return _rows(np.einsum("nc,kncx->knx", w, fields[:, corners]).reshape(len(rows), -1))

        return dataclasses.replace(
            self,
            template=_rows(np.einsum("nc,ncx->nx", w, self.template[corners])),
            shapes=read(self.shapes),
            expressions=read(self.expressions),
            eyelids=None if self.eyelids is None else read(self.eyelids),
            correctives=read(self.correctives),
            skinning=_rows(np.einsum("nc,ncj->nj", w, self.skinning[corners])),
            triangles=np.zeros((0, 3), dtype=np.intp),
        )

    def shaped(self, shape: npt.NDArray[Any]) -> FlameHead:
        """Return the head of one person, whose shape coefficients are then 0.

        Args:
            shape: (N,) coefficients of shape, at most 300.
        """
        shape = np.asarray(shape, dtype=np.float32)
        _check_count(shape, len(self.shapes), "shape")
        n = len(shape)
        return dataclasses.replace(
            self,
            template=self.template + (shape @ self.shapes[:n]).reshape(-1, 3),
            joints=self.joints + (shape @ self.joint_shapes[:n]).reshape(-1, 3),
        )

    def vertices(
        self,
        expression: npt.NDArray[Any],
        *,
        eyelids: npt.NDArray[Any] | None = None,
        jaw: npt.NDArray[Any] | None = None,
        neck: npt.NDArray[Any] | None = None,
        eyes: npt.NDArray[Any] | None = None,
        rotation: npt.NDArray[Any] | None = None,
    ) -> FloatArray:
        """Return the mesh's vertices in every frame.

        Args:
            expression: (T, N) coefficients, N at most the number of directions.
            eyelids: (T, 2) left, right; 0 open .. 1 closed.
            jaw: (T, 3) axis times angle, radians; so with `neck` and `rotation`, which turns
                the head about its root.
            neck: (T, 3).
            eyes: (T, 6) left, right.
            rotation: (T, 3).

        Returns:
            (T, V, 3) float32 in metres.

        Raises:
            UsageError: When there are more coefficients than the head has directions, or
                eyelids are asked of a head whose eyelids are not known.
        """
        expression = np.asarray(expression, dtype=np.float32)
        frames = len(expression)
        _check_count(expression, len(self.expressions), "expression")
        if eyelids is not None and self.eyelids is None:
            raise UsageError(f"The head {self.basis} has no eyelids.", "Register it first.")
        turns = np.zeros((frames, JOINTS, 3))
        for joint, angle in ((0, rotation), (1, neck), (2, jaw)):
            if angle is not None:
                turns[:, joint] = angle
        if eyes is not None:
            turns[:, 3:] = np.asarray(eyes).reshape(frames, 2, 3)
        found = np.empty((frames, len(self.template), 3), dtype=np.float32)
        for first in range(0, frames, FRAMES_AT_ONCE):
            batch = slice(first, first + FRAMES_AT_ONCE)
            lids = None if eyelids is None else np.asarray(eyelids[batch], dtype=np.float32)
            found[batch] = self._posed(expression[batch], lids, rotations(turns[batch]))
        return found

    def _posed(
        self, expression: FloatArray, lids: FloatArray | None, turns: FloatArray
    ) -> FloatArray:
        n = expression.shape[1]
        frames = len(expression)
        points = self.template.reshape(-1) + expression @ self.expressions[:n]
        if lids is not None and self.eyelids is not None:
            points += lids @ self.eyelids
        moved = (turns[:, 1:] - np.eye(3, dtype=np.float32)).reshape(frames, -1)
        points += moved @ self.correctives
        joints = self.joints.reshape(-1) + expression @ self.joint_expressions[:n]
        whole, shift = _carried(joints.reshape(frames, JOINTS, 3), turns)
        placed = points.reshape(frames, -1, 3)
        found = np.zeros_like(placed)
        for joint in np.flatnonzero(self.skinning.any(axis=0)):
            turned = placed @ whole[:, joint].transpose(0, 2, 1) + shift[:, joint, None]
            found += self.skinning[:, joint, None] * turned
        return found


def rotations(vectors: npt.NDArray[Any]) -> FloatArray:
    """Return rotation matrices (..., 3, 3) of axis times angle (..., 3), radians (Rodrigues)."""
    v = np.asarray(vectors, dtype=np.float64)
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(v, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*v.shape, 3)
    # sin(a)/a and (1 - cos(a))/a^2 by way of sinc, which is smooth at 0.
    first = np.sinc(angle / np.pi)
    second = np.sinc(angle / (2 * np.pi)) ** 2 / 2
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross), dtype=np.float32)


def _carried(joints: FloatArray, turns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What each joint does to the points that go with it: (T, 5, 3, 3) @ point + (T, 5, 3)."""
    whole, shift = np.empty_like(turns), np.empty_like(joints)
    for joint, parent in enumerate(_PARENTS):
        own = joints[:, joint] - _times(turns[:, joint], joints[:, joint])
        if parent < 0:
            whole[:, joint], shift[:, joint] = turns[:, joint], own
            continue
        whole[:, joint] = whole[:, parent] @ turns[:, joint]
        shift[:, joint] = shift[:, parent] + _times(whole[:, parent], own)
    return whole, shift


def _times(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0], dtype=np.float32)


def _rows(values: npt.NDArray[Any]) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float32)


def _check_count(values: FloatArray, most: int, what: str) -> None:
    if values.shape[-1] > most:
        raise UsageError(
            f"{values.shape[-1]} coefficients of {what} were given; the head has {most}.",
            "Give fewer.",
        )


def _field(path: Path, head: FlameHead) -> FloatArray:
    field = load_npy(path, _LIDS_REMEDY)
    if field.shape != head.template.shape or field.dtype.kind != "f":
        raise WeightsError(
            f"{path.name} holds {field.dtype} {field.shape}, not a displacement of the head's"
            f" {len(head.template)} vertices.",
            _LIDS_REMEDY,
            path=path,
        )
    if not np.isfinite(field).all():
        raise WeightsError(
            f"{path.name} holds values that are not finite.", _LIDS_REMEDY, path=path
        )
    return _rows(field.reshape(-1))
