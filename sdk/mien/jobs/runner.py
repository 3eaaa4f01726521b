"""Runs a plan: gives tasks to workers until every shot is done, or has failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mien.jobs.display import BatchDisplay
from mien.jobs.events import EventLog
from mien.jobs.executor import Executor
from mien.jobs.job import Problem, ShotResult
from mien.jobs.plan import Plan, ShotPlan, chunks_of
from mien.jobs.queue import Queue, Waiting
from mien.jobs.shot_task import ShotSpec, Task
from mien.model.face_names import FaceLabel
from mien.timebase import FrameRange
from mien.worker_messages import WorkerDone, WorkerFailed, WorkerMessage, WorkerProgress

__all__ = ["RETRIES", "ShotOutcome", "run_plan"]

RETRIES = 2
"""How often a task is done anew when it fails."""
_BACKOFF, _LONGEST_BACKOFF = 0.5, 30.0
"""Seconds before a task is done anew: doubled every time, up to a bound."""
_MOST_LOST = 20
"""How often a task may be lost with its cluster."""
_BEAT = 0.5
"""Seconds between two looks at what is due."""


@dataclass(slots=True)
class ShotOutcome:
    """What became of a shot, and what it took.

    Attributes:
        plan: What was to be done.
        problem: Why it failed; None when its output is whole.
        faces: The faces with edits.
        requested: Frames in which anything is asked.
        made: Frames that were made in this run.
        edited: Frames in which a face was changed.
        kept: Whether the output was whole already.
        tries: Tasks that were done anew.
        seconds: Time that workers took for it.
        thumbnails: Pictures of it, as pictures.py tells them.
        notes: What the renderer had to say.
        frames: The frames that the output holds; None before it is written.
        report: What was measured of it: `page`, `data`, `passed`, `failed`; None where nothing was.
        gains: By a face's number, how many times as far controls were moved as they are usually.
    """

    plan: ShotPlan
    problem: Problem | None = None
    faces: tuple[FaceLabel, ...] = ()
    requested: int = 0
    made: int = 0
    edited: int = 0
    kept: bool = False
    tries: int = 0
    seconds: float = 0.0
    thumbnails: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    frames: FrameRange | None = None
    report: Mapping[str, Any] | None = None
    gains: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def beyond(self) -> bool:
        """Whether figures of it are beyond thresholds that were asked for."""
        held = self.plan.order is not None and self.plan.order.thresholds is not None
        return held and self.report is not None and not self.report["passed"]

    @property
    def written(self) -> int:
        """Frames of its output; of one that is not written, those that were asked for."""
        return self.plan.frames if self.frames is None else len(self.frames)

    @property
    def result(self) -> ShotResult:
        """What whoever asked for the shot wants to know."""
        plan, clock = self.plan, None if self.plan.facts is None else self.plan.facts.clock
        if self.problem is not None or plan.order is None:
            return ShotResult(plan.job, "failed", clock=clock, problem=self.problem)
        return ShotResult(
            plan.job, "done", plan.order.output, self.frames or plan.order.frames, clock
        )


def run_plan(
    plan: Plan, engine: Executor, log: EventLog, show: BatchDisplay, *, retries: int = RETRIES
) -> list[ShotOutcome]:
    """Run a plan.

    A task that fails is done anew; one that fails every time fails alone: the other frames of
    its shot are still made, and kept for the next run.

    Args:
        plan: The plan.
        engine: The workers.
        log: Is told what happens.
        show: Shows it.
        retries: How often a task is done anew.

    Returns:
        What became of the shots, in their order.

    Raises:
        MienError: When there are no workers any more.
    """
    run = _Run(plan, engine, log, show, retries)
    run.work()
    return run.outcomes


@dataclass(slots=True)
class _Open:
    """A shot at work."""

    outcome: ShotOutcome
    order: ShotSpec
    chunks: int = 0


@dataclass(slots=True)
class _Run:
    plan: Plan
    engine: Executor
    log: EventLog
    show: BatchDisplay
    retries: int
    outcomes: list[ShotOutcome] = field(default_factory=list)
    _queue: Queue = field(default_factory=Queue)
    _busy: dict[int, Waiting] = field(default_factory=dict)
    _shots: dict[str, _Open] = field(default_factory=dict)

    def work(self) -> None:
        for shot in self.plan.shots:
            outcome = ShotOutcome(shot, shot.problem)
            self.outcomes.append(outcome)
            if shot.order is None:
                self._ended(outcome)
                continue
            self._shots[shot.job.name] = _Open(outcome, shot.order)
            self._queue.add(Waiting(Task(shot.order, "prepare")))
        while self._queue or self._busy:
            self._give()
            # Also when nobody works: workers that are lost come back while one waits for them.
            for slot, message in self.engine.wait(min(_BEAT, self._queue.due() or _BEAT)):
                self._hear(slot, message)

    def _give(self) -> None:
        for slot in self.engine.slots:
            if slot in self._busy:
                continue
            waiting = self._queue.take(slot)
            if waiting is None:
                return
            self._busy[slot] = waiting
            self._tell("task", waiting.task, slot=slot, attempt=waiting.tries + 1)
            self.show.begins(slot, str(waiting.task))
            self.engine.submit(slot, waiting.task)

    def _hear(self, slot: int, message: WorkerMessage) -> None:
        if isinstance(message, WorkerProgress):
            self.show.progressed(slot, message.stage, message.done, message.total)
            return
        waiting = self._busy.pop(slot, None)
        self.show.ends(slot)
        if waiting is None:
            return
        if isinstance(message, WorkerDone):
            self._done(waiting.task, message.result)
        elif isinstance(message, WorkerFailed):
            self._failed(waiting, message)

    def _done(self, task: Task, result: Mapping[str, Any]) -> None:
        shot = self._shots[task.order.name]
        outcome = shot.outcome
        outcome.seconds += result["seconds"]
        facts = {name: result[name] for name in ("made", "edited") if name in result}
        self._tell("task-done", task, seconds=result["seconds"], **facts)
        if task.step == "prepare":
            self._prepared(shot, result)
            return
        if task.step == "render":
            outcome.made += result["made"]
            self.show.made(result["made"])
            self._chunk_ended(shot)
            return
        outcome.edited = result["edited"]
        outcome.frames = _written(result)
        outcome.report = result.get("report")
        outcome.thumbnails, outcome.notes = tuple(result["thumbnails"]), tuple(result["notes"])
        self._ended(outcome)

    def _prepared(self, shot: _Open, result: Mapping[str, Any]) -> None:
        outcome = shot.outcome
        outcome.faces = tuple(FaceLabel(**face) for face in result["faces"])
        outcome.requested = result["requested"]
        outcome.gains = result.get("gains", {})
        outcome.thumbnails, outcome.notes = tuple(result["thumbnails"]), tuple(result["notes"])
        outcome.kept = result["whole"]
        missing = result["missing"]
        self.show.prepared(outcome.plan.frames, len(missing))
        if outcome.kept:
            outcome.edited = result["edited"]
            outcome.frames = _written(result)
            outcome.report = result.get("report")
            self._ended(outcome)
            return
        chunks = _chunks(shot.order.frames, self.plan.chunk, missing)
        shot.chunks = len(chunks)
        for chunk in chunks:
            self._queue.add(Waiting(Task(shot.order, "render", chunk)))
        if not chunks:
            self._queue.add(Waiting(Task(shot.order, "assemble")))

    def _failed(self, waiting: Waiting, message: WorkerFailed) -> None:
        task, shot = waiting.task, self._shots[waiting.task.order.name]
        tries, lost = waiting.tries + (not message.worker_lost), waiting.lost + message.worker_lost
        problem = Problem(message.code, message.cause, message.remedy)
        facts = {"code": problem.code, "cause": problem.cause}
        spared = tries <= self.retries and lost <= _MOST_LOST
        if message.retryable and spared and shot.outcome.problem is None:
            shot.outcome.tries += 1
            delay = min(_LONGEST_BACKOFF, _BACKOFF * 2 ** max(0, tries - 1))
            self._tell("task-again", task, delay=delay, **facts)
            self._queue.add(Waiting(task, tries, lost), delay=delay)
            return
        self._tell("task-failed", task, tries=tries, **facts)
        first = shot.outcome.problem is None
        if first:
            shot.outcome.problem = _told_of(problem, task, tries)
        if task.step != "render":
            self._ended(shot.outcome)
            return
        if not message.retryable:
            # The other frames would fail for the same reason.
            shot.chunks -= self._queue.drop(task.order.name)
        self._chunk_ended(shot)

    def _chunk_ended(self, shot: _Open) -> None:
        shot.chunks -= 1
        if shot.chunks:
            return
        if shot.outcome.problem is None:
            self._queue.add(Waiting(Task(shot.order, "assemble")))
        else:
            self._ended(shot.outcome)

    def _ended(self, outcome: ShotOutcome) -> None:
        name, problem = outcome.plan.job.name, outcome.problem
        if problem is None:
            self.log.add("shot-done", shot=name, frames=outcome.plan.frames, kept=outcome.kept)
        else:
            self.log.add(
                "shot-failed", shot=name, code=problem.code, cause=problem.cause,
                remedy=problem.remedy,
            )  # fmt: skip
        self.show.shot_ended(name, outcome.plan.frames, problem, known=name in self._shots)

    def _tell(self, event: str, task: Task, **facts: Any) -> None:
        frames = {} if task.frames is None else {"frames": str(task.frames)}
        self.log.add(event, shot=task.order.name, step=task.step, **frames, **facts)


def _written(result: Mapping[str, Any]) -> FrameRange | None:
    """The frames that a worker wrote; None where it does not say, as workers of before."""
    ends = result.get("frames")
    return None if ends is None else FrameRange(*ends)


def _chunks(span: FrameRange, chunk: int, missing: Sequence[int]) -> list[FrameRange]:
    """The chunks of a span in which frames are missing."""
    wanted = {frame // chunk for frame in missing}
    return [part for part in chunks_of(span, chunk) if part.start // chunk in wanted]


def _told_of(problem: Problem, task: Task, tries: int) -> Problem:
    """A problem with the frames in which it arose, and how often."""
    if task.step != "render" or task.frames is None:
        return problem
    times = f" {tries} times" if tries > 1 else ""
    cause = f"Frames {task.frames} failed{times}: {problem.cause}"
    return Problem(problem.code, cause, problem.remedy)
