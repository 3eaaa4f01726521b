"""Footage, and clients of real servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import mien
from mien.serve.client import Client

COMMAND = [sys.executable, "-m", "mien", "serve"]
FRAMES = 24


@pytest.fixture(scope="session")
def talk(talk_720p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first second of a talking head, 1280 x 720, with sound; never written to."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    mien.render(talk_720p, path, frames=f"0:{FRAMES}", progress=False)
    return path


@pytest.fixture(scope="session")
def tracked(talk: Path) -> Path:
    """The same as a project, tracked, without edits; never written to."""
    path = talk.with_suffix(".mien")
    mien.save_project(mien.track(talk, progress=False), path)
    return path


@pytest.fixture
def spawn() -> Iterator[Callable[..., Client]]:
    """Starts servers with a client each; they are ended with the test."""
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(Client(COMMAND, name="tests", **more))


@pytest.fixture
def client(spawn: Callable[..., Client]) -> Client:
    """A client of a server of its own."""
    return spawn()


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """What servers that tests start by themselves get."""
    return dict(os.environ)
