"""Curves as tables, and as the dict that tables are made of."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import MissingDependencyError
from mien.model.controls import NAMES
from mien.model.curves import ControlCurves, Curves
from tests.documents import make_shot

FRAMES = 24


@pytest.fixture
def curves() -> Curves:
    made = make_shot(FRAMES).faces[0].curves
    return replace(made, valid=np.arange(FRAMES) != 4)


def test_a_table_has_a_row_a_frame_and_a_column_a_control(curves: Curves) -> None:
    pytest.importorskip("pandas")
    table = curves.to_dataframe()
    assert list(table.columns) == list(NAMES)
    assert table.index.name == "frame"
    assert table.index.tolist() == list(range(FRAMES))
    assert table.isna().all(axis=1).tolist() == (~curves.valid).tolist()
    seen = table[curves.valid]["jawOpen"].to_numpy()
    np.testing.assert_array_equal(seen, curves.controls["jawOpen"][curves.valid])


def test_a_table_can_have_flame_coefficients(curves: Curves) -> None:
    pytest.importorskip("pandas")
    curves.flame[:, 50] = 0.5
    table = curves.to_dataframe(flame=True)
    assert table.shape == (FRAMES, len(NAMES) + 55)
    assert list(table.columns[-55:-53]) == ["expr0", "expr1"]
    assert list(table.columns[-5:]) == ["eyelidLeft", "eyelidRight", "jaw0", "jaw1", "jaw2"]
    assert table["eyelidLeft"][0] == 0.5


def test_a_table_of_controls_has_a_column_for_each(curves: Curves) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(curves.controls)
    assert list(table.columns) == list(NAMES)
    np.testing.assert_array_equal(table.to_numpy(), curves.controls.array)


def test_without_pandas_the_remedy_is_named(
    curves: Curves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install pandas"):
        curves.to_dataframe()


def test_controls_are_a_dict_that_also_knows_both_sides(curves: Curves) -> None:
    controls = curves.controls
    assert dict(controls).keys() == set(NAMES)
    assert list(controls) == list(NAMES)
    assert len(controls) == len(NAMES)
    both = (controls["mouthSmileLeft"] + controls["mouthSmileRight"]) / 2
    np.testing.assert_allclose(controls["mouthSmile"], both)
    np.testing.assert_allclose(controls.get("mouthSmile"), both)
    assert "mouthSmile" in controls
    assert "mouth" not in controls
    assert controls.get("mouth") is None
    with pytest.raises(KeyError):
        controls["mouth"]
    controls.array[3] = 0.125
    assert controls["jawOpen"][3] == 0.125


def test_nothing_can_be_added_to_controls(curves: Curves) -> None:
    controls = curves.controls
    changes: tuple[Callable[[], object], ...] = (
        lambda: controls.update(jawOpen=0),
        lambda: controls.__setitem__("jawOpen", 0),
        lambda: controls.pop("jawOpen"),
        controls.clear,
    )
    for change in changes:
        with pytest.raises(TypeError, match="change their `array`"):
            change()
    assert len(controls) == len(NAMES)


def test_controls_are_packed_once(curves: Curves) -> None:
    for back in (pickle.loads(pickle.dumps(curves.controls)), copy.deepcopy(curves.controls)):
        assert isinstance(back, ControlCurves)
        np.testing.assert_array_equal(back.array, curves.controls.array)
        assert np.shares_memory(back["jawOpen"], back.array)
    assert len(pickle.dumps(curves.controls)) < curves.controls.array.nbytes + 1000
