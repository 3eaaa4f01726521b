"""Curves in the basis of an installed head, on the command line and in Python."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import MissingDependencyError, UsageError
from mien.media.probe import probe
from mien.model.shot import Shot
from mien.timebase import Clock
from mien.weights.flame_file import write_flame
from tests.flame_heads import made_head
from tests.unit.test_flame_fit import fitted_face
from tests.unit.test_project import FRAMES, write_movie

HEADS = ("flame2020", "flame2023-open")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("MIEN_MODELS", str(folder))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two heads, made ready once for all tests that only read them."""
    folder = tmp_path_factory.mktemp("heads")
    first = made_head()
    for name, head in zip(HEADS, (first, made_head(5, like=first)), strict=True):
        write_flame(head, folder / name / "flame.npz")
    return folder


@pytest.fixture
def heads(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_MODELS", str(made))
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A shot with a face that the made head explains, one frame of it unseen."""
    face = fitted_face(FRAMES)
    # Heads have no irises; tracked faces do, and files with fewer points are refused.
    landmarks, valid = np.nan_to_num(face.landmarks), face.curves.valid.copy()
    landmarks[4], valid[4] = np.nan, False
    curves = replace(face.curves, valid=valid)
    clock = Clock(Fraction(25), FRAMES)
    face = replace(face, landmarks=landmarks, curves=curves, raw=curves, clock=clock)
    shot = Shot(probe(write_movie(tmp_path / "take.mp4")), (face,))
    mien.save_project(shot, tmp_path / "take.mien")
    return tmp_path / "take.mien"


def curves(project: Path, *more: str) -> int:
    return run(["curves", str(project), "--overwrite", *more])


def test_the_default_is_the_best_that_is_installed(
    project: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "x.npz"
    assert curves(project, "-o", str(output), "--json") == 0
    assert json.loads(capsys.readouterr().out)["basis"] == "mien-rig"
    for name in reversed(HEADS):
        write_flame(made_head(), models / name / "flame.npz")
        assert curves(project, "-o", str(output), "--json") == 0
        assert json.loads(capsys.readouterr().out)["basis"] == name
        with np.load(output, allow_pickle=False) as file:
            assert str(file["flame_version"]) == name


@pytest.mark.usefixtures("heads")
def test_an_npz_holds_the_head_s_own(project: Path, tmp_path: Path) -> None:
    found = {}
    for basis in (*HEADS, "mien-rig"):
        output = tmp_path / f"{basis}.npz"
        assert curves(project, "-o", str(output), "--basis", basis) == 0
        with np.load(output, allow_pickle=False) as file:
            found[basis] = dict(file)
    first, second, rig = (found[basis] for basis in (*HEADS, "mien-rig"))
    assert set(first) - set(rig) == {"shape", "fit_error", "camera_scale"}
    assert first["shape"].shape == (300,)
    for key in ("expr", "jaw_pose", "eyelids", "rotation", "translation", "fit_error"):
        assert first[key].dtype == np.float32
        assert np.isnan(first[key][4]).all()
        assert np.isfinite(np.delete(first[key], 4, axis=0)).all()
    assert np.nanmax(first["fit_error"]) < 0.01
    # Unlike bases, the same face: the same lids and jaw, other expressions.
    seen = first["valid"]
    np.testing.assert_allclose(first["jaw_pose"][seen], second["jaw_pose"][seen], atol=0.05)
    assert np.abs(first["expr"][seen] - second["expr"][seen]).max() > 0.1
    np.testing.assert_array_equal(first["controls"], rig["controls"])


@pytest.mark.usefixtures("heads")
def test_json_says_the_basis_and_the_shape(project: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.json"
    assert curves(project, "-o", str(output), "--basis", "flame2023-open") == 0
    (one,) = json.loads(output.read_text())["faces"]
    assert one["basis"] == "flame2023-open"
    assert len(one["shape"]) == 300
    assert one["flame"][4] is None
    assert len(one["flame"][0]) == 55
    assert curves(project, "-o", str(output), "--basis", "mien-rig") == 0
    (one,) = json.loads(output.read_text())["faces"]
    assert "shape" not in one


@pytest.mark.parametrize(
    ("basis", "code", "said"),
    [
        ("flame2020", 5, "mien models add flame2020 PATH"),
        ("flame2023", 5, "mien models add flame2023 PATH"),
        ("flame2021", 2, "flame2023-open"),
    ],
)
@pytest.mark.usefixtures("models")
def test_a_basis_that_cannot_be_had(
    basis: str,
    code: int,
    said: str,
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "x.npz"
    assert curves(project, "-o", str(output), "--basis", basis) == code
    assert said in capsys.readouterr().err
    assert not output.exists()


def test_a_damaged_head_is_named(
    project: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "flame2020").mkdir(parents=True)
    (models / "flame2020" / "flame.npz").write_bytes(b"PK\x03\x04 no longer")
    output = tmp_path / "x.npz"
    assert curves(project, "-o", str(output)) == 5
    assert "flame.npz" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.usefixtures("heads")
def test_in_python(project: Path) -> None:
    shot = mien.load_project(project, find_media=False).shot
    (fit,) = mien.fit_flame(shot)
    assert fit.basis == "flame2020"
    assert fit.flame.shape == (FRAMES, 55)
    (other,) = mien.fit_flame(shot, basis="flame2023-open", faces=[shot.face(1)], raw=True)
    assert other.basis == "flame2023-open"
    with pytest.raises(UsageError, match="mien-rig"):
        mien.fit_flame(shot, basis="mien-rig")
    with pytest.raises(MissingDependencyError, match="flame2023"):
        mien.fit_flame(shot, basis="flame2023")


@pytest.mark.usefixtures("models")
def test_in_python_without_any_head(project: Path) -> None:
    shot = mien.load_project(project, find_media=False).shot
    with pytest.raises(MissingDependencyError, match="No FLAME head"):
        mien.fit_flame(shot)
