"""What geometry gives the rig: how skin follows margins, and the basis of expression."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.face.flame_coefficients import fields_beside_jaw_and_lids
from mien.face.rig import Rig, read_rig
from mien.model.controls import ARKIT
from rigmaker import basis, learn
from rigmaker.align import Clip
from rigmaker.spread import distance_to, spread
from rigmaker.topology import SKIN, Indices

Array = npt.NDArray[np.float64]

LID_REACH = 1.3
"""Canonical units from the lids beyond which a blink moves nothing."""
LIP_REACH = 2.2
"""The same for lips that close."""
RARE = 0.05


def spreads(mean: Array, triangles: Indices, groups: dict[str, Indices]) -> dict[str, Array]:
    """How the skin follows the lid and the lip margins, by name in the rig's file."""
    found = {}
    for side in ("left", "right"):
        margin = [*groups[f"{side}_eye_upper"].tolist(), *groups[f"{side}_eye_lower"].tolist()]
        fixed = distance_to(mean, margin) > LID_REACH
        fixed[groups[f"{side}_brow"]] = True
        found[f"{side}_lid_spread"] = spread(mean, triangles, margin, fixed)
    lips = [*groups["lips_inner_upper"].tolist(), *groups["lips_inner_lower"].tolist()]
    found["lip_spread"] = spread(mean, triangles, lips, distance_to(mean, lips) > LIP_REACH)
    return {name: weights.astype(np.float16) for name, weights in found.items()}


def as_rig(arrays: dict[str, npt.NDArray[np.generic]]) -> Rig:
    """The rig as far as it is made, as its users will read it."""
    blank = {
        "emphasis": np.ones(len(ARKIT)),
        "expression": np.eye(basis.COMPONENTS, SKIN * 3),
        **{f"{name}_scale": np.ones((SKIN, 3)) for name in ("noise", "people")},
        **{f"{name}_modes": np.zeros((0, SKIN, 3)) for name in ("noise", "people")},
    }
    stream = io.BytesIO()
    np.savez(stream, **(blank | arrays))
    stream.seek(0)
    return read_rig(stream)


def whole_fields(arrays: dict[str, npt.NDArray[np.generic]]) -> Array:
    """(52, 468, 3) the fields on the mean face, those that geometry makes among them."""
    rig = as_rig(arrays)
    return rig.personal(rig.mean).fields[: len(ARKIT)].astype(np.float64)


def expression(
    arrays: dict[str, npt.NDArray[np.generic]], clips: Sequence[Clip], spare: Array
) -> Array:
    """(50, 1404) the `mien-rig` basis."""
    rest = fields_beside_jaw_and_lids(as_rig(arrays))[: len(ARKIT)]
    weights = np.maximum(learn.activity(clips), RARE)
    return basis.expression(rest, weights, spare.reshape(len(spare), -1))
