"""What `mien doctor` sees, and that it is quick and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import doctor
from mien.doctor import machine, reference
from mien.doctor.check import Check

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    machine.gpus.cache_clear()
    yield
    machine.gpus.cache_clear()


def checks() -> dict[str, Check]:
    return {check.name: check for check in doctor.examine()}


def give(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Let packages be installed; a name with an empty version is not."""
    known = {name.replace("_", "-"): version for name, version in versions.items()}

    def version_of(name: str) -> str:
        return known.get(name, "1.0")

    monkeypatch.setattr(reference, "version_of", version_of)


def give_gpu(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, int, int]) -> None:
    monkeypatch.setattr(reference, "gpus", lambda: found)
    monkeypatch.setattr(machine, "gpus", lambda: found)


def test_what_the_reference_renderer_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    give(monkeypatch, torch="", peft="", onnxruntime="", onnxruntime_gpu="")
    check = checks()["renderer reference"]
    assert check.state == "optional"
    assert "packages: torch, peft, onnxruntime; models: arc2face, " in check.detail
    assert "lcm-lora" not in check.detail
    assert 'pip install "mien[reference]"; mien models fetch reference' in check.remedy


def test_with_packages_and_models_it_is_ready(
    monkeypatch: pytest.MonkeyPatch, models: Path
) -> None:
    give(monkeypatch)
    give_gpu(monkeypatch)
    found = checks()
    ready = "ready, on the CPU, slowly; with `mien render --app"
    assert found["renderer reference"].detail.startswith(ready)
    assert "mien models add flame2020 PATH" in found["FLAME heads"].remedy
    monkeypatch.setattr(reference, "installed", lambda name: True)
    give_gpu(monkeypatch, ("H200", 143771, 143000))
    monkeypatch.setattr(reference, "_cuda", lambda: "12.8")
    found = checks()
    assert found["renderer reference"].detail == "ready, on the GPU"
    assert found["gpu"].detail == "H200, 140.4 GiB (139.6 GiB free)"


def test_without_smirk_a_head_will_do(
    monkeypatch: pytest.MonkeyPatch, models: Path, tmp_path: Path
) -> None:
    for model in models.iterdir():
        if model.name != "smirk":
            (tmp_path / model.name).symlink_to(model)
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    give(monkeypatch)
    assert "lacks models: smirk" in checks()["renderer reference"].detail
    (tmp_path / "flame2020").mkdir()
    (tmp_path / "flame2020" / "flame.npz").touch()
    detail = checks()["renderer reference"].detail
    assert detail.endswith("with `mien render --approximate`, as there is no smirk")


def test_two_onnxruntimes_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, onnxruntime="1.31.0", onnxruntime_gpu="1.30.0")
    give_gpu(monkeypatch, ("H200", 143771, 143000))
    check = checks()["onnxruntime"]
    assert check.state == "optional"
    assert "onnxruntime 1.31.0, onnxruntime-gpu 1.30.0 overwrite each other" in check.detail
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in check.remedy
    assert "--no-deps onnxruntime-gpu" in check.remedy


def test_torch_for_the_cpu_beside_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, torch="2.13.0+cpu", torchvision="0.25.0")
    monkeypatch.setattr(reference, "_cuda", lambda: "")
    give_gpu(monkeypatch, ("RTX 2060", 5900, 5000))
    found = checks()
    assert found["torch"].state == "optional"
    assert "built for the CPU, and there is a GPU" in found["torch"].detail
    assert "pip uninstall torchvision" in found["torchvision"].remedy
    assert found["gpu"].state == "optional"
    assert "It needs 6 GiB" in found["gpu"].remedy


def test_the_driver_is_asked_for_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771, 143000'\necho 'Tesla T4, 15360, 12'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert machine.gpus() == (("NVIDIA H200", 143771, 143000), ("Tesla T4", 15360, 12))
    machine.gpus.cache_clear()
    tool.write_text("#!/bin/sh\necho 'No devices were found'; exit 6\n")
    assert machine.gpus() == ()


def test_the_packages_are_those_of_the_extra() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    extras = tomllib.loads(project.read_text())["project"]["optional-dependencies"]["reference"]
    wanted = {requirement.split(">")[0].split(";")[0].strip() for requirement in extras}
    assert set(reference.PACKAGES) <= wanted
    assert set(reference.RUNTIMES) & wanted


def test_doctor_loads_nothing_heavy() -> None:
    heavy = ("torch", "diffusers", "transformers", "onnxruntime", "onnx", "cv2", "mediapipe")
    code = f"""
import sys
from mien.doctor import examine
examine()
print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
