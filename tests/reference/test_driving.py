"""What drives the reference renderer, and when it can be had."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MissingDependencyError, UsageError
from mien.face.bridge import flame_change
from mien.media.planes import Plate
from mien.model.controls import INDEX, NAMES
from mien.model.settings import ReferenceSettings
from mien.rendering import devices
from mien.rendering.performance import replace_performance
from mien.rendering.reference.driving import Bridge, Drive, bridge_for
from mien.rendering.reference.engines import Engines, contents_of
from mien.rendering.reference.warped import Warped
from mien.rendering.registry import available_renderers, choose_renderer, get_renderer
from mien.testing.scenes import Scene
from mien.weights.flame_file import write_flame
from mien.weights.record import FileRecord, Record, write_record
from tests.flame_heads import made_head
from tests.small_models import preview_models

APPROXIMATE = ReferenceSettings(approximate=True)


def linked(small_models: Path, folder: Path, *, without: str = "") -> Path:
    for model in small_models.iterdir():
        if model.name != without:
            (folder / model.name).symlink_to(model)
    return folder


def add_head(folder: Path) -> None:
    (folder / "flame2020").mkdir()
    write_flame(made_head(), folder / "flame2020" / "flame.npz")


@pytest.fixture
def complete(small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    add_head(linked(small_models, tmp_path))
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    return tmp_path


@pytest.fixture
def without_smirk(small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    add_head(linked(small_models, tmp_path, without="smirk"))
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    return tmp_path


def test_all_is_there(complete: Path) -> None:
    bridge = bridge_for(False)
    assert bridge.exact
    assert "approximate" not in str(bridge)
    assert get_renderer("reference").name == "reference"
    assert "reference" in available_renderers()


def test_without_a_head(models: Path) -> None:
    for ask in (lambda: bridge_for(False), lambda: get_renderer("reference")):
        with pytest.raises(MissingDependencyError, match=r"flame2020.*flame\.npz"):
            ask()
    with pytest.raises(MissingDependencyError, match="--approximate"):
        get_renderer("reference")
    assert bridge_for(True) == Bridge(smirk=True, head=False)
    assert get_renderer("reference", APPROXIMATE).name == "reference"


def test_without_smirk(without_smirk: Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"SMIRK_em1\.pt"):
        get_renderer("reference")
    assert bridge_for(True) == Bridge(smirk=False, head=True)
    assert "fit to the landmarks" in str(bridge_for(True))
    assert get_renderer("reference", APPROXIMATE).name == "reference"


def test_with_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    for approximate in (False, True):
        with pytest.raises(MissingDependencyError):
            bridge_for(approximate)
        with pytest.raises(MissingDependencyError, match="arc2face"):
            get_renderer("reference", ReferenceSettings(approximate=approximate))


def test_a_previews_models_are_named_at_once(complete: Path) -> None:
    with pytest.raises(MissingDependencyError, match="taesd") as small:
        get_renderer("reference", ReferenceSettings(small_vae=True))
    assert "lcm" not in str(small.value)
    with pytest.raises(MissingDependencyError, match=r"lcm-lora.*taesd") as both:
        get_renderer("reference", ReferenceSettings.preview())
    assert "`mien models fetch lcm-lora-sdv1-5 taesd`" in both.value.remedy
    preview_models(complete)
    assert get_renderer("reference", ReferenceSettings.preview()).name == "reference"


def test_the_key_follows_what_is_in_the_files(complete: Path) -> None:
    """Of models that are used; by the checksum of a file that is as it was installed."""
    settings = ReferenceSettings()
    key = Engines(settings).key
    preview_models(complete)
    assert Engines(settings).key == key
    assert Engines(ReferenceSettings.preview()).key != key
    folder, name = complete / "taesd", "diffusion_pytorch_model.safetensors"
    file, stat = folder / name, (folder / name).stat()
    write_record(folder, Record(files={name: FileRecord(stat.st_size, "abc")}))
    assert (name, stat.st_size, "abc") in contents_of("taesd")
    os.utime(file, ns=(0, 0))
    assert (name, stat.st_size, "abc") in contents_of("taesd"), "copied, not changed"
    later = time.time_ns() + 10**9
    os.utime(file, ns=(later, later))
    assert (name, stat.st_size, str(later)) in contents_of("taesd"), "written since"


@pytest.mark.parametrize("gpu", [True, False])
def test_auto_wants_everything_and_a_gpu(
    complete: Path, monkeypatch: pytest.MonkeyPatch, gpu: bool
) -> None:
    monkeypatch.setattr(devices, "accelerated", lambda: gpu)
    chosen = choose_renderer("auto")
    assert (chosen.renderer.name, chosen.reason) == (
        ("reference", "its models and a GPU are here") if gpu else ("warp", "no GPU")
    )
    (complete / "arc2face").unlink()
    chosen = choose_renderer("auto")
    assert (chosen.renderer.name, chosen.reason) == (
        "warp", "the models of reference are not installed",
    )  # fmt: skip


@pytest.mark.parametrize("how", ["complete", "without_smirk", "models"])
def test_the_edit_is_added_to_the_performance(how: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(how)
    scene = Scene()
    asked, nothing = scene.plan(jawOpen=0.7), scene.plan()
    bridge = bridge_for(approximate=True)
    found = [
        Drive(plan, scene.shot, scene, Warped(plan, scene.shot, scene), bridge, "rgb", "cpu", 1).at(
            range(4)
        )
        for plan in (asked, nothing)
    ]
    assert found[0].shape == (4, 55)
    assert np.isfinite(found[0]).all()
    assert not np.array_equal(found[0], found[1])
    if bridge.head:
        # The jaw opens by a turn about x.
        assert (found[0][:, 52] - found[1][:, 52] > 0.05).all()


@pytest.mark.usefixtures("models")
def test_only_what_is_needed_is_read() -> None:
    class Counting(Scene):
        def __post_init__(self) -> None:
            super().__post_init__()
            self.asked: set[int] = set()

        def plate(self, frame: int) -> Plate:
            self.asked.add(frame)
            return super().plate(frame)

    scene = Counting(frames=60)
    plan = scene.plan(jawOpen=0.7)
    plan.evaluated.delta[:40] = 0
    warped = Warped(plan, scene.shot, scene)
    scene.asked.clear()
    bridge = bridge_for(approximate=True)
    drives = [Drive(plan, scene.shot, scene, warped, bridge, "rgb", "cpu", 1) for _ in range(2)]
    late = drives[0].at([58, 59])
    # What is within a second, and what is read with it.
    assert scene.asked == set(range(32, 60))
    assert np.array_equal(drives[1].at(range(40, 60))[-2:], late)
    assert scene.asked == set(range(60))


def test_another_performance_takes_the_place_of_the_face_s_own(complete: Path) -> None:
    scene = Scene()
    face = scene.faces[0]
    edit = scene.plan(jawOpen=0.5)
    shut = np.zeros((Scene.frames, 55), np.float32)
    wide = np.asarray(flame_change(edit.evaluated.delta, "flame2020"), np.float32)
    plan, both = replace_performance(face, wide), replace_performance(face, shut, edit)
    assert plan.flame is not None
    assert both.flame is not None
    assert np.allclose(plan.flame, both.flame, atol=1e-6)
    assert plan.evaluated.delta[0, INDEX["jawOpen"]] == pytest.approx(0.5, abs=0.25)
    assert not replace_performance(face, shut).evaluated.delta[:, INDEX["gazeYawLeft"]].any()
    # Where the face is not seen the coefficients count as little as their controls.
    weights = np.ones((Scene.frames, len(NAMES)), np.float32)
    weights[1] = 0
    dim = replace_performance(face, wide, weights=weights)
    assert not dim.evaluated.delta[1].any()
    assert (dim.evaluated.delta[0] == plan.evaluated.delta[0]).all()
    assert dim.flame is not None
    assert (dim.flame[0] == plan.flame[0]).all()
    assert np.abs(dim.flame[1]).max() < 0.5 * np.abs(wide[1]).max()
    for wrong in (shut[:2], shut[:, :50], np.full_like(shut, np.nan)):
        with pytest.raises(UsageError, match="55"):
            replace_performance(face, wrong)
