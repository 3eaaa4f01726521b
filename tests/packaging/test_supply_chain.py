"""What mien brings along: licences, vulnerabilities, a bill of materials, repeatable builds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mien.serve.client import Client

ROOT = Path(__file__).parents[2]
PERMISSIVE = {
    "apache", "apache 2.0 license", "apache license", "apache software license", "apache-2.0",
    "apache-2.0 with llvm-exception", "boost software license", "bsd", "bsd license",
    "bsd-2-clause", "bsd-3-clause", "bsl-1.0", "cc0-1.0",
    "cc0 1.0 universal (cc0 1.0) public domain dedication", "cnri-python", "3-clause bsd license",
    "isc license (iscl)", "mit", "mit license", "mit-0", "mit-cmu", "psf-2.0",
    "python software foundation license", "apache 2.0",
}  # fmt: skip
"""Licences that ask for notices at most."""
FILES_ONLY = {"mpl-2.0", "mozilla public license 2.0 (mpl 2.0)", "lgpl-3.0-only"}
"""Licences that ask for the source of the package itself, which we take as it is."""
BY_NAME = {
    "insightface": "its metadata name none; MIT by its README",
    "openexr": "its metadata name none; BSD-3-Clause by its LICENSE.md",
    "usd-core": "Tomorrow Open Source Technology License 1.0, which is permissive",
}
"""Packages that say it in no words of a list, and why they may be used all the same."""
COPYLEFT = re.compile(r"x264|x265|xvid|fftw|libgsl|vidstab|rubberband|postproc|faac|readline")
"""Libraries under the GPL that wheels are known to bundle."""


@pytest.fixture(scope="module")
def packages() -> list[dict[str, Any]]:
    """What is installed for mien's own extras."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "installed.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def permitted(expression: str) -> bool:
    """Whether an SPDX expression without brackets, or classifiers, let us use a package."""
    return any(
        all(part.strip().lower() in PERMISSIVE | FILES_ONLY for part in one.split(" AND "))
        for one in expression.split(" OR ")
    )


def test_expressions_are_read() -> None:
    assert permitted("MIT")
    assert permitted("LGPL-3.0-only OR GPL-2.0-only")
    assert permitted("MPL-2.0 AND MIT")
    assert not permitted("GPL-3.0-or-later")
    assert not permitted("MIT AND GPL-2.0-only")
    assert not permitted("")


def test_everything_that_mien_brings_may_be_used(packages: list[dict[str, Any]]) -> None:
    names = {one["name"] for one in packages}
    assert {"numpy", "av", "mediapipe", "scipy"} <= names
    assert not {"bpy", "pytest"} & names
    refused = {
        one["name"]: one["licence"]
        for one in packages
        if not permitted(one["licence"]) and one["name"] not in BY_NAME
    }
    assert refused == {}


def test_libraries_under_the_gpl_are_in_one_wheel_and_named(packages: list[dict[str, Any]]) -> None:
    bundled = {
        one["name"]: sorted(name for name in one["libraries"] if COPYLEFT.search(name))
        for one in packages
    }
    holders = {name: found for name, found in bundled.items() if found}
    assert set(holders) <= {"av"}, holders
    if sys.platform == "linux":
        assert [name.split("-")[0] for name in holders["av"]] == ["libx264", "libx265"]
    notice = (ROOT / "NOTICE").read_text()
    assert "libx264 and libx265 (GPL-2.0-or-later)" in notice


def test_the_notice_names_every_package_that_mien_asks_for(packages: list[dict[str, Any]]) -> None:
    notice = re.sub(r"[-_.]+", "-", (ROOT / "NOTICE").read_text()).lower()
    called = {"av": "pyav", "torch": "pytorch", "onnxruntime": "onnx runtime"}
    missing = [
        one["name"]
        for one in packages
        if one["direct"] and not re.search(rf"\b{called.get(one['name'], one['name'])}\b", notice)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "1 of 1 packages"),
        ('{"dependencies": [{"name": "a", "skip_reason": "unknown"}]}', 0, "0 of 1 packages"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1",'
         ' "fix_versions": ["2"]}]}]}', 1, "a 1: CVE-1, fixed in 2"),
        ("", 0, "cannot be reached: no route"),
    ],
    ids=["clean", "unknown", "vulnerable", "unreachable"],
)  # fmt: skip
def test_an_audit_says_what_it_could_not_look_up(
    tmp_path: Path, answer: str, code: int, words: str
) -> None:
    (tmp_path / "pip_audit.py").write_text(
        f"import sys\nprint({answer!r})\nprint('no route', file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "audit.py"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert words in done.stdout


@pytest.mark.slow
def test_the_bill_of_materials_names_what_is_installed(
    packages: list[dict[str, Any]], tmp_path: Path
) -> None:
    pytest.importorskip("cyclonedx", reason="the bill is made by cyclonedx-bom")
    target = tmp_path / "mien.cdx.json"
    # It is checked against CycloneDX's schema by who writes it.
    subprocess.run([sys.executable, ROOT / "tools" / "sbom.py", target], check=True)
    bill = json.loads(target.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "mien"
    listed = {re.sub(r"[-_.]+", "-", one["name"]).lower() for one in bill["components"]}
    assert listed == {one["name"] for one in packages}
    assert str(ROOT) not in target.read_text()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two builds of the same files, at times and with rights that differ: [sdist, wheel] * 2."""
    made = []
    for mask in (0o022, 0o077):
        folder = tmp_path_factory.mktemp("dist")
        subprocess.run(
            [sys.executable, ROOT / "tools" / "build_dist.py", folder], check=True, umask=mask,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PYTHONPATH": ""},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        made += sorted(folder.iterdir())
    return made


@pytest.mark.slow
def test_two_builds_are_the_same_to_the_bit(built: list[Path]) -> None:
    first, second = built[:2], built[2:]
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.suffix for path in first] == [".whl", ".gz"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    with tarfile.open(first[1]) as archive:
        members = archive.getmembers()
        assert {one.mtime for one in members} == {1700000000}
        assert {(one.uid, one.gid, one.uname) for one in members} == {(0, 0, "")}
    names = zipfile.ZipFile(first[0]).namelist()
    tracked = {
        path.relative_to(ROOT / room).as_posix()
        for room, package in (("sdk", "mien"), ("desktop", "mien_desktop"))
        for path in (ROOT / room / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == tracked


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_of_its_own(built: list[Path], tmp_path: Path) -> None:
    home = tmp_path / "clean"
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", str(built[0])], check=True)
    # What mien asks for is taken from here, as no index can be reached from everywhere; the
    # environment's own packages come first, so mien is the wheel's.
    (site,) = (home / "lib").glob("python*/site-packages")
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "zz-others.pth").write_text("\n".join(others) + "\n")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments], cwd=tmp_path, env=clean, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import mien, mien_desktop; print(mien.__file__, mien_desktop.__file__)")
    assert all(Path(one).is_relative_to(home) for one in where.split())
    assert "mouthSmile" in run(str(home / "bin" / "mien"), "controls")
    assert "flame2020" in run("-m", "mien", "models", "list")
    assert json.loads(run("-m", "mien", "serve", "--schema"))["title"] == "mien serve"
    with Client([str(home / "bin" / "mien"), "serve"], name="tests", environment=clean) as client:
        assert client.call("controls")["presets"]
