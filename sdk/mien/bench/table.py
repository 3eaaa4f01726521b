"""The benchmark's figures as a table of text."""

from __future__ import annotations

from collections.abc import Mapping

from mien.bench.results import FIGURES, QualityResult

__all__ = ["quality_table"]


def quality_table(result: QualityResult) -> list[list[str]]:
    """Return the figures as rows of cells: a head, each clip and renderer, the means.

    The head says of each figure whether more or less of it is better.
    """
    arrows = {"more": "+", "less": "-"}
    rows = [
        ["clip", "pairs", "renderer", *(f"{f.title} {arrows[f.better]}" for f in FIGURES)],
        *(
            [clip.clip, str(clip.count), name, *_cells(values)]
            for clip in result.clips
            for name, values in clip.means().items()
        ),
    ]
    if len(result.clips) > 1:
        count = str(sum(clip.count for clip in result.clips))
        rows += [["mean", count, name, *_cells(v)] for name, v in result.means().items()]
    return rows


def _cells(values: Mapping[str, float | None]) -> list[str]:
    return [
        "" if (value := values[figure.name]) is None else f"{value:.{figure.digits}f}"
        for figure in FIGURES
    ]
