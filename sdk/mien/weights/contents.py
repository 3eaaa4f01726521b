"""What is in a model's file, compared with what a file of its kind holds.

A file is told by its layout: names and shapes of tensors, inputs and outputs of a graph, fields
of a configuration. Where two models have one layout, by its checksum. Nothing in a file is run.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mien.errors import MissingDependencyError, WeightsError
from mien.small_files import read_small
from mien.weights.loaders import REFETCH, load_torch, safetensors_shapes, torch_shapes
from mien.weights.plain import check_claims
from mien.weights.store import Model, read_mistaken

__all__ = ["check_file", "check_lora", "check_mistaken", "check_model", "digest"]

Shape = tuple[int | None, ...]
_Check = Callable[[Path], None]
_ANY: Final = None
_TOKEN: Final = 768
"""Width of the prompt in Stable Diffusion 1.5."""
_COEFFICIENTS: Final = 55
_MOST_TEXT: Final = 16 << 20
_BLOCK: Final = 1 << 22
_OTHER: Final = "Use the file that the authors publish; `mien models list` says where."
_REFERENCE_LORA: Final = re.compile(
    r"unet\.(?P<layer>.+\.attn1\.to_(?:q|k|v|out\.0))\.lora\.(?P<side>down|up)\.weight"
)
_LCM_LORA: Final = re.compile(r"lora_unet_(?P<layer>\w+)\.(lora_(down|up)\.weight|alpha)")


@dataclass(frozen=True, slots=True)
class _Layout:
    """What tells a network's weights.

    Attributes:
        what: The network in words.
        tensors: Some of its tensors with their shapes.
        prefixes: With one of which every name starts.
    """

    what: str
    tensors: Mapping[str, Shape]
    prefixes: tuple[str, ...]

    def fault(self, shapes: Mapping[str, tuple[int, ...]]) -> str:
        """What does not fit, in words; empty when all does."""
        for name, shape in self.tensors.items():
            if name not in shapes:
                return f"it has no {name}"
            if not _matches(shapes[name], shape):
                wanted = ", ".join("any" if n is None else str(n) for n in shape)
                return f"{name} is {shapes[name]} instead of ({wanted})"
        strange = next((name for name in shapes if not name.startswith(self.prefixes)), None)
        return f"{strange} does not belong there" if strange else ""


_ATTENTION = "attentions.0.transformer_blocks.0"
_UNET = _Layout(
    "Arc2Face's UNet",
    {
        "conv_in.weight": (_ANY, 4, 3, 3),
        f"down_blocks.0.{_ATTENTION}.attn2.to_k.weight": (_ANY, _TOKEN),
        f"mid_block.{_ATTENTION}.attn1.to_q.weight": (_ANY, _ANY),
        "up_blocks.3.resnets.2.conv1.weight": (_ANY, _ANY, 3, 3),
        "conv_out.weight": (4, _ANY, 3, 3),
    },
    ("conv_", "time_embedding.", "down_blocks.", "mid_block.", "up_blocks."),
)
_TEXT_ENCODER = _Layout(
    "Arc2Face's text encoder",
    {
        "text_model.embeddings.token_embedding.weight": (_ANY, _TOKEN),
        "text_model.embeddings.position_embedding.weight": (77, _TOKEN),
        "text_model.final_layer_norm.weight": (_TOKEN,),
    },
    ("text_model.",),
)
_VAE = _Layout(
    "a VAE of Stable Diffusion 1.5",
    {
        "encoder.conv_in.weight": (_ANY, 3, 3, 3),
        "quant_conv.weight": (8, 8, 1, 1),
        "post_quant_conv.weight": (4, 4, 1, 1),
        "decoder.conv_out.weight": (3, _ANY, 3, 3),
    },
    ("encoder.", "decoder.", "quant_conv.", "post_quant_conv."),
)
_SMALL_VAE = _Layout(
    "a small VAE (TAESD)",
    {
        "encoder.layers.0.weight": (_ANY, 3, 3, 3),
        "decoder.layers.0.weight": (_ANY, 4, 3, 3),
    },
    ("encoder.layers.", "decoder.layers."),
)
_SMIRK = _Layout(
    "SMIRK's checkpoint",
    {
        "smirk_encoder.pose_encoder.encoder.conv_stem.weight": (_ANY, 3, 3, 3),
        "smirk_encoder.shape_encoder.encoder.conv_stem.weight": (_ANY, 3, 3, 3),
        "smirk_encoder.expression_encoder.encoder.conv_stem.weight": (_ANY, 3, 3, 3),
        "smirk_encoder.expression_encoder.expression_layers.0.weight": (_COEFFICIENTS, _ANY),
    },
    ("smirk_encoder.", "smirk_generator."),
)


def check_file(path: Path, kind: str) -> None:
    """Make sure that a file holds what a file of its kind holds.

    Args:
        path: The file.
        kind: As the catalogue calls it.

    Raises:
        WeightsError: When it is cut short, of another kind, or known to be something else.
        MissingDependencyError: When a package is missing that reads files of this kind.
    """
    check_mistaken(path, kind)
    _CHECKS[kind](path)


def check_mistaken(path: Path, kind: str) -> None:
    """Refuse a file that has the right layout and is known to mean something else.

    Raises:
        WeightsError: When it is one.
    """
    size = path.stat().st_size if path.is_file() else 0
    for mistaken in read_mistaken():
        if kind == mistaken.kind and size == mistaken.size and digest(path) == mistaken.sha256:
            raise WeightsError(
                f"{path} is {mistaken.name}: it has the same layout, but means something else.",
                _OTHER,
                path=path,
            )


def check_model(model: Model, paths: Mapping[str, Path]) -> None:
    """Make sure that the files of a model belong together.

    Args:
        model: The model.
        paths: Its files, by their path in the catalogue.

    Raises:
        WeightsError: When weights do not fit their configuration.
    """
    kinds = {file.kind: paths[file.path] for file in model.files if file.path in paths}
    if {"unet", "unet-config"} <= kinds.keys():
        config, path = _json(kinds["unet-config"]), kinds["unet"]
        first = safetensors_shapes(path).get("conv_in.weight", (0,))[0]
        _agree(path, "block_out_channels[0]", config.get("block_out_channels", [0])[0], first)
    if {"text-encoder", "text-encoder-config"} <= kinds.keys():
        config, path = _json(kinds["text-encoder-config"]), kinds["text-encoder"]
        tokens = torch_shapes(path)["text_model.embeddings.token_embedding.weight"]
        _agree(path, "vocab_size", config.get("vocab_size"), tokens[0])
        _agree(path, "hidden_size", config.get("hidden_size"), tokens[1])


def check_lora(
    lora: Mapping[str, tuple[int, ...]], network: Mapping[str, tuple[int, ...]], path: Path
) -> None:
    """Make sure that the Reference Adapter's LoRA fits the UNet that it is put on.

    Args:
        lora: Shapes of its tensors, under the names that are published.
        network: Shapes of the UNet's tensors.
        path: The LoRA's file, for the error.

    Raises:
        WeightsError: When it addresses a layer that is not there or of another width, or half
            of a pair is missing.
    """
    pairs: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in lora.items():
        match = _REFERENCE_LORA.fullmatch(name)
        if match is None:
            raise _not(path, "the Reference Adapter's LoRA", f"{name} does not belong there")
        pairs.setdefault(match["layer"], {})[match["side"]] = shape
    for layer, pair in pairs.items():
        weight = network.get(f"{layer}.weight")
        if weight is None:
            fault = f"the UNet has no {layer}"
        elif set(pair) != {"down", "up"}:
            fault = f"half of the pair for {layer} is missing"
        elif pair["down"][1:] != weight[1:] or pair["up"][0] != weight[0]:
            fault = f"{layer} is {weight}, the pair is {pair['down']} and {pair['up']}"
        elif pair["down"][0] != pair["up"][1]:
            fault = f"the pair for {layer} has two ranks, {pair['down'][0]} and {pair['up'][1]}"
        else:
            continue
        raise WeightsError(f"{path} is a LoRA for another network: {fault}.", _OTHER, path=path)


def digest(path: Path, on_block: Callable[[int], None] = lambda size: None) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Args:
        path: The file.
        on_block: Called with the number of bytes of every block that is read.

    Raises:
        WeightsError: When it cannot be read.
    """
    result = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                result.update(block)
                on_block(len(block))
    except OSError as error:
        reason = (error.strerror or "fault of the disk").lower()
        raise WeightsError(f"{path} cannot be read: {reason}.", REFETCH, path=path) from error
    return result.hexdigest()


def _not(path: Path, what: str, fault: str) -> WeightsError:
    return WeightsError(f"{path} is not {what}: {fault}.", _OTHER, path=path)


def _agree(path: Path, field: str, said: object, found: int) -> None:
    if said != found:
        raise WeightsError(
            f"{path} does not belong to its config.json: {field} is {said} there and {found} here.",
            "Use both files of one download.",
            path=path,
        )


def _matches(shape: tuple[int, ...], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(
        b is None or a == b for a, b in zip(shape, wanted, strict=True)
    )


def _tensors(layout: _Layout, shapes: Callable[[Path], dict[str, tuple[int, ...]]]) -> _Check:
    def check(path: Path) -> None:
        if fault := layout.fault(shapes(path)):
            raise _not(path, layout.what, fault)

    return check


def _expression_adapter(path: Path) -> None:
    what = "the Expression Adapter"
    state = load_torch(path, mapped=True)
    if set(state) != {"image_proj", "ip_adapter"}:
        raise _not(path, what, f"it holds {', '.join(map(str, list(state)[:3]))}")
    first = next(
        (state["image_proj"][name] for name in ("proj.0.weight", "proj.weight")
         if name in state["image_proj"]),
        None,
    )  # fmt: skip
    if first is None or tuple(first.shape)[1:] != (_COEFFICIENTS,):
        found = "no projection" if first is None else f"a projection of {tuple(first.shape)[1:]}"
        raise _not(path, what, f"{found} instead of one of {_COEFFICIENTS} coefficients")
    for name, tensor in state["ip_adapter"].items():
        if not re.fullmatch(r"\d+\.to_[kv]_ip\.weight", name) or tensor.shape[1] != _TOKEN:
            raise _not(path, what, f"{name} {tuple(tensor.shape)} does not belong there")


def _reference_lora(path: Path) -> None:
    shapes = safetensors_shapes(path)
    strange = next((name for name in shapes if not _REFERENCE_LORA.fullmatch(name)), None)
    if strange or not shapes:
        raise _not(path, "the Reference Adapter's LoRA", f"{strange or 'nothing'} is in it")


def _lcm_lora(path: Path) -> None:
    shapes = safetensors_shapes(path)
    strange = next((name for name in shapes if not _LCM_LORA.fullmatch(name)), None)
    if strange or not shapes:
        raise _not(path, "an LCM-LoRA", f"{strange or 'nothing'} is in it")
    for name, shape in shapes.items():
        if name.endswith("attn2_to_k.lora_down.weight") and shape[1] != _TOKEN:
            raise _not(path, "an LCM-LoRA for Stable Diffusion 1.5", f"{name} is {shape}")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_small(path, _MOST_TEXT))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"{path} cannot be read as JSON ({error}).", REFETCH, path=path
        ) from error
    if not isinstance(value, dict):
        raise WeightsError(f"{path} holds a {type(value).__name__}, no fields.", REFETCH, path=path)
    return value


def _config(what: str, fields: Mapping[str, object]) -> _Check:
    """Checks fields of a configuration: their value, or their type where a type is given."""

    def check(path: Path) -> None:
        found = _json(path)
        for name, wanted in fields.items():
            value = found.get(name)
            right = isinstance(value, wanted) if isinstance(wanted, type) else value == wanted
            if not right:
                raise _not(path, what, f"its {name} is {value!r}")

    return check


def _vocabulary(path: Path) -> None:
    # The embedding of a face stands in the place of this one word of the prompt.
    if not isinstance(_json(path).get("id</w>"), int):
        raise _not(path, "CLIP's vocabulary", "it has no word 'id'")


def _merges(path: Path) -> None:
    try:
        lines = read_small(path, _MOST_TEXT).splitlines()
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read ({error}).", REFETCH, path=path) from error
    if not lines or any(len(line.split()) != 2 for line in lines[1:] if line):
        raise _not(path, "CLIP's list of merges", "it is no list of pairs")


def _graph(path: Path) -> tuple[list[Shape], list[Shape]]:
    """Shapes of the inputs and outputs of an ONNX graph, with None for free sizes."""
    try:
        import onnx
    except ImportError as error:
        raise MissingDependencyError(
            "Reading an ONNX model needs onnx.", 'pip install "mien[reference]"'
        ) from error
    try:
        graph = onnx.load(path, load_external_data=False).graph
    except Exception as error:  # onnx names no errors of its own
        raise WeightsError(
            f"{path} is cut short or is no ONNX model ({error}).", REFETCH, path=path
        ) from error
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        raise WeightsError(f"{path} keeps its weights in other files.", _OTHER, path=path)
    weights = {tensor.name for tensor in graph.initializer}

    def shapes(values: Any) -> list[Shape]:
        return [
            tuple(
                d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None
                for d in value.type.tensor_type.shape.dim
            )
            for value in values
            if value.name not in weights
        ]

    return shapes(graph.input), shapes(graph.output)


def _arcface(path: Path) -> None:
    inputs, outputs = _graph(path)
    if [shape[1:] for shape in inputs] != [(3, 112, 112)]:
        raise _not(path, "ArcFace", f"its input is {inputs} instead of (any, 3, 112, 112)")
    # An export may leave the output's sizes open.
    if len(outputs) != 1 or (outputs[0] or (None,))[-1] not in {512, None}:
        raise _not(path, "ArcFace", f"its output is {outputs} instead of (any, 512)")


def _scrfd(path: Path) -> None:
    inputs, outputs = _graph(path)
    # Scores, boxes and five points, at three scales each.
    if len(inputs) != 1 or len(inputs[0]) != 4 or len(outputs) != 9:
        raise _not(path, "SCRFD with five points", f"it has {len(outputs)} outputs instead of 9")


def _face_landmarker(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except Exception as error:  # damage comes out of zipfile as many things
        raise WeightsError(
            f"{path} is cut short or is no task file ({error}).", REFETCH, path=path
        ) from error
    if not {"face_detector.tflite", "face_landmarks_detector.tflite"} <= names:
        raise _not(path, "MediaPipe's face landmarker", "it holds other networks")


def _flame(path: Path) -> None:
    from mien.weights.flame_file import read_flame

    read_flame(path)


def _arrays(path: Path) -> None:
    try:
        check_claims(path)
        with path.open("rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            whole = isinstance(loaded, np.ndarray)
            arrays = [loaded] if whole else [loaded[name] for name in loaded.files]
    except Exception as error:  # damage comes out of zipfile and numpy as many things
        raise WeightsError(
            f"{path} holds no plain arrays ({error}).", REFETCH, path=path
        ) from error
    if not arrays:
        raise WeightsError(f"{path} is empty.", REFETCH, path=path)


_CHECKS: Final[Mapping[str, _Check]] = {
    "unet": _tensors(_UNET, safetensors_shapes),
    "unet-config": _config(
        "a UNet's configuration",
        {"_class_name": "UNet2DConditionModel", "block_out_channels": list},
    ),
    "text-encoder": _tensors(_TEXT_ENCODER, torch_shapes),
    "text-encoder-config": _config(
        "a CLIP text encoder's configuration", {"hidden_size": int, "num_hidden_layers": int}
    ),
    "expression-adapter": _expression_adapter,
    "reference-lora": _reference_lora,
    "lcm-lora": _lcm_lora,
    "arcface": _arcface,
    "scrfd": _scrfd,
    "vae": _tensors(_VAE, safetensors_shapes),
    "vae-config": _config("a VAE's configuration", {"_class_name": "AutoencoderKL"}),
    "small-vae": _tensors(_SMALL_VAE, safetensors_shapes),
    "small-vae-config": _config("a small VAE's configuration", {"_class_name": "AutoencoderTiny"}),
    "vocabulary": _vocabulary,
    "merges": _merges,
    "scheduler-config": _config(
        "a scheduler's configuration", {"beta_schedule": str, "num_train_timesteps": int}
    ),
    "json": _config("a configuration", {}),
    "smirk": _tensors(_SMIRK, torch_shapes),
    "face-landmarker": _face_landmarker,
    "flame": _flame,
    "arrays": _arrays,
}
