"""How a user's matte lies on a shot: on its stored pictures, or on those that are shown."""

from __future__ import annotations

from mien.model.media import MediaInfo

__all__ = ["matte_reading", "may_be_stored", "same_shape"]


def same_shape(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Tell whether one size is another scaled, rounded to whole pixels."""
    (width, height), (w, h) = size, wanted
    return abs(width - height * w / h) <= 1 or abs(height - width * h / w) <= 1


def may_be_stored(matte: MediaInfo, shot: MediaInfo) -> bool:
    """Tell whether a matte has the shape of a shot's stored picture, which is not shown so."""
    own, other = matte.orientation, shot.orientation
    same = same_shape((own.width, own.height), (other.width, other.height))
    return same and own.as_shown and not other.as_shown


def matte_reading(matte: MediaInfo, shot: MediaInfo) -> str:
    """Name how a matte is laid on a shot where older miens laid it otherwise; empty elsewhere.

    They took one that fits both the stored picture and the one that is shown for the stored one,
    and saw neither mirrors nor how images say that they are turned. Frames that they finished
    are not to be taken for those of this reading.

    Args:
        matte: Facts of the matte.
        shot: Facts of the shot's media.
    """
    own = matte.orientation
    turned = own.quarter_turns % 4
    shown = same_shape(own.upright_size, shot.orientation.upright_size)
    unclear = shown and may_be_stored(matte, shot)
    if unclear or own.mirrored or (turned and matte.kind == "sequence"):
        return f"upright, turned {turned}, mirrored {own.mirrored}"
    return ""
