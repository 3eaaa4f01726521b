"""How well each encoder is asked to encode: its levels, and what of it can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mien.errors import OutputError
from mien.model.quality import Quality

__all__ = ["RATE_CONTROLS", "ChosenRate", "RateControl", "check_rate", "choose_rate"]

_X26_PRESETS: Final = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower",
    "veryslow", "placebo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RateControl:
    """What can be chosen of an encoder.

    Attributes:
        levels: By a level of quality, options of the encoder. What encodes nothing but lossless
            has none.
        crf: The lowest and the highest constant rate factor; None where there is none.
        whole: Whether a constant rate factor is a whole number.
        bitrate: Whether a bit rate can be asked for.
        presets: Its presets, the fastest first; none where it has no such thing.
        preset_option: The encoder's option for one.
    """

    levels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    crf: tuple[int, int] | None = None
    whole: bool = False
    bitrate: bool = False
    presets: tuple[str, ...] = ()
    preset_option: str = "preset"


@dataclass(frozen=True, slots=True)
class ChosenRate:
    """Options of an encoder for a quality.

    Attributes:
        options: The options.
        words: What they are, in a few words.
        notes: What of the quality the encoder cannot follow, a sentence each.
    """

    options: Mapping[str, str]
    words: str
    notes: tuple[str, ...] = ()


# What each level gives is measured: `python -m tests.benchmarks quality`, docs/media.md.
RATE_CONTROLS: Final[Mapping[str, RateControl]] = {
    "h264": RateControl(
        {
            "visually-lossless": {"crf": "18", "preset": "medium"},
            "small": {"crf": "26", "preset": "medium"},
        },
        crf=(0, 51),
        bitrate=True,
        presets=_X26_PRESETS,
    ),
    "hevc": RateControl(
        {
            "visually-lossless": {"crf": "19", "preset": "medium"},
            "small": {"crf": "25", "preset": "medium"},
        },
        crf=(0, 51),
        bitrate=True,
        presets=_X26_PRESETS,
    ),
    "vp9": RateControl(
        {
            "visually-lossless": {"crf": "22", "b": "0", "cpu-used": "4"},
            "small": {"crf": "34", "b": "0", "cpu-used": "4"},
        },
        crf=(0, 63),
        whole=True,
        bitrate=True,
        presets=tuple(map(str, range(8, -1, -1))),
        preset_option="cpu-used",
    ),
    "av1": RateControl(
        {
            "visually-lossless": {"crf": "15", "preset": "8"},
            "small": {"crf": "32", "preset": "8"},
        },
        crf=(1, 63),
        whole=True,
        bitrate=True,
        presets=tuple(map(str, range(13, -1, -1))),
    ),
    "prores": RateControl(
        {"visually-lossless": {"profile": "hq"}, "small": {"profile": "lt"}},
    ),
    "dnxhr": RateControl(
        {"visually-lossless": {"profile": "dnxhr_hq"}, "small": {"profile": "dnxhr_sq"}},
    ),
}
"""By the name of a codec; what is not here is always lossless."""
_DEFAULT: Final = "visually-lossless"


def choose_rate(codec: str, pixel_format: str, quality: Quality) -> ChosenRate:
    """Return the options with which an encoder reaches a quality that is not lossless.

    Args:
        codec: Name of the codec.
        pixel_format: FFmpeg's name of the format in which it is encoded.
        quality: The quality.

    Raises:
        OutputError: When the codec has no CRF, bit rate or preset, or none of that value.
    """
    control = RATE_CONTROLS.get(codec, RateControl())
    check_rate(codec, quality)
    level = quality.level or _DEFAULT
    if not control.levels:
        note = f"{codec} has one quality only: {level} makes it no smaller."
        return ChosenRate({}, "", (note,) if level == "small" else ())
    options = dict(control.levels[level])
    if "profile" in options:
        profile = _profile(codec, pixel_format, options["profile"])
        usual = _profile(codec, pixel_format, control.levels[_DEFAULT]["profile"])
        note = f"{codec} in {pixel_format} has one profile only: {level} makes it no smaller."
        same = level == "small" and profile == usual
        words = f"{level}, profile {profile.removeprefix('dnxhr_')}"
        return ChosenRate({"profile": profile}, words, (note,) if same else ())
    words = level
    if quality.crf is not None:
        options["crf"] = f"{quality.crf:g}"
        words = ""
    if quality.bitrate is not None:
        del options["crf"]
        options["b"] = str(quality.bitrate)
        words = f"{quality.bitrate / 1e6:g} Mbit/s"
    else:
        words = f"{words}, crf {options['crf']}".removeprefix(", ")
    if quality.preset is not None:
        options[control.preset_option] = quality.preset
    return ChosenRate(options, f"{words}, preset {options[control.preset_option]}")


def check_rate(codec: str, quality: Quality) -> None:
    """Refuse what a codec does not have.

    Args:
        codec: Name of the codec.
        quality: The quality.

    Raises:
        OutputError: When the codec has no CRF, bit rate or preset, or none of that value.
    """
    control = RATE_CONTROLS.get(codec, RateControl())
    if quality.crf is not None:
        if control.crf is None:
            raise _lacks(codec, "--crf", [n for n, c in RATE_CONTROLS.items() if c.crf])
        low, high = control.crf
        if not low <= quality.crf <= high:
            raise OutputError(
                f"--crf {quality.crf:g} is none of {codec}'s.", f"Its scale is {low} to {high}."
            )
        if control.whole and quality.crf != int(quality.crf):
            raise OutputError(
                f"--crf {quality.crf:g} is none of {codec}'s.", "It has whole numbers only."
            )
    if quality.bitrate is not None and not control.bitrate:
        raise _lacks(codec, "--bitrate", [n for n, c in RATE_CONTROLS.items() if c.bitrate])
    if quality.preset is None:
        return
    if not control.presets:
        raise _lacks(codec, "--preset", [n for n, c in RATE_CONTROLS.items() if c.presets])
    if quality.preset not in control.presets:
        raise OutputError(
            f"{codec} has no preset '{quality.preset}'.",
            f"From fast to slow it has {', '.join(control.presets)}.",
            choices=control.presets,
        )


def _lacks(codec: str, option: str, having: Sequence[str]) -> OutputError:
    also = "Choose --quality, or one of" if codec in RATE_CONTROLS else "Leave it out, or choose"
    return OutputError(f"{codec} has no {option}.", f"{also} {', '.join(having)}.")


def _profile(codec: str, pixel_format: str, wanted: str) -> str:
    """The profile of a codec that holds a pixel format, nearest to the one that is wanted."""
    full_chroma = "444" in pixel_format or "gbr" in pixel_format
    if codec == "prores":
        return "4444" if full_chroma else wanted
    if full_chroma:
        return "dnxhr_444"
    return "dnxhr_hqx" if "10" in pixel_format else wanted
