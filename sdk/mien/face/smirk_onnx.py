"""SMIRK's expression encoder as an ONNX graph: written once, kept in the user's cache folder."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import platformdirs

from mien.errors import MissingDependencyError, WeightsError
from mien.media.atomic_write import AtomicFile
from mien.weights.contents import digest
from mien.weights.loaders import REFETCH

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto
    from torch import Tensor

    from mien.face.mobilenet import Block, SameConv
    from mien.face.smirk_network import ExpressionEncoder

__all__ = ["cached_graph", "graph_of"]

INPUT: Final = "pictures"
OUTPUT: Final = "coefficients"

_LAYOUT: Final = 1
"""Counted up whenever the graph is written differently, so that no old file is used."""
_OPSET: Final = 13
_IR: Final = 8
"""Versions that every onnxruntime since 1.11 reads."""


def cached_graph(checkpoint: Path, *, renew: bool = False) -> bytes:
    """Return the ONNX file of a checkpoint's expression encoder; made where the cache has none.

    Args:
        checkpoint: The published checkpoint.
        renew: Make it again even if it is there.

    Raises:
        WeightsError: When the checkpoint cannot be used.
        MissingDependencyError: When torch or onnx is not installed.
    """
    if not checkpoint.is_file():
        raise WeightsError(f"There is no file {checkpoint}.", REFETCH, path=checkpoint)
    place = platformdirs.user_cache_path("mien") / "smirk" / f"{digest(checkpoint)}-{_LAYOUT}.onnx"
    if not renew:
        with contextlib.suppress(OSError):
            return place.read_bytes()
    try:
        from mien.face.smirk_network import load_network

        graph = graph_of(load_network(checkpoint).expression_encoder)
    except ImportError as error:
        raise MissingDependencyError(
            f"Preparing {checkpoint.name} needs torch and onnx.", 'pip install "mien[reference]"'
        ) from error
    # A cache that cannot be written costs time, nothing else.
    with contextlib.suppress(OSError):
        _keep(place, graph)
    return graph


def graph_of(encoder: ExpressionEncoder) -> bytes:
    """Export an expression encoder to ONNX; its normalisations are folded, in place."""
    from onnx import TensorProto, checker, helper

    writer = _Writer()
    network = encoder.encoder.fold()
    x = writer.conv(network.conv_stem, INPUT, relu=True)
    for block in network.all_blocks():
        x = writer.block(block, x)
    writer.node("GlobalAveragePool", [x], "pooled")
    writer.node("Flatten", ["pooled"], "row")
    linear = encoder.linear
    weights = [writer.tensor("matrix", linear.weight), writer.tensor("bias", linear.bias)]
    writer.node("Gemm", ["row", *weights], OUTPUT, transB=1)
    graph = helper.make_graph(
        writer.nodes,
        "smirk expression encoder",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["B", 3, 224, 224])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["B", linear.out_features])],
        writer.tensors,
    )
    model = helper.make_model(
        graph, ir_version=_IR, opset_imports=[helper.make_opsetid("", _OPSET)]
    )
    checker.check_model(model)
    return bytes(model.SerializeToString())


class _Writer:
    """The nodes and tensors of a graph as they are added."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def tensor(self, name: str, values: Tensor) -> str:
        from onnx import numpy_helper

        array = np.ascontiguousarray(values.detach().numpy(), dtype=np.float32)
        self.tensors.append(numpy_helper.from_array(array, name))
        return name

    def conv(self, conv: SameConv, x: str, *, relu: bool = False) -> str:
        name = f"conv{len(self.nodes)}"
        assert conv.bias is not None
        weights = [self.tensor(f"{name}.w", conv.weight), self.tensor(f"{name}.b", conv.bias)]
        self.node(
            "Conv",
            [x, *weights],
            name,
            auto_pad="SAME_UPPER",
            group=conv.groups,
            strides=list(conv.stride),
        )
        return self.node("Relu", [name], f"{name}.relu") if relu else name

    def block(self, block: Block, x: str) -> str:
        y = x
        for conv, _, relu in block.layers():
            y = self.conv(conv, y, relu=relu)
        return self.node("Add", [x, y], f"{y}.sum") if block.skips else y


def _keep(place: Path, graph: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = AtomicFile(place)
    try:
        partial.path.write_bytes(graph)
        partial.commit()
    except OSError:
        partial.discard()
        raise
