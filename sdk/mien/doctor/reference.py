"""The renderers, and what the reference renderer stands on: packages and models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from mien.doctor.check import Check, version_of
from mien.doctor.machine import gpus
from mien.weights.store import installed, missing_for, models_folder, read_catalogue

__all__ = ["check_reference"]

PACKAGES = ("torch", "diffusers", "transformers", "peft", "accelerate", "safetensors", "onnx")
"""What the reference renderer imports, beside one of onnxruntime's packages."""
RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_HEAD = "flame2020"
"""The head in whose basis SMIRK speaks, through which edits reach the reference renderer."""
_DRIVERS = ("smirk", _HEAD)
"""What makes the coefficients by which a face is regenerated."""
_EXTRA = 'pip install "mien[reference]"'


def check_reference() -> Iterator[Check]:
    """Look at the renderers and at what the reference renderer lacks; nothing is loaded."""
    # It stands on the base alone, and carries what it needs.
    yield Check("renderer warp", "ok", "ready")
    yield _renderer(_lacking_packages())
    yield _models()
    yield _bases()
    yield from _torch()
    yield from _runtimes()


def _lacking_packages() -> list[str]:
    lacking = [name for name in PACKAGES if not version_of(name)]
    if not any(map(version_of, RUNTIMES)):
        lacking.append(RUNTIMES[0])
    return lacking


def _renderer(packages: list[str]) -> Check:
    absent = [name for name in _DRIVERS if not installed(name)]
    # Where one of them is missing, the other does its work, if not as well.
    replaced = absent if len(absent) < len(_DRIVERS) else []
    models = [model for model in missing_for("reference") if model.name not in replaced]
    if not packages and not models:
        where = "on the GPU" if gpus() and _cuda() else "on the CPU, slowly"
        if replaced:
            where += f"; with `mien render --approximate`, as there is no {replaced[0]}"
        return Check("renderer reference", "ok", f"ready, {where}")
    lacks, steps = [], []
    if packages:
        lacks.append(f"packages: {', '.join(packages)}")
        steps.append(_EXTRA)
    if models:
        lacks.append(f"models: {', '.join(model.name for model in models)}")
        steps.append("mien models fetch reference")
    return Check("renderer reference", "optional", f"lacks {'; '.join(lacks)}.", "; ".join(steps))


def _models() -> Check:
    catalogue = read_catalogue()
    there = [model.name for model in catalogue if model.installed]
    detail = f"{len(there)} of {len(catalogue)} in {models_folder()}"
    return Check("models", "ok" if there else "optional", detail, "`mien models list`")


def _bases() -> Check:
    """The heads in whose bases FLAME coefficients can be given."""
    heads = [model.name for model in read_catalogue() if model.needed_by == "curves"]
    there = [name for name in heads if installed(name)]
    detail = f"FLAME coefficients in {', '.join(['mien-rig', *there])}"
    if _HEAD in there:
        return Check("FLAME heads", "ok", detail)
    return Check(
        "FLAME heads", "optional",
        f"{detail}; without {_HEAD} the reference renderer needs `mien render --approximate`.",
        f"mien models add {_HEAD} PATH",
    )  # fmt: skip


def _torch() -> Iterator[Check]:
    version = version_of("torch")
    if not version:
        return
    cuda = _cuda()
    if cuda:
        yield Check("torch", "ok", f"{version}, for CUDA {cuda}")
    elif gpus():
        yield Check(
            "torch", "optional", f"{version} is built for the CPU, and there is a GPU.",
            "pip install --force-reinstall torch, without an index for the CPU",
        )  # fmt: skip
    else:
        yield Check("torch", "ok", f"{version}, for the CPU")
    vision = version_of("torchvision")
    if vision and not cuda and "cpu" not in vision:
        yield Check(
            "torchvision", "optional",
            f"{vision} is built for CUDA: beside this torch, diffusers and transformers fail.",
            "pip uninstall torchvision; mien needs none",
        )  # fmt: skip


def _cuda() -> str:
    """The CUDA version that torch was built for, as its package says; empty for none."""
    try:
        file = metadata.distribution("torch").locate_file("torch/version.py")
        text = Path(str(file)).read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError):
        return ""
    match = re.search(r"^cuda\b[^=]*= '([^']+)'", text, re.MULTILINE)
    return match[1] if match else ""


def _runtimes() -> Iterator[Check]:
    """Both packages of onnxruntime share one folder: the last one installed wins."""
    found = {name: version for name in RUNTIMES if (version := version_of(name))}
    versions = ", ".join(f"{name} {version}" for name, version in found.items())
    if len(found) > 1:
        yield Check(
            "onnxruntime", "optional",
            f"{versions} overwrite each other; removing one breaks the other.",
            "pip uninstall -y onnxruntime onnxruntime-gpu, then "
            + ("pip install --no-deps onnxruntime-gpu" if gpus() else "pip install onnxruntime"),
        )  # fmt: skip
    elif found:
        yield Check("onnxruntime", "ok", versions)
