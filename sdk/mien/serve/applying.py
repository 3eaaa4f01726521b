"""Performances that faces are to follow, as a host asks for them."""

from __future__ import annotations

from pathlib import Path

from mien import api
from mien.api.applying import check_source
from mien.model.document import Project
from mien.model.shot import Shot
from mien.model.transfer import Transfer
from mien.model.transfer_times import TransferTiming
from mien.serve import messages as say

__all__ = ["apply_performance"]


def apply_performance(
    project: Project, params: say.ApplyParams, source: Shot | None
) -> tuple[Project, say.ApplyResult]:
    """Return the project in which a face follows a performance, and what was made.

    Args:
        project: The project.
        params: What is asked.
        source: The shot that is followed; None for the file that is named.

    Raises:
        MienError: As `mien.apply`; when a clip is named, which must be opened and tracked first.
    """
    path = Path(params.path or "")
    if source is None:
        # Tracking a clip takes minutes, and is a job of its own.
        check_source(path)
    applied = api.apply(
        project, source or path, _transfer(params), face=params.face, from_shot=params.from_shot,
        from_face=params.from_face, layer=params.layer, progress=False,
    )  # fmt: skip
    made = applied.made
    return applied.project, say.ApplyResult(
        layers=list(made.layers),
        controls=list(made.controls),
        alike=list(made.alike),
        frames=[made.frames.start, made.frames.stop],
        keys=made.keys,
        relative=made.relative,
        unknown=list(applied.unknown),
    )


def _transfer(params: say.ApplyParams) -> Transfer:
    timing = TransferTiming(
        span=_span(params.span),
        source_span=_span(params.source_span),
        offset=params.offset,
        rate=params.rate,
        fit=params.fit,
        warp=tuple((here, there) for here, there in params.warp),
        align_sound=params.align_sound,
    )
    only = None if params.only is None else tuple(params.only)
    return Transfer(
        params.relative, only, params.strength, params.ease, params.tolerance, params.at, timing
    )


def _span(span: list[int] | None) -> str | None:
    return None if span is None else f"{span[0]}:{span[1]}"
