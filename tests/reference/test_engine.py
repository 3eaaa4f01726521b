"""How the engine behaves, whatever its weights are."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mien._types import AnyArray
from mien.errors import DeviceMemoryError
from mien.rendering.reference.bank import Anchor, Bank
from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import Counts, Engine
from mien.rendering.reference.memory import frames_that_fit, within_memory

SIDE = 64
"""Pixels of a crop here: small, for speed."""
CELLS = SIDE // 8


@pytest.fixture
def pictures() -> AnyArray:
    return np.random.default_rng(0).random((3, SIDE, SIDE, 3), dtype=np.float32)


@pytest.fixture
def order(engine: Engine, inputs: dict[str, AnyArray], pictures: AnyArray) -> Denoise:
    """Two frames, each with its own reference and expression, in two steps."""
    prompt = engine.prompt(inputs["id_embedding_raw"])
    both = np.stack([inputs["expression"], inputs["expression_b"]])
    return Denoise(
        prompt=prompt,
        noise=draw(1, 2, 4, CELLS, CELLS),
        expressions=torch.from_numpy(both),
        bank=engine.reference(engine.encode(pictures[:2]), prompt),
        steps=2,
    )


def single(order: Denoise, frame: int) -> Denoise:
    assert order.expressions is not None
    assert order.bank is not None
    rows = slice(frame, frame + 1)
    return replace(
        order,
        noise=order.noise[rows],
        expressions=order.expressions[rows],
        bank=order.bank.select([frame]),
    )


def test_counts_of_a_shot(engine: Engine, inputs: dict[str, AnyArray]) -> None:
    """48 frames: steps x 2 rows and one reference row a frame, and nothing twice."""
    frames, steps, batch = 48, 3, 16
    film = np.random.default_rng(0).random((frames, SIDE, SIDE, 3), dtype=np.float32)
    for guidance, rows in ((3.0, 2), (1.0, 1)):
        engine.counts = Counts()
        calls: Counter[str] = Counter()
        hooks = count_projections(engine, calls)
        prompt = engine.prompt(inputs["id_embedding_raw"])
        for i in range(0, frames, batch):
            bank = engine.reference(engine.encode(film[i : i + batch]), prompt)
            request = Denoise(
                prompt=prompt,
                noise=draw(1, 1, 4, CELLS, CELLS).expand(batch, -1, -1, -1),
                expressions=torch.from_numpy(inputs["expression"]).expand(batch, -1),
                bank=bank,
                steps=steps,
                guidance=guidance,
            )
            engine.decode(engine.denoise(request))
        for hook in hooks:
            hook.remove()
        assert engine.counts == Counts(
            unet_rows=frames * steps * rows,
            reference_rows=frames,
            bank_rows=frames,
            vae_encodes=frames,
            vae_decodes=frames,
            prompts=1,
        )
        batches = frames // batch
        # Keys of its own tokens at every step, of the bank and the prompt once.
        assert calls == {"attn1": batches * (steps + 1), "attn2": batches}


def count_projections(engine: Engine, calls: Counter[str]) -> list[Any]:
    block = engine.networks.denoiser.mid_block.attentions[0].transformer_blocks[0]

    def watch(layer: Any, name: str) -> Any:
        return layer.to_k.register_forward_hook(lambda *_: calls.update([name]))

    return [watch(block.attn1, "attn1"), watch(block.attn2, "attn2")]


def test_a_batch_is_its_frames(engine: Engine, order: Denoise) -> None:
    together = engine.denoise(order)
    for frame in range(2):
        alone = engine.denoise(single(order, frame))[0]
        torch.testing.assert_close(alone, together[frame], rtol=0, atol=1e-4 * 100)


def test_same_bytes_again_and_no_generator_of_others(engine: Engine, order: Denoise) -> None:
    state = torch.get_rng_state()
    first = engine.denoise(order)
    engine.denoise(replace(order, bank=None, guidance=1.0))
    assert torch.equal(engine.denoise(order), first)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_failed_request_leaves_nothing(engine: Engine, order: Denoise) -> None:
    """Neither a bank nor a scale: whoever comes next gets the answer of a fresh engine."""
    other = replace(order, bank=None)
    expected = engine.denoise(other)

    def fail(step: int, seen: Tensor, latents: Tensor) -> None:
        raise KeyboardInterrupt

    assert order.bank is not None
    bank = order.bank.select([0, 1])
    left = weakref.ref(next(iter(bank.layers.values())))
    with pytest.raises(KeyboardInterrupt):
        engine.denoise(replace(order, bank=bank, watch=fail))
    del bank
    gc.collect()
    assert left() is None
    assert torch.equal(engine.denoise(other), expected)
    modules = [*engine.networks.denoiser.modules(), *engine.networks.plain.modules()]
    assert not any(isinstance(v, Bank) for m in modules for v in vars(m).values())


def test_the_reference_pass_knows_no_lora(engine: Engine, order: Denoise) -> None:
    latents = draw(3, 1, 4, CELLS, CELLS)
    before = engine.reference(latents, order.prompt)
    engine.denoise(replace(order, reference_scale=1.0))
    after = engine.reference(latents, order.prompt)
    assert all(torch.equal(x, after.layers[name]) for name, x in before.layers.items())


def test_anchors_fade_in(engine: Engine, order: Denoise, pictures: AnyArray) -> None:
    """Without weight they are not seen, with a little they change little, each row by its own."""
    anchor = engine.reference(engine.encode(pictures[2:]), order.prompt)

    def see(*weights: float) -> Tensor:
        request = order
        if weights:
            request = replace(order, anchors=(Anchor(anchor, torch.tensor(weights)),))
        x = torch.cat([request.noise, request.noise])
        return engine.predict(x, torch.tensor(500), engine.conditions(request))

    without = see()
    assert (see(0.0, 0.0) - without).abs().max() < 1e-4
    assert 0 < (see(1e-3, 1e-3) - without).abs().max() < 0.05
    whole = see(0.0, 1.0)
    assert (whole[:3] - without[:3]).abs().max() < 1e-4, "rows of the empty prompt see no anchor"
    assert (whole[3] - without[3]).abs().max() > 0.1


def test_an_anchor_of_the_frame_itself_counts_as_seen_twice(engine: Engine, order: Denoise) -> None:
    """Two halves are a whole: weight 1/2 twice is weight 1 once, for any mixture of anchors."""
    assert order.bank is not None
    half, whole = torch.full((2,), 0.5), torch.ones(2)
    twice = replace(order, anchors=(Anchor(order.bank, half), Anchor(order.bank, half)))
    once = replace(order, anchors=(Anchor(order.bank, whole),))
    torch.testing.assert_close(engine.denoise(twice), engine.denoise(once), rtol=0, atol=1e-2)


@pytest.mark.parametrize(
    ("wrong", "least"),
    [
        ({"reference_scale": 1.0}, 0.1),
        ({"bank": None}, 0.1),
        ({"expression_scale": 0.5}, 0.1),
        ({"guidance": 5.0}, 0.1),
        ({"steps": 3}, 0.1),
    ],
)
def test_settings_matter(
    engine: Engine, order: Denoise, wrong: dict[str, Any], least: float
) -> None:
    changed = engine.denoise(replace(order, **wrong))
    assert (changed - engine.denoise(order)).abs().max() > least


def test_order_of_the_coefficients_matters(engine: Engine, order: Denoise) -> None:
    assert order.expressions is not None
    mixed = order.expressions[:, [*range(50), 52, 53, 54, 50, 51]]
    changed = engine.denoise(replace(order, expressions=mixed))
    assert (changed - engine.denoise(order)).abs().max() > 0.1


def test_a_draw_from_the_posterior(engine: Engine, pictures: AnyArray) -> None:
    mean = engine.encode(pictures)
    nothing = engine.encode(pictures, torch.zeros_like(mean))
    torch.testing.assert_close(mean, nothing)
    noise = draw(4, *mean.shape)
    assert (engine.encode(pictures, noise) - mean).abs().max() > 0.01
    assert torch.equal(engine.encode(pictures, noise), engine.encode(pictures, noise))


def test_img2img_starts_from_latents(engine: Engine, order: Denoise) -> None:
    start = draw(5, *order.noise.shape)
    weak = replace(order, start=start, strength=0.5)
    before = engine.counts.unet_rows
    changed = engine.denoise(weak)
    assert engine.counts.unet_rows - before == 4, "half of two steps, two frames, two rows"
    assert not torch.equal(changed, engine.denoise(replace(weak, start=start + 1)))


def test_full_memory_says_how_many_frames(
    engine: Engine, order: Denoise, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    expected = engine.denoise(order)
    monkeypatch.setattr("mien.rendering.reference.engine.predict", full)
    with pytest.raises(DeviceMemoryError, match="2 frames") as caught:
        engine.denoise(order)
    assert caught.value.frames == 2
    assert caught.value.__context__ is None, "the frames of its stack would hold the memory"
    monkeypatch.undo()
    assert torch.equal(engine.denoise(order), expected)


@pytest.mark.parametrize(
    "text",
    ["CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
     "MPS backend out of memory (MPS allocated: 8.00 GB)"],
    ids=["cublas", "mps"],
)  # fmt: skip
def test_libraries_say_it_in_their_own_words(text: str) -> None:
    def full() -> None:
        raise RuntimeError(text)

    with pytest.raises(DeviceMemoryError, match="3 frames"):
        within_memory(3, "Denoising", full)


def test_networks_that_do_not_fit_are_no_matter_of_frames() -> None:
    def full() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(DeviceMemoryError, match=r"networks takes more.*Close other programs"):
        within_memory(0, "Loading the networks", full)


def test_other_errors_pass_unchanged() -> None:
    def other() -> None:
        raise RuntimeError("other")

    with pytest.raises(RuntimeError, match="other"):
        within_memory(3, "Denoising", other)


def test_a_cpu_takes_frames_one_by_one(engine: Engine) -> None:
    assert engine.frames_at_once(guided=True) == 1


def test_memory_decides_how_many_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 6 GB up, beside 2 GB of weights; more fit without guidance, fewer with anchors."""
    free = 0
    monkeypatch.setattr("mien.rendering.reference.memory._free", lambda device: free)

    def fit(free_gb: float, guided: bool = True, banks: int = 1) -> int:
        nonlocal free
        free = int(free_gb * 1e9)
        config = {"block_out_channels": (320, 640, 1280, 1280)}
        return frames_that_fit(
            torch.device("cuda"), torch.float16, config, 64 * 64, guided=guided, banks=banks
        )

    assert fit(0.1) == 1
    assert 4 <= fit(6 - 2) < fit(8 - 2) < fit(24 - 2) <= 64
    assert fit(4, guided=False) > fit(4) > fit(4, banks=4)


def test_estimate_measures_and_counts_nothing(engine: Engine) -> None:
    before = replace(engine.counts)
    found = engine.estimate(SIDE)
    assert engine.counts == before
    assert found.unet_row > 0
    assert found.per_frame(10, 3.0) > found.per_frame(10, 1.0) > found.per_frame(5, 1.0)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"expressions": torch.zeros(3, 55)}, "expressions of 3"),
        ({"noise": torch.zeros(2, 3, 8, 8)}, "noise of shape"),
        ({"bank": None, "anchors": ("x",)}, None),
        ({"steps": 0}, "0 steps"),
        ({"strength": 0.0}, "strength 0.0"),
    ],
)
def test_requests_that_cannot_be(order: Denoise, change: dict[str, Any], cause: str | None) -> None:
    if "anchors" in change:
        assert order.bank is not None
        change = {"bank": None, "anchors": (Anchor(order.bank, torch.ones(2)),)}
    with pytest.raises(ValueError, match=cause or "anchors without a bank"):
        replace(order, **change)


def test_lcm_wants_its_noise(engine: Engine, order: Denoise) -> None:
    with pytest.raises(ValueError, match="1 fields of noise"):
        engine.denoise(replace(order, scheduler="lcm"))


def test_an_identity_without_direction_is_refused(engine: Engine) -> None:
    for embedding in (np.zeros(512), np.full(512, np.nan)):
        with pytest.raises(ValueError, match="embedding"):
            engine.prompt(embedding)
