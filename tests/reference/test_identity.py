from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pytest

from mien._types import AnyArray
from mien.errors import MissingDependencyError, NoFaceError, WeightsError
from mien.model.shot import Shot
from mien.rendering.plates import ReaderPlates
from mien.rendering.reference.identity import (
    CANDIDATES,
    TEMPLATE,
    ArcFace,
    align_face,
    crop_face,
    five_points,
    identity_of,
)
from tests.small_models import make_arcface

DETECTOR = 256
STRIDES = (8, 16, 32)


def cosine(a: AnyArray, b: AnyArray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


class Known(ArcFace):
    """Embeddings that are made up: one direction, but for those of some calls."""

    def __init__(self, odd: tuple[int, ...] = ()) -> None:
        self.calls = 0
        self._odd = odd
        self._random = np.random.default_rng(0)
        self.direction = self._random.standard_normal(512)

    def embed(self, picture: AnyArray, landmarks: AnyArray) -> AnyArray:
        noise = self._random.standard_normal(512)
        odd = self.calls in self._odd
        self.calls += 1
        return (-self.direction if odd else self.direction + 0.2 * noise).astype(np.float32)


def make_scrfd(path: Path, box: AnyArray, points: AnyArray) -> Path:
    """A detector that always sees one face, at a box (4,) and points (5, 2) of 256 pixels."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    columns, stride = DETECTOR // STRIDES[-1], STRIDES[-1]
    centre = np.rint((box[:2] + box[2:]) / 2 / stride).astype(int)
    row = (centre[1] * columns + centre[0]) * 2
    middle = centre * stride
    distances = np.concatenate([middle - box[:2], box[2:] - middle]) / stride
    seen = {"score": [0.9], "box": distances, "points": ((points - middle) / stride).ravel()}
    nodes, outputs = [], []
    for name, values in seen.items():
        for step in STRIDES:
            table = np.zeros(((DETECTOR // step) ** 2 * 2, len(values)), dtype=np.float32)
            if step == stride:
                table[row] = values
            tensor = numpy_helper.from_array(table)
            nodes.append(helper.make_node("Constant", [], [f"{name}{step}"], value=tensor))
            outputs.append(
                helper.make_tensor_value_info(f"{name}{step}", TensorProto.FLOAT, table.shape)
            )
    shape = [1, 3, "height", "width"]
    picture = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "scrfd", [picture], outputs)
    save_model(
        helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)]), path
    )
    return path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with a small ArcFace and nothing else."""
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    folder = tmp_path / "arcface-antelopev2"
    make_arcface(folder / "arcface.onnx")
    return folder


def landmarks_at(points: AnyArray) -> AnyArray:
    """Landmarks (478, 2) all of which lie among five points, those that matter on them."""
    landmarks = np.tile(points.mean(axis=0), (478, 1))
    landmarks[[468, 473, 1, 61, 291]] = points
    landmarks[4] = points[2]
    return landmarks.astype(np.float32)


def test_alignment_and_embedding_are_insightface_s(installed: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of scikit-image, as insightface calls it
        from insightface.model_zoo.arcface_onnx import ArcFaceONNX
        from insightface.utils import face_align

        np.testing.assert_array_equal(TEMPLATE.astype(np.float32), face_align.arcface_dst)
        random = np.random.default_rng(4)
        picture = random.integers(0, 256, (300, 400, 3), dtype=np.uint8)
        turn = np.exp(0.4j) * 1.7
        points = (TEMPLATE @ [1, 1j]) * turn + 150 + 20j
        seen = np.stack([points.real, points.imag], axis=1) + random.normal(0, 1, (5, 2))
        aligned = align_face(picture, seen.astype(np.float32))
        theirs = face_align.norm_crop(picture, seen.astype(np.float32))
    apart = np.abs(aligned.astype(int) - theirs.astype(int))
    # Their template is float32, and OpenCV rounds places to 1/32 pixel: a few fall on another.
    assert (apart == 0).mean() > 0.998
    assert apart.max() <= 16
    arcface = ArcFace.load()
    reference = ArcFaceONNX(str(installed / "arcface.onnx"))
    expected = reference.get_feat(np.ascontiguousarray(aligned[..., ::-1]))[0]  # takes B'G'R'
    np.testing.assert_allclose(arcface.embed_aligned(aligned), expected, rtol=0, atol=1e-5)
    assert np.linalg.norm(expected) != pytest.approx(1, abs=0.1)


def test_the_detector_is_followed_where_it_sees_this_face(installed: Path) -> None:
    pytest.importorskip("insightface")
    points = TEMPLATE + 60
    box = np.array([90.0, 90, 145, 175])
    make_scrfd(installed / "scrfd_10g_bnkps.onnx", box, points + 3)
    arcface = ArcFace.load()
    picture = np.zeros((DETECTOR, DETECTOR, 3), dtype=np.uint8)
    np.testing.assert_allclose(arcface.points(picture, landmarks_at(points)), points + 3, atol=0.01)
    elsewhere = landmarks_at(points - 50)
    np.testing.assert_array_equal(arcface.points(picture, elsewhere), five_points(elsewhere))
    # A picture of half the size is scaled to the detector's.
    small = np.zeros((DETECTOR // 2, DETECTOR // 2, 3), dtype=np.uint8)
    found = arcface.points(small, landmarks_at(points / 2))
    np.testing.assert_allclose(found, (points + 3) / 2, atol=0.01)


def test_files_that_are_not_arcface_s(installed: Path) -> None:
    file = installed / "arcface.onnx"
    for unlike in ({"size": 224}, {"features": 128}):
        make_arcface(file, **unlike)
        with pytest.raises(WeightsError, match=r"arcface\.onnx"):
            ArcFace.load()
    whole = make_arcface(file).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"\x80\x04K\x01."):
        file.write_bytes(content)
        with pytest.raises(WeightsError, match=r"arcface\.onnx"):
            ArcFace.load()
    file.unlink()
    with pytest.raises(MissingDependencyError, match=r"arcface\.onnx"):
        ArcFace.load()


@pytest.mark.shared
@pytest.mark.slow
def test_one_identity_of_a_shot(turning: Shot, turning_plates: ReaderPlates, models: Path) -> None:
    face = turning.faces[0]
    told: list[tuple[int, int]] = []
    arcface = ArcFace.load()
    found = identity_of(
        arcface, face, turning, turning_plates, lambda _, done, total: told.append((done, total))
    )
    assert found.shape == (512,)
    assert np.isfinite(found).all()
    assert told[-1] == (CANDIDATES, CANDIDATES)
    np.testing.assert_array_equal(identity_of(ArcFace.load(), face, turning, turning_plates), found)


@pytest.mark.shared
@pytest.mark.slow
def test_odd_frames_do_not_count(turning: Shot, turning_plates: ReaderPlates) -> None:
    face = turning.faces[0]
    whole, spoilt = Known(), Known(odd=(1, 6))
    clean = identity_of(whole, face, turning, turning_plates)
    assert whole.calls == 8
    found = identity_of(spoilt, face, turning, turning_plates)
    assert cosine(clean, whole.direction) > 0.99
    assert cosine(found, spoilt.direction) > 0.99
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(clean), rel=0.02)


@pytest.mark.shared
@pytest.mark.slow
def test_one_frame_is_enough_and_none_is_an_error(
    turning: Shot, turning_plates: ReaderPlates
) -> None:
    face = turning.faces[0]
    once = np.zeros_like(face.confidence)
    once[3] = face.confidence[3]
    single = Known()
    seen_once = dataclasses.replace(face, confidence=once)
    assert identity_of(single, seen_once, turning, turning_plates).shape == (512,)
    assert single.calls == 1
    never = dataclasses.replace(face, confidence=np.zeros_like(once))
    with pytest.raises(NoFaceError, match="face 1"):
        identity_of(single, never, turning, turning_plates)


@pytest.mark.shared
@pytest.mark.slow
def test_tracked_points_lie_on_the_template(turning: Shot, turning_plates: ReaderPlates) -> None:
    face = turning.faces[0]
    frame = int(np.argmax(face.curves.pose.rotation[:, 2, 2] * face.valid))
    crop = crop_face(turning_plates.plate(frame), turning.media.orientation, face.landmarks[frame])
    points = five_points(crop.landmarks)
    seen, wanted = points @ np.array([1, 1j]), TEMPLATE @ np.array([1, 1j])
    about = np.polyfit(seen, wanted, 1)
    assert np.abs(np.polyval(about, seen) - wanted).max() < 6
    grey = align_face(crop.picture, points).mean(axis=-1)
    eyes, cheeks = grey[47:56, 32:80].mean(), grey[60:75, 32:80].mean()
    assert eyes < cheeks - 8


@pytest.mark.shared
@pytest.mark.slow
def test_a_recognition_network_knows_the_person(
    turning: Shot, turning_plates: ReaderPlates, shared: Path
) -> None:
    from mien.weights.sessions import open_session

    recogniser = ArcFace(open_session(shared / "models" / "mobilefacenet_int8.onnx"))
    face = turning.faces[0]
    found = identity_of(recogniser, face, turning, turning_plates)
    for frame in np.flatnonzero(face.valid)[::6]:
        crop = crop_face(
            turning_plates.plate(int(frame)), turning.media.orientation, face.landmarks[frame]
        )
        assert cosine(recogniser.embed(crop.picture, crop.landmarks), found) > 0.4
