"""The file of a LoRA that was trained on one shot, and how it knows its network.

A safetensors file with the keys of the published Reference Adapter
(`unet.<layer>.lora.down.weight`, `.up.weight`, no alpha: scaling 1). Its metadata hold one
entry, `mien`, a JSON object: what it is, the fingerprint of the UNet that it was trained on, and
how it was trained.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mien.errors import OutputError, WeightsError
from mien.media.atomic_write import AtomicFile, write_error
from mien.media.fingerprint import fingerprint
from mien.weights.loaders import safetensors_shapes

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FORMAT", "check_name", "check_shot_lora", "plots_of", "read_facts", "write_tensors"]

SUFFIX: Final = ".safetensors"
FORMAT: Final = "shot-lora-1"
_ENTRY: Final = "mien"
"""The one entry of the metadata: safetensors keeps several in no order that could be relied on,
and equal trainings shall give equal bytes."""


def check_name(path: Path) -> None:
    """Refuse a name that no LoRA can have.

    Raises:
        OutputError: When it does not end in `.safetensors`.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(
            f"{path.name} is no name of a LoRA.", f"Let it end in {SUFFIX}, as {path.stem}{SUFFIX}."
        )


def plots_of(path: Path) -> tuple[Path, Path]:
    """Where the plot of the losses and the sheet of a LoRA are written: beside it."""
    return path.with_suffix(".loss.png"), path.with_suffix(".sheet.png")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write a safetensors file, whole or not at all.

    Args:
        path: The file; what stood there is replaced.
        tensors: What goes in.
        facts: Of JSON's types, for the metadata.

    Raises:
        WriteError: When the disk is full.
    """
    from safetensors.torch import save

    content = save(dict(tensors), {_ENTRY: json.dumps(facts, sort_keys=True)})
    partial = AtomicFile(path)
    try:
        partial.path.write_bytes(content)
        partial.commit()
    except OSError as error:
        partial.discard()
        raise write_error(path, error) from error
    except BaseException:
        partial.discard()
        raise


def read_facts(path: Path) -> dict[str, Any]:
    """What `write_tensors` wrote of a file beside its tensors; empty when it did not write it.

    Raises:
        WeightsError: When it is no safetensors file, or cut short.
    """
    safetensors_shapes(path)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    try:
        facts = json.loads(header["__metadata__"][_ENTRY])
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def check_shot_lora(path: Path, unet: Path) -> dict[str, Any]:
    """Refuse a file that is no LoRA of a shot, or was trained on another UNet.

    Args:
        path: The file.
        unet: The UNet's weights with which it shall be used.

    Returns:
        How it was trained.

    Raises:
        WeightsError: When it does not fit.
    """
    facts = read_facts(path)
    if facts.get("format") != FORMAT:
        raise WeightsError(
            f"{path} is no LoRA of a shot.", "Make one with `mien train-shot SHOT.mien`."
        )
    if facts.get("base") != fingerprint([unet]):
        raise WeightsError(
            f"{path} was trained on another UNet than {unet}.",
            "Install the one that it was trained on, or train it again.",
        )
    return facts
