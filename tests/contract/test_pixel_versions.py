"""Pixels do not change under a version that stays: stored frames would be taken for new ones.

Means over blocks, alike on all processors: see tests/fingerprints.py.
"""

from __future__ import annotations

import pytest

from mien.rendering.geometry import motion
from mien.rendering.painting import paint
from mien.rendering.registry import get_renderer
from tests import fingerprints

TOLERANCE = 10
"""Millionths. Processors differed by one at most where it was measured: AVX-512, AVX2 and SSE paths
of OpenCV, NumPy and OpenBLAS."""


def changed() -> dict[str, int]:
    """How far each fingerprint is from the one that was kept, where it is too far."""
    renderer = get_renderer("warp")
    path = fingerprints.baseline(renderer)
    assert path.is_file(), f"run `python -m tests.fingerprints --write`, which makes {path.name}"
    kept, prints = fingerprints.read(path), fingerprints.of_renderer(renderer)
    assert kept.keys() == prints.keys()
    far = {name: fingerprints.difference(prints[name], kept[name]) for name in prints}
    return {name: difference for name, difference in far.items() if difference > TOLERANCE}


def test_pixels_are_those_of_their_version() -> None:
    differ = changed()
    assert not differ, (
        f"pixels changed ({differ}): if that is meant, raise `pixels` of WarpRenderer and run"
        " `python -m tests.fingerprints --write`; finished frames of before are then not taken"
        " for these"
    )


@pytest.mark.parametrize(
    ("module", "constant", "factor"),
    [(paint, "_BLEND", 1.05), (motion, "_CORNER_DROP", 1.05)],
    ids=["blend", "corner-drop"],
)
def test_a_constant_that_changes_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: object, constant: str, factor: float
) -> None:
    monkeypatch.setattr(module, constant, factor * getattr(module, constant))
    assert changed()
