"""What a render stands on changes while it is at work: its source, its disk, another process."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import mien
from mien import api
from mien.errors import MienError
from mien.model.shot import Shot
from mien.rendering.base import Patch, PlateSource, RenderRequest, RenderSession
from tests.faults.slow_render import SlowBlusher, SlowBlushing

FRAMES = 12
AT = 4


class Disturbed(SlowBlusher):
    """Does something to the world when it comes to a frame."""

    name = "disturbed"
    costly = False

    def __init__(self, folder: Path, act: Callable[[], object]) -> None:
        super().__init__(folder / "log")
        self.act = act

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        return _Disturbing(self)


class _Disturbing(SlowBlushing):
    renderer: Disturbed

    def prepare_frames(self, frames: Sequence[int]) -> None:
        pass

    def render(self, request: RenderRequest) -> Patch | None:
        if request.frame == AT:
            self.renderer.act()
        return super().render(request)


def rendered(
    project: Path, media: Path, output: Path, act: Callable[[], object] = lambda: None
) -> MienError | None:
    """Render while something happens; gives the error that ends it."""
    shot = mien.load_project(project, media=media).shot
    mien.register_renderer(Disturbed(project.parent, act))
    edit = mien.Edit(api.main_face(shot)).key("mouthSmile", 0, 0.4)
    try:
        mien.render(
            shot, output, edits=[edit], renderer="disturbed", frames=f"0:{FRAMES}",
            overwrite=True, progress=False,
        )  # fmt: skip
    except MienError as error:
        return error
    return None


@pytest.fixture
def own(project: Path, footage: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A project and its media, which may be harmed."""
    return (
        Path(shutil.copy(project, tmp_path / "x.mien")),
        Path(shutil.copy(footage, tmp_path / "plate.mp4")),
    )


def _shrink(media: Path) -> None:
    os.truncate(media, media.stat().st_size // 4)


def _overwrite(media: Path) -> None:
    with media.open("r+b") as file:
        file.write(b"\0" * media.stat().st_size)


def _remove(media: Path) -> None:
    media.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("harm", [_shrink, _overwrite, _remove])
def test_a_source_that_changes_makes_the_right_output_or_none(
    own: tuple[Path, Path], tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    project, media = own
    expected, output = tmp_path / "expected.mkv", tmp_path / "out.mkv"
    assert rendered(project, media, expected) is None
    output.write_bytes(b"the render of yesterday")
    error = rendered(project, media, output, lambda: harm(media))
    if error is not None:
        assert media.name in str(error)
        assert output.read_bytes() == b"the render of yesterday"
    else:
        assert mien.probe(output).clock.frame_count == FRAMES
        assert _packets(output) == _packets(expected)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def _packets(path: Path) -> list[bytes]:
    import av

    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(video=0)]


@pytest.mark.parametrize("lost", ["output", "source"])
def test_a_disk_that_goes_away_in_the_middle(
    own: tuple[Path, Path], tmp_path: Path, lost: str
) -> None:
    """As a share on a network that is unmounted: what is open stays open, nothing else is there."""
    project, media = own
    place = tmp_path / "share"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")

    def away() -> None:
        subprocess.run(["umount", "-l", str(place)], check=True)

    output = (place if lost == "output" else tmp_path) / "out.mkv"
    if lost == "source":
        media = Path(shutil.copy(media, place / "plate.mp4"))
    try:
        error = rendered(project, media, output, away)
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)
    if error is not None:
        assert str(place) in error.cause
        assert error.remedy
        assert not output.exists()
    else:
        assert lost == "source"
        assert mien.probe(output).clock.frame_count == FRAMES
    assert list(place.iterdir()) == []


@pytest.mark.slow
def test_two_renders_to_one_name_and_one_library(project: Path, tmp_path: Path) -> None:
    """Each writes aside; whoever comes last is there, whole, and both ended well."""
    from tests.faults.conftest import command

    output, cache = tmp_path / "out.mp4", tmp_path / "cache"
    processes = [
        subprocess.Popen(
            command("render", project, "-o", output, "--set", "mouthSmile=+0.4", "--renderer",
                    "warp", "--frames", "0:5", "--overwrite", "--no-keep-occluders"),
            env={**os.environ, "XDG_CACHE_HOME": str(cache)}, stderr=subprocess.PIPE,
        ) for _ in range(2)
    ]  # fmt: skip
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert mien.probe(output).clock.frame_count == 5
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert list(cache.rglob(".*.partial")) == []
    assert len(list(cache.rglob("*.npz"))) == 1
