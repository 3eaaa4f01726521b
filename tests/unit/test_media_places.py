"""Where this user opened media before."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.io.relink import content_of, find_media, remember


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `film`, its `copy` and the `stranger` hold."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("film", "copy", "stranger", "projects"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.mov").write_bytes(b"a film" * 100)
    (tmp_path / "projects" / "projects.mov").unlink()
    found = content_of(tmp_path / "film" / "film.mov")
    assert found is not None
    return found


def test_the_projects_own_path_comes_first_of_those_that_the_user_knows(
    content: str, tmp_path: Path
) -> None:
    film, copy = tmp_path / "film" / "film.mov", tmp_path / "copy" / "copy.mov"
    stranger = tmp_path / "stranger" / "stranger.mov"
    remember(film, content)
    remember(copy, content)

    def found(stored: Path) -> Path:
        return find_media(stored, content, tmp_path / "projects", "x.mien")

    assert found(film) == film
    assert found(copy) == copy
    assert found(stranger) == copy, "only the project names it"
    remember(film, content)
    assert found(stranger) == film
    film.unlink()
    assert found(film) == copy


def test_places_that_are_long_past_are_forgotten(content: str, tmp_path: Path) -> None:
    film = tmp_path / "film" / "film.mov"
    remember(film, content)
    for number in range(8):
        remember(tmp_path / f"{number}.mov", content)
    copy = tmp_path / "7.mov"
    copy.write_bytes(film.read_bytes())
    assert find_media(film, content, tmp_path / "projects", "x.mien") == copy
