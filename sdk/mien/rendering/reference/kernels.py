"""Kernels that torch.compile makes for one network, kept from run to run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs
import torch
from torch import nn

from mien.errors import RenderError

__all__ = ["as_it_is", "compile_in_place", "explained", "kernel_folder"]

_BACKEND: Final = "inductor"
_FOLDER: Final = "TORCHINDUCTOR_CACHE_DIR"
"""The variable in which torch is told where it keeps kernels."""


def kernel_folder() -> Path:
    """Where kernels are kept: where torch was told to, or in mien's cache folder."""
    told = os.environ.get(_FOLDER)
    return Path(told) if told else platformdirs.user_cache_path("mien") / "kernels"


def compile_in_place(network: nn.Module) -> None:
    """Let a network make kernels when it is called, once for every shape of what it is given."""
    os.environ.setdefault(_FOLDER, str(kernel_folder()))
    network.compile(backend=_BACKEND, dynamic=False)


@contextmanager
def as_it_is(compiled: bool) -> Iterator[None]:
    """Call networks without making kernels for it."""
    if not compiled:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


@contextmanager
def explained(compiled: bool) -> Iterator[None]:
    """Name the cause and the way out where kernels cannot be made.

    Raises:
        RenderError: When torch.compile fails, for want of a compiler most of all.
    """
    if not compiled:
        yield
        return
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:
        first = str(error).strip().partition("\n")[0]
        raise RenderError(
            f"torch.compile cannot make kernels here: {first}.",
            "Render without --reference-compile, or install a C++ compiler.",
        ) from error
