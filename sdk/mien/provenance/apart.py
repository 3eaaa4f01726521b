"""Large files signed in a process of their own.

C2PA's library copies what it signs into temporary files; their folder belongs to a whole process,
and `/tmp` may be small or memory. Here they lie beside the output, without names, so that nothing
is left of them however the process ends; and its memory, half a gigabyte at most, goes with it.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from mien.child_python import module_command
from mien.errors import InputError, MienError, WriteError
from mien.provenance.identity import Identity
from mien.provenance.manifest import ManifestError, SigningWork, from_json, sign, to_json

__all__ = ["sign_apart"]

_KINDS = {"input": InputError, "manifest": ManifestError}
_BEAT = 0.5
"""Seconds after which the signing process sees that nobody waits for it any more."""


def sign_apart(work: SigningWork, identity: Identity, folder: Path) -> bytes:
    """Sign a file as `sign` does, in another process.

    Args:
        work: The file and its manifest.
        identity: Who signs.
        folder: Where temporary files go.

    Raises:
        InputError: When the key cannot be read.
        ManifestError: When C2PA's library cannot sign such a file.
        OSError: When files cannot be read or written.
        WriteError: When the signing command fails, or the process is killed.
    """
    environment = os.environ | {"TMPDIR": str(folder), "TMP": str(folder), "PYTHONUTF8": "1"}
    command = module_command(__name__)
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            answer, _ = process.communicate(to_json(work, identity).encode())
        except BaseException:
            process.kill()
            raise
    try:
        value = json.loads(answer)
    except ValueError:
        raise WriteError(
            f"The process that signs the render ended ({process.returncode}).",
            "Free some memory and space, and render again.",
        ) from None
    if "manifest" in value:
        return bytes.fromhex(value["manifest"])
    if "errno" in value:
        raise OSError(value["errno"], os.strerror(value["errno"]))
    kind = _KINDS.get(value["kind"], WriteError)
    raise kind(value["cause"], value["remedy"])


def _answer(text: str) -> dict[str, object]:
    """What came of a work."""
    try:
        return {"manifest": sign(*from_json(text)).hex()}
    except MienError as error:
        kind = "manifest" if isinstance(error, ManifestError) else error.code
        return {"kind": kind, "cause": error.cause, "remedy": error.remedy}
    except OSError as error:
        return {"errno": error.errno or errno.EIO}


def _end_with(parent: int) -> None:
    """End this process soon after the one that it works for, however that ended."""
    while os.getppid() == parent:
        time.sleep(_BEAT)
    os._exit(1)


def main() -> None:
    """Do the work that comes on standard input, and write what came of it."""
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    sys.stdout.write(json.dumps(_answer(sys.stdin.read())))


if __name__ == "__main__":
    main()
