"""ONNX networks opened in onnxruntime, on the CPU. onnxruntime is imported on first use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import MissingDependencyError, WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["open_session"]


def open_session(path: Path, graph: bytes | None = None, *, threads: int = 0) -> InferenceSession:
    """Open a network.

    Args:
        path: Its file, for the error also when the graph itself is given.
        graph: The network, when it was read or made already.
        threads: Threads that it computes with; 0 for one a core.

    Raises:
        WeightsError: When the file is missing, cut short or no ONNX network.
        MissingDependencyError: When onnxruntime is not installed.
    """
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as errors
    except ImportError as error:
        raise MissingDependencyError(
            f"Running {path.name} needs onnxruntime.", 'pip install "mien[reference]"'
        ) from error
    options = onnxruntime.SessionOptions()
    # Threads that spin while they wait would take the decoder's time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.intra_op_num_threads = threads
    source = str(path) if graph is None else graph
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except (
        errors.Fail,
        errors.InvalidArgument,
        errors.InvalidGraph,
        errors.InvalidProtobuf,
        errors.NoSuchFile,
        errors.NotImplemented,
    ) as error:
        reason = str(error).splitlines()[0].rsplit(":", 1)[-1].strip().rstrip(".")
        raise WeightsError(
            f"{path} is cut short or is no ONNX network ({reason}).",
            "Get the file again: `mien models verify` names the model that it belongs to.",
            path=path,
        ) from error
