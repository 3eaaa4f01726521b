"""A process that says it can paint, and answers what cannot be meant; for tests."""

from __future__ import annotations

import sys

import numpy as np

from mien.media.apart import messages


def main() -> None:
    """Answer whatever comes with rows of another plate."""
    rows = [(0, 10**6, np.zeros((2, 3), np.float64)), (9, 0, np.zeros((1, 1), np.uint8))]
    while True:
        question = messages.read_question(sys.stdin.buffer)  # type: ignore[arg-type]
        value = (rows if isinstance(question, tuple) else None, ())
        messages.send(sys.stdout.buffer, (0, "done", value))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
