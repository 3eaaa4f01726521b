"""Options that several verbs have in common, added to a verb that wants them as one value."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["added_option", "with_added_options"]


def added_option(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    """Return an option that is to be added.

    Args:
        name: Name of its parameter.
        annotation: Its type, annotated with typer's option.
        default: Its value where it is not typed.
    """
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def with_added_options(
    verb: Callable[..., None],
    argument: str,
    options: Iterable[inspect.Parameter],
    read: Callable[[dict[str, Any]], Any],
) -> Callable[..., None]:
    """Give a verb options, of which it gets what was typed as one argument.

    Args:
        verb: The verb.
        argument: The argument that it gets in place of the options.
        options: The options.
        read: Takes the values of the options out of all that was typed, and returns the argument.
    """
    signature = inspect.signature(verb, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != argument]

    @functools.wraps(verb)
    def called(**values: Any) -> None:
        made = read(values)
        verb(**values, **{argument: made})

    parameters = [*own, *options]
    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}
    return called
