"""What a render does about damage of its source: ends before it, or says how to."""

from __future__ import annotations

from mien.errors import DamagedMediaError
from mien.media.damage import find_damage
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["damage_note", "undamaged", "with_remedy"]


def undamaged(
    shot: Shot, frames: FrameRange, *, until_damage: bool
) -> tuple[FrameRange, DamagedMediaError | None]:
    """Return the frames of a render before any damage that is found at little cost.

    Args:
        shot: The shot.
        frames: The frames that are wanted.
        until_damage: Whether the render may end before damage.

    Returns:
        The frames, and what ends them early, or None.

    Raises:
        DamagedMediaError: When there is damage, and the render may not end before it, or there is
            nothing before it.
    """
    damage = find_damage(shot.media, frames, shot.damaged)
    if damage is None:
        return frames, None
    assert damage.frame is not None
    if not until_damage or damage.frame <= frames.start:
        raise with_remedy(damage, frames)
    return FrameRange(frames.start, damage.frame), damage


def with_remedy(
    error: DamagedMediaError, frames: FrameRange, kept: str = "Nothing was written."
) -> DamagedMediaError:
    """Return the error of a render that damage ended, with how to get what comes before it.

    Args:
        error: What the reader said.
        frames: The frames that were wanted.
        kept: What there is of the output, in a sentence.
    """
    assert error.frame is not None
    remedy = error.remedy
    if error.frame > frames.start:
        before = FrameRange(frames.start, error.frame)
        remedy = (
            f"{remedy.removesuffix('.')}, or write the frames before it with --until-damage"
            f" (or --frames {before})."
        )
    return DamagedMediaError(f"{error.cause} {kept}", remedy, path=error.path, frame=error.frame)


def damage_note(error: DamagedMediaError, frames: FrameRange) -> str:
    """Say of an output that ends before damage what is missing.

    Args:
        error: What ended it.
        frames: The frames that were wanted.
    """
    assert error.frame is not None
    last = frames.stop - 1
    missing = f"frame {last} is" if error.frame == last else f"frames {error.frame} to {last} are"
    return f"{error.cause} The output ends before it; {missing} not in it."
