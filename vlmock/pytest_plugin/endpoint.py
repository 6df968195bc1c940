"""What ``voicelive`` is in a test that has a recording: the same for the test, whether it is played or made."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from vlmock.errors import ServerError

if TYPE_CHECKING:
    from vlmock.recorder.minutes import Recorded
    from vlmock.recorder.recorder import Recorder
    from vlmock.server.conduct import ServerConduct
    from vlmock.server.journal import Journal
    from vlmock.server.local_server import LocalServer
    from vlmock.server.metrics import ServerMetrics
    from vlmock.server.mock_server import MockServer

__all__ = ["Live", "Played", "RecordedEndpoint"]

_LET_IN: Final = 101
_NOT_THE_TESTS_DOING: Final = frozenset({401, 403, 429})
"""Refusals of who records: the credential shown is not the test's own, and another day it may be let in."""


_REMEDIES: Final = {401: " Is that good for the endpoint in AZURE_VOICE_LIVE_ENDPOINT?", 429: " Try again in a minute."}


class _Side(Protocol):
    """What is different when a recording is played and when it is made."""

    @property
    def server(self) -> "LocalServer": ...
    @property
    def journal(self) -> "Journal": ...
    @property
    def connections(self) -> "Sequence[Recorded]": ...
    @property
    def conduct(self) -> "ServerConduct": ...
    @property
    def metrics(self) -> "ServerMetrics": ...
    def problems(self) -> list[str]: ...
    def refusals(self) -> list[str]: ...


class Played:
    """A server that plays a recording."""

    def __init__(self, server: "MockServer", remedy: str = "") -> None:
        """``remedy``: what to do about a test that does otherwise, told after its problems."""
        self.server = server
        self._remedy = remedy

    @property
    def journal(self) -> "Journal":
        return self.server.journal

    @property
    def conduct(self) -> "ServerConduct":
        return self.server.conduct

    @property
    def metrics(self) -> "ServerMetrics":
        return self.server.metrics

    def problems(self) -> list[str]:
        problems = self.server.problems()
        return [*problems, self._remedy] if problems and self._remedy else problems

    @property
    def connections(self) -> "Sequence[Recorded]":
        return ()

    def refusals(self) -> list[str]:
        return []


class Live:
    """A recorder in front of the live service, and the journal that it fills."""

    def __init__(self, server: "Recorder", journal: "Journal", credential: str) -> None:
        """``credential``: what the service is shown, in words."""
        self.server = server
        self._journal = journal
        self._credential = credential

    @property
    def journal(self) -> "Journal":
        self.server.catch_up()
        return self._journal

    @property
    def connections(self) -> "Sequence[Recorded]":
        self.server.catch_up()
        return self.server.connections

    @property
    def conduct(self) -> "ServerConduct":
        from vlmock.server.conduct import ServerConduct

        return ServerConduct(self.journal, now=lambda: None, remark=self.server.remark)

    @property
    def metrics(self) -> "ServerMetrics":
        from vlmock.server.metrics import ServerMetrics

        return ServerMetrics(self.journal, remark=self.server.remark)

    def problems(self) -> list[str]:
        statuses = {connection.status for connection in self.connections}
        if not statuses:
            return self.server.complaints or ["nobody connected, so nothing was recorded"]
        nobody_let_in = _LET_IN not in statuses and statuses & _NOT_THE_TESTS_DOING
        return [*(self.refusals() if nobody_let_in else ()), *self.server.complaints]

    def refusals(self) -> list[str]:
        refused: dict[int, list[str]] = {}
        for connection in self.connections:
            if connection.status != _LET_IN:
                refused.setdefault(connection.status, []).append(str(connection.number))
        return [
            f"The service refused connection{'s' * (len(numbers) > 1)} {', '.join(numbers)} with HTTP {status}; it was "
            f"shown {self._credential}.{_REMEDIES.get(status, '')}"
            for status, numbers in refused.items()
        ]


class RecordedEndpoint:
    """The endpoint of a test with a recording: a server that plays it, or, while it is made, the service itself behind
    a recorder.

    A test cannot tell which it is, unless it asks. So there is nothing here that cannot be done to the live service:
    no ``play``, no ``clock``, no ``entra``.
    """

    def __init__(self, side: _Side, path: Path) -> None:
        self._side = side
        self._server = side.server
        self.path = path
        """Where the recording lies, or will lie when the test has passed."""
        self.live = isinstance(side, Live)
        """Whether the service is really dialled, and recorded."""
        self.conduct_was_asked = False
        """Somebody is interested in it."""
        self.metrics_were_asked = False
        """Likewise."""

    @property
    def url(self) -> str:
        """The endpoint to give to a client, with any key: ``http://127.0.0.1:8765``, or https."""
        return self._server.url

    @property
    def ws_url(self) -> str:
        """The same as a WebSocket URL."""
        return self._server.ws_url

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.port

    @property
    def ca_file(self) -> Path | None:
        """What its clients have to trust, in PEM; None without TLS."""
        return self._server.ca_file

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client in another process needs. Those that this process starts have them already."""
        return self._server.environment

    @property
    def running(self) -> bool:
        """False once it has been stopped."""
        return self._server.running

    @property
    def journal(self) -> "Journal":
        """What was said on every connection so far. Nothing can be pushed."""
        return self._side.journal

    @property
    def conduct(self) -> "ServerConduct":
        """How the clients have behaved so far: ``assert not voicelive.conduct.errors``."""
        self.conduct_was_asked = True
        return self._side.conduct

    @property
    def metrics(self) -> "ServerMetrics":
        """How long users waited: of the service while it is recorded, of the emulator when it plays."""
        self.metrics_were_asked = True
        return self._side.metrics

    def problems(self) -> list[str]:
        """What a test should fail with: what it did otherwise than recorded, or what of it could not be recorded."""
        return self._side.problems()

    @property
    def connections(self) -> "Sequence[Recorded]":
        """What was recorded in this run, the handshakes that were refused among it; nothing when it is played."""
        return self._side.connections

    def refusals(self) -> list[str]:
        """Whom the live service did not let in, and what it was shown. A test may have meant that."""
        return self._side.refusals()

    # ---- what is not here

    def play(self, *_: object, **__: object) -> NoReturn:
        """Raises ServerError: what is said is the service's affair."""
        raise _not_here("play")

    def replay(self, *_: object, **__: object) -> NoReturn:
        """Raises ServerError: the marker says what is replayed."""
        raise _not_here("replay")

    def entra(self, *_: object, **__: object) -> NoReturn:
        """Raises ServerError: any key will do, and the service's own is put in its place."""
        raise _not_here("entra")

    @property
    def clock(self) -> NoReturn:
        """Raises ServerError: the service's clock goes on by itself."""
        raise _not_here("clock")


def _not_here(name: str) -> ServerError:
    return ServerError(
        f"voicelive.{name} is only for the emulator, and this test is played by a recording or by the service itself: "
        "leave it out, or take the marker voicelive_recording from the test"
    )
