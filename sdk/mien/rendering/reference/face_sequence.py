"""One face of a shot, regenerated as film: frames that belong together, put into the plate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mien._types import FloatArray
from mien.media.cache import ByteCache
from mien.media.display import to_display
from mien.media.planes import Plate
from mien.model.landmarks import SKIN
from mien.model.settings import ReferenceSettings
from mien.rendering.base import FacePlan, Patch, PlateSource
from mien.rendering.painting.uncover import Uncovered
from mien.rendering.reference.crop import CropPath
from mien.rendering.reference.driving import Drive
from mien.rendering.reference.inpaint_mask import inpaint_mask_of
from mien.rendering.reference.paste import (
    correction_of,
    in_colours_of,
    paste,
    with_patch,
)
from mien.rendering.reference.prompt import Prompt
from mien.rendering.reference.regenerate import RegenerationRequest, Regenerator
from mien.rendering.reference.temporal import Timing, noise_field, temporal_weights
from mien.rendering.reference.warped import Warped

__all__ = ["FaceContext", "FaceSequence", "strength_of"]

_PATCH_BYTES = 192 << 20
"""Bytes of warped patches that are held at most, a face."""
_POSITIONS = 256
"""Frames whose skin's positions are remembered."""
_UNSEEN = 1e-3
"""What frames count together where something is in front of the face in all of them."""
_FULL, _LEAST_STRENGTH = 0.5, 0.4
"""Departure of a control from which frames are made from pure noise, and the strength with which
the slightest edit is made."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceContext:
    """What is known of a face before its frames are made.

    Attributes:
        plan: The face and its edit.
        warped: The edit as the warp renderer shows it.
        path: The squares.
        drive: What the face is to do.
        prompt: Whose face it is, as the engine made it.
        shot_scale: How strongly a LoRA that was trained on the shot acts on it.
    """

    plan: FacePlan
    warped: Warped
    path: CropPath
    drive: Drive
    prompt: Prompt
    shot_scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What is kept of a regenerated frame: two squares (N, N, 3).

    With (N, N) how far something is in front of the face in it; None where nothing is.
    """

    difference: FloatArray
    warped: FloatArray
    covered: FloatArray | None = None


class FaceSequence:
    """The regenerated frames of one face; the same in whatever order they are asked for.

    Args:
        actor: The face.
        timing: Which frames have to do with which.
        source: The shot's plates.
        regenerator: The networks.
        settings: How frames are made.

    Attributes:
        strength: How far frames are noised, 0..1.
    """

    def __init__(
        self,
        actor: FaceContext,
        timing: Timing,
        source: PlateSource,
        regenerator: Regenerator,
        settings: ReferenceSettings,
    ) -> None:
        self._actor = actor
        self._timing = timing
        self._source = source
        self._regenerator = regenerator
        self._settings = settings
        number = actor.plan.face.number
        self._noise = noise_field(settings.seed, number, regenerator.noise_shape)
        self.strength = settings.strength or strength_of(actor.plan)
        # Frames are asked for in order: held are those within reach, and those made with them.
        held = 2 * (settings.smoothing + settings.latent_smoothing + timing.group) + 1
        self._made: ByteCache[int, _Made] = ByteCache(held)
        self._latents: ByteCache[int, FloatArray] = ByteCache(held)
        self._patches: ByteCache[int, Patch] = ByteCache(_PATCH_BYTES)
        self._skin: ByteCache[int, FloatArray] = ByteCache(_POSITIONS)

    def patch(self, frame: int, plate: Plate) -> Patch | None:
        """New pixels of the face in a frame; None where nothing changes."""
        warped = self._actor.warped
        bare = warped.uncovered(frame, plate)
        patch = self._warped(frame, bare)
        clear = bare.plate
        if patch is not None and self._timing.regenerated[frame]:
            crop = self._actor.path.at(frame)
            need = inpaint_mask_of(warped.motion(frame), crop)
            own, difference, square = self._steadied(frame)
            patch = paste(patch, clear, crop, correction_of(difference, square, need, own))
        return warped.covered(frame, plate, warped.turned(frame, clear, patch))

    def to_make(self, frames: Iterable[int]) -> int:
        """How many frames go through the networks, at most, when some are asked for.

        With them are made those over which they are averaged.
        """
        reach = self._settings.smoothing
        made: set[int] = set()
        for frame in frames:
            if self._timing.regenerated[frame]:
                made.update(self._timing.around(frame, reach))
        made = {i for frame in made for i in self._timing.together(frame)}
        if self._settings.latent_smoothing:
            reach = self._settings.latent_smoothing
            near = {i for frame in made for i in self._timing.around(frame, reach)}
            made = {i for frame in near for i in self._timing.together(frame)}
        return len(made)

    def _steadied(self, frame: int) -> tuple[float, FloatArray, FloatArray]:
        """The frame's own share, the difference averaged over time, and the warped square."""
        weights = self._weights(frame, self._settings.smoothing)
        here = self._frame(frame)
        total = weights[frame] * here.difference
        for other, weight in weights.items():
            if other != frame:
                total += np.float32(weight) * self._frame(other).difference
        covered = {i: self._frame(i).covered for i in weights}
        if any(part is not None for part in covered.values()):
            total = _seen_average(
                weights, {i: self._frame(i).difference for i in weights}, covered, total
            )
        return weights[frame], total, here.warped

    def _weights(self, frame: int, reach: int) -> dict[int, float]:
        return temporal_weights(frame, self._timing.around(frame, reach), reach, self._skin_at)

    def _skin_at(self, frame: int) -> FloatArray:
        """(V, 2) where the skin is to lie in the square of a frame, cm."""
        positions = self._skin.get(frame)
        if positions is None:
            motion, crop = self._actor.warped.motion(frame), self._actor.path.at(frame)
            positions = crop.locate(motion.target[:SKIN]) * np.float32(
                crop.scale / motion.px_per_cm
            )
            self._skin.put(frame, positions, 1)
        return positions

    def _frame(self, frame: int) -> _Made:
        made = self._made.get(frame)
        if made is None:
            self._make(frame)
            made = self._made.get(frame)
            assert made is not None
        return made

    def _make(self, frame: int) -> None:
        """Regenerate a frame and all that are made together with it."""
        order = self._order(self._timing.together(frame))
        latents = self._smoothed_latents(order)
        pictures = self._regenerator.decode(order, latents)
        for i, number in enumerate(order.frames):
            motion, crop = self._actor.warped.motion(number), self._actor.path.at(number)
            picture = in_colours_of(pictures[i], order.warped[i], inpaint_mask_of(motion, crop))
            made = _Made(picture - order.warped[i], order.warped[i], self._covered(number))
            self._made.put(number, made, 1)

    def _covered(self, frame: int) -> FloatArray | None:
        """(N, N) how far something is in front of the face in its square."""
        occlusion = self._actor.warped.occlusion(frame, self._source.plate(frame))
        if occlusion is None:
            return None
        square = np.clip(self._actor.path.at(frame).take(occlusion), 0, 1)
        return square if square.any() else None

    def _smoothed_latents(self, order: RegenerationRequest) -> FloatArray:
        """(B, 4, h, w) latents, averaged over the neighbours as far as the settings say."""
        own = self._latents_of(order)
        reach = self._settings.latent_smoothing
        if not reach:
            return own
        rows = []
        for frame in order.frames:
            weights = self._weights(frame, reach)
            rows.append(sum(np.float32(w) * self._latent(i) for i, w in weights.items()))
        return np.stack(rows).astype(np.float32)

    def _latent(self, frame: int) -> FloatArray:
        found = self._latents.get(frame)
        if found is None:
            order = self._order(self._timing.together(frame))
            found = self._latents_of(order)[order.frames.index(frame)]
        return found

    def _latents_of(self, order: RegenerationRequest) -> FloatArray:
        known = [self._latents.get(frame) for frame in order.frames]
        found = [latents for latents in known if latents is not None]
        if len(found) == len(known):
            return np.stack(found)
        made = self._regenerator.latents(order)
        for frame, latents in zip(order.frames, made, strict=True):
            self._latents.put(frame, latents, 1)
        return made

    def _order(self, frames: tuple[int, ...]) -> RegenerationRequest:
        """What the networks need to make frames."""
        squares = [self._squares(frame) for frame in frames]
        weights: dict[int, FloatArray] = {}
        for row, frame in enumerate(frames):
            for anchor, share in self._timing.anchors(frame):
                count = weights.setdefault(anchor, np.zeros(len(frames), dtype=np.float32))
                count[row] = share * self._settings.anchor_weight
        anchors = {}
        for anchor, count in sorted(weights.items()):
            if count.any():
                known = anchor in frames
                square = squares[frames.index(anchor)][0] if known else self._plate_square(anchor)
                anchors[anchor] = (square, count)
        return RegenerationRequest(
            face=self._actor.plan.face.number,
            frames=frames,
            plates=np.stack([plate for plate, _ in squares]),
            warped=np.stack([warped for _, warped in squares]),
            coefficients=self._actor.drive.at(frames),
            anchors=anchors,
            noise=self._noise,
            strength=self.strength,
            prompt=self._actor.prompt,
            shot_scale=self._actor.shot_scale,
        )

    def _bare(self, frame: int) -> Uncovered:
        """The plate of a frame without what is in front of the face."""
        return self._actor.warped.uncovered(frame, self._source.plate(frame))

    def _plate_square(self, frame: int) -> FloatArray:
        plate, crop = self._bare(frame).plate, self._actor.path.at(frame)
        box = crop.box(plate)
        square = crop.take(to_display(plate, plate.rgb(box)), (box.x0, box.y0))
        return np.clip(square, 0, 1)

    def _squares(self, frame: int) -> tuple[FloatArray, FloatArray]:
        """(N, N, 3) the plate and the warped picture, as the networks are shown them."""
        bare, crop = self._bare(frame), self._actor.path.at(frame)
        plate = bare.plate
        box = crop.box(plate)
        before = plate.rgb(box)
        pictures = before, with_patch(before, self._warped(frame, bare), box)
        squares = [crop.take(to_display(plate, each), (box.x0, box.y0)) for each in pictures]
        return np.clip(squares[0], 0, 1), np.clip(squares[1], 0, 1)

    def _warped(self, frame: int, bare: Uncovered) -> Patch | None:
        """The warp renderer's patch of a frame: it is asked for twice."""
        known = self._patches.get(frame)
        if known is not None:
            return known
        warped = self._actor.warped
        patch = warped.patch(frame, bare.plate, bare.shade)
        if patch is not None:
            self._patches.put(frame, patch, patch.rgb.nbytes + patch.mask.nbytes)
        return patch


def _seen_average(
    weights: Mapping[int, float],
    differences: Mapping[int, FloatArray],
    covered: Mapping[int, FloatArray | None],
    whole: FloatArray,
) -> FloatArray:
    """(N, N, 3) an average over frames, each counting where nothing is in front of the face.

    Args:
        weights: What frames count.
        differences: (N, N, 3) what is averaged.
        covered: (N, N) how far something is in front; None where nothing is.
        whole: (N, N, 3) the average of all, for places that no frame shows.
    """
    total, seen = np.zeros_like(whole), np.full(whole.shape[:2], _UNSEEN, dtype=np.float32)
    for frame, weight in weights.items():
        part = covered[frame]
        share = np.float32(weight) * (np.float32(1) if part is None else 1 - part)
        share = np.broadcast_to(share, seen.shape)
        total += share[..., None] * differences[frame]
        seen += share
    return np.asarray((total + _UNSEEN * whole) / seen[..., None], dtype=np.float32)


def strength_of(plan: FacePlan) -> float:
    """How far the frames of an edit are noised: the further it departs, the further.

    One strength for the whole shot: were it to change from frame to frame, so would the face.
    """
    departure = float(np.abs(plan.evaluated.delta[:, :52]).max(initial=0))
    return min(1.0, _LEAST_STRENGTH + (1 - _LEAST_STRENGTH) * departure / _FULL)
