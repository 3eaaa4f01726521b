"""A server with one file of a model, that takes a moment over it."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["TEXT", "serve"]

TEXT = json.dumps({"numbers": list(range(60_000))}).encode()
_BLOCK = 1 << 15


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(TEXT) - 1}/{len(TEXT)}")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(TEXT) - start))
        self.send_header("ETag", '"v1"')
        self.end_headers()
        with suppress(OSError):
            for place in range(start, len(TEXT), _BLOCK):
                self.wfile.write(TEXT[place : place + _BLOCK])
                time.sleep(0.01)

    def log_message(self, format: str, *args: object) -> None:
        pass


def serve() -> tuple[str, int]:
    """Start it in a process of its own; gives its address and the process."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    process = os.fork()
    if process == 0:
        service.serve_forever()
    service.server_close()
    return f"http://127.0.0.1:{service.server_port}", process
