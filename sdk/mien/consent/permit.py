"""Whether a render is permitted: who is edited, where, and what the installation demands."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mien.consent.policy import Policy, read_policy
from mien.errors import ConsentError, OutputError
from mien.model.consent import Consent, today
from mien.model.controls import NAMES
from mien.model.face import Face
from mien.model.listing import list_names
from mien.model.shot import Shot
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.rendering.base import FacePlan

__all__ = ["RenderPermit", "RequestedFace", "check_untracked", "permit_render"]

_HOW: Final = "`mien consent set SHOT.mien FACE --performer NAME --ground TEXT`"


@dataclass(frozen=True, slots=True)
class RequestedFace:
    """A face that a render edits.

    Attributes:
        number: Its number.
        controls: The controls that are edited, by full name.
        consent: What permits it; None where nothing does.
    """

    number: int
    controls: tuple[str, ...]
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class RenderPermit:
    """A render that is permitted here, with what its ledger is to say.

    Attributes:
        policy: What the installation demands.
        shot: The shot.
        title: What people call it.
        faces: Whom it edits.
        settings: SHA-256 of the renderer's settings; of their JSON with sorted keys.
        notes: What is to be known of consents that nothing demands.
    """

    policy: Policy
    shot: Shot
    title: str
    faces: tuple[RequestedFace, ...]
    settings: str
    notes: tuple[str, ...] = ()

    def check_signed(self, signed: bool) -> bool:
        """Return whether the output is signed, and refuse that it is not where the policy demands.

        Args:
            signed: Whether it is asked to be.

        Raises:
            OutputError: When provenance may not be switched off.
        """
        if not signed and self.policy.provenance_required:
            raise OutputError(
                f"Provenance may not be switched off here: {self.policy.source} demands it.",
                "Leave --no-provenance out; a project that switches it off is switched back by"
                " `mien provenance switch SHOT.mien on`.",
            )
        return signed


def permit_render(
    shot: Shot,
    plans: Sequence[FacePlan],
    span: FrameRange,
    *,
    title: str,
    settings: Mapping[str, Any] | None = None,
) -> RenderPermit:
    """Return the permit of a render, or refuse it, before any work.

    Args:
        shot: The shot.
        plans: The faces with edits.
        span: The frames that are rendered.
        title: What people call the shot.
        settings: Settings of the renderer by name; None for its defaults.

    Raises:
        ConsentError: When a face is edited without the consent that the policy demands.
        PolicyError: When the policy cannot be read.
    """
    policy, day = read_policy(), today()
    faces = tuple(_requested(shot, plan, span) for plan in plans)
    notes = []
    for asked in faces:
        face = shot.face(asked.number)
        reason = _reason(face, asked, policy, day)
        if reason and policy.consent_required:
            raise _refusal(reason, policy)
        if reason and asked.consent is not None:
            notes.append(reason)
    text = json.dumps(dict(settings or {}), sort_keys=True, separators=(",", ":"), default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return RenderPermit(policy, shot, title, faces, digest, tuple(notes))


def check_untracked(name: str) -> None:
    """Refuse to track media for a render at once, where that could not be permitted anyway.

    Whoever is seen in media that are not a project yet has given no consent.

    Args:
        name: What people call the media.

    Raises:
        ConsentError: When the policy demands a consent.
        PolicyError: When the policy cannot be read.
    """
    policy = read_policy()
    if policy.consent_required:
        raise ConsentError(
            f"Faces of {name} may not be edited here: there is no consent of whoever they are, as"
            f" {policy.source} demands.",
            f"Track it (`mien track`), say on whose word ({_HOW}), and render the project.",
        )


def _requested(shot: Shot, plan: FacePlan, span: FrameRange) -> RequestedFace:
    number = plan.face.number
    delta = plan.evaluated.delta[span.start : span.stop]
    # Coefficients in a face's place are of its whole performance.
    whole = plan.flame is not None
    used = delta.any(axis=0)
    controls = tuple(name for name, is_used in zip(NAMES, used, strict=True) if is_used or whole)
    return RequestedFace(number, controls, shot.face(number).consent)


def _reason(face: Face, asked: RequestedFace, policy: Policy, day: datetime.date) -> str:
    """Why a face may not be edited so; empty when it may."""
    consent = asked.consent
    if consent is None:
        return f"{face.name} may not be edited here: nothing says on whose word."
    if day < consent.date:
        return f"{face.name}: the consent of {consent.performer} holds from {consent.date} on."
    if not consent.holds_on(day):
        return f"{face.name}: the consent of {consent.performer} ended on {consent.expires}."
    beyond = [name for name in asked.controls if not consent.permits_control(name)]
    if beyond:
        return (
            f"{face.name}: the consent of {consent.performer} is for"
            f" {list_names(consent.controls)}, not for {list_names(beyond)}."
        )
    uses = [use for use in policy.uses if not consent.permits_use(use)]
    if uses:
        return (
            f"{face.name}: the consent of {consent.performer} is for {list_names(consent.uses)},"
            f" not for {list_names(uses)}."
        )
    if policy.document_required and not consent.document:
        return f"{face.name}: the consent of {consent.performer} names no document."
    return ""


def _refusal(reason: str, policy: Policy) -> ConsentError:
    return ConsentError(
        f"{reason} {policy.source} demands it, so nothing was rendered.",
        f"Say on whose word, as far as it goes ({_HOW}), or take the edit out.",
    )
