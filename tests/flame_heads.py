"""Small made heads in the published layout of FLAME, since nothing of FLAME is ours to keep.

The face is the rig's mean face, on a rough ball of a head, with two eyeballs; expressions
and shapes are smooth fields that move it by about as much as FLAME's do.
"""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix

from mien.face.flame_coefficients import rig_bridge
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.weights.flame_file import KEYS

Array = npt.NDArray[Any]

METRES = 0.01
PLACE = np.array([0.003, -0.02, 0.012])
"""Where the made head's rig stands in metres: FLAME's middle is not the rig's."""
EYE = 1.2
"""Radius of an eyeball in centimetres."""


def made_head(seed: int = 0, *, like: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """Arrays of a head, as `read_flame` gives them; with `like`, another basis of that head."""
    if like is not None:
        random = np.random.default_rng(seed)
        other = dict(like)
        mixing = np.eye(100) + 0.2 * random.normal(size=(100, 100)) / 10
        directions = like["shapedirs"].copy()
        directions[..., 300:] = directions[..., 300:] @ mixing
        return other | {"shapedirs": directions.astype(np.float32)}
    return dict(_first(seed))


@lru_cache(maxsize=2)
def _first(seed: int) -> dict[str, Array]:
    points, triangles, parts = _mesh()
    rig = load_rig()
    jaw = np.zeros(len(points))
    jaw[:SKIN] = rig.jaw_weight
    weights = np.zeros((len(points), 5))
    weights[:, 2] = jaw
    weights[parts == 1, 3] = 1
    weights[parts == 2, 4] = 1
    weights[:, 1] = np.where(parts == 0, 1 - jaw, 0)
    hinge = np.asarray(rig.jaw_hinge, dtype=np.float64)
    joints = np.stack([[0, -9, -6], [0, -5, -5], hinge, *_eyes(rig)])
    vertices = points * METRES + PLACE
    return {
        "v_template": vertices.astype(np.float32),
        "shapedirs": _directions(points, parts, seed).astype(np.float32),
        "posedirs": _correctives(points, seed).astype(np.float32),
        "J_regressor": _regressor(vertices, joints * METRES + PLACE).astype(np.float32),
        "kintree_table": np.array([[-1, 0, 1, 1, 1], [0, 1, 2, 3, 4]]),
        "weights": weights.astype(np.float32),
        "f": triangles.astype(np.int64),
    }


def _eyes(rig: Any) -> list[Array]:
    """Middles of the eyeballs, left first: behind the corners of the eyes."""
    return [
        rig.mean[rig.groups[f"{side}_eye_upper"][[0, -1]]].mean(axis=0) - [0, 0, 0.9 * EYE]
        for side in ("left", "right")
    ]


def _mesh() -> tuple[Array, Array, Array]:
    """Points, triangles, and which part a point belongs to: skin and skull 0, eyeballs 1, 2."""
    rig = load_rig()
    points, triangles = [rig.mean.astype(np.float64)], [rig.triangles]
    parts = [np.zeros(SKIN, dtype=int)]
    skull, faces = _ball(np.array([0.0, 1.5, -6.0]), 9.0, 10)
    behind = skull[:, 2] < -4
    points.append(skull[behind])
    place = np.cumsum(behind) - 1
    triangles.append(place[faces[behind[faces].all(axis=1)]] + SKIN)
    parts.append(np.zeros(int(behind.sum()), dtype=int))
    for part, middle in enumerate(_eyes(rig), start=1):
        before = sum(map(len, points))
        eye, faces = _ball(middle, EYE, 8)
        points.append(eye)
        triangles.append(faces + before)
        parts.append(np.full(len(eye), part))
    return np.concatenate(points), np.concatenate(triangles), np.concatenate(parts)


def _ball(middle: Array, radius: float, rings: int) -> tuple[Array, Array]:
    u, v = np.meshgrid(np.arange(2 * rings), np.arange(rings + 1), indexing="xy")
    turn, lift = np.pi * u.ravel() / rings, np.pi * v.ravel() / rings
    points = middle + radius * np.stack(
        [np.sin(lift) * np.sin(turn), np.cos(lift), np.sin(lift) * np.cos(turn)], axis=1
    )
    a = (v[:-1] * 2 * rings + u[:-1]).ravel()
    b = (v[:-1] * 2 * rings + (u[:-1] + 1) % (2 * rings)).ravel()
    down = 2 * rings
    return points, np.concatenate(
        [np.stack([a, a + down, b], axis=1), np.stack([b, a + down, b + down], axis=1)]
    )


def _directions(points: Array, parts: Array, seed: int) -> Array:
    """(V, 3, 400) shapes: smooth fields; expressions: the rig's own, mixed, and smooth ones."""
    random = np.random.default_rng(seed)
    rig = load_rig()
    found = np.zeros((len(points), 3, 400))
    centres = points[random.integers(0, SKIN, size=400)]
    widths = random.uniform(2.0, 7.0, size=400)
    amount = random.normal(size=(400, 3)) * np.linspace(0.25, 0.02, 400)[:, None]
    near = np.exp(-(((points[:, None] - centres) / widths[:, None]) ** 2).sum(axis=2) / 2)
    found[:] = (near[:, :, None] * amount).transpose(0, 2, 1)
    size = np.linspace(2.0, 0.6, 50)
    mix = np.linalg.qr(random.normal(size=(50, 50)))[0] * size[:, None]
    # Little that lids or jaw do already, or coefficients could not be told apart.
    own = np.linalg.qr(rig_bridge().generators[50:].astype(np.float64).T)[0]
    fields = mix @ (rig.expression - 0.7 * (rig.expression @ own) @ own.T)
    fields = fields.reshape(50, SKIN, 3)
    found[:SKIN, :, 300:350] = fields.transpose(1, 2, 0)
    found[SKIN:, :, 300:] = 0
    found[parts > 0] = found[parts > 0].mean(axis=0)
    return found * METRES


def _correctives(points: Array, seed: int) -> Array:
    random = np.random.default_rng(seed + 1)
    waves = np.sin(points @ random.normal(scale=0.3, size=(3, 36)) + random.uniform(0, 6, 36))
    return np.asarray(0.003 * waves[:, None] * random.normal(size=(3, 36)))


def _regressor(vertices: Array, joints: Array) -> Array:
    """(5, V) rows of few values that add up to 1 and find the joints."""
    rows = np.zeros((len(joints), len(vertices)))
    for row, joint in zip(rows, joints, strict=True):
        order = np.argsort(np.linalg.norm(vertices - joint, axis=1))
        near = order[:: max(1, len(order) // 40)]
        system = np.vstack([vertices[near].T, np.ones(len(near))])
        row[near] = np.linalg.lstsq(system, np.append(joint, 1.0), rcond=None)[0]
    return rows


def published_pickle(arrays: Mapping[str, Array], path: Path, protocol: int = 2) -> Path:
    """Write a head as it is published: chumpy's arrays, a sparse regressor, a wrapped root."""
    root = types.ModuleType("chumpy")
    room = types.ModuleType("chumpy.ch")
    kind = type("Ch", (), {"__module__": "chumpy.ch", "__qualname__": "Ch"})
    room.Ch = kind  # type: ignore[attr-defined]

    def wrapped(array: Array) -> Any:
        made = kind()
        made.__dict__.update({"x": array.astype(np.float64), "_dirty_vars": set(), "_itr": None})
        return made

    content = {key: np.asarray(arrays[key]) for key in KEYS} | {
        "bs_style": "lbs",
        "bs_type": "lrotmin",
        "J": wrapped(np.zeros((5, 3))),
        "J_regressor": csc_matrix(np.asarray(arrays["J_regressor"], dtype=np.float64)),
        "kintree_table": arrays["kintree_table"].astype(np.uint32),
        "f": arrays["f"].astype(np.uint32),
    }
    for key in ("v_template", "shapedirs", "posedirs"):
        content[key] = wrapped(arrays[key])
    before = {name: sys.modules.get(name) for name in ("chumpy", "chumpy.ch")}
    sys.modules.update({"chumpy": root, "chumpy.ch": room})
    try:
        path.write_bytes(pickle.dumps(content, protocol=protocol))
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return path
