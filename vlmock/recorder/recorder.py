"""A recorder: a server that passes everything on to the real service, and writes it down."""

import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vlmock.errors import ServerError
from vlmock.protocol.recording.redaction import Redaction
from vlmock.recorder.credentials import ClientsOwn, Credential, Key, SignIn
from vlmock.recorder.dialling import Dialling
from vlmock.recorder.minutes import Recorded
from vlmock.recorder.office import Office
from vlmock.recorder.upstream import Upstream, upstream_at
from vlmock.server.local_server import LocalServer
from vlmock.server.recording_thread import RecordingThread
from vlmock.session.effects import Remark

if TYPE_CHECKING:
    from vlmock.recorder.journalist import Journalist
    from vlmock.server.journal import Journal

__all__ = ["Recorder", "record"]

_ANSWER_SECONDS: Final = 30.0
_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024


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
    redact_audio: bool = False,
    timeout: float = _ANSWER_SECONDS,
    waiting_bytes: int = _MOST_WAITING_BYTES,
    log: Callable[[str], None] | None = None,
    log_events: bool = False,
    journal: "Journal | None" = None,
) -> "Recorder":
    """Start a recorder, and dial its ``url`` instead of the service; leave it with ``stop()``, or use it in ``with`` or
    ``async with``.

    ``upstream``: the service's endpoint, as a client would be given it; any server that speaks WebSockets will do.
    ``folder``: where the recordings go, ``connection-1`` and so on in it; made if it is not there; one that ends in
    ``.zip`` becomes a zip file at the end. ``port``: 0 is any free one. The client's credentials are passed on, unless
    ``api_key`` is given, or ``entra`` says to sign in with azure-identity (the extra ``client``); no credential is ever
    written. ``tls``: serve https and wss, as ``vlmock.serve`` does. ``cacert``: a file of CAs to trust besides the
    system's (and those of SSL_CERT_FILE). ``redact``: regular expressions; what they match is not written either.
    ``redact_audio``: keep timing and loudness of all sound, and no voice. ``timeout``: for the service to answer a
    handshake, in seconds. ``waiting_bytes``: about what may wait to be written; with more, nothing is read from anybody
    until the disk has caught up. ``log``: is given a line for each connection that begins or ends, with ``log_events``
    for each event too, in the recorder's thread. ``journal``: is filled as that of an emulator is; nothing can be
    pushed.

    Raises ServerError when the upstream or the address is none that can be used, or something is not installed;
    RecordingError when the folder cannot be used, or holds recordings.
    """
    address = upstream_at(upstream)
    dialling = Dialling(address, _trust(address, cacert), _credential(api_key, entra=entra), timeout)
    try:
        redaction = Redaction(redact)
    except ValueError as error:
        raise ServerError(f"{error}; write a regular expression as Python has them") from None
    recorder = Recorder(
        dialling,
        folder,
        redaction=redaction,
        redact_audio=redact_audio,
        waiting_bytes=waiting_bytes,
        host=host,
        port=port,
        tls=tls,
        log=log,
        log_events=log_events,
        journal=journal,
    )
    if address.port == recorder.port and address.host in (host, "localhost", "127.0.0.1", "::1"):
        recorder.stop()
        raise ServerError(f"the recorder would record itself: {address} is its own address; name the service's")
    return recorder


class Recorder(LocalServer):
    """A running recorder. Get one from ``record``."""

    def __init__(
        self,
        dialling: Dialling,
        folder: str | Path,
        *,
        redaction: Redaction,
        redact_audio: bool = False,
        waiting_bytes: int = _MOST_WAITING_BYTES,
        log: Callable[[str], None] | None = None,
        log_events: bool = False,
        journal: "Journal | None" = None,
        **address: Any,
    ) -> None:
        """``address``: host, port and tls, as of ``LocalServer``."""
        self._folder: Path | None = None
        self._thread = RecordingThread(
            folder,
            redaction=redaction,
            redact_audio=redact_audio,
            failed=self._not_written,
            max_bytes=waiting_bytes,
        )
        self._office = Office(
            dialling,
            self._thread,
            log=log,
            log_events=log_events,
            journalist=_journalist(journal) if journal is not None else None,
        )
        try:
            office = self._office
            super().__init__(
                accept=office.accept,
                farewell=office.farewell,
                failed=office.crashed,
                others=_authorities() if address.get("tls") else "",
                **address,
            )
        except BaseException:
            self._thread.stop()
            raise

    @property
    def folder(self) -> Path:
        """Where the recordings are: the folder, or once it has been stopped the zip file, if it was to be one."""
        return self._folder or self._thread.path

    @property
    def upstream(self) -> Upstream:
        """The service that is recorded."""
        return self._office.dialling.upstream

    @property
    def connections(self) -> list[Recorded]:
        """What was recorded so far, and how each connection ended. Whatever a client has read by now is in it."""
        self.catch_up()
        return list(self._office.recorded)

    @property
    def complaints(self) -> list[str]:
        """What a test should fail with: what could not be passed on, or not be written."""
        return list(self._office.complaints)

    @property
    def lost(self) -> list[str]:
        """Which of it are about recordings that are not whole: the disk is full, for example."""
        return list(self._thread.lost)

    @property
    def lost_frames(self) -> int:
        """How many frames are missing in those; certain once it has been stopped."""
        return self._thread.lost_frames

    def catch_up(self) -> None:
        """What was passed on before now has been noted, in the journal too."""
        with suppress(ServerError):  # it has been stopped, and has noted everything
            self._listener.do(lambda: None)

    def remark(self, remark: Remark, connection: int | None) -> None:
        """Note what a test has to say about a client, in its recording and in the journal; None: about the latest.

        Raises ServerError when that connection is not open.
        """
        self._listener.do(lambda: self._office.remark(remark, connection))

    def stop(self) -> None:
        """Say goodbye to everybody with 1001, end the threads, and write what is left, which takes as long as the disk
        does. Safe to call again. Raises RecordingError when the zip file cannot be made."""
        super().stop()
        self._folder = self._thread.stop()

    def _not_written(self, error: Exception) -> None:
        """In the thread that writes."""
        self._office.complain(f"{error}; the talk goes on, and the rest of it is not recorded")


def _journalist(journal: "Journal") -> "Journalist":
    """Imported late: it knows all events."""
    from vlmock.recorder.journalist import Journalist

    return Journalist(journal, unix_time=time.time)


def _credential(api_key: str | None, *, entra: bool) -> Credential:
    if api_key is not None and entra:
        raise ServerError("a key and Entra ID were both asked for: leave out one")
    if api_key is not None:
        return Key(api_key)
    return SignIn() if entra else ClientsOwn()


def _trust(upstream: Upstream, cacert: str | Path | None) -> ssl.SSLContext | None:
    """The system's trust, or that of SSL_CERT_FILE, as it is now."""
    if not upstream.secure:
        if cacert is not None:
            raise ServerError(f"{upstream} has no certificate to be trusted: write https://, or leave out cacert")
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


def _authorities() -> str:
    """Those that this process trusts, in PEM. Clients of the recorder may dial others, too: who signs in to Entra ID
    does."""
    certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, certificates))
