"""A folder of small models with random weights, laid out as the published ones are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_FROM_FIXTURES = {
    "arc2face/arc2face": "reference/models/arc2face",
    "arc2face/encoder": "reference/models/encoder",
    "arc2face-expression/exp_adapter": "reference/models/exp_adapter",
    "arc2face-reference/ref_adapter": "reference/models/ref_adapter",
    "stable-diffusion-v1-5/vae": "reference/base/vae",
    "stable-diffusion-v1-5/tokenizer": "reference/base/tokenizer",
    "stable-diffusion-v1-5/scheduler": "reference/base/scheduler",
    "smirk": "smirk",
}


def small_models(folder: Path, shared: Path) -> Path:
    """Lay out every model that the reference renderer needs; what the fixtures hold is linked.

    Args:
        folder: What becomes the models folder.
        shared: The internal test material.
    """
    for place, source in _FROM_FIXTURES.items():
        for file in sorted((shared / "fixtures" / source).iterdir()):
            if file.suffix in {".json", ".txt", ".bin", ".safetensors", ".pt"}:
                (folder / place).mkdir(parents=True, exist_ok=True)
                (folder / place / file.name).symlink_to(file)
    make_arcface(folder / "arcface-antelopev2" / "arcface.onnx")
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
