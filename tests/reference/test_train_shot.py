"""`mien train-shot` on a real clip with small random weights: it learns, resumes and refuses."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import (
    MienError,
    MissingDependencyError,
    NoFaceError,
    OperationCancelledError,
    OutputError,
    UsageError,
    WeightsError,
    WriteError,
)
from mien.progress import Progress
from mien.rendering.reference.shot_lora import check_shot_lora, read_facts, write_tensors
from mien.training import TrainReport
from tests.waiting import wait_until

SMALL = {
    "steps": 12, "rank": 4, "rate": 1e-2, "resolution": 64, "frames": 12, "held_out": 6, "sheet": 0,
}  # fmt: skip
UNET = "arc2face/arc2face/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def project(talk_360p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen frames of a real clip, tracked."""
    folder = tmp_path_factory.mktemp("shot")
    mien.render(talk_360p, folder / "shot.mp4", frames="0:16", progress=False)
    mien.save_project(mien.track(folder / "shot.mp4", progress=False), folder / "shot.mien")
    return folder / "shot.mien"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small only lose time to a second thread, most of all on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def installed(small_models: Path) -> Path:
    """The small models, installed for all tests here."""
    return small_models


@pytest.fixture(autouse=True)
def _installed(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(installed))


def train(
    project: Path, output: Path, progress: bool | Progress = False, **changes: Any
) -> TrainReport:
    settings = mien.TrainSettings(**SMALL | changes)
    return mien.train_shot(project, output, settings=settings, progress=progress)


@pytest.fixture(scope="module")
def undisturbed(
    project: Path, installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainReport]:
    """A training, its LoRA and its report."""
    path = tmp_path_factory.mktemp("lora") / "lora.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_MODELS", str(installed))
        return path, train(project, path, sheet=1)


def stop_at(stage: str, step: int, error: BaseException) -> Callable[[str, int, int], None]:
    def told(now: str, done: int, total: int) -> None:
        if now == stage and done == step:
            raise error

    return told


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
def test_held_out_frames_lose_less(undisturbed: tuple[Path, TrainReport]) -> None:
    path, report = undisturbed
    assert (report.steps, report.resumed, report.frames, report.held_out) == (12, 0, 10, 2)
    assert report.loss_after < 0.9 * report.loss_before
    assert names(path.parent) == ["lora.loss.png", "lora.safetensors", "lora.sheet.png"]
    for picture in (report.loss_plot, report.sheet):
        assert cv2.imread(str(picture)).std() > 10
    facts = read_facts(path)
    assert facts["settings"]["rank"] == 4
    assert facts["held_out_loss"]["after"] == report.loss_after
    assert json.dumps(report.to_dict())


@pytest.mark.slow
def test_the_renderer_uses_it(undisturbed: tuple[Path, TrainReport], installed: Path) -> None:
    import torch

    from mien.rendering.reference.denoise import Denoise, draw
    from mien.rendering.reference.engine import Engine

    def drawn(engine: Engine, scale: float = 1.0) -> torch.Tensor:
        prompt = engine.prompt(np.linspace(-1, 1, 512))
        request = Denoise(prompt=prompt, noise=draw(0, 1, 4, 8, 8), steps=2, shot_scale=scale)
        return engine.denoise(request)

    plain, taught = Engine.load(), Engine.load(shot_lora=undisturbed[0])
    assert torch.equal(drawn(plain), drawn(taught, 0.0))
    assert not torch.allclose(drawn(plain), drawn(taught), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "stop"),
    [
        ("train", KeyboardInterrupt()),
        ("train", OperationCancelledError()),
        ("sheet", KeyboardInterrupt()),
    ],
    ids=["Ctrl-C", "callback", "Ctrl-C-sheet"],
)
def test_stopped_it_goes_on(
    project: Path,
    undisturbed: tuple[Path, TrainReport],
    tmp_path: Path,
    stage: str,
    stop: BaseException,
) -> None:
    path = tmp_path / "lora.safetensors"
    step, done = (7, 5) if stage == "train" else (0, 12)
    with pytest.raises(OperationCancelledError, match="the same command goes on") as caught:
        train(project, path, stop_at(stage, step, stop), sheet=1)
    assert str(tmp_path) in caught.value.remedy
    assert not path.exists()
    report = train(project, path)
    assert report.resumed == done
    assert path.read_bytes() == undisturbed[0].read_bytes()
    assert names(tmp_path) == ["lora.loss.png", "lora.safetensors"]


@pytest.mark.slow
def test_killed_it_goes_on(
    project: Path, undisturbed: tuple[Path, TrainReport], tmp_path: Path
) -> None:
    path = tmp_path / "lora.safetensors"
    options = [
        text for name, value in SMALL.items() for text in (f"--{name.replace('_', '-')}", value)
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "mien", "train-shot", project, "-o", path, *map(str, options)],
        stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    state = tmp_path / ".lora.safetensors.resume" / "training.safetensors"
    wait_until(state.exists, "a kept step", process=process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not path.exists()
    report = train(project, path)
    assert 0 < report.resumed <= 12
    assert not report.remembered
    assert path.read_bytes() == undisturbed[0].read_bytes()


@pytest.mark.slow
def test_the_project_renders_with_it(project: Path, tmp_path: Path) -> None:
    """When it lies in the project's folder: a project leads nobody elsewhere."""
    shutil.copy(project.with_name("shot.mp4"), tmp_path)
    moved = Path(shutil.copy(project, tmp_path))
    (tmp_path / "loras").mkdir()
    path = tmp_path / "loras" / "lora.safetensors"
    assert train(moved, path, steps=1).remembered
    (tmp_path / "elsewhere").mkdir()
    for name in ("shot.mp4", "shot.mien", "loras"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere")
    settings = mien.load_project(tmp_path / "elsewhere" / "shot.mien").settings["reference"]
    assert settings["shot_lora"] == str(tmp_path / "elsewhere" / "loras" / "lora.safetensors")


@pytest.mark.slow
def test_stopped_at_once_it_leaves_nothing(project: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(project, tmp_path / "lora.safetensors", stop_at("train", 2, KeyboardInterrupt()))
    assert names(tmp_path) == []


@pytest.mark.slow
def test_other_settings_begin_anew(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "lora.safetensors"
    stop = stop_at("train", 6, KeyboardInterrupt())
    with pytest.raises(OperationCancelledError):
        train(project, path, stop)
    with pytest.raises(OperationCancelledError):
        train(project, path, stop, seed=1)
    state = tmp_path / ".lora.safetensors.resume" / "training.safetensors"
    facts = read_facts(state)
    state.write_bytes(state.read_bytes()[:-100])
    assert train(project, path, seed=1).resumed == 0
    assert len(facts["losses"]) == 5
    assert names(tmp_path) == ["lora.loss.png", "lora.safetensors"]


@pytest.mark.slow
@pytest.mark.parametrize("value", [1.0, float("nan")], ids=["still", "lost"])
def test_nothing_learned(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    """A loss that stays, or is no number: said, and not gone on from."""
    import torch

    from mien.rendering.reference.train.denoiser import Student

    def losses(self: Student, batch: object) -> torch.Tensor:
        weight = next(iter(self.parameters.values()))
        return value + 0 * weight.sum()[None]

    monkeypatch.setattr(Student, "losses", losses)
    with pytest.raises(MienError, match="--rate") as caught:
        train(project, tmp_path / "lora.safetensors", steps=2)
    assert "goes on" not in caught.value.remedy
    assert names(tmp_path) == []


@pytest.mark.slow
def test_a_full_disk(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mien.media.atomic_write.sync", full)
    with pytest.raises(WriteError, match="disk is full"):
        train(project, tmp_path / "lora.safetensors", steps=2)
    assert names(tmp_path) == []


# --- refused before any work --------------------------------------------------------------


def test_bad_settings() -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"steps": 0}, {"rank": 0}, {"rate": float("nan")}, {"batch": 1000}, {"steps": 2.5},
        {"seed": "x"}, {"colour": "yuv"},
    )  # fmt: skip
    for each in wrong:
        with pytest.raises(UsageError, match=next(iter(each))):
            mien.TrainSettings(**each)
    with pytest.raises(UsageError, match="multiple of 64"):
        mien.TrainSettings(resolution=500)


def test_every_setting_has_an_option() -> None:
    from mien.cli.train import train_shot

    names = {setting.name for setting in dataclasses.fields(mien.TrainSettings)}
    assert names <= set(inspect.signature(train_shot).parameters)


def test_bad_outputs_and_faces(project: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no name of a LoRA"):
        train(project, tmp_path / "lora.bin")
    (tmp_path / "lora.loss.png").touch()
    with pytest.raises(OutputError, match=r"lora\.loss\.png exists already"):
        train(project, tmp_path / "lora.safetensors")
    with pytest.raises(NoFaceError, match="no face 7"):
        mien.train_shot(project, tmp_path / "other.safetensors", face=7)
    with pytest.raises(NoFaceError, match="Track it first"):
        mien.train_shot(mien.open_shot(project.with_name("shot.mp4")), tmp_path / "x.safetensors")
    assert names(tmp_path) == ["lora.loss.png"]


def test_exit_codes(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = str(tmp_path / "lora.safetensors")
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    for code, arguments in (
        (2, [str(project), "-o", out, "--rank", "0"]),
        (2, [str(project), "-o", out, "--colour", "blue"]),
        (3, [str(tmp_path / "gone.mien"), "-o", out]),
        (5, [str(project), "-o", out, "--json"]),
    ):
        assert run(["train-shot", *arguments]) == code
        said = capsys.readouterr()
        assert said.err.startswith("mien: error: ")
        assert said.err.count("\n") == 1
    assert json.loads(said.out)["error"]["code"] == "missing-part"


def test_missing_models(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path / "models"))
    with pytest.raises(MissingDependencyError, match="mien models"):
        train(project, tmp_path / "lora.safetensors")
    assert names(tmp_path) == []


def test_a_missing_extra(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"mien\[reference\]"):
        train(project, tmp_path / "lora.safetensors")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"mien\[reference\]"):
        train(project, tmp_path / "lora.safetensors")


def test_a_header_that_begins_like_a_pickle(tmp_path: Path) -> None:
    """The length of a header comes first, and 128, 640, 1152 ... are as good as any other."""
    import torch

    path = tmp_path / "x.safetensors"
    for size in range(200):
        write_tensors(path, {"x": torch.zeros(2)}, {"text": size * "a"})
        assert read_facts(path) == {"text": size * "a"}
        if path.read_bytes()[0] == 0x80:
            return
    pytest.fail("no such header was met")


def test_loras_of_something_else(installed: Path, tmp_path: Path) -> None:
    import torch

    path, unet = tmp_path / "lora.safetensors", installed / UNET
    with pytest.raises(WeightsError, match="no LoRA of a shot"):
        check_shot_lora(unet, unet)
    write_tensors(path, {"x": torch.zeros(2)}, {"format": "shot-lora-1", "base": "another"})
    with pytest.raises(WeightsError, match="another UNet"):
        check_shot_lora(path, unet)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(WeightsError):
        check_shot_lora(path, unet)
