"""A process that adds lines to a ledger until it is killed: python -m tests.faults.ledger_writer.

python -m tests.faults.ledger_writer LEDGER NAME LINES [BYTES]

Each line that is on the disk is said on standard output. With BYTES no file may grow beyond that
size, as on a disk that is full.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from mien.consent.ledger import Ledger
from mien.errors import WriteError


def main() -> None:
    path, name, lines, *most = sys.argv[1:]
    if most:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most[0]), resource.RLIM_INFINITY))
    ledger = Ledger(Path(path))
    for i in range(int(lines)):
        try:
            added = ledger.append({"what": "render", "project": f"{name} {i}", "pad": "x" * 3000})
        except WriteError as error:
            print(error.cause, flush=True)
            return
        print(added, flush=True)


if __name__ == "__main__":
    main()
