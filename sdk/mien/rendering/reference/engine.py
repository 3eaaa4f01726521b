"""The networks of the reference renderer on one device; they know of faces, not of film.

Identity, expression and the frame itself go in as prompt, tokens and bank; latents come out. How
the frames of a shot hang together is the renderer's matter.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mien._types import FloatArray
from mien.rendering.reference.attention import Conditions
from mien.rendering.reference.bank import Bank
from mien.rendering.reference.denoise import (
    Denoise,
    conditions_of,
    denoise,
    predict,
    record_reference,
)
from mien.rendering.reference.expression import ExpressionTokens, read_expression_adapter
from mien.rendering.reference.files import ReferenceFiles
from mien.rendering.reference.kernels import as_it_is, compile_in_place, explained
from mien.rendering.reference.lora import read_lora
from mien.rendering.reference.memory import (
    frames_that_fit,
    vae_frames_that_fit,
    within_memory,
)
from mien.rendering.reference.prompt import Prompt, Prompter
from mien.rendering.reference.schedule import NoiseLevels
from mien.rendering.reference.shot_lora import check_shot_lora
from mien.rendering.reference.unet import Networks
from mien.rendering.reference.vae import Vae
from mien.weights.contents import check_file

__all__ = ["Counts", "Denoise", "Engine", "Estimate", "Precision", "Prompt"]

Precision = Literal["float32", "float16", "bfloat16"]
P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound="Engine")
REF, SHOT, LCM = "ref", "shot", "lcm"
"""Names of the LoRAs."""
IDENTITY_SIZE = 512
"""Numbers of an identity embedding of ArcFace."""
_LONG = 1.0
"""Seconds beyond which a call is not timed again."""


def _at_work(method: Callable[Concatenate[E, P], T]) -> Callable[Concatenate[E, P], T]:
    """No gradients."""

    @functools.wraps(method)
    def working(self: E, /, *given: P.args, **named: P.kwargs) -> T:
        with torch.inference_mode():
            return method(self, *given, **named)

    return working


@dataclass(slots=True)
class Counts:
    """Work done, in rows of a batch; what a test or a report looks at.

    Attributes:
        unet_rows: Through the denoiser.
        reference_rows: Through the reference pass.
        bank_rows: Frames of which the bank's keys and values were projected.
        vae_encodes: Pictures encoded.
        vae_decodes: Pictures decoded.
        prompts: Identities turned into prompts.
    """

    unet_rows: int = 0
    reference_rows: int = 0
    bank_rows: int = 0
    vae_encodes: int = 0
    vae_decodes: int = 0
    prompts: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long the parts take here, in seconds.

    Attributes:
        unet_row: One row through the denoiser.
        reference_row: One reference pass.
        vae: Encoding and decoding a picture.
    """

    unet_row: float
    reference_row: float
    vae: float

    def per_frame(self, steps: int, guidance: float, *, reference: bool = True) -> float:
        """Seconds that a frame takes.

        Args:
            steps: That are taken: fewer than the settings say where a strength is below 1.
            guidance: More than 1 takes two rows a step.
            reference: Whether the Reference Adapter is on.
        """
        rows = steps * (2 if guidance > 1 else 1)
        return self.unet_row * rows + self.reference_row * reference + self.vae


class Engine:
    """The networks on one device. Get one through `load` or `open`.

    Nothing in it changes through use but `counts`; the same call gives the same answer, whatever
    was asked, or failed, before.

    Attributes:
        files: Where it was loaded from.
        networks: The UNet, in its two forms.
        expression: Makes tokens of coefficients.
        vae: The VAE.
        levels: The UNet's noise levels.
        device: Where it works.
        dtype: The UNet's precision.
        resolution: Pixels of the side of the square crops that it was made for.
        compiled: Whether the denoiser makes kernels for every shape of what it is given.
        counts: Work done.
    """

    def __init__(
        self,
        files: ReferenceFiles,
        *,
        device: str = "cpu",
        dtype: Precision = "float32",
        compiled: bool = False,
    ) -> None:
        self.files = files
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        tokens, adapter = read_expression_adapter(files.expression)
        self.expression: ExpressionTokens = tokens.to(self.device)
        self.networks = Networks.load(
            files.unet, files.unet_config, (files.expression, adapter), self.device, self.dtype
        )
        for name, path in ((REF, files.reference), (LCM, files.lcm), (SHOT, files.shot)):
            if path is None:
                continue
            # Any LoRA of this UNet fits; another than the one meant gives silent nonsense.
            if name == SHOT:
                check_shot_lora(path, files.unet)
            elif name == REF:
                check_file(path, "reference-lora")
            self.networks.loras.add(name, read_lora(path, self.networks.plain))
        # bfloat16 has 8 bits of mantissa: a picture in it shows steps. float16 has 11.
        half = self.dtype != torch.float32
        self.vae = Vae(
            files.small_vae or files.vae,
            files.small_vae_config or files.vae_config,
            self.device,
            torch.float16 if half else torch.float32,
        )
        self.levels = NoiseLevels.read(files.scheduler)
        self.prompter = Prompter(files.encoder, files.encoder_config, files.tokenizer)
        self.resolution = int(self.networks.config["sample_size"]) * self.vae.factor
        self.counts = Counts()
        self.compiled = compiled
        if compiled:
            # The reference pass is one of many, and not worth the minutes.
            compile_in_place(self.networks.denoiser)

    @classmethod
    def load(
        cls,
        device: str = "cpu",
        dtype: Precision = "float32",
        *,
        small_vae: bool = False,
        lcm: bool = False,
        shot_lora: Path | None = None,
        compiled: bool = False,
    ) -> Engine:
        """The installed models on a device.

        Args:
            device: As torch names it: `cpu`, `cuda`, `cuda:1`.
            dtype: Precision of the UNet; the VAE works in float16 where that is a half.
            small_vae: Use the small VAE, for previews.
            lcm: Use the LoRA for few steps.
            shot_lora: A LoRA trained on the shot.
            compiled: Let torch.compile make the denoiser's kernels, for every size of batch that
                is asked for: minutes at first, faster afterwards.

        Raises:
            MissingDependencyError: When a model or a package is not installed.
            WeightsError: When a file cannot be used.
            DeviceMemoryError: When the networks do not fit into the device's memory.
        """
        files = ReferenceFiles.installed(small_vae=small_vae, lcm=lcm, shot=shot_lora)
        return cls.open(files, device=device, dtype=dtype, compiled=compiled)

    @classmethod
    def open(
        cls,
        files: ReferenceFiles,
        *,
        device: str = "cpu",
        dtype: Precision = "float32",
        compiled: bool = False,
    ) -> Engine:
        """The models of given files on a device; as `load`."""
        return within_memory(
            0,
            "Loading the networks",
            lambda: cls(files, device=device, dtype=dtype, compiled=compiled),
        )

    @_at_work
    def prompt(self, identity: npt.ArrayLike) -> Prompt:
        """The prompt of an identity; once a face and shot.

        Args:
            identity: (512,) embedding of ArcFace, of any length.
        """
        self.counts.prompts += 1
        prompt = self.prompter(identity)
        return Prompt(prompt.given.to(self.device), prompt.empty.to(self.device))

    @_at_work
    def encode(self, pictures: FloatArray, noise: Tensor | None = None) -> Tensor:
        """Latents (frames, 4, h, w) float32 of crops, scaled as the UNet takes them.

        Args:
            pictures: (frames, H, W, 3) float32 R'G'B', 0..1; sides are multiples of 8.
            noise: (frames, 4, h, w) makes it a draw from the posterior; None takes its mean.

        Raises:
            DeviceMemoryError: When so many do not fit at once.
        """
        pieces = self._vae_pieces(len(pictures), pictures.shape[1] * pictures.shape[2])

        def work() -> Tensor:
            drawn = [None if noise is None else noise[p] for p in pieces]
            return torch.cat(
                [self.vae.encode(pictures[p], n) for p, n in zip(pieces, drawn, strict=True)]
            )

        found = within_memory(len(pictures), "Encoding", work)
        self.counts.vae_encodes += len(pictures)
        return found

    @_at_work
    def decode(self, latents: Tensor) -> FloatArray:
        """Pictures (frames, H, W, 3) float32 R'G'B', 0..1, of latents.

        Raises:
            DeviceMemoryError: When so many do not fit at once.
        """
        pixels = latents.shape[2] * latents.shape[3] * self.vae.factor**2
        pieces = self._vae_pieces(len(latents), pixels)
        found = within_memory(
            len(latents),
            "Decoding",
            lambda: np.concatenate([self.vae.decode(latents[p]) for p in pieces]),
        )
        self.counts.vae_decodes += len(latents)
        return found

    @_at_work
    def reference(self, latents: Tensor, prompt: Prompt) -> Bank:
        """What the reference pass sees of frames; once a frame.

        Args:
            latents: (frames, 4, h, w) of the frames as they are, from `encode`.
            prompt: Who is in them.

        Raises:
            DeviceMemoryError: When so many do not fit at once.
        """
        bank = within_memory(
            len(latents),
            "The reference pass of",
            lambda: record_reference(self.networks.plain, latents, prompt),
        )
        self.counts.reference_rows += len(latents)
        return bank

    @_at_work
    def denoise(self, request: Denoise) -> Tensor:
        """Carry out a request.

        Returns:
            (frames, 4, h, w) latents, float32.

        Raises:
            DeviceMemoryError: When so many frames do not fit at once.
            RenderError: When kernels were asked for and cannot be made.
        """

        def work() -> Tensor:
            conditions = self.conditions(request)
            return denoise(
                lambda x, timestep: self.predict(x, timestep, conditions),
                self.levels,
                request,
                self.device,
            )

        with explained(self.compiled):
            return within_memory(len(request.noise), "Denoising", work)

    @_at_work
    def predict(self, latents: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """The noise that the denoiser sees in latents (rows, 4, h, w), float32: one pass.

        Args:
            latents: Rows of the empty prompt first, where the conditions have them.
            timestep: (), of the levels that the UNet was trained at.
            conditions: From `conditions`; of the last request whose conditions were made.
        """
        self.counts.unet_rows += len(latents)
        return predict(self.networks.denoiser, latents, timestep, conditions)

    @_at_work
    def conditions(self, request: Denoise) -> Conditions:
        """What all steps of a request look at; the LoRAs are set to its scales."""
        self.use_loras(request)
        if request.bank is not None:
            self.counts.bank_rows += request.bank.frames + sum(
                anchor.bank.frames for anchor in request.anchors
            )
        return conditions_of(self.networks.denoiser, self.expression, request)

    def use_loras(self, request: Denoise) -> None:
        """Merge the LoRAs into the denoiser at a request's scales."""
        scales = {
            REF: request.reference_scale if request.bank is not None else 0.0,
            SHOT: request.shot_scale,
            LCM: 1.0,
        }
        loras = self.networks.loras
        loras.use({name: scales[name] for name in loras.names})

    def frames_at_once(self, *, guided: bool, anchors: int = 0, pixels: int | None = None) -> int:
        """How many frames can be denoised at once in the memory that is free; 1 on a CPU.

        Args:
            guided: Whether guidance is more than 1.
            anchors: How many each frame looks at, beside its own bank.
            pixels: Side of the crops; the engine's resolution where it is left out.
        """
        side = (pixels or self.resolution) // self.vae.factor
        return frames_that_fit(
            self.device,
            self.dtype,
            self.networks.config,
            side * side,
            guided=guided,
            banks=1 + anchors,
        )

    @_at_work
    def estimate(self, pixels: int | None = None) -> Estimate:
        """Measure how long the parts take here, with one frame.

        Args:
            pixels: Side of the crops; the engine's resolution where it is left out.
        """
        before = replace(self.counts)
        side = pixels or self.resolution
        picture = np.full((1, side, side, 3), 0.5, dtype=np.float32)
        prompt = self.prompt(np.ones(IDENTITY_SIZE, dtype=np.float32))
        latents, encoding = self._timed(lambda: self.encode(picture))
        bank, looking = self._timed(lambda: self.reference(latents, prompt))
        request = Denoise(
            prompt=prompt,
            noise=latents,
            expressions=torch.zeros(1, self.expression.coefficients),
            bank=bank,
            guidance=1.0,
        )
        conditions = self.conditions(request)
        timestep = torch.tensor(0, device=self.device)
        # Kernels for a single row would be made for nothing: they only make it faster.
        with as_it_is(self.compiled):
            _, seeing = self._timed(lambda: self.predict(latents, timestep, conditions))
        _, decoding = self._timed(lambda: self.decode(latents))
        self.counts = before
        return Estimate(unet_row=seeing, reference_row=looking, vae=encoding + decoding)

    def _timed(self, work: Callable[[], T]) -> tuple[T, float]:
        """A call's answer and time; of a second call where the first was quick, mostly a start."""
        taken = 0.0
        for _ in range(2):
            self._wait()
            start = time.perf_counter()
            answer = work()
            self._wait()
            taken = time.perf_counter() - start
            if taken > _LONG:
                break
        return answer, taken

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _vae_pieces(self, frames: int, pixels: int) -> list[slice]:
        step = vae_frames_that_fit(self.device, self.vae.dtype, self.vae.width, pixels)
        return [slice(i, i + step) for i in range(0, frames, step)]
