"""The verbs about provenance: what files and the ledger say of how pictures were made."""

from __future__ import annotations

from mien.cli import ledger
from mien.cli.command import App

__all__ = ["provenance"]

provenance = App(help="What was rendered, when and on whose word: the ledger of renders.")
ledger.add_to(provenance)
