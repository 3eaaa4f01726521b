"""What the engine is loaded from: optional parts, and files that are not what they should be."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mien.errors import MissingDependencyError, WeightsError
from mien.media.fingerprint import fingerprint
from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import LCM, REF, SHOT, Engine
from mien.rendering.reference.files import ReferenceFiles
from mien.rendering.reference.lora import read_lora
from mien.rendering.reference.shot_lora import FORMAT, write_tensors

LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"


def lora_file(path: Path, names: dict[str, str], rank: int, engine: Engine) -> Path:
    """A LoRA of two layers, named as `names` says for down and up."""
    state: dict[str, Tensor] = {}
    for number, layer in enumerate((LAYER, "conv_in")):
        weight = engine.networks.plain.get_submodule(layer).weight
        name = layer.replace(".", names["dot"])
        kernel = weight.shape[2:]
        state[names["down"].format(name)] = draw(number, rank, weight.shape[1], *kernel)
        state[names["up"].format(name)] = draw(9, weight.shape[0], rank, *(1 for _ in kernel))
        if "alpha" in names:
            state[names["alpha"].format(name)] = torch.tensor(rank / 2.0)
    save_file(state, path)
    return path


KOHYA = {
    "dot": "_",
    "down": "lora_unet_{}.lora_down.weight",
    "up": "lora_unet_{}.lora_up.weight",
    "alpha": "lora_unet_{}.alpha",
}
PEFT = {
    "dot": ".",
    "down": "base_model.model.{}.lora_A.weight",
    "up": "base_model.model.{}.lora_B.weight",
}


@pytest.mark.parametrize(("names", "scaling"), [(KOHYA, 0.5), (PEFT, 1.0)])
def test_loras_add_what_they_hold(
    engine: Engine, files: ReferenceFiles, tmp_path: Path, names: dict[str, str], scaling: float
) -> None:
    """Beside the Reference Adapter's, on a layer that both change; and not on the plain UNet."""
    path = lora_file(tmp_path / "lora.safetensors", names, 3, engine)
    shot = tmp_path / "shot.safetensors"
    facts = {"format": FORMAT, "base": fingerprint([files.unet])}
    write_tensors(shot, load_file(path), facts)
    own = Engine.open(replace(files, lcm=path, shot=shot))
    loras = own.networks.loras
    assert loras.names == (REF, LCM, SHOT)
    state = load_file(path)
    down, up = (state[names[x].format(LAYER.replace(".", names["dot"]))] for x in ("down", "up"))
    reference = read_lora(files.reference, own.networks.plain)[LAYER]
    published = own.networks.plain.get_submodule(LAYER).weight.clone()
    loras.use({REF: 0.8, LCM: 1.0, SHOT: 0.25})
    expected = published + 0.8 * reference.up @ reference.down + 1.25 * scaling * up @ down
    layer = own.networks.denoiser.get_submodule(LAYER)
    torch.testing.assert_close(layer.base_layer.weight, expected, rtol=0, atol=1e-5)
    assert torch.equal(own.networks.plain.get_submodule(LAYER).weight, published)
    loras.use({})
    assert torch.equal(layer.base_layer.weight, published), "made anew, not subtracted"
    x = draw(1, 2, published.shape[1])
    torch.testing.assert_close(layer(x), own.networks.plain.get_submodule(LAYER)(x))


def test_half_precision_is_near(engine: Engine, files: ReferenceFiles) -> None:
    """float16 and bfloat16 go the same way, as exactly as they can."""
    # Weights of bfloat16, and arithmetic of float32: the same on every processor.
    rounded_weights = Engine.open(files, dtype="float32")
    for network in (rounded_weights.networks.denoiser, rounded_weights.networks.plain):
        for weight in network.parameters():
            weight.data = weight.data.bfloat16().float()
    engines = {
        "float32": engine,
        "float16": Engine.open(files, dtype="float16"),
        "bfloat16": Engine.open(files, dtype="bfloat16"),
        "rounded": rounded_weights,
    }
    answers = {}
    for dtype, own in engines.items():
        prompt = own.prompt(np.ones(512))
        bank = own.reference(draw(1, 1, 4, 8, 8), prompt)
        request = Denoise(
            prompt=prompt, noise=draw(2, 1, 4, 8, 8), expressions=draw(3, 1, 55), bank=bank
        )
        conditions = own.conditions(request)
        rows = torch.cat([request.noise, request.noise])
        answers[dtype] = own.predict(rows, torch.tensor(500), conditions)
        assert own.decode(request.noise).dtype == np.float32
    whole = answers["float32"]
    half, brain, rounded = (
        (answers[x] - whole).square().mean().sqrt() for x in ("float16", "bfloat16", "rounded")
    )
    # Processors without arithmetic of 16 bits add up in it: how near they come is their own, but
    # three more bits of fraction are nearer everywhere.
    assert half < brain < 4 * rounded < 0.3 * whole.square().mean().sqrt()
    for answer in answers.values():
        assert (answer - whole).abs().max() < 0.2 * whole.abs().max()
        alike = torch.nn.functional.cosine_similarity(answer.flatten(), whole.flatten(), dim=0)
        assert alike > 0.95


def test_pictures_that_overflow_half_precision_are_decoded_in_full(
    engine: Engine, files: ReferenceFiles
) -> None:
    own = Engine.open(files, dtype="float16")
    latents = torch.cat([draw(1, 1, 4, 8, 8), 20_000 * draw(2, 1, 4, 8, 8)])
    with torch.inference_mode():
        raw = own.vae.decode_raw(latents)
    assert not torch.isfinite(raw[1]).all(), "the case overflows"
    pictures = own.decode(latents)
    assert own.vae.dtype == torch.float16
    np.testing.assert_allclose(pictures[1], engine.decode(latents[1:])[0], atol=0.02)
    assert np.isfinite(pictures).all()


def test_a_small_vae_for_previews(files: ReferenceFiles, tmp_path: Path) -> None:
    from diffusers import AutoencoderTiny

    widths = (16, 16, 16, 16)
    tiny = AutoencoderTiny(encoder_block_out_channels=widths, decoder_block_out_channels=widths)
    tiny.save_pretrained(tmp_path)
    own = Engine.open(
        replace(
            files,
            small_vae=tmp_path / "diffusion_pytorch_model.safetensors",
            small_vae_config=tmp_path / "config.json",
        )
    )
    pictures = np.random.default_rng(0).random((2, 32, 32, 3), dtype=np.float32)
    latents = own.encode(pictures)
    assert latents.shape == (2, 4, 4, 4)
    expected = tiny.encode(torch.from_numpy(pictures).permute(0, 3, 1, 2) * 2 - 1).latents
    torch.testing.assert_close(latents, expected.detach(), rtol=1e-4, atol=1e-4)
    assert own.decode(latents).shape == pictures.shape


def test_installed_models_are_found(models: Path) -> None:
    files = ReferenceFiles.installed()
    assert all(Path(getattr(files, name)).exists() for name in ("unet", "vae", "tokenizer"))
    with pytest.raises(MissingDependencyError, match="lcm-lora"):
        ReferenceFiles.installed(lcm=True)


def test_installed_models_load_offline_and_quietly(
    models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    engine = Engine.load()
    engine.prompt(np.ones(512))
    assert engine.resolution == 512
    assert capfd.readouterr() == ("", "")


def truncated(source: Path, path: Path) -> None:
    path.write_bytes(source.read_bytes()[:5000])


def without_a_tensor(source: Path, path: Path) -> None:
    state = load_file(source)
    state.pop(sorted(state)[0])
    save_file(state, path)


def with_a_tensor(source: Path, path: Path) -> None:
    save_file(load_file(source) | {"stranger": torch.zeros(1)}, path)


def wider(source: Path, path: Path) -> None:
    state = load_file(source)
    save_file({name: torch.cat([x, x]) for name, x in state.items()}, path)


def json_of(**values: Any) -> Callable[[Path, Path], None]:
    def write(source: Path, path: Path) -> None:
        path.write_text(json.dumps(values))

    return write


def bin_of(value: object) -> Callable[[Path, Path], None]:
    return lambda source, path: torch.save(value, path)


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("unet", truncated),
        ("unet", without_a_tensor),
        ("unet", with_a_tensor),
        ("unet", wider),
        ("unet_config", json_of(_class_name="UNet2DConditionModel", down_block_types=["No"])),
        ("vae", without_a_tensor),
        ("vae", with_a_tensor),
        ("vae_config", json_of(_class_name="Other")),
        ("vae_config", json_of()),
        ("reference", truncated),
        ("reference", without_a_tensor),
        ("reference", with_a_tensor),
        ("reference", wider),
        ("encoder", truncated),
        ("encoder", bin_of({"text_model.x": torch.zeros(1)})),
        ("encoder", bin_of({"x": print})),
        ("expression", bin_of({"image_proj": {}, "ip_adapter": {}})),
        ("expression", bin_of({"image_proj": {"proj.weight": torch.zeros(8, 55)}})),
        ("expression", bin_of({"other": 1})),
        ("scheduler", json_of()),
    ],
)
def test_another_model_s_file_is_named(
    files: ReferenceFiles, tmp_path: Path, part: str, damage: Callable[[Path, Path], None]
) -> None:
    source = getattr(files, part)
    damage(source, tmp_path / source.name)
    with pytest.raises(WeightsError, match=source.name):
        Engine.open(replace(files, **{part: tmp_path / source.name}))


def test_a_text_encoder_that_is_not_described(files: ReferenceFiles, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"hidden_size": 768, "layer_norm_eps": 1e-5, "num_hidden_layers": 2}')
    with pytest.raises(WeightsError, match=r"config\.json describes no text encoder"):
        Engine.open(replace(files, encoder_config=config))


def test_a_tokenizer_without_the_placeholder(files: ReferenceFiles, tmp_path: Path) -> None:
    for file in files.tokenizer.iterdir():
        text = file.read_text()
        (tmp_path / file.name).write_text(text.replace("i d</w>\n", ""))
    with pytest.raises(WeightsError, match="single token"):
        Engine.open(replace(files, tokenizer=tmp_path))
    with pytest.raises(WeightsError, match="tokenizer"):
        Engine.open(replace(files, tokenizer=tmp_path / "none"))
    (tmp_path / "vocab.json").write_text("{}")
    with pytest.raises(WeightsError, match="holds no tokenizer"):
        Engine.open(replace(files, tokenizer=tmp_path))
