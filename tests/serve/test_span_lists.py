"""Spans of frames in answers of the server, as they come out of JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from mien.serve.messages import METHODS
from mien.serve.shots import OpenShot, shot_facts
from mien.timebase import FrameRange
from tests.documents import make_document


def test_mixes_and_damaged_frames_pass_a_strict_check() -> None:
    project = make_document().shots[0]
    shot = replace(project.shot, mixes=(FrameRange(0, 1),), damaged=(FrameRange(1, 2),))
    facts = shot_facts(OpenShot(replace(project, shot=shot), None))
    answer = json.loads(facts.model_dump_json())
    assert (answer["mixes"], answer["damaged"]) == ([[0, 1]], [[1, 2]])
    assert METHODS["track"].job.model_validate(answer, strict=True) == facts  # type: ignore[union-attr]
