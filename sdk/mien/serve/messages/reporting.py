"""Messages about reports on edited shots."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mien.model.watermark import LONGEST_WATERMARK
from mien.serve.messages.base import Count, Handle, Message, Name, PathText, Span
from mien.serve.messages.edits import EditFacts

__all__ = ["ReportFigureFacts", "ReportParams", "ReportResult", "ReportTroubleFacts"]


class ReportParams(Message):
    """An edited file to measure against a shot. The job's result is `ReportResult`."""

    shot: Handle
    edited: PathText
    """A render of the shot, with the edits that it has now."""
    edits: list[EditFacts] | None = None
    """What else was asked, on top of the shot's edits, as `get_edits` gives it; the shot keeps its
    own."""
    output: PathText | None = None
    """A page to write (`.html`), which stands alone."""
    data: PathText | None = None
    """A file to write (`.json`), with everything, curves included."""
    frames: Span | None = None
    """The frames of the shot that the edited file holds; all when not given."""
    matte: PathText | None = None
    """Where the edit may change pixels; as the renderer says when not given."""
    renderer: Name = "auto"
    """The renderer whose matte it is."""
    thresholds: dict[str, dict[str, float]] | None = None
    """What figures are held to, on top of mien's own: `{"sharpness": {"least": 0.9}}`."""
    watermark: Annotated[str, Field(min_length=1, max_length=LONGEST_WATERMARK)] | None = None
    """The text that is burnt into the edited file; as its credentials say when not given."""
    overwrite: bool = False


class ReportFigureFacts(Message):
    """A measured figure."""

    name: str
    face: int | None
    value: float | None
    unit: str
    plate: float | None
    """The same of the plate alone, or what re-encoding alone does."""
    threshold: dict[str, float] | None
    passed: bool | None
    how: str
    """How it was measured, or why it was not."""


class ReportTroubleFacts(Message):
    """A frame in which something is beyond what is usual."""

    frame: Count
    time: str
    face: int | None
    measure: str
    value: float | None
    limit: float
    unit: str
    what: str


class ReportResult(Message):
    """What was measured."""

    edited: PathText
    frames: Span
    passed: bool
    failed: list[str]
    """Names of the figures that are beyond their thresholds."""
    figures: list[ReportFigureFacts]
    troubles: list[ReportTroubleFacts]
    """Frames to look at, the worst first; 1,000 at most."""
    notes: list[str]
    seconds: float
