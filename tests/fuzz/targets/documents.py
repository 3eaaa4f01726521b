"""Project files, lists of shots, landmarks of other trackers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from mien.api.info import write_info_page
from mien.api.tracking import as_tracked
from mien.io.landmark_file import landmark_text, read_landmarks
from mien.io.project import describe, load_document, save_document
from mien.jobs.yaml import read_jobs
from mien.model.document import Document, Project
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.evaluate import evaluate
from mien.model.interpolate import Key
from mien.model.marker import Marker
from mien.model.shot import Example
from mien.model.summary import summarize_project
from mien.timebase import FrameRange
from tests.documents import make_shot
from tests.fuzz.target import Target

__all__ = ["TARGETS", "edited_project"]

FRAMES = 6
_OLD = Path(__file__).parents[2] / "baselines"


@cache
def edited_project(frames: int = FRAMES) -> Project:
    """A shot of two faces with edits of every kind, an example and a marker."""
    shot = make_shot(frames, "shot", 2, cuts=(3,))
    face = shot.faces[0]
    smile = ControlTrack("mouthSmile", (Key(0, 0), Key(4, 0.5, "bezier")))
    blink = ControlTrack("blink", (Key(2, 1.0, "hold"),), "replace", FrameRange(1, 5), 2)
    edit = Edit(face, [Layer("smile", (smile,), 0.5), Layer("eyes", (blink,), muted=True)])
    example = make_shot(3, "other")
    shot = replace(shot, examples=(Example(example.media.path, example, "", online=False),))
    return Project(shot, (edit,), markers=(Marker(2, "here"),))


def _projects(folder: Path) -> Mapping[str, bytes]:
    path = folder / "a.mien"
    save_document(Document((edited_project(),)), path)
    seeds = {"a.mien": path.read_bytes()}
    for number in (1, 4, 9):
        seeds[f"old-{number}.mien"] = (_OLD / f"project-{number}.mien").read_bytes()
    return seeds


def _read_project(path: Path) -> None:
    describe(path)
    document = load_document(path, find_media=False)
    for project in document.shots:
        summarize_project(project)
        for edit in project.edits:
            curves = edit.face.curves
            evaluate(curves.controls.array, edit.layers, curves.valid)
        for face in project.shot.faces:
            if face.raw_landmarks is not None:
                as_tracked(face, project.shot)
    # What can be read can be written, and read again.
    again = path.with_name("again.mien")
    save_document(document, again)
    load_document(again, find_media=False)
    write_info_page(document, path.with_name("page.html"))


_JOBS = """
renderer: auto
codec: prores
examples: [other.mov]
settings: {steps: 12}
occlusion: {glasses: [1=no, 2=auto]}
shots:
  - name: sh010
    media: plates/sh010.mov
    frames: 1:50
    set: ["mouthSmile=+0.5@20:80", "browDown=+0.3"]
  - project: sh020.mien
    shot: 2
    lossless: true
  - name: 030
    media: &plate /plates/sh030.%04d.exr
    set: jawOpen=0.2
    face: 2
    renderer: warp
    until_damage: yes
  - media: *plate
    curves: take.csv
  - media: a.mov
    apply: b.mov
    audio: c.wav
    quality: high
"""


def _jobs(folder: Path) -> Mapping[str, bytes]:
    return {"jobs.yaml": _JOBS.encode()}


def _landmarks(folder: Path) -> Mapping[str, bytes]:
    face = make_shot(FRAMES).faces[0]
    return {
        "face.json": json.dumps(
            landmark_text(face.landmarks, face.confidence > 0, face.confidence, (640, 360))
        ).encode(),
    }


TARGETS = (
    Target("projects", _projects, _read_project),
    Target("jobs", _jobs, read_jobs),
    Target("landmarks", _landmarks, lambda path: read_landmarks(path, FRAMES, (640, 360))),
)
