"""The viewer paints with the renderer that the user chose, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

import mien
from mien.errors import MienError
from mien.model.document import Document
from mien.model.shot import Shot
from mien.rendering.base import CacheKey, FacePlan, Patch, PlateSource, RenderRequest
from mien.session.commands import set_key
from mien.session.session import Session
from mien_desktop.preferences import PreferencesDialog, preview_renderer
from mien_desktop.workspace import Workspace


class Green(mien.Renderer):
    """Makes faces green."""

    name = "green"
    summary = "Makes faces green."

    def __init__(self, *, costly: bool = False) -> None:
        self.costly = costly
        self.asked: list[RenderRequest] = []

    def open(self, shot: Shot, source: PlateSource) -> mien.RenderSession:
        return Greening(self, shot)

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        return CacheKey("", temporal_radius=2)


class Greening(mien.RenderSession):
    def __init__(self, renderer: Green, shot: Shot) -> None:
        self.renderer = renderer
        self.shot = shot

    def render(self, request: RenderRequest) -> Patch | None:
        self.renderer.asked.append(request)
        plate, face = request.plate, request.face
        assert (plate.width, plate.height) == self.shot.media.orientation.upright_size
        x, y = (round(float(v)) for v in face.landmarks[request.frame, 1, :2])
        half = round(0.1 * float(np.ptp(face.landmarks[request.frame, :468, 1])))
        box = mien.Box(x - half, y - half, x + half, y + half).clip(plate.width, plate.height)
        mask = np.ones((box.height, box.width), np.float32)
        mask[[0, -1]] = mask[:, [0, -1]] = 0
        return Patch(box, np.tile(np.array([0, 1, 0], np.float32), (*mask.shape, 1)), mask)


def greenness(workspace: Workspace, frame: int, quality: str) -> float:
    """How green the tip of the nose is, 0 to 1, in a picture of the viewer."""
    previewer, shot = workspace.previewer, workspace.now.shot
    assert previewer is not None
    assert shot is not None
    picture = previewer.picture(frame, quality=quality)  # type: ignore[arg-type]
    x, y = (shot.faces[0].landmarks[frame, 1, :2] * picture.scale).astype(int)
    r, g, b = picture.rgb[y, x].astype(float)
    return float(g - max(r, b)) / 255


@pytest.fixture
def session(tracked: Path) -> Session:
    """A shot that smiles in frames 3 to 5, a little less around them."""
    session = Session()
    session.open(tracked)
    shot = session.document.shots[0].id
    face = session.document.shots[0].shot.faces[0].number
    for frame, value in ((2, 0.0), (3, 0.5), (5, 0.5), (6, 0.0)):

        def key(document: Document, frame: int = frame, value: float = value) -> Document:
            return set_key(document, shot, face, "mouthSmile", frame, value)

        session.apply("Key", key)
    return session


@contextmanager
def opened(session: Session, name: str) -> Iterator[tuple[Workspace, list[object]]]:
    workspace = Workspace(session, renderer=lambda: name)
    problems: list[object] = []
    workspace.problem.connect(problems.append)
    try:
        yield workspace, problems
    finally:
        workspace.close()
        workspace.deleteLater()


@pytest.mark.slow
def test_any_registered_renderer_paints_the_viewer(app: QApplication, session: Session) -> None:
    renderer = Green()
    mien.register_renderer(renderer)
    with opened(session, "green") as (workspace, problems):
        for quality in ("full", "drag"):
            assert greenness(workspace, 4, quality) > 0.5
            assert greenness(workspace, 0, quality) < 0.2
        assert not problems
    scales = {request.quality: request.scale for request in renderer.asked}
    assert scales["final"] == 1
    assert set(scales) == {"final", "draft"}


@pytest.mark.slow
def test_a_costly_one_leaves_small_pictures_to_warp(app: QApplication, session: Session) -> None:
    mien.register_renderer(Green(costly=True))
    with opened(session, "green") as (workspace, problems):
        assert greenness(workspace, 4, "full") > 0.5
        assert greenness(workspace, 4, "drag") < 0.2
        assert not problems


def test_one_that_is_missing_is_named_and_warp_takes_its_place(
    app: QApplication, tracked: Path, session: Session
) -> None:
    mien.register_renderer(Green())
    with opened(Session(), "grene") as (workspace, problems):
        workspace.session.open(tracked)
        (problem,) = problems
        assert isinstance(problem, MienError)
        assert "Did you mean 'green'?" in f"{problem}"
        assert greenness(workspace, 4, "full") < 0.2


def test_it_is_chosen_in_the_preferences(app: QApplication) -> None:
    mien.register_renderer(Green())
    assert preview_renderer() == "warp"
    dialog = PreferencesDialog()
    assert dialog.renderer.currentData() == "warp"
    dialog.renderer.setCurrentIndex(dialog.renderer.findData("green"))
    dialog.accept()
    assert preview_renderer() == "green"
    dialog.deleteLater()
