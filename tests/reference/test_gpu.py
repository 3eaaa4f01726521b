"""The engine on a GPU, where there is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien._types import AnyArray
from mien.rendering.reference.bank import Anchor
from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import Engine, Precision
from mien.rendering.reference.files import ReferenceFiles

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("gpu")]
CELLS = 16


def picture(engine: Engine, anchored: bool) -> AnyArray:
    prompt = engine.prompt(np.ones(512))
    film = np.random.default_rng(0).random((3, 8 * CELLS, 8 * CELLS, 3), dtype=np.float32)
    bank = engine.reference(engine.encode(film), prompt)
    anchor = Anchor(bank.select([0]), torch.tensor([0.0, 0.5, 1.0]))
    request = Denoise(
        prompt=prompt,
        noise=draw(1, 3, 4, CELLS, CELLS),
        expressions=draw(2, 3, 55),
        bank=bank,
        anchors=(anchor,) if anchored else (),
        steps=4,
    )
    return engine.decode(engine.denoise(request))


@pytest.mark.parametrize(
    ("dtype", "compiled", "limit"),
    [
        ("float32", False, 0.01),
        ("float16", False, 0.01),
        ("bfloat16", False, 0.05),
        ("float16", True, 0.01),
    ],
)
@pytest.mark.parametrize("anchored", [False, True])
def test_as_on_a_cpu(
    engine: Engine,
    files: ReferenceFiles,
    dtype: Precision,
    compiled: bool,
    limit: float,
    anchored: bool,
) -> None:
    """Nearly: the mean difference of pictures by random networks, which amplify rounding.

    Measured on a CPU: 0.002 in float16, 0.011 in bfloat16.
    """
    own = Engine.open(files, device="cuda", dtype=dtype, compiled=compiled)
    difference = np.abs(picture(own, anchored) - picture(engine, anchored))
    assert difference.mean() < limit


def test_memory_is_planned_and_given_back(files: ReferenceFiles) -> None:
    own = Engine.open(files, device="cuda", dtype="float16")
    assert own.frames_at_once(guided=True) > 1
    picture(own, anchored=True)
    before = torch.cuda.memory_allocated()
    picture(own, anchored=True)
    assert torch.cuda.memory_allocated() == before, "a request left something on the GPU"
