"""Where the files of the reference renderer's networks are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mien.weights.store import locate

__all__ = ["ReferenceFiles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFiles:
    """The files that an engine is loaded from.

    Attributes:
        unet: Weights of Arc2Face's UNet.
        unet_config: Its structure.
        encoder: Weights of Arc2Face's text encoder.
        encoder_config: Its structure.
        expression: The Expression Adapter.
        reference: The Reference Adapter's LoRA.
        vae: Weights of the base model's VAE.
        vae_config: Its structure.
        tokenizer: Folder of the base model's tokenizer.
        scheduler: The base model's noise levels.
        small_vae: Weights of a small VAE for previews.
        small_vae_config: Its structure.
        lcm: A LoRA for few steps.
        shot: A LoRA trained on one shot.
    """

    unet: Path
    unet_config: Path
    encoder: Path
    encoder_config: Path
    expression: Path
    reference: Path
    vae: Path
    vae_config: Path
    tokenizer: Path
    scheduler: Path
    small_vae: Path | None = None
    small_vae_config: Path | None = None
    lcm: Path | None = None
    shot: Path | None = None

    @classmethod
    def installed(
        cls, *, small_vae: bool = False, lcm: bool = False, shot: Path | None = None
    ) -> ReferenceFiles:
        """The files of the installed models.

        Args:
            small_vae: Whether previews' small VAE is wanted.
            lcm: Whether the LoRA for few steps is wanted.
            shot: A LoRA trained on one shot.

        Raises:
            MissingDependencyError: When a model is not installed; it names the files.
        """
        arc2face, base = locate("arc2face"), locate("stable-diffusion-v1-5")
        taesd = locate("taesd") if small_vae else {}
        return cls(
            unet=arc2face["arc2face/diffusion_pytorch_model.safetensors"],
            unet_config=arc2face["arc2face/config.json"],
            encoder=arc2face["encoder/pytorch_model.bin"],
            encoder_config=arc2face["encoder/config.json"],
            expression=locate("arc2face-expression")["exp_adapter/exp_adapter.bin"],
            reference=locate("arc2face-reference")["ref_adapter/pytorch_lora_weights.safetensors"],
            vae=base["vae/diffusion_pytorch_model.safetensors"],
            vae_config=base["vae/config.json"],
            tokenizer=base["tokenizer/vocab.json"].parent,
            scheduler=base["scheduler/scheduler_config.json"],
            small_vae=taesd.get("diffusion_pytorch_model.safetensors"),
            small_vae_config=taesd.get("config.json"),
            lcm=locate("lcm-lora-sdv1-5")["pytorch_lora_weights.safetensors"] if lcm else None,
            shot=shot,
        )

    @classmethod
    def under(cls, models: Path, base: Path) -> ReferenceFiles:
        """The files of a download as its authors lay it out.

        Args:
            models: Folder of `arc2face`, `encoder`, `exp_adapter` and `ref_adapter`.
            base: Folder of the base model: `vae`, `tokenizer` and `scheduler`.
        """
        return cls(
            unet=models / "arc2face/diffusion_pytorch_model.safetensors",
            unet_config=models / "arc2face/config.json",
            encoder=models / "encoder/pytorch_model.bin",
            encoder_config=models / "encoder/config.json",
            expression=models / "exp_adapter/exp_adapter.bin",
            reference=models / "ref_adapter/pytorch_lora_weights.safetensors",
            vae=base / "vae/diffusion_pytorch_model.safetensors",
            vae_config=base / "vae/config.json",
            tokenizer=base / "tokenizer",
            scheduler=base / "scheduler/scheduler_config.json",
        )
