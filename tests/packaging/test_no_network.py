"""mien works without a network, and asks for none: seen from inside, and by the kernel.

Everything runs in a network namespace of its own, in which there is nothing but loopback. What
Python tries is recorded by an audit hook in every process, what libraries try by strace where there
is one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HOOK = """
import os, sys

_HOST = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_ADDRESS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _watch(event, arguments):
    if event in _HOST:
        host = arguments[0]
    elif event in _ADDRESS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    else:
        return
    if host is None or str(host) in _LOOPBACK:
        return
    file = os.open(os.environ["MIEN_TEST_NETWORK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{event} {host} by {sys.argv[:3]}\\n".encode())
    os.close(file)


sys.addaudithook(_watch)
"""
LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
    fcntl.ioctl(handle, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
os.execvp(sys.argv[1], sys.argv[1:])
"""
IMPORT = "import mien; print(len([getattr(mien, name) for name in mien.__all__]))"
DESKTOP = """
import sys, time
from PySide6.QtWidgets import QApplication
from mien_desktop.app import launch
window = launch(sys.argv[1:])
end = time.monotonic() + 300
while "talk" not in window.windowTitle() and time.monotonic() < end:
    QApplication.processEvents()
print(window.windowTitle())
window.stop()
"""
SERVE = """
import sys
from mien.serve.client import Client
with Client([sys.executable, "-m", "mien", "serve"], name="tests") as client:
    shot = client.call("open", path=sys.argv[1])["shot"]
    assert client.call("preview", shot=shot, frame=0, max_size=64)["data"]
    print(client.call("status")["shots"][0]["tracked"])
"""
TCP = """
import json, os, subprocess, sys
from mien.serve.client import Client
server = subprocess.Popen([sys.executable, "-m", "mien", "serve", "--tcp", "0"],
                          stdout=subprocess.PIPE, text=True)
facts = json.loads(server.stdout.readline())["listening"]
with Client.connect(facts["port"], facts["token"], name="tests") as client:
    print(len(client.call("status")["shots"]))
server.terminate()
server.wait()
"""
TRIES = """
import socket
for call in (
    lambda: socket.getaddrinfo("mien.invalid", 443),
    lambda: socket.create_connection(("192.0.2.1", 443), timeout=5),
):
    try:
        call()
    except OSError as error:
        print(type(error).__name__)
"""


@cache
def without_network() -> list[str] | None:
    """A command that runs another where no network is; None where that is not permitted."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        whole = [*command, sys.executable, "-c", LOOPBACK, "true"]
        try:
            if subprocess.run(whole, capture_output=True, timeout=60, check=False).returncode == 0:
                return whole[:-1]
        except OSError:
            return None
    return None


class Offline:
    """Runs Python where no network is, and keeps what it tried to reach."""

    def __init__(self, folder: Path) -> None:
        command = without_network()
        if command is None:
            pytest.skip("network namespaces are not permitted here")
        self._command = command
        self.log, self._trace = folder / "tried.log", folder / "trace.log"
        (folder / "hook").mkdir()
        (folder / "hook" / "sitecustomize.py").write_text(HOOK)
        places = [str(folder / "hook"), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {
            **os.environ, "PYTHONPATH": os.pathsep.join(places), "QT_QPA_PLATFORM": "offscreen",
            "MIEN_TEST_NETWORK": str(self.log),
        }  # fmt: skip
        self._environment.pop("MIEN_OFFLINE", None)  # it has to hold without being asked for
        self.traced = self._can_trace()

    def _tracing(self) -> list[str]:
        return ["strace", "-f", "-A", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg", "-o",
                str(self._trace)]  # fmt: skip

    def _can_trace(self) -> bool:
        if shutil.which("strace") is None:
            return False
        tried = subprocess.run([*self._tracing(), "true"], capture_output=True, check=False)
        return tried.returncode == 0

    def run(self, *arguments: str | Path, code: int | None = 0) -> str:
        """Run Python with arguments, and return what it printed."""
        trace = self._tracing() if self.traced else []
        done = subprocess.run(
            [*self._command, *trace, sys.executable, *arguments], env=self._environment, text=True,
            capture_output=True, timeout=400, check=False,
        )  # fmt: skip
        assert code is None or done.returncode == code, done.stderr
        return done.stdout

    def tried(self) -> list[str]:
        """What was tried to be reached but this machine, since the last time, and by whom."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        traced = self._trace.read_text(errors="replace") if self._trace.exists() else ""
        for family in re.findall(r".*sa_family=AF_INET6?.*", traced):
            if not re.search(r'inet_addr\("127\.|"::1"', family):
                lines.append(family)
        for file in (self.log, self._trace):
            file.unlink(missing_ok=True)
        return lines


def test_what_is_tried_is_seen(tmp_path: Path) -> None:
    offline = Offline(tmp_path)
    assert offline.run("-c", TRIES).split() == ["gaierror", "OSError"]
    tried = "\n".join(offline.tried())
    assert "socket.getaddrinfo mien.invalid" in tried
    assert "socket.connect 192.0.2.1" in tried
    if offline.traced:
        assert 'inet_addr("192.0.2.1")' in tried
    assert offline.tried() == []


def test_mien_asks_for_no_network(talk_360p: Path, tmp_path: Path) -> None:
    offline = Offline(tmp_path)
    project, output = tmp_path / "talk.mien", tmp_path / "edited.mp4"
    cut = tmp_path / "cut.mp4"
    tried: dict[str, list[str]] = {}

    def step(name: str, *arguments: str | Path, code: int | None = 0) -> str:
        printed = offline.run(*arguments, code=code)
        tried[name] = offline.tried()
        return printed

    assert int(step("import", "-c", IMPORT)) > 50
    step("cut", "-m", "mien", "render", talk_360p, "-o", cut, "--frames", "0:6")
    step("track", "-m", "mien", "track", cut, "-o", project)
    step("render", "-m", "mien", "render", project, "--set", "mouthSmile=+0.5", "-o", output)
    assert output.stat().st_size
    # Its exit code is about what is installed.
    checks = json.loads(step("doctor", "-m", "mien", "doctor", "--json", code=None))
    assert checks
    assert step("serve", "-c", SERVE, project).strip() == "True"
    assert step("serve --tcp", "-c", TCP).strip() == "0"
    assert "talk" in step("desktop", "-c", DESKTOP, project)
    assert {name: lines for name, lines in tried.items() if lines} == {}
