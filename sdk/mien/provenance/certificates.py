"""The self-made certificate of this machine, and what certificates sign with.

The profile is that of the C2PA specification 2.2, section 14.5: a leaf that is no authority, for
digital signatures, with an extended key usage that C2PA admits (e-mail protection here), under a
root of its own. The root's key is thrown away: nothing else can ever be signed with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mien.errors import InputError

if TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "SELF_MADE",
    "SelfMade",
    "algorithm_of",
    "as_signature",
    "check_leaf",
    "is_signature",
    "keep_self_made",
    "make_self_made",
    "read_chain",
    "read_key",
    "sign_with_key",
]

SELF_MADE: Final = "self-made by mien on this machine, not a proof of who"
"""Organization in the self-made certificate: what readers show as its issuer."""
_FOLDER: Final = "self-made"
_KEY, _CHAIN = "key.pem", "chain.pem"
_DAYS: Final = 3650
_RENEWED: Final = timedelta(days=30)
"""How long before its end a self-made certificate is made anew."""
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_LEAST_RSA: Final = 2048


@dataclass(frozen=True, slots=True)
class SelfMade:
    """A certificate that mien made itself, with its key.

    Attributes:
        chain: The certificate and its root, PEM.
        key: The private key, PEM; None where it stays in its file.
        key_path: Where the key is kept; None where it could not be kept.
        new: Whether it was made just now.
    """

    chain: str
    key: bytes | None
    key_path: Path | None
    new: bool = False


def make_self_made() -> tuple[bytes, str]:
    """Make a key and its certificate under a root of its own.

    Returns:
        The key and the chain, PEM.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("mien self-made root", root_key.public_key(), root_key, None)
    leaf = _certificate("mien self-made", key.public_key(), root_key, root)
    chain = b"".join(one.public_bytes(Encoding.PEM) for one in (leaf, root)).decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), chain


def keep_self_made(folder: Path) -> SelfMade:
    """The self-made certificate that is kept in a folder, made on first use.

    The folder is closed to others (0700), the key too (0600). Of several processes that make it
    at once one wins, and all use its.

    Args:
        folder: The folder of what mien keeps for provenance.
    """
    place = folder / _FOLDER
    known = _kept(place)
    if known is not None:
        return known
    key, chain = make_self_made()
    making = folder / f".{_FOLDER}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        making.mkdir(mode=0o700)
        _write(making / _KEY, key, 0o600)
        _write(making / _CHAIN, chain.encode(), 0o644)
        if place.exists() and _kept(place) is None:
            # Damaged, or at its end; what it signed stays valid.
            os.replace(place, folder / f".{_FOLDER}-old-{secrets.token_hex(4)}")
        os.rename(making, place)
    except OSError:
        # Another process was first, or the folder cannot be written to.
        known = _kept(place)
        return known or SelfMade(chain, key, None, new=True)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return SelfMade(chain, None, place / _KEY, new=True)


def _kept(place: Path) -> SelfMade | None:
    """The certificate in a folder; None where there is none that can be used."""
    try:
        chain = (place / _CHAIN).read_text(encoding="ascii")
        key = read_key(place / _KEY)
        leaf = read_chain(chain, place / _CHAIN)[0]
    except (OSError, UnicodeError, InputError):
        return None
    if leaf.not_valid_after_utc - datetime.now(timezone.utc) < _RENEWED:
        return None
    if key.public_key() != leaf.public_key():
        return None
    with suppress(OSError):
        os.chmod(place / _KEY, 0o600)
    return SelfMade(chain, None, place / _KEY)


def _write(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _certificate(
    name: str, public_key: Any, signing_key: Any, issuer: x509.Certificate | None
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now, root = datetime.now(timezone.utc), issuer is None
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, SELF_MADE),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=not root, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=root, crl_sign=root,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # A clock that is a little late must not find it not yet valid.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.BasicConstraints(root, 0 if root else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    if not root:
        mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
        builder = builder.add_extension(mail, critical=False)
        builder = builder.add_extension(authority, critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def read_chain(text: str, path: Path) -> list[x509.Certificate]:
    """Read certificates in PEM: the signer's own first, then those that vouch for it.

    Raises:
        InputError: When there is none.
    """
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise InputError(
            f"{path} holds no certificate in PEM.",
            "Give the signing certificate and those that vouch for it, one after another in PEM.",
            path=path,
        ) from error


def read_key(path: Path) -> Any:
    """Read a private key in PEM.

    Raises:
        InputError: When it is missing, no key, or asks for a passphrase.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise InputError(
            f"The signing key {path} cannot be read: {reason}.",
            "Check its name and permissions, or set up another: `mien provenance setup`.",
            path=path,
        ) from error
    except TypeError as error:
        raise InputError(
            f"The signing key {path} asks for a passphrase.",
            "Let a command sign that knows it: `mien provenance setup --command`.",
            path=path,
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"{path} is no private key in PEM.", "Give the key of the certificate.", path=path
        ) from error


def algorithm_of(leaf: x509.Certificate, path: Path) -> str:
    """C2PA's name of the algorithm that a certificate's key signs with, as `es256`.

    Raises:
        InputError: When C2PA has none for it.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA:
        return "ps256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    raise InputError(
        f"C2PA does not sign with the kind of key of {path}.",
        "It takes P-256, P-384, P-521, Ed25519, and RSA of 2048 bits or more.",
        path=path,
    )


def check_leaf(leaf: x509.Certificate, path: Path) -> None:
    """Refuse a certificate that is not valid now, or an authority's.

    Raises:
        InputError: When it cannot sign.
    """
    from cryptography import x509

    now = datetime.now(timezone.utc)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise InputError(
            f"The certificate {path} is valid from {leaf.not_valid_before_utc:%Y-%m-%d} to"
            f" {leaf.not_valid_after_utc:%Y-%m-%d} only.",
            "Set up a valid one with `mien provenance setup`, or check the clock.",
            path=path,
        )
    with suppress(x509.ExtensionNotFound):
        if leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise InputError(
                f"The first certificate in {path} is an authority's, which signs no files.",
                "Let the signing certificate come first, then those that vouch for it.",
                path=path,
            )


def sign_with_key(key: Any, data: bytes, algorithm: str) -> bytes:
    """Sign data as C2PA wants it signed; see `as_signature`."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if algorithm == "ed25519":
        return bytes(key.sign(data))
    if algorithm == "ps256":
        return bytes(key.sign(data, *_pss()))
    return as_signature(key.sign(data, ec.ECDSA(_digest(algorithm))), algorithm)


def as_signature(signature: bytes, algorithm: str) -> bytes:
    """A signature as COSE has it: of elliptic curves two numbers of fixed size, not DER."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if not algorithm.startswith("es"):
        return signature
    size = _size(algorithm)
    try:
        numbers = decode_dss_signature(signature)
        return b"".join(number.to_bytes(size, "big") for number in numbers)
    except (ValueError, OverflowError):
        return signature


def is_signature(leaf: x509.Certificate, signature: bytes, data: bytes, algorithm: str) -> bool:
    """Whether a signature, as COSE has it, is of data and by a certificate's key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    key: Any = leaf.public_key()
    try:
        if algorithm == "ed25519":
            key.verify(signature, data)
        elif algorithm == "ps256":
            key.verify(signature, data, *_pss())
        else:
            size = _size(algorithm)
            if len(signature) != 2 * size:
                return False
            numbers = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
            key.verify(encode_dss_signature(*numbers), data, ec.ECDSA(_digest(algorithm)))
    except (InvalidSignature, ValueError):
        return False
    return True


def _pss() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = hashes.SHA256()
    return padding.PSS(padding.MGF1(digest), digest.digest_size), digest


def _digest(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    return {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "es512": hashes.SHA512()}[algorithm]


def _size(algorithm: str) -> int:
    return {"es256": 32, "es384": 48, "es512": 66}[algorithm]
