"""TLS between a batch and a Dask cluster: both sides show a certificate, or nothing is said.

Dask runs what it is sent. Whoever reaches a scheduler without TLS may do what its user may.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError

if TYPE_CHECKING:
    from distributed.security import Security

__all__ = ["TlsFiles", "own_security"]

_SCHEME = "tls://"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files by which a client and a cluster know each other, in PEM.

    Attributes:
        ca: Certificate of the authority that signed both sides'; None for what Dask's configuration
            says (`distributed.comm.tls`), as for the others.
        cert: This client's own certificate.
        key: Its key, unless the certificate's file holds it too.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def security(self, address: str) -> Security | None:
        """Return what a client of Dask needs for an address; None where it is no `tls://`.

        Args:
            address: The scheduler's.

        Raises:
            UsageError: When a file is missing or holds no certificate or key, or none is given
                here or in Dask's configuration.
        """
        if not address.startswith(_SCHEME):
            return None
        from distributed.security import Security

        given: dict[str, Any] = {}
        named = (
            ("--tls-ca", "tls_ca_file", self.ca),
            ("--tls-cert", "tls_client_cert", self.cert),
            ("--tls-key", "tls_client_key", self.key),
        )
        for option, field, path in named:
            if path is not None:
                if not path.is_file():
                    raise UsageError(f"There is no file {path}.", f"Check {option}.")
                given[field] = str(path.absolute())
        # Never in the clear, whatever Dask's configuration says.
        security = Security(require_encryption=True, **given)
        try:
            ready = security.get_connection_args("client").get("ssl_context")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error.args[-1]
            raise UsageError(
                f"The certificates for {address} cannot be used: {reason}.",
                "Give PEM files whose certificate and key belong together.",
            ) from error
        if ready is None or not (security.tls_ca_file and security.tls_client_cert):
            raise UsageError(
                f"No certificates are given for {address}.",
                "Give --tls-ca, --tls-cert and --tls-key, or set distributed.comm.tls of Dask.",
            )
        assert isinstance(ready, ssl.SSLContext)
        return security


def own_security() -> Security:
    """Return certificates, made anew, for a cluster that is started here and for nobody else."""
    from distributed.security import Security

    return Security.temporary()
