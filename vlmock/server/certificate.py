"""A certificate for one server, signed by an authority that nobody but its clients is told to trust."""

import contextlib
import os
import ssl
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Final

from vlmock.errors import ServerError

__all__ = ["Certificate"]

_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")


class Certificate:
    """What a server shows, and the file that its clients have to trust."""

    def __init__(self, host: str, *, others: str = "") -> None:
        """``host``: a name or address that clients dial, besides those of this computer. ``others``: authorities in PEM
        that they are told to trust as well, where they dial more than this server.

        Raises ServerError when trustme is not installed, or when there can be no certificate for such a host.
        """
        try:
            import trustme
        except ImportError:
            raise ServerError("TLS needs the package trustme; install it with: pip install 'vlmock[tls]'") from None
        authority = trustme.CA(organization_name="vlmock")
        try:
            certificate = authority.issue_cert(*dict.fromkeys((*_LOCAL_NAMES, host)))
        except ValueError:
            raise ServerError(f"there can be no certificate for host {host!r}; use 127.0.0.1") from None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """The server's side."""
        certificate.configure_cert(self.context)
        descriptor, name = tempfile.mkstemp(prefix="vlmock-ca-", suffix=".pem")
        os.close(descriptor)
        self.ca_file = Path(name)
        """What clients trust, in PEM."""
        self.ca_file.write_bytes(authority.cert_pem.bytes() + others.encode())
        self._remove = weakref.finalize(self, _remove, self.ca_file, os.getpid())

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which clients trust it: most programs; Python's requests, and so azure-identity; Node."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, str(self.ca_file))

    def tell_aiohttp(self) -> None:
        """Have the aiohttp of this process trust it, too.

        aiohttp makes the context of all its connections when it is imported, and looks at no variable after that; the
        vendor SDK and azure-identity's asyncio half offer no way to give them another.
        """
        context = getattr(sys.modules.get("aiohttp.connector"), "_SSL_CONTEXT_VERIFIED", None)
        if isinstance(context, ssl.SSLContext):
            context.load_verify_locations(self.ca_file)

    def remove(self) -> None:
        """Remove the file. Happens at exit, too. Safe to call again."""
        self._remove()


def _remove(file: Path, process: int) -> None:
    if os.getpid() == process:  # a fork's copy is still the parent's
        with contextlib.suppress(OSError):
            file.unlink()
