"""Settings of the reference renderer: limits, tiers, and what keeps them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.cli.main import run
from mien.cli.renderer_options import TypedSettings, with_renderer_settings
from mien.errors import MissingDependencyError, ProjectError, UsageError
from mien.io.parts import make_settings, settings_part
from mien.model.settings import ReferenceSettings, of_tier
from mien.rendering.registry import get_renderer
from mien.testing.scenes import Scene


def test_the_defaults_are_the_published_codes() -> None:
    settings = ReferenceSettings()
    assert (settings.steps, settings.guidance) == (25, 3.0)
    assert (settings.expression_scale, settings.reference_scale) == (1.0, 0.8)
    assert settings == of_tier("final")
    assert of_tier("preview").steps == 4
    assert not of_tier("preview").guided


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0}, {"steps": 2.5}, {"steps": True}, {"guidance": float("nan")}, {"seed": -1},
        {"guidance": "3"}, {"strength": 1.5}, {"scheduler": "euler"}, {"small_vae": 1},
        {"size": 100}, {"size": 8}, {"shot_lora": 3},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        ReferenceSettings(**wrong)


def test_a_tier_leaves_a_shot_what_is_its_own() -> None:
    own = ReferenceSettings(shot_lora="actor.safetensors", colour="bgr", approximate=True, steps=9)
    preview, final = of_tier("preview", own), of_tier("final", own)
    assert (preview.steps, preview.small_vae, final.steps) == (4, True, 25)
    for settings in (preview, final):
        assert settings.shot_lora == "actor.safetensors"
        assert settings.colour == "bgr"
        assert settings.approximate
    assert of_tier("preview", ReferenceSettings()) == ReferenceSettings.preview()
    assert of_tier("final", ReferenceSettings.preview()) == ReferenceSettings.final()


def test_a_lora_that_is_gone_is_named_before_any_work(models: Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"no LoRA gone.safetensors.*train-shot"):
        get_renderer("reference", ReferenceSettings(shot_lora="gone.safetensors"))


def test_there_and_back() -> None:
    settings = ReferenceSettings(steps=8, scheduler="lcm", approximate=True)
    assert ReferenceSettings.from_mapping(settings.to_mapping()) == settings
    assert ReferenceSettings.from_mapping({"steps": 8}).steps == 8
    with pytest.raises(UsageError, match="'stepps'"):
        ReferenceSettings.from_mapping({"stepps": 8})
    with pytest.raises(UsageError, match="tier 'draft'"):
        of_tier("draft")


def test_a_project_leads_to_no_lora_outside_its_folder(tmp_path: Path) -> None:
    project = tmp_path / "shot.mien"
    inside = ReferenceSettings(shot_lora=str(tmp_path / "loras" / "actor.safetensors"))
    kept = settings_part({"reference": inside.to_mapping()}, tmp_path)
    assert kept["reference"]["shot_lora"] == "loras/actor.safetensors"
    assert ReferenceSettings.from_stored(make_settings(kept, project)) == inside
    outside = ReferenceSettings(shot_lora="/etc/actor.safetensors").to_mapping()
    assert settings_part({"reference": outside}, tmp_path)["reference"]["shot_lora"] == ""
    for path in ("../actor.safetensors", "/etc/actor.safetensors"):
        with pytest.raises(ProjectError, match="outside its folder"):
            make_settings({"reference": {"shot_lora": path}}, project)
    with pytest.raises(ProjectError, match="steps"):
        make_settings({"reference": {"steps": 0}}, project)


def test_a_project_keeps_them(tmp_path: Path) -> None:
    shot = Scene().shot
    settings = ReferenceSettings(steps=9, approximate=True)
    for kept in (settings, None):
        stored = {} if kept is None else {kept.renderer: kept.to_mapping()}
        mien.save_project(mien.Project(shot, (), stored), tmp_path / "shot.mien")
        found = mien.load_project(tmp_path / "shot.mien", find_media=False)
        assert ReferenceSettings.from_stored(found.settings) == kept
        mien.save_project(found, tmp_path / "shot.mien")
        again = mien.load_project(tmp_path / "shot.mien", find_media=False)
        assert ReferenceSettings.from_stored(again.settings) == kept


def test_every_setting_has_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    seen = {}

    stored = {"reference": {"steps": 7, "seed": 5}}

    def verb(shot: str = "", *, typed: TypedSettings) -> None:
        seen["settings"] = typed.over("reference", stored)

    import inspect

    options = inspect.signature(with_renderer_settings(verb)).parameters
    (switch,) = options["reference_compiled"].annotation.__metadata__
    assert "--reference-compile/" in f"{switch.default} {switch.param_decls}"
    names = {name.removeprefix("reference_") for name in options} - {"shot", "tier", "setting"}
    assert names == {field.name for field in dataclasses.fields(ReferenceSettings)}
    values = dict.fromkeys(options)
    with_renderer_settings(verb)(**values | {"shot": "x", "reference_steps": 9})
    assert seen["settings"] == ReferenceSettings(steps=9, seed=5)
    with_renderer_settings(verb)(**values | {"shot": "x", "tier": "preview"})
    assert seen["settings"] == dataclasses.replace(ReferenceSettings.preview(), seed=5)
    with_renderer_settings(verb)(**values | {"shot": "x"})
    assert seen["settings"] == ReferenceSettings(steps=7, seed=5)


def test_a_wrong_option_is_refused(capsys: pytest.CaptureFixture[str], talk_720p: Path) -> None:
    shot = str(talk_720p)
    assert run(["render", shot, "-o", "out.mp4", "--reference-steps", "0"]) == 2
    assert "steps cannot be 0" in capsys.readouterr().err
    assert run(["render", shot, "-o", "out.mp4", "--renderer", "reference"]) == 5
    assert "mien models" in capsys.readouterr().err
