"""Model files that are broken, of another model, or more than weights."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import WeightsError
from mien.weights import contents
from mien.weights.loaders import (
    check_state,
    load_safetensors,
    load_torch,
    safetensors_shapes,
    torch_shapes,
)
from mien.weights.store import Mistaken, find_model, locate
from tests.small_models import make_arcface

pytest.importorskip("torch")
pytest.importorskip("safetensors")

UNET = "arc2face/diffusion_pytorch_model.safetensors"
ENCODER = "encoder/pytorch_model.bin"
ADAPTER = "exp_adapter/exp_adapter.bin"
LORA = "ref_adapter/pytorch_lora_weights.safetensors"
Tensors = dict[str, "np.ndarray[Any, Any]"]


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def cut(source: Path, target: Path, part: float = 0.6) -> Path:
    target.write_bytes(source.read_bytes()[: int(source.stat().st_size * part)])
    return target


def lora_of(models: Path) -> Tensors:
    from safetensors.numpy import load_file

    return dict(load_file(locate("arc2face-reference")[LORA]))


def check_lora(tensors: Tensors, path: Path) -> None:
    from safetensors.numpy import save_file

    save_file(tensors, path)
    contents.check_file(path, "reference-lora")
    unet = safetensors_shapes(locate("arc2face")[UNET])
    contents.check_lora(safetensors_shapes(path), unet, path)


def test_the_models_of_the_tests_are_what_they_claim(models: Path) -> None:
    for name in ("arc2face", "arc2face-expression", "arcface-antelopev2", "smirk"):
        paths = locate(name)
        model = find_model(name)
        for file in model.files:
            if file.path in paths:
                contents.check_file(paths[file.path], file.kind)
        contents.check_model(model, paths)


@pytest.mark.parametrize("part", [0.0, 0.00001, 0.001, 0.6, 0.99999])
def test_safetensors_that_are_cut_short(models: Path, tmp_path: Path, part: float) -> None:
    path = cut(locate("arc2face")[UNET], tmp_path / "unet.safetensors", part)
    with pytest.raises(WeightsError, match=r"unet\.safetensors is cut short") as caught:
        load_safetensors(path)
    assert caught.value.exit_code == 5
    assert caught.value.remedy
    with pytest.raises(WeightsError):
        contents.check_file(path, "unet")


@pytest.mark.parametrize("part", [0.0, 0.001, 0.6, 0.99])
def test_a_checkpoint_that_is_cut_short(models: Path, tmp_path: Path, part: float) -> None:
    path = cut(locate("smirk")["SMIRK_em1.pt"], tmp_path / "smirk.pt", part)
    with pytest.raises(WeightsError, match=r"smirk\.pt is cut short"):
        load_torch(path)
    with pytest.raises(WeightsError):
        contents.check_file(path, "smirk")


def test_a_pickle_in_place_of_weights_is_not_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    for name, kind in (("a.bin", "text-encoder"), ("a.safetensors", "unet"), ("a.onnx", "arcface")):
        path = tmp_path / name
        path.write_bytes(pickle.dumps({"text_model.x": Trap(touched)}))
        with pytest.raises(WeightsError, match=name):
            contents.check_file(path, kind)
    with pytest.raises(WeightsError, match="holds a pickle"):
        load_safetensors(tmp_path / "a.safetensors")
    assert not touched.exists()


def test_a_checkpoint_with_more_than_tensors_is_not_run(tmp_path: Path) -> None:
    import torch

    touched, path = tmp_path / "touched", tmp_path / "encoder.bin"
    torch.save({"text_model.x": torch.zeros(3), "trap": Trap(touched)}, path)
    for mapped in (False, True):
        with pytest.raises(WeightsError, match="more than tensors"):
            load_torch(path, mapped=mapped)
    assert not touched.exists()
    torch.save({"a": 1.0}, path)
    with pytest.raises(WeightsError, match="float where a tensor is expected"):
        torch_shapes(path)
    torch.save(torch.zeros(3), path)
    with pytest.raises(WeightsError, match="a Tensor where tensors by name"):
        load_torch(path)


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        ("stable-diffusion-v1-5", "vae/diffusion_pytorch_model.safetensors", "unet"),
        ("arc2face", UNET, "vae"),
        ("arc2face", UNET, "reference-lora"),
        ("arc2face-reference", LORA, "unet"),
        ("arc2face-reference", LORA, "lcm-lora"),
        ("arc2face-expression", ADAPTER, "text-encoder"),
        ("arc2face-expression", ADAPTER, "smirk"),
        ("arc2face", ENCODER, "expression-adapter"),
        ("smirk", "SMIRK_em1.pt", "expression-adapter"),
        ("arcface-antelopev2", "arcface.onnx", "scrfd"),
        ("arc2face", "arc2face/config.json", "vae-config"),
        ("stable-diffusion-v1-5", "vae/config.json", "vocabulary"),
        ("arcface-antelopev2", "arcface.onnx", "face-landmarker"),
    ],
)
def test_weights_of_another_model(models: Path, name: str, file: str, kind: str) -> None:
    path = locate(name)[file]
    with pytest.raises(WeightsError, match=path.name) as caught:
        contents.check_file(path, kind)
    assert caught.value.remedy


def test_an_adapter_for_images_is_no_expression_adapter(tmp_path: Path) -> None:
    import torch

    path = tmp_path / "ip-adapter.bin"
    torch.save({"image_proj": {"proj.weight": torch.zeros(12, 1024)}, "ip_adapter": {}}, path)
    with pytest.raises(WeightsError, match="instead of one of 55 coefficients"):
        contents.check_file(path, "expression-adapter")


@pytest.mark.shared
def test_all_layouts_of_the_expression_adapter_are_taken(
    models: Path, shared: Path, tmp_path: Path
) -> None:
    import torch

    state = load_torch(locate("arc2face-expression")[ADAPTER])
    for layout in ("linear", "full"):
        projection = load_torch(shared / f"fixtures/reference/alt/image_proj_{layout}.bin")
        state["image_proj"] = projection.get("image_proj", projection)
        torch.save(state, tmp_path / "adapter.bin")
        contents.check_file(tmp_path / "adapter.bin", "expression-adapter")


def test_nothing_may_be_missing_left_over_or_of_another_shape() -> None:
    import torch

    path = Path("w.safetensors")
    expected = {"a": (2, 3), "b": (4,)}
    check_state(expected, {"a": torch.zeros(2, 3), "b": torch.zeros(4)}, path)
    for state, fault in (
        ({"a": torch.zeros(2, 3)}, "missing: b"),
        ({"a": torch.zeros(2, 3), "b": torch.zeros(4), "c": torch.zeros(1)}, "left over: c"),
        ({"a": torch.zeros(3, 2), "b": torch.zeros(4)}, r"shapes: a \(3, 2\) instead of \(2, 3\)"),
        ({f"x.{i}": torch.zeros(1) for i in range(9)}, "x.2 and 6 more"),
    ):
        with pytest.raises(WeightsError, match=f"w.safetensors holds .*{fault}"):
            check_state(expected, state, path)


def test_a_lora_that_does_not_fit(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "lora.safetensors"
    lora = lora_of(models)
    check_lora(lora, path)

    layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora"
    wide = lora | {f"{layer}.down.weight": np.zeros((4, 1280), np.float32)}
    with pytest.raises(WeightsError, match=r"for another network: mid_block.*1280"):
        check_lora(wide, path)
    ranks = lora | {f"{layer}.down.weight": lora[f"{layer}.down.weight"][:2]}
    with pytest.raises(WeightsError, match="two ranks, 2 and 4"):
        check_lora(ranks, path)
    half = {name: tensor for name, tensor in lora.items() if name != f"{layer}.up.weight"}
    with pytest.raises(WeightsError, match="half of the pair for mid_block"):
        check_lora(half, path)
    strange = lora | {layer.replace("mid_block", "mid_block.9") + ".up.weight": np.zeros((4, 4))}
    with pytest.raises(WeightsError, match="the UNet has no mid_block"):
        check_lora(strange, path)
    with pytest.raises(WeightsError, match="is in it"):
        check_lora({"lora_unet_mid.lora_up.weight": np.zeros(3, np.float32)}, path)


def test_an_arcface_of_another_size(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"its input .*160, 160"):
        contents.check_file(make_arcface(tmp_path / "a.onnx", size=160), "arcface")
    with pytest.raises(WeightsError, match=r"its output .*256"):
        contents.check_file(make_arcface(tmp_path / "b.onnx", features=256), "arcface")
    path = cut(make_arcface(tmp_path / "c.onnx"), tmp_path / "cut.onnx")
    with pytest.raises(WeightsError, match=r"cut\.onnx is cut short"):
        contents.check_file(path, "arcface")


def test_an_arcface_that_is_known_to_be_another_is_told_by_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = make_arcface(tmp_path / "right.onnx", seed=1)
    other = make_arcface(tmp_path / "glintr100.onnx", seed=2)
    known = Mistaken("arcface", "glintr100", other.stat().st_size, contents.digest(other))
    monkeypatch.setattr(contents, "read_mistaken", lambda: (known,))
    contents.check_file(right, "arcface")
    shutil.copy(other, tmp_path / "arcface.onnx")
    with pytest.raises(WeightsError, match=r"arcface\.onnx is glintr100: it has the same layout"):
        contents.check_file(tmp_path / "arcface.onnx", "arcface")


def test_glintr100_is_in_the_catalogue_with_its_published_checksum() -> None:
    from mien.weights.store import read_mistaken

    known = {mistaken.sha256: mistaken for mistaken in read_mistaken()}
    glint = known["4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf"]
    assert (glint.kind, glint.size) == ("arcface", 260665334)


def test_a_graph_with_its_weights_elsewhere_is_refused(tmp_path: Path) -> None:
    import onnx

    path = tmp_path / "split.onnx"
    model = onnx.load(make_arcface(tmp_path / "whole.onnx"))
    onnx.save(model, path, save_as_external_data=True, location="weights", size_threshold=0)
    with pytest.raises(WeightsError, match="keeps its weights in other files"):
        contents.check_file(path, "arcface")


def test_weights_and_configuration_of_two_downloads(models: Path, tmp_path: Path) -> None:
    paths = dict(locate("arc2face"))
    text = paths["arc2face/config.json"].read_text().replace("32,\n    32,", "64,\n    32,")
    paths["arc2face/config.json"] = tmp_path / "config.json"
    paths["arc2face/config.json"].write_text(text)
    with pytest.raises(WeightsError, match=r"does not belong to its config\.json"):
        contents.check_model(find_model("arc2face"), paths)


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 100_000])
def test_a_configuration_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    for kind in ("unet-config", "vae-config", "scheduler-config", "vocabulary", "json"):
        with pytest.raises(WeightsError, match=r"config\.json"):
            contents.check_file(path, kind)
