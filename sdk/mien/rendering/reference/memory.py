"""How many frames fit into the device's memory at once, and what happens when they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from mien.errors import DeviceMemoryError

__all__ = ["frames_that_fit", "vae_frames_that_fit", "within_memory"]

T = TypeVar("T")

# Peak working memory in units of the widest layer's activations (first width x latent pixels for
# the UNet, x picture pixels for the VAE). torch's memory tracker counts 26 and 6 for Stable
# Diffusion 1.5; the rest is for the workspaces of kernels.
_UNET_LAYERS_ALIVE = 60
_VAE_LAYERS_ALIVE = 12
_BANK_LAYERS = 30
"""Tokens, keys and values of one frame's reference bank, in the same unit as the UNet's."""
_SPARE = 0.85
"""Share of the free memory that is planned with; the rest is for fragmentation."""
_FULL = ("CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED", "CUDA error: out of memory",
         "MPS backend out of memory")  # fmt: skip
"""What cuBLAS, cuDNN, the driver and Apple's GPUs say of it, in a plain RuntimeError."""
_MOST = 64
"""Frames beyond which a bigger batch gains nothing."""


def frames_that_fit(
    device: torch.device,
    dtype: torch.dtype,
    config: Mapping[str, Any],
    latent_pixels: int,
    *,
    guided: bool,
    banks: int,
) -> int:
    """Frames that can be denoised at once; 1 on a CPU, where batches gain nothing.

    That a CPU takes frames one by one also makes a frame's bytes independent of its neighbours:
    matrix products round differently with the number of rows.

    Args:
        device: The device; its free memory is looked up.
        dtype: The precision.
        config: The UNet's structure.
        latent_pixels: Latent pixels of a frame.
        guided: Whether each frame takes two rows.
        banks: Reference banks that each frame looks at.
    """
    if device.type != "cuda":
        return 1
    layer = config["block_out_channels"][0] * latent_pixels * dtype.itemsize
    frame = layer * ((2 if guided else 1) * _UNET_LAYERS_ALIVE + banks * _BANK_LAYERS)
    return max(1, min(_MOST, int(_free(device) * _SPARE / frame)))


def vae_frames_that_fit(
    device: torch.device, dtype: torch.dtype, width: int, picture_pixels: int
) -> int:
    """Frames that the VAE can take at once; 1 on a CPU.

    Args:
        device: The device; its free memory is looked up.
        dtype: The precision.
        width: Channels of the VAE at full resolution.
        picture_pixels: Pixels of a frame.
    """
    if device.type != "cuda":
        return 1
    frame = width * picture_pixels * dtype.itemsize * _VAE_LAYERS_ALIVE
    return max(1, min(_MOST, int(_free(device) * _SPARE / frame)))


def _free(device: torch.device) -> int:
    free, _ = torch.cuda.mem_get_info(device)
    # What torch holds without using it is free to us.
    held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free + held)


def _is_full(error: RuntimeError) -> bool:
    """Whether an error says that memory ran out: torch's allocator, or a library beside it."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(sign in str(error) for sign in _FULL)


def within_memory(frames: int, what: str, work: Callable[[], T]) -> T:
    """What `work` gives; a device's refusal becomes an error that says what was asked for.

    Args:
        frames: How many were asked for at once; 0 where it is not about frames.
        what: What is done to them, for the error.
        work: Does it.

    Raises:
        DeviceMemoryError: When the device's memory runs out.
    """
    try:
        return work()
    except RuntimeError as error:
        if not _is_full(error):
            raise
    # Raised out here: inside, the error would hold the frames of the stack, and their tensors.
    torch.cuda.empty_cache()
    what = f"{what} {frames} frames at once" if frames else what
    raise DeviceMemoryError(
        f"{what} takes more memory than the device has.",
        "Close other programs, or take a lower precision."
        if not frames
        else "Take fewer frames at once, or a lower precision.",
        frames=frames,
    )
