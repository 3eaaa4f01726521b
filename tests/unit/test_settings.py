"""Settings of the reference renderer: limits, tiers, and what keeps them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.cli.main import run
from mien.cli.renderer_options import TypedSettings, with_renderer_settings
from mien.errors import MissingDependencyError, ProjectError, UsageError
from mien.io.parts import make_settings, settings_part
from mien.model.renderer_settings import RendererSettings
from mien.model.settings import ReferenceSettings, of_tier
from mien.model.shot import Shot
from mien.rendering import registry
from mien.rendering.base import PlateSource, Renderer, RenderSession
from mien.rendering.registry import get_renderer, register_renderer
from mien.session.commands import set_reference, set_settings
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class GrainSettings(RendererSettings):
    renderer = "grain"

    size: int = 3
    amount: float = dataclasses.field(default=0.5, metadata={"low": 0, "high": 1})
    film: str = dataclasses.field(default="", metadata={"file": True})
    fine: bool = False

    def check(self) -> None:
        if self.fine and self.size > 3:
            raise UsageError(f"fine grain cannot be {self.size}.", "Make it 3 or less.")


class Grain(Renderer):
    """Adds grain."""

    name = "grain"
    settings_type = GrainSettings
    settings: GrainSettings

    def __init__(self, settings: GrainSettings | None = None) -> None:
        self.settings = settings or GrainSettings()

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        raise NotImplementedError


@pytest.fixture
def grain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    register_renderer(Grain())


def test_settings_of_any_renderer_are_values_with_limits() -> None:
    settings = GrainSettings.from_mapping({"size": 2, "film": "a.cube"})
    assert settings.to_mapping() == {"size": 2, "amount": 0.5, "film": "a.cube", "fine": False}
    assert settings.files == (Path("a.cube"),)
    assert GrainSettings().files == ()
    assert hash(settings) == hash(GrainSettings(size=2, film="a.cube"))
    for wrong, words in (
        ({"sise": 1}, "'grain' has no setting 'sise'.*Did you mean 'size'.*amount, film, fine"),
        ({"size": 2.5}, "size cannot be 2.5.*whole number"),
        ({"amount": 2}, "amount cannot be 2.*from 0 to 1"),
        ({"size": 9, "fine": True}, "fine grain cannot be 9"),
    ):
        with pytest.raises(UsageError, match=words):
            GrainSettings.from_mapping(wrong)
    texts = {"size": "-7", "amount": " 0.25", "film": "x", "fine": "No"}
    assert [GrainSettings.parse(*pair) for pair in texts.items()] == [-7, 0.25, "x", False]
    for name, text in (("size", "2.0"), ("amount", "much"), ("amount", "nan"), ("fine", "maybe")):
        with pytest.raises(UsageError, match=f"{name} cannot be"):
            GrainSettings.parse(name, text)


@pytest.mark.usefixtures("grain")
def test_a_renderer_of_this_process_is_made_with_its_settings() -> None:
    assert get_renderer("grain").settings == GrainSettings()
    made = get_renderer("grain", {"size": 2})
    assert made.settings == GrainSettings(size=2)
    stored = {"grain": {"size": 1, "fine": True}, "other": {"x": 1}}
    assert registry.merge_settings("grain", stored, {"size": 2}) == {"size": 2, "fine": True}
    assert registry.merge_settings("auto", stored) is None
    typed = TypedSettings("grain", ("amount=0.1",))
    assert typed.over("grain", stored) == GrainSettings(size=1, fine=True, amount=0.1)
    assert typed.over("warp", stored) is None
    assert typed.over("reference", stored) is None
    assert TypedSettings(None, ("amount=0.1",)).over("grain", {}) == GrainSettings(amount=0.1)
    with pytest.raises(UsageError, match="'warp' has no setting 'amount'"):
        TypedSettings(None, ("amount=0.1",)).check("warp")
    with pytest.raises(UsageError, match="'reference' has no setting 'amount'"):
        TypedSettings("auto", ("amount=0.1",)).check("auto")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "it has no name"),
        ({"settings_type": dict}, "no subclass of mien.RendererSettings"),
        ({"settings_type": ReferenceSettings}, "settings belong to the renderer 'reference'"),
        ({"name": "auto"}, "belongs to mien's own"),
    ],
    ids=str,
)
def test_what_is_no_renderer_is_not_registered(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        register_renderer(type("Wrong", (Grain,), wrong)())


def test_a_thing_with_the_methods_of_a_renderer_is_none() -> None:
    thing = type("Thing", (), {"name": "thing", "open": lambda *_: None})()
    with pytest.raises(UsageError, match=r"does not derive from mien\.Renderer"):
        register_renderer(thing)


def test_finished_frames_are_those_of_their_settings() -> None:
    scene = Scene()
    plan = scene.plan(jawOpen=0.5)
    keys = [Grain(GrainSettings(size=size)).cache_key(scene.shot, plan) for size in (1, 2, 1)]
    assert keys[0] == keys[2] != keys[1]
    assert keys[0].temporal_radius is None


def test_settings_need_defaults_of_json_s_types() -> None:
    kind = dataclasses.make_dataclass(
        "Lists", [("sizes", tuple, ())], bases=(RendererSettings,), namespace={"renderer": "grain"},
        frozen=True, kw_only=True,
    )  # fmt: skip
    with pytest.raises(UsageError, match="'sizes' has no default that is a number"):
        register_renderer(type("Wrong", (Grain,), {"settings_type": kind})())


@dataclasses.dataclass(frozen=True, kw_only=True)
class CarelessSettings(RendererSettings):
    renderer = "careless"

    look: str = "soft"
    passes: int = 2
    warm: bool = False

    def __post_init__(self) -> None:
        """Checks nothing, as a class of somebody else's may."""


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({"look": 3}, "look cannot be 3. It is text."),
        ({"look": True}, "look cannot be True. It is text."),
        ({"passes": "all"}, "passes cannot be 'all'. It is a whole number."),
        ({"passes": 1.5}, "passes cannot be 1.5. It is a whole number."),
        ({"warm": "yes"}, "warm cannot be 'yes'. It is on or off."),
        ({"lok": "hard"}, "has no setting 'lok'. Did you mean 'look'?"),
    ],
    ids=str,
)
def test_what_a_project_keeps_is_checked_before_a_renderer_gets_it(
    stored: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    careless = {"name": "careless", "settings_type": CarelessSettings}
    register_renderer(type("Careless", (Grain,), careless)())
    project = mien.Project(Scene().shot).with_settings("careless", stored)
    merged = registry.merge_settings("careless", project.settings)
    with pytest.raises(UsageError, match=re.escape(words)):
        get_renderer("careless", merged)
    kept = get_renderer("careless", {"look": "hard", "passes": 3}).settings
    assert kept == CarelessSettings(look="hard", passes=3)


def test_a_project_takes_settings_of_one_renderer_or_of_many() -> None:
    shot = Scene().shot
    settings = ReferenceSettings(steps=9)
    # As an earlier release took them.
    made = mien.Project(shot, (), settings)  # type: ignore[arg-type]
    assert made.settings == {"reference": settings.to_mapping()}
    assert mien.Project(shot, (), None).settings == {}  # type: ignore[arg-type]
    project = mien.Project(shot).with_settings("blush", {"amount": 0.5})
    both = project.with_settings("reference", settings)
    assert list(both.settings) == ["blush", "reference"]
    assert both.with_settings("blush", None).settings == {"reference": settings.to_mapping()}
    assert not both.same_as(project)
    for renderer, wrong, words in (
        ("reference", {"steps": 0}, "steps cannot be 0"),
        ("reference", {"stepps": 1}, "no setting 'stepps'"),
        ("blush", {"amount": [1]}, r"'amount' of the renderer 'blush' cannot be \[1\]"),
        ("blush", {"amount": float("inf")}, "cannot be inf"),
        ("", {"amount": 1}, "Settings of ''"),
    ):
        with pytest.raises(UsageError, match=words):
            project.with_settings(renderer, wrong)


def test_names_of_an_earlier_release_warn() -> None:
    shot = Scene().shot
    settings = ReferenceSettings(steps=9)
    project = mien.Project(shot).with_settings("reference", settings)
    with pytest.warns(DeprecationWarning, match="settings\\['reference'\\] now"):
        assert project.reference == settings
    with pytest.warns(DeprecationWarning, match="to_mapping"):
        values = settings.to_dict()
    with pytest.warns(DeprecationWarning, match="from_mapping"):
        assert ReferenceSettings.from_dict(values) == settings
    document = mien.Document((mien.Project(shot, id="one"),))
    changed = set_settings(document, "one", "blush", {"amount": 1})
    with pytest.warns(DeprecationWarning, match="set_settings"):
        changed = set_reference(changed, "one", settings)
    assert list(changed.shots[0].settings) == ["blush", "reference"]


def test_a_wrong_option_is_refused(capsys: pytest.CaptureFixture[str], talk_720p: Path) -> None:
    shot = str(talk_720p)
    assert run(["render", shot, "-o", "out.mp4", "--reference-steps", "0"]) == 2
    assert "steps cannot be 0" in capsys.readouterr().err
    assert run(["render", shot, "-o", "out.mp4", "--renderer", "reference"]) == 5
    assert "mien models" in capsys.readouterr().err
