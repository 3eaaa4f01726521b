"""Options for what does a batch's work: this machine, or a Dask cluster and how it is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.jobs.executor import Executor
    from mien.jobs.plan import Plan

__all__ = ["EngineChoice", "with_engine_options"]

_PANEL: Final = "Workers"
_FILE = Optional[Path]  # noqa: UP045
_TLS: Final = ("tls_ca", "tls_cert", "tls_key")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What does a batch's work.

    Attributes:
        engine: This machine, or a Dask cluster.
        address: The cluster's scheduler; None for one that is started here.
        workers: Processes to start here; None for what the machine has room for.
        tls_ca: PEM file of the authority that signed the scheduler's certificate.
        tls_cert: PEM file of this client's own certificate.
        tls_key: PEM file of its key.

    Raises:
        UsageError: When options contradict each other.
    """

    engine: Literal["local", "dask"] = "local"
    address: str | None = None
    workers: int | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        if self.address is not None and self.engine != "dask":
            raise UsageError("--address names a Dask cluster.", "Add --engine dask.")
        if self.address is not None and self.workers is not None:
            raise UsageError(
                "--workers starts workers here; the cluster has its own.", "Leave it out."
            )
        files = (self.tls_ca, self.tls_cert, self.tls_key)
        if any(files) and not (self.address or "").startswith("tls://"):
            raise UsageError(
                "--tls-ca, --tls-cert and --tls-key go with a cluster that speaks TLS.",
                "Give its --address as tls://HOST:PORT.",
            )

    def starter(self, plan: Plan) -> Callable[[], Executor]:
        """Return what starts the workers of a batch.

        Raises:
            UsageError: When a file of TLS is missing.
            MissingDependencyError: When Dask is not installed.
        """
        from mien.jobs.local_executor import LocalEngine, count_workers
        from mien.jobs.plan import THREADS
        from mien.rendering.registry import uses_gpu

        renderers = sorted({shot.job.renderer for shot in plan.shots})
        wanted = next(filter(uses_gpu, renderers), "warp")
        orders = [shot.order for shot in plan.shots if shot.order is not None]
        threads = [int(order.settings.get(THREADS, 0)) for order in orders if order.settings]
        count = self.workers or count_workers(wanted, max(threads, default=0) or plan.threads)
        if self.engine == "local":
            return lambda: LocalEngine(count)
        from mien.jobs.dask_executor import DaskEngine
        from mien.jobs.dask_security import TlsFiles

        tls = TlsFiles(self.tls_ca, self.tls_cert, self.tls_key)
        return lambda: DaskEngine(plan.folder, self.address, count, gpu=uses_gpu(wanted), tls=tls)


def with_engine_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options for what does its work.

    The verb gets what was typed as its argument `engine`, an `EngineChoice`.
    """

    def read(values: dict[str, Any]) -> EngineChoice:
        typed = {name: values.pop(name) for name in ("engine", "address", "workers", *_TLS)}
        return EngineChoice(**typed)

    options = (
        added_option(
            "engine",
            Annotated[
                Literal["local", "dask"],
                typer.Option(
                    "--engine", help="This machine, or a Dask cluster.", rich_help_panel=_PANEL
                ),
            ],
            "local",
        ),
        added_option(
            "address",
            Annotated[
                Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
                typer.Option(
                    "--address", metavar="URL", rich_help_panel=_PANEL,
                    help="The cluster's scheduler (tcp://..., tls://...).",
                ),
            ],
        ),
        added_option(
            "workers",
            Annotated[
                Optional[int],  # noqa: UP045
                typer.Option(
                    "--workers", metavar="N", min=1, help="Worker processes.",
                    rich_help_panel=_PANEL,
                ),
            ],
        ),
        added_option("tls_ca", Annotated[_FILE, _file(
            "--tls-ca", "PEM of the authority that signed the certificates of a tls:// cluster;"
            " what is not given is taken from Dask's configuration.")]),
        added_option("tls_cert", Annotated[_FILE, _file(
            "--tls-cert", "PEM of the certificate by which the cluster knows this machine.")]),
        added_option("tls_key", Annotated[_FILE, _file("--tls-key", "PEM of its key.")]),
    )  # fmt: skip
    return with_added_options(verb, "engine", options, read)


def _file(name: str, help: str) -> Any:
    return typer.Option(name, metavar="FILE", help=help, rich_help_panel=_PANEL)
