"""Models' files: FLAME heads, safetensors, LoRAs, checkpoints, records of what was installed."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from mien.errors import WeightsError
from mien.rendering.reference.shot_lora import read_facts, write_tensors
from mien.weights.contents import check_file, check_lora
from mien.weights.flame_file import read_flame, write_flame
from mien.weights.loaders import load_safetensors, load_torch, safetensors_shapes, torch_shapes
from mien.weights.record import read_record
from mien.weights.unpickle import read_arrays
from tests.flame_heads import made_head, published_pickle
from tests.fuzz.target import Target
from tests.small_models import make_arcface

__all__ = ["TARGETS"]


def _small_head() -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """A head of few vertices, so that its opcodes are not lost among its values."""
    head = {key: np.asarray(array) for key, array in made_head().items()}
    few = 4
    head |= {key: head[key][:few] for key in ("v_template", "posedirs", "weights")}
    triangles = np.array([[0, 1, 2], [1, 2, 3]])
    return head | {
        "shapedirs": head["shapedirs"][:few], "J_regressor": np.eye(5, few), "f": triangles,
    }  # fmt: skip


def _flame(folder: Path) -> Mapping[str, bytes]:
    head = _small_head()
    few = head | {"shapedirs": head["shapedirs"][..., :2]}
    seeds = {
        f"few-{protocol}.pkl": published_pickle(few, folder / "a.pkl", protocol).read_bytes()
        for protocol in (0, 2, 4)
    }
    seeds["head.pkl"] = published_pickle(head, folder / "a.pkl", 2).read_bytes()
    write_flame(head, folder / "head.npz")
    return seeds | {"head.npz": (folder / "head.npz").read_bytes()}


def _read_flame(path: Path) -> None:
    if path.suffix == ".pkl":
        read_arrays(path)
    read_flame(path)


_LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora"


def _tensors(entries: Mapping[str, tuple[int, ...]]) -> bytes:
    header, at = {}, 0
    for name, shape in entries.items():
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def _safetensors(folder: Path) -> Mapping[str, bytes]:
    import torch

    plain = {"a.weight": (2, 3), "b.bias": (4,), "c": ()}
    pair = {f"{_LAYER}.down.weight": (2, 4), f"{_LAYER}.up.weight": (4, 2)}
    torch.save({"a": torch.zeros(2, 3), "group": {"b": torch.ones(2)}}, folder / "a.bin")
    write_tensors(folder / "shot.safetensors", {"a": torch.zeros(2)}, {"format": "x", "base": "y"})
    return {
        "shot.safetensors": (folder / "shot.safetensors").read_bytes(),
        "a.safetensors": _tensors(plain), "lora.safetensors": _tensors(pair),
        "a.bin": (folder / "a.bin").read_bytes(),
    }  # fmt: skip


def _read_safetensors(path: Path) -> None:
    if path.suffix == ".bin":
        torch_shapes(path)
        load_torch(path)
        return
    shapes = safetensors_shapes(path)
    read_facts(path)
    for kind in ("reference-lora", "lcm-lora", "expression-adapter"):
        with suppress(WeightsError):
            check_file(path, kind)
    with suppress(WeightsError):
        check_lora(shapes, {f"{_LAYER.partition('.processor')[0]}.to_q.weight": (4, 4)}, path)
    load_safetensors(path)


def _record(folder: Path) -> Mapping[str, bytes]:
    entry = {"size": 12, "sha256": "ab", "as_is": False}
    record = {"licence": "open", "files": {"a.bin": entry, "b.bin": entry}}
    return {"installed.json": json.dumps(record).encode()}


_KINDS = {
    "unet-config.json": {"_class_name": "UNet2DConditionModel", "block_out_channels": [4, 8]},
    "text-encoder-config.json": {"hidden_size": 8, "num_hidden_layers": 1},
    "vocabulary.json": {"id</w>": 3, "a": 1},
    "scheduler-config.json": {"beta_schedule": "scaled_linear", "num_train_timesteps": 1000},
}
"""Files of the catalogue's kinds, by the kind."""


def _catalogue(folder: Path) -> Mapping[str, bytes]:
    arrays, task = io.BytesIO(), io.BytesIO()
    np.savez(arrays, a=np.zeros(3), b=np.eye(2))
    with zipfile.ZipFile(task, "w") as archive:
        archive.writestr("face_detector.tflite", b"TFL3")
        archive.writestr("face_landmarks_detector.tflite", b"TFL3")
    make_arcface(folder / "arcface.onnx", features=2)
    return {
        **{name: json.dumps(value).encode() for name, value in _KINDS.items()},
        "merges.txt": b"#version: 0.2\na b\nc d</w>\n",
        "arrays.npz": arrays.getvalue(),
        "face-landmarker.task": task.getvalue(),
        "arcface.onnx": (folder / "arcface.onnx").read_bytes(),
    }


TARGETS = (
    Target("flame", _flame, _read_flame),
    Target("safetensors", _safetensors, _read_safetensors),
    Target("catalogue", _catalogue, lambda path: check_file(path, path.stem)),
    Target("records", _record, lambda path: read_record(path.parent)),
)
