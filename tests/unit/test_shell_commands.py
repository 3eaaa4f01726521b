"""Completion for shells, and the manual page: made from the commands, and true of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mien
from mien import api
from mien.cli.main import run
from mien.cli.option_names import options_of_commands
from mien.cli.shell import join_bash_words
from mien.media.probe import probe
from mien.model.shot import Shot
from tests.faces import make_face
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two people, both named."""
    folder = tmp_path_factory.mktemp("shell")
    shot = Shot(probe(write_movie(folder / "x.mp4")), (make_face(12), make_face(12, number=2)))
    named = mien.rename_face(mien.rename_face(shot, 2, "Anna"), 1, "Bob Smith")
    api.save_project(named, folder / "x.mien")
    return folder / "x.mien"


def completed(typed: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What fish is offered for the last word."""
    monkeypatch.setenv("_MIEN_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    run([])
    lines = capsys.readouterr().out.splitlines()
    return [line.partition("\t")[0] for line in lines]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("mien rend", {"render"}),
        ("mien faces ren", {"rename"}),
        ("mien render x.mp4 --until", {"--until-damage"}),
        ("mien render x.mp4 --quality ", {"lossless", "visually-lossless", "small"}),
        ("mien render x.mp4 --set mouthSmil", {"mouthSmile=", "mouthSmileLeft=",
                                               "mouthSmileRight="}),
        ("mien render PROJECT --set An", {"Anna:"}),
        ("mien render PROJECT --set Anna:jawO", {"Anna:jawOpen="}),
        ("mien render PROJECT --face ", {"1", "2", "Anna", "Bob Smith"}),
        ("mien faces remove PROJECT A", {"Anna"}),
        ("mien render x.mp4 --renderer war", {"warp"}),
        ("mien track x.mp4 --tracker media", {"mediapipe"}),
        ("mien batch x.otio --codec pro", {"prores"}),
        ("mien render x.mp4 --codec hevc --preset sl", {"slow", "slower"}),
        ("mien render x.mp4 --codec prores --preset s", set()),
        ("mien render broken.mien --face ", set()),
        ("mien completion ", {"bash", "zsh", "fish"}),
    ],
)  # fmt: skip
def test_words_are_completed(
    typed: str, offered: set[str], project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.parent / "broken.mien").write_bytes(b"PK")
    monkeypatch.chdir(project.parent)
    text = typed.replace("PROJECT", project.name)
    assert set(completed(text, capsys, monkeypatch)) == offered
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "number", "joined", "at"),
    [
        (["mien", "render", "--set", "Anna", ":", "jaw"], 5, "mien render --set Anna:jaw", 3),
        (["mien", "render", "--set", "Anna", ":"], 4, "mien render --set Anna:", 3),
        (["mien", "render", "--set", "a", "=", "1", "--fa"], 6, "mien render --set a=1 --fa", 4),
        (["mien", "ren"], 1, "mien ren", 1),
        (["mien", ""], 1, "mien ", 1),
    ],
)
def test_what_bash_takes_apart_is_put_together(
    words: list[str], number: int, joined: str, at: int
) -> None:
    assert join_bash_words(words, number) == (joined.split(" "), at)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no Bash here")
def test_bash_takes_the_script_and_completes(project: Path, tmp_path: Path) -> None:
    stub = tmp_path / "mien"
    stub.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mien "$@"\n')
    stub.chmod(0o755)
    script = f"""
        PATH={tmp_path}:$PATH
        eval "$(mien completion bash)"
        compopt() {{ echo "$@"; }}
        for typed in "--set Anna : jawO" "--face B"; do
            COMP_WORDS=(mien render {project} $typed)
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _mien_completion mien
            printf '%s\\n' "${{COMPREPLY[@]}}"
        done
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines() == ["-o nospace", "jawOpen=", "'Bob Smith'"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("shell", "first"),
    [("bash", "_mien_completion"), ("zsh", "#compdef mien"), ("fish", "complete")],
)
def test_there_is_a_script_for_each_shell(shell: str, first: str, capsys: Capture) -> None:
    assert run(["completion", shell]) == 0
    assert capsys.readouterr().out.startswith(first)


def test_other_shells_are_refused(capsys: Capture) -> None:
    assert run(["completion", "csh"]) == 2
    assert "bash" in capsys.readouterr().err


@pytest.fixture
def page(capsys: Capture) -> str:
    assert run(["man"]) == 0
    return capsys.readouterr().out


def test_the_manual_has_every_command_and_option(page: str) -> None:
    plain = re.sub(r"\\(f.|&)", "", page.replace("\\-", "-"))
    hidden = {"mien batch-step"}
    for path in set(options_of_commands()) - hidden:
        assert f'.SS "{path}"' in plain
        for option in options_of_commands()[path]:
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", plain), (path, option)
    assert "mien batch-step" not in plain


def test_the_manual_is_roff(page: str) -> None:
    requests = {line.split()[0] for line in page.splitlines() if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".I"}
    assert page.startswith(".TH MIEN 1 ")
    assert not [line for line in page.splitlines() if line.startswith("'") or not line]
    # Every escape is one of these, and fonts that are begun are ended on their line.
    assert set(re.findall(r"\\(\(..|f.|.)", page)) <= {"-", "&", "e", "fB", "fI", "fR",
                                                       "(ga", "(dq"}  # fmt: skip
    for line in page.splitlines():
        assert line.count("\\fB") + line.count("\\fI") == line.count("\\fR"), line


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
def test_groff_sets_the_manual_without_a_warning(page: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww"], input=page, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "mien render" in re.sub(".\b", "", done.stdout)
