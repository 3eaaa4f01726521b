"""Models that are added from this machine, and what is found when they are looked over."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.cli.main import run
from mien.errors import InputError, MissingDependencyError, UsageError, WeightsError, WriteError
from mien.weights.install import add
from mien.weights.store import find_model, installed, locate, models_folder
from mien.weights.verify import verify
from tests.flame_heads import made_head, published_pickle

pytest.importorskip("torch")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder in which nothing is installed."""
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path / "installed"))
    return tmp_path / "installed"


@pytest.fixture
def download(small_models: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a model as it is downloaded."""

    def copy(name: str) -> Path:
        target = tmp_path / "downloads" / name
        return Path(shutil.copytree(small_models / name, target, copy_function=shutil.copyfile))

    return copy


def states(*names: str) -> dict[str, str]:
    return {finding.file: finding.state for finding in verify(names)}


def test_a_folder_in_the_published_layout_is_copied(
    empty: Path, download: Callable[[str], Path]
) -> None:
    folder = download("arc2face")
    told: list[tuple[str, int, int]] = []
    placed = add("arc2face", folder, progress=lambda *step: told.append(step))
    assert sorted(placed) == sorted(locate("arc2face").values())
    assert all(not path.is_symlink() for path in placed)
    assert {done for stage, done, total in told if stage == "copying" and done == total}
    shutil.rmtree(folder)
    assert set(states("arc2face").values()) == {"ok"}
    assert not list(empty.rglob(".*"))


def test_a_link_costs_no_room(empty: Path, download: Callable[[str], Path]) -> None:
    folder = download("smirk")
    (placed,) = add("smirk", folder, link=True)
    assert placed.is_symlink()
    assert placed.resolve() == (folder / "SMIRK_em1.pt").resolve()
    assert set(states().values()) == {"ok"}
    (folder / "SMIRK_em1.pt").unlink()
    assert not installed("smirk")


def test_a_single_file_may_have_any_name(empty: Path, download: Callable[[str], Path]) -> None:
    file = download("smirk") / "SMIRK_em1.pt"
    named = file.rename(file.with_name("smirk_encoder.pt"))
    add("smirk", named)
    assert locate("smirk")["SMIRK_em1.pt"].name == "SMIRK_em1.pt"


def test_files_are_found_in_a_flat_folder_and_deep_in_one(
    empty: Path, download: Callable[[str], Path], tmp_path: Path
) -> None:
    deep = tmp_path / "all" / "models" / "antelopev2"
    shutil.copytree(download("arcface-antelopev2"), deep)
    add("arcface-antelopev2", tmp_path / "all")
    flat = download("arc2face-reference") / "ref_adapter"
    add("arc2face-reference", flat)
    assert installed("arcface-antelopev2")
    assert installed("arc2face-reference")
    shutil.copytree(deep, tmp_path / "all" / "other")
    with pytest.raises(InputError, match="holds several files"):
        add("arcface-antelopev2", tmp_path / "all")


def test_nothing_is_installed_of_a_model_that_is_incomplete_or_broken(
    empty: Path, download: Callable[[str], Path]
) -> None:
    folder = download("arc2face")
    with pytest.raises(InputError, match="There is no file"):
        add("arc2face", folder / "none")
    encoder = folder / "encoder" / "pytorch_model.bin"
    whole = encoder.read_bytes()
    encoder.write_bytes(whole[:-1000])
    with pytest.raises(WeightsError, match="cut short"):
        add("arc2face", folder)
    encoder.unlink()
    with pytest.raises(InputError, match=r"no encoder/pytorch_model\.bin"):
        add("arc2face", folder)
    with pytest.raises(InputError, match="none of the files"):
        add("arc2face", Path(__file__))
    assert not empty.exists()


def test_a_file_that_is_not_the_published_one_is_taken_only_if_wanted(
    empty: Path, download: Callable[[str], Path]
) -> None:
    folder = download("stable-diffusion-v1-5")
    with pytest.raises(WeightsError, match=r"is not the published .*--as-is"):
        add("stable-diffusion-v1-5", folder)
    assert not installed("stable-diffusion-v1-5")
    add("stable-diffusion-v1-5", folder, as_is=True)
    assert set(states("stable-diffusion-v1-5").values()) == {"ok"}


def test_verify_sees_every_kind_of_harm(
    empty: Path, download: Callable[[str], Path], capsys: Capture
) -> None:
    assert verify() == []
    with pytest.raises(MissingDependencyError, match="not installed"):
        verify(["arc2face"])
    add("arc2face", download("arc2face"))
    add("arc2face-expression", download("arc2face-expression"))
    assert run(["models", "verify"]) == 0

    paths = locate("arc2face")
    unet = paths["arc2face/diffusion_pytorch_model.safetensors"]
    whole = bytearray(unet.read_bytes())
    whole[-100] ^= 1
    unet.write_bytes(whole)
    paths["encoder/config.json"].unlink()
    capsys.readouterr()
    assert run(["models", "verify", "--json"]) == 5
    report = json.loads(capsys.readouterr().out)
    found = {file["file"]: (file["state"], file["detail"]) for file in report["files"]}
    assert not report["ok"]
    name = "arc2face/diffusion_pytorch_model.safetensors"
    assert found[name] == ("wrong", "changed since it was installed")
    assert found["encoder/config.json"][0] == "missing"
    assert found["encoder/pytorch_model.bin"][0] == "ok"
    assert found["exp_adapter/exp_adapter.bin"][0] == "ok"


def test_verify_sees_a_lora_for_another_unet(empty: Path, download: Callable[[str], Path]) -> None:
    from safetensors.numpy import load_file, save_file

    add("arc2face", download("arc2face"))
    folder = download("arc2face-reference")
    add("arc2face-reference", folder)
    assert set(states().values()) == {"ok"}
    path = folder / "ref_adapter" / "pytorch_lora_weights.safetensors"
    wide = {k: np.repeat(v, 2, axis=1) if ".down." in k else v for k, v in load_file(path).items()}
    path.unlink()
    save_file(wide, path)
    add("arc2face-reference", folder)
    (fault,) = [finding for finding in verify() if finding.state != "ok"]
    assert "a LoRA for another network" in fault.detail


def test_a_full_disk_is_seen_before_anything_is_copied(
    empty: Path, download: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(WriteError, match=r"GB free.*MIEN_MODELS"):
        add("smirk", download("smirk"))
    assert not empty.exists()


def test_what_stood_there_stays_when_copying_fails(
    empty: Path, download: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = download("smirk")
    (placed,) = add("smirk", folder)
    before = placed.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WriteError, match="The disk is full"):
            add("smirk", folder)
    assert placed.read_bytes() == before
    assert [path.name for path in sorted(placed.parent.iterdir())] == [
        "SMIRK_em1.pt", "installed.json",
    ]  # fmt: skip


def test_flame_cannot_be_linked_or_fetched(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be linked"):
        add("flame2020", tmp_path, link=True)
    assert not find_model("flame2020").fetchable
    assert models_folder() == empty


def test_the_command_says_what_it_added(
    empty: Path, download: Callable[[str], Path], capsys: Capture
) -> None:
    assert run(["models", "add", "smirk", str(download("smirk")), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == [str(empty / "smirk" / "SMIRK_em1.pt")]
    assert run(["models", "add", "smork", "x"]) == 2
    assert "Did you mean 'smirk'?" in capsys.readouterr().err


def test_a_flame_head_is_converted_once_with_what_lies_beside_it(
    empty: Path, tmp_path: Path
) -> None:
    head, folder = made_head(), tmp_path / "FLAME2020"
    folder.mkdir()
    published_pickle(head, folder / "generic_model.pkl")
    np.savez(folder / "mediapipe_landmark_embedding.npz", lmk_face_idx=np.arange(105))
    placed = add("flame2020", folder)
    assert [path.name for path in placed] == ["flame.npz", "mediapipe_landmark_embedding.npz"]
    with np.load(locate("flame2020")["flame.npz"], allow_pickle=False) as arrays:
        assert np.allclose(arrays["v_template"], head["v_template"], atol=1e-6)
    assert set(states("flame2020").values()) == {"ok"}
    add("flame2023", placed[0])
    assert installed("flame2023")
    placed[0].write_bytes(placed[0].read_bytes()[:-100])
    assert states("flame2020")["flame.npz"] == "wrong"


def test_a_folder_with_two_heads_or_none_is_refused(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds 0 FLAME heads"):
        add("flame2020", tmp_path)
    for name in ("male_model.pkl", "female_model.pkl"):
        published_pickle(made_head(), tmp_path / name)
    with pytest.raises(InputError, match=r"holds 2 FLAME heads .*models add flame2020 FILE"):
        add("flame2020", tmp_path)
    (tmp_path / "male_model.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(WeightsError, match="male_model"):
        add("flame2020", tmp_path / "male_model.pkl")
    assert not installed("flame2020")
