"""The one loop that makes the patches of a frame and puts them into its plate."""

from __future__ import annotations

from collections.abc import Sequence

from mien.rendering.base import FacePlan, Patch, Plate, Quality, RenderRequest, RenderSession
from mien.rendering.compose import compose

__all__ = ["edit_plate", "render_patches"]


def render_patches(
    session: RenderSession,
    plans: Sequence[FacePlan],
    frame: int,
    plate: Plate,
    *,
    scale: float = 1.0,
    quality: Quality = "final",
) -> list[Patch]:
    """Make the patches of all faces that change in a frame.

    Args:
        session: A renderer at work on the shot.
        plans: The faces with edits; those of which nothing is asked in this frame are left out.
        frame: Index of the frame.
        plate: Its plate; not changed.
        scale: Pixels of the plate in a pixel of the original.
        quality: Whether the pixels are final or a draft.

    Returns:
        Patches in the order of the faces.
    """
    patches = []
    for plan in plans:
        if not plan.evaluated.delta[frame].any():
            continue
        patch = session.render(RenderRequest(plan, frame, plate, scale, quality))
        if patch is not None:
            patches.append(patch)
    return patches


def edit_plate(
    session: RenderSession,
    plans: Sequence[FacePlan],
    frame: int,
    plate: Plate,
    *,
    scale: float = 1.0,
    quality: Quality = "final",
) -> tuple[Plate, list[Patch]]:
    """Render a frame's faces into its plate; see `render_patches`.

    Returns:
        The plate with the patches in it, the given one itself when there are none, and the
        patches.
    """
    patches = render_patches(session, plans, frame, plate, scale=scale, quality=quality)
    return compose(plate, patches), patches
