"""Workers of a Dask cluster: one that exists, or one started on this machine.

Dask only carries tasks; what is done is on the disk, in a folder that every worker sees. Each
task is bound to one worker, so that a worker keeps to the shot it has at hand and so that no
task waits for ever for one that is gone. Results are a few numbers, fetched at once.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mien
from mien.child_python import SAFE_PATH, forget_safe_path, safe_path
from mien.errors import MienError, MissingDependencyError, UsageError
from mien.io.files import written_whole
from mien.jobs.dask_security import TlsFiles, own_security
from mien.jobs.executor import task_failure
from mien.jobs.journal import check_folder
from mien.jobs.local_executor import bounds_of, count_workers
from mien.jobs.shot_task import Task
from mien.jobs.worker import Bounds, watch_memory
from mien.progress import silent
from mien.worker_messages import WorkerDone, WorkerFailed, WorkerMessage

if TYPE_CHECKING:
    from distributed import Client, Future, SpecCluster
    from distributed.security import Security

    from mien.jobs.steps import Workbench

__all__ = ["DaskEngine", "do_task"]

_GPU = "gpu"
"""Name of the resource by which GPU workers are known: `dask worker --resources gpu=1`."""
_CONNECT = 10.0
"""Seconds in which a scheduler must answer."""
_PATIENCE = 60.0
"""Seconds for workers, or a scheduler, to come back before the batch is given up."""
_FETCH = 15.0
"""Seconds in which a result must come; it is a few numbers."""
_BEFORE_START = "distributed.nanny.pre-spawn-environ"
"""Dask's setting of the variables that workers have from their start."""
_LOOK = 1.0
"""Seconds between two looks at which workers there are."""


@dataclass(frozen=True, slots=True)
class _Busy:
    task: Task
    future: Future
    address: str


class DaskEngine:
    """Workers of a Dask cluster.

    Args:
        folder: The batch's folder, which every worker must see.
        address: The scheduler's; None to start a cluster on this machine.
        count: Workers to start; without effect on a cluster that exists.
        gpu: Whether the work wants GPUs: then workers that have the resource `gpu` are
            taken, if there are any.
        tls: Certificates for a scheduler at `tls://`; a cluster that is started here has its own.

    Raises:
        MissingDependencyError: When Dask is not installed, or mien is not on the cluster's workers.
        UsageError: When no scheduler answers at the address, it has no workers, or they do
            not see the folder; when certificates are missing or wrong.
    """

    def __init__(
        self,
        folder: Path,
        address: str | None = None,
        count: int | None = None,
        *,
        gpu: bool = False,
        tls: TlsFiles | None = None,
    ) -> None:
        _need_dask()
        self._token = _Token(folder)
        self._gpu = gpu
        self._cluster: SpecCluster | None = None
        self._bounds = Bounds(0)
        self._security: Security | None = None
        if address is None:
            self._security = own_security()
            self._cluster = self._started(count or count_workers("reference" if gpu else "warp"))
            address = self._cluster.scheduler_address
        else:
            self._security = (tls or TlsFiles()).security(address)
        self._address = address
        self._numbers = itertools.count()
        self._slots: dict[int, str] = {}
        self._known: dict[str, bool] = {}
        self._busy: dict[int, _Busy] = {}
        self._ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._looked = self._seen = 0.0
        try:
            self._client = self._connected()
            self._await_workers()
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """`dask`."""
        return "dask"

    @property
    def slots(self) -> Sequence[int]:
        """Numbers of the workers; one that comes back has a new number."""
        return list(self._slots)

    def submit(self, slot: int, task: Task) -> None:
        """Give an idle worker a task."""
        address = self._slots[slot]
        future = self._client.submit(
            do_task, task, self._bounds, key=f"mien-{task.step}-{uuid.uuid4().hex}", pure=False,
            workers=[address], allow_other_workers=False,
        )  # fmt: skip
        self._busy[slot] = _Busy(task, future, address)
        future.add_done_callback(lambda _: self._ready.put(slot))

    def wait(self, seconds: float) -> list[tuple[int, WorkerMessage]]:
        """Wait for messages; see `Executor.wait`."""
        messages: list[tuple[int, WorkerMessage]] = []
        with suppress(queue.Empty):
            slot = self._ready.get(timeout=seconds)
            while True:
                messages += self._ended(slot)
                slot = self._ready.get_nowait()
        failed = any(isinstance(message, WorkerFailed) for _, message in messages)
        if failed or time.monotonic() - self._looked >= _LOOK:
            messages += self._look()
        return messages

    def close(self) -> None:
        """Let go of the cluster; one that was started here ends."""
        with suppress(Exception):  # whatever a cluster that is gone may say
            for busy in self._busy.values():
                busy.future.cancel()
        with suppress(Exception):
            self._client.close(timeout=2)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=10)
            forget_safe_path()

    def _started(self, count: int) -> SpecCluster:
        import dask.config
        from distributed import Nanny, Scheduler, SpecCluster

        bounds = bounds_of(count)
        self._bounds = Bounds(bounds[0].threads, bounds[0].memory)
        workers = {
            number: {
                "cls": Nanny,
                "options": {
                    "host": "127.0.0.1",
                    "protocol": "tls",
                    "security": self._security,
                    "nthreads": 1,
                    # The workers watch their memory themselves; a nanny would count torch's too.
                    "memory_limit": 0,
                    "dashboard": False,
                    "silence_logs": logging.ERROR,
                    "env": dict(bound.environment()),
                    "resources": {} if bound.gpu is None else {_GPU: 1},
                },
            }
            for number, bound in enumerate(bounds)
        }
        # Its page of health has any port: several batches run on one machine.
        options = {"host": "127.0.0.1", "port": 0, "dashboard": False, "protocol": "tls",
                   "dashboard_address": "127.0.0.1:0", "security": self._security}  # fmt: skip
        scheduler = {"cls": Scheduler, "options": options}
        # A nanny makes a queue before it sets anything, and that starts multiprocessing's tracker.
        with safe_path():
            resource_tracker.ensure_running()
        # A nanny sets these for every worker that it starts, one in the place of another included.
        with dask.config.set(
            {_BEFORE_START: dask.config.get(_BEFORE_START, {}) | dict([SAFE_PATH])}
        ):
            cluster = SpecCluster(
                workers, scheduler, security=self._security, silence_logs=logging.ERROR
            )
        return cluster

    def _connected(self) -> Client:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port

        try:
            # A client that is given what is no address does not close when it is let go.
            get_address_host_port(self._address)
            return Client(
                self._address, timeout=_CONNECT, set_as_default=False, security=self._security
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise UsageError(
                f"No Dask scheduler answers at {self._address}.",
                "Check the address, and that it runs; it looks like tcp://HOST:8786, or tls://HOST:8786"
                " where both sides trust each other's certificates.",
            ) from error

    def _await_workers(self) -> None:
        end = time.monotonic() + _PATIENCE
        while not self._slots:
            self._update(self._addresses())
            if not self._slots and time.monotonic() > end:
                raise UsageError(
                    f"The Dask cluster at {self._address} has no workers.", "Start some."
                )
            if not self._slots:
                time.sleep(0.1)
        self._looked = self._seen = time.monotonic()

    def _addresses(self) -> list[str]:
        """The workers there are.

        Raises:
            OSError: When the scheduler is gone.
        """
        try:
            return sorted(self._client.nthreads())
        except (RuntimeError, ValueError, TimeoutError) as error:
            # What a client says that is closed, or just connecting.
            raise OSError(str(error)) from error

    def _look(self) -> list[tuple[int, WorkerMessage]]:
        """See which workers there are; tasks of those that are gone have failed."""
        self._looked = time.monotonic()
        try:
            addresses = self._addresses()
        except OSError:
            return self._reconnect()
        self._update(addresses)
        messages: list[tuple[int, WorkerMessage]] = []
        for slot, busy in list(self._busy.items()):
            if busy.address not in addresses:
                del self._busy[slot]
                with suppress(Exception):  # it is gone either way
                    busy.future.cancel()
                died = WorkerFailed("worker", f"Its worker {busy.address} died.")
                messages.append((slot, died))
        if self._slots:
            self._seen = self._looked
        elif self._looked - self._seen > _PATIENCE:
            raise MienError(
                f"The Dask cluster at {self._address} has no workers any more.",
                "Start some; the same command goes on from there.",
            )
        return messages

    def _update(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            if address not in self._known and (has_gpu := self._asked(address)) is not None:
                self._known[address] = has_gpu
        known = [address for address in addresses if address in self._known]
        have_gpu = [address for address in known if self._known[address]]
        usable = have_gpu if self._gpu and have_gpu else known
        for slot, address in list(self._slots.items()):
            if address not in usable:
                del self._slots[slot]
        for address in usable:
            if address not in self._slots.values():
                self._slots[next(self._numbers)] = address

    def _asked(self, address: str) -> bool | None:
        """Whether a worker has a GPU; it must have the same mien, and see the folder.

        None when it does not answer: it has just gone, or is asked again at the next look.

        Raises:
            MissingDependencyError: When it has no mien, or another.
            UsageError: When it does not see the folder.
        """
        from distributed.comm import CommClosedError

        try:
            said = self._client.run(
                _introduce, str(self._token.path), workers=[address], on_error="return"
            )[address]
        except (OSError, KeyError, TimeoutError, CommClosedError):
            return None
        if not isinstance(said, Mapping) or said["mien"] != mien.__version__:
            state = f"has mien {said['mien']}" if isinstance(said, Mapping) else "has no mien"
            raise MissingDependencyError(
                f"The Dask worker {address} {state}; this is mien {mien.__version__}.",
                'Install the same version there, with `pip install "mien[farm]"`.',
            )
        if said["token"] != self._token.text:
            raise UsageError(
                f"The Dask worker {address} does not see {self._token.path.parent.parent}.",
                "Render into a folder that all machines have under the same name.",
            )
        return bool(said["resources"].get(_GPU))

    def _ended(self, slot: int) -> list[tuple[int, WorkerMessage]]:
        busy = self._busy.pop(slot, None)
        if busy is None:
            return []
        status = busy.future.status
        try:
            if status in ("cancelled", "lost"):
                raise OSError(f"its future is {status}")
            message: WorkerDone | WorkerFailed = busy.future.result(timeout=_FETCH)
        except (Exception, FutureTimeoutError) as error:  # noqa: BLE001 - whatever a cluster raises
            # It was done, or not: the disk knows, and what is there is not done again.
            said = f"The task was lost ({type(error).__name__}: {error})."
            return [(slot, WorkerFailed("worker", said, worker_lost=status != "error"))]
        return [(slot, message)]

    def _reconnect(self) -> list[tuple[int, WorkerMessage]]:
        """The scheduler is gone, and with it every task; wait for it to come back."""
        lost = WorkerFailed("worker", "The Dask scheduler was lost.", worker_lost=True)
        messages: list[tuple[int, WorkerMessage]] = [(slot, lost) for slot in self._busy]
        self._busy.clear()
        self._slots.clear()
        self._known.clear()
        end = time.monotonic() + _PATIENCE
        while True:
            with suppress(Exception):  # whatever a client without a scheduler may say
                self._client.close(timeout=1)
            try:
                self._client = self._connected()
                self._await_workers()
                return messages
            except (OSError, UsageError) as error:
                if time.monotonic() > end:
                    raise MienError(
                        f"The Dask scheduler at {self._address} is gone.",
                        "Start it again; the same command goes on from there.",
                    ) from error
                time.sleep(0.5)


def do_task(task: Task, bounds: Bounds) -> WorkerDone | WorkerFailed:
    """Do a task, in a worker of the cluster.

    Args:
        task: The task.
        bounds: What the worker may take.
    """
    forget_safe_path()
    with _bench_lock:
        try:
            return WorkerDone(_bench(bounds).do(task, silent))
        except Exception as error:  # noqa: BLE001 - told to the one who runs the batch
            return task_failure(error)


_bench_lock = threading.Lock()
_benches: list[Workbench] = []
"""The workbench of this worker, once there is one."""


def _bench(bounds: Bounds) -> Workbench:
    """The workbench of this worker: of a cluster that others started, with what they gave it."""
    from distributed import get_worker

    from mien.jobs.steps import Workbench

    if not _benches:
        watch_memory(bounds.memory)
        _benches.append(Workbench(bounds.threads or get_worker().state.nthreads))
    return _benches[0]


class _Token:
    """A file by which workers tell whether they see the batch's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = (check_folder(folder) / "token").absolute()
        self.text = uuid.uuid4().hex
        with written_whole(self.path) as file:
            file.write(self.text.encode())


def _introduce(token: str, dask_worker: Any = None) -> dict[str, Any]:
    """What a worker has, and sees."""
    try:
        seen = Path(token).read_text()
    except OSError:
        seen = ""
    resources = dict(dask_worker.state.total_resources)
    return {"mien": mien.__version__, "resources": resources, "token": seen}


def _need_dask() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "The engine 'dask' needs Dask, which is not installed.",
            'Install it with `pip install "mien[farm]"`.',
        ) from error
