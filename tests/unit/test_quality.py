"""How well outputs are encoded: what can be asked, what it becomes, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien.cli.main import run
from mien.errors import InputError, MienError, OutputError, UsageError
from mien.jobs.shot_task import read_shot_spec
from mien.jobs.yaml import read_jobs
from mien.media.codecs import CODECS, choose_encoding
from mien.media.probe import probe
from mien.media.rate_control import RATE_CONTROLS
from mien.model.media import MediaInfo
from mien.model.quality import QUALITY_LEVELS, Quality, parse_bitrate
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]
LOSSY = ("h264", "hevc", "vp9", "av1", "prores", "dnxhr")
EXTENSIONS = {"vp9": ".webm", "prores": ".mov", "dnxhr": ".mov"}


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("quality") / "x.mp4")


@pytest.fixture(scope="module")
def facts(movie: Path) -> MediaInfo:
    return probe(movie)


def test_every_codec_is_lossless_or_has_both_levels() -> None:
    assert set(RATE_CONTROLS) == set(LOSSY)
    for name, control in RATE_CONTROLS.items():
        assert set(control.levels) == {"visually-lossless", "small"}
        assert (control.crf is None) == (not control.bitrate) == (not control.presets)
        for options in control.levels.values():
            assert control.crf is None or control.crf[0] <= float(options["crf"]) <= control.crf[1]
            assert not control.presets or options[control.preset_option] in control.presets, name


@pytest.mark.parametrize("codec", LOSSY)
def test_small_is_not_what_is_usual(codec: str, facts: MediaInfo) -> None:
    path = Path("a" + EXTENSIONS.get(codec, ".mp4"))
    usual = choose_encoding(path, facts, codec=codec)
    small = choose_encoding(path, facts, codec=codec, quality=Quality("small"))
    assert usual == choose_encoding(path, facts, codec=codec, quality=Quality("visually-lossless"))
    assert small.options != usual.options
    assert usual.quality.startswith("visually-lossless, ")
    assert small.quality.startswith("small, ")
    assert not usual.notes + small.notes


def test_figures_reach_the_encoder_and_the_words(facts: MediaInfo) -> None:
    path = Path("a.mp4")
    crf = choose_encoding(path, facts, quality=Quality(crf=21.5, preset="slow"))
    assert {"crf": "21.5", "preset": "slow"}.items() <= crf.options.items()
    assert str(crf) == "h264 (crf 21.5, preset slow)"
    rate = choose_encoding(path, facts, quality=Quality(bitrate=2_500_000))
    assert rate.options["b"] == "2500000"
    assert "crf" not in rate.options
    assert rate.quality == "2.5 Mbit/s, preset medium"
    exact = choose_encoding(path, facts, lossless=True, quality=Quality(preset="ultrafast"))
    assert exact.options == {"preset": "ultrafast", "qp": "0"}
    assert exact == choose_encoding(path, facts, quality=Quality("lossless", preset="ultrafast"))


@pytest.mark.parametrize(
    ("name", "codec", "quality", "words"),
    [
        ("a.mov", "prores", Quality(crf=18), "prores has no --crf"),
        ("a.mov", "dnxhr", Quality(bitrate="9M"), "dnxhr has no --bitrate"),  # type: ignore[arg-type]
        ("a.mkv", "ffv1", Quality(preset="slow"), "ffv1 has no --preset"),
        ("a.mp4", "av1", Quality(preset="slow"), "av1 has no preset 'slow'"),
        ("a.mp4", "h264", Quality(preset="5"), "h264 has no preset '5'"),
        ("a.mp4", "h264", Quality(crf=52), "--crf 52 is none of h264's. Its scale is 0 to 51"),
        ("a.mkv", "vp9", Quality(crf=20.5), "whole numbers"),
        ("a.mp4", "av1", Quality(crf=0), "Its scale is 1 to 63"),
        ("a.%04d.png", None, Quality(crf=20), "png has no --crf"),
        ("a.mov", "prores", Quality("lossless"), "without loss"),
    ],
)
def test_what_a_codec_does_not_have_is_refused(
    name: str, codec: str | None, quality: Quality, words: str, facts: MediaInfo
) -> None:
    with pytest.raises(OutputError, match=words):
        choose_encoding(Path(name), facts, codec=codec, quality=quality)


def test_a_codec_of_one_quality_says_that_small_is_none(facts: MediaInfo) -> None:
    encoding = choose_encoding(Path("a.%04d.png"), facts, quality=Quality("small"))
    assert encoding.notes == ("png has one quality only: small makes it no smaller.",)
    assert not choose_encoding(Path("a.%04d.png"), facts).notes


@pytest.mark.parametrize(
    "fields",
    [
        {"level": "great"}, {"level": "small", "crf": 20}, {"crf": 20, "bitrate": "9M"},
        {"crf": -1}, {"crf": 64}, {"crf": "x"}, {"crf": float("nan")}, {"crf": True},
        {"bitrate": "9"}, {"bitrate": "9 TB"}, {"bitrate": "11G"}, {"bitrate": 0},
        {"bitrate": True}, {"preset": " "}, {"speed": 3},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant(fields: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Quality.of(fields)


@pytest.mark.parametrize("said", [Quality("small"), Quality(crf=18), Quality(bitrate=10**6)])
def test_lossless_contradicts_every_other_quality(said: Quality) -> None:
    with pytest.raises(UsageError, match="lossless"):
        Quality.of(said, lossless=True)
    assert Quality.of("lossless", lossless=True) == Quality("lossless")


@given(
    st.sampled_from([*QUALITY_LEVELS, None]), st.floats(0, 63), st.integers(10**4, 10**10),
    st.sampled_from(["level", "crf", "bitrate", ""]), st.sampled_from([None, "slow", "7"]),
)  # fmt: skip
def test_a_quality_survives_json(
    level: str, crf: float, bitrate: int, said: str, preset: str | None
) -> None:
    values = {"level": level, "crf": crf, "bitrate": bitrate}
    quality = Quality.of({said: values[said], "preset": preset} if said else {"preset": preset})
    assert Quality.of(json.loads(json.dumps(quality.to_dict()))) == quality
    assert (
        Quality.of(quality) == quality.on(Quality("small", preset="7"))
        or preset is None
        or (said == "" or values[said] is None)
    )


@given(st.integers(10, 10**7))
def test_bit_rates_have_units(thousands: int) -> None:
    assert parse_bitrate(f"{thousands}k") == parse_bitrate(1000 * thousands) == 1000 * thousands


def test_the_more_particular_counts() -> None:
    assert Quality(crf=18).on(Quality("small", preset="slow")) == Quality(crf=18, preset="slow")
    assert Quality(preset="fast").on(Quality("small", preset="slow")) == Quality(
        "small", preset="fast"
    )


def test_a_list_says_it_for_all_shots_and_for_one(tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text(
        "crf: 20\npreset: slow\nshots:\n"
        "  - {name: a, media: x.mov, set: jawOpen=1}\n"
        "  - {name: b, media: x.mov, set: jawOpen=1, quality: small, preset: 5}\n"
        "  - {name: c, media: x.mov, set: jawOpen=1, lossless: true}\n"
        "  - {name: d, media: x.mov, set: jawOpen=1, bitrate: 20M}\n"
    )
    jobs = read_jobs(tmp_path / "jobs.yaml")
    assert [job.quality for job in jobs] == [
        Quality(crf=20, preset="slow"), Quality("small", preset="5"),
        Quality("lossless", preset="slow"), Quality(bitrate=20_000_000, preset="slow"),
    ]  # fmt: skip
    assert [job.lossless for job in jobs] == [False, False, True, False]
    above = read_jobs(tmp_path / "jobs.yaml", quality=Quality("small"))
    assert above[0].quality == Quality("small", preset="slow")
    assert above[3].quality == Quality(bitrate=20_000_000, preset="slow")


@pytest.mark.parametrize(
    "field", ["quality: great", "crf: 99", "bitrate: fast", "crf: 18, bitrate: 9M", "preset: []"]
)
def test_a_list_names_the_line_of_what_is_wrong(tmp_path: Path, field: str) -> None:
    (tmp_path / "jobs.yaml").write_text(
        f"shots:\n  - {{media: x.mov, set: jawOpen=1}}\n  - {{media: x.mov, set: a, {field}}}\n"
        .replace("set: a,", "set: jawOpen=1,")
    )  # fmt: skip
    with pytest.raises(InputError, match=r"jobs.yaml, line 3"):
        read_jobs(tmp_path / "jobs.yaml")


def test_an_order_for_a_farm_carries_it(tmp_path: Path, movie: Path) -> None:
    (tmp_path / "jobs.yaml").write_text(
        f"shots: [{{name: a, media: {movie}, set: jawOpen=1, crf: 30, preset: fast}}]"
    )
    assert run(["batch", str(tmp_path / "jobs.yaml"), "-o", str(tmp_path / "out"),
                "--export-openjd", str(tmp_path / "job")]) == 0  # fmt: skip
    spec = read_shot_spec(tmp_path / "job" / "orders" / "a.json")
    assert spec.quality == Quality(crf=30, preset="fast")


def test_a_render_says_what_was_chosen(movie: Path, tmp_path: Path, capsys: Capture) -> None:
    small, usual = tmp_path / "small.mp4", tmp_path / "usual.mp4"
    assert run(["render", str(movie), "-o", str(small), "--quality", "small"]) == 0
    assert "h264 (small, crf 26, preset medium)" in capsys.readouterr().out
    report = mien.render(movie, usual, progress=False)
    assert report.quality == "visually-lossless, crf 18, preset medium"
    assert report.to_dict()["quality"] == report.quality
    assert small.stat().st_size < usual.stat().st_size
    assert (
        mien.render(movie, tmp_path / "a.mkv", quality="lossless", progress=False).codec == "ffv1"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        "--crf 12 --bitrate 3M", "--crf 99", "--quality best", "--lossless --crf 3",
        "--bitrate fast", "--codec hevc --preset 3",
    ],
)  # fmt: skip
def test_refusals_write_nothing(
    movie: Path, tmp_path: Path, arguments: str, capsys: Capture
) -> None:
    before = movie.read_bytes()
    assert run(["render", str(movie), "-o", str(tmp_path / "y.mp4"), *arguments.split()]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())
    assert movie.read_bytes() == before


def test_no_codec_without_a_way_to_be_encoded() -> None:
    for name, codec in CODECS.items():
        assert name in RATE_CONTROLS or codec.lossless is not None


def test_a_wrong_quality_in_python_is_one_of_miens_errors(movie: Path, tmp_path: Path) -> None:
    with pytest.raises(MienError, match="great"):
        mien.render(movie, tmp_path / "y.mp4", quality="great", progress=False)
    assert not list(tmp_path.iterdir())
