"""Linear algebra on one thread: the same bytes whatever else the machine is doing.

How a threaded BLAS splits its work depends on how many threads it has, and its idle threads
spin: small products take longer, and decoder and encoder lose the core they were to run on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mien.cores import SharedLimit

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


class _LoadedBlas:
    """The BLAS libraries of this process; looking for them takes as long as painting a face."""

    def __init__(self) -> None:
        self._found: ThreadpoolController | None = None
        self._modules = 0

    def limit(self) -> Callable[[], None] | None:
        """Keep them to one thread; see `SharedLimit`."""
        from threadpoolctl import ThreadpoolController

        # A library comes with a module that is imported; till then there are no others.
        if self._found is None or self._modules != len(sys.modules):
            self._modules = len(sys.modules)
            self._found = ThreadpoolController().select(user_api="blas")
        if all((library.num_threads or 1) == 1 for library in self._found.lib_controllers):
            return None
        limiter = self._found.limit(limits=1, user_api="blas")
        return lambda: limiter.restore_original_limits()


_blas = SharedLimit(_LoadedBlas().limit)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's and SciPy's BLAS to one thread while the block, or function, runs."""
    with _blas.held():
        yield
