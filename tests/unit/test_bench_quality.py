"""`mien bench quality`: its figures on pictures whose answer is known, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import mien
from mien.bench import FIGURES, NOTHING, QualityOptions, measure_quality, quality_table
from mien.bench.expression import Performed, expression_distance, gaze_distance, pose_distance
from mien.bench.perceptual import Perceptual, open_perceptual
from mien.bench.pictures import SIDE, FaceCrop, grown_face, psnr, ssim
from mien.bench.results import ClipQuality, PairQuality, QualityResult
from mien.cli.main import run
from mien.model.controls import INDEX, NAMES
from tests.unit.test_identity import landmarks_of

Capture = pytest.CaptureFixture[str]
Edited = Callable[..., Path]


def soft_noise(seed: int = 1) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(seed).uniform(0, 255, (480, 640, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 6)
    spread = (blurred - blurred.mean()) / blurred.std()
    return np.asarray(np.clip(110 + 30 * spread, 20, 200), dtype=np.uint8)


def test_a_step_aside_and_a_lamp_are_no_error() -> None:
    plate, points = soft_noise(), landmarks_of({}, {})
    turn = np.array([[0.99, -0.05, 14.0], [0.05, 0.99, -9.0]])
    real = cv2.warpAffine(plate, turn, (640, 480), flags=cv2.INTER_CUBIC)
    real = np.clip(real * np.array([0.8, 1.1, 0.9]) + 12, 0, 255).astype(np.uint8)
    crop = FaceCrop.of(plate, points, real, points @ turn[:, :2].T.astype(np.float32) + turn[:, 2])
    seen, truth = crop.cut(plate), crop.truth(real)
    assert seen.shape == truth.shape == (SIDE, SIDE, 3)
    assert 0.2 < crop.face.mean() < 0.8
    assert psnr(seen, truth, crop.face) > 38
    assert ssim(seen, truth, crop.face) > 0.98
    assert psnr(seen, crop.warped(real), crop.face) < 30
    assert psnr(seen, crop.cut(soft_noise(2)), crop.face) < 20


def test_signal_and_structure_of_known_errors() -> None:
    picture = soft_noise()[:SIDE, :SIDE].astype(np.float32)
    everywhere = np.ones((SIDE, SIDE), np.bool_)
    assert psnr(picture, picture, everywhere) == 100
    assert ssim(picture, picture, everywhere) == pytest.approx(1)
    assert psnr(picture + 5, picture, everywhere) == pytest.approx(20 * np.log10(255 / 5), abs=0.01)
    metrics = pytest.importorskip("skimage.metrics")
    other, weights = soft_noise(2)[:SIDE, :SIDE].astype(np.float32), (0.2126, 0.7152, 0.0722)
    lumas = [(one @ np.array(weights)) / 255 for one in (picture, other)]
    inside = everywhere.copy()
    inside[:8] = inside[-8:] = inside[:, :8] = inside[:, -8:] = False
    _, each = metrics.structural_similarity(
        *lumas, data_range=1.0, gaussian_weights=True, use_sample_covariance=False, full=True
    )
    assert ssim(other, picture, inside) == pytest.approx(each[inside].mean(), abs=1e-4)


def test_the_face_and_half_a_distance_of_the_eyes_around_it_are_no_outside() -> None:
    points = landmarks_of({}, {})
    face = grown_face((480, 640, 3), points)
    x, y = np.rint(points[10]).astype(int)
    apart = float(np.linalg.norm(points[33] - points[263]))
    assert face[y - int(0.4 * apart), x]
    assert not face[y - int(0.7 * apart), x]


def performed(flame: npt.NDArray[np.float32] | None = None, **values: float) -> Performed:
    controls = np.zeros(len(NAMES), np.float32)
    for name, value in values.items():
        controls[INDEX[name]] = value
    return Performed(controls, flame)


def test_distances_of_what_faces_do() -> None:
    still = performed()
    aside = performed(gazeYawLeft=10, gazeYawRight=10, headYaw=3)
    assert gaze_distance(still, aside) == pytest.approx(10, abs=0.01)
    assert pose_distance(still, aside) == pytest.approx(np.radians(1), rel=1e-5)
    assert expression_distance(still, aside) == 0
    half = performed(gazeYawLeft=10, eyeBlinkRight=0.9)
    assert gaze_distance(still, half) == pytest.approx(10, abs=0.01)
    assert gaze_distance(still, performed(eyeBlinkLeft=1, eyeBlinkRight=1)) is None
    assert expression_distance(still, performed(jawOpen=0.43)) == pytest.approx(0.01)
    smirks = [performed(np.full(55, value, np.float32)) for value in (0.0, 0.25)]
    assert expression_distance(*smirks) == 0.25


@pytest.fixture
def lpips_weights(tmp_path: Path) -> tuple[Path, Path]:
    """Weights of LPIPS's shapes, by chance."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    shapes = {"0": (64, 3, 11), "3": (192, 64, 5), "6": (384, 192, 3), "8": (256, 384, 3),
              "10": (256, 256, 3)}  # fmt: skip
    features = {}
    for name, (outputs, inputs, side) in shapes.items():
        features[f"features.{name}.weight"] = torch.randn(outputs, inputs, side, side) * 0.05
        features[f"features.{name}.bias"] = torch.zeros(outputs)
    linear = {
        f"lin{i}.model.1.weight": torch.rand(1, outputs, 1, 1)
        for i, (outputs, _, _) in enumerate(shapes.values())
    }
    paths = tmp_path / "alexnet.pth", tmp_path / "alex.pth"
    for path, state in zip(paths, (features, linear), strict=True):
        torch.save(state, path)
    return paths


def test_a_perceptual_distance_grows_with_what_is_seen(lpips_weights: tuple[Path, Path]) -> None:
    lpips = Perceptual(*lpips_weights)
    picture = soft_noise()[:SIDE, :SIDE].astype(np.float32)
    softer = cv2.GaussianBlur(picture, (0, 0), 4)
    assert lpips.distance(picture, picture) == 0
    assert 0 < lpips.distance(picture, picture + 1) < lpips.distance(picture, softer)
    alexnet, linear = lpips_weights
    with pytest.raises(mien.WeightsError, match="does not hold the weights"):
        Perceptual(linear, alexnet)


def test_a_perceptual_distance_without_weights_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network, how = open_perceptual()
    assert network is None
    assert how.startswith("left out: ")


def result_of(*psnrs: float | None) -> QualityResult:
    clips = []
    for number, value in enumerate(psnrs):
        rows = tuple(
            PairQuality(frame, 30, name, {"psnr": value, "ssim": 0.5}, {"mouth": 0.1})
            for frame in (3, 12)
            for name in (NOTHING, "warp")
        )
        clips.append(
            ClipQuality(f"{number}.mp4", 1, "Ada", 60, 30, rows, (NOTHING, "warp"), {"warp": 1.0})
        )
    return QualityResult(tuple(clips), {"landmarks": "nobody"}, {"x.mp4": "It is lost."})


def test_means_leave_out_what_was_not_measured() -> None:
    result = result_of(20.0, None, 30.0)
    assert result.means()["warp"]["psnr"] == 25
    assert result.means()["warp"]["ssim"] == 0.5
    assert result.means()["warp"]["gaze"] is None
    rows = quality_table(result)
    assert [row[:3] for row in rows[-2:]] == [["mean", "6", NOTHING], ["mean", "6", "warp"]]
    assert rows[-1][3:6] == ["25.0", "0.500", ""]
    assert {len(row) for row in rows} == {3 + len(FIGURES)}
    assert repr(result) == "QualityResult(3 clips, 1 left out)"
    assert repr(result.clips[0]) == "ClipQuality(0.mp4, 2 pairs, nothing, warp)"
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert told["clips"][0]["means"]["warp"]["psnr"] == 20
    assert told["left_out"] == {"x.mp4": "It is lost."}


@pytest.fixture
def variant(tracked_360p: Path, tmp_path: Path) -> Edited:
    """A tracked clip with other faces."""

    def make(change: Callable[[mien.Shot], mien.Shot]) -> Path:
        path = tmp_path / "variant.mien"
        mien.save_project(change(mien.load_project(tracked_360p).shot), path)
        return path

    return make


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"frames": "0:20"}, mien.NothingToDoError, "is too short: 20 frames"),
        ({"cut": "64"}, mien.NothingToDoError, "take A has 64, take B 8"),
        ({"frames": "0:900"}, mien.TimeError, "900"),
        ({"renderers": ("wrap",)}, mien.UsageError, "no renderer named 'wrap'"),
        ({"identity": "facenet"}, mien.UsageError, "no identity model 'facenet'"),
        ({"face": 7}, mien.NoFaceError, "7"),
        ({"landmarker": Path("none.task")}, mien.MediaError, r"no file none\.task"),
        ({"landmarker": Path(__file__)}, mien.WeightsError, "no Face Landmarker"),
    ],
    ids=["short", "cut", "beyond", "renderer", "identity", "face", "no-file", "no-model"],
)
def test_what_cannot_be_measured_is_refused(
    options: dict[str, object], error: type[mien.MienError], said: str, tracked_360p: Path
) -> None:
    with pytest.raises(error, match=said):
        measure_quality([tracked_360p], QualityOptions(**options), progress=False)  # type: ignore[arg-type]


def test_a_clip_without_a_face_is_refused(variant: Edited) -> None:
    path = variant(lambda shot: dataclasses.replace(shot, faces=()))
    with pytest.raises(mien.NoFaceError, match="has no face"):
        measure_quality([path], progress=False)


@pytest.mark.parametrize("tracked", [False, True], ids=["clip", "project"])
def test_where_consent_is_demanded_a_clip_without_is_refused_at_once(
    tracked: bool,
    talk_360p: Path,
    tracked_360p: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[consent]\nrequired = true\n")
    monkeypatch.setenv("MIEN_POLICY", str(policy))

    def never(stage: str, done: int, total: int) -> None:
        raise AssertionError(stage)

    clip = tracked_360p if tracked else talk_360p
    with pytest.raises(mien.ConsentError, match="there is no consent"):
        measure_quality([clip], progress=never)


def test_strips_that_are_there_stay(tracked_360p: Path, tmp_path: Path) -> None:
    (tmp_path / "talk_360p.png").write_bytes(b"mine")
    options = QualityOptions(strips=tmp_path)
    with pytest.raises(mien.OutputError, match=r"talk_360p\.png exists already"):
        measure_quality([tracked_360p], options, progress=False)
    assert (tmp_path / "talk_360p.png").read_bytes() == b"mine"
    options = QualityOptions(strips=tmp_path / "new")
    with pytest.raises(mien.OutputError, match="Two clips"):
        measure_quality([tracked_360p, tracked_360p], options, progress=False)


def test_requests_that_mean_nothing() -> None:
    with pytest.raises(mien.UsageError, match="0 pairs"):
        QualityOptions(pairs=0)
    with pytest.raises(mien.UsageError, match="No renderer"):
        QualityOptions(renderers=())
    with pytest.raises(mien.UsageError, match="No clip"):
        measure_quality([])


def test_the_command_says_what_is_wrong(tracked_360p: Path, capsys: Capture) -> None:
    assert run(["bench", "quality", str(tracked_360p), "--frames", "0:9", "--json"]) == 4
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "nothing-to-do"
    assert run(["bench", "quality"]) == 2


@pytest.mark.slow
def test_a_clip_that_does_nothing_unlike_is_refused(tmp_path: Path) -> None:
    from mien.demo import make_footage

    film = make_footage(tmp_path / "still.mp4", frames=26, size=(320, 180))
    with pytest.raises(mien.NothingToDoError, match="does nothing in take B"):
        measure_quality([film], progress=False)


@pytest.mark.slow
@pytest.mark.shared
def test_an_edit_is_nearer_to_the_truth_than_nothing(
    shared: Path,
    variant: Edited,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy, ledger = tmp_path / "policy.toml", tmp_path / "ledger.jsonl"
    policy.write_text(f'[ledger]\nfile = "{ledger}"\n')
    monkeypatch.setenv("MIEN_POLICY", str(policy))

    def twice(shot: mien.Shot) -> mien.Shot:
        (face,) = shot.faces
        small = dataclasses.replace(face, number=2, name="Twin", landmarks=face.landmarks * 0.5)
        return dataclasses.replace(shot, faces=(face, small))

    film = variant(twice)
    command = ["bench", "quality", str(film), "no.mp4", "--renderer", "warp", "--pairs", "2",
               "-o", str(tmp_path / "strips"), "--json"]  # fmt: skip
    assert run(command) == 1
    told = json.loads(capsys.readouterr().out)
    (clip,) = told["clips"]
    nothing, warp = (clip["means"][name] for name in (NOTHING, "warp"))
    assert "no.mp4" in told["left_out"]
    assert clip["notes"] == [
        f"{film.name} has 2 faces; face 1, the largest, was taken (--face takes another)"
    ]
    assert warp["psnr"] > nothing["psnr"] + 1
    assert warp["shape"] < 0.8 * nothing["shape"]
    assert warp["expression"] < 0.5 * nothing["expression"]
    assert warp["identity"] > nothing["identity"]
    assert warp["outside"] == nothing["outside"] == 0
    assert nothing["pose"] < 0.002
    assert warp["pose"] < 0.03
    assert {pair["frame"] < clip["cut"] <= pair["truth"] for pair in clip["pairs"]} == {True}
    picture = cv2.imread(str(tmp_path / "strips" / "variant.png"))
    assert picture.shape[1] == 3 * SIDE
    assert not ledger.exists()  # nothing that stays was rendered
