"""Messages of the conversation itself: who is there, what goes on, jobs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from mien.serve.messages.base import Count, Handle, Message, Name, PathText, RequestId

__all__ = [
    "CancelParams",
    "CancelResult",
    "CurveFormatFacts",
    "HelloParams",
    "HelloResult",
    "JobFacts",
    "JobKind",
    "JobResult",
    "ShotStatus",
    "StatusResult",
]


class HelloParams(Message):
    """Who asks. The first request of every client."""

    protocol: int
    """Version of the protocol that the client speaks: 1."""
    client: Name
    """Name and version of the program, for people."""
    token: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Needed over TCP, and only there."""


class CurveFormatFacts(Message):
    """A kind of curve file: mien's own, or one that another package brings."""

    name: str
    suffixes: list[str]
    """Endings of its files, in small letters, with the dot; the first is the usual one."""
    reads: bool
    """Whether `import_curves` takes such files."""
    writes: bool
    """Whether `export_curves` makes them."""
    faces: Literal["one", "many"]
    """How many faces a file holds."""
    layout: str = ""
    """What tells it from others with its endings, for `export_curves`."""


class HelloResult(Message):
    """Who answers."""

    protocol: int
    mien: str
    """Version of mien."""
    methods: list[str]
    renderers: list[str]
    """Those that can be used now; `auto` chooses among them."""
    renderer_summaries: dict[str, str]
    """What each of them is, in a line, by its name."""
    trackers: list[str]
    """mien's own, and those that other packages bring: one that cannot be used is refused when
    it is asked for."""
    curve_formats: list[CurveFormatFacts]
    max_line: int
    """Bytes of a line that are read at most."""
    features: list[str]
    """What this mien does beyond its methods: `open.progress` where `open` takes `progress`."""


JobKind = Literal["track", "solve", "retrack", "examples", "render", "report"]


class JobFacts(Message):
    """A job: work of a process of its own."""

    job: Handle
    kind: JobKind
    shot: Handle
    state: Literal["running", "done", "failed", "cancelled"]
    stage: str
    """What is being done: `track`, `solve`, `prepare`, `render` or `measure`; empty at first."""
    done: Count
    total: Count
    """Steps of the stage; 0 while they are not known."""
    seconds: float
    """Since it was started; for a job that has ended, how long it took."""


class ShotStatus(Message):
    """A shot that the client has open."""

    shot: Handle
    path: PathText
    tracked: bool


class StatusResult(Message):
    """What is open and what is going on, of the client that asks."""

    mien: str
    shots: list[ShotStatus]
    jobs: list[JobFacts]


class CancelParams(Message):
    """A job to stop, or an `open`: one of the two. One that has ended is left as it is."""

    job: Handle | None = None
    request: RequestId | None = None
    """The `id` of an `open` with `progress`; its answer is an error with the code `cancelled`."""

    @model_validator(mode="after")
    def _one(self) -> CancelParams:
        if (self.job is None) == (self.request is None):
            raise ValueError("give one of job and request")
        return self


class CancelResult(Message):
    """State of the job or request when it was asked.

    For a job the event `cancelled` follows when it has stopped, for a request its answer.
    """

    job: Handle | None = None
    request: RequestId | None = None
    state: Literal["running", "done", "failed", "cancelled"]


class JobResult(Message):
    """A job was started; its events name it."""

    job: Handle
