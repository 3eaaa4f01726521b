"""The closed loop: mien looks at what it made, and corrects how far it goes.

A few frames of an edit are rendered and looked at by mien's own tracker, beside the plate. Where
a control is seen to move less, or more, than it usually is in a render (face/achieved.py), what is
asked of it is multiplied by a gain, and some of the frames are looked at once more: a gain that did
not help is dropped. Gains hold for all of a shot, so they are as smooth as the edit; they are found
in frames that its whole edit decides, so that they are the same for any part of it that is
rendered. They are bounded and rounded, and kept (gains_cache.py).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mien._types import FloatArray, IndexArray
from mien.blas import one_blas_thread
from mien.errors import MienError, OperationCancelledError
from mien.face.achieved import CORRECTED, SEEN, EditMotion, edit_motion, seen_amounts
from mien.face.deform import personal_rig
from mien.media.frame import Frame
from mien.media.reader import Reader, open_reader
from mien.model.controls import HEAD, INDEX
from mien.model.shot import Shot
from mien.pipeline.editing import FrameEditor
from mien.pipeline.gains_cache import Gains, GainsCache
from mien.progress import Progress, silent
from mien.rendering.base import FacePlan, Renderer, RenderSession
from mien.rendering.plans import added_change
from mien.rendering.plates import ReaderPlates
from mien.tracking.mediapipe import VERSION as TRACKER
from mien.tracking.picture_reader import PictureReader

__all__ = ["ClosedLoop", "close_loop", "known_gains", "with_gains"]

_LOG = logging.getLogger(__name__)

_VERSION: Final = 3
"""Raised whenever the same edit gets other gains."""
_LEAST: Final = 0.8
_MOST: Final = 1.35
"""Bounds of a gain: a face whose pixels do not follow is not torn at."""
_STEP: Final = 32
"""Gains are whole parts of one in so many."""
_AS_USUAL: Final = 0.1
"""A gain that is nearer to 1 changes nothing."""
_FRAMES: Final = 8
"""Frames that are looked at, of an edit that asks for one control; of others a few more."""
_EACH: Final = 3
"""Frames in which each control is strong, at least."""
_MOST_FRAMES: Final = 16
_SECOND_LOOKS, _MOST_SECOND_LOOKS = 4, 8
"""Frames that are looked at again with the gains, of an edit that asks for one control, and of any
edit."""
_STRONG: Final = 0.5
"""Part of its most from which a control is strong in a frame."""
_SURE: Final = 0.5
"""Confidence of a face below which nothing is learned from a frame."""
_LEAST_REACH: Final = 0.008
"""Heights of the face by which landmarks have to move for a control to be told from noise."""
_FURTHEST: Final = 1.1
"""Parts of the most that people do to which no gain leads; what is asked itself may go on."""
_HEAD: Final = [INDEX[name] for name in HEAD]


@dataclass(frozen=True, slots=True, eq=False)
class ClosedLoop:
    """Plans whose amounts are corrected.

    Attributes:
        plans: The plans, in their order.
        gains: By a face's number, the gains that are not 1.
        notes: What kept mien from looking; empty when nothing did.
    """

    plans: tuple[FacePlan, ...]
    gains: Mapping[int, Gains]
    notes: tuple[str, ...] = ()


@one_blas_thread()
def close_loop(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer,
    progress: Progress = silent,
    *,
    cache: GainsCache | None = None,
) -> ClosedLoop:
    """Correct what is asked of faces by what is seen of it.

    Args:
        shot: The shot.
        plans: The faces with edits, evaluated over the whole shot.
        renderer: Makes the pixels; plans of one that is not `corrected` stay as they are.
        progress: Told about the stage `prepare`.
        cache: Where gains are kept; the user's cache by default.

    Returns:
        The plans; as they were where the source cannot be read, the renderer fails or a part is
        missing, which the notes say.

    Raises:
        OperationCancelledError: When it is stopped.
    """
    if not renderer.corrected or not plans:
        return ClosedLoop(tuple(plans), {})
    cache = cache or GainsCache()
    found: dict[int, Gains] = {}
    unknown = []
    for plan in plans:
        gains = cache.load(*_names(shot, plan, renderer))
        if gains is None:
            unknown.append(plan)
        else:
            found[plan.face.number] = gains
    notes: tuple[str, ...] = ()
    if any(len(_sample(plan)) for plan in unknown):
        try:
            with _Looking(shot, unknown, renderer, progress) as looking:
                new = {plan.face.number: looking.gains(plan) for plan in unknown}
        except OperationCancelledError:
            raise
        except MienError as error:
            # A frame that is damaged is the render's to tell of, which may never reach it.
            _LOG.debug("the loop stays open: %s", error)
            notes = (f"Amounts are not corrected by what is seen: {error.cause}",)
        else:
            found.update(new)
            for plan in unknown:
                names = _names(shot, plan, renderer)
                cache.store(*names, new[plan.face.number], _controls(plan))
    return ClosedLoop(
        tuple(with_gains(plan, found.get(plan.face.number, {})) for plan in plans),
        {number: gains for number, gains in found.items() if gains},
        notes,
    )


def known_gains(
    shot: Shot, plan: FacePlan, renderer: Renderer, cache: GainsCache | None = None
) -> Gains:
    """Return the gains of a plan without looking: its own, or those that were found last.

    Args:
        shot: The shot.
        plan: A face and its edit.
        renderer: Makes the pixels.
        cache: Where gains are kept; the user's cache by default.
    """
    if not renderer.corrected:
        return {}
    cache = cache or GainsCache()
    face, edit = _names(shot, plan, renderer)
    own = cache.load(face, edit)
    return cache.last(face) if own is None else own


def with_gains(plan: FacePlan, gains: Gains) -> FacePlan:
    """Return a plan that asks for as much more, or less, of its controls as gains say.

    What is taken from the performance stays as it is.

    Args:
        plan: A face and its edit.
        gains: By control without side; the skin moves so many times as far.
    """
    delta = plan.evaluated.delta
    changed = [
        column
        for name, gain in gains.items()
        if gain != 1
        for column in CORRECTED.get(name, ())
        if (delta[:, column] > 0).any()
    ]
    if not changed:
        return plan
    rig = personal_rig(plan.face)
    factor = np.ones(delta.shape[1], dtype=np.float32)
    for name, gain in gains.items():
        factor[list(CORRECTED.get(name, ()))] = gain
    asked = rig.added_of(delta, plan.evaluated.departed)
    moved, most = rig.moved(asked), rig.moved(np.ones_like(factor))
    # Gains go no further than people do, but take nothing of what was asked beyond that.
    there = np.minimum(moved * factor, np.maximum(moved, _FURTHEST * most))
    wanted, more = delta.copy(), delta + (rig.added(there) - asked)
    for column in changed:
        added = asked[:, column] > 0
        wanted[added, column] = more[added, column]
    corrected = replace(plan.evaluated, delta=wanted, gained=wanted - delta)
    return replace(plan, evaluated=corrected)


class _Looking:
    """Renders a few frames of edits, and looks at them."""

    def __init__(
        self, shot: Shot, plans: Sequence[FacePlan], renderer: Renderer, progress: Progress
    ) -> None:
        self._shot, self._plans, self._renderer = shot, plans, renderer
        self._progress = progress
        self._stack = ExitStack()
        self._done = 0
        self._total = sum(len(_sample(plan)) for plan in plans)

    def __enter__(self) -> _Looking:
        with self._stack as stack:
            self._reader: Reader = stack.enter_context(open_reader(self._shot.media, cache_bytes=0))
            # What is in front of faces is not looked for: it costs more than all of this.
            self._session: RenderSession = stack.enter_context(
                self._renderer.open(self._shot, ReaderPlates(self._reader))
            )
            self._session.prepare(self._plans)
            self._eye: PictureReader = stack.enter_context(closing(PictureReader()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def gains(self, plan: FacePlan) -> dict[str, float]:
        """Find the gains of a plan; those that are 1 are left out."""
        frames = _sample(plan)
        if not len(frames):
            return {}
        # Pictures of a few are kept for a second look, not those of all: they may be large.
        kept = _second_looks(plan, frames)
        looks = [look for frame in frames.tolist() if (look := self._look(plan, frame, kept))]
        seen = _seen(looks)
        _LOG.debug("face %d of %s: seen %s", plan.face.number, self._shot.media.path.name, seen)
        gains = _gains(seen)
        if not gains:
            return {}
        first = [look for look in looks if look.picture is not None]
        corrected = with_gains(plan, gains)
        second = []
        for look in first:
            assert look.picture is not None
            after = self._read_edited(corrected, look.picture, look.before)
            second.append(look if after is None else replace(look, after=after))
        then, now = _seen(first), _seen(second)
        return {
            name: gain
            for name, gain in gains.items()
            if name in now and abs(now[name][0] - 1) < abs(then[name][0] - 1)
        }

    def _look(self, plan: FacePlan, frame: int, kept: set[int]) -> _Look | None:
        self._done += 1
        self._progress("prepare", self._done, self._total)
        face = plan.face
        picture = self._reader.frame(frame)
        before = self._eye.read(picture.upright_rgb(), face.landmarks[frame])
        after = None if before is None else self._read_edited(plan, picture, before)
        if before is None or after is None:
            return None
        asked = edit_motion(face, frame, added_change(plan, frame))
        return _Look(asked, before, after, picture if frame in kept else None)

    def _read_edited(self, plan: FacePlan, picture: Frame, near: FloatArray) -> FloatArray | None:
        self._session.prepare([plan])
        edited = FrameEditor([plan], lambda: self._session).edit(picture)
        return self._eye.read(edited.upright_rgb(), near)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One frame that was looked at: what is asked, landmarks before and after, the plate."""

    asked: EditMotion
    before: FloatArray
    after: FloatArray
    picture: Frame | None


def _seen(looks: Sequence[_Look]) -> dict[str, tuple[float, float]]:
    return seen_amounts(
        [one.asked for one in looks], [one.before for one in looks], [one.after for one in looks]
    )


def _gains(seen: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """The gains, by what is seen of controls and how far they move landmarks."""
    gains = {}
    for name, (amount, reach) in seen.items():
        if reach < _LEAST_REACH:
            continue
        gain = min(max(1 / max(amount, 1e-3), _LEAST), _MOST)
        if abs(gain - 1) >= _AS_USUAL:
            gains[name] = round(gain * _STEP) / _STEP
    return gains


def _sample(plan: FacePlan) -> IndexArray:
    """The frames that are looked at, ascending: strong ones, from all over the edit."""
    face, delta = plan.face, plan.evaluated.delta
    usable = face.valid & (face.confidence >= _SURE) & ~delta[:, _HEAD].any(axis=1)
    if plan.flame is not None or not usable.any():
        return np.zeros(0, dtype=np.intp)
    asked = [np.where(usable, delta[:, CORRECTED[name]].max(axis=1), 0) for name in _controls(plan)]
    asked = [strength for strength in asked if strength.max() > 0]
    each = max(_EACH, _FRAMES // max(len(asked), 1))
    found: set[int] = set()
    for strength in asked:
        found.update(_spread(np.flatnonzero(strength >= _STRONG * strength.max()), each))
    return np.array(_spread(np.array(sorted(found), dtype=np.intp), _MOST_FRAMES), dtype=np.intp)


def _controls(plan: FacePlan) -> tuple[str, ...]:
    """Controls, without side, that a plan asks for and that are looked after."""
    asked = (plan.evaluated.delta > 0).any(axis=0)
    return tuple(name for name, columns in CORRECTED.items() if asked[list(columns)].any())


def _second_looks(plan: FacePlan, frames: IndexArray) -> set[int]:
    """Some of the frames that are looked at, among which each control is at its strongest once."""
    chosen = dict.fromkeys(_spread(frames, _SECOND_LOOKS))
    for name in _controls(plan):
        strength = plan.evaluated.delta[frames][:, list(CORRECTED[name])].max(axis=1)
        if len(chosen) < _MOST_SECOND_LOOKS and not any(
            strength[list(frames).index(frame)] >= _STRONG * strength.max() for frame in chosen
        ):
            chosen[int(frames[strength.argmax()])] = None
    return set(chosen)


def _spread(frames: IndexArray, count: int) -> list[int]:
    """Up to so many of some frames, evenly from all over them."""
    if not len(frames):
        return []
    places = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return [int(frames[place]) for place in places.round().astype(int)]


def _names(shot: Shot, plan: FacePlan, renderer: Renderer) -> tuple[str, str]:
    """Names of a face and of an edit, by which gains are kept."""
    media = shot.media
    made_by = (_VERSION, TRACKER, sorted(SEEN.items()), renderer.name, renderer.pixels)
    facts = (*made_by, media.fingerprint, media.stream, plan.face.number)
    face = hashlib.blake2b(repr(facts).encode(), digest_size=16)
    examples = [one.used.media.fingerprint for one in shot.examples if one.used is not None]
    depends = (renderer.cache_key(shot, plan).digest, examples)
    edit, pose = hashlib.blake2b(repr(depends).encode(), digest_size=16), plan.face.curves.pose
    for array in (
        plan.evaluated.source, plan.evaluated.delta, plan.face.identity, plan.face.confidence,
        pose.scale, pose.rotation, pose.translation,
    ):  # fmt: skip
        edit.update(np.ascontiguousarray(array).tobytes())
    if plan.evaluated.departed is not None:
        edit.update(np.ascontiguousarray(plan.evaluated.departed).tobytes())
    return face.hexdigest(), edit.hexdigest()
