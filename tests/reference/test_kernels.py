"""Kernels on request: dynamo's own eager backend, which makes none, stands for a compiler."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mien._types import AnyArray
from mien.errors import RenderError
from mien.model.settings import ReferenceSettings
from mien.rendering.reference import kernels
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.files import ReferenceFiles
from mien.rendering.reference.regenerate import RegenerationRequest, Regenerator

SIDE = 64


@pytest.fixture
def compiled(
    files: ReferenceFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> Engine:
    monkeypatch.setattr(kernels, "_BACKEND", getattr(request, "param", "eager"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch.compiler.reset()
    return Engine.open(files, compiled=True)


def order_of(engine: Engine, frames: int) -> RegenerationRequest:
    random = np.random.default_rng(3)
    squares = random.random((frames, SIDE, SIDE, 3), dtype=np.float32)
    side = SIDE // engine.vae.factor
    return RegenerationRequest(
        face=1,
        frames=tuple(range(frames)),
        plates=squares,
        warped=squares,
        coefficients=np.zeros((frames, 55), np.float32),
        anchors={0: (squares[0], np.full(frames, 0.5, np.float32))},
        noise=random.standard_normal((1, 4, side, side), dtype=np.float32),
        strength=1.0,
        prompt=engine.prompt(np.ones(512)),
    )


def latents(engine: Engine, frames: int) -> AnyArray:
    settings = ReferenceSettings(steps=1, guidance=1, size=SIDE, batch=2, compiled=True)
    regenerator = Regenerator(engine, settings, 2, lambda: engine, print)
    return regenerator.latents(order_of(engine, frames))


@pytest.mark.slow
def test_one_size_of_batch_and_the_same_latents(
    compiled: Engine, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three frames, two at a time: the last is made twice, so that nothing is compiled anew."""
    sizes = []
    predict = compiled.predict

    def watched(x: torch.Tensor, *rest: Any) -> torch.Tensor:
        sizes.append(len(x))
        return predict(x, *rest)

    monkeypatch.setattr(compiled, "predict", watched)
    found = latents(compiled, 3)
    assert sizes == [2, 2]
    assert found.shape[0] == 3
    expected = latents(engine, 3)
    np.testing.assert_allclose(found, expected, atol=1e-3 * float(np.abs(expected).max()))


def no_kernels(graph: Any, inputs: Any) -> Any:
    raise OSError("no compiler")


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [no_kernels], indirect=True)
def test_no_compiler_is_an_error_with_a_way_out(compiled: Engine) -> None:
    with pytest.raises(RenderError, match="--reference-compile"):
        latents(compiled, 1)
    assert compiled.estimate(SIDE).unet_row > 0, "kernels are not needed to tell the time"


def test_kernels_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kernels.kernel_folder().is_relative_to(tmp_path)
    monkeypatch.setattr(kernels, "_BACKEND", "eager")
    try:
        kernels.compile_in_place(torch.nn.Linear(1, 1))
        assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(kernels.kernel_folder())
    finally:
        os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)
