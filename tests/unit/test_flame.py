"""The FLAME model against a straight-line version of it, and landmarks found on heads."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mien.errors import UsageError, WeightsError
from mien.face.closest import Surface
from mien.face.embedding import EMBEDDING_FILE, embed, read_embedding
from mien.face.flame import EYELID_FILES, FlameHead, rotations
from mien.face.heads import prepare
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.weights.flame_file import write_flame
from tests.flame_heads import made_head

Array = npt.NDArray[Any]


@pytest.fixture(scope="module")
def arrays() -> dict[str, Array]:
    return made_head()


@pytest.fixture(scope="module")
def head(arrays: dict[str, Array]) -> FlameHead:
    return FlameHead.from_arrays(arrays, "flame2020")


def straight(
    arrays: dict[str, Array], shape: Array, expression: Array, turns: Array, lids: Array
) -> Array:
    """One frame, vertex by vertex and joint by joint, in double precision.

    Args:
        arrays: The head's file.
        shape: (300,).
        expression: (100,).
        turns: (5, 3) axis-angle of root, neck, jaw, left and right eye.
        lids: (V, 3) what the lids add.
    """
    count = len(arrays["v_template"])
    directions = arrays["shapedirs"].astype(np.float64)
    shaped = np.zeros((count, 3))
    for v in range(count):
        for x in range(3):
            shaped[v, x] = arrays["v_template"][v, x]
            shaped[v, x] += sum(directions[v, x, k] * shape[k] for k in range(300) if shape[k])
            shaped[v, x] += sum(
                directions[v, x, 300 + k] * expression[k] for k in range(100) if expression[k]
            )
    joints = arrays["J_regressor"].astype(np.float64) @ shaped
    matrices = [_turn(turn) for turn in turns]
    feature = np.concatenate([(m - np.eye(3)).reshape(9) for m in matrices[1:]])
    chain: list[Array] = []
    for joint in range(5):
        parent = int(arrays["kintree_table"][0, joint])
        local = np.eye(4)
        local[:3, :3] = matrices[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        chain.append(local if parent < 0 else chain[parent] @ local)
    found = np.zeros((count, 3))
    for v in range(count):
        point = shaped[v] + lids[v] + arrays["posedirs"][v].astype(np.float64) @ feature
        for joint in range(5):
            moved = chain[joint] @ np.append(point - joints[joint], 1)
            found[v] += arrays["weights"][v, joint] * moved[:3]
    return found


def _turn(vector: Array) -> Array:
    """Rodrigues' formula as it is in textbooks."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    c, s = np.cos(angle), np.sin(angle)
    return np.array(
        [
            [c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s],
            [z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)],
        ]
    )


def test_the_model_is_that_of_the_paper(arrays: dict[str, Array], head: FlameHead) -> None:
    random = np.random.default_rng(1)
    shape = np.where(np.arange(300) % 40 == 0, random.normal(size=300), 0)
    expression = np.where(np.arange(100) % 9 == 0, random.normal(size=(3, 100)), 0)
    turns = random.normal(scale=0.3, size=(3, 5, 3))
    turns[0] = 0
    lids = random.normal(scale=0.001, size=(2, *head.template.shape)).astype(np.float32)
    closed = random.random((3, 2))
    own = dataclasses.replace(head, eyelids=lids.reshape(2, -1)).shaped(shape)
    found = own.vertices(
        expression,
        eyelids=closed,
        jaw=turns[:, 2],
        neck=turns[:, 1],
        eyes=turns[:, 3:].reshape(3, 6),
        rotation=turns[:, 0],
    )
    for frame in range(3):
        added = np.tensordot(closed[frame], lids, axes=1)
        exact = straight(arrays, shape, expression[frame], turns[frame], added)
        # A micrometre; float32 resolves a hundredth of that at the size of a head.
        np.testing.assert_allclose(found[frame], exact, atol=1e-6)


def test_nothing_asked_gives_the_template(head: FlameHead) -> None:
    np.testing.assert_allclose(head.vertices(np.zeros((2, 50)))[1], head.template, atol=1e-7)


def test_batches_do_not_matter(head: FlameHead) -> None:
    random = np.random.default_rng(2)
    expression = random.normal(size=(150, 50))
    jaw = random.normal(scale=0.1, size=(150, 3))
    whole = head.vertices(expression, jaw=jaw)
    part = head.vertices(expression[100:], jaw=jaw[100:])
    np.testing.assert_allclose(whole[100:], part, atol=1e-6)


def test_points_on_the_surface_follow_it(head: FlameHead) -> None:
    random = np.random.default_rng(3)
    triangles = random.integers(0, len(head.triangles), size=40)
    weights = random.dirichlet(np.ones(3), size=40)
    expression, jaw = random.normal(size=(5, 50)), random.normal(scale=0.1, size=(5, 3))
    mesh = head.vertices(expression, jaw=jaw)
    exact = np.einsum("nc,tncx->tnx", weights, mesh[:, head.triangles[triangles]])
    found = head.at(triangles, weights).vertices(expression, jaw=jaw)
    # Points are skinned as one: half a millimetre where a triangle spans the whole jaw.
    np.testing.assert_allclose(found, exact, atol=5e-4)


def test_turns_small_and_large() -> None:
    vectors = np.random.default_rng(4).normal(size=(20, 3)) * np.logspace(-12, 0.5, 20)[:, None]
    exact = np.stack([_turn(vector) for vector in vectors])
    np.testing.assert_allclose(rotations(vectors), exact, atol=1e-6)
    np.testing.assert_array_equal(rotations(np.zeros((1, 3))), np.eye(3)[None])


def test_too_much_is_refused(head: FlameHead) -> None:
    with pytest.raises(UsageError, match="101 coefficients of expression"):
        head.vertices(np.zeros((1, 101)))
    with pytest.raises(UsageError, match="301 coefficients of shape"):
        head.shaped(np.zeros(301))
    with pytest.raises(UsageError, match="no eyelids"):
        head.vertices(np.zeros((1, 50)), eyelids=np.zeros((1, 2)))


def test_landmarks_are_found_on_a_head(head: FlameHead) -> None:
    found = embed(head)
    at = head.at(found.triangles, found.weights).template
    # The made head's face is the rig's own: a millimetre at worst, a tenth in the middle.
    miss = np.linalg.norm(at - head.template[:SKIN], axis=1)
    assert np.median(miss) < 1e-4
    assert miss.max() < 1e-3
    np.testing.assert_allclose(found.points_to_canonical(at), load_rig().mean, atol=0.1)
    assert not found.published.any()


def test_lips_and_lids_are_told_apart(head: FlameHead) -> None:
    found = embed(head)
    skinning = head.at(found.triangles, found.weights).skinning
    groups = load_rig().groups
    assert skinning[groups["lips_inner_upper"][2:-2], 2].max() < 0.5
    assert skinning[groups["lips_inner_lower"][2:-2], 2].min() > 0.5


@pytest.mark.shared
def test_landmarks_on_the_published_mesh(shared: Path) -> None:
    """Against the published embedding of 105 landmarks: 2.2 mm in the mean when written."""
    mesh = _published_mesh(shared / "geometry")
    landmarks, triangles, weights = read_embedding(
        shared / "geometry" / "flame_mediapipe_embedding.npz", mesh
    )
    exact = mesh.at(triangles, weights).template
    found = embed(mesh)
    at = mesh.at(found.triangles[landmarks], found.weights[landmarks]).template
    miss = np.linalg.norm(at - exact, axis=1)
    assert miss.mean() < 2.7e-3
    assert miss.max() < 8e-3
    told = prepare(mesh, (landmarks, triangles, weights))
    np.testing.assert_allclose(told.landmarks.template[landmarks], exact, atol=1e-6)
    assert told.embedding.published.sum() == 105
    # SMIRK's own lids: they come down where ours do.
    theirs = np.load(shared / "geometry" / "flame_l_eyelid.npy")
    assert told.mesh.eyelids is not None
    ours = told.mesh.eyelids[0].reshape(-1, 3)
    similar = float((ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs))
    assert similar > 0.7


def _published_mesh(folder: Path) -> FlameHead:
    """The published topology with the joints and the skinning that its regions tell."""
    rows = [line.split() for line in (folder / "flame_head_template.obj").read_text().splitlines()]
    points = np.array([row[1:] for row in rows if row[:1] == ["v"]], dtype=np.float64)
    faces = [[int(v.split("/")[0]) - 1 for v in row[1:]] for row in rows if row[:1] == ["f"]]
    weights = np.zeros((len(points), 5))
    regressor = np.full((5, len(points)), 1 / len(points))
    # The eyeballs are the last two parts of the mesh, 546 vertices each.
    for joint, eye in ((3, slice(3931, 4477)), (4, slice(4477, 5023))):
        weights[eye, joint] = 1
        regressor[joint] = 0
        regressor[joint, eye] = 1 / 546
    weights[:, 1] = 1 - weights.sum(axis=1)
    return FlameHead.from_arrays(
        {
            "v_template": points,
            "shapedirs": np.zeros((len(points), 3, 400), np.float32),
            "posedirs": np.zeros((len(points), 3, 36), np.float32),
            "J_regressor": regressor,
            "weights": weights,
            "f": np.array(faces),
        },
        "flame2020",
    )


def test_eyelids_are_made_where_smirk_has_none_to_give(head: FlameHead) -> None:
    ready = prepare(head)
    assert ready.eyelids_made
    open_, shut = ready.landmarks.vertices(np.zeros((2, 50)), eyelids=np.array([[0, 0], [1.0, 0]]))
    groups = load_rig().groups
    upper, lower = groups["left_eye_upper"][2:-2], groups["left_eye_lower"][2:-2]
    gap_before = (open_[upper, 1] - open_[lower, 1]).mean()
    gap_after = (shut[upper, 1] - shut[lower, 1]).mean()
    assert gap_before > 5e-3
    assert abs(gap_after) < 0.05 * gap_before
    right = groups["right_eye_upper"]
    np.testing.assert_allclose(shut[right], open_[right], atol=1e-6)


def test_smirks_own_eyelids_are_used(arrays: dict[str, Array], tmp_path: Path) -> None:
    write_flame(arrays, tmp_path / "flame.npz")
    fields = np.random.default_rng(5).normal(size=(2, *arrays["v_template"].shape))
    for name, field in zip(EYELID_FILES, fields, strict=True):
        np.save(tmp_path / name, field)
    head = FlameHead.load(tmp_path / "flame.npz", "flame2020")
    moved = head.vertices(np.zeros((1, 50)), eyelids=np.array([[0.5, 0]]))[0] - head.template
    np.testing.assert_allclose(moved, 0.5 * fields[0], atol=1e-5)
    assert not prepare(head).eyelids_made


@pytest.mark.parametrize("field", [np.zeros((3, 3)), np.full((907, 3), np.nan), np.array([None])])
def test_damaged_eyelids_are_refused(
    field: Array, arrays: dict[str, Array], tmp_path: Path
) -> None:
    write_flame(arrays, tmp_path / "flame.npz")
    for name in EYELID_FILES:
        np.save(tmp_path / name, field, allow_pickle=True)
    with pytest.raises(WeightsError, match="l_eyelid"):
        FlameHead.load(tmp_path / "flame.npz", "flame2020")


@pytest.mark.parametrize(
    "changed",
    [
        {"lmk_face_idx": np.array([10**6])},
        {"lmk_b_coords": np.zeros((2, 3))},
        {"landmark_indices": np.array([-1])},
        {"landmark_indices": np.array([None])},
    ],
)
def test_an_embedding_of_another_head_is_refused(
    changed: dict[str, Array], head: FlameHead, tmp_path: Path
) -> None:
    fine = {
        "lmk_face_idx": np.array([3]),
        "lmk_b_coords": np.array([[0.2, 0.3, 0.5]]),
        "landmark_indices": np.array([4]),
    }
    path = tmp_path / EMBEDDING_FILE
    np.savez(path, **fine)
    assert read_embedding(path, head)[0].tolist() == [4]
    np.savez(path, **{**fine, **changed})
    with pytest.raises(WeightsError, match=EMBEDDING_FILE):
        read_embedding(path, head)


def test_closest_points_are_the_closest() -> None:
    random = np.random.default_rng(6)
    points, triangles = random.normal(size=(30, 3)), random.integers(0, 30, size=(20, 3))
    triangles = triangles[[len(set(row)) == 3 for row in triangles]]
    asked = random.normal(size=(25, 3))
    _, weights, distance = Surface(points, triangles).closest(asked)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    grid = random.dirichlet(np.ones(3) * 0.5, size=3000)
    everywhere = np.einsum("sc,fcx->fsx", grid, points[triangles]).reshape(-1, 3)
    brute = np.linalg.norm(asked[:, None] - everywhere, axis=2).min(axis=1)
    assert (distance <= brute + 1e-9).all()
    assert (brute - distance).max() < 0.1
