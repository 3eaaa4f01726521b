"""The preview tier from end to end, with a small VAE and a LoRA for few steps made here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import mien
from mien.cli.main import run
from mien.rendering.reference.engine import Engine

pytestmark = pytest.mark.slow

WIDTHS = (16, 16, 16, 16)
RANK = 2


@pytest.fixture
def preview_models(
    models: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The small models, and beside them what a preview takes."""
    from diffusers import AutoencoderTiny

    folder = tmp_path / "models"
    folder.mkdir()
    for model in models.iterdir():
        (folder / model.name).symlink_to(model)
    torch.manual_seed(0)
    tiny = AutoencoderTiny(encoder_block_out_channels=WIDTHS, decoder_block_out_channels=WIDTHS)
    tiny.save_pretrained(folder / "taesd")
    lora = {}
    for name, module in engine.networks.plain.named_modules():
        if name.endswith(("attn2.to_q", "attn1.to_v")):
            key = "lora_unet_" + name.replace(".", "_")
            outputs, inputs = module.weight.shape
            lora[f"{key}.lora_down.weight"] = torch.randn(RANK, inputs) / 10
            lora[f"{key}.lora_up.weight"] = torch.randn(outputs, RANK) / 10
            lora[f"{key}.alpha"] = torch.tensor(float(RANK))
    (folder / "lcm-lora-sdv1-5").mkdir()
    save_file(lora, folder / "lcm-lora-sdv1-5" / "pytorch_lora_weights.safetensors")
    monkeypatch.setenv("MIEN_MODELS", str(folder))
    return folder


def test_a_preview(
    preview_models: Path,
    clip: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project, pictures = tmp_path / "shot.mien", {}
    mien.save_project(mien.track(clip("pyfeat_single_face.mp4"), progress=False), project)
    asked = ["--set", "jawOpen=+0.6@18:26", "--frames", "21:23", "--renderer", "reference",
             "--approximate", "--reference-size", "64", "--lossless", "--json"]  # fmt: skip
    for name, tier in (
        ("preview", ["--tier", "preview"]),
        ("full VAE", ["--tier", "preview", "--no-reference-small-vae"]),
        ("few steps", ["--reference-steps", "4", "--reference-guidance", "1"]),
    ):
        output = tmp_path / f"{name}.mkv"
        assert run(["render", str(project), "-o", str(output), *asked, *tier]) == 0
        assert json.loads(capsys.readouterr().out)["frames_edited"] == 2
        with av.open(str(output)) as container:
            decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        pictures[name] = np.stack(decoded)
    assert not np.array_equal(pictures["preview"], pictures["full VAE"])
    assert not np.array_equal(pictures["full VAE"], pictures["few steps"])
