"""Renders under a policy: refused before any work, or written into the ledger, each once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import ConsentError, OutputError, PolicyError, WriteError
from mien.model.consent import today
from mien.model.document import Project
from mien.model.occlusion import Occlusion
from mien.rendering import registry
from tests.property.test_ledger import check_by_hand

SPAN = "10:13"
ANNA = mien.Consent("Anna Example", "contract", today())

pytestmark = pytest.mark.slow

Policy = Callable[[str], Path]


class Blusher(mien.Renderer):
    """Reddens a corner of the picture at no cost."""

    name = "blush"

    def open(self, shot: mien.Shot, source: mien.PlateSource) -> mien.RenderSession:
        del shot, source
        return Blushing()


class Blushing(mien.RenderSession):
    def render(self, request: mien.RenderRequest) -> mien.Patch:
        del request
        mask = np.ones((8, 8), np.float32)
        return mien.Patch(mien.Box(0, 0, 8, 8), np.ones((8, 8, 3), np.float32), mask)


@pytest.fixture(scope="module", autouse=True)
def _blush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_registered", {})
        mien.register_renderer(Blusher())
        yield


@pytest.fixture(scope="module")
def project(tracked_360p: Path) -> Project:
    project = mien.load_project(tracked_360p)
    plain = project.shot.with_occlusion(Occlusion(detect=False))
    project = project.with_faces_of(plain)
    return project.with_edit(mien.Edit(project.shot.faces[0]).set("jawOpen", 0.4))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def policy(tmp_path: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> Policy:
    """Writes a policy that holds for this test; its ledger is the test's own."""
    path = tmp_path / "policy.toml"

    def write(text: str) -> Path:
        path.write_text(f'[ledger]\nfile = "{ledger}"\n{text}')
        monkeypatch.setenv("MIEN_POLICY", str(path))
        return path

    return write


def entries(ledger: Path) -> list[dict[str, Any]]:
    if not ledger.exists():
        return []
    assert mien.verify_ledger(ledger).valid
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert check_by_hand(ledger) == len(lines)
    return lines


def rendered(project: Project, output: Path, **more: Any) -> mien.RenderReport:
    return mien.render(project, output, frames=SPAN, renderer="blush", progress=False, **more)


def test_a_render_is_written_into_the_ledger(
    project: Project, policy: Policy, ledger: Path, tmp_path: Path
) -> None:
    path = policy("required = true\n[consent]\nrequired = true\n")
    given = mien.set_consent(project, 1, ANNA)
    output = tmp_path / "out.mp4"
    report = rendered(given, output)
    mien.render_matte(given, tmp_path / "matte.mp4", frames=SPAN, renderer="blush", progress=False)
    assert report.frames_edited == 3
    line, matte = entries(ledger)
    content = output.read_bytes()
    assert line["output"] == {
        "name": "out.mp4",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert line["faces"] == [{"number": 1, "controls": ["jawOpen"], "consent": ANNA.digest}]
    assert (line["what"], line["frames"], line["renderer"]["name"]) == ("render", [10, 13], "blush")
    assert line["policy"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert matte["what"] == "matte"
    # Nobody is named who was not asked for.
    assert "Anna" not in ledger.read_text()
    assert not {"user", "host"} & line.keys()


def test_without_consent_nothing_is_done(
    project: Project, policy: Policy, ledger: Path, tmp_path: Path
) -> None:
    policy("[consent]\nrequired = true\n")
    output = tmp_path / "out.mp4"
    stages: list[str] = []
    with pytest.raises(ConsentError, match="nothing says on whose word"):
        mien.render(
            project,
            output,
            frames=SPAN,
            renderer="blush",
            progress=lambda stage, done, total: stages.append(stage),
        )
    mouth = mien.set_consent(project, 1, replace(ANNA, controls=("eyes",)))
    with pytest.raises(ConsentError, match="not for jawOpen"):
        rendered(mouth, output)
    with pytest.raises(ConsentError):
        next(mien.render_frames(project, frames=SPAN, renderer="blush"))
    assert not stages
    assert not output.exists()
    assert not entries(ledger)
    # Frames without an edit need nobody's word.
    assert rendered(replace(project, edits=()), output).frames_edited == 0
    assert len(entries(ledger)) == 1


def test_the_command_line_refuses_and_tracks_nothing_for_it(
    talk_360p: Path, tracked_360p: Path, policy: Policy, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    policy("[consent]\nrequired = true\n")
    output = ["-o", str(tmp_path / "out.mp4"), "--set", "jawOpen=0.4", "--frames", SPAN]
    assert run(["render", str(tracked_360p), *output]) == 2
    assert "mien consent set" in capsys.readouterr().err
    assert run(["render", str(talk_360p), *output]) == 2
    assert "Track it" in (said := capsys.readouterr().err)
    assert "track " not in said.partition("Track it")[0]
    policy("[consent]\nrequierd = true\n")
    assert run(["render", str(tracked_360p), *output]) == PolicyError.exit_code
    assert "requierd" in capsys.readouterr().err
    # What is refused is not kept either.
    policy("[consent]\nrequired = true\n")
    assert run(["render", str(tracked_360p), *output, "--save-as", str(tmp_path / "a.mien")]) == 2
    assert not (tmp_path / "out.mp4").exists()
    assert not (tmp_path / "a.mien").exists()


def test_provenance_may_not_be_switched_off_where_it_is_demanded(
    project: Project, policy: Policy, tmp_path: Path
) -> None:
    policy("[provenance]\nrequired = true\n")
    output = tmp_path / "out.mp4"
    with pytest.raises(OutputError, match="may not be switched off"):
        rendered(project, output, provenance=False)
    with pytest.raises(OutputError, match="may not be switched off"):
        rendered(replace(project, provenance=False), output)
    assert not output.exists()


def test_images_are_hashed_as_sha256sum_lists_them(
    project: Project, policy: Policy, ledger: Path, tmp_path: Path
) -> None:
    policy("user = true\nhost = true\n")
    rendered(project, tmp_path / "out.%04d.png")
    (line,) = entries(ledger)
    images = sorted(tmp_path.glob("out.*.png"))
    text = "".join(
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in images
    )
    assert line["output"]["images"] == len(images) == 3
    assert line["output"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert line["user"]
    assert line["host"]


def test_a_ledger_that_is_demanded_and_lost_ends_the_render(
    project: Project, policy: Policy, ledger: Path, tmp_path: Path
) -> None:
    policy("required = true\n")
    output = tmp_path / "out.mp4"

    def lose(stage: str, done: int, total: int) -> None:
        if stage == "render" and done == total:
            ledger.unlink()
            ledger.mkdir()

    with pytest.raises(WriteError, match="was not written"):
        mien.render(project, output, frames=SPAN, renderer="blush", progress=lose)
    assert not output.exists()
    # The next one does not begin.
    stages: list[str] = []
    with pytest.raises(WriteError, match="cannot be written to"):
        mien.render(
            project, output, frames=SPAN, renderer="blush",
            progress=lambda stage, done, total: stages.append(stage),
        )  # fmt: skip
    assert not stages
    # Where nothing demands it, it is said.
    policy("")
    report = rendered(project, output)
    assert any("not in it" in note for note in report.notes)
    assert output.exists()


def test_what_never_got_its_name_is_taken_back(
    project: Project, policy: Policy, ledger: Path, tmp_path: Path
) -> None:
    policy("")
    output = tmp_path / "out.mp4"

    def block(stage: str, done: int, total: int) -> None:
        if stage == "render" and done == total:
            output.mkdir()

    with pytest.raises(WriteError):
        mien.render(project, output, frames=SPAN, renderer="blush", progress=block)
    line, withdrawn = entries(ledger)
    assert withdrawn["what"] == "withdrawn"
    assert withdrawn["withdrawn"] == {"number": 1, "hash": line["hash"]}


def test_a_batch_is_refused_or_recorded_once(
    project: Project, policy: Policy, ledger: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    policy("required = true\n[consent]\nrequired = true\n")
    path, jobs = tmp_path / "take.mien", tmp_path / "jobs.yaml"
    mien.save_project(project, path)
    jobs.write_text(f"shots:\n  - project: take.mien\n    name: take\n    frames: '{SPAN}'\n")
    command = ["batch", str(jobs), "-o", str(tmp_path / "out"), "--renderer", "warp"]
    command += ["--workers", "1"]
    assert run(command) == 1
    assert "nothing says on whose word" in capsys.readouterr().err
    assert not entries(ledger)
    assert run(["consent", "set", str(path), "1", "--performer", "A", "--ground", "B"]) == 0
    assert run(command) == 0
    assert run(command) == 0
    (line,) = entries(ledger)
    (output,) = (one for one in (tmp_path / "out").iterdir() if one.suffix == ".mp4")
    assert line["output"]["sha256"] == hashlib.sha256(output.read_bytes()).hexdigest()
