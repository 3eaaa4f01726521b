from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien._types import AnyArray
from mien.errors import MissingDependencyError, UsageError, WeightsError
from mien.face import smirk_onnx
from mien.face.smirk import Runtime, Smirk, crop, crop_for, read_shot
from mien.media.planes import Plate
from mien.model.media import Orientation
from mien.model.settings import Colour
from mien.model.shot import Shot
from mien.rendering.plates import ReaderPlates

EXACT = 1e-4
"""What the published results are reproduced to; 1.5e-5 is what comes out."""


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def published(shared: Path) -> dict[str, AnyArray]:
    with np.load(shared / "fixtures" / "smirk" / "outputs.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture
def checkpoint(models: Path) -> Path:
    return models / "smirk" / "SMIRK_em1.pt"


def crops_of(published: dict[str, AnyArray]) -> AnyArray:
    return np.ascontiguousarray(published["x"].transpose(0, 2, 3, 1))


def expected(published: dict[str, AnyArray]) -> AnyArray:
    parts = ("expression_params", "eyelid_params", "jaw_params")
    return np.concatenate([published[part] for part in parts], axis=1)


@pytest.mark.shared
def test_every_part_of_the_network(published: dict[str, AnyArray], checkpoint: Path) -> None:
    import torch

    from mien.face.smirk_network import load_network

    network = load_network(checkpoint)
    pictures = torch.from_numpy(published["x"])
    encoder = network.expression_encoder.encoder
    with torch.inference_mode():
        stages = encoder.stages(pictures)
        found = {
            "feat4_pooled": encoder(pictures),
            "expression_raw55": network.expression_encoder(pictures),
            "shape_params": network.shape_encoder(pictures),
            "pose_params": network.pose_encoder(pictures)[:, :3],
            "cam": network.pose_encoder(pictures)[:, 3:],
        }
    for name, values in found.items():
        np.testing.assert_allclose(values, published[name], rtol=0, atol=EXACT, err_msg=name)
    for number, stage in enumerate((0, 1, 2, 4, 6)):
        assert tuple(stages[stage].shape) == tuple(published[f"feat{number}_shape"])
        sums = stages[stage].double().sum((1, 2, 3)).numpy()
        np.testing.assert_allclose(sums, published[f"feat{number}_sum"], rtol=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_coefficients_and_their_limits(
    published: dict[str, AnyArray], models: Path, runtime: Runtime
) -> None:
    found = Smirk.load(runtime=runtime).coefficients(crops_of(published))
    np.testing.assert_allclose(found, expected(published), rtol=0, atol=EXACT)
    raw = published["expression_raw55"]
    assert (np.abs(raw - found).max(axis=0)[[50, 52, 53]] > 0.1).all()  # limits were at work


@pytest.mark.shared
@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_crop_of_a_picture_in_both_colour_orders(
    published: dict[str, AnyArray], shared: Path, models: Path, runtime: Runtime
) -> None:
    picture = cv2.imread(str(shared / "fixtures" / "reference" / "src_image.png"))[..., ::-1]
    taken = crop(np.ascontiguousarray(picture), published["pre_landmarks478"])
    np.testing.assert_array_equal(np.rint(taken * 255), published["pre_input_rgb_u8"])
    to_crop = crop_for(published["pre_landmarks478"]).to_crop()
    np.testing.assert_allclose(to_crop, published["pre_tform"], atol=1e-9)
    orders: tuple[tuple[Colour, str], ...] = (
        ("rgb", "pre_expression_rgb"),
        ("bgr", "pre_expression_as_fed"),
    )
    for colour, name in orders:
        found = Smirk.load(colour=colour, runtime=runtime).coefficients(taken[None])
        np.testing.assert_allclose(found, published[name], rtol=0, atol=EXACT, err_msg=name)


def test_a_row_does_not_depend_on_its_batch(models: Path) -> None:
    crops = np.random.default_rng(1).random((11, 224, 224, 3), dtype=np.float32)
    smirk, torch = Smirk.load(), Smirk.load(runtime="torch")
    together = smirk.coefficients(crops)
    apart = [smirk.coefficients(crops[i : i + 1]) for i in range(len(crops))]
    np.testing.assert_array_equal(together, np.concatenate(apart))
    np.testing.assert_array_equal(together[::-1], smirk.coefficients(crops[::-1]))
    np.testing.assert_allclose(torch.coefficients(crops), together, rtol=0, atol=EXACT)
    assert smirk.coefficients(crops[:0]).shape == (0, 55)


def test_a_face_at_the_picture_s_edge_is_continued_in_black() -> None:
    white = np.full((100, 120, 3), 255, dtype=np.uint8)
    taken = crop(white, [[90, 20], [150, 80]])
    assert (taken[:, 175:] == 0).all()
    assert (taken[60:160, :100] == 1).all()


def test_plates_are_read_upright_and_large_faces_without_moire() -> None:
    random = np.random.default_rng(2)
    picture = random.integers(0, 256, (180, 240, 3), dtype=np.uint8)
    landmarks = np.array([[60.2, 40.7], [150.9, 140.1]])
    upright = crop(picture, landmarks)
    for turns in range(4):
        coded = np.ascontiguousarray(np.rot90(picture, -turns))
        height, width = coded.shape[:2]
        turned = Orientation(width, height, turns)
        np.testing.assert_array_equal(crop(Plate.from_rgb(coded), landmarks, turned), upright)
    noise = random.integers(0, 256, (2000, 2000, 3), dtype=np.uint8)
    assert crop(noise, [[600, 600], [1400, 1400]]).std() < 0.5 * upright.std()


def test_the_graph_is_made_once(
    models: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crops = np.random.default_rng(3).random((1, 224, 224, 3), dtype=np.float32)
    before = Smirk.load().coefficients(crops)
    (kept,) = (cache / "mien" / "smirk").iterdir()
    kept.write_bytes(b"not a graph")
    np.testing.assert_array_equal(Smirk.load().coefficients(crops), before)
    with monkeypatch.context() as patch:
        patch.setattr(smirk_onnx, "graph_of", None)
        np.testing.assert_array_equal(Smirk.load().coefficients(crops), before)
    (tmp_path / "mien").write_text("a file where the cache's folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    np.testing.assert_array_equal(Smirk.load().coefficients(crops), before)


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_files_that_are_not_smirk_s(checkpoint: Path, tmp_path: Path, runtime: Runtime) -> None:
    import torch

    state = torch.load(checkpoint, weights_only=True)
    name = "smirk_encoder.expression_encoder.expression_layers.0.weight"
    spoilt: dict[str, object] = {
        "short": {k: v for k, v in state.items() if k != name},
        "long": state | {"smirk_encoder.more": torch.zeros(1)},
        "narrow": state | {name: state[name][:50]},
        "grouped": {"smirk_encoder.expression_encoder": dict(state)},
        "pickle": {"smirk_encoder.x": Path("/")},
    }
    for kind, content in spoilt.items():
        path = tmp_path / f"{kind}.pt"
        torch.save(content, path)
        with pytest.raises(WeightsError, match=path.name):
            Smirk.load(checkpoint=path, runtime=runtime)
    cut = tmp_path / "cut.pt"
    cut.write_bytes(checkpoint.read_bytes()[:1_000_000])
    for path in (cut, tmp_path / "nowhere.pt"):
        with pytest.raises(WeightsError, match=path.name):
            Smirk.load(checkpoint=path, runtime=runtime)


def test_refusals(models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="grb"):
        Smirk.load(colour="grb")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="onnx"):
        Smirk.load("cuda", runtime="onnx")
    with pytest.raises(ValueError, match="crops are"):
        Smirk.load().coefficients(np.zeros((1, 3, 224, 224), dtype=np.float32))
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="smirk"):
        Smirk.load()


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, mien.face.smirk, mien.rendering.reference.identity;"
        "print({'torch', 'onnx', 'onnxruntime', 'insightface'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


@pytest.mark.shared
@pytest.mark.slow
def test_a_real_shot(turning: Shot, turning_plates: ReaderPlates, models: Path) -> None:
    face = turning.faces[0]
    smirk = Smirk.load()
    told: list[tuple[int, int]] = []
    found = read_shot(
        smirk, face, turning, turning_plates, lambda _, done, total: told.append((done, total))
    )
    frames = turning.clock.frame_count
    assert found.flame.shape == found.raw.shape == (frames, 55)
    assert found.valid.sum() == face.valid.sum() > frames / 2
    assert told[-1] == (int(found.valid.sum()), int(found.valid.sum()))
    assert np.isfinite(found.flame).all()
    assert ((found.flame[:, 50:52] >= 0) & (found.flame[:, 50:52] <= 1)).all()
    assert np.diff(found.flame, axis=0).std() < np.diff(found.raw, axis=0).std()
    at = int(np.flatnonzero(face.valid)[7])
    alone = crop(turning_plates.plate(at), face.landmarks[at], turning.media.orientation)
    np.testing.assert_array_equal(smirk.coefficients(alone[None])[0], found.raw[at])
    smirk.batch = 5
    again = read_shot(smirk, face, turning, turning_plates)
    np.testing.assert_array_equal(again.flame, found.flame)
    wanted = np.zeros(frames, dtype=np.bool_)
    wanted[at] = True
    part = read_shot(smirk, face, turning, turning_plates, wanted=wanted)
    assert wanted[at] <= part.valid.sum() < found.valid.sum()
    np.testing.assert_array_equal(part.raw[part.valid], found.raw[part.valid])
