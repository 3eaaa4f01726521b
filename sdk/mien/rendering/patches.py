"""The one loop that makes the patches of a frame and puts them into its plate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from mien._types import FloatArray
from mien.model.face import Face
from mien.rendering.base import FacePlan, Patch, Plate, Quality, RenderRequest, RenderSession
from mien.rendering.compose import compose

__all__ = ["Occlusions", "edit_plate", "render_patches"]

Occlusions = Callable[[Face, int], FloatArray | None]
"""Gives (H, W) float32, 0..1, how far something is in front of a face in a frame's plate; None
where nothing is known of it."""


def render_patches(
    session: RenderSession,
    plans: Sequence[FacePlan],
    frame: int,
    plate: Plate,
    *,
    scale: float = 1.0,
    quality: Quality = "final",
    occlusions: Occlusions | None = None,
) -> list[Patch]:
    """Make the patches of all faces that change in a frame.

    Args:
        session: A renderer at work on the shot.
        plans: The faces with edits; those of which nothing is asked in this frame are left out.
        frame: Index of the frame.
        plate: Its plate; not changed.
        scale: Pixels of the plate in a pixel of the original.
        quality: Whether the pixels are final or a draft.
        occlusions: What is in front of the faces, which keeps the plate's pixels.

    Returns:
        Patches in the order of the faces.
    """
    patches = []
    for plan in plans:
        if not plan.evaluated.delta[frame].any():
            continue
        occlusion = None if occlusions is None else occlusions(plan.face, frame)
        patch = session.render(RenderRequest(plan, frame, plate, scale, quality, occlusion))
        if patch is not None:
            patches.append(patch if occlusion is None else _behind(patch, occlusion))
    return patches


def edit_plate(
    session: RenderSession,
    plans: Sequence[FacePlan],
    frame: int,
    plate: Plate,
    *,
    scale: float = 1.0,
    quality: Quality = "final",
    occlusions: Occlusions | None = None,
) -> tuple[Plate, list[Patch]]:
    """Render a frame's faces into its plate; see `render_patches`.

    Returns:
        The plate with the patches in it, the given one itself when there are none, and the
        patches.
    """
    patches = render_patches(
        session, plans, frame, plate, scale=scale, quality=quality, occlusions=occlusions
    )
    return compose(plate, patches), patches


def _behind(patch: Patch, occlusion: FloatArray) -> Patch:
    """A patch whose mask leaves out what is in front of the face."""
    box = patch.box
    seen = 1 - occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return dataclasses.replace(patch, mask=patch.mask * seen)
