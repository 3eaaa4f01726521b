"""A renderer of which less is seen than was asked, so that its amounts are corrected.

What is seen of mien's own differs from film to film, and with every change of it.
"""

from __future__ import annotations

from dataclasses import replace

import mien
from mien.rendering.warp.renderer import WarpRenderer, WarpSession

__all__ = ["TimidRenderer"]

_TIMIDITY = 0.4


class TimidRenderer(WarpRenderer):
    """The warp renderer, less far than it is asked to go."""

    api_version = 1
    name = "timid"
    settings_type = None

    def open(self, shot: mien.Shot, source: mien.PlateSource) -> WarpSession:
        return _TimidSession(shot, source)


class _TimidSession(WarpSession):
    def render(self, request: mien.RenderRequest) -> mien.Patch | None:
        evaluated = request.plan.evaluated
        less = replace(evaluated, delta=_TIMIDITY * evaluated.delta)
        return super().render(replace(request, plan=replace(request.plan, evaluated=less)))
