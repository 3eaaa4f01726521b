"""A headless Chromium, driven over its DevTools protocol through two pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

__all__ = ["Browser", "chromium"]

_PATIENCE = 30.0


def chromium() -> str:
    """Return where Chromium is; a test that needs it is skipped where it is not installed."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "Chromium is not installed (`apt-get install chromium`)"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must run every test")
        pytest.skip(reason)
    return found


class Browser:
    """One page in a headless Chromium that has no network.

    Args:
        size: Width and height of the window.
        scripts: Whether pages may run scripts.
    """

    def __init__(self, size: tuple[int, int] = (1280, 900), *, scripts: bool = True) -> None:
        program = chromium()
        self._folder = Path(tempfile.mkdtemp(prefix="mien-browser-"))
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()

        def connect() -> None:
            # The protocol's own numbers; whatever the two had before is not in the way of them.
            read, write = os.dup(commands), os.dup(answers)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self._process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu",
                "--remote-debugging-pipe", f"--user-data-dir={self._folder}",
                "--disable-background-networking", "--no-first-run", "--mute-audio",
                "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
                f"--window-size={size[0]},{size[1]}", "about:blank",
            ],
            preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        targets = self._ask("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = self._ask("Target.attachToTarget", targetId=page, flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.resize(*size)

    _session: str | None = None

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the page, and return its result."""
        return self._ask(method, **params)

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Give the page another size."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=phone,
            deviceScaleFactor=2 if phone else 1,
        )  # fmt: skip

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is loaded."""
        before = self._loaded()
        self.ask("Page.navigate", url=path.absolute().as_uri())
        end = time.monotonic() + _PATIENCE
        while self._loaded() == before:
            self._receive(end)

    def _loaded(self) -> int:
        return sum(one["method"] == "Page.loadEventFired" for one in self.events)

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        found = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str) -> Any:
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + _PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.02)
        return value

    def mouse(self, kind: str, x: float, y: float, *, down: bool = True) -> None:
        """Move or press the left button."""
        self.ask(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
            buttons=int(down), clickCount=1,
        )  # fmt: skip

    def picture(self, path: Path | None = None, *, whole: bool = True) -> bytes:
        """Return the page as a PNG, and keep it where that is said."""
        coded = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        data = base64.b64decode(coded["data"])
        if path is not None:
            path.write_bytes(data)
        return data

    def problems(self) -> list[str]:
        """Return what the page complained of: errors of scripts, and what it wanted to load."""
        found = []
        for one in self.events:
            params = one["params"]
            if one["method"] == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"]["text"])
            if one["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
            if one["method"] == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("data:", "blob:", "file:")):
                    found.append(url)
        return found

    def close(self) -> None:
        """End the browser."""
        self._session = None
        try:
            self._send("Browser.close", {})
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = self._send(method, params)
        end = time.monotonic() + _PATIENCE
        while True:
            message = self._receive(end)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def _send(self, method: str, params: dict[str, Any]) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        return self._number

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, end - time.monotonic()))
            assert ready, "Chromium does not answer"
            more = os.read(self._answers, 1 << 20)
            assert more, "Chromium has ended"
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message
