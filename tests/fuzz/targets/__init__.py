"""Every target, by name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    consent,
    credentials,
    curves,
    cuts,
    documents,
    kept,
    media,
    models,
    serve,
    speech,
)

__all__ = ["TARGETS"]

TARGETS: dict[str, Target] = {
    one.name: one
    for room in (
        documents,
        curves,
        cuts,
        speech,
        serve,
        models,
        kept,
        consent,
        credentials,
        media,
    )
    for one in room.TARGETS
}
