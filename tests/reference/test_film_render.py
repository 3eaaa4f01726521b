"""The reference renderer from end to end with small random weights: noise for a face, but film."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import mien
from mien._types import AnyArray
from mien.cli.main import run
from mien.errors import DeviceMemoryError, OperationCancelledError, RenderError
from mien.media.fingerprint import fingerprint
from mien.media.reader import open_reader
from mien.model.settings import ReferenceSettings
from mien.rendering.base import FacePlan, Patch, RenderRequest
from mien.rendering.reference.denoise import Denoise
from mien.rendering.reference.renderer import ReferenceRenderer
from mien.rendering.reference.session import ReferenceSession
from mien.rendering.reference.shot_lora import FORMAT, write_tensors
from mien.testing.scenes import Scene

pytestmark = pytest.mark.slow

QUICK = ReferenceSettings(
    steps=2, size=64, smoothing=1, anchors=4, guidance=1, approximate=True, strength=1
)
OPTIONS = [
    "--reference-steps", "2", "--reference-size", "64", "--reference-smoothing", "1",
    "--reference-guidance", "1", "--approximate",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _models(small_models: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_MODELS", str(small_models))
        # Networks this small lose more by waiting for each other's threads than they gain.
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def project(tracked_360p: Path) -> Path:
    return tracked_360p


def pictures(path: Path) -> list[AnyArray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sound(path: Path) -> str:
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            digest.update(bytes(packet))
    return digest.hexdigest()


def test_a_shot_through_the_command_line(
    project: Path, talk_360p: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    asked = ["--set", "jawOpen=+0.6@20:24", "--renderer", "reference", "--lossless", "--json"]
    assert run(["render", str(project), "-o", str(output), *asked, *OPTIONS]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["renderer"] == "reference"
    assert 4 <= report["frames_edited"] <= 20
    assert "approximate" in report["notes"][0]
    source = talk_360p
    before, after = pictures(source), pictures(output)
    assert len(before) == len(after)
    assert sound(source) == sound(output)
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert sum(changed) == report["frames_edited"]
    assert changed[21]
    assert changed[22]
    assert not any(changed[:10] + changed[40:])
    where = np.abs(after[22].astype(int) - before[22]).max(axis=2) > 0
    face = mien.load_project(project).shot.faces[0]
    x0, y0, x1, y1 = face.box(22)
    rows, columns = np.nonzero(where)
    margin = 0.35 * (y1 - y0)
    assert x0 - margin < columns.min()
    assert columns.max() < x1 + margin
    assert y0 - margin < rows.min()
    assert rows.max() < y1 + margin
    assert where.mean() > 0.005


def test_a_stopped_render_goes_on_to_the_same_bytes(project: Path, tmp_path: Path) -> None:
    loaded = mien.load_project(project)
    edit = mien.Edit(loaded.shot.faces[0])
    edit = edit.key("jawOpen", 20, 0.5).key("jawOpen", 27, 0.5).key("jawOpen", 28, 0.0)
    edit = edit.key("jawOpen", 19, 0.0)

    def render(
        path: Path, progress: bool | Callable[[str, int, int], None] = False
    ) -> mien.RenderReport:
        return mien.render(
            loaded, path, edits=[edit], renderer="reference", settings=QUICK, frames="16:32",
            lossless=True, progress=progress,
        )  # fmt: skip

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "render" and done == 9:
            raise KeyboardInterrupt

    whole = render(tmp_path / "whole.mkv")
    with pytest.raises((OperationCancelledError, KeyboardInterrupt)):
        render(tmp_path / "stopped.mkv", stop)
    again = render(tmp_path / "stopped.mkv")
    assert whole.frames_resumed == 0
    assert again.frames_resumed >= 3
    for a, b in zip(pictures(tmp_path / "whole.mkv"), pictures(tmp_path / "stopped.mkv"),
                    strict=True):  # fmt: skip
        assert np.array_equal(a, b)


def test_a_part_of_a_shot_is_the_same_as_in_the_whole(project: Path, tmp_path: Path) -> None:
    loaded = mien.load_project(project)
    edit = mien.Edit(loaded.shot.faces[0]).key("jawOpen", 0, 0.5)
    for name, frames in (("both", "20:24"), ("late", "22:24")):
        mien.render(
            loaded, tmp_path / f"{name}.mkv", edits=[edit], renderer="reference", settings=QUICK,
            frames=frames, lossless=True, progress=False,
        )  # fmt: skip
    both, late = pictures(tmp_path / "both.mkv"), pictures(tmp_path / "late.mkv")
    assert all(np.array_equal(a, b) for a, b in zip(both[2:], late, strict=True))


@pytest.fixture
def long_scene() -> Scene:
    return Scene(frames=32)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_no_work_is_done_twice(long_scene: Scene, guidance: float) -> None:
    """Passes of 32 frames: steps times one row, or two with guidance, and one reference pass."""
    settings = ReferenceSettings(
        steps=2, guidance=guidance, size=64, anchors=16, smoothing=6, approximate=True, strength=1
    )
    plan = long_scene.plan(jawOpen=0.6)
    with ReferenceRenderer(settings).open(long_scene.shot, long_scene) as session:
        session.prepare([plan])
        counts = session.regenerator.engine.counts
        for frame in range(32):
            assert session.render(RenderRequest(plan, frame, long_scene.plate(frame))) is not None
    rows = 2 if guidance > 1 else 1
    assert counts.unet_rows == 32 * settings.steps * rows
    assert counts.reference_rows == 32
    assert counts.vae_encodes == 32
    assert counts.vae_decodes == 32
    assert counts.prompts == 1


def rgb_of(patch: Patch | None) -> AnyArray:
    assert patch is not None
    return patch.rgb


def opened(scene: Scene, plan: FacePlan, **changes: Any) -> ReferenceSession:
    renderer = ReferenceRenderer(dataclasses.replace(QUICK, **changes))
    session = renderer.open(scene.shot, scene)
    session.prepare([plan])
    return session


def test_out_of_memory_in_the_middle_of_a_shot(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.6)
    session = opened(scene, plan, batch=4)
    denoise = session.regenerator.engine.denoise

    def short_of_memory(request: Denoise) -> Tensor:
        if len(request.noise) > 1:
            raise DeviceMemoryError("It does not fit.", frames=len(request.noise))
        return denoise(request)

    monkeypatch.setattr(session.regenerator.engine, "denoise", short_of_memory)
    with session:
        assert session.render(RenderRequest(plan, 1, scene.plate(1))) is not None
    assert [note for note in session.notes if "1 frames at a time" in note]

    def no_memory(request: Denoise) -> Tensor:
        raise DeviceMemoryError("It does not fit.", frames=1)

    session = opened(scene, plan)
    monkeypatch.setattr(session.regenerator.engine, "denoise", no_memory)
    with session, pytest.raises(RenderError, match="a single frame"):
        session.render(RenderRequest(plan, 1, scene.plate(1)))


def test_no_number_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.6)
    session = opened(scene, plan)
    engine, failures = session.regenerator.engine, [True, False, False, False, False]
    decode = engine.decode

    def sometimes(latents: Tensor) -> AnyArray:
        return decode(latents) * (np.nan if failures.pop(0) else 1)

    monkeypatch.setattr(engine, "decode", sometimes)
    with session:
        patch = session.render(RenderRequest(plan, 1, scene.plate(1)))
    assert patch is not None
    assert np.isfinite(patch.rgb).all()
    assert [note for note in session.notes if "made again" in note]
    session = opened(scene, plan)
    monkeypatch.setattr(
        session.regenerator.engine, "decode", lambda x: np.full((len(x), 64, 64, 3), np.nan)
    )
    with session, pytest.raises(RenderError, match=r"Frame \d cannot be regenerated"):
        session.render(RenderRequest(plan, 1, scene.plate(1)))


def test_coefficients_that_replace_the_performance() -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.6)
    given = np.full((Scene.frames, 55), 0.1, np.float32)
    replaced = FacePlan(plan.face, plan.evaluated, given)
    renderer = ReferenceRenderer(QUICK)
    assert renderer.cache_key(scene.shot, plan) != renderer.cache_key(scene.shot, replaced)
    patches = []
    for each in (plan, replaced):
        with renderer.open(scene.shot, scene) as session:
            session.prepare([each])
            patches.append(session.render(RenderRequest(each, 1, scene.plate(1))))
    assert not np.array_equal(rgb_of(patches[0]), rgb_of(patches[1]))


def test_a_still_face_stays_still(project: Path, tmp_path: Path, small_models: Path) -> None:
    """A real face that does not move, under grain of two code values, tracked as any film is.

    Successive frames differ by no more than 1.1 times what those of the plate do.
    """
    with open_reader(mien.load_project(project).shot.media) as reader:
        still = reader.frame(5).plate().rgb() * 255
    random = np.random.default_rng(1)
    with av.open(str(tmp_path / "still.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = still.shape[:2]
        stream.pix_fmt = "bgr0"
        for _ in range(20):
            grain = random.standard_normal(still.shape).astype(np.float32)
            grain = cv2.GaussianBlur(grain, (0, 0), 0.7)
            noisy = np.clip(np.rint(still + 2 / grain.std() * grain), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(noisy, format="rgb24").reformat(format="bgr0")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    shot = mien.track(tmp_path / "still.mkv", progress=False)
    edit = mien.Edit(shot.faces[0]).key("jawOpen", 0, 0.5).key("mouthSmile", 0, 0.6)
    settings = ReferenceSettings(steps=3, guidance=3.0, size=128, approximate=True)
    mien.render(
        shot, tmp_path / "out.mkv", edits=[edit], renderer="reference", settings=settings,
        lossless=True, progress=False,
    )  # fmt: skip
    before = np.stack(pictures(tmp_path / "still.mkv")).astype(np.float32)
    after = np.stack(pictures(tmp_path / "out.mkv")).astype(np.float32)
    changed = (before != after).any(axis=(0, 3))
    regenerated = np.abs(after - before).mean(axis=(0, 3)) > 40
    assert regenerated.sum() > 500
    for where in (changed, regenerated):
        own = np.abs(np.diff(before, axis=0))[:, where].mean()
        assert np.abs(np.diff(after, axis=0))[:, where].mean() < 1.1 * own


@pytest.mark.parametrize(
    "changes",
    [
        {"latent_smoothing": 2, "strength": 0.5},
        {"batch": 3, "anchors": 2, "strength": 0.0},
        {"reference_scale": 0.0},
    ],
    ids=str,
)
def test_any_order_gives_the_same(changes: dict[str, float]) -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.2)

    def rendered(order: list[int]) -> dict[int, AnyArray]:
        session = opened(scene, plan, **changes)
        with session:
            return {
                i: rgb_of(session.render(RenderRequest(plan, i, scene.plate(i)))) for i in order
            }

    there, back = rendered([0, 1, 2, 3]), rendered([3, 0, 2])
    assert all(np.array_equal(there[i], picture) for i, picture in back.items())


def test_only_what_this_run_makes_is_foretold(
    long_scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Frames asked for, those they are steadied by, and nothing for what is finished."""
    plan = long_scene.plan(jawOpen=0.6)
    settings = dataclasses.replace(QUICK, smoothing=2)
    with ReferenceRenderer(settings).open(long_scene.shot, long_scene) as session:
        session.prepare([plan])
        assert not caplog.messages
        session.prepare_frames([])
        assert not caplog.messages
        session.prepare_frames([20, 21])
        assert "the 6 frames to be regenerated about" in caplog.messages[-1]
        counts = session.regenerator.engine.counts
        for frame in (20, 21):
            session.render(RenderRequest(plan, frame, long_scene.plate(frame)))
        assert counts.vae_decodes <= 6
    gaze = long_scene.plan(gazeYawLeft=0.5)
    before = len(caplog.messages)
    with ReferenceRenderer(settings).open(long_scene.shot, long_scene) as session:
        session.prepare([gaze])
        session.prepare_frames(range(32))
    assert len(caplog.messages) == before, "a look costs no pass"


def test_another_performance_end_to_end(
    project: Path, complete_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coefficients of the face's own, but with the jaw open: the chin comes down, and no else."""
    monkeypatch.setenv("MIEN_MODELS", str(complete_models))
    loaded = mien.load_project(project)
    given = mien.fit_flame(loaded.shot, basis="flame2020")[0].flame.copy()
    given[:, 52] += 0.25
    report = mien.render(
        loaded, tmp_path / "out.mkv", performances={1: given}, renderer="reference",
        settings=QUICK, frames="20:23", lossless=True, progress=False,
    )  # fmt: skip
    assert report.faces == (1,)
    assert report.frames_edited == 3
    before = pictures(loaded.shot.media.path)[20:23]
    after = pictures(tmp_path / "out.mkv")
    where = np.abs(np.stack(after).astype(int) - np.stack(before)).max(axis=(0, 3)) > 0
    x0, y0, x1, y1 = loaded.shot.faces[0].box(21)
    assert where.mean() > 0.01
    margin = 0.4 * (y1 - y0)
    rows, columns = np.nonzero(where)
    assert y0 - margin < rows.min() < rows.max() < y1 + margin
    assert x0 - margin < columns.min() < columns.max() < x1 + margin


def test_auto_says_when_it_passes_the_settings_by(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--set", "jawOpen=+0.3@20:21", "--frames", "20:21", "--tier", "preview"]
    assert run(["render", str(project), "-o", str(tmp_path / "out.mkv"), *asked]) == 0
    assert "auto chooses warp" in capsys.readouterr().err


def test_a_lora_acts_on_the_face_that_it_learned(small_models: Path, tmp_path: Path) -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.6)
    unet = small_models / "arc2face/arc2face/diffusion_pytorch_model.safetensors"
    layer = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_q"
    height, width = load_file(unet)[f"{layer}.weight"].shape
    pair = {
        f"unet.{layer}.lora.down.weight": torch.ones(1, width),
        f"unet.{layer}.lora.up.weight": torch.ones(height, 1),
    }
    facts = {"format": FORMAT, "base": fingerprint([unet])}
    patches = {}
    for face in (0, 1, 2):
        path = tmp_path / f"{face}.safetensors"
        write_tensors(path, pair, facts | {"face": face, "media_fingerprint": "other"})
        session = opened(scene, plan, shot_lora=str(path) if face else "")
        with session:
            patches[face] = rgb_of(session.render(RenderRequest(plan, 1, scene.plate(1))))
        assert any("other media" in note for note in session.notes) == bool(face)
    assert np.array_equal(patches[2], patches[0]), "trained on another face"
    assert not np.array_equal(patches[1], patches[0])
