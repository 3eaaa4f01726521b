"""Dask over TLS: certificates both ways, and nothing in the clear where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.errors import UsageError
from mien.jobs import dask_executor
from mien.jobs.dask_executor import DaskEngine
from mien.jobs.dask_security import TlsFiles
from mien.jobs.shot_task import ShotSpec, Task
from mien.timebase import FrameRange
from mien.worker_messages import WorkerFailed, WorkerMessage
from tests.command_line import run_here
from tests.faults.batches import Cluster, workers_path
from tests.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def certificates(folder: Path) -> TlsFiles:
    """A certificate that is its own authority, and its key, as PEM files."""
    from distributed.security import Security

    folder.mkdir()
    made = Security.temporary()
    texts = {"ca": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    for name, text in texts.items():
        (folder / f"{name}.pem").write_text(str(text))
        (folder / f"{name}.pem").chmod(0o600)
    return TlsFiles(*(folder / f"{name}.pem" for name in texts))


@pytest.fixture
def tls(tmp_path: Path) -> TlsFiles:
    return certificates(tmp_path / "pem")


class TlsCluster(Cluster):
    """A Dask cluster that takes and shows certificates only, started as docs/batches.md says."""

    files: TlsFiles

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    def _dask(self, kind: str, *options: str):  # type: ignore[no-untyped-def]
        files = ("--tls-ca-file", self.files.ca, "--tls-cert", self.files.cert,
                 "--tls-key", self.files.key)  # fmt: skip
        listens = ("--protocol", "tls") if kind == "scheduler" else ()
        return super()._dask(kind, *options, *map(str, files), *listens)


@pytest.fixture
def found(tmp_path: Path, tls: TlsFiles) -> Iterator[TlsCluster]:
    made = TlsCluster(workers_path(tmp_path / "log", 0))
    made.files = tls
    made.start_scheduler()
    made.start_worker()
    try:
        yield made
    finally:
        made.stop()


def fails_as_it_must(engine: DaskEngine, folder: Path) -> None:
    """A task gets there and back: of a project that is not there."""
    order = ShotSpec(
        "shot", None, folder / "none.mien", ("smile=+0.5",), None, FrameRange(0, 9), "warp", None,
        False, folder / "shot.mp4", folder,
    )  # fmt: skip
    engine.submit(engine.slots[0], Task(order, "prepare"))
    words: list[tuple[int, WorkerMessage]] = []

    def came() -> bool:
        words.extend(engine.wait(0.2))
        return bool(words)

    wait_until(came)
    assert isinstance(words[0][1], WorkerFailed)
    assert words[0][1].code == "project"


@pytest.mark.slow
def test_a_cluster_that_speaks_tls(
    found: TlsCluster, tls: TlsFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It has just been started, on a machine that may have other work.
    monkeypatch.setattr(dask_executor, "_CONNECT", 90.0)
    engine = DaskEngine(tmp_path, found.address, tls=tls)
    try:
        fails_as_it_must(engine, tmp_path)
    finally:
        engine.close()
    # Certificates of another authority get nobody in, and neither does no certificate.
    stranger = certificates(tmp_path / "other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dask_executor, "_CONNECT", 3.0)
        with pytest.raises(UsageError, match="certificates"):
            DaskEngine(tmp_path, found.address, tls=stranger)
        with pytest.raises(UsageError, match="No Dask scheduler answers"):
            DaskEngine(tmp_path, found.address.replace("tls", "tcp"))


@pytest.mark.slow
def test_a_cluster_of_this_machine_is_nobody_elses(tmp_path: Path, tls: TlsFiles) -> None:
    engine = DaskEngine(tmp_path, count=1)
    try:
        assert engine._address.startswith("tls://127.0.0.1:")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dask_executor, "_CONNECT", 3.0)
            for address, files in (
                (engine._address, tls),
                (engine._address.replace("tls", "tcp"), None),
            ):
                with pytest.raises(UsageError, match="No Dask scheduler answers"):
                    DaskEngine(tmp_path, address, tls=files)
        fails_as_it_must(engine, tmp_path)
    finally:
        engine.close()


def test_certificates_that_are_missing_or_wrong_are_said(tmp_path: Path, tls: TlsFiles) -> None:
    assert TlsFiles().security("tcp://head:8786") is None
    security = tls.security("tls://head:8786")
    assert security is not None
    assert security.require_encryption
    with pytest.raises(UsageError, match="No certificates are given for tls://head"):
        TlsFiles().security("tls://head:8786")
    with pytest.raises(UsageError, match=r"There is no file .*gone\.pem\. Check --tls-cert"):
        TlsFiles(tls.ca, tmp_path / "gone.pem", tls.key).security("tls://head:8786")
    other = certificates(tmp_path / "other")
    (tmp_path / "words.pem").write_text("words")
    for wrong in (TlsFiles(tls.ca, tls.cert, other.key),
                  TlsFiles(tmp_path / "words.pem", tls.cert, tls.key)):  # fmt: skip
        with pytest.raises(UsageError, match="cannot be used"):
            wrong.security("tls://head:8786")


def test_options_of_tls_go_with_tls(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text("shots: []")
    for more in ((), ("--engine", "dask"), ("--engine", "dask", "--address", "tcp://head:8786")):
        run = run_here("batch", jobs, "-o", tmp_path / "out", "--tls-ca", jobs, *more)
        assert run.code == 2
        assert "tls://HOST:PORT" in run.err
