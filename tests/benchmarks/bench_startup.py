"""How long `import mien` and `mien --help` take. Bounds: 20 ms and 0.5 s."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from tests.benchmarks.common import MIEN, seconds

RUNS = 15
_IMPORT = (
    "import time; t = time.perf_counter(); import mien; print((time.perf_counter() - t) * 1e3)"
)


def main() -> None:
    """Print both times."""
    imports = [
        float(
            subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, check=True).stdout
        )
        for _ in range(RUNS)
    ]
    print(f"import mien      {median(imports):6.1f} ms (median of {RUNS}; at most 20)")
    helps = [
        seconds(lambda: subprocess.run([MIEN, "--help"], capture_output=True, check=True))
        for _ in range(RUNS)
    ]
    print(f"mien --help      {median(helps):6.2f} s  (median of {RUNS}; at most 0.5)")
