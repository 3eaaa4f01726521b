import pytest

from mien.errors import UnknownControlError
from mien.model.controls import ARKIT, CONTROLS, GAZE, HEAD, INDEX, NAMES, sides
from mien.model.presets import EXPRESSIONS, PRESETS, VISEMES, resolve


def test_there_are_the_52_arkit_names_gaze_and_head() -> None:
    assert len(ARKIT) == 52
    assert len(GAZE) == 4
    assert len(HEAD) == 3
    assert set(NAMES) == {*ARKIT, *GAZE, *HEAD}
    assert len(set(NAMES)) == len(NAMES) == 59


def test_mirrors_are_pairs() -> None:
    for control in CONTROLS:
        assert CONTROLS[INDEX[CONTROLS[INDEX[control.mirror]].mirror]] is control
    assert CONTROLS[INDEX["jawLeft"]].mirror == "jawRight"
    assert CONTROLS[INDEX["jawOpen"]].mirror == "jawOpen"


def test_a_name_without_its_side_addresses_both() -> None:
    assert sides("mouthSmile") == ("mouthSmileLeft", "mouthSmileRight")
    assert sides("gazeYaw") == ("gazeYawLeft", "gazeYawRight")
    assert sides("browInnerUp") == ("browInnerUp",)
    assert sides("mouthLeft") == ("mouthLeft",)
    assert sides("mouth") is None
    assert sides("jaw") is None


def test_the_named_expressions_and_the_fifteen_visemes_are_there() -> None:
    wanted = "smile frown surprise anger disgust fear sadness contempt blink wink squint pout"
    assert set(wanted.split()) <= {preset.name for preset in EXPRESSIONS}
    assert " ".join(v.name for v in VISEMES) == "sil PP FF TH DD kk CH SS nn RR aa E ih oh ou"


def test_no_preset_hides_a_control() -> None:
    assert not set(PRESETS) & set(NAMES)
    assert all(sides(name) is None for name in PRESETS)


def test_presets_drive_known_controls_within_their_limits() -> None:
    for name in PRESETS:
        for control, weight in resolve(name):
            limits = CONTROLS[INDEX[control]]
            assert limits.low <= weight <= limits.high


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mouthSmle", "mouthSmile"),
        ("jawopen", "jawOpen"),
        ("SMILE", "smile"),
        ("eyeblink", "eyeBlink"),
        ("browInerUp", "browInnerUp"),
        ("surprize", "surprise"),
    ],
)
def test_a_mistyped_name_gets_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UnknownControlError) as caught:
        resolve(typed)
    assert f"'{typed}'" in caught.value.cause
    assert caught.value.remedy == f"Did you mean '{meant}'?"


def test_a_name_like_nothing_points_to_the_list() -> None:
    with pytest.raises(UnknownControlError) as caught:
        resolve("zzzzzzzz")
    assert "mien controls" in caught.value.remedy
