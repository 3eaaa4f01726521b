"""What holds for every command: whole help, JSON in one scheme, options that it has."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import mien
from mien import api
from mien.cli.main import run
from mien.cli.option_names import options_of_commands, with_commands
from mien.cli.output import print_notice, set_command
from mien.media.probe import probe
from mien.model.shot import Shot
from tests.faces import make_face
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]
COMMANDS = sorted(options_of_commands())
SDK = Path(mien.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z](?![\w-]*\.\.\.)")
HAS_JSON = [path for path in COMMANDS if "--json" in options_of_commands()[path]]


def words_of(path: str) -> list[str]:
    return path.split()[1:]


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("path", COMMANDS)
def test_help_shows_each_option_whole(
    path: str, width: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run([*words_of(path), "--help"]) == 0
    printed = capsys.readouterr().out
    whole = set(re.findall(r"(?<![\w-])-{1,2}[a-z][\w-]*", printed))
    assert options_of_commands()[path] <= whole
    assert "\N{HORIZONTAL ELLIPSIS}" not in printed
    if width == 80:
        assert max(map(len, printed.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("group", ["", "models", "faces"])
def test_groups_list_their_commands_whole(
    group: str, width: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run([*group.split(), "--help"]) == 0
    printed = capsys.readouterr().out
    depth = len(group.split())
    listed = {path.split()[depth + 1] for path in COMMANDS if path.startswith(f"mien {group}")}
    assert listed - {"batch-step"} <= set(printed.split())
    assert "..." not in printed.replace("[ARGS]...", "")


@pytest.mark.parametrize("path", HAS_JSON)
def test_what_is_refused_is_one_object_of_json_with_the_exit_code(
    path: str, capsys: Capture
) -> None:
    code = run([*words_of(path), "--json", "--no-such-option"])
    told = json.loads(capsys.readouterr().out)
    assert code == told["exit_code"] == told["error"]["exit_code"] == 2
    assert set(told) == {"error", "exit_code"}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A project of two people, one of them named."""
    shot = Shot(probe(write_movie(tmp_path / "x.mp4")), (make_face(12), make_face(12, number=2)))
    api.save_project(mien.rename_face(shot, 2, "Anna"), tmp_path / "x.mien")
    return tmp_path / "x.mien"


FACES = [{"number": 1, "name": "face 1"}, {"number": 2, "name": "Anna"}]


@pytest.mark.parametrize(
    ("arguments", "faces"),
    [
        ("curves x.mien -o a.json", FACES),
        ("curves x.mien -o a.npz --face anna", FACES[1:]),
        ("render x.mien -o y.mp4", []),
        ("info x.mien", FACES),
        ("faces list x.mien", FACES),
        ("faces rename x.mien Anna Bea", [FACES[0], {"number": 2, "name": "Bea"}]),
        ("faces remove x.mien Anna", FACES[:1]),
        ("controls", []),
        ("doctor", []),
        ("cache", []),
        ("models list", []),
    ],
)
def test_results_say_the_exit_code_and_faces_are_objects(
    film: Path, arguments: str, faces: list[Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(film.parent)
    code = run([*arguments.split(), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == code
    found = list(faces_in(told))
    assert [{"number": one["number"], "name": one["name"]} for one in found] == faces


def faces_in(value: object) -> Iterator[Mapping[str, Any]]:
    """Every entry of every `faces` in an object; `face` is a number wherever it stands."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "faces":
                yield from inner
            elif key == "face":
                assert isinstance(inner, int)
            else:
                yield from faces_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from faces_in(inner)


def said_options() -> dict[str, str]:
    """Texts of the package that name options: everything but docstrings and options themselves."""
    said = {}
    for path in SDK.rglob("*.py"):
        tree = ast.parse(path.read_text())
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in nodes:
            for argument in call.args:
                text = literal(argument)
                options = OPTION.search(text) and " " in text and not text.startswith("--")
                if options and "pip install" not in text:
                    said[f"{path.relative_to(SDK)}: {text[:50]}"] = text
    return said


def literal(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            literal(part) if isinstance(part, ast.Constant) else "x" for part in node.values
        )
    return ""


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    texts = said_options()
    assert len(texts) > 20
    return texts


@pytest.mark.parametrize("path", COMMANDS)
def test_no_command_advises_an_option_that_it_lacks(path: str, said: dict[str, str]) -> None:
    own = options_of_commands()[path]
    known = frozenset().union(*options_of_commands().values())
    for where, text in said.items():
        shown = with_commands(text, path)
        bare = re.sub(r"`[^`]*`|(?<!\w)'[^']*'(?!\w)", "", shown)
        assert set(OPTION.findall(bare)) <= own, where
        for quoted in re.findall(r"`(mien [^`]*)`", shown):
            owner = next((one for one in COMMANDS if f"{quoted} ".startswith(f"{one} ")), None)
            named = set(OPTION.findall(quoted)) & known
            assert named <= (frozenset() if owner is None else options_of_commands()[owner]), where


def test_every_option_that_is_named_exists(said: dict[str, str]) -> None:
    known = frozenset().union(*options_of_commands().values())
    for where, text in said.items():
        assert set(OPTION.findall(text)) <= known, where


def test_the_command_is_named_where_another_has_the_option(capsys: Capture) -> None:
    text = "Render the frames before it with --frames, or `mien x --frames`; --no-such."
    set_command("mien solve")
    print_notice(text)
    assert capsys.readouterr().err == (
        "Render the frames before it with `mien render --frames`, or `mien x --frames`;"
        " --no-such.\n"
    )
    set_command("mien render")
    print_notice(text)
    assert capsys.readouterr().err == f"{text}\n"


def test_doctor_lists_nothing_twice(capsys: Capture) -> None:
    run(["doctor", "--json"])
    names = [check["name"] for check in json.loads(capsys.readouterr().out)["checks"]]
    assert len(names) == len(set(names))


def test_an_option_that_a_command_lacks_is_said_as_it_was_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["cut", "x.otio", "--handles", "3"]) == 2
    told = capsys.readouterr().err
    assert "No such option: '--handles'" in told
    assert "mien batch" not in told
