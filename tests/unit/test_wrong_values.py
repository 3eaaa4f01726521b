"""Values of options that cannot be read are refused in words of ours, whatever reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.cli.main import run
from tests.unit.test_field_words import PYDANTIC


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("track x.mp4 -o y.mien --max-faces x", "'--max-faces' cannot be 'x': a whole number is"),
        ("probe x.mp4 --stream 1.5", "'--stream' cannot be '1.5': a whole number is expected."),
        ("probe x.mp4 --stream=-5", "'--stream' cannot be '-5': 0 is the least."),
        ("render x.mp4 -o y.mp4 --reference-steps x", "'--reference-steps' cannot be 'x': a whole"),
        ("render x.mp4 -o y.mp4 --reference-guidance x", "'--reference-guidance' cannot be 'x'"),
        ("batch a.otio -o out --engine x", "'--engine' cannot be 'x': 'x' is not one of 'local'"),
        ("batch a.otio -o out --handles=-1", "'--handles' cannot be '-1': 0 is the least."),
        ("batch a.otio -o out --workers 0", "'--workers' cannot be '0': 1 is the least."),
    ],
)
def test_a_wrong_value(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words.split()) == 2
    told = capsys.readouterr().err
    assert said in told
    assert f"mien {words.split()[0]} --help" in told
    assert not PYDANTIC.search(told)


def test_three_dots_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text("shots: [{media: a.mp4, face: 1.5, set: [jawOpen=1]}]")
    assert run(["batch", str(jobs), "-o", "out"]) == 3
    assert "Faces are numbered 1, 2, ...\n" in capsys.readouterr().err
