"""A tracked face as a mesh: in metres, whole, and moved as the rig moves it."""

from __future__ import annotations

import numpy as np

from mien.face.mesh import face_mesh
from mien.face.rig import load_rig
from mien.model.controls import ARKIT, INDEX

RIG = load_rig()


def test_it_is_the_face_in_metres_with_a_shape_for_each_control() -> None:
    mesh = face_mesh(RIG.mean)
    np.testing.assert_allclose(mesh.points, RIG.mean / 100, atol=1e-7)
    # From ear to ear; a head is about 14 cm wide.
    assert 0.12 < np.ptp(mesh.points[:, 0]) < 0.16
    assert mesh.names == ARKIT
    controls = np.zeros(len(INDEX), np.float32)
    controls[INDEX["jawOpen"]] = 1
    moved = mesh.points + mesh.offsets[ARKIT.index("jawOpen")]
    np.testing.assert_allclose(moved, RIG.personal(RIG.mean).shape(controls) / 100, atol=1e-5)
    assert repr(mesh) == "BlendShapeMesh(468 points, 52 blend shapes)"


def test_normals_are_of_length_one_and_look_outwards() -> None:
    mesh = face_mesh(RIG.mean)
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-5)
    nose = int(np.argmax(mesh.points[:, 2]))
    assert mesh.normals[nose, 2] > 0.5
    bent = mesh.normals + mesh.normal_offsets[ARKIT.index("mouthSmileLeft")]
    np.testing.assert_allclose(np.linalg.norm(bent, axis=1), 1, atol=1e-5)


def test_pictures_lie_the_same_on_everybody_and_over_nothing_twice() -> None:
    uv = face_mesh(RIG.mean * np.float32(1.3)).uv
    assert np.array_equal(uv, face_mesh(RIG.mean).uv)
    assert uv.min() >= 0
    assert uv.max() <= 1
    # The person's left is at the right of the picture, as for who looks at the face.
    assert uv[np.argmax(RIG.mean[:, 0]), 0] > 0.9
