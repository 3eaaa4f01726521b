"""Whatever is in a cut or a list, it is read or refused in words; and frames stay in the media."""

from __future__ import annotations

import contextlib
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from mien.editorial import read_cut, write_back
from mien.errors import MienError, TimeError
from mien.jobs.job import CutSpan, ShotResult
from mien.jobs.yaml import read_jobs
from mien.timebase import Clock, Timecode
from tests.cuts import SMILE, clip, dissolve, gap, span, timeline
from tests.profiles import examples

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(), st.text(max_size=20),
    st.just([]), st.just({}), st.just([{"set": 1}]), st.just("../../x"), st.just("a\\b"),
)  # fmt: skip
LIST = {
    "renderer": "auto",
    "shots": [
        {"name": "a", "media": "a.mov", "set": ["jawOpen=+0.2@1:5"], "frames": "0:9", "face": 1},
        {"project": "b.mien", "codec": "prores", "lossless": True},
    ],
}
loose = examples(80, HealthCheck.function_scoped_fixture)


def a_cut() -> Any:
    marked = clip("b", 50, 24, available=span(0, 500), edit=SMILE, speed=2.0)
    marked.metadata["cmx_3600"] = {"reel": "A002"}
    items = [clip("a", 10, 48, available=span(0, 500), edit=SMILE), dissolve(6, 6), marked, gap(9)]
    return json.loads(timeline(items, start=86400).to_json_string())


CUT = a_cut()


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [at]
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(item, (*at, key))
    return found


def put(document: Any, at: tuple[Any, ...], junk: Any) -> Any:
    if not at:
        return junk
    copied = dict(document) if isinstance(document, dict) else list(document)
    copied[at[0]] = put(document[at[0]], at[1:], junk)
    return copied


@loose
@given(st.sampled_from(places(CUT)), JUNK)
def test_any_value_of_a_cut_may_be_wrong(tmp_path: Path, at: tuple[Any, ...], junk: Any) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(json.dumps(put(CUT, at, junk)))
    clock = Clock(Fraction(24), 500)
    try:
        cut = read_cut(path, handles=4)
        results = [
            ShotResult(job, "done", tmp_path / f"{job.name}.mov", job.frames_of(clock), clock)
            for job in cut.jobs
        ]
        files = write_back(cut, results, tmp_path)
    except MienError:
        return
    assert {file.parent for file in files} == {tmp_path}


@loose
@given(st.sampled_from(places(LIST)), JUNK)
def test_any_value_of_a_list_may_be_wrong(tmp_path: Path, at: tuple[Any, ...], junk: Any) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(json.dumps(put(LIST, at, junk)))
    with contextlib.suppress(MienError):
        assert all("/" not in job.name for job in read_jobs(path))


@loose
@given(st.text(max_size=200))
def test_any_text_is_a_list_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_bytes(text.encode(errors="replace"))
    with pytest.raises(MienError, match=r"jobs\.yaml"):
        read_jobs(path)


rates = st.sampled_from(
    [Fraction(n) for n in (12, 24, 25, 30, 60)] + [Fraction(24000, 1001), Fraction(30000, 1001)]
)
numbers = st.fractions(0, 300, max_denominator=10)


@given(rates, rates, numbers, numbers, st.integers(0, 20), st.integers(1, 400), st.booleans())
def test_frames_cover_what_is_used_and_stay_in_the_media(
    media: Fraction, cut: Fraction, start: Fraction, length: Fraction, handles: int, count: int,
    coded: bool,
) -> None:  # fmt: skip
    clock = Clock(media, count, None, Timecode(86400, math.ceil(media)) if coded else None)
    used = CutSpan(start, length, cut, Fraction(0), None, handles)
    try:
        frames = used.frames_of(clock)
    except TimeError:
        return
    assert 0 <= frames.start < frames.stop <= count
    assert used.number(frames.start, clock) <= start
    # By less than a frame the cut may round up beyond the media's end.
    short = start + length - used.number(frames.stop, clock)
    assert short <= (0 if frames.stop < count else max(Fraction(1), cut / media))
