"""Between controls and coefficients, and between bases: there, back, and nothing for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.errors import MissingDependencyError, UsageError
from mien.face import flame_coefficients
from mien.face.bridge import (
    apply_change,
    bridge_to,
    check_basis,
    controls_to_flame,
    convert,
    flame_change,
    flame_to_controls,
    installed_bases,
)
from mien.face.rig import load_rig
from mien.model.controls import INDEX, NAMES
from mien.weights.flame_file import write_flame
from tests.flame_heads import made_head
from tests.profiles import examples

HEADS = ("flame2020", "flame2023-open")


@pytest.fixture(scope="module", autouse=True)
def _heads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two heads on one mesh, in unlike bases; the third is not installed."""
    folder = tmp_path_factory.mktemp("models")
    first = made_head()
    write_flame(first, folder / HEADS[0] / "flame.npz")
    write_flame(made_head(5, like=first), folder / HEADS[1] / "flame.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_MODELS", str(folder))
        yield


_EVERYDAY = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "eyeBlinkLeft",
             "mouthPucker", "mouthFrownRight", "browDownLeft", "noseSneerLeft")  # fmt: skip

weights = st.dictionaries(st.sampled_from(_EVERYDAY), st.floats(0.1, 0.9), min_size=1, max_size=3)


def _row(values: dict[str, float]) -> FloatArray:
    row = np.zeros(len(NAMES), dtype=np.float32)
    for name, value in values.items():
        row[INDEX[name]] = value
    return row


@examples(60)
@given(st.sampled_from(("mien-rig", *HEADS)), weights)
def test_controls_come_back(basis: str, values: dict[str, float]) -> None:
    row = _row(values)
    back = flame_to_controls(controls_to_flame(row, basis), basis)
    # What is asked for comes back; what is like it may take a part (mouthClose and jawOpen).
    assert np.abs(back - row).max() < 0.25
    assert np.abs(back - row).mean() < 0.02


@examples(40)
@given(st.sampled_from(("mien-rig", *HEADS)), weights)
def test_the_skin_goes_where_the_rig_takes_it(basis: str, values: dict[str, float]) -> None:
    row = _row(values)
    rig = load_rig()
    asked = np.tensordot(row, rig.personal(rig.mean).fields, axes=1).reshape(-1)
    bridge = bridge_to(basis)
    found = bridge.to_flame(row) @ bridge.generators
    assert np.linalg.norm(found - asked) < 0.35 * np.linalg.norm(asked)


@examples(60)
@given(st.sampled_from(("mien-rig", *HEADS)), weights, st.floats(0.1, 2))
def test_changes_are_linear_and_nothing_is_nothing(
    basis: str, values: dict[str, float], more: float
) -> None:
    delta = np.stack([_row(values), np.zeros(len(NAMES), dtype=np.float32), _row(values) * more])
    change = flame_change(delta, basis)
    assert change.dtype == np.float32
    assert not change[1].any()
    np.testing.assert_allclose(change[2], more * change[0], rtol=1e-4, atol=1e-5)
    random = np.random.default_rng(0)
    flame = random.normal(size=(3, 55)).astype(np.float32)
    there = apply_change(flame, change)
    assert there[1].tobytes() == flame[1].tobytes()
    assert (there[[0, 2], 50:52] >= 0).all()
    assert (there[[0, 2], 50:52] <= 1).all()
    assert (there[[0, 2], 52] >= 0).all()
    assert np.abs(there[[0, 2], 53:]).max() <= 0.2 + 1e-6


@examples(40)
@given(st.sampled_from(HEADS), st.sampled_from(("mien-rig", *HEADS)), st.integers(0, 2**32 - 1))
def test_bases_come_back(source: str, target: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    controls = random.uniform(0, 0.6, size=(4, len(NAMES))).astype(np.float32)
    flame = controls_to_flame(controls, source)
    there = convert(flame, source, target)
    np.testing.assert_array_equal(there[:, 50:], flame[:, 50:])
    back = convert(there, target, source)
    generators = bridge_to(source).generators
    moved, again = flame @ generators, back @ generators
    # The rig has nothing for some of what the made heads' expressions do.
    lost = 0.3 if target == "mien-rig" else 0.1
    assert np.linalg.norm(again - moved) < lost * np.linalg.norm(moved)


@pytest.mark.parametrize("basis", ["mien-rig", *HEADS])
def test_a_basis_is_itself(basis: str) -> None:
    flame = np.random.default_rng(1).normal(size=(5, 55)).astype(np.float32)
    same = convert(flame, basis, basis)
    assert same.tobytes() == flame.tobytes()
    assert same is not flame


@pytest.mark.parametrize("basis", HEADS)
def test_lids_and_jaw_mean_the_same_everywhere(basis: str) -> None:
    for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "jawLeft", "mouthSmileLeft"):
        row = _row({name: 0.7})
        ours, theirs = flame_coefficients.controls_to_flame(row), controls_to_flame(row, basis)
        np.testing.assert_allclose(theirs[50:52], ours[50:52], atol=1e-6)
        assert theirs[52] == max(ours[52], 0)


def test_bases_are_not_mistaken_for_one_another() -> None:
    """The same numbers are another face in another basis: they have to be converted."""
    flame = np.zeros((1, 55), dtype=np.float32)
    flame[0, :50] = np.random.default_rng(2).normal(size=50)
    there = convert(flame, *HEADS)
    assert np.abs(there - flame).max() > 0.3
    moved, meant = there @ bridge_to(HEADS[1]).generators, flame @ bridge_to(HEADS[0]).generators
    assert np.linalg.norm(moved - meant) < 0.05 * np.linalg.norm(meant)


def test_what_is_missing_is_named() -> None:
    assert installed_bases() == (*HEADS, "mien-rig")
    controls, flame = np.zeros((2, 59), np.float32), np.zeros((2, 55), np.float32)
    asks: tuple[Callable[[], object], ...] = (
        lambda: controls_to_flame(controls, "flame2023"),
        lambda: flame_change(controls, "flame2023"),
        lambda: flame_to_controls(flame, "flame2023"),
        lambda: convert(flame, "flame2023", "flame2020"),
        lambda: convert(flame, "flame2020", "flame2023"),
        lambda: convert(flame, "flame2023", "flame2023"),
    )
    for ask in asks:
        with pytest.raises(
            MissingDependencyError, match=r"flame2023.*mien models add flame2023 PATH"
        ):
            ask()
    with pytest.raises(UsageError, match="flame2021"):
        check_basis("flame2021")


def test_any_number_of_frames_has_the_same_answer() -> None:
    random = np.random.default_rng(3)
    controls = random.uniform(0, 0.5, size=(7, len(NAMES))).astype(np.float32)
    flame = controls_to_flame(controls, "flame2020")
    alone = np.stack([controls_to_flame(row, "flame2020") for row in controls])
    np.testing.assert_allclose(flame, alone, atol=1e-5)
    assert controls_to_flame(controls[:0], "flame2020").shape == (0, 55)
    assert flame_to_controls(flame[:0], "flame2020").shape == (0, 59)
    assert convert(flame.reshape(7, 1, 55), "flame2020", "mien-rig").shape == (7, 1, 55)
