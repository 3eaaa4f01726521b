"""A folder of small models with random weights, laid out as the published ones are installed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mien._types import AnyArray

_FROM_WEIGHTS = {
    "arc2face/arc2face": "reference/models/arc2face",
    "arc2face/encoder": "reference/models/encoder",
    "arc2face-expression/exp_adapter": "reference/models/exp_adapter",
    "arc2face-reference/ref_adapter": "reference/models/ref_adapter",
    "stable-diffusion-v1-5/vae": "reference/base/vae",
    "stable-diffusion-v1-5/tokenizer": "reference/base/tokenizer",
    "stable-diffusion-v1-5/scheduler": "reference/base/scheduler",
    "smirk": "smirk",
}


def small_weights(folder: Path) -> None:
    """Draw small random weights, in the folders that the internal fixtures have."""
    from tests.random_models import SMALL, random_models, random_smirk

    random_models(folder / "reference", SMALL)
    random_smirk(folder / "smirk" / "SMIRK_em1.pt")


def small_models(folder: Path, weights: Path) -> Path:
    """Lay out every model that the reference renderer needs; what the weights hold is linked.

    Args:
        folder: What becomes the models folder.
        weights: The internal fixtures, or a folder of `small_weights`.
    """
    for place, source in _FROM_WEIGHTS.items():
        for file in sorted((weights / source).iterdir()):
            if file.suffix in {".json", ".txt", ".bin", ".safetensors", ".pt"}:
                (folder / place).mkdir(parents=True, exist_ok=True)
                (folder / place / file.name).symlink_to(file)
    make_arcface(folder / "arcface-antelopev2" / "arcface.onnx")
    return folder


def preview_models(folder: Path) -> None:
    """Add what previews need to the small models: an LCM-LoRA for their UNet, and a small VAE."""
    make_lcm_lora(
        folder / "lcm-lora-sdv1-5" / "pytorch_lora_weights.safetensors",
        folder / "arc2face/arc2face/diffusion_pytorch_model.safetensors",
    )
    make_small_vae(folder / "taesd")


def make_lcm_lora(path: Path, unet: Path, *, seed: int = 0, rank: int = 2) -> Path:
    """Write a LoRA with the keys of the published LCM-LoRA, small beside the weights.

    Args:
        path: Where to write it.
        unet: The UNet's weights, all of whose attention's layers get a pair.
        seed: Of its random weights.
        rank: Of its matrices.
    """
    from safetensors.numpy import load_file, save_file

    random = np.random.default_rng(seed)
    state: dict[str, AnyArray] = {}
    for key, weight in load_file(unet).items():
        layer = key.removesuffix(".weight")
        if layer.rpartition(".attn")[1] and weight.ndim == 2:
            name = "lora_unet_" + layer.replace(".", "_")
            height, width = weight.shape
            state[f"{name}.alpha"] = np.array(rank / 2, dtype=np.float32)
            state[f"{name}.lora_down.weight"] = random.normal(size=(rank, width)) / width**0.5
            state[f"{name}.lora_up.weight"] = random.normal(size=(height, rank)) * 0.1
    path.parent.mkdir(parents=True)
    save_file({name: values.astype(np.float32) for name, values in state.items()}, path)
    return path


def make_small_vae(folder: Path) -> Path:
    """Write a VAE with the structure and the keys of the published TAESD, and fewer channels."""
    import torch
    from diffusers import AutoencoderTiny
    from safetensors.torch import save_file

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = AutoencoderTiny(encoder_block_out_channels=(8,) * 4,
                                  decoder_block_out_channels=(8,) * 4)  # fmt: skip
    folder.mkdir(parents=True)
    structure = {**network.config, "_class_name": "AutoencoderTiny"}
    del structure["block_out_channels"]  # diffusers' own, which it does not read
    (folder / "config.json").write_text(json.dumps(structure), encoding="utf-8")
    save_file(network.state_dict(), folder / "diffusion_pytorch_model.safetensors")
    return folder


def make_arcface(path: Path, *, seed: int = 0, size: int = 112, features: int = 512) -> Path:
    """Write a network of one convolution and one matrix, with ArcFace's input and output.

    Args:
        path: Where to write it.
        seed: Of its random weights.
        size: Width and height of its input; another size is not ArcFace's.
        features: Numbers of its output; likewise.
    """
    from onnx import TensorProto, checker, helper, numpy_helper, save_model

    step, channels = 16, 8
    random = np.random.default_rng(seed)
    cells = (size // step) ** 2 * channels
    weights = {
        "kernel": random.standard_normal((channels, 3, step, step)) / step,
        "matrix": random.standard_normal((cells, features)) / cells**0.5,
    }
    nodes = [
        helper.make_node("Conv", ["input.1", "kernel"], ["cells"], strides=[step, step]),
        helper.make_node("Relu", ["cells"], ["lit"]),
        helper.make_node("Flatten", ["lit"], ["row"]),
        helper.make_node("MatMul", ["row", "matrix"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "arcface",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", features])],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    # Versions that every onnxruntime since 1.11 reads.
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])
    checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(model, path)
    return path
