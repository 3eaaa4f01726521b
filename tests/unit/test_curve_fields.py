"""What a list of shots says of curves of others reaches the layer that is made of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.errors import UsageError
from mien.jobs.curves import read_layer
from mien.jobs.fields import CurvesPart
from mien.jobs.job import CurvesInput
from mien.jobs.shot_task import _curves_to_dict, _read_curves
from mien.timebase import Clock


def test_groups_gains_and_basis_reach_the_layer(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    expr = np.random.default_rng(1).normal(size=(8, 50))
    np.savez(path, expr=expr, jaw_pose=np.tile([0.2, 0, 0], (8, 1)))
    part = CurvesPart.model_validate(
        {"file": str(path), "only": "jaw", "gains": {"jawOpen": 0.5}, "basis": "mien-rig"}
    )
    wanted = part.input(path)
    assert _read_curves(_curves_to_dict(wanted)) == wanted
    clock = Clock(Fraction(25), 8)
    made = read_layer(wanted, clock)
    assert set(made.controls) == {"jawForward", "jawLeft", "jawOpen", "jawRight"}
    whole = read_layer(CurvesInput(path, basis="mien-rig"), clock)
    half, full = (
        next(track for track in one.layer.tracks if track.control == "jawOpen").values(np.arange(8))
        for one in (made, whole)
    )
    np.testing.assert_allclose(half, full / 2, atol=1e-6)
    with pytest.raises(UsageError, match="does not name their basis"):
        read_layer(CurvesInput(path), clock)
