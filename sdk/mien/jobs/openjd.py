"""Batches for render farms: a job bundle after the Open Job Description (2023-09).

    template.yaml           three steps a shot: track, render (chunks of frames), assemble
    parameter_values.yaml   where outputs go, frames of a chunk, the command
    asset_references.yaml   the files that are read, and the folder that is written
    orders/NAME.json        what is to be done for a shot

The farm runs `mien batch-step`, which finds what is finished in the output folder and does the
rest; a task may run anywhere and as often as it likes. The same `mien batch` command on that
folder then finds everything done, writes the reports and hands the cut back.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

import yaml

from mien import api
from mien.errors import MienError, NothingToDoError, OutputError
from mien.io.files import written_whole
from mien.io.project import SUFFIX
from mien.jobs.journal import keep_threads, kept_threads
from mien.jobs.plan import THREADS, Plan
from mien.jobs.shot_task import ShotSpec, Task
from mien.jobs.steps import Workbench
from mien.media.sequence import Pattern
from mien.rendering.registry import find_entry, uses_gpu

__all__ = ["export", "in_folder", "run_step"]

_LONGEST_STEP = 64
"""Characters of a step's name, by the specification."""
_TELL = 1.0
"""Seconds between two words on how far a step is."""
_STEPS = ("Track", "Render", "Assemble")


def export(plan: Plan, folder: Path) -> Path:
    """Write a job bundle.

    Args:
        plan: The plan; shots that cannot be rendered are left out.
        folder: The bundle's folder; made when it is missing.

    Returns:
        The folder.

    Raises:
        NothingToDoError: When no shot can be rendered.
        OutputError: When the folder cannot be written to.
        WriteError: When the disk is full.
    """
    orders = [shot.order for shot in plan.shots if shot.order is not None]
    if not orders:
        raise NothingToDoError("No shot of the batch can be rendered.", "See --dry-run.")
    try:
        (folder / "orders").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The bundle {folder} cannot be made: {(error.strerror or 'denied').lower()}.",
            "Choose another folder.",
            path=folder,
        ) from error
    for order in orders:
        _write(folder / "orders" / f"{order.name}.json", order.to_json())
    output = str(plan.folder.absolute())
    values = {"Output": output, "ChunkSize": plan.chunk, "Mien": "mien"}
    _dump(folder / "template.yaml", _template(plan, orders))
    _dump(
        folder / "parameter_values.yaml",
        {"parameterValues": [{"name": name, "value": value} for name, value in values.items()]},
    )
    references = {
        "inputs": {"filenames": sorted(str(path.absolute()) for path in _inputs(plan))},
        "outputs": {"directories": [output]},
    }
    _dump(folder / "asset_references.yaml", {"assetReferences": references})
    return folder


def _inputs(plan: Plan) -> set[Path]:
    """Return the files that the shots are made from, every image of a sequence."""
    files: set[Path] = set()
    for shot in plan.shots:
        if shot.order is None or shot.facts is None:
            continue
        examples = [media for path in shot.order.examples for media in _example_media(path)]
        matte = shot.order.occlusion.matte
        mattes = [] if matte is None else [matte]
        for path in (shot.facts.path, *examples, *mattes):
            pattern = Pattern.parse(path)
            if pattern is None:
                files.add(path)
            else:
                files.update(map(pattern.file, pattern.numbers()))
        if shot.order.project is not None:
            files.add(shot.order.project)
        if shot.order.audio is not None:
            files.add(shot.order.audio.path)
        if shot.order.thresholds is not None:
            files.add(shot.order.thresholds)
        for curves in shot.order.curves:
            files.update(_curve_files(curves.file))
        settings = find_entry(shot.order.renderer).settings(shot.order.settings)
        if settings is not None:
            files.update(settings.files)
    return files


def _curve_files(path: Path) -> Iterator[Path]:
    """The files that curves are read from: of a folder with one a frame, all in it."""
    if path.is_dir():
        yield from (one for one in sorted(path.rglob("*.np[yz]")) if one.is_file())
    else:
        yield path


def _example_media(path: Path) -> Iterator[Path]:
    """The files that an example is read from: of a project its own, and its shots' media."""
    yield path
    if path.suffix.lower() == SUFFIX:
        for project in api.load_document(path).shots:
            yield project.shot.media.path


def in_folder(order: ShotSpec, folder: Path) -> ShotSpec:
    """Return an order whose output goes to another folder: farms have their own paths.

    Args:
        order: The order.
        folder: The folder.
    """
    folder = folder.absolute()
    # The order may be of Windows.
    name = PureWindowsPath(order.output).name
    return dataclasses.replace(order, folder=folder, output=folder / name)


def run_step(task: Task, say: Callable[[str], object]) -> None:
    """Do a task and tell of it as OpenJD reads it.

    Args:
        task: The task.
        say: Prints a line on standard output.

    Raises:
        MienError: When it fails; it was said as well.
    """
    last = [0.0]
    say(f"openjd_status: {task}")

    def report(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] > _TELL or done == total:
            last[0] = now
            say(f"openjd_progress: {100 * done / max(total, 1):.1f}")
            say(f"openjd_status: {task}, {stage} {done} of {total}")

    bench = Workbench()
    settings = task.order.settings
    try:
        threads = int((settings or {}).get(THREADS, 0))
        if threads and not kept_threads(task.order.folder):
            keep_threads(task.order.folder, threads)
        result = bench.do(task, report)
    except MienError as error:
        say(f"openjd_fail: {' '.join(str(error).split())}")
        raise
    finally:
        bench.close()
    facts = {"made": "rendered", "edited": "edited"}
    counts = [f"{result[name]} frames {word}" for name, word in facts.items() if name in result]
    say("openjd_progress: 100.0")
    say(f"openjd_status: {task} done{''.join(', ' + count for count in counts)}")


def _template(plan: Plan, orders: Sequence[ShotSpec]) -> dict[str, Any]:
    steps = []
    for number, order in enumerate(orders, 1):
        track, render, assemble = (_step_name(kind, order.name, number) for kind in _STEPS)
        steps.append(_step(track, order, "prepare"))
        frames: dict[str, Any] = {
            "name": "Frame",
            "type": "CHUNK[INT]",
            "range": f"{order.frames.start}-{order.frames.stop - 1}",
            "chunks": {
                "defaultTaskCount": "{{Param.ChunkSize}}",
                "rangeConstraint": "CONTIGUOUS",
            },
        }
        arguments = ["--frames", "{{Task.Param.Frame}}"]
        step = _step(render, order, "render", after=track, arguments=arguments)
        steps.append(step | {"parameterSpace": {"taskParameterDefinitions": [frames]}})
        steps.append(_step(assemble, order, "assemble", after=render))
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": f"mien {plan.folder.absolute().name}"[:_LONGEST_STEP],
        "description": f"{len(orders)} shots, {plan.frames} frames",
        "parameterDefinitions": [
            _path("Orders", "IN", "What is to be done for each shot.") | {"default": "orders"},
            # Without a default: those of paths must lie inside the bundle.
            _path("Output", "OUT", "Where the shots go."),
            {
                "name": "ChunkSize", "type": "INT", "default": plan.chunk, "minValue": 1,
                "description": "Frames of a task.",
            },
            {
                "name": "Mien", "type": "STRING", "default": "mien",
                "description": "The command mien on the workers.",
            },
        ],
        "steps": steps,
    }  # fmt: skip


def _path(name: str, flow: str, description: str) -> dict[str, Any]:
    return {
        "name": name, "type": "PATH", "objectType": "DIRECTORY", "dataFlow": flow,
        "description": description,
    }  # fmt: skip


def _step(
    name: str,
    order: ShotSpec,
    kind: str,
    *,
    after: str | None = None,
    arguments: Sequence[str] = (),
) -> dict[str, Any]:
    paths = ["{{Param.Orders}}/" + f"{order.name}.json", "--folder", "{{Param.Output}}"]
    # The farm's own, by which the media of an order are found where workers have other paths.
    paths += ["--path-map", "{{Session.PathMappingRulesFile}}"]
    action = {"command": "{{Param.Mien}}", "args": ["batch-step", kind, *paths, *arguments]}
    step: dict[str, Any] = {"name": name, "script": {"actions": {"onRun": action}}}
    if after is not None:
        step["dependencies"] = [{"dependsOn": after}]
    if kind == "render" and uses_gpu(order.renderer):
        step["hostRequirements"] = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
    return step


def _step_name(kind: str, shot: str, number: int) -> str:
    """Unique within the specification's length, whatever the shot's name is."""
    name = f"{kind} {shot}"
    return name if len(name) <= _LONGEST_STEP else f"{kind} {number} {shot}"[:_LONGEST_STEP]


def _dump(path: Path, value: dict[str, Any]) -> None:
    _write(path, yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))


def _write(path: Path, text: str) -> None:
    with written_whole(path) as file:
        file.write(text.encode())
