"""Previews: the best picture at once, the exact one after, and never another than an export's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import MediaError, MienError
from mien.media.reader import open_reader
from mien.preview.picture import PreviewImage, displayed, first_picture
from mien.preview.playback_cache import PlaybackCache, pack
from mien.preview.previewer import Previewer
from mien.rendering.base import RenderRequest
from mien.rendering.plans import face_plans
from mien.rendering.plates import ReaderPlates
from mien.rendering.warp.renderer import WarpRenderer
from mien.timebase import FrameRange
from tests.waiting import PATIENCE, wait_until

FRAMES = 36


@pytest.fixture(scope="module")
def shot(talk_720p: Path, tmp_path_factory: pytest.TempPathFactory) -> mien.Shot:
    """The first frames of a talking head, 1280 x 720, tracked."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    mien.render(talk_720p, path, frames=f"0:{FRAMES}", progress=False)
    return mien.track(path, progress=False)


@pytest.fixture
def previewer(shot: mien.Shot) -> Iterator[Previewer]:
    opened = Previewer(shot)
    yield opened
    opened.close()


def smile(shot: mien.Shot, value: float = 0.6) -> mien.Edit:
    return mien.Edit(shot.faces[0]).set("mouthSmile", value)


class Answers:
    """Collects what is delivered."""

    def __init__(self) -> None:
        self.pictures: list[PreviewImage] = []
        self.errors: list[MienError] = []
        self._came = threading.Condition()

    def deliver(self, picture: PreviewImage) -> None:
        with self._came:
            self.pictures.append(picture)
            self._came.notify_all()

    def fail(self, error: MienError) -> None:
        with self._came:
            self.errors.append(error)
            self._came.notify_all()

    def until(self, true: Callable[[PreviewImage], bool]) -> PreviewImage:
        with self._came:
            found = self._came.wait_for(
                lambda: next((p for p in self.pictures if true(p)), None), PATIENCE
            )
        assert found is not None, "no picture came"
        return found


@pytest.mark.slow
def test_a_previewed_frame_is_the_exported_one(
    shot: mien.Shot, previewer: Previewer, tmp_path: Path
) -> None:
    """Bit for bit, whatever was previewed before."""
    face = shot.faces[0]
    edits = [mien.Edit(face).set("jawOpen", 0.4).set("blink", 0.7).set("headYaw", 3.0)]
    previewer.set_edits([mien.Edit(face).set("blink", 0.3)])
    previewer.picture(20)
    previewer.set_edits([smile(shot)])
    previewer.picture(21)
    previewer.set_edits(edits)
    out = tmp_path / "out.mkv"
    mien.render(shot, out, edits=edits, frames="20:23", lossless=True, progress=False)
    with open_reader(out) as reader:
        for i, frame in enumerate(range(20, 23)):
            picture = previewer.picture(frame)
            assert picture.final
            assert np.array_equal(picture.rgb, displayed(reader.frame(i), reader.facts))
            mask = previewer.mask(frame)
            assert mask is not None
            plate = previewer.picture(frame, edited=False).rgb
            assert (picture.rgb != plate).any()
            # Chroma samples reach a pixel beyond the mask.
            away = mask[1:-1, 1:-1] + mask[:-2, 1:-1] + mask[2:, 1:-1] == 0
            away &= mask[1:-1, :-2] + mask[1:-1, 2:] == 0
            same = (picture.rgb == plate).all(axis=2)[1:-1, 1:-1]
            assert same[away].mean() > 0.999


@pytest.mark.slow
def test_a_shot_that_is_known_is_painted_like_a_new_one(shot: mien.Shot) -> None:
    face = shot.faces[0]
    blink = face_plans(shot, [mien.Edit(face).set("blink", 0.5)], shot.clock.all)
    talk = face_plans(shot, [mien.Edit(face).set("jawOpen", 0.5)], shot.clock.all)
    with open_reader(shot.media) as reader:
        known = WarpRenderer().open(shot, ReaderPlates(reader))
        for plans in (blink, talk, blink):
            request = RenderRequest(plans[0], 10, reader.frame(10).plate())
            known.prepare(plans)
            again = known.render(request)
            with WarpRenderer().open(shot, ReaderPlates(reader)) as session:
                session.prepare(plans)
                fresh = session.render(request)
            assert again is not None
            assert fresh is not None
            assert again.box == fresh.box
            assert np.array_equal(again.rgb, fresh.rgb)
            assert np.array_equal(again.mask, fresh.mask)


@pytest.mark.slow
def test_answers_get_better_and_come_at_once_the_next_time(
    shot: mien.Shot, previewer: Previewer
) -> None:
    previewer.set_edits([smile(shot)])
    answers = Answers()
    number = previewer.request(
        30, edited=True, quality="full", deliver=answers.deliver, failed=answers.fail
    )
    last = answers.until(lambda picture: picture.final)
    assert last.frame == 30
    assert last.generation == number
    assert last.rgb.shape == (720, 1280, 3)
    ranks = [(picture.exact, picture.scale) for picture in answers.pictures]
    assert ranks == sorted(ranks)
    answers.pictures.clear()
    previewer.request(30, edited=True, quality="full", deliver=answers.deliver)
    assert [picture.final for picture in answers.pictures] == [True]
    assert not answers.errors


@pytest.mark.slow
def test_what_is_dragged_is_small_and_looks_alike(shot: mien.Shot, previewer: Previewer) -> None:
    import cv2

    previewer.set_edits([mien.Edit(shot.faces[0]).set("jawOpen", 0.4).set("headYaw", 4.0)])
    full, small = previewer.picture(12), previewer.picture(12, quality="drag")
    assert small.exact
    assert small.scale == 0.75
    assert small.rgb.shape == (540, 960, 3)
    shrunk = cv2.resize(full.rgb, (960, 540), interpolation=cv2.INTER_AREA).astype(float)
    plate = previewer.picture(12, edited=False, quality="drag").rgb
    edit = np.abs(shrunk - plate).mean()
    assert np.abs(shrunk - small.rgb).mean() < 0.2 * edit


@pytest.mark.slow
def test_a_later_request_overtakes_and_nothing_goes_back(
    shot: mien.Shot, previewer: Previewer
) -> None:
    answers = Answers()
    for frame in [*range(0, 35, 3), 2, 33, 5, 17]:
        last = previewer.request(frame, edited=False, quality="full", deliver=answers.deliver)
    answers.until(lambda picture: picture.final and picture.generation == last)
    numbers = [picture.generation for picture in answers.pictures]
    assert numbers == sorted(numbers)
    both = Answers()
    previewer.set_edits([smile(shot)])
    for edited in (True, False):
        previewer.request(8, edited=edited, quality="full", deliver=both.deliver)
    both.until(lambda picture: picture.final and picture.edited)
    both.until(lambda picture: picture.final and not picture.edited)


@pytest.mark.slow
def test_frames_are_made_ahead_and_stay_good_where_nothing_changes(
    shot: mien.Shot, previewer: Previewer
) -> None:
    face = shot.faces[0]
    changes = [0]
    forget = previewer.subscribe(lambda: changes.__setitem__(0, changes[0] + 1))
    edit = mien.Edit(face).key("mouthSmile", 5, 0.0).key("mouthSmile", 10, 0.6)
    previewer.set_edits([edit])
    previewer.ahead(FrameRange(0, 20), start=8)
    wait_until(lambda: bool(previewer.cached()[:20].all()))
    assert changes[0] >= 20
    assert not previewer.cached()[20:].any()
    answers = Answers()
    previewer.request(15, edited=True, quality="drag", deliver=answers.deliver)
    assert answers.pictures[0].exact, "a frame that is ready was waited for"
    assert answers.pictures[0].edited
    previewer.ahead(None)
    previewer.set_edits([edit.key("mouthSmile", 15, 0.6).key("mouthSmile", 18, 0.1)])
    assert previewer.cached()[:15].all()
    assert not previewer.cached()[17:].any()
    forget()


@pytest.mark.slow
def test_no_picture_of_another_edit_is_shown(shot: mien.Shot, previewer: Previewer) -> None:
    face = shot.faces[0]
    shown = []
    # What is painted before the shot has been looked through is painted anew afterwards.
    previewer.set_edits([smile(shot)])
    while previewer._maker.get_ready():
        pass
    for edits in ([smile(shot)], [], [mien.Edit(face).set("blink", 0.8)], [], [smile(shot)]):
        previewer.set_edits(edits)
        previewer.ahead(FrameRange(3, 5))
        wait_until(lambda: bool(previewer.cached()[3:5].all()))
        answers = Answers()
        previewer.request(3, edited=True, quality="drag", deliver=answers.deliver)
        shown.append((answers.pictures[0].rgb, previewer.picture(4).rgb))
    for i in range(2):
        first, none, other, again, same = (pictures[i] for pictures in shown)
        assert np.array_equal(none, again)
        assert (first != other).any()
        assert (first != none).any()
        assert np.array_equal(first, same)


@pytest.mark.slow
def test_memory_is_bounded(shot: mien.Shot) -> None:
    limit = 24 << 20
    previewer = Previewer(shot, cache_bytes=limit)
    try:
        previewer.set_edits([smile(shot)])
        previewer.ahead(shot.clock.all)
        for frame in range(0, FRAMES, 2):
            previewer.picture(frame)
            previewer.picture(frame, edited=False, quality="drag")
        wait_until(lambda: previewer.cached().sum() > FRAMES // 2)
        assert previewer.held <= limit
    finally:
        previewer.close()


def test_a_frame_that_cannot_be_read_is_told(shot: mien.Shot, tmp_path: Path) -> None:
    import dataclasses

    gone = dataclasses.replace(shot.media, path=tmp_path / "gone.mp4")
    previewer = Previewer(dataclasses.replace(shot, media=gone))
    answers = Answers()
    try:
        previewer.request(
            3, edited=False, quality="full", deliver=answers.deliver, failed=answers.fail
        )
        wait_until(lambda: bool(answers.errors))
        assert isinstance(answers.errors[0], MediaError)
        assert "gone.mp4" in str(answers.errors[0])
        with pytest.raises(MediaError):
            previewer.picture(3)
        with pytest.raises(IndexError):
            previewer.picture(FRAMES)
    finally:
        previewer.close()


def test_closing_does_not_wait_for_what_is_going_on(shot: mien.Shot) -> None:
    previewer = Previewer(shot)
    previewer.set_edits([smile(shot)])
    previewer.ahead(shot.clock.all)
    previewer.request(35, edited=True, quality="full", deliver=lambda picture: None)
    previewer.close()
    assert not previewer.cached().all(), "not all that was to be made ahead"


@pytest.mark.shared
def test_the_first_picture_needs_no_index(clip: Callable[[str], Path], tmp_path: Path) -> None:
    for name in ("derived_phone_rotated.mp4", "derived_prores422lt_24p_s29.mov"):
        with open_reader(clip(name)) as reader:
            shown = displayed(reader.frame(0), reader.facts)
        assert np.array_equal(first_picture(clip(name)), shown)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(MediaError, match=r"empty\.mp4"):
        first_picture(empty)


def test_what_is_played_last_makes_room() -> None:
    picture = pack(np.zeros((8, 8, 3), dtype=np.uint8))
    store = PlaybackCache(4 * len(picture))
    for frame in (5, 6, 7, 8):
        assert store.put(frame, 0, picture, start=6)
    # 5 lies behind the playhead and is played last of all.
    assert store.put(9, 0, picture, start=6)
    assert not store.put(10, 0, picture, start=6)
    stamps = np.zeros(12, dtype=np.int64)
    assert np.flatnonzero(store.ready(stamps)).tolist() == [6, 7, 8, 9]
    stamps[7] = 1
    assert np.flatnonzero(store.ready(stamps)).tolist() == [6, 8, 9]
    assert store.get(7, 1) is None
    assert store.held == 4 * len(picture)


@pytest.mark.slow
def test_other_strokes_are_seen_without_learning_the_shot_anew(
    shot: mien.Shot, previewer: Previewer
) -> None:
    """Frames of a stroke become what a new preview shows, the others stay what they were."""
    face = shot.faces[0]
    edits = [mien.Edit(face).set("jawOpen", 0.8)]
    middle = float(face.landmarks[10, 13, 0]), float(face.landmarks[10, 13, 1])
    line = (middle, (middle[0] + 40, middle[1]))
    stroke = mien.MatteStroke(1, 10, FrameRange(10, 20), line, 25.0)
    painted = shot.with_occlusion(mien.Occlusion(strokes=(stroke,)))
    previewer.set_edits(edits)
    before = {frame: previewer.picture(frame).rgb for frame in (5, 12)}
    previewer.treat(painted)
    previewer.set_edits(edits)
    fresh = Previewer(painted)
    fresh.set_edits(edits)
    try:
        for frame in (5, 12):
            assert np.array_equal(previewer.picture(frame).rgb, fresh.picture(frame).rgb)
    finally:
        fresh.close()
    assert np.array_equal(previewer.picture(5).rgb, before[5])
    assert not np.array_equal(previewer.picture(12).rgb, before[12])
    previewer.treat(shot)
    previewer.set_edits(edits)
    assert np.array_equal(previewer.picture(12).rgb, before[12])


@pytest.mark.slow
def test_what_is_in_front_is_told_without_an_edit(shot: mien.Shot, previewer: Previewer) -> None:
    told: list[tuple[object, bool]] = []
    place = shot.faces[0].landmarks[10, 13]
    middle = float(place[0]), float(place[1])
    stroke = mien.MatteStroke(1, 10, FrameRange(10, 20), (middle,), 25.0)
    previewer.request(
        10, edited=True, quality="full", deliver=lambda picture: None
    )  # the window shows one before it asks for what is in front
    previewer.treat(shot.with_occlusion(mien.Occlusion(detect=False, strokes=(stroke,))))
    previewer.request_front(12, 1, lambda matte, whole: told.append((matte, whole)))
    wait_until(lambda: told, what="what is in front")
    matte, whole = told[-1]
    assert whole
    assert isinstance(matte, np.ndarray)
    assert matte.shape == (720, 1280)
    assert matte.max() == 1
    assert 0 < (matte > 0.5).sum() < 50**2
    told.clear()
    previewer.request_front(25, 1, lambda matte, whole: told.append((matte, whole)))
    wait_until(lambda: told, what="what is in front")
    assert told[-1] == (None, True)
