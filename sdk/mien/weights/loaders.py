"""Weights read from files without running anything that is in them.

Every fault of a file is a `WeightsError` that names it. torch, safetensors and onnx are imported
on first use.
"""

from __future__ import annotations

import json
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import MissingDependencyError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "check_state",
    "load_safetensors",
    "load_torch",
    "safetensors_shapes",
    "torch_shapes",
]

REFETCH = "Get the file again: `mien models verify` names the model that it belongs to."
_MOST_HEADER = 100_000_000
"""Bytes; safetensors itself refuses longer ones."""
_SHOWN = 3
"""Names that an error lists before it counts the rest."""


def load_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU.

    Raises:
        WeightsError: When the file is cut short, or is no safetensors file.
        MissingDependencyError: When torch or safetensors is not installed.
    """
    safetensors_shapes(path)
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise _no_torch() from error
    try:
        return dict(load_file(path))
    except Exception as error:
        raise _broken(path, "safetensors", error) from error


def safetensors_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a safetensors file's tensors, from its header alone.

    Raises:
        WeightsError: When the file is cut short, or is no safetensors file.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if not 2 <= length <= min(size - 8, _MOST_HEADER):
                # Only now: a header of 128 or 640 bytes begins like a pickle too.
                if start.startswith((b"PK\x03\x04", b"\x80")):
                    raise WeightsError(
                        f"{path} holds a pickle where safetensors are expected; it was not opened.",
                        "Use the safetensors file that the authors publish.",
                        path=path,
                    )
                raise ValueError("no header")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        if size != 8 + length + end:
            raise ValueError(f"{size} bytes instead of {8 + length + end}")
        return {name: tuple(entry["shape"]) for name, entry in header.items()}
    except (
        OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise _broken(path, "safetensors", error) from error


def torch_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a checkpoint's tensors; those in a group have its name before theirs.

    Raises:
        WeightsError: When the file cannot be loaded, or holds something else.
        MissingDependencyError: When torch is not installed.
    """
    shapes = {}
    for name, value in load_torch(path, mapped=True).items():
        group = {f"{name}.{key}": v for key, v in value.items()} if isinstance(value, dict) else {}
        for key, tensor in (group or {str(name): value}).items():
            if not hasattr(tensor, "shape"):
                raise WeightsError(
                    f"{path} holds a {type(tensor).__name__} where a tensor is expected: {key}.",
                    "Use the checkpoint that the authors publish.",
                    path=path,
                )
            shapes[key] = tuple(tensor.shape)
    return shapes


def load_torch(path: Path, *, mapped: bool = False) -> dict[str, Any]:
    """What a checkpoint of torch.save holds: tensors by name, perhaps in groups.

    Args:
        path: The checkpoint.
        mapped: Leave the tensors on disk until they are looked at.

    Raises:
        WeightsError: When the file is cut short, holds objects instead of tensors, or is no
            checkpoint.
        MissingDependencyError: When torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise _no_torch() from error
    try:
        # Only checkpoints in a zip, as torch writes them since 1.6, can stay on disk.
        mapped = mapped and zipfile.is_zipfile(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about foreign pickles, which are refused anyway
            state = torch.load(path, weights_only=True, map_location="cpu", mmap=mapped)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds more than tensors: loading it could run a program, so it was not.",
            "Use the checkpoint that the authors publish.",
            path=path,
        ) from error
    except Exception as error:  # damage comes out of torch's machine as anything
        raise _broken(path, "torch", error) from error
    if not isinstance(state, dict):
        raise WeightsError(
            f"{path} holds a {type(state).__name__} where tensors by name are expected.",
            "Use the checkpoint that the authors publish.",
            path=path,
        )
    return state


def check_state(
    expected: Mapping[str, Sequence[int]], state: Mapping[str, Tensor], path: Path
) -> None:
    """Make sure that a file holds every tensor that a network has, in its shape, and no other.

    Args:
        expected: The network's tensors: name to shape.
        state: The file's tensors.
        path: The file, for the error.

    Raises:
        WeightsError: When a tensor is missing, left over or of another shape.
    """
    missing = [name for name in expected if name not in state]
    surplus = [name for name in state if name not in expected]
    other = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(shape)}"
        for name, shape in expected.items()
        if name in state and tuple(state[name].shape) != tuple(shape)
    ]
    faults = [
        f"{what} {_few(names)}"
        for what, names in (("missing:", missing), ("left over:", surplus), ("shapes:", other))
        if names
    ]
    if faults:
        raise WeightsError(
            f"{path} holds the weights of another model ({'; '.join(faults)}).",
            "Use the file that the authors publish for this model.",
            path=path,
        )


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _no_torch() -> MissingDependencyError:
    return MissingDependencyError("Loading weights needs torch.", 'pip install "mien[reference]"')


def _broken(path: Path, format_: str, error: Exception) -> WeightsError:
    if not path.is_file():
        return WeightsError(f"There is no file {path}.", REFETCH, path=path)
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return WeightsError(
        f"{path} is cut short or is no {format_} file ({reason.rstrip('.')}).", REFETCH, path=path
    )
