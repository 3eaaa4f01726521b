"""Values of options that cannot be read, in our words: typer leaves that to a library's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from typer.exceptions import TyperException

__all__ = ["explain_value"]

_NAMED: Final = re.compile(r"^Invalid value for (.+?): ", re.DOTALL)
_EXPECTED: Final[Mapping[str, str]] = {
    "int": "a whole number is expected",
    "float": "a number is expected",
    "bool": "yes or no is expected",
    "path": "the name of a file is expected",
}
"""By what the library's words for a kind of mistake begin with."""


def explain_value(error: TyperException) -> str:
    """Return what a refused command line is told, with values that cannot be read in our words.

    Args:
        error: What typer refused.
    """
    text: str = error.format_message()
    read: Callable[..., list[dict[str, Any]]] | None = getattr(error.__cause__, "errors", None)
    named = _NAMED.match(text)
    if read is None or named is None:
        return text
    wrong = read(include_url=False)[0]
    kind, context = str(wrong["type"]), wrong.get("ctx", {})
    expected = next(
        (said for begin, said in _EXPECTED.items() if kind.startswith(begin)), "it cannot be read"
    )
    if kind == "greater_than_equal":
        expected = f"{context['ge']} is the least"
    elif kind == "less_than_equal":
        expected = f"{context['le']} is the most"
    elif kind == "value_error":
        expected = str(context["error"]).rstrip(".")
    return f"{named[1]} cannot be '{wrong['input']}': {expected}."
