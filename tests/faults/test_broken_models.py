"""Broken model files as they are installed, met by what loads them."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mien.errors import WeightsError
from mien.weights import contents
from mien.weights.flame_file import write_flame
from mien.weights.store import Mistaken
from tests.faults.conftest import Mien
from tests.faults.test_weights import Trap
from tests.flame_heads import made_head
from tests.small_models import make_arcface

if not all(map(find_spec, ("torch", "diffusers"))):  # seconds to load, for who needs them
    pytest.skip("the reference renderer's packages are an extra", allow_module_level=True)

UNET = "arc2face/arc2face/diffusion_pytorch_model.safetensors"
ENCODER = "arc2face/encoder/pytorch_model.bin"
ADAPTER = "arc2face-expression/exp_adapter/exp_adapter.bin"
LORA = "arc2face-reference/ref_adapter/pytorch_lora_weights.safetensors"
VAE = "stable-diffusion-v1-5/vae/diffusion_pytorch_model.safetensors"
SMIRK = "smirk/SMIRK_em1.pt"
ARCFACE = "arcface-antelopev2/arcface.onnx"

Break = Callable[[Path, Path], None]


def pickled(path: Path, models: Path) -> None:
    path.write_bytes(pickle.dumps({"text_model.x": Trap(models / "touched")}))


def of_another_shape(path: Path, models: Path) -> None:
    """One tensor of the file has lost its columns."""
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file, save_file

        tensors = dict(load_file(path))
        save_file(tensors | {next(iter(tensors)): np.zeros(7, np.float32)}, path)
        return
    import torch

    state = torch.load(path, weights_only=True)
    adapter = state["ip_adapter"]
    torch.save(state | {"ip_adapter": adapter | {next(iter(adapter)): torch.zeros(7)}}, path)


def a_lora_for_few_steps(path: Path, models: Path) -> None:
    """It fits the same network, but is no Reference Adapter."""
    from safetensors.numpy import save_file

    layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    parts = {"lora_down": np.zeros((2, 64), np.float32), "lora_up": np.zeros((64, 2), np.float32)}
    save_file({f"{layer}.{part}.weight": value for part, value in parts.items()}, path)


def another(file: str) -> Break:
    """The weights of another model under this file's name."""

    def put(path: Path, models: Path) -> None:
        content = (models / file).read_bytes()
        path.write_bytes(content)

    return put


def write_head(path: Path) -> None:
    path.parent.mkdir(parents=True)
    write_flame(made_head(), path)


@pytest.fixture
def install(
    small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Break], Path]:
    """Install the small models with one file broken."""

    def broken(file: str, harm: Break) -> Path:
        models = tmp_path / "models"
        for source in small_models.rglob("*"):
            if source.is_file():
                target = models / source.relative_to(small_models)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(source.resolve())
        path = models / file
        path.unlink()
        shutil.copyfile(small_models / file, path)
        harm(path, models)
        monkeypatch.setenv("MIEN_MODELS", str(models))
        return path

    return broken


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "harm"),
    [
        (UNET, another(VAE)),
        (ENCODER, pickled),
        (ENCODER, another(SMIRK)),
        (ADAPTER, pickled),
        (ADAPTER, of_another_shape),
        (LORA, of_another_shape),
        (LORA, a_lora_for_few_steps),
        (VAE, pickled),
    ],
)
def test_the_engine_names_the_broken_file(
    install: Callable[[str, Break], Path], file: str, harm: Break
) -> None:
    from mien.rendering.reference.engine import Engine

    path = install(file, harm)
    with pytest.raises(WeightsError) as caught:
        Engine.load("cpu", "float32")
    assert str(path) in caught.value.cause
    assert caught.value.remedy
    assert caught.value.exit_code == 5
    assert not (path.parents[len(Path(file).parts) - 1] / "touched").exists()


def test_glintr100_in_place_of_arcface_is_refused(
    install: Callable[[str, Break], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien.rendering.reference.identity import ArcFace

    path = install(ARCFACE, lambda path, models: make_arcface(path, seed=7).touch())
    known = Mistaken("arcface", "glintr100", path.stat().st_size, contents.digest(path))
    monkeypatch.setattr(contents, "read_mistaken", lambda: (known,))
    with pytest.raises(WeightsError, match=r"arcface\.onnx is glintr100"):
        ArcFace.load()


@pytest.mark.slow
def test_a_render_with_a_broken_model_leaves_nothing(
    install: Callable[[str, Break], Path], mien: Mien, project: Path, tmp_path: Path
) -> None:
    path = install(VAE, another(UNET))
    write_head(path.parents[2] / "flame2020" / "flame.npz")
    out = tmp_path / "out.mp4"
    arguments = ("render", project, "-o", out, "--set", "jawOpen=0.6", "--frames", "2:4")
    mien(*arguments, "--renderer", "reference").refused(5, str(path), "another model")
    assert list(tmp_path.glob("*out*")) == []


def test_a_render_without_its_models_is_refused_before_any_work(
    mien: Mien, project: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    run = mien("render", project, "-o", out, "--set", "jawOpen=0.6", "--renderer", "reference")
    run.refused(5, "arc2face", "mien models fetch")
    assert not out.exists()
