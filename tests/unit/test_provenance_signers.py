"""Who signs renders: the self-made certificate, a key of the user's, or a command."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shlex
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mien.errors import InputError, MienError, WriteError
from mien.provenance import identity as identities
from mien.provenance.certificates import is_signature, keep_self_made, read_chain
from mien.provenance.identity import find_identity, keep_identity
from tests.command_line import run_here

_SIGN = """
import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = serialization.load_pem_private_key(open(sys.argv[1], "rb").read(), None)
sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read(), ec.ECDSA(hashes.SHA256())))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of the test's own."""
    monkeypatch.setattr(identities, "provenance_folder", lambda: tmp_path / "config")
    return tmp_path / "config"


def certificate(key: object, *, days: int = 30, authority: bool = False) -> bytes:
    now = datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A Studio")])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .sign(key, algorithm)  # type: ignore[arg-type]
    )
    return made.public_bytes(serialization.Encoding.PEM)


def kept(folder: Path, key: object, **how: object) -> tuple[Path, Path]:
    """A certificate and its key as files."""
    chain, path = folder / "chain.pem", folder / "own.pem"
    chain.write_bytes(certificate(key, **how))  # type: ignore[arg-type]
    path.write_bytes(
        key.private_bytes(  # type: ignore[attr-defined]
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    return chain, path


def test_the_self_made_certificate_is_closed_to_others(folder: Path) -> None:
    made = find_identity()
    assert made.self_made
    assert "made" in made.notes[0]
    again = find_identity()
    assert (again.chain, again.notes) == (made.chain, ())
    key = made.key_path
    assert key is not None
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.rglob("*")) == ["chain.pem", "key.pem", "self-made"]
    assert "not a proof of who" in made.name
    assert "PRIVATE" not in repr(made) + json.dumps(run_here("provenance", "setup", "--json").out)


def test_of_many_who_make_it_at_once_all_use_one(folder: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keep_self_made(folder), range(8)))
    assert {one.chain for one in made} == {keep_self_made(folder).chain}
    assert [path.name for path in folder.iterdir()] == ["self-made"]


def test_a_damaged_one_is_made_anew(folder: Path) -> None:
    made = keep_self_made(folder)
    assert made.key_path is not None
    made.key_path.write_text("no key")
    again = keep_self_made(folder)
    assert again.chain != made.chain
    assert keep_self_made(folder).chain == again.chain


def test_a_home_that_cannot_be_written_to_is_said_and_stops_nothing(folder: Path) -> None:
    folder.write_text("no folder")
    made = find_identity()
    assert "could not be kept" in made.notes[0]
    assert made.key_path is None
    leaf = read_chain(made.chain, folder)[0]
    assert is_signature(leaf, made.sign(b"data"), b"data", made.algorithm)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["p256", "p384", "ed25519", "rsa"],
)
def test_a_key_of_the_users_signs_where_it_is(tmp_path: Path, folder: Path, key: object) -> None:
    chain, path = kept(tmp_path, key)
    run = run_here("provenance", "setup", "--certificate", chain, "--key", path, "--json")
    assert run.code == 0, run.err
    assert run.json()["signer"] == "A Studio"
    found = find_identity()
    leaf = read_chain(found.chain, chain)[0]
    assert is_signature(leaf, found.sign(b"data"), b"data", found.algorithm)
    assert not is_signature(leaf, found.sign(b"data"), b"date", found.algorithm)
    assert [one.name for one in folder.iterdir()] == ["provenance.toml"], "no copy of the key"
    assert run_here("provenance", "setup", "--self-made").code == 0
    assert find_identity().self_made


def test_a_command_signs(tmp_path: Path, folder: Path) -> None:
    chain, path = kept(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    script = tmp_path / "sign.py"
    script.write_text(_SIGN)
    command = shlex.join([sys.executable, str(script), str(path)])
    assert keep_identity(chain, command=command).sign(b"data")
    text = (folder / "provenance.toml").read_text()
    assert 'signer = "command ' in text
    assert "key =" not in text
    assert find_identity().command == command
    # Of another key, and of one that fails, is said before anything is kept.
    other = tmp_path / "other.pem"
    other.write_bytes(certificate(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(WriteError, match="no signature"):
        keep_identity(other, command=command)
    with pytest.raises(WriteError, match="failed with code"):
        keep_identity(chain, command=shlex.join([sys.executable, "-c", "raise SystemExit(3)"]))
    with pytest.raises(WriteError, match="cannot be run"):
        keep_identity(chain, command="/no/such/program")
    assert find_identity().command == command


def test_what_cannot_sign_is_refused(tmp_path: Path, folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    chain, path = kept(tmp_path, key)
    refused: list[tuple[str, dict[str, object]]] = [
        ("valid from", {"days": -1}),
        ("an authority's", {"authority": True}),
    ]
    for words, how in refused:
        chain.write_bytes(certificate(key, **how))  # type: ignore[arg-type]
        with pytest.raises(InputError, match=words):
            keep_identity(chain, key=path)
    chain.write_bytes(certificate(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(InputError, match="not that of the certificate"):
        keep_identity(chain, key=path)
    chain.write_bytes(certificate(key))
    if os.name != "nt":
        path.chmod(0o644)
        with pytest.raises(InputError, match="Others can read"):
            keep_identity(chain, key=path)
    path.write_text("no key")
    with pytest.raises(InputError, match="no private key"):
        keep_identity(chain, key=path)
    chain.write_text("no certificate")
    with pytest.raises(InputError, match="no certificate"):
        keep_identity(chain, key=path)
    assert not folder.exists()
    for arguments in (["--certificate", chain], ["--key", path], ["--self-made", "--key", path]):
        run_here("provenance", "setup", *arguments).refused(2)


def test_settings_that_say_nothing_are_not_passed_over(tmp_path: Path, folder: Path) -> None:
    folder.mkdir()
    for text in ("", "certificate = 3", 'certificate = "x.pem"', "= ="):
        (folder / "provenance.toml").write_text(text)
        with pytest.raises(MienError, match="does not say who signs"):
            find_identity()
    chain, path = kept(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    (folder / "provenance.toml").write_text(f'certificate = "{chain}"\nsigner = "command "')
    with pytest.raises(InputError, match="names no program"):
        find_identity()
    run_here("provenance", "setup", "--certificate", chain, "--command", " ").refused(3)
    keep_identity(chain, key=path)
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        find_identity()


def test_settings_that_are_lost_are_not_passed_over(tmp_path: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "provenance.toml").symlink_to(tmp_path / "share" / "provenance.toml")
    with pytest.raises(WriteError, match="cannot be read: no such file"):
        find_identity()


def test_importing_mien_loads_neither_library() -> None:
    code = (
        "import sys, mien, mien.api, mien.cli.main\n"
        "print({'c2pa', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
