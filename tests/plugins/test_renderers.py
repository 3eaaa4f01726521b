"""A renderer of somebody else, and its settings, in every front end; broken ones beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mien
from mien import doctor
from mien.cli.main import run
from mien.errors import MissingDependencyError, UsageError
from mien.model.settings import ReferenceSettings
from mien.rendering import registry
from mien.serve.client import Client, ServeError
from tests.command_line import run_here
from tests.plugins.conftest import BROKEN, colour_of

GREEN, ROSE = (-1, 1, -1), (1, -1, 0)
"""Signs of what the example adds to R, G, B."""


def check_colour(path: Path, signs: tuple[int, int, int], amount: float) -> None:
    """See that a frame has the colour, as strong as asked for."""
    added = colour_of(path)
    assert np.sign(np.round(added, -1)).tolist() == list(signs)
    assert added.max() == pytest.approx(0.2 * amount * 255, abs=3)
    assert np.abs(colour_of(path, 0)).max() <= 1


@pytest.mark.usefixtures("installed")
def test_it_is_listed_and_broken_ones_are_named() -> None:
    assert "blush" in registry.available_renderers()
    names = [entry.name for entry in registry.list_entries()]
    assert names[:2] == ["warp", "reference"]
    assert not set(BROKEN) & set(names)
    assert set(registry.problems()) == {*BROKEN, "warp"}
    assert registry.get_renderer("warp").name == "warp"
    for name, words in (
        ("absent", "a_package_that_nobody_has.*mien-broken 1.0"),
        ("shapeless", r"does not derive from mien\.Renderer"),
        ("half", "abstract.*open"),
        ("newer", "api_version 99, and this mien's is"),
    ):
        with pytest.raises(MissingDependencyError, match=words):
            registry.get_renderer(name)
    with pytest.raises(UsageError, match=r"no renderer named 'blunt'.*Did you mean 'blush'\?"):
        registry.get_renderer("blunt")


@pytest.mark.usefixtures("installed")
def test_own_renderers_import_no_plug_in() -> None:
    code = (
        "import sys, mien.rendering.registry as r; r.get_renderer('warp'); r.get_renderer();"
        "print([name for name in sys.modules if name.startswith('mien_')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.usefixtures("installed")
def test_doctor_tells_of_each() -> None:
    checks = {check.name: check for check in doctor.examine()}
    assert checks["renderer blush"].state == "ok"
    assert "Cheeks that blush." in checks["renderer blush"].detail
    for name in BROKEN:
        assert checks[f"plug-in {name}"].state == "optional"
        assert "mien-broken 1.0" in checks[f"plug-in {name}"].detail
    assert (checks["renderer warp"].state, checks["plug-in warp"].state) == ("ok", "optional")


@pytest.mark.usefixtures("installed")
def test_its_settings_are_checked_by_their_type() -> None:
    for given, words in (
        ({"amuont": 1}, "renderer 'blush' has no setting 'amuont'.*Did you mean 'amount'"),
        ({"amount": 9.0}, "amount cannot be 9.0.*from 0 to 4"),
        ({"colour": "blue"}, "colour cannot be 'blue'.*rose, green"),
        ({"wide": 1}, "wide cannot be 1"),
    ):
        with pytest.raises(UsageError, match=words):
            registry.get_renderer("blush", given)
    with pytest.raises(UsageError, match="'warp' has no setting 'steps'"):
        registry.get_renderer("warp", {"steps": 4})
    assert registry.get_renderer("warp", ReferenceSettings()).name == "warp"
    wide = registry.get_renderer("blush", {"wide": True}).settings
    assert wide is not None
    assert wide.to_mapping()["wide"]
    assert registry.parse_settings("blush", {"amount": " 2 ", "wide": "on"}) == {
        "amount": 2.0, "wide": True,
    }  # fmt: skip


@pytest.mark.usefixtures("installed")
def test_a_project_keeps_its_settings(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    mien.render(saved, out, renderer="blush", lossless=True, progress=False)
    check_colour(out, GREEN, 0.5)
    mien.render(
        saved, out, renderer="blush", settings={"amount": 1.0}, lossless=True, overwrite=True,
        progress=False,
    )  # fmt: skip
    check_colour(out, GREEN, 1.0)
    kind = registry.find_entry("blush").settings_type
    assert kind is not None
    mien.render(
        saved, out, renderer="blush", settings=kind(), lossless=True, overwrite=True,
        progress=False,
    )  # fmt: skip
    check_colour(out, ROSE, 1.0)


def test_without_the_renderer_a_project_keeps_its_settings_all_the_same(
    saved: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.mien"
    project = mien.load_project(saved)
    assert project.settings == {"blush": {"amount": 0.5, "colour": "green"}}
    mien.save_project(project, again)
    assert again.read_bytes() == saved.read_bytes()
    with pytest.raises(UsageError, match="no renderer named 'blush'"):
        mien.render(again, tmp_path / "out.mkv", renderer="blush", progress=False)
    report = mien.render(again, tmp_path / "out.mkv", renderer="warp", progress=False)
    assert report.renderer == "warp"


@pytest.mark.usefixtures("installed")
def test_render_takes_it_by_name_and_setting(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mkv"
    arguments = ["render", saved, "-o", out, "--renderer", "blush", "--lossless"]
    done = run_here(*arguments, "--setting", "amount=1", "--setting", "wide=yes", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["renderer"], report["renderer_reason"]) == ("blush", "")
    assert report["notes"] == ["nobody blushes green"]
    check_colour(out, GREEN, 1.0)
    words = [str(argument) for argument in arguments]
    for option, said in (
        ("amount", "Write NAME=VALUE"),
        ("strength=1", "renderer 'blush' has no setting 'strength'"),
        ("amount=much", "amount cannot be 'much'"),
    ):
        assert run([*words, "--overwrite", "--setting", option]) == 2
        assert said in capsys.readouterr().err
    words[words.index("blush")] = "warp"
    assert run([*words, "--overwrite", "--setting", "amount=1"]) == 2
    assert "'warp' has no setting 'amount'" in capsys.readouterr().err
    words[words.index("warp")] = "newer"
    assert run([*words, "--overwrite"]) == 5
    assert "api_version 99" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_a_batch_renders_with_it_in_its_workers(saved: Path, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(
        "renderer: blush\n"
        "lossless: true\n"
        "settings: {amount: 2}\n"
        "shots:\n"
        "  - {name: one, project: film.mien}\n"
        "  - {name: two, project: film.mien, settings: {amount: 0.75, colour: rose}}\n"
        "  - {name: three, project: film.mien, renderer: warp}\n"
    )
    out = tmp_path / "out"
    done = run_here("batch", jobs, "-o", out, "--workers", 1, "--chunk", 4, "--json")
    assert done.code == 0, done.err
    shots = json.loads(done.out)["shots"]
    assert [shot["notes"] for shot in shots] == [["nobody blushes green"], [], []]
    assert "nobody blushes green" in (out / shots[0]["report"]).read_text()
    check_colour(out / "one.mkv", GREEN, 2)
    check_colour(out / "two.mkv", ROSE, 0.75)
    assert (out / "three.mkv").exists()
    done = run_here(
        "batch", jobs, "-o", out, "--renderer", "blush", "--setting", "amount=1",
        "--workers", 1, "--chunk", 4,
    )  # fmt: skip
    assert done.code == 0, done.err
    check_colour(out / "one.mkv", GREEN, 1)
    check_colour(out / "two.mkv", ROSE, 0.75)
    assert done.err.count("one: nobody blushes green") == 1
    assert "; renderer: blush, warp; " in done.out


@pytest.mark.usefixtures("installed")
def test_the_last_lines_of_a_render_name_the_renderer_and_its_remarks(
    saved: Path, tmp_path: Path
) -> None:
    arguments = ["render", saved, "-o", tmp_path / "out.mkv", "--overwrite", "--renderer"]
    first, *notes = run_here(*arguments, "blush").out.splitlines()
    assert first.endswith("; renderer: blush")
    assert notes == ["  nobody blushes green"]
    first, *notes = run_here(*arguments, "auto").out.splitlines()
    assert first.endswith("; renderer: warp (auto: the models of reference are not installed)")


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_serve_renders_with_it_in_a_process_of_its_own(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    with Client([sys.executable, "-m", "mien", "serve"], name="tests") as client:
        assert "blush" in client.hello["renderers"]
        assert "newer" not in client.hello["renderers"]
        shot = client.call("open", path=str(saved))["shot"]
        render = {"shot": shot, "output": str(out), "renderer": "blush", "lossless": True}
        with pytest.raises(ServeError, match="no setting 'strength'"):
            client.start("render", **render, settings={"strength": 1}).result.result(60)
        with pytest.raises(ServeError, match="api_version 99"):
            client.start("render", **render | {"renderer": "newer"}).result.result(60)
        report = client.start("render", **render, settings={"amount": 1.0}).result.result(60)
    assert (report["renderer"], report["renderer_reason"]) == ("blush", "")
    assert report["notes"] == ["nobody blushes green"]
    check_colour(out, GREEN, 1.0)
