import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import AnyArray
from mien.errors import TimeError, UnknownControlError, UsageError
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.edits import FADE, ControlTrack, Edit, Layer, Mode
from mien.model.evaluate import evaluate
from mien.model.interpolate import Interpolation, Key, sample
from mien.model.presets import PRESETS, resolve
from mien.timebase import FrameRange
from tests.faces import make_face

FRAMES = 120
values = st.floats(-1, 1.5, width=32)
frames = st.integers(0, FRAMES - 1)
interpolations: st.SearchStrategy[Interpolation] = st.sampled_from(
    ["hold", "linear", "ease", "bezier"]
)
handles = st.none() | st.tuples(st.floats(0, 60), st.floats(-2, 2))


@st.composite
def key_lists(draw: st.DrawFn) -> tuple[Key, ...]:
    at = sorted(draw(st.sets(frames, min_size=1, max_size=8)))
    keys = []
    for frame in at:
        back, out = draw(handles), draw(handles)
        keys.append(
            Key(
                frame,
                draw(values),
                draw(interpolations),
                handle_in=(-back[0], back[1]) if back else None,
                handle_out=out,
            )
        )
    return tuple(keys)


names = st.sampled_from([*NAMES, "mouthSmile", "eyeBlink", "gazeYaw", *PRESETS])


ACTING: tuple[Mode, ...] = ("add", "replace", "scale")


@st.composite
def tracks(draw: st.DrawFn) -> ControlTrack:
    span = None
    if draw(st.booleans()):
        start = draw(st.integers(0, FRAMES - 2))
        span = FrameRange(start, draw(st.integers(start + 1, FRAMES)))
    mode = draw(st.sampled_from(ACTING))
    return ControlTrack(draw(names), draw(key_lists()), mode, span)


@given(key_lists())
def test_a_curve_passes_through_its_keys(keys: tuple[Key, ...]) -> None:
    got = sample(keys, [key.frame for key in keys])
    np.testing.assert_allclose(got, [key.value for key in keys], atol=1e-9)


@given(key_lists())
def test_a_curve_is_held_outside_its_keys(keys: tuple[Key, ...]) -> None:
    assert sample(keys, [-50.0])[0] == keys[0].value
    assert sample(keys, [FRAMES + 50.0])[0] == keys[-1].value


@given(key_lists())
def test_only_bezier_handles_leave_the_range_of_the_keys(keys: tuple[Key, ...]) -> None:
    got = sample(keys, np.linspace(0, FRAMES, 500))
    assert np.isfinite(got).all()
    if not any(key.interpolation == "bezier" for key in keys):
        low, high = min(k.value for k in keys), max(k.value for k in keys)
        assert got.min() >= low - 1e-9
        assert got.max() <= high + 1e-9


@given(st.floats(0, 200), st.floats(0, 200), st.floats(-3, 3), st.floats(-3, 3), st.integers(1, 90))
def test_bezier_time_never_runs_backwards(
    out: float, back: float, up: float, down: float, length: int
) -> None:
    # A curve folded in time would jump: against a fine sampling no step may be a leap.
    keys = (
        Key(0, 0.0, "bezier", handle_out=(out, up)),
        Key(length, 1.0, handle_in=(-back, down)),
    )
    fine = sample(keys, np.linspace(0, length, 20_001))
    reach = 1 + abs(up) + abs(down)
    assert np.abs(np.diff(fine)).max() < reach / 10


def test_bezier_with_level_thirds_is_the_ease() -> None:
    at = np.linspace(10, 40, 61)
    ease = sample((Key(10, 0.2), Key(40, 0.9)), at)
    bezier = sample((Key(10, 0.2, "bezier"), Key(40, 0.9)), at)
    np.testing.assert_allclose(bezier, ease, atol=1e-9)


def performance(seed: int) -> AnyArray:
    generator = np.random.default_rng(seed)
    return generator.uniform(0, 1, (FRAMES, len(NAMES))).astype(np.float32)


everywhere = np.ones(FRAMES, dtype=bool)


@given(st.lists(tracks(), max_size=5), st.floats(0, 1), st.integers(0, 9))
def test_targets_stay_within_the_limits_and_invalid_frames_alone(
    made: list[ControlTrack], weight: float, seed: int
) -> None:
    source = performance(seed)
    valid = np.arange(FRAMES) % 7 != 0
    got = evaluate(source, [Layer("a", tuple(made), weight)], valid)
    base = np.where([c.region == "head" for c in CONTROLS], source, 0)
    low = base + np.array([c.low for c in CONTROLS])
    high = base + np.array([c.high for c in CONTROLS])
    assert (got.target >= np.minimum(low, source) - 1e-6).all()
    assert (got.target <= np.maximum(high, source) + 1e-6).all()
    assert not got.delta[~valid].any()
    assert not got.active[~valid].any()


@given(st.lists(tracks(), max_size=5), st.integers(0, 9))
def test_controls_that_no_track_drives_do_not_move(made: list[ControlTrack], seed: int) -> None:
    driven = {INDEX[n] for track in made for n, _ in resolve(track.control, track.mode)}
    got = evaluate(performance(seed), [Layer("a", tuple(made))], everywhere)
    rest = [i for i in range(len(NAMES)) if i not in driven]
    assert not got.delta[:, rest].any()


@given(tracks())
def test_frames_outside_a_span_are_not_touched(track: ControlTrack) -> None:
    got = evaluate(performance(1), [Layer("a", (track,))], everywhere)
    if track.span is not None:
        inside = np.zeros(FRAMES, dtype=bool)
        inside[track.span.start : track.span.stop] = True
        assert not got.active[~inside].any()


@given(st.lists(tracks(), max_size=4), st.integers(0, 9))
def test_muted_and_weightless_layers_change_nothing(made: list[ControlTrack], seed: int) -> None:
    source = performance(seed)
    for layer in (Layer("a", tuple(made), muted=True), Layer("a", tuple(made), weight=0.0)):
        got = evaluate(source, [layer], everywhere)
        assert not got.delta.any()
        assert (got.target == source).all()


def test_add_replace_and_scale_do_what_they_say() -> None:
    source = np.full((FRAMES, len(NAMES)), 0.2, dtype=np.float32)
    column = INDEX["jawOpen"]
    for mode, expected in zip(ACTING, (0.7, 0.5, 0.1), strict=True):
        track = ControlTrack("jawOpen", (Key(0, 0.5, "hold"),), mode)
        got = evaluate(source, [Layer("a", (track,))], everywhere)
        np.testing.assert_allclose(got.target[:, column], expected, atol=1e-6)
        half = evaluate(source, [Layer("a", (track,), weight=0.5)], everywhere)
        np.testing.assert_allclose(half.target[:, column], (0.2 + expected) / 2, atol=1e-6)


def test_a_head_is_turned_from_where_it_is() -> None:
    source = np.full((FRAMES, len(NAMES)), 20.0, dtype=np.float32)
    for asked, expected in ((5.0, 25.0), (40.0, 30.0), (-40.0, 10.0)):
        track = ControlTrack("headYaw", (Key(0, asked, "hold"),))
        got = evaluate(source, [Layer("a", (track,))], everywhere)
        np.testing.assert_allclose(got.target[:, INDEX["headYaw"]], expected)


def test_a_span_is_eased_in_and_out_over_six_frames_inside() -> None:
    source = np.zeros((FRAMES, len(NAMES)), dtype=np.float32)
    edit = Edit(make_face(FRAMES)).set("mouthSmileLeft", 0.6, span="30:60")
    got = evaluate(source, edit.layers, everywhere).delta[:, INDEX["mouthSmileLeft"]]
    assert not got[:30].any()
    assert not got[60:].any()
    np.testing.assert_allclose(got[36:54], 0.6, atol=1e-6)
    assert (np.diff(got[29:37]) > 0).all()
    np.testing.assert_allclose(got[30:60], got[30:60][::-1], atol=1e-6)


@st.composite
def touching_spans(draw: st.DrawFn) -> list[FrameRange]:
    """Two to five spans, each of which begins where the one before ends."""
    borders = sorted(draw(st.sets(st.integers(0, FRAMES), min_size=3, max_size=6)))
    return [FrameRange(a, b) for a, b in itertools.pairwise(borders)]


@given(
    touching_spans(),
    st.sampled_from(["jawOpen", "mouthSmile", "surprise", "tightLips"]),
    st.sampled_from(ACTING),
    st.data(),
)
def test_the_value_runs_on_where_spans_touch(
    spans: list[FrameRange], name: str, mode: Mode, data: st.DataObject
) -> None:
    asked = [data.draw(st.floats(0.1, 0.9), label="value") for _ in spans]
    order = data.draw(st.permutations(range(len(spans))), label="order of the tracks")
    made = tuple(ControlTrack(name, (Key(0, asked[i], "hold"),), mode, spans[i]) for i in order)
    source = np.full((FRAMES, len(NAMES)), 0.3, dtype=np.float32)
    got = evaluate(source, [Layer("a", made)], everywhere).target
    at = np.arange(FRAMES)
    # Where nothing is eased in from outside or out again, values lie between those asked for.
    inner = (at >= spans[0].start + FADE) & (at < spans[-1].stop - FADE)
    for control, weight in resolve(name):
        each = [
            {"add": 0.3 + weight * v, "replace": weight * v, "scale": 0.3 * v}[mode] for v in asked
        ]
        column = got[:, INDEX[control]]
        assert (column[inner] >= min(each) - 1e-6).all()
        assert (column[inner] <= max(each) + 1e-6).all()
        if len(spans) == 2:
            steps = np.diff(column[inner]) * np.sign(each[1] - each[0])
            assert (steps >= -1e-6).all(), "the step goes one way"
        for span, value in zip(spans, each, strict=True):
            # A step reaches half a fade into a span, and no further.
            middle = (at >= span.start + FADE // 2) & (at < span.stop - FADE // 2) & inner
            np.testing.assert_allclose(column[middle], value, atol=1e-6)


@given(touching_spans(), st.integers(1, 9), st.sampled_from(ACTING))
def test_spans_with_a_gap_act_each_by_itself(spans: list[FrameRange], gap: int, mode: Mode) -> None:
    first = spans[0]
    start = min(first.stop + gap, FRAMES - 1)
    second = FrameRange(start, FRAMES)
    made = [ControlTrack("jawOpen", (Key(0, v, "hold"),), mode, s)
            for v, s in ((0.4, first), (0.6, second))]  # fmt: skip
    source = performance(3)
    together = evaluate(source, [Layer("a", tuple(made))], everywhere)
    apart = evaluate(source, [Layer(str(i), (track,)) for i, track in enumerate(made)], everywhere)
    if start > first.stop:
        np.testing.assert_array_equal(together.delta, apart.delta)
        assert not together.active[first.stop : start].any()


def test_what_acts_in_between_keeps_its_place() -> None:
    source = np.zeros((FRAMES, len(NAMES)), dtype=np.float32)
    spans = FrameRange(0, 40), FrameRange(40, 80), FrameRange(80, 120)
    first, second, third = (
        ControlTrack("jawOpen", (Key(0, value, "hold"),), "replace", span)
        for value, span in zip((0.2, 0.4, 0.6), spans, strict=True)
    )
    raised = ControlTrack("jawOpen", (Key(0, 0.1, "hold"),))
    asked = [[first, third, second], [first, raised, second], [raised, first, second, third]]
    got = [
        evaluate(source, [Layer("a", tuple(tracks))], everywhere).target[:, INDEX["jawOpen"]]
        for tracks in asked
    ]
    # A third that touches only the second comes before it; an amount for the whole shot is added
    # after the first and replaced by the second, or is replaced by all.
    np.testing.assert_allclose(got[0][[20, 39, 40, 60, 79, 80, 100]],
                               [0.2, 0.29, 0.31, 0.4, 0.49, 0.51, 0.6], atol=0.02)  # fmt: skip
    np.testing.assert_allclose(got[1][[20, 39, 40, 60, 100]],
                               [0.3, 0.1, 0.1, 0.4, 0.1], atol=0.06)  # fmt: skip
    np.testing.assert_array_equal(got[2][10:110], got[0][10:110])


def test_a_preset_moves_its_controls_by_their_weights() -> None:
    source = np.zeros((FRAMES, len(NAMES)), dtype=np.float32)
    edit = Edit(make_face(FRAMES)).set("surprise", 0.5)
    got = evaluate(source, edit.layers, everywhere).target[0]
    for name, weight in resolve("surprise"):
        assert got[INDEX[name]] == pytest.approx(0.5 * weight, abs=1e-6)


@given(st.floats(0, 1), st.sampled_from(["add", "replace"]), st.integers(0, 9))
def test_a_preset_that_replaces_takes_the_place_of_the_performance(
    value: float, mode: Mode, seed: int
) -> None:
    source = performance(seed)
    edit = Edit(make_face(FRAMES)).set("lipsShut", value, mode=mode)
    got = evaluate(source, edit.layers, everywhere).target
    for name, weight in resolve("lipsShut"):
        was = source[:, INDEX[name]]
        np.testing.assert_allclose(got[:, INDEX[name]], was + value * (weight - was), atol=2e-4)


def test_keys_are_typed_in_seconds_and_replace_each_other() -> None:
    face = make_face(FRAMES, Fraction(25))
    edit = Edit(face).key("mouthSmile", "1.0s", 0).key("mouthSmile", "2.0s", 0.6)
    again = edit.key("mouthSmile", 50, 0.4)
    (track,) = again.layers[0].tracks
    assert [(key.frame, key.value) for key in track.keys] == [(25, 0.0), (50, 0.4)]
    assert [key.value for key in edit.layers[0].tracks[0].keys] == [0.0, 0.6], "edits are values"


def test_what_cannot_be_meant_is_refused() -> None:
    edit = Edit(make_face(FRAMES))
    with pytest.raises(UnknownControlError):
        edit.key("mouthSmiel", 0, 1)
    with pytest.raises(TimeError, match="outside the shot"):
        edit.key("mouthSmile", FRAMES, 1)
    with pytest.raises(TimeError):
        edit.set("mouthSmile", 1, span=FrameRange(0, FRAMES + 1))
    with pytest.raises(UsageError, match="finite"):
        edit.key("mouthSmile", 0, float("nan"))
    with pytest.raises(UsageError, match="interpolation"):
        edit.key("mouthSmile", 0, 1, interpolation="wobble")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="mode"):
        edit.key("mouthSmile", 0, 1, mode="divide")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="weight"):
        Layer("a", weight=1.5)
    with pytest.raises(UsageError, match="same name"):
        Edit(edit.face, [Layer("a"), Layer("a")])
    with pytest.raises(UsageError, match="handle"):
        edit.key("mouthSmile", 0, 1, handle_in=(3.0, 0.0))
