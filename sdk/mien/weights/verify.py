"""Installed models, looked over: is every file still what it was, and do they fit each other?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from mien.errors import MissingDependencyError, WeightsError
from mien.progress import Progress, silent
from mien.weights.contents import check_file, check_lora, check_model, digest
from mien.weights.install import check_published, counter
from mien.weights.loaders import safetensors_shapes
from mien.weights.record import FileRecord, read_record
from mien.weights.store import Model, ModelFile, find_model, read_catalogue, remedy

__all__ = ["Finding", "verify"]

State = Literal["ok", "missing", "wrong", "unchecked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one file of a model.

    Attributes:
        model: The model's name.
        file: The file's path in the catalogue.
        state: `ok`; `missing` or `wrong`; `unchecked` when a package is missing that reads it.
        detail: How it was told, or what is wrong.
        remedy: What to do about it.
    """

    model: str
    file: str
    state: State
    detail: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """The finding in JSON's types."""
        return asdict(self)


def verify(names: Sequence[str] = (), *, progress: Progress = silent) -> list[Finding]:
    """Look over installed models: sizes, checksums, layout, and whether they fit each other.

    Args:
        names: The models; all that are there, whole or in part, when not given.
        progress: Told the bytes that are read.

    Raises:
        UsageError: When there is no model of a name.
        MissingDependencyError: When nothing of a model that was named is there.
    """
    models = [find_model(name) for name in names] or list(read_catalogue())
    there = {model.name: [f for f in model.files if model.path(f).is_file()] for model in models}
    for model in models:
        if names and not there[model.name]:
            raise MissingDependencyError(
                f"The model '{model.name}' is not installed.", remedy(model)
            )
    total = sum(m.path(file).stat().st_size for m in models for file in there[m.name])
    tell = counter("verifying", total, progress)
    findings = []
    for model in models:
        if there[model.name]:
            findings += _look_over(model, tell)
    return findings


def _look_over(model: Model, told: Callable[[int], None]) -> list[Finding]:
    record = read_record(model.folder)
    findings = []
    for file in model.files:
        if model.path(file).is_file():
            findings.append(_look_at(model, file, record.files.get(file.path), told))
        elif not file.optional:
            findings.append(Finding(model.name, file.path, "missing", "not there", remedy(model)))
    if all(finding.state == "ok" for finding in findings):
        findings += _together(model)
    return findings


def _look_at(
    model: Model, file: ModelFile, before: FileRecord | None, told: Callable[[int], None]
) -> Finding:
    path = model.path(file)

    def finding(state: State, detail: str, remedy: str = "") -> Finding:
        return Finding(model.name, file.path, state, detail, remedy)

    again = (
        f"Remove {path}, then `mien models fetch {model.name}`."
        if file.url
        else f"Install it again with `mien models add {model.name} PATH`."
    )
    try:
        sha256 = digest(path, told)
        own = before is not None and before.as_is
        if before is not None and before.sha256 != sha256:
            return finding("wrong", "changed since it was installed", again)
        if not own:
            check_published(path, file, sha256)
        check_file(path, file.kind)
    except WeightsError as error:
        return finding("wrong", error.cause.rstrip("."), again)
    except MissingDependencyError as error:
        return finding("unchecked", error.cause.rstrip("."), error.remedy)
    if own:
        return finding("ok", "a file of your own; layout right")
    if file.sha256:
        return finding("ok", "as published")
    return finding("ok", "layout right; no checksum is published")


def _together(model: Model) -> list[Finding]:
    """What is wrong with files that are right one by one."""
    paths = {file.path: model.path(file) for file in model.files if model.path(file).is_file()}
    try:
        check_model(model, paths)
        lora = next((file for file in model.files if file.kind == "reference-lora"), None)
        base = find_model("arc2face")
        unet = next(file for file in base.files if file.kind == "unet")
        if lora is not None and base.path(unet).is_file():
            unet_shapes = safetensors_shapes(base.path(unet))
            check_lora(safetensors_shapes(paths[lora.path]), unet_shapes, paths[lora.path])
    except WeightsError as error:
        return [Finding(model.name, "", "wrong", error.cause.rstrip("."), error.remedy)]
    return []
