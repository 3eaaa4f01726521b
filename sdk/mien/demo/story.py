"""What the demo asks of the face: a smile fades, brows rise, a blink, an open mouth, a smile."""

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
    Moment("beams", "4.4s", ("mouthSmile", "cheekSquint")),
)


def tell(face: Face) -> Edit:
    """The edit of the demo, in one layer each for mouth, brows and eyes."""
    edit = Edit(face)
    for time, value in (("0.4s", 0.0), ("1.0s", -0.5), ("1.6s", -0.5), ("2.4s", 0.0),
                        ("3.8s", 0.0), ("4.3s", 0.5), ("4.7s", 0.5), ("4.9s", 0.3)):  # fmt: skip
        edit = edit.key("mouthSmile", time, value, layer="mouth")
    for time, value in (("2.9s", 0.0), ("3.2s", 0.45), ("3.5s", 0.45), ("3.8s", 0.0)):
        edit = edit.key("jawOpen", time, value, layer="mouth")
    for time, value in (("1.5s", 0.0), ("1.9s", 0.8), ("2.2s", 0.8), ("2.5s", 0.0)):
        edit = edit.key("raisedBrows", time, value, layer="brows")
    # A blink closes faster than it opens: 80 ms down, 40 ms shut, 200 ms up.
    for time, value in (("2.52s", 0.0), ("2.6s", 1.0), ("2.64s", 1.0), ("2.84s", 0.0)):
        edit = edit.key("eyeBlink", time, value, layer="eyes", interpolation="bezier")
    return edit.with_layer(replace(edit.layer("brows"), weight=0.9))
