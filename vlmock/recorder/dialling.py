"""How the service is reached, and in plain words why it is not."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import msgspec

from vlmock.recorder.credentials import Credential
from vlmock.recorder.ends import End
from vlmock.recorder.upstream import Upstream

__all__ = ["Dialling", "why_not_reached"]


class Dialling(msgspec.Struct, frozen=True):
    """What every connection to the service is made with."""

    upstream: Upstream
    tls: ssl.SSLContext | None
    """What is trusted; None: no TLS."""
    credential: Credential
    timeout: float
    """For the service to answer a handshake, in seconds."""

    async def connect(self, end: Callable[[], End]) -> End:
        """A new connection. Raises OSError, which ``why_not_reached`` puts in words."""
        upstream = self.upstream
        _, made = await asyncio.get_running_loop().create_connection(
            end,
            upstream.host,
            upstream.port,
            ssl=self.tls,
            server_hostname=upstream.host if self.tls is not None else None,
        )
        return made


def why_not_reached(error: OSError, upstream: Upstream) -> str:
    """What is wrong, and what to do."""
    match error:
        case ssl.SSLCertVerificationError():
            remedy = "name the CA that signed it with --cacert, or in SSL_CERT_FILE"
            return f"the certificate of {upstream.authority} is not trusted ({error.verify_message}); {remedy}"
        case ssl.SSLError():
            return f"{upstream.authority} speaks no TLS that could be understood ({error.reason})"
        case socket.gaierror():
            return f"there is no host {upstream.host!r} ({error.strerror}); look at the upstream's address"
        case ConnectionRefusedError():
            return f"nobody listens at {upstream.authority}; look at the upstream's address"
    return f"{upstream.authority} cannot be reached ({error.strerror or error})"
