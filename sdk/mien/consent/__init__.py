"""On whose word a face is edited, what the installation demands of that, and the ledger of renders.

policy.py reads what the installation demands; permit.py refuses a render that it does not permit;
ledger.py keeps a line of every render, chained by hashes; recorder.py writes that line between
encoding an output and giving it its name; verify.py looks whether anybody changed one.
"""

from __future__ import annotations

from mien.consent.permit import RenderPermit, check_untracked, permit_render
from mien.consent.policy import Policy, read_policy
from mien.consent.recorder import Recorder

__all__ = ["Policy", "Recorder", "RenderPermit", "check_untracked", "permit_render", "read_policy"]
