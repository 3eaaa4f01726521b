"""Pages that stand alone: HTML with its style and nothing from elsewhere."""

from __future__ import annotations

import html
from typing import Final

__all__ = ["html_page", "html_text"]

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
       color: #222; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; } a { color: #0645ad; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .4rem .8rem .4rem 0; text-align: left; vertical-align: top;
         border-bottom: 1px solid #ddd; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def html_text(value: object) -> str:
    """Return a value as text that HTML cannot take for a tag."""
    return html.escape(str(value))


def html_page(title: str, body: str, style: str = "", head: str = "") -> str:
    """Return a whole page.

    Args:
        title: Its title, as text.
        body: What stands below the title, as HTML.
        style: More style than all pages have, as CSS.
        head: What else stands in its head, as HTML.
    """
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<title>{html_text(title)}</title>"
        f"<style>{_STYLE}{style}</style><h1>{html_text(title)}</h1>{body}</html>\n"
    )
