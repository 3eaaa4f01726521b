"""Whether shots are measured once they are rendered: a choice of lists and commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ReportChoice"]


@dataclass(frozen=True, slots=True)
class ReportChoice:
    """Whether a shot is measured once it is rendered, and what its figures are held to.

    Attributes:
        wanted: Whether it is; None where nothing is said: then it is where there are thresholds.
        thresholds: A JSON file of thresholds, as `mien report --fail-under`; None for none.
    """

    wanted: bool | None = None
    thresholds: Path | None = None

    @property
    def measures(self) -> bool:
        """Whether the shot is measured."""
        return self.thresholds is not None if self.wanted is None else self.wanted

    def on(self, general: ReportChoice) -> ReportChoice:
        """Return this choice, and what it leaves open as a more general one says."""
        wanted = general.wanted if self.wanted is None else self.wanted
        return ReportChoice(wanted, self.thresholds or general.thresholds)
