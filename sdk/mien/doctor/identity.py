"""What tells who a face is, for reports and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator

from mien.doctor.check import Check
from mien.identity import identity_states

__all__ = ["check_identity"]


def check_identity() -> Iterator[Check]:
    """Look at which identity model would be chosen; none is loaded."""
    states = identity_states()
    chosen = next(state for state in states if state.usable)
    if chosen is not states[-1]:
        yield Check("identity", "ok", f"{chosen.name}: {chosen.detail}")
        return
    extra = next(state for state in states if state.name == "dlib-resnet")
    lacks = "; ".join(f"{state.name} lacks {state.lacks}" for state in states if state.lacks)
    yield Check("identity", "optional", f"{chosen.detail}, as {lacks}:", extra.remedy)
