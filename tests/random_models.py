"""Random weights in the published layout, of any size: for speed and for twins, not for faces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from mien.rendering.reference.files import ReferenceFiles

TOKEN, TOKENS_OF_EXPRESSION, COEFFICIENTS = 768, 4, 55
"""Widths that the published files share with the small ones."""


@dataclass(frozen=True)
class Size:
    """How big the networks are.

    Attributes:
        unet, vae: Widths of their levels.
        vae_layers: Of a level of the VAE.
        text_layers, text_inner: Of the text encoder.
        rank: Of the Reference Adapter's LoRA.
        strength: Of what that LoRA adds.
        gain: Of the UNet's matrices over what diffusers draws: small ones do little else.
    """

    unet: tuple[int, ...]
    vae: tuple[int, ...]
    vae_layers: int
    text_layers: int
    text_inner: int
    rank: int
    strength: float = 0.3
    gain: float = 1.0


FULL = Size((320, 640, 1280, 1280), (128, 256, 512, 512), 2, 12, 3072, 128)
"""Stable Diffusion 1.5's. The published LoRA's rank is not known here; a high one, merged."""
SMALL = Size((32, 32, 64, 64), (32, 32, 32, 32), 1, 2, 128, 4, strength=1.0, gain=1.5)
"""The fixtures'."""

_WORDS = ("photo", "of", "a", "id", "person")


def random_models(folder: Path, size: Size, device: str = "cpu") -> ReferenceFiles:
    """Write every file that an engine needs, in float16; weights are drawn on `device`."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    torch.manual_seed(0)
    models, base = folder / "models", folder / "base"
    with torch.device(device):
        unet = UNet2DConditionModel(
            block_out_channels=size.unet, cross_attention_dim=TOKEN, sample_size=64
        )
        with torch.no_grad():
            for weight in unet.parameters():
                if weight.ndim > 1:
                    weight.mul_(size.gain)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=size.vae,
            layers_per_block=size.vae_layers,
            latent_channels=4,
        )
        _save(unet, models / "arc2face")
        _save(vae, base / "vae")
        _write_adapters(models, unet, size)
    _write_text(models / "encoder", base / "tokenizer", size)
    (base / "scheduler").mkdir()
    (base / "scheduler/scheduler_config.json").write_text(
        json.dumps(
            {
                "beta_schedule": "scaled_linear",
                "beta_start": 0.00085,
                "beta_end": 0.012,
                "num_train_timesteps": 1000,
            }
        )
    )
    return ReferenceFiles.under(models, base)


def random_smirk(path: Path) -> Path:
    """Write a checkpoint of SMIRK's encoders, as they are published."""
    from mien.face.smirk_network import SmirkNetwork

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = SmirkNetwork().state_dict()
    path.parent.mkdir(parents=True)
    torch.save({f"smirk_encoder.{name}": value for name, value in state.items()}, path)
    return path


def _save(network: Any, folder: Path) -> None:
    folder.mkdir(parents=True)
    config = {"_class_name": type(network).__name__, **dict(network.config)}
    (folder / "config.json").write_text(json.dumps(config, default=str, indent=2))
    save_file(_half(network.state_dict()), folder / "diffusion_pytorch_model.safetensors")


def _half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: x.half().cpu().contiguous() for name, x in state.items()}


def _write_adapters(models: Path, unet: Any, size: Size) -> None:
    lora: dict[str, Tensor] = {}
    attention: dict[str, Tensor] = {}
    for number, name in enumerate(unet.attn_processors):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        width = layer.to_q.weight.shape[0]
        if ".attn2" in name:
            for side in ("to_k_ip", "to_v_ip"):
                attention[f"{number}.{side}.weight"] = torch.randn(width, TOKEN) / TOKEN**0.5
            continue
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            key = f"unet.{name.removesuffix('.processor')}.{part}.lora"
            lora[f"{key}.down.weight"] = torch.randn(size.rank, width) / width**0.5
            lora[f"{key}.up.weight"] = (
                torch.randn(width, size.rank) * size.strength / size.rank**0.5
            )
    (models / "ref_adapter").mkdir()
    save_file(_half(lora), models / "ref_adapter/pytorch_lora_weights.safetensors")
    inner = 2 * COEFFICIENTS
    projection = {
        "proj.0.weight": torch.randn(inner, COEFFICIENTS) / COEFFICIENTS**0.5,
        "proj.0.bias": torch.zeros(inner),
        "proj.2.weight": torch.randn(TOKENS_OF_EXPRESSION * TOKEN, inner) / inner**0.5,
        "proj.2.bias": torch.zeros(TOKENS_OF_EXPRESSION * TOKEN),
        "norm.weight": torch.ones(TOKEN),
        "norm.bias": torch.zeros(TOKEN),
    }
    (models / "exp_adapter").mkdir()
    torch.save(
        {
            "image_proj": {k: v.cpu() for k, v in projection.items()},
            "ip_adapter": {k: v.cpu() for k, v in attention.items()},
        },
        models / "exp_adapter/exp_adapter.bin",
    )


def _write_text(encoder: Path, tokenizer: Path, size: Size) -> None:
    """A text encoder, and a tokenizer that knows the prompt's words and single letters."""
    letters = [chr(c) for c in range(33, 127)]
    vocabulary = [*letters, *(f"{x}</w>" for x in letters)]
    merges: list[str] = []
    for word in _WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            merges.append(f"{parts[0]} {parts[1]}")
            parts[:2] = [parts[0] + parts[1]]
            vocabulary.append(parts[0])
    vocabulary = list(dict.fromkeys([*vocabulary, "<|startoftext|>", "<|endoftext|>"]))
    tokenizer.mkdir()
    (tokenizer / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(vocabulary)}))
    (tokenizer / "merges.txt").write_text("\n".join(["#version: 0.2", *dict.fromkeys(merges)]))
    (tokenizer / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"})
    )
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}
    (tokenizer / "special_tokens_map.json").write_text(json.dumps(special))
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=TOKEN,
        intermediate_size=size.text_inner,
        num_hidden_layers=size.text_layers,
        num_attention_heads=12,
        bos_token_id=len(vocabulary) - 2,
        eos_token_id=len(vocabulary) - 1,
    )
    encoder.mkdir(parents=True)
    (encoder / "config.json").write_text(json.dumps(config.to_dict(), default=str))
    state = CLIPTextModel(config).state_dict()
    # transformers 5 leaves the published files' prefix away.
    named = {f"text_model.{k.removeprefix('text_model.')}": v for k, v in state.items()}
    named.pop("text_model.embeddings.position_ids", None)
    torch.save(_half(named), encoder / "pytorch_model.bin")
