"""How near edits come to the truth, measured on anybody's clips."""

from __future__ import annotations

from mien.bench.options import NOTHING, QualityOptions
from mien.bench.quality import measure_quality
from mien.bench.results import FIGURES, ClipQuality, PairQuality, QualityResult
from mien.bench.table import quality_table

__all__ = [
    "FIGURES",
    "NOTHING",
    "ClipQuality",
    "PairQuality",
    "QualityOptions",
    "QualityResult",
    "measure_quality",
    "quality_table",
]
