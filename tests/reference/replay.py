"""Recompute, through the shipped code, what the original computed with a set of small weights.

    python tests/reference/replay.py FIXTURE_DIR -o OUT.npz

FIXTURE_DIR holds `models/` and `base/` in the published layout, `alt/`, `inputs.npz`, pictures,
and `outputs.npz`. Of the last only what the original drew at random is read: the noise that
denoising starts from, the noise between LCM's steps, and the latents drawn for the reference.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mien._types import AnyArray
from mien.rendering.reference.align import ffhq_align
from mien.rendering.reference.bank import Bank
from mien.rendering.reference.denoise import Denoise, conditions_of
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.expression import ExpressionTokens
from mien.rendering.reference.files import ReferenceFiles
from mien.rendering.reference.schedule import Descent
from mien.weights.loaders import load_torch

Arrays = dict[str, AnyArray]
LATE = (999, 500, 1)
EVERY = (999, 761, 500, 239, 1)
MIDDLE = (500,)


@dataclass(frozen=True)
class Case:
    """One whole denoising of the fixtures.

    Attributes:
        steps, settings: As of `Denoise`.
        reference: The case whose drawn reference latents are used; None is without reference.
        noise: The case whose starting noise is used; None is its own.
        expression: Which coefficients.
        traced: Steps of which the fixtures keep the UNet's answer.
    """

    steps: int
    reference: str | None = "ref_dpm25"
    noise: str | None = None
    expression: str = "expression"
    traced: tuple[int, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


CASES = {
    "ref_dpm25": Case(25, traced=(0, 1, 12, 24)),
    "ref_dpm4": Case(4, traced=(0, 1, 2, 3)),
    "noref_dpm25": Case(25, reference=None, traced=(0, 12, 24)),
    "noref_dpm4": Case(4, reference=None),
    "ref_dpm10_lora1_ip05_g5": Case(
        10, settings={"guidance": 5.0, "reference_scale": 1.0, "expression_scale": 0.5}
    ),
    "ref_dpm4_two_images": Case(4, reference="ref_dpm4_two_images"),
    "ref_dpm4_expression_b": Case(4, expression="expression_b"),
    "ref_lcm4_g1.5": Case(4, traced=(0, 1, 2, 3), settings={"guidance": 1.5, "scheduler": "lcm"}),
    "ref_lcm4_nocfg": Case(
        4,
        reference="ref_lcm4_nocfg",
        noise="ref_lcm4_g1.5",
        settings={"guidance": 1.0, "scheduler": "lcm"},
    ),
}
WITHOUT_PICTURE = ("ref_lcm4_nocfg",)
KEEP_ENCODED = ("ref_dpm25", "ref_dpm4_two_images")
"""Cases of which the fixtures keep what the VAE and the reference pass made of the reference."""


class Replay:
    """One set of weights, and the arrays made with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = Engine.open(ReferenceFiles.under(folder / "models", folder / "base"))
        self.inputs = dict(np.load(folder / "inputs.npz", allow_pickle=False))
        self._outputs = np.load(folder / "outputs.npz", allow_pickle=False)
        self.prompt = self.engine.prompt(self.inputs["id_embedding_raw"])
        self.found: Arrays = {}

    def injected(self, name: str) -> Tensor:
        """An array that the original drew at random, and nothing else of its outputs."""
        assert name.endswith(("/latents_init", "/ref_latents", "/noise"))
        return torch.from_numpy(self._outputs[name])

    def picture(self, name: str) -> AnyArray:
        return np.asarray(Image.open(self.folder / name).convert("RGB"))

    def expression(self, name: str) -> Tensor:
        return torch.from_numpy(self.inputs[name])[None]

    @torch.inference_mode()
    def run(self) -> Arrays:
        self.identity()
        self.expressions()
        self.alignments()
        self.schedules()
        bank = self.reference("eps_ref_", "ref_dpm25", self.picture("ref_256.png"), keep=True)
        self.predictions(bank)
        for name, case in CASES.items():
            self.case(name, case)
        aligned = self.found["align_inside"]
        self.app("app_ref_dpm4_512", aligned)
        self.app("app_noref_dpm4_512", None)
        return self.found

    def identity(self) -> None:
        prompter = self.engine.prompter
        self.found |= {
            "id_embedding": prompter.normalise(self.inputs["id_embedding_raw"]).numpy(),
            "token_ids_prompt": np.array(prompter.tokens),
            "token_ids_uncond": np.array(prompter.empty_tokens),
            "prompt_embeds_id": self.prompt.given.numpy(),
            "prompt_embeds_uncond": self.prompt.empty.numpy(),
        }

    def expressions(self) -> None:
        given = self.expression("expression")
        both = torch.cat([torch.zeros_like(given), given])
        self.found["exp_tokens"] = self.engine.expression(both)[:, None].numpy()
        self.found["exp_tokens_linear"] = self.layout("linear")(both)[:, None].numpy()
        self.found["exp_tokens_full"] = self.layout("full")(both).numpy()

    def layout(self, name: str) -> ExpressionTokens:
        path = self.folder / "alt" / f"image_proj_{name}.bin"
        return ExpressionTokens(load_torch(path), path)

    def alignments(self) -> None:
        for name, file in (("inside", "src"), ("border", "src"), ("big", "big")):
            picture = self.picture(f"{file}_image.png")
            self.found[f"align_{name}"] = ffhq_align(picture, self.inputs[f"lm_{name}"])

    def schedules(self) -> None:
        for steps in (4, 10, 25):
            way = Descent(self.engine.levels, steps, "dpm++")
            self.found[f"dpm_timesteps_{steps}"] = np.array(way.timesteps)
            self.found[f"dpm_sigmas_{steps}"] = np.array(way.sigmas, dtype=np.float32)
        lcm = Descent(self.engine.levels, 4, "lcm")
        self.found["lcm_timesteps_4"] = np.array(lcm.timesteps)

    def reference(self, prefix: str, source: str, picture: AnyArray, keep: bool = False) -> Bank:
        """Encode the reference for the record, and see the latents that the original drew."""
        mean, log_variance = self.engine.vae.posterior(picture[None] / np.float32(255))
        drawn = self.injected(f"{source}/ref_latents")
        # Rows of both halves were drawn; the half without conditions is never used.
        rows = drawn[len(drawn) // 2 :] if len(drawn) > 1 else drawn
        bank = self.engine.reference(rows, self.prompt)
        layers = {n.removesuffix(".attn1"): x.numpy() for n, x in bank.layers.items()}
        self.found |= {
            f"{prefix}ref_vae_mean": mean.numpy(),
            f"{prefix}ref_vae_logvar": log_variance.numpy(),
            f"{prefix}ref_latents": drawn.numpy(),
            f"{prefix}ref_bank_names": np.array(list(layers)),
            f"{prefix}ref_bank_checksums": np.stack([checksum(x) for x in layers.values()]),
        }
        if keep:
            self.found |= {f"eps_ref_bank/{name}": x for name, x in layers.items()}
            raw = self.engine.vae.decode_raw(drawn[:1])
            self.found["vae_decode_of_ref_latents0"] = raw[..., ::2, ::2].numpy()
        return bank

    def predictions(self, bank: Bank) -> None:
        def request(**named: Any) -> Denoise:
            latents = torch.from_numpy(self.inputs["eps_x"])
            return Denoise(prompt=self.prompt, noise=latents, **named)

        coefficients = self.expression("expression")
        driven = request(expressions=coefficients, bank=bank)
        halved = request(
            expressions=coefficients, bank=bank, reference_scale=1.0, expression_scale=0.5
        )
        self.see("eps_ref", driven, EVERY)
        self.see("eps_noref", request(expressions=coefficients), EVERY)
        self.see("eps_ref_lora1_ip05", halved, MIDDLE)
        self.see("eps_ref_linear", driven, MIDDLE, self.layout("linear"))
        self.see("eps_ref_full", driven, MIDDLE, self.layout("full"))
        self.see("eps_plain", request(), LATE)

    def see(
        self,
        name: str,
        request: Denoise,
        timesteps: tuple[int, ...],
        tokens: ExpressionTokens | None = None,
    ) -> None:
        """The noise seen in both halves, before guidance."""
        engine = self.engine
        engine.use_loras(request)
        conditions = conditions_of(engine.networks.denoiser, tokens or engine.expression, request)
        rows = torch.cat([request.noise, request.noise])
        seen = [engine.predict(rows, torch.tensor(t), conditions) for t in timesteps]
        self.found |= {name: torch.stack(seen).numpy(), f"{name}_t": np.array(timesteps)}

    def case(self, name: str, case: Case) -> None:
        noise = self.injected(f"{case.noise or name}/latents_init")
        settings = dict(case.settings)
        if settings.get("scheduler") == "lcm":
            settings["step_noise"] = self.injected("ref_lcm4_g1.5/noise")
        if case.noise is None:
            self.found[f"{name}/latents_init"] = noise.numpy()
            if "step_noise" in settings:
                self.found[f"{name}/noise"] = settings["step_noise"].numpy()
        if case.reference is not None:
            kept = dict(self.found)
            bank = self.reference(f"{name}/", case.reference, self.picture("ref_256.png"))
            if name not in KEEP_ENCODED:
                self.found = kept
            if name in WITHOUT_PICTURE:
                self.found[f"{name}/ref_latents"] = self.injected(f"{name}/ref_latents").numpy()
            settings["bank"] = bank
        request = Denoise(
            prompt=self.prompt,
            noise=noise,
            expressions=self.expression(case.expression).expand(len(noise), -1),
            steps=case.steps,
            watch=lambda i, seen, x: self.trace(name, i, seen, x),
            **settings,
        )
        final = self.engine.denoise(request)
        way = Descent(self.engine.levels, case.steps, request.scheduler)
        kind = np.int64 if name in WITHOUT_PICTURE else np.float64
        self.found[f"{name}/timesteps"] = np.array(way.timesteps, dtype=kind)
        self.found[f"{name}/latents_final"] = final.numpy()
        if name not in WITHOUT_PICTURE:
            pictures = self.engine.decode(final)
            self.found[f"{name}/image_u8"] = as_bytes(pictures)
            sample = pictures.transpose(0, 3, 1, 2)[..., ::8, ::8]
            self.found[f"{name}/image_pre_quant_sample"] = sample

    def trace(self, name: str, step: int, seen: Tensor, latents: Tensor) -> None:
        if step in CASES[name].traced:
            self.found[f"{name}/eps_step{step}"] = seen.numpy()
            self.found[f"{name}/latents_after_step{step}"] = latents.numpy()

    def app(self, name: str, aligned: AnyArray | None) -> None:
        """The whole flow for one still, from the picture on."""
        noise = self.injected(f"{name}/latents_init")
        bank = None if aligned is None else self.reference(f"{name}/", name, aligned)
        request = Denoise(
            prompt=self.prompt,
            noise=noise,
            expressions=self.expression("expression"),
            bank=bank,
            steps=4,
        )
        final = self.engine.denoise(request)
        picture = as_bytes(self.engine.decode(final))[0]
        self.found |= {
            f"{name}/latents_init": noise.numpy(),
            f"{name}/latents_final": final.numpy(),
            f"{name}/image_u8_half": picture[::2, ::2],
            f"{name}/image_sha": np.array(hashlib.sha1(picture.tobytes()).hexdigest()),
        }


def as_bytes(pictures: AnyArray) -> AnyArray:
    return np.asarray(np.rint(pictures * 255), np.uint8)


def checksum(tokens: AnyArray) -> AnyArray:
    x = tokens.astype(np.float64)
    sizes = [tokens.shape[-2], tokens.shape[-1]]
    sums = [x.mean(), x.std(), np.abs(x).sum(), (x * x).sum()]
    return np.array([*sizes, *sums, *x.ravel()[:4], *x.ravel()[-4:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FIXTURE_DIR")
    parser.add_argument("-o", dest="output", type=Path, required=True, metavar="OUT.npz")
    given = parser.parse_args()
    found = Replay(given.folder).run()
    np.savez_compressed(given.output, **found)
    print(f"{len(found)} arrays in {given.output}")


if __name__ == "__main__":
    main()
