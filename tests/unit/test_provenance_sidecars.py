"""Sidecars: one an output, beside it as long as it is there, never beside what it is not of."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import mien
from mien.consent import recorder
from mien.errors import WriteError
from mien.media.fingerprint import sha256_of
from mien.provenance import places
from mien.provenance.places import find_sidecar, sidecar_path
from tests.unit.test_project import write_movie

FRAMES = 4


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("media") / "film.mp4", FRAMES)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("media") / "other.mp4", FRAMES, shade=40)


def rendered(movie: Path, output: Path, *, provenance: bool = True) -> mien.RenderReport:
    return mien.render(movie, output, progress=False, overwrite=True, provenance=provenance)


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def refusing(name: str, done: int = 0) -> Callable[[object, object], None]:
    """A rename that fails when something is to get names that begin so, after some of them."""
    rename, count = os.replace, Counter[str]()

    def replace(source: object, target: object) -> None:
        if Path(str(target)).name.startswith(name) and not str(target).endswith(".c2pa"):
            count[name] += 1
            if count[name] > done:
                raise OSError(5, "Input/output error")
        rename(str(source), str(target))

    return replace


class TestTwoSequences:
    NAMES = ("plate_%04d.png", "plate.%04d.png", "plate%04d.png", "plate -%04d.png")

    def test_each_has_its_own(self, movie: Path, other: Path, tmp_path: Path) -> None:
        for name, clip in zip(self.NAMES, (movie, other, movie, other), strict=True):
            rendered(clip, tmp_path / name)
        assert len(list(tmp_path.glob("*.c2pa"))) == len(self.NAMES)
        for name in self.NAMES:
            read = mien.read_provenance(tmp_path / name)
            assert read.state == "valid"
            assert read.sidecar == sidecar_path(tmp_path / name)
            assert mien.read_provenance(sidecar_path(tmp_path / name)).state == "valid"
        rendered(movie, tmp_path / self.NAMES[0], provenance=False)
        assert mien.read_provenance(tmp_path / self.NAMES[0]).state == "none"
        assert mien.read_provenance(tmp_path / self.NAMES[1]).state == "valid"

    @pytest.mark.parametrize("name", ["plate_%04d.png", "plate.%04d.png", "%04d.png"])
    def test_one_of_an_earlier_version_is_found(
        self, movie: Path, tmp_path: Path, name: str
    ) -> None:
        output = rendered(movie, tmp_path / name).output
        earlier = tmp_path / ("images.png.c2pa" if name[0] == "%" else "plate.png.c2pa")
        sidecar_path(output).rename(earlier)
        assert find_sidecar(output) == earlier
        assert mien.read_provenance(output).state == "valid"
        assert mien.read_provenance(earlier).state == "valid"
        assert mien.read_provenance(tmp_path / name.replace("%04d", "0001")).state == "valid"
        rendered(movie, output)
        assert [one.name for one in tmp_path.glob("*.c2pa")] == [sidecar_path(output).name]

    def test_one_that_may_be_anothers_stays(self, movie: Path, tmp_path: Path) -> None:
        first = rendered(movie, tmp_path / "plate.%04d.png").output
        sidecar_path(first).rename(tmp_path / "plate.png.c2pa")
        rendered(movie, tmp_path / "plate_%04d.png")
        assert mien.read_provenance(first).state == "valid"

    @pytest.mark.parametrize("name", ["plate_%04d.png", "plate%04d.png"])
    def test_that_of_a_still_stays(self, movie: Path, tmp_path: Path, name: str) -> None:
        (tmp_path / "plate.png").write_bytes(b"a still of the same name")
        (tmp_path / "plate.png.c2pa").write_bytes(b"its credentials")
        rendered(movie, tmp_path / name)
        assert (tmp_path / "plate.png.c2pa").read_bytes() == b"its credentials"


class TestFailedRename:
    """What was there before stays as it was, credentials included, and nothing new is left."""

    @pytest.mark.parametrize("provenance", [True, False], ids=["signed", "plain"])
    @pytest.mark.parametrize("name", ["out.mkv", "out.mp4", "out.%04d.png"])
    @pytest.mark.parametrize("former", [True, False], ids=["over", "new"])
    def test_nothing_changes(
        self, movie: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        name: str, *, provenance: bool, former: bool,
    ) -> None:  # fmt: skip
        output = tmp_path / name
        if former:
            rendered(movie, output)
        before = contents(tmp_path)
        if name.endswith(".png"):
            # The images of a former sequence go first: before that everything can be undone.
            monkeypatch.setattr("mien.media.outputs.sync", refusing_sync)
        else:
            monkeypatch.setattr(os, "replace", refusing("out."))
        with pytest.raises(WriteError):
            rendered(other, output, provenance=provenance)
        assert contents(tmp_path) == before
        if former:
            assert mien.read_provenance(output).state == "valid"

    def test_half_a_sequence_gets_no_credentials_of_the_former(
        self, movie: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        output = rendered(movie, tmp_path / "out.%04d.png").output
        monkeypatch.setattr(os, "replace", refusing("out.", 2))
        with pytest.raises(WriteError):
            rendered(other, output)
        assert sorted(contents(tmp_path)) == ["out.0000.png", "out.0001.png"]

    def test_what_got_its_name_keeps_its_own(
        self, movie: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It fails after the rename: the new output is there, and so are its credentials."""
        output = rendered(movie, tmp_path / "out.mkv").output
        rename = os.replace

        def replace(source: object, target: object) -> None:
            rename(str(source), str(target))
            if str(target) == str(output):
                raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "replace", replace)
        with pytest.raises(WriteError):
            rendered(other, output)
        assert mien.read_provenance(output).state == "valid"


def refusing_sync(path: Path) -> None:
    raise OSError(5, "Input/output error")


def test_images_are_hashed_once(
    movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, policy = tmp_path / "ledger.jsonl", tmp_path / "policy.toml"
    policy.write_text(f'[ledger]\nfile = "{ledger}"\n')
    monkeypatch.setenv("MIEN_POLICY", str(policy))
    hashed = Counter[str]()

    def counted(path: Path) -> str:
        hashed[path.name] += 1
        return sha256_of(path)

    monkeypatch.setattr(places, "sha256_of", counted)
    monkeypatch.setattr(recorder, "sha256_of", counted)
    output = rendered(movie, tmp_path / "out.%04d.png").output
    images = [f"out.{number:04d}.png" for number in range(FRAMES)]
    assert hashed == dict.fromkeys(images, 1)
    text = "".join(f"{sha256_of(tmp_path / name)}  {name}\n" for name in images)
    line = json.loads(ledger.read_bytes().splitlines()[-1])
    assert line["output"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert mien.read_provenance(output).state == "valid"
    hashed.clear()
    rendered(movie, output, provenance=False)
    assert hashed == dict.fromkeys(images, 1)
