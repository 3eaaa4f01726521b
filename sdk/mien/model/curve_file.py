"""Curves as files hold them: what curve formats read and write, whatever the format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.errors import NoFaceError, UsageError
from mien.model.curves import FLAME_SIZE, HeadPose
from mien.model.face_names import choose_face, list_faces
from mien.model.occlusion import REGIONS
from mien.timebase import Clock

__all__ = ["CurveFile", "FaceCurves", "FlameCurves"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FlameCurves:
    """One face over T frames in the terms of a FLAME head.

    Attributes:
        basis: Basis of the expression: `mien-rig`, or the name of a FLAME head.
        coefficients: (T, 55) float32, [expression 50 | eyelids 2 | jaw 3].
        rotation: (T, 3, 3) float32, how the head is turned about its root: x to the person's
            left, y up, z towards the camera.
        translation: (T, 3) float32 metres from the middle of the picture, y up; depth 0, as a
            weak-perspective camera has none.
        shape: (300,) float32, the person's shape; only with the fit of a head.
        camera_scale: (T,) float32, pixels per metre of the posed head; only with a fit.
        error: (T,) float32, root mean square miss of the landmarks as a part of the face's
            width; only with a fit.
    """

    basis: str
    coefficients: FloatArray
    rotation: FloatArray
    translation: FloatArray
    shape: FloatArray | None = None
    camera_scale: FloatArray | None = None
    error: FloatArray | None = None

    def __repr__(self) -> str:
        return f"FlameCurves({self.basis}, {len(self.coefficients)} frames)"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FaceCurves:
    """The curves of one face over the T frames of a file.

    Rows of frames that are not valid may hold anything, and are not to be read. A reader gives
    `number`, `controls` and `valid`, and the confidence where a file has it; the rest is there when
    curves of a shot are written.

    Attributes:
        number: The face's number in the file, from 1.
        controls: (T,) values by the names of controls, in the unit of each (`mien controls`);
            names that mien does not know are left out by whoever uses them.
        valid: (T,) bool, the frames in which the face was seen, or bridged over a short gap.
        name: What people call the face.
        smoothed: Whether the curves were smoothed.
        bridged: (T,) bool, the frames whose values are interpolated over a short gap.
        confidence: (T,) float32, 0..1 how surely the face was seen.
        region_confidence: (T, 4) float32, the same of `mien.model.occlusion.REGIONS`: eyes,
            brows, mouth and jaw; None where regions were not told apart.
        identity: (468, 3) float32 centimetres, the person's neutral face.
        pose: Head pose over time.
        mesh_pose: Head pose of the face whose neutral is `identity`; `pose` is that of a FLAME
            head where one was fitted.
        flame: The same in the terms of a FLAME head.
        units: (T,) intensities of action units by name, `AU1` to `AU45`, 0 to 1.

    Raises:
        ValueError: When arrays are of other lengths.
    """

    number: int
    controls: Mapping[str, npt.NDArray[np.floating[Any]]]
    valid: BoolArray
    name: str = ""
    smoothed: bool = True
    bridged: BoolArray | None = None
    confidence: FloatArray | None = None
    region_confidence: FloatArray | None = None
    identity: FloatArray | None = None
    pose: HeadPose | None = None
    mesh_pose: HeadPose | None = None
    flame: FlameCurves | None = None
    units: Mapping[str, npt.NDArray[np.floating[Any]]] | None = None

    def __post_init__(self) -> None:
        frames = np.shape(self.valid)
        if len(frames) != 1 or np.asarray(self.valid).dtype != np.bool_:
            raise ValueError("valid is not (T,) bool")
        for name, values in (*self.controls.items(), *(self.units or {}).items()):
            if np.shape(values) != frames:
                raise ValueError(f"{name} is {np.shape(values)}, not {frames}")
        known = {"confidence": frames, "region_confidence": (*frames, len(REGIONS))}
        for name, shape in known.items():
            array = getattr(self, name)
            if array is not None and np.shape(array) != shape:
                raise ValueError(f"{name} is {np.shape(array)}, not {shape}")
        if self.flame is not None and self.flame.coefficients.shape != (*frames, FLAME_SIZE):
            raise ValueError(f"the FLAME coefficients are {self.flame.coefficients.shape}")

    def __len__(self) -> int:
        return len(self.valid)

    def __repr__(self) -> str:
        return f"FaceCurves({self.number}, {len(self.controls)} controls, {len(self)} frames)"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CurveFile:
    """The contents of a curve file.

    Attributes:
        faces: The faces, each over the same frames.
        clock: When its frames are shown; None when the file does not say, so that frames can
            only be taken for frames.
        source: File name of the media that the curves were tracked in.
        size: (width, height) of their upright picture in pixels.
        cuts: First frames of new shots inside the material.
        name: Name of the file, for messages; filled in by whoever opens it.
        notices: Sentences on what a file that was read holds and is not here.

    Raises:
        ValueError: When the faces or the clock are of other lengths.
    """

    faces: tuple[FaceCurves, ...]
    clock: Clock | None = None
    source: str = ""
    size: tuple[int, int] | None = None
    cuts: tuple[int, ...] = ()
    name: str = "The curve file"
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lengths = {len(face) for face in self.faces}
        if self.clock is not None:
            lengths.add(self.clock.frame_count)
        if len(lengths) > 1:
            raise ValueError(f"its lengths differ: {', '.join(map(str, sorted(lengths)))} frames")

    def timed(self) -> Clock:
        """Return when the frames are shown, for those who cannot do without.

        Raises:
            UsageError: When nobody said.
        """
        if self.clock is None:
            raise UsageError(
                f"{self.name} does not say when its frames are shown.",
                "Write it from a tracked shot.",
            )
        return self.clock

    def face(self, which: int | str | None = None) -> FaceCurves:
        """Return the curves of a face.

        Args:
            which: Its number or name in the file; None for the only one.

        Raises:
            NoFaceError: When the file has no such face, or several and none is chosen.
            UsageError: When several have that name.
        """
        if which is None and len(self.faces) == 1:
            return self.faces[0]
        if which is not None:
            return choose_face(self.faces, which, self.name)
        raise NoFaceError(
            f"{self.name} has {len(self.faces)} faces, and none is chosen.",
            f"Its faces are: {list_faces(self.faces)}." if self.faces else "",
            choices=[str(face.number) for face in self.faces],
        )

    def __repr__(self) -> str:
        return f"CurveFile({self.name!r}, {len(self.faces)} faces)"
