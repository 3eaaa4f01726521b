"""A decoder that crashes, hangs or is killed takes nothing along but what it was asked."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from mien.child_python import module_command
from mien.cli.main import app
from mien.errors import MediaError, MienError, OperationCancelledError
from mien.media import apart_reader
from mien.media.apart import abandon_decoding, decode_apart, decode_here, decoding_process
from mien.media.apart.process import DecodingProcess
from mien.media.audio import open_audio
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.model.shot import Shot
from mien.preview.picture import PreviewImage, displayed
from mien.preview.previewer import Previewer
from tests.faults.fragile_decoder import POISON
from tests.media.mediakit import frame_samples, make_clip
from tests.waiting import PATIENCE, wait_until

_FRAGILE = "tests.faults.fragile_decoder"


@pytest.fixture
def process() -> Iterator[DecodingProcess]:
    """A process that decodes for this one."""
    decode_here()
    decode_apart()
    current = decoding_process()
    assert current is not None
    yield current
    decode_here()


@pytest.fixture
def media(tmp_path: Path) -> MediaInfo:
    return probe(make_clip(tmp_path / "film.mp4", count=24, gop=6))


def pid_of(process: DecodingProcess) -> int:
    assert process.pid is not None
    return process.pid


def test_a_frame_that_ends_the_decoder_is_an_error_and_the_next_one_comes(
    process: DecodingProcess, media: MediaInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_reader, "DECODED", f"{_FRAGILE}:FragileReader")
    with open_reader(media) as reader, open_reader(media, whole=True) as own:
        first = pid_of(process)
        assert frame_samples(reader.frame(POISON - 1)) == frame_samples(own.frame(POISON - 1))
        with pytest.raises(MediaError, match=r"film\.mp4 cannot be decoded.*SIGSEGV") as told:
            reader.frame(POISON)
        assert told.value.path == media.path
        assert "another format" in told.value.remedy
        assert frame_samples(reader.frame(POISON + 1)) == frame_samples(own.frame(POISON + 1))
        assert pid_of(process) != first


@pytest.mark.parametrize("moment", range(8))
def test_a_decoder_that_is_killed_is_started_again_unseen(
    process: DecodingProcess, media: MediaInfo, moment: int
) -> None:
    with open_reader(media, whole=True) as own:
        expected = [frame_samples(own.frame(index)) for index in range(24)]
    with open_reader(media, cache_bytes=0) as reader:
        reader.frame(0)
        killer = threading.Timer(0.004 * moment, os.kill, (pid_of(process), signal.SIGKILL))
        killer.start()
        for index in range(24):
            assert frame_samples(reader.frame(index)) == expected[index]
        killer.join()
        assert frame_samples(reader.frame(3)) == expected[3]


def test_what_ends_it_twice_is_an_error_and_what_ends_it_once_is_not(
    process: DecodingProcess, tmp_path: Path
) -> None:
    assert process.call(f"{_FRAGILE}:end_once", {"path": tmp_path / "once"}) == "answered"
    with pytest.raises(MediaError, match=r"film\.mp4"):
        process.call(f"{_FRAGILE}:end_always", {"path": tmp_path / "film.mp4"})
    steps = process.each(f"{_FRAGILE}:count_to_poison", {})
    assert [next(steps) for _ in range(POISON)] == list(range(POISON))
    with pytest.raises(MediaError, match="The media cannot be decoded"):
        next(steps)


def test_a_row_of_answers_is_begun_anew_as_long_as_none_came(
    process: DecodingProcess, tmp_path: Path
) -> None:
    note = tmp_path / "once"
    assert list(process.each(f"{_FRAGILE}:count_after_an_end", {"path": note})) == [0, 1, 2]


def test_others_who_wait_are_not_taken_along(process: DecodingProcess, tmp_path: Path) -> None:
    """One file ends the process while many others are read: those are read all the same."""
    films = [probe(make_clip(tmp_path / f"{n}.mp4", count=30, gop=30)) for n in range(3)]
    failed: list[MienError] = []
    read: list[int] = []

    def look(film: MediaInfo) -> None:
        try:
            with open_reader(film, cache_bytes=0) as reader:
                for index in range(30):
                    read.append(reader.frame(29 - index).index)
        except MienError as error:
            failed.append(error)

    threads = [threading.Thread(target=look, args=(film,)) for film in films]
    for thread in threads:
        thread.start()
    with pytest.raises(MediaError):
        process.call(f"{_FRAGILE}:end_always", {"path": films[0].path})
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(read) == sorted(3 * [*range(30)])


def test_an_answer_that_is_no_value_is_not_loaded(process: DecodingProcess) -> None:
    with pytest.raises(MediaError, match="cannot be decoded"):
        process.call(f"{_FRAGILE}:nothing_that_is_a_value", {})


def test_closing_waits_for_no_decoder_that_hangs(
    process: DecodingProcess, media: MediaInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_reader, "DECODED", f"{_FRAGILE}:SleepingReader")
    raised: list[BaseException] = []
    reader = open_reader(media)

    def hang() -> None:
        try:
            reader.frame(POISON)
        except MienError as error:
            raised.append(error)

    waiting = threading.Thread(target=hang)
    waiting.start()
    time.sleep(0.1)
    assert reader.frame(POISON + 1).index == POISON + 1
    began = time.monotonic()
    decode_here()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    assert raised
    assert time.monotonic() - began < PATIENCE


def test_previews_go_on_behind_a_frame_that_ends_the_decoder(
    process: DecodingProcess, media: MediaInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_reader, "DECODED", f"{_FRAGILE}:FragileReader")
    shown: list[PreviewImage] = []
    problems: list[Exception] = []
    previewer = Previewer(Shot(media, ()))
    with closing(previewer):
        previewer.request(
            POISON, edited=False, quality="full", deliver=shown.append, failed=problems.append
        )
        wait_until(lambda: problems, "the error")
        previewer.request(
            POISON + 2, edited=False, quality="full", deliver=shown.append, failed=problems.append
        )
        wait_until(lambda: _last(shown) == POISON + 2, "the next picture")
    assert len(problems) == 1
    assert isinstance(problems[0], MediaError)
    with open_reader(media, whole=True) as own:
        np.testing.assert_array_equal(shown[-1].rgb, displayed(own.frame(POISON + 2), media))


def _last(shown: list[PreviewImage]) -> int | None:
    return shown[-1].frame if shown and shown[-1].final else None


_ASKING = """
import sys, time
from mien.media import apart_reader
from mien.media.apart import decode_apart, decoding_process
decode_apart()
process = decoding_process()
print(process.pid, flush=True)
waits = "tests.faults.fragile_decoder:wait_for_the_end"
process.call(waits, {"path": None, "cancelled": lambda: False})
"""


def test_it_ends_with_the_program_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _ASKING], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
    ) as program:  # fmt: skip
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        child = psutil.Process(pid)
        time.sleep(0.2)
        program.kill()
    wait_until(lambda: not _lives(child), "the decoding process outlived the program")


def _lives(child: psutil.Process) -> bool:
    try:
        return child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_no_module_beside_footage_is_run(tmp_path: Path) -> None:
    """Like every process that mien starts; see `test_poisoned_folder.py`."""
    (tmp_path / "json.py").write_text("open('poisoned', 'w').close()")
    subprocess.run(
        module_command("mien.media.apart.worker"), cwd=tmp_path, stdin=subprocess.DEVNULL,
        check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert not (tmp_path / "poisoned").exists()


def test_a_previewer_that_waits_for_a_decoder_that_hangs_is_closed(
    process: DecodingProcess, media: MediaInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the editor's window does when it is closed."""
    monkeypatch.setattr(apart_reader, "DECODED", f"{_FRAGILE}:SleepingReader")
    previewer = Previewer(Shot(media, ()))
    previewer.request(POISON, edited=False, quality="full", deliver=lambda picture: None)
    wait_until(lambda: process.pid, "the process")
    time.sleep(0.3)
    first = pid_of(process)
    abandon_decoding()
    previewer.close()
    assert process.pid is None, "nothing is started to let go of what is gone"
    monkeypatch.undo()
    with open_reader(media) as reader:
        assert reader.frame(POISON).index == POISON
    assert pid_of(process) != first


def test_what_is_let_go_of_is_let_go_of_there(process: DecodingProcess, media: MediaInfo) -> None:
    reader = open_reader(media)
    assert reader.frame(3).index == 3
    held = psutil.Process(pid_of(process))
    wait_until(lambda: _holds(held, media.path), "the file to be open")
    reader.close()
    assert not _holds(held, media.path)
    with pytest.raises(OperationCancelledError):
        reader.frame(4)
    forgotten = open_reader(media)
    forgotten.frame(3)
    assert _holds(held, media.path)
    del forgotten
    gc.collect()
    wait_until(lambda: not _holds(held, media.path), "the file to be closed")


def _holds(child: psutil.Process, path: Path) -> bool:
    return any(Path(opened.path) == path for opened in child.open_files())


def test_sound_that_cannot_be_decoded_is_silence(
    process: DecodingProcess, talk_720p: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = open_audio(probe(talk_720p))
    assert sound is not None
    assert sound.read(20_000, 4_800).any()
    monkeypatch.setattr(process, "ask", _fails)
    assert not sound.read(20_000, 4_800).any()


def _fails(*_args: object) -> object:
    raise MediaError("It cannot be decoded.")


def test_a_batch_goes_on_without_a_file_that_ends_its_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode_here()
    monkeypatch.setattr("mien.media.apart.process.WORKER", _FRAGILE)
    for name in ("good", "poison"):
        make_clip(tmp_path / f"{name}.mp4", count=4)
    jobs = tmp_path / "jobs.yaml"
    shots = [f"  - media: {name}.mp4\n    set: [mouthSmile=+0.5]\n" for name in ("poison", "good")]
    jobs.write_text("shots:\n" + "".join(shots))
    arguments = ["batch", str(jobs), "-o", str(tmp_path / "out"), "--dry-run", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, (result.output, result.stderr, result.exception)
    bad, good = json.loads(result.stdout)["shots"]
    assert "cannot be decoded: the process that does so ended" in bad["problem"]
    assert good.get("problem") is None
    assert good["frames"] == "0:4"
    assert decoding_process() is None
