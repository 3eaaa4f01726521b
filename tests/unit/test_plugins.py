"""Plug-ins by entry point: what is found, what is left out and why, and what is imported when."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import plugins
from mien.errors import MissingDependencyError
from mien.plugins import Plugins, PluginWarning
from tests.plugins import lay_out

GROUP = "mien.test_group"

MODULES = {
    "plug_good": "class Good:\n    api_version = 1\n    colour = 'green'\n",
    "plug_other": "class Thing:\n    colour = 'blue'\n    api_version = 1\nthing = Thing()\n",
    "plug_broken": "import a_package_that_nobody_has\n",
    "plug_leaving": "raise SystemExit('no licence')\n",
    "plug_shapeless": "thing = 3\n",
    "plug_new": "class New:\n    api_version = 2\n    colour = 'red'\n",
    "plug_failing": "class Failing:\n    def __init__(self):\n        raise OSError('no device')\n",
}
ENTRIES = {
    "good": "plug_good:Good",
    "other": "plug_other:thing",
    "broken": "plug_broken:Thing",
    "leaving": "plug_leaving:Thing",
    "shapeless": "plug_shapeless:thing",
    "new": "plug_new:New",
    "failing": "plug_failing:Failing",
    "nowhere": "plug_good:Missing",
    "ours": "plug_good:Good",
}


def check(name: str, value: object) -> str | None:
    if not hasattr(value, "colour"):
        return "it has no attribute 'colour'"
    return plugins.version_problem(value, 1)


def load() -> Plugins:
    return plugins.load(GROUP, check, reserved=("ours",))


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    plugins.reset()
    yield
    plugins.reset()
    for module in MODULES:
        sys.modules.pop(module, None)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lay_out(tmp_path, "strange-things", {GROUP: ENTRIES}, MODULES, version="0.3")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("installed")
def test_what_can_be_used_is_found_and_the_rest_has_a_reason() -> None:
    loaded = load()
    assert list(loaded.usable) == ["good", "other"]
    assert loaded.usable["good"].colour == "green"
    assert loaded.names == tuple(sorted(ENTRIES))
    reasons = {
        "broken": "it cannot be loaded (ModuleNotFoundError: No module named"
        " 'a_package_that_nobody_has'), in strange-things 0.3",
        "leaving": "it cannot be loaded (SystemExit: no licence), in strange-things 0.3",
        "shapeless": "it has no attribute 'colour', in strange-things 0.3",
        "new": "it is made for api_version 2, and this mien's is 1, in strange-things 0.3",
        "failing": "it cannot be loaded (OSError: no device), in strange-things 0.3",
        "ours": "strange-things 0.3 takes a name of mien's own",
    }
    problems = dict(loaded.problems)
    assert "AttributeError" in problems.pop("nowhere")
    assert problems == reasons


@pytest.mark.usefixtures("installed")
def test_listing_names_imports_nothing_and_asking_for_one_imports_that_one() -> None:
    loaded = load()
    assert "good" in loaded.names
    assert not set(MODULES) & set(sys.modules)
    good = loaded.get("good")
    assert good is not None
    assert set(MODULES) & set(sys.modules) == {"plug_good"}
    assert loaded.get("good") is good
    assert load() is loaded


@pytest.mark.usefixtures("installed")
def test_asking_for_a_bad_one_by_name_says_why_and_for_an_unknown_one_gives_none() -> None:
    with pytest.raises(MissingDependencyError, match=r"'new' .* api_version 2.*`mien doctor`"):
        load().get("new")
    with pytest.raises(MissingDependencyError, match="a name of mien's own"):
        load().get("ours")
    assert load().get("unheard of") is None


@pytest.mark.usefixtures("installed")
def test_each_problem_is_warned_of_once() -> None:
    with pytest.warns(PluginWarning) as caught:
        load().warn()
    assert len(caught) == 7
    assert any("'broken' for mien.test_group is left out" in str(w.message) for w in caught)
    load().warn()  # a second warning would be an error here


def test_a_name_that_two_packages_offer_is_neither_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("one-package", "two-package", "six-package"):
        lay_out(tmp_path, package, {GROUP: {"same": "plug_good:Good"}}, MODULES)
    lay_out(tmp_path, "third-package", {GROUP: {"alone": "plug_good:Good"}})
    monkeypatch.syspath_prepend(tmp_path)
    loaded = load()
    assert list(loaded.usable) == ["alone"]
    assert loaded.problems["same"] == (
        "several packages offer it (one-package 1.0, six-package 1.0, two-package 1.0)"
    )


def test_without_plug_ins_there_is_nothing() -> None:
    loaded = load()
    assert (loaded.names, dict(loaded.usable), dict(loaded.problems)) == ((), {}, {})


def test_an_api_version_is_a_number_that_agrees() -> None:
    class Made:
        api_version: object = 3

    assert plugins.version_problem(Made(), 3) is None
    assert plugins.version_problem(Made(), 4) == (
        "it is made for api_version 3, and this mien's is 4"
    )
    assert plugins.version_problem(object(), 1) == (
        "it does not say its api_version (this mien's is 1)"
    )
    Made.api_version = True
    assert plugins.version_problem(Made(), 1) is not None
