"""Pictures in their own pixel format: read a box as R'G'B', add a difference to it.

A plate is never converted to R'G'B' and back. A renderer reads a box of it, works out what
should differ, and `Plate.add` converts only that difference and adds it to the code values:
where nothing differs, nothing changes, not even by rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.media.color import code_scale, resolve_matrix, to_ycc

__all__ = ["Box", "Channel", "Layout", "Plane", "Plate"]

Plane = npt.NDArray[Any]
"""(rows, samples) of one plane of a picture; rows may be padded on the right."""


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle of coded pixels."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.y1 - self.y0

    def clip(self, width: int, height: int) -> Box:
        """Return the part of the box inside a picture of that size; empty when there is none."""
        x0, y0 = min(max(self.x0, 0), width), min(max(self.y0, 0), height)
        return Box(x0, y0, max(x0, min(self.x1, width)), max(y0, min(self.y1, height)))

    def union(self, other: Box) -> Box:
        """Return the smallest box that holds both."""
        return Box(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )


@dataclass(frozen=True, slots=True)
class Channel:
    """The position of one component's samples: plane, offset and distance."""

    plane: int
    offset: int = 0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """The storage of a picture in a pixel format.

    Attributes:
        name: FFmpeg's name of the pixel format; `rgbf16` and `rgbf32` for EXR.
        model: Components: Y'CbCr, R'G'B' or grey.
        bits: Bits of a component; 16 or 32 with `floating`.
        channels: Where Y', Cb, Cr, or R, G, B, or grey lie.
        shift_x: Chroma is narrower by 2 to this power.
        shift_y: Chroma is lower by 2 to this power.
        padding: Unused low bits of a sample (P010 and its kin).
        floating: Whether samples are floating point.
    """

    name: str
    model: Literal["yuv", "rgb", "gray"]
    bits: int
    channels: tuple[Channel, ...]
    shift_x: int = 0
    shift_y: int = 0
    padding: int = 0
    floating: bool = False


class Plate:
    """One picture in its own pixel format, in coded orientation.

    Chroma is taken to lie in the middle of the pixels that share it, when it is read and
    when it is written, so that a difference lands where its picture was read. Memory is
    copied when the first difference is added: the planes given are never written to.

    Args:
        layout: How the pixel format stores a picture.
        size: Width and height in coded pixels.
        planes: The planes.
        matrix: Y'CbCr matrix of the tags (ITU-T H.273); untagged is BT.709 from 720 lines
            on, else BT.601.
        full: Whether Y'CbCr uses the full range of code values.
        transfer: Transfer characteristics of the tags, likewise.
        primaries: Colour primaries of the tags, likewise.
    """

    __slots__ = ("_matrix", "_owned", "_planes", "full", "height", "layout", "primaries",
                 "transfer", "width")  # fmt: skip

    def __init__(
        self,
        layout: Layout,
        size: tuple[int, int],
        planes: Sequence[Plane],
        *,
        matrix: int = 2,
        full: bool = False,
        transfer: int = 2,
        primaries: int = 2,
    ) -> None:
        self.layout = layout
        self.width, self.height = size
        self.full = full
        self.transfer, self.primaries = transfer, primaries
        self._planes = tuple(planes)
        self._matrix = resolve_matrix(matrix, self.height)
        self._owned = False

    def __repr__(self) -> str:
        return f"Plate({self.width} x {self.height} {self.layout.name})"

    @classmethod
    def from_rgb(cls, picture: npt.NDArray[Any]) -> Plate:
        """Make a plate that stores R'G'B' interleaved: (h, w, 3) uint8, uint16 or floating."""
        height, width, _ = picture.shape
        bits = 8 * picture.dtype.itemsize
        floating = picture.dtype.kind == "f"
        name = f"rgbf{bits}" if floating else ("rgb24" if bits == 8 else "rgb48le")
        channels = tuple(Channel(0, i, 3) for i in range(3))
        layout = Layout(name, "rgb", bits, channels, floating=floating)
        return cls(layout, (width, height), [picture.reshape(height, width * 3)])

    @property
    def planes(self) -> tuple[Plane, ...]:
        """The planes, read-only."""
        views = tuple(plane.view() for plane in self._planes)
        for view in views:
            view.flags.writeable = False
        return views

    @property
    def box(self) -> Box:
        """The whole picture."""
        return Box(0, 0, self.width, self.height)

    def copy(self) -> Plate:
        """Return a plate to be changed without changing this one; costs nothing until then."""
        twin = self.with_planes(self._planes)
        self._owned = False
        return twin

    def black(self) -> Plate:
        """Return a black plate of the same format; what is transparent stays so."""
        layout = self.layout
        blank = self.with_planes([np.array(plane) for plane in self._planes])
        blank._owned = True
        offsets = np.zeros(3)
        if layout.model != "rgb" and not layout.floating:
            offsets = code_scale(layout.bits, self.full)[1]
        for i, channel in enumerate(layout.channels):
            samples = blank._planes[channel.plane][:, channel.offset :: channel.step]
            samples[...] = int(offsets[i]) << layout.padding
        return blank

    def with_planes(self, planes: Sequence[Plane]) -> Plate:
        """Return a plate of the same format with other planes."""
        size = (self.width, self.height)
        return Plate(
            self.layout,
            size,
            planes,
            matrix=self._matrix,
            full=self.full,
            transfer=self.transfer,
            primaries=self.primaries,
        )

    def rgb(self, box: Box | None = None) -> FloatArray:
        """Return a part of the picture as R'G'B', nominally 0..1.

        Args:
            box: The part, inside the picture, at any pixel; all of it when None.

        Returns:
            (h, w, 3) float32. Y'CbCr goes through the tags' matrix and range, chroma
            interpolated linearly; floating point (EXR) comes as stored, linear. The values
            of a pixel do not depend on the box it is read in.
        """
        box = self._inside(box)
        layout = self.layout
        if not box.width or not box.height:
            return np.empty((box.height, box.width, 3), dtype=np.float32)
        if layout.model == "rgb":
            merged = cv2.merge([self._samples(i, box) for i in range(3)])
            if not layout.floating:
                merged *= np.float32(1 / ((1 << layout.bits) - 1))
            return np.asarray(merged)
        scale, offset = code_scale(layout.bits, self.full)
        luma = self._samples(0, box)
        if layout.model == "gray":
            if not layout.floating:
                luma = (luma - np.float32(offset[0])) / np.float32(scale[0])
            return np.asarray(cv2.merge([luma, luma, luma]))
        matrix = np.linalg.inv(to_ycc(self._matrix)) / scale
        affine = np.column_stack([matrix, -matrix @ offset])
        merged = cv2.merge([luma, self._chroma(1, box), self._chroma(2, box)])
        return np.asarray(cv2.transform(merged, affine))

    def luma(self) -> FloatArray:
        """Return the luma Y' of the whole picture, nominally 0..1.

        Returns:
            (H, W) float32: of Y'CbCr and grey as it is stored, of R'G'B' through the matrix.
        """
        layout = self.layout
        if layout.model == "rgb":
            weights = to_ycc(self._matrix)[:1]
            return np.asarray(cv2.transform(self.rgb(), weights).reshape(self.height, self.width))
        luma = self._samples(0, self.box)
        if not layout.floating:
            scale, offset = code_scale(layout.bits, self.full)
            luma = (luma - np.float32(offset[0])) / np.float32(scale[0])
        return np.asarray(luma)

    def add(self, box: Box, delta: FloatArray) -> None:
        """Add a difference of R'G'B' to a part of the picture, in the picture's own format.

        The difference is converted (matrix, mean over the pixels that share a chroma
        sample, scale), rounded and added to the code values, and the sum is limited to what
        the format can hold. Code values whose difference rounds to zero stay as they are.
        Chroma samples that also belong to pixels outside the box are left alone, so that
        nothing outside the box changes.

        Args:
            box: The part, inside the picture, at any pixel.
            delta: (h, w, 3) float32 difference, in the units of `rgb`.
        """
        box = self._inside(box)
        if delta.shape != (box.height, box.width, 3):
            raise ValueError(f"difference of {delta.shape} for {box}")
        if not delta.size:
            return
        delta = np.ascontiguousarray(delta, dtype=np.float32)
        layout = self.layout
        self._own()
        if layout.model == "rgb":
            if not layout.floating:
                delta = delta * np.float32((1 << layout.bits) - 1)
            for i, part in enumerate(cv2.split(delta)):
                self._accumulate(i, box, part)
            return
        scale = np.ones(3) if layout.floating else code_scale(layout.bits, self.full)[0]
        codes = cv2.split(cv2.transform(delta, scale[:, None] * to_ycc(self._matrix)))
        self._accumulate(0, box, codes[0])
        if layout.model == "yuv":
            self._accumulate_chroma(box, codes[1:])

    def _inside(self, box: Box | None) -> Box:
        if box is None:
            return self.box
        if box.clip(self.width, self.height) != box:
            raise ValueError(f"{box} leaves the picture of {self.width} x {self.height}")
        return box

    def _own(self) -> None:
        if not self._owned:
            self._planes = tuple(np.array(plane) for plane in self._planes)
            self._owned = True

    def _view(self, i: int, box: Box) -> Plane:
        """Samples of component `i` in a box of its own grid."""
        channel = self.layout.channels[i]
        plane = self._planes[channel.plane][:, channel.offset :: channel.step]
        return plane[box.y0 : box.y1, box.x0 : box.x1]

    def _samples(self, i: int, box: Box) -> FloatArray:
        view = self._view(i, box)
        if self.layout.padding:
            view = view >> self.layout.padding
        return np.ascontiguousarray(view, dtype=np.float32)

    def _chroma(self, i: int, box: Box) -> FloatArray:
        """Chroma of a box of pixels, interpolated linearly to every pixel."""
        sx, sy = self.layout.shift_x, self.layout.shift_y
        if not sx and not sy:
            return self._samples(i, box)
        # One sample more on every side: interpolation must not see the edge of the box.
        width, height = -(-self.width >> sx), -(-self.height >> sy)
        around = Box(
            (box.x0 >> sx) - 1, (box.y0 >> sy) - 1, -(-box.x1 >> sx) + 1, -(-box.y1 >> sy) + 1
        ).clip(width, height)
        size = (around.width << sx, around.height << sy)
        wide = cv2.resize(self._samples(i, around), size, interpolation=cv2.INTER_LINEAR)
        x, y = box.x0 - (around.x0 << sx), box.y0 - (around.y0 << sy)
        return np.asarray(wide[y : y + box.height, x : x + box.width])

    def _accumulate(self, i: int, box: Box, delta: FloatArray) -> None:
        """Add a difference in code values to component `i`, rounded and limited."""
        view = self._view(i, box)
        layout = self.layout
        if layout.floating:
            view[...] = view + delta
            return
        if layout.bits == 8 and not layout.padding:
            # OpenCV rounds to the nearest code value and saturates, in one pass.
            view[...] = cv2.add(np.ascontiguousarray(view), delta, dtype=cv2.CV_8U)
            return
        stored = np.ascontiguousarray(view, dtype=np.uint16)
        low = stored & np.uint16((1 << layout.padding) - 1)
        old = stored >> np.uint16(layout.padding)
        new = cv2.add(old, delta, dtype=cv2.CV_16U)
        # Only a sum is limited: a value that was already too high stays as it was.
        np.minimum(new, np.maximum(old, (1 << layout.bits) - 1), out=new)
        view[...] = (new << np.uint16(layout.padding)) | low

    def _accumulate_chroma(self, box: Box, deltas: Sequence[FloatArray]) -> None:
        sx, sy = self.layout.shift_x, self.layout.shift_y
        # The last sample of an odd picture covers fewer pixels; it counts as whole.
        right = box.x1 if box.x1 == self.width else box.x1 >> sx << sx
        bottom = box.y1 if box.y1 == self.height else box.y1 >> sy << sy
        left, top = -(-box.x0 >> sx << sx), -(-box.y0 >> sy << sy)
        if left >= right or top >= bottom:
            return
        cells = Box(left >> sx, top >> sy, -(-right >> sx), -(-bottom >> sy))
        for i, delta in enumerate(deltas, start=1):
            part = delta[top - box.y0 : bottom - box.y0, left - box.x0 : right - box.x0]
            spare_x = (cells.width << sx) - part.shape[1]
            spare_y = (cells.height << sy) - part.shape[0]
            if spare_x or spare_y:
                part = np.pad(part, ((0, spare_y), (0, spare_x)), mode="edge")
            if sx or sy:
                size = (cells.width, cells.height)
                part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            self._accumulate(i, cells, part)
