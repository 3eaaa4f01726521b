"""No encoder takes the machine for itself, whatever the process may do."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.scheduling import keep_scheduling
from mien.media.writer import open_writer
from tests.media.mediakit import make_clip

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scheduling is Linux's here")


def policies() -> set[int]:
    """Scheduling policies of all threads of this process that are still there when asked."""
    found = set()
    for task in os.listdir("/proc/self/task"):
        # A decoder's or encoder's thread may end between the listing and the question.
        with suppress(ProcessLookupError):
            found.add(os.sched_getscheduler(int(task)))
    return found


@pytest.mark.parametrize("codec", ["av1", "hevc", "h264"])
def test_threads_keep_their_turn_while_a_film_is_encoded(tmp_path: Path, codec: str) -> None:
    """SVT-AV1 would run at real-time priority as root, and no other process at all."""
    facts = probe(make_clip(tmp_path / "a.mp4", count=4))
    before = policies()
    with open_reader(facts) as reader, open_writer(tmp_path / "b.mp4", facts, codec=codec) as out:
        for frame in reader.stream(0, 4):
            out.write(frame)
            assert policies() == before
    assert policies() == before


def test_what_was_changed_is_put_back_even_after_an_error() -> None:
    before = os.sched_getscheduler(0)

    @keep_scheduling()
    def fail() -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert os.sched_getscheduler(0) == before


def test_children_are_scheduled_as_their_parent_was(tmp_path: Path) -> None:
    facts = probe(make_clip(tmp_path / "a.mp4", count=2))
    with open_reader(facts) as reader, open_writer(tmp_path / "b.mp4", facts, codec="av1") as out:
        ask = "import os; print(os.sched_getscheduler(0))"
        answer = subprocess.check_output([sys.executable, "-c", ask], text=True)
        for frame in reader.stream(0, 2):
            out.write(frame)
    assert int(answer) == os.sched_getscheduler(0)
