"""Who a face is, as numbers: how alike two pictures of faces are as persons."""

from __future__ import annotations

from mien.identity.base import IdentityModel
from mien.identity.choose import IDENTITY_MODELS, IdentityState, choose_identity, identity_states

__all__ = [
    "IDENTITY_MODELS",
    "IdentityModel",
    "IdentityState",
    "choose_identity",
    "identity_states",
]
