"""Commands and undo, whatever is asked in whatever order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import MienError
from mien.io.project import load_document, save_document
from mien.model.document import Document
from mien.model.edits import ControlTrack, Mode
from mien.model.interpolate import Interpolation
from mien.model.marker import MARKER_COLORS
from mien.session import commands as c
from mien.session.refs import KeyRef, TrackRef
from mien.session.session import Session
from mien.timebase import FrameRange
from tests.documents import make_document
from tests.profiles import examples

FRAMES = 48
START = make_document(2, FRAMES)
ONE, TWO = (project.id for project in START.shots)

Command = Callable[[Document], Document]
frames = st.integers(0, FRAMES - 1)
offsets = st.integers(-2 * FRAMES, 2 * FRAMES)
values = st.floats(-1, 1.5, width=32)
controls = st.sampled_from(["jawOpen", "mouthSmile", "mouthSmileLeft", "smile", "headYaw"])
shots = st.sampled_from([ONE, TWO])
faces = st.sampled_from([1, 2])
layers = st.sampled_from(["edit", "more"])
modes: st.SearchStrategy[Mode] = st.sampled_from(["add", "replace", "scale", "smooth"])
interpolations: st.SearchStrategy[Interpolation] = st.sampled_from(
    ["hold", "linear", "ease", "bezier"]
)


def tracks_of(document: Document) -> Iterator[tuple[TrackRef, ControlTrack]]:
    for project in document.shots:
        for edit in project.edits:
            for layer in edit.layers:
                for index, track in enumerate(layer.tracks):
                    yield TrackRef(project.id, edit.face.number, layer.name, index), track


def keys_of(document: Document) -> list[KeyRef]:
    return [KeyRef(ref, key.frame) for ref, track in tracks_of(document) for key in track.keys]


def some(document: Document, picked: set[int]) -> list[KeyRef]:
    """Keys by their place, whatever keys there are; now and then one that is gone."""
    keys = keys_of(document)
    return [keys[i % len(keys)] for i in sorted(picked)] if keys else []


picks = st.sets(st.integers(0, 60), min_size=1, max_size=8)
handles = st.tuples(st.floats(0, 30), st.floats(-1, 1))


sides = st.sampled_from(["jawOpen", "mouthSmile", "mouthSmileLeft", "mouthSmileRight", "headYaw"])
far = st.floats(-3, 3)
reaches = st.integers(0, 20)


def made(
    command: Callable[..., Document], *arguments: st.SearchStrategy[Any]
) -> st.SearchStrategy[Command]:
    """A command with arguments of its own: none is drawn that it does not take."""
    return st.tuples(*arguments).map(lambda drawn: lambda document: command(document, *drawn))


def picked_keys(
    command: Callable[..., Document], *arguments: st.SearchStrategy[Any]
) -> st.SearchStrategy[Command]:
    """The same, for a command of some keys."""
    return made(lambda d, picked, *rest: command(d, some(d, picked), *rest), picks, *arguments)


def keying() -> st.SearchStrategy[Command]:
    """Setting a key, in every way."""
    return made(
        lambda d, shot, face, control, frame, value, layer, mode, how: c.set_key(
            d, shot, face, control, frame, value, layer=layer, mode=mode, interpolation=how
        ),
        shots, faces, controls, frames, values, layers, modes, interpolations,
    )  # fmt: skip


COMMANDS = [
    *[keying() for _ in range(6)],
    made(
        lambda d, shot, face, sided, value, frame, layer, auto, reach: c.set_value(
            d, shot, face, {sided: value, "smile": value}, frame,
            layer=layer, auto_key=auto, reach=reach,
        ),
        shots, faces, sides,
        values, frames, layers, st.booleans(), reaches,
    ),
    made(
        lambda d, shot, face, value, frame, auto: c.set_expression(
            d, shot, face, "frown", value, frame, auto_key=auto
        ),
        shots, faces, values, frames, st.booleans(),
    ),
    made(
        lambda d, source, shot, face, frame, reach: c.copy_expression(
            d, (ONE, 1, source), (shot, face, frame), reach=reach
        ),
        frames, shots, faces, frames, reaches,
    ),
    made(
        lambda d, shot, face, control, frame: c.reset(d, shot, face, [control], frame),
        shots, faces, controls, st.none() | frames,
    ),
    picked_keys(lambda d, keys, by, rise: c.move_keys(d, keys, by, rise)[0], offsets, values),
    picked_keys(lambda d, keys, by: c.duplicate_keys(d, keys, by)[0], offsets),
    picked_keys(lambda d, keys, pivot, by: c.scale_keys(d, keys, pivot, by)[0], frames, far),
    picked_keys(
        lambda d, keys, *target: c.paste_keys(d, c.copy_keys(d, keys), *target)[0],
        shots, faces, frames, layers,
    ),
    picked_keys(c.delete_keys),
    picked_keys(c.set_interpolation, interpolations),
    picked_keys(c.ease, st.sampled_from(c.EASES)),
    picked_keys(
        lambda d, keys, back, out: c.set_handles(
            d, dict.fromkeys(keys, ((-back[0], back[1]), out))
        ),
        handles, handles,
    ),
    made(
        lambda d, shot, face, layer, control, value, mode, start: c.add_track(
            d, shot, face, layer, control, value=value, mode=mode,
            span=None if start is None else FrameRange(start, FRAMES),
        ),
        shots, faces, layers, controls, values, modes, st.none() | frames,
    ),
    made(
        lambda d, shot, face, layer, weight, muted: c.set_layer(
            d, shot, face, layer, weight=weight, muted=muted
        ),
        shots, faces, layers, st.floats(0, 0.75), st.booleans(),
    ),
    made(
        lambda d, shot, face, layer: c.rename_layer(d, shot, face, layer, "other"),
        shots, faces, layers,
    ),
    made(c.move_layer, shots, faces, layers, offsets),
    made(c.remove_layer, shots, faces, layers),
    made(c.add_marker, shots, frames, controls, st.sampled_from(MARKER_COLORS)),
    made(c.move_marker, shots, frames, frames),
    made(lambda d, shot, start: c.set_span(d, shot, FrameRange(start, FRAMES)), shots, frames),
    made(c.move_shot, shots, offsets),
    made(c.rename_shot, shots, controls),
    made(c.rename_face, shots, faces, controls),
]  # fmt: skip


def commands() -> st.SearchStrategy[Command]:
    """Any command with arguments that may mean something."""
    return st.one_of(COMMANDS)


def tried(command: Command) -> Command:
    """A command that does nothing where it makes no sense, as a menu would grey it out."""

    def run(document: Document) -> Document:
        try:
            return command(document)
        except MienError:
            return document

    return run


def whole(document: Document) -> None:
    """Keys ascend, one a frame, inside the shot."""
    for _, track in tracks_of(document):
        places = [key.frame for key in track.keys]
        assert places == sorted(set(places))
        assert places
        assert 0 <= places[0] <= places[-1] < FRAMES


@examples(60)
@given(st.lists(commands(), max_size=25))
def test_undo_all_is_the_start_and_redo_all_the_end(asked: list[Command]) -> None:
    session = Session(START)
    seen = [session.document]
    for command in asked:
        session.apply("Step", tried(command))
        whole(session.document)
        if session.document is not seen[-1]:
            seen.append(session.document)
    end = session.document
    for before in reversed(seen[:-1]):
        session.undo()
        assert session.document is before
    assert session.document is START
    while session.redo_names:
        session.redo()
    assert session.document is end


actions = st.sampled_from(["apply", "begin", "update", "commit", "cancel", "undo", "redo", "save"])


@examples(80)
@given(st.lists(st.tuples(actions, frames), max_size=40))
def test_gestures_steps_and_saves_in_any_order(asked: list[tuple[str, int]]) -> None:
    """Against the plainest thing that could be right: a list of documents and a place in it."""
    session, history, place, saved = Session(START), [START], 0, START
    gesture, started = session.gesture("None"), False
    gesture.cancel()

    def keyed_at(frame: int) -> Command:
        return lambda d: c.set_key(d, ONE, 1, "jawOpen", frame, 1.0)

    def step() -> None:
        nonlocal place
        if not session.document.same_as(history[place]):
            history[place + 1 :] = [session.document]
            place += 1

    with tempfile.TemporaryDirectory() as folder:
        for action, frame in asked:
            if action == "begin":
                gesture = session.gesture("Drag")
                step()
                started = True
                continue
            if action == "update":
                gesture.update(keyed_at(frame))
                expected = keyed_at(frame)(history[place]) if started else history[place]
                assert session.document.same_as(expected)
                continue
            if action == "cancel":
                gesture.cancel()
            elif action == "commit":
                gesture.commit()
                step()
            elif action == "apply":
                session.apply("Key", lambda d: d)
                step()
                session.apply("Key", keyed_at(frame))
                step()
            elif action == "save":
                session.save(Path(folder) / "x.mien")
                step()
                saved = history[place]
            else:
                session.apply("Nothing", lambda d: d)
                step()
                (session.undo if action == "undo" else session.redo)()
                by = -1 if action == "undo" else 1
                place = min(max(place + by, 0), len(history) - 1)
            started = False
            assert session.document is history[place]
            assert session.modified == (session.document is not saved)
            assert len(session.undo_names) == place
            assert len(session.redo_names) == len(history) - 1 - place


@examples(30)
@given(st.lists(commands(), min_size=5, max_size=25))
def test_documents_come_back_from_files(asked: list[Command]) -> None:
    document = START
    for command in asked:
        document = tried(command)(document)
    with tempfile.TemporaryDirectory() as folder:
        path, again = Path(folder) / "x.mien", Path(folder) / "y.mien"
        save_document(document, path)
        back = load_document(path, find_media=False)
        save_document(back, again)
        assert again.read_bytes() == path.read_bytes()
    for one, two in zip(document.shots, back.shots, strict=True):
        assert [edit.layers for edit in one.edits] == [edit.layers for edit in two.edits]
        for name in ("id", "name", "markers", "span", "settings"):
            assert getattr(one, name) == getattr(two, name)
        assert [face.name for face in one.shot.faces] == [face.name for face in two.shot.faces]


@st.composite
def keyed(draw: st.DrawFn) -> tuple[Document, list[KeyRef]]:
    """A document with keys of several tracks, and some of them."""
    document = START
    for control in ("jawOpen", "mouthSmile", "smile"):
        for frame in draw(st.sets(frames, min_size=1, max_size=6)):
            document = c.set_key(document, ONE, 1, control, frame, draw(values),
                                 interpolation=draw(interpolations))  # fmt: skip
    keys = keys_of(document)
    return document, draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))


@examples(60)
@given(keyed(), offsets, values)
def test_moved_keys_keep_their_distances_and_the_rest_stays(
    given_keys: tuple[Document, list[KeyRef]], by: int, rise: float
) -> None:
    document, keys = given_keys
    moved, refs = c.move_keys(document, keys, by, rise)
    whole(moved)
    done = refs[0].frame - min(keys).frame
    assert [KeyRef(key.track, key.frame + done) for key in sorted(keys)] == list(refs)
    assert abs(done) <= abs(by)
    before, after = dict(tracks_of(document)), dict(tracks_of(moved))
    for key in keys:
        old, new = before[key.track].key_at(key.frame), after[key.track].key_at(key.frame + done)
        assert old is not None
        assert new is not None
        assert new.value == old.value + rise
    places = {(ref.track, ref.frame) for ref in refs}
    for ref, track in before.items():
        for stays in track.keys:
            if KeyRef(ref, stays.frame) not in keys and (ref, stays.frame) not in places:
                assert after[ref].key_at(stays.frame) is stays


@examples(60)
@given(keyed(), frames, st.floats(-4, 4))
def test_scaled_keys_stay_in_the_shot_and_one_turns_nothing(
    given_keys: tuple[Document, list[KeyRef]], pivot: int, factor: float
) -> None:
    document, keys = given_keys
    scaled, refs = c.scale_keys(document, keys, pivot, factor)
    whole(scaled)
    assert set(refs) <= set(keys_of(scaled))
    assert c.scale_keys(document, keys, pivot, 1.0)[0].same_as(document)
    twice = c.scale_keys(*c.scale_keys(document, keys, (FRAMES - 1) / 2, -1.0), 23.5, -1.0)[0]
    if len(keys) == len(keys_of(document)):
        assert twice.same_as(document)


@examples(60)
@given(keyed(), frames, shots, faces)
def test_pasted_keys_are_the_copied_ones_as_far_as_the_shot_goes(
    given_keys: tuple[Document, list[KeyRef]], frame: int, shot: str, face: int
) -> None:
    document, keys = given_keys
    clipboard = c.copy_keys(document, keys)
    pasted, refs = c.paste_keys(document, clipboard, shot, face, frame, "pasted")
    whole(pasted)
    first = min(key.frame for key in keys)
    before, after = dict(tracks_of(document)), dict(tracks_of(pasted))
    fitting = [key for key in keys if key.frame - first + frame < FRAMES]
    assert len(refs) == len(fitting)
    for ref in refs:
        key = after[ref.track].key_at(ref.frame)
        assert key is not None
        assert any(
            track.control == after[ref.track].control
            and (old := track.key_at(ref.frame - frame + first)) is not None
            and old.value == key.value
            for track in before.values()
        )
    assert c.delete_keys(pasted, refs).shot(shot).edit(face).layer("pasted").tracks == ()


@examples(80)
@given(keyed(), st.lists(st.tuples(handles, handles), min_size=20, max_size=20), frames)
def test_a_key_on_a_curve_leaves_it_as_it_runs(
    given_keys: tuple[Document, list[KeyRef]], ends: list[tuple[tuple[float, float], ...]], at: int
) -> None:
    document, keys = given_keys
    document = c.set_handles(
        document, {k: ((-a[0], a[1]), b) for k, (a, b) in zip(keys, ends, strict=False)}
    )
    fine = np.linspace(-2, FRAMES + 2, 1009)
    for ref, track in tracks_of(document):
        inserted = dict(tracks_of(c.insert_key(document, ref, at)))[ref]
        assert inserted.key_at(at) is not None
        steep = max(1.0, float(np.abs(np.diff(track.values(fine))).max()) * 10)
        got, expected = inserted.values(fine), track.values(fine)
        # Time is solved for, so what is steep is off by as much as it is steep.
        np.testing.assert_allclose(got, expected, atol=1e-7 * steep, rtol=0)
