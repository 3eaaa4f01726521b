"""Whatever can be keyed or tracked comes back from a project file as it was."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mien._types import AnyArray
from mien.io import project as project_file
from mien.io.project import Project
from mien.model.controls import NAMES
from mien.model.edits import MODES, ControlTrack, Edit, Layer
from mien.model.interpolate import INTERPOLATIONS, Key
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.model.presets import PRESETS
from mien.model.shot import Shot
from mien.timebase import Clock, FrameRange
from tests.faces import make_face
from tests.profiles import examples

FRAMES = 9
FINITE = st.floats(allow_nan=False, allow_infinity=False)

handles = st.none() | st.tuples(st.floats(0, 1e6), FINITE)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def tracks(draw: st.DrawFn) -> ControlTrack:
    frames = draw(st.lists(st.integers(-10, 10**9), min_size=1, max_size=5, unique=True))
    keys = []
    for frame in sorted(frames):
        back = draw(handles)
        keys.append(
            Key(frame, draw(FINITE), draw(st.sampled_from(INTERPOLATIONS)),
                None if back is None else (-back[0], back[1]), draw(handles))
        )  # fmt: skip
    span = draw(st.none() | st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)))
    return ControlTrack(
        draw(st.sampled_from([*NAMES, "mouthSmile", "eyeBlink", *PRESETS])),
        tuple(keys),
        draw(st.sampled_from(MODES)),
        None if span is None else FrameRange(min(span), max(span)),
        draw(st.integers(0, 100)),
    )


@st.composite
def layers(draw: st.DrawFn) -> tuple[Layer, ...]:
    names = draw(st.lists(texts, max_size=3, unique=True))
    return tuple(
        Layer(name, tuple(draw(st.lists(tracks(), max_size=3))), draw(st.floats(0, 1)),
              draw(st.booleans()))
        for name in names
    )  # fmt: skip


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    rate = draw(st.fractions(Fraction(1, 10), 1000, max_denominator=1001))
    steps = draw(st.none() | st.lists(st.fractions(0, 10, max_denominator=90000),
                                      min_size=FRAMES, max_size=FRAMES))  # fmt: skip
    return Clock(rate, FRAMES, None if steps is None else tuple(sorted(steps)))


def facts(clock: Clock, name: str) -> MediaInfo:
    return MediaInfo(
        path=Path(tempfile.gettempdir()) / f"{name}.mov", kind="movie", container="mov",
        codec="prores", pixel_format="yuv422p10le", bits=10,
        orientation=Orientation(1440, 1080, 3, Fraction(4, 3)), clock=clock,
        time_base=Fraction(1, 90000), pts=tuple(range(-3, FRAMES - 3)),
        color=ColorTags(9, 16, 9, 1), metadata={"title": name},
    )  # fmt: skip


def round_trip(project: Project) -> Project:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.mien"
        project_file.save(project, path)
        return project_file.load(path, find=False)


@examples(60)
@given(layers(), clocks(), texts.filter(str.strip))
def test_edits_and_times_come_back(stack: tuple[Layer, ...], clock: Clock, name: str) -> None:
    face = make_face(FRAMES, clock.rate)
    back = round_trip(Project(Shot(facts(clock, "shot"), (face,)), (Edit(face, stack),)))
    assert back.edits[0].layers == stack
    assert back.shot.media.clock == clock
    assert back.shot.media.pts == tuple(range(-3, FRAMES - 3))
    assert back.shot.media.orientation.pixel_aspect == Fraction(4, 3)


@examples(40)
@given(
    arrays.arrays(np.float32, (FRAMES, len(NAMES)),
                  elements=st.floats(-1e6, 1e6, width=32, allow_nan=False)),
    arrays.arrays(np.bool_, FRAMES),
)  # fmt: skip
def test_curves_come_back_bit_for_bit(controls: AnyArray, valid: AnyArray) -> None:
    face = make_face(FRAMES)
    face.curves.controls.array[:] = controls
    face.curves.valid[:] = valid
    face.curves.controls.array[~valid] = np.nan
    shot = Shot(facts(Clock(Fraction(25), FRAMES), "shot"), (face,))
    back = round_trip(Project(shot)).shot.faces[0]
    assert back.curves.controls.array.tobytes() == face.curves.controls.array.tobytes()
    assert back.curves.valid.tobytes() == face.curves.valid.tobytes()
