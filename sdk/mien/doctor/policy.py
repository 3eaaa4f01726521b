"""What the administrator of this installation demands of renders, and where their ledger is."""

from __future__ import annotations

from collections.abc import Iterator

from mien.consent import read_policy
from mien.doctor.check import Check
from mien.errors import PolicyError
from mien.model.listing import list_names

__all__ = ["check_policy"]


def check_policy() -> Iterator[Check]:
    """Look at the policy, and at where renders are written down."""
    try:
        policy = read_policy()
    except PolicyError as error:
        yield Check("policy", "missing", error.cause, error.remedy)
        return
    demands = [
        word
        for word, demanded in (
            ("consent", policy.consent_required),
            ("a document", policy.document_required),
            ("the ledger", policy.ledger_required),
            ("provenance", policy.provenance_required),
        )
        if demanded
    ]
    demand = f"demands {list_names(demands)}" if demands else "demands nothing"
    yield Check("policy", "ok", f"{policy.source}: {demand}; ledger {policy.ledger_path}")
