"""FLAME heads that are installed, ready to be used: with landmarks and eyelids on them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.blas import one_blas_thread
from mien.errors import MissingDependencyError, UsageError
from mien.face.closest import Surface
from mien.face.embedding import EMBEDDING_FILE, Embedding, embed, read_embedding
from mien.face.flame import FlameHead
from mien.face.flame_coefficients import FLAME_BASES
from mien.face.rig import load_rig
from mien.model.controls import INDEX
from mien.weights.store import installed, locate

__all__ = ["Head", "choose_head", "installed_heads", "load_head", "prepare"]

FACE_REACH: Final = 0.01
"""Metres from the landmarks' mesh within which skin is the face's."""
_MOVES: Final = 0.5
"""Skin that goes with a joint by more belongs to it."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Head:
    """A head that landmarks have been found on.

    Attributes:
        mesh: The whole head, with eyelids.
        landmarks: The model of its 468 landmarks alone.
        embedding: Where they lie, and how canonical space lies over the head.
        face: (V,) bool, vertices of the face's skin.
        eyelids_made: Whether the eyelids are made of the rig's blinks, not SMIRK's own.
    """

    mesh: FlameHead
    landmarks: FlameHead
    embedding: Embedding
    face: npt.NDArray[np.bool_]
    eyelids_made: bool


def installed_heads() -> tuple[str, ...]:
    """Return the names of the installed heads, the one that most programs speak first."""
    return tuple(name for name in FLAME_BASES if installed(name))


def choose_head(name: str) -> str:
    """Return the name of a head; `auto` is the first that is installed.

    Raises:
        UsageError: When no head has that name.
        MissingDependencyError: When none is installed.
    """
    if name == "auto":
        if found := installed_heads():
            return found[0]
        raise MissingDependencyError(
            "No FLAME head is installed.",
            f"Get one from https://flame.is.tue.mpg.de, then `mien models add {FLAME_BASES[-1]}"
            " PATH`.",
        )
    if name not in FLAME_BASES:
        raise UsageError(f"There is no FLAME head '{name}'.", f"One of: {', '.join(FLAME_BASES)}.")
    return name


def load_head(name: str) -> Head:
    """Load an installed head; made ready once for each file.

    Raises:
        MissingDependencyError: When it is not installed; it says how to get it.
        WeightsError: When one of its files cannot be used.
    """
    path = locate(name)["flame.npz"]
    return _load(path, path.stat().st_mtime_ns, name)


@lru_cache(maxsize=3)
def _load(path: Path, _changed: int, name: str) -> Head:
    mesh = FlameHead.load(path, name)
    beside = path.parent / EMBEDDING_FILE
    return prepare(mesh, read_embedding(beside, mesh) if beside.is_file() else None)


@one_blas_thread()
def prepare(
    mesh: FlameHead,
    published: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]
    | None = None,
) -> Head:
    """Find the landmarks on a head, and make eyelids if it has none.

    Args:
        mesh: The head.
        published: An embedding that came with it, as `read_embedding` gives it.
    """
    embedding = embed(mesh, published)
    mesh_points = mesh.at(embedding.triangles, embedding.weights).template
    made = mesh.eyelids is None
    eyes = mesh.skinning[:, 3:].sum(axis=1) > _MOVES
    # The landmarks' own mesh, in place, says how skin between them moves.
    surface = Surface(mesh_points, load_rig().triangles)
    triangles, weights, distance = surface.closest(mesh.template)
    face = (distance < FACE_REACH) & ~eyes
    if made:
        fields = _blinks(embedding, mesh_points)
        corners = fields[:, load_rig().triangles[triangles]]
        spread = np.einsum("vc,svcx->svx", weights, corners) * face[:, None]
        mesh = dataclasses.replace(mesh, eyelids=spread.reshape(2, -1).astype(np.float32))
    return Head(mesh, mesh.at(embedding.triangles, embedding.weights), embedding, face, made)


def _blinks(embedding: Embedding, points: FloatArray) -> FloatArray:
    """(2, 468, 3) metres: how landmarks on this head move when its left, its right lid shuts."""
    rig = load_rig()
    personal = rig.personal(embedding.points_to_canonical(points))
    fields = personal.fields[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
    return np.asarray(embedding.scale * fields @ embedding.rotation.T, dtype=np.float32)
