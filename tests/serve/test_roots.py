"""`mien serve --root`: no path of a client leaves the folders that the server was given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.errors import MediaError, OutsideError, ProjectError, UsageError
from mien.folder_limits import check_path, folder_limits, resolve_folders
from mien.io.relink import remember
from mien.media.probe import probe
from mien.media.sound_file import moving_media
from mien.model.settings import ReferenceSettings
from mien.serve.client import Client, ServeError
from mien.serve.folders import _path_fields, check_settings
from mien.serve.messages import METHODS, Message
from tests.command_line import run_here
from tests.media.mediakit import make_clip
from tests.serve.conftest import COMMAND
from tests.serve.wire import Wire, refused

FIELDS = {"path", "paths", "media", "matte", "output", "audio", "image", "sound", "text_path",
          "phones_path", "document_path", "edited", "data"}  # fmt: skip
"""What fields of requests are called that hold paths."""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder that is served, with a clip; another lies beside it, with a link to it inside."""
    inside = tmp_path / "served"
    inside.mkdir()
    make_clip(inside / "inside.mp4", count=4)
    make_clip(tmp_path / "outside.mp4", count=5)
    (inside / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    (inside / "up").symlink_to(tmp_path)
    with folder_limits(resolve_folders([inside])):
        yield inside


def test_every_path_of_every_request_is_known_as_one() -> None:
    held = {name: _path_fields(method.params) for name, method in METHODS.items()}
    for name, method in METHODS.items():
        for field, info in method.params.model_fields.items():
            # A text is a path by its type, not by its name alone.
            text = "str" in str(info.annotation)
            assert (field in held[name]) == (field in FIELDS and text), (name, field)
    assert held["open"] == ("path", "media")
    assert held["set_examples"] == ("paths",)
    assert sum(map(bool, held.values())) >= 11


def nested(kind: type[Message]) -> Iterator[type[Message]]:
    for info in kind.model_fields.values():
        for part in getattr(info.annotation, "__args__", (info.annotation,)):
            if isinstance(part, type) and issubclass(part, Message):
                yield part
                yield from nested(part)


def test_paths_of_requests_lie_on_top() -> None:
    # What is inside of a request's parts is not walked through.
    for method in METHODS.values():
        assert not [part for part in nested(method.params) if _path_fields(part)]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.mp4",
        "link.mp4",
        "up/outside.mp4",
        "up/served/../outside.mp4",
        "up/x.%04d.png",
    ],
)
def test_paths_that_leave_are_refused(root: Path, name: str) -> None:
    path = str(root / name)
    with Wire() as wire:
        shot = wire.result("open", path=str(root / "inside.mp4"))["shot"]
        asked: dict[str, dict[str, Any]] = {
            "open": {"path": path},
            "relink": {"shot": shot, "media": path},
            "set_examples": {"shot": shot, "paths": [str(root / "inside.mp4"), path]},
            "set_occlusion": {"shot": shot, "matte": path},
            "render": {"shot": shot, "output": path},
            "save": {"shot": shot, "path": path, "overwrite": True},
            "import_landmarks": {"shot": shot, "path": path},
        }
        for method, params in asked.items():
            refused(wire.ask(method, params), "outside", "--root")
        sound = {"output": str(root / "made.mp4"), "audio": path}
        refused(wire.ask("render", {"shot": shot, **sound}), "outside")
        # What is inside is served, also by a way that leads out and back.
        assert wire.result("open", path=str(root / "up/served/inside.mp4"))["frames"] == 4
    assert not list(root.parent.glob("x.*"))


def test_media_that_only_a_project_names_are_held_to_it_too(root: Path) -> None:
    outside = root.parent / "outside.mp4"
    with folder_limits([root.parent]):
        shot = mien.open_shot(outside)
        mien.save_project(shot, root / "stranger.mien")
        remember(outside, shot.media.fingerprint)
    with Wire() as wire:
        answer = wire.ask("open", {"path": str(root / "stranger.mien")})
        refused(answer, "project", "outside.mp4", "was not found")
        # A link beside the project has its name and content, and is not followed.
        (root / "outside.mp4").symlink_to(outside)
        refused(wire.ask("open", {"path": str(root / "stranger.mien")}), "project")
    with pytest.raises(ProjectError):
        mien.load_project(root / "stranger.mien")


def test_an_image_of_a_sequence_that_is_a_link_outside_is_not_read(root: Path) -> None:
    for number in range(3):
        make_clip(root / f"shot.{number}.png", "png", "rgb24", count=1)
    assert probe(root / "shot.%d.png").clock.frame_count == 3
    (root.parent / "shot.1.png").write_bytes((root / "shot.1.png").read_bytes())
    (root / "shot.1.png").unlink()
    (root / "shot.1.png").symlink_to(root.parent / "shot.1.png")
    shot = mien.open_shot(root / "shot.%d.png")
    assert shot.frame(0).size
    with pytest.raises(OutsideError, match="outside the folders"):
        shot.frame(1)


def test_files_that_settings_name_are_held_to_it(root: Path) -> None:
    check_settings(None)
    check_settings(ReferenceSettings())
    check_settings(ReferenceSettings(shot_lora=str(root / "a.safetensors")))
    with pytest.raises(OutsideError):
        check_settings(replace(ReferenceSettings(), shot_lora=str(root / "../a.safetensors")))


def test_nothing_is_limited_without_roots(tmp_path: Path) -> None:
    check_path("/")
    with folder_limits([]), pytest.raises(OutsideError):
        check_path(tmp_path)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with folder_limits([tmp_path]), pytest.raises(OutsideError):
        check_path(loop / "x")
    for wrong in (tmp_path / "nowhere", loop, Path(__file__)):
        with pytest.raises(UsageError, match="cannot be a root"):
            resolve_folders([wrong])
    run = run_here("serve", "--root", tmp_path / "nowhere")
    assert (run.code, run.out) == (2, "")
    assert "nowhere cannot be a root" in run.err


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        '<?xml version="1.0"?>\n<MPD><BaseURL>{}</BaseURL></MPD>\n',
    ],
    ids=["hls", "concat", "sdp", "dash"],
)
def test_lists_of_other_files_are_no_media(tmp_path: Path, text: str) -> None:
    make_clip(tmp_path / "outside.mp4", count=2)
    for name in ("list.m3u8", "list.mp4", "list.wav"):
        path = tmp_path / name
        path.write_text(text.format(tmp_path / "outside.mp4"))
        with pytest.raises(MediaError, match="list of other files"):
            probe(path)
        with pytest.raises(MediaError):
            moving_media(path)


SCRIPT = """
import os, sys
from pathlib import Path
import av
from mien.serve.landlock import confine
root, outside = map(Path, sys.argv[1:])
if not confine([root]):
    sys.exit(77)
def refused(call):
    try:
        call()
    except (PermissionError, av.error.PermissionError):
        return True
    return False
av.open(str(root / "inside.mp4")).close()
(root / "made").write_bytes(b"")
(root / "made").rename(root / "renamed")
print([refused(call) for call in (
    lambda: av.open(str(outside)),
    lambda: av.open(str(root / "link.mp4")),
    lambda: outside.read_bytes(),
    lambda: outside.with_name("made").write_bytes(b""),
    lambda: (root / "renamed").rename(outside.with_name("made")),
    lambda: os.listdir(outside.parent),
    lambda: os.truncate(outside, 0),
)])
os.execl(sys.executable, sys.executable, "-c", f"open({str(outside)!r})")
"""


def test_the_kernel_holds_libraries_and_children_to_it(root: Path) -> None:
    # Temporary files are mien's own to use, so these are elsewhere.
    home = root.parent
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), str(home / "outside.mp4")], text=True,
        capture_output=True, check=False, env=None if home.is_relative_to("/work") else _env(home),
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.stdout.strip() == str([True] * 7), done.stderr
    assert done.returncode == 1
    assert "PermissionError" in done.stderr


def _env(home: Path) -> dict[str, str]:
    """An environment whose temporary folder is not where the tests keep their files."""
    import os

    (home / "tmp").mkdir()
    return {**os.environ, "TMPDIR": str(home / "tmp")}


@pytest.mark.slow
def test_a_whole_job_in_its_folder(tracked: Path, talk: Path, tmp_path: Path) -> None:
    inside = tmp_path / "served"
    inside.mkdir()
    for file in (tracked, talk):
        (inside / file.name).write_bytes(file.read_bytes())
    with Client([*COMMAND, "--root", str(inside)], name="tests") as client:
        shot = client.call("open", path=str(inside / tracked.name))["shot"]
        keys = [{"frame": 2, "value": 0.6}]
        layers = [{"name": "a", "tracks": [{"control": "mouthSmile", "keys": keys}]}]
        client.call("set_edits", shot=shot, face=1, layers=layers)
        assert client.call("preview", shot=shot, frame=2, to="file")["edited"]
        job = client.start("render", shot=shot, output=str(inside / "out.mp4"), frames=[0, 4])
        assert job.result.result(500)["frames"] == 4
        client.call("save", shot=shot, path=str(inside / "saved.mien"))
        with pytest.raises(ServeError, match="outside the folders"):
            client.call("save", shot=shot, path=str(tmp_path / "saved.mien"))
        with pytest.raises(ServeError, match="outside the folders"):
            client.call("open", path=str(talk))
    assert probe(inside / "out.mp4").clock.frame_count == 4
