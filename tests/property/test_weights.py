"""Whatever is in a model's file, it is either taken or refused in words."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import WeightsError
from mien.weights.contents import check_file
from mien.weights.loaders import load_safetensors
from tests.profiles import examples
from tests.small_models import make_arcface

pytest.importorskip("torch")

HEADERS = ("unet", "vae", "small-vae", "reference-lora", "lcm-lora")
CHECKPOINTS = ("text-encoder", "expression-adapter", "smirk")
OTHERS = ("arcface", "scrfd", "vocabulary", "unet-config", "merges", "face-landmarker", "arrays")


@functools.cache
def whole(kind: str) -> bytes:
    """A small file of the format that a kind has."""
    import torch
    from safetensors.numpy import save

    if kind in HEADERS:
        return bytes(save({f"layer.{i}.weight": np.zeros((2, 3), np.float32) for i in range(3)}))
    if kind in CHECKPOINTS:
        stream = io.BytesIO()
        torch.save({"image_proj": {"proj.weight": torch.zeros(2, 55)}, "ip_adapter": {}}, stream)
        return stream.getvalue()
    if kind in {"arcface", "scrfd"}:
        with tempfile.TemporaryDirectory() as folder:
            return make_arcface(Path(folder, "a.onnx"), size=32, features=4).read_bytes()
    if kind in {"face-landmarker", "arrays"}:
        stream = io.BytesIO()
        np.savez(stream, a=np.arange(5))
        return stream.getvalue()
    return json.dumps({"_class_name": "UNet2DConditionModel", "id</w>": 3}).encode()


def refuse_or_take(content: bytes, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(WeightsError):
        path = Path(folder, "file")
        path.write_bytes(content)
        if kind in HEADERS:
            load_safetensors(path)
        check_file(path, kind)


@examples(60)
@given(content=st.binary(max_size=200), kind=st.sampled_from(HEADERS + CHECKPOINTS + OTHERS))
def test_any_bytes(content: bytes, kind: str) -> None:
    refuse_or_take(content, kind)


@examples(120)
@given(data=st.data(), kind=st.sampled_from(HEADERS + CHECKPOINTS + OTHERS))
def test_a_file_with_some_bytes_changed(data: st.DataObject, kind: str) -> None:
    content = bytearray(whole(kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    refuse_or_take(bytes(content[: end or None]), kind)


HEADER = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={"dtype": HEADER, "shape": st.lists(st.integers(-1, 9)) | HEADER,
              "data_offsets": st.lists(st.integers(-1, 99)) | HEADER},
)  # fmt: skip


@examples(120)
@given(header=st.dictionaries(st.text(max_size=9), ENTRY) | HEADER, kind=st.sampled_from(HEADERS))
def test_any_header_of_safetensors(header: object, kind: str) -> None:
    text = json.dumps(header).encode()
    refuse_or_take(len(text).to_bytes(8, "little") + text + bytes(24), kind)
