"""A project that somebody else changed is not replaced by `save` of `mien serve`, unless asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mien import api
from mien.errors import ChangedFileError, OutputError
from mien.io.project import Document, Project, load_document, save_document
from mien.media.probe import probe
from mien.model.shot import Shot
from mien.serve import messages as say
from mien.serve.methods import Methods
from tests.documents import make_shot
from tests.unit.test_project import write_movie

FRAMES = 4


@pytest.fixture
def project(tmp_path: Path) -> Project:
    media = probe(write_movie(tmp_path / "x.mp4", FRAMES))
    faces = (replace(face, clock=media.clock) for face in make_shot(FRAMES, faces=1).faces)
    return Project(Shot(media, tuple(faces)), name="first")


@pytest.fixture
def methods() -> Iterator[Methods]:
    methods = Methods(lambda event: None)
    yield methods
    methods.close()


def opened(methods: Methods, path: Path, shot: str | None = None) -> str:
    params = say.OpenParams(path=str(path), project_shot=shot)
    facts = methods.run("open", 1, params)
    assert isinstance(facts, say.ShotFacts)
    return facts.shot


def save(methods: Methods, shot: str, path: Path, *, overwrite: bool = False) -> None:
    methods.run("save", 2, say.SaveParams(shot=shot, path=str(path), overwrite=overwrite))


def title(path: Path) -> str:
    return load_document(path, find_media=False).shots[0].title


def test_what_another_changed_is_kept_unless_asked(
    methods: Methods, project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "x.mien"
    api.save_project(project, path)
    shot = opened(methods, path)
    save(methods, shot, path)
    api.save_project(replace(project, name="theirs"), path)
    with pytest.raises(ChangedFileError) as caught:
        save(methods, shot, path)
    assert (caught.value.code, title(path)) == ("changed", "theirs")
    save(methods, shot, path, overwrite=True)
    assert title(path) == "first"
    save(methods, shot, path)
    path.unlink()
    save(methods, shot, path)
    save(methods, shot, tmp_path / "y.mien")
    with pytest.raises(OutputError, match="exists already"):
        save(methods, shot, path)


def test_a_shot_of_several_does_not_replace_their_file_unasked(
    methods: Methods, project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "two.mien"
    save_document(Document((project, replace(project, id="second", name="second"))), path)
    shot = opened(methods, path, "second")
    with pytest.raises(OutputError, match="exists already"):
        save(methods, shot, path)
    assert len(load_document(path, find_media=False).shots) == 2


def test_the_other_shots_of_a_file_stay(methods: Methods, project: Project, tmp_path: Path) -> None:
    path, one = tmp_path / "reel.mien", tmp_path / "one.mien"
    save_document(Document((project, replace(project, id="b", name="second"))), path)
    shot = opened(methods, path, "second")
    save(methods, shot, path, overwrite=True)
    assert [shot.title for shot in load_document(path, find_media=False).shots] == [
        "first", "second"]  # fmt: skip
    api.save_project(replace(project, id="c", name="stranger"), one)
    with pytest.raises(OutputError, match="2 other shots"):
        save(methods, opened(methods, one), path, overwrite=True)
