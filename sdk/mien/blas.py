"""Linear algebra on one thread: the same bytes whatever else the machine is doing.

How a threaded BLAS splits its work depends on how many threads it has, and its idle threads
spin: small products take longer, and decoder and encoder lose the core they were to run on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's and SciPy's BLAS to one thread while the block, or function, runs."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
