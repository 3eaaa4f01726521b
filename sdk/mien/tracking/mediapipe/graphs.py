"""MediaPipe graphs as plain functions from pictures to numbers.

The face models travel in MediaPipe's wheel. Its ready-made solutions tie detection,
cropping and smoothing together; here each model is a graph of its own that takes one
square picture, so that regions, tracking and averaging are decided by us.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mien._types import ByteArray, FloatArray
from mien.errors import MissingDependencyError

__all__ = [
    "INPUT_SIZE", "GraphModel", "GraphPool", "inference_node", "picture_node", "quiet_stderr",
]  # fmt: skip

INPUT_SIZE = 192
"""Pixels along each side of the picture that both bundled models take."""

_LANES = 2
"""Graphs side by side; results do not depend on it, and more gain little beside decoding."""

_STALLED = 1.0
"""Seconds without an answer after which it is asked whether the graph failed."""


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send what C++ code writes to standard error nowhere, while the block runs.

    MediaPipe and TFLite announce themselves on file descriptor 2 before any of their
    logging can be configured.
    """
    try:
        saved = os.dup(2)
    except OSError:  # No standard error at all, as under pythonw.
        yield
        return
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 2)
        os.close(sink)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _mediapipe() -> tuple[Any, Any, Any, Any]:
    try:
        with quiet_stderr():
            import mediapipe
            from mediapipe.python import packet_creator, packet_getter
            from mediapipe.python._framework_bindings import (
                calculator_graph,
                image_frame,
                resource_util,
            )
    except ImportError as error:
        raise MissingDependencyError(
            f"MediaPipe, which finds the faces, cannot be loaded ({error}).",
            "Install it with: pip install mediapipe==0.10.21",
        ) from error
    resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
    return calculator_graph, image_frame, packet_creator, packet_getter


def picture_node(low: int) -> str:
    """Return the node from the graph's input `picture` to the model's tensor `input`.

    Args:
        low: Number that stands for black; white is 1.
    """
    return f"""
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:picture"
  output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {INPUT_SIZE} output_tensor_height: {INPUT_SIZE}
    output_tensor_float_range {{ min: {low} max: 1 }}
  }} }}
}}"""


def inference_node(model: str, inputs: str = "") -> str:
    """Return the node from the tensor `input` through a network to its tensors `output`.

    Args:
        model: Path of the network among MediaPipe's modules.
        inputs: What else the node takes, as the graph's text says it.
    """
    return f"""
node {{
  calculator: "InferenceCalculatorCpu"
  {inputs}
  input_stream: "TENSORS:input"
  output_stream: "TENSORS:output"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "mediapipe/modules/{model}"
    delegate {{ xnnpack {{ num_threads: 1 }} }}
  }} }}
}}"""


class GraphPool:
    """One model graph, run on several pictures at a time.

    Args:
        config: The graph as text; its only input stream is `picture`.
        output: Name of its output stream.

    Raises:
        MissingDependencyError: When MediaPipe or one of its models is not installed.
    """

    def __init__(self, config: str, output: str) -> None:
        graphs, frames, self._creator, self._getter = _mediapipe()
        self._format = frames.ImageFormat.SRGB
        self._stamp = 0
        self._found: dict[int, Any] = {}
        self._arrived = threading.Condition()
        self._lanes: list[Any] = []
        try:
            with quiet_stderr():
                for _ in range(_LANES):
                    lane = graphs.CalculatorGraph(graph_config=config)
                    lane.observe_output_stream(output, self._receive, True)
                    lane.start_run({})
                    self._lanes.append(lane)
                # The first pass loads the model, and says so.
                blank = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
                self.collect(self.submit([blank] * _LANES))
        except (RuntimeError, ValueError, FileNotFoundError) as error:
            raise MissingDependencyError(
                f"MediaPipe's face models cannot be loaded ({str(error).splitlines()[0]}).",
                "mien needs the wheel that carries them: pip install mediapipe==0.10.21",
            ) from error

    def _receive(self, _: str, packet: Any) -> None:
        with self._arrived:
            self._found[packet.timestamp.value] = packet
            self._arrived.notify_all()

    def submit(self, pictures: Sequence[ByteArray]) -> range:
        """Start the model on square pictures of `INPUT_SIZE` pixels, without waiting.

        Returns:
            What `collect` takes.
        """
        first = self._stamp + 1
        for picture in pictures:
            self._stamp += 1
            packet = self._creator.create_image_frame(
                np.ascontiguousarray(picture), image_format=self._format
            )
            self._lanes[self._stamp % _LANES].add_packet_to_input_stream(
                stream="picture", packet=packet.at(self._stamp)
            )
        return range(first, self._stamp + 1)

    def collect(self, stamps: range) -> list[Any]:
        """Return the output packets of submitted pictures, None where one is empty."""
        if stamps:
            for lane in self._lanes:
                lane.wait_until_idle()
        packets = [self._found.pop(stamp, None) for stamp in stamps]
        return [None if packet is None or packet.is_empty() else packet for packet in packets]

    def collect_each(self, stamps: range) -> list[Any]:
        """Return the output packets of submitted pictures while later ones are at work.

        Raises:
            RuntimeError: When the graph failed.
        """
        with self._arrived:
            while not all(stamp in self._found for stamp in stamps):
                if not self._arrived.wait(_STALLED) and any(x.has_error() for x in self._lanes):
                    raise RuntimeError("MediaPipe's graph failed")
            return [self._found.pop(stamp) for stamp in stamps]

    def protos(self, packet: Any) -> list[Any]:
        """Return the messages in a packet that holds a list of them; none in an empty one."""
        return [] if packet is None else list(self._getter.get_proto_list(packet))

    def floats(self, packet: Any) -> FloatArray:
        """Return the numbers in a packet that holds a list of them."""
        return np.array(self._getter.get_float_list(packet), dtype=np.float32)

    def close(self) -> None:
        """Stop the graphs and free their models."""
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()


class GraphModel:
    """A model that runs as a graph.

    Args:
        config: The graph as text; its only input stream is `picture`.
        output: Name of its output stream.

    Raises:
        MissingDependencyError: When MediaPipe or one of its models is not installed.
    """

    def __init__(self, config: str, output: str) -> None:
        self._pool = GraphPool(config, output)

    def close(self) -> None:
        """Free the model."""
        self._pool.close()
