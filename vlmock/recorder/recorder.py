"""A recorder: a server that passes everything on to the real service, and writes it down."""

import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self

from vlmock.errors import RecordingError, ServerError
from vlmock.protocol.recording.folder import CannotRecord, RecordingsFolder
from vlmock.protocol.recording.redaction import Redaction
from vlmock.recorder.credentials import ClientsOwn, Credential, Key, SignIn
from vlmock.recorder.dialling import Dialling
from vlmock.recorder.minutes import Recorded
from vlmock.recorder.office import Office
from vlmock.recorder.upstream import Upstream, upstream_at
from vlmock.server.local_server import LocalServer

__all__ = ["Recorder", "record"]

_ANSWER_SECONDS: Final = 30.0


def record(
    upstream: str,
    folder: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    entra: bool = False,
    tls: bool = False,
    cacert: str | Path | None = None,
    redact: Iterable[str] = (),
    timeout: float = _ANSWER_SECONDS,
    log: Callable[[str], None] | None = None,
    log_events: bool = False,
) -> "Recorder":
    """Start a recorder, and dial its ``url`` instead of the service; leave it with ``stop()``, or use it in ``with`` or
    ``async with``.

    ``upstream``: the service's endpoint, as a client would be given it; any server that speaks WebSockets will do.
    ``folder``: where the recordings go, ``connection-1`` and so on in it; made if it is not there; one that ends in
    ``.zip`` becomes a zip file at the end. ``port``: 0 is any free one. The client's credentials are passed on, unless
    ``api_key`` is given, or ``entra`` says to sign in with azure-identity (the extra ``client``); no credential is ever
    written. ``tls``: serve https and wss, as ``vlmock.serve`` does. ``cacert``: a file of CAs to trust besides the
    system's (and those of SSL_CERT_FILE). ``redact``: regular expressions; what they match is not written either.
    ``timeout``: for the service to answer a handshake, in seconds. ``log``: is given a line for each connection that
    begins or ends, with ``log_events`` for each event too, in the recorder's thread.

    Raises ServerError when the upstream or the address is none that can be used, or something is not installed;
    RecordingError when the folder cannot be used, or holds recordings.
    """
    address = upstream_at(upstream)
    dialling = Dialling(address, _trust(address, cacert), _credential(api_key, entra=entra), timeout)
    try:
        redaction = tuple(redact)
        Redaction(redaction)
        recordings = RecordingsFolder(folder)
    except (CannotRecord, ValueError) as error:
        raise RecordingError(str(error)) from None
    office = Office(dialling, recordings, redact=redaction, log=log, log_events=log_events)
    try:
        recorder = Recorder(office, host=host, port=port, tls=tls)
    except BaseException:
        office.close()
        raise
    if address.port == recorder.port and address.host in (host, "localhost", "127.0.0.1", "::1"):
        recorder.stop()
        raise ServerError(f"the recorder would record itself: {address} is its own address; name the service's")
    return recorder


class Recorder(LocalServer):
    """A running recorder. Get one from ``record``."""

    def __init__(self, office: Office, *, host: str, port: int, tls: bool) -> None:
        self._office = office
        super().__init__(
            host=host, port=port, tls=tls, accept=office.accept, farewell=office.farewell, failed=office.crashed
        )

    @property
    def folder(self) -> Path:
        """Where the recordings are: the folder, or once it has been stopped the zip file, if it was to be one."""
        return self._office.place

    @property
    def upstream(self) -> Upstream:
        """The service that is recorded."""
        return self._office.dialling.upstream

    @property
    def connections(self) -> list[Recorded]:
        """What was recorded so far, and how each connection ended."""
        return list(self._office.recorded)

    @property
    def complaints(self) -> list[str]:
        """What a test should fail with: what could not be passed on, or not be written."""
        return list(self._office.complaints)

    @property
    def lost(self) -> list[str]:
        """What of it is about recordings that are not whole: the disk is full, for example."""
        return list(self._office.lost)

    def stop(self) -> None:
        """Say goodbye to everybody with 1001, end the thread, and write what is left, which takes as long as the disk
        does. Safe to call again."""
        super().stop()
        self._office.close()

    def __enter__(self) -> Self:
        return self


def _credential(api_key: str | None, *, entra: bool) -> Credential:
    if api_key is not None and entra:
        raise ServerError("a key and Entra ID were both asked for: leave out one")
    if api_key is not None:
        return Key(api_key)
    return SignIn() if entra else ClientsOwn()


def _trust(upstream: Upstream, cacert: str | Path | None) -> ssl.SSLContext | None:
    """The system's trust, or that of SSL_CERT_FILE, as it is now."""
    if not upstream.secure:
        return None
    context = ssl.create_default_context()
    if cacert is not None:
        try:
            context.load_verify_locations(cacert)
        except OSError as error:  # ssl.SSLError is one
            raise ServerError(
                f"{cacert} cannot be used as a file of CAs ({error.strerror or error}); it has to be PEM"
            ) from None
    return context
