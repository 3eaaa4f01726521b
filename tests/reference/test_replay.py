"""The fixtures, number by number: what the original computed, and what we compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien._types import AnyArray
from tests.reference.replay import CASES, Replay

pytestmark = [pytest.mark.slow, pytest.mark.shared]

RELATIVE = 1e-4
"""Of an array's largest absolute value; latents reach 100, as random networks do not denoise."""
PREDICTION = 1e-4
"""Absolute, of the UNet's answers. Measured: 1.6e-5 at worst."""
PICTURE = 0.999
"""Share of the samples of 8-bit pictures that may not differ at all; the others by 1."""
NOT_REPLAYED = ("meta_versions", "transcription_max_abs_diff")
BY_BYTE = "image_sha"
"""A sum over all bytes of a picture: it tells nothing where one sample may differ by 1."""


@pytest.fixture(scope="module")
def replayed(fixtures: Path) -> dict[str, AnyArray]:
    return Replay(fixtures).run()


@pytest.fixture(scope="module")
def original(fixtures: Path) -> dict[str, AnyArray]:
    arrays = np.load(fixtures / "outputs.npz", allow_pickle=False)
    return {name: arrays[name] for name in arrays.files if not name.endswith(NOT_REPLAYED)}


def fault(name: str, ours: AnyArray, theirs: AnyArray) -> tuple[str, str]:
    """A line of the table, and what is wrong with it."""
    if ours.shape != theirs.shape:
        return f"{ours.shape} for {theirs.shape}", "shape"
    if theirs.dtype.kind == "U":
        equal = bool((ours == theirs).all())
        return f"equal: {equal}", "" if equal or name.endswith(BY_BYTE) else "names"
    difference = np.abs(ours.astype(np.float64) - theirs)
    worst, largest = float(difference.max()), float(np.abs(theirs.astype(np.float64)).max())
    line = f"{worst:9.2e} of {largest:9.3g}"
    if theirs.dtype == np.uint8:
        same = float((difference == 0).mean())
        return f"{line}, {same:.4%} equal", "" if worst <= 1 and same >= PICTURE else "picture"
    predicted = "/eps_step" in name or (name.startswith("eps_") and theirs.ndim == 5)
    limit = PREDICTION if predicted else RELATIVE * largest
    return line, "" if worst <= limit else f"more than {limit:.1e}"


def test_every_array_is_the_original_s(
    replayed: dict[str, AnyArray], original: dict[str, AnyArray]
) -> None:
    assert set(original) <= set(replayed), set(original) - set(replayed)
    faults = {}
    for name, theirs in original.items():
        line, wrong = fault(name, replayed[name], theirs)
        print(f"{name:62} {line} {wrong}")
        if wrong:
            faults[name] = f"{line}: {wrong}"
    assert not faults


def test_pictures_within_one_of_255(
    replayed: dict[str, AnyArray], original: dict[str, AnyArray]
) -> None:
    pictures = [name for name in original if name.endswith(("image_u8", "image_u8_half"))]
    assert len(pictures) == len(CASES) - 1 + 2
    for name in pictures:
        difference = np.abs(replayed[name].astype(int) - original[name])
        assert (difference <= 1).mean() >= 0.999, name


def test_reads_nothing_but_what_was_drawn(fixtures: Path, tmp_path: Path) -> None:
    """The same arrays come of a folder whose outputs hold nothing else."""
    outputs = np.load(fixtures / "outputs.npz", allow_pickle=False)
    drawn = {
        name: outputs[name]
        for name in outputs.files
        if name.endswith(("/latents_init", "/ref_latents", "/noise"))
    }
    for entry in fixtures.iterdir():
        if entry.name != "outputs.npz":
            (tmp_path / entry.name).symlink_to(entry)
    np.savez(tmp_path / "outputs.npz", **drawn)
    replay = Replay(tmp_path)
    replay.reference("eps_ref_", "ref_dpm25", replay.picture("ref_256.png"), keep=True)
    replay.case("ref_lcm4_nocfg", CASES["ref_lcm4_nocfg"])
    final = outputs["ref_lcm4_nocfg/latents_final"]
    assert np.abs(replay.found["ref_lcm4_nocfg/latents_final"] - final).max() < 1e-2
