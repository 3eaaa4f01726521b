"""docs/consent.md: its check of a ledger runs without mien, its policy is one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mien
from mien.cli.main import run
from mien.consent import policy as policies
from mien.consent import read_policy
from mien.consent.ledger import Ledger
from mien.model.consent import CONTROL_GROUPS

DOC = (Path(__file__).parents[2] / "docs" / "consent.md").read_text()


def block(language: str) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)[0])


def test_its_check_of_a_ledger_needs_nothing_of_mien(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for i in range(4):
        head = Ledger(path).append({"what": "render", "project": f"take {i} é"})
    # Python without what is installed beside it.
    command = [sys.executable, "-I", "-S", "-c", block("python")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(head.number), head.hash]
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"take 2", b"take 3")
    path.write_bytes(b"".join(lines))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "AssertionError: 3" in done.stderr
    assert mien.verify_ledger(path).problems[0].line == 3


def test_the_command_names_the_line_and_ends_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ledger.jsonl"
    assert run(["provenance", "verify-ledger", str(path)]) == 3
    heads = [str(Ledger(path).append({"what": "render"})) for _ in range(3)]
    assert run(["provenance", "verify-ledger", str(path), "--anchor", heads[0]]) == 0
    capsys.readouterr()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    assert run(["provenance", "verify-ledger", str(path), "--anchor", heads[1]]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("line 2: has number 3")
    assert "number 2 is not the line that was noted" in said.out
    assert "line 2" in said.err
    assert run(["provenance", "verify-ledger", str(path), "--anchor", "2"]) == 2


def test_its_policy_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(block("toml"))
    monkeypatch.setattr(policies, "system_policy_file", lambda: path)
    policy = read_policy()
    assert policy.consent_required
    assert policy.document_required
    assert policy.ledger_required
    assert policy.provenance_required
    assert "{host}" not in str(policy.ledger_path)


def test_it_tells_of_every_group_and_every_word() -> None:
    assert all(f"`{group}`" in DOC for group in CONTROL_GROUPS)
    for part in (policies._Consent, policies._Ledger, policies._Provenance):
        for name in part.model_fields:
            assert re.search(rf"^{name} = ", block("toml"), re.M)


def test_doctor_says_what_is_demanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.doctor.policy import check_policy

    path = tmp_path / "policy.toml"
    monkeypatch.setattr(policies, "system_policy_file", lambda: path)
    assert "demands nothing" in next(check_policy()).detail
    path.write_text("[consent]\nrequired = true\n")
    assert "demands consent" in next(check_policy()).detail
    path.write_text("[consent]\nwanted = true\n")
    assert next(check_policy()).state == "missing"
