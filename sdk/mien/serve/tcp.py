"""Clients over the loopback address, each with the token."""

from __future__ import annotations

import json
import os
import secrets
import socket
import stat
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from mien.errors import MienError, UsageError
from mien.serve.client_connection import ClientConnection
from mien.serve.folders import enter

__all__ = ["HOST", "serve_tcp"]

HOST: Final = "127.0.0.1"
TOKEN_VARIABLE: Final = "MIEN_SERVE_TOKEN"
_SHORTEST_TOKEN: Final = 16
_MOST_CLIENTS: Final = 16
_HELLO: Final = 10.0
"""Seconds for a client to say who it is."""
_AWAKE: Final = 0.5
"""Seconds after which who waits for a client sees whether it was told to end."""
_PATIENCE: Final = 3.0
"""Seconds at the end for clients to read what is still told; all of them share it."""


def serve_tcp(port: int, token_file: Path | None = None, roots: Sequence[Path] = ()) -> int:
    """Serve whoever on this machine knows the token, until interrupted.

    Args:
        port: The port; 0 for a free one.
        token_file: Holds the token, and is not to be read by others.
        roots: The folders that it works in; without any, wherever its user may.

    Returns:
        The exit code.

    Raises:
        UsageError: When the token is too short or open to others, the port is taken,
            or a root is no folder.
    """
    given = _given_token(token_file)
    token = given or secrets.token_urlsafe(24)
    with _listening(port) as server:
        enter(roots)
        facts = {"host": HOST, "port": server.getsockname()[1]}
        if given is None:
            facts["token"] = token
        sys.stdout.write(json.dumps({"listening": facts}) + "\n")
        sys.stdout.flush()
        os.dup2(2, 1)  # nothing else is printed there
        clients = _Clients(token)
        # A signal that another thread takes does not wake this one.
        server.settimeout(_AWAKE)
        try:
            while True:
                with suppress(TimeoutError):
                    connection, _ = server.accept()
                    clients.welcome(connection)
        except KeyboardInterrupt:
            return 0
        finally:
            clients.close()


def _given_token(path: Path | None) -> str | None:
    token = os.environ.pop(TOKEN_VARIABLE, None)
    if path is not None:
        try:
            with path.open("rb") as file:
                rights = os.fstat(file.fileno())
                text = file.read(1000)
        except OSError as error:
            raise UsageError(f"The token in {path} cannot be read: {error}.") from error
        if sys.platform != "win32" and (
            stat.S_IMODE(rights.st_mode) & 0o077 or rights.st_uid != os.getuid()
        ):
            raise UsageError(f"Others may read the token in {path}.", f"chmod 600 {path}")
        token = text.decode("utf-8", "replace").strip()
    if token is not None and not _SHORTEST_TOKEN <= len(token) <= 200:
        raise UsageError(
            "The token is too short or too long.",
            f"Use one of {_SHORTEST_TOKEN} to 200 characters, drawn at random.",
        )
    return token


def _listening(port: int) -> socket.socket:
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen()
    except OSError as error:
        server.close()
        raise UsageError(
            f"Port {port} of {HOST} cannot be used: {error.strerror}.", "Choose another; 0 is any."
        ) from error
    return server


class _Clients:
    """The clients that are connected."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()

    def welcome(self, connection: socket.socket) -> None:
        """Talk to a client in threads of its own; refuse it when there are too many."""
        with self._lock:
            if len(self._connections) >= _MOST_CLIENTS:
                connection.close()
                return
            thread = threading.Thread(
                target=self._talk, args=(connection,), name="mien-client", daemon=True
            )
            self._connections[connection] = thread
        thread.start()

    def close(self) -> None:
        """End all conversations, and wait until their jobs have stopped."""
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        end = time.monotonic() + _PATIENCE
        for thread in connections.values():
            thread.join(max(0.0, end - time.monotonic()))
        for connection, thread in connections.items():
            # One that reads nothing is not waited for; its jobs are.
            _hang_up(connection)
            thread.join()

    def _talk(self, connection: socket.socket) -> None:
        late = threading.Timer(_HELLO, _hang_up, [connection])
        late.start()
        try:
            with connection, connection.makefile("rb") as source, connection.makefile("wb") as sink:
                ClientConnection(source, sink, token=self._token, greeted=late.cancel).run()
        except (OSError, ValueError, MienError):
            pass  # the client is gone
        finally:
            late.cancel()
            with self._lock:
                self._connections.pop(connection, None)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RDWR)
