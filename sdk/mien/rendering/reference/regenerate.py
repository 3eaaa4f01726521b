"""The networks at work on the frames of a shot: memory that runs out, numbers that are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mien._types import FloatArray
from mien.errors import DeviceMemoryError, RenderError
from mien.model.settings import ReferenceSettings
from mien.rendering.reference.bank import Anchor, Bank
from mien.rendering.reference.denoise import Denoise
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.prompt import Prompt

__all__ = ["RegenerationRequest", "Regenerator"]


@dataclass(frozen=True, slots=True, eq=False)
class RegenerationRequest:
    """Frames of one face that are to be regenerated together.

    Attributes:
        face: Number of the face.
        frames: Their numbers, B of them.
        plates: (B, N, N, 3) the squares of their plates, R'G'B' 0..1.
        warped: (B, N, N, 3) the squares of the warped pictures.
        coefficients: (B, 55) what they are to do.
        anchors: Frames to whose appearance they refer too, by number: its square, and (B,)
            how much each of the frames looks at it.
        noise: (K, 4, h, w) the face's noise: what frames start from, then what LCM adds.
        strength: How far they are noised, 0..1.
        prompt: Whose face it is.
        shot_scale: How strongly a LoRA that was trained on the shot acts on this face.
    """

    face: int
    frames: tuple[int, ...]
    plates: FloatArray
    warped: FloatArray
    coefficients: FloatArray
    anchors: dict[int, tuple[FloatArray, FloatArray]]
    noise: FloatArray
    strength: float
    prompt: Prompt
    shot_scale: float = 1.0

    def part(self, rows: Sequence[int]) -> RegenerationRequest:
        """Some of the frames, by their place among them."""
        chosen = list(rows)
        return replace(
            self,
            frames=tuple(self.frames[row] for row in chosen),
            plates=self.plates[chosen],
            warped=self.warped[chosen],
            coefficients=self.coefficients[chosen],
            anchors={i: (square, w[chosen]) for i, (square, w) in self.anchors.items()},
        )

    def filled_up(self, count: int) -> RegenerationRequest:
        """So many frames: the last one again and again after the others."""
        last = len(self.frames) - 1
        return self.part([min(row, last) for row in range(max(count, last + 1))])


class Regenerator:
    """An engine, and what to do when it fails.

    Args:
        engine: The networks.
        settings: How frames are made.
        batch: Frames that go through the networks together.
        exact: Loads the same networks in float32, for a frame that came out as no number.
        tell: Told what the user should know.
    """

    def __init__(
        self,
        engine: Engine,
        settings: ReferenceSettings,
        batch: int,
        exact: Callable[[], Engine],
        tell: Callable[[str], None],
    ) -> None:
        self.engine = engine
        self.batch = batch
        self._settings = settings
        self._exact = exact
        self._tell = tell
        self._banks: dict[tuple[int, int], Bank] = {}

    @property
    def size(self) -> int:
        """Pixels along the side of the squares."""
        return self._settings.size or self.engine.resolution

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """(K, 4, h, w) of the noise that a face needs: LCM adds some again after every step."""
        side = self.size // self.engine.vae.factor
        fields = self._settings.steps if self._settings.scheduler == "lcm" else 1
        return fields, 4, side, side

    def latents(self, order: RegenerationRequest) -> FloatArray:
        """(B, 4, h, w) latents of regenerated frames, finite.

        Raises:
            RenderError: When a frame cannot be made, even in float32; it is named.
        """
        if not self._settings.batch:
            self.batch = min(self.batch, self._that_fit(order))
        return self._whole(order, self._denoised)

    def decode(self, order: RegenerationRequest, latents: FloatArray) -> FloatArray:
        """(B, N, N, 3) the pictures of latents (B, 4, h, w), R'G'B', finite.

        Raises:
            RenderError: When a frame cannot be made, even in float32.
        """
        row = {frame: latents[i] for i, frame in enumerate(order.frames)}

        def decoded(engine: Engine, part: RegenerationRequest) -> FloatArray:
            stacked = np.stack([row[frame] for frame in part.frames])
            return np.asarray(engine.decode(torch.from_numpy(stacked)))

        return self._whole(order, decoded)

    def _whole(
        self, order: RegenerationRequest, make: Callable[[Engine, RegenerationRequest], FloatArray]
    ) -> FloatArray:
        """What is made of all frames, in parts that fit in memory; no number is none."""
        made: list[FloatArray] = []
        done = 0
        while done < len(order.frames):
            part = order.part(range(done, min(done + self.batch, len(order.frames))))
            try:
                found = make(self.engine, part)
            except DeviceMemoryError as error:
                self._halve(error)
                continue
            made += [self._checked(row, part, i, make) for i, row in enumerate(found)]
            done += len(part.frames)
        return np.stack(made)

    def _that_fit(self, order: RegenerationRequest) -> int:
        """How many frames the engine can take at once, as far as it can tell beforehand."""
        guided, anchors = self._settings.guided, len(self._used(order))
        return self.engine.frames_at_once(guided=guided, anchors=anchors, pixels=self.size)

    def _halve(self, error: BaseException) -> None:
        if self.batch == 1:
            raise RenderError(
                "The GPU's memory does not hold a single frame.",
                "Close other programs, or render with --reference-precision float16"
                " --reference-small-vae.",
            ) from error
        self.batch = -(-self.batch // 2)
        self._tell(f"the GPU's memory ran out; went on with {self.batch} frames at a time")

    def _checked(
        self,
        row: FloatArray,
        part: RegenerationRequest,
        i: int,
        make: Callable[[Engine, RegenerationRequest], FloatArray],
    ) -> FloatArray:
        """A frame; made anew, alone and in float32, when it holds what is no number."""
        if np.isfinite(row).all():
            return row
        frame = part.frames[i]
        self._banks.clear()
        try:
            again: FloatArray = make(self._exact(), part.part([i]))[0]
        except DeviceMemoryError as error:
            raise RenderError(
                f"Frame {frame} came out as no number, and the GPU's memory does not hold the"
                " networks in float32 to make it again.",
                "Close other programs, or render with --reference-precision bfloat16.",
                frame=frame,
            ) from error
        self._banks.clear()
        if not np.isfinite(again).all():
            raise RenderError(
                f"Frame {frame} cannot be regenerated: the networks answer with no numbers.",
                "Check the models with `mien models verify`, or render with --renderer warp.",
                frame=frame,
            )
        self._tell(f"frame {frame} came out as no number, and was made again in float32")
        return again

    def _denoised(self, engine: Engine, asked: RegenerationRequest) -> FloatArray:
        with torch.inference_mode():
            settings = self._settings
            # Kernels are made for one size of batch, and every other would cost minutes.
            order = asked.filled_up(self.batch) if engine.compiled else asked
            bank = self._bank(engine, order) if settings.reference_scale else None
            shape = (-1, len(order.frames), -1, -1, -1)
            noise = torch.from_numpy(order.noise)[:, None].expand(shape)
            start = engine.encode(order.warped) if order.strength < 1 else None
            request = Denoise(
                prompt=order.prompt,
                expressions=torch.from_numpy(order.coefficients),
                noise=noise[0],
                step_noise=noise[1:],
                bank=bank,
                anchors=self._anchors(engine, order),
                start=start,
                strength=order.strength,
                steps=settings.steps,
                guidance=settings.guidance,
                expression_scale=settings.expression_scale,
                reference_scale=settings.reference_scale,
                shot_scale=order.shot_scale,
                scheduler=settings.scheduler,
            )
            found = engine.denoise(request)[: len(asked.frames)]
            return np.asarray(found.cpu().numpy(), dtype=np.float32)

    def _bank(self, engine: Engine, order: RegenerationRequest) -> Bank:
        """What the reference pass sees of every frame; an anchor's own is used again."""
        frames = tuple(dict.fromkeys(order.frames))  # an order that was filled up repeats the last
        others = [i for i, frame in enumerate(frames) if frame not in order.anchors]
        parts = []
        if others:
            latents = engine.encode(order.plates[others])
            parts.append(engine.reference(latents, order.prompt))
        known = [frame for frame in frames if frame in order.anchors]
        parts += [self._anchor(engine, order, frame) for frame in known]
        place = {frames[i]: row for row, i in enumerate(others)}
        place |= {frame: len(others) + row for row, frame in enumerate(known)}
        return Bank.join(parts).select([place[frame] for frame in order.frames])

    def _anchors(self, engine: Engine, order: RegenerationRequest) -> tuple[Anchor, ...]:
        return tuple(
            Anchor(self._anchor(engine, order, frame), torch.from_numpy(weights))
            for frame, (_, weights) in self._used(order).items()
        )

    def _used(self, order: RegenerationRequest) -> dict[int, tuple[FloatArray, FloatArray]]:
        """The anchors that count; none do beside a Reference Adapter that is off."""
        return order.anchors if self._settings.reference_scale else {}

    def _anchor(self, engine: Engine, order: RegenerationRequest, frame: int) -> Bank:
        """The bank of an anchor: made alone, so that it does not depend on who asks first."""
        key = order.face, frame
        if key not in self._banks:
            square, _ = order.anchors[frame]
            latents = engine.encode(square[None])
            # Time goes on: a face's anchors that lie behind are not needed again.
            behind = [(f, i) for f, i in self._banks if f == order.face and i not in order.anchors]
            for old in behind:
                del self._banks[old]
            self._banks[key] = engine.reference(latents, order.prompt)
        return self._banks[key]
