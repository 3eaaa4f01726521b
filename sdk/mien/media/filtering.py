"""A frame through FFmpeg's filters: what keeps all of its side data (captions, HDR)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction

import av

__all__ = ["filtered"]


def filtered(video: av.VideoFrame, filters: Iterable[tuple[str, str]]) -> av.VideoFrame:
    """Run one frame through filters, one after the other.

    Args:
        video: The frame; it is not written to.
        filters: Names and arguments of FFmpeg's filters, which give a frame for a frame.

    Returns:
        A frame of its own, with the time, the colour tags and the side data of the one given.
    """
    graph = av.filter.Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=video.width,
        height=video.height,
        format=video.format,
        time_base=video.time_base or Fraction(1, 1000),
    )
    chain = [source, *(graph.add(name, arguments) for name, arguments in filters)]
    chain.append(graph.add("buffersink"))
    for one, other in itertools.pairwise(chain):
        one.link_to(other)
    graph.configure()
    graph.push(video)
    result = graph.pull()
    assert isinstance(result, av.VideoFrame)
    result.pts = video.pts
    if video.time_base is not None:
        result.time_base = video.time_base
    return result
