"""What the demo asks of a smiling face: to be serious, surprised, blink, say aah, be cross."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mien.model.edits import Edit
from mien.model.face import Face

__all__ = ["MOMENTS", "Moment", "tell"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the story worth a picture.

    Attributes:
        title: What is seen.
        time: When, as people type it.
        controls: The controls it is about.
    """

    title: str
    time: str
    controls: tuple[str, ...]


MOMENTS = (
    Moment("as filmed", "0.2s", ()),
    Moment("serious", "1.2s", ("mouthSmile",)),
    Moment("surprised", "2.0s", ("browInnerUp", "browOuterUp")),
    Moment("blinks", "2.6s", ("eyeBlink",)),
    Moment("aah", "3.4s", ("jawOpen",)),
    Moment("cross", "4.4s", ("mouthSmile", "browDown")),
)


_MOUTH = {
    "mouthSmile": (
        ("0.4s", 0.0), ("1.0s", -1.0), ("1.5s", -1.0), ("1.9s", 0.0),
        ("3.7s", 0.0), ("4.1s", -0.9), ("4.7s", -0.9),
    ),
    "mouthFrown": (
        ("0.4s", 0.0), ("1.0s", 0.4), ("1.5s", 0.4), ("1.9s", 0.0),
        ("3.7s", 0.0), ("4.1s", 0.5), ("4.7s", 0.5),
    ),
    "lipsShut": (
        ("0.4s", 0.0), ("1.0s", 1.0), ("1.5s", 1.0), ("1.9s", 0.0),
        ("3.7s", 0.0), ("4.1s", 1.0), ("4.7s", 1.0),
    ),
    "jawOpen": (
        ("1.5s", 0.0), ("1.9s", 0.2), ("2.2s", 0.2), ("2.5s", 0.0),
        ("2.9s", 0.0), ("3.2s", 0.6), ("3.5s", 0.6), ("3.8s", 0.0),
    ),
}  # fmt: skip
_BROWS = {
    "raisedBrows": (("1.5s", 0.0), ("1.9s", 1.0), ("2.2s", 1.0), ("2.5s", 0.0)),
    "browDown": (("3.7s", 0.0), ("4.1s", 0.7), ("4.7s", 0.7)),
}
_EYES = {
    # A blink closes faster than it opens: 80 ms down, 40 ms shut, 200 ms up.
    "eyeBlink": (("2.52s", 0.0), ("2.6s", 0.9), ("2.64s", 0.9), ("2.84s", 0.0)),
}


def tell(face: Face) -> Edit:
    """The edit of the demo: a layer each for mouth, brows and eyes, with its own easing."""
    edit = Edit(face)
    for layer, tracks in (("mouth", _MOUTH), ("brows", _BROWS), ("eyes", _EYES)):
        for control, keys in tracks.items():
            for time, value in keys:
                edit = edit.key(
                    control, time, value, layer=layer,
                    interpolation="bezier" if layer == "eyes" else "ease",
                )  # fmt: skip
    return edit.with_layer(replace(edit.layer("brows"), weight=0.9))
